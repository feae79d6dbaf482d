package document

import "stamm/internal/platform/filter"

// The sources of what one can ask about purchases and other documents. What feeds them are the tables that are copied from
// the store; those derived from them follow in the same commit.
func purchases() filter.Source {
	return filter.Source{Name: "purchase", From: "purchase_day p", Customer: "p.customer", Day: "p.day", Where: "p.net_orders > 0", Cost: 20_000,
		Tables: []string{"document", "link", "customer"}}
}

// standing is a customer's state: the row of her last purchase up to the day asked about.
func standing() filter.Source {
	return filter.Source{Name: "standing", From: "purchase_day p", Customer: "p.customer", One: true, Cost: 4000, Tables: purchases().Tables,
		Where: "p.net_orders > 0 AND p.day <= {asof} AND coalesce(p.net_next, {asof} + 1) > {asof}"}
}

// bought are the lines of sales that were not returned in full.
func bought() filter.Source {
	return filter.Source{Name: "bought", From: "line l JOIN document d ON d.id = l.document JOIN product r ON r.id = l.product", Customer: "d.customer",
		Day: "d.day", Where: "d.sale AND l.sale AND NOT EXISTS (SELECT 1 FROM refund b WHERE b.sale = d.id AND b.closes)", Cost: 60_000,
		Tables: []string{"document", "line", "link", "product", "customer"}}
}

func refunds() filter.Source {
	return filter.Source{Name: "refund", From: "refund b", Customer: "b.customer", Day: "b.day", Where: "b.customer <> 0", Cost: 600, Tables: purchases().Tables}
}

func documents() filter.Source {
	return filter.Source{Name: "document", From: "document d", Customer: "d.customer", Day: "d.day", Where: "d.customer <> 0", ByDay: true, Cost: 25_000,
		Tables: []string{"document"}}
}

// owed are the moves of what is open of invoices, up to the day asked about.
func owed() filter.Source {
	return filter.Source{Name: "owed", From: "open_item o", Customer: "o.customer", Day: "o.day", Where: "o.moved <= {asof}", Cost: 2000,
		Tables: []string{"bill", "link", "document"}}
}

// nextOwed is when something is paid, or begins to be overdue.
const nextOwed = "min(CASE WHEN o.moved > {asof} THEN o.moved WHEN o.due >= {asof} THEN o.due + 1 END) {filter}"

// conditionFields are what one can ask about documents in conditions. Purchases are those of the reports: sales by day, after returns.
// Narrowed by product or category they are the sale lines of purchases that were not returned in full, as they were sold.
func conditionFields() []filter.Field {
	words := func(name string) string { return "document.filter." + name }
	params := []filter.Param{
		{Name: "product", Type: filter.TypeText, SQL: "r.sku", Words: words("product")},
		{Name: "category", Type: filter.TypeText, SQL: "r.category", Words: words("category")},
	}
	of := func(name string, is filter.Type, all, narrowed, ever string) filter.Field {
		f := filter.Field{Name: name, Type: is, Words: words(name), Way: filter.Way{Source: purchases(), SQL: all},
			Narrowed: &filter.Way{Source: bought(), SQL: narrowed}, Params: params}
		if ever != "" {
			f.Ever = &filter.Way{Source: standing(), SQL: ever}
		}
		return f
	}
	orders := of("orders", filter.TypeCount, "sum(p.net_orders) {filter}", "count(DISTINCT d.id) {filter}", "p.net_total_orders")
	revenue := of("revenue", filter.TypeMoney, "sum(p.net) {filter}", "sum(l.amount) {filter}", "p.net_total")
	orders.Zero, revenue.Zero = true, true
	revenue.Lifetime = "arg_max(p.net_total, p.day) {filter}" // less the returns for which no sale was found, as the reports have it
	silence := of("days_since_order", filter.TypeDays, "{asof} - max(p.day) {filter}", "{asof} - max(d.day) {filter}", "{asof} - p.day")
	silence.Ages = true
	kinds := make([]string, 0, len(Kinds()))
	for _, k := range Kinds() {
		kinds = append(kinds, k.String())
	}
	return []filter.Field{
		orders, revenue,
		of("average_order", filter.TypeMoney, "round(sum(p.net) {filter} / nullif(sum(p.net_orders) {filter}, 0))",
			"round(sum(l.amount) {filter} / nullif(count(DISTINCT d.id) {filter}, 0))", ""),
		of("first_order", filter.TypeDay, "min(p.day) {filter}", "min(d.day) {filter}", ""),
		of("last_order", filter.TypeDay, "max(p.day) {filter}", "max(d.day) {filter}", "p.day"),
		silence,
		{Name: "margin", Type: filter.TypeMoney, Words: words("margin"), Way: filter.Way{Source: purchases(), SQL: "sum(p.margin) {filter}"}},
		{Name: "returns", Type: filter.TypeCount, Zero: true, Words: words("returns"), Way: filter.Way{Source: refunds(), SQL: "count(DISTINCT b.document) {filter}"}},
		{Name: "returned_amount", Type: filter.TypeMoney, Zero: true, Words: words("returned_amount"), Way: filter.Way{Source: refunds(), SQL: "sum(b.amount) {filter}"}},
		{Name: "open_amount", Type: filter.TypeMoney, Zero: true, Words: words("open_amount"), Way: filter.Way{Source: owed(), SQL: "sum(o.amount) {filter}", Next: nextOwed}},
		{Name: "overdue_amount", Type: filter.TypeMoney, Zero: true, Words: words("overdue_amount"),
			Way: filter.Way{Source: owed(), SQL: "sum(CASE WHEN o.due < {asof} THEN o.amount ELSE 0 END) {filter}", Next: nextOwed}},
		{Name: "documents", Type: filter.TypeCount, Zero: true, Words: words("documents"), Way: filter.Way{Source: documents(), SQL: "count(*) {filter}"},
			Params: []filter.Param{
				{Name: "kind", Type: filter.TypeChoice, SQL: "d.kind", Choices: kinds, Labels: "document.kind", Words: words("document_kind")},
				{Name: "amount", Type: filter.TypeMoney, SQL: "d.amount", Words: words("amount")},
			}},
	}
}
