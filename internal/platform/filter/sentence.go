package filter

import (
	"math"
	"slices"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
)

// Sentence says in words whom a tree means: Kunden aus Deutschland, die in den letzten 365 Tagen mindestens 3-mal bestellt
// haben. segment names a segment by its key; without it the key is its name. What no longer exists is named as it was.
//
// Words of a field are texts that begin with its Words. Only label is needed; the others make a sentence better, in which
// {how} is the comparison, {when} the window, {what} the parameters and {value} the values:
//
//	noun   aus {value}                                for = and in, behind the word customers
//	is     die aus {value} kommen                     for = and in of texts, codes, and fields of several values
//	not    die nicht aus {value} kommen               for the opposite
//	how    die {when} {how} {what} bestellt haben     for comparisons
//	some   die {when} {what} bestellt haben           for counts of at least one
//	none   die {when} {what} nicht bestellt haben     for counts of none
//	yes    die Neuigkeiten wollen                     for flags, and no
//	empty  die nie bestellt haben                     for is empty, and filled for its opposite
//	was    die {how} Geburtstag hatten                for within last of days that recur every year
//	born   die {how} geboren sind                     for comparisons of these days themselves
//	times  {n} Verträge                               a count, if it is not of times; .one and .other
//	changed deren Gruppe {when} eine andere wurde     for changed
//	fell   deren Wert {when} um {value} gefallen ist  for fell, and rose
//	value.CODE der Schweiz                            a value as it stands behind other words
func Sentence(p *i18n.Printer, t Tree, c *Catalogue, segment func(key string) string) string {
	s := speaker{p, c, segment}
	if t.Everybody() {
		return p.T("filter.sentence.everybody")
	}
	nouns, rest := s.nouns(t)
	subject := strings.Join(append([]string{p.T("filter.sentence.customers")}, nouns...), " ")
	if len(rest) == 0 {
		return tidy(p.T("filter.sentence.only", "subject", subject))
	}
	clauses := s.list(rest, "filter.sentence.and")
	if len(rest) == 1 {
		clauses = s.top(rest[0])
	}
	return tidy(p.T("filter.sentence.whole", "subject", subject, "clauses", clauses))
}

// Title is the label of a field.
func (f Field) Title(p *i18n.Printer) string {
	if f.Label != "" {
		return f.Label
	}
	return p.T(f.Words + ".label")
}

// Show writes a value of the field for people: the name of a choice, an amount, a day.
func (f Field) Show(p *i18n.Printer, v Value) string {
	switch v.Kind {
	case FlagValue:
		if v.Flag {
			return p.T("filter.yes")
		}
		return p.T("filter.no")
	case MoneyValue:
		if a := v.Money; amountText(a) == strings.Split(v.Money.String(), " ")[0] {
			return p.Money(a.Minor, a.Currency)
		}
		return p.MoneyRounded(v.Money.Minor, v.Money.Currency)
	case DayValue:
		return moment(p, v.Day)
	case PercentValue:
		return percent(p, v.Number)
	case NumberValue:
		return f.showNumber(p, v.Number)
	}
	v, _ = fitChoice(f, v) // as it is spelled, where it exists
	if f.Names != nil {
		if name := f.Names(p.Lang(), v.Text); name != "" {
			return name
		}
	}
	if key := f.Labels + "." + v.Text; f.Labels != "" && p.Has(key) {
		return p.T(key)
	}
	if f.Type == TypeChoice && f.Labels == "" {
		return v.Text
	}
	return p.T("filter.quoted", "text", v.Text)
}

// Move writes by how much a value of the field changed: shares in percentage points.
func (f Field) Move(p *i18n.Printer, v Value) string {
	if f.Type != TypeShare {
		return f.Show(p, v)
	}
	if v.Kind != PercentValue {
		v.Number *= 100
	}
	if r := math.Round(v.Number*1000) / 1000; r != math.Trunc(r) {
		return p.T("filter.points_of", "n", p.Decimal(r, 1))
	}
	return p.N("filter.points", int64(math.Round(v.Number)))
}

