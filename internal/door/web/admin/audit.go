package admin

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
)

const auditPage = 50 // rows of a page; CSV reads ten times as many at once

// kinds are the changes that have words, grouped as the filter shows them. What is not here is shown by its own name.
func kinds() []string {
	return []string{
		"user.login", "user.login_failed", "user.added", "user.changed", "user.password_changed", "user.sessions_ended",
		"key.added", "key.revoked", "company.changed", "company.rate_set", "company.rate_dropped", "custom_field.defined",
		"import.started", "import.finished", "import.undone", "job.cancelled", "job.retried",
		"customer.created", "customer.changed", "customer.noted", "customer.contact", "customer.erased", "customer.removed",
		"document.added", "document.changed", "event.added",
		"task.raised", "task.done", "task.reopened", "task.snoozed", "task.handed_over",
		"import.profile_saved", "import.profile_dropped", "product.changed", "segment.created", "segment.changed",
		"consent.granted", "consent.confirmed", "consent.withdrawn", "consent.objected", "consent.chosen", "consent.suppressed", "consent.lifted",
		"program.created", "program.changed", "program.rules", "campaign.created", "campaign.approved", "campaign.go", "campaign.stopped", "campaign.cancelled",
		"message.planned", "message.held", "message.released", "message.rules", "mail.bounced", "mail.complained", "coupon.created", "coupon.stopped",
		"sender.added", "sender.changed", "relay.added", "relay.changed", "mailbox.added", "mailbox.changed",
	}
}

// entry is a change with what its words need.
type entry struct {
	feed.Change
	old map[string]string
}

// batch is what one program did many times within a minute; everything a person did stands alone.
type batch []entry // newest first

// rows is how many records the batch is about.
func (b batch) rows() (n int64) {
	for _, e := range b {
		n += max(1, rowsOf(e.Change))
	}
	return n
}

// batches puts together what goes together, if it may.
func batches(entries []entry, may bool) []batch {
	var all []batch
	for _, e := range entries {
		if n := len(all); may && n > 0 && e.Actor.Kind != "user" {
			if last := all[n-1][0]; last.Kind == e.Kind && last.Actor == e.Actor && last.At.Truncate(time.Minute).Equal(e.At.Truncate(time.Minute)) {
				all[n-1] = append(all[n-1], e)
				continue
			}
		}
		all = append(all, batch{e})
	}
	return all
}

// auditFilter is what the address says.
type auditFilter struct {
	kind   string
	user   int64
	before int64
}

func audit(r *page.Request) error {
	f := auditFilter{kind: r.Text("kind"), user: r.Int("user", 0), before: r.Int("before", 0)}
	var names map[int64]string
	err := r.Read(func(tx *store.Tx) (err error) {
		names, err = userNames(r, tx)
		return err
	})
	if err != nil {
		return err
	}
	if r.WantsCSV() {
		head := []string{r.P.T("common.time"), r.P.T("admin.audit.who"), r.P.T("admin.audit.what"), r.P.T("common.details"), r.P.T("admin.audit.code"), "ID"}
		return r.SendCSV("audit", head, func(yield func([]string, error) bool) {
			for e, err := range allEntries(r, f) {
				if err != nil {
					yield(nil, err)
					return
				}
				row := []string{r.P.DateTime(e.At), actorName(r, e.Actor, names), kindWords(r, e.Kind), detail(r, e, names), e.Kind, strconv.FormatInt(e.Subject, 10)}
				if !yield(row, nil) {
					return
				}
			}
		})
	}
	entries, err := readEntries(r, f, 10*auditPage)
	if err != nil {
		return err
	}
	return r.Render(r.P.T("admin.audit.title"), auditView(r, auditFilters(r, f, names), auditTable(r, batches(entries, f.kind == ""), names)))
}

// allEntries reads everything that fits the filter, page by page.
func allEntries(r *page.Request, f auditFilter) func(func(entry, error) bool) {
	return func(yield func(entry, error) bool) {
		f.before = 0
		for {
			entries, err := readEntries(r, f, 10*auditPage)
			if err != nil {
				yield(entry{}, err)
				return
			}
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
			if len(entries) < 10*auditPage {
				return
			}
			f.before = entries[len(entries)-1].Seq
		}
	}
}

