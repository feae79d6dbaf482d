package document_test

import (
	"context"
	"testing"

	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/document"

	"github.com/google/go-cmp/cmp"
)

func putAll(t *testing.T, db *store.DB, docs ...*document.Document) (out []document.Outcome) {
	t.Helper()
	var entries []document.Entry
	for _, d := range docs {
		entries = append(entries, document.Entry{Document: d})
	}
	err := db.Write(context.Background(), store.System(), func(tx *store.Tx) (err error) {
		out, err = document.PutAll(context.Background(), tx, entries, "EUR")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func invoiceOf(order string) *document.Document {
	d := doc(document.Invoice, "I1", 7, "2026-01-06", [3]int64{1, 2, 3})
	d.Reference = order
	return d
}

func TestPutLinksInWhicheverOrderDocumentsCome(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		invoice := putAll(t, db, invoiceOf("A1"))[0].ID
		back := putAll(t, db, doc(document.Return, "R1", 7, "2026-01-09", [3]int64{1, -1, 3}))[0].ID
		if !load(t, db, invoice).Sale {
			t.Error("an invoice without its order is no sale")
		}
		if diff := cmp.Diff([]string{"reverses I1 300"}, bonds(t, db, back)); diff != "" {
			t.Error(diff)
		}
		order := doc(document.Order, "A1", 7, "2026-01-05", [3]int64{1, 2, 3})
		putAll(t, db, order)
		if load(t, db, invoice).Sale {
			t.Error("order and invoice both count")
		}
		if diff := cmp.Diff([]string{"invoices A1 0"}, bonds(t, db, invoice)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAChangedOrderKeepsItsInvoice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		out := putAll(t, db, doc(document.Order, "A1", 7, "2026-01-05", [3]int64{1, 2, 3}), invoiceOf("A1"))
		putAll(t, db, doc(document.Order, "A1", 7, "2026-01-05", [3]int64{1, 2, 4}))
		if load(t, db, out[1].ID).Sale {
			t.Error("order and invoice both count after the order changed")
		}
		if diff := cmp.Diff([]string{"invoices A1 0"}, bonds(t, db, out[1].ID)); diff != "" {
			t.Error(diff)
		}
		err := db.Read(context.Background(), func(tx *store.Tx) error {
			changes, _, err := feed.Read(context.Background(), tx, feed.Cursor{}, 10)
			if err != nil {
				return err
			}
			last := changes[len(changes)-1]
			id := out[1].ID
			want := feed.Rows{"document": {{id, id}}, "link": {{id, id}}}
			if last.Kind != document.KindLinked || !cmp.Equal(last.Rows, want) {
				t.Errorf("the warehouse is told %s %v, want %v", last.Kind, last.Rows, want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestManyDocumentsArePutWithAnOutcomeEach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		first := putAll(t, db, doc(document.Order, "A1", 7, "2026-01-05", [3]int64{1, 2, 3}), doc(document.Order, "A2", 8, "2026-01-05"))
		second := putAll(t, db, doc(document.Order, "A2", 8, "2026-01-05"), doc(document.Order, "A1", 7, "2026-01-05", [3]int64{1, 9, 3}),
			doc(document.Invoice, "A1", 7, "2026-01-05"))
		want := []document.Outcome{{ID: first[1].ID, Status: document.Unchanged}, {ID: first[0].ID, Status: document.Changed},
			{ID: second[2].ID, Status: document.New}}
		if diff := cmp.Diff(want, second); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatRefersToADocumentIsLinkedWhenItArrives(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		paid := func(id, invoice string, customer int64) int64 {
			p := doc(document.Payment, id, customer, "2026-01-20")
			p.Reference = invoice
			return putAll(t, db, p)[0].ID
		}
		nobodys, anothers, back := paid("P1", "I1", 0), paid("P2", "I1", 99), doc(document.Return, "R1", 0, "2026-01-09")
		back.Reference = "I1"
		backID := putAll(t, db, back)[0].ID
		putAll(t, db, doc(document.Invoice, "I2", 7, "2026-01-06", [3]int64{1, 2, 3}))
		for _, id := range []int64{nobodys, anothers, backID} {
			if diff := cmp.Diff([]string(nil), bonds(t, db, id)); diff != "" {
				t.Errorf("document %d found a strange invoice: %s", id, diff)
			}
		}
		putAll(t, db, doc(document.Invoice, "I1", 7, "2026-01-06", [3]int64{1, 2, 3}))
		for id, want := range map[int64]string{nobodys: "pays I1 0", anothers: "pays I1 0", backID: "reverses I1 0"} {
			if diff := cmp.Diff([]string{want}, bonds(t, db, id)); diff != "" {
				t.Errorf("document %d: %s", id, diff)
			}
		}
	})
}

func TestDocumentsOfABatchWaitForWhatTheyReferToLikeSingleOnes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		paid := func(id string, customer int64) *document.Document {
			p := doc(document.Payment, id, customer, "2026-01-20")
			p.Reference = "I1"
			return p
		}
		waiting := putAll(t, db, paid("P1", 0), paid("P2", 99))
		putAll(t, db, doc(document.Invoice, "I1", 7, "2026-01-06", [3]int64{1, 2, 3}))
		for _, w := range waiting {
			if diff := cmp.Diff([]string{"pays I1 0"}, bonds(t, db, w.ID)); diff != "" {
				t.Error(diff)
			}
		}
	})
}
