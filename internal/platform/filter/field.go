package filter

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Type is what the values of a field are.
type Type string

// The types.
const (
	TypeText   Type = "text"   // compared whatever its case
	TypeChoice Type = "choice" // a code, compared as it is; one of Choices where they are told
	TypeFlag   Type = "flag"
	TypeDay    Type = "day"
	TypeNumber Type = "number"
	TypeCount  Type = "count" // how many times
	TypeDays   Type = "days"  // a number of days
	TypeMoney  Type = "money" // minor units of the base currency
	TypeShare  Type = "share" // 0 to 1
)

// Source is a table of the warehouse, or a join of several, that is read in one scan for all its fields. In its SQL {asof}
// stands for the day as of which is asked.
type Source struct {
	Name     string // fields with the same name share the scan
	From     string // as in "line l JOIN document d ON d.id = l.document"
	Customer string // SQL of the customer's id
	Day      string // SQL of the day of a row, a DATE; empty: its fields have no windows
	Where    string // which rows count; empty for all
	One      bool   // at most one row a customer counts
	Base     bool   // its rows that count are the customers there are: nobody else is ever in. A catalogue has one such source
	ByDay    bool   // rows lie about in the order of Day, so that a short window is quick
	Cost     int    // rows in thousands at a million customers: the cheap is read first

	// Tables are the tables of the warehouse whose changes can change its fields. The rows of a changed customer are all that
	// matters, unless Whole: then her values depend on everybody's rows, and only asking about all tells what changed.
	Tables []string
	Whole  bool
}

// Way is how the value of a field is computed from a source. SQL is an expression over its rows. Where a customer can have
// several rows it is made of aggregates, each followed by {filter}, as in
//
//	round(sum(net) {filter} / nullif(sum(net_orders) {filter}, 0))
//
// Money is in minor units, and counts, days and money are whole numbers.
type Way struct {
	Source Source
	SQL    string

	// Next is SQL as SQL is, of the first day after {asof} on which the value changes though no row does; NULL for never. Of
	// aggregates it is over all rows, those that Where leaves out among them. What windows, TypeDays of Ages and rows after
	// today do is known without it.
	Next string
}

// Param is what the rows of a field can be narrowed by, as in orders(product = "ESP-1").
type Param struct {
	Name    string
	Type    Type
	SQL     string // over a row of the source
	Choices []string
	Labels  string // as in Field
	Words   string // texts: Words.label, and Words.with with {value} for the sentence
	Upper   bool
}

// Field is what one can ask about a customer, a plain value handed down by a domain.
type Field struct {
	Name string // small letters, digits, _ and .
	Type Type
	Way

	// Lifetime replaces SQL where neither a window nor a parameter is asked for; empty: SQL says that, too. Ever is then a way
	// to the very same value that is quicker for all customers, though not for a few. Narrowed is the way where a parameter
	// is asked for, if the ordinary source cannot tell.
	Lifetime string
	Ever     *Way
	Narrowed *Way
	Params   []Param // the first may be given without its name: clicked(email)

	Many   bool // text or choice with several values, one a row: a condition holds if it holds for one of them
	Zero   bool // no rows mean 0, not empty
	Ages   bool // days since something: the value grows by one every day
	Yearly bool // a day that recurs every year: within next and within last mean its anniversary
	Upper  bool // values are written in capitals, such as countries

	Since *Way // to the DATE since which the value is what it is, for changed; nil where that is not known

	// Change is by how much the value is above what it was at the end of a day, for fell and rose; nil where that is not known. Its
	// source has a Day and several rows a customer, and only the rows up to that day count for it.
	Change *Way

	// Words is where the texts begin: Words.label, and for sentences what Sentence says. Label replaces Words.label where
	// the company named the field itself; Words may then be empty.
	Words   string
	Label   string
	Choices []string // of TypeChoice; empty for any code
	Labels  string   // Labels.CODE are the names of the choices, and the code where there is none; empty: codes are names

	// Names is for codes and numbers whose names stand in no catalogue of texts, such as countries and users: the name in a language,
	// or empty.
	Names func(lang, code string) string
}

// Windowed tells whether the field can be asked for a window of days.
func (f Field) Windowed() bool { return f.Source.Day != "" && !f.Source.One }

func (f Field) param(name string) *Param {
	for i := range f.Params {
		if f.Params[i].Name == name {
			return &f.Params[i]
		}
	}
	return nil
}

