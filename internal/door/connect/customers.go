package connect

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// customerSlice is the work of a slice of customers.
type customerSlice struct {
	r      *runner
	fields []string
	rows   [][]string
	places []RowError // file and line of each row
}

// customerColumn is a field of a customer file.
type customerColumn struct {
	sheet string // its name there
	field string // its name in the customer package
	value func(*sheet.CustomerRow) string
}

var customerColumns = [...]customerColumn{
	{"customer", customer.FieldExternalID, func(r *sheet.CustomerRow) string { return r.Customer }},
	{"email", customer.FieldEmail, func(r *sheet.CustomerRow) string { return r.Email }},
	{"phone", customer.FieldPhone, func(r *sheet.CustomerRow) string { return r.Phone }},
	{"street", customer.FieldLine1, func(r *sheet.CustomerRow) string { return r.Street }},
	{"zip", customer.FieldPostcode, func(r *sheet.CustomerRow) string { return r.Zip }},
	{"city", customer.FieldCity, func(r *sheet.CustomerRow) string { return r.City }},
	{"tags", customer.FieldTags, func(r *sheet.CustomerRow) string { return strings.Join(r.TagList(), ",") }},
	{"first_name", "first_name", func(r *sheet.CustomerRow) string { return r.FirstName }},
	{"last_name", "last_name", func(r *sheet.CustomerRow) string { return r.LastName }},
	{"company", "company", func(r *sheet.CustomerRow) string { return r.Company }},
	{"salutation", "salutation", func(r *sheet.CustomerRow) string { return r.Salutation }},
	{"title", "title", func(r *sheet.CustomerRow) string { return r.Title }},
	{"form_of_address", "address_form", func(r *sheet.CustomerRow) string { return r.FormOfAddress }},
	{"language", "language", func(r *sheet.CustomerRow) string { return r.Language }},
	{"country", "country", func(r *sheet.CustomerRow) string { return r.Country }},
	{"region", "region", func(r *sheet.CustomerRow) string { return r.Region }},
	{"birthday", "birthday", func(r *sheet.CustomerRow) string { return dayText(r.Birthday) }},
	{"customer_since", "since", func(r *sheet.CustomerRow) string { return dayText(r.CustomerSince) }},
	{"kind", "kind", func(r *sheet.CustomerRow) string { return r.Kind }},
	{"excluded", "excluded", func(r *sheet.CustomerRow) string {
		if r.Excluded.Yes {
			return cmp.Or(r.Excluded.Word, "internal")
		}
		return ""
	}},
}

func dayText(i sheet.Instant) string {
	if !i.Set {
		return ""
	}
	return i.Day.String()
}

// columnsOf are the fields that some file of the run has. Name is always among them: it follows from the others.
func columnsOf(plan *sheet.Plan) (columns []customerColumn, custom []string) {
	has := map[string]bool{}
	for i := range plan.Files {
		for _, c := range plan.Files[i].Columns {
			has[c.Field] = true
			if key, ok := strings.CutPrefix(c.Field, "custom."); ok && !slices.Contains(custom, key) {
				custom = append(custom, key)
			}
		}
	}
	for _, c := range customerColumns {
		if has[c.sheet] {
			columns = append(columns, c)
		}
	}
	if has["name"] || has["first_name"] || has["last_name"] || has["company"] {
		columns = append(columns, customerColumn{"name", "name", func(r *sheet.CustomerRow) string { return r.Name }})
	}
	return columns, custom
}

