package program

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// Kinds of the changes this package appends to the feed. Their subject is the measure.
const (
	KindCreated  = "program.created"
	KindChanged  = "program.changed" // the body names the fields
	KindMoved    = "program.moved"   // into another state, which the body names
	KindAssigned = "program.assigned"
	KindCost     = "program.cost"
	KindRules    = "program.rules" // the share left alone by every measure, or the plan of a year
)

// Create drafts a measure and returns its id. Window, Outcome, Arms and Kind have defaults. Everything wrong is told at once.
func Create(ctx context.Context, tx *store.Tx, m Measure) (int64, error) {
	m.complete()
	if err := errors.Join(m.check()...); err != nil {
		return 0, err
	}
	if err := ensureSalt(ctx, tx); err != nil {
		return 0, err
	}
	id, err := tx.InsertID(ctx, sqlAdd, m.Kind, m.Name, m.Goal, m.Segment, m.Owner, int64(m.Start), int64(m.End), m.Window, m.Control,
		store.JSON(m.Arms), string(m.Outcome), m.Budget, m.Learned, string(m.Again), clock.Micros(tx.Now), tx.Actor.Kind, tx.Actor.ID)
	if err != nil {
		return 0, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindCreated, Subject: id, Body: map[string]any{"control": m.Control}, Rows: feed.Rows{tableMeasure: {{id, id}}}})
	return id, err
}

// Change replaces what somebody may still change: everything of a draft; of a measure that has started its name, goal, owner, end,
// budget, what was learned and whether to repeat it. Anything else is a conflict on its field. State and times of m do not count.
func Change(ctx context.Context, tx *store.Tx, m Measure) error {
	before, err := Load(ctx, tx, m.ID)
	if err != nil {
		return err
	}
	m.complete()
	wrong := m.check()
	changed := before.changes(&m)
	if before.State != Draft {
		for _, field := range changed {
			if slices.Contains(fixed, field) {
				wrong = append(wrong, fault.New(fault.Conflict, "program.error.fixed").On(field))
			}
		}
	}
	if err := errors.Join(wrong...); err != nil || len(changed) == 0 {
		return err
	}
	_, err = tx.Exec(ctx, sqlPut, m.ID, m.Kind, m.Name, m.Goal, m.Segment, m.Owner, int64(m.Start), int64(m.End), m.Window, m.Control,
		store.JSON(m.Arms), string(m.Outcome), m.Budget, m.Learned, string(m.Again), clock.Micros(tx.Now))
	if err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindChanged, Subject: m.ID, Body: map[string]any{"fields": changed}, Rows: feed.Rows{tableMeasure: {{m.ID, m.ID}}}})
	return err
}

// fixed are the fields that decide about the proof and stay as they are once a measure has started.
var fixed = []string{"kind", "segment", "start", "window", "control", "arms", "outcome"}

// changes are the fields in which two versions differ.
func (m *Measure) changes(n *Measure) []string {
	var all []string
	for _, f := range []struct {
		name string
		same bool
	}{
		{"kind", m.Kind == n.Kind}, {"name", m.Name == n.Name}, {"goal", m.Goal == n.Goal}, {"segment", m.Segment == n.Segment}, {"owner", m.Owner == n.Owner},
		{"start", m.Start == n.Start}, {"end", m.End == n.End}, {"window", m.Window == n.Window}, {"control", m.Control == n.Control},
		{"arms", slices.Equal(m.Arms, n.Arms)}, {"outcome", m.Outcome == n.Outcome}, {"budget", m.Budget == n.Budget},
		{"learned", m.Learned == n.Learned}, {"again", m.Again == n.Again},
	} {
		if !f.same {
			all = append(all, f.name)
		}
	}
	return all
}

// Start fixes the measure and lets customers be drawn from now on. Its first day becomes today, where that is another day.
func Start(ctx context.Context, tx *store.Tx, id int64) error {
	return move(ctx, tx, id, Running, func(m *Measure, today clock.Day) {
		m.StartedAt, m.End = &tx.Now, max(m.End, today)
		m.Start = today
	}, Draft)
}

// Finish ends a running measure: nobody is drawn any more. Outcomes of those who were drawn go on to count until their days are over.
func Finish(ctx context.Context, tx *store.Tx, id int64) error {
	return move(ctx, tx, id, Done, func(m *Measure, today clock.Day) { m.EndedAt, m.End = &tx.Now, max(m.Start, min(m.End, today)) }, Running)
}

// Cancel gives a measure up. Who was drawn stays drawn.
func Cancel(ctx context.Context, tx *store.Tx, id int64) error {
	return move(ctx, tx, id, Cancelled, func(m *Measure, _ clock.Day) { m.EndedAt = &tx.Now }, Draft, Running)
}

// move brings a measure into another state; being there already is no error.
func move(ctx context.Context, tx *store.Tx, id int64, to State, with func(*Measure, clock.Day), from ...State) error {
	m, err := Load(ctx, tx, id)
	if err != nil || m.State == to {
		return err
	}
	if !slices.Contains(from, m.State) {
		return fault.New(fault.Conflict, "program.error.state."+string(m.State))
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	with(m, clock.DayOf(tx.Now, settings.Zone()))
	if _, err := tx.Exec(ctx, sqlMove, id, string(to), int64(m.Start), int64(m.End), micros(m.StartedAt), micros(m.EndedAt), clock.Micros(tx.Now)); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindMoved, Subject: id, Body: map[string]any{"state": string(to)}, Rows: feed.Rows{tableMeasure: {{id, id}}}})
	return err
}

func micros(t *time.Time) any {
	if t == nil {
		return nil
	}
	return clock.Micros(*t)
}

// Load reads a measure.
func Load(ctx context.Context, tx *store.Tx, id int64) (*Measure, error) {
	all, err := query(ctx, tx, sqlLoad, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "program.error.none")
	}
	return all[0], nil
}

// Names are what measures are called; one that does not exist is left out.
func Names(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]string, error) {
	names := make(map[int64]string, len(ids))
	if len(ids) == 0 {
		return names, nil
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlNames, tx.Numbers("$1")), store.JSON(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, err
		}
		names[id] = name
	}
	return names, rows.Err()
}

// All lists the measures, the newest first.
func All(ctx context.Context, tx *store.Tx) ([]*Measure, error) { return query(ctx, tx, sqlAll) }

func query(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Measure, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Measure
	for rows.Next() {
		var m Measure
		var start, end, created int64
		var arms string
		var started, ended sql.NullInt64
		if err := rows.Scan(&m.ID, &m.Kind, &m.Name, &m.Goal, &m.Segment, &m.Owner, &m.State, &start, &end, &m.Window, &m.Control, &arms,
			&m.Outcome, &m.Budget, &m.Learned, &m.Again, &started, &ended, &created, &m.CreatedBy); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(arms), &m.Arms); err != nil {
			return nil, err
		}
		m.Start, m.End, m.CreatedAt = clock.Day(start), clock.Day(end), clock.Time(created)
		m.StartedAt, m.EndedAt = moment(started), moment(ended)
		all = append(all, &m)
	}
	return all, rows.Err()
}

func moment(n sql.NullInt64) *time.Time {
	if !n.Valid {
		return nil
	}
	t := clock.Time(n.Int64)
	return &t
}
