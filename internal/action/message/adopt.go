package message

import (
	"cmp"
	"context"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// KindPast is the kind of messages that were sent before Stamm knew of them, where nobody knows their words any more.
const KindPast = "past"

// Past is a message of a measure that was held before Stamm knew it. In a control group it is one that was not sent.
type Past struct {
	Customer, Person int64
	Arm              string // ReasonControl and ReasonGlobal for those left alone
	Address          string // empty where nobody knows it any more
	Basis            consent.Basis
	Entry            int64 // of the ledger of consents, 0 for none
	Day              clock.Day
	After            time.Duration // since PastHour on that day

	Kind    string // which Composer shows its words; empty for KindPast
	Subject int64  // the record it was written from
	Topic   string
}

// PastHour is when messages of the past count as sent on their day, where nobody knows it better.
const PastHour = 9 * time.Hour

// Adopt writes messages of a measure that was held elsewhere into the ledger, at most about 1,000 at a time: sent, or suppressed for those
// who were left alone. They count in the contact budget by their day. What stands there already stays. It returns the number of each that is
// new, 0 for the others, in their order.
func Adopt(ctx context.Context, tx *store.Tx, measure int64, channel consent.Channel, past []Past) ([]int64, error) {
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return nil, err
	}
	all := make([]*Decision, len(past))
	for i, p := range past {
		all[i] = &Decision{New: New{Measure: measure, Customer: p.Customer, Person: p.Person, Channel: channel, Kind: cmp.Or(p.Kind, KindPast)}}
	}
	known, err := knownAmong(ctx, tx, measure, all)
	if err != nil {
		return nil, err
	}
	var fresh []int // of past
	for i := range past {
		if k := keyOf(all[i].New); !known[k] {
			known[k] = true
			fresh = append(fresh, i)
		}
	}
	numbers := make([]int64, len(past))
	if len(fresh) == 0 {
		return numbers, nil
	}
	ids, err := tx.ReserveIDs(ctx, "message", len(fresh))
	if err != nil {
		return nil, err
	}
	rows := store.NewRows(len(fresh), len(columns))
	moved := tally{}
	for i, k := range fresh {
		p := &past[k]
		numbers[k] = ids[i]
		at := clock.Micros(p.Day.Start(settings.Zone()).Add(PastHour + p.After))
		state, reason, gates, attempts := Sent, "", "pppppp", int64(1)
		var budget any = int64(p.Day)
		if p.Arm == ReasonControl || p.Arm == ReasonGlobal {
			state, reason, gates, attempts, budget = Suppressed, p.Arm, "ps----", 0, nil
		}
		rows.End(append(rows.Row(), ids[i], measure, p.Customer, p.Person, int64(0), string(channel), all[k].Kind, p.Subject, p.Arm, p.Address, string(consent.Advertising),
			"", string(p.Basis), p.Entry, int64(0), int64(0), string(state), reason, gates, int64(0), int64(0), int64(0), attempts, int64(0), "", "", budget, int64(p.Day), at, at, p.Topic))
		moved.add(measure, state, reason, 1)
		moved.add(measure, planned, "", 1)
	}
	if err := tx.Insert(ctx, "message", columns, rows.All); err != nil {
		return nil, err
	}
	if err := moved.write(ctx, tx); err != nil {
		return nil, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindPlanned, Origin: feed.History, Subject: measure, Body: map[string]any{"count": len(fresh), "adopted": true},
		Rows: feed.Rows{"message": feed.Ranges(ids)}})
	return numbers, err
}
