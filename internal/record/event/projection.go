package event

import (
	"stamm/internal/platform/filter"
	"stamm/internal/platform/warehouse"
)

// Projection is how events appear in the warehouse: who did what when. Their properties, which may hold anything, stay
// out.
func Projection() warehouse.Projection {
	source := filter.Source{Name: "event", From: "event e", Customer: "e.customer", Day: "e.day", ByDay: true, Cost: 50_000, Tables: []string{"event"}}
	return warehouse.Projection{
		Tables: []warehouse.Table{{
			Name: "event", Key: "id",
			DDL:    `id BIGINT, customer BIGINT, name VARCHAR, day DATE, happened BIGINT`,
			Select: `SELECT id, customer, name, day, at AS happened FROM event WHERE id BETWEEN $1 AND $2`,
			Span:   `SELECT min(id), max(id) FROM event`,
		}},
		Fields: []filter.Field{{
			Name: "did", Type: filter.TypeCount, Zero: true, Words: "event.filter.did", Way: filter.Way{Source: source, SQL: "count(*) {filter}"},
			Params: []filter.Param{{Name: "event", Type: filter.TypeChoice, SQL: "e.name", Words: "event.filter.event"}},
		}},
	}
}
