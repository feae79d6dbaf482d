package customers

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strconv"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/product"
)

// topBuyers is how many customers the page of a product names.
const topBuyers = 10

// sums are sales of a product: lines of documents that count as purchases, before returns, in the base currency.
type sums struct {
	id       int64     // customer or document, 0 where neither is meant
	day      clock.Day // the month, the first, or the last purchase
	orders   int64
	buyers   int64 // known customers; in the row of a document its customer
	quantity int64 // thousandths
	amount   int64 // minor units
}

// article is a product with what was sold of it.
type article struct {
	*product.Product
	sold
	known  bool // the warehouse answered
	names  map[int64]string
	papers map[int64]*document.Document
	more   bool
	asOf   ui.AsOf
}

// sold is what was sold of a product.
type sold struct {
	year   sums // of the last twelve months
	ever   sums // orders holds how many customers came back for it
	back   sums // returned within the last twelve months
	months []sums
	buyers []sums
	sales  []sums // one page, newest first
}

// sqlArticle asks for everything the page shows in one pass over the lines: a product has few of them, the company many.
const sqlArticle = `WITH touched AS MATERIALIZED (
	SELECT l.document, d.customer, d.day, d.kind, l.sale AND d.sale AS sale, l.quantity, l.amount
	FROM line l JOIN document d ON d.id = l.document
	WHERE l.product = $1 AND d.day <= $2 AND NOT EXISTS (SELECT 1 FROM customer c WHERE c.id = d.customer AND c.excluded)),
sold AS (SELECT document, customer, day, quantity, amount FROM touched WHERE sale),
buyer AS (SELECT customer, count(DISTINCT day) AS days, count(DISTINCT document) AS orders, max(day) AS last, sum(quantity) AS quantity, sum(amount) AS amount
	FROM sold WHERE customer <> 0 GROUP BY customer)
SELECT 'year', 0::BIGINT, NULL::DATE, count(DISTINCT document), count(DISTINCT customer) FILTER (customer <> 0),
	coalesce(sum(quantity), 0)::BIGINT, coalesce(sum(amount), 0)::BIGINT FROM sold WHERE day > $3
UNION ALL
SELECT 'ever', 0, min(last), count(*) FILTER (days > 1), count(*), coalesce(sum(quantity), 0)::BIGINT, coalesce(sum(amount), 0)::BIGINT FROM buyer
UNION ALL
SELECT 'back', 0, NULL, count(DISTINCT document), 0, coalesce(sum(abs(quantity)), 0)::BIGINT, coalesce(sum(abs(amount)), 0)::BIGINT
	FROM touched WHERE kind IN ('return', 'credit_note') AND day > $3
UNION ALL
(SELECT 'month', 0, date_trunc('month', day)::DATE AS month, count(DISTINCT document), count(DISTINCT customer) FILTER (customer <> 0),
	sum(quantity)::BIGINT, sum(amount)::BIGINT FROM sold WHERE day > $4 GROUP BY month ORDER BY month)
UNION ALL
(SELECT 'buyer', customer, last, orders, 0, quantity::BIGINT, amount::BIGINT FROM buyer ORDER BY amount DESC, customer LIMIT $5)
UNION ALL
(SELECT 'sale', document, day, 1, any_value(customer), sum(quantity)::BIGINT, sum(amount)::BIGINT FROM sold
	WHERE (day, document) < ($6::DATE, $7::BIGINT) GROUP BY document, day ORDER BY day DESC, document DESC LIMIT $8)`

func (p pages) product(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	var a article
	if err = r.Read(func(tx *store.Tx) (err error) { a.Product, err = product.Load(r.Context(), tx, id); return err }); err != nil {
		return err
	}
	if r.WantsCSV() {
		return p.salesCSV(r, a)
	}
	day, before := r.Today()+1, r.Int("before", 0)
	if d, err := clock.ParseDay(r.Text("day")); err == nil && before != 0 {
		day = d
	}
	if err := p.sell(r, &a, day, before); err != nil {
		return err
	}
	if a.more = len(a.sales) > perPage; a.more {
		a.sales = a.sales[:perPage]
	}
	if err := r.Read(func(tx *store.Tx) error { return a.name(r, tx) }); err != nil {
		return err
	}
	return r.Render(a.title(), articleView(r, a))
}

