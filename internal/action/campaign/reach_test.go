package campaign_test

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/action/message/email"
)

func TestADomainOfLinksIsBelievedOnlyWhenItAnswersItselfOverTLS(t *testing.T) {
	waiting := make(chan struct{})
	asked := map[string]int{}
	answer := func(w http.ResponseWriter, r *http.Request) {
		asked[r.URL.Path]++
		switch r.URL.Path {
		case "/p/h/here":
			w.Write([]byte("it is me"))
		case "/p/h/more":
			w.Write([]byte("it is me, and a lot more" + strings.Repeat("x", 1<<20)))
		case "/p/h/error":
			w.WriteHeader(http.StatusBadGateway)
			w.Write([]byte("it is me"))
		case "/p/h/away":
			http.Redirect(w, r, "/p/h/here", http.StatusFound)
		case "/p/h/late":
			select {
			case <-waiting:
			case <-r.Context().Done():
			}
		}
	}
	site := httptest.NewTLSServer(http.HandlerFunc(answer))
	defer site.Close()
	defer close(waiting)
	trusted := x509.NewCertPool()
	trusted.AddCert(site.Certificate())
	here := campaign.Prober{Allow: func(netip.AddrPort) bool { return true }, Roots: trusted}
	ask := func(p campaign.Prober, path string) email.Reach {
		ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer stop()
		return p.Reaches(ctx, strings.TrimPrefix(site.URL, "https://"), path, "it is me")
	}
	for path, want := range map[string]email.Reach{"/p/h/more": email.ReachOther, "/p/h/error": email.ReachOther, "/p/h/away": email.ReachOther, "/p/h/none": email.ReachOther,
		"/p/h/late": email.ReachSilent} {
		if got := ask(here, path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if asked["/p/h/here"] != 0 {
		t.Error("a redirect was followed")
	}
	if got := ask(here, "/p/h/here"); got != email.ReachHere {
		t.Errorf("it answers rightly and is called %s", got)
	}
	strict := here
	strict.Roots = x509.NewCertPool()
	if got := ask(strict, "/p/h/here"); got != email.ReachCertificate {
		t.Errorf("with a certificate nobody knows: %s", got)
	}
	before := asked["/p/h/here"]
	if got := ask(campaign.Prober{Roots: trusted}, "/p/h/here"); got != email.ReachPrivate || asked["/p/h/here"] != before {
		t.Errorf("an address of the own network: %s, asked %d times", got, asked["/p/h/here"]-before)
	}
	if got := here.Reaches(t.Context(), "127.0.0.1:1", "/p/h/here", "it is me"); got != email.ReachSilent {
		t.Errorf("where nobody listens: %s", got)
	}
}
