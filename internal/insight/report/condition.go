package report

import (
	"fmt"
	"strings"

	"stamm/internal/platform/filter"
	"stamm/internal/platform/warehouse"
)

// Projection is what conditions can ask about the classes of the reports rfm and abc; it has no tables.
func Projection() warehouse.Projection { return warehouse.Projection{Fields: conditionFields()} }

// conditionFields are the percentile form of RFM, and the classes and ranks by value, as of a day and after returns as they
// are known now. A class depends on everybody, so that these sources always read all customers.
func conditionFields() []filter.Field {
	rfm := filter.Source{Name: "rfm", From: "(" + rfmSQL() + ") k", Customer: "k.customer", One: true, Whole: true, Cost: 30_000, Tables: purchaseTables()}
	abc := filter.Source{Name: "abc", From: "(" + abcSQL + ") k", Customer: "k.customer", One: true, Whole: true, Cost: 40_000, Tables: purchaseTables()}
	of := func(source filter.Source, name string, is filter.Type, sql string) filter.Field {
		return filter.Field{Name: name, Type: is, Way: filter.Way{Source: source, SQL: sql}, Words: "report.filter." + name}
	}
	class := of(abc, "abc", filter.TypeChoice, "k.class")
	class.Choices = []string{"A", "B", "C"}
	return []filter.Field{of(rfm, "rfm", filter.TypeChoice, "CAST(100 * k.r + 10 * k.f + k.m AS VARCHAR)"), of(rfm, "rfm_recency", filter.TypeNumber, "k.r"), of(rfm, "rfm_frequency", filter.TypeNumber, "k.f"),
		of(rfm, "rfm_value", filter.TypeNumber, "k.m"), class, of(abc, "value_rank", filter.TypeShare, "k.place")}
}

func purchaseTables() []string { return []string{"document", "link", "customer"} }

// stateSQL is the customers' state on the day asked about: the row of the last purchase up to it.
const stateSQL = `SELECT p.customer, {asof} - p.day AS r, p.net_nth AS f, p.net_total AS m FROM purchase_day p
	WHERE p.net_orders > 0 AND p.day <= {asof} AND coalesce(p.net_next, {asof} + 1) > {asof}`

// rfmSQL scores by the 20th to 80th percentile, as the report does. The values are whole and the percentiles multiples of a
// fifth, so that a tenth between them makes up for binary fractions.
func rfmSQL() string {
	score := func(column string) string {
		var terms []string
		for k := 1; k <= 4; k++ {
			terms = append(terms, fmt.Sprintf("CAST(s.%s > q.%s[%d] + 0.1 AS INTEGER)", column, column, k))
		}
		return strings.Join(terms, " + ")
	}
	cuts := func(column string) string {
		return fmt.Sprintf("quantile_cont(CAST(%[1]s AS DOUBLE), [0.2, 0.4, 0.6, 0.8]) AS %[1]s", column)
	}
	return "WITH s AS MATERIALIZED (" + stateSQL + "), q AS (SELECT " + cuts("r") + ", " + cuts("f") + ", " + cuts("m") + " FROM s)\n\t" +
		"SELECT s.customer, 5 - (" + score("r") + ") AS r, 1 + " + score("f") + " AS f, 1 + " + score("m") + " AS m FROM s, q"
}

// abcSQL ranks the customers by value, the most valuable first, and cuts at 80 and 95 per cent of it. place is the share of
// customers before her.
const abcSQL = `SELECT v.customer, (v.nth - 1) / v.n AS place,
	CASE WHEN v.before * 100 < v.total * 80 THEN 'A' WHEN v.before * 100 < v.total * 95 THEN 'B' ELSE 'C' END AS class
	FROM (SELECT s.customer, row_number() OVER w AS nth, sum(greatest(s.m, 0)) OVER w - greatest(s.m, 0) AS before,
			sum(greatest(s.m, 0)) OVER () AS total, count(*) OVER () AS n
		FROM (` + stateSQL + `) s LEFT JOIN customer c ON c.id = s.customer
		WINDOW w AS (ORDER BY greatest(s.m, 0) DESC, ` + extSQL + `, s.customer ROWS UNBOUNDED PRECEDING)) v`
