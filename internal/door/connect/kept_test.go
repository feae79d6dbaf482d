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
		var kept []connect.Kept
		p := i18n.For("en", time.UTC)
		for after := (connect.Kept{}); ; {
			var page []connect.Kept
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
