package customer_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"

	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/customer"

	"github.com/google/go-cmp/cmp"
)

var ctx = context.Background()

func write(t testing.TB, db *store.DB, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Write(ctx, store.Actor{Kind: "user", ID: 7}, fn); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, db *store.DB, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Read(ctx, fn); err != nil {
		t.Fatal(err)
	}
}

func source(t testing.TB, db *store.DB, name string) (id int64) {
	t.Helper()
	write(t, db, func(tx *store.Tx) (err error) {
		id, err = customer.SourceID(ctx, tx, name)
		return err
	})
	return id
}

func upsert(t testing.TB, db *store.DB, b customer.Batch) (w customer.Written) {
	t.Helper()
	write(t, db, func(tx *store.Tx) (err error) {
		w, err = customer.Upsert(ctx, tx, b)
		return err
	})
	return w
}

func statuses(w customer.Written) []customer.Status {
	var all []customer.Status
	for _, o := range w.Outcomes {
		all = append(all, o.Status)
	}
	return all
}

func TestUpsertCreatesChangesAndLeavesAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shop := source(t, db, "shop")
		b := customer.Batch{Source: shop, Run: 1, Fields: []string{"external_id", "first_name", "last_name", "email", "country", "phone", "city"}, Rows: [][]string{
			{"007", "Anna", "Müller", "anna@example.de", "DE", "040 1234567", "Hamburg"},
			{"7", "Bernd", "Groß", "", "AT", "", ""},
			{"", "Cem", "Çelik", "cem@example.de", "", "", ""},
			{"", "Nobody", "", "not a mail", "", "", ""},
			{"007", "Anna", "Müller", "anna@example.de", "DE", "040 1234567", "Hamburg"},
			{"7", "Berndt", "Groß", "", "AT", "", ""},
		}}
		w := upsert(t, db, b)
		want := []customer.Status{customer.New, customer.New, customer.New, customer.Unnamed, customer.Unchanged, customer.Changed}
		if diff := cmp.Diff(want, statuses(w)); diff != "" {
			t.Fatal(diff)
		}
		first := w.Outcomes[0].ID
		if w.Outcomes[4].ID != first || w.Outcomes[1].ID != first+1 || w.Outcomes[5].ID != first+1 {
			t.Errorf("ids: %v", w.Outcomes)
		}
		if got := w.Rows["customer"]; len(got) != 1 || got[0][0] != first || got[0][1] != first+2 {
			t.Errorf("rows: %v", w.Rows)
		}
		b.Run = 2
		b.Rows = b.Rows[:4]
		b.Rows[1][1] = "Berndt"
		if diff := cmp.Diff([]customer.Status{customer.Unchanged, customer.Unchanged, customer.Unchanged, customer.Unnamed}, statuses(upsert(t, db, b))); diff != "" {
			t.Error(diff)
		}
		b.Rows[0] = []string{"007", "Anna", "Maier", "anna.maier@example.de", "AT", "040 1234567", "Bremen"}
		w = upsert(t, db, b)
		if diff := cmp.Diff([]customer.Status{customer.Changed, customer.Unchanged, customer.Unchanged, customer.Unnamed}, statuses(w)); diff != "" {
			t.Error(diff)
		}
		t.Log(w.Old)
	})
}

var firstNames = []string{"Anna", "Bernd", "Christa", "Dieter", "Eva", "Frank", "Gabi", "Hans", "Inge", "Jörg", "Karin", "Lutz", "Mia", "Noah", "Olga", "Paul"}

func surname(r *rand.Rand) string {
	heads := []string{"Mül", "Schnei", "Fi", "Wag", "Hoff", "Ber", "Kö", "Krü", "Lan", "Schul", "Zim", "Bra", "Neu", "Schwar", "Vol", "Rei"}
	tails := []string{"ler", "der", "scher", "ner", "mann", "ger", "nig", "ge", "ze", "mer", "un", "zer", "ke", "bach", "feld", "hof", "stein"}
	head := heads[min(r.IntN(len(heads)), r.IntN(len(heads)))]
	if r.IntN(3) == 0 {
		head += "er"
	}
	return head + tails[r.IntN(len(tails))]
}

func person(r *rand.Rand, n int) []string {
	first, last := firstNames[r.IntN(len(firstNames))], surname(r)
	return []string{fmt.Sprintf("%07d", n), first, last, fmt.Sprintf("%s.%s%d@mail%d.de", first, last, n, n%5000), "DE", "Hamburg", "20095", "Weg 1"}
}

var personFields = []string{"external_id", "first_name", "last_name", "email", "country", "city", "postcode", "line1"}

func eachDatabase(b *testing.B, fn func(b *testing.B, db *store.DB)) {
	o := store.Options{Log: slog.New(slog.DiscardHandler)}
	b.Run("sqlite", func(b *testing.B) { fn(b, storetest.Open(b, storetest.SQLite(b), o)) })
	b.Run("postgres", func(b *testing.B) { fn(b, storetest.Open(b, storetest.Postgres(b), o)) })
}

func BenchmarkUpsert(b *testing.B) {
	eachDatabase(b, func(b *testing.B, db *store.DB) {
		for _, mode := range []string{"new", "unchanged", "changed"} {
			b.Run(mode, func(b *testing.B) {
				shop := source(b, db, mode)
				r := rand.New(rand.NewPCG(1, 2))
				n := 0
				batches := make([]customer.Batch, max(b.N, 1))
				for i := range batches {
					batch := customer.Batch{Source: shop, Run: 1, Fields: personFields}
					for range customer.MaxRows {
						batch.Rows = append(batch.Rows, person(r, n))
						n++
					}
					batches[i] = batch
				}
				run := func() {
					for _, batch := range batches {
						if err := db.Bulk(ctx, store.System(), func(tx *store.Tx) error { _, err := customer.Upsert(ctx, tx, batch); return err }); err != nil {
							b.Fatal(err)
						}
					}
				}
				if mode != "new" {
					run()
				}
				if mode == "changed" {
					for _, batch := range batches {
						for _, row := range batch.Rows {
							row[1], row[6] = "Zoe", "20097"
						}
					}
				}
				b.ResetTimer()
				run()
				b.ReportMetric(float64(b.N*customer.MaxRows)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	})
}

func BenchmarkEnsure(b *testing.B) {
	eachDatabase(b, func(b *testing.B, db *store.DB) {
		for _, mode := range []string{"new", "known"} {
			b.Run(mode, func(b *testing.B) {
				shop := source(b, db, mode)
				batch := func(n int) customer.Batch {
					rows := make([][]string, customer.MaxRows)
					for i := range rows {
						rows[i] = []string{fmt.Sprint(n*customer.MaxRows + i)}
					}
					return customer.Batch{Source: shop, Run: 1, Fields: []string{"external_id"}, Rows: rows}
				}
				run := func() {
					for i := range b.N {
						if err := db.Bulk(ctx, store.System(), func(tx *store.Tx) error { _, err := customer.Ensure(ctx, tx, batch(i)); return err }); err != nil {
							b.Fatal(err)
						}
					}
				}
				if mode == "known" {
					run()
				}
				b.ResetTimer()
				run()
				b.ReportMetric(float64(b.N*customer.MaxRows)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	})
}