func readEntries(r *page.Request, f auditFilter, limit int) (entries []entry, err error) {
	err = r.Read(func(tx *store.Tx) error {
		entries = nil
		changes, err := feed.Newest(r.Context(), tx, f.before, f.kind, f.user, limit)
		if err != nil {
			return err
		}
		for _, c := range changes {
			e := entry{Change: c}
			if c.Kind == "company.changed" || c.Kind == "user.changed" {
				if e.old, err = feed.OldValues(r.Context(), tx, c.Seq); err != nil {
					return err
				}
			}
			entries = append(entries, e)
		}
		return nil
	})
	return entries, err
}

// actorName is who did it, in words.
func actorName(r *page.Request, a store.Actor, names map[int64]string) string {
	switch a.Kind {
	case "user":
		if name := names[a.ID]; name != "" {
			return name
		}
		return r.P.T("admin.audit.actor.user", "id", fmt.Sprint(a.ID))
	case "api":
		return r.P.T("admin.audit.actor.api", "id", fmt.Sprint(a.ID))
	case "job":
		return r.P.T("admin.audit.actor.job", "id", fmt.Sprint(a.ID))
	case "cli":
		return r.P.T("admin.audit.actor.cli")
	}
	return "Stamm"
}

// kindWords says what happened; a kind without words is shown by its name.
func kindWords(r *page.Request, kind string) string {
	key := "admin.audit.kinds." + strings.ReplaceAll(kind, ".", "_")
	if !r.P.Has(key) {
		return kind
	}
	return r.P.T(key)
}

// detail says to whom or what it happened, as far as the body of the change tells.
func detail(r *page.Request, e entry, names map[int64]string) string {
	var body map[string]any
	if json.Unmarshal(e.Body, &body) != nil {
		return ""
	}
	text := func(key string) string {
		s, _ := body[key].(string)
		return s
	}
	switch domain, _, _ := strings.Cut(e.Kind, "."); domain {
	case "user":
		words := []string{names[e.Subject]}
		if role := text("role"); role != "" {
			words = append(words, r.P.T("web.roles."+role))
		}
		if was := e.old["role"]; was != "" && was != text("role") {
			words = append(words, r.P.T("admin.audit.was", "value", r.P.T("web.roles."+was)))
		}
		if off, ok := body["disabled"].(bool); ok && store.JSON(off) != e.old["disabled"] {
			words = append(words, r.P.T(map[bool]string{true: "admin.users.state.disabled", false: "admin.users.state.active"}[off]))
		}
		return listed(words)
	case "company":
		if currency := text("currency"); currency != "" {
			return listed([]string{currency, r.P.T("admin.audit.from_day", "day", text("from")), text("rate")})
		}
		return settingsWords(r, e.old)
	case "key":
		var scopes []string
		all, _ := body["scopes"].([]any)
		for _, s := range all {
			scopes = append(scopes, r.P.T("admin.scopes."+scopeKey(auth.Permission(fmt.Sprint(s)))))
		}
		return listed(scopes)
	case "custom_field":
		return text("key")
	case "consent":
		return listWords(r, e.Kind, text("reason"), body["count"])
	}
	return ""
}

// listWords say why addresses came on the list of those that get no advertising or went off it, and how many.
func listWords(r *page.Request, kind, reason string, count any) string {
	switch kind {
	case consent.KindSuppressed:
		n, _ := count.(float64)
		return r.P.N("admin.audit.addresses", int64(n)) + ", " + r.P.T("consents.list.reasons."+reason)
	case consent.KindLifted:
		return r.P.T("consents.list.lifts." + reason)
	}
	return ""
}

// settingsWords names the settings that changed, with what they were.
func settingsWords(r *page.Request, old map[string]string) string {
	var words []string
	for _, field := range slices.Sorted(maps.Keys(old)) {
		was := old[field]
		if was == "" {
			was = "–"
		}
		words = append(words, r.P.T("company.settings."+field)+" "+r.P.T("admin.audit.was", "value", was))
	}
	return listed(words)
}

func listed(words []string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), ", ")
}

