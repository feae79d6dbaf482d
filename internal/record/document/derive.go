package document

import "strings"

// The derived tables of the warehouse: what reports read instead of orders.
//
// A row of purchase_day is one customer's purchases of one local day. Beside the day's own figures it carries where the
// day stands in the customer's history (which purchase day it is, the one before, the one after, what was bought up to
// and with this day). A question about all customers "as of" some day D is then a plain filter, no grouping and no sort:
// a customer's state at D is her one row with day <= D < next. The columns exist twice: as sold, and after returns (net_…),
// where a day whose every sale was returned in full does not count as a purchase day.
//
// purchase_month sums the days of a calendar month; refund says which return took how much off which sale and when, so
// that figures as of an earlier day can put later returns back; first_item holds the products of the first purchase.
//
// The tables are in the base currency's minor units; dates are local days. Nothing here looks ahead of its own row but
// next and the amounts after returns, so rows stay right for every earlier day.

// DerivedTables returns the statements that create the derived tables in the warehouse (DuckDB).
func DerivedTables() []string {
	return []string{
		`CREATE TABLE refund (
	customer BIGINT,     -- 0: anonymous; excluded customers have no rows
	document BIGINT,     -- the return or credit note
	sale BIGINT,         -- the sale it takes off; 0: none found
	sale_day DATE,       -- NULL when unlinked
	sale_gross BIGINT,   -- amount of that sale; NULL when unlinked
	sale_rows INTEGER,   -- file rows of that sale; NULL when unlinked
	day DATE,            -- day of the return, not before the day of the sale
	amount BIGINT,       -- > 0, at most what was left of the sale
	closes BOOLEAN)      -- with this row the sale is returned in full`,
		`CREATE TABLE purchase_day (
	customer BIGINT, day DATE,
	orders INTEGER, lines INTEGER, gross BIGINT, margin BIGINT,
	nth INTEGER, prev DATE, next DATE, total_orders INTEGER, total BIGINT,
	net_orders INTEGER, net_lines INTEGER, net BIGINT,
	net_nth INTEGER, net_prev DATE, net_next DATE, net_total_orders INTEGER,
	net_total BIGINT)    -- less the unlinked refunds before net_next, too`,
		`CREATE TABLE purchase_month (
	customer BIGINT, month DATE,
	days INTEGER, orders INTEGER, gross BIGINT, first_month DATE, prev_month DATE,
	net_days INTEGER, net_orders INTEGER, net BIGINT, net_first_month DATE, net_prev_month DATE)`,
		`CREATE TABLE first_item (
	customer BIGINT, product BIGINT,
	gross BOOLEAN,       -- among the products of the first purchase day
	net BOOLEAN)         -- among those of the first purchase day after returns`,
		`CREATE TABLE open_item (
	customer BIGINT, invoice BIGINT,
	day DATE,            -- of the invoice
	due DATE,            -- the last day on which it was to be paid
	moved DATE,          -- when what is open became more or less
	amount BIGINT)       -- by how much; up to any day they add up to what was open on it`,
	}
}

// DeriveChanged returns the statements that recompute the derived rows of the customers in the temporary table
// changed(customer BIGINT), to be run in order in the transaction that brought the new rows. Customer 0 in that table
// means the returns without a customer. Whoever fills it names the old and the new customer of every document written,
// and every customer whose exclusion changed.
func DeriveChanged() []string {
	var out []string
	for _, t := range []string{"first_item", "purchase_month", "purchase_day", "refund", "open_item"} {
		out = append(out, "DELETE FROM "+t+" WHERE customer IN (SELECT customer FROM changed)")
	}
	return append(out, derive(changedOnly)...)
}

// DeriveAll returns the statements that fill the derived tables for everybody; the tables must be empty.
func DeriveAll() []string { return derive("") }

const changedOnly = ` AND {customer} IN (SELECT customer FROM changed)`

// derive returns the statements; each begins with INSERT INTO or UPDATE and the name of the table it writes.
func derive(only string) []string {
	var out []string
	for _, sql := range []string{deriveRefund, derivePurchaseDay, deriveUnlinked, derivePurchaseMonth, deriveFirstItem, deriveOpenItem} {
		for _, at := range []string{"d.customer", "p.customer"} {
			sql = strings.ReplaceAll(sql, "{only "+at+"}", strings.ReplaceAll(only, "{customer}", at))
		}
		out = append(out, sql)
	}
	return out
}

