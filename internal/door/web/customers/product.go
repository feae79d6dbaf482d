package customers

import (
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/product"
)

func products(r *page.Request) error {
	filter := product.Filter{Query: r.Text("q"), Category: r.Text("category"), After: r.Text("after"), Limit: perPage + 1}
	if r.WantsCSV() {
		return productsCSV(r, filter)
	}
	var list []*product.Product
	var categories []string
	err := r.Read(func(tx *store.Tx) (err error) {
		if list, err = product.Search(r.Context(), tx, filter); err != nil {
			return err
		}
		categories, err = product.MainCategories(r.Context(), tx)
		return err
	})
	if err != nil {
		return err
	}
	return r.Render(r.P.T("customers.product.title"), productsView(r, productFilters(r, filter, categories), productsTable(r, list, filter)))
}

func productFilters(r *page.Request, filter product.Filter, categories []string) ui.Filters {
	f := ui.Filters{Search: &ui.SearchField{Action: productsPath, Name: "q", Value: filter.Query, Placeholder: r.P.T("customers.product.search"), Target: "products"}}
	menu := ui.FilterMenu{Label: r.P.T("customers.product.category")}
	for _, c := range categories {
		menu.Choices = append(menu.Choices, ui.Choice{Text: c, Href: r.Link("category", c, "after", ""), Active: c == filter.Category})
	}
	if len(menu.Choices) > 0 {
		f.Menus = []ui.FilterMenu{menu}
	}
	if filter.Category != "" {
		f.Chips = []ui.FilterChip{{Text: menu.Label + ": " + filter.Category, Remove: r.Link("category", "", "after", "")}}
		f.Hidden = []ui.Hidden{{Name: "category", Value: filter.Category}}
	}
	return f
}

func productColumns(r *page.Request) []string {
	return []string{r.P.T("customers.product.sku"), r.P.T("common.name"), r.P.T("customers.product.category"), "GTIN", r.P.T("customers.product.price"), r.P.T("customers.product.cost")}
}

func productsTable(r *page.Request, list []*product.Product, filter product.Filter) ui.Table {
	head := productColumns(r)
	t := ui.Table{
		ID: "products", Caption: r.P.T("customers.product.title"), CSV: r.CSVLink("after", ""),
		Columns: []ui.Column{{Title: head[1], Narrow: ui.NarrowLead}, {Title: head[0], Narrow: ui.NarrowBare}, {Title: head[2], Narrow: ui.NarrowBare},
			{Title: head[3], Narrow: ui.NarrowHide, Wide: true}, {Title: head[4], Number: true, Narrow: ui.NarrowValue}, {Title: head[5], Number: true, Narrow: ui.NarrowMeta}},
		Empty: &ui.Empty{Icon: "search", Title: r.P.T("common.nothing_found"), Text: r.P.T("customers.product.nothing")},
	}
	if filter.Query+filter.Category == "" {
		t.Empty = &ui.Empty{Icon: "file-spreadsheet", Title: r.P.T("customers.product.empty"), Text: r.P.T("customers.product.empty_text")}
		if r.Can(auth.WriteImports) {
			t.Empty.Action = &ui.Anchor{Text: r.P.T("customers.empty.import"), Href: "/imports/new"}
		}
	}
	paging := &ui.Paging{Of: -1, Noun: r.P.T("customers.product.noun")}
	if filter.After != "" {
		paging.First = r.Link("after", "")
	}
	if len(list) > perPage {
		list = list[:perPage]
		paging.Next = r.Link("after", list[perPage-1].SKU)
	}
	for _, p := range list {
		c := productCells(r, p)
		t.Rows = append(t.Rows, ui.Row{Href: productPath(p.ID), Muted: !p.Active, Cells: ui.Cells(c[1], c[0], c[2], c[3], c[4], c[5])})
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

func productsCSV(r *page.Request, filter product.Filter) error {
	filter.After, filter.Limit = "", perCSV
	return r.SendCSV("products", productColumns(r), func(yield func([]string, error) bool) {
		for {
			var list []*product.Product
			err := r.Read(func(tx *store.Tx) (err error) {
				list, err = product.Search(r.Context(), tx, filter)
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
				filter.After = p.SKU
			}
			if len(list) < perCSV {
				return
			}
		}
	})
}
