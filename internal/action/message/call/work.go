package call

import (
	"context"
	"strings"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/action/program"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
	"stamm/internal/record/task"
)

// forgotten is after how long a call that somebody else began counts as left behind, so that another may take it over.
const forgotten = time.Hour

const maxNote = 2000

// Begin says that a user is about to dial. The gates are asked again: where one stops the call now, its message is taken back, and stopped
// tells why; nobody is to dial then. Twice by the same user is once.
func Begin(ctx context.Context, tx *store.Tx, id int64) (stopped string, err error) {
	c, m, err := load(ctx, tx, id)
	if err != nil {
		return "", err
	}
	user := tx.Actor.ID
	switch {
	case c.State == Over:
		return "", fault.New(fault.Conflict, "call.over")
	case c.State == Begun && c.BegunBy == user:
		return "", nil
	case c.State == Begun && c.BegunAt.Add(forgotten).After(tx.Now):
		return "", fault.New(fault.Conflict, "call.busy")
	}
	if m.State != message.Queued {
		return m.Reason, endWithout(ctx, tx, id)
	}
	if err := now(ctx, tx, m); err != nil {
		return "", err
	}
	said, err := message.CheckAgain(ctx, tx, m)
	if err != nil {
		return "", err
	}
	if said.Stop != "" {
		if err := message.Deliver(ctx, tx, id, message.Delivery{From: message.Queued, To: message.Suppressed, Reason: said.Reason, Gate: said.Stop}); err != nil {
			return "", err
		}
		return said.Reason, endWithout(ctx, tx, id)
	}
	if c.State == Begun { // the one that was left behind was no call, as far as anybody knows
		if err := c.forget(ctx, tx); err != nil {
			return "", err
		}
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return "", err
	}
	day := clock.DayOf(tx.Now, settings.Zone())
	if _, err := tx.InsertID(ctx, sqlAddTry, id, user, clock.Micros(tx.Now), string(said.Basis), said.Entry, clock.Micros(c.Due), int64(day)); err != nil {
		return "", err
	}
	c.State, c.BegunAt, c.BegunBy, c.Tries = Begun, tx.Now, user, c.Tries+1
	if c.Owner != user {
		if err := c.giveTo(ctx, tx, user); err != nil {
			return "", err
		}
	}
	if err := c.save(ctx, tx); err != nil {
		return "", err
	}
	return "", c.tell(ctx, tx, KindBegun, nil)
}

// now tells whether the customer may be called at this hour, and whether the measure goes on.
func now(ctx context.Context, tx *store.Tx, m *message.Message) error {
	if m.Measure != 0 {
		paused, cancelled, _, err := message.Halted(ctx, tx, m.Measure)
		if err != nil {
			return err
		}
		if paused || cancelled {
			return fault.New(fault.Conflict, "call.resting")
		}
	}
	hours, err := message.Hours(ctx, tx, []*message.Message{m}, tx.Now)
	if err != nil {
		return err
	}
	if hours[0].From.After(tx.Now) {
		return fault.New(fault.Conflict, "call.quiet", "time", hours[0].From)
	}
	return nil
}

func load(ctx context.Context, tx *store.Tx, id int64) (*Call, *message.Message, error) {
	c, err := Find(ctx, tx, id)
	if err != nil {
		return nil, nil, err
	}
	m, err := message.Find(ctx, tx, id)
	return c, m, err
}

// giveTo changes the owner of a call and of its task.
func (c *Call) giveTo(ctx context.Context, tx *store.Tx, owner int64) error {
	c.Owner = owner
	tasks, err := task.ByKeys(ctx, tx, []string{taskKey(c.Message)})
	if err != nil {
		return err
	}
	if t := tasks[taskKey(c.Message)]; t != nil && t.State != task.Done {
		return task.HandOver(ctx, tx, t.ID, owner)
	}
	return nil
}

// Give gives an open call to another user; 0 gives it to anybody.
func Give(ctx context.Context, tx *store.Tx, id, owner int64) error {
	c, err := Find(ctx, tx, id)
	if err != nil {
		return err
	}
	if c.State != Open {
		return fault.New(fault.Conflict, "call.not_open")
	}
	if err := c.giveTo(ctx, tx, owner); err != nil {
		return err
	}
	if err := c.save(ctx, tx); err != nil {
		return err
	}
	return c.tell(ctx, tx, KindGiven, map[string]any{"user": owner})
}

// Drop takes Begin back: nobody dialled.
func Drop(ctx context.Context, tx *store.Tx, id int64) error {
	c, err := Find(ctx, tx, id)
	if err != nil {
		return err
	}
	if c.State != Begun {
		return fault.New(fault.Conflict, "call.not_begun")
	}
	if err := c.forget(ctx, tx); err != nil {
		return err
	}
	if err := c.tell(ctx, tx, KindDropped, nil); err != nil {
		return err
	}
	return c.reconsider(ctx, tx)
}

