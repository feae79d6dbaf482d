package page

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// mostSwallowed is how much of a body that is too large is still read.
const mostSwallowed = 64 << 20

// Swallow reads what is left of a body that was too large, so that the browser shows the answer: cut off while it sends, it tells of a
// broken connection instead. body is the one of the request, without its limit.
func Swallow(body io.Reader, err error) {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		_, _ = io.CopyN(io.Discard, body, mostSwallowed) // whatever comes, the answer is the same
	}
}

// Sender is who calls, as far as the network tells, for counting what must not be tried too often. Addresses of IPv6 count
// by their network of 64 bits, which is what one customer of a provider has. trustProxy takes what a proxy in front says.
func Sender(r *http.Request, trustProxy bool) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if trustProxy {
		// The last entry is the one the proxy itself has added; those before it anybody can write.
		list := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		if last := strings.TrimSpace(list[len(list)-1]); last != "" {
			host = last
		}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return "unknown"
	}
	addr = addr.Unmap()
	if addr.Is6() {
		prefix, _ := addr.Prefix(64) // an IPv6 address has 128 bits
		return prefix.String()
	}
	return addr.String()
}
