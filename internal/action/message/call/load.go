package call

import (
	"context"
	"math"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// Find reads the call of a message.
func Find(ctx context.Context, tx *store.Tx, message int64) (*Call, error) {
	all, err := list(ctx, tx, sqlFind, message)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "call.none")
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Filter narrows the lists.
type Filter struct {
	User    int64   // only this user's calls and nobody's; 0 for all
	Measure int64   // 0 for all
	Outcome Outcome // of the last try; only With asks for it
	Limit   int
	After   *Call // the last of the page before; nil for the first
}

// Due lists the calls that are due until an instant, the longest due first; those under way are among them, those of measures that
// rest are not.
func Due(ctx context.Context, tx *store.Tx, until time.Time, f Filter) ([]*Call, error) {
	due, last := int64(math.MinInt64), int64(0)
	if f.After != nil {
		due, last = clock.Micros(f.After.Due), f.After.Message
	}
	return list(ctx, tx, sqlOpen, f.User, f.Measure, clock.Micros(until), due, last, f.Limit)
}

// Ended lists the calls that were made and are over, the newest first.
func Ended(ctx context.Context, tx *store.Tx, f Filter) ([]*Call, error) {
	at, last := int64(math.MaxInt64), int64(math.MaxInt64)
	if f.After != nil {
		at, last = clock.Micros(f.After.ChangedAt), f.After.Message
	}
	return list(ctx, tx, sqlOver, f.User, f.Measure, at, last, f.Limit)
}

// With lists the calls whose last try came to an outcome, those included that will be tried again, the newest first: of a measure as
// many as OutcomesOf counts.
func With(ctx context.Context, tx *store.Tx, f Filter) ([]*Call, error) {
	at, last := int64(math.MaxInt64), int64(math.MaxInt64)
	if f.After != nil {
		at, last = clock.Micros(f.After.ChangedAt), f.After.Message
	}
	return list(ctx, tx, sqlWith, f.User, f.Measure, string(f.Outcome), at, last, f.Limit)
}

// Unfinished are the calls that a user began without having said what became of them.
func Unfinished(ctx context.Context, tx *store.Tx, user int64) ([]*Call, error) {
	return list(ctx, tx, sqlBegun, user)
}

// OfCustomer are the calls to a customer, those to her as the person of a company included, newest first.
func OfCustomer(ctx context.Context, tx *store.Tx, customer int64, limit int) ([]*Call, error) {
	return list(ctx, tx, sqlOfCustomer, customer, limit)
}

// CountDue is how many calls are due until an instant for a user and for anybody; user 0 counts all.
func CountDue(ctx context.Context, tx *store.Tx, user int64, until time.Time) (n int64, err error) {
	err = tx.QueryRow(ctx, sqlCountDue, user, 0, clock.Micros(until)).Scan(&n)
	return n, err
}

// CountResting is how many open calls belong to measures that were paused.
func CountResting(ctx context.Context, tx *store.Tx, user int64) (n int64, err error) {
	err = tx.QueryRow(ctx, sqlCountRest, user).Scan(&n)
	return n, err
}

// OutcomesOf is how often the calls of a measure came to what; of those still open the last try counts.
func OutcomesOf(ctx context.Context, tx *store.Tx, measure int64) (map[Outcome]int64, error) {
	rows, err := tx.Query(ctx, sqlOutcomes, measure)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[Outcome]int64{}
	for rows.Next() {
		var o Outcome
		var n int64
		if err := rows.Scan(&o, &n); err != nil {
			return nil, err
		}
		all[o] = n
	}
	return all, rows.Err()
}

// Tries lists how often somebody dialled for a message, oldest first.
func Tries(ctx context.Context, tx *store.Tx, message int64) ([]Try, error) {
	rows, err := tx.Query(ctx, sqlTries, message)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Try
	for rows.Next() {
		var t Try
		var began, due, ended int64
		if err := rows.Scan(&t.ID, &t.By, &began, &t.Basis, &t.Entry, &due, &t.Outcome, &t.Note, &t.used, &ended); err != nil {
			return nil, err
		}
		t.Began, t.due = clock.Time(began), clock.Time(due)
		if ended != 0 {
			t.Ended = clock.Time(ended)
		}
		all = append(all, t)
	}
	return all, rows.Err()
}

func list(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Call, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Call
	for rows.Next() {
		var c Call
		var due, pause, begun, changed int64
		if err := rows.Scan(&c.Message, &c.Measure, &c.Customer, &c.Person, &c.Kind, &c.Subject, &c.Owner, &due, &c.Most, &pause, &c.Tries, &c.State, &c.Outcome,
			&c.Reason, &c.Note, &begun, &c.BegunBy, &changed); err != nil {
			return nil, err
		}
		c.Due, c.Pause, c.ChangedAt = clock.Time(due), time.Duration(pause)*time.Hour, clock.Time(changed)
		if begun != 0 {
			c.BegunAt = clock.Time(begun)
		}
		all = append(all, &c)
	}
	return all, rows.Err()
}

// save writes what changed of a call.
func (c *Call) save(ctx context.Context, tx *store.Tx) error {
	begun := int64(0)
	if !c.BegunAt.IsZero() {
		begun = clock.Micros(c.BegunAt)
	}
	_, err := tx.Exec(ctx, sqlChange, c.Message, c.Owner, clock.Micros(c.Due), c.Tries, string(c.State), string(c.Outcome), c.Reason, c.Note, begun, c.BegunBy, clock.Micros(tx.Now))
	return err
}
