package warehouse_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
)

// keeper is the shop's store, and what it writes it also tells the feed.
type keeper struct {
	t testing.TB
	s *store.DB
}

func openShop(t testing.TB, s *store.DB) keeper {
	t.Helper()
	k := keeper{t, s}
	k.write(func(ctx context.Context, tx *store.Tx) error {
		for _, text := range shopTables {
			if _, err := tx.Exec(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
	return k
}

func (k keeper) write(fn func(context.Context, *store.Tx) error) {
	k.t.Helper()
	ctx := context.Background()
	if err := k.s.Write(ctx, store.System(), func(tx *store.Tx) error { return fn(ctx, tx) }); err != nil {
		k.t.Fatal(err)
	}
}

// do runs statements and tells the feed which rows to read again.
func (k keeper) do(rows feed.Rows, statements ...string) {
	k.t.Helper()
	k.write(func(ctx context.Context, tx *store.Tx) error {
		for _, text := range statements {
			if _, err := tx.Exec(ctx, text); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
		}
		_, err := feed.Append(ctx, tx, feed.New{Kind: "shop.changed", Rows: rows})
		return err
	})
}

func one(id int64) []feed.Range { return []feed.Range{{id, id}} }

// follow runs a follower until the test ends, or until the function it returns is called.
func follow(t testing.TB, db *warehouse.DB, s *store.DB) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := db.Follow(ctx, s); err != nil {
			t.Errorf("Follow = %v", err)
		}
	})
	stop = func() { cancel(); ended.Wait() }
	t.Cleanup(stop)
	return stop
}

func reach(t testing.TB, db *warehouse.DB, s *store.DB) {
	t.Helper()
	err := db.Reach(t.Context(), s)
	for range 9 { // a busy machine may take longer than Reach waits
		if fault.CodeOf(err) != fault.Unavailable {
			break
		}
		err = db.Reach(t.Context(), s)
	}
	if err != nil {
		t.Fatalf("Reach = %v", err)
	}
}

// same fails unless the warehouse holds exactly the rows of the store, and derived rows as computed from them.
func same(t testing.TB, db *warehouse.DB, s *store.DB) {
	t.Helper()
	for _, text := range []string{
		`SELECT id, land, hidden FROM %sbuyer ORDER BY id`,
		`SELECT id, customer, day, worth FROM %sgift ORDER BY id`,
		`SELECT gift, n, weight FROM %spart ORDER BY gift, n`,
		`SELECT name, value FROM %srule ORDER BY name`,
	} {
		want := storeRows(t, s, fmt.Sprintf(text, "t_"))
		if diff := difference(want, asStore(warehousetest.Rows(t, db, fmt.Sprintf(text, "")))); diff != "" {
			t.Errorf("%s (-store +warehouse):\n%s", text, diff)
		}
	}
	want := warehousetest.Rows(t, db, giftDaySelect+` GROUP BY g.customer, g.day ORDER BY 1, 2`)
	got := warehousetest.Rows(t, db, `SELECT customer, day, gifts, worth, parts FROM gift_day ORDER BY 1, 2`)
	if diff := difference(want, got); diff != "" {
		t.Errorf("derived (-computed +kept):\n%s", diff)
	}
}

// difference is cmp.Diff, but quick where there is none.
func difference(want, got [][]any) string {
	if slices.EqualFunc(want, got, func(a, b []any) bool { return slices.Equal(a, b) }) {
		return ""
	}
	return cmp.Diff(want, got)
}

func storeRows(t testing.TB, s *store.DB, text string) (all [][]any) {
	t.Helper()
	err := s.Read(t.Context(), func(tx *store.Tx) error {
		rows, err := tx.Query(t.Context(), text)
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			row, places := make([]any, len(columns)), make([]any, len(columns))
			for i := range row {
				places[i] = &row[i]
			}
			if err := rows.Scan(places...); err != nil {
				return err
			}
			all = append(all, row)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// asStore turns values of DuckDB into those of the store's drivers.
func asStore(rows [][]any) [][]any {
	for _, row := range rows {
		for i, v := range row {
			switch x := v.(type) {
			case bool:
				row[i] = int64(store.Flag(x))
			case int32:
				row[i] = int64(x)
			case time.Time:
				row[i] = x.Unix() / (24 * 60 * 60)
			}
		}
	}
	return rows
}

func TestEveryChangeIsFollowed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.DB) {
		k := openShop(t, s)
		db := warehousetest.Open(t, shop())
		follow(t, db, s)
		steps := []struct {
			name string
			rows feed.Rows
			do   []string
		}{
			{"a buyer with a gift", feed.Rows{"buyer": one(1), "gift": one(1), "part": one(1)}, []string{
				`INSERT INTO t_buyer VALUES (1, 'DE', 0)`, `INSERT INTO t_gift VALUES (1, 1, 19000, 500)`,
				`INSERT INTO t_part VALUES (1, 1, 0.5), (1, 2, 2)`}},
			{"more gifts", feed.Rows{"gift": {{2, 5}}, "buyer": one(2)}, []string{
				`INSERT INTO t_buyer VALUES (2, 'ÖÄ', 0)`,
				`INSERT INTO t_gift VALUES (2, 1, 19000, 1), (3, 2, -5, NULL), (4, 2, 19001, 7), (5, 0, 19001, 3)`}},
			{"a rule", feed.Rows{"rule": nil}, []string{`INSERT INTO t_rule VALUES ('zone', 'Europe/Zurich')`}},
			{"another worth", feed.Rows{"gift": one(1)}, []string{`UPDATE t_gift SET worth = 900 WHERE id = 1`}},
			{"another giver", feed.Rows{"gift": one(1)}, []string{`UPDATE t_gift SET customer = 2 WHERE id = 1`}},
			{"a part less", feed.Rows{"part": one(1)}, []string{`DELETE FROM t_part WHERE gift = 1 AND n = 1`}},
			{"a gift taken back", feed.Rows{"gift": one(4), "part": one(4)}, []string{`DELETE FROM t_gift WHERE id = 4`}},
			{"a hidden buyer", feed.Rows{"buyer": one(2)}, []string{`UPDATE t_buyer SET hidden = 1 WHERE id = 2`}},
			{"a rule gone", feed.Rows{"rule": {{0, 0}}}, []string{`DELETE FROM t_rule`}},
			{"everything named", feed.Rows{"gift": {{-7, 1 << 62}}, "buyer": {{3, 1}}}, []string{
				`INSERT INTO t_gift VALUES (6, 1, 19005, 12)`, `DELETE FROM t_gift WHERE id = 2`}},
			{"nothing for us", feed.Rows{"elsewhere": one(1)}, nil},
			{"ids left out", feed.Rows{"gift": {{900, 900}, {800, 800}}}, []string{
				`INSERT INTO t_gift VALUES (800, 1, 19005, 12), (900, 1, 19005, 13)`}},
			{"ids between", feed.Rows{"gift": {{850, 850}, {7, 7}}}, []string{
				`INSERT INTO t_gift VALUES (7, 1, 19006, 12), (850, 1, 19005, 13)`}},
			{"all gone", feed.Rows{"gift": {{1, 1000}}, "part": {{1, 1000}}, "buyer": {{1, 2}}}, []string{
				`DELETE FROM t_gift`, `DELETE FROM t_part`, `DELETE FROM t_buyer`}},
		}
		for _, step := range steps {
			k.do(step.rows, step.do...)
			reach(t, db, s)
			if t.Run(step.name, func(t *testing.T) { same(t, db, s) }); t.Failed() {
				break
			}
		}
	})
}

// randomly changes the shop n times, as a test of its own kind of trouble: ids far apart and close,
// rows made, changed, moved and deleted.
func (k keeper) randomly(r *rand.Rand, n int) {
	for range n {
		id, buyer, day := r.Int64N(400)+1, r.Int64N(60), 19000+r.Int64N(20)
		switch r.IntN(7) {
		case 0:
			k.do(feed.Rows{"buyer": one(buyer)}, fmt.Sprintf(`INSERT INTO t_buyer VALUES (%d, 'AT', %d)
				ON CONFLICT (id) DO UPDATE SET hidden = excluded.hidden`, buyer, r.IntN(4)/3))
		case 1, 2, 3:
			k.do(feed.Rows{"gift": one(id)}, fmt.Sprintf(`INSERT INTO t_gift VALUES (%d, %d, %d, %d)
				ON CONFLICT (id) DO UPDATE SET customer = excluded.customer, worth = excluded.worth`, id, buyer, day, r.IntN(1000)))
		case 4:
			k.do(feed.Rows{"part": one(id)}, fmt.Sprintf(`INSERT INTO t_part VALUES (%d, %d, 1.5)
				ON CONFLICT (gift, n) DO UPDATE SET weight = t_part.weight + 1`, id, r.IntN(3)))
		case 5:
			last := id + r.Int64N(20)
			k.do(feed.Rows{"gift": {{id, last}}, "part": {{id, last}}},
				fmt.Sprintf(`DELETE FROM t_gift WHERE id BETWEEN %d AND %d`, id, last), fmt.Sprintf(`DELETE FROM t_part WHERE gift BETWEEN %d AND %d`, id, last))
		case 6:
			k.do(feed.Rows{"buyer": one(buyer)}, fmt.Sprintf(`DELETE FROM t_buyer WHERE id = %d`, buyer))
			if r.IntN(50) == 0 { // rarely, since it concerns everyone
				k.do(feed.Rows{"rule": nil}, fmt.Sprintf(`INSERT INTO t_rule VALUES ('r', '%d') ON CONFLICT (name) DO UPDATE SET value = excluded.value`, id))
			}
		}
	}
}

func TestWhateverChangesTheWarehouseEqualsTheStore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.DB) {
		r := rand.New(rand.NewPCG(1, 2))
		k := openShop(t, s)
		db := warehousetest.Open(t, shop())
		for round := range 25 {
			k.randomly(r, 1+r.IntN(60))
			if err := db.CatchUp(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			if same(t, db, s); t.Failed() {
				t.Fatalf("in round %d", round)
			}
		}
	})
}

