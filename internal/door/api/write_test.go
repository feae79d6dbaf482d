package api_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"

	"github.com/google/go-cmp/cmp"
)

const order = `{"customer":{"external_id":"C1"},"time":"2026-03-01T23:30:00Z","reference":"","lines":[
	{"sku":"ESP","description":"Espresso","quantity":"2","unit_price":"19.90"},{"description":"Voucher","amount":"-5.00"}]}`

// changes are the changes in the feed, as "kind customer subject origin".
func changes(t *testing.T, c *client) (all []string) {
	t.Helper()
	err := c.db.Read(context.Background(), func(tx *store.Tx) error {
		found, _, err := feed.Read(context.Background(), tx, feed.Cursor{}, 10_000)
		for _, f := range found {
			if f.Actor.Kind == "api" {
				all = append(all, fmt.Sprintf("%s %d %d %d", f.Kind, f.Customer, f.Subject, f.Origin))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// pick returns values of an object by their names.
func pick(object map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for _, name := range names {
		if v, ok := object[name]; ok {
			out[name] = v
		}
	}
	return out
}

func TestWhatIsSentTwiceCountsOnce(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		for _, tt := range []struct{ path, body, other string }{
			{"/customers/shop/C1", `{"first_name":"Anna","last_name":"Berg","email":"anna@example.org","tags":["vip"]}`, `{"first_name":"Anne","last_name":"Berg"}`},
			{"/products/ESP", `{"name":"Espresso","price":"19.90","categories":["Coffee"]}`, `{"name":"Espresso","price":"21"}`},
			{"/documents/shop/order/A1", order, strings.Replace(order, `"2"`, `"3"`, 1)},
			{"/events/shop/E1", `{"customer":{"external_id":"C1"},"name":"visit","time":"2026-03-01T10:00:00+01:00"}`, ""},
		} {
			first := c.put(tt.path, tt.body)
			before := changes(t, c)
			again := c.put(tt.path, tt.body)
			if first["outcome"] != "new" || again["outcome"] != "unchanged" || first["id"] != again["id"] || first["id"].(float64) <= 0 {
				t.Errorf("%s: %v, then %v", tt.path, first, again)
			}
			if diff := cmp.Diff(before, changes(t, c)); diff != "" {
				t.Errorf("%s: the same again is news: %s", tt.path, diff)
			}
			if tt.other == "" {
				continue
			}
			if other := c.put(tt.path, tt.other); other["outcome"] != "changed" || other["id"] != first["id"] {
				t.Errorf("%s: other content is %v", tt.path, other)
			}
			if back := c.put(tt.path, tt.body); back["outcome"] != "changed" {
				t.Errorf("%s: the first content again is %v", tt.path, back)
			}
		}
	})
}

func TestADocumentIsKeptAsItWasSent(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		id := c.put("/documents/shop/order/A%2F1%20%C3%A4", order)["id"]
		got := c.get("/documents/shop/order/A%2F1%20%C3%A4")
		if diff := cmp.Diff(got, c.get(fmt.Sprintf("/documents/%v", id))); diff != "" {
			t.Error(diff)
		}
		want := map[string]any{"id": id, "source": "shop", "kind": "order", "external_id": "A/1 ä", "customer": map[string]any{"id": 1.0},
			"time": "2026-03-01T23:30:00Z", "day": "2026-03-02", "currency": "EUR", "sale": true, "value": "39.80",
			"lines": []any{
				map[string]any{"sku": "ESP", "description": "Espresso", "quantity": "2", "unit_price": "19.90", "amount": "39.80"},
				map[string]any{"description": "Voucher", "amount": "-5.00"}}}
		delete(got, "created_at")
		delete(got, "changed_at")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		who := c.get("/customers/shop/C1")
		if who["id"] != 1.0 {
			t.Errorf("the customer it names: %v", who)
		}
		if what := c.get("/products/ESP"); what["name"] != "Espresso" {
			t.Errorf("the product it names: %v", what)
		}
		kinds := []string{"customer.created 1 1 0", "product.changed 0 0 0", "document.added 1 1 0"}
		if diff := cmp.Diff(kinds, changes(t, c)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestADocumentReadAndSentBackChangesOnlyWhatChanged(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		c.put("/documents/shop/order/A1", `{"customer":{"email":"anna@example.org"},"time":"2026-03-01","net":"10","tax":"1.90","gross":"11.90","shipping":"0.50",
			"due_day":"2026-04-01","promised_day":"2026-03-05","kept_day":"2026-03-04","status":"sent","currency":"CHF","rate":"0.9312"}`)
		got := c.get("/documents/shop/order/A1")
		names := []string{"customer", "time", "net", "tax", "gross", "shipping", "due_day", "promised_day", "kept_day", "status", "currency", "rate"}
		body := strings.NewReplacer("map[", "", "]", "").Replace("")
		for _, n := range names {
			if n == "customer" {
				body += `"customer":{"id":1},`
				continue
			}
			body += fmt.Sprintf("%q:%q,", n, got[n])
		}
		c.put("/documents/shop/order/A1", "{"+strings.TrimSuffix(body, ",")+"}")
		again := c.get("/documents/shop/order/A1")
		if diff := cmp.Diff(pick(got, append(names, "value", "day", "sale")...), pick(again, append(names, "value", "day", "sale")...)); diff != "" {
			t.Error(diff)
		}
		if again["value"] != "9.31" || again["time"] != "2026-02-28T23:00:00Z" {
			t.Errorf("value %v, time %v", again["value"], again["time"])
		}
	})
}

func TestAForeignCurrencyTakesTheRateOfTheDayAndKeepsIt(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		const body = `{"time":"2026-03-01","currency":"CHF","net":"100.00"}`
		a := c.do("PUT", "/documents/shop/order/A1", body)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text, "document.no_rate") {
			t.Fatalf("without a rate: %d %s", a.status, a.text)
		}
		rate := func(day, text string) {
			err := c.db.Write(context.Background(), store.System(), func(tx *store.Tx) error {
				d, err := clock.ParseDay(day)
				r := company.Rate{Currency: "CHF", ValidFrom: d}
				if err == nil {
					err = r.Rate.UnmarshalText([]byte(text))
				}
				if err != nil {
					return err
				}
				return company.SetRate(context.Background(), tx, r)
			})
			if err != nil {
				t.Fatal(err)
			}
			c.with(deps()) // forgets the settings
		}
		rate("2026-01-01", "0.9")
		c.put("/documents/shop/order/A1", body)
		rate("2026-02-01", "0.95")
		if again := c.put("/documents/shop/order/A1", body); again["outcome"] != "unchanged" {
			t.Errorf("with a new rate of the company: %v", again)
		}
		if got := c.get("/documents/shop/order/A1"); got["value"] != "90.00" || got["rate"] != "0.9" {
			t.Errorf("value %v by %v", got["value"], got["rate"])
		}
		c.put("/documents/shop/order/A2", body)
		if got := c.get("/documents/shop/order/A2"); got["value"] != "95.00" {
			t.Errorf("value %v", got["value"])
		}
	})
}

