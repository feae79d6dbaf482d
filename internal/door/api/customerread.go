package api

import (
	"context"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// CustomerRow is a customer in a list.
type CustomerRow struct {
	ID         int64  `json:"id"`
	Kind       string `json:"kind"`
	Name       string `json:"name,omitempty"`
	Company    string `json:"company,omitempty"`
	Source     string `json:"source,omitempty"`
	ExternalID string `json:"external_id,omitempty"`
	Email      string `json:"email,omitempty"`
	Phone      string `json:"phone,omitempty"`
	City       string `json:"city,omitempty"`
	Country    string `json:"country,omitempty"`
	Excluded   string `json:"excluded,omitempty"`
	Since      string `json:"since,omitempty" format:"date"`
	ChangedAt  string `json:"changed_at"`
}

// Customer is a customer as it is kept.
type Customer struct {
	ID          int64              `json:"id"`
	Kind        string             `json:"kind"`
	Name        string             `json:"name,omitempty"`
	FirstName   string             `json:"first_name,omitempty"`
	LastName    string             `json:"last_name,omitempty"`
	Company     string             `json:"company,omitempty"`
	Salutation  string             `json:"salutation,omitempty"`
	Title       string             `json:"title,omitempty"`
	AddressForm string             `json:"address_form,omitempty"`
	Language    string             `json:"language,omitempty"`
	Country     string             `json:"country,omitempty"`
	Region      string             `json:"region,omitempty"`
	Birthday    string             `json:"birthday,omitempty" format:"date"`
	Excluded    string             `json:"excluded,omitempty"`
	Since       string             `json:"since,omitempty" format:"date"`
	Emails      []CustomerEmail    `json:"emails" nullable:"false"`
	Phones      []CustomerPhone    `json:"phones" nullable:"false"`
	Addresses   []CustomerAddress  `json:"addresses" nullable:"false"`
	Tags        []string           `json:"tags" nullable:"false"`
	Custom      map[string]string  `json:"custom,omitempty"`
	Externals   []CustomerExternal `json:"external_ids" nullable:"false"`
	Contacts    []CustomerContact  `json:"contacts" nullable:"false"`
	ErasedAt    string             `json:"erased_at,omitempty"`
	CreatedAt   string             `json:"created_at"`
	ChangedAt   string             `json:"changed_at"`
}

// CustomerEmail is a mail address of a customer.
type CustomerEmail struct {
	Address string `json:"address"`
	Type    string `json:"type,omitempty"`
	Main    bool   `json:"main"`
	Valid   bool   `json:"valid"`
	Source  string `json:"source,omitempty"`
	Validity
}

// CustomerPhone is a telephone number of a customer.
type CustomerPhone struct {
	Number  string `json:"number,omitempty"`
	Written string `json:"written"`
	Type    string `json:"type,omitempty"`
	Main    bool   `json:"main"`
	Valid   bool   `json:"valid"`
	Source  string `json:"source,omitempty"`
	Validity
}

// CustomerAddress is a postal address of a customer.
type CustomerAddress struct {
	Type     string `json:"type,omitempty"`
	Line1    string `json:"line1,omitempty"`
	Line2    string `json:"line2,omitempty"`
	Postcode string `json:"postcode,omitempty"`
	City     string `json:"city,omitempty"`
	Region   string `json:"region,omitempty"`
	Country  string `json:"country,omitempty"`
	Main     bool   `json:"main"`
	Source   string `json:"source,omitempty"`
	Validity
}

// Validity is from when until when something holds, days included.
type Validity struct {
	From  string `json:"valid_from,omitempty" format:"date"`
	Until string `json:"valid_until,omitempty" format:"date"`
}

// CustomerExternal is what a source calls a customer.
type CustomerExternal struct {
	Source     string `json:"source"`
	ExternalID string `json:"external_id"`
}

// CustomerContact is a person who acts for a company, seen from either side.
type CustomerContact struct {
	Company int64  `json:"company"`
	Person  int64  `json:"person"`
	Name    string `json:"name,omitempty"`
	Role    string `json:"role,omitempty"`
	Validity
}

type customerQuery struct {
	PageQuery
	Kind    string `query:"kind" enum:"person,company"`
	Country string `query:"country"`
	Tag     string `query:"tag"`
}

func (s *server) listCustomers(ctx context.Context, _ *call, in *customerQuery) (page Page[CustomerRow], err error) {
	page.Items = []CustomerRow{}
	after, err := in.id()
	if err != nil {
		return page, err
	}
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		names, err := sourceNames(ctx, tx)
		if err != nil {
			return err
		}
		rows, more, err := customer.List(ctx, tx, customer.Filter{Kind: in.Kind, Country: in.Country, Tag: in.Tag}, customer.Order{}, after, in.Limit)
		for _, r := range rows {
			page.Items = append(page.Items, CustomerRow{ID: r.ID, Kind: r.Kind, Name: r.Name, Company: r.Company, Source: names[r.Source],
				ExternalID: r.ExternalID, Email: r.Email, Phone: r.Phone, City: r.City, Country: r.Country, Excluded: r.Excluded,
				Since: dayText(r.Since), ChangedAt: timeText(r.ChangedAt)})
		}
		if more {
			page.Next = idText(rows[len(rows)-1].ID)
		}
		return err
	})
	return page, err
}

