package segments

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/customer"
)

const (
	pageRows  = 25   // customers on a page
	fileRows  = 2000 // customers read at once for a file
	sizeDays  = 366
	movedDays = 14
	mostMoves = 12
)

// shown is a segment on its page.
type shown struct {
	*segment.Segment
	book    *segment.Book
	users   people
	names   map[int64]string // of customers who moved
	at      standing
	ahead   []string // what cannot count yet, in sentences
	moves   []moved
	entered int
	left    int
	edits   []segment.Edit
	rows    []explained
	listed  bool // rows are known
	numbers map[int64]string
	next    string
	first   string
	profile *segment.Profile
	part    *part // of the profile that is asked for; nil for all
	other   *segment.Segment
	shared  *segment.Shared
}

// part is a part of one dimension of the profile.
type part struct{ dimension, code string }

// partOf reads which part is asked for, as in "band/at_risk".
func partOf(r *page.Request) *part {
	dimension, code, ok := strings.Cut(r.Text("part"), "/")
	if !ok {
		return nil
	}
	return &part{dimension, code}
}

// partName says in words which part is shown, "" where the profile has none of that name.
func (s shown) partName(p *i18n.Printer) string {
	if s.part == nil || s.profile == nil {
		return ""
	}
	for _, d := range s.profile.Dimensions {
		if d.Name == s.part.dimension && slices.ContainsFunc(d.Rows, func(row segment.Slice) bool { return row.Code == s.part.code }) {
			return p.T("segments.part", "dimension", p.T("segment.profile."+d.Name), "part", s.book.Label(p, d.Name, s.part.code))
		}
	}
	return ""
}

// customers are those of the segment or of its part, behind after.
func (s *shown) customers(ctx context.Context, w warehouse.Querier, q *filter.Query, after int64, limit int) ([]int64, error) {
	if s.part == nil {
		return segment.Customers(ctx, w, q, after, limit)
	}
	return s.book.PartOf(ctx, w, q, s.book.Today, s.part.dimension, s.part.code, after, limit)
}

// moved is somebody who entered or left.
type moved struct {
	customer int64 // 0 for many at once
	many     int
	in       bool
	at       time.Time
}

func (d Deps) show(r *page.Request) error {
	s := shown{numbers: map[int64]string{}}
	var err error
	s.book, err = d.book(r, func(tx *store.Tx, b *segment.Book) (err error) {
		if s.Segment, err = d.one(r, b); err != nil {
			return err
		}
		if s.users, err = peopleOf(r, tx); err != nil {
			return err
		}
		if s.at.sizes, err = segment.Sizes(r.Context(), tx, s.ID, b.Today.AddDays(-sizeDays)); err != nil {
			return err
		}
		if s.edits, err = segment.History(r.Context(), tx, b, s.ID); err != nil {
			return err
		}
		return s.readMoves(r.Context(), tx)
	})
	if err != nil {
		return err
	}
	q, wrong := s.book.Of(s.Segment, s.book.Today)
	if wrong != nil {
		s.at.wrong = wrong
		if r.WantsCSV() {
			return wrong
		}
		return r.Render(s.Name, showPage(r, s, ui.AsOf{}))
	}
	s.ahead = q.Ahead(r.P)
	s.part = partOf(r)
	if r.WantsCSV() {
		return d.membersFile(r, s, q)
	}
	from := d.from(r)
	if s.at.n, s.at.known, _, err = count(r.Context(), from, s.book, s.Segment); err != nil {
		return err
	}
	if err := d.members(r, &s, q, from); err != nil {
		return err
	}
	if err := d.compare(r, &s, q, from); err != nil {
		return err
	}
	return r.Render(s.Name, showPage(r, s, from.AsOf(r.P.T("segments.source"))))
}