// forget opens a begun call again, without the try.
func (c *Call) forget(ctx context.Context, tx *store.Tx) error {
	last, err := lastTry(ctx, tx, c.Message)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlDropTry, last.ID); err != nil {
		return err
	}
	c.State, c.BegunAt, c.BegunBy, c.Tries = Open, time.Time{}, 0, c.Tries-1
	return c.save(ctx, tx)
}

// reconsider closes an open call whose message was taken back while somebody dialled.
func (c *Call) reconsider(ctx context.Context, tx *store.Tx) error {
	m, err := message.Find(ctx, tx, c.Message)
	if err != nil || m.State.Pending() {
		return err
	}
	return endWithout(ctx, tx, c.Message)
}

func lastTry(ctx context.Context, tx *store.Tx, id int64) (Try, error) {
	tries, err := Tries(ctx, tx, id)
	if err != nil {
		return Try{}, err
	}
	if len(tries) == 0 {
		return Try{}, fault.New(fault.Conflict, "call.not_begun")
	}
	return tries[len(tries)-1], nil
}

// Result is what a user says about a call.
type Result struct {
	Outcome Outcome
	Note    string
	Again   time.Time // of Later and NotReached; zero for after the usual pause
}

// End says what became of a call that was begun. The same outcome again changes nothing.
func End(ctx context.Context, tx *store.Tx, id int64, r Result) error {
	r.Note = strings.TrimSpace(r.Note)
	if len(r.Note) > maxNote {
		return fault.New(fault.Invalid, "errors.too_long", "max", maxNote).On("note")
	}
	c, m, err := load(ctx, tx, id)
	if err != nil {
		return err
	}
	if c.State != Begun {
		if c.Outcome == r.Outcome && c.State != Begun && c.Tries > 0 {
			return nil
		}
		return fault.New(fault.Conflict, "call.not_begun")
	}
	try, err := lastTry(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := c.logUse(ctx, tx, m, &try); err != nil {
		return err
	}
	if err := c.settle(ctx, tx, m, r); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlEndTry, try.ID, string(r.Outcome), r.Note, try.used, clock.Micros(tx.Now)); err != nil {
		return err
	}
	c.Outcome, c.Note, c.BegunAt, c.BegunBy = r.Outcome, r.Note, time.Time{}, 0
	if err := c.save(ctx, tx); err != nil {
		return err
	}
	if err := c.tell(ctx, tx, KindEnded, map[string]any{"outcome": string(r.Outcome)}, try.ID); err != nil {
		return err
	}
	if err := c.follow(ctx, tx); err != nil {
		return err
	}
	if c.State == Open {
		return c.reconsider(ctx, tx)
	}
	return nil
}

// logUse keeps that a consent was used for the call, once for each try.
func (c *Call) logUse(ctx context.Context, tx *store.Tx, m *message.Message, t *Try) error {
	if t.used != 0 || t.Basis != consent.Consent && t.Basis != consent.Presumed {
		return nil
	}
	about := m.Kind
	if m.Measure != 0 {
		measure, err := program.Load(ctx, tx, m.Measure)
		if err != nil {
			return err
		}
		about = measure.Name
	}
	u, err := consent.NoteUse(ctx, tx, consent.Use{Entry: t.Entry, Customer: m.Customer, Channel: consent.Phone, Subject: about, At: t.Began})
	t.used = u.ID
	return err
}

// settle moves the message to what the outcome makes of it, and says when the call is due again.
func (c *Call) settle(ctx context.Context, tx *store.Tx, m *message.Message, r Result) error {
	d := message.Delivery{From: m.State, To: message.Sent, Attempts: c.Tries}
	pending := m.State == message.Queued
	c.State = Over
	switch r.Outcome {
	case Interested, NotInterested:
	case NoMore:
		if err := refuse(ctx, tx, m); err != nil {
			return err
		}
	case Wrong:
		if err := message.MarkAddress(ctx, tx, consent.Phone, m.Address, message.AddressBounced, message.ReasonWrong); err != nil {
			return err
		}
		d.To, d.Reason = message.Failed, message.ReasonWrong
	case NotReached, Later:
		if r.Outcome == NotReached && c.Tries >= c.Most {
			d.To, d.Reason = message.Failed, message.ReasonNotReached
			break
		}
		if !pending { // taken back meanwhile: it is not tried again
			c.Reason = m.Reason
			return nil
		}
		again, err := c.again(ctx, tx, m, r)
		if err != nil {
			return err
		}
		c.State, c.Due = Open, again.From
		d.To, d.Due, d.Late = message.Queued, again.From, again.Until
	default:
		return fault.New(fault.Invalid, "errors.choice", "text", string(r.Outcome)).On("outcome")
	}
	if d.To == message.Failed && !pending {
		c.Reason = m.Reason
		return nil
	}
	return message.Deliver(ctx, tx, c.Message, d)
}

