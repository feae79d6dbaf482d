package predict_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/company"
	"stamm/internal/record/contract"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/product"
)

// sharedData finds the folder with the data sets of the golden numbers, or skips the test.
func sharedData(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("STAMM_DATA"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		data := filepath.Join(dir, "shared", "data")
		if _, err := os.Stat(filepath.Join(data, "golden.json")); err == nil {
			return data
		}
		if dir == filepath.Dir(dir) {
			t.Skip("golden numbers: no shared/data here and STAMM_DATA is not set")
		}
	}
}

// golden is the block of the CDNOW sample.
func golden(t testing.TB) map[string]any {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(sharedData(t), "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ BTYD map[string]map[string]any }
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all.BTYD["cdnow_sample_exact"]
}

// house opens an empty warehouse of all domains.
func house(t testing.TB) *warehouse.DB {
	t.Helper()
	return warehousetest.Open(t, company.Projection(), customer.Projection(), product.Projection(), document.Projection(), contract.Projection(), predict.Projection())
}

func mustDay(t testing.TB, text string) clock.Day {
	t.Helper()
	d, err := clock.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// order is one sale of a test: who, when, how much.
type order struct {
	customer int64
	day      string
	amount   int64
}

// shop is a warehouse with these sales, and returns of them by the place in the list.
func shop(t testing.TB, orders []order, returned ...int) *warehouse.DB {
	t.Helper()
	db := house(t)
	tables := rowsOf(t, orders)
	for n, i := range returned {
		o, id := orders[i], int64(1000+n)
		tables["document"] = append(tables["document"], []any{id, o.customer, "return", mustDay(t, o.day).AddDays(3), int64(0), false, int64(0), o.amount, nil, int64(1)})
		tables["link"] = append(tables["link"], []any{id, int64(1), int64(i + 1), "reverses", o.amount})
	}
	warehousetest.Fill(t, db, tables)
	return db
}

// cdnow is the CDNOW sample.
func cdnow(t testing.TB) *warehouse.DB {
	t.Helper()
	file := filepath.Join(sharedData(t), "cdnow_sample.csv")
	db := house(t)
	rows := readCSV(t, file)
	tables := map[string][][]any{}
	ids := map[string]int64{}
	for i, r := range rows {
		id, ok := ids[r[0]]
		if !ok {
			id = int64(len(ids) + 1)
			ids[r[0]] = id
			tables["customer"] = append(tables["customer"], []any{id, r[0], "cdnow", "person", "", "", "", false, false, mustDay(t, r[1]), "", nil, int64(0)})
		}
		tables["document"] = append(tables["document"], []any{int64(i + 1), id, "order", mustDay(t, r[1]), int64(0), true, int64(1), cents(t, r[3]), nil, int64(1)})
	}
	warehousetest.Fill(t, db, tables)
	return db
}

func load(t testing.TB, db *warehouse.DB, s predict.Scope) *predict.Book {
	t.Helper()
	b, err := predict.Load(context.Background(), db, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// refill replaces everything in the warehouse of a test.
func refill(t testing.TB, db *warehouse.DB, orders []order) {
	t.Helper()
	err := db.Fill(context.Background(), func(f *warehouse.Filler) error {
		for _, table := range []string{"customer", "document", "link"} {
			if err := f.Exec(context.Background(), "DELETE FROM "+table); err != nil {
				return err
			}
		}
		for table, rows := range rowsOf(t, orders) {
			if err := f.Append(context.Background(), table, rows...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// rowsOf are the rows of customers and sales.
func rowsOf(t testing.TB, orders []order) map[string][][]any {
	tables := map[string][][]any{}
	seen := map[int64]bool{}
	for i, o := range orders {
		if !seen[o.customer] {
			seen[o.customer] = true
			tables["customer"] = append(tables["customer"], []any{o.customer, "K" + strconv.FormatInt(o.customer, 10), "shop", "person", "DE", "", "de", false, false, mustDay(t, o.day), "valid", nil, int64(0)})
		}
		tables["document"] = append(tables["document"], []any{int64(i + 1), o.customer, "order", mustDay(t, o.day), int64(0), true, int64(1), o.amount, nil, int64(1)})
	}
	return tables
}
