package engage

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"stamm/internal/action/message"
	"stamm/internal/action/message/call"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
)

const (
	callsPath = Path + "/calls"
	nextPath  = callsPath + "/next"
)

func callRoutes(d Deps) []page.Route {
	const one = callsPath + "/{id}"
	return []page.Route{
		csv(get(callsPath, auth.WriteTasks, d.calls)),
		get(nextPath, auth.WriteTasks, nextCall),
		get(one, auth.WriteTasks, d.call),
		post(one+"/begin", auth.WriteTasks, beginCall),
		post(one+"/end", auth.WriteTasks, d.endCall),
		post(one+"/drop", auth.WriteTasks, dropCall),
		post(one+"/undo", auth.WriteTasks, undoCall),
		post(one+"/give", auth.WriteTasks, giveCall),
	}
}

func callLink(id int64) string { return fmt.Sprintf("%s/%d", callsPath, id) }

// The lists of calls.
const (
	callsDue     = ""
	callsPlanned = "planned"
	callsDone    = "done"
)

// farOff is behind every call that is planned.
var farOff = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)

// callList is the worklist.
type callList struct {
	view    string
	all     bool // those of all users
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
	f := call.Filter{Limit: perPage + 1, Measure: r.Int("measure", 0)}
	if !l.all {
		f.User = r.User.ID
	}
	return f
}

// read reads calls of the list after one, which may be nil.
func (l callList) read(r *page.Request, tx *store.Tx, f call.Filter) ([]*call.Call, error) {
	switch l.view {
	case callsDone:
		return call.Ended(r.Context(), tx, f)
	case callsPlanned:
		return call.Due(r.Context(), tx, farOff, f)
	default:
		return call.Due(r.Context(), tx, r.Now, f)
	}
}

func (d Deps) calls(r *page.Request) error {
	l := callList{view: callsDue, all: r.Text("who") == "all"}
	if v := r.Text("view"); v == callsPlanned || v == callsDone {
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
		l.callWords, err = d.callWords(r, tx, slices.Concat(l.list, l.begun))
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
		tab := ui.Tab{Label: r.P.T("calls.view." + key), Href: r.Link("view", view, "after", ""), Active: view == l.view}
		if view == callsDue {
			tab.Count = r.P.Number(l.due)
		}
		tabs = append(tabs, tab)
	}
	return tabs
}

