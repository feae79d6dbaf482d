package customer_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"stamm/internal/platform/feed"
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
		found := load(t, db, first)
		if found.Name != "Anna Maier" || found.Country != "AT" || found.Emails[0].Address != "anna.maier@example.de" || len(found.Emails) != 1 ||
			found.Addresses[0].City != "Bremen" || len(found.Addresses) != 1 || found.Run != 2 || found.MadeRun != 1 {
			t.Errorf("%+v", found)
		}
		if o := found.Origin("last_name"); o.Source != shop || o.Change != 0 {
			t.Errorf("origin: %+v", o)
		}
		if len(search(t, db, "maier")) != 1 || len(search(t, db, "müller")) != 0 {
			t.Error("the search does not follow")
		}
	})
}

func TestAnEmptyCellTakesBackOnlyWhatItsSourceSaid(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shop, till := source(t, db, "shop"), source(t, db, "till")
		fields := []string{"external_id", "name", "title", "region", "phone", "tags"}
		id := upsert(t, db, customer.Batch{Source: shop, Run: 1, Fields: fields, Rows: [][]string{{"1", "Anna", "Dr.", "HH", "040 1234567", "a"}}}).Outcomes[0].ID
		change(t, db, id, customer.Fields{"region": "HB"})
		edit(t, db, func(tx *store.Tx) (customer.Edit, error) { return customer.Attach(ctx, tx, id, till, "T1") })
		upsert(t, db, customer.Batch{Source: till, Run: 2, Fields: fields, Rows: [][]string{{"T1", "", "", "", "", ""}}})
		if w := load(t, db, id); w.Name != "Anna" || w.Title != "Dr." || w.Region != "HB" || len(w.Phones) != 1 || len(w.Tags) != 1 {
			t.Errorf("another source took something back: %+v", w)
		}
		w := upsert(t, db, customer.Batch{Source: shop, Run: 3, Fields: fields, Rows: [][]string{{"1", "Anna", "", "", "", ""}}})
		if got := load(t, db, id); got.Name != "Anna" || got.Title != "" || got.Region != "HB" || len(got.Phones) != 0 || len(got.Tags) != 1 || w.Outcomes[0].Status != customer.Changed {
			t.Errorf("the source takes back: %+v", got)
		}
	})
}

func TestWhatAPersonCorrectedStaysUntilTheFileSaysSomethingNew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shop := source(t, db, "shop")
		b := customer.Batch{Source: shop, Run: 1, Fields: []string{"external_id", "name", "country"}, Rows: [][]string{{"1", "Ana", "DE"}}}
		id := upsert(t, db, b).Outcomes[0].ID
		change(t, db, id, customer.Fields{"name": "Anna"})
		if got := statuses(upsert(t, db, b)); got[0] != customer.Unchanged {
			t.Errorf("the same row again: %v", got)
		}
		if w := load(t, db, id); w.Name != "Anna" || w.Run != 0 {
			t.Errorf("%+v", w.Customer)
		}
		b.Rows[0][2] = "AT"
		upsert(t, db, b)
		if w := load(t, db, id); w.Name != "Ana" || w.Country != "AT" {
			t.Errorf("a new row: %+v", w.Customer)
		}
	})
}

func TestRowsWithoutANumberAreKnownByMail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shop := source(t, db, "shop")
		anna := create(t, db, customer.Draft{Fields: customer.Fields{"name": "Anna"}, Emails: []customer.Email{{Address: "anna@example.de"}}})
		fields := []string{"external_id", "email", "name"}
		w := upsert(t, db, customer.Batch{Source: shop, Run: 1, Fields: fields, Rows: [][]string{
			{"", "ANNA@example.de", "Anna B"}, {"5", "neu@example.de", "Neu"}, {"", "neu@example.de", "Neu Neu"}, {"6", "anna@example.de", "Another Anna"}, {"", "", "Anna"}}})
		if diff := cmp.Diff([]customer.Status{customer.Changed, customer.New, customer.Changed, customer.New, customer.Unnamed}, statuses(w)); diff != "" {
			t.Error(diff)
		}
		if w.Outcomes[0].ID != anna || w.Outcomes[2].ID != w.Outcomes[1].ID || w.Outcomes[3].ID == anna || w.Outcomes[4].ID != 0 {
			t.Errorf("%v", w.Outcomes)
		}
		again := upsert(t, db, customer.Batch{Source: shop, Run: 2, Fields: fields, Rows: [][]string{{"", "anna@example.de", "Anna B"}}})
		if again.Outcomes[0].ID != anna || again.Outcomes[0].Status != customer.Unchanged {
			t.Errorf("%v", again.Outcomes)
		}
	})
}

