package consents

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
)

func reasonName(r *page.Request, reason string) string {
	return r.P.T("consents.list.reasons." + reason)
}

func liftName(r *page.Request, reason string) string { return r.P.T("consents.list.lifts." + reason) }

// dayOf is the company's day of a time.
func dayOf(r *page.Request, at time.Time) clock.Day { return clock.DayOf(at, r.Company.Zone()) }

// csvOf is the address of the list as CSV, with the filters of the page.
func csvOf(r *page.Request) string {
	if r.Method == "POST" {
		return ListPath + ".csv"
	}
	return r.CSVLink("before", "")
}

// verdict is the answer in a sentence.
func (l *list) verdict(r *page.Request) string {
	switch {
	case len(l.answer.Listed) > 0:
		return r.P.T("consents.list.on_text", "address", l.asked)
	case len(l.answer.Customers) == 0:
		return r.P.T("consents.list.unknown_text", "address", l.asked)
	}
	return r.P.T("consents.list.off_text", "address", l.asked)
}

// table is the list with its way to the next page.
func (l *list) table(r *page.Request) ui.Table {
	p := r.P
	t := ui.Table{ID: "suppressed", Caption: p.T("consents.list.title"), Title: p.T("consents.list.all"), Columns: []ui.Column{
		{Title: p.T("consents.list.reason"), Narrow: ui.NarrowLead}, {Title: p.T("consents.channel"), Narrow: ui.NarrowValue},
		{Title: p.T("consents.list.customer"), Narrow: ui.NarrowMeta}, {Title: p.T("proof.source"), Narrow: ui.NarrowMeta}, {Title: p.T("consents.list.since"), Number: true, Narrow: ui.NarrowMeta},
	}, Paging: &ui.Paging{Shown: int64(len(l.rows)), Of: l.count, Noun: p.T("consents.list.noun")}}
	if l.filter.Before != "" {
		t.Paging.First = r.Link("before", "")
	}
	if l.more {
		t.Paging.Next = r.Link("before", l.rows[len(l.rows)-1].Cursor())
	}
	for _, s := range l.rows {
		who := ui.Cell{Text: "—"}
		if len(s.Customers) > 0 {
			who = ui.LinkTo(l.names[s.Customers[0]], customerPath(s.Customers[0]))
			if more := len(s.Customers) - 1; more > 0 {
				who.Sub = p.N("consents.list.others", int64(more))
			}
		}
		t.Rows = append(t.Rows, ui.Row{Href: ListPath + "/" + s.Hash, Cells: []ui.Cell{{Text: reasonName(r, s.Reason), Strong: true, Sub: s.Note}, ui.Text(channelName(r, s.Channel)),
			who, ui.Text(sourceName(r, s.Source)), ui.Text(p.DateTime(s.At))}})
	}
	return t
}

func customerPath(id int64) string { return fmt.Sprintf("/customers/%d", id) }

func (l *list) filters(r *page.Request) ui.Filters {
	var f ui.Filters
	link := func(name, value string) string {
		return ui.With(r.URL, name, value, "before", "")
	}
	channels, reasons := ui.FilterMenu{Label: r.P.T("consents.channel")}, ui.FilterMenu{Label: r.P.T("consents.list.reason")}
	for _, c := range consent.Channels() {
		channels.Choices = append(channels.Choices, ui.Choice{Text: channelName(r, c), Href: link("channel", string(c)), Active: c == l.filter.Channel})
	}
	for _, reason := range consent.SuppressedReasons() {
		reasons.Choices = append(reasons.Choices, ui.Choice{Text: reasonName(r, reason), Href: link("reason", reason), Active: reason == l.filter.Reason})
	}
	f.Menus = []ui.FilterMenu{channels, reasons}
	if l.filter.Channel != "" {
		f.Chips = append(f.Chips, ui.FilterChip{Text: r.P.T("consents.channel") + ": " + channelName(r, l.filter.Channel), Remove: link("channel", "")})
	}
	if l.filter.Reason != "" {
		f.Chips = append(f.Chips, ui.FilterChip{Text: r.P.T("consents.list.reason") + ": " + reasonName(r, l.filter.Reason), Remove: link("reason", "")})
	}
	if len(f.Chips) > 0 {
		f.Clear = ListPath
	}
	return f
}

