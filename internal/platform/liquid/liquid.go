// Package liquid is for personal words in mails that people without a programmer write: a safe subset of the Liquid language.
//
// It is our own because templates come from users and no library bounds what a hostile one costs: here steps, bytes, nesting
// and time of a rendering are budgets, values come from plain data without reflection, and what a value contributes to HTML
// is escaped always, to a header without line breaks. There are no includes and no files.
//
// It differs from Liquid where mails want it: an empty text and an empty list count as missing, also in conditions; a filter
// on a missing value gives a missing value, which default alone turns into a text; what is missing where it would be
// written is reported; amounts and days are written in the habits of the reader's language.
package liquid

import (
	"slices"
	"time"

	"stamm/internal/platform/i18n"
)

// Mode is where the text of a template goes, which decides how values are made harmless.
type Mode byte

// The three modes.
const (
	HTML   Mode = iota // values are escaped
	Text               // values are written as they are
	Header             // one line: control characters and line breaks become spaces, those of the template too
)

// Limits are the budgets of one template. Zero values take those of DefaultLimits.
type Limits struct {
	Source int           // bytes of the template
	Output int           // bytes written by one rendering; what filters make in between may be four times that
	Steps  int           // outputs, tags, filters and turns of loops of one rendering
	Depth  int           // blocks within blocks
	Time   time.Duration // of one rendering
}

// DefaultLimits are enough for every mail that a provider would still deliver.
func DefaultLimits() Limits {
	return Limits{Source: 512 << 10, Output: 1 << 20, Steps: 50_000, Depth: 24, Time: 250 * time.Millisecond}
}

func (l Limits) filled() Limits {
	d := DefaultLimits()
	if l.Source <= 0 {
		l.Source = d.Source
	}
	if l.Output <= 0 {
		l.Output = d.Output
	}
	if l.Steps <= 0 {
		l.Steps = d.Steps
	}
	if l.Depth <= 0 {
		l.Depth = d.Depth
	}
	if l.Time <= 0 {
		l.Time = d.Time
	}
	return l
}

// Template is a parsed template. It never changes and may be rendered by many at once.
type Template struct {
	mode   Mode
	limits Limits
	body   []node
	slots  int // how many names the template itself gives values to
	uses   []Use
	source int // bytes, to guess the size of the output
}

// Use is a value that a template asks for from outside, such as customer.first_name.
type Use struct {
	Name   string
	Line   int // from 1
	Column int // characters, from 1
}

// Uses returns what the template asks for, each name once, where it is first named.
func (t *Template) Uses() []Use { return slices.Clone(t.uses) }

// Parse reads a template. What cannot be read is an Invalid fault that says where and why.
func Parse(source string, mode Mode, limits Limits) (*Template, error) {
	limits = limits.filled()
	p := &parser{source: source, limits: limits, names: map[string]int{}}
	if len(source) > limits.Source {
		return nil, p.wrong(limits.Source, "source", "kilobytes", limits.Source>>10)
	}
	body, err := p.template()
	if err != nil {
		return nil, err
	}
	return &Template{mode: mode, limits: limits, body: body, slots: len(p.names), uses: p.resolve(), source: len(source)}, nil
}

// Reader is for whom a template is rendered.
type Reader struct {
	Printer *i18n.Printer                 // language and zone of the reader; nil is the first language
	Now     time.Time                     // what the word now means to the filter date
	Missing func(name string, line int64) // told of every output whose value is missing and has no default; may be nil
}

// Fixed returns what every rendering writes, if that does not depend on the values: many texts of a mail are plain.
func (t *Template) Fixed() (string, bool) {
	if len(t.body) == 0 {
		return "", true
	}
	text, ok := t.body[0].(*literal)
	if !ok || len(t.body) > 1 || t.mode == Header {
		return "", false
	}
	return text.text, true
}

// Render writes the template with values.
func (t *Template) Render(values Fields, reader Reader) (string, error) {
	if text, ok := t.Fixed(); ok {
		return text, nil
	}
	out, err := t.Append(make([]byte, 0, t.source+t.source/4), values, reader)
	return string(out), err
}

// Append renders the template behind dst, so that one buffer may serve many mails. After an error the bytes behind dst mean
// nothing. A budget that is passed and a value that does not fit its filter are Invalid faults with their line.
func (t *Template) Append(dst []byte, values Fields, reader Reader) ([]byte, error) {
	r := run{
		mode: t.mode, values: values, reader: reader, out: dst, start: len(dst),
		steps: t.limits.Steps, made: 4 * t.limits.Output, limits: &t.limits,
	}
	if r.reader.Printer == nil {
		r.reader.Printer = i18n.For("", nil)
	}
	if r.values == nil {
		r.values = Map(nil)
	}
	if t.slots > 0 {
		r.slots = make([]Value, t.slots)
	}
	if err := r.block(t.body); err != nil {
		return dst, err
	}
	if t.mode == Header {
		r.out = append(r.out[:r.start], oneLine(r.out[r.start:])...)
	}
	return r.out, nil
}