func (f Field) showNumber(p *i18n.Printer, n float64) string {
	whole := n == math.Trunc(n) && math.Abs(n) < maxNumber
	if f.Names != nil {
		if name := f.Names(p.Lang(), numberText(n)); name != "" {
			return name
		}
	}
	switch {
	case f.Type == TypeShare:
		return percent(p, n*100)
	case f.Type == TypeCount && whole && f.Words != "" && p.Has(f.Words+".times.other"):
		return p.N(f.Words+".times", int64(n))
	case f.Type == TypeCount && whole:
		return p.N("filter.times", int64(n))
	case f.Type == TypeDays && whole:
		return p.N("filter.days", int64(n))
	case whole:
		return p.Number(int64(n))
	}
	return p.T("filter.number", "n", n)
}

func percent(p *i18n.Printer, n float64) string {
	digits := 0
	for d, f := 0, n; d < 3 && math.Abs(f-math.Round(f)) > 1e-6; d++ {
		f *= 10
		digits = d + 1
	}
	return p.Percent(n/100, digits)
}

// Title is the name of an operator in menus.
func (o Operator) Title(p *i18n.Printer) string { return p.T("filter.operator." + operatorKeys[o]) }

var operatorKeys = map[Operator]string{Equal: "equal", NotEqual: "not_equal", Less: "less", AtMost: "at_most", More: "more", NotLess: "not_less",
	In: "in", NotIn: "not_in", Contains: "contains", NotContains: "not_contains", StartsWith: "starts_with", Empty: "empty", NotEmpty: "not_empty",
	Between: "between", WithinNext: "within_next", WithinLast: "within_last", Anniversary: "anniversary", AnniversaryIn: "anniversary_in", Changed: "changed", Fell: "fell", Rose: "rose"}

// speaker puts trees into words.
type speaker struct {
	p       *i18n.Printer
	c       *Catalogue
	segment func(string) string
}

// nouns takes out the conditions that can stand right behind the word customers.
func (s speaker) nouns(t Tree) (nouns []string, rest []Tree) {
	parts := []Tree{t}
	if t.Join == And {
		parts = t.Parts
	}
	for _, part := range parts {
		if part.Is != nil && (part.Is.Is == Equal || part.Is.Is == In) {
			f, ok := s.c.Field(part.Is.Field)
			if ok && f.Words != "" && s.p.Has(f.Words+".noun") {
				nouns = append(nouns, s.fill(f.Words+".noun", f, *part.Is))
				continue
			}
		}
		rest = append(rest, part)
	}
	return nouns, rest
}

// top is a part that needs no brackets.
func (s speaker) top(t Tree) string {
	switch t.Join {
	case And:
		return s.list(t.Parts, "filter.sentence.and")
	case Or:
		return s.list(t.Parts, "filter.sentence.or")
	}
	return s.clause(t)
}

// list joins clauses: A, B and C.
func (s speaker) list(parts []Tree, and string) string {
	all := make([]string, len(parts))
	for i, part := range parts {
		all[i] = s.clause(part)
	}
	return s.joined(all, and)
}

func (s speaker) joined(all []string, and string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	last := len(all) - 1
	return s.p.T(and, "some", strings.Join(all[:last], ", "), "last", all[last])
}

// clause is a part as a relative clause with its pronoun.
func (s speaker) clause(t Tree) string {
	switch t.Join {
	case And, Or:
		return "(" + s.top(t) + ")"
	case Not:
		if len(t.Parts) == 1 {
			return s.p.T("filter.sentence.not", "clause", s.clause(t.Parts[0]))
		}
	case AtLeast:
		all := make([]string, len(t.Parts))
		for i, part := range t.Parts {
			all[i] = s.top(part)
		}
		return s.p.T("filter.sentence.at_least", "n", t.N, "of", len(all), "clauses", strings.Join(all, "; "))
	}
	if t.Is == nil {
		return s.p.T("filter.sentence.anybody")
	}
	return s.condition(*t.Is)
}

func (s speaker) condition(c Condition) string {
	switch c.Field {
	case FieldSegment:
		return s.named(c)
	case FieldShare:
		salt := ""
		if len(c.With) == 1 && len(c.With[0].Values) == 1 {
			salt = c.With[0].Values[0].Text
		}
		return s.p.T("filter.share.clause", "salt", salt, "how", s.how(shareField(), c))
	}
	f, ok := s.c.Field(c.Field)
	if !ok {
		f = Field{Name: c.Field, Label: c.Field}
	}
	return s.field(f, c)
}

