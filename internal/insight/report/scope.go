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
	asked    *[]string  // the SQL so far, shared by copies of the session
}

// newSession checks the parameters and looks at what decides which tables can answer.
func newSession(ctx context.Context, q Querier, p Params) (*session, error) {
	basis, err := ParseBasis(string(p.Basis))
	if err != nil {
		return nil, err
	}
	p.Basis = basis
	s := &session{Params: p, q: q, asked: new([]string)}
	var first, last, refund sql.NullTime
	var currency sql.NullString
	err = s.one(ctx, `SELECT (SELECT min(day) FROM purchase_day), (SELECT max(day) FROM purchase_day),
	(SELECT max(day) FROM refund), (SELECT max(value) FROM setting WHERE key = 'currency')`, &first, &last, &refund, &currency)
	if err != nil {
		return nil, err
	}
	*s.asked = nil // reports did not ask this
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

// gross is the session on the gross basis.
func (s *session) gross() *session {
	g := *s
	g.Basis, g.reopened = Gross, false
	return &g
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
	*s.asked = append(*s.asked, query)
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
	if s.reopened {
		return "(" + s.daysNow() + "\n\tUNION ALL\n\t" + s.then() + ")"
	}
	return "(" + s.daysNow() + ")"
}

// daysNow is the SQL of the purchase days as the warehouse has them, without those of touched customers.
func (s *session) daysNow() string {
	columns, where := "orders, lines, gross AS value, nth, prev, next, total_orders, total", "true"
	if s.Basis == Net {
		columns = `net_orders AS orders, net_lines AS lines, net AS value, net_nth AS nth, net_prev AS prev, net_next AS next,
		net_total_orders AS total_orders, net_total AS total`
		where = "net_orders > 0"
	}
	if s.later {
		where += " AND day <= " + date(s.AsOf)
	}
	if s.reopened {
		where += " AND" + s.untouched()
	}
	return "SELECT customer, day, " + columns + "\n\tFROM purchase_day b WHERE " + where + s.only()
}

// touched is the SQL of the customers for whom today's figures after returns are not those of AsOf: they gave something back
// after it that they had bought by then, or that belongs to no sale.
func (s *session) touched() string {
	return fmt.Sprintf("(SELECT customer FROM refund WHERE customer <> 0 AND day > %[1]s AND (sale = 0 OR sale_day <= %[1]s))", date(s.AsOf))
}

// untouched is the condition on customer of all others.
func (s *session) untouched() string {
	return " NOT EXISTS (SELECT 1 FROM " + s.touched() + " t WHERE t.customer = b.customer)"
}

// then is the SQL of the purchase days of touched customers as they were: the later returns are put back.
func (s *session) then() string {
	return strings.NewReplacer("{asof}", date(s.AsOf), "{only}", s.only(), "{touched}", s.touched()).Replace(
		`SELECT p.customer, p.day, p.orders, p.lines, p.value, row_number() OVER w AS nth, lag(p.day) OVER w AS prev, lead(p.day) OVER w AS next,
		CAST(sum(p.orders) OVER w AS BIGINT) AS total_orders, CAST(sum(p.value) OVER w - coalesce(u.amount, 0) AS BIGINT) AS total
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
	latest := "next IS NULL"
	if s.later {
		latest += " OR next > " + date(s.AsOf)
	}
	return "(SELECT customer, day AS last, nth AS days, total_orders AS orders, total AS value\n\tFROM " + s.days() + " p WHERE " + latest + ")"
}

// months is the SQL of the months with purchases up to AsOf: customer, month, days, orders, value, first_month, prev_month
// (the customer's month before with purchases, NULL in her first).
func (s *session) months() string {
	whole := `SELECT customer, month, days, orders, gross AS value, first_month, prev_month FROM purchase_month b WHERE true`
	if s.Basis == Net {
		whole = `SELECT customer, month, net_days AS days, net_orders AS orders, net AS value, net_first_month AS first_month,
		net_prev_month AS prev_month FROM purchase_month b WHERE net_days > 0`
	}
	whole += s.only()
	if s.reopened {
		whole += " AND" + s.untouched()
	}
	if !s.later && !s.reopened {
		return "(" + whole + ")"
	}
	this := date(s.AsOf.Month())
	parts := []string{whole + " AND month < " + this, s.thisMonth(whole + " AND month = " + this)}
	if s.reopened {
		parts = append(parts, s.monthsThen())
	}
	return "(" + strings.Join(parts, "\n\tUNION ALL\n\t") + ")"
}

// thisMonth is the SQL of the month of AsOf up to that day; whole is that of the whole month.
func (s *session) thisMonth(whole string) string {
	return fmt.Sprintf(`SELECT m.customer, m.month, d.days, d.orders, d.value, m.first_month, m.prev_month
	FROM (%s) m
	JOIN (SELECT customer, count(*) AS days, CAST(sum(orders) AS BIGINT) AS orders, CAST(sum(value) AS BIGINT) AS value
		FROM (%s) p WHERE day >= %s GROUP BY customer) d ON d.customer = m.customer`, whole, s.daysNow(), date(s.AsOf.Month()))
}

// monthsThen is the SQL of the months of touched customers.
func (s *session) monthsThen() string {
	return `SELECT customer, month, count(*) AS days, CAST(sum(orders) AS BIGINT) AS orders, CAST(sum(value) AS BIGINT) AS value,
		min(month) OVER (PARTITION BY customer) AS first_month,
		CASE WHEN min(nth) > 1 THEN CAST(date_trunc('month', min(prev)) AS DATE) END AS prev_month
	FROM (SELECT customer, CAST(date_trunc('month', day) AS DATE) AS month, orders, value, nth, prev FROM (` + s.then() + `) p)
	GROUP BY customer, month`
}
