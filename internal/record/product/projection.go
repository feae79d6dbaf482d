package product

import "stamm/internal/platform/warehouse"

// Projection is how products appear in the warehouse.
func Projection() warehouse.Projection {
	return warehouse.Projection{Tables: []warehouse.Table{{
		Name: "product", Key: "id",
		DDL:    `id BIGINT, sku VARCHAR, name VARCHAR, category VARCHAR`,
		Select: `SELECT id, sku, name, category FROM product WHERE id BETWEEN $1 AND $2`,
		Span:   `SELECT min(id), max(id) FROM product`,
	}}}
}
