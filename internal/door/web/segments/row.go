package segments

import (
	"slices"
	"strconv"
	"strings"

	"stamm/internal/door/web/page"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
)

// The kinds of groups.
const (
	groupAll   = "all"
	groupAny   = "any"
	groupNone  = "none"
	groupLeast = "least"
)

// maxRows is how many lines a form may have; a condition that is allowed never has more.
const maxRows = 2 * filter.MaxNodes

// row is a line of the builder as it stands in the form: a group, or a condition in it. All of it is text, so that
// nothing that was typed is lost, be it right or wrong.
type row struct {
	Depth int    // 0 is the whole
	Group string // "" for a condition
	Least string // of groupLeast

	Field, Op string
	Values    []string
	Window    string // as filter.WindowKind, "" for none
	N, Unit   string // of filter.Last
	From, To  string
	With      []string // of each parameter of the field, in its order
	WithOp    []string // likewise, for those that are compared
	AheadN    string   // of "within next" and its like
	AheadUnit string
	Text      string // a condition that lines cannot show, as people type it
	New       bool   // was added just now

	wrong *fault.Error // why it does not count; set by build
}

// readRows takes the lines out of the form.
func readRows(r *page.Request) ([]row, error) {
	keys := r.Form["r"]
	if len(keys) > maxRows {
		return nil, fault.New(fault.Invalid, "filter.error.nodes", "max", filter.MaxNodes)
	}
	var rows []row
	for _, key := range keys {
		text := func(name string) string { return r.Text(name + "." + key) }
		line := row{Group: text("g"), Least: text("k"), Field: text("f"), Op: text("o"), Values: r.Texts("v." + key), Window: text("w"), N: text("n"), Unit: text("u"),
			From: text("from"), To: text("to"), With: r.Texts("p." + key), WithOp: r.Texts("q." + key), AheadN: text("an"), AheadUnit: text("au"), Text: text("t")}
		line.Depth, _ = strconv.Atoi(text("d"))
		most := 0 // a line stands at most one deeper than its group
		if n := len(rows); n > 0 {
			if most = rows[n-1].Depth; rows[n-1].Group != "" {
				most++
			}
			most = max(most, 1)
		}
		line.Depth = min(max(line.Depth, min(len(rows), 1)), most)
		if len(rows) == 0 && line.Group == "" {
			rows = append(rows, row{Group: groupAll})
			line.Depth = 1
		}
		rows = append(rows, line)
	}
	if len(rows) == 0 {
		rows = []row{{Group: groupAll}}
	}
	return rows, nil
}

// end is the place behind a line and all that stands in it.
func end(rows []row, at int) int {
	i := at + 1
	for i < len(rows) && rows[i].Depth > rows[at].Depth {
		i++
	}
	return i
}

// groupOf is the place of the group that a line stands in.
func groupOf(rows []row, at int) int {
	for i := at - 1; i > 0; i-- {
		if rows[i].Depth < rows[at].Depth {
			return i
		}
	}
	return 0
}

// insert puts a line at the end of a group.
func insert(rows []row, group int, line row) []row {
	line.Depth, line.New = rows[group].Depth+1, true
	return slices.Insert(rows, end(rows, group), line)
}

// remove takes a line and all in it away.
func remove(rows []row, at int) []row {
	if at == 0 {
		return rows[:1]
	}
	return slices.Delete(rows, at, end(rows, at))
}

// indent puts a line into a group of its own.
func indent(rows []row, at int) []row {
	depth, last := rows[at].Depth, end(rows, at)
	if at == 0 || depth >= filter.MaxDepth {
		return rows
	}
	for i := at; i < last; i++ {
		rows[i].Depth++
	}
	return slices.Insert(rows, at, row{Depth: depth, Group: groupAny})
}

// outdent takes a line out of its group and puts it behind; a group that is empty then goes.
func outdent(rows []row, at int) []row {
	if rows[at].Depth < 2 {
		return rows
	}
	group := groupOf(rows, at)
	moved := slices.Clone(rows[at:end(rows, at)])
	rows = slices.Delete(rows, at, end(rows, at))
	for i := range moved {
		moved[i].Depth--
	}
	rows = slices.Insert(rows, end(rows, group), moved...)
	if end(rows, group) == group+1 || rows[group+1].Depth <= rows[group].Depth {
		rows = slices.Delete(rows, group, group+1)
	}
	return rows
}

// rowsOf lays a tree out in lines.
func rowsOf(t filter.Tree, c *filter.Catalogue, p *i18n.Printer) []row {
	rows := lay(nil, t, 0, desk{c, p})
	if rows == nil || rows[0].Group == "" {
		for i := range rows {
			rows[i].Depth++
		}
		rows = slices.Insert(rows, 0, row{Group: groupAll})
	}
	return rows
}

