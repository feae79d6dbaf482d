package engage

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/action/message/call"
	"stamm/internal/action/program"
	"stamm/internal/door/web/customers"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"

	"github.com/a-h/templ"
)

// single is the page of one message: why she got it, why he did not.
type single struct {
	shown
	*message.Message
	mail bool // its mail lies in the built-in outbox
}

func (d Deps) message(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	var s single
	err = r.Read(func(tx *store.Tx) error {
		m, err := message.Find(r.Context(), tx, id)
		if err != nil {
			return err
		}
		s.Message = m
		if s.shown, err = d.fill(r, tx, []*message.Message{m}, 1); err != nil {
			return err
		}
		_, err = message.MailOf(r.Context(), tx, id)
		if s.mail = err == nil; fault.CodeOf(err) == fault.NotFound {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.Render(r.P.T("engage.message.title", "id", strconv.FormatInt(id, 10)), messageView(r, d, s))
}

// sentence says in one line what became of the message and why.
func (s single) sentence(r *page.Request) string {
	p, who := r.P, s.who(r.P, s.Message)
	if words := "engage.said.call_" + string(s.State); s.Channel == consent.Phone && p.Has(words) {
		basis := "engage.no_basis"
		if s.Basis != "" {
			basis = "message.basis." + string(s.Basis)
		}
		return p.T(words, "name", who, "time", s.ChangedAt, "basis", p.T(basis), "why", reasonWords(p, s.Reason))
	}
	switch s.State {
	case message.Sent:
		if s.Reason == message.ReasonCounted {
			return p.T("engage.said.counted", "name", who, "time", s.ChangedAt)
		}
		if s.Basis == "" {
			return p.T("engage.said.sent_bare", "name", who, "time", s.ChangedAt)
		}
		return p.T("engage.said.sent", "name", who, "time", s.ChangedAt, "basis", p.T("message.basis."+string(s.Basis)))
	case message.Suppressed:
		return p.T("engage.said.suppressed", "name", who, "why", reasonWords(p, s.Reason))
	case message.Failed:
		return p.T("engage.said.failed", "name", who, "why", reasonWords(p, s.Reason))
	case message.Unclear:
		return p.T("engage.said.unclear", "name", who, "why", reasonWords(p, s.Reason))
	case message.Queued:
		if note := s.note(r, s.Message); note != "" {
			return p.T("engage.said.waits", "name", who, "why", note)
		}
		return p.T("engage.said.queued", "name", who)
	case message.Proposed:
		return p.T("engage.said.proposed", "name", who)
	default:
		return p.T("engage.said.attempting", "name", who)
	}
}

// step is what one gate said, in words.
type step struct {
	gate, said, text string
	tone             ui.Tone
}

func (s single) steps(r *page.Request) []step {
	p := r.P
	var all []step
	for _, g := range message.Gates() {
		v := s.Gates.Of(g)
		letter := string(rune(v))
		if v == message.Unasked {
			letter = "no"
		}
		st := step{gate: p.T("message.gate." + string(g)), said: p.T("message.verdict." + letter)}
		switch v {
		case message.Passed:
			st.tone = ui.Good
		case message.Stopped:
			st.tone, st.text = ui.Bad, reasonWords(p, s.Reason)
		case message.Waits:
			st.tone = ui.Warn
			if !s.Due.IsZero() {
				st.text = p.T("engage.due", "time", s.Due)
			}
		}
		if g == message.GateLegal && v == message.Passed && s.Basis != "" {
			st.text = p.T("message.basis." + string(s.Basis))
			if s.Entry != 0 {
				st.text = p.T("engage.entry", "basis", st.text, "id", strconv.FormatInt(s.Entry, 10))
			}
		}
		if g == message.GateControl && s.Arm != "" && v == message.Passed {
			st.text = program.ArmName(p, s.Arm)
		}
		all = append(all, st)
	}
	return all
}

// gates are what the gates said, in their order.
func (s single) gates(r *page.Request) []ui.Pair {
	var pairs []ui.Pair
	for _, st := range s.steps(r) {
		pairs = append(pairs, ui.Pair{Term: st.gate, Content: ui.Chip(st.said, st.tone), Note: st.text})
	}
	return pairs
}

// facts are what is known of the message beside the gates.
func (s single) facts(r *page.Request, d Deps) []ui.Pair {
	p := r.P
	pairs := []ui.Pair{{Term: p.T("engage.about"), Content: d.measureLink(s.shown, p, s.Message)}, {Term: p.T("engage.channel"), Text: p.T("message.channel." + string(s.Channel))}}
	add := func(key, text string) {
		if text != "" {
			pairs = append(pairs, ui.Pair{Term: p.T("engage." + key), Text: text})
		}
	}
	add("address", s.Address)
	add("kind", kindWords(p, s.Kind))
	add("planned_at", p.DateTime(s.PlannedAt))
	add("changed_at", p.DateTime(s.ChangedAt))
	if s.Attempts > 0 {
		add("attempts", p.Number(int64(s.Attempts)))
	}
	add("relay", s.Relay)
	if s.Code != 0 || s.Answer != "" {
		answer := s.Answer
		if p.Has(answer) {
			answer = p.T(answer)
		}
		if s.Code != 0 {
			answer = fmt.Sprint(s.Code, " ", answer)
		}
		add("answer", answer)
	}
	return pairs
}

func (s single) links(r *page.Request) []ui.Anchor {
	var all []ui.Anchor
	if s.Customer != 0 {
		all = append(all, ui.Anchor{Text: r.P.T("engage.to_customer"), Href: fmt.Sprintf("/customers/%d", s.Customer)},
			ui.Anchor{Text: r.P.T("engage.to_all"), Href: customerPath(s.Customer)})
	}
	if s.Channel == consent.Phone && r.Can(auth.WriteTasks) && s.State != message.Suppressed {
		all = append(all, ui.Anchor{Text: r.P.T("calls.to_call"), Href: callLink(s.ID)})
	}
	if s.mail {
		all = append(all, ui.Anchor{Text: r.P.T("engage.to_mail"), Href: mailPath(s.ID)})
	}
	return all
}

// decisions are the buttons of an unclear message.
func decisions(r *page.Request, action string) []ui.Post {
	var all []ui.Post
	for _, to := range []string{"again", "sent", "drop"} {
		all = append(all, ui.Post{Label: r.P.T("engage.resolve." + to), Action: action, Fields: []ui.Hidden{{Name: "to", Value: to}}})
	}
	return all
}

func decide(r *page.Request, tx *store.Tx, id int64, to string) error {
	switch to {
	case "again":
		return message.SendAgain(r.Context(), tx, id)
	case "sent":
		return message.CountAsSent(r.Context(), tx, id)
	case "drop":
		return message.LetGo(r.Context(), tx, id)
	}
	return fault.New(fault.Invalid, "errors.choice", "text", to).On("to")
}

// resolve is a decision about one message.
func resolve(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	err = r.Write(func(tx *store.Tx) error { return decide(r, tx, id, r.Text("to")) })
	if err != nil && fault.CodeOf(err) != fault.Conflict {
		return err
	}
	flash := ui.Flash{Text: r.P.T("engage.resolved." + r.Text("to"))}
	if err != nil {
		flash = ui.Flash{Tone: ui.Bad, Text: r.P.Err(err)}
	}
	return r.RedirectWith(page.Local(r.Text("back"), messagePath(id)), flash)
}

// ambiguous is the page of what a person has to decide.
type ambiguous struct {
	shown
	total int64
	after int64
}

func (d Deps) unclear(r *page.Request) error {
	a := ambiguous{after: r.Int("after", 0)}
	if r.WantsCSV() {
		return d.sendCSV(r, "unclear", func(tx *store.Tx, before int64) ([]*message.Message, error) {
			return message.List(r.Context(), tx, message.Filter{State: message.Unclear, Before: before, Limit: perCSV + 1})
		})
	}
	err := r.Read(func(tx *store.Tx) error {
		all, err := message.Unresolved(r.Context(), tx, a.after, perPage+1)
		if err != nil {
			return err
		}
		if a.total, err = message.CountUnresolved(r.Context(), tx); err != nil {
			return err
		}
		a.shown, err = d.fill(r, tx, all, perPage)
		return err
	})
	if err != nil {
		return err
	}
	return r.Render(r.P.T("engage.unclear.title"), unclearView(r, a))
}

func (a ambiguous) ambiguousTable(r *page.Request) ui.Table {
	t := a.table(r, "unclear")
	t.CSV = r.CSVLink("after", "")
	t.Paging = &ui.Paging{Shown: int64(len(a.list)), Of: a.total, Noun: r.P.T("engage.noun")}
	if a.after != 0 {
		t.Paging.First = r.Link("after", "")
	}
	if a.more {
		t.Paging.Next = r.Link("after", strconv.FormatInt(a.list[len(a.list)-1].ID, 10))
	}
	return t
}

// mostResolved is how many messages one decision settles; the rest is decided about by deciding again.
const mostResolved = 1000

// resolveMany is one decision about all that are unclear up to the newest the page showed.
func resolveMany(r *page.Request) error {
	until, to := r.Int("until", 0), r.Text("to")
	done := int64(0)
	err := r.Write(func(tx *store.Tx) error {
		done = 0
		all, err := message.Unresolved(r.Context(), tx, 0, mostResolved)
		if err != nil {
			return err
		}
		for _, m := range all {
			if m.ID > until {
				break
			}
			if err := decide(r, tx, m.ID, to); err != nil {
				return err
			}
			done++
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.RedirectWith(unclearPath, ui.Flash{Text: r.P.N("engage.resolved_many."+to, done)})
}

// history is the page of everything that was said to a customer, and of what was not and why.
type history struct {
	shown
	id     int64
	name   string
	held   []message.Held
	before int64
	clicks map[int64]int64 // of people on links of the messages, where it may be known whose they are
	opens  map[int64]int64 // the same for opens
}

func customerPath(id int64) string { return fmt.Sprintf("%s/customers/%d", Path, id) }

func (d Deps) ofCustomer(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	if r.WantsCSV() {
		return d.sendCSV(r, "messages", func(tx *store.Tx, before int64) ([]*message.Message, error) {
			return message.OfCustomer(r.Context(), tx, id, before, perCSV+1)
		})
	}
	h := history{id: id, before: r.Int("before", 0)}
	err = r.Read(func(tx *store.Tx) error { return h.read(r, tx, d, perPage) })
	if err != nil {
		return err
	}
	if h.name == "" {
		return fault.New(fault.NotFound, "errors.notfound")
	}
	return r.Render(r.P.T("engage.customer.title", "name", h.name), historyView(r, h))
}

func (h *history) read(r *page.Request, tx *store.Tx, d Deps, limit int) error {
	all, err := message.OfCustomer(r.Context(), tx, h.id, h.before, limit+1)
	if err != nil {
		return err
	}
	return h.take(r, tx, d, all, limit)
}

// take makes the page of messages that were read.
func (h *history) take(r *page.Request, tx *store.Tx, d Deps, all []*message.Message, limit int) (err error) {
	if h.shown, err = d.fill(r, tx, all, limit); err != nil {
		return err
	}
	names, err := customer.Names(r.Context(), tx, []int64{h.id})
	if err != nil {
		return err
	}
	if h.clicks, h.opens, err = clicksIn(r, tx, h.list); err != nil {
		return err
	}
	h.name = names[h.id]
	if h.name == "" && len(all) > 0 {
		h.name = r.P.T("engage.erased", "id", strconv.FormatInt(h.id, 10))
	}
	h.held, err = message.HoldsOf(r.Context(), tx, h.id)
	return err
}

func (h history) historyTable(r *page.Request) ui.Table {
	t := h.table(r, "messages")
	t.CSV = r.CSVLink("before", "")
	t.Paging = &ui.Paging{Shown: int64(len(h.list)), Of: -1, Noun: r.P.T("engage.noun")}
	if h.before != 0 {
		t.Paging.First = r.Link("before", "")
	}
	if h.more {
		t.Paging.Next = r.Link("before", strconv.FormatInt(h.list[len(h.list)-1].ID, 10))
	}
	return t
}

// cardRows is how many messages stand on the page of a customer.
const cardRows = 5

// Card tells on a customer's page what was said to her lately and what was not; nothing to tell and nothing to do is nil.
func (d Deps) Card(r *page.Request, id int64) (templ.Component, error) {
	h := history{id: id}
	if err := r.Read(func(tx *store.Tx) error { return h.read(r, tx, d, cardRows) }); err != nil {
		return nil, err
	}
	if len(h.list) == 0 && len(h.held) == 0 && (h.name == "" || !r.Can(auth.WriteCustomers)) {
		return nil, nil
	}
	return customerCard(r, h), nil
}

// items are the newest messages as a list of things.
func (h history) items(r *page.Request) []ui.Item {
	var all []ui.Item
	for _, m := range h.list {
		text := stateOf(r.P, m)
		if note := h.note(r, m); note != "" {
			text += ": " + note
		}
		text += h.reads(r, m)
		icon := "mail"
		if m.Channel == consent.Phone {
			icon = "phone"
		}
		all = append(all, ui.Item{Icon: icon, Title: h.about(r.P, m), Href: messagePath(m.ID), Text: text, Tone: itemTone(m.State), Meta: r.P.DateTime(m.ChangedAt)})
	}
	return all
}

// reads tells what is known of how often a message was opened and clicked.
func (h history) reads(r *page.Request, m *message.Message) (text string) {
	if n := h.opens[m.ID]; n > 0 {
		text += " · " + r.P.N("hit.opens", n)
	}
	if n := h.clicks[m.ID]; n > 0 {
		text += " · " + r.P.N("hit.clicks", n)
	}
	return text
}

// Timeline are messages to a customer, and calls with what became of them, for the timeline on her page.
func (d Deps) Timeline(r *page.Request, tx *store.Tx, id int64, at time.Time, before int64, limit int) ([]customers.Said, error) {
	found, err := message.LastOf(r.Context(), tx, id, at, before, limit)
	if err != nil {
		return nil, err
	}
	h := history{id: id}
	if err := h.take(r, tx, d, found, limit); err != nil {
		return nil, err
	}
	made, err := call.OfCustomer(r.Context(), tx, id, mostCalls)
	if err != nil {
		return nil, err
	}
	outcomes := map[int64]call.Outcome{}
	for _, c := range made {
		outcomes[c.Message] = c.Outcome
	}
	all := make([]customers.Said, 0, len(h.list))
	for _, m := range h.list {
		e := ui.Entry{Icon: "mail", Kind: r.P.T("message.channel." + string(m.Channel)), Title: h.about(r.P, m), Href: messagePath(m.ID), Text: stateOf(r.P, m)}
		if note := h.note(r, m); note != "" {
			e.Text += ": " + note
		}
		if m.Channel == consent.Phone {
			e.Icon = "phone"
			if o := outcomes[m.ID]; o != "" {
				e.Text = r.P.T("calls.outcome." + string(o))
			}
		}
		e.Text += h.reads(r, m)
		all = append(all, customers.Said{ID: m.ID, At: m.ChangedAt, Entry: e})
	}
	return all, nil
}

// mostCalls is how many calls of a customer a page looks at.
const mostCalls = 200

func itemTone(s message.State) ui.Tone {
	if slices.Contains([]message.State{message.Failed, message.Unclear}, s) {
		return stateTone(s)
	}
	return ui.Neutral
}

// together are the buttons that decide about everything the page knows of.
func (a ambiguous) together(r *page.Request) []ui.Post {
	all := decisions(r, unclearPath)
	until := ui.Hidden{Name: "until", Value: strconv.FormatInt(a.list[len(a.list)-1].ID, 10)}
	for i := range all {
		all[i].Fields = append(all[i].Fields, until)
		if all[i].Fields[0].Value == "again" {
			all[i].Confirm = r.P.N("engage.resolve.confirm", min(int64(len(a.list)), a.total))
		}
	}
	return all
}