func (s *server) getCustomer(ctx context.Context, _ *call, in *IDPath) (Customer, error) {
	return s.customer(ctx, func(*store.Tx) (int64, error) { return in.ID, nil })
}

func (s *server) findCustomer(ctx context.Context, _ *call, in *externalPath) (Customer, error) {
	return s.customer(ctx, func(tx *store.Tx) (int64, error) {
		source, err := customer.FindSource(ctx, tx, in.Source)
		if err != nil {
			return 0, err
		}
		return customer.Resolve(ctx, tx, source, in.ExternalID)
	})
}

func (s *server) customer(ctx context.Context, find func(*store.Tx) (int64, error)) (found Customer, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		names, err := sourceNames(ctx, tx)
		if err != nil {
			return err
		}
		id, err := find(tx)
		if err != nil {
			return err
		}
		if id == 0 {
			return fault.New(fault.NotFound, "customer.not_found")
		}
		w, err := customer.Load(ctx, tx, id)
		if err == nil {
			found = customerOf(w, names)
		}
		return err
	})
	return found, err
}

func customerOf(w *customer.Whole, names map[int64]string) Customer {
	c := Customer{ID: w.ID, Kind: w.Kind, Name: w.Name, FirstName: w.FirstName, LastName: w.LastName, Company: w.Company, Salutation: w.Salutation,
		Title: w.Title, AddressForm: w.AddressForm, Language: w.Language, Country: w.Country, Region: w.Region, Birthday: dayText(w.Birthday),
		Excluded: w.Excluded, Since: dayText(w.Since), Emails: []CustomerEmail{}, Phones: []CustomerPhone{}, Addresses: []CustomerAddress{},
		Tags: append([]string{}, w.Tags...), Custom: w.Custom, Externals: []CustomerExternal{}, Contacts: []CustomerContact{},
		ErasedAt: timeText(w.ErasedAt), CreatedAt: timeText(w.CreatedAt), ChangedAt: timeText(w.ChangedAt)}
	for _, e := range w.Emails {
		c.Emails = append(c.Emails, CustomerEmail{e.Address, e.Type, e.Main, e.Valid, names[e.Source], validity(e.From, e.Until)})
	}
	for _, p := range w.Phones {
		c.Phones = append(c.Phones, CustomerPhone{p.Number, p.Written, p.Type, p.Main, p.Valid, names[p.Source], validity(p.From, p.Until)})
	}
	for _, a := range w.Addresses {
		c.Addresses = append(c.Addresses, CustomerAddress{a.Type, a.Line1, a.Line2, a.Postcode, a.City, a.Region, a.Country, a.Main, names[a.Source], validity(a.From, a.Until)})
	}
	for _, e := range w.Externals {
		c.Externals = append(c.Externals, CustomerExternal{names[e.Source], e.ID})
	}
	for _, all := range [][]customer.Related{w.People, w.Companies} {
		for _, r := range all {
			c.Contacts = append(c.Contacts, CustomerContact{r.Company, r.Person, r.Name, r.Role, validity(r.From, r.Until)})
		}
	}
	return c
}

func validity(from, until *clock.Day) Validity { return Validity{dayText(from), dayText(until)} }
