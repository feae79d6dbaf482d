package report

import (
	"context"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"time"
)

type monthlyJSON struct {
	Definition string       `json:"definition"`
	Rows       []monthlyRow `json:"rows"`
	stamp
}

type monthlyRow struct {
	Month        month    `json:"month"`
	Active       int64    `json:"active"`
	New          int64    `json:"new"`
	Returning    int64    `json:"returning"`
	Revenue      amount   `json:"revenue"`
	PurchaseDays int64    `json:"purchase_days"`
	Frequency    decimal  `json:"purchase_frequency"`
	Retained     *int64   `json:"retained_from_prev,omitempty"` // this and the following: not in the first month
	Retention    *decimal `json:"retention_rate,omitempty"`
	Churn        *decimal `json:"churn_rate,omitempty"`
	Reactivated  *int64   `json:"reactivated,omitempty"`
}

// monthSums are the figures of one calendar month.
type monthSums struct {
	month                        clock.Day
	active, fresh, retained      int64
	days, orders, value, freshly int64 // freshly: value brought by new customers
}

// monthSums returns every month from the first purchase to that of AsOf, those without purchases too.
func (s *session) monthSums(ctx context.Context) ([]monthSums, error) {
	var out []monthSums
	err := s.each(ctx, `SELECT month, CAST(sum(n) AS BIGINT) AS active, CAST(coalesce(sum(n) FILTER (prev_month IS NULL), 0) AS BIGINT) AS new,
	CAST(coalesce(sum(n) FILTER (prev_month = month - INTERVAL 1 MONTH), 0) AS BIGINT) AS retained,
	CAST(sum(days) AS BIGINT) AS days, CAST(sum(orders) AS BIGINT) AS orders, CAST(sum(value) AS BIGINT) AS value,
	CAST(coalesce(sum(value) FILTER (prev_month IS NULL), 0) AS BIGINT) AS new_value
FROM (
	SELECT month, prev_month, count(*) AS n, sum(days) AS days, sum(orders) AS orders, sum(value) AS value
	FROM `+s.months()+` m GROUP BY month, prev_month)
GROUP BY month ORDER BY month`, func(scan func(...any) error) error {
		var m monthSums
		var t time.Time
		if err := scan(&t, &m.active, &m.fresh, &m.retained, &m.days, &m.orders, &m.value, &m.freshly); err != nil {
			return err
		}
		m.month = clock.DayOf(t, t.Location())
		for len(out) > 0 && out[len(out)-1].month.AddMonths(1) < m.month {
			out = append(out, monthSums{month: out[len(out)-1].month.AddMonths(1)})
		}
		out = append(out, m)
		return nil
	})
	for len(out) > 0 && out[len(out)-1].month < s.AsOf.Month() {
		out = append(out, monthSums{month: out[len(out)-1].month.AddMonths(1)})
	}
	return out, err
}

func monthly(ctx context.Context, s *session) (*Result, error) {
	months, err := s.monthSums(ctx)
	if err != nil {
		return nil, err
	}
	object := monthlyJSON{
		Definition: "calendar months. active=distinct customers with a purchase; new=first ever purchase in that month; " +
			"retained_from_prev=|A_m & A_(m-1)|; retention_rate=retained/|A_(m-1)|; churn_rate=1-retention_rate; " +
			"reactivated=active, not new, not active in m-1",
		Rows: make([]monthlyRow, 0, len(months)), stamp: s.stamp(),
	}
	table := Table{Columns: columns("month", Month, "active", Count, "new", Count, "returning", Count, "retained", Count, "reactivated", Count, "retention", Share, "churn", Share, "revenue", Money, "purchase_days", Count, "days_per_customer", Decimal)}
	for i, m := range months {
		row := monthlyRow{
			Month: month(m.month), Active: m.active, New: m.fresh, Returning: m.active - m.fresh, Revenue: s.amount(m.value),
			PurchaseDays: m.days, Frequency: ratio(m.days, m.active),
		}
		at := "/" + monthText(m.month)
		cells := []Cell{day(m.month), number(m.active, Ref("active"+at)), number(m.fresh, Ref("new"+at)),
			number(m.active-m.fresh, Ref("returning"+at)), none(), none(), none(), none(),
			cash(m.value, Ref("active"+at)), number(m.days, Ref("active"+at)), rate(m.days, m.active, Ref("active"+at))}
		if i > 0 {
			before := months[i-1].active
			retention, reactivated := ratio(m.retained, before), m.active-m.fresh-m.retained
			churn := 1 - retention
			row.Retained, row.Retention, row.Churn, row.Reactivated = &m.retained, &retention, &churn, &reactivated
			cells[4], cells[5] = number(m.retained, Ref("retained"+at)), number(reactivated, Ref("reactivated"+at))
			cells[6] = rate(m.retained, before, Ref("retained"+at))
			cells[7] = rate(before-m.retained, before, Ref("lost"+at))
		}
		object.Rows = append(object.Rows, row)
		table.Rows = append(table.Rows, cells)
	}
	res := &Result{JSON: object, Tables: []Table{table.latest(36)}}
	if k := len(months) - 1; k > 0 {
		res.Chart = &Chart{Kind: Line, Series: []int{6}}
		last := table.Rows[k]
		if !s.monthEnds() && k > 1 { // the running month is not over yet
			last = table.Rows[k-1]
		}
		res.Figures = []Figure{{"retention", Share, last[6]}, {"active", Count, last[1]}, {"new", Count, last[2]},
			{"retained", Count, last[4]}, {"reactivated", Count, last[5]}}
		res.sentence = func(p *i18n.Printer) string {
			m := clock.Day(last[0].Int)
			if last[6].None {
				return p.T("report.monthly.sentence_none", "month", p.Month(m), "active", last[1].Int)
			}
			return p.T("report.monthly.sentence", "month", p.Month(m), "before", p.Month(m.AddMonths(-1)),
				"of100", int64(last[6].Float*100+0.5), "active", last[1].Int)
		}
	}
	return res, nil
}

// monthEnds reports whether AsOf is the last day of its month.
func (s *session) monthEnds() bool { return s.AsOf.AddDays(1).Month() > s.AsOf.Month() }

// latest keeps the last n rows of a table.
func (t Table) latest(n int) Table {
	if t.More = max(0, len(t.Rows)-n); t.More > 0 {
		t.Rows = t.Rows[t.More:]
	}
	return t
}

// monthlyWho: new/2006-01, active/…, returning/…, retained/…, reactivated/…, and lost/…: active the month before, not then.
func monthlyWho(ctx context.Context, s *session, what string, args []string) (string, error) {
	m, err := monthArg(args)
	if err != nil {
		return "", err
	}
	conditions := map[string]string{
		"active": "true", "new": "prev_month IS NULL", "returning": "prev_month IS NOT NULL",
		"retained":    "prev_month = month - INTERVAL 1 MONTH",
		"reactivated": "prev_month < month - INTERVAL 1 MONTH",
	}
	if c, ok := conditions[what]; ok {
		return fmt.Sprintf("SELECT customer FROM %s m WHERE month = %s AND %s", s.months(), date(m), c), nil
	}
	if what == "lost" {
		return fmt.Sprintf("SELECT customer FROM %s m WHERE month IN (%s, %s) GROUP BY customer HAVING max(month) < %[3]s",
			s.months(), date(m.AddMonths(-1)), date(m)), nil
	}
	return "", badRef(what)
}
