package survival

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"
	"unicode"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

// Querier is a warehouse that can be asked. The questions of one answer should see the same state, so pass one transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// All is the code of the segment of all contracts.
const All = "all"

// Segment is the contracts of one plan, or all of them.
type Segment struct {
	Code  string // All, or the plan in small letters and underscores
	Plan  string // as the source calls it; empty for All and for contracts without one
	Table *Table

	// TenureOnly counts the contracts of which only months are known and no days. They count as they were when they
	// were read, whatever the day asked for.
	TenureOnly int64

	// Unseen is how many contracts should have ended before the first one did if all those that began before it are
	// there. Many mean that the source starts in the middle of lives: those that ended earlier are missing, and the
	// curve is too high.
	Unseen float64
}

// Contracts reads the life tables of all contracts and of each plan, in months, as of the end of a day: one that began
// later does not count, one that ends later still runs. All comes first, then the plans, those with most contracts
// first. plan, by name or code, leaves only one; an unknown one is a NotFound fault, as are no contracts at all.
func Contracts(ctx context.Context, q Querier, asOf clock.Day, plan string) ([]*Segment, error) {
	rows, err := q.QueryContext(ctx, sqlSpells, asOf.String())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	g := gatherer{byPlan: map[string]*gathered{}, all: &gathered{}}
	for rows.Next() {
		var name string
		var s Spell
		var before sql.NullInt64
		var dated bool
		if err := rows.Scan(&name, &s.Length, &s.Ended, &dated, &before, &s.Count); err != nil {
			return nil, err
		}
		g.add(name, s, dated, before)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return g.segments(plan)
}

// sqlSpells counts contracts by plan, full months, whether they ended, and, of those with days, the months they had
// run when the first contract of all ended. A contract that ended counts the month it ended in, one that runs only full months.
const sqlSpells = `
WITH known AS (
	SELECT plan, started, tenure, churned,
		CASE WHEN ended <= CAST($1 AS DATE) THEN ended + 1 END AS over
	FROM contract WHERE started IS NULL OR started <= CAST($1 AS DATE)),
first AS (SELECT min(over) AS day FROM known)
SELECT plan,
	CASE WHEN started IS NULL THEN tenure
		WHEN over IS NULL THEN datesub('month', started, CAST($1 AS DATE) + 1)
		ELSE datesub('month', started, over - 1) + 1 END AS length,
	CASE WHEN started IS NULL THEN churned ELSE over IS NOT NULL END AS ended,
	started IS NOT NULL AS dated,
	CASE WHEN started < first.day THEN datesub('month', started, first.day) END AS before,
	count(*)
FROM known, first GROUP BY ALL ORDER BY ALL`

// gathered is what is known of the contracts of one plan.
type gathered struct {
	plan       string
	spells     []Spell
	count      int64
	tenureOnly int64
	before     []Spell // months run when the first contract ended
}

func (g *gathered) add(s Spell, dated bool, before sql.NullInt64) {
	g.spells = append(g.spells, s)
	g.count += s.Count
	if !dated {
		g.tenureOnly += s.Count
	}
	if before.Valid {
		g.before = append(g.before, Spell{Length: int(before.Int64), Count: s.Count})
	}
}

func (g *gathered) segment(code string) *Segment {
	s := &Segment{Code: code, Plan: g.plan, Table: Collapse(g.spells), TenureOnly: g.tenureOnly}
	curve := KaplanMeier(s.Table, .95, Log)
	for _, b := range g.before {
		still, _, _ := curve.At(b.Length)
		s.Unseen += float64(b.Count) * -math.Log(max(still, 1e-9))
	}
	return s
}

type gatherer struct {
	all    *gathered
	plans  []*gathered
	byPlan map[string]*gathered
}

func (g *gatherer) add(plan string, s Spell, dated bool, before sql.NullInt64) {
	of := g.byPlan[plan]
	if of == nil {
		of = &gathered{plan: plan}
		g.byPlan[plan] = of
		g.plans = append(g.plans, of)
	}
	of.add(s, dated, before)
	g.all.add(s, dated, before)
}

func (g *gatherer) segments(plan string) ([]*Segment, error) {
	if g.all.count == 0 {
		return nil, fault.New(fault.NotFound, "survival.error.none")
	}
	all := []*Segment{g.all.segment(All)}
	taken := map[string]bool{All: true, "": true}
	var names []string
	slices.SortStableFunc(g.plans, func(a, b *gathered) int { return cmp.Compare(b.count, a.count) })
	for _, p := range g.plans {
		code := Code(p.plan)
		if p.plan == "" {
			continue
		}
		for taken[code] {
			code += "_"
		}
		taken[code] = true
		names = append(names, p.plan)
		all = append(all, p.segment(code))
	}
	if plan == "" {
		return all, nil
	}
	for _, s := range all {
		if s.Code == plan || s.Plan == plan {
			return []*Segment{s}, nil
		}
	}
	return nil, fault.New(fault.NotFound, "survival.error.plan", "plan", plan, "plans", strings.Join(names, ", ")).On("plan")
}

// Code is a plan's name in small letters, everything but letters and digits as underscores: month_to_month.
func Code(plan string) string {
	parts := strings.FieldsFunc(strings.ToLower(plan), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(parts, "_")
}
