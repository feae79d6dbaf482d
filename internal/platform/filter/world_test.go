package filter_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
)

// world is a small company with a bit of everything that fields can be, once in Go and once in a warehouse.
type world struct {
	people []person
	db     *warehouse.DB
}

type person struct {
	id            int64
	country, name string
	vip           bool
	points        *float64
	born, joined  *clock.Day
	excluded      bool
	level         string
	levelSince    *clock.Day
	chance        *float64
	chances       []formerly
	tags          []string
	buys          []buy
	debts         []debt
}

type buy struct {
	day     clock.Day
	amount  int64
	product string
}

// formerly is the chance as it was from a day on.
type formerly struct {
	day    clock.Day
	chance float64
}

type debt struct {
	due    clock.Day
	amount int64
}

var (
	people  = filter.Source{Name: "person", From: "person p", Customer: "p.id", Where: "NOT p.excluded", One: true, Base: true, Cost: 1000, Tables: []string{"person"}}
	buys    = filter.Source{Name: "buy", From: "buy b", Customer: "b.customer", Day: "b.day", Cost: 10_000, Tables: []string{"buy"}}
	ever    = filter.Source{Name: "ever", From: "(SELECT customer, count(*) AS n FROM buy WHERE day <= {asof} GROUP BY customer) e", Customer: "e.customer", One: true, Cost: 1500, Tables: []string{"buy"}}
	tags    = filter.Source{Name: "tag", From: "tag t", Customer: "t.customer", Cost: 500, Tables: []string{"tag"}}
	debts   = filter.Source{Name: "debt", From: "debt d", Customer: "d.customer", Where: "d.due < {asof}", Cost: 300, Tables: []string{"debt"}}
	scores  = filter.Source{Name: "score", From: "score s", Customer: "s.customer", One: true, Cost: 1000, Tables: []string{"score"}}
	former  = filter.Source{Name: "former", From: "score_past h JOIN score s ON s.customer = h.customer", Customer: "h.customer", Day: "h.day", Cost: 9_000, Tables: []string{"score", "score_past"}}
	article = filter.Param{Name: "product", Type: filter.TypeText, SQL: "b.product", Words: "filter.salt"}
	amount  = filter.Param{Name: "amount", Type: filter.TypeMoney, SQL: "b.amount", Words: "filter.salt"}
)

func fields() []filter.Field {
	params := []filter.Param{article, amount}
	return []filter.Field{
		{Name: "country", Type: filter.TypeChoice, Way: filter.Way{Source: people, SQL: "p.country"}, Upper: true, Words: "filter.share"},
		{Name: "name", Type: filter.TypeText, Way: filter.Way{Source: people, SQL: "p.name"}, Words: "filter.share"},
		{Name: "vip", Type: filter.TypeFlag, Way: filter.Way{Source: people, SQL: "p.vip"}, Words: "filter.share"},
		{Name: "points", Type: filter.TypeNumber, Way: filter.Way{Source: people, SQL: "p.points"}, Words: "filter.share"},
		{Name: "born", Type: filter.TypeDay, Way: filter.Way{Source: people, SQL: "p.born"}, Yearly: true, Words: "filter.share"},
		{Name: "joined", Type: filter.TypeDay, Way: filter.Way{Source: people, SQL: "p.since"}, Words: "filter.share"},
		{Name: "level", Type: filter.TypeChoice, Way: filter.Way{Source: people, SQL: "p.level"}, Since: &filter.Way{Source: people, SQL: "p.level_since"}, Choices: []string{"gold", "silver"}, Words: "filter.share"},
		{Name: "orders", Type: filter.TypeCount, Way: filter.Way{Source: buys, SQL: "count(*) {filter}"}, Ever: &filter.Way{Source: ever, SQL: "e.n"}, Zero: true, Params: params, Words: "filter.share"},
		{Name: "revenue", Type: filter.TypeMoney, Way: filter.Way{Source: buys, SQL: "sum(b.amount) {filter}"}, Zero: true, Params: params, Words: "filter.share"},
		{Name: "average", Type: filter.TypeMoney, Way: filter.Way{Source: buys, SQL: "round(sum(b.amount) {filter} / nullif(count(*) {filter}, 0))"}, Params: params, Words: "filter.share"},
		{Name: "last_order", Type: filter.TypeDay, Way: filter.Way{Source: buys, SQL: "max(b.day) {filter}"}, Params: params, Words: "filter.share"},
		{Name: "silent", Type: filter.TypeDays, Way: filter.Way{Source: buys, SQL: "{asof} - max(b.day) {filter}"}, Ages: true, Params: params, Words: "filter.share"},
		{Name: "tag", Type: filter.TypeText, Way: filter.Way{Source: tags, SQL: "t.tag"}, Many: true, Words: "filter.share"},
		{Name: "bought", Type: filter.TypeText, Way: filter.Way{Source: buys, SQL: "b.product"}, Many: true, Words: "filter.share"},
		{Name: "overdue", Type: filter.TypeMoney, Way: filter.Way{Source: debts, SQL: "sum(d.amount) {filter}", Next: "min(CASE WHEN d.due >= {asof} THEN d.due + 1 END) {filter}"}, Zero: true, Words: "filter.share"},
		{Name: "chance", Type: filter.TypeShare, Way: filter.Way{Source: scores, SQL: "s.chance"}, Change: &filter.Way{Source: former, SQL: "any_value(s.chance) {filter} - max_by(h.chance, h.day) {filter}"}, Words: "filter.share"},
	}
}

