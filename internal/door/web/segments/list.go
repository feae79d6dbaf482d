package segments

import (
	"context"
	"strconv"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
)

// sparkDays is over how many days the list shows how sizes went.
const sparkDays = 30

// standing is how large a segment is and was.
type standing struct {
	n     int64
	known bool
	sizes []segment.Size
	wrong error // why it cannot be counted
}

// change is how much the size went up or down since the first day it is known of; false where there is none.
func (s standing) change() (by int64, since clock.Day, ok bool) {
	if !s.known || len(s.sizes) == 0 {
		return 0, 0, false
	}
	return s.n - s.sizes[0].Size, s.sizes[0].Day, true
}

// line is the sizes by day, today's at the end.
func (s standing) line(today clock.Day) []float64 {
	var all []float64
	for _, size := range s.sizes {
		if size.Day < today {
			all = append(all, float64(size.Size))
		}
	}
	if s.known {
		all = append(all, float64(s.n))
	}
	return all
}

// from is where the figures of a page come from.
func (d Deps) from(r *page.Request) *figure.Source {
	return figure.From(d.Warehouse, d.Patience, r.URL.RequestURI())
}

// count is how many customers a segment has, as far as it is known by now.
func count(ctx context.Context, from *figure.Source, b *segment.Book, s *segment.Segment) (n int64, known bool, wrong, err error) {
	q, wrong := b.Of(s, b.Today)
	if wrong != nil {
		return 0, false, wrong, nil
	}
	n, known, err = figure.Soon(ctx, from, segment.Key("count", q), func(ctx context.Context, v *warehouse.View) (int64, error) { return segment.Count(ctx, v, q) })
	return n, known, nil, err
}

// shelf is what the list shows.
type shelf struct {
	book      *segment.Book
	users     people
	list      []*segment.Segment
	standings map[int64]standing
	archived  bool
	templates []offer
}

// offer is a ready-made segment and how many customers it has.
type offer struct {
	segment.Template
	n     int64
	known bool
}

func (d Deps) list(r *page.Request) error {
	s := shelf{standings: map[int64]standing{}, archived: r.Text("show") == "archived"}
	var err error
	sizes := map[int64][]segment.Size{}
	s.book, err = d.book(r, func(tx *store.Tx, b *segment.Book) (err error) {
		if s.users, err = peopleOf(r, tx); err != nil {
			return err
		}
		s.list = b.Segments()
		if s.archived {
			s.list = b.Archived()
		}
		for _, one := range s.list {
			if sizes[one.ID], err = segment.Sizes(r.Context(), tx, one.ID, b.Today.AddDays(-sparkDays)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	from := d.from(r)
	if r.WantsCSV() {
		from = figure.From(d.Warehouse, warehouse.Forever, "")
	}
	for _, one := range s.list {
		st := standing{sizes: sizes[one.ID]}
		if one.Archived == nil {
			if st.n, st.known, st.wrong, err = count(r.Context(), from, s.book, one); err != nil {
				return err
			}
		}
		s.standings[one.ID] = st
	}
	if r.WantsCSV() {
		return s.csv(r)
	}
	if !s.archived && r.Can(auth.WriteSegments) {
		if s.templates, err = d.offers(r, s.book, from); err != nil {
			return err
		}
	}
	return r.Render(r.P.T(Title), listPage(r, s, from.AsOf(r.P.T("segments.source"))))
}

// offers are the ready-made segments with their counts.
func (d Deps) offers(r *page.Request, b *segment.Book, from *figure.Source) ([]offer, error) {
	type counted struct {
		list   []segment.Template
		counts []int64
	}
	got, known, err := figure.Soon(r.Context(), from, "segment templates "+b.Today.String()+" "+b.Catalogue.Currency(), func(ctx context.Context, v *warehouse.View) (c counted, err error) {
		if c.list, err = b.Templates(ctx, v); err != nil {
			return c, err
		}
		for _, t := range c.list {
			q, err := b.Query(t.Condition, b.Today)
			if err != nil {
				return c, err
			}
			n, err := segment.Count(ctx, v, q)
			if err != nil {
				return c, err
			}
			c.counts = append(c.counts, n)
		}
		return c, nil
	})
	if err != nil || !known {
		return nil, err
	}
	all := make([]offer, len(got.list))
	for i, t := range got.list {
		all[i] = offer{t, got.counts[i], true}
	}
	return all, nil
}

func (s shelf) csv(r *page.Request) error {
	p := r.P
	head := []string{"ID", p.T("segments.name"), p.T("segments.sentence"), p.T("segments.kind.name"), p.T("segments.size"), p.T("segments.owner"), p.T("segments.changed"), p.T("segments.text")}
	return r.SendCSV("segments", head, func(yield func([]string, error) bool) {
		for _, one := range s.list {
			size := ""
			if st := s.standings[one.ID]; st.known {
				size = strconv.FormatInt(st.n, 10)
			}
			if !yield([]string{strconv.FormatInt(one.ID, 10), one.Name, sentence(p, s.book, one), kindWords(p, one), size, s.users[one.Owner],
				clock.DayOf(one.ChangedAt, r.Company.Zone()).String(), s.book.Text(s.book.Condition(one))}, nil) {
				return
			}
		}
	})
}

// table lists the segments.
func (s shelf) table(r *page.Request) ui.Table {
	p := r.P
	t := ui.Table{ID: "segments", Caption: p.T(Title), Columns: []ui.Column{
		{Title: p.T("segments.name"), Narrow: ui.NarrowLead}, {Title: p.T("segments.kind.name"), Narrow: ui.NarrowBare},
		{Title: p.T("segments.size"), Number: true, Narrow: ui.NarrowValue}, {Title: p.T("segments.trend", "n", sparkDays), Number: true, Narrow: ui.NarrowBare},
		{Title: p.T("segments.owner"), Narrow: ui.NarrowHide, Wide: true}, {Title: p.T("segments.changed"), Number: true, Narrow: ui.NarrowMeta},
	}}
	for _, one := range s.list {
		st := s.standings[one.ID]
		size := ui.Text("…")
		switch {
		case st.wrong != nil:
			size = ui.Cell{Text: p.T("segments.broken"), Tone: ui.Bad}
		case st.known:
			size = ui.Cell{Text: p.Number(st.n), Strong: true}
		case one.Archived != nil:
			size = ui.Text("–")
		}
		words := sentence(p, s.book, one)
		if st.wrong != nil {
			words = p.Err(st.wrong)
		}
		t.Rows = append(t.Rows, ui.Row{Href: pathOf(one.ID), Muted: one.Archived != nil, Cells: []ui.Cell{ui.Lines(one.Name, words), ui.Rich(kindChip(p, one)), size,
			ui.Rich(trend(p, st, s.book.Today)), ui.Text(s.users[one.Owner]),
			ui.Lines(p.Date(clock.DayOf(one.ChangedAt, r.Company.Zone())), s.users.actor(p, one.ChangedBy))}})
	}
	if n := int64(len(t.Rows)); n > 1 {
		t.Paging = &ui.Paging{Shown: n, Of: n, Noun: p.T("segments.noun")}
	}
	return t
}
