package message

import (
	"context"
	"fmt"
	"slices"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// CancelJob is the kind of the job that takes back what is pending of a cancelled measure.
const CancelJob = "message.cancel"

const (
	statePaused    = "paused"
	stateCancelled = "cancelled"
)

// stopped is why nothing of a measure leaves.
type stopped struct {
	state, reason string
	at            time.Time
}

func stoppedAmong(ctx context.Context, tx *store.Tx, measures []int64) (map[int64]stopped, error) {
	return readStopped(ctx, tx, fmt.Sprintf(sqlStopped, tx.Numbers("$1")), store.JSON(measures))
}

func readStopped(ctx context.Context, tx *store.Tx, text string, args ...any) (map[int64]stopped, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64]stopped{}
	for rows.Next() {
		var measure, at int64
		var s stopped
		if err := rows.Scan(&measure, &s.state, &s.reason, &at); err != nil {
			return nil, err
		}
		s.at = clock.Time(at)
		all[measure] = s
	}
	return all, rows.Err()
}

// Halted tells whether the messages of a measure are held back: paused or cancelled, and since when.
func Halted(ctx context.Context, tx *store.Tx, measure int64) (paused, cancelled bool, since time.Time, err error) {
	all, err := stoppedAmong(ctx, tx, []int64{measure})
	s := all[measure]
	return s.state == statePaused, s.state == stateCancelled, s.at, err
}

// Pause keeps the messages of a measure from leaving from now on, but for those that are under way this moment.
func Pause(ctx context.Context, tx *store.Tx, measure int64) error {
	if measure == 0 {
		return fault.New(fault.Invalid, "errors.required").On("measure")
	}
	n, err := tx.Exec(ctx, sqlStop, measure, statePaused, "", micros(tx.Now))
	if err != nil || n == 0 {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindPaused, Subject: measure})
	return err
}

// Continue takes Pause back; what was cancelled stays so.
func Continue(ctx context.Context, tx *store.Tx, measure int64) error {
	n, err := tx.Exec(ctx, sqlContinue, measure)
	if err != nil || n == 0 {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindContinued, Subject: measure})
	return err
}

// Cancel ends a measure: nothing more of it leaves from this commit on, and a job turns what is pending into suppressed with
// the reason, ReasonCancelled where it is empty.
func Cancel(ctx context.Context, tx *store.Tx, measure int64, reason string) error {
	if measure == 0 {
		return fault.New(fault.Invalid, "errors.required").On("measure")
	}
	if reason == "" {
		reason = ReasonCancelled
	}
	n, err := tx.Exec(ctx, sqlStop, measure, stateCancelled, reason, micros(tx.Now))
	if err == nil && n == 0 {
		n, err = tx.Exec(ctx, sqlCancelled, measure, reason, micros(tx.Now))
	}
	if err != nil || n == 0 {
		return err
	}
	if _, err := feed.Append(ctx, tx, feed.New{Kind: KindCancelled, Subject: measure, Body: map[string]any{"reason": reason}}); err != nil {
		return err
	}
	_, err = jobs.Enqueue(ctx, tx, jobs.New{Kind: CancelJob, Key: fmt.Sprint(CancelJob, ":", measure), Args: measure})
	return err
}

// TakeBack is the work of CancelJob.
func TakeBack(ctx context.Context, db *store.DB, task *jobs.Task) error {
	var measure int64
	if err := task.Args(&measure); err != nil {
		return err
	}
	for {
		var n int
		err := db.Bulk(ctx, task.Actor(), func(tx *store.Tx) (err error) {
			n, err = takeBack(ctx, tx, measure, sliceRows)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// takeBack suppresses up to limit pending messages of a cancelled measure that are in nobody's hands, and returns how many.
// Those that a process has claimed it suppresses itself when their turn comes.
func takeBack(ctx context.Context, tx *store.Tx, measure int64, limit int) (int, error) {
	all, err := stoppedAmong(ctx, tx, []int64{measure})
	if err != nil || all[measure].state != stateCancelled {
		return 0, err
	}
	done := 0
	for state, text := range map[State]string{Queued: sqlIdleQueued, Proposed: sqlOfProposed} {
		ids, err := tx.QueryIDs(ctx, text, measure, limit)
		if err != nil {
			return 0, err
		}
		n, err := suppress(ctx, tx, state, ids, all[measure].reason, "")
		if err != nil {
			return 0, err
		}
		done += n
	}
	return done, nil
}

// suppress turns messages that are in a state into suppressed ones, counts it and tells the feed. It returns how many there were.
func suppress(ctx context.Context, tx *store.Tx, from State, ids []int64, reason string, gates Verdicts) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return 0, err
	}
	moved := tally{}
	var done []int64
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlSuppress, tx.Numbers("$1")), store.JSON(ids), string(from), reason, string(gates),
		int64(clock.DayOf(tx.Now, settings.Zone())), micros(tx.Now))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, measure int64
		if err := rows.Scan(&id, &measure); err != nil {
			return 0, err
		}
		moved.move(measure, from, Suppressed, reason)
		done = append(done, id)
	}
	if err := rows.Err(); err != nil || len(done) == 0 {
		return 0, err
	}
	rows.Close()
	if err := moved.write(ctx, tx); err != nil {
		return 0, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindSettled, Rows: feed.Rows{"message": feed.Ranges(slices.Clone(done))}})
	return len(done), err
}