// Operators lists what the field can be asked, in the order of menus.
func (f Field) Operators() []Operator {
	return slices.DeleteFunc(Operators(), func(o Operator) bool { return !f.allows(o) })
}

func (f Field) allows(o Operator) bool {
	switch o {
	case Changed:
		return f.Since != nil
	case Fell, Rose:
		return f.Change != nil
	case Empty, NotEmpty:
		return !f.Zero && f.Type != TypeFlag
	case WithinNext, WithinLast, Anniversary, AnniversaryIn:
		return f.Type == TypeDay
	}
	return typeAllows(f.Type, o)
}

// typeAllows tells which operators with values suit a type.
func typeAllows(t Type, o Operator) bool {
	switch o {
	case Equal, NotEqual:
		return true
	case In, NotIn:
		return t != TypeFlag
	case Contains, NotContains, StartsWith:
		return t == TypeText
	case Less, AtMost, More, NotLess, Between:
		return t != TypeText && t != TypeChoice && t != TypeFlag
	}
	return false
}

// Catalogue is what can be asked for. It never changes and may be shared.
type Catalogue struct {
	currency string
	base     Source
	fields   []Field
	places   map[string]int
}

// NewCatalogue gathers the fields of the domains; currency is the base currency, in which money is compared. Names must be
// sound and not taken, and one field must be of a Base source for anything to be compiled.
func NewCatalogue(currency string, fields ...[]Field) (*Catalogue, error) {
	c := &Catalogue{currency: currency, places: map[string]int{}}
	for _, group := range fields {
		for _, f := range group {
			if err := c.add(f); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

// With is the catalogue with more fields, such as those that a company defined itself.
func (c *Catalogue) With(fields ...Field) (*Catalogue, error) {
	return NewCatalogue(c.currency, c.fields, fields)
}

// Currency is the base currency.
func (c *Catalogue) Currency() string { return c.currency }

// Fields lists the fields in the order they were handed down.
func (c *Catalogue) Fields() []Field { return slices.Clone(c.fields) }

// Field finds a field by its name.
func (c *Catalogue) Field(name string) (Field, bool) {
	i, ok := c.places[name]
	if !ok {
		return Field{}, false
	}
	return c.fields[i], true
}

var fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$`)

func (c *Catalogue) add(f Field) error {
	if _, taken := c.places[f.Name]; taken || f.Name == FieldSegment || f.Name == FieldShare {
		return fmt.Errorf("filter: there are two fields %q", f.Name)
	}
	if !fieldName.MatchString(f.Name) || len(f.Name) > 80 || keyword(f.Name) {
		return fmt.Errorf("filter: a field cannot be named %q", f.Name)
	}
	if f.Words == "" && f.Label == "" {
		return fmt.Errorf("filter: field %s has no label", f.Name)
	}
	if f.Many && f.Type != TypeText && f.Type != TypeChoice && f.Type != TypeNumber {
		return fmt.Errorf("filter: field %s: %s cannot have several values", f.Name, f.Type)
	}
	for _, w := range f.ways() {
		if w.SQL == "" || w.Source.Name == "" || w.Source.From == "" || w.Source.Customer == "" || len(w.Source.Tables) == 0 {
			return fmt.Errorf("filter: field %s lacks its SQL or its source", f.Name)
		}
		if !w.Source.One && !f.Many && !strings.Contains(w.SQL, "{filter}") {
			return fmt.Errorf("filter: field %s is no aggregate, but there can be several rows", f.Name)
		}
	}
	if f.Change != nil && (f.Change.Source.Day == "" || f.Change.Source.One || f.Type == TypeDay || !typeAllows(f.Type, More)) {
		return fmt.Errorf("filter: field %s cannot fall or rise", f.Name)
	}
	for _, p := range f.Params {
		if !fieldName.MatchString(p.Name) || keyword(p.Name) || p.SQL == "" || p.Words == "" {
			return fmt.Errorf("filter: field %s: parameter %q lacks its SQL or its texts", f.Name, p.Name)
		}
	}
	if f.Source.Base {
		c.base = f.Source
	}
	c.places[f.Name] = len(c.fields)
	c.fields = append(c.fields, f)
	return nil
}

func (f Field) ways() []Way {
	all := []Way{f.Way}
	if f.Ever != nil {
		all = append(all, *f.Ever)
	}
	if f.Narrowed != nil {
		all = append(all, *f.Narrowed)
	}
	if f.Since != nil {
		all = append(all, *f.Since)
	}
	if f.Change != nil {
		all = append(all, *f.Change)
	}
	return all
}
