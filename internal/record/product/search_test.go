package product_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/product"
)

func TestProductsAreFoundByNameSKUAndCategory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
			_, err := product.Upsert(ctx, tx, 0, []*product.Product{
				{SKU: "KB-1", Name: "Frühschicht 250 g", Category: "Kaffee > Filterkaffee", Active: true},
				{SKU: "KB-2", Name: "Crème Äthiopien", Category: "Kaffee > Café Crème", Active: true},
				{SKU: "MH-1013", Name: "Mühle Größe 2", GTIN: "4006381333931", Category: "Maschinen", Active: true},
				{SKU: "XX-9", Name: "", Active: true},
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name   string
			filter product.Filter
			want   []string
		}{
			{"all by SKU", product.Filter{}, []string{"KB-1", "KB-2", "MH-1013", "XX-9"}},
			{"a page", product.Filter{After: "KB-1", Limit: 2}, []string{"KB-2", "MH-1013"}},
			{"an umlaut as two letters", product.Filter{Query: "fruehschicht"}, []string{"KB-1"}},
			{"an umlaut left out", product.Filter{Query: "FRUH"}, []string{"KB-1"}},
			{"an umlaut", product.Filter{Query: "müh"}, []string{"MH-1013"}},
			{"ß as ss", product.Filter{Query: "grosse"}, []string{"MH-1013"}},
			{"an accent left out", product.Filter{Query: "creme athiopien"}, []string{"KB-2"}},
			{"the middle of a word", product.Filter{Query: "schicht"}, []string{"KB-1"}},
			{"every word must be there", product.Filter{Query: "crème schicht"}, nil},
			{"the SKU", product.Filter{Query: "kb"}, []string{"KB-1", "KB-2"}},
			{"the SKU with its dash", product.Filter{Query: "mh-10"}, []string{"MH-1013"}},
			{"the SKU without its dash", product.Filter{Query: "mh10"}, []string{"MH-1013"}},
			{"the GTIN", product.Filter{Query: "40063813"}, []string{"MH-1013"}},
			{"a category", product.Filter{Category: "Kaffee > Café Crème"}, []string{"KB-2"}},
			{"all below a category", product.Filter{Category: "Kaffee"}, []string{"KB-1", "KB-2"}},
			{"nothing but signs", product.Filter{Query: "--"}, []string{"KB-1", "KB-2", "MH-1013", "XX-9"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				if c.filter.Limit == 0 {
					c.filter.Limit = 10
				}
				var got []string
				err := db.Read(ctx, func(tx *store.Tx) error {
					found, err := product.Search(ctx, tx, c.filter)
					for _, p := range found {
						got = append(got, p.SKU)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(c.want, got); d != "" {
					t.Error(d)
				}
			})
		}
		var categories []string
		if err := db.Read(ctx, func(tx *store.Tx) (err error) { categories, err = product.MainCategories(ctx, tx); return err }); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"Kaffee", "Kaffee > Café Crème", "Kaffee > Filterkaffee", "Maschinen"}, categories); d != "" {
			t.Error(d)
		}
	})
}
