package customer

import "stamm/internal/platform/warehouse"

// Projection is how customers appear in the warehouse: what figures are broken down by, and the number by which the
// company knows her; nothing else that names a person.
func Projection() warehouse.Projection {
	return warehouse.Projection{
		Customers: `SELECT id FROM customer`,
		Tables: []warehouse.Table{{
			Name: "customer", Key: "id",
			DDL: `id BIGINT, ext VARCHAR, source VARCHAR, kind VARCHAR, country VARCHAR, region VARCHAR, language VARCHAR,
				excluded BOOLEAN, erased BOOLEAN, created DATE, mail VARCHAR`,
			Select: `SELECT c.id, c.external_id AS ext, COALESCE(s.name, '') AS source, c.kind, c.country, c.region, c.language,
				CASE WHEN c.excluded <> '' THEN 1 ELSE 0 END AS excluded, CASE WHEN c.erased_at IS NOT NULL THEN 1 ELSE 0 END AS erased,
				CASE WHEN c.since >= -1000000 THEN c.since ELSE c.created_at / 86400000000 END AS created,
				CASE c.mail WHEN 2 THEN 'valid' WHEN 1 THEN 'invalid' ELSE '' END AS mail
				FROM customer c LEFT JOIN source s ON s.id = c.source WHERE c.id BETWEEN $1 AND $2`,
			Span:    `SELECT min(id), max(id) FROM customer`,
			Affects: `SELECT c.key FROM changed_key c`,
		}},
	}
}
