package program

import (
	"context"
	"errors"
	"slices"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
)

// KindAdopted is appended to the feed when a measure is brought in that was held before Stamm knew it.
const KindAdopted = "program.adopted"

// Adopt brings in a measure that was held before Stamm knew it, and returns its id. Name, first day and what decides about the proof must
// be known; State and times follow from its days: it is running until its last day is over. Nobody is drawn by this package for its past:
// who was in which group comes from outside and is brought in with AdoptDraws, and the proof rests on that. Everything else is as with any
// measure. The same measure again (by name and first day) returns the id it has; one that differs in what decides is a conflict.
func Adopt(ctx context.Context, tx *store.Tx, m Measure) (int64, error) {
	m.complete()
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return 0, err
	}
	wrong := m.check()
	if m.Start > clock.DayOf(tx.Now, settings.Zone()) {
		wrong = append(wrong, fault.New(fault.Invalid, "program.past.future", "measure", m.Name).On("start"))
	}
	if err := errors.Join(wrong...); err != nil {
		return 0, err
	}
	if id, err := adopted(ctx, tx, &m); err != nil || id > 0 {
		return id, err
	}
	if err := ensureSalt(ctx, tx); err != nil {
		return 0, err
	}
	id, err := tx.InsertID(ctx, sqlAdd, m.Kind, m.Name, m.Goal, m.Segment, m.Owner, int64(m.Start), int64(m.End), m.Window, m.Control,
		store.JSON(m.Arms), string(m.Outcome), m.Budget, m.Learned, string(m.Again), clock.Micros(tx.Now), tx.Actor.Kind, tx.Actor.ID)
	if err != nil {
		return 0, err
	}
	started, ended := m.Start.Start(settings.Zone()), m.End.End(settings.Zone())
	m.State, m.StartedAt = Running, &started
	if !ended.After(tx.Now) {
		m.State, m.EndedAt = Done, &ended
	}
	if _, err := tx.Exec(ctx, sqlMove, id, string(m.State), int64(m.Start), int64(m.End), micros(m.StartedAt), micros(m.EndedAt), clock.Micros(tx.Now)); err != nil {
		return 0, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindAdopted, Subject: id, Body: map[string]any{"control": m.Control, "state": string(m.State)},
		Rows: feed.Rows{tableMeasure: {{id, id}}}})
	return id, err
}

// adopted finds the measure where it was brought in before; 0 where it was not.
func adopted(ctx context.Context, tx *store.Tx, m *Measure) (int64, error) {
	all, err := query(ctx, tx, sqlSame, m.Name, int64(m.Start))
	if err != nil || len(all) == 0 {
		return 0, err
	}
	for _, field := range all[0].changes(m) {
		if slices.Contains(fixed, field) {
			return 0, fault.New(fault.Conflict, "program.past.differs", "measure", m.Name, "day", m.Start.String()).On(field)
		}
	}
	return all[0].ID, nil
}

const sqlSame = `SELECT ` + fields + ` FROM measure WHERE name = $1 AND start_day = $2 AND state <> 'draft' ORDER BY id LIMIT 1`

// Past is the group in which a customer was in a measure that was held elsewhere.
type Past struct {
	Assigned
	Day clock.Day // on which she was drawn: from then on it counts what she does
}

// MaxPast is how many customers AdoptDraws takes in one call.
const MaxPast = assignSlice

// AdoptDraws stores in which group customers were in a measure that was brought in with Adopt, at most MaxPast in one call, and returns how
// many were new. A contact person stands for her company. What is known stays; the same customer in another group is a conflict.
// Larger lists belong into the bulk lane of the store, in several turns.
func AdoptDraws(ctx context.Context, tx *store.Tx, measure int64, past []Past) (int, error) {
	m, err := Load(ctx, tx, measure)
	if err != nil {
		return 0, err
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return 0, err
	}
	if len(past) > MaxPast {
		return 0, fault.New(fault.Invalid, "errors.too_large", "max", MaxPast).On("customers")
	}
	past, err = m.buyers(ctx, tx, past)
	if err != nil {
		return 0, err
	}
	known, err := drawnAmong(ctx, tx, measure, customersOf(past))
	if err != nil {
		return 0, err
	}
	var fresh []Past
	for _, p := range past {
		if is, drawn := known[p.Customer]; drawn {
			if is.Arm != p.Arm {
				return 0, fault.New(fault.Conflict, "program.past.two_groups", "measure", m.Name, "customer", p.Customer)
			}
			continue
		}
		known[p.Customer] = p.Assigned
		fresh = append(fresh, p)
	}
	if len(fresh) == 0 {
		return 0, nil
	}
	ids, err := tx.ReserveIDs(ctx, tableAssigned, len(fresh))
	if err != nil {
		return 0, err
	}
	rows := store.NewRows(len(fresh), len(assignedColumns))
	for i, p := range fresh {
		rows.End(append(rows.Row(), ids[i], measure, p.Customer, p.Arm, int64(p.Probability*whole+.5), int64(p.Day), clock.Micros(p.Day.Start(settings.Zone()))))
	}
	if err := tx.Insert(ctx, tableAssigned, assignedColumns, rows.All); err != nil {
		return 0, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindAssigned, Subject: measure, Body: map[string]any{"customers": len(fresh), "adopted": true},
		Rows: feed.Rows{tableAssigned: feed.Ranges(ids)}})
	return len(fresh), err
}

// buyers checks what is said of customers, and puts companies in the place of those who act for them.
func (m *Measure) buyers(ctx context.Context, tx *store.Tx, past []Past) ([]Past, error) {
	for _, p := range past {
		if err := m.checkPast(p); err != nil {
			return nil, err
		}
	}
	company, err := customer.Buyers(ctx, tx, customersOf(past), m.Start)
	if err != nil || len(company) == 0 {
		return past, err
	}
	past = slices.Clone(past)
	for i := range past {
		if of, acts := company[past[i].Customer]; acts {
			past[i].Customer = of
		}
	}
	return past, nil
}

func (m *Measure) checkPast(p Past) error {
	named := p.Alone() || slices.ContainsFunc(m.Arms, func(a Arm) bool { return a.Name == p.Arm })
	switch {
	case !named:
		return fault.New(fault.Invalid, "program.past.arm", "measure", m.Name, "arm", p.Arm).On("arm")
	case !(p.Probability > 0 && p.Probability <= 1):
		return fault.New(fault.Invalid, "program.past.probability").On("probability")
	case p.Day < m.Start || p.Day > m.End:
		return fault.New(fault.Invalid, "program.past.day", "measure", m.Name, "day", p.Day.String()).On("day")
	}
	return nil
}

func customersOf(past []Past) []int64 {
	ids := make([]int64, len(past))
	for i, p := range past {
		ids[i] = p.Customer
	}
	return ids
}