// A return takes off the sales its links name, in the order of the links and at most its own amount. A link to an invoice
// or a delivery whose order is the sale means that order. A sale gives back at most what it brought, first come first
// served by day, document and link; what is left over, and whatever names no sale of the same customer, is unlinked.
const deriveRefund = `
INSERT INTO refund (customer, document, sale, sale_day, sale_gross, sale_rows, day, amount, closes)
WITH back AS (
	SELECT d.id, d.customer, d.day, d.amount FROM document d
	WHERE d.kind IN ('return', 'credit_note') AND d.amount > 0{only d.customer}
		AND NOT EXISTS (SELECT 1 FROM customer c WHERE c.id = d.customer AND c.excluded)),
named AS (
	SELECT b.id, b.customer, b.day, b.amount AS most, l.n, l.target, coalesce(l.amount, b.amount) AS part,
		sum(coalesce(l.amount, b.amount)) OVER (PARTITION BY b.id ORDER BY l.n, l.target ROWS UNBOUNDED PRECEDING) AS run
	FROM back b JOIN link l ON l.document = b.id AND l.kind = 'reverses'
	WHERE coalesce(l.amount, b.amount) > 0),
share AS (SELECT id, customer, day, n, target, least(most, run) - least(most, run - part) AS part FROM named),
aim AS (
	SELECT v.id, v.customer, v.day, v.n, v.part, s.id AS sale, s.day AS sale_day, s.amount AS gross, s.sale_rows
	FROM share v JOIN document s ON s.id = v.target AND s.sale AND s.customer = v.customer
	UNION ALL
	SELECT v.id, v.customer, v.day, v.n, v.part, s.id, s.day, s.amount, s.sale_rows
	FROM share v JOIN document i ON i.id = v.target AND NOT i.sale
		JOIN link l ON l.document = i.id AND l.kind IN ('invoices', 'delivers')
		JOIN document s ON s.id = l.target AND s.sale AND s.customer = v.customer),
spread AS (
	SELECT id, customer, day, n, part, sale, sale_day, gross, sale_rows,
		sum(gross) OVER (PARTITION BY id, n ORDER BY sale ROWS UNBOUNDED PRECEDING) AS run FROM aim),
asked AS (
	SELECT id, customer, greatest(day, sale_day) AS day, n, sale, sale_day, gross, sale_rows,
		least(part, run) - least(part, run - gross) AS part FROM spread),
queued AS (
	SELECT id, customer, day, sale, sale_day, gross, sale_rows, part,
		sum(part) OVER (PARTITION BY sale ORDER BY day, id, n ROWS UNBOUNDED PRECEDING) AS run
	FROM asked WHERE part > 0),
taken AS (
	SELECT id, customer, day, sale, sale_day, gross, sale_rows, least(gross, run) - least(gross, run - part) AS amount,
		run >= gross AND run - part < gross AS closes FROM queued)
SELECT customer, id, sale, sale_day, gross, sale_rows, day, amount, closes FROM taken WHERE amount > 0
UNION ALL
SELECT b.customer, b.id, 0, NULL, NULL, NULL, b.day, b.amount - coalesce(t.amount, 0), false
FROM back b LEFT JOIN (SELECT id, sum(amount) AS amount FROM taken GROUP BY id) t ON t.id = b.id
WHERE b.amount > coalesce(t.amount, 0)`

