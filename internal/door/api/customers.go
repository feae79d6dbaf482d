package api

import (
	"context"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"stamm/internal/action/privacy"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
)

// CustomerBody is what a source says about a customer. What it leaves out stays as it is; an empty text takes back what
// the same source said before.
type CustomerBody struct {
	Kind        *string           `json:"kind,omitempty" enum:"person,company"`
	Name        *string           `json:"name,omitempty" maxLength:"200"`
	FirstName   *string           `json:"first_name,omitempty" maxLength:"200"`
	LastName    *string           `json:"last_name,omitempty" maxLength:"200"`
	Company     *string           `json:"company,omitempty" maxLength:"200"`
	Salutation  *string           `json:"salutation,omitempty" enum:"ms,mr,family,neutral"`
	Title       *string           `json:"title,omitempty" maxLength:"200"`
	AddressForm *string           `json:"address_form,omitempty" enum:"sie,du"`
	Language    *string           `json:"language,omitempty"`
	Country     *string           `json:"country,omitempty"`
	Region      *string           `json:"region,omitempty" maxLength:"200"`
	Birthday    *string           `json:"birthday,omitempty" format:"date"`
	Excluded    *string           `json:"excluded,omitempty" enum:"internal,reseller"`
	Since       *string           `json:"since,omitempty" format:"date"`
	Email       *string           `json:"email,omitempty" maxLength:"254"`
	Phone       *string           `json:"phone,omitempty" maxLength:"60"`
	Mobile      *string           `json:"mobile,omitempty" maxLength:"60"`
	Line1       *string           `json:"line1,omitempty" maxLength:"200"`
	Line2       *string           `json:"line2,omitempty" maxLength:"200"`
	Postcode    *string           `json:"postcode,omitempty" maxLength:"200"`
	City        *string           `json:"city,omitempty" maxLength:"200"`
	Tags        []string          `json:"tags,omitempty" maxItems:"50" nullable:"false"`
	Custom      map[string]string `json:"custom,omitempty"`
}

// CustomerRecord is a customer in a batch.
type CustomerRecord struct {
	ExternalID string `json:"external_id" maxLength:"200"`
	CustomerBody
}

// CustomerBatch are customers of one source sent together.
type CustomerBatch struct {
	Source  string           `json:"source" maxLength:"100"`
	Records []CustomerRecord `json:"records" maxItems:"1000" nullable:"false"`
}

func (s *server) addCustomers() {
	const tag = "customers"
	add(s, route{id: "list_customers", method: http.MethodGet, path: "/customers", tag: tag, scope: auth.ReadCustomers}, s.listCustomers)
	add(s, route{id: "get_customer", method: http.MethodGet, path: "/customers/{id}", tag: tag, scope: auth.ReadCustomers}, s.getCustomer)
	add(s, route{id: "find_customer", method: http.MethodGet, path: "/customers/{source}/{external_id}", tag: tag, scope: auth.ReadCustomers}, s.findCustomer)
	add(s, route{id: "put_customer", method: http.MethodPut, path: "/customers/{source}/{external_id}", tag: tag, scope: auth.WriteCustomers,
		body: bodyOf[CustomerBody]()}, s.putCustomer)
	add(s, route{id: "put_customers", method: http.MethodPost, path: "/customers/batch", tag: tag, scope: auth.WriteCustomers,
		body: bodyOf[CustomerBatch](), limit: maxBatchBody}, s.putCustomers)
	add(s, route{id: "erase_customer", method: http.MethodDelete, path: "/customers/{id}", tag: tag, scope: auth.EraseCustomers}, s.eraseCustomer)
	add(s, route{id: "erase_customer_by_external_id", method: http.MethodDelete, path: "/customers/{source}/{external_id}", tag: tag, scope: auth.EraseCustomers},
		s.eraseNamedCustomer)
}

