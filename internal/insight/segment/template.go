package segment

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"

	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
	"stamm/internal/platform/warehouse"
)

// Template is a segment to start from. Its numbers come from how the company's customers buy.
type Template struct {
	Name      string // segment.template.NAME.name and .description are its texts
	Condition filter.Tree

	args []any
}

// Title is what the segment is called for people.
func (t Template) Title(p *i18n.Printer) string { return p.T("segment.template." + t.Name + ".name") }

// Description says what the segment is good for.
func (t Template) Description(p *i18n.Printer) string {
	args := slices.Clone(t.args)
	for i, arg := range args {
		if a, ok := arg.(money.Amount); ok {
			args[i] = p.MoneyRounded(a.Minor, a.Currency)
		}
	}
	return p.T("segment.template."+t.Name+".description", args...)
}

// habits are how the company's customers buy, as far as templates need to know.
type habits struct {
	soon, late   int64 // days from the first order to the second: a quarter come before, three quarters
	large, great int64 // what customers brought in minor units: half bring more, a fifth
	year         int64 // what the best fifth of those who bought brought within a year
	scored       bool  // there are scores
}

// Templates lists the ready-made segments. Those that ask for fields which do not exist are left out.
func (b *Book) Templates(ctx context.Context, w warehouse.Querier) ([]Template, error) {
	h, err := b.habits(ctx, w)
	if err != nil {
		return nil, err
	}
	amount := func(minor int64) string {
		return money.FormatScaled(minor, money.Digits(b.Catalogue.Currency())) + " " + b.Catalogue.Currency()
	}
	cash := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: b.Catalogue.Currency()} }
	scored := func(text string) string { // scores are there after the first night
		if h.scored {
			return text
		}
		return ""
	}
	var all []Template
	for _, t := range []struct {
		name  string
		texts []string // the first that can be asked
		args  []any
	}{
		{"new", []string{`first_order within last 30 d`}, nil},
		{"one_time", []string{fmt.Sprintf(`orders = 1 and days_since_order between %d and %d`, h.soon, h.late)}, []any{"from", h.soon, "to", h.late}},
		{"loyal", []string{`orders(last 365 d) >= 3 and days_since_order <= 90`}, nil},
		{"cooling", []string{
			scored(fmt.Sprintf(`band in (cooling, at_risk) and revenue >= %s`, amount(h.great))),
			fmt.Sprintf(`revenue >= %s and days_since_order between 91 and 365`, amount(h.great)),
		}, []any{"amount", cash(h.great)}},
		{"lost", []string{fmt.Sprintf(`orders >= 2 and revenue >= %s and days_since_order > 365`, amount(h.large))}, []any{"amount", cash(h.large)}},
		{"birthday", []string{`birthday within next 14 d`}, nil},
		{"top", []string{`value_rank < 20 %`, fmt.Sprintf(`revenue(last 365 d) >= %s`, amount(h.year))}, nil},
		{"complaint", []string{`returns(last 90 d) >= 2`}, nil},
	} {
		for _, text := range t.texts {
			if tree, err := b.Parse(text); err == nil && text != "" {
				all = append(all, Template{t.name, tree, t.args})
				break
			}
		}
	}
	return all, nil
}

// habits asks the warehouse; where there is too little to go by, it says what is usual in shops.
func (b *Book) habits(ctx context.Context, w warehouse.Querier) (habits, error) {
	const few = 20
	h := habits{soon: 14, late: 60, large: b.limits()[1], great: b.limits()[2], year: b.limits()[1]}
	var pairs, customers, active int64
	var soon, late, large, great, year sql.NullFloat64
	err := w.QueryRowContext(ctx, fmt.Sprintf(`WITH second AS (
			SELECT p.day - p.net_prev AS days FROM purchase_day p WHERE p.net_nth = 2 AND p.net_orders > 0 AND p.day <= DATE '%[1]s'),
		brought AS (SELECT p.net_total FROM purchase_day p
			WHERE p.net_orders > 0 AND p.net_total > 0 AND p.day <= DATE '%[1]s' AND (p.net_next IS NULL OR p.net_next > DATE '%[1]s')),
		lately AS (SELECT sum(p.net) AS net FROM purchase_day p WHERE p.day > DATE '%[1]s' - 365 AND p.day <= DATE '%[1]s' GROUP BY p.customer)
		SELECT (SELECT count(*) FROM second), (SELECT quantile_cont(s.days, 0.25) FROM second s), (SELECT quantile_cont(s.days, 0.75) FROM second s),
			(SELECT count(*) FROM brought), (SELECT quantile_cont(b.net_total, 0.5) FROM brought b), (SELECT quantile_cont(b.net_total, 0.8) FROM brought b),
			(SELECT count(*) FROM lately), (SELECT quantile_cont(l.net, 0.8) FROM lately l)`, b.Today)).
		Scan(&pairs, &soon, &late, &customers, &large, &great, &active, &year)
	if err != nil {
		return h, fmt.Errorf("habits of customers: %w", err)
	}
	if h.scored, err = scored(ctx, w); err != nil {
		return h, err
	}
	if pairs >= few {
		h.soon = max(1, int64(soon.Float64))
		h.late = max(h.soon+7, int64(late.Float64))
	}
	if customers >= few {
		h.large, h.great = round(large.Float64), round(great.Float64)
	}
	if active >= few {
		h.year = round(year.Float64)
	}
	return h, nil
}

// round leaves two digits of a number, so that a limit looks like one.
func round(x float64) int64 {
	n := max(int64(x), 1)
	unit := int64(1)
	for range max(len(strconv.FormatInt(n, 10))-2, 0) {
		unit *= 10
	}
	return n / unit * unit
}

// scored tells whether the warehouse has scores.
func scored(ctx context.Context, w warehouse.Querier) (some bool, err error) {
	known, err := scoreTable(ctx, w)
	if err != nil || !known {
		return false, err
	}
	err = w.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM score)`).Scan(&some)
	return some, err
}
