package call

import (
	"stamm/internal/platform/filter"
	"stamm/internal/platform/warehouse"
)

// table is the table of the times that somebody dialled, in the store and in the warehouse.
const table = "phone_try"

// ended are calls of which somebody said what became of them.
func ended() filter.Source {
	return filter.Source{Name: "called", From: "phone_try t", Customer: "t.customer", Day: "t.day", ByDay: true, Cost: 2_000, Tables: []string{table}, Where: "t.outcome <> ''"}
}

// spoken are the outcomes of calls in which the customer was spoken with.
const spoken = "t.outcome IN ('interested', 'not_interested', 'later', 'no_more')"

// Projection is how calls appear in the warehouse: each time that somebody dialled and said what became of it, on which day, and for which measure.
// No number is in it, nor what was noted. One can ask how often customers were called, and how often somebody spoke with them.
func Projection() warehouse.Projection {
	words := func(name string) string { return "call.filter." + name }
	outcomes := make([]string, 0, len(Outcomes()))
	for _, o := range Outcomes() {
		outcomes = append(outcomes, string(o))
	}
	params := []filter.Param{{Name: "outcome", Type: filter.TypeChoice, SQL: "t.outcome", Choices: outcomes, Labels: "calls.outcome", Words: words("outcome")}}
	reached := ended()
	reached.Name, reached.Where = "reached", spoken
	return warehouse.Projection{
		Fields: []filter.Field{
			{Name: "called", Type: filter.TypeCount, Zero: true, Words: words("called"), Params: params, Way: filter.Way{Source: ended(), SQL: "count(*) {filter}"}},
			{Name: "reached", Type: filter.TypeCount, Zero: true, Words: words("reached"), Way: filter.Way{Source: reached, SQL: "count(*) {filter}"}},
		},
		Tables: []warehouse.Table{{
			Name: table, Key: "id",
			DDL:    `id BIGINT, message BIGINT, measure BIGINT, customer BIGINT, outcome VARCHAR, day DATE`,
			Select: `SELECT t.id, t.message, c.measure, c.customer, t.outcome, t.day FROM phone_try t JOIN phone_call c ON c.message = t.message WHERE t.outcome <> '' AND t.id BETWEEN $1 AND $2`,
			Span:   `SELECT min(id), max(id) FROM phone_try`,
		}},
	}
}