// members reads one page of the customers, each with why she is in.
func (d Deps) members(r *page.Request, s *shown, q *filter.Query, from *figure.Source) error {
	after := max(r.Int("after", 0), 0)
	rows, known, err := figure.Soon(r.Context(), from, segment.Key(fmt.Sprintf("members %d %+v", after, s.part), q), func(ctx context.Context, v *warehouse.View) ([]explained, error) {
		ids, err := s.customers(ctx, v, q, after, pageRows+1)
		if err != nil {
			return nil, err
		}
		return explain(ctx, v, q, ids)
	})
	if err != nil || !known {
		return err
	}
	s.listed = true
	s.rows = slices.Clone(rows) // what is remembered is everybody's
	if len(s.rows) > pageRows {
		s.rows = s.rows[:pageRows]
		s.next = r.Link("after", strconv.FormatInt(s.rows[pageRows-1].id, 10))
	}
	if after > 0 {
		s.first = r.Link("after", "")
	}
	if err := named(r, s.rows); err != nil {
		return err
	}
	return r.Read(func(tx *store.Tx) (err error) {
		s.numbers, err = segment.Numbers(r.Context(), tx, idsOf(s.rows))
		return err
	})
}

func idsOf(list []explained) []int64 {
	ids := make([]int64, len(list))
	for i, e := range list {
		ids[i] = e.id
	}
	return ids
}

