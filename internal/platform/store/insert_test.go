package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

// lineColumns are those of a table with a column that may be NULL.
var lineColumns = []string{"document", "n", "product", "description", "quantity", "unit_price", "amount", "base_amount", "cost", "sale"}

func insertLines(n int, cost func(i int) any) [][]any {
	rows := store.NewRows(n, len(lineColumns))
	for i := range n {
		rows.End(append(rows.Row(), int64(i), 1, int64(7), "Käse "+fmt.Sprint(i), int64(1000), int64(i), int64(i), int64(i), cost(i), store.Flag(i%2 == 0)))
	}
	return rows.All
}

func readLines(t *testing.T, db *store.DB) (all []string) {
	t.Helper()
	ctx := context.Background()
	err := db.Read(ctx, func(tx *store.Tx) error {
		text := `SELECT document, description, cost, sale FROM document_line WHERE document >= $1 ORDER BY document`
		return tx.Values(ctx, text, []any{0}, func(columns []string, row []any) error {
			if diff := cmp.Diff([]string{"document", "description", "cost", "sale"}, columns); diff != "" {
				t.Error(diff)
			}
			all = append(all, fmt.Sprint(row...))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestManyRowsGoInAndComeOutAsTheyAre(t *testing.T) {
	ctx := context.Background()
	costs := map[string]func(int) any{
		"never":  func(int) any { return nil },
		"always": func(i int) any { return int64(i) },
		"some": func(i int) any {
			if i%3 != 0 {
				return nil
			}
			return int64(i)
		},
	}
	for _, c := range []struct {
		cost string
		n    int
	}{{"never", 41}, {"always", 41}, {"some", 0}, {"some", 1}, {"some", 40}, {"some", 1003}} { // 40 rows share a statement
		t.Run(fmt.Sprintf("cost %s, %d rows", c.cost, c.n), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				rows := insertLines(c.n, costs[c.cost])
				err := db.Bulk(ctx, store.System(), func(tx *store.Tx) error { return tx.Insert(ctx, "document_line", lineColumns, rows) })
				if err != nil {
					t.Fatal(err)
				}
				var want []string
				for _, r := range rows {
					want = append(want, fmt.Sprint(r[0], r[3], r[8], r[9]))
				}
				if diff := cmp.Diff(want, readLines(t, db)); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestOneRowTooManyLeavesNothingOfAll(t *testing.T) {
	ctx := context.Background()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		rows := insertLines(100, func(int) any { return nil })
		rows[70][0] = rows[3][0]
		for name, write := range map[string]func(context.Context, store.Actor, func(*store.Tx) error) error{"bulk": db.Bulk, "small": db.Write} {
			err := write(ctx, store.System(), func(tx *store.Tx) error { return tx.Insert(ctx, "document_line", lineColumns, rows) })
			if !store.IsUnique(err) {
				t.Errorf("%s: got %v, want a unique violation", name, err)
			}
		}
		if all := readLines(t, db); len(all) > 0 {
			t.Errorf("%d rows are left", len(all))
		}
	})
}

func TestRowsOfAnotherWidthAreRefused(t *testing.T) {
	ctx := context.Background()
	db := storetest.Open(t, storetest.SQLite(t), store.Options{})
	err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
		return tx.Insert(ctx, "document_line", lineColumns, [][]any{{1, 2, 3}})
	})
	if err == nil {
		t.Error("a row of three values went into ten columns")
	}
}

func TestReadingOfValuesEndsWithTheFirstError(t *testing.T) {
	ctx := context.Background()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		write := func(tx *store.Tx) error {
			return tx.Insert(ctx, "document_line", lineColumns, insertLines(10, func(int) any { return nil }))
		}
		if err := db.Write(ctx, store.System(), write); err != nil {
			t.Fatal(err)
		}
		enough := errors.New("enough")
		seen := 0
		err := db.Read(ctx, func(tx *store.Tx) error {
			return tx.Values(ctx, `SELECT document FROM document_line`, nil, func([]string, []any) error {
				if seen++; seen == 3 {
					return enough
				}
				return nil
			})
		})
		if !errors.Is(err, enough) || seen != 3 {
			t.Errorf("%d rows, %v", seen, err)
		}
		if n := len(readLines(t, db)); n != 10 {
			t.Errorf("%d rows afterwards", n)
		}
	})
}

func TestABulkTurnLearnsThatSomebodyWaits(t *testing.T) {
	ctx := context.Background()
	db := storetest.Open(t, storetest.SQLite(t), store.Options{})
	small := make(chan error, 1)
	err := db.Bulk(ctx, store.System(), func(tx *store.Tx) error {
		if !tx.Alone() {
			t.Error("somebody waits before anybody came")
		}
		go func() { small <- db.Write(ctx, store.System(), addSource(ctx, "small")) }()
		for end := time.Now().Add(10 * time.Second); tx.Alone(); {
			if time.Now().After(end) {
				return errors.New("the turn does not learn of the small write")
			}
		}
		return nil
	})
	if err := errors.Join(err, <-small); err != nil {
		t.Fatal(err)
	}
}
