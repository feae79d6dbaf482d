package message

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

func list(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Message, error) {
	var all []*Message
	err := tx.Values(ctx, text, args, func(_ []string, row []any) error {
		m, err := messageOf(row)
		all = append(all, m)
		return err
	})
	return all, err
}

// cells reads the values of a row one after the other.
type cells struct {
	row []any
	bad bool
}

func (c *cells) number() int64 {
	n, ok := c.row[0].(int64)
	c.row, c.bad = c.row[1:], c.bad || !ok
	return n
}

func (c *cells) text() string {
	s, ok := c.row[0].(string)
	c.row, c.bad = c.row[1:], c.bad || !ok
	return s
}

// messageOf makes a message of a row with the columns of fields.
func messageOf(row []any) (*Message, error) {
	c := &cells{row: row}
	m := &Message{}
	m.ID, m.Measure, m.Customer, m.Person, m.Step = c.number(), c.number(), c.number(), c.number(), int(c.number())
	m.Channel, m.Kind, m.Subject, m.Arm, m.Address = consent.Channel(c.text()), c.text(), c.number(), c.text(), c.text()
	m.Ask = consent.Ask{Channel: m.Channel, Purpose: consent.Purpose(c.text()), Basis: consent.Basis(c.text())}
	m.Basis, m.Entry, m.Priority, m.Exempt = consent.Basis(c.text()), c.number(), int(c.number()), c.number() == 1
	m.State, m.Reason, m.Gates = State(c.text()), c.text(), Verdicts(c.text())
	m.Due, m.Late, m.claim = timeOr(c.number()), timeOr(c.number()), c.number()
	m.Attempts, m.Code, m.Answer, m.Relay = int(c.number()), int(c.number()), c.text(), c.text()
	m.PlannedAt, m.ChangedAt = clock.Time(c.number()), clock.Time(c.number())
	m.Ask.Topic = c.text()
	if c.bad {
		return nil, fmt.Errorf("message: a row of other columns: %v", row)
	}
	return m, nil
}

// Find reads one message.
func Find(ctx context.Context, tx *store.Tx, id int64) (*Message, error) {
	all, err := list(ctx, tx, sqlFind, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "message.none")
	}
	return all[0], nil
}

// OfCustomer lists the messages to a customer, those to her as the person of a company included, newest first, before the one
// numbered before (0 for the newest).
func OfCustomer(ctx context.Context, tx *store.Tx, customer, before int64, limit int) ([]*Message, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	own, err := list(ctx, tx, sqlOfCustomer, customer, before, limit)
	if err != nil {
		return nil, err
	}
	others, err := list(ctx, tx, sqlOfPerson, customer, before, limit)
	if err != nil || len(others) == 0 {
		return own, err
	}
	all := make([]*Message, 0, limit)
	for len(all) < limit && len(own)+len(others) > 0 {
		if len(others) == 0 || len(own) > 0 && own[0].ID > others[0].ID {
			all, own = append(all, own[0]), own[1:]
		} else {
			all, others = append(all, others[0]), others[1:]
		}
	}
	return all, nil
}

// LastOf lists the messages to a customer, those to her as the person of a company included, by when something last happened to them, newest
// first: those behind the message numbered before, which last changed at that time (0 for the newest).
func LastOf(ctx context.Context, tx *store.Tx, customer int64, at time.Time, before int64, limit int) ([]*Message, error) {
	changed, id := int64(math.MaxInt64), int64(math.MaxInt64)
	if before != 0 {
		changed, id = clock.Micros(at), before
	}
	all, err := list(ctx, tx, sqlLastOf, customer, changed, id, limit)
	if err != nil {
		return nil, err
	}
	others, err := list(ctx, tx, sqlLastOfOne, customer, changed, id, limit)
	if err != nil || len(others) == 0 {
		return all, err
	}
	all = append(all, others...)
	slices.SortFunc(all, func(a, b *Message) int { return cmp.Or(b.ChangedAt.Compare(a.ChangedAt), cmp.Compare(b.ID, a.ID)) })
	return all[:min(limit, len(all))], nil
}

// Filter narrows List; the zero value lists everything.
type Filter struct {
	Measure *int64 // nil for all; 0 for those without one
	State   State
	Reason  string
	Before  int64 // the last one of the page before, 0 for the first
	Limit   int
}

