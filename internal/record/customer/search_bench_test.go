package customer_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/customer"
)

// names are invented from syllables and as unevenly spread as real ones: the most frequent of 3,000 family names has
// about one in a hundred, the most frequent of 600 first names one in thirty.
type names struct {
	r                  *rand.Rand
	family, first      []string
	familyOdd, firstOd *rand.Zipf
}

func newNames() *names {
	r := rand.New(rand.NewPCG(3, 4))
	n := &names{r: r, familyOdd: rand.NewZipf(r, 1.05, 20, 2999), firstOd: rand.NewZipf(r, 1.1, 8, 599)}
	syllables := []string{"mü", "ler", "schnei", "der", "fi", "scher", "we", "ber", "mey", "er", "wag", "ner", "be", "cker", "schul", "ze", "hoff", "mann",
		"schä", "fer", "ko", "ch", "bau", "rich", "ter", "kle", "in", "wol", "f", "schrö", "neu", "schwar", "z", "zim", "brau", "n", "krü", "ger", "hart", "lan", "ge"}
	word := func() string {
		s := ""
		for range 2 + r.IntN(2) {
			s += syllables[r.IntN(len(syllables))]
		}
		return s
	}
	for range 3000 {
		n.family = append(n.family, word())
	}
	for range 600 {
		n.first = append(n.first, word()+"a")
	}
	return n
}

func (n *names) row(i int) []string {
	first, family := n.first[n.firstOd.Uint64()], n.family[n.familyOdd.Uint64()]
	company := ""
	if i%20 == 0 {
		company = n.family[n.r.IntN(len(n.family))] + " GmbH"
	}
	return []string{fmt.Sprintf("%08d", i), first, family, company, fmt.Sprintf("%s.%s%d@gmx.de", first, family, i), "DE"}
}

// benchStore opens the database to measure on: the one named by STAMM_BENCH_STORE, which is kept, or a new one. It is
// filled with STAMM_BENCH_CUSTOMERS customers, 20,000 by default.
func benchStore(b *testing.B, fresh func(testing.TB) string) (*store.DB, *names) {
	url := os.Getenv("STAMM_BENCH_STORE")
	if url == "" {
		url = fresh(b)
	}
	db := storetest.Open(b, url, store.Options{Log: slog.New(slog.DiscardHandler)})
	want := 20000
	if n, err := strconv.Atoi(os.Getenv("STAMM_BENCH_CUSTOMERS")); err == nil {
		want = n
	}
	people := newNames()
	have := 0
	read(b, db, func(tx *store.Tx) error { return tx.QueryRow(ctx, `SELECT count(*) FROM customer`).Scan(&have) })
	shop := source(b, db, "bench")
	start := time.Now()
	for i := have; i < want; i += customer.MaxRows {
		batch := customer.Batch{Source: shop, Run: 1, Fields: []string{"external_id", "first_name", "last_name", "company", "email", "country"}}
		for k := range customer.MaxRows {
			batch.Rows = append(batch.Rows, people.row(i+k))
		}
		if err := db.Bulk(ctx, store.System(), func(tx *store.Tx) error { _, err := customer.Upsert(ctx, tx, batch); return err }); err != nil {
			b.Fatal(err)
		}
	}
	if have < want {
		b.Logf("%d customers written at %.0f/s", want-have, float64(want-have)/time.Since(start).Seconds())
	}
	return db, people
}

// queries are what people type, by kind.
func (n *names) queries(k int) map[string][]string {
	all := map[string][]string{}
	add := func(kind, q string) { all[kind] = append(all[kind], q) }
	for range k {
		row := n.row(n.r.IntN(100000))
		first, family := []rune(row[1]), []rune(row[2])
		add("two letters", string(family[:2]))
		add("three letters", string(family[:3]))
		add("family name", string(family))
		add("first name", string(first))
		add("both names", string(first)+" "+string(family))
		add("beginnings", string(first[:2])+" "+string(family[:2]))
		add("frequent and beginning", n.first[0]+" "+string(family[:2]))
		add("two frequent", n.first[n.r.IntN(3)]+" "+n.family[n.r.IntN(3)])
		add("nobody", n.first[n.r.IntN(600)]+" "+n.family[n.r.IntN(3000)]+" zzz")
		add("number", row[0])
		add("number begun", row[0][:3+n.r.IntN(4)])
		add("mail begun", row[4][:8])
		wrong := slices.Clone(family)
		wrong[1+n.r.IntN(len(wrong)-1)] = 'x'
		add("typo", string(wrong))
		add("typo and name", string(wrong)+" "+string(first))
	}
	return all
}

var databases = []struct {
	name  string
	fresh func(testing.TB) string
}{{"sqlite", storetest.SQLite}, {"postgres", storetest.Postgres}}

func BenchmarkSearch(b *testing.B) {
	for _, database := range databases {
		b.Run(database.name, func(b *testing.B) {
			db, people := benchStore(b, database.fresh)
			queries := people.queries(200)
			kinds := make([]string, 0, len(queries))
			for kind := range queries {
				kinds = append(kinds, kind)
			}
			slices.Sort(kinds)
			for _, kind := range kinds {
				b.Run(kind, func(b *testing.B) {
					var took []time.Duration
					found := 0
					var used []time.Duration
					for i := range b.N {
						start, cpu := time.Now(), cpuTime()
						read(b, db, func(tx *store.Tx) error {
							f, err := customer.Search(ctx, tx, queries[kind][i%200], 20)
							found += len(f.Rows)
							return err
						})
						took, used = append(took, time.Since(start)), append(used, cpuTime()-cpu)
					}
					slices.Sort(used)
					b.ReportMetric(float64(used[len(used)*95/100].Microseconds())/1000, "cpu-ms-p95")
					slices.Sort(took)
					b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "ms-p95")
					b.ReportMetric(float64(found)/float64(b.N), "found")
				})
			}
		})
	}
}
