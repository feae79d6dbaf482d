package program

import (
	"context"
	"fmt"
	"slices"

	"stamm/internal/insight/trial"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/warehouse"
)

// View is by what the customers of a measure can be looked at apart. All of it was so before they were drawn.
type View string

// The views.
const (
	ByBand    View = "band"    // where she stood when she was drawn: loyal, cooling and so on
	ByHistory View = "history" // whether she had bought in the year before
	ByKind    View = "kind"    // person or company
	ByCountry View = "country"
	BySegment View = "segment" // whether she was in a segment
)

// Views are all of them.
func Views() []View { return []View{ByBand, ByHistory, ByKind, ByCountry, BySegment} }

// Split is a view, with what it needs to know.
type Split struct {
	By View
	In *filter.SQL // of BySegment: a column customer of those who were in the segment
}

// question is that of the measure by parts.
func (s Split) question(p *Proof, part string) question {
	q := p.question(part + s.sql())
	if s.By == BySegment && s.In != nil {
		q.args = s.In.Args
	}
	return q
}

// sql is the expression of the part over a row d of who was drawn.
func (s Split) sql() string {
	switch s.By {
	case BySegment:
		if s.In != nil {
			return "CASE WHEN d.customer IN (SELECT f.customer FROM (" + s.In.Text + ") f) THEN 'inside' ELSE 'outside' END"
		}
	case ByBand:
		return `coalesce((SELECT arg_max(h.band, h.day) FROM score_history h WHERE h.customer = d.customer AND h.day <= d.day), '')`
	case ByHistory:
		return `CASE WHEN EXISTS (SELECT 1 FROM purchase_day p WHERE p.customer = d.customer AND p.net_orders > 0
			AND p.day BETWEEN d.day - ` + fmt.Sprint(before) + ` AND d.day - 1) THEN 'bought' ELSE 'silent' END`
	case ByKind:
		return `coalesce((SELECT any_value(k.kind) FROM customer k WHERE k.id = d.customer), '')`
	case ByCountry:
		return `coalesce((SELECT any_value(k.country) FROM customer k WHERE k.id = d.customer), '')`
	}
	return "''"
}

// Part is what a measure brought to some of its customers.
type Part struct {
	Key      string
	N        int64
	Together *trial.Reading
}

// Explore looks at a measure by parts. That is for ideas and proves nothing: of twenty parts one differs by chance.
func (p *Proof) Explore(ctx context.Context, w warehouse.Querier, s Split, o Outcome) ([]Part, error) {
	if p.From == 0 || p.Control == 0 {
		return nil, nil
	}
	a, err := s.question(p, "").ask(ctx, w)
	if err != nil {
		return nil, err
	}
	var keys []string
	cells := map[string][]cell{}
	for _, c := range a.cells {
		if cells[c.key] == nil {
			keys = append(keys, c.key)
		}
		cells[c.key] = append(cells[c.key], c)
	}
	var all []Part
	for _, key := range keys {
		_, together := p.readings(cells[key], o)
		part := Part{Key: key, Together: together}
		for _, c := range cells[key] {
			if c.arm != Global {
				part.N += c.n
			}
		}
		all = append(all, part)
	}
	slices.SortStableFunc(all, func(a, b Part) int { return int(b.N - a.N) })
	return all, nil
}

// Personal tells whether choosing for each part of the customers what did best there beats the best single action for all. What did
// best is looked for in one half of the customers and judged by the other half, and the other way round, so that luck does not count
// twice. Nothing to do is one of the actions, and the only one that costs nothing: the others bear the costs of the measure, each customer the same.
func (p *Proof) Personal(ctx context.Context, w warehouse.Querier, s Split) (*trial.Choice, error) {
	if p.From == 0 || p.Control == 0 {
		return nil, nil
	}
	q := s.question(p, "CAST(hash(d.customer) % 2 AS VARCHAR) || ' ' || ")
	q.drawn += " AND c.arm <> '" + Global + "'"
	a, err := q.ask(ctx, w)
	if err != nil {
		return nil, err
	}
	var cells []trial.Cell
	for _, c := range a.cells {
		half, part := 0, c.key[2:]
		if c.key[0] == '1' {
			half = 1
		}
		outcome := c.raw[Margin]
		if c.arm != Control {
			outcome.Mean -= float64(p.Cost.Beside()) / float64(max(p.Treated(), 1))
		}
		cells = append(cells, trial.Cell{Half: half, Part: part, Action: c.arm, Outcome: outcome})
	}
	return trial.Choose(cells), nil
}

// ProveProgramme reads what all measures that started in a year brought together: everyone whom any of them drew, those who were left
// alone by every measure against the others, from the day of the first draw on.
func ProveProgramme(ctx context.Context, w warehouse.Querier, year int, b Basis, share int, spent int64) (*Proof, error) {
	first, last := clock.NewDay(year, 1, 1), clock.NewDay(year, 12, 31)
	m := &Measure{Control: share, Arms: []Arm{{"a", 1000}}, Outcome: Margin, Start: first, End: last, State: Running, Window: int(min(last, b.AsOf)-first) + 1}
	p := &Proof{Measure: m, Basis: b, Cost: Spending{Total: spent}, Drawn: map[string]int64{}, Arms: map[Outcome]*trial.Reading{}, Together: map[Outcome]*trial.Reading{}}
	p.AsOf = min(b.AsOf, last)
	drawn := fmt.Sprintf(`SELECT c.customer, CASE arg_min(c.arm, c.id) WHEN '%s' THEN '%s' ELSE 'a' END AS arm, min(c.day) AS day
FROM measure_customer c WHERE c.day BETWEEN %s AND %s GROUP BY c.customer`, Global, Control, date(first), date(p.AsOf))
	from, until, any, err := extent(ctx, w, drawn)
	if err != nil {
		return nil, err
	}
	if any && m.Window > 0 {
		p.From, p.Until, p.Over = from, until, last
		a, err := question{drawn: drawn, window: m.Window, asOf: p.AsOf, margin: b.Margin, from: from, until: until}.ask(ctx, w)
		if err != nil {
			return nil, err
		}
		p.read(a)
	}
	p.Verdict = p.verdict()
	return p, nil
}
