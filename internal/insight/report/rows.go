package report

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

// CustomerRow is one customer behind a figure.
type CustomerRow struct {
	ID       int64
	External string     // her number in the books of the company; "" if she has none
	First    *clock.Day // first and last purchase; nil if she has none (only returns)
	Last     *clock.Day
	Days     int64 // purchase days
	Orders   int64
	Value    int64 // what she brought, in minor units
}

// Key is the place of the row in the list, for Rows to go on after it.
func (c CustomerRow) Key() string {
	return strconv.FormatInt(c.Value, 10) + "." + strconv.FormatInt(c.ID, 10)
}

// Rows lists the customers behind a figure, the most valuable first: at most limit after the row with the key after ("" is the
// beginning). An unknown reference or key is an Invalid fault.
func (r *Report) Rows(ctx context.Context, q Querier, p Params, ref Ref, after string, limit int) ([]CustomerRow, error) {
	s, err := newSession(ctx, q, p)
	if err != nil {
		return nil, err
	}
	query, err := r.rowsSQL(ctx, s, ref, after, limit)
	if err != nil {
		return nil, err
	}
	rows := make([]CustomerRow, 0, limit)
	err = s.each(ctx, query, func(scan func(...any) error) error {
		var c CustomerRow
		var first, last sql.NullTime
		if err := scan(&c.ID, &c.External, &first, &last, &c.Days, &c.Orders, &c.Value); err != nil {
			return err
		}
		c.First, c.Last = dayOf(first), dayOf(last)
		rows = append(rows, c)
		return nil
	})
	return rows, err
}

// Count counts the customers behind a figure.
func (r *Report) Count(ctx context.Context, q Querier, p Params, ref Ref) (int64, error) {
	s, err := newSession(ctx, q, p)
	if err != nil {
		return 0, err
	}
	who, err := r.behind(ctx, s, ref)
	if err != nil {
		return 0, err
	}
	var n int64
	err = s.one(ctx, "SELECT count(DISTINCT customer) FROM ("+who+") w", &n)
	return n, err
}

func (r *Report) behind(ctx context.Context, s *session, ref Ref) (string, error) {
	what, rest, _ := strings.Cut(string(ref), "/")
	var args []string
	if rest != "" {
		args = strings.Split(rest, "/")
	}
	return r.who(ctx, s, what, args)
}

func (r *Report) rowsSQL(ctx context.Context, s *session, ref Ref, after string, limit int) (string, error) {
	who, err := r.behind(ctx, s, ref)
	if err != nil {
		return "", err
	}
	where := ""
	if after != "" {
		v, id, _ := strings.Cut(after, ".")
		value, err1 := strconv.ParseInt(v, 10, 64)
		customer, err2 := strconv.ParseInt(id, 10, 64)
		if err1 != nil || err2 != nil {
			return "", fault.New(fault.Invalid, "report.error.after", "text", after).On("after")
		}
		where = fmt.Sprintf("\nWHERE value < %d OR (value = %d AND customer > %d)", value, value, customer)
	}
	return fmt.Sprintf(`WITH page AS (SELECT customer, last, days, orders, value FROM (%s) w%s ORDER BY value DESC, customer LIMIT %d)
SELECT p.customer, coalesce(c.ext, ''), f.day, p.last, p.days, p.orders, p.value
FROM page p LEFT JOIN customer c ON c.id = p.customer
LEFT JOIN (SELECT customer, day FROM %s d WHERE nth = 1 AND customer IN (SELECT customer FROM page)) f ON f.customer = p.customer
ORDER BY p.value DESC, p.customer`, r.listed(s, who), where, max(0, limit), s.days()), nil
}

// listed is the SQL of the customers of a list with what they bought.
func (r *Report) listed(s *session, who string) string {
	if !r.Strangers {
		return "SELECT customer, last, days, orders, value FROM " + s.state() + " s WHERE customer IN (" + who + ")"
	}
	returned := "0"
	if s.Basis == Net {
		returned = fmt.Sprintf("-(SELECT coalesce(sum(r.amount), 0) FROM refund r WHERE r.customer = w.customer AND r.sale = 0 AND r.day <= %s)",
			date(s.AsOf))
	}
	return fmt.Sprintf(`SELECT w.customer, s.last, coalesce(s.days, 0) AS days, coalesce(s.orders, 0) AS orders,
		CAST(coalesce(s.value, %s) AS BIGINT) AS value
	FROM (SELECT DISTINCT customer FROM (%s) w) w LEFT JOIN %s s ON s.customer = w.customer`, returned, who, s.state())
}

func badRef(ref string) error {
	return fault.New(fault.Invalid, "report.error.ref", "text", ref).On("ref")
}

// atoi reads the i-th argument of a reference as a number.
func atoi(args []string, i int) (int64, error) {
	if i >= len(args) {
		return 0, badRef("")
	}
	n, err := strconv.ParseInt(args[i], 10, 64)
	if err != nil {
		return 0, badRef(args[i])
	}
	return n, nil
}

// dayArg reads the i-th argument of a reference as a day.
func dayArg(args []string, i int) (clock.Day, error) {
	if i >= len(args) {
		return 0, badRef("")
	}
	d, err := clock.ParseDay(args[i])
	if err != nil {
		return 0, badRef(args[i])
	}
	return d, nil
}

// monthArg reads the first argument of a reference as a month, 2006-01.
func monthArg(args []string) (clock.Day, error) {
	if len(args) == 0 {
		return 0, badRef("")
	}
	return dayArg([]string{args[0] + "-01"}, 0)
}