const derivePurchaseDay = `
INSERT INTO purchase_day (customer, day, orders, lines, gross, margin, nth, prev, next, total_orders, total,
	net_orders, net_lines, net, net_nth, net_prev, net_next, net_total_orders, net_total)
WITH back AS (
	SELECT sale, sum(amount) AS amount, bool_or(closes) AS closed FROM refund d
	WHERE sale <> 0 AND customer <> 0{only d.customer} GROUP BY sale),
perday AS (
	SELECT d.customer, d.day, count(*) AS orders, sum(d.sale_rows) AS lines, sum(d.amount) AS gross,
		CASE WHEN count(d.cost) = count(*) THEN sum(d.amount - d.cost) END AS margin,
		count(*) FILTER (b.closed IS DISTINCT FROM true) AS net_orders,
		coalesce(sum(d.sale_rows) FILTER (b.closed IS DISTINCT FROM true), 0) AS net_lines,
		sum(d.amount - coalesce(b.amount, 0)) AS net
	FROM document d LEFT JOIN back b ON b.sale = d.id
	WHERE d.sale AND d.customer <> 0{only d.customer}
		AND NOT EXISTS (SELECT 1 FROM customer c WHERE c.id = d.customer AND c.excluded)
	GROUP BY d.customer, d.day),
placed AS (
	SELECT customer, day, orders, lines, gross, margin, net_orders, net_lines, net,
		row_number() OVER w AS nth, lag(day) OVER w AS prev, lead(day) OVER w AS next,
		sum(orders) OVER w AS total_orders, sum(gross) OVER w AS total,
		sum(least(net_orders, 1)) OVER w AS net_nth,
		lag(CASE WHEN net_orders > 0 THEN day END IGNORE NULLS) OVER w AS net_prev,
		lead(CASE WHEN net_orders > 0 THEN day END IGNORE NULLS) OVER w AS net_next,
		sum(net_orders) OVER w AS net_total_orders, sum(net) OVER w AS net_total
	FROM perday
	WINDOW w AS (PARTITION BY customer ORDER BY day ROWS UNBOUNDED PRECEDING))
SELECT customer, day, orders, lines, gross, margin, nth, prev, next, total_orders, total,
	net_orders, net_lines, net, net_nth, net_prev, net_next, net_total_orders, net_total
FROM placed ORDER BY customer, day`

// Unlinked refunds belong to no day, but they are part of what a customer brought: net_total has them from the purchase day
// on that was the latest when they came. The refunds before the first purchase are in every row.
const deriveUnlinked = `
UPDATE purchase_day SET net_total = net_total - u.amount
FROM (
	WITH loose AS MATERIALIZED (
		SELECT customer, day, amount FROM refund d WHERE sale = 0 AND customer <> 0{only d.customer})
	SELECT p.customer, p.day, sum(l.amount) AS amount
	FROM loose l JOIN purchase_day p ON p.customer = l.customer
	WHERE p.net_next IS NULL OR l.day < p.net_next
	GROUP BY p.customer, p.day) u
WHERE purchase_day.customer = u.customer AND purchase_day.day = u.day`

const derivePurchaseMonth = `
INSERT INTO purchase_month (customer, month, days, orders, gross, first_month, prev_month,
	net_days, net_orders, net, net_first_month, net_prev_month)
WITH first AS (
	SELECT customer, date_trunc('month', min(day)) AS month, date_trunc('month', min(day) FILTER (net_nth = 1)) AS net_month
	FROM purchase_day p WHERE (nth = 1 OR net_nth = 1){only p.customer} GROUP BY customer),
bymonth AS (
	SELECT p.customer, date_trunc('month', p.day) AS month,
		count(*) AS days, sum(p.orders) AS orders, sum(p.gross) AS gross,
		CASE WHEN min(p.nth) > 1 THEN date_trunc('month', min(p.prev)) END AS prev_month,
		count(*) FILTER (p.net_orders > 0) AS net_days, sum(p.net_orders) AS net_orders, sum(p.net) AS net,
		CASE WHEN min(p.net_nth) FILTER (p.net_orders > 0) > 1
			THEN date_trunc('month', min(p.net_prev) FILTER (p.net_orders > 0)) END AS net_prev_month
	FROM purchase_day p WHERE true{only p.customer} GROUP BY p.customer, date_trunc('month', p.day))
SELECT m.customer, m.month, m.days, m.orders, m.gross, f.month, m.prev_month,
	m.net_days, m.net_orders, m.net, f.net_month, m.net_prev_month
FROM bymonth m JOIN first f ON f.customer = m.customer ORDER BY m.customer, m.month`

