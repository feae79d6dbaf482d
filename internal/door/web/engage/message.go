package engage

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/action/campaign"
	"stamm/internal/action/message"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

const (
	perPage = 50
	perCSV  = 1000
)

func messageRoutes(d Deps) []page.Route {
	const one = messagesPath + "/{id}"
	return []page.Route{
		csv(get(messagesPath, auth.ReadCustomers, d.messages)),
		get(one, auth.ReadCustomers, d.message),
		post(one+"/resolve", auth.WriteMessages, resolve),
		csv(get(Path+"/customers/{id}", auth.ReadCustomers, d.ofCustomer)),
		post(Path+"/customers/{id}/hold", auth.WriteCustomers, setHold),
		post(Path+"/customers/{id}/release", auth.WriteCustomers, endHold),
		csv(get(unclearPath, auth.ReadCustomers, d.unclear)),
		post(unclearPath, auth.WriteMessages, resolveMany),
		get(outboxPath, auth.ReadCustomers, d.outbox),
		get(outboxPath+"/{id}", auth.ReadCustomers, showMail),
		get(outboxPath+"/{id}/body", auth.ReadCustomers, mailBody),
		get(rulesPath, auth.ReadCustomers, showRules),
		post(rulesPath, auth.WriteMessages, saveRules),
	}
}

// shown is what a list of messages needs beside them.
type shown struct {
	list     []*message.Message
	more     bool
	names    map[int64]string // of customers
	measures map[int64]string
}

// fill reads the names for a list that was read with one row more than shown.
func (d Deps) fill(r *page.Request, tx *store.Tx, all []*message.Message, limit int) (s shown, err error) {
	s.list, s.more = all, len(all) > limit
	if s.more {
		s.list = all[:limit]
	}
	var people, measures []int64
	for _, m := range s.list {
		for _, id := range []int64{m.Customer, m.Person} {
			if id != 0 {
				people = append(people, id)
			}
		}
		if m.Measure != 0 {
			measures = append(measures, m.Measure)
		}
	}
	if s.names, err = customer.Names(r.Context(), tx, people); err != nil {
		return s, err
	}
	slices.Sort(measures)
	s.measures, err = d.measureNames(r, tx, slices.Compact(measures))
	return s, err
}

// measureNames are the names of measures; one without a name is called by its number.
func (d Deps) measureNames(r *page.Request, tx *store.Tx, ids []int64) (map[int64]string, error) {
	all := map[int64]string{}
	if d.Measures != nil && len(ids) > 0 {
		named, err := d.Measures(r.Context(), tx, ids)
		if err != nil {
			return nil, err
		}
		for id, name := range named {
			all[id] = name
		}
	}
	for _, id := range ids {
		if all[id] == "" {
			all[id] = r.P.T("engage.measure", "id", strconv.FormatInt(id, 10))
		}
	}
	return all, nil
}

// ledger is the page of all messages, or of those of one measure.
type ledger struct {
	shown
	filter  message.Filter
	counts  message.Counts
	all     map[int64]*message.Counts
	channel consent.Channel // of the measure, which has one; empty for all messages
	outside bool            // nothing leaves the house
}

// filterOf reads the filter out of the address. measure 0 are the messages without one, no measure are all.
func filterOf(r *page.Request) message.Filter {
	f := message.Filter{Before: r.Int("before", 0), Limit: perPage + 1, Reason: r.Text("reason")}
	if s := message.State(r.Text("state")); slices.Contains(message.States(), s) {
		f.State = s
	}
	if m := r.Int("measure", -1); m >= 0 {
		f.Measure = &m
	}
	return f
}

func (d Deps) messages(r *page.Request) error {
	l := ledger{filter: filterOf(r)}
	if r.WantsCSV() {
		return d.messageCSV(r, l.filter)
	}
	err := r.Read(func(tx *store.Tx) error {
		all, err := message.List(r.Context(), tx, l.filter)
		if err != nil {
			return err
		}
		if l.channel, err = channelOf(r, tx, l.filter.Measure); err != nil {
			return err
		}
		if l.all, err = message.AllCounts(r.Context(), tx); err != nil {
			return err
		}
		if l.shown, err = d.fill(r, tx, all, perPage); err != nil {
			return err
		}
		named, err := d.measureNames(r, tx, l.choices())
		if err != nil {
			return err
		}
		maps.Copy(l.measures, named)
		if d.Outbox == nil {
			return nil
		}
		l.outside, err = d.Outbox(r.Context(), tx)
		return err
	})
	if err != nil {
		return err
	}
	l.counts = l.sum()
	return r.Render(r.P.T("engage.messages.title"), ledgerView(r, d, l))
}

