package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// lease is after how long without a sign of life a process counts as dead. Its sign is renewed at a third of that.
const lease = 30 * time.Second

// claim is a batch of messages in the hands of this process. When something has become of the last of them, the feed is told
// about all of them at once, and the claim goes.
type claim struct {
	id   int64
	ids  []int64
	left int // guarded by the Sender's mu
	last front
}

// front is how far the messages of a measure are claimed: due_at and id of the last one. Before it stand what the index still
// holds of messages that have left, thousands on PostgreSQL, and a few that came back.
type front struct {
	due, id int64
	since   time.Time
}

// frontTime is after how long a front begins with the first message again, for those that came back.
const frontTime = 5 * time.Second

// front is where to go on with a measure; false where none of its messages was found lately.
func (s *Sender) front(measure int64, now time.Time) (front, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.fronts[measure]
	if ok && (now.Sub(f.since) >= frontTime || now.Before(f.since)) {
		f = front{since: now}
		s.fronts[measure] = f
	}
	return f, ok
}

// advance notes how far a measure is claimed. A claim that found nothing behind the front has the next one begin with the first message.
func (s *Sender) advance(measure int64, c *claim, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c == nil {
		delete(s.fronts, measure)
		return
	}
	f, ok := s.fronts[measure]
	if !ok {
		f.since = now
	}
	if c.last.due > f.due || c.last.due == f.due && c.last.id > f.id {
		f.due, f.id = c.last.due, c.last.id
	}
	s.fronts[measure] = f
}

// waiting are the measures of which something waits, those that are stopped left out, and the time at which the next message is
// due (zero when none is). Of a measure that is being claimed, with a front, it does not look which message is next.
func waiting(ctx context.Context, tx *store.Tx, claiming func(measure int64) bool) (due, cancelled []int64, next time.Time, err error) {
	measures, err := tx.QueryIDs(ctx, sqlWaiting)
	if err != nil || len(measures) == 0 {
		return nil, nil, time.Time{}, err
	}
	stops, err := readStopped(ctx, tx, sqlAllStopped)
	if err != nil {
		return nil, nil, time.Time{}, err
	}
	now := micros(tx.Now)
	soonest := int64(0)
	for _, m := range measures {
		switch stops[m].state {
		case statePaused:
			continue
		case stateCancelled:
			cancelled = append(cancelled, m)
			continue
		}
		if claiming(m) {
			due = append(due, m)
			continue
		}
		var at *int64
		if err := tx.QueryRow(ctx, sqlNextDue, m, string(consent.Email)).Scan(&at); err != nil {
			return nil, nil, time.Time{}, err
		}
		switch {
		case at == nil: // all of them are in somebody's hands
		case *at <= now:
			due = append(due, m)
		case soonest == 0 || *at < soonest:
			soonest = *at
		}
	}
	return due, cancelled, timeOr(soonest), nil
}

// take claims up to n due messages of a measure behind a front for a runner; nil when there is none.
func take(ctx context.Context, db *store.DB, runner string, measure int64, n int, from front) (c *claim, err error) {
	err = db.Write(ctx, store.System(), func(tx *store.Tx) error {
		c = nil
		if err := onPostgres(ctx, tx, sqlReadCommitted); err != nil {
			return err
		}
		id, err := tx.InsertID(ctx, sqlNewClaim, runner, micros(tx.Now.Add(lease)))
		if err != nil {
			return err
		}
		c = &claim{id: id}
		if err := c.fill(ctx, tx, measure, n, from); err != nil {
			return err
		}
		if len(c.ids) == 0 {
			return errNothing
		}
		c.left = len(c.ids)
		_, err = tx.Exec(ctx, sqlFillClaim, id, store.JSON(c.ids))
		return err
	})
	if err != nil {
		if errors.Is(err, errNothing) {
			err = nil
		}
		return nil, err
	}
	return c, nil
}

