package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"

	"github.com/google/go-cmp/cmp"
)

func TestSomebodyIsErasedForGoodAndTheCallMayBeRepeated(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		const anna = `{"first_name":"Anna","last_name":"Berg","email":"anna@example.org"}`
		id := c.put("/customers/shop/C1", anna)["id"].(float64)
		other := c.put("/customers/shop/C2", `{"first_name":"Bert"}`)["id"].(float64)
		want := map[string]any{"id": id, "outcome": "erased"}
		for range 2 {
			a := c.do("DELETE", "/customers/shop/C1", "")
			if diff := cmp.Diff(want, a.body); diff != "" || a.status != http.StatusOK {
				t.Errorf("%d %s", a.status, diff)
			}
			if a := c.do("DELETE", fmt.Sprintf("/customers/%v", id), ""); a.status != http.StatusOK || !cmp.Equal(want, a.body) {
				t.Errorf("by our id: %d %s", a.status, a.text)
			}
		}
		if got := c.get(fmt.Sprintf("/customers/%v", id)); got["erased_at"] == nil || got["name"] != nil || len(got["emails"].([]any)) != 0 {
			t.Errorf("left of her: %v", got)
		}
		if back := c.put("/customers/shop/C1", anna); back["outcome"] != "erased" {
			t.Errorf("she comes back: %v", back)
		}
		if got := c.get(fmt.Sprintf("/customers/%v", other)); got["first_name"] != "Bert" {
			t.Errorf("somebody else: %v", got)
		}
		for _, path := range []string{"/customers/shop/C9", "/customers/nowhere/C1", "/customers/999"} {
			if a := c.do("DELETE", path, ""); a.status != http.StatusNotFound || a.body["code"] != "notfound" {
				t.Errorf("%s: %d %s", path, a.status, a.text)
			}
		}
	})
}

func TestAnImportIsTakenBackAndTheCallMayBeRepeated(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := house(t, db)
		a := c.upload(map[string]string{"kind": "orders"}, "order;customer;date;amount\n1;K1;2026-01-10;10.50\n2;K1;2026-01-11;1.25\n")
		if a.status != http.StatusAccepted {
			t.Fatalf("%d %s", a.status, a.text)
		}
		id := a.body["id"].(float64)
		c.finished(id)
		path := fmt.Sprintf("/imports/%v/undo", id)
		first := c.do("POST", path, "")
		if first.status != http.StatusAccepted || first.body["state"] != "undoing" {
			t.Fatalf("%d %s", first.status, first.text)
		}
		if got := c.finished(id); got["state"] != "undone" {
			t.Errorf("the import is %v", got["state"])
		}
		if again := c.do("POST", path, ""); again.status != http.StatusAccepted || again.body["state"] != "undone" {
			t.Errorf("again: %d %s", again.status, again.text)
		}
		if n := contents(t, db)["document"]; n != 0 {
			t.Errorf("%d documents are left", n)
		}
		if a := c.do("POST", "/imports/999/undo", ""); a.status != http.StatusNotFound {
			t.Errorf("an import that does not exist: %d %s", a.status, a.text)
		}
	})
}
