package program

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"stamm/internal/insight/trial"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/warehouse"
)

// before is how many days before she was drawn tell what a customer would have done anyway.
const before = 365

// question asks the warehouse what customers who were drawn did.
type question struct {
	drawn  string    // SQL of customer, arm, day
	args   []any     // of the placeholders in drawn
	key    string    // SQL of what to look at apart, over the columns of drawn; empty for nothing
	window int       // days from the draw on that count
	asOf   clock.Day // last day that counts
	margin int       // percent of sales that is left where a day's cost is not known
	from   clock.Day // first and last day of the draws
	until  clock.Day

	visits string // SQL of customer and day of visits; empty where none are known
}

// cell is what one group did: the moments of each outcome, as they are, winsorised and with what was before.
type cell struct {
	key, arm string
	n        int64
	raw      map[Outcome]trial.Moments
	capped   map[Outcome]trial.Moments
	pairs    map[Outcome]trial.Joint
}

// answer is what the warehouse said.
type answer struct {
	cells  []cell
	limits map[Outcome]float64 // up to which an outcome counts in full in the winsorised figures
	costed float64             // share of the sales whose cost is known
	of     []Outcome           // those that something is known of
}

// group is a cell as the statistics take it.
func (c cell) group(o Outcome) trial.Group {
	capped, pairs := c.capped[o], c.pairs[o]
	return trial.Group{Name: c.arm, Outcome: c.raw[o], Capped: &capped, Pairs: &pairs}
}

// each is the SQL of one row a customer drawn: key, arm, net, margin, orders, visits, before, known and sold (sales with known cost, and all). Sales are
// those of reports on the net basis: less what was given back for them, whenever that was, and less returns of the days that count
// for which no sale was found. Where the cost of a day is not known its margin is the company's share of the sales; of a day with
// returns that part of the margin counts that was kept.
func (q question) each() string {
	key := "''"
	if q.key != "" {
		key = q.key
	}
	seen, visits, join := "", "0", ""
	if q.visits != "" {
		seen, visits, join = seenSQL, "coalesce(n.days, 0)", " LEFT JOIN seen n ON n.customer = d.customer"
	}
	parts := strings.NewReplacer("{seen}", seen, "{visited}", visits, "{join}", join).Replace(eachSQL)
	return strings.NewReplacer("{drawn}", q.drawn, "{visits}", q.visits, "{key}", key, "{window}", fmt.Sprint(q.window), "{before}", fmt.Sprint(before), "{asof}", date(q.asOf),
		"{from}", date(q.from.AddDays(-before)), "{until}", date(min(q.asOf, q.until.AddDays(q.window-1))), "{margin}", fmt.Sprintf("%d / 100.0", q.margin)).Replace(parts)
}

// seenSQL are the days on which those who were drawn visited the shop.
const seenSQL = `,
seen AS (
	SELECT d.customer, count(DISTINCT v.day) AS days
	FROM drawn d JOIN ({visits}) v ON v.customer = d.customer
	WHERE v.day >= d.day AND v.day < d.day + {window} AND v.day <= {until}
	GROUP BY d.customer)`

