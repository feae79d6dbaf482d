package customer

import (
	"context"
	"slices"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// The types of mail addresses, telephone numbers and postal addresses; empty is allowed everywhere.
var (
	EmailTypes   = []string{"work", "private", "billing"}
	PhoneTypes   = []string{"work", "private", "mobile", "fax"}
	AddressTypes = []string{"billing", "shipping", "private"}
)

// AddEmail adds a mail address. The first one is the main one.
func AddEmail(ctx context.Context, tx *store.Tx, id int64, e Email) (Edit, error) {
	e.ID, e.CreatedAt = 0, clock.Micros(tx.Now)
	return editEmail(ctx, tx, id, e)
}

// ChangeEmail replaces the mail address with e.ID.
func ChangeEmail(ctx context.Context, tx *store.Tx, id int64, e Email) (Edit, error) {
	if e.ID <= 0 {
		return Edit{}, notFound()
	}
	return editEmail(ctx, tx, id, e)
}

func editEmail(ctx context.Context, tx *store.Tx, id int64, e Email) (Edit, error) {
	return editRow(ctx, tx, id, forSearch, e.Source, emailsOf, e.ID == 0, func(s *state) (int64, error) { return s.putEmail(e) })
}

// RemoveEmail takes a mail address away; another one becomes the main one if need be.
func RemoveEmail(ctx context.Context, tx *store.Tx, id, email int64) (Edit, error) {
	return removeRow(ctx, tx, id, forSearch, emailsOf, email, (*state).settleEmails)
}

// putEmail adds an address, or replaces the one with its id, and returns the id.
func (s *state) putEmail(e Email) (int64, error) {
	if e.Address = clean(e.Address); e.Address == "" {
		return 0, fault.New(fault.Invalid, "errors.required").On(FieldEmail)
	}
	folded, valid := FoldMail(e.Address)
	if !valid {
		return 0, fault.New(fault.Invalid, "errors.mail", "text", e.Address).On(FieldEmail)
	}
	e.Valid = true
	if err := checkRow("type", e.Type, EmailTypes, e.From, e.Until); err != nil {
		return 0, err
	}
	for id, other := range s.emails.now {
		if otherFolded, _ := FoldMail(other.Address); otherFolded == folded && id != e.ID {
			return 0, fault.New(fault.Conflict, "customer.mail_twice").On(FieldEmail)
		}
	}
	return putRow(&s.emails, &e, &e.ID, &e.CreatedAt, func(e *Email) *int64 { return &e.CreatedAt }, func(e *Email) *bool { return &e.Main })
}

// AddPhone adds a telephone number, read as people in the customer's country write it.
func AddPhone(ctx context.Context, tx *store.Tx, id int64, p Phone) (Edit, error) {
	p.ID, p.CreatedAt = 0, clock.Micros(tx.Now)
	return editPhone(ctx, tx, id, p)
}

// ChangePhone replaces the telephone number with p.ID.
func ChangePhone(ctx context.Context, tx *store.Tx, id int64, p Phone) (Edit, error) {
	if p.ID <= 0 {
		return Edit{}, notFound()
	}
	return editPhone(ctx, tx, id, p)
}

func editPhone(ctx context.Context, tx *store.Tx, id int64, p Phone) (Edit, error) {
	return editRow(ctx, tx, id, withPhones, p.Source, phonesOf, p.ID == 0, func(s *state) (int64, error) { return s.putPhone(ctx, tx, p) })
}

// RemovePhone takes a telephone number away.
func RemovePhone(ctx context.Context, tx *store.Tx, id, phone int64) (Edit, error) {
	return removeRow(ctx, tx, id, withPhones, phonesOf, phone, (*state).settlePhones)
}

func (s *state) putPhone(ctx context.Context, tx *store.Tx, p Phone) (int64, error) {
	p.Written = clean(p.Written)
	region := s.now.Country
	if region == "" {
		settings, err := company.Load(ctx, tx)
		if err != nil {
			return 0, err
		}
		region = settings.Country
	}
	if p.Written == "" {
		return 0, fault.New(fault.Invalid, "errors.required").On(FieldPhone)
	}
	p.Number, p.Valid = NormalPhone(p.Written, region)
	if p.Number == "" {
		return 0, fault.New(fault.Invalid, "customer.phone_form", "text", p.Written).On(FieldPhone)
	}
	if err := checkRow("type", p.Type, PhoneTypes, p.From, p.Until); err != nil {
		return 0, err
	}
	return putRow(&s.phones, &p, &p.ID, &p.CreatedAt, func(p *Phone) *int64 { return &p.CreatedAt }, func(p *Phone) *bool { return &p.Main })
}

// AddAddress adds a postal address.
func AddAddress(ctx context.Context, tx *store.Tx, id int64, a Address) (Edit, error) {
	a.ID, a.CreatedAt = 0, clock.Micros(tx.Now)
	return editAddress(ctx, tx, id, a)
}

// ChangeAddress replaces the postal address with a.ID.
func ChangeAddress(ctx context.Context, tx *store.Tx, id int64, a Address) (Edit, error) {
	if a.ID <= 0 {
		return Edit{}, notFound()
	}
	return editAddress(ctx, tx, id, a)
}

func editAddress(ctx context.Context, tx *store.Tx, id int64, a Address) (Edit, error) {
	return editRow(ctx, tx, id, withAddresses, a.Source, addressesOf, a.ID == 0, func(s *state) (int64, error) { return s.putAddress(a) })
}

// RemoveAddress takes a postal address away.
func RemoveAddress(ctx context.Context, tx *store.Tx, id, address int64) (Edit, error) {
	return removeRow(ctx, tx, id, withAddresses, addressesOf, address, (*state).settleAddresses)
}

func (s *state) putAddress(a Address) (int64, error) {
	for _, f := range []struct {
		name string
		text *string
	}{{FieldLine1, &a.Line1}, {FieldLine2, &a.Line2}, {FieldPostcode, &a.Postcode}, {FieldCity, &a.City}, {"region", &a.Region}} {
		v, err := checkText(*f.text)
		if err != nil {
			return 0, err.On(f.name)
		}
		*f.text = v
	}
	country, err := checkCountry(a.Country)
	if err != nil {
		return 0, err.On("country")
	}
	a.Country = country
	if a.Line1+a.Line2+a.Postcode+a.City == "" {
		return 0, fault.New(fault.Invalid, "errors.required").On(FieldLine1)
	}
	if err := checkRow("type", a.Type, AddressTypes, a.From, a.Until); err != nil {
		return 0, err
	}
	return putRow(&s.addresses, &a, &a.ID, &a.CreatedAt, func(a *Address) *int64 { return &a.CreatedAt }, func(a *Address) *bool { return &a.Main })
}

func checkRow(field, kind string, kinds []string, from, until *clock.Day) error {
	if kind != "" && !slices.Contains(kinds, kind) {
		return fault.New(fault.Invalid, "errors.choice", "text", kind).On(field)
	}
	return checkPeriod(from, until)
}

func checkPeriod(from, until *clock.Day) error {
	if from != nil && until != nil && *until < *from {
		return fault.New(fault.Invalid, "customer.period").On("until")
	}
	return nil
}

// putRow adds a row without an id, or replaces the one with it, and keeps exactly one row the main one.
func putRow[T any](r *rows[T], v *T, id, created *int64, createdOf func(*T) *int64, main func(*T) *bool) (int64, error) {
	if *id == 0 {
		r.add(v, id)
	} else {
		before, there := r.now[*id]
		if !there {
			return 0, notFound()
		}
		*created = *createdOf(&before)
		r.now[*id] = *v
	}
	if *main(v) {
		for other, row := range r.now {
			if other != *id && *main(&row) {
				*main(&row) = false
				r.now[other] = row
			}
		}
	}
	settleMain(r, main)
	return *id, nil
}

// editRow puts a row into one of a customer's lists; added tells that it is new, and its id is wanted.
func editRow[T any](ctx context.Context, tx *store.Tx, id int64, p parts, source int64, of func(*state) *rows[T], added bool, put func(*state) (int64, error)) (Edit, error) {
	var changed *state
	e, err := editor{id: id, parts: p, source: source, kind: KindChanged}.run(ctx, tx, func(s *state) error {
		changed = s
		_, err := put(s)
		return err
	})
	if err == nil && added {
		for rowID := range of(changed).now {
			if _, was := of(changed).was[rowID]; !was {
				e.ID = rowID
			}
		}
	}
	return e, err
}

func removeRow[T any](ctx context.Context, tx *store.Tx, id int64, p parts, of func(*state) *rows[T], row int64, settle func(*state)) (Edit, error) {
	return editor{id: id, parts: p, kind: KindChanged}.run(ctx, tx, func(s *state) error {
		if _, there := of(s).now[row]; !there {
			return notFound()
		}
		delete(of(s).now, row)
		settle(s)
		return nil
	})
}

// Tag adds and removes tags.
func Tag(ctx context.Context, tx *store.Tx, id int64, add, remove []string) (Edit, error) {
	added, bad := splitTags(strings.Join(add, ","))
	if bad != nil {
		return Edit{}, bad.On(FieldTags)
	}
	return editor{id: id, parts: withTags, kind: KindChanged}.run(ctx, tx, func(s *state) error {
		s.addTags(added)
		s.tags = without(s.tags, remove)
		return nil
	})
}

// AddNote writes something down about a customer, in the name of the user who acts.
func AddNote(ctx context.Context, tx *store.Tx, id int64, text string) (Edit, error) {
	text = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", ""))
	if text == "" {
		return Edit{}, fault.New(fault.Invalid, "errors.required").On("text")
	}
	if len(text) > maxNote {
		return Edit{}, fault.New(fault.Invalid, "errors.too_long", "max", maxNote).On("text")
	}
	n := Note{Text: text, At: clock.Micros(tx.Now)}
	if tx.Actor.Kind == "user" {
		n.Author = tx.Actor.ID
	}
	var changed *state
	e, err := editor{id: id, kind: KindNoted}.run(ctx, tx, func(s *state) error {
		changed = s
		s.notes.add(&n, &n.ID)
		return nil
	})
	if err == nil {
		for rowID := range changed.notes.now {
			e.ID = rowID
		}
	}
	return e, err
}

const maxNote = 20000

// RemoveNote takes a note away.
func RemoveNote(ctx context.Context, tx *store.Tx, id, note int64) (Edit, error) {
	return removeRow(ctx, tx, id, withNotes, notesOf, note, func(*state) {})
}