// fill takes messages into the claim.
func (c *claim) fill(ctx context.Context, tx *store.Tx, measure int64, n int, from front) error {
	rows, err := tx.Query(ctx, sqlClaim(tx.SkipLocked()), measure, micros(tx.Now), n, c.id, string(consent.Email), from.due, from.id)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, due int64
		if err := rows.Scan(&id, &due); err != nil {
			return err
		}
		c.ids = append(c.ids, id)
		if due > c.last.due || due == c.last.due && id > c.last.id {
			c.last.due, c.last.id = due, id
		}
	}
	return rows.Err()
}

// claimed reads the messages of a claim.
func claimed(ctx context.Context, tx *store.Tx, c *claim) ([]*Message, error) {
	return list(ctx, tx, fmt.Sprintf(sqlClaimed, tx.Numbers("$1")), store.JSON(c.ids), c.id)
}

// errNothing takes a claim back that found nothing.
var errNothing = errors.New("nothing to claim")

// onPostgres sets something for a transaction on PostgreSQL. Read committed it is where rows are taken by their state: what another one changed meanwhile
// is looked at again, and nobody has to begin anew.
func onPostgres(ctx context.Context, tx *store.Tx, text string) error {
	if tx.Dialect() != store.Postgres {
		return nil
	}
	_, err := tx.Exec(ctx, text)
	return err
}

// drop ends a claim: what is left of it is free again, and the feed hears about all of its messages.
func drop(ctx context.Context, tx *store.Tx, c *claim) error {
	if _, err := tx.Exec(ctx, fmt.Sprintf(sqlFree, tx.Numbers("$1")), store.JSON(c.ids), c.id); err != nil {
		return err
	}
	return forgetClaim(ctx, tx, c)
}

func forgetClaim(ctx context.Context, tx *store.Tx, c *claim) error {
	if n, err := tx.Exec(ctx, sqlDropClaim, c.id); err != nil || n == 0 {
		return err
	}
	_, err := feed.Append(ctx, tx, feed.New{Kind: KindSettled, Rows: feed.Rows{"message": feed.Ranges(append([]int64(nil), c.ids...))}})
	return err
}

// Recover finds what dead processes had in their hands: what they had begun to send without writing down the result becomes
// unclear, the rest is free again. everybody tells that no other process can be alive, which holds for the owner of an
// SQLite file; else those count as dead that gave no sign of life. It returns how many messages became unclear.
func Recover(ctx context.Context, db *store.DB, self string, everybody bool) (unclear int, err error) {
	for {
		n, more, err := recoverOne(ctx, db, self, everybody)
		unclear += n
		if err != nil || !more {
			return unclear, err
		}
	}
}

func recoverOne(ctx context.Context, db *store.DB, self string, everybody bool) (unclear int, more bool, err error) {
	err = db.Write(ctx, store.System(), func(tx *store.Tx) error {
		unclear, more = 0, false
		var c claim
		var ids string
		err := tx.QueryRow(ctx, sqlDeadClaims, self, micros(tx.Now), store.Flag(everybody)).Scan(&c.id, &ids)
		if errors.Is(err, store.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		more = true
		if err := json.Unmarshal([]byte(ids), &c.ids); err != nil {
			return err
		}
		settings, err := company.Load(ctx, tx)
		if err != nil {
			return err
		}
		measures, err := tx.QueryIDs(ctx, fmt.Sprintf(sqlToUnclear, tx.Numbers("$1")), store.JSON(c.ids), c.id, ReasonDied, int64(clock.DayOf(tx.Now, settings.Zone())), micros(tx.Now))
		if err != nil {
			return err
		}
		moved := tally{}
		for _, m := range measures {
			moved.move(m, Attempting, Unclear, ReasonDied)
		}
		if unclear = len(measures); unclear > 0 {
			if err := raiseUnclear(ctx, tx); err != nil {
				return err
			}
		}
		if err := moved.write(ctx, tx); err != nil {
			return err
		}
		return drop(ctx, tx, &c)
	})
	return unclear, more, err
}
