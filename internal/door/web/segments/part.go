package segments

import (
	"context"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

func (s shelf) header(r *page.Request) ui.Header {
	h := ui.Header{Title: r.P.T(Title), CSV: r.CSVLink(), Actions: listActions(r), Lead: ui.Plainly(r.P.T("segments.lead"))}
	if s.archived {
		h = ui.Header{Title: r.P.T("segments.archived_title"), Back: &ui.Anchor{Text: r.P.T(Title), Href: Path}, CSV: r.CSVLink()}
	}
	return h
}

// empty teaches what segments are and how to begin.
func (s shelf) empty(r *page.Request) ui.Empty {
	e := ui.Empty{Icon: "filter", Title: r.P.T("segments.empty.title"), Text: r.P.T("segments.empty.text")}
	if r.Can(auth.WriteSegments) {
		e.Action = &ui.Anchor{Text: r.P.T("segments.new.title"), Href: newPath}
		e.Second = &ui.Anchor{Text: r.P.T("segments.import.link"), Href: importPath}
	}
	return e
}

// signed is a change with its sign.
func signed(p *i18n.Printer, n int64) string {
	switch {
	case n > 0:
		return "+" + p.Number(n)
	case n < 0:
		return "−" + p.Number(-n)
	}
	return "±0"
}

func changeFields(what string, on bool) []ui.Hidden {
	return []ui.Hidden{{Name: "what", Value: what}, {Name: "to", Value: map[bool]string{true: "on", false: "off"}[on]}}
}

func changePost(r *page.Request, id int64, what string, on bool, label string) ui.Post {
	return ui.Post{Label: label, Action: pathOf(id) + "/change", Fields: changeFields(what, on)}
}

func slicesHas(list []string, s string) bool { return slices.Contains(list, s) }

// striking tells whether a part is found in the segment much more or less often than among all, on numbers that carry it.
func striking(p *segment.Profile, s segment.Slice) bool {
	i := index(p, s)
	return s.All >= 20 && (i >= 120 || i <= 80)
}

func aboutPairs(r *page.Request, s shown) []ui.Pair {
	p := r.P
	pairs := []ui.Pair{{Term: p.T("segments.kind.name"), Text: p.T("segments.kind_help." + string(s.Kind))}}
	if s.Tracked {
		pairs = append(pairs, ui.Pair{Term: p.T("segments.tracked"), Text: p.T("segments.tracked_yes")})
	}
	owner := s.users[s.Owner]
	if owner == "" {
		owner = p.T("segments.nobody")
	}
	pairs = append(pairs, ui.Pair{Term: p.T("segments.owner"), Text: owner})
	if users := s.book.Users(s.Segment); len(users) > 0 {
		pairs = append(pairs, ui.Pair{Term: p.T("segments.used_by"), Content: anchors(users)})
	}
	var uses []*segment.Segment
	for _, name := range s.book.Condition(s.Segment).Segments() {
		if other, err := s.book.Named(name); err == nil {
			uses = append(uses, other)
		}
	}
	if s.Kind == segment.Live && len(uses) > 0 {
		pairs = append(pairs, ui.Pair{Term: p.T("segments.uses"), Content: anchors(uses)})
	}
	return pairs
}

// anchors are links to segments.
func anchors(list []*segment.Segment) templ.Component {
	marks, hrefs := "", map[string]string{}
	for i, s := range list {
		if i > 0 {
			marks += ", "
		}
		key := strconv.FormatInt(s.ID, 10)
		marks += "[[" + key + "|" + plainMarks(s.Name) + "]]"
		hrefs[key] = pathOf(s.ID)
	}
	return ui.Sentence(marks, hrefs)
}

// plainMarks takes the marks of links out of a name.
func plainMarks(name string) string {
	runes := []rune(name)
	return string(slices.DeleteFunc(runes, func(c rune) bool { return c == '[' || c == ']' || c == '|' }))
}

// others are the segments that one can compare with.
func (s shown) others() []*segment.Segment {
	return slices.DeleteFunc(s.book.Segments(), func(other *segment.Segment) bool { return other.ID == s.ID })
}

// overlapRow is a part of two segments.
type overlapRow struct {
	name  string
	n     int64
	share float64
}

func (s shown) overlapRows(p *i18n.Printer) []overlapRow {
	all := s.shared.First + s.shared.Second - s.shared.Both
	rows := []overlapRow{{name: p.T("segments.only_in", "name", s.Name), n: s.shared.First - s.shared.Both}, {name: p.T("segments.in_both"), n: s.shared.Both},
		{name: p.T("segments.only_in", "name", s.other.Name), n: s.shared.Second - s.shared.Both}}
	for i := range rows {
		rows[i].share = share(rows[i].n, all)
	}
	return rows
}

func (s shown) overlapWords(p *i18n.Printer) string {
	return p.T("segments.overlap_words", "share", p.Percent(share(s.shared.Both, s.shared.First), 0), "first", s.Name, "second", s.other.Name,
		"back", p.Percent(share(s.shared.Both, s.shared.Second), 0))
}

func movesNone(r *page.Request, s shown) string {
	if !s.Filled {
		return r.P.T("segments.filling")
	}
	return r.P.T("segments.moves_none")
}

func moveSign(r *page.Request, m moved) string {
	if m.in {
		return r.P.T("segments.came")
	}
	return r.P.T("segments.went")
}

// whyShort is what was measured, in one line.
func whyShort(p *i18n.Printer, b *segment.Book, e explained) string {
	const most = 3
	words, more := "", 0
	for _, part := range e.parts {
		if !part.Holds {
			continue
		}
		if more++; more > most {
			continue
		}
		if words != "" {
			words += " · "
		}
		words += partTitle(p, b, part) + " " + b.Measured(p, part)
	}
	if more > most {
		words += " · +" + strconv.Itoa(more-most)
	}
	if words == "" {
		return p.T("segments.why")
	}
	return words
}

// membership is a segment that a customer is in.
type membership struct {
	segment *segment.Segment
	words   string
	parts   []segment.Part
}

// Card is in which tracked and frozen segments a customer is and why, for her page. What the warehouse has not seen yet
// is not told.
func (d Deps) Card(r *page.Request, customer int64) (templ.Component, error) {
	var b *segment.Book
	var list []membership
	_, err := d.book(r, func(tx *store.Tx, book *segment.Book) error {
		b = book
		since, err := segment.OfCustomer(r.Context(), tx, customer)
		if err != nil {
			return err
		}
		for _, s := range book.Segments() {
			if at, in := since[s.ID]; in && s.Tracked {
				list = append(list, membership{segment: s, words: r.P.T("segments.in_since", "day", day(r, at))})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, m := range list {
		if list[i].parts, err = d.reasons(r.Context(), b, m.segment, customer); err != nil {
			return nil, err
		}
	}
	for _, s := range b.Segments() {
		if s.Kind != segment.Frozen {
			continue
		}
		q, err := b.Of(s, b.Today)
		if err != nil {
			continue // its page says what is wrong
		}
		in, err := segment.Among(r.Context(), d.Warehouse, q, []int64{customer})
		if err != nil {
			return nil, err
		}
		if len(in) > 0 {
			list = append(list, membership{segment: s, words: r.P.T("segments.on_list_since", "day", *s.FrozenOn)})
		}
	}
	if len(list) == 0 && len(b.Segments()) == 0 {
		return nil, nil
	}
	return customerCard(r, b, list), nil
}

// reasons tell why a customer is in a segment.
func (d Deps) reasons(ctx context.Context, b *segment.Book, s *segment.Segment, customer int64) ([]segment.Part, error) {
	q, err := b.Of(s, b.Today)
	if err != nil {
		return nil, nil // its page says what is wrong
	}
	list, err := explain(ctx, d.Warehouse, q, []int64{customer})
	if err != nil || len(list) == 0 || b.Condition(s).Everybody() {
		return nil, err
	}
	return list[0].parts, nil
}