// sell reads what was sold, a page of orders with it; day and before are where that begins. a stays without figures while they are
// counted for the first time, and where the warehouse cannot be asked. A product sold a million times takes a moment to count.
func (p pages) sell(r *page.Request, a *article, day clock.Day, before int64) (err error) {
	if p.Warehouse == nil {
		return nil
	}
	today, from := r.Today(), figure.From(p.Warehouse, p.Patience, r.URL.RequestURI())
	key := fmt.Sprintf("product %d %v %v %d", a.ID, today, day, before)
	found, known, err := figure.Soon(r.Context(), from, key, func(ctx context.Context, v *warehouse.View) (sold, error) {
		return soldOf(ctx, v, a.ID, today, day, before, perPage+1)
	})
	if fault.CodeOf(err) == fault.Unavailable && r.Context().Err() == nil {
		return nil
	}
	a.sold, a.known, a.asOf = found, known, from.AsOf(r.P.T("customers.article.source"))
	return err
}

// soldOf counts it, with at most limit orders.
func soldOf(ctx context.Context, w warehouse.Querier, id int64, today, day clock.Day, before int64, limit int) (all sold, err error) {
	rows, err := w.QueryContext(ctx, sqlArticle, id, today.String(), yearBefore(today).String(), today.Month().AddMonths(-23).AddDays(-1).String(), topBuyers, day.String(), before, limit)
	if err != nil {
		return sold{}, err
	}
	defer rows.Close()
	for rows.Next() {
		var part string
		var s sums
		var at sql.NullTime
		if err := rows.Scan(&part, &s.id, &at, &s.orders, &s.buyers, &s.quantity, &s.amount); err != nil {
			return sold{}, err
		}
		if at.Valid {
			s.day = clock.DayOf(at.Time, at.Time.Location())
		}
		switch part {
		case "year":
			all.year = s
		case "ever":
			all.ever = s
		case "back":
			all.back = s
		case "month":
			all.months = append(all.months, s)
		case "buyer":
			all.buyers = append(all.buyers, s)
		case "sale":
			all.sales = append(all.sales, s)
		}
	}
	return all, rows.Err()
}

// name looks up the customers and documents that are shown.
func (a *article) name(r *page.Request, tx *store.Tx) (err error) {
	var people, papers []int64
	for _, s := range a.buyers {
		people = append(people, s.id)
	}
	for _, s := range a.sales {
		people, papers = append(people, s.buyers), append(papers, s.id)
	}
	if a.papers, err = document.Some(r.Context(), tx, papers); err != nil {
		return err
	}
	a.names, err = customer.Names(r.Context(), tx, people)
	return err
}

func (a article) title() string { return cmp.Or(a.Name, a.SKU) }

func productPath(id int64) string { return productsPath + "/" + strconv.FormatInt(id, 10) }

// tiles are the figures of twelve months, each with its definition.
func (a article) tiles(r *page.Request) []ui.Tile {
	var tiles []ui.Tile
	add := func(name, value, change string) {
		key := "customers.article." + name + "."
		e := &ui.Explain{ID: "explain-" + name, Title: r.P.T(key + "name"), Definition: r.P.T(key + "definition"), AsOf: r.P.DateTime(a.asOf.At),
			Purchase: r.P.T("customers.figure.purchase"), Rows: &ui.Anchor{Text: r.P.T("customers.article.orders"), Href: "#sales"}}
		tiles = append(tiles, ui.Tile{Name: r.P.T(key + "name"), Value: value, Change: change, Explain: e})
	}
	add("revenue", r.P.Money(a.year.amount, r.Company.Currency), r.P.N("customers.article.revenue.change", a.year.orders))
	add("quantity", r.P.Quantity(a.year.quantity), a.Unit)
	add("buyers", r.P.Number(a.year.buyers), "")
	if a.ever.buyers > 0 {
		add("again", r.P.Percent(float64(a.ever.orders)/float64(a.ever.buyers), 1), r.P.T("customers.article.again.change", "n", a.ever.orders, "of", a.ever.buyers))
	}
	if a.back.orders > 0 && a.year.quantity > 0 {
		add("back", r.P.Percent(float64(a.back.quantity)/float64(a.year.quantity), 1), r.P.T("customers.article.back.change", "n", r.P.Quantity(a.back.quantity)))
	}
	return tiles
}