const deriveFirstItem = `
INSERT INTO first_item (customer, product, gross, net)
WITH first AS (
	SELECT customer, day, nth = 1 AS gross, net_nth = 1 AND net_orders > 0 AS net
	FROM purchase_day p WHERE (nth = 1 OR (net_nth = 1 AND net_orders > 0)){only p.customer}),
back AS (SELECT sale FROM refund d WHERE closes AND customer <> 0{only d.customer}),
bought AS (
	SELECT d.id, d.customer, f.gross, f.net AND b.sale IS NULL AS net
	FROM document d JOIN first f ON f.customer = d.customer AND f.day = d.day LEFT JOIN back b ON b.sale = d.id
	WHERE d.sale)
SELECT b.customer, l.product, bool_or(b.gross), bool_or(b.net)
FROM bought b JOIN line l ON l.document = b.id AND l.sale AND l.product <> 0
GROUP BY b.customer, l.product ORDER BY b.customer, l.product`

// What is open of an invoice, move by move. Payments, credit notes and returns settle the invoice they name, or the invoices of the
// order they name, the one due first before the others, and no more than all of them; who paid too much and was paid back is
// settled as before. An invoice that does not say when it is due is due after thirty days, as § 286 (3) BGB has it.
const deriveOpenItem = `
INSERT INTO open_item (customer, invoice, day, due, moved, amount)
WITH billed AS (
	SELECT d.id, d.customer, d.day, coalesce(d.due, d.day + 30) AS due, d.amount, coalesce(l.target, d.id) AS item
	FROM bill d LEFT JOIN (SELECT document, min(target) AS target FROM link WHERE kind = 'invoices' GROUP BY document) l ON l.document = d.id
	WHERE d.kind = 'invoice' AND d.amount > 0 AND d.customer <> 0{only d.customer}),
placed AS (
	SELECT id, customer, day, due, amount, item, sum(amount) OVER (PARTITION BY item ORDER BY due, id ROWS UNBOUNDED PRECEDING) - amount AS before
	FROM billed),
item AS (SELECT item, sum(amount) AS total, min(day) AS begun FROM billed GROUP BY item),
named AS (
	SELECT l.document, l.target, l.kind, l.amount AS part,
		sum(CASE WHEN l.kind = 'reverses' THEN l.amount END) OVER (PARTITION BY l.document) AS whole,
		bool_or(l.kind = 'credits') OVER (PARTITION BY l.document) AS credited
	FROM link l WHERE l.kind IN ('pays', 'reverses', 'credits')
		AND l.document IN (SELECT k.document FROM link k WHERE k.target IN (SELECT id FROM billed UNION ALL SELECT item FROM item))),
settled AS (
	SELECT coalesce(b.item, o.item) AS item, d.id, d.day, sum(CASE WHEN d.kind = 'payment' OR coalesce(n.whole, 0) <= 0 OR n.part >= n.whole
		THEN d.amount ELSE CAST(round(1.0 * d.amount * n.part / n.whole) AS BIGINT) END) AS amount
	FROM named n JOIN bill d ON d.id = n.document AND d.kind <> 'invoice' LEFT JOIN billed b ON b.id = n.target LEFT JOIN item o ON o.item = n.target
	WHERE coalesce(b.item, o.item) IS NOT NULL AND (n.kind <> 'reverses' OR NOT n.credited)
	GROUP BY coalesce(b.item, o.item), d.id, d.day),
run AS (
	SELECT s.item, s.id, greatest(s.day, i.begun) AS moved, least(i.total, greatest(0, sum(s.amount) OVER (
		PARTITION BY s.item ORDER BY greatest(s.day, i.begun), s.id ROWS UNBOUNDED PRECEDING))) AS paid
	FROM settled s JOIN item i ON i.item = s.item),
step AS (SELECT item, moved, paid, coalesce(lag(paid) OVER (PARTITION BY item ORDER BY moved, id), 0) AS earlier FROM run)
SELECT customer, id, day, due, day, amount FROM placed
UNION ALL
SELECT customer, invoice, day, due, moved, amount FROM (
	SELECT p.customer, p.id AS invoice, p.day, p.due, greatest(s.moved, p.day) AS moved,
		least(p.amount, greatest(0, s.earlier - p.before)) - least(p.amount, greatest(0, s.paid - p.before)) AS amount
	FROM step s JOIN placed p ON p.item = s.item)
WHERE amount <> 0`
