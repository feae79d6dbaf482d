package message

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
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

	passed bool      // the gates were asked again when it was written, and let it pass
	asked  feed.Mark // when that was
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
		if err := onPostgres(ctx, tx, sqlReadCommitted+sqlKeepPlans); err != nil {
			return err
		}
		b := marking{tx: tx, now: micros(tx.Now), day: int64(clock.DayOf(tx.Now, s.zone())), moved: tally{}}
		if err := b.results(ctx, batch); err != nil {
			return err
		}
		for _, t := range batch {
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

// ending is what became of messages, but for their ids: those with the same one are written by one statement. The answers to mails that
// were sent are kept beside it, since most relays give each a number of its own.
type ending struct {
	measure       int64
	state         State
	reason        string
	code          int
	answer, relay string
	due           int64
	untried       bool
}

// inHand are messages in the hands of this process: their ids, and the claims through which it has them.
type inHand struct {
	ids, claims []int64
	answers     map[int64]string // of the relay, to those that were sent
}

func (h *inHand) add(j *job) {
	h.ids = append(h.ids, j.m.ID)
	if n := len(h.claims); n == 0 || h.claims[n-1] != j.claim.id {
		h.claims = append(h.claims, j.claim.id)
	}
}

// results writes what became of messages. One that is not attempting any more was decided about by somebody else.
func (b *marking) results(ctx context.Context, batch []turn) error {
	var groups map[ending]*inHand
	for _, t := range batch {
		if t.done == nil {
			continue
		}
		e := b.ending(t.done)
		answer := e.answer
		if e.state == Sent {
			e.answer = ""
		}
		if groups == nil {
			groups = map[ending]*inHand{}
		}
		if groups[e] == nil {
			groups[e] = &inHand{answers: map[int64]string{}}
		}
		groups[e].add(t.done.job)
		groups[e].answers[t.done.m.ID] = answer
		if r := t.done; e.state == Failed && deadAddress(r.Code, r.Text) && r.m.Address != "" {
			if err := MarkAddress(ctx, b.tx, r.m.Channel, r.m.Address, AddressBounced, enhanced(r.Text, r.Code)); err != nil {
				return err
			}
		}
	}
	for e, h := range groups {
		n, err := b.end(ctx, e, h)
		if err != nil {
			return err
		}
		b.moved.add(e.measure, Attempting, "", -n)
		b.moved.add(e.measure, e.state, e.reason, n)
		if e.state == Unclear && n > 0 {
			if err := raiseUnclear(ctx, b.tx); err != nil {
				return err
			}
		}
	}
	return nil
}

// end writes what became of messages that ended alike, and returns of how many.
func (b *marking) end(ctx context.Context, e ending, h *inHand) (int64, error) {
	ids, claims := b.tx.Numbers("$1"), b.tx.Numbers("$2")
	if e.state == Sent {
		return b.tx.Exec(ctx, fmt.Sprintf(sqlSent, ids, claims, b.tx.ByID("$4")), store.JSON(h.ids), store.JSON(h.claims), int64(e.code), store.JSON(h.answers), e.relay, b.day, b.now)
	}
	return b.tx.Exec(ctx, fmt.Sprintf(sqlResult, ids, claims), store.JSON(h.ids), store.JSON(h.claims), string(e.state), e.reason, int64(e.code), e.answer, e.relay,
		e.due, b.day, b.now, store.Flag(e.untried))
}

// ending says what a result makes of a message.
func (b *marking) ending(r *result) ending {
	e := ending{measure: r.m.Measure, state: r.State, code: r.Code, answer: cut(clean(r.Text), maxAnswer), relay: cut(r.Relay, maxAnswer)}
	switch r.State {
	case Sent:
	case Failed:
		e.reason = ReasonRefused
	case Queued:
		switch {
		case r.Untried && r.Retry.After(b.tx.Now):
			e.untried, e.due = true, micros(r.Retry)
		case r.Untried:
			e.untried = true
		case r.m.Attempts+1 >= maxAttempts:
			e.state, e.reason = Failed, ReasonGaveUp
		default:
			e.due = micros(b.retry(r))
		}
	default:
		e.state, e.reason = Unclear, ReasonNoAnswer
	}
	return e
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
		n, err := b.tx.Exec(ctx, sqlNotMade, j.m.ID, j.claim.id, j.fate.reason, cut(j.fate.notMade, maxAnswer), b.day, b.now)
		if n > 0 {
			b.moved.move(j.m.Measure, Queued, Failed, j.fate.reason)
		}
		return err
	}
	_, err := b.tx.Exec(ctx, sqlPostpone, j.m.ID, j.claim.id, orZero(j.fate.until), orZero(j.fate.late))
	return err
}

