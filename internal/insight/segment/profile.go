package segment

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
	"stamm/internal/platform/warehouse"
)

// Profile shows how a segment differs from all customers.
type Profile struct {
	Segment, All int64 // customers
	Dimensions   []Dimension
}

// Dimension is how customers divide in one respect.
type Dimension struct {
	Name string // age, origin, country, kind, value or band
	Rows []Slice
}

// Slice is a part of all customers, and how many of the segment are in it.
type Slice struct {
	Code         string // see Profile.Label
	Segment, All int64
}

// mostSlices is how many parts a dimension shows; the smallest of more come together as others.
const mostSlices = 12

// Others is the code of all parts that are too small to be shown.
const Others = "…"

// valueLimits divide customers by revenue, in units of the base currency.
var valueLimits = []int64{50, 200, 1000, 5000}

// ageLimits divide customers by how long they have been, in days.
var ageLimits = []struct {
	code string
	days int
}{{"a", 91}, {"b", 365}, {"c", 2 * 365}, {"d", 5 * 365}, {"e", math.MaxInt32}}

// Compare profiles the customers who meet a compiled condition against all, as of a day.
func (b *Book) Compare(ctx context.Context, w warehouse.Querier, q *filter.Query, asOf clock.Day) (*Profile, error) {
	names, everybody, err := b.divided(ctx, w, q, asOf)
	if err != nil {
		return nil, err
	}
	sql := fmt.Sprintf(`%s SELECT grouping(%s) AS which, coalesce(%s, '') AS code, count(*) FILTER (hit) AS segment, count(*) AS all_of_them
		FROM each_one GROUP BY GROUPING SETS (%s) ORDER BY all_of_them DESC, code`,
		everybody.Text, strings.Join(names, ", "), strings.Join(names, ", "), "("+strings.Join(names, "), (")+")")
	rows, err := w.QueryContext(ctx, sql, everybody.Args...)
	if err != nil {
		return nil, fmt.Errorf("profile of a segment: %w", err)
	}
	defer rows.Close()
	found := map[string][]Slice{}
	for rows.Next() {
		var which int64
		var row Slice
		if err := rows.Scan(&which, &row.Code, &row.Segment, &row.All); err != nil {
			return nil, err
		}
		for i, name := range names { // the bit of a column that is grouped by is not set
			if which&(1<<(len(names)-1-i)) == 0 {
				found[name] = append(found[name], row)
			}
		}
	}
	return profileOf(names, found), rows.Err()
}

// PartOf is the customers who meet a compiled condition and are in one part of a dimension of the profile, by id, behind after: limit at most. Of a
// dimension that a profile does not have there are none.
func (b *Book) PartOf(ctx context.Context, w warehouse.Querier, q *filter.Query, asOf clock.Day, dimension, code string, after int64, limit int) ([]int64, error) {
	names, everybody, err := b.divided(ctx, w, q, asOf)
	if err != nil || !slices.Contains(names, dimension) {
		return nil, err
	}
	sql := fmt.Sprintf("%s SELECT customer FROM each_one WHERE hit AND coalesce(%s, '') = ? AND customer > %d ORDER BY customer%s", everybody.Text, dimension, after, limited(limit))
	return idsOf(ctx, w, sql, append(slices.Clone(everybody.Args), code)...)
}

// divided is the common table expression each_one, which says of every customer in which part of each of the dimensions she is, and whether she meets the condition.
func (b *Book) divided(ctx context.Context, w warehouse.Querier, q *filter.Query, asOf clock.Day) (dimensions []string, with filter.SQL, err error) {
	scored, err := scoreTable(ctx, w)
	if err != nil {
		return nil, with, err
	}
	dimensions = []string{"age", "origin", "country", "kind", "value"}
	if scored {
		dimensions = append(dimensions, "band")
	}
	with = q.Customers()
	with.Text = fmt.Sprintf(`WITH picked AS (%s), each_one AS (
			SELECT c.id AS customer, %s AS age, c.source AS origin, c.country, c.kind, %s AS value%s, f.customer IS NOT NULL AS hit
			FROM customer c LEFT JOIN picked f ON f.customer = c.id
			LEFT JOIN purchase_day p ON p.customer = c.id AND p.net_orders > 0 AND p.day <= DATE '%s' AND (p.net_next IS NULL OR p.net_next > DATE '%s')%s
			WHERE NOT c.excluded AND NOT c.erased)`,
		with.Text, ageSQL(asOf), b.valueSQL(), map[bool]string{true: ", coalesce(k.band, '') AS band"}[scored], asOf, asOf,
		map[bool]string{true: " LEFT JOIN score k ON k.customer = c.id"}[scored])
	return dimensions, with, nil
}