func lay(rows []row, t filter.Tree, depth int, d desk) []row {
	line := row{Depth: depth}
	parts := t.Parts
	switch t.Join {
	case filter.Leaf:
		if t.Is == nil {
			return rows
		}
		return append(rows, d.row(*t.Is, depth))
	case filter.And:
		line.Group = groupAll
	case filter.Or:
		line.Group = groupAny
	case filter.AtLeast:
		line.Group, line.Least = groupLeast, strconv.Itoa(t.N)
	case filter.Not:
		line.Group = groupNone
		if len(parts) == 1 && parts[0].Join == filter.Or {
			parts = parts[0].Parts
		}
	}
	rows = append(rows, line)
	for _, p := range parts {
		rows = lay(rows, p, depth+1, d)
	}
	return rows
}

// rowOf is a condition as a line; what a line cannot show stands in it as text.
func (d desk) row(c filter.Condition, depth int) row {
	line := row{Depth: depth, Field: c.Field, Op: string(c.Is)}
	f, known := d.field(c.Field)
	if !known || !d.show(&line, f, c) {
		return row{Depth: depth, Text: d.all.Text(filter.Tree{Is: &c})}
	}
	return line
}

// show fills the line with a condition and tells whether all of it could be shown.
func (d desk) show(l *row, f filter.Field, c filter.Condition) bool {
	if several(f) && len(c.Values) > 0 {
		switch c.Is { // one of several is the same as being it
		case filter.Equal:
			l.Op = string(filter.In)
		case filter.NotEqual:
			l.Op = string(filter.NotIn)
		}
	}
	for _, v := range c.Values {
		text, ok := d.plain(f.Type, v)
		if !ok {
			return false
		}
		l.Values = append(l.Values, text)
	}
	if c.Span != nil {
		l.AheadN, l.AheadUnit = strconv.Itoa(c.Span.N), string(rune(c.Span.Unit))
	}
	return l.showWindow(c.Window) && d.showWith(l, f, c.With)
}

func (l *row) showWindow(w *filter.Window) bool {
	if w == nil {
		return true
	}
	l.Window = string(w.Kind)
	if w.Kind == filter.Last {
		l.N, l.Unit = strconv.Itoa(w.Span.N), string(rune(w.Span.Unit))
		return true
	}
	if w.Kind == filter.Since || w.Kind == filter.Range {
		l.From = w.From.Day.String()
	}
	if w.Kind == filter.Until || w.Kind == filter.Range {
		l.To = w.To.Day.String()
	}
	return !w.From.Relative && !w.To.Relative
}

func (d desk) showWith(l *row, f filter.Field, with []filter.Condition) bool {
	if len(with) == 0 {
		return true
	}
	l.With, l.WithOp = make([]string, len(f.Params)), make([]string, len(f.Params))
	for _, w := range with {
		at := slices.IndexFunc(f.Params, func(p filter.Param) bool { return p.Name == w.Field })
		if at < 0 || l.With[at] != "" || len(w.Values) != 1 || w.Span != nil {
			return false
		}
		switch {
		case compared(f.Params[at]):
			if !slices.Contains(comparisons(), w.Is) {
				return false
			}
		case w.Is != filter.Equal:
			return false
		}
		text, ok := d.plain(f.Params[at].Type, w.Values[0])
		if !ok || text == "" {
			return false
		}
		l.With[at], l.WithOp[at] = text, string(w.Is)
	}
	return true
}

// plain is a value as it stands in a field of the form; false for one that no field takes.
func (d desk) plain(t filter.Type, v filter.Value) (string, bool) {
	switch v.Kind {
	case filter.TextValue:
		return v.Text, true
	case filter.PercentValue:
		return d.number(v.Number), t == filter.TypeShare
	case filter.NumberValue:
		if t == filter.TypeShare {
			v.Number *= 100
		}
		return d.number(v.Number), true
	case filter.MoneyValue:
		text := money.FormatScaled(v.Money.Minor, money.Digits(v.Money.Currency))
		return d.mark(text), v.Money.Currency == d.all.Currency()
	case filter.DayValue:
		return v.Day.Day.String(), !v.Day.Relative
	case filter.FlagValue:
		return strconv.FormatBool(v.Flag), true
	}
	return "", false
}

func (d desk) number(n float64) string { return d.mark(strconv.FormatFloat(n, 'f', -1, 64)) }

// mark writes a number with the decimal sign of the language.
func (d desk) mark(text string) string {
	if d.p.Lang() == "de" {
		return strings.Replace(text, ".", ",", 1)
	}
	return text
}

// units are the units of windows, as codes.
func units() []clock.Unit {
	return []clock.Unit{clock.UnitDay, clock.UnitWeek, clock.UnitMonth, clock.UnitYear}
}

// comparisons are the operators that take one value of an order.
func comparisons() []filter.Operator {
	return []filter.Operator{filter.NotLess, filter.More, filter.AtMost, filter.Less, filter.Equal, filter.NotEqual}
}

// several tells whether a field is asked for several values at once.
func several(f filter.Field) bool {
	return f.Type == filter.TypeChoice || f.Type == filter.TypeText || f.Name == filter.FieldSegment
}

// compared tells whether a parameter is compared rather than named.
func compared(p filter.Param) bool {
	return p.Type != filter.TypeText && p.Type != filter.TypeChoice && p.Type != filter.TypeFlag
}
