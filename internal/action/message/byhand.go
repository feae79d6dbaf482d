package message

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// Messages that people deliver, such as calls, stay queued until somebody says what became of them. Nobody claims them; the
// package of the channel keeps who does it and when, and settles them here.

// byHand is how many of the messages people deliver.
func byHand(ds []*Decision) (n int) {
	for _, d := range ds {
		if d.Channel == consent.Phone && d.State == Queued {
			n++
		}
	}
	return n
}

// PlannedByHand tells whether a change of the feed of KindPlanned is about messages that people deliver.
func PlannedByHand(c feed.Change) bool {
	var body struct {
		N int `json:"by_hand"`
	}
	return json.Unmarshal(c.Body, &body) == nil && body.N > 0
}

// QueuedIDs are all queued messages of a channel, for who begins to deliver them.
func QueuedIDs(ctx context.Context, tx *store.Tx, channel consent.Channel) ([]int64, error) {
	measures, err := tx.QueryIDs(ctx, sqlWaiting)
	if err != nil {
		return nil, err
	}
	var all []int64
	for _, m := range measures {
		ids, err := tx.QueryIDs(ctx, sqlQueuedIDs, m, string(channel))
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
	}
	return all, nil
}

// QueuedBetween are queued messages of a channel by id, from one to another inclusive.
func QueuedBetween(ctx context.Context, tx *store.Tx, channel consent.Channel, from, until int64, limit int) ([]*Message, error) {
	return list(ctx, tx, sqlHandRange, from, until, string(channel), limit)
}

// Checked is what the gates say about a message shortly before it is delivered: Stop and Reason where it must not be any more, else
// the basis it rests on now.
type Checked struct {
	Stop   Gate
	Reason string
	Basis  consent.Basis
	Entry  int64
}

// CheckAgain asks the gates whose answer may have changed: legal basis, hold and address.
func CheckAgain(ctx context.Context, tx *store.Tx, m *Message) (Checked, error) {
	is, err := present(ctx, tx)
	if err != nil {
		return Checked{}, err
	}
	whys, err := recheck(ctx, tx, []*Message{m}, is)
	if err != nil {
		return Checked{}, err
	}
	if whys[0].gate != "" {
		return Checked{Stop: whys[0].gate, Reason: whys[0].reason}, nil
	}
	d := Decision{New: m.New}
	cs := newCases([]*Decision{&d})
	if err := legal(ctx, tx, cs); err != nil {
		return Checked{}, err
	}
	return Checked{Basis: d.Basis, Entry: d.Entry}, nil
}

// Hour is a stretch of time in which a message may arrive: at once where From is not after the instant asked about. Until is zero
// where there is no end.
type Hour struct{ From, Until time.Time }

// Hours finds for each message the first hour from an instant on in which it may arrive at its reader, by her own clock.
func Hours(ctx context.Context, tx *store.Tx, ms []*Message, from time.Time) ([]Hour, error) {
	d, err := newDecider(ctx, tx)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(ms))
	for i, m := range ms {
		ids[i] = m.reader()
	}
	places := map[int64]place{}
	if err := readPlaces(ctx, tx, ids, places); err != nil {
		return nil, err
	}
	all := make([]Hour, len(ms))
	for i, m := range ms {
		if all[i] = (Hour{From: from}); asked(m.New)[atQuiet] {
			all[i].From, all[i].Until = d.quiet.window(places[m.reader()], from)
		}
	}
	return all, nil
}

// Delivery is what became of a message that a person delivers.
type Delivery struct {
	From, To State // a message that is not in From any more is a conflict
	Reason   string
	Due      time.Time // when to try again, of Queued
	Late     time.Time
	Attempts int  // how often it was tried
	Gate     Gate // of To Suppressed: which gate stopped it
}

// Deliver writes it down. What was sent counts against the contact budget on the day it was; what nobody heard does not count.
func Deliver(ctx context.Context, tx *store.Tx, id int64, d Delivery) error {
	m, err := Find(ctx, tx, id)
	if err != nil {
		return err
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	if d.To == Suppressed {
		_, err := suppress(ctx, tx, d.From, []int64{id}, d.Reason, m.Gates.with(d.Gate, Stopped))
		return err
	}
	today := clock.DayOf(tx.Now, settings.Zone())
	var budget any
	if asked(m.New)[atBudget] && d.To != Failed {
		day := today
		if d.To == Queued && !d.Due.IsZero() {
			day = clock.DayOf(d.Due, settings.Zone())
		}
		budget = int64(day)
	}
	var measure int64
	err = tx.QueryRow(ctx, sqlByHand, id, string(d.From), string(d.To), d.Reason, orZero(d.Due), orZero(d.Late), d.Attempts, budget, int64(today), micros(tx.Now)).Scan(&measure)
	if errors.Is(err, store.ErrNoRows) {
		return fault.New(fault.Conflict, "message.moved_on")
	}
	if err != nil {
		return err
	}
	moved := tally{}
	moved.add(measure, d.From, m.Reason, -1)
	moved.add(measure, d.To, d.Reason, 1)
	if err := moved.write(ctx, tx); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindSettled, Rows: feed.Rows{"message": {{id, id}}}})
	return err
}
