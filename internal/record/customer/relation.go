package customer

import (
	"context"
	"database/sql"
	"errors"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// AddContact says that a person acts for a company. The change is the company's; the person's history points at it.
func AddContact(ctx context.Context, tx *store.Tx, c Contact) (Edit, error) {
	c.ID, c.CreatedAt = 0, clock.Micros(tx.Now)
	return editContact(ctx, tx, c)
}

// ChangeContact changes role and period of the contact with c.ID.
func ChangeContact(ctx context.Context, tx *store.Tx, c Contact) (Edit, error) {
	if c.ID <= 0 {
		return Edit{}, notFound()
	}
	return editContact(ctx, tx, c)
}

func editContact(ctx context.Context, tx *store.Tx, c Contact) (Edit, error) {
	role, bad := checkText(c.Role)
	if bad != nil {
		return Edit{}, bad.On("role")
	}
	c.Role = role
	if err := checkPeriod(c.From, c.Until); err != nil {
		return Edit{}, err
	}
	person, err := loadOne(ctx, tx, c.Person, 0)
	if err != nil {
		return Edit{}, err
	}
	if person.now.Kind != Person || !person.now.ErasedAt.IsZero() {
		return Edit{}, fault.New(fault.Invalid, "customer.contact_person").On("person")
	}
	c.Person = person.now.ID
	e, err := editRow(ctx, tx, c.Company, withContacts, c.Source, contactsOf, c.ID == 0, func(s *state) (int64, error) { return s.putContact(c) })
	if err != nil || e.Seq == 0 {
		return e, err
	}
	return e, tellPerson(ctx, tx, c, e.Seq)
}

func tellPerson(ctx context.Context, tx *store.Tx, c Contact, seq int64) error {
	_, err := feed.Append(ctx, tx, feed.New{Kind: KindContact, Customer: c.Person, Subject: c.Company, Body: map[string]any{"change": seq}})
	return err
}

func (s *state) putContact(c Contact) (int64, error) {
	if s.now.Kind != Company {
		return 0, fault.New(fault.Invalid, "customer.contact_company").On("company")
	}
	c.Company = s.now.ID
	for id, other := range s.contacts.now {
		if id != c.ID && other.Person == c.Person && other.Role == c.Role && overlap(other, c) {
			return 0, fault.New(fault.Conflict, "customer.contact_twice").On("person")
		}
	}
	return putRow(&s.contacts, &c, &c.ID, &c.CreatedAt, func(c *Contact) *int64 { return &c.CreatedAt }, func(*Contact) *bool { return new(bool) })
}

func overlap(a, b Contact) bool {
	return (a.Until == nil || b.From == nil || *b.From <= *a.Until) && (b.Until == nil || a.From == nil || *a.From <= *b.Until)
}

// RemoveContact takes a contact away that never was one. One that ended gets an end with ChangeContact.
func RemoveContact(ctx context.Context, tx *store.Tx, company, contact int64) (Edit, error) {
	var gone Contact
	e, err := editor{id: company, parts: withContacts, kind: KindChanged}.run(ctx, tx, func(s *state) error {
		c, there := s.contacts.now[contact]
		if !there {
			return notFound()
		}
		gone = c
		delete(s.contacts.now, contact)
		return nil
	})
	if err != nil || e.Seq == 0 {
		return e, err
	}
	return e, tellPerson(ctx, tx, gone, e.Seq)
}

// Attach notes what a source calls a customer. An id that belongs to another customer is a conflict.
func Attach(ctx context.Context, tx *store.Tx, id, source int64, external string) (Edit, error) {
	external, bad := checkExternalID(external)
	if bad == nil && external == "" {
		bad = fault.New(fault.Invalid, "errors.required")
	}
	if bad != nil {
		return Edit{}, bad.On(FieldExternalID)
	}
	return editor{id: id, parts: forSearch, source: source, kind: KindChanged}.run(ctx, tx, func(s *state) error {
		return s.attach(ctx, tx, source, external)
	})
}

func (s *state) attach(ctx context.Context, tx *store.Tx, source int64, external string) error {
	owner, err := Resolve(ctx, tx, source, external)
	switch {
	case err != nil:
		return err
	case owner != 0 && owner == s.now.ID:
		return nil
	case owner != 0:
		return externalTaken()
	}
	s.exts = append(s.exts[:len(s.exts):len(s.exts)], External{Source: source, ID: external})
	s.settleMain()
	return nil
}

// Detach forgets what a source calls a customer.
func Detach(ctx context.Context, tx *store.Tx, id, source int64, external string) (Edit, error) {
	return editor{id: id, parts: forSearch, kind: KindChanged}.run(ctx, tx, func(s *state) error {
		var left []External
		for _, e := range s.exts {
			if e.Source != source || e.ID != external {
				left = append(left, e)
			}
		}
		if len(left) == len(s.exts) {
			return notFound()
		}
		s.exts = left
		s.settleMain()
		return nil
	})
}

// Resolve returns the customer whom a source calls so, 0 for nobody.
func Resolve(ctx context.Context, tx *store.Tx, source int64, external string) (int64, error) {
	var id int64
	err := tx.QueryRow(ctx, sqlResolve, source, external).Scan(&id)
	if errors.Is(err, store.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// ResolveMail returns the customers with a mail address, oldest first.
func ResolveMail(ctx context.Context, tx *store.Tx, address string) ([]int64, error) {
	folded, ok := FoldMail(address)
	if !ok {
		return nil, nil
	}
	var ids []int64
	err := each(ctx, tx, sqlResolveMail, []any{folded}, func(found *sql.Rows) error {
		var id int64
		err := found.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}
