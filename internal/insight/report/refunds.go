package report

import (
	"context"
	"fmt"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
)

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
	s = s.gross() // sales are counted as sold, returns beside them
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
	s = s.gross()
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
		m, err := monthArg(args)
		return fmt.Sprintf("SELECT customer FROM refund WHERE sale <> 0 AND customer <> 0 AND sale_day >= %s AND sale_day < %s AND day <= %s%s",
			date(m), date(m.AddMonths(1)), date(s.AsOf), s.only()), err
	}
	return "", badRef(what)
}
