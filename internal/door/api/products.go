package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/product"
)

// ProductBody is a product as it is sent.
type ProductBody struct {
	Name       string   `json:"name,omitempty" maxLength:"1000"`
	GTIN       string   `json:"gtin,omitempty"`
	Category   string   `json:"category,omitempty" maxLength:"200"`
	Categories []string `json:"categories,omitempty" maxItems:"50" nullable:"false"`
	Unit       string   `json:"unit,omitempty" maxLength:"200"`
	Price      Decimal  `json:"price,omitempty"`
	Cost       Decimal  `json:"cost,omitempty"`
	Currency   string   `json:"currency,omitempty"`
	Active     *bool    `json:"active,omitempty" default:"true"`
}

// ProductRecord is a product in a batch.
type ProductRecord struct {
	SKU string `json:"sku" maxLength:"200"`
	ProductBody
}

// ProductBatch are products sent together.
type ProductBatch struct {
	Records []ProductRecord `json:"records" maxItems:"1000" nullable:"false"`
}

// Product is a product as it is kept.
type Product struct {
	ID  int64  `json:"id"`
	SKU string `json:"sku"`
	ProductBody
	CreatedAt string `json:"created_at"`
	ChangedAt string `json:"changed_at"`
}

const maxCategories = 50

func (s *server) addProducts() {
	add(s, route{id: "list_products", method: http.MethodGet, path: "/products", tag: "products", scope: auth.ReadDocuments}, s.listProducts)
	add(s, route{id: "get_product", method: http.MethodGet, path: "/products/{sku}", tag: "products", scope: auth.ReadDocuments}, s.getProduct)
	add(s, route{id: "put_product", method: http.MethodPut, path: "/products/{sku}", tag: "products", scope: auth.WriteDocuments,
		body: bodyOf[ProductBody]()}, s.putProduct)
	add(s, route{id: "put_products", method: http.MethodPost, path: "/products/batch", tag: "products", scope: auth.WriteDocuments,
		body: bodyOf[ProductBatch](), limit: maxBatchBody}, s.putProducts)
}

type skuPath struct {
	SKU string `path:"sku"`
}

type productQuery struct {
	PageQuery
	Prefix string `query:"prefix"`
	Query  string `query:"q"`
}

func (s *server) listProducts(ctx context.Context, _ *call, in *productQuery) (page Page[Product], err error) {
	page.Items = []Product{}
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		all, err := in.find(ctx, tx)
		for _, p := range all {
			page.Items = append(page.Items, productOf(p))
		}
		if len(all) == in.Limit {
			page.Next = all[len(all)-1].SKU
		}
		return err
	})
	return page, err
}

// find are the products of a page: those whose words are in q, or those whose SKU begins with prefix.
func (in *productQuery) find(ctx context.Context, tx *store.Tx) ([]*product.Product, error) {
	if in.Query == "" {
		return product.List(ctx, tx, in.Prefix, in.After, in.Limit)
	}
	return product.Search(ctx, tx, product.Filter{Query: in.Query, After: in.After, Limit: in.Limit})
}

func (s *server) getProduct(ctx context.Context, _ *call, in *skuPath) (found Product, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		all, err := product.List(ctx, tx, in.SKU, "", 1) // the SKU itself sorts before all that begin with it
		if err != nil {
			return err
		}
		if len(all) == 0 || all[0].SKU != in.SKU {
			return fault.New(fault.NotFound, "product.none")
		}
		found = productOf(all[0])
		return nil
	})
	return found, err
}

func productOf(p *product.Product) Product {
	return Product{ID: p.ID, SKU: p.SKU, CreatedAt: timeText(p.CreatedAt), ChangedAt: timeText(p.ChangedAt),
		ProductBody: ProductBody{Name: p.Name, GTIN: p.GTIN, Category: p.Category, Categories: p.Categories, Unit: p.Unit,
			Price: price(p.Price, p.Currency), Cost: price(p.Cost, p.Currency), Currency: p.Currency, Active: &p.Active}}
}

func (s *server) putProduct(ctx context.Context, c *call, in *skuPath) (*Outcome, error) {
	body, err := decode[ProductBody](c)
	if err != nil {
		return nil, err
	}
	out, err := s.writeProducts(ctx, c, []ProductRecord{{in.SKU, *body}}, func(int) string { return "" })
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

func (s *server) putProducts(ctx context.Context, c *call, _ *struct{}) (*BatchOutcome, error) {
	batch, err := decode[ProductBatch](c)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(batch.Records, "sku", func(r *ProductRecord) any { return r.SKU }); err != nil {
		return nil, err
	}
	out, err := s.writeProducts(ctx, c, batch.Records, record)
	if err != nil {
		return nil, err
	}
	return batchOutcome(out), nil
}

// product checks a record; base is the currency of prices that name none.
func (r *ProductRecord) product(base string) (*product.Product, error) {
	var c checker
	p := &product.Product{SKU: c.key("sku", r.SKU), GTIN: r.GTIN, Name: r.Name, Category: c.text("category", r.Category, maxKey),
		Unit: c.text("unit", r.Unit, maxKey), Active: r.Active == nil || *r.Active}
	if len(r.Categories) > maxCategories {
		c.fail("categories", fault.New(fault.Invalid, "api.too_many", "max", maxCategories))
	}
	for i, name := range r.Categories {
		c.text(fmt.Sprintf("categories[%d]", i), name, maxKey)
		if name != "" && !slices.Contains(p.Categories, name) {
			p.Categories = append(p.Categories, name)
		}
	}
	p.Price, p.Cost = c.number("price", r.Price, priceDigits, wholePrice), c.number("cost", r.Cost, priceDigits, wholePrice)
	if p.Price != nil || p.Cost != nil || r.Currency != "" {
		p.Currency = c.currency("currency", r.Currency, base)
	}
	if err := p.Validate(); err != nil && r.SKU != "" {
		c.fail("", err)
	}
	return p, c.bad.err()
}

func (s *server) writeProducts(ctx context.Context, c *call, records []ProductRecord, at func(int) string) ([]Outcome, error) {
	settings, err := s.company.get(ctx)
	if err != nil {
		return nil, err
	}
	var bad joined
	checked := make([]*product.Product, len(records))
	for i := range records {
		if checked[i], err = records[i].product(settings.Currency); err != nil {
			bad.add(at(i), err)
		}
	}
	if err := bad.err(); err != nil {
		return nil, err
	}
	out := make([]Outcome, len(records))
	err = c.write(ctx, len(records), func(tx *store.Tx) error {
		products := make([]*product.Product, len(checked))
		for i, p := range checked {
			fresh := *p
			products[i] = &fresh
		}
		w, err := product.Upsert(ctx, tx, 0, products)
		if err != nil {
			return err
		}
		for i, p := range products {
			out[i] = Outcome{p.ID, outcomeUnchanged}
			switch _, changed := w.Old[fmt.Sprintf("product:%d", p.ID)]; {
			case changed:
				out[i].Outcome = outcomeChanged
			case within(w.Rows["product"], p.ID):
				out[i].Outcome = outcomeNew
			}
		}
		if w.New+w.Changed == 0 {
			return nil
		}
		change := feed.New{Kind: "product.changed", Body: map[string]any{"new": w.New, "changed": w.Changed}, Rows: w.Rows, Old: w.Old}
		if len(products) == 1 {
			change.Subject = products[0].ID
		}
		_, err = feed.Append(ctx, tx, change)
		return err
	})
	return out, err
}

func within(ranges []feed.Range, id int64) bool {
	return slices.ContainsFunc(ranges, func(r feed.Range) bool { return r[0] <= id && id <= r[1] })
}
