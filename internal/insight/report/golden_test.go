package report_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
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
		if data := filepath.Join(dir, "shared", "data"); exists(filepath.Join(data, "golden.json")) {
			return data
		}
		if dir == filepath.Dir(dir) {
			t.Skip("golden numbers: no shared/data here and STAMM_DATA is not set")
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func golden(t testing.TB, set string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(sharedData(t), "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ KPI map[string]map[string]any }
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all.KPI[set]
}

func cdnow(t testing.TB) *sql.DB {
	db := openWarehouse(t, "")
	file := literal(filepath.Join(sharedData(t), "cdnow_sample.csv"))
	exec(t, db, `CREATE TEMP TABLE f AS SELECT row_number() OVER () AS id, customer_id AS ext, date AS day, CAST(round(amount * 100) AS BIGINT) AS amount
		FROM read_csv(`+file+`, all_varchar = false, types = {'customer_id': 'VARCHAR', 'date': 'DATE', 'amount': 'DECIMAL(12,2)'})`)
	exec(t, db, `INSERT INTO customer SELECT row_number() OVER (ORDER BY ext DESC), ext, 'default', 'person', '', '', '', false, false, NULL, 'none'
		FROM (SELECT DISTINCT ext FROM f)`)
	exec(t, db, `INSERT INTO document SELECT f.id, c.id, 'order', f.day, 0, true, 1, f.amount, NULL, 1 FROM f JOIN customer c ON c.ext = f.ext`)
	derive(t, db)
	return db
}

func onlineRetail(t testing.TB) *sql.DB {
	db := openWarehouse(t, "")
	files := literal(filepath.Join(sharedData(t), "online_retail_*.csv.gz"))
	exec(t, db, `CREATE TEMP TABLE f AS SELECT InvoiceNo AS number, coalesce(CustomerID, '') AS ext, CAST(InvoiceDate AS DATE) AS day, Quantity AS quantity,
			UnitPrice AS price, CAST(round(Quantity * UnitPrice * 100) AS BIGINT) AS amount, InvoiceNo LIKE 'C%' AS back,
			row_number() OVER () AS n
		FROM read_csv(`+files+`, types = {'InvoiceNo': 'VARCHAR', 'StockCode': 'VARCHAR', 'CustomerID': 'VARCHAR', 'Quantity': 'BIGINT',
			'UnitPrice': 'DECIMAL(12,4)', 'InvoiceDate': 'TIMESTAMP'})`)
	exec(t, db, `INSERT INTO customer SELECT row_number() OVER (ORDER BY ext DESC), ext, 'default', 'person', '', '', '', false, false, NULL, 'none'
		FROM (SELECT DISTINCT ext FROM f WHERE ext <> '')`)
	exec(t, db, `INSERT INTO document SELECT row_number() OVER (ORDER BY min(f.n)), coalesce(any_value(c.id), 0), CASE WHEN f.back THEN 'return' ELSE 'order' END,
			min(f.day), 0, NOT f.back AND count(*) FILTER (quantity > 0 AND price > 0) > 0,
			CASE WHEN f.back THEN 0 ELSE count(*) FILTER (quantity > 0 AND price > 0) END,
			CASE WHEN f.back THEN -sum(amount) ELSE coalesce(sum(amount) FILTER (quantity > 0 AND price > 0), 0) END, NULL, count(*)
		FROM f LEFT JOIN customer c ON c.ext = f.ext GROUP BY f.number, f.back`)
	derive(t, db)
	return db
}

func literal(s string) string { return "'" + s + "'" }

func TestGoldenNumbersOfCDNOW(t *testing.T) {
	db, want := cdnow(t), golden(t, "cdnow_sample")
	for _, basis := range []report.Basis{report.Net, report.Gross} {
		compareAll(t, db, want, report.Params{AsOf: mustDay(t, "1998-06-30"), Basis: basis, Customers: true})
	}
}

func TestGoldenNumbersOfOnlineRetail(t *testing.T) {
	db, want := onlineRetail(t), golden(t, "online_retail_h1_gross")
	p := report.Params{AsOf: mustDay(t, "2011-05-31"), Basis: report.Gross, Customers: true}
	compareAll(t, db, want, p)
	compareOne(t, db, "refunds", golden(t, "online_retail_h1_refunds"), p)
	p.Basis = report.Net
	compareOne(t, db, "refunds", golden(t, "online_retail_h1_refunds"), p)
}

func mustDay(t interface{ Fatal(...any) }, s string) clock.Day {
	d, err := clock.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func compareAll(t *testing.T, db *sql.DB, want map[string]any, p report.Params) {
	for name, w := range want {
		if object, ok := w.(map[string]any); ok {
			compareOne(t, db, name, object, p)
		}
	}
}

func compareOne(t *testing.T, db *sql.DB, name string, want map[string]any, p report.Params) {
	t.Run(fmt.Sprintf("%s/%s", name, p.Basis), func(t *testing.T) {
		got := object(t, db, name, p)
		delete(want, "definition")
		compareObjects(t, name, want, got)
	})
}

// object runs a report and reads its JSON.
func object(t testing.TB, db report.Querier, name string, p report.Params) map[string]any {
	t.Helper()
	r, err := report.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	res, err := r.Run(context.Background(), db, p)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(res.JSON)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// failer is a test that can report a difference.
type failer interface {
	Errorf(format string, args ...any)
}

// compareObjects wants every key and element of want in got; got may have more keys. Lists of customers in want are a sample.
func compareObjects(t failer, path string, want, got any) {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s: got %v, want an object", path, got)
			return
		}
		for k, w := range want {
			g, ok := object[k]
			if !ok {
				t.Errorf("%s.%s is missing", path, k)
				continue
			}
			compareObjects(t, path+"."+k, w, g)
		}
	case []any:
		list, ok := got.([]any)
		if ok && path == "rfm.customers" {
			list = sample(want, list)
		}
		if !ok || len(list) != len(want) {
			t.Errorf("%s: got %d elements, want %d", path, len(list), len(want))
			return
		}
		for i := range want {
			compareObjects(t, fmt.Sprintf("%s[%d]", path, i), want[i], list[i])
		}
	case float64:
		g, ok := got.(float64)
		if !ok || math.Abs(g-want) > 1e-9*math.Max(1, math.Abs(want)) {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	default:
		if got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}

// sample picks the customers of want out of a list.
func sample(want, list []any) []any {
	byID := map[any]any{}
	for _, c := range list {
		byID[c.(map[string]any)["id"]] = c
	}
	var out []any
	for _, w := range want {
		out = append(out, byID[w.(map[string]any)["id"]])
	}
	return out
}
