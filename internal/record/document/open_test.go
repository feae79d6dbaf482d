package document_test

import (
	"fmt"
	"testing"

	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/document"

	"github.com/google/go-cmp/cmp"
)

// paper is a document of customer 7 that is given by its gross amount.
func paper(kind document.Kind, id, reference string, gross int64) *document.Document {
	d := doc(kind, id, 7, "2026-01-06")
	d.Reference, d.Gross = reference, &gross
	return d
}

func TestOpenItemsAreInvoicesLessWhatWasPaidAndGivenBack(t *testing.T) {
	const order, invoice, credit, back, payment = document.Order, document.Invoice, document.CreditNote, document.Return, document.Payment
	cancelled := paper(invoice, "I1", "", 600)
	cancelled.Cancelled = true
	foreign := paper(payment, "P1", "I1", 600)
	foreign.Currency = "USD"
	var err error
	if foreign.Rate, err = money.ParseRate("0.9"); err != nil {
		t.Fatal(err)
	}
	returned := doc(back, "R1", 7, "2026-01-09", [3]int64{1, -1, 1}) // names no sale
	returned.Gross = p(-100)
	sold := doc(invoice, "I1", 7, "2026-01-06", [3]int64{1, 6, 1})
	sold.Gross = p(600)
	for _, c := range []struct {
		name string
		docs []*document.Document
		want []string
	}{
		{"nothing paid", []*document.Document{paper(invoice, "I1", "", 600)}, []string{"I1 600"}},
		{"paid", []*document.Document{paper(invoice, "I1", "", 600), paper(payment, "P1", "I1", 600)}, nil},
		{"paid in parts", []*document.Document{paper(invoice, "I1", "", 600), paper(payment, "P1", "I1", 350), paper(payment, "P2", "I1", 50)}, []string{"I1 200"}},
		{"paid by the number of the order", []*document.Document{paper(order, "A1", "", 600), paper(invoice, "I1", "A1", 600), paper(payment, "P1", "A1", 600)}, nil},
		{"a return of the order, less paid", []*document.Document{paper(order, "A1", "", 600), paper(invoice, "I1", "A1", 600), paper(back, "R1", "A1", -200), paper(payment, "P1", "I1", 400)}, nil},
		{"a return of the order, paid before and paid back", []*document.Document{paper(order, "A1", "", 600), paper(invoice, "I1", "A1", 600),
			paper(payment, "P1", "I1", 600), paper(back, "R1", "A1", 200), paper(payment, "P2", "I1", -200)}, nil},
		{"a credit note on the invoice of an order counts once", []*document.Document{paper(order, "A1", "", 600), paper(invoice, "I1", "A1", 600), paper(credit, "C1", "I1", 200)}, []string{"I1 400"}},
		{"a return without a reference", []*document.Document{sold, returned}, []string{"I1 500"}},
		{"two invoices of one order", []*document.Document{paper(order, "A1", "", 600), paper(invoice, "I1", "A1", 250), paper(invoice, "I2", "A1", 350), paper(payment, "P1", "A1", 300)}, []string{"I2 300"}},
		{"too much paid", []*document.Document{paper(invoice, "I1", "", 600), paper(payment, "P1", "I1", 700), paper(invoice, "I2", "", 100)}, []string{"I2 100", "I1 -100"}},
		{"a cancelled invoice", []*document.Document{cancelled}, nil},
		{"paid in another currency", []*document.Document{paper(invoice, "I1", "", 600), foreign}, []string{"I1 600"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				for _, d := range c.docs {
					putAll(t, db, d)
				}
				var got []string
				err := db.Read(t.Context(), func(tx *store.Tx) error {
					open, err := document.OpenItems(t.Context(), tx, 7)
					for _, o := range open {
						got = append(got, fmt.Sprintf("%s %d", o.ExternalID, o.Open))
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("open (-want +got):\n%s", diff)
				}
			})
		})
	}
}
