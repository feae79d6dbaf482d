package warehouse_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

func options(dir string, p warehouse.Projection) warehouse.Options {
	return warehouse.Options{Dir: dir, Projections: []warehouse.Projection{p}, Log: slog.New(slog.DiscardHandler)}
}

// session opens the warehouse of dir, lets it catch up, calls fn and closes it again.
func session(t *testing.T, dir string, p warehouse.Projection, s *store.DB, fn func(*warehouse.DB)) {
	t.Helper()
	db, err := warehouse.Open(t.Context(), options(dir, p))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := db.CatchUp(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	fn(db)
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAReopenedFileGoesOnAtItsCursor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.DB) {
		dir := t.TempDir()
		k := openShop(t, s)
		r := rand.New(rand.NewPCG(7, 8))
		var first []string
		for range 5 {
			k.randomly(r, 20)
			session(t, dir, shop(), s, func(db *warehouse.DB) { same(t, db, s) })
			if first == nil {
				first = files(t, dir)
			}
		}
		if diff := cmp.Diff(first, files(t, dir)); diff != "" || len(first) != 1 {
			t.Errorf("the file was built anew:\n%s", diff)
		}
	})
}

func TestAKilledProcessLosesNothing(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url, store.Options{})
		openShop(t, s)
		dir := t.TempDir()
		r := rand.New(rand.NewPCG(9, uint64(time.Now().UnixNano())))
		var before []string
		for round := range 4 {
			rebuilding := round%2 == 1
			killed(t, url, dir, rebuilding, time.Duration(r.IntN(400))*time.Millisecond)
			session(t, dir, shop(), s, func(db *warehouse.DB) { same(t, db, s) })
			now := files(t, dir)
			if len(now) != 1 {
				t.Errorf("files %v, want one", now)
			}
			if !rebuilding && before != nil && !cmp.Equal(before, now) {
				t.Errorf("round %d: the file was built anew (%v, then %v)", round, before, now)
			}
			if before = now; t.Failed() {
				t.Fatalf("in round %d", round)
			}
		}
	})
}

// killed runs a child on the store and the warehouse and kills it some time after it has got going.
func killed(t *testing.T, url, dir string, rebuilding bool, after time.Duration) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestFollowUntilKilled$")
	child.Env = append(os.Environ(), "STAMM_WAREHOUSE_CHILD="+dir, "STAMM_WAREHOUSE_STORE="+url, fmt.Sprintf("STAMM_WAREHOUSE_REBUILD=%v", rebuilding))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		t.Fatalf("the child did not get going: %v", err)
	}
	<-time.After(after)
	child.Process.Kill()
	child.Wait()
}