func TestReturnsAreLinkedInWhicheverOrderTheyCome(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		c.put("/documents/shop/return/R1", `{"customer":{"external_id":"C1"},"time":"2026-03-05","reference":"A1","lines":[{"sku":"ESP","quantity":"-1","unit_price":"19.90"}]}`)
		c.put("/documents/shop/order/A1", order)
		links := c.get("/documents/shop/return/R1")["links"].([]any)
		want := []any{map[string]any{"kind": "reverses", "direction": "to", "document": 2.0, "of": "order", "external_id": "A1", "amount": "19.90"}}
		if diff := cmp.Diff(want, links); diff != "" {
			t.Error(diff)
		}
		if from := c.get("/documents/shop/order/A1")["links"].([]any)[0].(map[string]any); from["direction"] != "from" || from["document"] != 1.0 {
			t.Errorf("seen from the order: %v", from)
		}
	})
}

func TestACancelledOrderIsNoSale(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		c.put("/documents/shop/order/A1", order)
		c.put("/documents/shop/order/A1", strings.Replace(order, `"reference":""`, `"status":"cancelled"`, 1))
		if got := c.get("/documents/shop/order/A1"); got["sale"] != false || got["value"] != "0.00" {
			t.Errorf("sale %v, value %v", got["sale"], got["value"])
		}
	})
}

