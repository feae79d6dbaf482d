package filter

import (
	"fmt"
	"slices"
	"strings"

	"stamm/internal/platform/clock"
)

// Count is the SELECT of one row and column: how many customers meet the tree.
func (q *Query) Count() SQL {
	w := q.writer()
	return w.filtered(nil, "SELECT count(*) AS n FROM %s")
}

// Customers is the SELECT of the customers who meet the tree, one column in no order.
func (q *Query) Customers() SQL {
	w := q.writer()
	return w.filtered(nil, "SELECT customer FROM %s")
}

// Among is Customers for those of ids only; nil means none of them, not all.
func (q *Query) Among(ids []int64) SQL {
	w := q.writer()
	w.few = true
	return w.filtered(nonNil(ids), "SELECT customer FROM %s")
}

// Explain is the SELECT that tells for each of ids who counts at all: customer, hit, and for each of Leaves whether it holds and
// what was measured, c1, v1, c2, v2 and so on. What is measured is NULL for segments and where there is nothing, days are DATE,
// money BIGINT minor units, numbers DOUBLE, texts VARCHAR, several values a list in one text; of fell and rose a LIST of what it was
// and what it is.
func (q *Query) Explain(ids []int64) SQL {
	w := q.writer()
	w.few = true
	columns := []string{"customer", w.tree(q.root, bare, false) + " AS hit"}
	for i, n := range q.leaves {
		shown := "NULL"
		switch {
		case n.leaf.whole != nil:
		case n.leaf.Is.Moves():
			now, change := w.value(n.leaf).name, w.change(n.leaf).name
			shown = fmt.Sprintf("CASE WHEN %[2]s IS NOT NULL THEN [%[1]s - %[2]s, %[1]s] END", now, change)
		default:
			shown = w.shown(n.leaf).name
		}
		if n.leaf.field.Zero && !n.leaf.Is.Moves() {
			shown = "coalesce(" + shown + ", 0)"
		}
		columns = append(columns, fmt.Sprintf("%s AS c%d, %s AS v%d", w.tree(n, bare, false), i+1, shown, i+1))
	}
	return w.plain(nonNil(ids), columns)
}

func nonNil(ids []int64) []int64 {
	if ids == nil {
		return []int64{}
	}
	return ids
}

func (q *Query) writer() *writer {
	return &writer{q: q, known: map[string]*measure{}, order: map[string]int{}}
}

// place tells how a measure is named where it is used.
type place func(*measure) string

// bare is the name alone, for the last SELECT.
func bare(m *measure) string { return m.name }

// tree is SQL that tells whether a node holds; NULL instead of false where direct.
func (w *writer) tree(n node, at place, direct bool) string {
	if n.leaf != nil {
		return w.leaf(n.leaf, at, direct)
	}
	parts := make([]string, len(n.parts))
	for i, p := range n.parts {
		parts[i] = w.tree(p, at, direct && (n.join == And || n.join == Or))
	}
	switch n.join {
	case And:
		return "(" + strings.Join(parts, " AND ") + ")"
	case Or:
		return "(" + strings.Join(parts, " OR ") + ")"
	case Not:
		return "(NOT " + parts[0] + ")"
	case AtLeast:
		for i, p := range parts {
			parts[i] = "CAST(" + p + " AS INTEGER)"
		}
		return fmt.Sprintf("(%s >= %d)", strings.Join(parts, " + "), n.n)
	}
	return "true"
}

func (w *writer) leaf(l *leaf, at place, direct bool) string {
	if l.whole != nil {
		if l.Is == NotIn {
			return "(NOT " + w.tree(*l.whole, at, false) + ")"
		}
		return w.tree(*l.whole, at, direct)
	}
	switch {
	case l.Is == Changed:
		return w.compare(at(w.since(l)), TypeDay, l.Condition, direct)
	case l.Is.Moves():
		return w.compare(at(w.change(l)), l.field.Type, l.Condition, direct)
	}
	m := w.value(l)
	if l.field.Many {
		sql := "coalesce(" + at(m) + ", false)"
		if affirmed(l.Is) != l.Is {
			return "(NOT " + sql + ")"
		}
		return sql
	}
	expr := at(m)
	if l.field.Zero && !(direct && refused(l)) {
		expr = "coalesce(" + expr + ", 0)"
	}
	return w.compare(expr, l.field.Type, l.Condition, direct)
}