// eachSQL is the text of each.
const eachSQL = `
WITH drawn AS MATERIALIZED ({drawn}),
spent AS (
	SELECT d.customer, sum(p.net_orders) FILTER (p.day >= d.day) AS orders, sum(p.net) FILTER (p.day >= d.day) AS net,
		sum(CASE WHEN p.margin IS NULL OR p.gross <= 0 THEN p.net * {margin} ELSE CAST(p.margin AS DOUBLE) * p.net / p.gross END)
			FILTER (p.day >= d.day) AS margin,
		sum(p.net) FILTER (p.day < d.day) AS before,
		sum(p.gross) FILTER (p.day >= d.day AND p.margin IS NOT NULL) AS known, sum(p.gross) FILTER (p.day >= d.day) AS sold
	FROM drawn d JOIN purchase_day p ON p.customer = d.customer
	WHERE p.day BETWEEN {from} AND {until} AND p.day >= d.day - {before} AND p.day < d.day + {window}
	GROUP BY d.customer),
back AS (
	SELECT d.customer, sum(r.amount) FILTER (r.day >= d.day) AS amount, sum(r.amount) FILTER (r.day < d.day) AS before
	FROM drawn d JOIN refund r ON r.customer = d.customer AND r.sale = 0
	WHERE r.day BETWEEN {from} AND {until} AND r.day >= d.day - {before} AND r.day < d.day + {window}
	GROUP BY d.customer){seen}
SELECT {key} AS key, d.arm, CAST(coalesce(s.net, 0) - coalesce(b.amount, 0) AS DOUBLE) AS net,
	coalesce(s.margin, 0) - coalesce(b.amount, 0) * {margin} AS margin, CAST(coalesce(s.orders, 0) AS DOUBLE) AS orders,
	CAST({visited} AS DOUBLE) AS visits, CAST(coalesce(s.before, 0) - coalesce(b.before, 0) AS DOUBLE) AS before, coalesce(s.known, 0) AS known, coalesce(s.sold, 0) AS sold
FROM drawn d LEFT JOIN spent s ON s.customer = d.customer LEFT JOIN back b ON b.customer = d.customer{join}`

// visitSources are the tables that tell of visits to the shop: events that the shop reports, and clicks of people in our mails.
var visitSources = [...]struct{ table, text string }{
	{"event", "SELECT e.customer, e.day FROM event e WHERE e.name = 'visit'"},
	{"hit", "SELECT h.customer, h.day FROM hit h WHERE h.kind = 'click' AND h.human AND h.customer <> 0"},
}

// visitsOf is the SQL of customer and day of visits; empty where the warehouse knows of none. A day counts once, so that a click and the visit that
// it led to are not two.
func visitsOf(ctx context.Context, w warehouse.Querier) (string, error) {
	var all []string
	for _, s := range visitSources {
		known, err := has(ctx, w, s.table)
		if err != nil {
			return "", err
		}
		if !known {
			continue
		}
		var some bool
		if err := w.QueryRowContext(ctx, "SELECT EXISTS ("+s.text+")").Scan(&some); err != nil {
			return "", err
		}
		if some {
			all = append(all, s.text)
		}
	}
	return strings.Join(all, " UNION ALL "), nil
}

// outcomes are those that something is known of.
func (q question) outcomes() []Outcome {
	if q.visits == "" {
		return []Outcome{Net, Margin, Orders}
	}
	return Outcomes()
}

// text is the whole question: one row a group with counts, means and variances. Nothing is fetched by customer.
func (q question) text() string {
	var limits, sums strings.Builder
	for _, o := range q.outcomes() {
		fmt.Fprintf(&limits, `, coalesce(CASE WHEN quantile_cont(%[1]s, %[2]g) > 0 THEN quantile_cont(%[1]s, %[2]g)
		ELSE quantile_cont(%[1]s, %[2]g) FILTER (%[1]s > 0) END, 0) AS %[1]s`, o, trial.CapShare)
		fmt.Fprintf(&sums, `, avg(e.%[1]s), coalesce(var_samp(e.%[1]s), 0), avg(least(e.%[1]s, l.%[1]s)), coalesce(var_samp(least(e.%[1]s, l.%[1]s)), 0),
	coalesce(covar_samp(e.%[1]s, e.before), 0), any_value(l.%[1]s)`, o)
	}
	return "WITH person AS MATERIALIZED (" + q.each() + "),\nlimits AS (SELECT" + limits.String()[1:] + " FROM person)\n" +
		"SELECT e.key, e.arm, count(*), avg(e.before), coalesce(var_samp(e.before), 0), CAST(sum(e.known) AS DOUBLE), CAST(sum(e.sold) AS DOUBLE)" + sums.String() +
		"\nFROM person e, limits l GROUP BY e.key, e.arm ORDER BY e.key, e.arm"
}

