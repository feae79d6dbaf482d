package predict

import "stamm/internal/platform/warehouse"

// Projection is how scores appear in the warehouse: the present ones, and how they were. Chances and numbers of purchases are
// ten-thousandths, amounts minor units of the base currency.
func Projection() warehouse.Projection {
	return warehouse.Projection{Fields: conditionFields(), Tables: []warehouse.Table{
		{
			Name: "score", Key: "customer",
			DDL: `customer BIGINT, band VARCHAR, active INTEGER, alive INTEGER, expected INTEGER, value BIGINT, clv BIGINT, at_risk BIGINT,
				risk_since DATE, next_day DATE, mark_day DATE, mark_active INTEGER, mark_clv BIGINT`,
			Select: `SELECT customer, band, active, alive, expected, value, clv, at_risk, risk_since, next_day, mark_day, mark_active, mark_clv FROM score WHERE customer BETWEEN $1 AND $2`,
			Span:   `SELECT min(customer), max(customer) FROM score`,
		},
		{
			Name: "score_history", Key: "customer",
			DDL:    `customer BIGINT, day DATE, band VARCHAR, active INTEGER, alive INTEGER, clv BIGINT`,
			Select: `SELECT customer, day, band, active, alive, clv FROM score_history WHERE customer BETWEEN $1 AND $2`,
			Span:   `SELECT min(customer), max(customer) FROM score_history`,
		},
	}}
}