// attempt marks the next messages of the turns as attempting: those of measures that are not stopped, whose gates still let
// them pass, and that nobody took back.
func (b *marking) attempt(ctx context.Context, batch []turn, again bool, ours map[int64]bool) error {
	var js []*job
	var measures []int64
	seen := map[int64]bool{}
	for _, t := range batch {
		if t.next == nil || seen[t.next.m.ID] {
			continue
		}
		seen[t.next.m.ID] = true
		js = append(js, t.next)
		if m := t.next.m.Measure; !slices.Contains(measures, m) {
			measures = append(measures, m)
		}
	}
	if len(js) == 0 {
		return nil
	}
	is, err := standing(ctx, b.tx)
	if err != nil {
		return err
	}
	var stops map[int64]stopped
	if is.stops {
		if stops, err = stoppedAmong(ctx, b.tx, measures); err != nil {
			return err
		}
	}
	whys, err := b.askAgain(ctx, js, is)
	if err != nil {
		return err
	}
	byMeasure := map[int64]*inHand{}
	for i, j := range js {
		m := j.m
		stop := stops[m.Measure]
		if stop.state != "" || whys[i].gate != "" {
			if err := b.keepBack(ctx, j, stop, whys[i]); err != nil {
				return err
			}
			continue
		}
		if byMeasure[m.Measure] == nil {
			byMeasure[m.Measure] = &inHand{}
		}
		byMeasure[m.Measure].add(j)
	}
	for measure, h := range byMeasure {
		if err := b.begin(ctx, measure, h, again, ours); err != nil {
			return err
		}
	}
	return nil
}

// askEarly asks the gates again for a whole batch, beside the writer, so that the writer need not where nothing has changed since. What they
// stop is stopped there. Whether readers may be tracked is asked with it.
func askEarly(ctx context.Context, tx *store.Tx, all []*job, now feed.Mark) error {
	is, err := standing(ctx, tx)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(all, sliceRows) {
		ms := make([]*Message, len(part))
		tracked := make([]bool, len(part))
		for i, j := range part {
			ms[i] = j.m
			ms[i].Tracked = &tracked[i]
		}
		whys, err := recheck(ctx, tx, ms, is)
		if err != nil {
			return err
		}
		for i, j := range part {
			j.passed, j.asked = whys[i].gate == "", now
		}
	}
	return nil
}

// askAgain asks the gates at the last moment, in the order of js. What they said a moment ago, when the mails were written, holds
// where nothing that they go by has changed since; of bad addresses the feed does not tell.
func (b *marking) askAgain(ctx context.Context, js []*job, is presence) ([]why, error) {
	stale, err := b.stale(ctx, js)
	if err != nil {
		return nil, err
	}
	whys := make([]why, len(js))
	var places []int
	var ms []*Message
	for i, j := range js {
		if stale || !j.passed {
			places, ms = append(places, i), append(ms, j.m)
		}
	}
	if len(ms) > 0 {
		if err := onPostgres(ctx, b.tx, sqlPlanAnew); err != nil {
			return nil, err
		}
		again, err := recheck(ctx, b.tx, ms, is)
		if err != nil {
			return nil, err
		}
		for k, i := range places {
			whys[i] = again[k]
		}
	}
	if !is.addresses || len(ms) == len(js) {
		return whys, nil
	}
	return whys, b.badNow(ctx, js, whys)
}

