package filter

import (
	"fmt"
	"math"
	"strings"

	"stamm/internal/platform/clock"
)

// slack is by how many days moving a day by months can miss the day that moving it back would find: 31 January and a month is
// 28 February, and that less a month is 28 January.
const slack = 4

// Moves tells whether the tree can become true or false for somebody by time alone.
func (q *Query) Moves() bool {
	w := q.writer()
	w.few = true
	return len(w.dues()) > 0
}

// Due is the SELECT that tells for each of ids who counts: customer, hit as in Explain, and due, the next day after the one
// asked about on which the tree may change for her though no row does; NULL for never. It may be too early, it is never
// too late: who asks again on that day misses nothing.
func (q *Query) Due(ids []int64) SQL {
	w := q.writer()
	w.few = true
	due := "CAST(NULL AS DATE)"
	if dues := w.dues(); len(dues) > 0 {
		due = "least(" + strings.Join(dues, ",\n\t\t") + ")"
	}
	return w.plain(nonNil(ids), []string{"customer", w.tree(q.root, bare, false) + " AS hit", due + " AS due"})
}

// dues are SQL of the days on which a condition may change; each is after the day asked about, or NULL.
func (w *writer) dues() []string {
	var all []string
	seen := map[string]bool{}
	w.q.root.each(true, func(n node) {
		for _, sql := range w.due(n.leaf) {
			if !seen[sql] {
				seen[sql] = true
				all = append(all, sql)
			}
		}
	})
	return all
}

func (w *writer) due(l *leaf) []string {
	if l.Field == FieldShare || l.whole != nil {
		return nil
	}
	all := w.next(l)
	if l.Is == Changed {
		return append(all, w.crossing(w.since(l).name, l.Window)...)
	}
	if l.Is.Moves() {
		return append(all, w.baseMoves(l)...)
	}
	all = append(all, w.rowsMove(l)...)
	if l.field.Many {
		return all
	}
	value := w.value(l).name
	switch {
	case l.field.Ages:
		all = append(all, w.grows(value, l.Values)...)
	case l.field.Type == TypeDay:
		all = append(all, w.dayMoves(value, l)...)
	}
	return all
}

// next is what the domain says about its own values.
func (w *writer) next(l *leaf) []string {
	way := w.way(l)
	if way.Next == "" {
		return nil
	}
	m := w.add(l.key("next"), func() *measure {
		m := &measure{source: way.Source, sql: w.at(way.Next), cast: "DATE", beyond: true}
		if !way.Source.One {
			m.rows = w.rows(l)
		}
		return m
	})
	return []string{w.later(m.name)}
}

// later is a day if it is after the one asked about.
func (w *writer) later(day string) string {
	return fmt.Sprintf("CASE WHEN %s > %s THEN %s END", day, date(w.q.asOf), day)
}

// soon is the first day after the one asked about that is not before day; NULL if the last that counts, so many days after
// day, is over.
func (w *writer) soon(day string, more int) string {
	return fmt.Sprintf("CASE WHEN %s + %d > %s THEN greatest(%s, %s) END", day, more, date(w.q.asOf), day, date(w.q.asOf.AddDays(1)))
}

// shifted is a day moved by a span, and how many days later the place may be that one looks for.
func shifted(day string, s clock.Span) (sql string, more int) {
	switch s.Unit {
	case clock.UnitWeek:
		return fmt.Sprintf("(%s + %d)", day, 7*s.N), 1
	case clock.UnitMonth:
		return fmt.Sprintf("CAST(%s + to_months(%d) AS DATE)", day, s.N), 1 + slack
	case clock.UnitYear:
		return fmt.Sprintf("CAST(%s + to_months(%d) AS DATE)", day, 12*s.N), 1 + slack
	}
	return fmt.Sprintf("(%s + %d)", day, s.N), 1
}

// passes is when a moment that moves with today reaches a day, or leaves it behind.
func (w *writer) passes(day string, m Moment) []string {
	if !m.Relative {
		return nil
	}
	sql, more := shifted(day, back(m.Shift))
	return []string{w.soon(sql, more)}
}

// crossing is when the ends of a window pass a day.
func (w *writer) crossing(day string, window *Window) []string {
	all := []string{w.later(day)}
	switch window.Kind {
	case Last:
		sql, more := shifted(day, window.Span)
		return append(all, w.soon(sql, more))
	case Since:
		return append(all, w.passes(day, window.From)...)
	case Until:
		return append(all, w.passes(day, window.To)...)
	}
	return append(append(all, w.passes(day, window.From)...), w.passes(day, window.To)...)
}

