package report

import (
	"context"
	"database/sql"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
)

type totalsJSON struct {
	Customers        int64      `json:"customers"`
	Rows             int64      `json:"rows"`
	Orders           int64      `json:"orders"`
	PurchaseDays     int64      `json:"purchase_days"`
	Revenue          amount     `json:"revenue"`
	FirstDate        *clock.Day `json:"first_date"`
	LastDate         *clock.Day `json:"last_date"`
	AsOf             clock.Day  `json:"as_of"`
	AnonymousOrders  int64      `json:"anonymous_orders"`
	AnonymousRevenue amount     `json:"anonymous_revenue"`
	CompanyRevenue   amount     `json:"company_revenue"`
	Basis            Basis      `json:"basis"`
	Currency         string     `json:"currency"`
}

// sums are the whole numbers most reports start from.
type sums struct {
	customers, rows, orders, days, value int64
	first, last                          *clock.Day
}

func (s *session) sums(ctx context.Context) (sums, error) {
	var t sums
	var first, last sql.NullTime
	err := s.one(ctx, `SELECT count(*) FILTER (nth = 1) AS customers, CAST(coalesce(sum(lines), 0) AS BIGINT) AS rows,
	CAST(coalesce(sum(orders), 0) AS BIGINT) AS orders, count(*) AS days, CAST(coalesce(sum(value), 0) AS BIGINT) AS value,
	min(day) AS first, max(day) AS last
FROM `+s.days()+` p`, &t.customers, &t.rows, &t.orders, &t.days, &t.value, &first, &last)
	t.first, t.last = dayOf(first), dayOf(last)
	return t, err
}

func totals(ctx context.Context, s *session) (*Result, error) {
	t, err := s.sums(ctx)
	if err != nil {
		return nil, err
	}
	if s.Basis == Net {
		var unlinked int64
		err := s.one(ctx, `SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM refund
WHERE sale = 0 AND customer <> 0 AND day <= `+date(s.AsOf)+s.only(), &unlinked)
		if err != nil {
			return nil, err
		}
		t.value -= unlinked
	}
	known := t.value
	if s.only() != "" {
		if known, err = s.knownRevenue(ctx); err != nil {
			return nil, err
		}
	}
	anonymous, revenue, err := s.anonymous(ctx)
	if err != nil {
		return nil, err
	}
	res := &Result{JSON: totalsJSON{
		Customers: t.customers, Rows: t.rows, Orders: t.orders, PurchaseDays: t.days, Revenue: s.amount(t.value),
		FirstDate: t.first, LastDate: t.last, AsOf: s.AsOf, AnonymousOrders: anonymous, AnonymousRevenue: s.amount(revenue),
		CompanyRevenue: s.amount(known + revenue), Basis: s.Basis, Currency: s.currency,
	}}
	res.Figures = []Figure{
		{"customers", Count, number(t.customers, "all")},
		{"revenue", Money, cash(t.value, "all")},
		{"orders", Count, number(t.orders, "all")},
		{"purchase_days", Count, number(t.days, "all")},
		{"rows", Count, number(t.rows, "all")},
		{"anonymous_orders", Count, number(anonymous)},
		{"anonymous_revenue", Money, cash(revenue)},
		{"company_revenue", Money, cash(known + revenue)},
	}
	if t.customers > 0 {
		res.sentence = func(p *i18n.Printer) string {
			return p.N("report.totals.sentence", t.customers, "orders", t.orders, "revenue", money.Of(t.value, s.currency),
				"first", *t.first, "last", *t.last)
		}
	}
	return res, nil
}

// knownRevenue is the revenue of all known customers, whomever the reader asked for.
func (s *session) knownRevenue(ctx context.Context) (int64, error) {
	all := *s
	all.Kind, all.Country, all.Region = "", "", ""
	unlinked := "0"
	if s.Basis == Net {
		unlinked = "(SELECT coalesce(sum(amount), 0) FROM refund WHERE sale = 0 AND customer <> 0 AND day <= " + date(s.AsOf) + ")"
	}
	var v int64
	err := s.one(ctx, "SELECT CAST(coalesce(sum(value), 0) - "+unlinked+" AS BIGINT) FROM "+all.days()+" p", &v)
	return v, err
}

// anonymous counts the sales without a customer and sums what they brought.
func (s *session) anonymous(ctx context.Context) (orders, value int64, err error) {
	asof := date(s.AsOf)
	err = s.one(ctx, `SELECT count(*), CAST(coalesce(sum(amount), 0) AS BIGINT) FROM document
WHERE sale AND customer = 0 AND day <= `+asof, &orders, &value)
	if err != nil || s.Basis == Gross {
		return orders, value, err
	}
	var returned, given int64
	err = s.one(ctx, `SELECT count(*) FILTER (closes), CAST(coalesce(sum(amount), 0) AS BIGINT) FROM refund
WHERE customer = 0 AND day <= `+asof, &returned, &given)
	return orders - returned, value - given, err
}

// everybody stands behind figures of all customers.
func everybody(ctx context.Context, s *session, _ string, _ []string) (string, error) {
	return "SELECT customer FROM " + s.state() + " s", nil
}

func (s *session) amount(minor int64) amount { return amount{minor, s.digits} }
