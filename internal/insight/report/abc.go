package report

import (
	"context"
	"fmt"
	"math"

	"stamm/internal/platform/i18n"
)

type abcJSON struct {
	Definition         string              `json:"definition"`
	Counts             abcClasses[int64]   `json:"counts"`
	Revenue            abcClasses[amount]  `json:"revenue"`
	Share              abcClasses[decimal] `json:"share_of_customers"`
	LastA              *abcLast            `json:"last_A"`
	LastB              *abcLast            `json:"last_B"`
	TopShare           entries[decimal]    `json:"top_share"`
	TopShareDefinition string              `json:"top_share_definition"`
	Gini               decimal             `json:"gini"`
	stamp
}

type abcClasses[V any] struct {
	A V `json:"A"`
	B V `json:"B"`
	C V `json:"C"`
}

type abcLast struct {
	ID    string `json:"id"`
	Value amount `json:"value"`
}

// topShares are the parts of the customers, in per cent, whose share of revenue is shown.
var topShares = [...]int64{1, 5, 10, 20, 50}

// ranked are the customers' values from the largest down, negative ones as 0, for cumulated shares.
type ranked struct {
	*histogram       // as it is, ascending
	total      int64 // sum of the positive values
}

func rank(h *histogram) ranked {
	r := ranked{histogram: h}
	for i, v := range h.values {
		r.total += max(0, v) * h.counts[i]
	}
	return r
}

// first sums the n largest values.
func (r ranked) first(n int64) int64 {
	sum := int64(0)
	for i := len(r.values) - 1; i >= 0 && n > 0; i-- {
		take := min(n, r.counts[i])
		sum += take * max(0, r.values[i])
		n -= take
	}
	return sum
}

// until counts the customers before whom the cumulated share is below so many per cent.
func (r ranked) until(percent int64) int64 {
	n, sum := int64(0), int64(0)
	below := func(s int64) bool { return s*100 < r.total*percent }
	for i := len(r.values) - 1; i >= 0 && below(sum); i-- {
		v := max(0, r.values[i])
		take := r.counts[i]
		if v > 0 && !below(sum+v*(take-1)) {
			take = (r.total*percent - sum*100 + 100*v - 1) / (100 * v)
		}
		n, sum = n+take, sum+v*take
	}
	return n
}

// class is a class of customers by rank: those after from up to until, counted from the most valuable.
type class struct{ from, until int64 }

func (r ranked) classes() [3]class {
	a, b := r.until(80), r.until(95)
	return [3]class{{0, a}, {a, b}, {b, r.n}}
}

func abc(ctx context.Context, s *session) (*Result, error) {
	h, err := s.values(ctx)
	if err != nil {
		return nil, err
	}
	r := rank(h)
	classes := r.classes()
	object := abcJSON{
		Definition: "customers sorted by revenue desc (ties by id asc); negative revenue counted as 0; class A while cumulative share BEFORE the " +
			"customer < 80%, B while < 95%, else C (so the customer who crosses the line belongs to the upper class)",
		TopShareDefinition: "first ceil(n*p/100) customers", Gini: h.gini(), stamp: s.stamp(),
	}
	var counts, values [3]int64
	for i, c := range classes {
		counts[i], values[i] = c.until-c.from, r.first(c.until)-r.first(c.from)
	}
	object.Counts = abcClasses[int64]{counts[0], counts[1], counts[2]}
	object.Revenue = abcClasses[amount]{s.amount(values[0]), s.amount(values[1]), s.amount(values[2])}
	object.Share = abcClasses[decimal]{ratio(counts[0], r.n), ratio(counts[1], r.n), ratio(counts[2], r.n)}
	if object.LastA, err = s.lastOf(ctx, r, classes[0]); err != nil {
		return nil, err
	}
	if object.LastB, err = s.lastOf(ctx, r, classes[1]); err != nil {
		return nil, err
	}
	for _, p := range topShares {
		object.TopShare.add(fmt.Sprintf("top_%d%%", p), ratio(r.first((r.n*p+99)/100), r.total))
	}
	return s.abcResult(object, r, counts, values), nil
}