// stale tells whether anything that gates go by may have changed since the first of the messages was asked about.
func (b *marking) stale(ctx context.Context, js []*job) (bool, error) {
	var first *job
	for _, j := range js {
		if j.passed && (first == nil || j.asked.Before(first.asked)) {
			first = j
		}
	}
	if first == nil {
		return false, nil
	}
	return feed.Since(ctx, b.tx, first.asked, idleKinds())
}

// idleKinds are changes that no gate goes by that is asked again; those of measures that are stopped are looked up each time. All others, known or
// not, have the gates asked again.
func idleKinds() []string {
	return []string{KindPlanned, KindSettled, KindPaused, KindContinued, KindCancelled, KindDecided, "hit.counted", "hit.judged"}
}

// badNow stops messages to addresses that cannot be reached any more.
func (b *marking) badNow(ctx context.Context, js []*job, whys []why) error {
	byChannel := map[consent.Channel][]string{}
	folded := make([]string, len(js))
	for i, j := range js {
		if whys[i].gate == "" && j.passed {
			folded[i] = fold(j.m.Channel, j.m.Address)
			byChannel[j.m.Channel] = append(byChannel[j.m.Channel], folded[i])
		}
	}
	for channel, list := range byChannel {
		bad, err := badAmong(ctx, b.tx, channel, list)
		if err != nil {
			return err
		}
		for i, j := range js {
			if j.m.Channel == channel && folded[i] != "" && bad[folded[i]] != "" {
				whys[i] = why{GateAddress, bad[folded[i]]}
			}
		}
	}
	return nil
}

// keepBack suppresses a message that must not leave after all, or frees it where its measure only rests.
func (b *marking) keepBack(ctx context.Context, j *job, stop stopped, w why) error {
	reason, gates := w.reason, j.m.Gates
	switch {
	case stop.state == statePaused:
		_, err := b.tx.Exec(ctx, sqlPostpone, j.m.ID, j.claim.id, orZero(j.m.Due), orZero(j.m.Late))
		return err
	case stop.state == stateCancelled:
		reason = stop.reason
	default:
		gates = gates.with(w.gate, Stopped)
	}
	rows, err := b.tx.Query(ctx, fmt.Sprintf(sqlSuppress, b.tx.Numbers("$1")), store.JSON([]int64{j.m.ID}), string(Queued), reason, string(gates), b.day, b.now)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		b.moved.move(j.m.Measure, Queued, Suppressed, reason)
	}
	return rows.Err()
}

// begin marks messages of a measure as attempting. Mostly all of them are still ours, and the number says so.
func (b *marking) begin(ctx context.Context, measure int64, h *inHand, again bool, ours map[int64]bool) error {
	list, claims := store.JSON(h.ids), store.JSON(h.claims)
	n, err := b.tx.Exec(ctx, fmt.Sprintf(sqlAttempt, b.tx.Numbers("$1"), b.tx.Numbers("$2")), list, claims, b.now)
	if err != nil {
		return err
	}
	b.moved.add(measure, Queued, "", -n)
	b.moved.add(measure, Attempting, "", n)
	begun := h.ids
	if int(n) < len(h.ids) {
		// Of the others somebody took some back; or they were marked by an earlier try of this batch, whose answer was lost.
		begun = nil
		if n > 0 || again {
			if begun, err = b.tx.QueryIDs(ctx, fmt.Sprintf(sqlAttempting, b.tx.Numbers("$1"), b.tx.Numbers("$2")), list, claims); err != nil {
				return err
			}
		}
	}
	for _, id := range begun {
		ours[id] = true
	}
	return nil
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
