package customer_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/customer"
)

// everything is the whole database as text.
func everything(t testing.TB, db *store.DB) string {
	t.Helper()
	var b strings.Builder
	read(t, db, func(tx *store.Tx) error {
		text := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'`
		if tx.Dialect() == store.Postgres {
			text = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
		}
		tables := column(t, tx, text)
		for _, table := range tables {
			dump(t, tx, table, &b)
		}
		return nil
	})
	return b.String()
}

func column(t testing.TB, tx *store.Tx, text string) (all []string) {
	t.Helper()
	rows, err := tx.Query(ctx, text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func dump(t testing.TB, tx *store.Tx, table string, b *strings.Builder) {
	t.Helper()
	rows, err := tx.Query(ctx, `SELECT * FROM `+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.NullString)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(b, table)
		for _, v := range values {
			fmt.Fprintln(b, "\t", v.(*sql.NullString).String)
		}
	}
}

func TestErasedCustomerLeavesNoTraceAndDoesNotComeBack(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := storetest.Open(t, url, store.Options{})
		shop := source(t, db, "shop")
		write(t, db, func(tx *store.Tx) error {
			_, err := customer.DefineField(ctx, tx, customer.CustomField{Key: "pet", Label: "Haustier", Type: customer.TypeText})
			return err
		})
		fields := []string{"external_id", "first_name", "last_name", "email", "phone", "line1", "city", "country", "tags", "custom.pet"}
		row := []string{"QX7788", "Xaveria", "Quittenbaum", "xaveria@quittenbaum.example", "040 7654321", "Quittenweg 7", "Quittendorf", "DE", "quittentag", "Quittenpapagei"}
		b := customer.Batch{Source: shop, Run: 1, Fields: fields, Rows: [][]string{row, {"2", "Bert", "Bleibt", "bert@bleibt.example", "", "", "", "DE", "", ""}}}
		id := upsert(t, db, b).Outcomes[0].ID
		change(t, db, id, customer.Fields{"last_name": "Quittenbaum-Meier", "title": "Dr. Quitte"})
		edit(t, db, func(tx *store.Tx) (customer.Edit, error) { return customer.AddNote(ctx, tx, id, "Quittennotiz") })
		edit(t, db, func(tx *store.Tx) (customer.Edit, error) {
			return customer.AddEmail(ctx, tx, id, customer.Email{Address: "quitte@example.org"})
		})
		edit(t, db, func(tx *store.Tx) (customer.Edit, error) { return customer.Attach(ctx, tx, id, shop, "QX9") })
		firm := create(t, db, customer.Draft{Fields: customer.Fields{"kind": "company", "name": "Firma"}})
		edit(t, db, func(tx *store.Tx) (customer.Edit, error) {
			return customer.AddContact(ctx, tx, customer.Contact{Company: firm, Person: id, Role: "Quittenkoenigin"})
		})
		for range 2 {
			write(t, db, func(tx *store.Tx) error { return customer.Erase(ctx, tx, id) })
		}

		text := everything(t, db)
		for _, trace := range []string{"quitt", "xaver", "qx7788", "qx9", "7654321"} {
			if i := strings.Index(strings.ToLower(text), trace); i >= 0 {
				t.Errorf("%q is left: …%s…", trace, text[max(0, i-200):min(len(text), i+50)])
			}
		}
		if !strings.Contains(text, "Bleibt") {
			t.Error("the others are gone too")
		}
		if strings.Count(text, customer.KindErased) != 1 {
			t.Error("erasing twice is told twice")
		}
		if w := load(t, db, id); w.ErasedAt.IsZero() || w.Name != "" || w.Country != "DE" || w.ID != id {
			t.Errorf("the shell: %+v", w.Customer)
		}
		if people := load(t, db, firm).People; len(people) != 1 || people[0].Until == nil || people[0].Role != "" {
			t.Errorf("contacts: %+v", people)
		}
		refused(t, db, fault.Conflict, "customer.is_erased", func(tx *store.Tx) (customer.Edit, error) {
			return customer.Change(ctx, tx, id, customer.Patch{Fields: customer.Fields{"name": "x"}})
		})

		b.Run = 2
		b.Rows = [][]string{row, {"QX9", "X", "", "", "", "", "", "", "", ""}, {"", "X", "", "Quitte@Example.org", "", "", "", "", "", ""}, {"3", "C", "", "", "", "", "", "", "", ""}}
		w := upsert(t, db, b)
		for i, want := range []customer.Status{customer.Erased, customer.Erased, customer.Erased, customer.New} {
			if o := w.Outcomes[i]; o.Status != want || want == customer.Erased && o.ID != 0 {
				t.Errorf("row %d: %+v, want status %d", i, o, want)
			}
		}
		write(t, db, func(tx *store.Tx) error {
			w, err := customer.Ensure(ctx, tx, customer.Batch{Source: shop, Run: 3, Fields: []string{"external_id"}, Rows: [][]string{{"QX7788"}, {"2"}}})
			if err != nil || w.Outcomes[0].Status != customer.Erased || w.Outcomes[1].Status != customer.Unchanged {
				t.Errorf("ensure: %+v, %v", w.Outcomes, err)
			}
			return nil
		})
		if db.Dialect() == store.SQLite {
			checkFile(t, url)
		}
	})
}

// checkFile looks into a copy of the database file as a backup makes it.
func checkFile(t *testing.T, url string) {
	t.Helper()
	raw, err := sql.Open("sqlite", url)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	file := url + ".copy"
	if _, err := raw.ExecContext(context.Background(), `VACUUM INTO $1`, file); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, trace := range []string{"uitten", "averia", "7654321"} {
		if bytes.Contains(content, []byte(trace)) {
			t.Errorf("%q is left in the file", trace)
		}
	}
}