// facts are what is known of the product itself.
func (a article) facts(r *page.Request) []ui.Pair {
	var pairs []ui.Pair
	add := func(key, text string) {
		if text != "" {
			pairs = append(pairs, ui.Pair{Term: r.P.T(key), Text: text})
		}
	}
	add("customers.product.sku", a.SKU)
	add("customers.article.gtin", a.GTIN)
	for _, c := range a.Categories {
		pairs = append(pairs, ui.Pair{Term: r.P.T("customers.product.category"), Text: c, Href: productsPath + "?category=" + url.QueryEscape(c)})
	}
	add("customers.article.unit", a.Unit)
	if a.Price != nil {
		add("customers.product.price", r.P.Price(*a.Price, a.Currency))
	}
	if a.Cost != nil {
		add("customers.product.cost", r.P.Price(*a.Cost, a.Currency))
	}
	if a.Price != nil && a.Cost != nil && *a.Price > 0 {
		add("customers.article.margin", fmt.Sprintf("%s (%s)", r.P.Price(*a.Price-*a.Cost, a.Currency), r.P.Percent(float64(*a.Price-*a.Cost)/float64(*a.Price), 0)))
	}
	if a.MadeRun != 0 {
		pairs = append(pairs, importPair(r, "customers.document.made_by", a.MadeRun))
	}
	if a.Run != 0 && a.Run != a.MadeRun {
		pairs = append(pairs, importPair(r, "customers.document.written_by", a.Run))
	}
	return append(pairs, ui.Pair{Term: r.P.T("customers.document.changed_at"), Text: r.P.DateTime(a.ChangedAt)})
}

// chart and monthTable are the revenue of two years by month.
func (a article) chart(r *page.Request) ui.Chart {
	c := ui.Chart{ID: "chart-months", Kind: ui.BarChart, Title: r.P.T("customers.article.months"), Unit: ui.Unit{Kind: ui.Money, Currency: r.Company.Currency}}
	line := ui.Series{Name: r.P.T("customers.article.revenue.name")}
	for _, s := range a.months {
		c.Labels = append(c.Labels, r.P.MonthShort(s.day))
		line.Values = append(line.Values, float64(s.amount)/minor(r.Company.Currency))
	}
	c.Series = []ui.Series{line}
	return c
}

func (a article) monthTable(r *page.Request) ui.Table {
	t := ui.Table{ID: "months", Title: r.P.T("customers.article.months"), Caption: r.P.T("customers.article.months"), Compact: true, Columns: []ui.Column{
		{Title: r.P.T("customers.article.month"), Narrow: ui.NarrowLead}, {Title: r.P.T("customers.article.orders_head"), Number: true},
		{Title: r.P.T("common.customers"), Number: true}, {Title: r.P.T("customers.document.quantity"), Number: true},
		{Title: r.P.T("customers.article.revenue_head"), Number: true, Narrow: ui.NarrowValue}}}
	for i := len(a.months) - 1; i >= 0; i-- {
		s := a.months[i]
		t.Rows = append(t.Rows, ui.Row{Cells: ui.Cells(r.P.MonthShort(s.day), r.P.Number(s.orders), r.P.Number(s.buyers), r.P.Quantity(s.quantity), r.P.Money(s.amount, r.Company.Currency))})
	}
	return t
}

