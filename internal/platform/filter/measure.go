package filter

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"stamm/internal/platform/clock"
)

// measure is a column that a source contributes: the value of a field in a window, for the rows that meet its parameters.
type measure struct {
	name   string // m1, m2, …
	source Source
	sql    string // with {filter} where rows are aggregated
	rows   string // which rows count for it, beside the source's Where; empty for all
	from   *clock.Day
	until  *clock.Day // of rows; both nil where rows after today count, too
	cast   string
	beyond bool // rows that the source's Where leaves out count, too
}

// writer builds one SELECT.
type writer struct {
	q        *Query
	args     []any
	measures []*measure
	known    map[string]*measure
	order    map[string]int // source → its stage
	few      bool           // the customers asked about are few
}

// arg binds a value.
func (w *writer) arg(v any) string {
	w.args = append(w.args, v)
	return fmt.Sprintf("$%d", len(w.args))
}

// date is a day as SQL; days are no text of a user.
func date(d clock.Day) string { return "DATE '" + d.String() + "'" }

// at puts the day into SQL of a domain.
func (w *writer) at(sql string) string { return strings.ReplaceAll(sql, "{asof}", date(w.q.asOf)) }

// add makes a measure, or finds the one that was made under the key.
func (w *writer) add(key string, make func() *measure) *measure {
	if m := w.known[key]; m != nil {
		return m
	}
	m := make()
	m.name = fmt.Sprintf("m%d", len(w.measures)+1)
	w.measures = append(w.measures, m)
	w.known[key] = m
	return m
}

// key names what is measured, whatever it is compared with.
func (l *leaf) key(what string) string {
	return what + " " + Text(Tree{Is: &Condition{Field: l.Field, Window: l.Window, With: l.With, Is: Empty}})
}

// way is how the value of the condition is computed.
func (w *writer) way(l *leaf) Way {
	switch {
	case len(l.With) > 0 && l.field.Narrowed != nil:
		return *l.field.Narrowed
	case len(l.With) > 0 || l.Window != nil:
		return l.field.Way
	case l.field.Ever != nil && !w.few:
		return *l.field.Ever
	}
	way := l.field.Way
	if l.field.Lifetime != "" {
		way.SQL = l.field.Lifetime
	}
	return way
}

// casts give the values of the types one form. Sums are HUGEINT without.
var casts = map[Type]string{TypeCount: "BIGINT", TypeDays: "BIGINT", TypeMoney: "BIGINT", TypeDay: "DATE", TypeNumber: "DOUBLE", TypeShare: "DOUBLE"}

// value is the measure that a condition compares. Of fields with several values it is whether one of them meets it.
func (w *writer) value(l *leaf) *measure {
	if l.Field == FieldShare {
		return w.add(l.key("share"), func() *measure { return &measure{source: w.q.base, sql: w.share(l)} })
	}
	if l.field.Many {
		return w.add(Text(Tree{Is: &l.Condition}), func() *measure { return w.any(l) })
	}
	return w.add(l.key("value"), func() *measure { return w.aggregate(l, w.way(l).SQL, casts[l.field.Type]) })
}

// since is the day since which the value is what it is.
func (w *writer) since(l *leaf) *measure {
	return w.add(l.key("since"), func() *measure {
		return &measure{source: l.field.Since.Source, sql: w.at(l.field.Since.SQL), cast: "DATE"}
	})
}

// change is by how much the value is above what it was before the window began.
func (w *writer) change(l *leaf) *measure {
	return w.add(l.key("change"), func() *measure {
		way, before := l.field.Change, w.q.before(l.Window)
		return &measure{source: way.Source, sql: w.at(way.SQL), until: &before, cast: casts[l.field.Type]}
	})
}

// before is the last day before a window begins.
func (q *Query) before(window *Window) clock.Day {
	from, _ := q.bounds(window)
	return from.AddDays(-1)
}

