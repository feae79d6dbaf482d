package report

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"stamm/internal/platform/i18n"
)

type repeatJSON struct {
	Definition string  `json:"definition"`
	ByDay      decimal `json:"by_purchase_day"`
	ByOrder    decimal `json:"by_order"`
	NByDay     int64   `json:"n_repeat_by_day"`
	NByOrder   int64   `json:"n_repeat_by_order"`
	Customers  int64   `json:"customers"`
	stamp
}

func repeatPurchaseRate(ctx context.Context, s *session) (*Result, error) {
	var customers, byDay, byOrder int64
	err := s.one(ctx, `SELECT count(*), count(*) FILTER (days >= 2), count(*) FILTER (orders >= 2)
FROM `+s.state()+` s`, &customers, &byDay, &byOrder)
	if err != nil {
		return nil, err
	}
	res := &Result{JSON: repeatJSON{
		Definition: "customers with >=2 distinct purchase DAYS / customers; and the same by orders",
		ByDay:      ratio(byDay, customers), ByOrder: ratio(byOrder, customers), NByDay: byDay, NByOrder: byOrder,
		Customers: customers, stamp: s.stamp(),
	}}
	res.Figures = []Figure{
		{"repeat_by_day", Share, rate(byDay, customers, "days/2")},
		{"repeat_by_order", Share, rate(byOrder, customers, "orders/2")},
		{"n_repeat_by_day", Count, number(byDay, "days/2")},
		{"n_repeat_by_order", Count, number(byOrder, "orders/2")},
		{"customers", Count, number(customers, "all")},
	}
	if customers > 0 {
		res.sentence = func(p *i18n.Printer) string {
			return p.T("report.repeat_purchase_rate.sentence", "of100", of100(byDay, customers), "customers", customers,
				"repeat", byDay)
		}
	}
	return res, nil
}

// of100 is a share as people say it: "29 of 100 customers".
func of100(part, whole int64) int64 {
	if whole == 0 {
		return 0
	}
	return int64(math.Round(100 * float64(part) / float64(whole)))
}

// repeatWho: days/N and orders/N are the customers with at least N of them.
func repeatWho(ctx context.Context, s *session, what string, args []string) (string, error) {
	n, err := atoi(args, 0)
	switch {
	case what == "all":
		return everybody(ctx, s, what, args)
	case err == nil && (what == "days" || what == "orders"):
		return fmt.Sprintf("SELECT customer FROM %s s WHERE %s >= %d", s.state(), what, n), nil
	}
	return "", badRef(what)
}

type frequencyJSON struct {
	Definition string         `json:"definition"`
	PerDay     decimal        `json:"purchase_days_per_customer"`
	PerOrder   decimal        `json:"orders_per_customer"`
	ByDays     entries[int64] `json:"customers_by_purchase_days"`
	stamp
}

// frequencyBands are the numbers of purchase days a table shows apart; the last goes to infinity.
var frequencyBands = []band{{1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 10}, {11, 20}, {21, 50}, {51, math.MaxInt32}}

func purchaseFrequency(ctx context.Context, s *session) (*Result, error) {
	h, err := s.histogram(ctx, "SELECT days, count(*) FROM "+s.state()+" s GROUP BY days ORDER BY days")
	if err != nil {
		return nil, err
	}
	t, err := s.sums(ctx)
	if err != nil {
		return nil, err
	}
	object := frequencyJSON{
		Definition: "purchase days / customers (orders / customers) over the whole period",
		PerDay:     ratio(t.days, t.customers), PerOrder: ratio(t.orders, t.customers), stamp: s.stamp(),
	}
	res := &Result{Figures: []Figure{
		{"days_per_customer", Decimal, rate(t.days, t.customers, "all")},
		{"orders_per_customer", Decimal, rate(t.orders, t.customers, "all")},
	}}
	table := Table{Columns: columns("purchase_days", Text, "customers", Count, "share", Share)}
	for _, b := range frequencyBands {
		n, ref := h.between(b.from, b.to), Ref("days/"+b.String())
		object.ByDays.add(b.String(), n)
		table.Rows = append(table.Rows, []Cell{text(b.label()), number(n, ref), rate(n, h.n, ref)})
	}
	table.Total = []Cell{word("report.total"), number(h.n, "all"), rate(h.n, h.n, "all")}
	res.JSON, res.Tables = object, []Table{table}
	if h.n > 0 {
		res.Chart = &Chart{Kind: Bars, Series: []int{1}}
		res.sentence = func(p *i18n.Printer) string {
			return p.T("report.purchase_frequency.sentence", "days", p.Decimal(float64(object.PerDay), 1),
				"orders", p.Decimal(float64(object.PerOrder), 1), "once", of100(h.between(1, 1), h.n))
		}
	}
	return res, nil
}

