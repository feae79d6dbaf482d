package document_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/document"
	"stamm/internal/record/product"

	"github.com/google/go-cmp/cmp"
)

func p(v int64) *int64 { return &v }

func at(day string) (time.Time, clock.Day) {
	d, err := clock.ParseDay(day)
	if err != nil {
		panic(err)
	}
	return d.Start(time.UTC).Add(10 * time.Hour), d
}

// doc makes a document of source 1 with lines of (product, quantity, price in whole units).
func doc(kind document.Kind, id string, customer int64, day string, lines ...[3]int64) *document.Document {
	d := &document.Document{Source: 1, Kind: kind, ExternalID: id, Customer: customer, Currency: "EUR", FileRows: max(len(lines), 1)}
	d.At, d.Day = at(day)
	for _, l := range lines {
		d.Lines = append(d.Lines, document.Line{Product: l[0], Quantity: l[1] * 1000, UnitPrice: l[2] * 1_000_000, Amount: l[1] * l[2] * 100})
	}
	return d
}

func TestWhatCountsAsASale(t *testing.T) {
	negative := doc(document.Order, "n", 1, "2026-01-01")
	negative.Gross = p(-500)
	zero := doc(document.Order, "z", 1, "2026-01-01")
	zero.Gross = p(0)
	taxed := doc(document.Order, "t", 1, "2026-01-01")
	taxed.Gross, taxed.Tax = p(11900), p(1900)
	franc := doc(document.Order, "c", 1, "2026-01-01", [3]int64{1, 1, 10}, [3]int64{1, 1, 5})
	franc.Currency = "CHF"
	rate, err := money.ParseRate("0.9333")
	if err != nil {
		t.Fatal(err)
	}
	franc.Rate = rate
	tests := []struct {
		name     string
		doc      *document.Document
		sale     bool
		amount   int64
		saleRows int
	}{
		{"lines above zero count", doc(document.Order, "a", 1, "2026-01-01", [3]int64{1, 2, 3}, [3]int64{2, 1, 4}), true, 1000, 2},
		{"a line of quantity zero or less does not", doc(document.Order, "a", 1, "2026-01-01", [3]int64{1, 2, 3}, [3]int64{2, -1, 4}), true, 600, 1},
		{"a line without a price does not", doc(document.Order, "a", 1, "2026-01-01", [3]int64{1, 2, 0}), false, 0, 0},
		{"an amount of zero is a sale", zero, true, 0, 1},
		{"an amount below zero is none", negative, false, -500, 0},
		{"the tax is taken off where it is told", taxed, true, 10000, 1},
		{"a quote is no sale", doc(document.Quote, "q", 1, "2026-01-01", [3]int64{1, 2, 3}), false, 0, 0},
		{"a return gives back, with quantities below zero", doc(document.Return, "r", 1, "2026-01-01", [3]int64{1, -2, 3}), false, 600, 0},
		{"a return gives back, with quantities above zero", doc(document.Return, "r", 1, "2026-01-01", [3]int64{1, 2, 3}), false, 600, 0},
		{"another currency is converted once, in total", franc, true, 1400, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := document.Assess(tt.doc, "EUR"); err != nil {
				t.Fatal(err)
			}
			got := []any{tt.doc.Sale, tt.doc.Amount, tt.doc.SaleRows}
			if want := []any{tt.sale, tt.amount, tt.saleRows}; !cmp.Equal(got, want) {
				t.Errorf("sale, amount, rows = %v, want %v", got, want)
			}
			var sum int64
			for _, l := range tt.doc.Lines {
				if l.Sale {
					sum += l.BaseAmount
				}
			}
			if tt.doc.Sale && len(tt.doc.Lines) > 0 && sum != tt.doc.Amount {
				t.Errorf("the lines add up to %d, not to %d", sum, tt.doc.Amount)
			}
		})
	}
}

func TestAForeignCurrencyWithoutARateIsRefused(t *testing.T) {
	d := doc(document.Order, "c", 1, "2026-01-01", [3]int64{1, 1, 10})
	d.Currency = "CHF"
	if err := document.Assess(d, "EUR"); err == nil {
		t.Error("got no error")
	}
}

