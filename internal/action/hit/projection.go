package hit

import "stamm/internal/platform/warehouse"

// Projection is how hits appear in the warehouse: what was hit when, by whom if that may be known, and whether that was a human. No
// address of a link is in it, nor what a program called itself.
func Projection() warehouse.Projection {
	return warehouse.Projection{Fields: conditionFields(), Tables: []warehouse.Table{{
		Name: table, Key: "id",
		DDL: `id BIGINT, measure BIGINT, arm VARCHAR, channel VARCHAR, kind VARCHAR, link BIGINT, message BIGINT, customer BIGINT, human BOOLEAN, reason VARCHAR,
			client VARCHAR, day DATE`,
		Select: `SELECT id, measure, arm, channel, kind, link, message, customer, human, reason, client, day FROM hit WHERE id BETWEEN $1 AND $2`,
		Span:   `SELECT min(id), max(id) FROM hit`,
	}}}
}
