package report

import (
	"context"
	"fmt"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
)

type buyingJSON struct {
	Definition string      `json:"definition"`
	Orders     int64       `json:"orders_in_year"`
	Active     int64       `json:"active_customers_in_year"`
	Rate       decimal     `json:"orders_per_active_customer"`
	YearAgo    *buyingRow  `json:"year_ago"`
	Rows       []buyingRow `json:"rows"`
	stamp
}

type buyingRow struct {
	End    clock.Day `json:"end"`
	Orders int64     `json:"orders"`
	Active int64     `json:"active"`
	Rate   decimal   `json:"rate"`
	Full   bool      `json:"full_year"` // whether purchases reach back a whole year
}

// buyingRows counts orders and active customers of the years that end with the days. A purchase day keeps its customer active
// from itself to her next purchase, at most a year; so the active at a day are the spans begun less the spans ended.
func (s *session) buyingRows(ctx context.Context, ends []clock.Day) ([]buyingRow, error) {
	orders, begun, ended := map[clock.Day]int64{}, map[clock.Day]int64{}, map[clock.Day]int64{}
	var t time.Time
	var n, sold int64
	err := s.each(ctx, "SELECT day, count(*), CAST(sum(orders) AS BIGINT) FROM "+s.days()+" p GROUP BY day", func(scan func(...any) error) error {
		if err := scan(&t, &n, &sold); err != nil {
			return err
		}
		d := clock.DayOf(t, t.Location())
		begun[d], orders[d] = n, sold
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = s.each(ctx, fmt.Sprintf(`SELECT least(next, day + %d) AS ended, count(*) FROM %s p GROUP BY ended`, yearDays, s.days()),
		func(scan func(...any) error) error {
			if err := scan(&t, &n); err != nil {
				return err
			}
			ended[clock.DayOf(t, t.Location())] = n
			return nil
		})
	if err != nil {
		return nil, err
	}
	rows := make([]buyingRow, 0, len(ends))
	for _, end := range ends {
		row := buyingRow{End: end, Full: s.first != nil && *s.first <= end.AddDays(1-yearDays)}
		for d, n := range begun {
			if d <= end {
				row.Active += n
			}
			if d <= end && d > end.AddDays(-yearDays) {
				row.Orders += orders[d]
			}
		}
		for d, n := range ended {
			if d <= end {
				row.Active -= n
			}
		}
		row.Rate = ratio(row.Orders, row.Active)
		rows = append(rows, row)
	}
	return rows, nil
}

// monthlyEnds are AsOf and the days whole months before it, back to the first purchase or n of them, the earliest first.
func (s *session) monthlyEnds(n int) []clock.Day {
	var ends []clock.Day
	for k := n - 1; k >= 0; k-- {
		if d := s.AsOf.AddMonths(-k); s.first != nil && d >= *s.first {
			ends = append(ends, d)
		}
	}
	return ends
}

func buyingRate(ctx context.Context, s *session) (*Result, error) {
	rows, err := s.buyingRows(ctx, s.monthlyEnds(25))
	if err != nil {
		return nil, err
	}
	object := buyingJSON{
		Definition: "orders in the 365 days up to a day / distinct customers with a purchase in them",
		Rows:       rows, Rate: nothing(), stamp: s.stamp(),
	}
	table := Table{Columns: columns("end", Day, "orders", Count, "active_year", Count, "buying_rate", Decimal)}
	for _, r := range rows {
		ref := Ref("active/" + r.End.String())
		table.Rows = append(table.Rows, []Cell{day(r.End), number(r.Orders, ref), number(r.Active, ref), rate(r.Orders, r.Active, ref)})
	}
	res := &Result{Tables: []Table{table}}
	if k := len(rows) - 1; k >= 0 {
		now := rows[k]
		object.Orders, object.Active, object.Rate = now.Orders, now.Active, now.Rate
		if k >= 12 && rows[k-12].Active > 0 {
			object.YearAgo = &rows[k-12]
		}
		cells := table.Rows[k]
		res.Chart = &Chart{Kind: Line, Series: []int{3}}
		res.Figures = []Figure{{"buying_rate", Decimal, cells[3]}, {"orders", Count, cells[1]}, {"active_year", Count, cells[2]}}
		if now.Active > 0 {
			res.sentence = func(p *i18n.Printer) string {
				key := "report.buying_rate.sentence"
				if !now.Full {
					key += "_young"
				}
				return p.T(key, "rate", p.Decimal(float64(now.Rate), 2), "active", now.Active, "orders", now.Orders)
			}
		}
	}
	res.JSON = object
	return res, nil
}

// buyingWho: active/DAY are the customers with a purchase in the year up to DAY.
func buyingWho(_ context.Context, s *session, what string, args []string) (string, error) {
	d, err := dayArg(args, 0)
	if err != nil || what != "active" {
		return "", badRef(what)
	}
	return s.periodCustomers("end", d, d.AddDays(-yearDays), yearDays)
}
