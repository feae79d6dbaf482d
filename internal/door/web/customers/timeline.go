package customers

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/contract"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/event"
)

const perTimeline = 25

// timeline is one page of what happened to a customer, newest first.
type timeline struct {
	show    string // which kind, "" for all
	entries []happening
	next    string // where the next page begins, "" at the end
}

// happening is one thing that happened, of one of five kinds.
type happening struct {
	at       time.Time
	document *document.Document
	event    *event.Event
	note     *customer.Note
	change   *customer.Entry
	said     *Said
}

// timelineKinds are what the chips above the timeline narrow it to.
func timelineKinds() []string { return []string{"documents", "messages", "notes", "events", "changes"} }

// cursor is where a page of the timeline ended in each of the kinds, so that equal times lose nothing.
type cursor struct {
	DocumentAt int64 // microseconds
	Document   int64
	EventAt    int64
	Event      int64
	Note       int64 // how many notes have been shown
	Change     int64
	SaidAt     int64
	Said       int64
}

func (c cursor) String() string {
	return fmt.Sprintf("%d.%d.%d.%d.%d.%d.%d.%d", c.DocumentAt, c.Document, c.EventAt, c.Event, c.Note, c.Change, c.SaidAt, c.Said)
}

// parseCursor reads where a page begins; what is none begins at the newest.
func parseCursor(text string) cursor {
	var c cursor
	n, err := fmt.Sscanf(text, "%d.%d.%d.%d.%d.%d.%d.%d", &c.DocumentAt, &c.Document, &c.EventAt, &c.Event, &c.Note, &c.Change, &c.SaidAt, &c.Said)
	if err != nil || n != 8 || c.Note < 0 {
		return cursor{}
	}
	return c
}

// readTimeline reads a page: from each kind as many as the page holds, and of all these the newest.
func readTimeline(r *page.Request, tx *store.Tx, w whole, show, before string) (timeline, error) {
	if !slices.Contains(timelineKinds(), show) {
		show = ""
	}
	t := timeline{show: show}
	at := parseCursor(before)
	wants := func(kind string) bool { return show == "" || show == kind }
	var all []happening
	if wants("documents") && r.Can(auth.ReadDocuments) {
		list, err := document.OfCustomer(r.Context(), tx, w.ID, document.Place{At: clock.Time(at.DocumentAt), ID: at.Document}, perTimeline+1)
		if err != nil {
			return t, err
		}
		for _, d := range list {
			all = append(all, happening{at: d.At, document: d})
		}
	}
	if wants("events") {
		list, err := event.OfCustomer(r.Context(), tx, w.ID, clock.Time(at.EventAt), at.Event, perTimeline+1)
		if err != nil {
			return t, err
		}
		for _, e := range list {
			all = append(all, happening{at: e.At, event: e})
		}
	}
	if wants("notes") {
		for i := at.Note; i < int64(len(w.Notes)) && i <= at.Note+perTimeline; i++ {
			all = append(all, happening{at: clock.Time(w.Notes[i].At), note: &w.Notes[i]})
		}
	}
	if wants("changes") {
		list, err := changes(r, tx, w.ID, at.Change)
		if err != nil {
			return t, err
		}
		for i := range list {
			all = append(all, happening{at: list[i].At, change: &list[i]})
		}
	}
	if wants("messages") {
		list, err := said(r, tx, w, clock.Time(at.SaidAt), at.Said)
		if err != nil {
			return t, err
		}
		all = append(all, list...)
	}
	slices.SortStableFunc(all, func(a, b happening) int { return b.at.Compare(a.at) })
	if len(all) > perTimeline {
		all = all[:perTimeline]
		for _, h := range all {
			at.pass(h)
		}
		t.next = at.String()
	}
	t.entries = all
	return t, nil
}

// pass moves the cursor behind something shown.
func (c *cursor) pass(h happening) {
	switch {
	case h.document != nil:
		c.DocumentAt, c.Document = clock.Micros(h.document.At), h.document.ID
	case h.event != nil:
		c.EventAt, c.Event = clock.Micros(h.event.At), h.event.ID
	case h.note != nil:
		c.Note++
	case h.change != nil:
		c.Change = h.change.Seq
	case h.said != nil:
		c.SaidAt, c.Said = clock.Micros(h.said.At), h.said.ID
	}
}

