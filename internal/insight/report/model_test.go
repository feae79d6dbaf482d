package report_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
)

// book is what a small company sold and took back. Its methods compute the reports once more, straight from the definitions,
// document by document: slow, without SQL, and sharing nothing with the package.
type book struct {
	Ext      map[int64]string // customers: id → number
	Excluded map[int64]bool
	Sales    []sold
	Returns  []given
}

type sold struct {
	ID, Customer int64
	Day          clock.Day
	Amount       int64
	Rows         int64
}

type given struct {
	ID, Customer int64
	Day          clock.Day
	Amount       int64
	Links        []reversal
}

type reversal struct{ Target, Amount int64 }

// taken is a part of a return that was taken off a sale (or of none: Sale 0).
type taken struct {
	sale, customer, amount int64
	day                    clock.Day
}

func (b book) refunds(asOf clock.Day) []taken {
	type ask struct {
		taken
		document int64
		n        int
	}
	var asks []ask
	free := map[int64]int64{}
	for _, r := range b.Returns {
		free[r.ID] = r.Amount
		left := r.Amount
		for n, l := range r.Links {
			part := min(left, l.Amount)
			left -= part
			i := slices.IndexFunc(b.Sales, func(s sold) bool { return s.ID == l.Target && s.Customer == r.Customer })
			if i >= 0 {
				asks = append(asks, ask{taken{l.Target, r.Customer, part, max(r.Day, b.Sales[i].Day)}, r.ID, n})
			}
		}
	}
	slices.SortFunc(asks, func(x, y ask) int {
		return cmp.Or(cmp.Compare(x.day, y.day), cmp.Compare(x.document, y.document), x.n-y.n)
	})
	left := map[int64]int64{}
	for _, s := range b.Sales {
		left[s.ID] = s.Amount
	}
	var out []taken
	for _, a := range asks {
		a.amount = min(a.amount, left[a.sale])
		left[a.sale] -= a.amount
		free[a.document] -= a.amount
		if a.amount > 0 && a.day <= asOf {
			out = append(out, a.taken)
		}
	}
	for _, r := range b.Returns {
		if free[r.ID] > 0 && r.Day <= asOf {
			out = append(out, taken{0, r.Customer, free[r.ID], r.Day})
		}
	}
	return slices.DeleteFunc(out, func(t taken) bool { return b.Excluded[t.customer] })
}

// dayRow is one customer's purchases of a day.
type dayRow struct {
	customer            int64
	day                 clock.Day
	orders, rows, value int64
}

// ledger is a book read as of a day on a basis.
type ledger struct {
	book
	asOf      clock.Day
	basis     report.Basis
	days      []dayRow           // by customer and day
	of        map[int64][]dayRow // by customer
	value     map[int64]int64    // customer → what she brought
	unlinked  int64              // refunds of known customers without a sale
	anonymous struct{ n, value int64 }
}

func (b book) read(asOf clock.Day, basis report.Basis) ledger {
	l := ledger{book: b, asOf: asOf, basis: basis, of: map[int64][]dayRow{}, value: map[int64]int64{}}
	back, loose := map[int64]int64{}, map[int64]int64{}
	if basis == report.Net {
		for _, t := range b.refunds(asOf) {
			switch {
			case t.customer == 0:
				l.anonymous.value -= t.amount
				back[t.sale] += t.amount
			case t.sale == 0:
				loose[t.customer] += t.amount
				l.unlinked += t.amount
			default:
				back[t.sale] += t.amount
			}
		}
	}
	rows := map[[2]int64]*dayRow{}
	for _, s := range b.Sales {
		if s.Day > asOf || b.Excluded[s.Customer] {
			continue
		}
		if s.Customer == 0 {
			l.anonymous.value += s.Amount
			if back[s.ID] == 0 || back[s.ID] < s.Amount {
				l.anonymous.n++
			}
			continue
		}
		if back[s.ID] > 0 && back[s.ID] == s.Amount {
			continue // returned in full
		}
		key := [2]int64{s.Customer, int64(s.Day)}
		if rows[key] == nil {
			rows[key] = &dayRow{customer: s.Customer, day: s.Day}
		}
		r := rows[key]
		r.orders, r.rows, r.value = r.orders+1, r.rows+s.Rows, r.value+s.Amount-back[s.ID]
	}
	for _, r := range rows {
		l.days = append(l.days, *r)
	}
	slices.SortFunc(l.days, func(x, y dayRow) int { return cmp.Or(cmp.Compare(x.customer, y.customer), cmp.Compare(x.day, y.day)) })
	for _, r := range l.days {
		l.of[r.customer] = append(l.of[r.customer], r)
		l.value[r.customer] += r.value
	}
	for c := range l.value {
		l.value[c] -= loose[c]
	}
	return l
}

