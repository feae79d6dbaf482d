package report

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strings"

	"stamm/internal/platform/i18n"
)

type rfmJSON struct {
	Definition string        `json:"definition"`
	Thresholds rfmThresholds `json:"pct_thresholds"`
	Ntile      rfmScores     `json:"ntile"`
	Pct        rfmScores     `json:"pct"`
	Customers  []rfmCustomer `json:"customers,omitempty"`
	stamp
}

type rfmThresholds struct {
	R []decimal `json:"R"`
	F []decimal `json:"F"`
	M []decimal `json:"M"`
}

type rfmScores struct {
	R     [5]int64         `json:"R_counts"`
	F     [5]int64         `json:"F_counts"`
	M     [5]int64         `json:"M_counts"`
	Cells int              `json:"n_cells"`
	Best  int64            `json:"n_555"`
	Worst int64            `json:"n_111"`
	Codes map[string]int64 `json:"cells"` // RFM → customers; marshals in the order of the codes
}

type rfmCustomer struct {
	ID    string `json:"id"`
	R     int64  `json:"R"`
	F     int64  `json:"F"`
	M     amount `json:"M"`
	Ntile string `json:"ntile"`
	Pct   string `json:"pct"`
}

// rfmCuts is what turns the three measures into scores: for each the values after which the next score begins.
//
// The percentile form compares with the 20th to 80th percentile, so that equal values share a score. The form of SQL's NTILE
// cuts the sorted list into five equal parts, first parts first; a cut may fall among equal values, and then the customer's
// number decides: from the place at in the group of that value. For recency the percentile itself belongs to the better side
// (reach): whoever is silent exactly as long as the threshold is not silent for longer.
type rfmCuts struct {
	pct   [4]int64 // score + 1 for each cut < value
	ntile [4]tileCut
}

type tileCut struct{ value, at, group int64 } // score + 1 if value is greater, or equal and not among the first at of the group

func cutsOf(list ordered, reach bool) rfmCuts {
	var c rfmCuts
	for i := range c.pct {
		q := quantileOf(list, int64(i+1), 5)
		if c.pct[i] = q.above(); reach && q.exact() {
			c.pct[i]--
		}
	}
	for i, begin := range tileBegins(list.size()) {
		if begin >= list.size() {
			c.ntile[i] = tileCut{list.at(list.size() - 1)[0], list.size(), list.size()} // too few customers for it
			continue
		}
		v := list.at(begin)[0]
		before, group := list.place(v)
		c.ntile[i] = tileCut{v, begin - before, group}
	}
	return c
}

// tileBegins are the positions at which the second to fifth part of a list begin when NTILE(5) cuts it.
func tileBegins(n int64) (begins [4]int64) {
	for i := range begins {
		begins[i] = int64(i+1)*(n/5) + min(int64(i+1), n%5)
	}
	return begins
}

// splits reports whether the cut falls among equal values.
func (t tileCut) splits() bool { return t.at > 0 && t.at < t.group }

// looseSQL scores a column of customers who are in no group that is cut.
func (c rfmCuts) looseSQL(column string) string {
	return ladder(func(i int) string {
		op := ">"
		if c.ntile[i].at == 0 {
			op = ">="
		}
		return fmt.Sprintf("%s %s %d", column, op, c.ntile[i].value)
	})
}

func (c rfmCuts) pctSQL(column string) string {
	return ladder(func(i int) string { return fmt.Sprintf("%s > %d", column, c.pct[i]) })
}

// ntileSQL scores a column by its values and, in groups that are cut, by whether the customer stands behind the last one of the lower
// part: columns of the table last named after the column and the cut.
func (c rfmCuts) ntileSQL(column string) string {
	return ladder(func(i int) string {
		switch t := c.ntile[i]; {
		case t.at == 0:
			return fmt.Sprintf("%s >= %d", column, t.value)
		case t.splits():
			return fmt.Sprintf("%[1]s > %[2]d OR (%[1]s = %[2]d AND (tie.ext > %[1]s%[3]d.ext OR (tie.ext = %[1]s%[3]d.ext AND tie.customer > %[1]s%[3]d.customer)))", column, t.value, i)
		default:
			return fmt.Sprintf("%s > %d", column, t.value)
		}
	})
}

// ladder is the SQL of a score from 1 to 5: one more than the number of cuts the customer is above, in a type that is quick to add.
func ladder(above func(cut int) string) string {
	terms := []string{"1"}
	for i := range 4 {
		terms = append(terms, "CAST("+above(i)+" AS UTINYINT)")
	}
	return strings.Join(terms, " + ")
}