func TestTwoNumbersOfOneCustomerAreToldApart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shop := source(t, db, "shop")
		b := customer.Batch{Source: shop, Run: 1, Fields: []string{"external_id", "name", "email"}, Rows: [][]string{{"1", "Anna", "a@example.de"}}}
		id := upsert(t, db, b).Outcomes[0].ID
		edit(t, db, func(tx *store.Tx) (customer.Edit, error) { return customer.Attach(ctx, tx, id, shop, "2") })
		b.Rows = [][]string{{"1", "Anna", "a@example.de"}, {"2", "Anna Zwei", "a@example.de"}}
		if diff := cmp.Diff([]customer.Status{customer.Unchanged, customer.Changed}, statuses(upsert(t, db, b))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]customer.Status{customer.Unchanged, customer.Unchanged}, statuses(upsert(t, db, b))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDecisionWritesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shop := source(t, db, "shop")
		b := customer.Batch{Source: shop, Run: 1, Fields: []string{"external_id", "name"}, Rows: [][]string{{"1", "Anna"}}}
		id := upsert(t, db, b).Outcomes[0].ID
		b.Rows = [][]string{{"1", "Anna"}, {"1", "Berta"}, {"2", "Cem"}}
		before := everything(t, db)
		read(t, db, func(tx *store.Tx) error {
			got, err := customer.Decide(ctx, tx, b)
			if diff := cmp.Diff([]customer.Outcome{{ID: id, Status: customer.Unchanged}, {ID: id, Status: customer.Changed}, {Status: customer.New}}, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
			got, err = customer.DecideEnsure(ctx, tx, b)
			if diff := cmp.Diff([]customer.Outcome{{ID: id}, {ID: id}, {Status: customer.New}}, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
			known, err := customer.Known(ctx, tx, b)
			if diff := cmp.Diff([]int64{id, id, 0}, known); diff != "" || err != nil {
				t.Error(diff, err)
			}
			return nil
		})
		if after := everything(t, db); after != before {
			t.Error(cmp.Diff(before, after))
		}
	})
}

// told appends the change of a slice as an import does.
func told(t testing.TB, db *store.DB, w customer.Written) {
	t.Helper()
	write(t, db, func(tx *store.Tx) error {
		_, err := feed.Append(ctx, tx, feed.New{Kind: "import.slice", Rows: w.Rows, Old: w.Old, OldOf: w.OldOf})
		return err
	})
}