// changes are the entries of the feed that the other kinds do not show already.
func changes(r *page.Request, tx *store.Tx, id, before int64) ([]customer.Entry, error) {
	var all []customer.Entry
	for range 20 { // a page of a customer about whom programs write a lot is cut rather than slow
		list, err := customer.Timeline(r.Context(), tx, id, before, 2*perTimeline)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			before = e.Seq
			domain, _, _ := strings.Cut(e.Kind, ".")
			if domain != "document" && domain != "event" && domain != "call" && e.Kind != customer.KindNoted {
				all = append(all, e)
			}
		}
		if len(all) > perTimeline || len(list) < 2*perTimeline {
			break
		}
	}
	return all[:min(len(all), perTimeline+1)], nil
}

// groups are the entries by month.
func (t timeline) groups(r *page.Request, w whole) []ui.EntryGroup {
	var all []ui.EntryGroup
	for _, h := range t.entries {
		day := clock.DayOf(h.at, r.Company.Zone())
		title := r.P.Month(day)
		if n := len(all); n == 0 || all[n-1].Title != title {
			all = append(all, ui.EntryGroup{Title: title})
		}
		e := h.entry(r, w)
		e.When = shortDate(r, day)
		group := &all[len(all)-1]
		group.Entries = append(group.Entries, e)
	}
	return all
}

// shortDate is a day without its year, which stands in the heading of the month.
func shortDate(r *page.Request, day clock.Day) string {
	year, _, _ := day.Date()
	return strings.TrimSpace(strings.TrimSuffix(r.P.Date(day), strconv.Itoa(year)))
}

func (h happening) entry(r *page.Request, w whole) ui.Entry {
	switch {
	case h.document != nil:
		d := h.document
		return ui.Entry{Icon: documentIcon(d.Kind), Kind: r.P.T("document.kind." + d.Kind.String()), Title: documentTitle(r, d), Href: documentPath(d.ID),
			Text: statusName(r.P, d.Status), Amount: documentAmount(r, d)}
	case h.event != nil:
		return ui.Entry{Icon: "clock", Kind: r.P.T("customers.timeline.event"), Title: eventName(r.P, h.event.Name), More: properties(r.P, h.event)}
	case h.note != nil:
		return noteEntry(r, w, h.note)
	case h.said != nil:
		return h.said.Entry
	}
	return changeEntry(r, w, h.change)
}

// noteEntry shows a note; the whole text unfolds where it is long.
func noteEntry(r *page.Request, w whole, n *customer.Note) ui.Entry {
	const short = 160
	e := ui.Entry{Icon: "note", Kind: r.P.T("customer.field.note"), Title: n.Text, Text: w.names.user(r.P, n.Author)}
	line, _, cut := strings.Cut(n.Text, "\n")
	if letters := []rune(line); len(letters) > short {
		line, cut = string(letters[:short]), true
	}
	if cut {
		e.Title = strings.TrimSpace(line) + " …"
	}
	if cut || w.may(r) {
		e.More = noteMore(r, w, n, cut)
	}
	return e
}