// membersFile sends all customers of the segment, part by part.
func (d Deps) membersFile(r *page.Request, s shown, q *filter.Query) error {
	p := r.P
	return r.SendCSV("segment-"+strconv.FormatInt(s.ID, 10)+"-"+s.book.Today.String(), []string{"ID", p.T("segments.number"), p.T("common.name")}, func(yield func([]string, error) bool) {
		for after := int64(0); ; {
			ids, err := s.customers(r.Context(), d.Warehouse, q, after, fileRows)
			var names, numbers map[int64]string
			if err == nil && len(ids) > 0 {
				err = r.Read(func(tx *store.Tx) (err error) {
					if names, err = customer.Names(r.Context(), tx, ids); err != nil {
						return err
					}
					numbers, err = segment.Numbers(r.Context(), tx, ids)
					return err
				})
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, id := range ids {
				if !yield([]string{strconv.FormatInt(id, 10), numbers[id], names[id]}, nil) {
					return
				}
			}
			if len(ids) < fileRows {
				return
			}
			after = ids[len(ids)-1]
		}
	})
}

// compare profiles the segment and, where another is named, counts whom both have.
func (d Deps) compare(r *page.Request, s *shown, q *filter.Query, from *figure.Source) error {
	profile, known, err := figure.Soon(r.Context(), from, segment.Key("profile", q), func(ctx context.Context, v *warehouse.View) (*segment.Profile, error) {
		return s.book.Compare(ctx, v, q, s.book.Today)
	})
	if err != nil {
		return err
	}
	if known {
		s.profile = profile
	}
	other, err := s.book.Find(r.Int("with", 0))
	if err != nil || other.ID == s.ID || s.book.Trouble(other) != nil {
		return nil // an address that names nobody compares with nobody
	}
	s.other = other
	book, one := s.book, s.Segment
	key := segment.Key(fmt.Sprintf("overlap %d %s", other.ID, filter.Text(book.Condition(other))), q)
	shared, known, err := figure.Soon(r.Context(), from, key, func(ctx context.Context, v *warehouse.View) (segment.Shared, error) {
		return book.Overlap(ctx, v, book.Meaning(one), book.Meaning(other), book.Today)
	})
	if known {
		s.shared = &shared
	}
	return err
}

// readMoves reads who entered and left in the last days, newest first.
func (s *shown) readMoves(ctx context.Context, tx *store.Tx) error {
	if !s.Tracked {
		return nil
	}
	since := tx.Now.AddDate(0, 0, -movedDays)
	for _, kind := range []string{segment.KindEntered, segment.KindLeft} {
		changes, err := feed.Newest(ctx, tx, 0, kind, 0, 1000)
		if err != nil {
			return err
		}
		for _, c := range changes {
			if c.Subject != s.ID || c.At.Before(since) || c.Origin == feed.History {
				continue
			}
			m := moved{customer: c.Customer, in: kind == segment.KindEntered, at: c.At, many: 1}
			if m.customer == 0 {
				m.many = len(segment.Moved(c))
			}
			if m.in {
				s.entered += m.many
			} else {
				s.left += m.many
			}
			s.moves = append(s.moves, m)
		}
	}
	slices.SortStableFunc(s.moves, func(a, b moved) int { return b.at.Compare(a.at) })
	s.moves = s.moves[:min(len(s.moves), mostMoves)]
	var ids []int64
	for _, m := range s.moves {
		if m.customer != 0 {
			ids = append(ids, m.customer)
		}
	}
	var err error
	s.names, err = customer.Names(ctx, tx, ids)
	return err
}

// chart is how large the segment was, by day.
func (s shown) chart(r *page.Request) *ui.Chart {
	var labels []string
	var values []float64
	for _, size := range s.at.sizes {
		if size.Day < s.book.Today {
			labels, values = append(labels, r.P.Date(size.Day)), append(values, float64(size.Size))
		}
	}
	if s.at.known {
		labels, values = append(labels, r.P.T("segments.today")), append(values, float64(s.at.n))
	}
	if len(values) < 2 {
		return nil
	}
	return &ui.Chart{ID: "size", Kind: ui.LineChart, Title: r.P.T("segments.size_over_time"), Hide: true, Labels: labels,
		Series: []ui.Series{{Name: s.Name, Values: values}}, Unit: ui.Unit{Kind: ui.Count, Name: r.P.T("common.customers")}, YName: r.P.T("segments.size")}
}

// membersTable lists customers.
func (s shown) membersTable(r *page.Request) ui.Table {
	p := r.P
	of := int64(-1)
	if s.at.known && s.part == nil {
		of = s.at.n
	}
	t := ui.Table{ID: "members", Title: p.T("common.customers"), Caption: p.T("common.customers"), CSV: r.CSVLink("after", "", "with", ""), Columns: []ui.Column{
		{Title: p.T("common.customer"), Narrow: ui.NarrowLead}, {Title: p.T("segments.number"), Narrow: ui.NarrowBare}, {Title: p.T("segments.why"), Narrow: ui.NarrowBare}},
		Paging: &ui.Paging{Shown: int64(len(s.rows)), Of: of, Noun: p.T("customers.noun"), Next: s.next, First: s.first},
		Empty:  &ui.Empty{Icon: "users", Title: p.T("segments.nobody_in"), Text: p.T("segments.nobody_in_text")}}
	if !s.listed {
		t.Empty = &ui.Empty{Icon: "clock", Title: p.T("insight.pending"), Text: p.T("insight.pending_text")}
	}
	for _, e := range s.rows {
		why := ui.Text("")
		if s.Kind == segment.Live && len(e.parts) > 0 {
			why = ui.Rich(whyCell(r, s.book, e))
		} else if s.Kind == segment.Frozen {
			why = ui.Text(p.T("segments.on_list"))
		}
		t.Rows = append(t.Rows, ui.Row{Href: "/customers/" + strconv.FormatInt(e.id, 10), Cells: []ui.Cell{ui.Text(nameWords(p, e)), ui.Text(s.numbers[e.id]), why}})
	}
	return t
}

// share is a part of all, 0 where there is none.
func share(part, all int64) float64 {
	if all == 0 {
		return 0
	}
	return float64(part) / float64(all)
}

// index is how much more often a part is found in the segment than among all: 100 is as often. NaN where nobody is.
func index(p *segment.Profile, s segment.Slice) float64 {
	if p.Segment == 0 || s.All == 0 {
		return math.NaN()
	}
	return 100 * share(s.Segment, p.Segment) / share(s.All, p.All)
}

// editWords are what an edit changed.
func (s shown) editWords(r *page.Request, e segment.Edit) string {
	if e.Before == nil {
		return r.P.T("segments.made")
	}
	var words []string
	for _, field := range e.Fields {
		key := "segments.change." + field
		switch field {
		case segment.FieldTracked:
			key += map[bool]string{true: "_on", false: "_off"}[e.After.Tracked]
		case segment.FieldArchived:
			key += map[bool]string{true: "_on", false: "_off"}[e.After.Archived != nil]
		}
		words = append(words, r.P.T(key, "old", e.Before.Name, "new", e.After.Name))
	}
	return r.P.List(words)
}

// day is the company's day of a moment.
func day(r *page.Request, at time.Time) clock.Day { return clock.DayOf(at, r.Company.Zone()) }
