package message

import "stamm/internal/platform/warehouse"

// Projection is how messages appear in the warehouse: who got what kind of message when, and who did not and why; no address
// and no words. day is the local day on which it became what it is.
func Projection() warehouse.Projection {
	return warehouse.Projection{Fields: conditionFields(), Tables: []warehouse.Table{{
		Name: "message", Key: "id",
		DDL: `id BIGINT, measure BIGINT, customer BIGINT, person BIGINT, step INTEGER, channel VARCHAR, kind VARCHAR, arm VARCHAR, state VARCHAR, reason VARCHAR, day DATE`,
		Select: `SELECT id, measure, customer, person, step, channel, kind, arm, state, reason, day FROM message
			WHERE id BETWEEN $1 AND $2`,
		Span: `SELECT min(id), max(id) FROM message`,
	}}}
}