func TestQuantitiesBelowZeroAreTakenAsGiven(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		c.put("/documents/shop/order/A1", `{"time":"2026-03-01","lines":[{"sku":"A","quantity":"-1.5","unit_price":"10"},{"sku":"B","quantity":"1","unit_price":"4"}]}`)
		got := c.get("/documents/shop/order/A1")
		first := got["lines"].([]any)[0].(map[string]any)
		if first["quantity"] != "-1.5" || first["amount"] != "-15.00" || got["value"] != "4.00" {
			t.Errorf("%v", got)
		}
	})
}

func TestCustomersKeepWhatIsLeftOutAndTakeBackWhatIsEmpty(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		c.put("/customers/shop/C1", `{"first_name":"Anna","last_name":"Berg","company":"Berg KG","email":"anna@example.org","phone":"040 123456","line1":"Hafenstr. 1",
			"postcode":"20457","city":"Hamburg","country":"DE","language":"de","birthday":"1980-02-29","tags":["vip","b2b"]}`)
		c.put("/customers/shop/C1", `{"last_name":"Berger","company":""}`)
		got := c.get("/customers/shop/C1")
		want := map[string]any{"first_name": "Anna", "last_name": "Berger", "name": "Anna Berger", "country": "DE", "language": "de", "birthday": "1980-02-29",
			"tags":         []any{"b2b", "vip"},
			"emails":       []any{map[string]any{"address": "anna@example.org", "main": true, "valid": true, "source": "shop"}},
			"phones":       []any{map[string]any{"number": "+4940123456", "written": "040 123456", "main": true, "valid": true, "source": "shop"}},
			"addresses":    []any{map[string]any{"line1": "Hafenstr. 1", "postcode": "20457", "city": "Hamburg", "country": "DE", "main": true, "source": "shop"}},
			"external_ids": []any{map[string]any{"source": "shop", "external_id": "C1"}}}
		if diff := cmp.Diff(want, pick(got, append(slices.Collect(maps.Keys(want)), "company")...)); diff != "" {
			t.Error(diff)
		}
		if list := changes(t, c); list[len(list)-1] != "customer.changed 1 1 0" {
			t.Errorf("%v", list)
		}
	})
}

func TestAnErasedCustomerDoesNotComeBack(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		c.put("/customers/shop/C1", `{"first_name":"Anna","email":"anna@example.org"}`)
		err := c.db.Write(context.Background(), store.System(), func(tx *store.Tx) error { return customer.Erase(context.Background(), tx, 1) })
		if err != nil {
			t.Fatal(err)
		}
		if got := c.put("/customers/shop/C1", `{"first_name":"Anna"}`); got["outcome"] != "erased" {
			t.Errorf("%v", got)
		}
		if got := c.put("/events/shop/E1", `{"customer":{"email":"anna@example.org"},"name":"visit","time":"2026-03-01"}`); got["outcome"] != "erased" {
			t.Errorf("her event: %v", got)
		}
		if a := c.do("GET", "/events?customer=1", ""); strings.Contains(a.text, "visit") {
			t.Error("her event is kept")
		}
		c.put("/documents/shop/order/A1", `{"customer":{"external_id":"C1"},"time":"2026-03-01","net":"5"}`)
		if got := c.get("/documents/shop/order/A1"); got["customer"] != nil {
			t.Errorf("her order: %v", got)
		}
	})
}

func TestAnEventMayBeOfNobodyKnown(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		id := c.put("/events/shop/E1", `{"customer":null,"name":"visit","time":"2026-03-01"}`)["id"]
		if got := c.get(fmt.Sprintf("/events/%v", id)); got["customer"] != nil || got["name"] != "visit" {
			t.Errorf("%v", got)
		}
	})
}