// again is when a call is tried again: at the time that was wished for or after the usual pause, in an hour in which she may be called.
func (c *Call) again(ctx context.Context, tx *store.Tx, m *message.Message, r Result) (message.Hour, error) {
	at := r.Again
	switch {
	case at.IsZero() && r.Outcome == Later:
		return message.Hour{}, fault.New(fault.Invalid, "errors.required").On("again")
	case at.IsZero():
		at = tx.Now.Add(c.Pause)
	case !at.After(tx.Now) || at.After(tx.Now.AddDate(1, 0, 0)):
		return message.Hour{}, fault.New(fault.Invalid, "call.again_past").On("again")
	}
	hours, err := message.Hours(ctx, tx, []*message.Message{m}, at)
	if err != nil {
		return message.Hour{}, err
	}
	return hours[0], nil
}

// refuse notes that somebody wants no more calls, whatever number she is called at.
func refuse(ctx context.Context, tx *store.Tx, m *message.Message) error {
	var all []consent.Entry
	for _, p := range []consent.Purpose{consent.Advertising, consent.Surveys} {
		all = append(all, consent.Entry{Customer: m.Customer, Channel: consent.Phone, Purpose: p, Kind: consent.Withdrawn, Source: consent.SourcePerson, Form: "call"})
	}
	_, err := consent.Record(ctx, tx, all)
	return err
}

// follow keeps the task of the call as the call is.
func (c *Call) follow(ctx context.Context, tx *store.Tx) error {
	if c.State == Over {
		tasks, err := task.ByKeys(ctx, tx, []string{taskKey(c.Message)})
		if err != nil {
			return err
		}
		if t := tasks[taskKey(c.Message)]; t != nil && t.State != task.Done {
			return task.Finish(ctx, tx, t.ID)
		}
		return nil
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	return c.raise(ctx, tx, settings)
}

// Undo takes the last outcome back: the call is begun again, and another outcome can be chosen. That somebody wants no more calls stays
// said, and what belongs to a measure that is over stays as it is.
func Undo(ctx context.Context, tx *store.Tx, id int64) error {
	c, m, err := load(ctx, tx, id)
	if err != nil {
		return err
	}
	try, err := lastTry(ctx, tx, id)
	if err != nil {
		return err
	}
	if try.Outcome == "" || c.State == Begun || c.Outcome == NoMore {
		return fault.New(fault.Conflict, "call.no_undo")
	}
	if m.Measure != 0 && m.State != message.Queued {
		measure, err := program.Load(ctx, tx, m.Measure)
		if err != nil {
			return err
		}
		if measure.State != program.Running {
			return fault.New(fault.Conflict, "call.no_undo")
		}
	}
	if m.State == message.Suppressed {
		return fault.New(fault.Conflict, "call.no_undo")
	}
	if c.Outcome == Wrong {
		if err := message.MarkAddress(ctx, tx, consent.Phone, m.Address, message.AddressOK, ""); err != nil {
			return err
		}
	}
	if err := message.Deliver(ctx, tx, id, message.Delivery{From: m.State, To: message.Queued, Due: try.due, Attempts: c.Tries - 1}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlEndTry, try.ID, "", "", try.used, 0); err != nil {
		return err
	}
	c.State, c.Outcome, c.Due, c.BegunAt, c.BegunBy = Begun, "", try.due, tx.Now, tx.Actor.ID
	if err := c.save(ctx, tx); err != nil {
		return err
	}
	if err := c.tell(ctx, tx, KindUndone, nil, try.ID); err != nil {
		return err
	}
	return c.follow(ctx, tx)
}

// Erase closes what is open for a customer and forgets what was noted about the calls. It is called after the ledger of messages.
func Erase(ctx context.Context, tx *store.Tx, customer int64) error {
	ids, err := tx.QueryIDs(ctx, sqlPending, customer)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := endWithout(ctx, tx, id); err != nil {
			return err
		}
	}
	for _, text := range []string{sqlBlankTry, sqlBlank} {
		if _, err := tx.Exec(ctx, text, customer); err != nil {
			return err
		}
	}
	return nil
}

// tell tells the feed. Only what was said is about the customer; that somebody was about to dial is not.
// tries are those of which something changed.
func (c *Call) tell(ctx context.Context, tx *store.Tx, kind string, body map[string]any, tries ...int64) error {
	change := feed.New{Kind: kind, Subject: c.Message, Body: body}
	if len(tries) > 0 {
		change.Rows = feed.Rows{table: feed.Ranges(tries)}
	}
	if kind == KindEnded || kind == KindUndone {
		change.Customer = c.Reader()
	}
	_, err := feed.Append(ctx, tx, change)
	return err
}
