package segments

import (
	"slices"
	"strconv"
	"strings"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// label is what a code is called, the code itself where nobody named it.
func label(p *i18n.Printer, names func(lang, code string) string, labels, code string) string {
	if names != nil {
		if name := names(p.Lang(), code); name != "" {
			return name
		}
	}
	if key := labels + "." + code; labels != "" && p.Has(key) {
		return p.T(key)
	}
	return code
}

// fieldGroup is the fields of one subject in the list one picks from.
type fieldGroup struct {
	title  string
	fields []filter.Field
}

// subjects are the groups of fields, in their order; the last takes what has no other.
func subjects() []string {
	return []string{"customer", "document", "event", "consent", "report", "predict", "contract", "own", "more"}
}

// fieldGroups are all fields that can be picked, by subject.
func (b *builder) fieldGroups(p *i18n.Printer) []fieldGroup {
	by := map[string][]filter.Field{}
	for _, f := range b.book.Catalogue.Fields() {
		subject, _, _ := strings.Cut(f.Words, ".")
		if f.Label != "" {
			subject = "own"
		}
		if !slices.Contains(subjects(), subject) {
			subject = "more"
		}
		by[subject] = append(by[subject], f)
	}
	for _, name := range []string{filter.FieldSegment, filter.FieldShare} {
		f, _ := b.desk.field(name)
		by["more"] = append(by["more"], f)
	}
	var all []fieldGroup
	for _, subject := range subjects() {
		if len(by[subject]) > 0 {
			all = append(all, fieldGroup{p.T("segments.subject." + subject), by[subject]})
		}
	}
	return all
}

// options are the values that a list offers, with those that the line has chosen.
func (b *builder) options(l row, list string) []ui.Option {
	all := slices.Clone(b.lists[list])
	for i := range all {
		all[i].Chosen = slices.Contains(l.Values, all[i].Value)
	}
	for _, v := range l.Values {
		if v != "" && !slices.ContainsFunc(all, func(o ui.Option) bool { return o.Value == v }) {
			all = append(all, ui.Option{Value: v, Label: v, Chosen: true})
		}
	}
	return all
}

// offered tells whether the values of a field are picked from a list rather than typed.
func (b *builder) offered(l row, f filter.Field) bool {
	n := len(b.lists[f.Name])
	return n > 0 && n < mostFound && f.Name != filter.FieldSegment && (l.Op == string(filter.In) || l.Op == string(filter.NotIn))
}

// chosenWords are the chosen values in one line.
func chosenWords(p *i18n.Printer, options []ui.Option) string {
	var words []string
	for _, o := range options {
		if o.Chosen {
			words = append(words, o.Label)
		}
	}
	switch {
	case len(words) == 0:
		return p.T("segments.choose")
	case len(words) > 3:
		return strings.Join(words[:3], ", ") + " +" + strconv.Itoa(len(words)-3)
	}
	return strings.Join(words, ", ")
}

func (l row) value(i int) string {
	if i < len(l.Values) {
		return l.Values[i]
	}
	return ""
}

func (l row) with(i int) string {
	if i < len(l.With) {
		return l.With[i]
	}
	return ""
}

func (l row) withOp(i int) string {
	if i < len(l.WithOp) {
		return l.WithOp[i]
	}
	return ""
}

// suffix is the unit behind a number.
func (b *builder) suffix(p *i18n.Printer, t filter.Type) string {
	switch t {
	case filter.TypeMoney:
		if b.book.Catalogue.Currency() == "EUR" {
			return "€"
		}
		return b.book.Catalogue.Currency()
	case filter.TypeShare:
		return "%"
	case filter.TypeDays:
		return p.T("segments.unit.D")
	case filter.TypeCount:
		return p.T("segments.times")
	}
	return ""
}

// operatorOptions are the comparisons that a line offers.
func operatorOptions(p *i18n.Printer, f filter.Field, chosen string) []ui.Option {
	var all []ui.Option
	for _, o := range operators(f) {
		title := o.Title(p)
		if f.Type == filter.TypeDay {
			if key := "segments.day_operator." + string(o); p.Has(key) {
				title = p.T(key)
			}
		}
		all = append(all, ui.Option{Value: string(o), Label: title, Chosen: string(o) == chosen})
	}
	return all
}

func comparisonOptions(p *i18n.Printer, chosen string) []ui.Option {
	var all []ui.Option
	for _, o := range comparisons() {
		all = append(all, ui.Option{Value: string(o), Label: o.Title(p), Chosen: string(o) == chosen})
	}
	return all
}

// changeWindows are the windows by which a change is asked for.
func changeWindows() []string { return []string{string(filter.Last), string(filter.Since)} }

func windowOptions(p *i18n.Printer, l row) []ui.Option {
	var all []ui.Option
	for _, kind := range []string{"", string(filter.Last), string(filter.Since), string(filter.Until), string(filter.Range)} {
		if kind == "" && filter.Operator(l.Op).LooksBack() || filter.Operator(l.Op).Moves() && !slices.Contains(changeWindows(), kind) {
			continue
		}
		key := kind
		if kind == "" {
			key = "ever"
		}
		all = append(all, ui.Option{Value: kind, Label: p.T("segments.window." + key), Chosen: kind == l.Window})
	}
	return all
}

func unitOptions(p *i18n.Printer, chosen string) []ui.Option {
	var all []ui.Option
	for _, u := range units() {
		code := string(rune(u))
		all = append(all, ui.Option{Value: code, Label: p.T("segments.unit." + code), Chosen: code == chosen})
	}
	return all
}

func groupOptions(p *i18n.Printer, chosen string) []ui.Option {
	var all []ui.Option
	for _, kind := range []string{groupAll, groupAny, groupNone, groupLeast} {
		all = append(all, ui.Option{Value: kind, Label: p.T("segments.group." + kind), Chosen: kind == chosen})
	}
	return all
}

// kindWords tell how the customers of a segment are found.
func kindWords(p *i18n.Printer, s *segment.Segment) string {
	switch {
	case s.Kind == segment.Frozen:
		return p.T("segments.kind.frozen")
	case s.Tracked:
		return p.T("segments.kind.tracked")
	}
	return p.T("segments.kind.live")
}

// people are the names of users.
type people map[int64]string

func peopleOf(r *page.Request, tx *store.Tx) (people, error) {
	list, err := auth.List(r.Context(), tx)
	all := people{}
	for _, u := range list {
		all[u.ID] = u.Name
	}
	return all, err
}

// actor is who changed something.
func (n people) actor(p *i18n.Printer, a store.Actor) string {
	if name := n[a.ID]; a.Kind == "user" && name != "" {
		return name
	}
	return p.T("segments.by_stamm")
}

func undoPost(r *page.Request, id, change int64) *ui.Post {
	return &ui.Post{Label: r.P.T("common.undo"), Action: pathOf(id) + "/undo", Fields: []ui.Hidden{{Name: "change", Value: strconv.FormatInt(change, 10)}}}
}

// sentence is whom a segment means, in words; of a list where it comes from.
func sentence(p *i18n.Printer, b *segment.Book, s *segment.Segment) string {
	tree := b.Condition(s)
	if s.Kind == segment.Frozen {
		if tree.Everybody() {
			return p.T("segments.list_imported", "day", *s.FrozenOn)
		}
		return p.T("segments.list_frozen", "day", *s.FrozenOn, "sentence", b.Sentence(p, tree))
	}
	return b.Sentence(p, tree)
}