func TestBatchesTellWhatBecameOfEachRecord(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		c.post("/customers/batch", `{"source":"shop","records":[{"external_id":"C1","name":"A"},{"external_id":"C2","email":"b@example.org"}]}`)
		got := c.post("/customers/batch", `{"source":"shop","records":[{"external_id":"C1","name":"A"},{"external_id":"C3"},{"external_id":"C2","email":"c@example.org"}]}`)
		want := map[string]any{"new": 1.0, "changed": 1.0, "unchanged": 1.0, "records": []any{map[string]any{"id": 1.0, "outcome": "unchanged"},
			map[string]any{"id": 3.0, "outcome": "new"}, map[string]any{"id": 2.0, "outcome": "changed"}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for _, tt := range []struct{ path, body string }{
			{"/products/batch", `{"records":[{"sku":"A"},{"sku":"B","price":"1.5"}]}`},
			{"/documents/batch", `{"source":"shop","records":[{"kind":"order","external_id":"1","customer":{"id":1},"time":"2026-03-01"},{"kind":"invoice","external_id":"1","customer":{"external_id":"C9"},"time":"2026-03-01","reference":"1"}]}`},
			{"/events", `{"source":"shop","records":[{"id":"1","customer":{"id":1},"name":"a","time":"2026-03-01"},{"id":"2","customer":{"external_id":"C9"},"name":"b","time":"2026-03-01"}]}`},
		} {
			first, again := c.post(tt.path, tt.body), c.post(tt.path, tt.body)
			if first["new"] != 2.0 || again["unchanged"] != 2.0 || again["new"] != 0.0 {
				t.Errorf("%s: %v, then %v", tt.path, first, again)
			}
		}
	})
}

func TestABatchIsTakenAsAWholeOrNotAtAll(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		c.put("/customers/shop/C1", `{"name":"A"}`)
		before := changes(t, c)
		for _, tt := range []struct{ name, path, body, location string }{
			{"a bad customer", "/customers/batch", `{"source":"new","records":[{"external_id":"X1"},{"external_id":"X2","birthday":"31.02."}]}`, "records[1].birthday"},
			{"a bad product", "/products/batch", `{"records":[{"sku":"A"},{"sku":"B","gtin":"4006381333932"}]}`, "records[1].gtin"},
			{"a bad line", "/documents/batch", `{"source":"new","records":[{"kind":"order","external_id":"1","time":"2026-03-01"},{"kind":"order","external_id":"2","time":"2026-03-01","lines":[{"sku":"A","amount":"1"},{"sku":"A","amount":"x"}]}]}`, "records[1].lines[1].amount"},
			{"an unknown customer", "/documents/batch", `{"source":"new","records":[{"kind":"order","external_id":"1","customer":{"external_id":"N"},"time":"2026-03-01","lines":[{"sku":"A","amount":"1"}]},{"kind":"order","external_id":"2","customer":{"id":99},"time":"2026-03-01"}]}`, "records[1].customer.id"},
			{"a bad event", "/events", `{"source":"new","records":[{"id":"1","customer":{"external_id":"N"},"name":"a","time":"2026-03-01"},{"id":"2","customer":{"id":99},"name":"b","time":"2026-03-01"}]}`, "records[1].customer.id"},
			{"the same twice", "/customers/batch", `{"source":"new","records":[{"external_id":"X1"},{"external_id":"X1"}]}`, "records[1].external_id"},
			{"an unknown field", "/customers/batch", `{"source":"new","records":[{"external_id":"X1"},{"external_id":"X2","nick":"x"}]}`, "records[1].nick"},
			{"a number for a text", "/documents/batch", `{"source":"new","records":[{"kind":"order","external_id":"1","time":"2026-03-01","lines":[{"amount":1.5}]}]}`, "records[0].lines[0].amount"},
			{"an unknown field of one's own", "/customers/batch", `{"source":"new","records":[{"external_id":"X1","custom":{"shoe":"43"}}]}`, "records[0].custom.shoe"},
		} {
			a := c.do("POST", tt.path, tt.body)
			if a.status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s", tt.name, a.status, a.text)
				continue
			}
			if got := a.body["errors"].([]any)[0].(map[string]any)["location"]; got != tt.location {
				t.Errorf("%s at %s, want %s", tt.name, got, tt.location)
			}
		}
		if diff := cmp.Diff(before, changes(t, c)); diff != "" {
			t.Errorf("something was written: %s", diff)
		}
		if a := c.do("GET", "/customers/new/X1", ""); a.status != http.StatusNotFound {
			t.Errorf("%d %s", a.status, a.text)
		}
	})
}

