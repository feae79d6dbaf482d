package segments

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
)

// live are the attributes of a field whose changes bring a new result.
func (b *builder) live(trigger string) templ.Attributes {
	return templ.Attributes{"hx-post": b.action, "hx-trigger": trigger, "hx-target": "#" + resultID}
}

// changing are the attributes of a choice; whole brings all of the form anew.
func (b *builder) changing(whole bool) templ.Attributes {
	if !whole {
		return b.live("change")
	}
	return templ.Attributes{"hx-post": b.action, "hx-trigger": "change"}
}

// hidden is a line as fields that nobody sees.
func (l row) hidden(key string) []ui.Hidden {
	all := []ui.Hidden{{Name: "r", Value: key}, {Name: "d." + key, Value: strconv.Itoa(l.Depth)}}
	add := func(name, value string) {
		if value != "" {
			all = append(all, ui.Hidden{Name: name + "." + key, Value: value})
		}
	}
	add("g", l.Group)
	add("k", l.Least)
	add("f", l.Field)
	add("o", l.Op)
	for _, v := range l.Values {
		add("v", v)
	}
	add("w", l.Window)
	add("n", l.N)
	add("u", l.Unit)
	add("from", l.From)
	add("to", l.To)
	for i := range l.With {
		all = append(all, ui.Hidden{Name: "p." + key, Value: l.With[i]}, ui.Hidden{Name: "q." + key, Value: l.withOp(i)})
	}
	add("an", l.AheadN)
	add("au", l.AheadUnit)
	add("t", l.Text)
	return all
}

func backWords(r *page.Request, b *builder) string {
	if b.saved != nil {
		return b.saved.Name
	}
	return r.P.T(Title)
}

func saveWords(r *page.Request, b *builder) string {
	if b.saved != nil {
		return r.P.T("segments.save")
	}
	return r.P.T("segments.create")
}

func ownerOptions(r *page.Request, b *builder) []ui.Option {
	all := []ui.Option{{Value: "0", Label: r.P.T("segments.nobody"), Chosen: b.owner == 0}}
	for _, u := range b.users {
		if !u.Disabled || u.ID == b.owner {
			all = append(all, ui.Option{Value: strconv.FormatInt(u.ID, 10), Label: u.Name, Chosen: u.ID == b.owner})
		}
	}
	return all
}

// textName is how a field is called in the text of a condition.
func textName(f filter.Field) string {
	switch f.Name {
	case filter.FieldSegment:
		return `in segment "…"`
	case filter.FieldShare:
		return `share("…") < 10 %`
	}
	var inside []string
	for _, p := range f.Params {
		inside = append(inside, p.Name+" = …")
	}
	if f.Windowed() {
		inside = append(inside, "last 365 d")
	}
	if inside == nil {
		return f.Name
	}
	return f.Name + "(" + strings.Join(inside, ", ") + ")"
}

func withWords(p *i18n.Printer, f filter.Field) string {
	if f.Name == filter.FieldShare {
		return ""
	}
	return p.T("segments.only")
}

// withNone are options of which none may be chosen.
func withNone(p *i18n.Printer, options []ui.Option, value string) []ui.Option {
	all := []ui.Option{{Label: p.T("segments.any")}}
	known := value == ""
	for _, o := range options {
		o.Chosen = o.Value == value
		known = known || o.Chosen
		all = append(all, o)
	}
	if !known {
		all = append(all, ui.Option{Value: value, Label: value, Chosen: true})
	}
	return all
}

// firstNone asks to choose where nothing is chosen yet.
func firstNone(p *i18n.Printer, options []ui.Option) []ui.Option {
	for _, o := range options {
		if o.Chosen {
			return options
		}
	}
	return append([]ui.Option{{Label: p.T("segments.choose"), Chosen: true}}, options...)
}

func joinLines(values []string) string { return strings.Join(values, "\n") }

func inputType(f filter.Field) string {
	if f.Type == filter.TypeDay {
		return "date"
	}
	return "text"
}

func shareWords(p *i18n.Printer, res result) string {
	if res.all == 0 {
		return p.N("segments.customers", res.count)
	}
	return p.N("segments.customers_of", res.count, "share", p.Percent(float64(res.count)/float64(res.all), 1))
}

func sampleWords(p *i18n.Printer, res result) string {
	if int64(len(res.sample)) >= res.count {
		return ""
	}
	return p.T("segments.sample_of", "n", int64(len(res.sample)), "all", res.count)
}

func nameWords(p *i18n.Printer, e explained) string {
	if e.name == "" {
		return p.T("segments.nameless", "id", e.id)
	}
	return e.name
}

// partTitle is what was measured.
func partTitle(p *i18n.Printer, b *segment.Book, part segment.Part) string {
	f, known := desk{all: b.Catalogue}.field(part.Condition.Field)
	if !known {
		return part.Condition.Field + ":"
	}
	return f.Title(p) + ":"
}