func TestRebuildAgreesAndAnswersMeanwhile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.DB) {
		k := openShop(t, s)
		k.randomly(rand.New(rand.NewPCG(3, 4)), 100)
		db := warehousetest.Open(t, shop())
		follow(t, db, s)
		reach(t, db, s)
		gifts := warehousetest.Rows(t, db, `SELECT count(*) FROM gift`)[0][0].(int64)

		ctx, cancel := context.WithCancel(t.Context())
		var busy sync.WaitGroup
		busy.Go(func() { // writes go on
			for r := rand.New(rand.NewPCG(5, 6)); ctx.Err() == nil; {
				k.randomly(r, 1)
			}
		})
		busy.Go(func() { // and so do queries, some of them slow readers
			for ctx.Err() == nil {
				rows, err := db.QueryContext(context.Background(), `SELECT id FROM gift`)
				if err != nil {
					t.Errorf("a query during the rebuild: %v", err)
					return
				}
				n := int64(0)
				for rows.Next() {
					n++
				}
				if err := rows.Close(); err != nil || n == 0 && gifts > 50 {
					t.Errorf("%d gifts, %v", n, err)
				}
			}
		})
		for range 5 {
			if err := db.Rebuild(t.Context(), s); err != nil {
				t.Error(err)
			}
		}
		cancel()
		busy.Wait()
		reach(t, db, s)
		same(t, db, s)
	})
}

