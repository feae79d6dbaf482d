package report

import (
	"context"
	"fmt"
	"math"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
)

// Tile is one figure of the start page: what it is now, what it was, and how it went.
type Tile struct {
	Name   string // its label is report.tile.NAME
	Report string // the report that explains it
	Kind   Kind
	Now    Cell
	Before Cell // the same a year ago, or in the period before; none where purchases do not reach back
	Year   bool // whether Before is a year ago
	Trend  []Cell
}

// Label returns the name people read.
func (t Tile) Label(p *i18n.Printer) string { return p.T("report.tile." + t.Name) }

// Change says how the figure moved, in words: "4 mehr als vor einem Jahr". It is "" without a figure to compare with.
func (t Tile) Change(p *i18n.Printer) string {
	if t.Now.None || t.Before.None {
		return ""
	}
	moved := math.Round(100*t.Now.Float) - math.Round(100*t.Before.Float) // as shown, in hundredths
	key, since := "report.change."+direction(moved), p.T("report.change."+when(t.Year))
	if t.Kind == Share {
		return p.N(key+"_points", int64(math.Abs(moved)), "when", since)
	}
	return p.T(key+"_number", "diff", p.Decimal(math.Abs(moved)/100, 2), "when", since)
}

func direction(diff float64) string {
	switch {
	case diff > 0:
		return "more"
	case diff < 0:
		return "less"
	}
	return "same"
}

func when(year bool) string {
	if year {
		return "year_ago"
	}
	return "period_before"
}

// Story is how many of the customers who first bought in a month came back within ninety days.
type Story struct {
	Month     clock.Day
	Customers int64 // who first bought in Month
	Again     int64 // who bought again in time
	Ref       Ref   // the customers who came back, for Rows of the report second_purchase_within
	Before    *StoryBefore
}

// StoryBefore is the month a story compares with.
type StoryBefore struct {
	Month            clock.Day
	Customers, Again int64
	Year             bool // a year before; else the month before
}

// Sentence tells the story: "Von 100 Kunden, die im März zum ersten Mal gekauft haben, kamen 29 innerhalb von 90 Tagen wieder, 4
// mehr als vor einem Jahr."
func (s Story) Sentence(p *i18n.Printer) string {
	now := of100(s.Again, s.Customers)
	args := []any{"month", monthName(p, s.Month), "of100", now}
	if s.Customers < enoughFor100 {
		return p.N("report.story.few", s.Customers, "month", monthName(p, s.Month), "again", s.Again)
	}
	if s.Before == nil || s.Before.Customers < enoughFor100 {
		return p.T("report.story.alone", args...)
	}
	before := of100(s.Before.Again, s.Before.Customers)
	diff := max(now-before, before-now)
	key := fmt.Sprintf("report.story.%s_%s", direction(float64(now-before)), when(s.Before.Year))
	return p.T(key, append(args, "diff", diff, "before", monthName(p, s.Before.Month))...)
}

// enoughFor100 is how many customers it takes to speak of a hundred.
const enoughFor100 = 50

// monthName is the month without its year: "im März".
func monthName(p *i18n.Printer, d clock.Day) string {
	_, m, _ := d.Date()
	return p.T(fmt.Sprintf("report.month.%d", m))
}

// Today is what the start page says about retention. Story is nil as long as no month with new customers is ninety days over.
type Today struct {
	AsOf  clock.Day
	Story *Story
	Tiles []Tile
}

// ForToday computes the story and the tiles of the start page.
func ForToday(ctx context.Context, q Querier, p Params) (*Today, error) {
	s, err := newSession(ctx, q, p)
	if err != nil {
		return nil, err
	}
	today := &Today{AsOf: s.AsOf}
	if today.Story, err = s.story(ctx); err != nil {
		return nil, err
	}
	retention, err := s.retentionTile(ctx)
	if err != nil {
		return nil, err
	}
	loyalty, err := s.loyaltyTile(ctx)
	if err != nil {
		return nil, err
	}
	today.Tiles = []Tile{retention, loyalty}
	return today, nil
}

