package page

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

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
