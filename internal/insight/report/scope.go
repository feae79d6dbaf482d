package report

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
)

// session is one run of a report: what was asked, by which rules, and the SQL that answered it.
type session struct {
	Params
	q        Querier
	currency string
	digits   int
	first    *clock.Day // first purchase up to AsOf, returned or not; nil if there is none
	later    bool       // there are purchases after AsOf
	reopened bool       // on the net basis: there are returns after AsOf, so that amounts after returns are not those of today
	asked    []string
}

// newSession checks the parameters and looks at what decides which tables can answer.
func newSession(ctx context.Context, q Querier, p Params) (*session, error) {
	basis, err := ParseBasis(string(p.Basis))
	if err != nil {
		return nil, err
	}
	p.Basis = basis
	s := &session{Params: p, q: q}
	var first, last, refund sql.NullTime
	var currency sql.NullString
	err = s.one(ctx, `SELECT (SELECT min(day) FROM purchase_day), (SELECT max(day) FROM purchase_day),
	(SELECT max(day) FROM refund), (SELECT max(value) FROM setting WHERE key = 'currency')`, &first, &last, &refund, &currency)
	if err != nil {
		return nil, err
	}
	s.asked = nil
	if d := dayOf(first); d != nil && *d <= p.AsOf {
		s.first = d
	}
	s.later = last.Valid && *dayOf(last) > p.AsOf
	s.reopened = basis == Net && refund.Valid && *dayOf(refund) > p.AsOf
	s.currency = "EUR"
	if currency.String != "" {
		s.currency = currency.String
	}
	s.digits = money.Digits(s.currency)
	return s, nil
}

// dayOf is the day of a DATE; nil for NULL.
func dayOf(t sql.NullTime) *clock.Day {
	if !t.Valid {
		return nil
	}
	d := clock.DayOf(t.Time, t.Time.Location())
	return &d
}

// each runs a query and calls row for each row, which reads it with scan.
func (s *session) each(ctx context.Context, query string, row func(scan func(...any) error) error) error {
	s.asked = append(s.asked, query)
	rows, err := s.q.QueryContext(ctx, query)
	if err != nil {
		return asked(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return asked(ctx, err)
		}
	}
	return asked(ctx, rows.Err())
}

// one runs a query of one row.
func (s *session) one(ctx context.Context, query string, into ...any) error {
	return s.each(ctx, query, func(scan func(...any) error) error { return scan(into...) })
}

// asked makes an error of the warehouse a fault; that it was interrupted counts as the reader's wish.
func asked(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	return fault.New(fault.Internal, "errors.internal").Because(err)
}

// date writes a day as SQL.
func date(d clock.Day) string { return "DATE '" + d.String() + "'" }

// literal writes a text as SQL.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// only restricts the customers to those asked for.
func (s *session) only() string {
	var where []string
	for _, f := range []struct{ column, value string }{{"kind", s.Kind}, {"country", s.Country}, {"region", s.Region}} {
		if f.value != "" {
			where = append(where, f.column+" = "+literal(f.value))
		}
	}
	if where == nil {
		return ""
	}
	return " AND customer IN (SELECT id FROM customer WHERE " + strings.Join(where, " AND ") + ")"
}

// days is the SQL of the purchase days up to AsOf: customer, day, orders, lines, value, nth, prev, next, total_orders, total.
// nth, prev, next and the totals place the day in the customer's history; next may lie after AsOf.
func (s *session) days() string {
	if s.Basis == Gross {
		return `(SELECT customer, day, orders, lines, gross AS value, nth, prev, next, total_orders, total
	FROM purchase_day WHERE day <= ` + date(s.AsOf) + s.only() + `)`
	}
	today := `SELECT customer, day, net_orders AS orders, net_lines AS lines, net AS value, net_nth AS nth, net_prev AS prev,
		net_next AS next, net_total_orders AS total_orders, net_total AS total
	FROM purchase_day WHERE net_orders > 0 AND day <= ` + date(s.AsOf) + s.only()
	if !s.reopened {
		return "(" + today + ")"
	}
	return "(" + today + " AND customer NOT IN " + s.touched() + "\n\tUNION ALL\n\t" + s.then() + ")"
}