func catalogue(t testing.TB) *filter.Catalogue {
	t.Helper()
	c, err := filter.NewCatalogue("EUR", fields())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// noon is a day in the middle of what happens in the world.
var noon = clock.NewDay(2024, 3, 1)

// newWorld makes a world of so many people.
func newWorld(t testing.TB, seed uint64, n int) *world {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	w := &world{}
	for id := range int64(n) {
		w.people = append(w.people, newPerson(r, id+1))
	}
	w.db = warehousetest.Open(t, warehouse.Projection{Tables: []warehouse.Table{
		{Name: "person", DDL: `id BIGINT, country VARCHAR, name VARCHAR, vip BOOLEAN, points DOUBLE, born DATE, since DATE, excluded BOOLEAN, level VARCHAR, level_since DATE`, Select: "SELECT 1"},
		{Name: "buy", DDL: `customer BIGINT, day DATE, amount BIGINT, product VARCHAR`, Select: "SELECT 1"},
		{Name: "tag", DDL: `customer BIGINT, tag VARCHAR`, Select: "SELECT 1"},
		{Name: "debt", DDL: `customer BIGINT, due DATE, amount BIGINT`, Select: "SELECT 1"},
		{Name: "score", DDL: `customer BIGINT, chance DOUBLE`, Select: "SELECT 1"},
		{Name: "score_past", DDL: `customer BIGINT, day DATE, chance DOUBLE`, Select: "SELECT 1"},
	}})
	warehousetest.Fill(t, w.db, w.rows())
	return w
}

func newPerson(r *rand.Rand, id int64) person {
	day := func(around clock.Day, within int) clock.Day { return around.AddDays(r.IntN(2*within) - within) }
	maybe := func(d clock.Day) *clock.Day {
		if r.IntN(5) == 0 {
			return nil
		}
		return &d
	}
	p := person{id: id, country: []string{"DE", "AT", "CH", ""}[r.IntN(4)], name: []string{"Köln GmbH", "koeln", "50% Öl_AG", ""}[r.IntN(4)],
		vip: r.IntN(3) == 0, excluded: r.IntN(10) == 0, level: []string{"gold", "silver", ""}[r.IntN(3)]}
	births := []clock.Day{clock.NewDay(1980, 2, 29), clock.NewDay(1990, 2, 28), clock.NewDay(1985, 12, 31), clock.NewDay(1999, 3, 1), day(noon.AddMonths(-12*30), 200)}
	p.born, p.joined, p.levelSince = maybe(births[r.IntN(len(births))]), maybe(day(noon.AddMonths(-12), 500)), maybe(day(noon, 60))
	if r.IntN(4) > 0 {
		v := float64(r.IntN(9)) / 2
		p.points = &v
	}
	if r.IntN(4) > 0 {
		v := float64(r.IntN(11)) / 10
		p.chance = &v
	}
	for d := noon.AddDays(-r.IntN(200)); d < noon.AddDays(60); d = d.AddDays(1 + r.IntN(60)) {
		p.chances = append(p.chances, formerly{d, float64(r.IntN(11)) / 10})
	}
	for _, tag := range []string{"VIP", "Stamm", "neu"} {
		if r.IntN(3) == 0 {
			p.tags = append(p.tags, tag)
		}
	}
	for range r.IntN(7) {
		p.buys = append(p.buys, buy{day(noon, 80), int64(r.IntN(4)) * 5000, []string{"ESP-1", "esp-2", "Bohnen"}[r.IntN(3)]})
	}
	for range r.IntN(3) {
		p.debts = append(p.debts, debt{day(noon, 40), int64(r.IntN(3)) * 1000})
	}
	return p
}

func (w *world) rows() map[string][][]any {
	rows := map[string][][]any{}
	for _, p := range w.people {
		rows["person"] = append(rows["person"], []any{p.id, p.country, p.name, p.vip, null(p.points), null(p.born), null(p.joined), p.excluded, p.level, null(p.levelSince)})
		for _, b := range p.buys {
			rows["buy"] = append(rows["buy"], []any{p.id, b.day, b.amount, b.product})
		}
		for _, tag := range p.tags {
			rows["tag"] = append(rows["tag"], []any{p.id, tag})
		}
		for _, d := range p.debts {
			rows["debt"] = append(rows["debt"], []any{p.id, d.due, d.amount})
		}
		for _, f := range p.chances {
			rows["score_past"] = append(rows["score_past"], []any{p.id, f.day, f.chance})
		}
		if p.chance != nil {
			rows["score"] = append(rows["score"], []any{p.id, *p.chance})
		}
	}
	return rows
}

func null[T any](v *T) any {
	if v == nil {
		return nil
	}
	return *v
}

// numbers runs a SELECT and returns its first column.
func (w *world) numbers(t testing.TB, q filter.SQL) []int64 {
	t.Helper()
	rows, err := w.db.QueryContext(context.Background(), q.Text, q.Args...)
	if err != nil {
		t.Fatalf("%v\nin %s", err, q.Text)
	}
	defer rows.Close()
	all := []int64{}
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%v\nin %s", err, q.Text)
	}
	return all
}
