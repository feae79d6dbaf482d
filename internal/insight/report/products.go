package report

import (
	"context"
	"database/sql"
	"fmt"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
)

type productsJSON struct {
	Definition string       `json:"definition"`
	By         string       `json:"by"`
	WithinDays int64        `json:"within_days"`
	Eligible   int64        `json:"n_eligible"`
	Rate       decimal      `json:"rate"`
	Rows       []productRow `json:"rows"`
	stamp
}

type productRow struct {
	ID        string  `json:"id"` // number of the product, or the category
	Name      string  `json:"name"`
	Customers int64   `json:"customers"`
	Again     int64   `json:"bought_again"`
	Rate      decimal `json:"rate"`
}

const (
	againDays    = 90  // time given for the second purchase
	shownItems   = 100 // rows of the table
	enoughToRank = 30  // customers for a product to be named best
)

// products asks which first product brings customers back.
func products(ctx context.Context, s *session) (*Result, error) {
	if s.By == "" {
		s.By = "product"
	}
	if s.By != "product" && s.By != "category" {
		return nil, fault.New(fault.Invalid, "report.error.by", "text", s.By).On("by")
	}
	object := productsJSON{
		Definition: "among customers with first purchase at least 90 days before as_of: share whose 2nd purchase day is <= 90 days after the 1st, by what " +
			"was bought on the day of the first purchase; whoever bought several things counts for each",
		By: s.By, WithinDays: againDays, Rows: []productRow{}, stamp: s.stamp(),
	}
	var again int64
	begin := fmt.Sprintf("%s p WHERE nth = 1 AND day <= %s", s.days(), date(s.AsOf.AddDays(-againDays)))
	err := s.one(ctx, fmt.Sprintf("SELECT count(*), count(*) FILTER (next - day <= %d) FROM %s", againDays, begin), &object.Eligible, &again)
	if err != nil {
		return nil, err
	}
	object.Rate = ratio(again, object.Eligible)
	table := Table{Columns: columns("product", Text, "name", Text, "customers", Count, "bought_again", Count, "share", Share, "difference", Share)}
	if s.By == "category" {
		table.Columns[0].Name = "category"
	}
	best := -1
	err = s.each(ctx, s.productsSQL(begin), func(scan func(...any) error) error {
		var id int64
		var key, name sql.NullString
		var r productRow
		if err := scan(&id, &key, &name, &r.Customers, &r.Again); err != nil {
			return err
		}
		r.ID, r.Name, r.Rate = key.String, name.String, ratio(r.Again, r.Customers)
		if k := len(object.Rows); r.Customers >= enoughToRank && (best < 0 || r.Rate > object.Rows[best].Rate) {
			best = k
		}
		object.Rows = append(object.Rows, r)
		at := fmt.Sprintf("/%s/%d", s.By, id)
		table.Rows = append(table.Rows, []Cell{text(r.ID), text(r.Name), number(r.Customers, Ref("first"+at)), number(r.Again, Ref("again"+at)),
			rate(r.Again, r.Customers, Ref("again"+at)), value(float64(r.Rate - object.Rate))})
		return nil
	})
	if err != nil {
		return nil, err
	}
	table.More = max(0, len(table.Rows)-shownItems)
	table.Rows = table.Rows[:len(table.Rows)-table.More]
	res := &Result{JSON: object, Tables: []Table{table}}
	res.Figures = []Figure{{"second_90", Share, rate(again, object.Eligible, "again")}, {"eligible", Count, number(object.Eligible, "first")}}
	res.sentence = func(p *i18n.Printer) string { return p.T("report.products.sentence_young") }
	if best >= 0 {
		top := object.Rows[best]
		res.Chart = &Chart{Kind: Bars, Series: []int{4}}
		res.sentence = func(p *i18n.Printer) string {
			name := top.Name
			if name == "" {
				name = top.ID
			}
			return p.T("report.products.sentence", "product", name, "of100", of100(top.Again, top.Customers), "all", of100(again, object.Eligible))
		}
	}
	return res, nil
}

// productsSQL asks for id, number, name, customers and those who came back by first product or category, most frequent first.
// Categories are known by a product of theirs, the one with the smallest id.
func (s *session) productsSQL(begin string) string {
	if s.By == "category" {
		return fmt.Sprintf(`SELECT min(c.id), c.category, c.category, count(*) AS customers, count(*) FILTER (p.next - p.day <= %d) AS again
FROM (SELECT DISTINCT f.customer, c.id, c.category FROM %s f
	JOIN product q ON q.id = f.product JOIN %s c ON c.category = coalesce(q.category, '')) c
JOIN (SELECT customer, day, next FROM %s) p ON p.customer = c.customer
GROUP BY c.category ORDER BY customers DESC, c.category`, againDays, s.firstItems(), categories, begin)
	}
	return fmt.Sprintf(`SELECT f.product, max(q.sku), max(q.name), count(*) AS customers, count(*) FILTER (p.next - p.day <= %d) AS again
FROM %s f JOIN (SELECT customer, day, next FROM %s) p ON p.customer = f.customer LEFT JOIN product q ON q.id = f.product
GROUP BY f.product ORDER BY customers DESC, f.product`, againDays, s.firstItems(), begin)
}

const categories = "(SELECT coalesce(category, '') AS category, min(id) AS id FROM product GROUP BY coalesce(category, ''))"

// firstItems is the SQL of what was bought on the day of the first purchase: customer, product.
func (s *session) firstItems() string {
	if s.Basis == Gross {
		return "(SELECT customer, product FROM first_item WHERE gross)"
	}
	if !s.reopened {
		return "(SELECT customer, product FROM first_item WHERE net)"
	}
	return fmt.Sprintf(`(SELECT customer, product FROM first_item b WHERE net AND%[4]s
	UNION ALL
	SELECT DISTINCT d.customer, l.product
	FROM document d JOIN %[2]s p ON p.customer = d.customer AND p.day = d.day JOIN line l ON l.document = d.id
	WHERE d.sale AND p.nth = 1 AND l.sale AND l.product <> 0 AND d.customer IN %[1]s
		AND d.id NOT IN (SELECT sale FROM refund WHERE closes AND day <= %[3]s))`, s.touched(), s.days(), date(s.AsOf), s.untouched())
}

// productsWho: first and again, or first/product/ID and again/category/ID: who began with it, and who of them came back.
func productsWho(_ context.Context, s *session, what string, args []string) (string, error) {
	sql := fmt.Sprintf("SELECT p.customer FROM %s p WHERE nth = 1 AND day <= %s", s.days(), date(s.AsOf.AddDays(-againDays)))
	switch what {
	case "first":
	case "again":
		sql += fmt.Sprintf(" AND next - day <= %d", againDays)
	default:
		return "", badRef(what)
	}
	if len(args) == 0 {
		return sql, nil
	}
	id, err := atoi(args, 1)
	if err != nil {
		return "", err
	}
	switch args[0] {
	case "product":
		return fmt.Sprintf("%s AND customer IN (SELECT customer FROM %s f WHERE product = %d)", sql, s.firstItems(), id), nil
	case "category":
		return fmt.Sprintf(`%s AND customer IN (SELECT f.customer FROM %s f JOIN product q ON q.id = f.product
	WHERE coalesce(q.category, '') = (SELECT coalesce(category, '') FROM product WHERE id = %d))`, sql, s.firstItems(), id), nil
	}
	return "", badRef(args[0])
}