func TestWaitEndsWithUnavailableWhenNobodyFollows(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t), store.Options{})
	k := openShop(t, s)
	db := warehousetest.Open(t, shop())
	if err := db.CatchUp(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	reach(t, db, s)
	k.do(feed.Rows{"rule": nil})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := db.Reach(ctx, s); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("Reach = %v, want unavailable", err)
	}
	if err := db.CatchUp(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	reach(t, db, s)
}

func TestChangesThatTouchNoRowsKeepResults(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t), store.Options{})
	k := openShop(t, s)
	db := warehousetest.Open(t, shop())
	follow(t, db, s)
	k.do(feed.Rows{"rule": nil})
	reach(t, db, s)
	version, at := db.Version(), db.AsOf()
	k.do(nil)
	k.do(feed.Rows{"elsewhere": one(5)})
	reach(t, db, s)
	if db.Version() != version {
		t.Errorf("version %d became %d though nothing changed", version, db.Version())
	}
	if !db.AsOf().After(at) {
		t.Errorf("as of %v, want later than %v", db.AsOf(), at)
	}
	k.do(feed.Rows{"rule": nil})
	reach(t, db, s)
	if db.Version() <= version {
		t.Errorf("version %d, want more than %d", db.Version(), version)
	}
}

func TestAFailingSelectIsTriedAgain(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t), store.Options{})
	k := openShop(t, s)
	db := warehousetest.Open(t, shop())
	follow(t, db, s)
	k.do(feed.Rows{"rule": nil})
	reach(t, db, s)
	k.do(feed.Rows{"rule": nil}, `ALTER TABLE t_rule RENAME TO t_away`, `INSERT INTO t_away VALUES ('a', 'b')`)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := db.Reach(ctx, s); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("Reach = %v, want unavailable", err)
	}
	k.do(nil, `ALTER TABLE t_away RENAME TO t_rule`)
	reach(t, db, s)
	same(t, db, s)
}

func TestAnInterruptedStepLosesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.DB) {
		k := openShop(t, s)
		db := warehousetest.Open(t, shop())
		r := rand.New(rand.NewPCG(11, 12))
		for n := range 15 {
			low := 1000 + r.Int64N(5_000)
			k.do(feed.Rows{"gift": {{low, low + 3000}}}, fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
				INSERT INTO t_gift SELECT %d + i, 1 + i %% 60, 19000 + i %% 20, %d FROM n WHERE i >= 0
				ON CONFLICT (id) DO UPDATE SET worth = excluded.worth, customer = excluded.customer + 1`, low, n))
			k.randomly(r, 3)
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(40))*time.Millisecond)
			if err := db.CatchUp(ctx, s); err != nil && ctx.Err() == nil {
				t.Fatalf("CatchUp = %v", err)
			}
			cancel()
		}
		if err := db.CatchUp(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		same(t, db, s)
	})
}

func TestALargeChangeIsFollowedAndWhatComesAfterIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.DB) {
		k := openShop(t, s)
		db := warehousetest.Open(t, shop())
		follow(t, db, s)
		reach(t, db, s)
		for n := range int64(3) {
			low := 1 + n*10_000
			k.do(feed.Rows{"gift": {{low, low + 9_999}}, "part": {{low, low + 9_999}}}, fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)
				INSERT INTO t_gift SELECT i, i %% 5000, 19000 + i %% 7, i FROM n`, low, low+9_999))
		}
		k.do(feed.Rows{"buyer": {{0, 5000}}}, `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO t_buyer SELECT i, '', 0 FROM n`)
		reach(t, db, s)
		same(t, db, s)
		version := db.Version()
		k.do(feed.Rows{"gift": one(7)}, `UPDATE t_gift SET worth = 1 WHERE id = 7`)
		late := time.After(20 * time.Second) // nobody waits: the rest after an import must end by itself
		for tick := time.Tick(time.Millisecond); db.Version() == version; {
			select {
			case <-tick:
			case <-late:
				t.Fatal("not seen")
			}
		}
		reach(t, db, s)
		same(t, db, s)
	})
}

func TestLittleMemoryIsEnough(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t), store.Options{})
	k := openShop(t, s)
	k.do(nil, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000) INSERT INTO t_buyer SELECT i, '', 0 FROM n`)
	k.do(nil, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
		INSERT INTO t_gift SELECT i, 1 + i % 40000, 19000 + i % 3000, i FROM n`)
	o := options(t.TempDir(), shop())
	o.MemoryLimit = 28 << 20
	db := warehousetest.OpenWith(t, o)
	check := func() {
		t.Helper()
		if err := db.CatchUp(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		got := warehousetest.Rows(t, db, `SELECT sum(worth)::BIGINT, sum(gifts)::BIGINT FROM gift_day`)
		want := storeRows(t, s, `SELECT sum(worth), count(*) FROM t_gift`)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	check()
	k.do(feed.Rows{"gift": {{1, 290_000}}}, `UPDATE t_gift SET worth = worth + 1 WHERE id <= 290000`)
	check()
}

func TestABacklogOfRowsNothingIsDerivedFromComesInParts(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t), store.Options{})
	k := openShop(t, s)
	gift := shop().Tables[1]
	gift.Affects = ""
	db := warehousetest.Open(t, warehouse.Projection{Customers: `SELECT 1`, Tables: []warehouse.Table{gift}})
	catchUp := func() {
		t.Helper()
		if err := db.CatchUp(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	catchUp()
	for n := range int64(5) {
		low := 1 + n*30_000
		k.do(feed.Rows{"gift": {{low, low + 29_999}}}, fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO t_gift SELECT i, i %% 5000, 19000, i FROM n`, low, low+29_999))
	}
	version := db.Version()
	catchUp()
	if parts := db.Version() - version; parts < 2 {
		t.Errorf("150,000 rows came in %d commit", parts)
	}
	got := warehousetest.Rows(t, db, `SELECT count(DISTINCT id), sum(worth)::BIGINT FROM gift`)
	if want := storeRows(t, s, `SELECT count(*), sum(worth) FROM t_gift`); difference(want, got) != "" {
		t.Errorf("(-store +warehouse): %s", difference(want, got))
	}
}