func euros(cents int64) float64 { return float64(cents) / 100 }

func share(part, whole int) any {
	if whole == 0 {
		return nil
	}
	return float64(part) / float64(whole)
}

func per(cents int64, n int) any {
	if n == 0 {
		return nil
	}
	return euros(cents) / float64(n)
}

// type7 is the quantile as NumPy computes it.
func type7(values []float64, q float64) any {
	if len(values) == 0 {
		return nil
	}
	slices.Sort(values)
	pos := q * float64(len(values)-1)
	lo := int(math.Floor(pos + 1e-9))
	hi := min(lo+1, len(values)-1)
	return values[lo] + (values[hi]-values[lo])*math.Max(0, pos-float64(lo))
}

// reports computes the objects of the golden reports.
func (l ledger) reports() map[string]map[string]any {
	orders, rows, value := 0, 0, int64(0)
	var first, last any
	min7, max7 := clock.Day(math.MaxInt32), clock.Day(math.MinInt32)
	for _, d := range l.days {
		orders, rows, value = orders+int(d.orders), rows+int(d.rows), value+d.value
		min7, max7 = min(min7, d.day), max(max7, d.day)
		first, last = min7.String(), max7.String()
	}
	n, owned := len(l.of), int64(0)
	byDay, byOrder := 0, 0
	var silent, worth, gaps []float64
	var gapSum float64
	for c, days := range l.of {
		count := 0
		for i, d := range days {
			count += int(d.orders)
			if i > 0 {
				gaps = append(gaps, float64(d.day-days[i-1].day))
				gapSum += float64(d.day - days[i-1].day)
			}
		}
		if len(days) > 1 {
			byDay++
		}
		if count > 1 {
			byOrder++
		}
		owned += l.value[c]
		silent = append(silent, float64(l.asOf-days[len(days)-1].day))
		worth = append(worth, euros(l.value[c]))
	}
	var meanGap any
	if len(gaps) > 0 {
		meanGap = gapSum / float64(len(gaps))
	}
	out := map[string]map[string]any{
		"totals": {"customers": n, "rows": rows, "orders": orders, "purchase_days": len(l.days), "revenue": euros(value - l.unlinked),
			"first_date": first, "last_date": last, "as_of": l.asOf.String(), "anonymous_orders": l.anonymous.n,
			"company_revenue": euros(value - l.unlinked + l.anonymous.value)},
		"repeat_purchase_rate": {"by_purchase_day": share(byDay, n), "by_order": share(byOrder, n), "n_repeat_by_day": byDay, "n_repeat_by_order": byOrder},
		"purchase_frequency":   {"purchase_days_per_customer": share(len(l.days), n), "orders_per_customer": share(orders, n)},
		"average_order_value":  {"revenue_per_order": per(owned, orders), "revenue_per_purchase_day": per(owned, len(l.days)), "revenue_per_customer": per(owned, n)},
		"interpurchase":        {"n_gaps": len(gaps), "mean_days": meanGap, "median_days": type7(gaps, .5), "p90_days_linear_interp": type7(gaps, .9)},
		"historic_clv":         {"mean": per(owned, n), "median": type7(worth, .5), "p90_linear": type7(worth, .9)},
	}
	over, counts := map[string]any{}, map[string]any{}
	for _, w := range []float64{30, 90, 180, 365} {
		k := 0
		for _, s := range silent {
			if s > w {
				k++
			}
		}
		over[fmt.Sprint(w)], counts[fmt.Sprint(w)] = share(k, n), k
	}
	out["inactivity"] = map[string]any{"share_inactive_more_than": over, "n": counts, "median_days_since_last": type7(silent, .5)}
	out["second_purchase_within"] = l.second()
	out["monthly"] = map[string]any{"rows": l.monthly()}
	out["cohorts"] = l.cohorts()
	out["period_retention"] = map[string]any{"periods": l.periods()}
	out["buying_rate"] = l.buying()
	out["rfm"] = l.rfm()
	out["abc"] = l.abc()
	return out
}

func (l ledger) second() map[string]any {
	rates := map[string]any{}
	for _, w := range []int{30, 60, 90, 180} {
		eligible, again := 0, 0
		for _, days := range l.of {
			if int(l.asOf-days[0].day) < w {
				continue
			}
			eligible++
			if len(days) > 1 && int(days[1].day-days[0].day) <= w {
				again++
			}
		}
		rates[fmt.Sprint(w)] = map[string]any{"n_eligible": eligible, "rate": share(again, eligible)}
	}
	return map[string]any{"rates": rates}
}

