package engage_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"stamm/internal/action/message"
	"stamm/internal/door/web/webtest"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/auth"
)

func TestAnAgentLeavesACustomerInPeaceAndEndsIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		l := site(t, db)
		id := l.customers[1]
		own := fmt.Sprint("/engage/customers/", id)
		held := func() (n int) {
			l.Read(func(ctx context.Context, tx *store.Tx) error {
				all, err := message.HoldsOf(ctx, tx, id)
				n = len(all)
				return err
			})
			return n
		}
		form := url.Values{"kind": {message.HoldBereavement}}
		if got := l.As(auth.Viewer).Post(own+"/hold", form); got.Status != 403 {
			t.Errorf("a viewer: %d", got.Status)
		}
		c := l.As(auth.Agent).Speak("de")
		for _, bad := range []string{"", "no such reason"} {
			if got := c.Post(own+"/hold", url.Values{"kind": {bad}}); got.Status != 400 && got.Status != 422 {
				t.Errorf("%q: %d", bad, got.Status)
			}
		}
		if got := c.Post("/engage/customers/987654/hold", form); got.Status != 404 {
			t.Errorf("nobody: %d", got.Status)
		}
		for range 2 { // twice is once
			c.Post(own+"/hold", form)
		}
		if held() != 1 {
			t.Errorf("held %d times", held())
		}
		words := webtest.Words(c.Get(own).Body)
		if !strings.Contains(words, "Trauerfall") || strings.Count(words, "Wieder ansprechen") != 1 {
			t.Errorf("held: %s", words)
		}
		if got := webtest.Words(l.As(auth.Viewer).Speak("de").Get(own).Body); strings.Contains(got, "Wieder ansprechen") || !strings.Contains(got, "Trauerfall") {
			t.Errorf("a viewer sees: %s", got)
		}
		c.Post(own+"/release", form)
		if got := webtest.Words(c.Get(own).Body); held() != 0 || strings.Contains(got, "Wieder ansprechen") {
			t.Errorf("released: %s", got)
		}
		other := webtest.Words(c.Get(fmt.Sprint("/engage/customers/", l.customers[0])).Body) // held by a complaint, which alone may end it
		if strings.Contains(other, "Wieder ansprechen") || !strings.Contains(other, "offene Beschwerde") {
			t.Errorf("held by another: %s", other)
		}
	})
}
