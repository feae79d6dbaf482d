package api

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
)

// Decimal is a number written as text, so that no program between us rounds it: "12.34".
type Decimal string

// Schema describes a Decimal.
func (Decimal) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: `^-?[0-9]+(\.[0-9]+)?$`, Examples: []any{"12.34"}}
}

// scaled reads the decimal as a whole number of its digits-th place. More digits than that are a mistake, not rounded:
// the sender knows better which way. whole bounds the digits before the point, so that sums fit.
func (d Decimal) scaled(digits, whole int) (int64, error) {
	text := strings.TrimPrefix(string(d), "-")
	before, after, point := strings.Cut(text, ".")
	if !allDigits(before) || point && !allDigits(after) {
		return 0, fault.New(fault.Invalid, "errors.number", "text", string(d))
	}
	if len(strings.TrimLeft(before, "0")) > whole {
		return 0, fault.New(fault.Invalid, "errors.amount_too_large", "text", string(d))
	}
	if len(strings.TrimRight(after, "0")) > digits {
		return 0, fault.New(fault.Invalid, "api.digits", "text", string(d), "max", digits)
	}
	return money.ParseScaled(string(d), digits)
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// How many digits may stand before the point, so that the sum of a document's lines fits 64 bits.
const (
	wholeAmount   = 12
	wholeQuantity = 9
	wholePrice    = 9
)

// The places of quantities and unit prices.
const (
	quantityDigits = 3
	priceDigits    = 6
)

// checker reads the fields of one record and gathers what is wrong with them.
type checker struct{ bad joined }

func (c *checker) fail(field string, err error) {
	c.bad.add(field, err)
}

// number reads an optional decimal; nil when it is left out.
func (c *checker) number(field string, d Decimal, digits, whole int) *int64 {
	if d == "" {
		return nil
	}
	v, err := d.scaled(digits, whole)
	if err != nil {
		c.fail(field, err)
		return nil
	}
	return &v
}

// currency reads a currency; the company's where none is given.
func (c *checker) currency(field, text, base string) string {
	if text == "" {
		return base
	}
	if !money.Known(text) {
		c.fail(field, fault.New(fault.Invalid, "errors.currency", "text", text))
	}
	return text
}

// day reads an optional date.
func (c *checker) day(field, text string) *clock.Day {
	if text == "" {
		return nil
	}
	d, err := clock.ParseDay(text)
	if err == nil && (d < firstDay || d > lastDay) {
		err = fault.New(fault.Invalid, "api.far", "text", text)
	}
	if err != nil {
		c.fail(field, err)
		return nil
	}
	return &d
}

// Days outside of these are slips of the pen.
var (
	firstDay = clock.NewDay(1900, time.January, 1)
	lastDay  = clock.NewDay(2199, time.December, 31)
)

// when reads an instant with its zone, or a day of the company.
func (c *checker) when(field, text string, zone *time.Location) (time.Time, clock.Day) {
	if text == "" {
		c.fail(field, fault.New(fault.Invalid, "errors.required"))
		return time.Time{}, 0
	}
	if len(text) == len("2006-01-02") {
		if d := c.day(field, text); d != nil {
			return d.Start(zone).UTC(), *d
		}
		return time.Time{}, 0
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		c.fail(field, fault.New(fault.Invalid, "api.time", "text", text))
		return time.Time{}, 0
	}
	t = t.UTC().Truncate(time.Microsecond)
	d := clock.DayOf(t, zone)
	if d < firstDay || d > lastDay {
		c.fail(field, fault.New(fault.Invalid, "api.far", "text", text))
	}
	return t, d
}

// text checks a text of at most most bytes.
func (c *checker) text(field, s string, most int) string {
	if len(s) > most {
		c.fail(field, fault.New(fault.Invalid, "errors.too_long", "max", most))
	}
	return s
}

// key checks the name of something in another system, which is kept byte for byte.
func (c *checker) key(field, s string) string {
	switch {
	case s == "":
		c.fail(field, fault.New(fault.Invalid, "errors.required"))
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		c.fail(field, fault.New(fault.Invalid, "api.text"))
	}
	return c.text(field, s, maxKey)
}

// maxKey is how many bytes the names of sources and of records in them have at most.
const maxKey = 200

// properties checks a JSON object that is kept as it is: neither deeper nor with larger numbers than both databases keep.
func (c *checker) properties(field string, raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	if raw[0] != '{' {
		c.fail(field, fault.New(fault.Invalid, "api.type.object"))
		return nil
	}
	if !plainJSON(raw) {
		c.fail(field, fault.New(fault.Invalid, "api.properties", "max", maxDepth))
	}
	return raw
}

const maxDepth = 20

// plainJSON reports whether a valid JSON text nests at most maxDepth deep and its numbers are those of a float64.
func plainJSON(raw []byte) bool {
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch b := raw[i]; {
		case b == '"':
			for i++; raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
				}
			}
		case b == '{' || b == '[':
			if depth++; depth > maxDepth {
				return false
			}
		case b == '}' || b == ']':
			depth--
		case b == '-' || b >= '0' && b <= '9':
			start := i
			for i+1 < len(raw) && strings.IndexByte("0123456789+-.eE", raw[i+1]) >= 0 {
				i++
			}
			if _, err := strconv.ParseFloat(string(raw[start:i+1]), 64); err != nil || i-start > 100 {
				return false
			}
		}
	}
	return true
}

// decimal writes a whole number of the digits-th place without zeros that say nothing beyond the keep-th.
func decimal(v int64, digits, keep int) Decimal {
	s := money.FormatScaled(v, digits)
	point := strings.IndexByte(s, '.')
	if point < 0 {
		return Decimal(s)
	}
	end := len(s)
	for end > point+1+keep && s[end-1] == '0' {
		end--
	}
	if end == point+1 {
		end = point
	}
	return Decimal(s[:end])
}

// amount writes minor units of a currency; empty for none.
func amount(v *int64, currency string) Decimal {
	if v == nil {
		return ""
	}
	return Decimal(money.FormatScaled(*v, money.Digits(currency)))
}

// price writes a unit price in millionths; empty for none.
func price(v *int64, currency string) Decimal {
	if v == nil {
		return ""
	}
	return decimal(*v, priceDigits, money.Digits(currency))
}

func dayText(d *clock.Day) string {
	if d == nil {
		return ""
	}
	return d.String()
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// Page is a part of a list.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// PageQuery is what the address of a list may say.
type PageQuery struct {
	After string `query:"after"`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// id is the place of a list that goes by id.
func (q PageQuery) id() (int64, error) {
	if q.After == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(q.After, 10, 64)
	if err != nil || id < 0 {
		return 0, badAfter()
	}
	return id, nil
}

// place is the place of a list that goes by time and id, newest first.
func (q PageQuery) place() (time.Time, int64, error) {
	if q.After == "" {
		return time.Time{}, 0, nil
	}
	us, last, _ := strings.Cut(q.After, ".")
	at, err := strconv.ParseInt(us, 10, 64)
	id, err2 := strconv.ParseInt(last, 10, 64)
	if err != nil || err2 != nil || id <= 0 {
		return time.Time{}, 0, badAfter()
	}
	return clock.Time(at), id, nil
}

func placeText(at time.Time, id int64) string {
	return strconv.FormatInt(clock.Micros(at), 10) + "." + strconv.FormatInt(id, 10)
}

func badAfter() error { return fault.New(fault.Invalid, "api.parameter").On("after") }

// bodyOf is the type of what a route takes.
func bodyOf[T any]() reflect.Type { return reflect.TypeFor[T]() }