// write stores documents as an import run does and links everything.
func write(t *testing.T, db *store.DB, run int64, docs ...*document.Document) document.Written {
	t.Helper()
	ctx := context.Background()
	var w document.Written
	err := db.Bulk(ctx, store.System(), func(tx *store.Tx) error {
		var keys []document.Key
		for _, d := range docs {
			if err := document.Assess(d, "EUR"); err != nil {
				return err
			}
			keys = append(keys, document.Key{Kind: d.Kind, ExternalID: d.ExternalID})
		}
		known, err := document.Find(ctx, tx, 1, keys)
		if err != nil {
			return err
		}
		var fresh, changed []*document.Document
		for _, d := range docs {
			if k, ok := known[document.Key{Kind: d.Kind, ExternalID: d.ExternalID}]; ok {
				d.ID = k.ID
				changed = append(changed, d)
			} else {
				fresh = append(fresh, d)
			}
		}
		if w, err = document.Write(ctx, tx, run, fresh, changed); err != nil {
			return err
		}
		return linkAll(ctx, tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func linkAll(ctx context.Context, tx *store.Tx) error {
	for pass := range document.LinkPasses {
		for after := int64(0); ; {
			turn, err := document.Link(ctx, tx, pass, after, 2)
			if err != nil {
				return err
			}
			if turn.Last == 0 {
				break
			}
			after = turn.Last
		}
	}
	return nil
}

// bonds returns every bond of a document as "kind target external id amount".
func bonds(t *testing.T, db *store.DB, id int64) (all []string) {
	t.Helper()
	err := db.Read(context.Background(), func(tx *store.Tx) error {
		from, _, err := document.Bonds(context.Background(), tx, id)
		for _, b := range from {
			all = append(all, fmt.Sprintf("%s %s %d", b.Kind, b.ExternalID, b.Amount))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func load(t *testing.T, db *store.DB, id int64) (d *document.Document) {
	t.Helper()
	err := db.Read(context.Background(), func(tx *store.Tx) (err error) {
		d, err = document.Load(context.Background(), tx, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestReturnsFindTheSaleTheyReverse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		earlier := doc(document.Return, "R0", 7, "2026-01-02", [3]int64{1, -1, 3}) // before any sale, and first in the file
		first := doc(document.Order, "A1", 7, "2026-01-05", [3]int64{1, 2, 3})
		second := doc(document.Order, "A2", 7, "2026-02-05", [3]int64{1, 1, 3}, [3]int64{2, 5, 1})
		other := doc(document.Order, "B1", 8, "2026-02-06", [3]int64{1, 9, 3})
		newest := doc(document.Return, "R1", 7, "2026-03-01", [3]int64{1, -1, 3})
		older := doc(document.Return, "R2", 7, "2026-03-02", [3]int64{1, -2, 3})
		tooMuch := doc(document.Return, "R3", 7, "2026-03-03", [3]int64{1, -1, 3})
		byName := doc(document.Return, "R4", 7, "2026-03-04", [3]int64{2, -1, 1})
		byName.Reference = "A1"
		write(t, db, 1, earlier, first, second, other, newest, older, tooMuch, byName)
		for _, tt := range []struct {
			doc  *document.Document
			want []string
		}{
			{earlier, nil},
			{newest, []string{"reverses A2 300"}},
			{older, []string{"reverses A1 600"}},
			{tooMuch, nil},
			{byName, []string{"reverses A1 100"}},
		} {
			if got := bonds(t, db, tt.doc.ID); !cmp.Equal(got, tt.want) {
				t.Errorf("%s: %v, want %v", tt.doc.ExternalID, got, tt.want)
			}
		}
	})
}

func TestAnInvoiceOfAnOrderIsNotASecondSale(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		invoice := doc(document.Invoice, "I1", 7, "2026-01-06", [3]int64{1, 2, 3})
		invoice.Reference, invoice.Gross = "A1", p(600)
		write(t, db, 1, invoice)
		if !load(t, db, invoice.ID).Sale {
			t.Error("an invoice alone is a sale")
		}
		order := doc(document.Order, "A1", 7, "2026-01-05", [3]int64{1, 2, 3})
		payment := doc(document.Payment, "P1", 7, "2026-01-20")
		payment.Reference, payment.Gross = "I1", p(250)
		credit := doc(document.CreditNote, "C1", 7, "2026-01-21", [3]int64{1, -1, 1})
		credit.Reference, credit.Gross = "I1", p(100)
		write(t, db, 2, order, payment, credit)
		if load(t, db, invoice.ID).Sale {
			t.Error("the invoice of an order counts beside the order")
		}
		if got, want := bonds(t, db, credit.ID), []string{"reverses A1 100", "credits I1 100"}; !cmp.Equal(got, want) {
			t.Errorf("credit note: %v, want %v", got, want)
		}
		err := db.Read(context.Background(), func(tx *store.Tx) error {
			open, err := document.OpenItems(context.Background(), tx, 7)
			if len(open) != 1 || open[0].Open != 250 {
				t.Errorf("open items %+v, want 2.50 of I1", open)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		revert(t, db, 2, []int64{order.ID, payment.ID, credit.ID}, nil)
		if !load(t, db, invoice.ID).Sale {
			t.Error("with the order gone the invoice is the sale again")
		}
	})
}

func revert(t *testing.T, db *store.DB, run int64, made []int64, old map[string]string) (kept []int64) {
	t.Helper()
	ctx := context.Background()
	err := db.Bulk(ctx, store.System(), func(tx *store.Tx) (err error) {
		kept, _, err = document.Revert(ctx, tx, run, feed.Ranges(made), old)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func TestRevertLeavesTheStateBeforeTheRun(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		sale := doc(document.Order, "A1", 7, "2026-01-05", [3]int64{1, 2, 3})
		back := doc(document.Return, "R1", 7, "2026-02-01", [3]int64{1, -1, 3})
		write(t, db, 1, sale, back)
		before, _ := json.Marshal(load(t, db, sale.ID))

		changed := doc(document.Order, "A1", 7, "2026-01-05", [3]int64{1, 5, 4})
		fresh := doc(document.Order, "A2", 7, "2026-01-06", [3]int64{2, 1, 1})
		touched := doc(document.Order, "A3", 7, "2026-01-06", [3]int64{2, 1, 1})
		w := write(t, db, 2, changed, fresh, touched)
		write(t, db, 3, doc(document.Order, "A3", 7, "2026-01-06", [3]int64{2, 1, 2}))

		kept := revert(t, db, 2, []int64{fresh.ID, touched.ID}, w.Old)
		if want := []int64{touched.ID}; !cmp.Equal(kept, want) {
			t.Errorf("kept %v, want %v: somebody changed it since", kept, want)
		}
		got := load(t, db, sale.ID)
		restored := *got
		var want document.Document
		if err := json.Unmarshal(before, &want); err != nil {
			t.Fatal(err)
		}
		restored.ChangedAt, want.ChangedAt = time.Time{}, time.Time{}
		if diff := cmp.Diff(want, restored, cmp.Comparer(func(a, b money.Rate) bool { return a.String() == b.String() })); diff != "" {
			t.Errorf("restored document (-want +got):\n%s", diff)
		}
		err := db.Write(context.Background(), store.System(), func(tx *store.Tx) error { return linkAll(context.Background(), tx) })
		if err != nil {
			t.Fatal(err)
		}
		if got, want := bonds(t, db, back.ID), []string{"reverses A1 300"}; !cmp.Equal(got, want) {
			t.Errorf("the return is linked to %v, want %v", got, want)
		}
		write(t, db, 4, doc(document.Order, "A2", 9, "2026-01-06", [3]int64{1, 1, 1})) // the key is free again
	})
}

func TestPutTwiceChangesNothingTheSecondTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		put := func(d *document.Document) (changed bool) {
			err := db.Write(ctx, store.System(), func(tx *store.Tx) (err error) {
				_, changed, err = document.Put(ctx, tx, d, "EUR", feed.Live)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return changed
		}
		if !put(doc(document.Order, "A1", 7, "2026-01-05", [3]int64{1, 2, 3})) {
			t.Error("the first put changed nothing")
		}
		if put(doc(document.Order, "A1", 7, "2026-01-05", [3]int64{1, 2, 3})) {
			t.Error("the same again is a change")
		}
		if !put(doc(document.Order, "A1", 7, "2026-01-05", [3]int64{1, 2, 4})) {
			t.Error("another price is no change")
		}
		err := db.Read(ctx, func(tx *store.Tx) error {
			changes, err := feed.OfCustomer(ctx, tx, 7, 0, 10)
			if len(changes) != 2 || changes[0].Kind != "document.changed" || changes[1].Kind != "document.added" {
				t.Errorf("feed %+v", changes)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestProductsAreMadeOnceAndChangedOnlyByTheirOwnFile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
			ids, made, err := product.Ensure(ctx, tx, 1, []product.Seen{{SKU: "007", Name: "Bond"}, {SKU: "7", Name: "Seven"}, {SKU: "007", Name: "Again"}})
			if err != nil {
				return err
			}
			if len(made) != 2 || ids["007"] == ids["7"] {
				t.Errorf("ids %v, made %v", ids, made)
			}
			w, err := product.Upsert(ctx, tx, 2, []*product.Product{{SKU: "007", Name: "James", Category: "Spies", GTIN: "4006381333931", Active: true}})
			if err != nil || w.Changed != 1 {
				t.Errorf("upsert %+v, %v", w, err)
			}
			w, err = product.Upsert(ctx, tx, 3, []*product.Product{{SKU: "007", Name: "James", Category: "Spies", GTIN: "4006381333931", Active: true}})
			if err != nil || w.Unchanged != 1 {
				t.Errorf("the same again: %+v, %v", w, err)
			}
			if _, _, err = product.Ensure(ctx, tx, 4, []product.Seen{{SKU: "007", Name: "Other"}}); err != nil {
				return err
			}
			got, err := product.Load(ctx, tx, ids["007"].ID)
			if err != nil {
				return err
			}
			if got.Name != "James" || !cmp.Equal(got.Categories, []string{"Spies"}) {
				t.Errorf("product %+v", got)
			}
			if _, err := product.Upsert(ctx, tx, 5, []*product.Product{{SKU: "8", GTIN: "4006381333932"}}); err == nil {
				t.Error("a wrong check digit was taken")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
