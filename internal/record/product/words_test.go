package product_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"

	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/product"
)

func TestTheSearchFollowsChangesOfProducts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		put := func(run int64, name string) (w product.Written) {
			write(t, db, func(tx *store.Tx) (err error) {
				w, err = product.Upsert(ctx, tx, run, []*product.Product{{SKU: "AB12", Name: name, Active: true}})
				return err
			})
			return w
		}
		finds := func(query string, want int) {
			t.Helper()
			var n int
			read(t, db, func(tx *store.Tx) error {
				all, err := product.Search(ctx, tx, product.Filter{Query: query, Limit: 5})
				n = len(all)
				return err
			})
			if n != want {
				t.Errorf("%q finds %d products, want %d", query, n, want)
			}
		}
		made := put(1, "Filterkaffee Morgenrot")
		finds("kaffee", 1)
		finds("12", 1)
		finds("b12", 0) // not the middle of a number
		changed := put(2, "Espresso Abendrot")
		finds("kaffee", 0)
		finds("morgen", 0)
		finds("rot espr", 1)
		write(t, db, func(tx *store.Tx) error {
			_, _, err := product.Revert(ctx, tx, 2, nil, changed.Old, nil)
			return err
		})
		finds("rot espr", 0)
		finds("kaffee morgen", 1)
		write(t, db, func(tx *store.Tx) error { // a product from before there were words
			for _, text := range []string{"DELETE FROM product_word", "UPDATE product SET words = ''"} {
				if _, err := tx.Exec(ctx, text); err != nil {
					return err
				}
			}
			return nil
		})
		finds("kaffee", 0)
		for _, want := range []int{1, 0} {
			write(t, db, func(tx *store.Tx) error {
				n, err := product.AddWords(ctx, tx, 10)
				if n != want {
					t.Errorf("words for %d products, want %d", n, want)
				}
				return err
			})
		}
		finds("kaffee", 1)
		write(t, db, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE product SET made_run = 1, run = 1")
			if err == nil {
				_, _, err = product.Revert(ctx, tx, 1, []feed.Range(made.Rows["product"]), nil, nil)
			}
			return err
		})
		finds("kaffee", 0)
		finds("ab12", 0)
	})
}

func write(t testing.TB, db *store.DB, fn func(*store.Tx) error) {
	t.Helper()
	if err := db.Write(context.Background(), store.System(), fn); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, db *store.DB, fn func(*store.Tx) error) {
	t.Helper()
	if err := db.Read(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkSearch asks what people type among 200,000 products.
func BenchmarkSearch(b *testing.B) {
	for name, fresh := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			benchSearch(b, storetest.Open(b, fresh(b), store.Options{Log: slog.New(slog.DiscardHandler)}))
		})
	}
}

func benchSearch(b *testing.B, db *store.DB) {
	ctx := context.Background()
	const all = 200_000
	dice := rand.New(rand.NewPCG(1, 2))
	kinds := []string{"Filterkaffee", "Espresso", "Kaffeemühle", "Tasse", "Becher", "Wasserfilter", "Siebträger", "Milchkännchen", "Reinigungstablette", "Dichtung"}
	looks := []string{"schwarz", "weiß", "grün", "blau", "gebürstet", "matt", "Größe 1", "Größe 2", "250 g", "1 kg"}
	for from := 0; from < all; from += 1000 {
		batch := make([]*product.Product, 1000)
		for i := range batch {
			n := from + i
			batch[i] = &product.Product{SKU: fmt.Sprintf("ART-%06d", n), Active: true,
				Name: fmt.Sprintf("%s %s Serie%04d", kinds[dice.IntN(len(kinds))], looks[dice.IntN(len(looks))], dice.IntN(5000))}
		}
		err := db.Bulk(ctx, store.System(), func(tx *store.Tx) error { _, err := product.Upsert(ctx, tx, 0, batch); return err })
		if err != nil {
			b.Fatal(err)
		}
	}
	if db.Dialect() == store.Postgres { // as it does by itself before long
		write(b, db, func(tx *store.Tx) error { _, err := tx.Exec(ctx, "ANALYZE"); return err })
	}
	for _, query := range []string{"es", "kaffee", "art-1999", "199999", "kaffeemuhle serie47", "espresso blau matt", "schwarz weiß", "nirgends"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				err := db.Read(ctx, func(tx *store.Tx) error {
					_, err := product.Search(ctx, tx, product.Filter{Query: query, Limit: 4})
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
