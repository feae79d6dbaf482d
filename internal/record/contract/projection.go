package contract

import "stamm/internal/platform/warehouse"

// Projection is how contracts appear in the warehouse: all but the number in the source and the reason.
func Projection() warehouse.Projection {
	return warehouse.Projection{Fields: conditionFields(), Tables: []warehouse.Table{{
		Name: "contract", Key: "id",
		DDL: `id BIGINT, customer BIGINT, plan VARCHAR, started DATE, ended DATE, tenure INTEGER, churned BOOLEAN, observed DATE`,
		Select: `SELECT id, customer, plan, started, ended, tenure, churned, observed_until AS observed FROM contract
			WHERE id BETWEEN $1 AND $2`,
		Span: `SELECT min(id), max(id) FROM contract`,
	}}}
}