func changeEntry(r *page.Request, w whole, c *customer.Entry) ui.Entry {
	e := ui.Entry{Icon: "pencil", Kind: r.P.T("customers.timeline.change"), Text: w.names.actor(r.P, c.Actor.Kind, c.Actor.ID)}
	var fields []string
	for _, name := range c.Fields {
		if label := w.names.field(r.P, name); !slices.Contains(fields, label) {
			fields = append(fields, label)
		}
	}
	switch c.Kind {
	case customer.KindCreated:
		e.Icon, e.Title = "plus", r.P.T("customer.timeline.created")
	case customer.KindChanged:
		var body struct{ Undo int64 }
		key := "customer.timeline.changed"
		if json.Unmarshal(c.Body, &body) == nil && body.Undo != 0 {
			key, e.Icon = "customer.timeline.undone", "arrow-back-up"
		}
		e.Title = r.P.T(key, "fields", strings.Join(fields, ", "))
	case customer.KindContact:
		e.Icon, e.Title = "users", r.P.T("customer.timeline.contact")
	case contract.KindStarted, contract.KindEnded:
		e.Icon, e.Title = "file-text", contractTitle(r, c)
	case customer.KindErased:
		e.Icon, e.Title = "trash", r.P.T("customer.timeline.erased")
	case customer.KindRemoved:
		e.Icon, e.Title = "trash", r.P.T("customer.timeline.removed")
	case predict.KindBand:
		e.Icon, e.Title, e.Text = "chart-histogram", bandTitle(r, c), r.P.T("customers.who.stamm")
	default:
		kind := strings.ReplaceAll(c.Kind, ".", "_")
		e.Icon, e.Title = "clock", r.P.T("admin.audit.kinds."+kind)
		if key := "customers.change." + kind; r.P.Has(key) {
			e.Title = r.P.T(key)
		}
		if domain, _, _ := strings.Cut(c.Kind, "."); c.Actor.Kind == "job" && domain != "consent" && domain != "contract" { // no import writes those
			e.Text = r.P.T("customers.who.stamm")
		}
	}
	if len(c.Old) > 0 && c.Kind == customer.KindChanged {
		e.More = changeMore(r, w, c, oldPairs(r, w, c))
	}
	return e
}

// bandTitle says from which band into which she came.
func bandTitle(r *page.Request, c *customer.Entry) string {
	var body struct{ Old, New predict.Band }
	if json.Unmarshal(c.Body, &body) != nil || body.New == "" {
		return r.P.T("admin.audit.kinds.customer_band")
	}
	return r.P.T("customers.change.band", "old", body.Old.Words(r.P), "new", body.New.Words(r.P))
}

// oldPairs are the values the fields of a change had.
func oldPairs(r *page.Request, w whole, c *customer.Entry) []ui.Pair {
	var pairs []ui.Pair
	for _, name := range slices.Sorted(maps.Keys(c.Old)) {
		was := cmp.Or(w.names.value(r.P, name, c.Old[name]), r.P.T("customers.nothing_before"))
		pairs = append(pairs, ui.Pair{Term: w.names.field(r.P, name), Text: r.P.T("customers.was", "value", was)})
	}
	return pairs
}

// properties are what an event says more, nil for nothing.
func properties(p *i18n.Printer, e *event.Event) templ.Component {
	var values map[string]any
	decoder := json.NewDecoder(bytes.NewReader(e.Properties))
	decoder.UseNumber()
	if decoder.Decode(&values) != nil || len(values) == 0 {
		return nil
	}
	var pairs []ui.Pair
	for _, name := range slices.Sorted(maps.Keys(values)) {
		text, isText := values[name].(string)
		if !isText {
			text = store.JSON(values[name])
		}
		pairs = append(pairs, ui.Pair{Term: propertyName(p, name), Text: text})
	}
	return ui.Pairs(pairs)
}

// chips narrow the timeline.
func (t timeline) chips(r *page.Request) []ui.Tab {
	tabs := []ui.Tab{{Label: r.P.T("common.all"), Href: r.Link("show", "", "before", ""), Active: t.show == ""}}
	for _, kind := range timelineKinds() {
		if kind == "documents" && !r.Can(auth.ReadDocuments) {
			continue
		}
		tabs = append(tabs, ui.Tab{Label: r.P.T("customers.timeline." + kind), Href: r.Link("show", kind, "before", ""), Active: t.show == kind})
	}
	return tabs
}

func (t timeline) more(r *page.Request) string {
	if t.next == "" {
		return ""
	}
	return r.Link("before", t.next)
}

func undoPost(r *page.Request, id, seq int64) ui.Post {
	return ui.Post{Label: r.P.T("common.undo"), Action: customerPath(id) + "/undo", Fields: []ui.Hidden{{Name: "seq", Value: strconv.FormatInt(seq, 10)}}}
}