func (a article) buyerTable(r *page.Request) ui.Table {
	t := ui.Table{ID: "buyers", Title: r.P.T("customers.article.who"), Caption: r.P.T("customers.article.who"), Columns: []ui.Column{
		{Title: r.P.T("common.customer"), Narrow: ui.NarrowLead}, {Title: r.P.T("customers.article.last"), Narrow: ui.NarrowMeta},
		{Title: r.P.T("customers.article.orders_head"), Number: true}, {Title: r.P.T("customers.document.quantity"), Number: true},
		{Title: r.P.T("customers.article.revenue_head"), Number: true, Narrow: ui.NarrowValue}},
		Empty: &ui.Empty{Icon: "users", Title: r.P.T("customers.article.nobody"), Text: r.P.T("customers.article.nobody_text")}}
	for _, s := range a.buyers {
		row := ui.Row{Cells: ui.Cells(nameOr(r, a.names[s.id]), r.P.Date(s.day), r.P.Number(s.orders), r.P.Quantity(s.quantity), r.P.Money(s.amount, r.Company.Currency))}
		if r.Can(auth.ReadCustomers) {
			row.Href = customerPath(s.id)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// nameOr is the name of a customer, or that there is none.
func nameOr(r *page.Request, name string) string {
	return cmp.Or(name, r.P.T("customers.document.anonymous"))
}

func (a article) saleTable(r *page.Request) ui.Table {
	t := ui.Table{ID: "sales", Title: r.P.T("customers.article.orders"), Caption: r.P.T("customers.article.orders"), CSV: r.CSVLink("before", "", "day", ""),
		Columns: []ui.Column{{Title: r.P.T("customers.document.title"), Narrow: ui.NarrowLead}, {Title: r.P.T("common.customer"), Narrow: ui.NarrowBare},
			{Title: r.P.T("common.date"), Narrow: ui.NarrowBare}, {Title: r.P.T("customers.document.quantity"), Number: true},
			{Title: r.P.T("common.amount"), Number: true, Narrow: ui.NarrowValue}},
		Empty: &ui.Empty{Icon: "file-text", Title: r.P.T("customers.article.unsold"), Text: r.P.T("customers.article.unsold_text")}}
	for _, s := range a.sales {
		name := ""
		if d := a.papers[s.id]; d != nil {
			name = documentTitle(r, d)
		}
		t.Rows = append(t.Rows, ui.Row{Href: documentPath(s.id), Cells: ui.Cells(name, nameOr(r, a.names[s.buyers]), r.P.Date(s.day), r.P.Quantity(s.quantity), r.P.Money(s.amount, r.Company.Currency))})
	}
	t.Paging = &ui.Paging{Of: -1, Noun: r.P.T("customers.document.noun"), Shown: int64(len(t.Rows))}
	if r.Int("before", 0) != 0 {
		t.Paging.First = r.Link("before", "", "day", "")
	}
	if a.more {
		last := a.sales[len(a.sales)-1]
		t.Paging.Next = r.Link("before", strconv.FormatInt(last.id, 10), "day", last.day.String())
	}
	return t
}

// salesCSV sends all orders behind the figures, newest first.
func (p pages) salesCSV(r *page.Request, a article) error {
	head := []string{"ID", r.P.T("customers.document.title"), r.P.T("customers.article.customer_id"), r.P.T("common.customer"), r.P.T("common.date"), r.P.T("customers.document.quantity"),
		r.P.T("common.amount"), r.P.T("common.currency")}
	return r.SendCSV("product-"+strconv.FormatInt(a.ID, 10), head, func(yield func([]string, error) bool) {
		day, before := r.Today()+1, int64(0)
		for {
			if p.Warehouse == nil {
				return
			}
			var err error
			some := article{Product: a.Product}
			some.sold, err = soldOf(r.Context(), p.Warehouse, a.ID, r.Today(), day, before, perCSV)
			if err == nil {
				err = r.Read(func(tx *store.Tx) error { return some.name(r, tx) })
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, s := range some.sales {
				name, who := "", ""
				if d := some.papers[s.id]; d != nil {
					name = documentTitle(r, d)
				}
				if s.buyers != 0 {
					who = strconv.FormatInt(s.buyers, 10)
				}
				if !yield([]string{strconv.FormatInt(s.id, 10), name, who, some.names[s.buyers], r.P.Date(s.day), r.P.Quantity(s.quantity),
					amountCell(r, s.amount, r.Company.Currency), r.Company.Currency}, nil) {
					return
				}
				day, before = s.day, s.id
			}
			if len(some.sales) < perCSV {
				return
			}
		}
	})
}
