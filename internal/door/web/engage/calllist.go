package engage

import (
	"context"
	"slices"
	"strconv"
	"time"

	"stamm/internal/action/message/call"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
)

// The lists of calls.
const (
	callsDue     = ""
	callsPlanned = "planned"
	callsDone    = "done"
	callsWith    = "outcome" // those whose last try came to one outcome, done or not
)

// farOff is behind every call that is planned.
var farOff = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)

// callList is the worklist.
type callList struct {
	view    string
	all     bool         // those of all users
	measure int64        // only of this one; 0 for all
	outcome call.Outcome // of callsWith
	list    []*call.Call
	more    bool
	due     int64
	resting int64
	begun   []*call.Call
	later   int64     // open calls, where none is due
	next    time.Time // when the first of them is
	callWords
}

// callWords are the names that stand beside calls.
type callWords struct {
	names    map[int64]string // of customers
	users    map[int64]string
	measures map[int64]string
}

func (d Deps) callWords(r *page.Request, tx *store.Tx, calls []*call.Call) (w callWords, err error) {
	var people, measures []int64
	for _, c := range calls {
		people = append(people, c.Reader())
		if c.Measure != 0 {
			measures = append(measures, c.Measure)
		}
	}
	if w.names, err = customer.Names(r.Context(), tx, people); err != nil {
		return w, err
	}
	if w.users, err = userNames(r.Context(), tx); err != nil {
		return w, err
	}
	slices.Sort(measures)
	w.measures, err = d.measureNames(r, tx, slices.Compact(measures))
	return w, err
}

func userNames(ctx context.Context, tx *store.Tx) (map[int64]string, error) {
	all, err := auth.List(ctx, tx)
	names := make(map[int64]string, len(all))
	for _, u := range all {
		names[u.ID] = u.Name
	}
	return names, err
}

// who is called, in words.
func (w callWords) who(p *i18n.Printer, c *call.Call) string {
	if name := w.names[c.Reader()]; name != "" {
		return name
	}
	return p.T("engage.erased", "id", strconv.FormatInt(c.Reader(), 10))
}

func (w callWords) owner(p *i18n.Printer, id int64) string {
	if id == 0 {
		return p.T("calls.anybody")
	}
	return w.users[id]
}

func (w callWords) about(p *i18n.Printer, c *call.Call) string {
	if c.Measure == 0 {
		return kindWords(p, c.Kind)
	}
	return w.measures[c.Measure]
}

// filter is which calls the page means.
func (l callList) filter(r *page.Request) call.Filter {
	f := call.Filter{Limit: perPage + 1, Measure: l.measure, Outcome: l.outcome}
	if !l.all {
		f.User = r.User.ID
	}
	return f
}

// read reads calls of the list after one, which may be nil.
func (l callList) read(r *page.Request, tx *store.Tx, f call.Filter) ([]*call.Call, error) {
	switch l.view {
	case callsWith:
		return call.With(r.Context(), tx, f)
	case callsDone:
		return call.Ended(r.Context(), tx, f)
	case callsPlanned:
		return call.Due(r.Context(), tx, farOff, f)
	default:
		return call.Due(r.Context(), tx, r.Now, f)
	}
}

func (d Deps) calls(r *page.Request) error {
	l := callList{view: callsDue, all: r.Text("who") == "all", measure: r.Int("measure", 0)}
	if o := call.Outcome(r.Text("outcome")); slices.Contains(call.Outcomes(), o) {
		l.view, l.outcome = callsWith, o
	} else if v := r.Text("view"); v == callsPlanned || v == callsDone {
		l.view = v
	}
	if r.WantsCSV() {
		return d.callCSV(r, l)
	}
	err := r.Read(func(tx *store.Tx) (err error) {
		f := l.filter(r)
		if after := r.Int("after", 0); after != 0 {
			if f.After, err = call.Find(r.Context(), tx, after); err != nil {
				return err
			}
		}
		if l.list, err = l.read(r, tx, f); err != nil {
			return err
		}
		if l.more = len(l.list) > perPage; l.more {
			l.list = l.list[:perPage]
		}
		if l.due, err = call.CountDue(r.Context(), tx, f.User, r.Now); err != nil {
			return err
		}
		if l.resting, err = call.CountResting(r.Context(), tx, f.User); err != nil {
			return err
		}
		if l.begun, err = call.Unfinished(r.Context(), tx, r.User.ID); err != nil {
			return err
		}
		if len(l.list) == 0 && l.view == callsDue {
			if err := l.ahead(r, tx, f); err != nil {
				return err
			}
		}
		if l.callWords, err = d.callWords(r, tx, slices.Concat(l.list, l.begun)); err != nil || l.measure == 0 {
			return err
		}
		named, err := d.measureNames(r, tx, []int64{l.measure})
		l.measures[l.measure] = named[l.measure]
		return err
	})
	if err != nil {
		return err
	}
	return r.Render(r.P.T("calls.title"), callListView(r, l))
}

// ahead looks for what comes later, where nothing is due now.
func (l *callList) ahead(r *page.Request, tx *store.Tx, f call.Filter) (err error) {
	if l.later, err = call.CountDue(r.Context(), tx, f.User, farOff); err != nil || l.later == 0 {
		return err
	}
	f.After, f.Limit = nil, 1
	open, err := call.Due(r.Context(), tx, farOff, f)
	if len(open) > 0 {
		l.next = open[0].Due
	}
	return err
}

