package report

import (
	"context"

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

// revenueWho knows the references of monthly.
func revenueWho(ctx context.Context, s *session, what string, args []string) (string, error) {
	return monthlyWho(ctx, s, what, args)
}
