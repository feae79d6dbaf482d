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

func cutsOf(h *histogram, reach bool) rfmCuts {
	var c rfmCuts
	for i := range c.pct {
		q := h.quantile(int64(i+1), 5)
		if c.pct[i] = q.above(); reach && q.exact() {
			c.pct[i]--
		}
	}
	for i := range c.ntile {
		begin := int64(i+1)*(h.n/5) + min(int64(i+1), h.n%5) // of the next part
		if begin >= h.n {
			c.ntile[i] = tileCut{h.at(h.n - 1)[0], h.n, h.n} // too few customers for it
			continue
		}
		v := h.at(begin)[0]
		c.ntile[i] = tileCut{v, begin - (h.n - h.over(v-1)), h.between(v, v)}
	}
	return c
}

// ties are the values in whose group a cut falls.
func (c rfmCuts) ties() []string {
	var out []string
	for _, t := range c.ntile {
		if t.at > 0 && t.at < t.group {
			out = append(out, fmt.Sprint(t.value))
		}
	}
	return out
}

// looseSQL scores a column of customers who are in no group that is cut.
func (c rfmCuts) looseSQL(column string) string {
	terms := []string{"1"}
	for _, t := range c.ntile {
		op := ">"
		if t.at == 0 {
			op = ">="
		}
		terms = append(terms, one(fmt.Sprintf("%s %s %d", column, op, t.value)))
	}
	return strings.Join(terms, " + ")
}

func (c rfmCuts) pctSQL(column string) string {
	terms := []string{"1"}
	for _, v := range c.pct {
		terms = append(terms, one(fmt.Sprintf("%s > %d", column, v)))
	}
	return strings.Join(terms, " + ")
}

// ntileSQL scores a column by its values and, in groups that are cut, by the place in column+"_place".
func (c rfmCuts) ntileSQL(column string) string {
	terms := []string{"1"}
	for _, t := range c.ntile {
		term := fmt.Sprintf("%s > %d", column, t.value)
		switch {
		case t.at == 0:
			term = fmt.Sprintf("%s >= %d", column, t.value)
		case t.at < t.group:
			term = fmt.Sprintf("%s OR (%s = %d AND %s_place > %d)", term, column, t.value, column, t.at)
		}
		terms = append(terms, one(term))
	}
	return strings.Join(terms, " + ")
}

// one is the SQL of 1 where a condition holds, else 0, in a type that is quick to add.
func one(condition string) string { return "CAST(" + condition + " AS UTINYINT)" }

// rfmMeasures are recency, as the negative of the days since the last purchase so that more is better, frequency and value.
type rfmMeasures struct{ r, f, m *histogram }

func (s *session) rfmMeasures(ctx context.Context) (rfmMeasures, error) {
	recency, frequency := map[int64]int64{}, map[int64]int64{}
	values := &histogram{}
	var last sql.NullTime
	var days, worth sql.NullInt64
	var n int64
	err := s.each(ctx, "SELECT last, days, value, count(*) FROM "+s.state()+" s GROUP BY GROUPING SETS ((last, days), (value)) ORDER BY value",
		func(scan func(...any) error) error {
			if err := scan(&last, &days, &worth, &n); err != nil {
				return err
			}
			if worth.Valid {
				values.add(worth.Int64, n)
				return nil
			}
			recency[int64(*dayOf(last)-s.AsOf)] += n
			frequency[days.Int64] += n
			return nil
		})
	return rfmMeasures{sorted(recency), sorted(frequency), values}, err
}

// values is the histogram of what the customers brought.
func (s *session) values(ctx context.Context) (*histogram, error) {
	return s.histogram(ctx, "SELECT value, count(*) FROM "+s.state()+" s GROUP BY value ORDER BY value")
}

