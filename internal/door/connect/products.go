package connect

import (
	"context"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/product"
)

// productSlice is the work of a slice of products.
type productSlice struct {
	r    *runner
	rows []product.Product
}

func (r *runner) cutProducts(ctx context.Context, files *sheet.Files, survey *sheet.Survey, c *cutter) error {
	var rows []product.Product
	c.work = func() work {
		s := &productSlice{r: r, rows: rows}
		rows = nil
		return s
	}
	err := files.Products(ctx, survey, 0, func(row *sheet.ProductRow) error {
		c.rows++
		c.full++
		p := product.Product{SKU: row.Product, GTIN: row.GTIN, Name: row.Description, Category: row.Category, Unit: row.Unit,
			Currency: row.Currency, Active: !row.Active.Set || row.Active.Yes}
		if row.Price.Set {
			price := row.Price.N
			p.Price = &price
		}
		if row.Cost.Set {
			cost := row.Cost.N
			p.Cost = &cost
		}
		file := survey.Plan.Files[row.File].Name
		if err := p.Validate(); err != nil {
			c.errs = append(c.errs, faultError(file, row.Line, err))
		} else {
			rows = append(rows, p)
		}
		for _, n := range row.Notices {
			c.errs = append(c.errs, noticeError(file, row.Line, n))
		}
		return c.end(false)
	}, func(e sheet.RowError) error {
		if err := c.bad(e); err != nil {
			return err
		}
		return c.end(false)
	})
	if err != nil {
		return err
	}
	return c.end(true)
}

// look says that a slice is always written: products are few, and their own upsert finds the unchanged ones.
func (s *productSlice) look(context.Context, *store.Tx) (bool, error) { return len(s.rows) > 0, nil }

func (s *productSlice) size() int64 { return int64(len(s.rows)) }

func (s *productSlice) done() {}

func (s *productSlice) write(ctx context.Context, tx *store.Tx) (written, error) {
	products := make([]*product.Product, len(s.rows))
	for i := range s.rows {
		p := s.rows[i]
		products[i] = &p
	}
	u, err := product.Upsert(ctx, tx, s.r.run.ID, products)
	if err != nil {
		return written{}, err
	}
	w := written{made: int64(u.New), changed: int64(u.Changed), unchanged: int64(u.Unchanged)}
	t := touched{origin: feed.History, made: feed.Rows{}, rows: u.Rows, old: u.Old, oldOf: map[string]int64{}}
	var made []int64
	for _, p := range products {
		if p.ID != 0 && p.MadeRun == s.r.run.ID && u.Old["product:"+number(p.ID)] == "" {
			made = append(made, p.ID)
		}
	}
	if len(made) > 0 {
		t.made["product"] = feed.Ranges(made)
	}
	if len(t.rows) > 0 {
		w.touched = append(w.touched, t)
	}
	return w, nil
}

func (s *productSlice) decide(ctx context.Context, tx *store.Tx) (Counts, error) {
	fresh, changed, err := product.Decide(ctx, tx, s.rows)
	n := int64(len(s.rows))
	return Counts{New: fresh, Changed: changed, Unchanged: n - fresh - changed}, err
}
