package api_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/platform/filter"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
)

// fields is what conditions can ask for in these tests.
func fields(context.Context, *store.Tx) (*filter.Catalogue, error) {
	return filter.NewCatalogue("EUR", customer.Projection().Fields, document.Projection().Fields)
}

func TestSegmentsAreMadeAskedChangedAndPutAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := house(t, db)
		for i, country := range []string{"DE", "DE", "CH"} {
			c.put(fmt.Sprintf("/customers/shop/C%d", i), fmt.Sprintf(`{"name":"N","country":%q}`, country))
		}
		made := c.do("POST", "/segments", `{"name":"Germany","text":"country = DE"}`)
		if made.status != 201 || made.body["text"] != "country = DE" {
			t.Fatalf("made: %d %s", made.status, made.text)
		}
		at := fmt.Sprintf("/segments/%v", made.body["id"])
		if got := c.get(at + "/count"); got["count"] != 2.0 {
			t.Errorf("count: %v", got)
		}
		var ids []any
		for _, item := range c.get(at + "/customers?limit=500")["items"].([]any) {
			ids = append(ids, item.(map[string]any)["external_id"])
		}
		if diff := cmp.Diff([]any{"C0", "C1"}, ids); diff != "" {
			t.Errorf("customers (-want +got):\n%s", diff)
		}
		who := c.get("/customers/shop/C2")["id"]
		if got := c.get(fmt.Sprintf("%s/explain?customer=%v", at, who)); got["in"] != false || got["parts"].([]any)[0].(map[string]any)["holds"] != false {
			t.Errorf("explain: %v", got)
		}
		if got := c.do("PATCH", at, `{"condition":{"field":"country","is":"=","value":"CH"}}`); got.status != 200 || c.get(at + "/count")["count"] != 1.0 {
			t.Errorf("changed: %d %s", got.status, got.text)
		}
		if got := c.do("POST", "/segments/count", `{"text":"not in segment Germany"}`); got.status != 200 || got.body["count"] != 2.0 {
			t.Errorf("count of a condition: %d %s", got.status, got.text)
		}
		if got := c.do("POST", "/segments/count", `{"text":"orders(since 2999-01-01) = 0"}`); got.body["count"] != 3.0 || len(got.body["notes"].([]any)) != 1 {
			t.Errorf("a period that is to come: %d %s", got.status, got.text)
		}
		for _, tt := range []struct{ method, path, body, code, reason string }{
			{"POST", "/segments", `{"name":"germany","text":"country = DE"}`, "conflict", "segment.name_taken"},
			{"POST", "/segments", `{"name":"x","text":"weather = good"}`, "invalid", ""},
			{"POST", "/segments", `{"name":"x"}`, "invalid", "errors.required"},
			{"POST", "/segments", `{"name":"x","text":"","condition":{}}`, "invalid", "api.condition_twice"},
			{"POST", "/segments/count", `{"condition":{"field":"weather","is":"=","value":"good"}}`, "invalid", ""},
			{"POST", "/segments/count", `{"text":"customer_since between today and 2001-01-01"}`, "invalid", "filter.error.reversed"},
			{"POST", "/segments", `{"name":"x","text":"orders(between today and 2001-01-01)"}`, "invalid", "filter.error.reversed"},
			{"PATCH", at, `{"text":"in segment Germany"}`, "invalid", "segment.circle"},
			{"GET", "/segments/99", ``, "notfound", "segment.unknown"},
			{"GET", at + "/count?as_of=gestern", ``, "invalid", ""},
		} {
			if got := c.do(tt.method, tt.path, tt.body); got.body["code"] != tt.code {
				t.Errorf("%s %s %s: %d %s", tt.method, tt.path, tt.body, got.status, got.text)
			} else if first := got.body["errors"]; tt.reason != "" && first != nil && first.([]any)[0].(map[string]any)["reason"] != tt.reason {
				t.Errorf("%s %s %s: %s", tt.method, tt.path, tt.body, got.text)
			}
		}
		if got := c.do("DELETE", at, ""); got.status != 200 || got.body["archived"] != true || len(c.get("/segments")["items"].([]any)) != 0 {
			t.Errorf("archived: %d %s", got.status, got.text)
		}
	})
}

func TestTheFieldsOfConditionsAreListed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		found := map[string]map[string]any{}
		for _, item := range house(t, db).get("/segments/fields")["fields"].([]any) {
			f := item.(map[string]any)
			found[f["name"].(string)] = f
		}
		orders, country := found["orders"], found["country"]
		if orders == nil || orders["period"] != true || orders["type"] != "count" || len(orders["narrowed"].([]any)) == 0 {
			t.Errorf("orders: %v", orders)
		}
		if country == nil || country["period"] != false || country["label"] != "Country" || len(country["operators"].([]any)) == 0 {
			t.Errorf("country: %v", country)
		}
	})
}
