package customers_test

import (
	"testing"

	"stamm/internal/door/web/customers"
	"stamm/internal/platform/i18n"
)

func TestForeignWordsAreSaidInTheLanguageOfTheReader(t *testing.T) {
	de, en := i18n.For("de", nil), i18n.For("en", nil)
	for _, c := range []struct{ got, want string }{
		{customers.StatusName(en, "Geliefert"), "delivered"}, {customers.StatusName(de, " shipped "), "versandt"}, {customers.StatusName(de, "Wartet auf Röstung"), "Wartet auf Röstung"}, {customers.StatusName(en, ""), ""},
		{customers.EventName(de, "page_view"), "Seite angesehen"}, {customers.EventName(en, "roastery_visit"), "roastery visit"}, {customers.EventName(en, "a.b"), "a.b"}, {customers.PropertyName(de, "path"), "Seite"},
	} {
		if c.got != c.want {
			t.Errorf("said %q, not %q", c.got, c.want)
		}
	}
}