// rowsMove is when rows come into a window or fall out of it.
func (w *writer) rowsMove(l *leaf) []string {
	source := w.sourceOf(l)
	if source.Day == "" || source.One {
		return nil
	}
	rows := w.value(l).rows // of a field with several values those that meet the condition
	firstOf := func(from, until *clock.Day) string { return w.firstOf(source, rows, from, until) }
	tomorrow := w.q.asOf.AddDays(1)
	from, until := w.q.bounds(l.Window)
	all := []string{firstOf(&tomorrow, nil)}
	if l.Window == nil {
		return all
	}
	oldest := func() string { return firstOf(from, &until) }
	switch l.Window.Kind {
	case Last:
		sql, more := shifted(oldest(), l.Window.Span)
		return append(all, w.soon(sql, more))
	case Since, Range:
		if l.Window.From.Relative {
			all = append(all, w.passes(oldest(), l.Window.From)...)
		}
	}
	if l.Window.Kind != Last && l.Window.Kind != Since && l.Window.To.Relative {
		after := until.AddDays(1)
		all = append(all, w.passes(firstOf(&after, nil), l.Window.To)...)
	}
	return all
}

// firstOf is the first day of some rows.
func (w *writer) firstOf(source Source, rows string, from, until *clock.Day) string {
	m := &measure{source: source, sql: "min(" + source.Day + ") {filter}", rows: rows, from: from, until: until, cast: "DATE"}
	return w.add("first "+source.Name+" "+rows+" "+days(m), func() *measure { return m }).name
}

// baseMoves is when the value before the window becomes another one: the day before it begins reaches the next row.
func (w *writer) baseMoves(l *leaf) []string {
	before := w.q.before(l.Window)
	after := before.AddDays(1)
	next := func() string { return w.firstOf(l.field.Change.Source, "", &after, nil) }
	switch {
	case l.Window.Kind == Last:
		sql, more := shifted(next(), l.Window.Span)
		return []string{w.soon(sql, more)}
	case l.Window.From.Relative:
		return w.passes(next(), l.Window.From)
	case before >= w.q.asOf: // it begins one day
		return []string{date(max(after, w.q.asOf.AddDays(1)))}
	}
	return nil
}

// grows is when a value that grows by one a day reaches what it is compared with, or leaves it behind.
func (w *writer) grows(value string, values []Value) []string {
	const most = 200_000 // days; beyond lies no day
	if len(values) > fewValues {
		return []string{date(w.q.asOf.AddDays(1))}
	}
	var all []string
	for _, v := range values {
		for _, limit := range []float64{math.Ceil(v.Number), math.Floor(v.Number) + 1} {
			if math.Abs(limit) <= most {
				all = append(all, fmt.Sprintf("CASE WHEN %s < %d THEN %s + CAST(%d - %s AS INTEGER) END", value, int64(limit), date(w.q.asOf), int64(limit), value))
			}
		}
	}
	return all
}

// dayMoves is when a comparison of a day changes because today does.
func (w *writer) dayMoves(day string, l *leaf) []string {
	switch l.Is {
	case WithinLast:
		sql, more := shifted(day, *l.Span)
		return []string{w.later(day), w.soon(sql, more)}
	case WithinNext:
		sql, more := shifted(day, back(*l.Span))
		return []string{w.soon(sql, more), w.later("(" + day + " + 1)")}
	case Anniversary:
		return w.recurring(day, clock.Span{})
	case AnniversaryIn:
		return w.recurring(day, *l.Span)
	case anniversaryLast:
		return w.recurred(day, *l.Span)
	}
	var all []string
	for _, v := range l.Values {
		all = append(all, w.passes(day, v.Day)...)
	}
	return all
}

// recurring is when the next anniversary comes near, and the day after it.
func (w *writer) recurring(day string, near clock.Span) []string {
	years, at := w.anniversaries(day)
	coming := fmt.Sprintf("(CASE WHEN %s >= 1 AND %s >= %s THEN %s ELSE %s END)", years, at(years), date(w.q.asOf), at(years), at("greatest("+years+", 0) + 1"))
	sql, more := shifted(coming, back(near))
	return []string{w.soon(sql, more), w.later("(" + coming + " + 1)")}
}

// recurred is when the next anniversary is there, and when the last one is too long ago.
func (w *writer) recurred(day string, since clock.Span) []string {
	years, at := w.anniversaries(day)
	coming := fmt.Sprintf("(CASE WHEN %s >= 1 AND %s > %s THEN %s ELSE %s END)", years, at(years), date(w.q.asOf), at(years), at("greatest("+years+", 0) + 1"))
	past := fmt.Sprintf("(CASE WHEN %s >= 1 AND %s <= %s THEN %s WHEN %s >= 2 THEN %s END)", years, at(years), date(w.q.asOf), at(years), years, at(years+" - 1"))
	sql, more := shifted(past, since)
	return []string{w.later(coming), w.soon(sql, more)}
}

// anniversaries are the years from a day to the one asked about, and the anniversary so many years after it.
func (w *writer) anniversaries(day string) (years string, at func(n string) string) {
	year, _, _ := w.q.asOf.Date()
	return fmt.Sprintf("(%d - CAST(year(%s) AS INTEGER))", year, day),
		func(n string) string { return fmt.Sprintf("CAST(%s + to_years(%s) AS DATE)", day, n) }
}
