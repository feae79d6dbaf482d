package program

import "stamm/internal/platform/warehouse"

// The tables of the warehouse.
const (
	tableMeasure  = "measure"
	tableAssigned = "measure_customer"
	tableCost     = "measure_cost"
)

// Projection is how measures appear in the warehouse: when they ran, who was drawn for which group, and what they cost; no names and
// no words.
func Projection() warehouse.Projection {
	return warehouse.Projection{Tables: []warehouse.Table{
		{
			Name: tableMeasure, Key: "id",
			DDL: `id BIGINT, kind VARCHAR, state VARCHAR, start DATE, finish DATE, horizon INTEGER, control INTEGER, outcome VARCHAR, segment BIGINT`,
			Select: `SELECT id, kind, state, start_day AS start, end_day AS finish, horizon, control, outcome, segment FROM measure
				WHERE id BETWEEN $1 AND $2`,
			Span: `SELECT min(id), max(id) FROM measure`, About: `SELECT m.customer FROM measure_customer m WHERE m.measure IN (SELECT c.key FROM changed_key c)`,
		},
		{
			Name: tableAssigned, Key: "id",
			DDL:    `id BIGINT, measure BIGINT, customer BIGINT, arm VARCHAR, probability BIGINT, day DATE`,
			Select: `SELECT id, measure, customer, arm, probability, day FROM measure_customer WHERE id BETWEEN $1 AND $2`,
			Span:   `SELECT min(id), max(id) FROM measure_customer`,
		},
		{
			Name: tableCost, Key: "id",
			DDL:    `id BIGINT, measure BIGINT, kind VARCHAR, amount BIGINT, included BOOLEAN, day DATE`,
			Select: `SELECT id, measure, kind, amount, included, day FROM measure_cost WHERE id BETWEEN $1 AND $2`,
			Span:   `SELECT min(id), max(id) FROM measure_cost`, About: `SELECT 0::BIGINT WHERE false`,
		},
	}}
}
