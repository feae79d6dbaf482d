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
