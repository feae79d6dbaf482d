package message

import (
	"context"
	"fmt"
	"slices"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

const maxAnswer = 300

// key tells messages apart.
type key struct {
	customer, person, subject int64
	step                      int
	channel, kind             string
}

func keyOf(n New) key {
	k := key{customer: n.Customer, person: n.Person, step: n.Step, channel: string(n.Channel)}
	if n.Measure == 0 {
		k.subject, k.kind = n.Subject, n.Kind
	}
	return k
}

// Record writes decisions into the ledger and sets their IDs. What stands there already stays as it is and keeps ID 0, so a
// call that is repeated changes nothing. About 1,000 decisions fit into a turn. A cancelled measure takes no more.
func Record(ctx context.Context, tx *store.Tx, ds []Decision) error {
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	byMeasure := map[int64][]*Decision{}
	var measures []int64
	for i := range ds {
		d := &ds[i]
		if err := check(d); err != nil {
			return err
		}
		if byMeasure[d.Measure] == nil {
			measures = append(measures, d.Measure)
		}
		byMeasure[d.Measure] = append(byMeasure[d.Measure], d)
	}
	for _, measure := range measures {
		stopped, err := stoppedAmong(ctx, tx, []int64{measure})
		if err != nil {
			return err
		}
		if stopped[measure].state == stateCancelled {
			return fault.New(fault.Conflict, "message.cancelled")
		}
		for part := range slices.Chunk(byMeasure[measure], sliceRows) {
			if err := record(ctx, tx, measure, part, settings); err != nil {
				return err
			}
		}
	}
	return nil
}

func check(d *Decision) error {
	switch {
	case d.Kind == "":
		return fault.New(fault.Invalid, "errors.required").On("kind")
	case d.Channel == "":
		return fault.New(fault.Invalid, "errors.required").On("channel")
	case d.State != Queued && d.State != Proposed && d.State != Suppressed:
		return fault.New(fault.Invalid, "errors.choice", "text", string(d.State)).On("state")
	case len(d.Address) > maxAnswer:
		return fault.New(fault.Invalid, "errors.too_long", "max", maxAnswer).On("address")
	}
	return nil
}

var columns = []string{"id", "measure", "customer", "person", "step", "channel", "kind", "subject", "arm", "address", "purpose", "asked", "basis", "entry",
	"priority", "exempt", "state", "reason", "gates", "due_at", "late_at", "claim", "attempts", "code", "answer", "relay", "budget_day", "day", "planned_at", "changed_at", "topic"}

// record writes at most sliceRows decisions of one measure.
func record(ctx context.Context, tx *store.Tx, measure int64, ds []*Decision, settings company.Settings) error {
	known, err := knownAmong(ctx, tx, measure, ds)
	if err != nil {
		return err
	}
	var fresh []*Decision
	for _, d := range ds {
		if k := keyOf(d.New); !known[k] {
			known[k] = true // the list may name somebody twice
			fresh = append(fresh, d)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	ids, err := tx.ReserveIDs(ctx, "message", len(fresh))
	if err != nil {
		return err
	}
	now, today := clock.Micros(tx.Now), clock.DayOf(tx.Now, settings.Zone())
	rows := store.NewRows(len(fresh), len(columns))
	moved := tally{}
	for i, d := range fresh {
		d.ID = ids[i]
		day := today
		if !d.Due.IsZero() {
			day = clock.DayOf(d.Due, settings.Zone())
		}
		var budget any
		if asked(d.New)[atBudget] && d.State != Suppressed {
			budget = int64(day)
		}
		if d.State == Suppressed {
			day = today
		}
		rows.End(append(rows.Row(), d.ID, d.Measure, d.Customer, d.Person, int64(d.Step), string(d.Channel), d.Kind, d.Subject, d.Arm, d.Address, string(d.Ask.Purpose),
			string(d.Ask.Basis), string(d.Basis), d.Entry, int64(d.Priority), int64(store.Flag(d.Exempt)), string(d.State), d.Reason, string(d.Gates), orZero(d.Due),
			orZero(d.Late), int64(0), int64(0), int64(0), "", "", budget, int64(day), now, now, d.Ask.Topic))
		moved.add(d.Measure, d.State, d.Reason, 1)
		moved.add(d.Measure, planned, "", 1)
	}
	if err := tx.Insert(ctx, "message", columns, rows.All); err != nil {
		if store.IsUnique(err) { // somebody else recorded the same meanwhile; asked again, it is known
			return fault.New(fault.Unavailable, "errors.database_busy").Because(err)
		}
		return err
	}
	if err := moved.write(ctx, tx); err != nil {
		return err
	}
	change := feed.New{Kind: KindPlanned, Subject: measure, Body: map[string]any{"count": len(fresh)}, Rows: feed.Rows{"message": feed.Ranges(ids)}}
	if n := byHand(fresh); n > 0 {
		change.Body["by_hand"] = n
	}
	if len(fresh) == 1 {
		change.Customer = fresh[0].Customer
	}
	_, err = feed.Append(ctx, tx, change)
	return err
}

// knownAmong tells which of the messages stand in the ledger.
func knownAmong(ctx context.Context, tx *store.Tx, measure int64, ds []*Decision) (map[key]bool, error) {
	ids := make([]int64, len(ds))
	for i, d := range ds {
		ids[i] = d.Customer
		if measure == 0 {
			ids[i] = d.Subject
		}
	}
	known := map[key]bool{}
	text, args := fmt.Sprintf(sqlKnown, tx.Numbers("$2")), []any{measure, store.JSON(ids)}
	if measure == 0 {
		text, args = fmt.Sprintf(sqlKnownAlone, tx.Numbers("$1")), args[1:]
	}
	err := tx.Values(ctx, text, args, func(_ []string, row []any) error {
		k := key{customer: row[0].(int64), person: row[1].(int64), step: int(row[2].(int64)), channel: row[3].(string)}
		if measure == 0 {
			k.kind, k.subject = row[4].(string), row[5].(int64)
		}
		known[k] = true
		return nil
	})
	return known, err
}

// cut shortens a text to at most n bytes without cutting a letter.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
