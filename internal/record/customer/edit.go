package customer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Edit is what a change left behind.
type Edit struct {
	Seq int64 // the entry of the feed, for Undo; 0 when nothing was different
	ID  int64 // of the row that was added, where one was
}

// Patch is a change of a customer's fields.
type Patch struct {
	Fields Fields    // new values, as people write them
	Seen   time.Time // ChangedAt of what the change is based on; zero: change whatever is there
	Source int64     // where the values came from, 0 for typed in
}

// Change gives fields of a customer new values. Every mistake is an invalid fault on its field, all of them joined; a
// customer that somebody changed after Seen is a conflict.
func Change(ctx context.Context, tx *store.Tx, id int64, p Patch) (Edit, error) {
	names := make([]string, 0, len(p.Fields))
	for name := range p.Fields {
		names = append(names, name)
	}
	slices.Sort(names)
	values, err := checkFields(ctx, tx, names, p.Fields)
	if err != nil {
		return Edit{}, err
	}
	e := editor{id: id, parts: partsOf(names), source: p.Source, kind: KindChanged}
	return e.run(ctx, tx, func(s *state) error {
		if !p.Seen.IsZero() && !s.now.ChangedAt.Equal(p.Seen) {
			return fault.New(fault.Conflict, "customer.changed_meanwhile")
		}
		for i, name := range names {
			if err := s.set(name, values[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkFields reads values of a customer's own and custom fields.
func checkFields(ctx context.Context, tx *store.Tx, names []string, of Fields) ([]string, error) {
	var catalogue Catalogue
	var all []error
	values := make([]string, len(names))
	for i, name := range names {
		if fieldOf(name) == nil && catalogue.Custom == nil {
			var err error
			if catalogue, err = LoadCatalogue(ctx, tx); err != nil {
				return nil, err
			}
		}
		if slices.Contains([]string{FieldExternalID, FieldEmail, FieldPhone, FieldMobile, FieldLine1, FieldLine2, FieldPostcode, FieldCity, FieldTags}, name) {
			all = append(all, fault.New(fault.Invalid, "customer.unknown_field", "field", name).On(name))
			continue
		}
		var err error
		if values[i], err = catalogue.Check(name, of[name]); err != nil {
			all = append(all, err)
		}
	}
	return values, errors.Join(all...)
}

// set gives a checked value to a field of the own row or a custom one.
func (s *state) set(name, value string) error {
	if name == "kind" && value == "" {
		return fault.New(fault.Invalid, "errors.required").On(name)
	}
	return s.restore(name, value)
}

// editor changes one customer and tells the feed.
type editor struct {
	id     int64
	parts  parts
	source int64
	kind   string
	undoes int64
}

// run loads the customer, lets fn change her, and writes what differs. A merged customer is changed where she went; an
// erased one is a conflict.
func (e editor) run(ctx context.Context, tx *store.Tx, fn func(*state) error) (Edit, error) {
	s, err := loadOne(ctx, tx, e.id, e.parts)
	if err != nil {
		return Edit{}, err
	}
	if !s.now.ErasedAt.IsZero() {
		return Edit{}, fault.New(fault.Conflict, "customer.is_erased")
	}
	if e.undoes != 0 && s.now.ID != e.id { // merged since: what it was is no longer hers alone
		return Edit{}, fault.New(fault.Conflict, "customer.no_undo")
	}
	if err := fn(s); err != nil {
		return Edit{}, err
	}
	s.now.Run = 0
	dirty, err := save(ctx, tx, []*state{s})
	if err != nil || len(dirty) == 0 {
		return Edit{}, err
	}
	seq, err := e.tell(ctx, tx, s)
	return Edit{Seq: seq}, err
}

func (e editor) tell(ctx context.Context, tx *store.Tx, s *state) (int64, error) {
	body := map[string]any{"fields": s.fields}
	if e.undoes != 0 {
		body["undo"] = e.undoes
	}
	seq, err := feed.Append(ctx, tx, feed.New{Kind: e.kind, Customer: s.now.ID, Subject: s.now.ID, Body: body, Rows: touched([]*state{s}), Old: s.old})
	if err != nil {
		return 0, err
	}
	return seq, saveOrigins(ctx, tx, []*state{s}, e.source, seq)
}

// loadOne loads a customer, following where she was merged into. Nobody is a notfound fault.
func loadOne(ctx context.Context, tx *store.Tx, id int64, p parts) (*state, error) {
	for range 10 {
		states, err := loadStates(ctx, tx, []int64{id}, p)
		if err != nil {
			return nil, err
		}
		s := states[id]
		if s == nil {
			return nil, notFound()
		}
		if s.now.MergedInto == 0 {
			return s, nil
		}
		id = s.now.MergedInto
	}
	return nil, fmt.Errorf("customer %d: merged in a circle", id)
}

// Draft is a customer to create.
type Draft struct {
	Source     int64  // where she comes from, 0 for typed in
	ExternalID string // what she is called there, may be empty
	Fields     Fields
	Emails     []Email
	Phones     []Phone
	Addresses  []Address
	Tags       []string
}

// Create adds a customer. Every mistake is an invalid fault on its field; an external id that is taken a conflict.
func Create(ctx context.Context, tx *store.Tx, d Draft) (Edit, error) {
	s, err := d.state(ctx, tx)
	if err != nil {
		return Edit{}, err
	}
	if _, err := save(ctx, tx, []*state{s}); err != nil {
		if store.IsUnique(err) {
			return Edit{}, externalTaken()
		}
		return Edit{}, err
	}
	seq, err := feed.Append(ctx, tx, feed.New{Kind: KindCreated, Customer: s.now.ID, Subject: s.now.ID,
		Body: map[string]any{"kind": s.now.Kind}, Rows: touched([]*state{s})})
	return Edit{Seq: seq, ID: s.now.ID}, err
}

func externalTaken() *fault.Error {
	return fault.New(fault.Conflict, "customer.external_taken").On(FieldExternalID)
}

func (d Draft) state(ctx context.Context, tx *store.Tx) (*state, error) {
	names := make([]string, 0, len(d.Fields))
	for name := range d.Fields {
		names = append(names, name)
	}
	slices.Sort(names)
	values, err := checkFields(ctx, tx, names, d.Fields)
	if err != nil {
		return nil, err
	}
	s := &state{fresh: true, now: Customer{Source: d.Source, ExternalID: d.ExternalID}}
	for i, name := range names {
		if name == "kind" && values[i] == "" {
			continue
		}
		if err := s.restore(name, values[i]); err != nil {
			return nil, err
		}
	}
	if s.now.Kind == "" {
		s.now.Kind = guessKind(&s.now)
	}
	if d.ExternalID != "" {
		if err := s.attach(ctx, tx, d.Source, d.ExternalID); err != nil {
			return nil, err
		}
	}
	if err := d.reach(ctx, tx, s); err != nil {
		return nil, err
	}
	s.settle()
	if s.now.Name == "" && s.now.ExternalID == "" && len(s.emails.now) == 0 {
		return nil, fault.New(fault.Invalid, "customer.nameless").On("name")
	}
	return s, nil
}

// reach adds mail, phone, addresses and tags.
func (d Draft) reach(ctx context.Context, tx *store.Tx, s *state) error {
	var all []error
	for _, e := range d.Emails {
		e.CreatedAt = clock.Micros(tx.Now)
		_, err := s.putEmail(e)
		all = append(all, err)
	}
	for _, p := range d.Phones {
		p.CreatedAt = clock.Micros(tx.Now)
		_, err := s.putPhone(ctx, tx, p)
		all = append(all, err)
	}
	for _, a := range d.Addresses {
		a.CreatedAt = clock.Micros(tx.Now)
		_, err := s.putAddress(a)
		all = append(all, err)
	}
	for _, t := range d.Tags {
		tags, err := splitTags(t)
		if err != nil {
			all = append(all, err.On(FieldTags))
		}
		s.addTags(tags)
	}
	return errors.Join(all...)
}
