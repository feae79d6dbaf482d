package customers

import (
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/product"
)

func products(r *page.Request) error {
	query, after := r.Text("q"), r.Text("after")
	if r.WantsCSV() {
		return productsCSV(r, query)
	}
	var list []*product.Product
	err := r.Read(func(tx *store.Tx) (err error) {
		list, err = product.List(r.Context(), tx, query, after, perPage+1)
		return err
	})
	if err != nil {
		return err
	}
	filters := ui.Filters{Search: &ui.SearchField{Action: productsPath, Name: "q", Value: query, Placeholder: r.P.T("customers.product.search"), Target: "products"}}
	return r.Render(r.P.T("customers.product.title"), productsView(r, filters, productsTable(r, list, query, after)))
}

func productColumns(r *page.Request) []string {
	return []string{r.P.T("customers.product.sku"), r.P.T("common.name"), r.P.T("customers.product.category"), "GTIN", r.P.T("customers.product.price"), r.P.T("customers.product.cost")}
}

func productsTable(r *page.Request, list []*product.Product, query, after string) ui.Table {
	head := productColumns(r)
	t := ui.Table{
		ID: "products", Caption: r.P.T("customers.product.title"), CSV: r.CSVLink("after", ""),
		Columns: []ui.Column{{Title: head[1], Narrow: ui.NarrowLead}, {Title: head[0], Narrow: ui.NarrowBare}, {Title: head[2], Narrow: ui.NarrowBare},
			{Title: head[3], Narrow: ui.NarrowHide, Wide: true}, {Title: head[4], Number: true, Narrow: ui.NarrowValue}, {Title: head[5], Number: true, Narrow: ui.NarrowMeta}},
		Empty: &ui.Empty{Icon: "search", Title: r.P.T("common.nothing_found"), Text: r.P.T("customers.product.nothing")},
	}
	if query == "" {
		t.Empty = &ui.Empty{Icon: "file-spreadsheet", Title: r.P.T("customers.product.empty"), Text: r.P.T("customers.product.empty_text")}
		if r.Can(auth.WriteImports) {
			t.Empty.Action = &ui.Anchor{Text: r.P.T("customers.empty.import"), Href: "/imports/new"}
		}
	}
	paging := &ui.Paging{Of: -1, Noun: r.P.T("customers.product.noun")}
	if after != "" {
		paging.First = r.Link("after", "")
	}
	if len(list) > perPage {
		list = list[:perPage]
		paging.Next = r.Link("after", list[perPage-1].SKU)
	}
	for _, p := range list {
		c := productCells(r, p)
		t.Rows = append(t.Rows, ui.Row{Muted: !p.Active, Cells: ui.Cells(c[1], c[0], c[2], c[3], c[4], c[5])})
	}
	paging.Shown = int64(len(t.Rows))
	t.Paging = paging
	return t
}

func productCells(r *page.Request, p *product.Product) []string {
	price := func(v *int64) string {
		if v == nil {
			return ""
		}
		return r.P.Price(*v, p.Currency)
	}
	return []string{p.SKU, p.Name, p.Category, p.GTIN, price(p.Price), price(p.Cost)}
}

func productsCSV(r *page.Request, query string) error {
	return r.SendCSV("products", productColumns(r), func(yield func([]string, error) bool) {
		after := ""
		for {
			var list []*product.Product
			err := r.Read(func(tx *store.Tx) (err error) {
				list, err = product.List(r.Context(), tx, query, after, perCSV)
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, p := range list {
				if !yield(productCells(r, p), nil) {
					return
				}
				after = p.SKU
			}
			if len(list) < perCSV {
				return
			}
		}
	})
}