// channelOf is the channel of the messages of a measure: a measure has one.
func channelOf(r *page.Request, tx *store.Tx, measure *int64) (consent.Channel, error) {
	if measure == nil || *measure == 0 {
		return "", nil
	}
	last, err := message.List(r.Context(), tx, message.Filter{Measure: measure, Limit: 1})
	if err != nil || len(last) == 0 {
		return "", err
	}
	return last[0].Channel, nil
}

// sum is how the messages stand that the filter means.
func (l ledger) sum() message.Counts {
	if l.filter.Measure != nil {
		if c := l.all[*l.filter.Measure]; c != nil {
			return *c
		}
		return message.Counts{}
	}
	var sum message.Counts
	for _, c := range l.all {
		sum = sum.Plus(*c)
	}
	return sum
}

// tiles are the counts, each of which opens its messages.
func (l ledger) tiles(r *page.Request) []ui.Tile {
	at := func(state string) string { return r.Link("state", state, "reason", "", "before", "") }
	c := l.counts
	tile := func(name string, n int64, state message.State) ui.Tile {
		words := "engage.count." + name
		if of := campaign.Words(l.channel, words); r.P.Has(of) {
			words = of
		}
		return ui.Tile{Name: r.P.T(words), Value: r.P.Number(n), Href: at(string(state))}
	}
	tiles := []ui.Tile{tile("planned", c.Planned, ""), tile("sent", c.Sent, message.Sent), tile("pending", c.Pending(), message.Queued),
		tile("suppressed", c.Suppressed, message.Suppressed), tile("failed", c.Failed, message.Failed), tile("unclear", c.Unclear, message.Unclear)}
	if c.Queued == 0 && c.Proposed > 0 {
		tiles[2].Href = at(string(message.Proposed))
	}
	return tiles
}

// lead says how the counts add up.
func (l ledger) lead(p *i18n.Printer) string {
	c := l.counts
	return p.T(campaign.Words(l.channel, "engage.messages.sum"), "planned", c.Planned, "sent", c.Sent, "suppressed", c.Suppressed, "failed", c.Failed, "unclear", c.Unclear, "pending", c.Pending())
}

// reasons lists why messages are not sent, each with its messages.
func (l ledger) reasons(r *page.Request) []ui.Pair {
	type why struct {
		state  message.State
		reason string
		n      int64
	}
	var all []why
	for state, list := range l.counts.Reasons {
		for reason, n := range list {
			all = append(all, why{state, reason, n})
		}
	}
	slices.SortFunc(all, func(a, b why) int {
		if a.n != b.n {
			return int(b.n - a.n)
		}
		return strings.Compare(a.reason, b.reason)
	})
	pairs := make([]ui.Pair, len(all))
	for i, w := range all {
		pairs[i] = ui.Pair{Term: reasonWords(r.P, w.reason), Text: r.P.Number(w.n), Note: stateBy(r.P, l.channel, w.state),
			Href: r.Link("state", string(w.state), "reason", w.reason, "before", "")}
	}
	return pairs
}

func stateWords(p *i18n.Printer, s message.State) string { return p.T("message.state." + string(s)) }

// stateOf is the state of a message in the words of its channel: nobody is sent a call.
func stateOf(p *i18n.Printer, m *message.Message) string { return stateBy(p, m.Channel, m.State) }

func stateBy(p *i18n.Printer, by consent.Channel, s message.State) string {
	if key := "message.called." + string(s); by == consent.Phone && p.Has(key) {
		return p.T(key)
	}
	return stateWords(p, s)
}

// reasonWords are a reason in words; one that others gave is shown as it is.
func reasonWords(p *i18n.Printer, reason string) string {
	if key := "message.reason." + reason; p.Has(key) {
		return p.T(key)
	}
	return reason
}

func kindWords(p *i18n.Printer, kind string) string {
	if key := "message.kind." + kind; p.Has(key) {
		return p.T(key)
	}
	return kind
}

func stateTone(s message.State) ui.Tone {
	switch s {
	case message.Sent:
		return ui.Good
	case message.Failed:
		return ui.Bad
	case message.Unclear:
		return ui.Warn
	case message.Queued, message.Attempting, message.Proposed:
		return ui.Accent
	}
	return ui.Neutral
}

