// Package task keeps what needs a person, whichever part of Stamm raised it, so that Today can show the worst first
// and nothing is forgotten or raised twice.
package task

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// State is what has become of a task.
type State string

// The states.
const (
	Open    State = "open"
	Snoozed State = "snoozed" // open again on a day
	Done    State = "done"
)

// Task is one thing a person has to do or decide.
type Task struct {
	ID           int64
	Kind         string // what it is; its words stand in the catalogues under task.kind.KIND
	Key          string // business key: while it exists the same thing is not raised a second time
	Customer     int64  // 0 for none
	Subject      int64  // the record it is about, by kind
	Args         map[string]string
	Note         string // words of a person, for tasks made by hand
	Weight       int64  // the heavier, the further up
	Due          *clock.Day
	Owner        int64 // user; 0 for anybody
	State        State
	SnoozedUntil *clock.Day
	CreatedAt    time.Time
	ChangedAt    time.Time
	DoneBy       int64
}

// New is what Raise needs.
type New struct {
	Kind, Key         string
	Customer, Subject int64
	Args              map[string]string // our own codes and numbers, never personal data
	Note              string
	Weight            int64
	Due               *clock.Day
	Owner             int64
}

// Raise adds a task. The same key again brings the task up to date, and opens it again if it was done.
func Raise(ctx context.Context, tx *store.Tx, n New) (int64, error) {
	if n.Kind == "" || n.Key == "" {
		return 0, fault.New(fault.Invalid, "errors.required").On("key")
	}
	if len(n.Note) > 2000 {
		return 0, fault.New(fault.Invalid, "errors.too_long", "max", 2000).On("note")
	}
	args := n.Args
	if args == nil {
		args = map[string]string{}
	}
	id, err := tx.InsertID(ctx, sqlRaise, n.Kind, n.Key, n.Customer, n.Subject, store.JSON(args), n.Note, n.Weight, day(n.Due), n.Owner, clock.Micros(tx.Now))
	if err != nil {
		return 0, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "task.raised", Customer: n.Customer, Subject: id, Body: map[string]any{"kind": n.Kind}})
	return id, err
}

// Settle marks the task with that key as done by Stamm, because what it asked for has happened. No such task is no error.
func Settle(ctx context.Context, tx *store.Tx, key string) error {
	_, err := tx.Exec(ctx, sqlSettle, key, clock.Micros(tx.Now))
	return err
}

// Find reads one task.
func Find(ctx context.Context, tx *store.Tx, id int64) (*Task, error) {
	all, err := list(ctx, tx, sqlFind, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "task.none")
	}
	return all[0], nil
}

// Finish marks a task as done.
func Finish(ctx context.Context, tx *store.Tx, id int64) error {
	return change(ctx, tx, id, "done", func(t *Task) error {
		t.State, t.DoneBy, t.SnoozedUntil = Done, tx.Actor.ID, nil
		return nil
	})
}

// Reopen takes Finish or Snooze back.
func Reopen(ctx context.Context, tx *store.Tx, id int64) error {
	return change(ctx, tx, id, "reopened", func(t *Task) error {
		t.State, t.DoneBy, t.SnoozedUntil = Open, 0, nil
		return nil
	})
}

// Snooze hides a task until a day to come.
func Snooze(ctx context.Context, tx *store.Tx, id int64, until, today clock.Day) error {
	if until <= today {
		return fault.New(fault.Invalid, "task.snooze_past").On("until")
	}
	return change(ctx, tx, id, "snoozed", func(t *Task) error {
		if t.State == Done {
			return fault.New(fault.Conflict, "task.is_done")
		}
		t.State, t.SnoozedUntil = Snoozed, &until
		return nil
	})
}

// HandOver gives a task to another user; 0 gives it to anybody.
func HandOver(ctx context.Context, tx *store.Tx, id, owner int64) error {
	return change(ctx, tx, id, "handed_over", func(t *Task) error {
		t.Owner = owner
		return nil
	})
}

