package customers

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"stamm/internal/door/web/page"
	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// purchase is what a customer bought on one day.
type purchase struct {
	day       clock.Day
	orders    int64 // documents
	netOrders int64 // not returned in full
	gross     int64 // minor units of the base currency
	net       int64 // less what came back
}

// givenBack is one return or credit note.
type givenBack struct {
	day      clock.Day
	document int64
	sale     int64 // 0: none was found
	amount   int64 // what it takes off
}

// figures are the key figures of one customer, after returns.
type figures struct {
	asOf      time.Time
	today     clock.Day
	purchases []purchase // newest first
	returns   []givenBack

	orders    int64 // not returned in full
	days      int   // purchase days that were not returned in full
	first     *clock.Day
	last      *clock.Day
	gross     int64
	value     int64 // all that stayed
	year      int64 // of it in the last twelve months
	yearCount int64
	returned  int64
	rhythm    int // days between two purchases, the median; 0 for fewer than three purchases
	silent    int // days since the last one
}

// yearBefore is the day after which the last twelve months begin.
func yearBefore(today clock.Day) clock.Day { return today.AddMonths(-12) }

const (
	sqlPurchases = `SELECT day, orders, net_orders, gross, coalesce(net, 0) FROM purchase_day WHERE customer = ? ORDER BY day DESC`
	sqlReturns   = `SELECT day, document, sale, amount FROM refund WHERE customer = ? ORDER BY day DESC, document DESC`
)

// figuresOf reads the figures of a customer; nil where the warehouse cannot be asked.
func (p pages) figuresOf(r *page.Request, id int64) (*figures, error) {
	if p.Warehouse == nil {
		return nil, nil
	}
	f := &figures{asOf: p.Warehouse.AsOf(), today: r.Today()}
	err := p.each(r.Context(), sqlPurchases, []any{id}, func(scan func(...any) error) error {
		var b purchase
		var day time.Time
		err := scan(&day, &b.orders, &b.netOrders, &b.gross, &b.net)
		b.day = clock.DayOf(day, time.UTC)
		f.purchases = append(f.purchases, b)
		return err
	})
	if err == nil {
		err = p.each(r.Context(), sqlReturns, []any{id}, func(scan func(...any) error) error {
			var b givenBack
			var day time.Time
			err := scan(&day, &b.document, &b.sale, &b.amount)
			b.day = clock.DayOf(day, time.UTC)
			f.returns = append(f.returns, b)
			return err
		})
	}
	if fault.CodeOf(err) == fault.Unavailable && r.Context().Err() == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f.sum()
	return f, nil
}

// sum works out what follows from the days.
func (f *figures) sum() {
	since := yearBefore(f.today)
	var days []clock.Day
	for _, b := range f.purchases {
		f.gross += b.gross
		f.value += b.net
		f.orders += b.netOrders
		if b.day > since {
			f.year += b.net
			f.yearCount += b.netOrders
		}
		if b.netOrders > 0 {
			days = append(days, b.day)
		}
	}
	for _, b := range f.returns {
		f.returned += b.amount
		if b.sale != 0 {
			continue
		}
		f.value -= b.amount // what was linked is off its day already
		if b.day > since {
			f.year -= b.amount
		}
	}
	f.days = len(days)
	if f.days == 0 {
		return
	}
	f.last, f.first = &days[0], &days[len(days)-1]
	f.silent = max(0, int(f.today-*f.last))
	if f.days > 2 {
		f.rhythm = median(days)
	}
}

// median is the middle one of the gaps between days that stand newest first.
func median(days []clock.Day) int {
	gaps := make([]int, len(days)-1)
	for i := range gaps {
		gaps[i] = int(days[i] - days[i+1])
	}
	slices.Sort(gaps)
	n := len(gaps)
	return (gaps[(n-1)/2] + gaps[n/2] + 1) / 2
}

// shares are last purchase, band and value of twelve months of the customers of one page of the list.
type shares struct {
	last  map[int64]clock.Day
	value map[int64]int64
	band  map[int64]predict.Band // by the newest scoring, from the store
}

// sharesOf reads them; nothing where the warehouse cannot be asked.
func (p pages) sharesOf(r *page.Request, rows []customer.Row) (s shares, err error) {
	s = shares{map[int64]clock.Day{}, map[int64]int64{}, nil}
	if len(rows) == 0 {
		return s, nil
	}
	if s.band, err = bandsOf(r, rows); err != nil || p.Warehouse == nil {
		return s, err
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = strconv.FormatInt(row.ID, 10)
	}
	list, since := strings.Join(ids, ", "), yearBefore(r.Today())
	text := fmt.Sprintf(`SELECT customer, max(day) FILTER (net_orders > 0) AS last,
		CAST(coalesce(sum(net) FILTER (day > DATE '%[2]s'), 0) AS BIGINT) AS value FROM purchase_day WHERE customer IN (%[1]s) GROUP BY customer
		UNION ALL SELECT customer, NULL, CAST(-sum(amount) AS BIGINT) FROM refund
		WHERE customer IN (%[1]s) AND sale = 0 AND day > DATE '%[2]s' GROUP BY customer`, list, since)
	err = p.each(r.Context(), text, nil, func(scan func(...any) error) error {
		var id, value int64
		var last sql.NullTime
		err := scan(&id, &last, &value)
		if last.Valid {
			s.last[id] = clock.DayOf(last.Time, time.UTC)
		}
		s.value[id] += value
		return err
	})
	if fault.CodeOf(err) == fault.Unavailable && r.Context().Err() == nil {
		return shares{band: s.band}, nil
	}
	return s, err
}

// bandsOf are the bands of the customers of one page.
func bandsOf(r *page.Request, rows []customer.Row) (map[int64]predict.Band, error) {
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	bands := map[int64]predict.Band{}
	err := r.Read(func(tx *store.Tx) error {
		scores, err := predict.ScoresOf(r.Context(), tx, ids)
		for id, s := range scores {
			bands[id] = s.Band
		}
		return err
	})
	return bands, err
}

// count is how many customers pass a filter, as far as the warehouse knows what it asks for; below 0 for not counted.
func (p pages) count(r *page.Request, f customer.Filter) int64 {
	if p.Warehouse == nil || f.Tag != "" || f.Owner != 0 || f.SinceFrom != nil || f.SinceTo != nil ||
		f.Excluded != "" && f.Excluded != "any" && f.Excluded != "none" {
		return -1
	}
	where := []string{"NOT erased"}
	var args []any
	for _, c := range []struct{ column, value string }{{"kind", f.Kind}, {"country", f.Country}} {
		if c.value != "" {
			where, args = append(where, c.column+" = ?"), append(args, c.value)
		}
	}
	if f.Excluded != "" {
		where, args = append(where, "excluded = ?"), append(args, f.Excluded == "any")
	}
	if f.HasMail != nil {
		where, args = append(where, "(mail = 'valid') = ?"), append(args, *f.HasMail)
	}
	n := int64(-1)
	err := p.each(r.Context(), "SELECT count(*) FROM customer WHERE "+strings.Join(where, " AND "), args, func(scan func(...any) error) error {
		return scan(&n)
	})
	if err != nil {
		return -1 // the list stands without it
	}
	return n
}

// each runs a query of the warehouse and calls row for each row.
func (p pages) each(ctx context.Context, text string, args []any, row func(scan func(...any) error) error) error {
	rows, err := p.Warehouse.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return cmp.Or(rows.Err(), rows.Close())
}