// scoreTable tells whether the warehouse has a table of scores.
func scoreTable(ctx context.Context, w warehouse.Querier) (known bool, err error) {
	err = w.QueryRowContext(ctx, `SELECT count(*) > 0 FROM duckdb_tables() WHERE table_name = 'score'`).Scan(&known)
	return known, err
}

func profileOf(names []string, found map[string][]Slice) *Profile {
	p := &Profile{}
	for _, row := range found["kind"] {
		p.Segment, p.All = p.Segment+row.Segment, p.All+row.All
	}
	for _, name := range names {
		rows := found[name]
		if name == "age" || name == "value" {
			slices.SortFunc(rows, func(a, b Slice) int { return strings.Compare(a.Code, b.Code) })
		}
		if name == "band" {
			slices.SortStableFunc(rows, func(a, b Slice) int { return cmp.Compare(bandPlace(a.Code), bandPlace(b.Code)) })
		}
		if len(rows) > mostSlices {
			rest := Slice{Code: Others}
			for _, row := range rows[mostSlices-1:] {
				rest.Segment, rest.All = rest.Segment+row.Segment, rest.All+row.All
			}
			rows = append(rows[:mostSlices-1:mostSlices-1], rest)
		}
		p.Dimensions = append(p.Dimensions, Dimension{name, rows})
	}
	return p
}

// bandPlace orders the bands from the best to the worst; who has none stands behind them.
func bandPlace(code string) int {
	if i := slices.Index(predict.Bands(), predict.Band(code)); i >= 0 {
		return i
	}
	return len(predict.Bands())
}

func ageSQL(asOf clock.Day) string {
	var b strings.Builder
	b.WriteString("CASE WHEN c.created IS NULL THEN ''")
	for _, l := range ageLimits {
		fmt.Fprintf(&b, " WHEN DATE '%s' - c.created <= %d THEN '%s'", asOf, l.days, l.code)
	}
	return b.String() + " END"
}

// valueSQL gives the number of the class, so that classes sort as they grow.
func (b *Book) valueSQL() string {
	var s strings.Builder
	s.WriteString("CASE WHEN coalesce(p.net_total, 0) <= 0 THEN '0'")
	for i, limit := range b.limits() {
		fmt.Fprintf(&s, " WHEN p.net_total <= %d THEN '%d'", limit, i+1)
	}
	return s.String() + fmt.Sprintf(" ELSE '%d' END", len(valueLimits)+1)
}

// limits are the limits of values in minor units of the base currency.
func (b *Book) limits() []int64 {
	unit := int64(1)
	for range money.Digits(b.Catalogue.Currency()) {
		unit *= 10
	}
	all := make([]int64, len(valueLimits))
	for i, limit := range valueLimits {
		all[i] = limit * unit
	}
	return all
}

// Label is the name of a part for people.
func (b *Book) Label(p *i18n.Printer, dimension, code string) string {
	switch {
	case code == Others:
		return p.T("segment.others")
	case code == "":
		return p.T("segment.age.unknown")
	case dimension == "age":
		return p.T("segment.age." + code)
	case dimension == "value":
		return b.valueLabel(p, code)
	case dimension == "origin":
		return code
	}
	if f, ok := b.Catalogue.Field(dimension); ok {
		return f.Show(p, filter.Value{Text: code})
	}
	return code
}

func (b *Book) valueLabel(p *i18n.Printer, code string) string {
	limits := b.limits()
	show := func(i int) string { return p.MoneyRounded(limits[i], b.Catalogue.Currency()) }
	n := int(code[0] - '0')
	switch {
	case n == 0:
		return p.T("segment.value.none")
	case n == 1:
		return p.T("segment.value.below", "to", show(0))
	case n > len(limits):
		return p.T("segment.value.above", "from", show(len(limits)-1))
	}
	return p.T("segment.value.between", "from", show(n-2), "to", show(n-1))
}
