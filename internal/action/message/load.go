package message

import (
	"context"
	"fmt"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

func list(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Message, error) {
	var all []*Message
	err := tx.Values(ctx, text, args, func(_ []string, row []any) error {
		m, err := messageOf(row)
		all = append(all, m)
		return err
	})
	return all, err
}

// cells reads the values of a row one after the other.
type cells struct {
	row []any
	bad bool
}

func (c *cells) number() int64 {
	n, ok := c.row[0].(int64)
	c.row, c.bad = c.row[1:], c.bad || !ok
	return n
}

func (c *cells) text() string {
	s, ok := c.row[0].(string)
	c.row, c.bad = c.row[1:], c.bad || !ok
	return s
}

// messageOf makes a message of a row with the columns of fields.
func messageOf(row []any) (*Message, error) {
	c := &cells{row: row}
	m := &Message{}
	m.ID, m.Measure, m.Customer, m.Person, m.Step = c.number(), c.number(), c.number(), c.number(), int(c.number())
	m.Channel, m.Kind, m.Subject, m.Arm, m.Address = consent.Channel(c.text()), c.text(), c.number(), c.text(), c.text()
	m.Ask = consent.Ask{Channel: m.Channel, Purpose: consent.Purpose(c.text()), Basis: consent.Basis(c.text())}
	m.Basis, m.Entry, m.Priority, m.Exempt = consent.Basis(c.text()), c.number(), int(c.number()), c.number() == 1
	m.State, m.Reason, m.Gates = State(c.text()), c.text(), Verdicts(c.text())
	m.Due, m.Late, m.claim = timeOr(c.number()), timeOr(c.number()), c.number()
	m.Attempts, m.Code, m.Answer, m.Relay = int(c.number()), int(c.number()), c.text(), c.text()
	m.PlannedAt, m.ChangedAt = clock.Time(c.number()), clock.Time(c.number())
	if c.bad {
		return nil, fmt.Errorf("message: a row of other columns: %v", row)
	}
	return m, nil
}

// Find reads one message.
func Find(ctx context.Context, tx *store.Tx, id int64) (*Message, error) {
	all, err := list(ctx, tx, sqlFind, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "message.none")
	}
	return all[0], nil
}

// OfCustomer lists the messages to a customer, those to her as the person of a company included, newest first, before the one
// numbered before (0 for the newest).
func OfCustomer(ctx context.Context, tx *store.Tx, customer, before int64, limit int) ([]*Message, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	own, err := list(ctx, tx, sqlOfCustomer, customer, before, limit)
	if err != nil {
		return nil, err
	}
	others, err := list(ctx, tx, sqlOfPerson, customer, before, limit)
	if err != nil || len(others) == 0 {
		return own, err
	}
	all := make([]*Message, 0, limit)
	for len(all) < limit && len(own)+len(others) > 0 {
		if len(others) == 0 || len(own) > 0 && own[0].ID > others[0].ID {
			all, own = append(all, own[0]), own[1:]
		} else {
			all, others = append(all, others[0]), others[1:]
		}
	}
	return all, nil
}

// Filter narrows List; the zero value lists everything.
type Filter struct {
	Measure *int64 // nil for all; 0 for those without one
	State   State
	Reason  string
	Before  int64 // the last one of the page before, 0 for the first
	Limit   int
}

// List lists messages, newest first.
func List(ctx context.Context, tx *store.Tx, f Filter) ([]*Message, error) {
	var where []string
	var args []any
	add := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	if f.Before != 0 {
		add("id < $%d", f.Before)
	}
	if f.Measure != nil {
		add("measure = $%d", *f.Measure)
	}
	for _, s := range States() { // the state stands in the text, where SQLite looks for an index of it
		if s == f.State {
			where = append(where, "state = '"+string(s)+"'")
		}
	}
	if f.Reason != "" {
		add("reason = $%d", f.Reason)
	}
	text := `SELECT ` + fields + ` FROM message`
	if len(where) > 0 {
		text += " WHERE " + strings.Join(where, " AND ")
	}
	args = append(args, f.Limit)
	return list(ctx, tx, text+fmt.Sprintf(" ORDER BY id DESC LIMIT $%d", len(args)), args...)
}

// Unresolved lists messages of which nobody knows whether they arrived, oldest first, after the one numbered after.
func Unresolved(ctx context.Context, tx *store.Tx, after int64, limit int) ([]*Message, error) {
	return list(ctx, tx, sqlUnclear, after, limit)
}

// CountUnresolved tells how many there are.
func CountUnresolved(ctx context.Context, tx *store.Tx) (n int64, err error) {
	err = tx.QueryRow(ctx, sqlCountClear).Scan(&n)
	return n, err
}
