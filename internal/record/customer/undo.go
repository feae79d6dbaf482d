package customer

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Undo takes back the change with that number of the feed: its fields get the values they had. Where somebody changed
// one of them since, it is a conflict, and nothing happens. An undo is a change like others, so it can be undone.
//
// A customer just created is removed. The caller makes sure that no record above this package (document, event, task)
// names her.
func Undo(ctx context.Context, tx *store.Tx, seq int64) (Edit, error) {
	found, err := feed.Newest(ctx, tx, seq+1, "", 0, 1)
	if err != nil {
		return Edit{}, err
	}
	if len(found) == 0 || found[0].Seq != seq {
		return Edit{}, fault.New(fault.NotFound, "customer.no_change")
	}
	switch c := found[0]; c.Kind {
	case KindChanged, KindNoted:
		return undoChange(ctx, tx, c)
	case KindCreated:
		return undoCreation(ctx, tx, c)
	}
	return Edit{}, fault.New(fault.Conflict, "customer.no_undo")
}

func undoChange(ctx context.Context, tx *store.Tx, c feed.Change) (Edit, error) {
	old, err := feed.OldValues(ctx, tx, c.Seq)
	if err != nil {
		return Edit{}, err
	}
	names := sortedKeys(old)
	if len(names) == 0 { // erased since, or cut off the feed
		return Edit{}, fault.New(fault.Conflict, "customer.no_undo")
	}
	later, err := changedSince(ctx, tx, c.Customer, c.Seq)
	if err != nil {
		return Edit{}, err
	}
	if slices.ContainsFunc(names, func(name string) bool { return later[name] }) {
		return Edit{}, fault.New(fault.Conflict, "customer.undo_changed")
	}
	var s *state
	e, err := editor{id: c.Customer, parts: partsOf(names), kind: KindChanged, undoes: c.Seq}.run(ctx, tx, func(loaded *state) error {
		s = loaded
		for _, name := range names {
			if err := s.restore(name, old[name]); err != nil {
				return err
			}
		}
		return s.stillFree(ctx, tx)
	})
	if err != nil || e.Seq == 0 {
		return e, err
	}
	return e, s.tellPeople(ctx, tx, e.Seq)
}

// tellPeople tells the persons whose contact changed.
func (s *state) tellPeople(ctx context.Context, tx *store.Tx, seq int64) error {
	told := map[int64]bool{}
	for _, all := range []map[int64]Contact{s.contacts.was, s.contacts.now} {
		for id, c := range all {
			if told[c.Person] || !slices.Contains(s.fields, rowField("contact", id)) {
				continue
			}
			told[c.Person] = true
			if err := tellPerson(ctx, tx, Contact{Company: s.now.ID, Person: c.Person}, seq); err != nil {
				return err
			}
		}
	}
	return nil
}

// stillFree refuses external ids that went to somebody else meanwhile.
func (s *state) stillFree(ctx context.Context, tx *store.Tx) error {
	for _, e := range s.exts {
		if owner, err := Resolve(ctx, tx, e.Source, e.ID); err != nil {
			return err
		} else if owner != 0 && owner != s.now.ID {
			return externalTaken()
		}
	}
	return nil
}

// changedSince are the fields of a customer that changed after the change with that number.
func changedSince(ctx context.Context, tx *store.Tx, customer, seq int64) (map[string]bool, error) {
	later := map[string]bool{}
	err := each(ctx, tx, sqlOldSince, []any{customer, seq}, func(found *sql.Rows) error {
		var field, old string
		if err := found.Scan(&field, &old); err != nil {
			return err
		}
		if field == OldField(customer) {
			var b before
			if err := json.Unmarshal([]byte(old), &b); err != nil {
				return err
			}
			for name := range b.Fields {
				later[name] = true
			}
		}
		later[field] = true
		return nil
	})
	return later, err
}

func undoCreation(ctx context.Context, tx *store.Tx, c feed.Change) (Edit, error) {
	s, err := loadOne(ctx, tx, c.Customer, 0)
	if err != nil {
		return Edit{}, err
	}
	bound, err := withContactsAmong(ctx, tx, []int64{c.Customer})
	if err != nil {
		return Edit{}, err
	}
	if !s.now.ChangedAt.Equal(s.now.CreatedAt) || s.now.ID != c.Customer || len(bound) > 0 {
		return Edit{}, fault.New(fault.Conflict, "customer.undo_changed")
	}
	if err := remove(ctx, tx, []int64{c.Customer}); err != nil {
		return Edit{}, err
	}
	if err := feed.EraseValues(ctx, tx, c.Customer); err != nil {
		return Edit{}, err
	}
	seq, err := feed.Append(ctx, tx, feed.New{Kind: KindRemoved, Customer: c.Customer, Subject: c.Customer,
		Body: map[string]any{"undo": c.Seq}, Rows: rowsOf(gone([]int64{c.Customer}))})
	return Edit{Seq: seq}, err
}

// Past is a value a field once had.
type Past struct {
	Seq   int64 // the change that replaced it
	At    time.Time
	Actor store.Actor
	Field string // as in the body of the change: a row of a list has its id behind a colon
	Old   string // readable; empty when there was none
}

// History lists what a field held before, newest first. A list is asked for by its name: email, phone, address,
// contact, note.
func History(ctx context.Context, tx *store.Tx, customer int64, field string) ([]Past, error) {
	var all []Past
	err := each(ctx, tx, sqlHistory, []any{customer}, func(found *sql.Rows) error {
		var p Past
		var at int64
		if err := found.Scan(&p.Seq, &p.Field, &p.Old, &at, &p.Actor.Kind, &p.Actor.ID); err != nil {
			return err
		}
		p.At = clock.Time(at)
		if p.Field != OldField(customer) {
			if belongs(p.Field, field) {
				p.Old = readable(p.Field, p.Old)
				all = append(all, p)
			}
			return nil
		}
		var b before
		if err := json.Unmarshal([]byte(p.Old), &b); err != nil {
			return err
		}
		for _, name := range sortedKeys(b.Fields) {
			if belongs(name, field) {
				p.Field, p.Old = name, readable(name, b.Fields[name])
				all = append(all, p)
			}
		}
		return nil
	})
	return all, err
}

func belongs(name, field string) bool {
	prefix, _, _ := strings.Cut(name, ":")
	return name == field || prefix == field
}

// readable is the text of an old value for people.
func readable(field, old string) string {
	prefix, _, isRow := strings.Cut(field, ":")
	if old == "" || !isRow && field != FieldTags && !strings.HasPrefix(field, "external.") {
		return old
	}
	switch prefix {
	case "email":
		return oldRow(old, func(e Email) string { return e.Address })
	case "phone":
		return oldRow(old, func(p Phone) string { return p.Written })
	case "address":
		return oldRow(old, func(a Address) string { return a.String() })
	case "contact":
		return oldRow(old, func(c Contact) string { return c.Role })
	case "note":
		return oldRow(old, func(n Note) string { return n.Text })
	}
	return oldRow(old, func(list []string) string { return strings.Join(list, ", ") })
}

func oldRow[T any](text string, show func(T) string) string {
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return text
	}
	return show(v)
}

// String is the address on one line.
func (a Address) String() string {
	var pieces []string
	for _, p := range []string{a.Line1, a.Line2, strings.TrimSpace(a.Postcode + " " + a.City), a.Country} {
		if p != "" {
			pieces = append(pieces, p)
		}
	}
	return strings.Join(pieces, ", ")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
