package report

import (
	"context"
	"fmt"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
)

type revenueJSON struct {
	Definition string       `json:"definition"`
	Rows       []revenueRow `json:"rows"`
	stamp
}

type revenueRow struct {
	Month              month   `json:"month"`
	Revenue            amount  `json:"revenue"`
	NewRevenue         amount  `json:"new_revenue"`
	ReturningRevenue   amount  `json:"returning_revenue"`
	ReturningShare     decimal `json:"returning_share"`
	NewCustomers       int64   `json:"new_customers"`
	ReturningCustomers int64   `json:"returning_customers"`
	Orders             int64   `json:"orders"`
}

// revenue splits each month's revenue by whether the customer first bought in that month.
func revenue(ctx context.Context, s *session) (*Result, error) {
	months, err := s.monthSums(ctx)
	if err != nil {
		return nil, err
	}
	object := revenueJSON{
		Definition: "calendar months. new=customers whose first ever purchase is in that month; returning=all others; on the net basis returns are " +
			"taken off in the month of the sale they reverse",
		Rows: make([]revenueRow, 0, len(months)), stamp: s.stamp(),
	}
	table := Table{Columns: columns("month", Month, "revenue", Money, "new_revenue", Money, "returning_revenue", Money, "returning_share", Share,
		"new", Count, "returning", Count, "orders", Count)}
	var sum monthSums
	for _, m := range months {
		again := m.value - m.freshly
		object.Rows = append(object.Rows, revenueRow{month(m.month), s.amount(m.value), s.amount(m.freshly), s.amount(again), ratio(again, m.value),
			m.fresh, m.active - m.fresh, m.orders})
		at := "/" + monthText(m.month)
		table.Rows = append(table.Rows, []Cell{day(m.month), cash(m.value, Ref("active"+at)), cash(m.freshly, Ref("new"+at)),
			cash(again, Ref("returning"+at)), rate(again, m.value, Ref("returning"+at)), number(m.fresh, Ref("new"+at)),
			number(m.active-m.fresh, Ref("returning"+at)), number(m.orders, Ref("active"+at))})
		if m.month > s.AsOf.AddMonths(-12).Month() {
			sum.value, sum.freshly = sum.value+m.value, sum.freshly+m.freshly
		}
	}
	res := &Result{JSON: object, Tables: []Table{table.latest(36)}}
	if len(months) > 0 {
		again := sum.value - sum.freshly
		res.Chart = &Chart{Kind: Stacked, Series: []int{2, 3}}
		res.Figures = []Figure{{"revenue_12_months", Money, cash(sum.value)}, {"returning_revenue", Money, cash(again)},
			{"returning_share", Share, rate(again, sum.value)}, {"new_revenue", Money, cash(sum.freshly)}}
		res.sentence = func(p *i18n.Printer) string {
			return p.T("report.revenue.sentence", "revenue", money.Of(sum.value, s.currency), "of100", of100(again, sum.value))
		}
	}
	return res, nil
}

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

// revenueWho knows the references of monthly.
func revenueWho(ctx context.Context, s *session, what string, args []string) (string, error) {
	return monthlyWho(ctx, s, what, args)
}

type refundsJSON struct {
	Definition      string    `json:"definition"`
	RowsTotal       int64     `json:"rows_total"`
	RowsAnonymous   int64     `json:"rows_without_customer"`
	RefundRows      int64     `json:"refund_rows"`
	RefundInvoices  int64     `json:"refund_invoices"`
	RefundValue     amount    `json:"refund_value"`
	GrossValue      amount    `json:"gross_value"`
	NetValue        amount    `json:"net_value"`
	WithSales       int64     `json:"customers_with_sales"`
	RefundOnly      int64     `json:"customers_refund_only"`
	NetNegative     int64     `json:"customers_net_negative"`
	RefundShare     decimal   `json:"refund_share"`
	UnlinkedValue   amount    `json:"unlinked_value"`
	UnlinkedRefunds int64     `json:"unlinked_refunds"`
	AsOf            clock.Day `json:"as_of"`
}

