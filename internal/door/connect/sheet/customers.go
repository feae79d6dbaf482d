package sheet

import (
	"context"
	"strings"
)

// CustomerRow is one row of a customer file. As with OrderRow it is used again for the next row, and its texts stay valid.
type CustomerRow struct {
	Place
	Customer                   string // number in the other system
	Name                       string // as mapped, else first and last name, else the company
	FirstName, LastName        string
	Company, Salutation, Title string
	Email, Phone               string
	Street, Zip, City, Region  string
	Country                    string // code of ISO 3166, or as written with a notice
	Language                   string // code of ISO 639, empty if unknown
	Birthday, CustomerSince    Instant
	Tags                       string // as written; TagList cuts it
	Owner                      string
	Kind                       string // person, company or empty
	FormOfAddress              string // du, sie or empty
	ContactRole, Note          string
	Excluded                   Flag
	Custom                     []Custom // in the order of the columns; filled cells only
}

// Custom is the value of a field the company made itself.
type Custom struct{ Name, Value string }

// TagList cuts the tags at commas, semicolons and bars.
func (r *CustomerRow) TagList() []string {
	var tags []string
	for _, t := range strings.FieldsFunc(r.Tags, func(c rune) bool { return c == ',' || c == ';' || c == '|' }) {
		if t = trim(strings.Trim(trim(t), `"`)); t != "" { // Mailchimp puts each in quotes
			tags = append(tags, t)
		}
	}
	return tags
}

var customerAccess = map[string]access[CustomerRow]{
	"customer":        {words: func(r *CustomerRow) *string { return &r.Customer }},
	"name":            {words: func(r *CustomerRow) *string { return &r.Name }},
	"first_name":      {words: func(r *CustomerRow) *string { return &r.FirstName }},
	"last_name":       {words: func(r *CustomerRow) *string { return &r.LastName }},
	"company":         {words: func(r *CustomerRow) *string { return &r.Company }},
	"salutation":      {words: func(r *CustomerRow) *string { return &r.Salutation }},
	"title":           {words: func(r *CustomerRow) *string { return &r.Title }},
	"email":           {words: func(r *CustomerRow) *string { return &r.Email }},
	"phone":           {words: func(r *CustomerRow) *string { return &r.Phone }},
	"street":          {words: func(r *CustomerRow) *string { return &r.Street }},
	"zip":             {words: func(r *CustomerRow) *string { return &r.Zip }},
	"city":            {words: func(r *CustomerRow) *string { return &r.City }},
	"country":         {words: func(r *CustomerRow) *string { return &r.Country }},
	"region":          {words: func(r *CustomerRow) *string { return &r.Region }},
	"language":        {words: func(r *CustomerRow) *string { return &r.Language }},
	"birthday":        {instant: func(r *CustomerRow) *Instant { return &r.Birthday }},
	"tags":            {words: func(r *CustomerRow) *string { return &r.Tags }},
	"owner":           {words: func(r *CustomerRow) *string { return &r.Owner }},
	"kind":            {words: func(r *CustomerRow) *string { return &r.Kind }},
	"form_of_address": {words: func(r *CustomerRow) *string { return &r.FormOfAddress }},
	"contact_role":    {words: func(r *CustomerRow) *string { return &r.ContactRole }},
	"note":            {words: func(r *CustomerRow) *string { return &r.Note }},
	"customer_since":  {instant: func(r *CustomerRow) *Instant { return &r.CustomerSince }},
	"excluded":        {flag: func(r *CustomerRow) *Flag { return &r.Excluded }},
}

// customerFieldsOf also holds the fields the company made itself, which have no place of their own in the row.
func customerFieldsOf(p *Plan) map[string]access[CustomerRow] {
	all := map[string]access[CustomerRow]{}
	for name, a := range customerAccess {
		all[name] = a
	}
	for i := range p.Files {
		for _, c := range p.Files[i].Columns {
			if name, ok := strings.CutPrefix(c.Field, customPrefix); ok {
				all[c.Field] = access[CustomerRow]{words: func(r *CustomerRow) *string {
					r.Custom = append(r.Custom, Custom{Name: name})
					return &r.Custom[len(r.Custom)-1].Value
				}}
			}
		}
	}
	return all
}

// Customers reads the rows of customer files, as Orders does.
func (f *Files) Customers(ctx context.Context, s *Survey, skip int64, row func(*CustomerRow) error, bad func(RowError) error) error {
	return readRows(ctx, f, s, Customers, skip, customerFieldsOf(s.Plan), finishCustomer, func(r *CustomerRow) *Place { return &r.Place }, row, bad)
}

// finishCustomer makes sure that there is someone.
func finishCustomer(in *interpreter, r *CustomerRow) *RowError {
	if r.Name == "" {
		r.Name = strings.TrimSpace(r.FirstName + " " + r.LastName)
	}
	if r.Name == "" {
		r.Name = r.Company
	}
	if r.Customer == "" && r.Email == "" && r.Name == "" {
		return in.bad("customer", badMissing, "")
	}
	return nil
}