// scored is the SQL of the customers with their measures and both codes: customer, r, f, m, ntile, pct. Only customers in a group
// that is cut are put in the order of their numbers.
func (s *session) scored(h rfmMeasures) string {
	measures := []string{"r", "f", "m"}
	cuts := map[string]rfmCuts{"r": cutsOf(h.r, true), "f": cutsOf(h.f, false), "m": cutsOf(h.m, false)}
	code := func(score func(rfmCuts, string) string) string {
		return fmt.Sprintf("100::SMALLINT * (%s) + 10::SMALLINT * (%s) + (%s)", score(cuts["r"], "r"), score(cuts["f"], "f"), score(cuts["m"], "m"))
	}
	var tied []string
	var places, joins strings.Builder
	for _, c := range measures {
		list := "NULL"
		if ties := cuts[c].ties(); ties != nil {
			list = strings.Join(ties, ", ")
			tied = append(tied, c+" IN ("+list+")")
		}
		fmt.Fprintf(&places, `,
%[1]s_tie AS (
	SELECT customer, row_number() OVER (PARTITION BY %[1]s ORDER BY ext, customer) AS %[1]s_place FROM tie WHERE %[1]s IN (%[2]s))`, c, list)
		fmt.Fprintf(&joins, " LEFT JOIN %[1]s_tie ON %[1]s_tie.customer = tie.customer", c)
	}
	ntile, loose, pct := code(rfmCuts.ntileSQL), code(rfmCuts.looseSQL), code(rfmCuts.pctSQL)
	base := fmt.Sprintf("WITH s AS MATERIALIZED (SELECT customer, CAST(last - %s AS INTEGER) AS r, days AS f, value AS m FROM %s s)", date(s.AsOf), s.state())
	if tied == nil {
		return fmt.Sprintf("%s\nSELECT customer, r, f, m, %s AS ntile, %s AS pct FROM s", base, loose, pct)
	}
	isTied := strings.Join(tied, " OR ")
	return fmt.Sprintf(`%[1]s,
tie AS MATERIALIZED (SELECT s.customer, r, f, m, %[2]s AS ext FROM s LEFT JOIN customer c ON c.id = s.customer WHERE %[3]s)%[4]s
SELECT customer, r, f, m, %[8]s AS ntile, %[6]s AS pct FROM s WHERE NOT (%[3]s)
UNION ALL
SELECT tie.customer, r, f, m, %[5]s AS ntile, %[6]s AS pct
FROM tie%[7]s`, base, extSQL, isTied, places.String(), ntile, pct, joins.String(), loose)
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
		object.Thresholds.R = append(object.Thresholds.R, 0-h.r.quantileFloat(4-k, 5, 1))
		object.Thresholds.F = append(object.Thresholds.F, h.f.quantileFloat(k+1, 5, 1))
		object.Thresholds.M = append(object.Thresholds.M, h.m.quantileFloat(k+1, 5, pow10(s.digits)))
	}
	scored := s.scored(h)
	err = s.each(ctx, "SELECT ntile, pct, count(*) FROM ("+scored+") GROUP BY ntile, pct", func(scan func(...any) error) error {
		var ntile, pct, n int64
		if err := scan(&ntile, &pct, &n); err != nil {
			return err
		}
		object.Ntile.count(ntile, n)
		object.Pct.count(pct, n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if s.Customers {
		object.Customers, err = s.rfmCustomers(ctx, scored)
	}
	return rfmResult(object, h), err
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
// still give the better score, those of frequency and value the most that still give the lower one.
func (object rfmJSON) limits(h rfmMeasures) Table {
	t := Table{Name: "rfm_limits", Columns: columns("score", Text, "limit_recency", Days, "limit_frequency", Decimal, "limit_value", Money)}
	for k := int64(4); k >= 1; k-- {
		t.Rows = append(t.Rows, []Cell{text(fmt.Sprint(k + 1)), value(float64(object.Thresholds.R[4-k])), value(float64(object.Thresholds.F[k-1])),
			cash(int64(math.Round(float64(h.m.quantileFloat(k, 5, 1)))))})
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
func rfmResult(object rfmJSON, h rfmMeasures) *Result {
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
	res := &Result{JSON: object, Tables: []Table{grid, object.limits(h), object.Pct.table("pct"), object.Ntile.table("ntile"), object.forms(h.f.n), cells}, Chart: &Chart{Kind: Heat, Series: []int{1, 2, 3, 4, 5}}}
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