// refused tells whether a customer of whom a source knows nothing fails the condition.
func refused(l *leaf) bool {
	if affirmed(l.Is) != l.Is {
		return false
	}
	if !l.field.Zero || l.Is.LooksBack() {
		return true
	}
	at := func(i int) float64 { return l.Values[i].Number + float64(l.Values[i].Money.Minor) }
	switch l.Is {
	case Less:
		return !(0 < at(0))
	case AtMost:
		return !(0 <= at(0))
	case More:
		return !(0 > at(0))
	case NotLess:
		return !(0 >= at(0))
	case Equal:
		return at(0) != 0
	case Between:
		return !(at(0) <= 0 && 0 <= at(1))
	case In:
		return !slices.ContainsFunc(l.Values, func(v Value) bool { return v.Number == 0 && v.Money.Minor == 0 })
	}
	return false
}

// refuses tells whether nobody meets a node of whom the source knows nothing.
func (w *writer) refuses(n node, source string) bool {
	about := func(p node) bool { return w.refuses(p, source) }
	switch {
	case n.leaf != nil && n.leaf.whole != nil:
		return n.leaf.Is == In && w.refuses(*n.leaf.whole, source)
	case n.leaf != nil:
		return w.sourceOf(n.leaf).Name == source && refused(n.leaf)
	case n.join == And:
		return slices.ContainsFunc(n.parts, about)
	case n.join == Or:
		return !slices.ContainsFunc(n.parts, func(p node) bool { return !about(p) })
	}
	return false
}

func (w *writer) sourceOf(l *leaf) Source {
	if l.Field == FieldShare || l.whole != nil {
		return w.q.base
	}
	switch {
	case l.Is == Changed:
		return l.field.Since.Source
	case l.Is.Moves():
		return l.field.Change.Source
	}
	if l.field.Many {
		return l.field.Source
	}
	return w.way(l).Source
}

// sources names the sources that a node needs beside the base.
func (w *writer) sources(n node) []string {
	var names []string
	n.each(true, func(n node) {
		if s := w.sourceOf(n.leaf); !s.Base && !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	})
	return names
}

// conjuncts are the parts of a tree all of which must hold.
func (n node) conjuncts() []node {
	switch {
	case n.leaf != nil && n.leaf.whole != nil && n.leaf.Is == In:
		return n.leaf.whole.conjuncts()
	case n.join == And:
		var all []node
		for _, p := range n.parts {
			all = append(all, p.conjuncts()...)
		}
		return all
	case n.leaf == nil && n.join == Leaf:
		return nil
	}
	return []node{n}
}

// step is a stage: a source is joined, and the conditions that can then be decided are.
type step struct {
	source  Source
	decides []node
	inner   bool // customers of whom the source knows nothing are out
}

// filtered is the SELECT whose stages leave out customers as early as they can; end says what is selected from the last.
func (w *writer) filtered(ids []int64, end string) SQL {
	steps := w.plan()
	w.ordered(steps)
	texts := make([]string, len(steps)) // conditions first: they make the measures
	places := make([]place, len(steps))
	after := map[*measure]int{}
	for i, s := range steps {
		places[i] = func(m *measure) string { after[m] = max(after[m], i); return w.within(s.source, m) }
		var all []string
		for _, n := range s.decides {
			all = append(all, w.tree(n, places[i], true))
		}
		texts[i] = strings.Join(all, " AND ")
	}
	var b strings.Builder
	narrow := ids != nil
	for i, s := range steps {
		keep := func(m *measure) bool { return after[m] > i }
		b.WriteString(w.stage(i, s, ids, narrow, texts[i], keep))
		narrow = narrow || texts[i] != ""
	}
	return w.done(b.String(), fmt.Sprintf(end, stageName(len(steps)-1)))
}

