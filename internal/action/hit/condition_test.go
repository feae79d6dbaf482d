package hit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
)

func TestSegmentsAskAboutWhatPeopleClicked(t *testing.T) {
	catalogue, err := filter.NewCatalogue("EUR", customer.Projection().Fields, message.Projection().Fields, hit.Projection().Fields)
	if err != nil {
		t.Fatal(err)
	}
	house := warehousetest.Open(t, company.Projection(), customer.Projection(), hit.Projection())
	today := clock.NewDay(2026, 3, 3)
	tables := map[string][][]any{}
	for id := int64(1); id <= 5; id++ {
		tables["customer"] = append(tables["customer"], []any{id, "K", "", "person", "DE", "", "de", false, false, int64(today - 900), "", nil, int64(0)})
	}
	add := func(customer int64, kind string, human bool, ago int) {
		n := int64(len(tables["hit"]) + 1)
		tables["hit"] = append(tables["hit"], []any{n, int64(7), "a", "email", kind, int64(1), n, customer, human, "", "firefox", int64(today.AddDays(-ago))})
	}
	add(1, "click", true, 3)
	add(1, "click", true, 40)
	add(2, "click", false, 3) // a machine
	add(3, "click", true, 40) // too long ago
	add(4, "open", true, 3)
	add(0, "click", true, 3) // nobody knows whose
	warehousetest.Fill(t, house, tables)
	for text, want := range map[string]struct {
		ids    []int64
		de, en string
	}{
		`clicked(email, last 30 d) >= 1`: {[]int64{1}, "Kunden, die in den letzten 30 Tagen in einer Nachricht per E-Mail auf einen Link klickten", "Customers who clicked a link in a message by e-mail in the last 30 days"},
		`clicked >= 2`:                   {[]int64{1}, "Kunden, die mindestens 2-mal in Nachrichten auf Links klickten", "Customers who clicked links in messages at least 2 times"},
		`clicked = 0 and opened`:         {[]int64{4}, "", ""},
		`clicked = 0`:                    {[]int64{2, 4, 5}, "", ""},
	} {
		tree, err := filter.Parse(text, catalogue)
		if err != nil {
			t.Fatal(text, err)
		}
		for lang, sentence := range map[string]string{"de": want.de, "en": want.en} {
			if got := filter.Sentence(i18n.For(lang, nil), tree, catalogue, nil); sentence != "" && got != sentence {
				t.Errorf("%s: %s", text, got)
			}
		}
		q, err := filter.Compile(tree, catalogue, today, filter.Options{})
		if err != nil {
			t.Fatal(text, err)
		}
		all := q.Customers()
		var got []int64
		for _, row := range warehousetest.Rows(t, house, "SELECT customer FROM ("+all.Text+") ORDER BY customer", all.Args...) {
			got = append(got, row[0].(int64))
		}
		if diff := cmp.Diff(want.ids, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