// subject is what the change is about, and its page where there is one.
func subject(r *page.Request, c feed.Change) ui.Cell {
	id := strconv.FormatInt(c.Subject, 10)
	switch domain, _, _ := strings.Cut(c.Kind, "."); {
	case c.Subject == 0:
		return ui.Cell{}
	case domain == "user" && r.Can(auth.ManageUsers):
		return ui.LinkTo(r.P.T("admin.audit.subject.user", "id", id), userPath(c.Subject))
	case domain == "key" && r.Can(auth.ManageKeys):
		return ui.LinkTo(r.P.T("admin.audit.subject.key", "id", id), keysPath)
	case domain == "customer":
		return ui.LinkTo(r.P.T("admin.audit.subject.customer", "id", id), "/customers/"+id)
	case strings.HasPrefix(c.Kind, "import.profile_"):
		return ui.LinkTo(r.P.T("admin.audit.subject.profile", "id", id), "/imports/profiles/"+id+"/edit")
	case domain == "import":
		return ui.LinkTo(r.P.T("admin.audit.subject.import", "id", id), "/imports/"+id)
	case domain == "job":
		return ui.LinkTo(r.P.T("admin.audit.subject.job", "id", id), page.JobLink(c.Subject))
	case c.Customer != 0:
		return ui.LinkTo(r.P.T("admin.audit.subject.customer", "id", strconv.FormatInt(c.Customer, 10)), fmt.Sprintf("/customers/%d", c.Customer))
	case rowsOf(c) > 1:
		return ui.Text(r.P.N("admin.audit.rows", rowsOf(c)))
	}
	return ui.Text(id)
}

// rowsOf is how many records a change names beside its subject.
func rowsOf(c feed.Change) (n int64) {
	for _, ranges := range c.Rows {
		for _, r := range ranges {
			n += r[1] - r[0] + 1
		}
	}
	return n
}

func auditTable(r *page.Request, all []batch, names map[int64]string) ui.Table {
	t := ui.Table{
		ID: "audit", Caption: r.P.T("admin.audit.title"),
		Columns: []ui.Column{
			{Title: r.P.T("common.time"), Narrow: ui.NarrowBare}, {Title: r.P.T("admin.audit.who"), Narrow: ui.NarrowBare},
			{Title: r.P.T("admin.audit.what"), Narrow: ui.NarrowLead}, {Title: r.P.T("admin.audit.about"), Narrow: ui.NarrowMeta},
		},
		Empty: &ui.Empty{Icon: "file-text", Title: r.P.T("admin.audit.empty.title"), Text: r.P.T("admin.audit.empty.text")},
	}
	paging := ui.Paging{Of: -1, Noun: r.P.T("admin.audit.noun")}
	if r.Int("before", 0) != 0 {
		paging.First = r.Link("before", "")
	}
	read := 0
	for _, b := range all {
		read += len(b)
	}
	if len(all) > auditPage || read == 10*auditPage {
		all = all[:min(len(all), auditPage)]
		last := all[len(all)-1]
		paging.Next = r.Link("before", strconv.FormatInt(last[len(last)-1].Seq, 10))
	}
	for _, b := range all {
		e := b[0]
		what, about := ui.Lines(kindWords(r, e.Kind), detail(r, e, names)), subject(r, e.Change)
		if len(b) > 1 {
			what = ui.Lines(kindWords(r, e.Kind), "")
			about = ui.LinkTo(r.P.N("admin.audit.rows", b.rows()), r.Link("kind", e.Kind, "before", strconv.FormatInt(e.Seq+1, 10)))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{ui.Text(when(r.P, e.At)), ui.Text(actorName(r, e.Actor, names)), what, about}})
	}
	paging.Shown = int64(len(t.Rows))
	t.Paging = &paging
	return t
}

func auditFilters(r *page.Request, f auditFilter, names map[int64]string) ui.Filters {
	var filters ui.Filters
	kindMenu := ui.FilterMenu{Label: r.P.T("admin.audit.what")}
	for _, kind := range kinds() {
		kindMenu.Choices = append(kindMenu.Choices, ui.Choice{Text: kindWords(r, kind), Href: r.Link("kind", kind, "before", ""), Active: kind == f.kind})
	}
	userMenu := ui.FilterMenu{Label: r.P.T("admin.audit.who")}
	for _, id := range slices.SortedFunc(maps.Keys(names), func(a, b int64) int { return strings.Compare(names[a], names[b]) }) {
		userMenu.Choices = append(userMenu.Choices, ui.Choice{Text: names[id], Href: r.Link("user", strconv.FormatInt(id, 10), "before", ""), Active: id == f.user})
	}
	filters.Menus = []ui.FilterMenu{kindMenu, userMenu}
	if f.kind != "" {
		filters.Chips = append(filters.Chips, ui.FilterChip{Text: r.P.T("admin.audit.what") + ": " + kindWords(r, f.kind), Remove: r.Link("kind", "", "before", "")})
	}
	if f.user != 0 {
		filters.Chips = append(filters.Chips, ui.FilterChip{Text: r.P.T("admin.audit.who") + ": " + actorName(r, store.Actor{Kind: "user", ID: f.user}, names), Remove: r.Link("user", "", "before", "")})
	}
	if len(filters.Chips) > 0 {
		filters.Clear = auditPath
	}
	return filters
}