// plain is the SELECT of columns for every customer of ids who counts.
func (w *writer) plain(ids []int64, columns []string) SQL {
	steps := []step{{source: w.q.base}}
	for _, m := range w.measures {
		if !m.source.Base && !slices.ContainsFunc(steps, func(s step) bool { return s.source.Name == m.source.Name }) {
			steps = append(steps, step{source: m.source})
		}
	}
	w.ordered(steps)
	var b strings.Builder
	for i, s := range steps {
		b.WriteString(w.stage(i, s, ids, true, "", func(*measure) bool { return true }))
	}
	return w.done(b.String(), "SELECT "+strings.Join(columns, ",\n\t")+"\nFROM "+stageName(len(steps)-1))
}

// ordered notes which stage reads which source.
func (w *writer) ordered(steps []step) {
	for i, s := range steps {
		w.order[s.source.Name] = i
	}
}

func (w *writer) done(stages, end string) SQL { return SQL{"WITH " + stages + "\n" + end, w.args} }

func stageName(i int) string { return fmt.Sprintf("s%d", i) }

// plan puts the sources into an order: next comes the cheapest of those that decide something, then the cheapest.
func (w *writer) plan() []step {
	open := w.q.root.conjuncts()
	all := map[string]Source{}
	w.q.root.each(true, func(n node) {
		if s := w.sourceOf(n.leaf); !s.Base {
			all[s.Name] = s
		}
	})
	cost := w.costs()
	known := map[string]bool{}
	decidable := func(with string) (yes, no []node) {
		for _, n := range open {
			missing := func(s string) bool { return !known[s] && s != with }
			if slices.ContainsFunc(w.sources(n), missing) {
				no = append(no, n)
			} else {
				yes = append(yes, n)
			}
		}
		return yes, no
	}
	first := step{source: w.q.base}
	first.decides, open = decidable("")
	steps := []step{first}
	for len(all) > 0 {
		best, bestRank := "", 0
		for name := range all {
			rank := cost[name]
			if yes, _ := decidable(name); len(yes) == 0 {
				rank += 1 << 40
			}
			if best == "" || rank < bestRank || rank == bestRank && name < best {
				best, bestRank = name, rank
			}
		}
		s := step{source: all[best]}
		s.decides, open = decidable(best)
		s.inner = slices.ContainsFunc(s.decides, func(n node) bool { return w.refuses(n, best) })
		steps = append(steps, s)
		known[best] = true
		delete(all, best)
	}
	return steps
}

// costs is how many thousand rows of each source are read, by the longest window that is asked.
func (w *writer) costs() map[string]int {
	const life = 3 * 365 // days that a table is taken to hold
	cost := map[string]int{}
	w.q.root.each(true, func(n node) {
		s := w.sourceOf(n.leaf)
		c := s.Cost
		if from, until := w.q.bounds(n.leaf.Window); s.ByDay && from != nil {
			c = c * min(life, int(max(0, until-*from))+1) / life
		}
		cost[s.Name] = max(cost[s.Name], c)
	})
	return cost
}

// within is how a measure is named in the stage of a source: of the base by its own SQL, of the stage's source a., of earlier
// stages s.
func (w *writer) within(source Source, m *measure) string {
	switch {
	case source.Base && m.source.Base:
		return w.column(m, "")
	case m.source.Name == source.Name:
		return "a." + m.name
	}
	return "s." + m.name
}

// column is a measure's own SQL, over the rows that filter says.
func (w *writer) column(m *measure, filter string) string {
	if filter != "" {
		filter = "FILTER (WHERE " + filter + ")"
	}
	sql := strings.ReplaceAll(m.sql, "{filter}", filter)
	if m.cast != "" {
		return "CAST(" + sql + " AS " + m.cast + ")"
	}
	return bracketed(sql)
}

// bracketed is SQL of a domain as a part of other SQL.
func bracketed(sql string) string {
	if strings.Contains(sql, " ") {
		return "(" + sql + ")"
	}
	return sql
}