func TestWhatLiesBeforeASourceWentLiveIsHistory(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		c.put("/customers/shop/C1", `{"name":"A"}`)
		err := c.db.Write(context.Background(), store.System(), func(tx *store.Tx) error {
			live, err := clock.ParseDay("2026-03-02")
			if err != nil {
				return err
			}
			return customer.SetLiveFrom(context.Background(), tx, 1, live)
		})
		if err != nil {
			t.Fatal(err)
		}
		c.with(deps()) // forgets the sources
		c.post("/events", `{"source":"shop","records":[{"id":"1","customer":{"id":1},"name":"a","time":"2026-03-01T22:59:59Z"},{"id":"2","customer":{"id":1},"name":"b","time":"2026-03-01T23:00:00Z"}]}`)
		c.put("/documents/shop/order/A1", `{"time":"2026-03-01"}`)
		c.put("/documents/shop/order/A2", `{"time":"2026-03-02"}`)
		want := []string{"event.added 1 2 0", "event.added 1 1 1", "document.added 0 1 1", "document.added 0 2 0"}
		got := changes(t, c)
		for i, line := range got {
			if strings.HasPrefix(line, "event.added") { // ids depend on the order in which the origins are written
				f := strings.Fields(line)
				got[i] = fmt.Sprintf("event.added 1 %s %s", map[string]string{"0": "2", "1": "1"}[f[3]], f[3])
			}
		}
		if diff := cmp.Diff(want, got[1:]); diff != "" {
			t.Error(diff)
		}
	})
}

func TestListsArePagedCompletely(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		var customers, products, documents, events []string
		for i := range 7 {
			customers = append(customers, fmt.Sprintf(`{"external_id":"C%d","name":"Same"}`, i))
			products = append(products, fmt.Sprintf(`{"sku":"P%d"}`, i))
			documents = append(documents, fmt.Sprintf(`{"kind":"order","external_id":"D%d","customer":{"id":1},"time":"2026-03-01","lines":[{"sku":"P%d","amount":"1"}]}`, i, i))
			events = append(events, fmt.Sprintf(`{"id":"E%d","customer":{"id":1},"name":"a","time":"2026-03-01"}`, i))
		}
		c.post("/customers/batch", `{"source":"shop","records":[`+strings.Join(customers, ",")+`]}`)
		c.post("/products/batch", `{"records":[`+strings.Join(products, ",")+`]}`)
		c.post("/documents/batch", `{"source":"shop","records":[`+strings.Join(documents, ",")+`]}`)
		c.post("/events", `{"source":"shop","records":[`+strings.Join(events, ",")+`]}`)
		for _, path := range []string{"/customers?", "/products?prefix=P&", "/documents?", "/documents?customer=1&", "/events?customer=1&"} {
			seen, after, pages := map[any]bool{}, "", 0
			for {
				page := c.get(path + "limit=3&after=" + url.QueryEscape(after))
				for _, item := range page["items"].([]any) {
					id := item.(map[string]any)["id"]
					if seen[id] {
						t.Errorf("%s: %v twice", path, id)
					}
					seen[id] = true
				}
				pages++
				next, more := page["next"].(string)
				if !more {
					break
				}
				after = next
			}
			if len(seen) != 7 || pages != 3 {
				t.Errorf("%s: %d records on %d pages", path, len(seen), pages)
			}
		}
	})
}
