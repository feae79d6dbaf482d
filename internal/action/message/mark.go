package message

import (
	"context"
	"fmt"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
)

// turn is what one connection wants written in one commit: the result of the message before and that the next one is attempted.
type turn struct {
	done *result
	next *job
	gone []*job      // messages that will not be attempted now, with what becomes of them
	ack  chan answer // capacity 1
}

// job is a message in the hands of the Sender, with its mail.
type job struct {
	m     *Message
	mail  *Mail
	claim *claim
	fate  fate // of one in turn.gone
}

// fate is what becomes of a message that is not attempted.
type fate struct {
	until, late time.Time // put off until then; zero for at once
	notMade     string    // why it cannot be written: a key
	reason      string    // with notMade, the reason of the failure
}

type result struct {
	*job
	Outcome
}

// answer is what the marker says to a connection: whether the next message may be sent.
type answer struct{ send bool }

// retries are the pauses after the first, second, … answer that put a message off.
var retries = [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour}

// maxAttempts is after how many attempts a message that is put off again and again has failed: with the pauses above about
// three days (RFC 5321, 4.5.4.1 says four to five, which is too long for what people wrote today).
const maxAttempts = 24

// written is what a batch of turns came to.
type written struct {
	ours map[int64]bool // messages marked as attempting by this batch
}

// writeBatch writes what a number of connections want in one transaction. again tells that an earlier try may have been committed
// although the answer of the database was lost.
func (s *Sender) writeBatch(ctx context.Context, batch []turn, again bool) (w written, err error) {
	err = s.DB.Write(ctx, store.System(), func(tx *store.Tx) error {
		w = written{ours: map[int64]bool{}}
		if err := readCommitted(ctx, tx); err != nil {
			return err
		}
		b := marking{tx: tx, now: micros(tx.Now), day: int64(clock.DayOf(tx.Now, s.zone())), moved: tally{}}
		for _, t := range batch {
			if t.done != nil {
				if err := b.result(ctx, t.done); err != nil {
					return err
				}
			}
			for _, j := range t.gone {
				if err := b.putOff(ctx, j); err != nil {
					return err
				}
			}
		}
		if err := b.attempt(ctx, batch, again, w.ours); err != nil {
			return err
		}
		return b.moved.write(ctx, tx)
	})
	return w, err
}

// marking is one transaction of writeBatch.
type marking struct {
	tx       *store.Tx
	now, day int64
	moved    tally
}

// result writes what became of a message. A message that is not attempting any more was decided about by somebody else.
func (b *marking) result(ctx context.Context, r *result) error {
	state, reason, due := r.State, "", int64(0)
	switch r.State {
	case Sent:
	case Failed:
		reason = ReasonRefused
	case Queued:
		at := b.retry(r)
		if r.m.Attempts+1 >= maxAttempts {
			state, reason = Failed, ReasonGaveUp
		} else {
			due = micros(at)
		}
	default:
		state, reason = Unclear, ReasonNoAnswer
	}
	measures, err := b.tx.QueryIDs(ctx, sqlResult, r.m.ID, r.claim.id, string(state), reason, int64(r.Code), cut(clean(r.Text), maxAnswer), cut(r.Relay, maxAnswer),
		due, b.day, b.now)
	if err != nil {
		return err
	}
	for _, m := range measures {
		b.moved.move(m, Attempting, state, reason)
	}
	if state == Failed && deadAddress(r.Code, r.Text) && r.m.Address != "" {
		return MarkAddress(ctx, b.tx, r.m.Channel, r.m.Address, AddressBounced, enhanced(r.Text, r.Code))
	}
	return nil
}

func (b *marking) retry(r *result) time.Time {
	if r.Retry.After(b.tx.Now) {
		return r.Retry
	}
	return b.tx.Now.Add(retries[min(r.m.Attempts, len(retries)-1)])
}

// putOff writes what becomes of a message that is not attempted.
func (b *marking) putOff(ctx context.Context, j *job) error {
	if j.fate.notMade != "" {
		measures, err := b.tx.QueryIDs(ctx, sqlNotMade, j.m.ID, j.claim.id, j.fate.reason, cut(j.fate.notMade, maxAnswer), b.day, b.now)
		for _, m := range measures {
			b.moved.move(m, Queued, Failed, j.fate.reason)
		}
		return err
	}
	_, err := b.tx.Exec(ctx, sqlPostpone, j.m.ID, j.claim.id, orZero(j.fate.until), orZero(j.fate.late))
	return err
}

