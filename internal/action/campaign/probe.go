package campaign

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"

	"stamm/internal/action/message/email"
)

// Prober asks whether addresses answer. It never reaches into the company's own network, whatever a name resolves to and wherever a page
// leads on to: the address is looked at when the connection is made.
type Prober struct {
	Allow func(netip.AddrPort) bool // which addresses may be asked; Public by default
	Roots *x509.CertPool            // whose certificates count; those of the machine by default
}

// The limits of a look.
const (
	probeTime   = 6 * time.Second
	probeAll    = 30 * time.Second
	probeMost   = 40 // addresses
	probeBeside = 6
	probeHops   = 5
)

// Answer is what became of one address.
type Answer struct {
	Address string
	Status  int  // of HTTP; 0 without an answer
	Private bool // it lies within a network of its own
}

// OK tells that a page is there. Who refuses machines (401, 403, 429) is there too.
func (a Answer) OK() bool {
	return a.Status >= 200 && a.Status < 400 || a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden || a.Status == http.StatusTooManyRequests
}

// Public tells whether an address is one of the public net, at a port of the web.
func Public(at netip.AddrPort) bool {
	ip := at.Addr().Unmap()
	if at.Port() != 80 && at.Port() != 443 || !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, own := range []string{"100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "2001::/23", "2001:db8::/32", "2002::/16"} {
		if netip.MustParsePrefix(own).Contains(ip) {
			return false
		}
	}
	return true
}

var errPrivate = errors.New("campaign: an address that is not public")

// client refuses connections to addresses that may not be asked.
func (p Prober) client() *http.Client {
	allow := p.Allow
	if allow == nil {
		allow = Public
	}
	dialer := &net.Dialer{Timeout: probeTime, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !allow(at) {
			return errPrivate
		}
		return nil
	}}
	return &http.Client{
		Timeout: probeTime,
		Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: p.Roots}, TLSHandshakeTimeout: probeTime,
			ResponseHeaderTimeout: probeTime, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if len(via) >= probeHops || next.URL.Scheme != "http" && next.URL.Scheme != "https" {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
}

// Reaches asks a domain over HTTPS for a path and tells whether exactly the text comes back. It follows no redirect: links in mails must
// lead here by themselves.
func (p Prober) Reaches(ctx context.Context, domain, path, want string) email.Reach {
	client := p.client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+domain+path, nil)
	if err != nil {
		return email.ReachSilent
	}
	request.Header.Set("User-Agent", "Stamm link check")
	response, err := client.Do(request)
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.Is(err, errPrivate):
		return email.ReachPrivate
	case errors.As(err, &untrusted):
		return email.ReachCertificate
	case err != nil:
		return email.ReachSilent
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, int64(len(want))+1))
	switch {
	case err != nil:
		return email.ReachSilent
	case response.StatusCode != http.StatusOK || string(text) != want:
		return email.ReachOther
	}
	return email.ReachHere
}

// Ask asks each of the addresses, some at a time, and returns the answers in their order; of more than probeMost only the first. It
// takes no longer than half a minute.
func (p Prober) Ask(ctx context.Context, addresses []string) []Answer {
	ctx, stop := context.WithTimeout(ctx, probeAll)
	defer stop()
	addresses = addresses[:min(len(addresses), probeMost)]
	client := p.client()
	answers := make([]Answer, len(addresses))
	slots := make(chan struct{}, probeBeside)
	var all sync.WaitGroup
	for i, address := range addresses {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			answers[i] = ask(ctx, client, address)
		})
	}
	all.Wait()
	return answers
}

// ask tries HEAD, and GET where that is not answered well: many shops know only that.
func ask(ctx context.Context, client *http.Client, address string) Answer {
	a := Answer{Address: address}
	if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return a
	}
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		request, err := http.NewRequestWithContext(ctx, method, address, nil)
		if err != nil {
			return a
		}
		request.Header.Set("User-Agent", "Stamm link check")
		response, err := client.Do(request)
		if err != nil {
			if a.Private = errors.Is(err, errPrivate); a.Private {
				return a
			}
			continue
		}
		io.CopyN(io.Discard, response.Body, 1024)
		response.Body.Close()
		if a.Status = response.StatusCode; a.OK() {
			return a
		}
	}
	return a
}