// frequencyWho: days/A-B are the customers with A to B purchase days.
func frequencyWho(ctx context.Context, s *session, what string, args []string) (string, error) {
	if what == "all" {
		return everybody(ctx, s, what, args)
	}
	b, err := parseBand(args)
	if err != nil || what != "days" {
		return "", badRef(what)
	}
	return fmt.Sprintf("SELECT customer FROM %s s WHERE days BETWEEN %d AND %d", s.state(), b.from, b.to), nil
}

// band is a range of whole numbers, ends included; math.MaxInt32 as end means no end.
type band struct{ from, to int64 }

// String writes a band for keys and references: 6-10, 51+.
func (b band) String() string {
	switch b.to {
	case b.from:
		return strconv.FormatInt(b.from, 10)
	case math.MaxInt32:
		return strconv.FormatInt(b.from, 10) + "+"
	}
	return fmt.Sprintf("%d-%d", b.from, b.to)
}

// label writes a band for people: 6–10.
func (b band) label() string { return strings.Replace(b.String(), "-", "–", 1) }

// parseBand reads what String writes from the first argument of a reference.
func parseBand(args []string) (band, error) {
	if len(args) == 0 {
		return band{}, badRef("")
	}
	if from, open := strings.CutSuffix(args[0], "+"); open {
		n, err := strconv.ParseInt(from, 10, 32)
		return band{n, math.MaxInt32}, err
	}
	from, to, ok := strings.Cut(args[0], "-")
	if !ok {
		to = from
	}
	lo, err := strconv.ParseInt(from, 10, 32)
	if err != nil {
		return band{}, err
	}
	hi, err := strconv.ParseInt(to, 10, 32)
	return band{lo, hi}, err
}

type averageJSON struct {
	PerOrder    decimal `json:"revenue_per_order"`
	PerDay      decimal `json:"revenue_per_purchase_day"`
	PerCustomer decimal `json:"revenue_per_customer"`
	Definition  string  `json:"definition"`
	stamp
}

func averageOrderValue(ctx context.Context, s *session) (*Result, error) {
	var customers, days, orders, value int64
	err := s.one(ctx, `SELECT count(*), CAST(coalesce(sum(days), 0) AS BIGINT), CAST(coalesce(sum(orders), 0) AS BIGINT),
	CAST(coalesce(sum(value), 0) AS BIGINT)
FROM `+s.state()+` s`, &customers, &days, &orders, &value)
	if err != nil {
		return nil, err
	}
	per := func(n int64) decimal { return ratio(value, n) / decimal(pow10(s.digits)) }
	res := &Result{JSON: averageJSON{
		PerOrder: per(orders), PerDay: per(days), PerCustomer: per(customers),
		Definition: "revenue of the customers who bought / their orders (purchase days, customers)", stamp: s.stamp(),
	}}
	res.Figures = []Figure{
		{"revenue_per_order", Money, average(value, orders, "all")},
		{"revenue_per_purchase_day", Money, average(value, days, "all")},
		{"revenue_per_customer", Money, average(value, customers, "all")},
	}
	if customers > 0 {
		res.sentence = func(p *i18n.Printer) string {
			return p.T("report.average_order_value.sentence", "order", res.Figures[0].Format(p, Money, s.currency),
				"customer", res.Figures[2].Format(p, Money, s.currency))
		}
	}
	return res, nil
}

// average is an average amount, rounded to the minor unit.
func average(minor, n int64, ref ...Ref) Cell {
	if n == 0 {
		return none()
	}
	return cash(int64(math.Round(float64(minor)/float64(n))), ref...)
}
