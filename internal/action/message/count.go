package message

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
)

// lanes is over how many rows a counter is spread where several processes write at once.
const lanes = 16

// planned is the counter of all messages of a measure, beside those of the states.
const planned State = "planned"

// Counts is how the messages of a measure stand. Planned is counted on its own when messages are recorded; that the others
// add up to it is what the ledger promises.
type Counts struct {
	Planned, Proposed, Queued, Attempting, Sent, Failed, Unclear, Suppressed int64
	Reasons                                                                  map[State]map[string]int64 // why, of failed, unclear and suppressed ones
}

// Pending is how many are still on their way.
func (c Counts) Pending() int64 { return c.Proposed + c.Queued + c.Attempting }

// Of is how many are in a state.
func (c Counts) Of(s State) int64 {
	if p := c.place(s); p != nil {
		return *p
	}
	return 0
}

// Sum is what the states add up to; it is Planned at every instant.
func (c Counts) Sum() int64 { return c.Pending() + c.Sent + c.Failed + c.Unclear + c.Suppressed }

func (c *Counts) place(s State) *int64 {
	switch s {
	case planned:
		return &c.Planned
	case Proposed:
		return &c.Proposed
	case Queued:
		return &c.Queued
	case Attempting:
		return &c.Attempting
	case Sent:
		return &c.Sent
	case Failed:
		return &c.Failed
	case Unclear:
		return &c.Unclear
	case Suppressed:
		return &c.Suppressed
	}
	return nil
}

func (c *Counts) add(s State, reason string, n int64) {
	if p := c.place(s); p != nil {
		*p += n
	}
	if reason != "" && n != 0 {
		c.addReason(s, reason, n)
	}
}

func (c *Counts) addReason(s State, reason string, n int64) {
	if c.Reasons == nil {
		c.Reasons = map[State]map[string]int64{}
	}
	if c.Reasons[s] == nil {
		c.Reasons[s] = map[string]int64{}
	}
	if c.Reasons[s][reason] += n; c.Reasons[s][reason] == 0 {
		delete(c.Reasons[s], reason)
	}
}

// CountsOf reads how the messages of a measure stand; measure 0 are those without one.
func CountsOf(ctx context.Context, tx *store.Tx, measure int64) (Counts, error) {
	all, err := counts(ctx, tx, sqlCountsOf, measure)
	if c := all[measure]; c != nil {
		return *c, err
	}
	return Counts{}, err
}

// AllCounts reads how the messages of all measures stand.
func AllCounts(ctx context.Context, tx *store.Tx) (map[int64]*Counts, error) {
	return counts(ctx, tx, sqlCounts)
}

func counts(ctx context.Context, tx *store.Tx, text string, args ...any) (map[int64]*Counts, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64]*Counts{}
	for rows.Next() {
		var measure, n int64
		var state, reason string
		if err := rows.Scan(&measure, &state, &reason, &n); err != nil {
			return nil, err
		}
		if all[measure] == nil {
			all[measure] = &Counts{}
		}
		all[measure].add(State(state), reason, n)
	}
	return all, rows.Err()
}

// counter names one counter.
type counter struct {
	measure int64
	state   State
	reason  string
}

func (c counter) compare(d counter) int {
	return cmp.Or(cmp.Compare(c.measure, d.measure), cmp.Compare(c.state, d.state), cmp.Compare(c.reason, d.reason))
}

// tally is by how much counters move. Every statement that changes the state of a message adds to one.
type tally map[counter]int64

func (t tally) add(measure int64, s State, reason string, n int64) {
	switch s {
	case Failed, Unclear, Suppressed:
	default:
		reason = ""
	}
	t[counter{measure, s, reason}] += n
}

// move counts that a message went from one state to another.
func (t tally) move(measure int64, from, to State, reason string) {
	t.add(measure, from, "", -1)
	t.add(measure, to, reason, 1)
}

// write moves the counters, in the transaction of the changes.
func (t tally) write(ctx context.Context, tx *store.Tx) error {
	lane := 0
	if tx.Dialect() == store.Postgres {
		lane = rand.IntN(lanes)
	}
	var moved []counter
	for c, n := range t {
		if n != 0 {
			moved = append(moved, c)
		}
	}
	// Always in the same order: of two transactions that meet in a lane one waits, and neither for the other.
	slices.SortFunc(moved, counter.compare)
	for part := range slices.Chunk(moved, countsAtOnce) {
		args := make([]any, 0, 5*len(part))
		for _, c := range part {
			args = append(args, c.measure, string(c.state), c.reason, lane, t[c])
		}
		if _, err := tx.Exec(ctx, sqlCount(len(part)), args...); err != nil {
			return err
		}
	}
	return nil
}

// countsAtOnce is how many counters a statement moves at most. Most changes move two.
const countsAtOnce = 4

func micros(t time.Time) int64 { return clock.Micros(t) }

// orZero is the instant as it is stored where the zero time means something.
func orZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Micros(t)
}

func timeOr(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return clock.Time(micros)
}

// Plus is two counts together.
func (c Counts) Plus(d Counts) Counts {
	sum := Counts{}
	for _, one := range []Counts{c, d} {
		for _, s := range append(States(), planned) {
			sum.add(s, "", one.Of(s))
		}
		for s, list := range one.Reasons {
			for reason, n := range list {
				sum.addReason(s, reason, n)
			}
		}
	}
	return sum
}
