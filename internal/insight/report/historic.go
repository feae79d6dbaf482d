package report

import (
	"context"
	"fmt"
	"math"

	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
)

type historicJSON struct {
	Definition string  `json:"definition"`
	Mean       decimal `json:"mean"`
	Median     decimal `json:"median"`
	P90        decimal `json:"p90_linear"`
	Max        *amount `json:"max"`
	Customers  int64   `json:"customers"`
	stamp
}

func historicCLV(ctx context.Context, s *session) (*Result, error) {
	h, err := s.values(ctx)
	if err != nil {
		return nil, err
	}
	unit := pow10(s.digits)
	object := historicJSON{
		Definition: "total value to as_of per customer", Mean: ratio(h.sum, h.n) / decimal(unit),
		Median: h.quantileFloat(1, 2, unit), P90: h.quantileFloat(9, 10, unit), Customers: h.n, stamp: s.stamp(),
	}
	res := &Result{}
	if h.n > 0 {
		top := s.amount(h.values[len(h.values)-1])
		object.Max = &top
		res.Figures = []Figure{{"mean", Money, average(h.sum, h.n, "all")}, {"median", Money, cash(h.quantile(1, 2).round(), "all")},
			{"p90", Money, cash(h.quantile(9, 10).round(), "all")}, {"max", Money, cash(top.minor, Ref(fmt.Sprintf("from/%d/%d", top.minor, top.minor)))}}
		res.Tables = []Table{decileTable(h)}
		res.Chart = &Chart{Kind: Bars, Series: []int{3}}
		res.sentence = func(p *i18n.Printer) string {
			return p.T("report.historic_clv.sentence", "mean", res.Figures[0].Format(p, Money, s.currency),
				"median", res.Figures[1].Format(p, Money, s.currency), "customers", money.Of(h.sum, s.currency))
		}
	}
	res.JSON = object
	return res, nil
}

// decileTable cuts the customers by value into ten parts of equal size, the most valuable first; customers of equal value stay
// together.
func decileTable(h *histogram) Table {
	t := Table{Columns: columns("tenth", Count, "from_value", Money, "customers", Count, "revenue", Money, "average", Money)}
	hi := int64(math.MaxInt64)
	for i := int64(1); i <= 10; i++ {
		lo := h.at(max(0, h.n-(h.n*i+9)/10))[0]
		if i == 10 {
			lo = h.values[0]
		}
		if lo >= hi && hi != math.MaxInt64 {
			continue // as valuable as the part before
		}
		n, sum := int64(0), int64(0)
		for j, v := range h.values {
			if v >= lo && v < hi {
				n, sum = n+h.counts[j], sum+v*h.counts[j]
			}
		}
		ref := Ref(fmt.Sprintf("from/%d/%d", lo, hi-1))
		t.Rows = append(t.Rows, []Cell{number(i), cash(lo, ref), number(n, ref), cash(sum, ref), average(sum, n, ref)})
		hi = lo
	}
	t.Total = []Cell{none(), none(), number(h.n, "all"), cash(h.sum, "all"), average(h.sum, h.n, "all")}
	return t
}

// historicWho: from/A/B are the customers who brought A to B minor units.
func historicWho(ctx context.Context, s *session, what string, args []string) (string, error) {
	if what == "all" {
		return everybody(ctx, s, what, args)
	}
	lo, err := atoi(args, 0)
	if err != nil || what != "from" {
		return "", badRef(what)
	}
	hi, err := atoi(args, 1)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("SELECT customer FROM %s s WHERE value BETWEEN %d AND %d", s.state(), lo, hi), nil
}
