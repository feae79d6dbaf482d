package report

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"stamm/internal/platform/i18n"
)

type inactivityJSON struct {
	Definition string           `json:"definition"`
	Share      entries[decimal] `json:"share_inactive_more_than"`
	N          entries[int64]   `json:"n"`
	Median     decimal          `json:"median_days_since_last"`
	Customers  int64            `json:"customers"`
	stamp
}

// silences are the limits of inactivity in days.
var silences = [...]int64{30, 90, 180, 365}

func inactivity(ctx context.Context, s *session) (*Result, error) {
	h, err := s.histogram(ctx, fmt.Sprintf("SELECT %s - last AS silent, count(*) FROM %s s GROUP BY silent ORDER BY silent",
		date(s.AsOf), s.state()))
	if err != nil {
		return nil, err
	}
	object := inactivityJSON{
		Definition: "days since last purchase at as_of = as_of - last purchase date (days)",
		Median:     h.quantileFloat(1, 2, 1), Customers: h.n, stamp: s.stamp(),
	}
	table := Table{Columns: columns("silent_over", Text, "customers", Count, "share", Share)}
	res := &Result{}
	for _, limit := range silences {
		n, key := h.over(limit), strconv.FormatInt(limit, 10)
		object.Share.add(key, ratio(n, h.n))
		object.N.add(key, n)
		ref := Ref("over/" + key)
		table.Rows = append(table.Rows, []Cell{text(key), number(n, ref), rate(n, h.n, ref)})
	}
	res.JSON, res.Tables = object, []Table{table}
	if h.n > 0 {
		res.Chart = &Chart{Kind: Bars, Series: []int{2}}
		res.Figures = []Figure{{"median_days_since_last", Days, value(float64(object.Median), "all")},
			{"share_inactive_90", Share, table.Rows[1][2]}, {"customers", Count, number(h.n, "all")}}
		res.sentence = func(p *i18n.Printer) string {
			return p.T("report.inactivity.sentence", "median", p.Decimal(float64(object.Median), 0),
				"of100", of100(h.over(90), h.n))
		}
	}
	return res, nil
}

// inactivityWho: over/N are the customers whose last purchase is more than N days ago.
func inactivityWho(ctx context.Context, s *session, what string, args []string) (string, error) {
	if what == "all" {
		return everybody(ctx, s, what, args)
	}
	n, err := atoi(args, 0)
	if err != nil || what != "over" {
		return "", badRef(what)
	}
	return fmt.Sprintf("SELECT customer FROM %s s WHERE %s - last > %d", s.state(), date(s.AsOf), n), nil
}

type interpurchaseJSON struct {
	NGaps      int64          `json:"n_gaps"`
	Mean       decimal        `json:"mean_days"`
	Median     decimal        `json:"median_days"`
	P90        decimal        `json:"p90_days_linear_interp"`
	Definition string         `json:"definition"`
	ByDays     entries[int64] `json:"gaps_by_days"`
	stamp
}

// gapBands are the lengths of gaps a table shows apart.
var gapBands = []band{{1, 7}, {8, 14}, {15, 30}, {31, 60}, {61, 90}, {91, 180}, {181, 365}, {366, math.MaxInt32}}

func interpurchase(ctx context.Context, s *session) (*Result, error) {
	h, err := s.histogram(ctx, "SELECT day - prev AS gap, count(*) FROM "+s.days()+" p WHERE nth > 1 GROUP BY gap ORDER BY gap")
	if err != nil {
		return nil, err
	}
	object := interpurchaseJSON{
		NGaps: h.n, Mean: ratio(h.sum, h.n), Median: h.quantileFloat(1, 2, 1), P90: h.quantileFloat(9, 10, 1),
		Definition: "days between one purchase day of a customer and her next, over all customers", stamp: s.stamp(),
	}
	table := Table{Columns: columns("gap_days", Text, "gaps", Count, "share", Share)}
	for _, b := range gapBands {
		n, ref := h.between(b.from, b.to), Ref("gap/"+b.String())
		object.ByDays.add(b.String(), n)
		table.Rows = append(table.Rows, []Cell{text(b.label()), number(n, ref), rate(n, h.n, ref)})
	}
	table.Total = []Cell{word("report.total"), number(h.n, "gap/1+"), rate(h.n, h.n, "gap/1+")}
	res := &Result{JSON: object, Tables: []Table{table}}
	if h.n > 0 {
		res.Chart = &Chart{Kind: Bars, Series: []int{1}}
		res.Figures = []Figure{{"median_days", Days, value(float64(object.Median), "gap/1+")},
			{"mean_days", Days, value(float64(object.Mean), "gap/1+")}, {"p90_days", Days, value(float64(object.P90), "gap/1+")},
			{"gaps", Count, number(h.n, "gap/1+")}}
		res.sentence = func(p *i18n.Printer) string {
			return p.T("report.interpurchase.sentence", "median", p.Decimal(float64(object.Median), 0),
				"p90", p.Decimal(float64(object.P90), 0))
		}
	}
	return res, nil
}