// who is the reader of a message, in words.
func (s shown) who(p *i18n.Printer, m *message.Message) string {
	id := m.Customer
	if m.Person != 0 {
		id = m.Person
	}
	switch {
	case id == 0:
		return m.Address
	case s.names[id] == "":
		return p.T("engage.erased", "id", strconv.FormatInt(id, 10))
	}
	return s.names[id]
}

// about is what a message belongs to.
func (s shown) about(p *i18n.Printer, m *message.Message) string {
	if m.Measure == 0 {
		return kindWords(p, m.Kind)
	}
	return s.measures[m.Measure]
}

// note is why a message is what it is, or when it leaves.
func (s shown) note(r *page.Request, m *message.Message) string {
	switch {
	case m.Reason != "":
		return reasonWords(r.P, m.Reason)
	case m.State != message.Queued || m.Due.IsZero(): // also what somebody had sent again: at once
		return ""
	case m.Attempts > 0:
		return r.P.N("engage.again", int64(m.Attempts), "time", m.Due)
	default:
		return r.P.T("engage.due", "time", m.Due)
	}
}

func (s shown) table(r *page.Request, id string) ui.Table {
	p := r.P
	t := ui.Table{ID: id, Caption: p.T("engage.messages.title"), Columns: []ui.Column{
		{Title: p.T("common.customer"), Narrow: ui.NarrowLead}, {Title: p.T("engage.about"), Narrow: ui.NarrowBare}, {Title: p.T("engage.channel"), Narrow: ui.NarrowHide, Wide: true},
		{Title: p.T("engage.state"), Narrow: ui.NarrowValue}, {Title: p.T("engage.why"), Narrow: ui.NarrowBare}, {Title: p.T("common.time"), Number: true, Narrow: ui.NarrowMeta},
	}}
	for _, m := range s.list {
		t.Rows = append(t.Rows, ui.Row{Href: messagePath(m.ID), Cells: []ui.Cell{ui.Lines(s.who(p, m), m.Address), ui.Text(s.about(p, m)), ui.Text(p.T("message.channel." + string(m.Channel))),
			ui.Rich(ui.Chip(stateOf(p, m), stateTone(m.State))), ui.Text(s.note(r, m)), ui.Text(p.DateTime(m.ChangedAt))}})
	}
	return t
}

func messagePath(id int64) string { return fmt.Sprintf("%s/%d", messagesPath, id) }

// ledgerTable is the list with its way to the next page.
func (l ledger) ledgerTable(r *page.Request) ui.Table {
	t := l.table(r, "messages")
	t.CSV = r.CSVLink("before", "")
	t.Paging = &ui.Paging{Shown: int64(len(l.list)), Of: l.expected(), Noun: r.P.T("engage.noun")}
	if l.filter.Before != 0 {
		t.Paging.First = r.Link("before", "")
	}
	if l.more {
		t.Paging.Next = r.Link("before", strconv.FormatInt(l.list[len(l.list)-1].ID, 10))
	}
	return t
}

// expected is how many messages the filter means; the counters know.
func (l ledger) expected() int64 {
	switch f := l.filter; {
	case f.State == "" && f.Reason == "":
		return l.counts.Planned
	case f.Reason == "":
		return l.counts.Of(f.State)
	case f.State == "":
		return -1
	default:
		return l.counts.Reasons[f.State][f.Reason]
	}
}

// filters are what is filtered and what else can be.
func (l ledger) filters(r *page.Request) ui.Filters {
	p := r.P
	f := ui.Filters{Clear: r.Link("state", "", "reason", "", "measure", "", "before", "")}
	chip := func(label, text, name string) {
		f.Chips = append(f.Chips, ui.FilterChip{Text: label + ": " + text, Remove: r.Link(name, "", "before", "")})
	}
	if m := l.filter.Measure; m != nil {
		chip(p.T("engage.about"), l.measure(p, *m), "measure")
	}
	if l.filter.State != "" {
		chip(p.T("engage.state"), stateBy(p, l.channel, l.filter.State), "state")
	}
	if l.filter.Reason != "" {
		chip(p.T("engage.why"), reasonWords(p, l.filter.Reason), "reason")
	}
	if len(f.Chips) == 0 {
		f.Clear = ""
	}
	states := ui.FilterMenu{Label: p.T("engage.state")}
	for _, s := range message.States() {
		states.Choices = append(states.Choices, ui.Choice{Text: stateBy(p, l.channel, s), Href: r.Link("state", string(s), "reason", "", "before", ""), Active: s == l.filter.State})
	}
	f.Menus = append(f.Menus, states)
	if len(l.all) > 1 {
		f.Menus = append(f.Menus, l.measureMenu(r))
	}
	return f
}