func (d Deps) callCSV(r *page.Request, l callList) error {
	p := r.P
	head := []string{"ID", p.T("common.customer"), p.T("engage.customer_id"), p.T("engage.about"), p.T("calls.owner"), p.T("calls.due"), p.T("calls.tries"), p.T("engage.state"), p.T("calls.note")}
	return r.SendCSV("calls", head, func(yield func([]string, error) bool) {
		f := l.filter(r)
		f.Limit = perCSV
		for {
			var all []*call.Call
			var w callWords
			err := r.Read(func(tx *store.Tx) (err error) {
				if all, err = l.read(r, tx, f); err != nil {
					return err
				}
				w, err = d.callWords(r, tx, all)
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, c := range all {
				f.After = c
				if !yield([]string{strconv.FormatInt(c.Message, 10), w.who(p, c), strconv.FormatInt(c.Customer, 10), w.about(p, c), w.owner(p, c.Owner), p.DateTime(c.Due),
					p.Number(int64(c.Tries)), callState(p, c), c.Note}, nil) {
					return
				}
			}
			if len(all) < perCSV {
				return
			}
		}
	})
}

// callState is how a call stands, in words: its outcome once there is one.
func callState(p *i18n.Printer, c *call.Call) string {
	switch {
	case c.State == call.Begun:
		return p.T("calls.state.begun")
	case c.State == call.Over && c.Outcome == "":
		return reasonWords(p, c.Reason)
	case c.Outcome != "":
		return p.T("calls.outcome." + string(c.Outcome))
	default:
		return p.T("calls.state.open")
	}
}

func callTone(c *call.Call) ui.Tone {
	switch {
	case c.State == call.Begun:
		return ui.Warn
	case c.Outcome == call.Interested:
		return ui.Good
	case c.Outcome == call.Wrong, c.Outcome == call.NoMore:
		return ui.Bad
	case c.State == call.Open && c.Outcome == "":
		return ui.Accent
	}
	return ui.Neutral
}

func (l callList) tabs(r *page.Request) []ui.Tab {
	var tabs []ui.Tab
	for _, view := range []string{callsDue, callsPlanned, callsDone} {
		key := view
		if view == callsDue {
			key = "due"
		}
		tab := ui.Tab{Label: r.P.T("calls.view." + key), Href: r.Link("view", view, "outcome", "", "after", ""), Active: view == l.view}
		if view == callsDue {
			tab.Count = r.P.Number(l.due)
		}
		tabs = append(tabs, tab)
	}
	return tabs
}

// past tells whether the list is about what was, not about what is to come.
func (l callList) past() bool { return l.view == callsDone || l.view == callsWith }

// chips say which calls are listed.
func (l callList) chips(r *page.Request) ui.Filters {
	var f ui.Filters
	if l.measure != 0 {
		f.Chips = append(f.Chips, ui.FilterChip{Text: r.P.T("engage.about") + ": " + l.measures[l.measure], Remove: r.Link("measure", "", "after", "")})
	}
	if l.outcome != "" {
		f.Chips = append(f.Chips, ui.FilterChip{Text: r.P.T("calls.of_outcome") + ": " + r.P.T("calls.outcome."+string(l.outcome)), Remove: r.Link("outcome", "", "after", "")})
	}
	if len(f.Chips) > 0 {
		f.Clear = r.Link("measure", "", "outcome", "", "after", "")
	}
	return f
}

func (l callList) table(r *page.Request) ui.Table {
	p := r.P
	when := p.T("calls.due")
	if l.past() {
		when = p.T("common.time")
	}
	t := ui.Table{ID: "calls", Caption: p.T("calls.title"), Columns: []ui.Column{{Title: p.T("common.customer"), Narrow: ui.NarrowLead}, {Title: p.T("engage.about"), Narrow: ui.NarrowBare},
		{Title: p.T("engage.state"), Narrow: ui.NarrowValue}, {Title: p.T("calls.owner"), Narrow: ui.NarrowMeta, Wide: true}, {Title: p.T("calls.tries"), Number: true, Narrow: ui.NarrowHide},
		{Title: when, Number: true, Narrow: ui.NarrowMeta}}}
	for _, c := range l.list {
		at := c.Due
		if l.past() {
			at = c.ChangedAt
		}
		t.Rows = append(t.Rows, ui.Row{Href: callLink(c.Message), Cells: []ui.Cell{ui.Lines(l.who(p, c), c.Note), ui.Text(l.about(p, c)), ui.Rich(ui.Chip(callState(p, c), callTone(c))),
			ui.Text(l.owner(p, c.Owner)), ui.Text(p.T("calls.tries_of", "n", int64(c.Tries), "of", int64(c.Most))), ui.Text(p.DateTime(at))}})
	}
	t.Paging = &ui.Paging{Shown: int64(len(l.list)), Of: -1, Noun: p.T("calls.noun")}
	if r.Has("after") {
		t.Paging.First = r.Link("after", "")
	}
	if l.more {
		t.Paging.Next = r.Link("after", strconv.FormatInt(l.list[len(l.list)-1].Message, 10))
	}
	return t
}

func (l callList) lead(p *i18n.Printer) string {
	if l.view == callsWith {
		return p.T("calls.with_outcome")
	}
	if l.due == 0 && l.resting == 0 {
		return ""
	}
	text := p.N("calls.lead", l.due)
	if l.resting > 0 {
		text += " " + p.N("calls.resting", l.resting)
	}
	return text
}