// interpurchaseWho: gap/A-B are the customers with a gap of A to B days.
func interpurchaseWho(ctx context.Context, s *session, what string, args []string) (string, error) {
	b, err := parseBand(args)
	if err != nil || what != "gap" {
		return "", badRef(what)
	}
	return fmt.Sprintf("SELECT customer FROM %s p WHERE nth > 1 AND day - prev BETWEEN %d AND %d", s.days(), b.from, b.to), nil
}

type secondJSON struct {
	Definition string              `json:"definition"`
	Rates      entries[secondRate] `json:"rates"`
	stamp
}

type secondRate struct {
	Eligible int64   `json:"n_eligible"`
	Rate     decimal `json:"rate"`
}

// windows are the times given for a second purchase, in days.
var windows = [...]int64{30, 60, 90, 180}

func secondPurchase(ctx context.Context, s *session) (*Result, error) {
	object := secondJSON{
		Definition: "among customers with first purchase at least w days before as_of: share whose 2nd purchase day is <= w days after the 1st",
		stamp:      s.stamp(),
	}
	table := Table{Columns: columns("within_days", Text, "eligible", Count, "bought_again", Count, "share", Share)}
	query := "SELECT "
	counts := make([]int64, 2*len(windows))
	into := make([]any, len(counts))
	for i, w := range windows {
		if i > 0 {
			query += ",\n\t"
		}
		old := fmt.Sprintf("day <= %s", date(s.AsOf.AddDays(-int(w))))
		query += fmt.Sprintf("count(*) FILTER (%s), count(*) FILTER (%s AND next - day <= %d)", old, old, w)
		into[2*i], into[2*i+1] = &counts[2*i], &counts[2*i+1]
	}
	if err := s.one(ctx, query+"\nFROM "+s.days()+" p WHERE nth = 1", into...); err != nil {
		return nil, err
	}
	for i, w := range windows {
		eligible, again, key := counts[2*i], counts[2*i+1], strconv.FormatInt(w, 10)
		object.Rates.add(key, secondRate{eligible, ratio(again, eligible)})
		table.Rows = append(table.Rows, []Cell{text(key), number(eligible, Ref("eligible/"+key)), number(again, Ref("again/"+key)),
			rate(again, eligible, Ref("again/"+key))})
	}
	res := &Result{JSON: object, Tables: []Table{table}}
	if counts[0] > 0 {
		res.Chart = &Chart{Kind: Bars, Series: []int{3}}
	}
	for i, name := range []string{"second_30", "second_60", "second_90", "second_180"} {
		res.Figures = append(res.Figures, Figure{name, Share, table.Rows[i][3]})
	}
	if counts[4] > 0 {
		res.sentence = func(p *i18n.Printer) string {
			return p.T("report.second_purchase_within.sentence", "of100", of100(counts[5], counts[4]), "customers", counts[4])
		}
	}
	return res, nil
}

// secondWho: eligible/N and again/N, and waiting/N: eligible and not bought again in time; month/2006-01: first bought in that
// month and again within ninety days.
func secondWho(ctx context.Context, s *session, what string, args []string) (string, error) {
	if what == "month" {
		m, err := monthArg(args)
		return fmt.Sprintf("SELECT customer FROM %s p WHERE nth = 1 AND day >= %s AND day < %s AND next - day <= %d", s.days(), date(m),
			date(m.AddMonths(1)), againDays), err
	}
	n, err := atoi(args, 0)
	if err != nil || n < 0 || n > math.MaxInt16 {
		return "", badRef(what)
	}
	sql := fmt.Sprintf("SELECT customer FROM %s p WHERE nth = 1 AND day <= %s", s.days(), date(s.AsOf.AddDays(-int(n))))
	switch what {
	case "eligible":
		return sql, nil
	case "again":
		return fmt.Sprintf("%s AND next - day <= %d", sql, n), nil
	case "waiting":
		return fmt.Sprintf("%s AND (next IS NULL OR next - day > %d)", sql, n), nil
	}
	return "", badRef(what)
}
