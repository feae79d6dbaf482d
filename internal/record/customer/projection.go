package customer

import "stamm/internal/platform/warehouse"

// The tables of the warehouse.
const (
	tableRow      = "customer"
	tableTags     = "customer_tag"
	tableCustom   = "customer_custom"
	tableContacts = "customer_contact"
)

// Projection is how customers appear in the warehouse: what figures are broken down by and conditions ask for, and the
// number by which the company knows her; nothing else that names a person. Custom fields of free text stay out, and roles
// longer than a word or two.
func Projection() warehouse.Projection {
	return warehouse.Projection{
		Customers: `SELECT id FROM customer`,
		Fields:    conditionFields(),
		Tables: []warehouse.Table{
			{
				Name: tableRow, Key: "id",
				DDL: `id BIGINT, ext VARCHAR, source VARCHAR, kind VARCHAR, country VARCHAR, region VARCHAR, language VARCHAR,
				excluded BOOLEAN, erased BOOLEAN, created DATE, mail VARCHAR, birthday DATE, owner BIGINT`,
				Select: `SELECT c.id, c.external_id AS ext, COALESCE(s.name, '') AS source, c.kind, c.country, c.region, c.language,
				CASE WHEN c.excluded <> '' THEN 1 ELSE 0 END AS excluded, CASE WHEN c.erased_at IS NOT NULL THEN 1 ELSE 0 END AS erased,
				CASE WHEN c.since >= -1000000 THEN c.since ELSE c.created_at / 86400000000 END AS created,
				CASE c.mail WHEN 2 THEN 'valid' WHEN 1 THEN 'invalid' ELSE '' END AS mail, c.birthday, c.owner
				FROM customer c LEFT JOIN source s ON s.id = c.source WHERE c.id BETWEEN $1 AND $2`,
				Span:    `SELECT min(id), max(id) FROM customer`,
				Affects: `SELECT c.key FROM changed_key c`,
			},
			{
				Name: tableTags, Key: "customer",
				DDL:    `customer BIGINT, tag VARCHAR`,
				Select: `SELECT customer, tag FROM customer_tag WHERE customer BETWEEN $1 AND $2`,
				Span:   `SELECT min(customer), max(customer) FROM customer_tag`,
			},
			{
				Name: tableCustom, Key: "customer",
				DDL: `customer BIGINT, field BIGINT, value VARCHAR`,
				Select: `SELECT v.customer, v.field, v.value FROM customer_custom v JOIN custom_field f ON f.id = v.field
				WHERE f.type <> 'text' AND v.customer BETWEEN $1 AND $2`,
				Span: `SELECT min(customer), max(customer) FROM customer_custom`,
			},
			{
				Name: tableContacts, Key: "company",
				DDL: `company BIGINT, person BIGINT, role VARCHAR, valid_from DATE, valid_until DATE`,
				Select: `SELECT company, person, CASE WHEN length(role) <= 40 THEN role ELSE '' END AS role, valid_from, valid_until
				FROM customer_contact WHERE company BETWEEN $1 AND $2`,
				Span: `SELECT min(company), max(company) FROM customer_contact`,
				About: `SELECT c.key FROM changed_key c UNION ALL
				SELECT t.person FROM customer_contact t WHERE t.company IN (SELECT c.key FROM changed_key c)`,
			},
		},
	}
}