func (l callList) table(r *page.Request) ui.Table {
	p := r.P
	when := p.T("calls.due")
	if l.view == callsDone {
		when = p.T("common.time")
	}
	t := ui.Table{ID: "calls", Caption: p.T("calls.title"), Columns: []ui.Column{{Title: p.T("common.customer"), Narrow: ui.NarrowLead}, {Title: p.T("engage.about"), Narrow: ui.NarrowBare},
		{Title: p.T("engage.state"), Narrow: ui.NarrowValue}, {Title: p.T("calls.owner"), Narrow: ui.NarrowMeta, Wide: true}, {Title: p.T("calls.tries"), Number: true, Narrow: ui.NarrowHide},
		{Title: when, Number: true, Narrow: ui.NarrowMeta}}}
	for _, c := range l.list {
		at := c.Due
		if l.view == callsDone {
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
	if l.due == 0 && l.resting == 0 {
		return ""
	}
	text := p.N("calls.lead", l.due)
	if l.resting > 0 {
		text += " " + p.N("calls.resting", l.resting)
	}
	return text
}

// next is the call that a user should make next, but for one; nil for none.
func next(ctx context.Context, tx *store.Tx, user, but int64) (*call.Call, error) {
	due, err := call.Due(ctx, tx, tx.Now, call.Filter{User: user, Limit: perPage})
	for _, c := range due {
		if c.Message != but && (c.State == call.Open || c.BegunBy == user) {
			return c, nil
		}
	}
	return nil, err
}

func nextCall(r *page.Request) error {
	to := callsPath
	err := r.Read(func(tx *store.Tx) error {
		c, err := next(r.Context(), tx, r.User.ID, 0)
		if c != nil {
			to = callLink(c.Message)
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.Redirect(to)
}

// oneCall is the page of a call.
type oneCall struct {
	*call.Call
	m      *message.Message
	script call.Script
	hour   message.Hour
	tries  []call.Try
	people []*auth.User
	paused bool
	callWords
	errors ui.Errors
	values map[string]string
}

func (d Deps) call(r *page.Request) error {
	o, err := d.callOf(r)
	if err != nil {
		return err
	}
	return r.Render(r.P.T("calls.call_to", "name", o.who(r.P, o.Call)), callView(r, d, o))
}

func (d Deps) callOf(r *page.Request) (o oneCall, err error) {
	id, err := r.PathID("id")
	if err != nil {
		return o, err
	}
	err = r.Read(func(tx *store.Tx) error {
		if o.Call, err = call.Find(r.Context(), tx, id); err != nil {
			return err
		}
		if o.m, err = message.Find(r.Context(), tx, id); err != nil {
			return err
		}
		if w := d.Speakers[o.Kind]; w != nil {
			if o.script, err = w.Script(r.Context(), tx, o.m); err != nil {
				return err
			}
		}
		hours, err := message.Hours(r.Context(), tx, []*message.Message{o.m}, r.Now)
		if err != nil {
			return err
		}
		o.hour = hours[0]
		if o.tries, err = call.Tries(r.Context(), tx, id); err != nil {
			return err
		}
		if o.paused, _, _, err = message.Halted(r.Context(), tx, o.Measure); err != nil {
			return err
		}
		all, err := auth.List(r.Context(), tx)
		if err != nil {
			return err
		}
		o.people = slices.DeleteFunc(all, func(u *auth.User) bool { return !u.Can(auth.WriteTasks) })
		o.callWords, err = d.callWords(r, tx, []*call.Call{o.Call})
		return err
	})
	return o, err
}

// mine tells whether the user is making this call.
func (o oneCall) mine(r *page.Request) bool { return o.State == call.Begun && o.BegunBy == r.User.ID }

// sentence says in one line how the call stands.
func (o oneCall) sentence(r *page.Request) string {
	p := r.P
	switch {
	case o.State == call.Over && o.Outcome != "":
		return p.T("calls.says.over", "outcome", callState(p, o.Call), "time", o.ChangedAt)
	case o.State == call.Over:
		return p.T("calls.says.none", "why", reasonWords(p, o.Reason))
	case o.State == call.Begun && !o.mine(r):
		return p.T("calls.says.busy", "name", o.owner(p, o.BegunBy), "time", o.BegunAt)
	case o.State == call.Begun:
		return p.T("calls.says.begun")
	case o.paused:
		return p.Err(fault.New(fault.Conflict, "call.resting"))
	case o.hour.From.After(r.Now):
		return p.Err(fault.New(fault.Conflict, "call.quiet", "time", o.hour.From))
	case o.Due.After(r.Now):
		return p.T("calls.says.later", "time", o.Due)
	}
	return p.T("calls.says.due")
}

// facts are why she is called, and what stands around it.
func (o oneCall) facts(r *page.Request, d Deps) []ui.Pair {
	p := r.P
	pairs := []ui.Pair{{Term: p.T("common.customer"), Text: o.who(p, o.Call), Href: fmt.Sprintf("/customers/%d", o.Reader())}}
	if o.Person != 0 && o.Person != o.Customer {
		pairs = append(pairs, ui.Pair{Term: p.T("calls.for"), Text: p.T("calls.for_company"), Href: fmt.Sprintf("/customers/%d", o.Customer)})
	}
	pairs = append(pairs, ui.Pair{Term: p.T("engage.about"), Content: d.measureLink(shown{measures: o.measures}, p, o.m)})
	if o.script.Why != "" {
		pairs = append(pairs, ui.Pair{Term: p.T("calls.why"), Text: o.script.Why})
	}
	pairs = append(pairs, ui.Pair{Term: p.T("calls.owner"), Text: o.owner(p, o.Owner)}, ui.Pair{Term: p.T("calls.tries"), Text: p.T("calls.tries_of", "n", int64(o.Tries), "of", int64(o.Most))})
	if o.m.Basis != "" {
		pairs = append(pairs, ui.Pair{Term: p.T("calls.basis"), Text: p.T("message.basis." + string(o.m.Basis))})
	}
	return append(pairs, ui.Pair{Term: p.T("calls.checked"), Text: p.T("engage.mail.why_link"), Href: messagePath(o.Message)})
}

// history are the tries, the last first.
func (o oneCall) history(r *page.Request) []ui.Item {
	var items []ui.Item
	for _, t := range slices.Backward(o.tries) {
		words := r.P.T("calls.state.begun")
		if t.Outcome != "" {
			words = r.P.T("calls.outcome." + string(t.Outcome))
		}
		items = append(items, ui.Item{Icon: "phone", Title: words, Text: t.Note, Meta: r.P.DateTime(t.Began) + " · " + o.owner(r.P, t.By)})
	}
	return items
}

// owners are to whom the call can be given.
func (o oneCall) owners(p *i18n.Printer) []ui.Option {
	all := []ui.Option{{Value: "0", Label: p.T("calls.anybody"), Chosen: o.Owner == 0}}
	for _, u := range o.people {
		all = append(all, ui.Option{Value: strconv.FormatInt(u.ID, 10), Label: u.Name, Chosen: u.ID == o.Owner})
	}
	return all
}

// beginCall says that the user dials. Where a gate stops the call, the page says why.
func beginCall(r *page.Request) error {
	return changeCall(r, func(tx *store.Tx, id int64) (ui.Flash, error) {
		stopped, err := call.Begin(r.Context(), tx, id)
		if stopped != "" {
			return ui.Flash{Tone: ui.Bad, Text: r.P.T("calls.stopped", "why", reasonWords(r.P, stopped))}, err
		}
		return ui.Flash{}, err
	})
}

func dropCall(r *page.Request) error {
	return changeCall(r, func(tx *store.Tx, id int64) (ui.Flash, error) {
		return ui.Flash{Text: r.P.T("calls.dropped")}, call.Drop(r.Context(), tx, id)
	})
}

func undoCall(r *page.Request) error {
	return changeCall(r, func(tx *store.Tx, id int64) (ui.Flash, error) {
		return ui.Flash{Text: r.P.T("calls.undone")}, call.Undo(r.Context(), tx, id)
	})
}

func giveCall(r *page.Request) error {
	to := r.Int("to", 0)
	return changeCall(r, func(tx *store.Tx, id int64) (ui.Flash, error) {
		if to != 0 {
			u, err := auth.Find(r.Context(), tx, to)
			if err != nil {
				return ui.Flash{}, err
			}
			if !u.Can(auth.WriteTasks) {
				return ui.Flash{}, fault.New(fault.Invalid, "today.error.cannot").On("to")
			}
		}
		return ui.Flash{Text: r.P.T("calls.given")}, call.Give(r.Context(), tx, id, to)
	})
}

// changeCall does something to a call and shows it again.
func changeCall(r *page.Request, do func(tx *store.Tx, id int64) (ui.Flash, error)) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	var flash ui.Flash
	err = r.Write(func(tx *store.Tx) error { flash, err = do(tx, id); return err })
	if code := fault.CodeOf(err); code == fault.Conflict || code == fault.Invalid {
		flash = ui.Flash{Tone: ui.Bad, Text: r.P.Err(err)}
	} else if err != nil {
		return err
	}
	if flash.Text == "" {
		return r.Redirect(callLink(id))
	}
	return r.RedirectWith(callLink(id), flash)
}

// endCall notes what became of the call and goes on to the next one.
func (d Deps) endCall(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	result := call.Result{Outcome: call.Outcome(r.Text("outcome")), Note: r.Text("note")}
	if at := r.Text("again"); at != "" {
		if result.Again, err = time.ParseInLocation("2006-01-02T15:04", at, r.Company.Zone()); err != nil {
			err = fault.New(fault.Invalid, "campaign.error.time").On("again")
		}
	}
	var following *call.Call
	if err == nil {
		err = r.Write(func(tx *store.Tx) error {
			if err := call.End(r.Context(), tx, id, result); err != nil {
				return err
			}
			following, err = next(r.Context(), tx, r.User.ID, id)
			return err
		})
	}
	if code := fault.CodeOf(err); err != nil && (code == fault.Invalid || code == fault.Conflict) {
		o, read := d.callOf(r)
		if read != nil {
			return read
		}
		o.values = map[string]string{"note": r.Text("note"), "again": r.Text("again")}
		return r.Refuse(err, r.P.T("calls.call_to", "name", o.who(r.P, o.Call)), func(e ui.Errors) templ.Component {
			o.errors = e
			return callView(r, d, o)
		})
	}
	if err != nil {
		return err
	}
	flash := ui.Flash{Text: r.P.T("calls.noted", "outcome", r.P.T("calls.outcome."+string(result.Outcome)))}
	if result.Outcome != call.NoMore {
		flash.Undo = &ui.Post{Label: r.P.T("common.undo"), Action: callLink(id) + "/undo"}
	}
	if following == nil {
		return r.RedirectWith(callsPath, flash)
	}
	return r.RedirectWith(callLink(following.Message), flash)
}