// story finds the latest month with new customers whose last day is ninety days ago, and the one to compare it with.
func (s *session) story(ctx context.Context) (*Story, error) {
	end := s.AsOf.AddDays(-againDays + 1).Month() // first day of the first month that is not over for long enough
	type month struct{ customers, again int64 }
	months := map[clock.Day]month{}
	err := s.each(ctx, fmt.Sprintf(`SELECT CAST(date_trunc('month', day) AS DATE) AS month, count(*) AS customers, count(*) FILTER (next - day <= %d) AS again
FROM %s p WHERE nth = 1 AND day >= %s AND day < %s GROUP BY ALL`, againDays, s.days(), date(end.AddMonths(-14)), date(end)),
		func(scan func(...any) error) error {
			var t time.Time
			var m month
			if err := scan(&t, &m.customers, &m.again); err != nil {
				return err
			}
			months[clock.DayOf(t, t.Location())] = m
			return nil
		})
	if err != nil {
		return nil, err
	}
	for at := end.AddMonths(-1); at >= end.AddMonths(-2); at = at.AddMonths(-1) {
		m, ok := months[at]
		if !ok {
			continue
		}
		story := &Story{Month: at, Customers: m.customers, Again: m.again, Ref: Ref("month/" + monthText(at))}
		for _, back := range []int{12, 1} {
			if b, ok := months[at.AddMonths(-back)]; ok {
				story.Before = &StoryBefore{at.AddMonths(-back), b.customers, b.again, back == 12}
				break
			}
		}
		return story, nil
	}
	return nil, nil
}

// retentionTile is the share of those active ninety days ago who bought again since, now and a year ago.
func (s *session) retentionTile(ctx context.Context) (Tile, error) {
	tile := Tile{Name: "retention", Report: "period_retention", Kind: Share, Now: none(), Before: none()}
	rows, err := s.periodRows(ctx, periodDays)
	if err != nil || len(rows) == 0 {
		return tile, err
	}
	for _, r := range rows[max(0, len(rows)-8):] {
		tile.Trend = append(tile.Trend, keptOf(r))
	}
	tile.Now = keptOf(rows[len(rows)-1])
	ago := *s
	if ago.AsOf, tile.Year = s.AsOf.AddMonths(-12), true; s.first == nil || ago.AsOf.AddDays(-2*periodDays) < *s.first {
		tile.Year = false
		if len(rows) > 1 {
			tile.Before = keptOf(rows[len(rows)-2])
		}
		return tile, nil
	}
	past, err := newSession(ctx, s.q, ago.Params)
	if err != nil {
		return tile, err
	}
	if rows, err = past.periodRows(ctx, periodDays); err != nil || len(rows) == 0 {
		return tile, err
	}
	tile.Before = keptOf(rows[len(rows)-1])
	return tile, nil
}

func keptOf(r periodRow) Cell {
	return rate(r.AtEnd-r.New-r.Reactivated, r.AtStart, Ref("kept/"+r.End.String()))
}

// loyaltyTile is the orders per active customer and year, now and a year ago.
func (s *session) loyaltyTile(ctx context.Context) (Tile, error) {
	tile := Tile{Name: "loyalty", Report: "buying_rate", Kind: Decimal, Now: none(), Before: none()}
	rows, err := s.buyingRows(ctx, s.monthlyEnds(13))
	if err != nil || len(rows) == 0 {
		return tile, err
	}
	for _, r := range rows {
		tile.Trend = append(tile.Trend, rate(r.Orders, r.Active, Ref("active/"+r.End.String())))
	}
	tile.Now = tile.Trend[len(rows)-1]
	if first := rows[0]; len(rows) == 13 && first.Full {
		tile.Before, tile.Year = tile.Trend[0], true
	}
	return tile, nil
}

// Sentence is the story in words, or says when there will be one.
func (t *Today) Sentence(p *i18n.Printer) string {
	if t.Story == nil {
		return p.T("report.story.none")
	}
	return t.Story.Sentence(p)
}
