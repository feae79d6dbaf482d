package connect_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

func TestAnUndoListsWhatItHadToLeave(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		const head = "order;customer;name;date;product;quantity;unit_price\n"
		path := filepath.Join(t.TempDir(), "orders.csv")
		bring := func(rows string) *connect.Run {
			if err := os.WriteFile(path, []byte(head+rows), 0o600); err != nil {
				t.Fatal(err)
			}
			return s.run(t, sheet.Orders, "default", sheet.Options{}, path)
		}
		first := bring("A1;k1;Anna;2024-01-01;TEE;1;10\nA2;k2;Bert;2024-01-02;MUG;1;12\n")
		bring("A1;k1;Anna;2024-01-01;TEE;2;10\n") // the first order is corrected
		run := s.undo(t, first.ID)
		var got []string
		var kept []connect.Record
		p := i18n.For("en", time.UTC)
		for after := (connect.Record{}); ; {
			var page []connect.Record
			err := s.db.Read(context.Background(), func(tx *store.Tx) (err error) {
				page, err = connect.KeptBy(context.Background(), tx, first.ID, after, 1) // page by page
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			after = page[0]
			kept = append(kept, after)
			got = append(got, after.Word(p)+" "+after.Name)
		}
		want := []string{"Customer Anna", "Order A1", "Product TEE"}
		if diff := cmp.Diff(want, got); diff != "" || run.Kept != int64(len(want)) {
			t.Errorf("kept %d: %s", run.Kept, diff)
		}
		if len(kept) > 1 && (kept[1].Customer == 0 || kept[1].Customer != kept[0].ID) {
			t.Errorf("whose: %+v", kept)
		}
	})
}

func TestARunListsWhatItMadeAndWhatItChanged(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		path := filepath.Join(t.TempDir(), "file.csv")
		bring := func(kind sheet.Kind, content string) *connect.Run {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			return s.run(t, kind, "default", sheet.Options{}, path)
		}
		did := func(run *connect.Run, made bool) (names []string) {
			for after := (connect.Place{}); ; {
				var part []connect.Record
				err := s.db.Read(context.Background(), func(tx *store.Tx) (err error) {
					part, after, err = connect.Did(context.Background(), tx, run, made, after, 2) // page by page
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range part {
					names = append(names, r.Name)
				}
				if after == (connect.Place{}) {
					return names
				}
			}
		}
		const orders, people = "order;customer;date;amount\n", "customer;name;city\n"
		first := bring(sheet.Orders, orders+"A1;k1;2024-01-01;1\nA2;k2;2024-01-02;2\nA3;k1;2024-01-03;3\nA4;k1;2024-01-03;3\nA5;k1;2024-01-03;3\n")
		second := bring(sheet.Orders, orders+"A1;k1;2024-01-01;1\nA2;k2;2024-01-02;22\nA9;k9;2024-01-09;9\n")
		third := bring(sheet.Customers, people+"k1;Anna;Kiel\nk2;Bert;Ulm\n")
		fourth := bring(sheet.Customers, people+"k1;Anna;Bonn\nk2;Bert;Ulm\nk3;Carl;Jena\n")
		for _, want := range []struct {
			run   *connect.Run
			made  bool
			names []string
		}{
			{first, true, []string{"A1", "A2", "A3", "A4", "A5"}}, {first, false, nil}, {second, true, []string{"A9"}}, {second, false, []string{"A2"}},
			{third, true, nil}, {third, false, []string{"Anna", "Bert"}}, {fourth, true, []string{"Carl"}}, {fourth, false, []string{"Anna"}},
		} {
			got := did(want.run, want.made)
			if diff := cmp.Diff(want.names, got); diff != "" {
				t.Errorf("run %d, made %v: %s", want.run.ID, want.made, diff)
			}
			count := want.run.Changed
			if want.made {
				count = want.run.New
			}
			if count != int64(len(got)) {
				t.Errorf("run %d, made %v: %d counted, %d listed", want.run.ID, want.made, count, len(got))
			}
		}
	})
}