func (s *session) abcResult(object abcJSON, r ranked, counts, values [3]int64) *Result {
	table := Table{Name: "abc", Columns: columns("class", Text, "customers", Count, "share", Share, "revenue", Money, "revenue_share", Share)}
	for i, name := range []string{"A", "B", "C"} {
		ref := Ref("class/" + name)
		table.Rows = append(table.Rows, []Cell{text(name), number(counts[i], ref), rate(counts[i], r.n, ref), cash(values[i], ref),
			rate(values[i], r.total, ref)})
	}
	table.Total = []Cell{word("report.total"), number(r.n, "all"), rate(r.n, r.n, "all"), cash(r.total, "all"), rate(r.total, r.total, "all")}
	top := Table{Name: "top", Columns: columns("top", Share, "customers", Count, "revenue", Money, "revenue_share", Share)}
	for _, p := range topShares {
		n := (r.n*p + 99) / 100
		ref := Ref(fmt.Sprintf("top/%d", n))
		top.Rows = append(top.Rows, []Cell{value(float64(p) / 100), number(n, ref), cash(r.first(n), ref), rate(r.first(n), r.total, ref)})
	}
	last := Table{Name: "abc_last", Columns: columns("class", Text, "customer", Text, "revenue", Money, "place", Count)}
	for i, c := range []*abcLast{object.LastA, object.LastB} {
		if c != nil {
			name, place := string(rune('A'+i)), r.classes()[i].until
			v, _ := r.place(place)
			last.Rows = append(last.Rows, []Cell{text(name), {Text: c.ID, Ref: Ref("last/" + name)}, cash(v), number(place)})
		}
	}
	res := &Result{JSON: object, Tables: []Table{table, top}}
	if r.n == 0 {
		return res
	}
	curve := Table{Name: "lorenz", Columns: columns("customer_share", Share, "revenue_share", Share)}
	for i := range int64(101) {
		n := r.n * i / 100
		curve.Rows = append(curve.Rows, []Cell{value(float64(n) / float64(r.n)), rate(r.first(n), r.total)})
	}
	res.Tables = append(res.Tables, curve, last)
	res.Chart = &Chart{Kind: Lorenz, Table: 2, Series: []int{1}}
	res.Figures = []Figure{{"customers_a", Count, number(counts[0], "class/A")}, {"share_a", Share, rate(counts[0], r.n, "class/A")},
		{"top_20", Share, rate(r.first((r.n*20+99)/100), r.total, Ref(fmt.Sprintf("top/%d", (r.n*20+99)/100)))},
		{"gini", Decimal, Cell{Float: float64(object.Gini), None: math.IsNaN(float64(object.Gini))}}}
	res.sentence = func(p *i18n.Printer) string {
		return p.T("report.abc.sentence", "of100", of100(counts[0], r.n), "customers", counts[0],
			"revenue", of100(values[0], r.total))
	}
	return res
}

// lastOf names the last customer of a class; nil if it is empty.
func (s *session) lastOf(ctx context.Context, r ranked, c class) (*abcLast, error) {
	if c.until == c.from {
		return nil, nil
	}
	v, place := r.place(c.until)
	last := abcLast{Value: s.amount(max(0, v))}
	err := s.one(ctx, fmt.Sprintf("SELECT %[1]s FROM %[2]s s LEFT JOIN customer c ON c.id = s.customer WHERE %[3]s ORDER BY %[1]s, s.customer LIMIT 1 OFFSET %[4]d",
		extSQL, s.state(), sameValue(v), place-1), &last.ID)
	return &last, err
}

// place returns the value of the n-th customer from the top and her place, from 1, among those of that value. All negative
// values count as 0, and so as one group with it.
func (r ranked) place(n int64) (v, place int64) {
	v = max(0, r.at(r.n - n)[0])
	return v, n - r.over(v)
}

func sameValue(v int64) string {
	if v == 0 {
		return "s.value <= 0"
	}
	return fmt.Sprintf("s.value = %d", v)
}

// abcWho: class/A, last/A, the last customer of that class, and top/N, the N most valuable customers.
func abcWho(ctx context.Context, s *session, what string, args []string) (string, error) {
	if what == "all" {
		return everybody(ctx, s, what, args)
	}
	if len(args) != 1 {
		return "", badRef(what)
	}
	h, err := s.values(ctx)
	if err != nil {
		return "", err
	}
	r := rank(h)
	var c class
	switch {
	case what == "class" && len(args[0]) == 1 && args[0] >= "A" && args[0] <= "C":
		c = r.classes()[args[0][0]-'A']
	case what == "last" && (args[0] == "A" || args[0] == "B"):
		if c = r.classes()[args[0][0]-'A']; c.from < c.until {
			c.from = c.until - 1
		}
	case what == "top":
		n, err := atoi(args, 0)
		if err != nil || n < 0 {
			return "", badRef(args[0])
		}
		c = class{0, min(n, r.n)}
	default:
		return "", badRef(what)
	}
	return s.classSQL(r, c), nil
}

// classSQL is the SQL of the customers of a class: those of values in between, and parts of the groups at its ends.
func (s *session) classSQL(r ranked, c class) string {
	if c.from == c.until {
		return "SELECT 0 AS customer WHERE false"
	}
	ends := func(n int64) (int64, int64) {
		if n == 0 {
			return math.MaxInt64, 0
		}
		return r.place(n)
	}
	upper, after := ends(c.from)
	lower, to := ends(c.until)
	group := func(v, from, to int64) string {
		return fmt.Sprintf(`SELECT customer FROM (
	SELECT s.customer, row_number() OVER (ORDER BY %s, s.customer) AS place
	FROM %s s LEFT JOIN customer c ON c.id = s.customer WHERE %s) WHERE place > %d AND place <= %d`, extSQL, s.state(), sameValue(v), from, to)
	}
	if upper == lower {
		return group(lower, after, to)
	}
	sql := fmt.Sprintf("SELECT customer FROM %s s WHERE value > %d AND value < %d\nUNION ALL\n%s", s.state(), lower, upper, group(lower, 0, to))
	if upper < math.MaxInt64 {
		sql += "\nUNION ALL\n" + group(upper, after, r.n)
	}
	return sql
}
