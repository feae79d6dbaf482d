package segment

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
	"stamm/internal/platform/warehouse"
)

// Count is how many customers meet a compiled condition.
func Count(ctx context.Context, w warehouse.Querier, q *filter.Query) (n int64, err error) {
	s := q.Count()
	if err := w.QueryRowContext(ctx, s.Text, s.Args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting a segment: %w", err)
	}
	return n, nil
}

// Customers lists the ids of customers who meet a compiled condition, ascending, from the one behind after (0 for the first), at
// most limit, or all for 0.
func Customers(ctx context.Context, w warehouse.Querier, q *filter.Query, after int64, limit int) ([]int64, error) {
	s := q.Customers()
	return idsOf(ctx, w, within(s, "customer", fmt.Sprintf("f.customer > %d ORDER BY f.customer%s", after, limited(limit))), s.Args...)
}

// Sample is some of the customers who meet a compiled condition: the same ones as long as they do, and no kind of them
// rather than another. all is how many there are: both are found in one pass.
func Sample(ctx context.Context, w warehouse.Querier, q *filter.Query, n int) (ids []int64, all int64, err error) {
	s := q.Customers()
	rows, err := w.QueryContext(ctx, "WITH f AS MATERIALIZED ("+s.Text+") SELECT f.customer, (SELECT count(*) FROM f) FROM f ORDER BY hash(f.customer), f.customer"+limited(n), s.Args...)
	if err != nil {
		return nil, 0, fmt.Errorf("customers of a segment: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id, &all); err != nil {
			return nil, 0, err
		}
		ids = append(ids, id)
	}
	return ids, all, rows.Err()
}

// Among tells which of ids meet a compiled condition.
func Among(ctx context.Context, w warehouse.Querier, q *filter.Query, ids []int64) ([]int64, error) {
	s := q.Among(ids)
	return idsOf(ctx, w, within(s, "customer", "true ORDER BY f.customer"), s.Args...)
}

// Key is under which name the warehouse remembers what was asked about those who meet a compiled condition.
func Key(what string, q *filter.Query) string {
	s := q.Customers()
	return fmt.Sprintf("segment %s %x", what, sha256.Sum256(fmt.Append(nil, s.Text, "\x00", s.Args)))
}

// within selects columns from a SELECT.
func within(s filter.SQL, columns, where string) string {
	return "SELECT f." + columns + " FROM (" + s.Text + ") f WHERE " + where
}

func limited(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" LIMIT %d", n)
}

func idsOf(ctx context.Context, w warehouse.Querier, text string, args ...any) ([]int64, error) {
	rows, err := w.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("customers of a segment: %w", err)
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// Reason tells whether a customer meets a condition, and how each part of it stands.
type Reason struct {
	Customer int64
	In       bool
	Parts    []Part // in the order of the condition
}

// Part is one comparison of a condition, for one customer.
type Part struct {
	Condition filter.Condition
	Holds     bool
	Value     any // what was measured: int64, float64, string, bool or clock.Day, of fell and rose a list of what was and is; nil where there is nothing, and for segments
}

// Explain tells why each of ids is in, or is not; who does not count as a customer is left out.
func Explain(ctx context.Context, w warehouse.Querier, q *filter.Query, ids []int64) ([]Reason, error) {
	s := q.Explain(ids)
	rows, err := w.QueryContext(ctx, within(s, "*", "true ORDER BY f.customer"), s.Args...)
	if err != nil {
		return nil, fmt.Errorf("reasons of a segment: %w", err)
	}
	defer rows.Close()
	leaves := q.Leaves()
	var all []Reason
	for rows.Next() {
		r := Reason{Parts: make([]Part, len(leaves))}
		holds := make([]sql.NullBool, len(leaves))
		places := []any{&r.Customer, &r.In}
		for i := range leaves {
			r.Parts[i].Condition = leaves[i]
			places = append(places, &holds[i], &r.Parts[i].Value)
		}
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		for i := range r.Parts {
			r.Parts[i].Holds = holds[i].Bool
			if t, ok := r.Parts[i].Value.(time.Time); ok {
				r.Parts[i].Value = clock.DayOf(t, time.UTC)
			}
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// Words says in words what a part asks for.
func (b *Book) Words(p *i18n.Printer, part Part) string {
	return b.Sentence(p, filter.Tree{Is: &part.Condition})
}

// Text is a condition as people type it, for people: shares stand in per cent.
func (b *Book) Text(t filter.Tree) string { return b.fields.Text(t) }

// Measured writes what was measured for people; a dash where there is nothing.
func (b *Book) Measured(p *i18n.Printer, part Part) string {
	f, ok := b.fields.Field(part.Condition.Field)
	if !ok || part.Value == nil {
		if draw, ok := part.Value.(float64); ok && part.Condition.Field == filter.FieldShare {
			return p.Percent(draw, 1)
		}
		if part.Condition.Field == filter.FieldSegment {
			return p.T("segment.in." + map[bool]string{true: "yes", false: "no"}[part.Holds == (part.Condition.Is == filter.In)])
		}
		return p.T("segment.nothing")
	}
	if both, ok := part.Value.([]any); ok && len(both) == 2 {
		return p.T("segment.from_to", "from", b.show(p, f, both[0]), "to", b.show(p, f, both[1]))
	}
	return b.show(p, f, part.Value)
}

// show writes a value as it came from the warehouse.
func (b *Book) show(p *i18n.Printer, f filter.Field, value any) string {
	var v filter.Value
	switch x := value.(type) {
	case int64:
		if v = (filter.Value{Kind: filter.NumberValue, Number: float64(x)}); f.Type == filter.TypeMoney {
			v = filter.Value{Kind: filter.MoneyValue, Money: money.Amount{Minor: x, Currency: b.Catalogue.Currency()}}
		}
	case float64:
		v = filter.Value{Kind: filter.NumberValue, Number: x}
	case bool:
		v = filter.Value{Kind: filter.FlagValue, Flag: x}
	case clock.Day:
		v = filter.Value{Kind: filter.DayValue, Day: filter.Moment{Day: x}}
	case string:
		if x == "" {
			return p.T("segment.nothing")
		}
		if f.Many {
			return x
		}
		v = filter.Value{Text: x}
	default:
		return fmt.Sprint(x)
	}
	return f.Show(p, v)
}

// Shared is how many customers two segments have, together and each for itself.
type Shared struct{ First, Second, Both int64 }

// Overlap counts how many customers meet both of two conditions.
func (b *Book) Overlap(ctx context.Context, w warehouse.Querier, first, second filter.Tree, asOf clock.Day) (o Shared, err error) {
	for _, part := range []struct {
		t filter.Tree
		n *int64
	}{{first, &o.First}, {second, &o.Second}, {both(first, second), &o.Both}} {
		q, err := b.Query(part.t, asOf)
		if err != nil {
			return o, err
		}
		if *part.n, err = Count(ctx, w, q); err != nil {
			return o, err
		}
	}
	return o, nil
}

// both is the tree of those who meet two.
func both(first, second filter.Tree) filter.Tree {
	switch {
	case first.Everybody():
		return second
	case second.Everybody():
		return first
	}
	return filter.Tree{Join: filter.And, Parts: []filter.Tree{first, second}}
}