func refunds(ctx context.Context, s *session) (*Result, error) {
	s.Basis, s.reopened = Gross, false // sales are counted as sold, returns beside them
	object := refundsJSON{
		Definition: "refund rows = rows of returns and credit notes of known customers (value negative); net = gross + refunds per customer; " +
			"rows without a customer count in rows_total only", AsOf: s.AsOf,
	}
	err := s.one(ctx, fmt.Sprintf(`SELECT CAST(coalesce(sum(n), 0) AS BIGINT), CAST(coalesce(sum(n) FILTER (anonymous), 0) AS BIGINT)
FROM (SELECT kind, customer = 0 AS anonymous, sum(rows) AS n FROM document WHERE day <= %s GROUP BY kind, anonymous)
WHERE kind IN ('order', 'invoice', 'return', 'credit_note')`, date(s.AsOf)), &object.RowsTotal, &object.RowsAnonymous)
	if err != nil {
		return nil, err
	}
	err = s.one(ctx, fmt.Sprintf(`SELECT CAST(coalesce(sum(rows), 0) AS BIGINT), count(*) FROM document
WHERE kind IN ('return', 'credit_note') AND customer <> 0 AND day <= %s%s
	AND customer NOT IN (SELECT id FROM customer WHERE excluded)`, date(s.AsOf), s.only()), &object.RefundRows, &object.RefundInvoices)
	if err != nil {
		return nil, err
	}
	t, err := s.sums(ctx)
	if err != nil {
		return nil, err
	}
	var given, unlinked, returning int64
	err = s.one(ctx, fmt.Sprintf(`SELECT count(*), count(*) FILTER (s.customer IS NULL), count(*) FILTER (coalesce(s.value, 0) < r.amount),
	CAST(coalesce(sum(r.amount), 0) AS BIGINT), CAST(coalesce(sum(r.unlinked), 0) AS BIGINT), CAST(coalesce(sum(r.n), 0) AS BIGINT)
FROM %s r LEFT JOIN %s s ON s.customer = r.customer`, s.returned(), s.state()),
		&returning, &object.RefundOnly, &object.NetNegative, &given, &unlinked, &object.UnlinkedRefunds)
	if err != nil {
		return nil, err
	}
	object.RefundValue, object.GrossValue, object.NetValue = s.amount(-given), s.amount(t.value), s.amount(t.value-given)
	object.WithSales, object.RefundShare, object.UnlinkedValue = t.customers, ratio(given, t.value), s.amount(unlinked)
	res := &Result{JSON: object}
	res.Figures = []Figure{{"refund_share", Share, rate(given, t.value, "refunded")}, {"refund_value", Money, cash(-given, "refunded")},
		{"gross_value", Money, cash(t.value, "sales")}, {"net_value", Money, cash(t.value-given, "sales")},
		{"refund_invoices", Count, number(object.RefundInvoices, "refunded")}, {"refund_rows", Count, number(object.RefundRows, "refunded")},
		{"refunded_customers", Count, number(returning, "refunded")}, {"customers_with_sales", Count, number(t.customers, "sales")},
		{"customers_refund_only", Count, number(object.RefundOnly, "refund_only")},
		{"customers_net_negative", Count, number(object.NetNegative, "net_negative")},
		{"unlinked_value", Money, cash(-unlinked, "unlinked")}, {"rows_total", Count, number(object.RowsTotal)},
		{"rows_without_customer", Count, number(object.RowsAnonymous)}}
	if given > 0 {
		res.sentence = func(p *i18n.Printer) string {
			return p.T("report.refunds.sentence", "share", p.Percent(float64(object.RefundShare), 1), "value", money.Of(given, s.currency),
				"invoices", object.RefundInvoices)
		}
	}
	return res, s.refundMonths(ctx, res)
}

// returned is the SQL of the known customers with returns: customer, amount, unlinked (part of amount), n (unlinked returns).
func (s *session) returned() string {
	return `(SELECT customer, sum(amount) AS amount, coalesce(sum(amount) FILTER (sale = 0), 0) AS unlinked, count(*) FILTER (sale = 0) AS n
	FROM refund WHERE customer <> 0 AND day <= ` + date(s.AsOf) + s.only() + ` GROUP BY customer)`
}

// refundMonths adds what was returned of each month's sales.
func (s *session) refundMonths(ctx context.Context, res *Result) error {
	table := Table{Columns: columns("month", Month, "gross_value", Money, "returned_later", Money, "refund_share", Share)}
	var t time.Time
	var sold, back int64
	err := s.each(ctx, fmt.Sprintf(`SELECT m.month, m.value, CAST(coalesce(r.amount, 0) AS BIGINT)
FROM (SELECT month, CAST(sum(value) AS BIGINT) AS value FROM %s m GROUP BY month) m
LEFT JOIN (SELECT CAST(date_trunc('month', sale_day) AS DATE) AS month, sum(amount) AS amount FROM refund
	WHERE sale <> 0 AND customer <> 0 AND day <= %s%s GROUP BY 1) r ON r.month = m.month
ORDER BY m.month`, s.months(), date(s.AsOf), s.only()), func(scan func(...any) error) error {
		if err := scan(&t, &sold, &back); err != nil {
			return err
		}
		m := clock.DayOf(t, t.Location())
		ref := Ref("month/" + monthText(m))
		table.Rows = append(table.Rows, []Cell{day(m), cash(sold), cash(-back, ref), rate(back, sold, ref)})
		return nil
	})
	if len(table.Rows) > 0 {
		res.Chart = &Chart{Kind: Line, Series: []int{3}}
	}
	res.Tables = []Table{table.latest(36)}
	return err
}

// refundsWho: sales, refunded, refund_only, net_negative, unlinked, and month/2006-01: who returned something bought then.
func refundsWho(ctx context.Context, s *session, what string, args []string) (string, error) {
	s.Basis, s.reopened = Gross, false
	from := "SELECT r.customer FROM " + s.returned() + " r LEFT JOIN " + s.state() + " s ON s.customer = r.customer WHERE "
	switch what {
	case "sales":
		return everybody(ctx, s, what, args)
	case "refunded":
		return from + "true", nil
	case "refund_only":
		return from + "s.customer IS NULL", nil
	case "net_negative":
		return from + "coalesce(s.value, 0) < r.amount", nil
	case "unlinked":
		return from + "r.n > 0", nil
	case "month":
		m, err := monthArg(args, 0)
		return fmt.Sprintf("SELECT customer FROM refund WHERE sale <> 0 AND customer <> 0 AND sale_day >= %s AND sale_day < %s AND day <= %s%s",
			date(m), date(m.AddMonths(1)), date(s.AsOf), s.only()), err
	}
	return "", badRef(what)
}