// score gives the codes of a value that is in no group that is cut.
func (c rfmCuts) score(v int64) (ntile, pct int64) {
	ntile, pct = 1, 1
	for i := range 4 {
		if t := c.ntile[i]; v > t.value || v == t.value && t.at == 0 {
			ntile++
		}
		if v > c.pct[i] {
			pct++
		}
	}
	return ntile, pct
}

// rfmMeasures are recency, as the negative of the days since the last purchase so that more is better, frequency and value.
type rfmMeasures struct {
	r, f *histogram
	m    *places
}

func (s *session) rfmMeasures(ctx context.Context) (h rfmMeasures, err error) {
	recency, frequency := map[int64]int64{}, map[int64]int64{}
	var last sql.NullTime
	var days sql.NullInt64
	var n int64
	err = s.each(ctx, "SELECT last, days, count(*) FROM "+s.state()+" s GROUP BY GROUPING SETS ((last), (days))", func(scan func(...any) error) error {
		if err := scan(&last, &days, &n); err != nil {
			return err
		}
		if last.Valid {
			recency[int64(*dayOf(last)-s.AsOf)] += n
		} else {
			frequency[days.Int64] += n
		}
		return nil
	})
	h.r, h.f = sorted(recency), sorted(frequency)
	if err != nil || h.f.n == 0 {
		return h, err
	}
	h.m, err = s.places(ctx, h.f.n)
	return h, err
}

// places looks the values up that cutsOf asks for: there are nearly as many different ones as customers, too many to count each.
func (s *session) places(ctx context.Context, n int64) (*places, error) {
	p := &places{n: n, values: map[int64]int64{}, groups: map[int64][2]int64{}}
	var positions []int64
	for k := range int64(4) {
		lo := (n - 1) * (k + 1) / 5
		positions = append(positions, lo, min(lo+1, n-1))
	}
	for _, begin := range tileBegins(n) {
		positions = append(positions, min(begin, n-1))
	}
	// quantile_disc(v, q) is the value at position ceil(q·n) - 1 from 0; half a place keeps the rounding of q away from it.
	var fractions, counts []string
	for i, at := range positions {
		fractions = append(fractions, fmt.Sprintf("%.17g", (float64(at)+.5)/float64(n)))
		if i >= 8 {
			counts = append(counts, fmt.Sprintf("count(*) FILTER (WHERE value < vs[%[1]d]), count(*) FILTER (WHERE value = vs[%[1]d])", i+1))
		}
	}
	values := make([]int64, len(positions))
	groups := make([][2]int64, 4)
	var into []any
	var columns []string
	for i := range values {
		into, columns = append(into, &values[i]), append(columns, fmt.Sprintf("any_value(vs[%d])", i+1))
	}
	for i := range groups {
		into = append(into, &groups[i][0], &groups[i][1])
	}
	err := s.one(ctx, fmt.Sprintf("WITH s AS MATERIALIZED (SELECT value FROM %s s), q AS (SELECT quantile_disc(value, [%s]) AS vs FROM s)\nSELECT %s, %s FROM s, q",
		s.state(), strings.Join(fractions, ", "), strings.Join(columns, ", "), strings.Join(counts, ", ")), into...)
	for i, at := range positions {
		p.values[at] = values[i]
	}
	for i, g := range groups {
		p.groups[values[8+i]] = g
	}
	return p, err
}

// values is the histogram of what the customers brought.
func (s *session) values(ctx context.Context) (*histogram, error) {
	return s.histogram(ctx, "SELECT value, count(*) FROM "+s.state()+" s GROUP BY value ORDER BY value")
}

// rfmParts is the SQL of the customers split into those whose measures alone decide their codes, and the others.
type rfmParts struct {
	cuts map[string]rfmCuts
	with string // WITH s (customer, r, f, m, tied) and, if any is tied, tie (of those, with ext) and who is last at each cut
	from string // tie and the cuts
	tied bool
}