// Approve gives proposed messages of a measure their go, at most limit of them, and returns how many there were.
func Approve(ctx context.Context, tx *store.Tx, measure int64, limit int) (int, error) {
	ids, err := tx.QueryIDs(ctx, sqlOfProposed, measure, limit)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	done, err := tx.QueryIDs(ctx, fmt.Sprintf(sqlApprove, tx.Numbers("$1")), store.JSON(ids), micros(tx.Now))
	if err != nil {
		return 0, err
	}
	moved := tally{}
	for range done {
		moved.move(measure, Proposed, Queued, "")
	}
	if err := moved.write(ctx, tx); err != nil {
		return 0, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindSettled, Subject: measure, Rows: feed.Rows{"message": feed.Ranges(done)}})
	return len(done), err
}

// Reconsider asks again about everything pending for a customer: what has lost its legal basis, is held or cannot be
// reached any more becomes suppressed at once instead of when its turn comes. It returns how many messages.
func Reconsider(ctx context.Context, tx *store.Tx, customer int64) (int, error) {
	ms, err := pendingOf(ctx, tx, customer)
	if err != nil {
		return 0, err
	}
	is, err := present(ctx, tx)
	if err != nil {
		return 0, err
	}
	done := 0
	for part := range slices.Chunk(ms, sliceRows) {
		whys, err := recheck(ctx, tx, part, is)
		if err != nil {
			return 0, err
		}
		for i, why := range whys {
			if why.gate == "" {
				continue
			}
			n, err := suppress(ctx, tx, part[i].State, []int64{part[i].ID}, why.reason, part[i].Gates.with(why.gate, Stopped))
			if err != nil {
				return 0, err
			}
			done += n
		}
	}
	return done, nil
}

func pendingOf(ctx context.Context, tx *store.Tx, customer int64) ([]*Message, error) {
	ms, err := list(ctx, tx, sqlPendingOf, customer)
	if err != nil {
		return nil, err
	}
	more, err := list(ctx, tx, sqlPendingPerson, customer)
	return append(ms, more...), err
}

// Erase takes back what is pending for a customer and forgets where anything was sent to her and what it said. The rows
// stay: they add up, and name nobody. It is called before the customer herself is erased.
func Erase(ctx context.Context, tx *store.Tx, customer int64) error {
	ms, err := pendingOf(ctx, tx, customer)
	if err != nil {
		return err
	}
	byState := map[State][]int64{}
	for _, m := range ms {
		byState[m.State] = append(byState[m.State], m.ID)
	}
	for state, ids := range byState {
		if _, err := suppress(ctx, tx, state, ids, ReasonErased, ""); err != nil {
			return err
		}
	}
	if err := forgetAddresses(ctx, tx, customer); err != nil {
		return err
	}
	for _, text := range []string{sqlForgetHolds, sqlForgetMails, sqlBlankAddress} {
		if _, err := tx.Exec(ctx, text, customer); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, sqlForgetTexts, customer, []byte{})
	return err
}

func forgetAddresses(ctx context.Context, tx *store.Tx, customer int64) error {
	rows, err := tx.Query(ctx, sqlAddressesOf, customer)
	if err != nil {
		return err
	}
	defer rows.Close()
	type spot struct{ channel, address string }
	var all []spot
	for rows.Next() {
		var s spot
		if err := rows.Scan(&s.channel, &s.address); err != nil {
			return err
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	for _, s := range all {
		if _, err := tx.Exec(ctx, sqlForgetMark, s.channel, fold(consent.Channel(s.channel), s.address)); err != nil {
			return err
		}
	}
	return nil
}

// with is the verdicts with another one for a gate.
func (v Verdicts) with(g Gate, said Verdict) Verdicts {
	letters := []byte(v)
	if i := slices.Index(Gates(), g); i >= 0 && i < len(letters) {
		letters[i] = byte(said)
	}
	return Verdicts(letters)
}

// why is what stops a message after all; the zero value is nothing.
type why struct {
	gate   Gate
	reason string
}

// recheck asks the gates whose answer may have changed since a message was decided about: legal basis, hold and address. It
// runs in the transaction that marks the messages as attempting; they are at most sliceRows.
func recheck(ctx context.Context, tx *store.Tx, ms []*Message, is presence) ([]why, error) {
	ds := make([]Decision, len(ms))
	slice := make([]*Decision, len(ms))
	for i, m := range ms {
		ds[i].New = m.New
		slice[i] = &ds[i]
	}
	cs := newCases(slice)
	for i, m := range ms {
		cs[i].tracked = m.Tracked
	}
	if err := legal(ctx, tx, cs); err != nil {
		return nil, err
	}
	if err := held(ctx, tx, cs, is); err != nil {
		return nil, err
	}
	places, err := placesOf(ctx, tx, cs)
	if err != nil {
		return nil, err
	}
	if err := reachable(ctx, tx, cs, places, is); err != nil {
		return nil, err
	}
	all := make([]why, len(ms))
	for i := range cs {
		if !cs[i].stopped {
			continue
		}
		for g, said := range cs[i].said {
			if said == byte(Stopped) {
				all[i] = why{Gates()[g], cs[i].Reason}
			}
		}
	}
	return all, nil
}
