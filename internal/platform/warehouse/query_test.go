package warehouse_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
)

func day(t testing.TB, text string) clock.Day {
	t.Helper()
	d, err := clock.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFilledRowsAreReadBackWithTheirTypes(t *testing.T) {
	db := warehousetest.Open(t, shop())
	warehousetest.Fill(t, db, map[string][][]any{
		"buyer": {{1, "DE", false}, {int64(2), "Österreich", 1}, {3, nil, nil}},
		"gift":  {{10, 1, day(t, "1969-12-31"), 500}, {11, 1, day(t, "2024-02-29"), nil}, {12, 2, nil, -3}},
		"part":  {{10, 1, 0.25}, {10, 2, 3}, {11, 1, -1.5}},
		"rule":  {{"it's", "a \"rule\"; -- ok"}},
	})
	for query, want := range map[string][][]any{
		`SELECT id, land, hidden FROM buyer ORDER BY id`:   {{int64(1), "DE", false}, {int64(2), "Österreich", true}, {int64(3), nil, nil}},
		`SELECT day::VARCHAR, worth FROM gift ORDER BY id`: {{"1969-12-31", int64(500)}, {"2024-02-29", nil}, {nil, int64(-3)}},
		`SELECT n, weight FROM part ORDER BY gift, n`:      {{int32(1), 0.25}, {int32(2), 3.0}, {int32(1), -1.5}},
		`SELECT name, value FROM rule`:                     {{"it's", "a \"rule\"; -- ok"}},
		`SELECT customer, day::VARCHAR, gifts, worth, parts FROM gift_day ORDER BY customer, day`: {
			{int64(1), "1969-12-31", int64(1), int64(500), int64(2)}, {int64(1), "2024-02-29", int64(1), int64(0), int64(1)}},
	} {
		if diff := cmp.Diff(want, warehousetest.Rows(t, db, query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestAFillThatFailsLeavesNothing(t *testing.T) {
	db := warehousetest.Open(t, shop())
	before := db.Version()
	for _, bad := range [][]any{{1, "DE"}, {"x", "DE", false}, {1, 5, false}, {1.5, "DE", false}} {
		err := db.Fill(t.Context(), func(f *warehouse.Filler) error {
			if err := f.Append(t.Context(), "buyer", []any{7, "CH", false}); err != nil {
				return err
			}
			return f.Append(t.Context(), "buyer", bad)
		})
		if err == nil {
			t.Errorf("row %v was taken", bad)
		}
	}
	if got := warehousetest.Rows(t, db, `SELECT id FROM buyer`); len(got) != 0 || db.Version() != before {
		t.Errorf("rows %v, version %d (before %d)", got, db.Version(), before)
	}
}

func TestAnIntegerThatDoesNotFitIsRefused(t *testing.T) {
	db := warehousetest.Open(t, shop())
	err := db.Fill(t.Context(), func(f *warehouse.Filler) error {
		return f.Append(t.Context(), "part", []any{1, int64(1) << 40, 1.0})
	})
	if err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("Fill = %v", err)
	}
}

func TestReadersCanDoNothingButSelect(t *testing.T) {
	db := warehousetest.Open(t, shop())
	warehousetest.Fill(t, db, map[string][][]any{"buyer": {{1, "DE", false}}})
	for _, text := range []string{
		`DELETE FROM buyer`, `INSERT INTO buyer VALUES (2, '', false)`, `UPDATE buyer SET land = ''`, `DROP TABLE buyer`,
		`CREATE TABLE x (a BIGINT)`, `SELECT 1; DELETE FROM buyer`, `DELETE FROM buyer; SELECT 1`, `ATTACH ':memory:' AS x`,
		`COPY buyer TO '/tmp/buyer.csv'`, `SET threads = 8`, `INSTALL httpfs`, `LOAD httpfs`, `CHECKPOINT`,
		`PRAGMA memory_limit = '1GB'`, `BEGIN`, `SELECT * FROM read_csv('/etc/hostname')`, `SELECT * FROM '/etc/hostname'`,
		`SELECT * FROM read_text('/etc/hostname')`, `WITH x AS (DELETE FROM buyer RETURNING id) SELECT id FROM x`, ``,
	} {
		if rows, err := db.QueryContext(t.Context(), text); err == nil {
			rows.Close()
			t.Errorf("%q was run", text)
		}
		err := db.View(t.Context(), func(v *warehouse.View) error {
			rows, err := v.QueryContext(t.Context(), text)
			if err == nil {
				rows.Close()
			}
			return err
		})
		if err == nil {
			t.Errorf("%q was run in a view", text)
		}
	}
	if got := warehousetest.Rows(t, db, `SELECT count(*) FROM buyer`); got[0][0] != int64(1) {
		t.Errorf("buyers %v", got)
	}
}

func TestAViewIsOneState(t *testing.T) {
	db := warehousetest.Open(t, shop())
	err := db.View(t.Context(), func(v *warehouse.View) error {
		count := func() (n int) {
			if err := v.QueryRowContext(t.Context(), `SELECT count(*) FROM buyer`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := count(); n != 0 {
			t.Errorf("%d buyers before", n)
		}
		warehousetest.Fill(t, db, map[string][][]any{"buyer": {{1, "DE", false}}})
		if n := count(); n != 0 {
			t.Errorf("the view sees %d buyers of a later commit", n)
		}
		if v.Version() >= db.Version() {
			t.Errorf("view version %d, warehouse %d", v.Version(), db.Version())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := warehousetest.Rows(t, db, `SELECT count(*) FROM buyer`); got[0][0] != int64(1) {
		t.Errorf("afterwards %v", got)
	}
}

func TestAQueryEndsWithItsContext(t *testing.T) {
	db := warehousetest.Open(t, shop())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	rows, err := db.QueryContext(ctx, `SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE (a.range + b.range) % 7 = 3`)
	if err == nil {
		rows.Close()
	}
	if err == nil || fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("query = %v, want the context's end", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestAClosedWarehouseIsUnavailable(t *testing.T) {
	db, err := warehouse.Open(t.Context(), warehouse.Options{Dir: t.TempDir(), Projections: []warehouse.Projection{shop()}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var n int
	_, queryErr := db.QueryContext(t.Context(), `SELECT 1`)
	_, cachedErr := warehouse.Cached(t.Context(), db, "k", warehouse.Forever, func(context.Context, *warehouse.View) (int, error) { return 1, nil })
	for what, err := range map[string]error{
		"QueryContext":    queryErr,
		"QueryRowContext": db.QueryRowContext(t.Context(), `SELECT 1`).Scan(&n),
		"View":            db.View(t.Context(), func(*warehouse.View) error { return nil }),
		"Fill":            db.Fill(t.Context(), func(*warehouse.Filler) error { return nil }),
		"Cached":          cachedErr,
	} {
		if fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("%s = %v, want unavailable", what, err)
		}
	}
}

func TestMistakesInProjectionsAreFoundAtOpen(t *testing.T) {
	for name, spoil := range map[string]func(*warehouse.Projection){
		"a name twice":         func(p *warehouse.Projection) { p.Derived[0].Name = "gift" },
		"no name":              func(p *warehouse.Projection) { p.Tables[0].Name = "Buyer; --" },
		"our own table":        func(p *warehouse.Projection) { p.Tables[0].Name = "changed" },
		"no Select":            func(p *warehouse.Projection) { p.Tables[0].Select = "" },
		"Select without range": func(p *warehouse.Projection) { p.Tables[0].Select = "SELECT 1" },
		"no Span":              func(p *warehouse.Projection) { p.Tables[0].Span = "" },
		"a type":               func(p *warehouse.Projection) { p.Tables[0].DDL = "id BIGINT, land BLOB, hidden BOOLEAN" },
		"SQL":                  func(p *warehouse.Projection) { p.Tables[0].DDL = "id BIGINT, land" },
		"no statements":        func(p *warehouse.Projection) { p.Derived[0].All = nil },
		"affected by ids":      func(p *warehouse.Projection) { p.Tables[3].Affects = "SELECT 1" },
	} {
		p := shop()
		spoil(&p)
		db, err := warehouse.Open(t.Context(), warehouse.Options{Dir: t.TempDir(), Projections: []warehouse.Projection{p}})
		if err == nil {
			db.Close()
			t.Errorf("%s: opened", name)
		}
	}
}

func TestCachedComputesOncePerCommit(t *testing.T) {
	db := warehousetest.Open(t, shop())
	warehousetest.Fill(t, db, map[string][][]any{"buyer": {{1, "DE", false}}})
	runs := 0
	count := func(ctx context.Context, v *warehouse.View) (n int, err error) {
		runs++
		return n, v.QueryRowContext(ctx, `SELECT count(*) FROM buyer`).Scan(&n)
	}
	ask := func(patience time.Duration) warehouse.Result[int] {
		t.Helper()
		r, err := warehouse.Cached(t.Context(), db, "buyers", patience, count)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for range 3 {
		if r := ask(0); r.Value != 1 || !r.Fresh || runs != 1 {
			t.Fatalf("%+v after %d runs", r, runs)
		}
	}
	warehousetest.Fill(t, db, map[string][][]any{"buyer": {{2, "AT", false}}})
	if r := ask(warehouse.Forever); r.Value != 2 || !r.Fresh || runs != 2 {
		t.Fatalf("%+v after %d runs", r, runs)
	}
	if r := ask(warehouse.Forever); r.Value != 2 || runs != 2 {
		t.Fatalf("%+v after %d runs", r, runs)
	}
}

func TestAPageGetsTheLastResultWhileTheNextIsComputed(t *testing.T) {
	db := warehousetest.Open(t, shop())
	warehousetest.Fill(t, db, map[string][][]any{"buyer": {{1, "DE", false}}})
	hold, under := make(chan struct{}), make(chan struct{}, 8)
	slow := false
	count := func(ctx context.Context, v *warehouse.View) (n int, err error) {
		if slow {
			under <- struct{}{}
			<-hold
		}
		return n, v.QueryRowContext(ctx, `SELECT count(*) FROM buyer`).Scan(&n)
	}
	if r, err := warehouse.Cached(t.Context(), db, "buyers", 0, count); err != nil || r.Value != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	slow = true
	warehousetest.Fill(t, db, map[string][][]any{"buyer": {{2, "AT", false}}})
	r, err := warehouse.Cached(t.Context(), db, "buyers", time.Millisecond, count)
	if err != nil || r.Value != 1 || r.Fresh {
		t.Fatalf("%+v, %v; want the last result, not fresh", r, err)
	}
	<-under
	if db.Computing("buyers") <= 0 || db.Computing("sellers") != 0 {
		t.Error("nobody can tell what is being computed")
	}
	done := make(chan warehouse.Result[int])
	go func() {
		r, err := warehouse.Cached(t.Context(), db, "buyers", warehouse.Forever, count)
		if err != nil {
			t.Error(err)
		}
		done <- r
	}()
	close(hold)
	if r := <-done; r.Value != 2 || !r.Fresh || db.Computing("buyers") != 0 {
		t.Errorf("%+v, want the new result", r)
	}
}

func TestAFailedComputationIsAnErrorOrTheLastResult(t *testing.T) {
	db := warehousetest.Open(t, shop())
	broken := errors.New("broken")
	for key, fn := range map[string]func(context.Context, *warehouse.View) (int, error){
		"error": func(context.Context, *warehouse.View) (int, error) { return 0, broken },
		"panic": func(context.Context, *warehouse.View) (int, error) { panic("of a report") },
	} {
		if _, err := warehouse.Cached(t.Context(), db, key, 0, fn); err == nil {
			t.Error("no error")
		}
		ok, err := warehouse.Cached(t.Context(), db, key, 0, func(context.Context, *warehouse.View) (int, error) { return 5, nil })
		if err != nil || ok.Value != 5 {
			t.Fatalf("%+v, %v", ok, err)
		}
		warehousetest.Fill(t, db, nil)
		if r, err := warehouse.Cached(t.Context(), db, key, time.Minute, fn); err != nil || r.Value != 5 || r.Fresh {
			t.Errorf("page: %+v, %v; want the last result", r, err)
		}
		if _, err := warehouse.Cached(t.Context(), db, key, warehouse.Forever, fn); err == nil {
			t.Error("who wants the newest got an old one")
		}
	}
}