// parts cuts the measures. Only of customers in a group that is cut the numbers are read: the last one of the lower part is found,
// and the others are compared with it.
func (s *session) parts(h rfmMeasures) rfmParts {
	p := rfmParts{cuts: map[string]rfmCuts{"r": cutsOf(h.r, true), "f": cutsOf(h.f, false), "m": cutsOf(h.m, false)}, from: "tie"}
	values := map[string][]string{}
	var lasts strings.Builder
	for _, c := range []string{"r", "f", "m"} {
		for i, t := range p.cuts[c].ntile {
			if t.splits() {
				values[c] = append(values[c], fmt.Sprint(t.value))
				fmt.Fprintf(&lasts, ",\n%s%d AS (%s)", c, i, lastSQL(c, t))
				p.from += fmt.Sprintf(", %s%d", c, i)
			}
		}
	}
	among := func(column, measure string) string {
		if values[measure] == nil {
			return "false"
		}
		return column + " IN (" + strings.Join(values[measure], ", ") + ")"
	}
	p.with = fmt.Sprintf("WITH s AS MATERIALIZED (SELECT customer, CAST(last - %[1]s AS INTEGER) AS r, days AS f, value AS m, %[2]s OR %[3]s OR %[4]s AS tied FROM %[5]s s)",
		date(s.AsOf), among("last - "+date(s.AsOf), "r"), among("days", "f"), among("value", "m"), s.state())
	if p.tied = len(values) > 0; p.tied {
		p.with += fmt.Sprintf(",\ntie AS MATERIALIZED (SELECT s.customer, r, f, m, %s AS ext FROM customer c RIGHT JOIN (FROM s WHERE tied) s ON c.id = s.customer)%s", extSQL, lasts.String())
	}
	return p
}

// code is the SQL of the three scores as one number.
func (p rfmParts) code(score func(rfmCuts, string) string) string {
	return fmt.Sprintf("100::SMALLINT * (%s) + 10::SMALLINT * (%s) + (%s)", score(p.cuts["r"], "r"), score(p.cuts["f"], "f"), score(p.cuts["m"], "m"))
}

// scored is the SQL of the customers with their measures and both codes: customer, r, f, m, ntile, pct.
func (s *session) scored(h rfmMeasures) string {
	p := s.parts(h)
	loose, pct := p.code(rfmCuts.looseSQL), p.code(rfmCuts.pctSQL)
	query := fmt.Sprintf("%s\nSELECT customer, r, f, m, %s AS ntile, %s AS pct FROM s WHERE NOT tied", p.with, loose, pct)
	if p.tied {
		query += fmt.Sprintf("\nUNION ALL\nSELECT tie.customer, r, f, m, %s AS ntile, %s AS pct\nFROM %s", p.code(rfmCuts.ntileSQL), pct, p.from)
	}
	return query
}

// eachCode calls count with both codes and the number of customers who have them. There are far fewer different measures than
// customers, so those whose measures decide are grouped by them and scored here. The tied ones are left out here and not by a WHERE:
// DuckDB would ask for "tied or not tied" of everybody while it reads them.
func (s *session) eachCode(ctx context.Context, h rfmMeasures, count func(ntile, pct, n int64)) error {
	p := s.parts(h)
	m := p.cuts["m"]
	query := fmt.Sprintf("%s\nSELECT r, f, %s AS m_ntile, %s AS m_pct, tied, 0 AS ntile, 0 AS pct, count(*) FROM s GROUP BY ALL", p.with, m.looseSQL("m"), m.pctSQL("m"))
	if p.tied {
		query += fmt.Sprintf("\nUNION ALL\nSELECT 0, 0, 0, 0, false, %s AS ntile, %s AS pct, count(*) FROM %s GROUP BY ALL", p.code(rfmCuts.ntileSQL), p.code(rfmCuts.pctSQL), p.from)
	}
	var r, f, mNtile, mPct, ntile, pct, n int64
	var tied bool
	return s.each(ctx, query, func(scan func(...any) error) error {
		if err := scan(&r, &f, &mNtile, &mPct, &tied, &ntile, &pct, &n); err != nil || tied {
			return err
		}
		if ntile == 0 {
			rNtile, rPct := p.cuts["r"].score(r)
			fNtile, fPct := p.cuts["f"].score(f)
			ntile, pct = 100*rNtile+10*fNtile+mNtile, 100*rPct+10*fPct+mPct
		}
		count(ntile, pct, n)
		return nil
	})
}

// lastSQL finds the customer at a cut: who of the group of equal values is the last of the lower part, in the order of their numbers.
func lastSQL(column string, t tileCut) string {
	return fmt.Sprintf(`
	WITH g AS (SELECT ext, customer FROM tie WHERE %[1]s = %[2]d), e AS (SELECT quantile_disc(ext, %.17[3]g) AS ext FROM g)
	SELECT any_value(ext) AS ext, max(customer) FILTER (WHERE k <= %[4]d - before) AS customer FROM (
		SELECT ext, customer, row_number() OVER (ORDER BY customer) AS k, before
		FROM g JOIN e USING (ext), (SELECT count(*) AS before FROM g, e WHERE g.ext < e.ext))`, column, t.value, (float64(t.at)-.5)/float64(t.group), t.at)
}