func (s speaker) named(c Condition) string {
	name := ""
	if len(c.Values) > 0 {
		name = c.Values[0].Text
	}
	if s.segment != nil {
		if given := s.segment(name); given != "" {
			name = given
		}
	}
	if c.Is == NotIn {
		return s.p.T("filter.sentence.not_segment", "name", name)
	}
	return s.p.T("filter.sentence.segment", "name", name)
}

// field is a condition in the words of its field, or in those that fit every field.
func (s speaker) field(f Field, c Condition) string {
	form := formOf(f, c)
	if f.Words != "" && s.p.Has(f.Words+"."+form) {
		return s.fill(f.Words+"."+form, f, c)
	}
	switch form {
	case "some", "none", "born", "was":
		form = "how"
		if f.Words != "" && s.p.Has(f.Words+".how") {
			return s.fill(f.Words+".how", f, c)
		}
	}
	if form == "how" && f.Type == TypeDay {
		form = "day"
	}
	return s.fill("filter.clause."+form, f, c)
}

// formOf names the text that suits a condition.
func formOf(f Field, c Condition) string {
	number := func(i int) float64 {
		if len(c.Values) <= i {
			return math.NaN()
		}
		return c.Values[i].Number
	}
	switch c.Is {
	case Empty:
		return "empty"
	case NotEmpty:
		return "filled"
	case Changed, Fell, Rose, Contains, NotContains, StartsWith, Anniversary:
		return operatorKeys[c.Is]
	case AnniversaryIn:
		if !f.Yearly { // what recurs anyway needs no other words
			return "anniversary_in"
		}
		return "how"
	case WithinLast:
		if f.Yearly {
			return "was"
		}
		return "how"
	case WithinNext:
		return "how"
	}
	if f.Yearly {
		return "born"
	}
	switch f.Type {
	case TypeFlag:
		if len(c.Values) == 1 && c.Values[0].Flag == (c.Is == Equal) {
			return "yes"
		}
		return "no"
	case TypeCount:
		switch {
		case c.Is == NotLess && number(0) == 1, c.Is == More && number(0) == 0:
			return "some"
		case c.Is == Equal && number(0) == 0, c.Is == Less && number(0) == 1, c.Is == AtMost && number(0) == 0:
			return "none"
		}
		return "how"
	case TypeText, TypeChoice:
		return map[bool]string{true: "is", false: "not"}[c.Is == Equal || c.Is == In]
	}
	if f.Many || f.Names != nil && slices.Contains([]Operator{Equal, NotEqual, In, NotIn}, c.Is) {
		return map[bool]string{true: "is", false: "not"}[c.Is == Equal || c.Is == In]
	}
	return "how"
}

// fill puts a condition into a text.
func (s speaker) fill(key string, f Field, c Condition) string {
	what := make([]string, 0, len(c.With))
	for _, w := range c.With {
		what = append(what, s.param(f, w))
	}
	when := ""
	if c.Window != nil {
		when = window(s.p, *c.Window)
	}
	return s.p.T(key, "label", f.Title(s.p), "value", s.values(f, c), "how", s.how(f, c), "when", when, "what", strings.Join(what, " "))
}

func (s speaker) values(f Field, c Condition) string {
	const most = 5
	var all []string
	for i, v := range c.Values {
		if i == most && len(c.Values) > most+1 {
			all = append(all, s.p.N("filter.more", int64(len(c.Values)-most)))
			break
		}
		if c.Is.Moves() {
			all = append(all, f.Move(s.p, v))
			continue
		}
		all = append(all, s.value(f, v))
	}
	return s.joined(all, "filter.sentence.or")
}

// value is how a value is written within a sentence: aus der Schweiz, but Schweiz.
func (s speaker) value(f Field, v Value) string {
	fitted, _ := fitChoice(f, v)
	if key := f.Words + ".value." + fitted.Text; f.Words != "" && v.Kind == TextValue && s.p.Has(key) {
		return s.p.T(key)
	}
	return f.Show(s.p, v)
}