// attempt marks the next messages of the turns as attempting: those of measures that are not stopped, whose gates still let
// them pass, and that nobody took back.
func (b *marking) attempt(ctx context.Context, batch []turn, again bool, ours map[int64]bool) error {
	var ms []*Message
	var measures, claims []int64
	seen := map[int64]bool{}
	for _, t := range batch {
		if t.next == nil || seen[t.next.m.ID] {
			continue
		}
		seen[t.next.m.ID] = true
		ms = append(ms, t.next.m)
		measures, claims = append(measures, t.next.m.Measure), append(claims, t.next.claim.id)
	}
	if len(ms) == 0 {
		return nil
	}
	stops, err := stoppedAmong(ctx, b.tx, measures)
	if err != nil {
		return err
	}
	whys, err := recheck(ctx, b.tx, ms)
	if err != nil {
		return err
	}
	var ids []int64
	for i, m := range ms {
		stop, reason, gates := stops[m.Measure], whys[i].reason, m.Gates
		switch {
		case stop.state == statePaused:
			if _, err := b.tx.Exec(ctx, sqlPostpone, m.ID, m.claim, orZero(m.Due), orZero(m.Late)); err != nil {
				return err
			}
			continue
		case stop.state == stateCancelled:
			reason = stop.reason
		case whys[i].gate != "":
			gates = gates.with(whys[i].gate, Stopped)
		default:
			ids = append(ids, m.ID)
			continue
		}
		if err := b.suppress(ctx, m, reason, gates); err != nil {
			return err
		}
	}
	return b.begin(ctx, ids, claims, again, ours)
}

func (b *marking) suppress(ctx context.Context, m *Message, reason string, gates Verdicts) error {
	rows, err := b.tx.Query(ctx, fmt.Sprintf(sqlSuppress, b.tx.Numbers("$1")), store.JSON([]int64{m.ID}), string(Queued), reason, string(gates), b.day, b.now)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, measure int64
		if err := rows.Scan(&id, &measure); err != nil {
			return err
		}
		b.moved.move(measure, Queued, Suppressed, reason)
	}
	return rows.Err()
}

func (b *marking) begin(ctx context.Context, ids, claims []int64, again bool, ours map[int64]bool) error {
	if len(ids) == 0 {
		return nil
	}
	list, held := store.JSON(ids), store.JSON(claims)
	if again {
		before, err := b.tx.QueryIDs(ctx, fmt.Sprintf(sqlAttempting, b.tx.Numbers("$1"), b.tx.Numbers("$2")), list, held)
		if err != nil {
			return err
		}
		for _, id := range before {
			ours[id] = true
		}
	}
	rows, err := b.tx.Query(ctx, fmt.Sprintf(sqlAttempt, b.tx.Numbers("$1"), b.tx.Numbers("$2")), list, held, b.now)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, measure int64
		if err := rows.Scan(&id, &measure); err != nil {
			return err
		}
		ours[id] = true
		b.moved.move(measure, Queued, Attempting, "")
	}
	return rows.Err()
}

// deadAddress tells whether an answer says that the address does not exist or takes nothing: an enhanced status 5.1.x (RFC
// 3463, 3.2), or one of the codes that mean the mailbox where there is none (RFC 5321, 4.2.3). A full mailbox (5.2.2) or a
// refused content (5.7.x) says nothing about the address.
func deadAddress(code int, text string) bool {
	if status := enhanced(text, 0); status != "" {
		return strings.HasPrefix(status, "5.1.") || status == "5.2.1"
	}
	return code == 550 || code == 551 || code == 553
}

// enhanced is the enhanced status at the beginning of an answer, the code where there is none, "" for code 0.
func enhanced(text string, code int) string {
	status, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	if len(status) >= 5 && len(status) <= 9 && status[1] == '.' && strings.Count(status, ".") == 2 && strings.Trim(status, "0123456789.") == "" {
		return status
	}
	if code == 0 {
		return ""
	}
	return fmt.Sprint(code)
}

// clean drops what is no text from an answer of another system.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
}
