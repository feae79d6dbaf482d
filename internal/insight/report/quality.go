package report

import (
	"context"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
)

type qualityJSON struct {
	Definition      string    `json:"definition"`
	Orders          int64     `json:"orders"`
	OrdersAnonymous int64     `json:"orders_without_customer"`
	AnonymousShare  decimal   `json:"share_without_customer"`
	Returns         int64     `json:"returns"`
	Unlinked        int64     `json:"unlinked_returns"`
	UnlinkedValue   amount    `json:"unlinked_value"`
	Mails           int64     `json:"customers_with_mail"`
	InvalidMails    int64     `json:"invalid_mails"`
	FutureDates     int64     `json:"future_dates"`
	ZeroOrders      int64     `json:"orders_of_zero"`
	NoSaleRows      int64     `json:"rows_without_sale"`
	AsOf            clock.Day `json:"as_of"`
}

// dataQuality counts what makes the other figures less certain.
func dataQuality(ctx context.Context, s *session) (*Result, error) {
	object := qualityJSON{
		Definition: "orders = sales of the company; unlinked = returns for which no sale was found, wholly or in part; future = documents dated after as_of; " +
			"rows_without_sale = rows of sales and orders whose quantity or price is not above zero", AsOf: s.AsOf,
	}
	asof := date(s.AsOf)
	err := s.one(ctx, fmt.Sprintf(`SELECT CAST(coalesce(sum(n) FILTER (sale AND NOT later), 0) AS BIGINT),
	CAST(coalesce(sum(n) FILTER (sale AND anonymous AND NOT later), 0) AS BIGINT), CAST(coalesce(sum(zero) FILTER (sale AND NOT later), 0) AS BIGINT),
	CAST(coalesce(sum(n) FILTER (kind IN ('return', 'credit_note') AND NOT later), 0) AS BIGINT), CAST(coalesce(sum(n) FILTER (later), 0) AS BIGINT),
	CAST(coalesce(sum(unsold) FILTER ((sale OR kind = 'order') AND NOT later), 0) AS BIGINT)
FROM (
	SELECT kind, sale, customer = 0 AS anonymous, day > %s AS later, count(*) AS n, count(*) FILTER (amount = 0) AS zero, sum(rows - sale_rows) AS unsold
	FROM document GROUP BY kind, sale, anonymous, later)`, asof),
		&object.Orders, &object.OrdersAnonymous, &object.ZeroOrders, &object.Returns, &object.FutureDates, &object.NoSaleRows)
	if err != nil {
		return nil, err
	}
	var unlinked int64
	err = s.one(ctx, "SELECT count(DISTINCT document), CAST(coalesce(sum(amount), 0) AS BIGINT) FROM refund WHERE sale = 0 AND day <= "+asof,
		&object.Unlinked, &unlinked)
	if err != nil {
		return nil, err
	}
	err = s.one(ctx, "SELECT count(*) FILTER (mail IN ('valid', 'invalid')), count(*) FILTER (mail = 'invalid') FROM customer", &object.Mails, &object.InvalidMails)
	if err != nil {
		return nil, err
	}
	object.AnonymousShare, object.UnlinkedValue = ratio(object.OrdersAnonymous, object.Orders), s.amount(unlinked)
	table := Table{Columns: columns("finding", Text, "found", Count, "of", Count, "share", Share)}
	add := func(name string, n, of int64, ref Ref) {
		cells := []Cell{word("report.finding." + name), number(n, ref), number(of), rate(n, of, ref)}
		if of < 0 {
			cells[2], cells[3] = none(), none()
		}
		table.Rows = append(table.Rows, cells)
	}
	add("orders_without_customer", object.OrdersAnonymous, object.Orders, Anonymous)
	add("unlinked_returns", object.Unlinked, object.Returns, "unlinked")
	add("invalid_mails", object.InvalidMails, object.Mails, "invalid_mails")
	add("future_dates", object.FutureDates, -1, "future_dates")
	add("orders_of_zero", object.ZeroOrders, object.Orders, "orders_of_zero")
	add("rows_without_sale", object.NoSaleRows, -1, "")
	res := &Result{JSON: object, Tables: []Table{table}}
	res.Figures = []Figure{{"orders_without_customer", Count, table.Rows[0][1]}, {"unlinked_returns", Count, table.Rows[1][1]},
		{"invalid_mails", Count, table.Rows[2][1]}, {"future_dates", Count, table.Rows[3][1]}}
	res.sentence = func(p *i18n.Printer) string {
		if object.OrdersAnonymous+object.Unlinked+object.InvalidMails+object.FutureDates == 0 {
			return p.T("report.data_quality.sentence_clean")
		}
		return p.T("report.data_quality.sentence", "anonymous", object.OrdersAnonymous, "unlinked", object.Unlinked,
			"mails", object.InvalidMails, "future", object.FutureDates)
	}
	return res, nil
}

// qualityWho: unlinked, invalid_mails, future_dates, orders_of_zero.
func qualityWho(_ context.Context, s *session, what string, _ []string) (string, error) {
	switch asof := date(s.AsOf); what {
	case "unlinked":
		return "SELECT customer FROM refund WHERE sale = 0 AND customer <> 0 AND day <= " + asof, nil
	case "invalid_mails":
		return "SELECT id AS customer FROM customer WHERE mail = 'invalid'", nil
	case "future_dates":
		return "SELECT customer FROM document WHERE customer <> 0 AND day > " + asof, nil
	case "orders_of_zero":
		return "SELECT customer FROM document WHERE sale AND customer <> 0 AND amount = 0 AND day <= " + asof, nil
	}
	return "", badRef(what)
}
