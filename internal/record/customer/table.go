package customer

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"stamm/internal/platform/store"
)

// table tells how the rows of a T that belong to customers are kept.
type table[T any] struct {
	name    string
	owner   string   // the column with the customer
	columns []string // behind id and owner
	values  func(*T) []any
	dests   func(*T) []any
	id      func(*T) *int64
}

var emailTable = table[Email]{"customer_email", "customer",
	[]string{"address", "folded", "type", "main", "valid", "source", "valid_from", "valid_until", "created_at"},
	func(e *Email) []any {
		folded, _ := FoldMail(e.Address)
		return []any{e.Address, folded, e.Type, store.Flag(e.Main), store.Flag(e.Valid), e.Source, dayValue(e.From), dayValue(e.Until), e.CreatedAt}
	},
	func(e *Email) []any {
		return []any{&e.Address, new(string), &e.Type, &e.Main, &e.Valid, &e.Source, &e.From, &e.Until, &e.CreatedAt}
	},
	func(e *Email) *int64 { return &e.ID }}

var phoneTable = table[Phone]{"customer_phone", "customer",
	[]string{"number", "written", "type", "main", "valid", "source", "valid_from", "valid_until", "created_at"},
	func(p *Phone) []any {
		return []any{p.Number, p.Written, p.Type, store.Flag(p.Main), store.Flag(p.Valid), p.Source, dayValue(p.From), dayValue(p.Until), p.CreatedAt}
	},
	func(p *Phone) []any {
		return []any{&p.Number, &p.Written, &p.Type, &p.Main, &p.Valid, &p.Source, &p.From, &p.Until, &p.CreatedAt}
	},
	func(p *Phone) *int64 { return &p.ID }}

var addressTable = table[Address]{"customer_address", "customer",
	[]string{"type", "line1", "line2", "postcode", "city", "region", "country", "main", "source", "valid_from", "valid_until", "created_at"},
	func(a *Address) []any {
		return []any{a.Type, a.Line1, a.Line2, a.Postcode, a.City, a.Region, a.Country, store.Flag(a.Main), a.Source, dayValue(a.From), dayValue(a.Until), a.CreatedAt}
	},
	func(a *Address) []any {
		return []any{&a.Type, &a.Line1, &a.Line2, &a.Postcode, &a.City, &a.Region, &a.Country, &a.Main, &a.Source, &a.From, &a.Until, &a.CreatedAt}
	},
	func(a *Address) *int64 { return &a.ID }}

var contactTable = table[Contact]{"customer_contact", "company",
	[]string{"person", "role", "source", "valid_from", "valid_until", "created_at"},
	func(c *Contact) []any {
		return []any{c.Person, c.Role, c.Source, dayValue(c.From), dayValue(c.Until), c.CreatedAt}
	},
	func(c *Contact) []any {
		return []any{&c.Person, &c.Role, &c.Source, &c.From, &c.Until, &c.CreatedAt}
	},
	func(c *Contact) *int64 { return &c.ID }}

var noteTable = table[Note]{"customer_note", "customer",
	[]string{"text", "author", "at"},
	func(n *Note) []any { return []any{n.Text, n.Author, n.At} },
	func(n *Note) []any { return []any{&n.Text, &n.Author, &n.At} },
	func(n *Note) *int64 { return &n.ID }}

// load reads the rows of customers into the states, as they were and as they are.
func (t table[T]) load(ctx context.Context, tx *store.Tx, ids string, into func(customer int64) *rows[T]) error {
	text := fmt.Sprintf("SELECT id, %s, %s FROM %s WHERE %s %s", t.owner, strings.Join(t.columns, ", "), t.name, t.owner, tx.Numbers("$1"))
	return each(ctx, tx, text, []any{ids}, func(found *sql.Rows) error {
		var v T
		var customer int64
		if err := found.Scan(append([]any{t.id(&v), &customer}, t.dests(&v)...)...); err != nil {
			return err
		}
		r := into(customer)
		if r.was == nil {
			r.was, r.now = map[int64]T{}, map[int64]T{}
		}
		r.was[*t.id(&v)], r.now[*t.id(&v)] = v, v
		return nil
	})
}

// number gives the new rows of the states their ids.
func (t table[T]) number(ctx context.Context, tx *store.Tx, states []*state, of func(*state) *rows[T]) error {
	n := 0
	for _, s := range states {
		for id := range of(s).now {
			if id < 0 {
				n++
			}
		}
	}
	ids, err := tx.ReserveIDs(ctx, t.name, n)
	if err != nil {
		return err
	}
	for _, s := range states {
		if len(ids) == 0 {
			return nil
		}
		r := of(s)
		for _, id := range slices.Backward(slices.Sorted(maps.Keys(r.now))) { // -1 was added first
			if id > 0 {
				continue
			}
			v := r.now[id]
			delete(r.now, id)
			*t.id(&v), ids = ids[0], ids[1:]
			r.now[*t.id(&v)] = v
		}
	}
	return nil
}

// save writes what differs: a changed row is deleted and written anew.
func (t table[T]) save(ctx context.Context, tx *store.Tx, states []*state, of func(*state) *rows[T]) error {
	var gone []int64
	var fresh [][]any
	for _, s := range states {
		r := of(s)
		for id, before := range r.was {
			after, stays := r.now[id]
			if !stays || store.JSON(after) != store.JSON(before) {
				gone = append(gone, id)
			}
		}
		for _, id := range slices.Sorted(maps.Keys(r.now)) {
			after := r.now[id]
			if before, was := r.was[id]; was && store.JSON(before) == store.JSON(after) {
				continue
			}
			fresh = append(fresh, append([]any{id, s.now.ID}, t.values(&after)...))
		}
	}
	if len(gone) > 0 {
		if _, err := tx.Exec(ctx, "DELETE FROM "+t.name+" WHERE id "+tx.Numbers("$1"), store.JSON(gone)); err != nil {
			return err
		}
	}
	return tx.Insert(ctx, t.name, append([]string{"id", t.owner}, t.columns...), fresh)
}

// each calls fn for every row of a query.
func each(ctx context.Context, tx *store.Tx, text string, args []any, fn func(*sql.Rows) error) error {
	found, err := tx.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		if err := fn(found); err != nil {
			return err
		}
	}
	return found.Err()
}