// param is a condition on a parameter: mit dem Produkt „ESP-1“.
func (s speaker) param(f Field, w Condition) string {
	p := f.param(w.Field)
	if p == nil {
		return w.Field
	}
	field := p.field()
	how := s.how(field, w)
	switch {
	case w.Is == Equal || w.Is == In:
		how = s.values(field, w)
	case (w.Is == NotEqual || w.Is == NotIn) && (field.Type == TypeText || field.Type == TypeChoice):
		how = s.p.T("filter.how.not", "value", s.values(field, w))
	}
	return s.p.T(p.Words+".with", "value", how)
}

// how is the comparison: mindestens 3-mal.
func (s speaker) how(f Field, c Condition) string {
	switch c.Is {
	case WithinNext, WithinLast, AnniversaryIn:
		if c.Span == nil {
			return ""
		}
		ahead := map[bool]string{true: "next", false: "last"}[c.Is == WithinNext || c.Is == AnniversaryIn]
		return s.p.N("filter."+ahead+"."+unitKeys[c.Span.Unit], int64(c.Span.N))
	case Between:
		return s.between(f, c)
	case Empty, NotEmpty, Anniversary, Changed, Fell, Rose:
		return c.Is.Title(s.p)
	}
	return s.p.T("filter.how."+s.kind(c)+operatorKeys[c.Is], "value", s.values(f, c))
}

// between names the unit of numbers once: 14 bis 60 Tage.
func (s speaker) between(f Field, c Condition) string {
	if len(c.Values) != 2 {
		return ""
	}
	from, to := f.Show(s.p, c.Values[0]), f.Show(s.p, c.Values[1])
	if n := c.Values[0].Number; (f.Type == TypeCount || f.Type == TypeDays) && n == math.Trunc(n) && c.Values[1].Number > 1 {
		from = s.p.Number(int64(n))
		if f.Type == TypeCount && to == s.p.N("filter.times", int64(c.Values[1].Number)) {
			return s.p.T("filter.how.times_between", "from", from, "to", to)
		}
	}
	return s.p.T("filter.how."+s.kind(c)+"between", "from", from, "to", to)
}

// kind tells comparisons with a date, with a day counted from today and with anything else apart.
func (s speaker) kind(c Condition) string {
	if len(c.Values) == 0 || c.Values[0].Kind != DayValue {
		return ""
	}
	for _, v := range c.Values {
		if v.Day.Relative {
			return "moment_"
		}
	}
	return "date_"
}

var unitKeys = map[clock.Unit]string{clock.UnitDay: "day", clock.UnitWeek: "week", clock.UnitMonth: "month", clock.UnitYear: "year"}

// moment is a day in words: 31.12.2026, heute, vor 30 Tagen.
func moment(p *i18n.Printer, m Moment) string {
	switch {
	case !m.Relative:
		return p.Date(m.Day)
	case m.Shift.N < 0:
		return p.N("filter.ago."+unitKeys[m.Shift.Unit], int64(-m.Shift.N))
	case m.Shift.N > 0:
		return p.N("filter.ahead."+unitKeys[m.Shift.Unit], int64(m.Shift.N))
	}
	return p.T("filter.today")
}

// window is a stretch of days in words: in den letzten 365 Tagen.
func window(p *i18n.Printer, w Window) string {
	kind := "date"
	if w.From.Relative || w.To.Relative {
		kind = "moment"
	}
	switch w.Kind {
	case Last:
		return p.N("filter.last."+unitKeys[w.Span.Unit], int64(w.Span.N))
	case Since:
		return p.T("filter.since."+kind, "from", moment(p, w.From))
	case Until:
		return p.T("filter.until."+kind, "to", moment(p, w.To))
	}
	return p.T("filter.between."+kind, "from", moment(p, w.From), "to", moment(p, w.To))
}

// tidy takes away what empty parts of a text leave behind.
func tidy(text string) string {
	text = strings.Join(strings.Fields(strings.ReplaceAll(text, i18n.NBSP, "\x00")), " ")
	text = strings.NewReplacer(" ,", ",", " ;", ";", " )", ")", "( ", "(", " .", ".").Replace(text)
	return strings.ReplaceAll(text, "\x00", i18n.NBSP)
}
