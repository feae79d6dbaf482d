// Package filter is the one language in which people say whom they mean: customers of a country who ordered three times
// and then fell silent.
//
// A condition has three faces with one meaning. The Tree is what programs keep, as JSON; the text
//
//	country = DE and orders(last 365 d) >= 3 and days_since_order > 60
//
// is what people type (Parse, Text); the sentence is what they read (Sentence). Compile turns a tree into one text of
// warehouse SQL. There is no second evaluator: the same text counts everybody, looks at the few who changed, and tells
// why somebody is in. The package knows no customers, orders or events; what can be asked for are Fields, plain values
// that the domains hand down.
//
// Every condition is true or false. A comparison with something that is not there is false, so that "more than 60 days
// since the last order" says nothing about who never ordered; its opposite forms (!=, not in, not contains, is empty)
// and not are then true. Nothing can fail while it is evaluated: there is no arithmetic between fields and no regular
// expression.
package filter

import (
	"stamm/internal/platform/clock"
	"stamm/internal/platform/money"
)

// The limits of a condition, whichever face it comes with.
const (
	MaxDepth  = 50        // levels of nesting
	MaxNodes  = 500       // conditions and groups
	MaxValue  = 200       // characters of a text
	MaxList   = 10_000    // values in a list
	MaxText   = 64 << 10  // bytes of the text
	MaxJSON   = 4 << 20   // bytes of JSON
	MaxMeant  = 5_000     // conditions and groups with those of all segments named
	maxSpan   = 100 * 366 // days that a window or a distance may reach
	maxNumber = 1e15
)

// Join tells what a Tree is.
type Join byte

// The joins.
const (
	Leaf    Join = iota // the condition Is; in the zero Tree none, which everybody meets
	And                 // all Parts hold
	Or                  // at least one of Parts holds
	Not                 // the one of Parts does not hold
	AtLeast             // at least N of Parts hold
)

// Tree is a condition with others in it. The zero Tree is met by everybody.
type Tree struct {
	Join  Join
	Is    *Condition // of Leaf
	Parts []Tree     // of the others
	N     int        // of AtLeast
}

// Operator is what a condition does with the value of its field. Its text is that of the language and of JSON.
type Operator string

// The operators.
const (
	Equal         Operator = "="
	NotEqual      Operator = "!="
	Less          Operator = "<"
	AtMost        Operator = "<="
	More          Operator = ">"
	NotLess       Operator = ">="
	In            Operator = "in"           // one of Values
	NotIn         Operator = "not in"       // none of Values, or empty
	Contains      Operator = "contains"     // the text Values[0], whatever its case
	NotContains   Operator = "not contains" // or empty
	StartsWith    Operator = "starts with"  // whatever its case
	Empty         Operator = "is empty"
	NotEmpty      Operator = "is not empty"
	Between       Operator = "between"            // Values[0] to Values[1], both included
	WithinNext    Operator = "within next"        // a day from today to Span after it; of yearly fields the next anniversary
	WithinLast    Operator = "within last"        // a day of the last Span, today included; of yearly fields the last anniversary
	Anniversary   Operator = "anniversary today"  // today is the day some years later; 29 February counts on the 28th in other years
	AnniversaryIn Operator = "anniversary within" // the next anniversary, at least one year after the day, is today to Span after it
	Changed       Operator = "changed"            // the value has been what it is since a day of Window
	Fell          Operator = "fell"               // the value is at least Values[0] below what it was before Window began
	Rose          Operator = "rose"               // the value is at least Values[0] above what it was before Window began

	anniversaryLast Operator = "anniversary within last" // what WithinLast means for yearly fields, no part of the language
)

// Operators lists all operators in the order of menus.
func Operators() []Operator {
	return []Operator{Equal, NotEqual, Less, AtMost, More, NotLess, Between, In, NotIn, Contains, NotContains, StartsWith, WithinLast, WithinNext,
		Anniversary, AnniversaryIn, Changed, Fell, Rose, Empty, NotEmpty}
}

// Moves tells whether the operator compares the value with what it was before Window began.
func (o Operator) Moves() bool { return o == Fell || o == Rose }

// LooksBack tells whether Window is of the operator and not of the rows that count.
func (o Operator) LooksBack() bool { return o == Changed || o.Moves() }

// The fields that need no domain.
const (
	FieldSegment = "segment" // in segment "KEY": the customers of another condition
	FieldShare   = "share"   // share("SALT") < 10 %: a random part that stays the same
)

// Condition compares one field.
type Condition struct {
	Field  string      // name in the Catalogue, FieldSegment or FieldShare
	Window *Window     // which rows count, by their day; nil for all up to today
	With   []Condition // what rows must meet to count: conditions on parameters of the field, without Window and With
	Is     Operator
	Values []Value     // one, or as the operator says
	Span   *clock.Span // of WithinNext, WithinLast and AnniversaryIn
}

// WindowKind tells how a window is said.
type WindowKind string

// The kinds of windows.
const (
	Last  WindowKind = "last"    // the Span up to and including today: of days exactly so many, of months from the day after the same day
	Since WindowKind = "since"   // From up to and including today
	Until WindowKind = "until"   // everything up to and including To
	Range WindowKind = "between" // From to To, both included
)

// Window is a stretch of days. No window reaches beyond the day as of which a condition is asked.
type Window struct {
	Kind WindowKind
	Span clock.Span // of Last
	From Moment     // of Since and Range
	To   Moment     // of Until and Range
}

// Moment is a day, given or counted from today.
type Moment struct {
	Day      clock.Day
	Relative bool       // today plus Shift, and Day is unused
	Shift    clock.Span // N below zero is before today; the zero Span is today
}

// ValueKind tells what a Value holds.
type ValueKind byte

// The kinds of values.
const (
	TextValue ValueKind = iota
	NumberValue
	PercentValue // Number is in per cent
	MoneyValue
	DayValue
	FlagValue
)

// Value is what a field is compared with.
type Value struct {
	Kind   ValueKind
	Text   string
	Number float64
	Money  money.Amount
	Day    Moment
	Flag   bool
}

// Everybody tells that the tree is the zero Tree, which every customer meets.
func (t Tree) Everybody() bool { return t.Join == Leaf && t.Is == nil }

// Conditions lists the conditions of the tree from left to right.
func (t Tree) Conditions() []Condition {
	if t.Join == Leaf {
		if t.Is == nil {
			return nil
		}
		return []Condition{*t.Is}
	}
	var all []Condition
	for _, p := range t.Parts {
		all = append(all, p.Conditions()...)
	}
	return all
}

// Segments lists the keys of the segments that the tree names, each once.
func (t Tree) Segments() []string {
	var keys []string
	seen := map[string]bool{}
	for _, c := range t.Conditions() {
		if c.Field != FieldSegment {
			continue
		}
		for _, v := range c.Values {
			if !seen[v.Text] {
				seen[v.Text] = true
				keys = append(keys, v.Text)
			}
		}
	}
	return keys
}
