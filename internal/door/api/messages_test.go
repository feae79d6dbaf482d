package api_test

import (
	"net/http"
	"strings"
	"testing"
)

const confirmation = `{"source":"shop","id":"A1-confirmed","customer":{"external_id":"C1"},"subject":"Ihre Bestellung A1","text":"Vielen Dank!","exempt":true}`

func TestAMessageSentTwiceIsOneMessageThroughAllGates(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		if a := c.do("POST", "/messages", confirmation); a.status != http.StatusNotFound || !strings.Contains(a.text, "customer") {
			t.Errorf("to nobody: %d %s", a.status, a.text)
		}
		c.put("/customers/shop/C1", `{"last_name":"Berg","email":"anna@example.org"}`)
		first, again := c.do("POST", "/messages", confirmation), c.do("POST", "/messages", confirmation)
		if first.status != http.StatusOK || first.body["state"] != "queued" || first.body["basis"] != "contract" || again.body["id"] != first.body["id"] {
			t.Errorf("%d %s, then %s", first.status, first.text, again.text)
		}
		if n := len(first.body["gates"].([]any)); n != 6 {
			t.Errorf("%d gates", n)
		}
		if other := c.do("POST", "/messages", strings.Replace(confirmation, "Vielen", "Tausend", 1)); other.status != http.StatusConflict {
			t.Errorf("the id with other words: %d %s", other.status, other.text)
		}
		advert := c.do("POST", "/messages", `{"source":"shop","id":"N1","customer":{"external_id":"C1"},"subject":"Angebote","html":"<p>Neu</p>","basis":"consent"}`)
		if advert.body["state"] != "suppressed" || advert.body["reason"] != "no_consent" {
			t.Errorf("advertising without consent: %s", advert.text)
		}
		if list := c.get("/messages?customer=1")["items"].([]any); len(list) != 2 {
			t.Errorf("%d messages of the customer", len(list))
		}
	})
}

func TestAMessageThatIsWrongIsRefusedAtItsField(t *testing.T) {
	each(t, func(t *testing.T, c *client) {
		for field, body := range map[string]string{
			"subject": `{"source":"shop","id":"1","email":"a@example.org","subject":"Zwei\nZeilen","text":"x"}`,
			"email":   `{"source":"shop","id":"1","email":"kein mail","subject":"x","text":"x"}`,
			"text":    `{"source":"shop","id":"1","email":"a@example.org","subject":"x"}`,
			"basis":   `{"source":"shop","id":"1","email":"a@example.org","subject":"x","text":"x","basis":"luck"}`,
			"id":      `{"source":"shop","email":"a@example.org","subject":"x","text":"x"}`,
		} {
			a := c.do("POST", "/messages", body)
			if a.status != http.StatusUnprocessableEntity || a.body["errors"].([]any)[0].(map[string]any)["location"] != field {
				t.Errorf("%s: %d %s", field, a.status, a.text)
			}
		}
	})
}
