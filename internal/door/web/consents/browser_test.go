package consents_test

import (
	"strconv"
	"testing"

	"stamm/internal/door/web/browsertest"
	"stamm/internal/platform/i18n"
	"stamm/internal/record/auth"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

func TestThePageOfConsentsReadsOnEveryScreen(t *testing.T) {
	s, id := site(t)
	address := s.Serve()
	b := browsertest.New(t)
	b.Open(address+s.LoginLink(auth.Agent), 1200, 900)
	b.Click("main button")
	b.WaitVisible(".s-sidebar")
	one := address + "/customers/" + strconv.FormatInt(id, 10) + "/consent"
	for _, width := range []int{1440, 360} {
		b.Open(one, width, 900)
		b.WaitVisible("#acts")
		b.Look("consents-" + strconv.Itoa(width))
	}
	b.Click("input[name=act][value=objected]")
	b.Choose("#f-channel", "")
	b.Click("main form.s-form button")
	b.WaitText(i18n.For("en", nil).T("consents.saved"))
}