// aggregate measures some SQL of the condition's way over the rows that count for it.
func (w *writer) aggregate(l *leaf, sql, cast string) *measure {
	way := w.way(l)
	m := &measure{source: way.Source, sql: w.at(sql), cast: cast}
	if way.Source.One {
		return m
	}
	m.rows = w.rows(l)
	w.limit(m, l)
	return m
}

// rows is which rows meet the parameters.
func (w *writer) rows(l *leaf) string {
	var all []string
	for _, with := range l.With {
		p := l.field.param(with.Field)
		all = append(all, w.compare(bracketed(w.at(p.SQL)), p.Type, with, true))
	}
	return strings.Join(all, " AND ")
}

// limit bounds the days of the rows: by the window, and by today.
func (w *writer) limit(m *measure, l *leaf) {
	if m.source.Day == "" {
		return
	}
	from, until := w.q.bounds(l.Window)
	m.from, m.until = from, &until
}

// bounds is the window in days, at most up to today; from is nil without a beginning.
func (q *Query) bounds(window *Window) (from *clock.Day, until clock.Day) {
	until = q.asOf
	if window == nil {
		return nil, until
	}
	switch window.Kind {
	case Last:
		d := back(window.Span).AddToDay(q.asOf).AddDays(1)
		from = &d
	case Since, Range:
		d := q.day(window.From)
		from = &d
	}
	if window.Kind == Until || window.Kind == Range {
		until = min(until, q.day(window.To))
	}
	return from, until
}

func back(s clock.Span) clock.Span { return clock.Span{N: -s.N, Unit: s.Unit} }

// day is the day a moment means.
func (q *Query) day(m Moment) clock.Day { return m.on(q.asOf) }

// any measures whether one of the values of a field with several meets the condition, in its positive form.
func (w *writer) any(l *leaf) *measure {
	positive := l.Condition
	positive.Is = affirmed(l.Is)
	m := &measure{source: l.field.Source, sql: "count(*) {filter} > 0"}
	m.rows = joinAnd(w.rows(l), w.compare(bracketed(w.at(l.field.SQL)), l.field.Type, positive, true))
	w.limit(m, l)
	return m
}

// values is the measure that shows what there is.
func (w *writer) shown(l *leaf) *measure {
	if !l.field.Many {
		return w.value(l)
	}
	return w.add(l.key("shown"), func() *measure {
		sql := w.at(l.field.SQL)
		m := &measure{source: l.field.Source, sql: "string_agg(DISTINCT " + sql + ", ', ' ORDER BY " + sql + ") {filter}", rows: w.rows(l)}
		if l.field.Type == TypeNumber {
			m.sql = "string_agg(DISTINCT CAST(" + sql + " AS VARCHAR), ', ') {filter}"
		}
		w.limit(m, l)
		return m
	})
}

// share spreads the customers evenly over 0 to 1 by a polynomial of degree 3 over the integers modulo the prime 2^31 - 1 with
// coefficients from a hash of the salt: any four customers fall independently of each other (Wegman and Carter 1981), and
// whole numbers give everywhere the same.
func (w *writer) share(l *leaf) string {
	c := shareCoefficients(l.With[0].Values[0].Text)
	x := fmt.Sprintf("(%s %% %d)", w.q.base.Customer, sharePrime)
	sql := fmt.Sprint(c[0])
	for _, next := range c[1:] {
		sql = fmt.Sprintf("((%s * %s + %d) %% %d)", sql, x, next, sharePrime)
	}
	return fmt.Sprintf("CAST(%s AS DOUBLE) / %d", sql, sharePrime)
}

const sharePrime = 1<<31 - 1

func shareCoefficients(salt string) (c [4]int64) {
	sum := sha256.Sum256([]byte(salt))
	for i := range c {
		c[i] = int64(binary.BigEndian.Uint64(sum[8*i:])>>1) % sharePrime
	}
	return c
}

func joinAnd(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, " AND ")
}