// extSQL names customers as the company does, those without a number of their own by ours.
const extSQL = "coalesce(nullif(c.ext, ''), '#' || c.id)"

func rfm(ctx context.Context, s *session) (*Result, error) {
	h, err := s.rfmMeasures(ctx)
	if err != nil {
		return nil, err
	}
	object := rfmJSON{Definition: rfmDefinition, stamp: s.stamp(),
		Thresholds: rfmThresholds{R: []decimal{}, F: []decimal{}, M: []decimal{}},
		Ntile:      rfmScores{Codes: map[string]int64{}}, Pct: rfmScores{Codes: map[string]int64{}}}
	if h.f.n == 0 {
		return &Result{JSON: object}, nil
	}
	for k := range int64(4) {
		object.Thresholds.R = append(object.Thresholds.R, 0-decimal(quantileOf(h.r, 4-k, 5).float(1)))
		object.Thresholds.F = append(object.Thresholds.F, decimal(quantileOf(h.f, k+1, 5).float(1)))
		object.Thresholds.M = append(object.Thresholds.M, decimal(quantileOf(h.m, k+1, 5).float(pow10(s.digits))))
	}
	err = s.eachCode(ctx, h, func(ntile, pct, n int64) {
		object.Ntile.count(ntile, n)
		object.Pct.count(pct, n)
	})
	if err != nil {
		return nil, err
	}
	if s.Customers {
		object.Customers, err = s.rfmCustomers(ctx, s.scored(h))
	}
	return rfmResult(object, h, pow10(s.digits)), err
}

const rfmDefinition = "R=days from last purchase to as_of (score 5 = most recent); F=distinct purchase days; M=total value. Two conventions: " +
	"ntile = SQL NTILE(5) OVER (ORDER BY value ASC, id ASC) (for R ordered value DESC, id ASC), first groups take the remainder, equal values can be split; " +
	"pct = thresholds at the 20/40/60/80th percentile (linear interpolation, numpy default), score=1+count(thresholds < value), for R score=6-that; " +
	"equal values always share a score"

func (c *rfmScores) count(code, n int64) {
	c.R[code/100-1] += n
	c.F[code/10%10-1] += n
	c.M[code%10-1] += n
	c.Codes[fmt.Sprint(code)] += n
	c.Cells, c.Best, c.Worst = len(c.Codes), c.Codes["555"], c.Codes["111"]
}

// rfmCustomers lists every customer by number.
func (s *session) rfmCustomers(ctx context.Context, scored string) ([]rfmCustomer, error) {
	var out []rfmCustomer
	var ext sql.NullString
	var r, f, m, ntile, pct int64
	err := s.each(ctx, "SELECT "+extSQL+", r, f, m, ntile, pct FROM ("+scored+") s LEFT JOIN customer c ON c.id = s.customer ORDER BY 1, s.customer",
		func(scan func(...any) error) error {
			if err := scan(&ext, &r, &f, &m, &ntile, &pct); err != nil {
				return err
			}
			out = append(out, rfmCustomer{ext.String, -r, f, s.amount(m), codes[ntile-111], codes[pct-111]})
			return nil
		})
	return out, err
}

// codes are the texts of the scores from 111 to 555, so that a million customers share them.
var codes = func() (c [445]string) {
	for i := range c {
		c[i] = fmt.Sprint(111 + i)
	}
	return c
}()

// limits shows the values between which the scores of the percentile form change. The limit of recency is the most days that
// still give the better score, those of frequency and value the most that still give the lower one. unit is how many minor units
// of the currency make one.
func (object rfmJSON) limits(unit float64) Table {
	t := Table{Name: "rfm_limits", Columns: columns("score", Text, "limit_recency", Days, "limit_frequency", Decimal, "limit_value", Money)}
	for k := int64(4); k >= 1; k-- {
		t.Rows = append(t.Rows, []Cell{text(fmt.Sprint(k + 1)), value(float64(object.Thresholds.R[4-k])), value(float64(object.Thresholds.F[k-1])),
			cash(int64(math.Round(float64(object.Thresholds.M[k-1]) * unit)))})
	}
	return t
}

