package email

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
)

// Resolver asks DNS; *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupHost(ctx context.Context, name string) ([]string, error)
}

// spfResult is what a domain says about servers that send for it (RFC 7208, 2.6).
type spfResult string

const (
	spfNone  spfResult = "none" // it says nothing
	spfPass  spfResult = "pass"
	spfOther spfResult = "other" // fail, softfail or neutral
	spfWrong spfResult = "wrong" // its record breaks the rules, so receivers ignore it
)

// maxSPFLookups is how many questions to DNS a record may cost (RFC 7208, 4.6.4).
const maxSPFLookups = 10

// spf evaluates a domain's record for one server. Macros are not followed: they tell about single senders.
type spf struct {
	r       Resolver
	ip      netip.Addr
	lookups int
}

// records returns the SPF records of a domain.
func spfRecords(ctx context.Context, r Resolver, domain string) ([]string, error) {
	all, err := r.LookupTXT(ctx, domain)
	if isNotFound(err) {
		return nil, nil
	}
	var found []string
	for _, text := range all {
		if lower := strings.ToLower(text); lower == "v=spf1" || strings.HasPrefix(lower, "v=spf1 ") {
			found = append(found, text)
		}
	}
	return found, err
}

func isNotFound(err error) bool {
	var d *net.DNSError
	return errors.As(err, &d) && d.IsNotFound
}

func (s *spf) eval(ctx context.Context, domain string, depth int) (spfResult, error) {
	found, err := spfRecords(ctx, s.r, domain)
	switch {
	case err != nil:
		return spfNone, err
	case len(found) == 0:
		return spfNone, nil
	case len(found) > 1 || depth > maxSPFLookups:
		return spfWrong, nil
	}
	redirect := ""
	for _, term := range strings.Fields(found[0])[1:] {
		lower := strings.ToLower(term)
		if to, ok := strings.CutPrefix(lower, "redirect="); ok {
			redirect = to
			continue
		}
		if name, _, isModifier := strings.Cut(lower, "="); isModifier && !strings.ContainsAny(name, ":/") {
			continue
		}
		match, result, err := s.matches(ctx, domain, strings.TrimLeft(lower, "+-~?"), depth)
		if err != nil || result == spfWrong {
			return result, err
		}
		if match {
			if strings.ContainsRune("-~?", rune(lower[0])) {
				return spfOther, nil
			}
			return spfPass, nil
		}
	}
	if redirect == "" {
		return spfOther, nil
	}
	if s.lookups++; s.lookups > maxSPFLookups {
		return spfWrong, nil
	}
	result, err := s.eval(ctx, redirect, depth+1)
	if result == spfNone {
		result = spfWrong
	}
	return result, err
}

// matches tells whether a mechanism names the server; the result is spfWrong where the record breaks the rules.
func (s *spf) matches(ctx context.Context, domain, mechanism string, depth int) (bool, spfResult, error) {
	name, value, _ := strings.Cut(mechanism, ":")
	name, prefix, _ := strings.Cut(name, "/")
	if strings.Contains(mechanism, "%") {
		return false, "", nil
	}
	switch name {
	case "all":
		return true, "", nil
	case "ip4", "ip6":
		return inNetwork(s.ip, value), "", nil
	case "a", "mx", "include", "exists", "ptr":
		if s.lookups++; s.lookups > maxSPFLookups {
			return false, spfWrong, nil
		}
	default:
		return false, spfWrong, nil
	}
	if name == "include" {
		result, err := s.eval(ctx, value, depth+1)
		if result == spfNone && err == nil {
			result = spfWrong
		}
		return result == spfPass, result, err
	}
	if value != "" {
		domain, prefix, _ = strings.Cut(value, "/")
	}
	hosts := []string{domain}
	switch name {
	case "exists", "ptr":
		return false, "", nil
	case "mx":
		hosts = nil
		all, err := s.r.LookupMX(ctx, domain)
		if err != nil && !isNotFound(err) {
			return false, "", err
		}
		for _, mx := range all[:min(len(all), 10)] {
			hosts = append(hosts, mx.Host)
		}
	}
	for _, host := range hosts {
		all, err := s.r.LookupHost(ctx, host)
		if err != nil && !isNotFound(err) {
			return false, "", err
		}
		for _, ip := range all {
			if prefix != "" {
				ip += "/" + prefix
			}
			if inNetwork(s.ip, ip) {
				return true, "", nil
			}
		}
	}
	return false, "", nil
}

// inNetwork tells whether an address is another one, or in a network.
func inNetwork(ip netip.Addr, text string) bool {
	if network, err := netip.ParsePrefix(text); err == nil {
		return network.Masked().Contains(ip)
	}
	other, err := netip.ParseAddr(text)
	return err == nil && other == ip
}