// TestFollowUntilKilled is the process that the test above kills.
func TestFollowUntilKilled(t *testing.T) {
	dir := os.Getenv("STAMM_WAREHOUSE_CHILD")
	if dir == "" {
		return // it is only the child of TestAKilledProcessLosesNothing
	}
	s, err := store.Open(t.Context(), os.Getenv("STAMM_WAREHOUSE_STORE"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	db, err := warehouse.Open(t.Context(), options(dir, shop()))
	if err != nil {
		t.Fatal(err)
	}
	follow(t, db, s)
	k := keeper{t, s}
	if os.Getenv("STAMM_WAREHOUSE_REBUILD") == "true" {
		go func() {
			for {
				if err := db.Rebuild(context.Background(), s); err != nil {
					panic(err)
				}
				if err := db.Compact(context.Background()); err != nil {
					panic(err)
				}
			}
		}()
	}
	r := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	for n := 0; ; n++ {
		low := 1000 + r.Int64N(50_000)
		k.do(feed.Rows{"gift": {{low, low + 3000}}}, fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
			INSERT INTO t_gift SELECT %d + i, 1 + i %% 60, 19000 + i %% 20, %d FROM n WHERE i >= 0
			ON CONFLICT (id) DO UPDATE SET worth = excluded.worth, customer = excluded.customer + 1`, low, n))
		k.randomly(r, 5)
		if n == 3 {
			os.Stdout.WriteString("!")
		}
	}
}

func TestADamagedFileIsBuiltAnew(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t), store.Options{})
	k := openShop(t, s)
	k.do(feed.Rows{"gift": {{1, 20_000}}}, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
		INSERT INTO t_gift SELECT i, i % 997, 19000 + i % 400, i * 7919 % 100003 FROM n`)
	k.randomly(rand.New(rand.NewPCG(1, 1)), 50)
	good := t.TempDir()
	session(t, good, shop(), s, func(db *warehouse.DB) { same(t, db, s) })
	whole, err := os.ReadFile(files(t, good)[0])
	if err != nil {
		t.Fatal(err)
	}
	flipped := func(at int) []byte {
		b := bytes.Clone(whole)
		for i := at; i < min(at+64, len(b)); i++ {
			b[i] ^= 0x5a
		}
		return b
	}
	cases := map[string][]byte{
		"empty": {}, "text": []byte("this is no database"), "cut short": whole[:len(whole)/2], "headers only": whole[:12<<10],
		"zeros behind the headers": append(bytes.Clone(whole[:12<<10]), make([]byte, len(whole)-12<<10)...),
	}
	for at := 0; at < len(whole); at += max(4096, len(whole)/7) {
		cases[fmt.Sprintf("bytes at %d", at)] = flipped(at)
	}
	for name, content := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "3.duckdb"), content, 0o600); err != nil {
				t.Fatal(err)
			}
			db, err := warehouse.Open(t.Context(), options(dir, shop()))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			stop := follow(t, db, s)
			defer stop()
			reach(t, db, s)
			untilWhole(t, db)
			same(t, db, s)
		})
	}
}

// untilWhole reads everything until nothing of it is damaged: what nobody has met yet shows with the first
// query that reads it, and has the file built anew.
func untilWhole(t *testing.T, db *warehouse.DB) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		version := db.Version()
		var n float64
		err := db.QueryRowContext(t.Context(), `SELECT (SELECT sum(d.customer + epoch(d.day) + d.worth + d.parts + d.gifts) FROM gift_day d)
			+ (SELECT sum(g.id + g.customer + epoch(g.day) + g.worth) FROM gift g) + (SELECT sum(p.gift + p.n + p.weight) FROM part p)
			+ (SELECT count(DISTINCT (b.id, b.land, b.hidden)) FROM buyer b) + (SELECT count(r.name || r.value) FROM rule r)`).Scan(&n)
		if err == nil {
			return
		}
		for tick := time.Tick(time.Millisecond); db.Version() == version; {
			select {
			case <-tick:
			case <-late:
				t.Fatalf("not built anew after %v", err)
			}
		}
	}
}

func TestAnotherLayoutIsBuiltAnew(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t), store.Options{})
	k := openShop(t, s)
	k.do(feed.Rows{"buyer": one(1)}, `INSERT INTO t_buyer VALUES (1, 'de', 0)`)
	dir := t.TempDir()
	session(t, dir, shop(), s, func(*warehouse.DB) {})
	changed := shop()
	changed.Tables[0].Select = `SELECT id, upper(land) AS land, hidden FROM t_buyer WHERE id BETWEEN $1 AND $2`
	session(t, dir, changed, s, func(db *warehouse.DB) {
		if got := warehousetest.Rows(t, db, `SELECT land FROM buyer`); !cmp.Equal(got, [][]any{{"DE"}}) {
			t.Errorf("land %v, want DE", got)
		}
	})
	if all := files(t, dir); len(all) != 1 {
		t.Errorf("files %v, want one", all)
	}
}

func TestAFileOfAnotherStoreIsBuiltAnew(t *testing.T) {
	shopOf := func(land string, changes int) *store.DB {
		s := storetest.Open(t, storetest.SQLite(t), store.Options{})
		k := openShop(t, s)
		for range changes {
			k.do(feed.Rows{"buyer": one(1)}, `INSERT INTO t_buyer VALUES (1, '`+land+`', 0) ON CONFLICT DO NOTHING`)
		}
		return s
	}
	dir := t.TempDir()
	check := func(s *store.DB, land string) {
		t.Helper()
		session(t, dir, shop(), s, func(db *warehouse.DB) {
			if got := warehousetest.Rows(t, db, `SELECT land FROM buyer`); !cmp.Equal(got, [][]any{{land}}) {
				t.Errorf("land %v, want %s", got, land)
			}
		})
	}
	check(shopOf("DE", 3), "DE")
	check(shopOf("AT", 3), "AT") // as long a feed
	check(shopOf("CH", 9), "CH") // a longer one
	short := shopOf("LI", 1)
	check(short, "LI") // a shorter one, as after an older backup
	keeper{t, short}.do(nil, `UPDATE t_buyer SET land = 'FL'`, `DELETE FROM feed`)
	check(short, "FL") // a feed cut behind the cursor
}

