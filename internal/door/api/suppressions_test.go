package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestTheSuppressionListIsAskedFilledAndEmptiedAndNamesNoAddress(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		c.lang = "en"
		id := c.put("/customers/shop/C1", `{"last_name":"Berg","email":"anna@example.org"}`)["id"].(float64)
		ask := func(address string) map[string]any {
			a := c.do("POST", "/suppressions/ask", fmt.Sprintf(`{"address":%q}`, address))
			if a.status != http.StatusOK || strings.Contains(a.text, "@") {
				t.Errorf("asked for %s: %d %s", address, a.status, a.text)
			}
			return a.body
		}
		if a := ask("Anna@Example.org"); a["suppressed"] != false || a["customers"].([]any)[0] != id {
			t.Errorf("before: %v", a)
		}
		const batch = `{"addresses":["anna@example.org","ANNA@example.org","lost@example.org","+49 30 1234567"],"reason":"own","note":"competitors"}`
		first, again := c.do("POST", "/suppressions", batch), c.do("POST", "/suppressions", batch)
		if first.status != http.StatusOK || first.body["added"] != 3.0 || first.body["customers"].([]any)[0] != id || again.body["added"] != 0.0 || again.body["known"] != 3.0 {
			t.Errorf("%d %s, then %s", first.status, first.text, again.text)
		}
		if a := ask("anna@example.org"); a["suppressed"] != true || len(a["entries"].([]any)) != 1 {
			t.Errorf("after: %v", a)
		}
		if a := ask("030 1234567"); len(a["entries"].([]any)) != 2 { // calls and SMS
			t.Errorf("a number: %v", a)
		}
		var all []any
		for page := c.get("/suppressions?limit=3"); ; page = c.get("/suppressions?limit=3&after=" + page["next"].(string)) {
			all = append(all, page["items"].([]any)...)
			if page["next"] == nil || page["next"] == "" {
				break
			}
		}
		if len(all) != 4 || strings.Contains(fmt.Sprint(all), "@") {
			t.Errorf("the list: %v", all)
		}
		if n := len(c.get("/suppressions?channel=email&reason=own")["items"].([]any)); n != 2 {
			t.Errorf("%d mail addresses", n)
		}
		hash := ask("lost@example.org")["entries"].([]any)[0].(map[string]any)["id"].(string)
		if one := c.get("/suppressions/" + hash); one["channel"] != "email" || one["note"] != "competitors" {
			t.Errorf("one: %v", one)
		}
		lift := func(body string) answer { return c.do("POST", "/suppressions/"+hash+"/lift", body) }
		if a := lift(`{"reason":"mistake","note":"was a typo"}`); a.status != http.StatusOK {
			t.Errorf("taken off: %d %s", a.status, a.text)
		}
		if a := lift(`{"reason":"mistake","note":"was a typo"}`); a.status != http.StatusNotFound {
			t.Errorf("taken off twice: %d %s", a.status, a.text)
		}
		if a := ask("lost@example.org"); a["suppressed"] != false || len(a["lifted"].([]any)) != 1 {
			t.Errorf("off again: %v", a)
		}
	})
}

func TestWhatIsNoAddressIsNamedByItsPlaceAndNotRepeated(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		for field, body := range map[string]string{
			"addresses[1]": `{"addresses":["good@example.org","nobody at example"],"reason":"own","note":"x"}`,
			"addresses[0]": `{"addresses":["a@example.org\nb@example.org"],"reason":"own","note":"x"}`,
			"addresses":    `{"addresses":[],"reason":"own","note":"x"}`,
			"reason":       `{"addresses":["a@example.org"],"reason":"erased","note":"x"}`,
			"note":         `{"addresses":["a@example.org"],"reason":"own","note":"asked by a@example.org"}`,
		} {
			a := c.do("POST", "/suppressions", body)
			if a.status != http.StatusUnprocessableEntity || a.body["errors"].([]any)[0].(map[string]any)["location"] != field || strings.Contains(a.text, "@") || strings.Contains(a.text, "nobody at") {
				t.Errorf("%s: %d %s", field, a.status, a.text)
			}
		}
		if a := c.do("POST", "/suppressions/ask", `{"address":"x"}`); a.status != http.StatusUnprocessableEntity {
			t.Errorf("asked for no address: %d %s", a.status, a.text)
		}
		if n := len(c.get("/suppressions")["items"].([]any)); n != 0 {
			t.Errorf("%d stand on the list after what was refused", n)
		}
	})
}

func TestExchangeRatesAreEnteredAndRemoved(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		if a := c.do("PUT", "/exchange_rates/USD/2026-01-01", `{"rate":"0.9312"}`); a.status != http.StatusOK || a.body["rate"] != "0.9312" {
			t.Errorf("%d %s", a.status, a.text)
		}
		for path, body := range map[string]string{"EUR/2026-01-01": `{"rate":"1"}`, "XXQ/2026-01-01": `{"rate":"1"}`, "USD/2026-13-01": `{"rate":"1"}`, "USD/2026-01-01": `{"rate":"-1"}`} {
			if a := c.do("PUT", "/exchange_rates/"+path, body); a.status != http.StatusUnprocessableEntity {
				t.Errorf("%s %s: %d %s", path, body, a.status, a.text)
			}
		}
		if list := c.get("/exchange_rates"); list["base"] != "EUR" || len(list["items"].([]any)) != 1 {
			t.Errorf("%v", list)
		}
		first, again := c.do("DELETE", "/exchange_rates/usd/2026-01-01", ""), c.do("DELETE", "/exchange_rates/USD/2026-01-01", "")
		if first.status != http.StatusOK || first.body["rate"] != "0.9312" || again.status != http.StatusNotFound {
			t.Errorf("%d %s, then %d", first.status, first.text, again.status)
		}
	})
}