// inMonth is the customers with a purchase in a month, and all months from the first to that of asOf.
func (l ledger) inMonth() (months []clock.Day, active map[clock.Day]map[int64]bool) {
	active = map[clock.Day]map[int64]bool{}
	for _, d := range l.days {
		m := d.day.Month()
		if active[m] == nil {
			active[m] = map[int64]bool{}
		}
		active[m][d.customer] = true
	}
	if len(active) == 0 {
		return nil, active
	}
	for m := slices.Min(slices.Collect(maps.Keys(active))); m <= l.asOf; m = m.AddMonths(1) {
		months = append(months, m)
	}
	return months, active
}

func (l ledger) monthly() []any {
	months, active := l.inMonth()
	out := []any{}
	for i, m := range months {
		fresh, retained, days, value := 0, 0, 0, int64(0)
		for c := range active[m] {
			if l.of[c][0].day.Month() == m {
				fresh++
			}
			if active[m.AddMonths(-1)][c] {
				retained++
			}
		}
		for _, d := range l.days {
			if d.day.Month() == m {
				days, value = days+1, value+d.value
			}
		}
		a := len(active[m])
		row := map[string]any{"month": m.String()[:7], "active": a, "new": fresh, "returning": a - fresh, "revenue": euros(value),
			"purchase_days": days, "purchase_frequency": share(days, a)}
		if i > 0 {
			before := len(active[months[i-1]])
			row["retained_from_prev"], row["retention_rate"], row["reactivated"] = retained, share(retained, before), a-fresh-retained
		}
		out = append(out, row)
	}
	return out
}

func (l ledger) cohorts() map[string]any {
	months, active := l.inMonth()
	names, sizes, cells, money := []any{}, []any{}, []any{}, []any{}
	for _, m := range months {
		members := map[int64]bool{}
		for c, days := range l.of {
			if days[0].day.Month() == m {
				members[c] = true
			}
		}
		if len(members) == 0 {
			continue
		}
		var row, values []any
		for k := range months {
			at := m.AddMonths(k)
			if at > l.asOf {
				row, values = append(row, nil), append(values, nil)
				continue
			}
			n, value := 0, int64(0)
			for c := range members {
				if active[at][c] {
					n++
				}
				for _, d := range l.of[c] {
					if d.day.Month() == at {
						value += d.value
					}
				}
			}
			row, values = append(row, n), append(values, euros(value))
		}
		names, sizes, cells, money = append(names, m.String()[:7]), append(sizes, len(members)), append(cells, row), append(money, values)
	}
	return map[string]any{"cohort": names, "size": sizes, "active": cells, "revenue": money}
}

// bought is the customers with a purchase in (from, to].
func (l ledger) bought(from, to clock.Day) map[int64]bool {
	out := map[int64]bool{}
	for _, d := range l.days {
		if d.day > from && d.day <= to {
			out[d.customer] = true
		}
	}
	return out
}

func (l ledger) periods() []any {
	out := []any{}
	for k := 1; k >= 0; k-- {
		end := l.asOf.AddDays(-90 * k)
		start := end.AddDays(-90)
		before, now := l.bought(start.AddDays(-90), start), l.bought(start, end)
		fresh, both := 0, 0
		for c := range now {
			if l.of[c][0].day > start {
				fresh++
			}
			if before[c] {
				both++
			}
		}
		if len(l.days) == 0 || slices.MinFunc(l.days, func(x, y dayRow) int { return cmp.Compare(x.day, y.day) }).day > end {
			continue
		}
		out = append(out, map[string]any{"start": start.String(), "end": end.String(), "S_active_at_start": len(before), "E_active_at_end": len(now),
			"N_new_in_period": fresh, "CRR_textbook_(E-N)/S": share(len(now)-fresh, len(before)), "CRR_cohort_|S&E|/|S|": share(both, len(before)),
			"reactivated_in_E": len(now) - fresh - both})
	}
	return out
}

func (l ledger) buying() map[string]any {
	orders := 0
	for _, d := range l.days {
		if d.day > l.asOf.AddDays(-365) {
			orders += int(d.orders)
		}
	}
	active := len(l.bought(l.asOf.AddDays(-365), l.asOf))
	return map[string]any{"orders_in_year": orders, "active_customers_in_year": active, "orders_per_active_customer": share(orders, active)}
}
