package document_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
)

// derived is a warehouse with the rows that the statements insert, and what is derived from them.
func derived(t *testing.T, rows ...string) *warehouse.DB {
	t.Helper()
	db := warehousetest.Open(t, customer.Projection(), document.Projection())
	err := db.Fill(t.Context(), func(f *warehouse.Filler) error {
		for _, text := range append(rows, "INSERT INTO customer (id, excluded) VALUES (1, false), (2, false), (9, true)") {
			if err := f.Exec(t.Context(), text); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// order, back and link write rows of the tables a case begins with.
func order(id, customer int, day string, amount int) string {
	return fmt.Sprintf("INSERT INTO document (id, customer, kind, day, sale, sale_rows, amount, cost) VALUES (%d, %d, 'order', '%s', true, 1, %d, NULL)", id, customer, day, amount)
}

func back(id, customer int, day string, amount int) string {
	return fmt.Sprintf("INSERT INTO document (id, customer, kind, day, sale, sale_rows, amount, cost) VALUES (%d, %d, 'return', '%s', false, 0, %d, NULL)", id, customer, day, amount)
}

func link(document, n, target int, kind string, amount any) string {
	return fmt.Sprintf("INSERT INTO link (document, n, target, kind, amount) VALUES (%d, %d, %d, '%s', %v)", document, n, target, kind, amount)
}

// lines reads a query of one text a row.
func lines(t *testing.T, db *warehouse.DB, query string) []string {
	t.Helper()
	var out []string
	for _, row := range warehousetest.Rows(t, db, query) {
		out = append(out, row[0].(string))
	}
	return out
}

func TestTheProjectionListsAllCustomers(t *testing.T) {
	db := derived(t)
	got := lines(t, db, "SELECT CAST(id AS VARCHAR) FROM ("+customer.Projection().Customers+") c ORDER BY 1")
	if diff := cmp.Diff([]string{"1", "2", "9"}, got); diff != "" {
		t.Errorf("the ids of all customers, by which derived tables are computed in parts (-want +got):\n%s", diff)
	}
}

func TestTheWarehouseRunsEveryStatement(t *testing.T) {
	var all, changed int
	for _, d := range document.Projection().Derived {
		all, changed = all+len(d.All), changed+len(d.Changed)
	}
	if all != len(document.DeriveAll()) || changed != len(document.DeriveChanged()) {
		t.Errorf("the projection has %d and %d of %d and %d statements", all, changed, len(document.DeriveAll()), len(document.DeriveChanged()))
	}
}

func TestReturnsComeOffTheSalesTheyReverse(t *testing.T) {
	tests := []struct {
		name string
		rows []string
		want []string // document sale day amount closes
	}{
		{"in part", []string{order(1, 1, "2025-01-01", 100), back(50, 1, "2025-01-05", 30), link(50, 1, 1, "reverses", 30)},
			[]string{"50 1 2025-01-05 30 false"}},
		{"in full", []string{order(1, 1, "2025-01-01", 100), back(50, 1, "2025-01-05", 100), link(50, 1, 1, "reverses", 100)},
			[]string{"50 1 2025-01-05 100 true"}},
		{"in full by two", []string{order(1, 1, "2025-01-01", 100), back(50, 1, "2025-01-07", 60), link(50, 1, 1, "reverses", 60),
			back(51, 1, "2025-01-05", 40), link(51, 1, 1, "reverses", 40)},
			[]string{"50 1 2025-01-07 60 true", "51 1 2025-01-05 40 false"}},
		{"an amount not said is the whole return", []string{order(1, 1, "2025-01-01", 100), back(50, 1, "2025-01-05", 70), link(50, 1, 1, "reverses", "NULL")},
			[]string{"50 1 2025-01-05 70 false"}},
		{"more than the sale is left over", []string{order(1, 1, "2025-01-01", 100), back(50, 1, "2025-01-05", 130), link(50, 1, 1, "reverses", 130)},
			[]string{"50 0 2025-01-05 30 false", "50 1 2025-01-05 100 true"}},
		{"first come first served", []string{order(1, 1, "2025-01-01", 100), back(50, 1, "2025-01-06", 80), link(50, 1, 1, "reverses", 80),
			back(51, 1, "2025-01-05", 80), link(51, 1, 1, "reverses", 80)},
			[]string{"50 0 2025-01-06 60 false", "50 1 2025-01-06 20 true", "51 1 2025-01-05 80 false"}},
		{"a link takes no more than its return has", []string{order(1, 1, "2025-01-01", 100), order(2, 1, "2025-01-02", 100), back(50, 1, "2025-01-05", 70),
			link(50, 1, 1, "reverses", 50), link(50, 2, 2, "reverses", 50)},
			[]string{"50 1 2025-01-05 50 false", "50 2 2025-01-05 20 false"}},
		{"without a link", []string{order(1, 1, "2025-01-01", 100), back(50, 1, "2025-01-05", 30)}, []string{"50 0 2025-01-05 30 false"}},
		{"to a sale of somebody else", []string{order(1, 2, "2025-01-01", 100), back(50, 1, "2025-01-05", 30), link(50, 1, 1, "reverses", 30)},
			[]string{"50 0 2025-01-05 30 false"}},
		{"to nothing", []string{back(50, 1, "2025-01-05", 30), link(50, 1, 77, "reverses", 30)}, []string{"50 0 2025-01-05 30 false"}},
		{"before the sale counts from the sale", []string{order(1, 1, "2025-01-10", 100), back(50, 1, "2025-01-05", 30), link(50, 1, 1, "reverses", 30)},
			[]string{"50 1 2025-01-10 30 false"}},
		{"to the invoice of an order", []string{order(1, 1, "2025-01-01", 100),
			"INSERT INTO document (id, customer, kind, day, sale, sale_rows, amount, cost) VALUES (2, 1, 'invoice', '2025-01-02', false, 0, 100, NULL)", link(2, 1, 1, "invoices", 100),
			back(50, 1, "2025-01-05", 30), link(50, 1, 2, "reverses", 30)},
			[]string{"50 1 2025-01-05 30 false"}},
		{"to the invoice of two orders", []string{order(1, 1, "2025-01-01", 20), order(3, 1, "2025-01-01", 80),
			"INSERT INTO document (id, customer, kind, day, sale, sale_rows, amount, cost) VALUES (2, 1, 'invoice', '2025-01-02', false, 0, 100, NULL)", link(2, 1, 1, "invoices", 20), link(2, 2, 3, "invoices", 80),
			back(50, 1, "2025-01-05", 30), link(50, 1, 2, "reverses", 30)},
			[]string{"50 1 2025-01-05 20 true", "50 3 2025-01-05 10 false"}},
		{"without a customer", []string{order(1, 0, "2025-01-01", 100), back(50, 0, "2025-01-05", 30), link(50, 1, 1, "reverses", 30)},
			[]string{"50 1 2025-01-05 30 false"}},
		{"of an excluded customer", []string{order(1, 9, "2025-01-01", 100), back(50, 9, "2025-01-05", 30)}, nil},
		{"of a sale of zero", []string{order(1, 1, "2025-01-01", 0), back(50, 1, "2025-01-05", 30), link(50, 1, 1, "reverses", 30)},
			[]string{"50 0 2025-01-05 30 false"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			db := derived(t, test.rows...)
			got := lines(t, db, "SELECT concat_ws(' ', document, sale, day, amount, closes) FROM refund ORDER BY document, sale")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestADayKnowsItsPlaceInTheCustomersHistory(t *testing.T) {
	db := derived(t,
		order(1, 1, "2025-01-01", 100), order(2, 1, "2025-01-01", 50), order(3, 1, "2025-02-10", 70), order(4, 1, "2025-03-20", 40),
		order(5, 2, "2025-01-01", 10), order(6, 9, "2025-01-01", 10), order(7, 0, "2025-01-01", 10),
		back(50, 1, "2025-02-15", 70), link(50, 1, 3, "reverses", 70), // the second day is returned in full
		back(51, 1, "2025-03-01", 5), // unlinked, before the third
		back(52, 1, "2025-04-01", 25), link(52, 1, 2, "reverses", 25))
	days := `SELECT concat_ws(' ', customer, day, orders, lines, gross, nth, coalesce(CAST(prev AS VARCHAR), '-'), coalesce(CAST(next AS VARCHAR), '-'), total_orders, total)
		FROM purchase_day ORDER BY customer, day`
	if diff := cmp.Diff([]string{
		"1 2025-01-01 2 2 150 1 - 2025-02-10 2 150",
		"1 2025-02-10 1 1 70 2 2025-01-01 2025-03-20 3 220",
		"1 2025-03-20 1 1 40 3 2025-02-10 - 4 260",
		"2 2025-01-01 1 1 10 1 - - 1 10",
	}, lines(t, db, days)); diff != "" {
		t.Error(diff)
	}
	net := strings.NewReplacer("orders", "net_orders", "lines", "net_lines", "gross", "net", "nth", "net_nth", "(prev", "(net_prev", "(next", "(net_next",
		"total_", "net_total_", " total)", " net_total)").Replace(strings.Replace(days, "total_orders", "total_", 1))
	net = strings.Replace(net, "net_total_,", "net_total_orders,", 1)
	net = strings.Replace(net, "ORDER BY", "WHERE net_orders > 0 ORDER BY", 1)
	if diff := cmp.Diff([]string{
		"1 2025-01-01 2 2 125 1 - 2025-03-20 2 120",
		"1 2025-03-20 1 1 40 2 2025-01-01 - 3 160",
		"2 2025-01-01 1 1 10 1 - - 1 10",
	}, lines(t, db, net)); diff != "" {
		t.Error(diff)
	}
	months := `SELECT concat_ws(' ', customer, month, days, orders, gross, first_month, coalesce(CAST(prev_month AS VARCHAR), '-'), net_days, net_orders, net,
		net_first_month, coalesce(CAST(net_prev_month AS VARCHAR), '-')) FROM purchase_month ORDER BY customer, month`
	if diff := cmp.Diff([]string{
		"1 2025-01-01 1 2 150 2025-01-01 - 1 2 125 2025-01-01 -",
		"1 2025-02-01 1 1 70 2025-01-01 2025-01-01 0 0 0 2025-01-01 -",
		"1 2025-03-01 1 1 40 2025-01-01 2025-02-01 1 1 40 2025-01-01 2025-01-01",
		"2 2025-01-01 1 1 10 2025-01-01 - 1 1 10 2025-01-01 -",
	}, lines(t, db, months)); diff != "" {
		t.Error(diff)
	}
}

func TestAMarginNeedsEveryCost(t *testing.T) {
	db := derived(t,
		"INSERT INTO document (id, customer, kind, day, sale, sale_rows, amount, cost) VALUES (1, 1, 'order', '2025-01-01', true, 1, 100, 60), (2, 1, 'order', '2025-01-01', true, 1, 50, 20)",
		"INSERT INTO document (id, customer, kind, day, sale, sale_rows, amount, cost) VALUES (3, 1, 'order', '2025-01-02', true, 1, 100, 60), (4, 1, 'order', '2025-01-02', true, 1, 50, NULL)")
	want := []string{"2025-01-01 70", "2025-01-02 -"}
	if diff := cmp.Diff(want, lines(t, db, "SELECT concat_ws(' ', day, coalesce(CAST(margin AS VARCHAR), '-')) FROM purchase_day ORDER BY day")); diff != "" {
		t.Error(diff)
	}
}

func TestFirstItemsAreThoseOfTheFirstPurchaseDay(t *testing.T) {
	db := derived(t,
		order(1, 1, "2025-01-01", 100), order(2, 1, "2025-02-01", 100), order(3, 1, "2025-03-01", 100),
		"INSERT INTO line (document, product, sale) VALUES (1, 10, true), (1, 11, true), (1, 12, false), (1, 0, true), (2, 11, true), (2, 13, true), (3, 14, true)",
		back(50, 1, "2025-04-01", 100), link(50, 1, 1, "reverses", 100))
	want := []string{"10 true false", "11 true true", "13 false true"}
	if diff := cmp.Diff(want, lines(t, db, "SELECT concat_ws(' ', product, gross, net) FROM first_item ORDER BY product")); diff != "" {
		t.Error(diff)
	}
}

func bill(id int, kind, day, due string, amount int) string {
	if due != "NULL" {
		due = "'" + due + "'"
	}
	return fmt.Sprintf("INSERT INTO bill (id, customer, kind, day, due, amount) VALUES (%d, 1, '%s', '%s', %s, %d)", id, kind, day, due, amount)
}

func TestWhatIsOpenOfInvoicesMovesWithWhatSettlesThem(t *testing.T) {
	t.Parallel()
	const query = "SELECT invoice || ' ' || moved || ' ' || amount FROM open_item ORDER BY invoice, moved, amount"
	for _, tt := range []struct {
		name string
		rows []string
		want []string
	}{
		{"paid in parts, credited, paid too much and paid back", []string{
			bill(10, "invoice", "2025-01-01", "2025-01-15", 10000), bill(20, "payment", "2025-01-10", "NULL", 4000), link(20, 1, 10, "pays", 0),
			bill(30, "credit", "2025-01-20", "NULL", 1000), link(30, 1, 10, "reverses", 1000), bill(31, "payment", "2025-02-01", "NULL", 9000), link(31, 1, 10, "pays", 0),
			bill(32, "payment", "2025-02-05", "NULL", -4000), link(32, 1, 10, "pays", 0)},
			[]string{"10 2025-01-01 10000", "10 2025-01-10 -4000", "10 2025-01-20 -1000", "10 2025-02-01 -5000"}},
		{"what names the order settles its invoices, the one due first", []string{
			order(40, 1, "2025-01-01", 10000), bill(41, "invoice", "2025-01-01", "2025-01-31", 6000), link(41, 1, 40, "invoices", 0),
			bill(42, "invoice", "2025-01-20", "NULL", 4000), link(42, 1, 40, "invoices", 0), bill(43, "payment", "2025-01-10", "NULL", 7000), link(43, 1, 40, "pays", 0)},
			[]string{"41 2025-01-01 6000", "41 2025-01-10 -6000", "42 2025-01-20 -1000", "42 2025-01-20 4000"}},
		{"a credit of an invoice whose order is the sale counts once", []string{
			order(50, 1, "2025-01-01", 5000), bill(51, "invoice", "2025-01-02", "2025-01-31", 5950), link(51, 1, 50, "invoices", 0),
			bill(52, "credit", "2025-01-09", "NULL", 1190), link(52, 1, 50, "reverses", 1000), link(52, 2, 51, "credits", 1000)},
			[]string{"51 2025-01-02 5950", "51 2025-01-09 -1190"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := derived(t, tt.rows...)
			if diff := cmp.Diff(tt.want, lines(t, db, query)); diff != "" {
				t.Error(diff)
			}
			due := lines(t, db, "SELECT DISTINCT invoice || ' ' || due FROM open_item WHERE invoice = 42")
			if tt.name[:4] == "what" && !cmp.Equal(due, []string{"42 2025-02-19"}) {
				t.Errorf("without a due date: %v", due)
			}
		})
	}
}