func (s *server) eraseCustomer(ctx context.Context, c *call, in *IDPath) (*Outcome, error) {
	err := c.write(ctx, 1, func(tx *store.Tx) error {
		_, err := privacy.Erase(ctx, tx, in.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Outcome{in.ID, outcomeErased}, nil
}

// eraseNamedCustomer erases by what a source calls her. She is known under it also afterwards, so that the call can be
// repeated.
func (s *server) eraseNamedCustomer(ctx context.Context, c *call, in *externalPath) (*Outcome, error) {
	var id int64
	err := c.write(ctx, 1, func(tx *store.Tx) error {
		source, err := customer.FindSource(ctx, tx, in.Source)
		if err != nil {
			return err
		}
		if id, err = customer.Resolve(ctx, tx, source, in.ExternalID); err != nil {
			return err
		}
		if id != 0 {
			_, err = privacy.Erase(ctx, tx, id)
			return err
		}
		if id, err = customer.ErasedAs(ctx, tx, source, in.ExternalID); err == nil && id == 0 {
			err = fault.New(fault.NotFound, "customer.not_found")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Outcome{id, outcomeErased}, nil
}

func (s *server) putCustomer(ctx context.Context, c *call, in *externalPath) (*Outcome, error) {
	body, err := decode[CustomerBody](c)
	if err != nil {
		return nil, err
	}
	out, err := s.writeCustomers(ctx, c, in.Source, []CustomerRecord{{in.ExternalID, *body}}, func(int) string { return "" })
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

func (s *server) putCustomers(ctx context.Context, c *call, _ *struct{}) (*BatchOutcome, error) {
	batch, err := decode[CustomerBatch](c)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(batch.Records, "external_id", func(r *CustomerRecord) any { return r.ExternalID }); err != nil {
		return nil, err
	}
	out, err := s.writeCustomers(ctx, c, batch.Source, batch.Records, record)
	if err != nil {
		return nil, err
	}
	return batchOutcome(out), nil
}

// row is a customer as the customer package takes it: the fields that were sent and their checked values.
type row struct {
	fields, values []string
}

// row checks a record. Its own fields are those of the customer package by the same names.
func (r *CustomerRecord) row(catalogue customer.Catalogue) (row, error) {
	var c checker
	out := row{fields: []string{customer.FieldExternalID}, values: []string{c.key(customer.FieldExternalID, r.ExternalID)}}
	put := func(field, at, text string) {
		v, err := catalogue.Check(field, text)
		if err != nil {
			c.fail(at, fault.As(err).On(""))
		}
		out.fields, out.values = append(out.fields, field), append(out.values, v)
	}
	body := reflect.ValueOf(r.CustomerBody)
	for i, f := range reflect.VisibleFields(body.Type()) {
		if text, ok := body.Field(i).Interface().(*string); ok && text != nil {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			put(name, name, *text)
		}
	}
	if len(r.Tags) > maxTags {
		c.fail(customer.FieldTags, fault.New(fault.Invalid, "api.too_many", "max", maxTags))
	} else if len(r.Tags) > 0 {
		put(customer.FieldTags, customer.FieldTags, strings.Join(r.Tags, ","))
	}
	for _, key := range slices.Sorted(maps.Keys(r.Custom)) {
		put("custom."+key, "custom."+key, r.Custom[key])
	}
	return out, c.bad.err()
}

const maxTags = 50

func (s *server) writeCustomers(ctx context.Context, c *call, source string, records []CustomerRecord, at func(int) string) ([]Outcome, error) {
	from, err := s.origin(ctx, source)
	if err != nil {
		return nil, err
	}
	var out []Outcome
	if err := checkSource(source); err != nil {
		return nil, err
	}
	err = c.write(ctx, len(records), func(tx *store.Tx) (err error) {
		out, err = storeCustomers(ctx, tx, from, records, at)
		return err
	})
	return out, err
}

// storeCustomers writes records, those with the same fields together.
func storeCustomers(ctx context.Context, tx *store.Tx, from origin, records []CustomerRecord, at func(int) string) ([]Outcome, error) {
	rows, err := customerRows(ctx, tx, records, at)
	if err != nil {
		return nil, err
	}
	source, err := from.source(ctx, tx)
	if err != nil {
		return nil, err
	}
	out := make([]Outcome, len(rows))
	var shapes []string
	alike := map[string][]int{}
	for i, r := range rows {
		shape := strings.Join(r.fields, "\x00")
		if alike[shape] == nil {
			shapes = append(shapes, shape)
		}
		alike[shape] = append(alike[shape], i)
	}
	for _, shape := range shapes {
		which := alike[shape]
		b := customer.Batch{Source: source, Fields: rows[which[0]].fields}
		for _, i := range which {
			b.Rows = append(b.Rows, rows[i].values)
		}
		w, err := customer.Upsert(ctx, tx, b)
		if err != nil {
			return nil, err
		}
		for n, o := range w.Outcomes {
			out[which[n]] = Outcome{o.ID, customerOutcomes[o.Status]}
			if o.Status == customer.New || o.Status == customer.Changed {
				if err := tellCustomer(ctx, tx, o, w); err != nil {
					return nil, err
				}
			}
		}
	}
	return out, nil
}

var customerOutcomes = [...]string{customer.Unchanged: outcomeUnchanged, customer.New: outcomeNew, customer.Changed: outcomeChanged, customer.Erased: outcomeErased}

// customerRows checks the records. Fields of the company's own are looked up only where somebody sends one.
func customerRows(ctx context.Context, tx *store.Tx, records []CustomerRecord, at func(int) string) ([]row, error) {
	var catalogue customer.Catalogue
	if slices.ContainsFunc(records, func(r CustomerRecord) bool { return len(r.Custom) > 0 }) {
		var err error
		if catalogue, err = customer.LoadCatalogue(ctx, tx); err != nil {
			return nil, err
		}
	}
	rows := make([]row, len(records))
	var bad joined
	for i := range records {
		var err error
		if rows[i], err = records[i].row(catalogue); err != nil {
			bad.add(at(i), err)
		}
	}
	return rows, bad.err()
}