// stage writes a common table expression: customer and the measures that are kept.
func (w *writer) stage(i int, s step, ids []int64, narrow bool, where string, keep func(*measure) bool) string {
	columns := []string{"s.customer"}
	var own []*measure
	for _, m := range w.measures {
		if m.source.Name == s.source.Name {
			own = append(own, m)
		}
		switch {
		case !keep(m):
		case s.source.Base && m.source.Base:
			columns = append(columns, w.column(m, "")+" AS "+m.name)
		case m.source.Name == s.source.Name:
			columns = append(columns, "a."+m.name)
		case w.order[m.source.Name] < i:
			columns = append(columns, "s."+m.name)
		}
	}
	if s.source.Base {
		return w.first(s.source, columns[1:], ids, where)
	}
	join := "LEFT JOIN"
	if s.inner {
		join = "JOIN"
	}
	before := stageName(i - 1)
	text := fmt.Sprintf(",\n%s AS MATERIALIZED (\n\tSELECT %s\n\tFROM %s s %s (%s) a ON a.customer = s.customer", stageName(i),
		strings.Join(columns, ", "), before, join, w.scan(s.source, own, narrow, before))
	if where != "" {
		text += "\n\tWHERE " + where
	}
	return text + ")"
}

// first writes the stage of the customers there are.
func (w *writer) first(base Source, columns []string, ids []int64, where string) string {
	among := ""
	if ids != nil {
		among = base.Customer + " IN (SELECT u FROM unnest(" + w.arg(ids) + "::BIGINT[]) t(u))"
	}
	text := "s0 AS MATERIALIZED (\n\tSELECT " + strings.Join(append([]string{base.Customer + " AS customer"}, columns...), ", ") + "\n\tFROM " + w.at(base.From)
	if all := joinAnd(w.counts(base), among, where); all != "" {
		text += "\n\tWHERE " + all
	}
	return text + ")"
}

// scan reads a source once: a row a customer with all its measures.
func (w *writer) scan(s Source, own []*measure, narrow bool, before string) string {
	counts := w.counts(s)
	filters := make([]string, len(own))
	same, beyond := true, !s.One && slices.ContainsFunc(own, func(m *measure) bool { return m.beyond })
	for i, m := range own {
		filters[i] = joinAnd(m.rows, days(m))
		if beyond && !m.beyond {
			filters[i] = joinAnd(counts, filters[i])
		}
		same = same && filters[i] == filters[0]
	}
	if beyond {
		counts = ""
	}
	where := []string{counts}
	if narrow && (w.few || !s.One) { // of one row a customer the join takes what it needs
		where = append(where, s.Customer+" IN (SELECT customer FROM "+before+")")
	}
	switch {
	case s.One:
	case same:
		where = append(where, filters[0])
	default:
		where = append(where, span(s, own))
	}
	columns := []string{s.Customer + " AS customer"}
	for i, m := range own {
		filter := filters[i]
		if same {
			filter = ""
		}
		columns = append(columns, w.column(m, filter)+" AS "+m.name)
	}
	text := "\n\t\tSELECT " + strings.Join(columns, ", ") + "\n\t\tFROM " + w.at(s.From)
	if all := joinAnd(where...); all != "" {
		text += "\n\t\tWHERE " + all
	}
	if !s.One {
		text += "\n\t\tGROUP BY " + s.Customer
	}
	return text
}

// counts is which rows of a source count.
func (w *writer) counts(s Source) string {
	if s.Where == "" {
		return ""
	}
	return "(" + w.at(s.Where) + ")"
}

// days bounds the rows of a measure.
func days(m *measure) string {
	from, until := "", ""
	if m.from != nil {
		from = m.source.Day + " >= " + date(*m.from)
	}
	if m.until != nil {
		until = m.source.Day + " <= " + date(*m.until)
	}
	return joinAnd(from, until)
}

// span bounds the rows of several measures: from the first day that one of them counts to the last.
func span(s Source, own []*measure) string {
	if s.Day == "" {
		return ""
	}
	all := measure{source: s, from: own[0].from, until: own[0].until}
	for _, m := range own[1:] {
		all.from, all.until = outer(all.from, m.from, true), outer(all.until, m.until, false)
	}
	return days(&all)
}

// outer is the farther of two days; nil is farther than all.
func outer(a, b *clock.Day, first bool) *clock.Day {
	if a == nil || b == nil {
		return nil
	}
	if first == (*a < *b) {
		return a
	}
	return b
}