func change(ctx context.Context, tx *store.Tx, id int64, what string, edit func(*Task) error) error {
	t, err := Find(ctx, tx, id)
	if err != nil {
		return err
	}
	before := map[string]string{"state": string(t.State), "owner": store.JSON(t.Owner)}
	if err := edit(t); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlChange, id, string(t.State), day(t.SnoozedUntil), t.Owner, t.DoneBy, clock.Micros(tx.Now)); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "task." + what, Customer: t.Customer, Subject: id, Body: map[string]any{"kind": t.Kind}, Old: before})
	return err
}

// Filter narrows List; the zero value lists what is open to anybody.
type Filter struct {
	Today  clock.Day // snoozed tasks whose day has come are open
	Owner  int64     // only this user's and nobody's; 0 for all
	After  *Task     // the last of the page before; nil for the first
	Limit  int
	OfKind string   // empty for all
	Not    []string // kinds that are left out, since they have a page of their own
}

// List returns open tasks, the heaviest first.
func List(ctx context.Context, tx *store.Tx, f Filter) ([]*Task, error) {
	weight, after := int64(1)<<62, int64(0)
	if f.After != nil {
		weight, after = f.After.Weight, f.After.ID
	}
	return list(ctx, tx, fmt.Sprintf(sqlList, tx.Strings("$7")), int64(f.Today), f.Owner, weight, after, f.OfKind, f.Limit, store.JSON(orNone(f.Not)))
}

// OfCustomer returns the tasks about a customer, open ones first.
func OfCustomer(ctx context.Context, tx *store.Tx, customer int64, limit int) ([]*Task, error) {
	return list(ctx, tx, sqlOfCustomer, customer, limit)
}

// ByKeys returns the tasks with these keys, by key, done ones included; a key without a task is left out.
func ByKeys(ctx context.Context, tx *store.Tx, keys []string) (map[string]*Task, error) {
	all, err := list(ctx, tx, fmt.Sprintf(sqlByKeys, tx.Strings("$1")), store.JSON(keys))
	if err != nil {
		return nil, err
	}
	found := make(map[string]*Task, len(all))
	for _, t := range all {
		found[t.Key] = t
	}
	return found, nil
}

// Pending returns every task of a kind that is not done, snoozed ones included.
func Pending(ctx context.Context, tx *store.Tx, kind string) ([]*Task, error) {
	return list(ctx, tx, sqlPending, kind)
}

// LastDone tells when a person last did a task about these customers, by customer; who had none is left out.
func LastDone(ctx context.Context, tx *store.Tx, customers []int64) (map[int64]time.Time, error) {
	last := make(map[int64]time.Time, len(customers))
	if len(customers) == 0 {
		return last, nil
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlLastDone, tx.Numbers("$1")), store.JSON(customers))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var customer, at int64
		if err := rows.Scan(&customer, &at); err != nil {
			return nil, err
		}
		last[customer] = clock.Time(at)
	}
	return last, rows.Err()
}

// CountOpen tells how many tasks are open, without those of some kinds.
func CountOpen(ctx context.Context, tx *store.Tx, today clock.Day, not ...string) (n int64, err error) {
	err = tx.QueryRow(ctx, fmt.Sprintf(sqlCountOpen, tx.Strings("$2")), int64(today), store.JSON(orNone(not))).Scan(&n)
	return n, err
}

// orNone is a list that is written as [] when it is empty.
func orNone(kinds []string) []string { return append([]string{}, kinds...) }

func list(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Task, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Task
	for rows.Next() {
		var t Task
		var args string
		var due, snoozed sql.NullInt64
		var created, changed int64
		if err := rows.Scan(&t.ID, &t.Kind, &t.Key, &t.Customer, &t.Subject, &args, &t.Note, &t.Weight, &due, &t.Owner, &t.State, &snoozed,
			&created, &changed, &t.DoneBy); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(args), &t.Args); err != nil {
			return nil, err
		}
		t.Due, t.SnoozedUntil = dayOf(due), dayOf(snoozed)
		t.CreatedAt, t.ChangedAt = clock.Time(created), clock.Time(changed)
		all = append(all, &t)
	}
	return all, rows.Err()
}

func day(d *clock.Day) any {
	if d == nil {
		return nil
	}
	return int64(*d)
}

func dayOf(v sql.NullInt64) *clock.Day {
	if !v.Valid {
		return nil
	}
	d := clock.Day(v.Int64)
	return &d
}
