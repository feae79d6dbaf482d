package customer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/customer"
)

func TestTheWarehouseFollowsWhatConditionsAskFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		house := warehousetest.Open(t, customer.Projection())
		rows := func(query string) [][]any {
			t.Helper()
			if err := house.CatchUp(ctx, db); err != nil {
				t.Fatal(err)
			}
			return warehousetest.Rows(t, house, query)
		}
		is := func(about, query string, want ...[]any) {
			t.Helper()
			if diff := cmp.Diff(want, rows(query)); diff != "" {
				t.Errorf("%s: %s", about, diff)
			}
		}
		write(t, db, func(tx *store.Tx) error {
			for _, f := range []customer.CustomField{{Key: "points", Label: "Punkte", Type: customer.TypeNumber}, {Key: "note", Label: "Notiz", Type: customer.TypeText}} {
				if _, err := customer.DefineField(ctx, tx, f); err != nil {
					return err
				}
			}
			return nil
		})
		anna := create(t, db, customer.Draft{Fields: customer.Fields{"name": "Anna", "birthday": "1980-02-29", "custom.points": "3", "custom.note": "mag Hunde"}, Tags: []string{"VIP"}})
		firm := create(t, db, customer.Draft{Fields: customer.Fields{"kind": "company", "company": "Alt GmbH"}})
		tags, values, contacts := "SELECT customer, tag FROM customer_tag ORDER BY 1, 2", "SELECT customer, value FROM customer_custom", "SELECT company, person, role, valid_until IS NULL FROM customer_contact"
		is("tags of a new customer", tags, []any{anna, "VIP"})
		is("values, but no free text", values, []any{anna, "3"})
		is("birthday", "SELECT birthday = DATE '1980-02-29' FROM customer WHERE birthday IS NOT NULL", []any{true})

		edit(t, db, func(tx *store.Tx) (customer.Edit, error) {
			return customer.Tag(ctx, tx, anna, []string{"Messe"}, nil)
		})
		change(t, db, anna, customer.Fields{"custom.points": "4.5", "owner": "7", "birthday": ""})
		edit(t, db, func(tx *store.Tx) (customer.Edit, error) {
			return customer.AddContact(ctx, tx, customer.Contact{Company: firm, Person: anna, Role: "Einkauf"})
		})
		is("changed tags", tags, []any{anna, "Messe"}, []any{anna, "VIP"})
		is("changed values", values, []any{anna, "4.5"})
		is("a new contact", contacts, []any{firm, anna, "Einkauf", true})
		is("owner and no birthday", "SELECT owner, birthday IS NULL FROM customer WHERE owner <> 0", []any{int64(7), true})

		write(t, db, func(tx *store.Tx) error { return customer.Erase(ctx, tx, anna) })
		is("tags after erasure", tags)
		is("values after erasure", values)
		is("contacts after erasure", contacts, []any{firm, anna, "", false})
	})
}

func TestConditionsAskForOwnFieldsButNotForFreeText(t *testing.T) {
	fields := customer.FieldsOf(customer.Catalogue{Custom: []customer.CustomField{{ID: 1, Key: "a", Label: "A", Type: customer.TypeText}, {ID: 2, Key: "b", Label: "B", Type: customer.TypeDate}}})
	if len(fields) != 1 || fields[0].Name != "custom.b" {
		t.Errorf("%v", fields)
	}
}