// List lists messages, newest first. A filter is answered group by group: the counters know which states and reasons there are, and
// each of them is a stretch of an index, so that a page of rare messages costs no more than one of common ones.
func List(ctx context.Context, tx *store.Tx, f Filter) ([]*Message, error) {
	if f.Before == 0 {
		f.Before = 1<<63 - 1
	}
	if f.Measure == nil && f.State == "" && f.Reason == "" {
		return list(ctx, tx, sqlNewest, f.Before, f.Limit)
	}
	groups, err := groupsOf(ctx, tx, f)
	if err != nil {
		return nil, err
	}
	var ids []int64
	pending := false
	for _, g := range groups {
		text, args := fmt.Sprintf(sqlGroup, string(g.state)), []any{g.measure, g.reason, f.Before, f.Limit}
		if g.state == Queued || g.state == Attempting {
			text, args, pending = sqlQueuedGroup, []any{g.measure, f.Before, f.Limit}, true
		}
		found, err := tx.QueryIDs(ctx, text, args...)
		if err != nil {
			return nil, err
		}
		ids = append(ids, found...)
	}
	if pending { // and what is in somebody's hands at the moment, of whatever measure
		taken, err := takenBefore(ctx, tx, f.Before)
		if err != nil {
			return nil, err
		}
		ids = append(ids, taken...)
	}
	return f.page(ctx, tx, ids)
}

// groupsOf are the counters that a filter means.
func groupsOf(ctx context.Context, tx *store.Tx, f Filter) ([]counter, error) {
	text, args := sqlCounts, []any(nil)
	if f.Measure != nil {
		text, args = sqlCountsOf, []any{*f.Measure}
	}
	all, err := counts(ctx, tx, text, args...)
	if err != nil {
		return nil, err
	}
	var groups []counter
	for measure, c := range all {
		for _, s := range States() {
			if f.State != "" && f.State != s || c.Of(s) == 0 {
				continue
			}
			reasons := []string{""}
			switch s {
			case Failed, Unclear, Suppressed:
				reasons = slices.Collect(maps.Keys(c.Reasons[s]))
			case Sent: // the counters do not tell these apart
				reasons = []string{"", ReasonCounted}
			}
			for _, r := range reasons {
				if f.Reason == "" || f.Reason == r {
					groups = append(groups, counter{measure, s, r})
				}
			}
		}
	}
	return groups, nil
}

// takenBefore are the messages that processes have in their hands.
func takenBefore(ctx context.Context, tx *store.Tx, before int64) (ids []int64, err error) {
	err = tx.Values(ctx, sqlTaken, nil, func(_ []string, row []any) error {
		text, _ := row[0].(string)
		var some []int64
		if err := json.Unmarshal([]byte(text), &some); err != nil {
			return err
		}
		for _, id := range some {
			if id < before {
				ids = append(ids, id)
			}
		}
		return nil
	})
	return ids, err
}

// page loads the newest of the messages that fit the filter.
func (f Filter) page(ctx context.Context, tx *store.Tx, ids []int64) ([]*Message, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	slices.Reverse(ids)
	var all []*Message
	for part := range slices.Chunk(ids, max(f.Limit, 1)) {
		found, err := list(ctx, tx, fmt.Sprintf(sqlByIDs, tx.Numbers("$1")), store.JSON(part))
		if err != nil {
			return nil, err
		}
		for _, m := range found { // what was in somebody's hands may be of another kind
			if (f.Measure == nil || m.Measure == *f.Measure) && (f.State == "" || m.State == f.State) && (f.Reason == "" || m.Reason == f.Reason) {
				all = append(all, m)
			}
		}
		if len(all) >= f.Limit {
			return all[:f.Limit], nil
		}
	}
	return all, nil
}

// FirstDue is when the first mail of a measure that waits may leave, those in the hands of a process included; zero for at once, and where none waits.
func FirstDue(ctx context.Context, tx *store.Tx, measure int64) (time.Time, error) {
	return dueOf(ctx, tx, sqlFirstDue, measure)
}

// LastDue is when the last mail of a measure that waits may leave; zero for at once, and where none waits.
func LastDue(ctx context.Context, tx *store.Tx, measure int64) (time.Time, error) {
	return dueOf(ctx, tx, sqlLastDue, measure)
}

func dueOf(ctx context.Context, tx *store.Tx, query string, measure int64) (time.Time, error) {
	var at *int64
	if err := tx.QueryRow(ctx, query, measure, string(consent.Email)).Scan(&at); err != nil || at == nil {
		return time.Time{}, err
	}
	return timeOr(*at), nil
}

// Unresolved lists messages of which nobody knows whether they arrived, oldest first, after the one numbered after.
func Unresolved(ctx context.Context, tx *store.Tx, after int64, limit int) ([]*Message, error) {
	return list(ctx, tx, sqlUnclear, after, limit)
}

// CountUnresolved tells how many there are.
func CountUnresolved(ctx context.Context, tx *store.Tx) (n int64, err error) {
	err = tx.QueryRow(ctx, sqlCountClear).Scan(&n)
	return n, err
}