func TestRevertRestoresAndLeavesWhatSomebodyTouched(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shop := source(t, db, "shop")
		fields := []string{"external_id", "name", "email", "city", "tags"}
		first := upsert(t, db, customer.Batch{Source: shop, Run: 1, Fields: fields, Rows: [][]string{
			{"1", "Anna", "anna@example.de", "Hamburg", "a"}, {"2", "Bert", "", "", ""}, {"3", "Cem", "", "", ""}}})
		told(t, db, first)
		before := everything(t, db)
		b := customer.Batch{Source: shop, Run: 2, Fields: fields, Rows: [][]string{
			{"1", "Anna Neu", "neu@example.de", "Bremen", "b"}, {"2", "Berta", "", "Kiel", ""}, {"4", "Dora", "dora@example.de", "", ""}, {"5", "Eva", "", "", ""}, {"6", "Fritz", "", "", ""}}}
		second := upsert(t, db, b)
		told(t, db, second)
		read(t, db, func(tx *store.Tx) error {
			past, err := customer.History(ctx, tx, first.Outcomes[0].ID, "email")
			if err != nil || len(past) != 1 || past[0].Old != "anna@example.de" {
				t.Errorf("history after an import: %+v, %v", past, err)
			}
			return nil
		})
		ids := make([]int64, 5)
		for i, o := range second.Outcomes {
			ids[i] = o.ID
		}
		change(t, db, ids[1], customer.Fields{"title": "Dr."})
		change(t, db, ids[3], customer.Fields{"title": "Dr."})
		revert := func(inUse map[int64]bool) (kept []int64, rows feed.Rows) {
			write(t, db, func(tx *store.Tx) (err error) {
				var w customer.Written
				kept, w, err = customer.Revert(ctx, tx, 2, []feed.Range{{ids[2], ids[4]}}, second.Old, inUse)
				rows = w.Rows
				return err
			})
			return kept, rows
		}
		kept, rows := revert(map[int64]bool{ids[4]: true})
		if diff := cmp.Diff([]int64{ids[1], ids[3], ids[4]}, kept); diff != "" {
			t.Error(diff)
		}
		back, made := feed.Range{ids[0], ids[0]}, feed.Range{ids[2], ids[2]}
		if diff := cmp.Diff(feed.Rows{"customer": {back, made}, "customer_tag": {back, made}, "customer_custom": {made}}, rows); diff != "" {
			t.Error(diff)
		}
		if w := load(t, db, ids[0]); w.Name != "Anna" || w.Emails[0].Address != "anna@example.de" || w.Addresses[0].City != "Hamburg" || len(w.Tags) != 1 || w.Run != 1 {
			t.Errorf("%+v", w)
		}
		kept, _ = revert(nil)
		if diff := cmp.Diff([]int64{ids[0], ids[1], ids[3]}, kept); diff != "" {
			t.Errorf("again: %s", diff)
		}
		if strings.Contains(everything(t, db), "Dora") || !strings.Contains(before, "Anna") {
			t.Error("what was made is left")
		}
		b.Run, b.Rows = 3, b.Rows[:3]
		if diff := cmp.Diff([]customer.Status{customer.Changed, customer.Unchanged, customer.New}, statuses(upsert(t, db, b))); diff != "" {
			t.Errorf("the keys are free and the file is news: %s", diff)
		}
	})
}

func TestImportsDoNotMindStrangeRows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shop := source(t, db, "shop")
		var catalogue customer.Catalogue
		row := []string{"\"<script>'; DROP", "=cmd|' /C calc'!A0", "x@@y", "+++", strings.Repeat("ü", 200), "0x"}
		fields := []string{"external_id", "name", "email", "phone", "city", "postcode"}
		for i, name := range fields {
			v, err := catalogue.Check(name, row[i])
			if err != nil {
				t.Fatal(err)
			}
			row[i] = v
		}
		id := upsert(t, db, customer.Batch{Source: shop, Fields: fields, Rows: [][]string{row}}).Outcomes[0].ID
		w := load(t, db, id)
		if w.ExternalID != row[0] || w.Name != row[1] || w.Emails[0].Valid || w.Phones[0].Number != "" || w.Phones[0].Written != "+++" {
			t.Errorf("%+v", w)
		}
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

// cpuTime is what this process used so far; it tells more than the clock where others use the machine too.
func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
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
				start := cpuTime()
				run()
				b.ReportMetric(float64(b.N*customer.MaxRows)/b.Elapsed().Seconds(), "rows/s")
				b.ReportMetric(float64((cpuTime()-start).Microseconds())/float64(b.N*customer.MaxRows), "cpu-µs/row")
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
				start := cpuTime()
				run()
				b.ReportMetric(float64(b.N*customer.MaxRows)/b.Elapsed().Seconds(), "rows/s")
				b.ReportMetric(float64((cpuTime()-start).Microseconds())/float64(b.N*customer.MaxRows), "cpu-µs/row")
			})
		}
	})
}
