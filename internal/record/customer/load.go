package customer

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Whole is a customer with everything that is known about her.
type Whole struct {
	Customer
	Emails    []Email
	Phones    []Phone
	Addresses []Address
	Notes     []Note // newest first
	Tags      []string
	Custom    map[string]string // by key
	Externals []External
	People    []Related // who acts for this company
	Companies []Related // whom this person acts for
	origins   map[string]Origin
}

// Related is a contact and the name of the other side.
type Related struct {
	Contact
	Name string
}

// Origin tells where the value of a field came from. What was never changed came with the customer.
func (w *Whole) Origin(field string) Origin {
	if o, changed := w.origins[field]; changed {
		return o
	}
	o := Origin{Source: w.Source, At: w.CreatedAt}
	if w.MadeRun != 0 {
		o.ActorKind = "job"
	}
	return o
}

// Value is the text of one of the customer's own fields or of custom.KEY.
func (w *Whole) Value(field string) string {
	if key, isCustom := strings.CutPrefix(field, customPrefix); isCustom {
		return w.Custom[key]
	}
	if f := fieldOf(field); f != nil {
		return f.value(&w.Customer)
	}
	return ""
}

// Load reads a customer with everything. An id that was merged into another gives the other one, an erased customer is
// an empty shell; nobody is a notfound fault.
func Load(ctx context.Context, tx *store.Tx, id int64) (*Whole, error) {
	s, err := loadOne(ctx, tx, id, withEmails|withPhones|withAddresses|withNotes|withTags|withCustom|withExternals|withOrigins)
	if err != nil {
		return nil, err
	}
	w := &Whole{Customer: s.now, Emails: s.emails.sorted(), Phones: s.phones.sorted(), Addresses: s.addresses.sorted(),
		Notes: s.notes.sorted(), Tags: s.tags, Custom: s.custom, Externals: s.exts, origins: s.origins}
	slices.Reverse(w.Notes)
	mainFirst(w.Emails, func(e Email) bool { return e.Main })
	mainFirst(w.Phones, func(p Phone) bool { return p.Main })
	mainFirst(w.Addresses, func(a Address) bool { return a.Main })
	if w.People, err = related(ctx, tx, sqlPeople, w.ID); err != nil {
		return nil, err
	}
	w.Companies, err = related(ctx, tx, sqlCompanies, w.ID)
	return w, err
}

func mainFirst[T any](all []T, main func(T) bool) {
	slices.SortStableFunc(all, func(a, b T) int {
		switch ma, mb := main(a), main(b); {
		case ma == mb:
			return 0
		case ma:
			return -1
		}
		return 1
	})
}

func related(ctx context.Context, tx *store.Tx, text string, id int64) ([]Related, error) {
	var all []Related
	err := each(ctx, tx, text, []any{id}, func(found *sql.Rows) error {
		var r Related
		err := found.Scan(append([]any{&r.ID, &r.Company, &r.Name}, contactTable.dests(&r.Contact)...)...)
		all = append(all, r)
		return err
	})
	return all, err
}

// Entry is a line of a customer's timeline: a change, the fields it touched and what they held, readable.
type Entry struct {
	feed.Change
	Fields []string
	Old    map[string]string
}

// Timeline lists what happened to a customer, newest first, before the change numbered before (0 for the newest).
func Timeline(ctx context.Context, tx *store.Tx, id, before int64, limit int) ([]Entry, error) {
	changes, err := feed.OfCustomer(ctx, tx, id, before, limit)
	if err != nil || len(changes) == 0 {
		return nil, err
	}
	entries := make([]Entry, len(changes))
	of := make(map[int64]*Entry, len(changes))
	seqs := make([]int64, len(changes))
	for i, c := range changes {
		entries[i] = Entry{Change: c, Old: map[string]string{}}
		of[c.Seq], seqs[i] = &entries[i], c.Seq
		var body struct {
			Fields []string `json:"fields"`
		}
		if json.Unmarshal(c.Body, &body) == nil { // other domains may mean something else by fields
			entries[i].Fields = body.Fields
		}
	}
	err = each(ctx, tx, fmt.Sprintf(sqlOldOf, tx.Numbers("$2")), []any{id, store.JSON(seqs)}, func(found *sql.Rows) error {
		var seq int64
		var field, old string
		if err := found.Scan(&seq, &field, &old); err != nil {
			return err
		}
		of[seq].Old[field] = readable(field, old)
		return nil
	})
	return entries, err
}

// Names returns the names of customers by id, for lists of other things. Who has no name is called by number or mail
// address; who was erased is missing.
func Names(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]string, error) {
	names := make(map[int64]string, len(ids))
	if len(ids) == 0 {
		return names, nil
	}
	err := each(ctx, tx, fmt.Sprintf(sqlNames, tx.Numbers("$1")), []any{store.JSON(ids)}, func(found *sql.Rows) error {
		var id int64
		var name string
		err := found.Scan(&id, &name)
		names[id] = name
		return err
	})
	return names, err
}

// LastNotes tells when somebody last wrote a note about these customers, by id; of whom nothing is noted is left out.
func LastNotes(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]time.Time, error) {
	last := make(map[int64]time.Time, len(ids))
	if len(ids) == 0 {
		return last, nil
	}
	err := each(ctx, tx, fmt.Sprintf(sqlLastNotes, tx.Numbers("$1")), []any{store.JSON(ids)}, func(found *sql.Rows) error {
		var id, at int64
		err := found.Scan(&id, &at)
		last[id] = clock.Time(at)
		return err
	})
	return last, err
}