// table shows how many customers have each score in one form.
func (c *rfmScores) table(form string) Table {
	t := Table{Name: "rfm_scores_" + form, Columns: columns("score", Text, "recency", Count, "frequency", Count, "value_score", Count)}
	for k := 5; k >= 1; k-- {
		t.Rows = append(t.Rows, []Cell{text(fmt.Sprint(k)), number(c.R[k-1], Ref(fmt.Sprintf("%s/%d__", form, k))),
			number(c.F[k-1], Ref(fmt.Sprintf("%s/_%d_", form, k))), number(c.M[k-1], Ref(fmt.Sprintf("%s/__%d", form, k)))})
	}
	return t
}

// forms shows the two forms beside each other: how many of the 125 values occur, and how many customers have the best and the worst.
func (object rfmJSON) forms(customers int64) Table {
	t := Table{Name: "rfm_forms", Columns: columns("form", Text, "rfm_values", Count, "rfm_555", Count, "rfm_111", Count, "customers", Count)}
	for _, f := range []struct {
		name   string
		scores rfmScores
	}{{"pct", object.Pct}, {"ntile", object.Ntile}} {
		t.Rows = append(t.Rows, []Cell{word("report.form." + f.name), number(int64(f.scores.Cells)), number(f.scores.Best, Ref(f.name+"/555")),
			number(f.scores.Worst, Ref(f.name+"/111")), number(customers, "all")})
	}
	return t
}

// rfmResult lays the percentile form out: a square of recency by frequency, and the scores' sizes.
func rfmResult(object rfmJSON, h rfmMeasures, unit float64) *Result {
	grid := Table{Name: "rfm_grid", Columns: columns("recency_score", Text)}
	for f := 1; f <= 5; f++ {
		grid.Columns = append(grid.Columns, Column{Name: "frequency_score", Kind: Count, N: f})
	}
	for r := 5; r >= 1; r-- {
		row := []Cell{text(fmt.Sprint(r))}
		for f := 1; f <= 5; f++ {
			n := int64(0)
			for m := 1; m <= 5; m++ {
				n += object.Pct.Codes[fmt.Sprint(100*r+10*f+m)]
			}
			row = append(row, number(n, Ref(fmt.Sprintf("pct/%d%d_", r, f))))
		}
		grid.Rows = append(grid.Rows, row)
	}
	cells := Table{Name: "rfm_cells", Columns: columns("rfm", Text, "pct", Count, "ntile", Count)}
	for _, code := range codes {
		pct, ntile := object.Pct.Codes[code], object.Ntile.Codes[code]
		if pct+ntile > 0 {
			cells.Rows = append(cells.Rows, []Cell{text(code), number(pct, Ref("pct/"+code)), number(ntile, Ref("ntile/"+code))})
		}
	}
	res := &Result{JSON: object, Tables: []Table{grid, object.limits(unit), object.Pct.table("pct"), object.Ntile.table("ntile"), object.forms(h.f.n), cells}, Chart: &Chart{Kind: Heat, Series: []int{1, 2, 3, 4, 5}}}
	res.Figures = []Figure{{"best", Count, number(object.Pct.Best, "pct/555")}, {"worst", Count, number(object.Pct.Worst, "pct/111")},
		{"customers", Count, number(h.f.n, "all")}}
	slipping := int64(0)
	for code, n := range object.Pct.Codes {
		if code[0] <= '2' && code[1] >= '4' && code[2] >= '4' {
			slipping += n
		}
	}
	res.Figures = append(res.Figures, Figure{"slipping", Count, number(slipping, "slipping")})
	res.sentence = func(p *i18n.Printer) string {
		return p.T("report.rfm.sentence", "best", object.Pct.Best, "slipping", slipping, "customers", h.f.n)
	}
	return res
}

// rfmWho: pct/555 and ntile/555 are the customers with that code, _ in it is any score; slipping are those who bought often
// and much, but not lately.
func rfmWho(ctx context.Context, s *session, what string, args []string) (string, error) {
	if what == "all" {
		return everybody(ctx, s, what, args)
	}
	h, err := s.rfmMeasures(ctx)
	if err != nil {
		return "", err
	}
	if h.f.n == 0 {
		return "SELECT 0 AS customer WHERE false", nil
	}
	scored := "SELECT customer FROM (" + s.scored(h) + ") WHERE "
	if what == "slipping" {
		return scored + "pct // 100 <= 2 AND pct // 10 % 10 >= 4 AND pct % 10 >= 4", nil
	}
	if (what != "pct" && what != "ntile") || len(args) != 1 || len(args[0]) != 3 || strings.Trim(args[0], "_12345") != "" {
		return "", badRef(what)
	}
	return scored + "CAST(" + what + " AS VARCHAR) LIKE " + literal(args[0]), nil
}