// touched is the SQL of the customers with returns after AsOf.
func (s *session) touched() string {
	return "(SELECT customer FROM refund WHERE customer <> 0 AND day > " + date(s.AsOf) + ")"
}

// then is the SQL of the purchase days of touched customers as they were: the later returns are put back.
func (s *session) then() string {
	return strings.NewReplacer("{asof}", date(s.AsOf), "{only}", s.only(), "{touched}", s.touched()).Replace(
		`SELECT p.customer, p.day, p.orders, p.lines, p.value, row_number() OVER w, lag(p.day) OVER w, lead(p.day) OVER w,
		CAST(sum(p.orders) OVER w AS BIGINT), CAST(sum(p.value) OVER w - coalesce(u.amount, 0) AS BIGINT)
	FROM (
		SELECT customer, day, CAST(sum(orders) AS BIGINT) AS orders, CAST(sum(lines) AS BIGINT) AS lines, CAST(sum(value) AS BIGINT) AS value
		FROM (
			SELECT customer, day, net_orders AS orders, net_lines AS lines, net AS value FROM purchase_day
			WHERE day <= {asof} AND customer IN {touched}{only}
			UNION ALL
			SELECT customer, sale_day, CAST(closes AS INTEGER), CASE WHEN closes THEN sale_rows ELSE 0 END, amount FROM refund
			WHERE sale <> 0 AND customer <> 0 AND sale_day <= {asof} AND day > {asof}{only})
		GROUP BY customer, day) p
	LEFT JOIN (SELECT customer, sum(amount) AS amount FROM refund WHERE sale = 0 AND day <= {asof} GROUP BY customer) u
		ON u.customer = p.customer
	WHERE p.orders > 0
	WINDOW w AS (PARTITION BY p.customer ORDER BY p.day ROWS UNBOUNDED PRECEDING)`)
}

// state is the SQL of the customers as of AsOf: customer, last (day of the last purchase), days, orders, value. value is all she
// brought, less (net) the returns for which no sale was found.
func (s *session) state() string {
	return fmt.Sprintf(`(SELECT customer, day AS last, nth AS days, total_orders AS orders, total AS value
	FROM %s p WHERE next IS NULL OR next > %s)`, s.days(), date(s.AsOf))
}

// months is the SQL of the months with purchases up to AsOf: customer, month, days, orders, value, first_month, prev_month
// (the customer's month before with purchases, NULL in her first).
func (s *session) months() string {
	all := "SELECT customer, month, days, orders, gross AS value, first_month, prev_month FROM purchase_month WHERE true"
	if s.Basis == Net {
		all = `SELECT customer, month, net_days AS days, net_orders AS orders, net AS value, net_first_month AS first_month,
		net_prev_month AS prev_month FROM purchase_month WHERE net_days > 0`
	}
	all += s.only()
	this := s.AsOf.Month()
	switch {
	case s.reopened:
		return "(" + all + " AND month < " + date(this) + " AND customer NOT IN " + s.touched() + "\n\tUNION ALL\n\t" +
			s.monthsOf("customer IN "+s.touched()+" OR day >= "+date(this)) + ")"
	case s.later:
		return "(" + all + " AND month < " + date(this) + "\n\tUNION ALL\n\t" + s.monthsOf("day >= "+date(this)) + ")"
	}
	return "(" + all + ")"
}

// monthsOf sums the months from the days that fulfil a condition. It holds whole months of a customer or her last one.
func (s *session) monthsOf(condition string) string {
	return fmt.Sprintf(`SELECT m.customer, m.month, m.days, m.orders, m.value, f.month, m.prev_month
	FROM (
		SELECT customer, CAST(date_trunc('month', day) AS DATE) AS month, count(*) AS days, CAST(sum(orders) AS BIGINT) AS orders,
			CAST(sum(value) AS BIGINT) AS value,
			CASE WHEN min(nth) > 1 THEN CAST(date_trunc('month', min(prev)) AS DATE) END AS prev_month
		FROM %[1]s p WHERE %[2]s GROUP BY customer, date_trunc('month', day)) m
	JOIN (SELECT customer, CAST(date_trunc('month', day) AS DATE) AS month FROM %[1]s p WHERE nth = 1) f ON f.customer = m.customer`,
		s.days(), condition)
}