// ask puts the question.
func (q question) ask(ctx context.Context, w warehouse.Querier) (*answer, error) {
	var err error
	if q.visits, err = visitsOf(ctx, w); err != nil {
		return nil, err
	}
	rows, err := w.QueryContext(ctx, q.text(), q.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	a := &answer{limits: map[Outcome]float64{}, of: q.outcomes()}
	var known, sold float64
	for rows.Next() {
		c := cell{raw: map[Outcome]trial.Moments{}, capped: map[Outcome]trial.Moments{}, pairs: map[Outcome]trial.Joint{}}
		var m, v, knownHere, soldHere float64
		sums := make([][6]float64, len(a.of))
		into := []any{&c.key, &c.arm, &c.n, &m, &v, &knownHere, &soldHere}
		for i := range sums {
			for k := range sums[i] {
				into = append(into, &sums[i][k])
			}
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for i, o := range a.of {
			s := sums[i]
			c.raw[o], c.capped[o] = trial.Of(c.n, s[0], s[1]), trial.Of(c.n, s[2], s[3])
			c.pairs[o] = trial.JointOf(c.raw[o], trial.Of(c.n, m, v), s[4])
			a.limits[o] = s[5]
		}
		known, sold = known+knownHere, sold+soldHere
		a.cells = append(a.cells, c)
	}
	if sold > 0 {
		a.costed = known / sold
	}
	return a, rows.Err()
}

// drawnFor is the SQL of who was drawn for a measure.
func drawnFor(measure int64) string {
	return fmt.Sprintf("SELECT c.customer, c.arm, c.day FROM measure_customer c WHERE c.measure = %d", measure)
}

// extent are the first and the last day on which drawn says that somebody was drawn; ok is false where nobody was.
func extent(ctx context.Context, w warehouse.Querier, drawn string) (from, until clock.Day, ok bool, err error) {
	var a, b sql.NullTime
	err = w.QueryRowContext(ctx, "SELECT min(d.day), max(d.day) FROM ("+drawn+") d").Scan(&a, &b)
	if err != nil || !a.Valid {
		return 0, 0, false, err
	}
	return clock.DayOf(a.Time, a.Time.Location()), clock.DayOf(b.Time, b.Time.Location()), true, nil
}

// date writes a day as SQL.
func date(d clock.Day) string { return "DATE '" + d.String() + "'" }

// Row is what one customer who was drawn did, amounts in minor units.
type Row struct {
	Customer            int64
	Arm                 string
	Day                 clock.Day
	Net, Margin, Before float64
	Orders              float64
}

// Rows are the customers of a measure by id, those of one arm or of all, after the given one and at most limit.
func (p *Proof) Rows(ctx context.Context, w warehouse.Querier, arm string, after int64, limit int) ([]Row, error) {
	if p.From == 0 {
		return nil, nil
	}
	q := p.question("CAST(d.customer AS VARCHAR) || ' ' || CAST(d.day AS VARCHAR)")
	q.drawn += fmt.Sprintf(" AND c.customer > %d", after)
	if arm != "" {
		q.drawn += " AND c.arm = $1"
		q.args = []any{arm}
	}
	q.drawn += fmt.Sprintf(" ORDER BY c.customer LIMIT %d", limit)
	rows, err := w.QueryContext(ctx, "SELECT e.key, e.arm, e.net, e.margin, e.orders, e.before FROM ("+q.each()+") e ORDER BY CAST(split_part(e.key, ' ', 1) AS BIGINT)", q.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Row
	for rows.Next() {
		var r Row
		var key, day string
		if err := rows.Scan(&key, &r.Arm, &r.Net, &r.Margin, &r.Orders, &r.Before); err != nil {
			return nil, err
		}
		if _, err := fmt.Sscanf(key, "%d %s", &r.Customer, &day); err != nil {
			return nil, err
		}
		if r.Day, err = clock.ParseDay(day); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}