func TestErasedValuesAreGoneFromTheDiskAfterCompact(t *testing.T) {
	const secret = "Fürstentum-Sehr-Geheim"
	s := storetest.Open(t, storetest.SQLite(t), store.Options{})
	k := openShop(t, s)
	k.do(feed.Rows{"buyer": {{1, 3000}}}, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
		INSERT INTO t_buyer SELECT i, 'land ' || i, 0 FROM n`)
	dir := t.TempDir()
	session(t, dir, shop(), s, func(db *warehouse.DB) {
		change := func(table, statement string, id int64) {
			t.Helper()
			k.do(feed.Rows{table: one(id)}, statement)
			if err := db.CatchUp(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		change("buyer", `UPDATE t_buyer SET land = '`+secret+`' WHERE id = 1234`, 1234)
		change("buyer", `UPDATE t_buyer SET land = '' WHERE id = 1234`, 1234)
		if holding(t, dir, secret) == 0 {
			t.Fatal("the value is not to be found even before: the test proves nothing")
		}
		rows, err := db.QueryContext(t.Context(), `SELECT id FROM buyer`) // somebody still reads the old file
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if err := db.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
		same(t, db, s)
		if n := holding(t, dir, secret); n != 0 {
			t.Errorf("%d files still hold the value", n)
		}
		change("gift", `INSERT INTO t_gift VALUES (1, 1234, 19000, 5)`, 1)
		same(t, db, s)
		n := 0
		for rows.Next() {
			n++
		}
		if n != 3000 || rows.Err() != nil {
			t.Errorf("the reader of the old file saw %d rows, %v", n, rows.Err())
		}
	})
	session(t, dir, shop(), s, func(db *warehouse.DB) { same(t, db, s) })
	if n := holding(t, dir, secret); n != 0 || len(files(t, dir)) != 1 {
		t.Errorf("%d files hold the value; files %v", n, files(t, dir))
	}
}

// holding counts the files under dir in which the text stands.
func holding(t *testing.T, dir, text string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(text)) {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAFileThatAnotherProcessHoldsIsUnavailableAndStays(t *testing.T) {
	dir := t.TempDir()
	s := storetest.Open(t, storetest.SQLite(t), store.Options{})
	openShop(t, s)
	session(t, dir, shop(), s, func(*warehouse.DB) {})
	child := exec.Command(os.Args[0], "-test.run=^TestHoldAFile$")
	child.Env = append(os.Environ(), "STAMM_WAREHOUSE_HOLD="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	_, err = warehouse.Open(t.Context(), options(dir, shop()))
	if f := fault.As(err); f == nil || f.Code != fault.Unavailable || f.Key != "warehouse.locked" {
		t.Errorf("Open = %v, want unavailable warehouse.locked", err)
	}
	in.Close()
	if err := child.Wait(); err != nil {
		t.Errorf("the holder: %v", err)
	}
	session(t, dir, shop(), s, func(*warehouse.DB) {})
	if all := files(t, dir); len(all) != 1 || !strings.HasSuffix(all[0], "2.duckdb") {
		t.Errorf("files %v, want the first one built", all)
	}
}

// TestHoldAFile is the other process of the test above.
func TestHoldAFile(t *testing.T) {
	dir := os.Getenv("STAMM_WAREHOUSE_HOLD")
	if dir == "" {
		return // it is only the child of TestAFileThatAnotherProcessHoldsIsUnavailableAndStays
	}
	db, err := warehouse.Open(t.Context(), options(dir, shop()))
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout.WriteString("!")
	io.Copy(io.Discard, os.Stdin)
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
