package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"

	"github.com/google/go-cmp/cmp"
)

func TestBadInputIsRefusedWithItsPlaceAndLeavesNothing(t *testing.T) {
	const (
		documents = "/documents/shop/order/A1"
		customers = "/customers/shop/C1"
		events    = "/events/shop/E1"
		products  = "/products/P1"
	)
	line := func(fields string) string { return `{"time":"2026-03-01","lines":[{` + fields + `}]}` }
	long := strings.Repeat("x", 201)
	tests := []struct {
		name, path, body string
		status           int
		place, reason    string
	}{
		{"nothing", documents, " ", 400, "", "api.empty"},
		{"no JSON", documents, "time=2026-03-01", 400, "", "api.json"},
		{"half a JSON", documents, `{"time":"2026-03-01"`, 400, "", "api.json"},
		{"two JSONs", documents, `{"time":"2026-03-01"}{}`, 400, "", "api.json"},
		{"a list", documents, `[]`, 422, "", "api.type.object"},
		{"null", documents, `null`, 422, "time", "errors.required"},
		{"broken UTF-8", documents, "{\"time\":\"2026-03-01\",\"status\":\"Gr\xfc\xdfe\"}", 400, "", "api.utf8"},
		{"a NUL byte", documents, "{\"time\":\"2026-03-01\",\"status\":\"a\x00b\"}", 400, "", "api.json"},
		{"an escaped NUL", documents, `{"time":"2026-03-01","lines":[{"description":"a\u0000b","amount":"1"}]}`, 422, "lines[0].description", "api.text"},
		{"half a pair of surrogates", documents, `{"time":"2026-03-01","status":"\ud83d"}`, 422, "status", "api.text"},
		{"NUL in properties", events, `{"customer":{"id":1},"name":"a","time":"2026-03-01","properties":{"a":"\u0000"}}`, 400, "", "api.utf8"},
		{"NUL in the address", "/documents/shop/order/A%00", `{"time":"2026-03-01"}`, 422, "external_id", "api.text"},
		{"broken UTF-8 in the address", "/documents/shop/order/A%ff", `{"time":"2026-03-01"}`, 422, "external_id", "api.text"},
		{"a source too long", "/documents/" + long[:101] + "/order/A", `{"time":"2026-03-01"}`, 422, "source", "errors.too_long"},
		{"an unknown kind", "/documents/shop/offer/A", `{"time":"2026-03-01"}`, 422, "kind", "api.parameter"},
		{"an unknown field", documents, `{"time":"2026-03-01","sum":"1"}`, 422, "sum", "api.unknown_field"},
		{"an unknown field of a line", documents, line(`"amount":"1","discount":"1"`), 422, "lines[0].discount", "api.unknown_field"},
		{"a number for a text", documents, line(`"amount":1`), 422, "lines[0].amount", "api.type.text"},
		{"a text for a list", documents, `{"time":"2026-03-01","lines":"x"}`, 422, "lines", "api.type.list"},
		{"a text for a truth", products, `{"active":"yes"}`, 422, "active", "api.type.truth"},
		{"a fraction for a number", documents, `{"time":"2026-03-01","customer":{"id":1.5}}`, 422, "customer.id", "api.type.number"},
		{"a giant number", documents, `{"time":"2026-03-01","customer":{"id":99999999999999999999}}`, 422, "customer.id", "api.type.number"},

		{"no time", documents, `{}`, 422, "time", "errors.required"},
		{"31 February", documents, `{"time":"2026-02-31"}`, 422, "time", "errors.day"},
		{"a German date", documents, `{"time":"31.02."}`, 422, "time", "api.time"},
		{"a time without its zone", documents, `{"time":"2026-03-01T10:00:00"}`, 422, "time", "api.time"},
		{"a year too far away", documents, `{"time":"9999-12-31T23:59:59-23:59"}`, 422, "time", "api.far"},
		{"a year long ago", documents, `{"time":"2026-03-01","due_day":"0026-03-01"}`, 422, "due_day", "api.far"},
		{"a day that is none", documents, `{"time":"2026-03-01","due_day":"soon"}`, 422, "due_day", "errors.day"},
		{"an unknown currency", documents, `{"time":"2026-03-01","currency":"EURO"}`, 422, "currency", "errors.currency"},
		{"a currency without a rate", documents, `{"time":"2026-03-01","currency":"JPY","net":"100"}`, 422, "currency", "document.no_rate"},
		{"a rate of zero", documents, `{"time":"2026-03-01","currency":"JPY","rate":"0"}`, 422, "rate", "errors.rate"},
		{"an amount of people", documents, `{"time":"2026-03-01","net":"1.234,56 €"}`, 422, "net", "errors.number"},
		{"an amount with an exponent", documents, `{"time":"2026-03-01","net":"1e3"}`, 422, "net", "errors.number"},
		{"an amount with a plus", documents, `{"time":"2026-03-01","net":"+1"}`, 422, "net", "errors.number"},
		{"too many decimal places", documents, `{"time":"2026-03-01","net":"1.005"}`, 422, "net", "api.digits"},
		{"cents of a currency without", documents, `{"time":"2026-03-01","currency":"JPY","rate":"0.006","net":"1.5"}`, 422, "net", "api.digits"},
		{"too large an amount", documents, `{"time":"2026-03-01","net":"1000000000000"}`, 422, "net", "errors.amount_too_large"},
		{"too large a product", documents, line(`"quantity":"999999999","unit_price":"999999999"`), 422, "lines[0].amount", "errors.amount_too_large"},
		{"a line without amount and price", documents, line(`"sku":"A"`), 422, "lines[0].amount", "errors.required"},
		{"a SKU too long", documents, line(`"amount":"1","sku":"` + long + `"`), 422, "lines[0].sku", "errors.too_long"},
		{"501 lines", documents, `{"time":"2026-03-01","lines":[` + strings.Repeat(`{"amount":"1"},`, 500) + `{"amount":"1"}]}`, 422, "lines", "api.too_many"},
		{"two ways to name a customer", documents, `{"time":"2026-03-01","customer":{"id":1,"email":"a@example.org"}}`, 422, "customer", "api.customer_ref"},
		{"no way to name a customer", documents, `{"time":"2026-03-01","customer":{}}`, 422, "customer", "api.customer_ref"},
		{"an unknown customer", documents, `{"time":"2026-03-01","customer":{"id":4711}}`, 422, "customer.id", "api.no_customer"},
		{"a mail address that is none", documents, `{"time":"2026-03-01","customer":{"email":"anna"}}`, 422, "customer.email", "errors.mail"},

		{"an event without a name", events, `{"customer":{"id":1},"time":"2026-03-01"}`, 422, "name", "errors.required"},
		{"properties that are no object", events, `{"customer":{"id":1},"name":"a","time":"2026-03-01","properties":[1]}`, 422, "properties", "api.type.object"},
		{"properties too deep", events, `{"customer":{"id":1},"name":"a","time":"2026-03-01","properties":` + strings.Repeat(`{"a":`, 21) + "1" + strings.Repeat("}", 21) + `}`, 422, "properties", "api.properties"},
		{"a number no database keeps", events, `{"customer":{"id":1},"name":"a","time":"2026-03-01","properties":{"a":1e400000}}`, 422, "properties", "api.properties"},
		{"properties too large", events, `{"customer":{"id":1},"name":"a","time":"2026-03-01","properties":{"a":"` + strings.Repeat("x", 17<<10) + `"}}`, 422, "properties", "event.properties_too_large"},

		{"a GTIN that Excel ruined", products, `{"gtin":"4,0E+12"}`, 422, "gtin", "product.gtin"},
		{"51 categories", products, `{"categories":[` + strings.Repeat(`"a",`, 50) + `"b"]}`, 422, "categories", "api.too_many"},
		{"a birthday on 30 February", customers, `{"birthday":"1980-02-30"}`, 422, "birthday", "errors.day"},
		{"a country that is none", customers, `{"country":"Atlantis"}`, 422, "country", "customer.country_form"},
		{"a name too long", customers, `{"name":"` + long + `"}`, 422, "name", "errors.too_long"},
		{"a text for a text in tags", customers, `{"tags":[1]}`, 422, "tags[0]", "api.type.text"},
		{"a number in custom", customers, `{"custom":{"a":1}}`, 422, "custom.a", "api.type.text"},
		{"an empty batch", "/events", `{"source":"shop","records":[]}`, 422, "records", "errors.required"},
		{"a batch too large", "/products/batch", `{"records":[` + strings.Repeat(`{"sku":"a"},`, 1000) + `{"sku":"b"}]}`, 422, "records", "api.too_many"},
		{"a batch without a source", "/documents/batch", `{"records":[{"kind":"order","external_id":"1","time":"2026-03-01"}]}`, 422, "source", "errors.required"},
		{"a batch with a bad kind", "/documents/batch", `{"source":"s","records":[{"kind":"offer","external_id":"1","time":"2026-03-01"}]}`, 422, "records[0].kind", "errors.choice"},
		{"a body too large", documents, `{"time":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "", "api.too_large"},
	}
	each(t, func(t *testing.T, c *client) {
		c.put("/customers/other/X", `{"name":"X"}`)
		before := changes(t, c)
		for _, tt := range tests {
			method := "PUT"
			if strings.HasSuffix(tt.path, "batch") || tt.path == "/events" {
				method = "POST"
			}
			a := c.do(method, tt.path, tt.body)
			if a.status != tt.status {
				t.Errorf("%s: %d %.300s", tt.name, a.status, a.text)
				continue
			}
			place, reason := "", ""
			if errors, ok := a.body["errors"].([]any); ok {
				first := errors[0].(map[string]any)
				place, reason = first["location"].(string), first["reason"].(string)
				if strings.Contains(first["message"].(string), "⟦") {
					t.Errorf("%s: %s", tt.name, first["message"])
				}
			}
			if place != tt.place || place != "" && reason != tt.reason {
				t.Errorf("%s: %s at %q, want %s at %q", tt.name, reason, place, tt.reason, tt.place)
			}
			if strings.Contains(a.body["detail"].(string), "⟦") || a.body["code"] != "invalid" {
				t.Errorf("%s: %s", tt.name, a.text)
			}
		}
		if diff := cmp.Diff(before, changes(t, c)); diff != "" {
			t.Errorf("something was written: %s", diff)
		}
		if c.log.Len() > 0 {
			t.Errorf("logged: %s", c.log)
		}
	})
}

func TestAllMistakesAreNamedAtOnce(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		a := c.do("PUT", "/documents/shop/order/A1", `{"time":"x","net":"y","lines":[{},{"amount":"z"}]}`)
		if got := len(a.body["errors"].([]any)); got != 4 || a.body["detail"] != "There are 4 mistakes; errors says where." {
			t.Errorf("%d: %s", got, a.text)
		}
	})
}

func TestOtherTypesOfContentAreRefused(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		for contentType, status := range map[string]int{"": 200, "application/json; charset=utf-8": 200, "application/x-www-form-urlencoded": 415, "text/json": 415, ";": 415} {
			r := httptest.NewRequest("PUT", "/api/v1/products/A", strings.NewReader(`{}`))
			r.Header.Set("Authorization", "Bearer "+c.secret)
			if contentType != "" {
				r.Header.Set("Content-Type", contentType)
			}
			if a := c.send(r); a.status != status {
				t.Errorf("%q: %d %s", contentType, a.status, a.text)
			}
		}
	})
}

func TestAParameterThatIsMissingIsCalledMissing(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		for query, reason := range map[string]string{"": "errors.required", "?customer=x": "api.parameter"} {
			a := c.do("GET", "/events"+query, "")
			mistakes, _ := a.body["errors"].([]any)
			if a.status != 422 || len(mistakes) != 1 || mistakes[0].(map[string]any)["location"] != "customer" || mistakes[0].(map[string]any)["reason"] != reason {
				t.Errorf("%q: %d %s, want %s", query, a.status, a.text, reason)
			}
		}
	})
}

// TestABodyThatBreaksOffIsNoMistakeOfOurs cuts the connection and its framing in the middle of a body.
func TestABodyThatBreaksOffIsNoMistakeOfOurs(t *testing.T) {
	c := newClient(t, storetest.Open(t, storetest.SQLite(t), store.Options{}))
	server := httptest.NewServer(c.api)
	defer server.Close()
	for _, rest := range []string{"Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":x"} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "PUT /api/v1/products/A HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s", c.secret, rest)
		conn.(*net.TCPConn).CloseWrite()
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		conn.Close()
		if answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%d %s", answer.StatusCode, text)
		}
	}
	if c.log.Len() > 0 {
		t.Errorf("logged: %s", c.log)
	}
}

func TestReadingChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		c.put("/documents/shop/order/A1", order)
		c.put("/events/shop/E1", `{"customer":{"external_id":"C1"},"name":"visit","time":"2026-03-01"}`)
		before := contents(t, c.db)
		for pattern := range routes(t) {
			method, path, _ := strings.Cut(pattern, " ")
			if method != "GET" || strings.HasPrefix(path, "/reports") || strings.HasPrefix(path, "/imports") {
				continue
			}
			for _, id := range []string{"1", "4711"} {
				path := strings.NewReplacer("{id}", id, "{kind}", "order", "{source}", "shop"+id, "{external_id}", "A"+id, "{sku}", "ESP").Replace(path)
				c.do("GET", path, "")
				c.do("HEAD", path+"?customer=1", "")
			}
		}
		if diff := cmp.Diff(before, contents(t, c.db)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestInternalErrorsAreLoggedOnceAndNeverShown(t *testing.T) {
	c := newClient(t, storetest.Open(t, storetest.SQLite(t), store.Options{}))
	c.put("/products/A", `{}`)
	write(t, c.db, func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), "DROP TABLE product_category")
		return err
	})
	a := c.do("GET", "/products/A", "")
	if a.status != http.StatusInternalServerError || a.body["code"] != "internal" || strings.Contains(a.text, "product_category") {
		t.Errorf("%d %s", a.status, a.text)
	}
	if logged := c.log.String(); strings.Count(logged, "\n") != 1 || !strings.Contains(logged, a.body["request_id"].(string)) || !strings.Contains(logged, "product_category") {
		t.Errorf("logged: %s", logged)
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(order))
	f.Add([]byte(`{"customer":{"email":"a@example.org"},"time":"2026-03-01","currency":"CHF","rate":"0.93","net":"-1.5","due_day":"2026-04-01","status":"cancelled"}`))
	f.Add([]byte(`{"time":"9999-12-31T23:59:59.999999999-23:59","lines":[{"sku":"\ud83d\ude00","quantity":"999999999","unit_price":"0.000001"},{"amount":"999999999999.99"}]}`))
	f.Add([]byte("{\"time\":\"0001-01-01\",\"reference\":\"\xff\\u0000\"}"))
	c := newClient(f, storetest.Open(f, storetest.SQLite(f), store.Options{}))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := *c
		c.t = t
		r := httptest.NewRequest("PUT", "/api/v1/documents/shop/order/A1", strings.NewReader(string(body)))
		r.Header.Set("Authorization", "Bearer "+c.secret)
		a := c.send(r)
		switch a.status {
		case 200:
			r := httptest.NewRequest("GET", "/api/v1/documents/shop/order/A1", nil)
			r.Header.Set("Authorization", "Bearer "+c.secret)
			if got := c.send(r); got.status != 200 {
				t.Errorf("what was taken cannot be read: %d %s", got.status, got.text)
			}
		case 400, 413, 422:
		default:
			t.Errorf("%d %s\n%s", a.status, a.text, c.log)
		}
	})
}
