package api_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// together calls fn n times at once.
func together(n int, fn func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { fn(i) })
	}
	all.Wait()
}

func TestTheSameRecordSentByManyAtOnceIsNewOnce(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		for _, tt := range []struct{ path, body string }{
			{"/documents/shop/order/A1", order},
			{"/events/shop/E1", `{"customer":{"external_id":"C2"},"name":"visit","time":"2026-03-01"}`},
			{"/products/P1", `{"name":"P"}`},
			{"/customers/shop/C3", `{"name":"C","email":"c@example.org"}`},
		} {
			answers := make([]answer, 12)
			together(len(answers), func(i int) { answers[i] = c.do("PUT", tt.path, tt.body) })
			fresh := 0
			for _, a := range answers {
				if a.status != http.StatusOK || a.body["id"] != answers[0].body["id"] {
					t.Errorf("%s: %d %s", tt.path, a.status, a.text)
				}
				if a.body["outcome"] == "new" {
					fresh++
				}
			}
			if fresh != 1 {
				t.Errorf("%s: new %d times", tt.path, fresh)
			}
		}
		if c.log.Len() > 0 {
			t.Errorf("logged: %s", c.log)
		}
	})
}

func TestRecordsThatNameTheSameNewCustomerAndProductAtOnceAgree(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		together(12, func(i int) {
			if a := c.do("PUT", fmt.Sprintf("/documents/shop/order/A%d", i), order); a.status != http.StatusOK {
				t.Errorf("%d %s", a.status, a.text)
			}
		})
		if n := len(c.get("/documents?customer=" + fmt.Sprint(c.get("/customers/shop/C1")["id"]))["items"].([]any)); n != 12 {
			t.Errorf("%d orders of the customer", n)
		}
		if n := len(c.get("/products")["items"].([]any)); n != 1 {
			t.Errorf("%d products", n)
		}
	})
}