// mostChoices is how many measures the menu offers.
const mostChoices = 30

// choices are the measures that the menu offers, the newest first: the last ones, the chosen one, and 0 for messages without one.
func (l ledger) choices() []int64 {
	ids := slices.Sorted(maps.Keys(l.all))
	slices.Reverse(ids)
	last := ids[:min(len(ids), mostChoices)]
	for _, id := range ids[len(last):] {
		if id == 0 || l.filter.Measure != nil && *l.filter.Measure == id {
			last = append(last, id)
		}
	}
	return last
}

func (l ledger) measureMenu(r *page.Request) ui.FilterMenu {
	menu := ui.FilterMenu{Label: r.P.T("engage.about")}
	for _, id := range l.choices() {
		menu.Choices = append(menu.Choices, ui.Choice{Text: l.measure(r.P, id), Href: r.Link("measure", strconv.FormatInt(id, 10), "state", "", "reason", "", "before", ""),
			Active: l.filter.Measure != nil && *l.filter.Measure == id})
	}
	return menu
}

func (l ledger) measure(p *i18n.Printer, id int64) string {
	if id == 0 {
		return p.T("engage.no_measure")
	}
	if name := l.measures[id]; name != "" {
		return name
	}
	return p.T("engage.measure", "id", strconv.FormatInt(id, 10))
}

func (l ledger) empty(r *page.Request) ui.Empty {
	if l.counts.Planned > 0 || l.filter.Measure != nil {
		return ui.Empty{Icon: "mail", Title: r.P.T("engage.messages.none"), Action: &ui.Anchor{Text: r.P.T("engage.messages.all"), Href: messagesPath}}
	}
	return ui.Empty{Icon: "mail", Title: r.P.T("engage.messages.empty"), Text: r.P.T("engage.messages.empty_text"), Action: &ui.Anchor{Text: r.P.T("engage.rules.title"), Href: rulesPath}}
}

// messageCSV is the whole list, read page by page.
func (d Deps) messageCSV(r *page.Request, f message.Filter) error {
	f.Before, f.Limit = 0, perCSV+1
	return d.sendCSV(r, "messages", func(tx *store.Tx, before int64) ([]*message.Message, error) {
		f.Before = before
		return message.List(r.Context(), tx, f)
	})
}

// sendCSV sends messages that next reads, newest first, one more than a page has.
func (d Deps) sendCSV(r *page.Request, name string, next func(tx *store.Tx, before int64) ([]*message.Message, error)) error {
	p := r.P
	head := []string{"ID", p.T("common.customer"), p.T("engage.customer_id"), p.T("engage.address"), p.T("engage.about"), p.T("engage.channel"), p.T("engage.state"), p.T("engage.why"),
		p.T("engage.planned_at"), p.T("engage.changed_at"), p.T("engage.answer")}
	return r.SendCSV(name, head, func(yield func([]string, error) bool) {
		for before, more := int64(0), true; more; {
			var s shown
			err := r.Read(func(tx *store.Tx) error {
				all, err := next(tx, before)
				if err != nil {
					return err
				}
				s, err = d.fill(r, tx, all, perCSV)
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, m := range s.list {
				if !yield([]string{strconv.FormatInt(m.ID, 10), s.who(p, m), strconv.FormatInt(m.Customer, 10), m.Address, s.about(p, m), p.T("message.channel." + string(m.Channel)),
					stateOf(p, m), s.note(r, m), p.DateTime(m.PlannedAt), p.DateTime(m.ChangedAt), m.Answer}, nil) {
					return
				}
				before = m.ID
			}
			more = s.more
		}
	})
}

// measureCell leads to the page of a measure, where there is one.
func (d Deps) measureLink(s shown, p *i18n.Printer, m *message.Message) templ.Component {
	if m.Measure == 0 || d.Measure == nil {
		return page.Text(s.about(p, m))
	}
	return anchor(d.Measure(m.Measure), s.about(p, m))
}
