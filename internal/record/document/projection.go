package document

import (
	"regexp"
	"strings"

	"stamm/internal/platform/warehouse"
)

// Projection is how documents appear in the warehouse: as they are, and derived as purchases by day and month.
func Projection() warehouse.Projection {
	return warehouse.Projection{
		Tables: []warehouse.Table{
			{
				Name: "document", Key: "id",
				DDL: `id BIGINT, customer BIGINT, kind VARCHAR, day DATE, happened BIGINT, sale BOOLEAN, sale_rows INTEGER,
					amount BIGINT, cost BIGINT, rows INTEGER`,
				Select: `SELECT id, customer, CASE kind ` + kindCases() + ` END AS kind, day, at AS happened, sale, sale_rows, amount, cost,
					file_rows AS rows FROM document WHERE id BETWEEN $1 AND $2`,
				Span:    `SELECT min(id), max(id) FROM document`,
				Affects: `SELECT d.customer FROM document d WHERE d.id IN (SELECT c.key FROM changed_key c)`,
			},
			{
				Name: "line", Key: "document",
				DDL: `document BIGINT, n INTEGER, product BIGINT, quantity BIGINT, amount BIGINT, cost BIGINT, sale BOOLEAN`,
				Select: `SELECT document, n, product, quantity, base_amount AS amount, cost, sale FROM document_line
					WHERE document BETWEEN $1 AND $2`,
				Span: `SELECT min(document), max(document) FROM document_line`,
			},
			{
				Name: "link", Key: "document",
				DDL:    `document BIGINT, n INTEGER, target BIGINT, kind VARCHAR, amount BIGINT`,
				Select: `SELECT document, n, target, kind, amount FROM document_link WHERE document BETWEEN $1 AND $2`,
				Span:   `SELECT min(document), max(document) FROM document_link`,
			},
			bills(),
		},
		Derived: derived(),
		Fields:  conditionFields(),
	}
}

// bills are invoices and what settles them, payments, credit notes and returns, with what is to be paid: tax included. Another
// currency than the base currency is converted as the document was when it was written. A cancelled invoice is none.
func bills() warehouse.Table {
	return warehouse.Table{
		Name: "bill", Key: "id", Feed: "document",
		DDL: `id BIGINT, customer BIGINT, kind VARCHAR, day DATE, due DATE, amount BIGINT`,
		Select: `SELECT d.id, d.customer, CASE d.kind WHEN 4 THEN 'invoice' WHEN 7 THEN 'payment' ELSE 'credit' END AS kind, d.day, d.due_day AS due,
				CAST(ROUND(CASE WHEN d.kind = 7 THEN 1.0 ELSE SIGN(COALESCE(d.gross, d.net + COALESCE(d.tax, 0))) END * COALESCE(d.gross, d.net + COALESCE(d.tax, 0))
					* CASE WHEN d.rate = '' THEN 1.0 ELSE COALESCE(
						(SELECT 1.0 * SUM(l.base_amount) / NULLIF(SUM(l.amount), 0) FROM document_line l WHERE l.document = d.id),
						ABS(1.0 * d.amount / NULLIF(COALESCE(d.net, d.gross - COALESCE(d.tax, 0)), 0)), 0) END) AS BIGINT) AS amount
			FROM document d WHERE d.id BETWEEN $1 AND $2 AND d.kind IN (4, 5, 6, 7) AND (d.gross IS NOT NULL OR d.net IS NOT NULL)
				AND (d.kind <> 4 OR d.sale_rows > 0)`,
		Span: `SELECT min(id), max(id) FROM document`,
		Affects: `SELECT d.customer FROM bill d WHERE d.id IN (SELECT c.key FROM changed_key c) UNION ALL
			SELECT o.customer FROM link l JOIN document o ON o.id = l.target WHERE l.document IN (SELECT c.key FROM changed_key c)`,
	}
}

// kindCases names the kinds in SQL.
func kindCases() string {
	var b strings.Builder
	for _, k := range Kinds() {
		b.WriteString("WHEN " + string(rune('0'+int(k))) + " THEN '" + k.String() + "' ")
	}
	return b.String()
}

var (
	tableText = regexp.MustCompile(`(?s)^CREATE TABLE (\w+) \((.*)\)$`)
	comment   = regexp.MustCompile(`--[^\n]*`)
)

// derived sorts the statements of derive.go by the table they fill.
func derived() []warehouse.Derived {
	var all []warehouse.Derived
	changed, everything := DeriveChanged(), DeriveAll()
	for _, text := range DerivedTables() {
		m := tableText.FindStringSubmatch(strings.TrimSpace(comment.ReplaceAllString(text, "")))
		d := warehouse.Derived{Name: m[1], DDL: strings.TrimSpace(m[2])}
		d.Changed, d.All = about(changed, d.Name), about(everything, d.Name)
		all = append(all, d)
	}
	return all
}

// about are the statements that write the table.
func about(statements []string, table string) (all []string) {
	for _, s := range statements {
		text := strings.TrimSpace(s)
		for _, verb := range []string{"INSERT INTO ", "UPDATE ", "DELETE FROM "} {
			if rest, ok := strings.CutPrefix(text, verb); ok && strings.HasPrefix(rest+" ", table+" ") {
				all = append(all, s)
			}
		}
	}
	return all
}