func (l *list) empty(r *page.Request) ui.Empty {
	if l.filter.Channel != "" || l.filter.Reason != "" {
		return ui.Empty{Icon: "mail", Title: r.P.T("consents.list.none"), Action: &ui.Anchor{Text: r.P.T("consents.list.show_all"), Href: ListPath}}
	}
	e := ui.Empty{Icon: "mail", Title: r.P.T("consents.list.empty"), Text: r.P.T("consents.list.empty_text")}
	if r.Can(auth.WriteCustomers) {
		e.Action = &ui.Anchor{Text: r.P.T("consents.list.add"), Href: ListPath + "/new"}
	}
	return e
}

// said is the answer for an address somebody asked for, a line for each thing the list knows.
func (l *list) said(r *page.Request) []ui.Pair {
	var all []ui.Pair
	for _, s := range l.answer.Listed {
		all = append(all, ui.Pair{Term: channelName(r, s.Channel), Text: r.P.T("consents.list.stands", "day", r.P.Date(dayOf(r, s.At)), "why", reasonName(r, s.Reason)),
			Href: ListPath + "/" + s.Hash, Note: s.Note})
	}
	for _, t := range l.answer.Lifted {
		all = append(all, ui.Pair{Term: channelName(r, t.Channel), Text: r.P.T("consents.list.was_lifted", "day", r.P.Date(dayOf(r, t.At)), "why", liftName(r, t.Reason)), Note: t.Note})
	}
	return append(all, owners(r, l.answer.Customers, l.names)...)
}

// owners are the customers who have an address, each with the way to her consents.
func owners(r *page.Request, ids []int64, names map[int64]string) []ui.Pair {
	var all []ui.Pair
	for i, id := range ids {
		pair := ui.Pair{Text: names[id], Href: path(id)}
		if pair.Text == "" {
			pair.Text = r.P.T("customers.nameless", "number", "#"+strconv.FormatInt(id, 10))
		}
		if i == 0 {
			pair.Term = r.P.T("consents.list.customer")
		}
		all = append(all, pair)
	}
	return all
}

func (one listed) facts(r *page.Request) []ui.Pair {
	facts := []ui.Pair{{Term: r.P.T("consents.list.since"), Text: r.P.DateTime(one.At)}, {Term: r.P.T("consents.channel"), Text: channelName(r, one.Channel)},
		{Term: r.P.T("consents.list.reason"), Text: reasonName(r, one.Reason)}}
	if one.Source != "" {
		facts = append(facts, ui.Pair{Term: r.P.T("proof.source"), Text: sourceName(r, one.Source)})
	}
	if one.Note != "" {
		facts = append(facts, ui.Pair{Term: r.P.T("consents.list.note"), Text: one.Note})
	}
	if len(one.Customers) == 0 {
		return append(facts, ui.Pair{Term: r.P.T("consents.list.customer"), Text: r.P.T("consents.list.nobody")})
	}
	return append(facts, owners(r, one.Customers, one.names)...)
}

func reasonOptions(chosen string, codes []string, name func(string) string) []ui.Option {
	all := make([]ui.Option, len(codes))
	for i, code := range codes {
		all[i] = ui.Option{Value: code, Label: name(code), Chosen: code == chosen || chosen == "" && i == 0}
	}
	return all
}

func handReasons(r *page.Request, chosen string) []ui.Option {
	return reasonOptions(chosen, consent.HandReasons(), func(code string) string { return reasonName(r, code) })
}

func liftReasons(r *page.Request, chosen string) []ui.Option {
	return reasonOptions(chosen, consent.LiftReasons(), func(code string) string { return liftName(r, code) })
}

// onList are the addresses of the customer that are on the list.
func onList(r *page.Request, all map[string][]*consent.Suppressed) []ui.Pair {
	var pairs []ui.Pair
	for address, listed := range all {
		for _, s := range listed {
			term := address
			if s.Channel == consent.Post {
				term = channelName(r, s.Channel)
			}
			pairs = append(pairs, ui.Pair{Term: term, Text: r.P.T("consents.list.stands", "day", r.P.Date(dayOf(r, s.At)), "why", reasonName(r, s.Reason)),
				Href: ListPath + "/" + s.Hash, Note: channelName(r, s.Channel)})
		}
	}
	slices.SortFunc(pairs, func(a, b ui.Pair) int { return strings.Compare(a.Term+" "+a.Note, b.Term+" "+b.Note) })
	return pairs
}