func (r *runner) cutCustomers(ctx context.Context, files *sheet.Files, survey *sheet.Survey, c *cutter) error {
	columns, custom := columnsOf(survey.Plan)
	var fields []string
	for _, col := range columns {
		fields = append(fields, col.field)
	}
	for _, key := range custom {
		fields = append(fields, "custom."+key)
	}
	s := &customerSlice{r: r, fields: fields}
	c.work = func() work {
		full := s
		s = &customerSlice{r: r, fields: fields}
		return full
	}
	err := files.Customers(ctx, survey, 0, func(row *sheet.CustomerRow) error {
		c.rows++
		c.full++
		file := survey.Plan.Files[row.File].Name
		values, err := r.customerValues(row, columns, custom)
		if err != nil {
			c.errs = append(c.errs, faultError(file, row.Line, err))
			return c.end(false)
		}
		s.rows = append(s.rows, values)
		s.places = append(s.places, RowError{File: file, Line: row.Line, Value: row.Customer})
		for _, n := range row.Notices {
			c.errs = append(c.errs, noticeError(file, row.Line, n))
		}
		return c.end(false)
	}, func(e sheet.RowError) error {
		if err := c.bad(e); err != nil {
			return err
		}
		return c.end(false)
	})
	if err != nil {
		return err
	}
	return c.end(true)
}

func (r *runner) customerValues(row *sheet.CustomerRow, columns []customerColumn, custom []string) ([]string, error) {
	values := make([]string, 0, len(columns)+len(custom))
	for _, col := range columns {
		v, err := r.catalogue.Check(col.field, col.value(row))
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	for _, key := range custom {
		text := ""
		for _, c := range row.Custom {
			if c.Name == key {
				text = c.Value
			}
		}
		v, err := r.catalogue.Check("custom."+key, text)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

// look says that a slice is always written: two rows of one slice may be about the same customer, which the customer
// package sorts out when it writes.
func (s *customerSlice) look(context.Context, *store.Tx) (bool, error) { return len(s.rows) > 0, nil }

func (s *customerSlice) size() int64 { return int64(len(s.rows)) }

func (s *customerSlice) done() {}

func (s *customerSlice) write(ctx context.Context, tx *store.Tx) (written, error) {
	u, err := customer.Upsert(ctx, tx, customer.Batch{Source: s.r.run.Source, Run: s.r.run.ID, Fields: s.fields, Rows: s.rows})
	if err != nil {
		return written{}, err
	}
	var w written
	var made []int64
	for i, o := range u.Outcomes {
		p := s.places[i]
		switch o.Status {
		case customer.New:
			w.made++
			made = append(made, o.ID)
		case customer.Changed:
			w.changed++
		case customer.Unchanged:
			w.unchanged++
		case customer.Erased:
			w.notices = append(w.notices, RowError{File: p.File, Line: p.Line, Field: "customer", Value: p.Value, Key: "import.erased", Notice: true})
		case customer.Unnamed:
			w.notices = append(w.notices, RowError{File: p.File, Line: p.Line, Field: "customer", Key: "import.unnamed"})
		}
	}
	t := touched{origin: feed.History, made: feed.Rows{}, rows: u.Rows, old: u.Old, oldOf: u.OldOf}
	if len(made) > 0 {
		slices.Sort(made)
		t.made["customer"] = feed.Ranges(slices.Compact(made))
	}
	if len(t.rows)+len(t.made)+len(t.old) > 0 {
		w.touched = append(w.touched, t)
	}
	return w, nil
}

func number(id int64) string { return strconv.FormatInt(id, 10) }

// faultError is a row that was not taken because a record's own rules refuse it.
func faultError(file string, line int64, err error) RowError {
	f := fault.As(err)
	return RowError{File: file, Line: line, Field: f.Field, Key: f.Key, Args: f.Args}
}

func noticeError(file string, line int64, n sheet.Notice) RowError {
	return RowError{File: file, Line: line, Field: n.Field, Value: n.Value, Key: n.Key, Args: []any{"value", n.Value}, Notice: true}
}

func (s *customerSlice) decide(ctx context.Context, tx *store.Tx) (c Counts, err error) {
	outcomes, err := customer.Decide(ctx, tx, customer.Batch{Source: s.r.run.Source, Fields: s.fields, Rows: s.rows})
	for _, o := range outcomes {
		switch o.Status {
		case customer.New:
			c.New++
		case customer.Changed:
			c.Changed++
		case customer.Unchanged:
			c.Unchanged++
		case customer.Erased:
			c.Notices++
		case customer.Unnamed:
			c.Errors++
		}
	}
	return c, err
}
