package email

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"

	"stamm/internal/record/company"
)

// Level is how much a finding matters.
type Level string

// The levels. Good needs nothing, Hint might be better, Bad keeps mails from arriving.
const (
	Good Level = "good"
	Hint Level = "hint"
	Bad  Level = "bad"
)

// DNSRecord is a record somebody has to set.
type DNSRecord struct {
	Name  string `json:"name"` // without a dot at the end
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Finding is one sentence about a sender, with the record to set where there is one.
type Finding struct {
	Topic  string // spf, dkim, dmarc, bounces, replies, tracking or imprint
	Level  Level
	Key    string // of the sentence
	Args   []any  // name, value, … of its placeholders
	Record *DNSRecord
}

// Examine is what Check looks at.
type Examine struct {
	Sender    *Sender
	Relays    []*Relay // that send for it
	Mailboxes []*Mailbox
	Site      string                                         // host of the web page, empty if not known
	Company   *company.Settings                              // whose pages stand below mails; nil if not looked at
	Reach     func(ctx context.Context, domain string) Reach // asks whether a domain leads here; nil where only DNS is asked
	Vault     *Vault                                         // that has to open the sender's key; nil if not looked at
}

// Reach is what came of asking a domain over HTTPS, from this machine, whether it leads here.
type Reach string

// The answers.
const (
	ReachHere        Reach = "here"
	ReachOther       Reach = "other"       // something else answers
	ReachCertificate Reach = "certificate" // mail programs would warn
	ReachSilent      Reach = "silent"      // nothing answers
	ReachPrivate     Reach = "private"     // it was not asked: its address is none of the public net
)

// topics are the checks, in the order of importance.
var topics = [...]struct {
	name  string
	check func(context.Context, Resolver, *Examine) ([]Finding, error)
}{{"spf", checkSPF}, {"dkim", checkDKIM}, {"dmarc", checkDMARC}, {"bounces", checkBounces}, {"replies", checkReplies}, {"tracking", checkTracking}, {"imprint", checkImprint}}

// Check asks DNS whether receivers will believe the sender, and looks for what the law wants. Each topic has at least one
// finding; a DNS that does not answer is one, too.
func Check(ctx context.Context, r Resolver, x Examine) []Finding {
	var all []Finding
	for _, t := range topics {
		found, err := t.check(ctx, r, &x)
		if err != nil {
			found = []Finding{{Level: Hint, Key: "email.check.no_dns"}}
		}
		for i := range found {
			found[i].Topic = t.name
		}
		all = append(all, found...)
	}
	return all
}

// returnDomain is where bounces go: SPF holds for that domain, not for the one readers see.
func (x *Examine) returnDomain() string {
	if x.Sender.ReturnDomain != "" {
		return x.Sender.ReturnDomain
	}
	return x.Sender.Domain
}

func checkSPF(ctx context.Context, r Resolver, x *Examine) ([]Finding, error) {
	domain := x.returnDomain()
	found, err := spfRecords(ctx, r, domain)
	if err != nil {
		return nil, err
	}
	args := []any{"domain", domain}
	hosts, inside := x.hosts()
	var all []Finding
	if len(inside) > 0 {
		all = append(all, Finding{Level: Hint, Key: "email.check.spf_inside", Args: append(args, "host", strings.Join(inside, ", "))})
	}
	switch {
	case len(found) == 0:
		none := Finding{Level: Bad, Key: "email.check.spf_none", Args: args}
		if len(hosts) > 0 || len(inside) == 0 {
			none.Record = &DNSRecord{domain, "TXT", spfWith("v=spf1 ~all", hosts)}
		}
		return append([]Finding{none}, all...), nil
	case len(found) > 1:
		return []Finding{{Level: Bad, Key: "email.check.spf_several", Args: append(args, "count", len(found))}}, nil
	}
	var missing []string
	for _, host := range hosts {
		result, err := spfOf(ctx, r, domain, host)
		if err != nil {
			return nil, err
		}
		switch result {
		case spfWrong:
			return []Finding{{Level: Bad, Key: "email.check.spf_wrong", Args: append(args, "max", maxSPFLookups)}}, nil
		case spfPass:
			all = append(all, Finding{Level: Good, Key: "email.check.spf_good", Args: append(args, "host", host)})
		default:
			missing = append(missing, host)
		}
	}
	if len(missing) > 0 {
		all = append(all, Finding{Level: Bad, Key: "email.check.spf_missing", Args: append(args, "host", strings.Join(missing, ", ")),
			Record: &DNSRecord{domain, "TXT", spfWith(found[0], missing)}})
	}
	if all == nil {
		all = []Finding{{Level: Hint, Key: "email.check.spf_no_relay", Args: args}}
	}
	if fields := strings.Fields(strings.ToLower(found[0])); slices.Contains(fields, "+all") || slices.Contains(fields, "all") {
		all = append(all, Finding{Level: Bad, Key: "email.check.spf_everybody", Args: args})
	}
	return all, nil
}

// hosts are the relays, each once. Those inside the house hand mails on by an address that nobody can tell from here.
func (x *Examine) hosts() (outside, inside []string) {
	for _, r := range x.Relays {
		to := &outside
		if a, err := netip.ParseAddr(r.Host); r.Host == "localhost" || err == nil && (a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()) {
			to = &inside
		}
		if r.Active && !slices.Contains(*to, r.Host) {
			*to = append(*to, r.Host)
		}
	}
	return outside, inside
}

// spfOf evaluates a domain's record for the addresses of a relay: one that passes is enough.
func spfOf(ctx context.Context, r Resolver, domain, host string) (spfResult, error) {
	ips := []string{host}
	if _, err := netip.ParseAddr(host); err != nil {
		if ips, err = r.LookupHost(ctx, host); err != nil && !isNotFound(err) {
			return spfNone, err
		}
	}
	best := spfOther
	for _, text := range ips {
		ip, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		s := spf{r: r, ip: ip.Unmap()}
		result, err := s.eval(ctx, domain, 0)
		if err != nil || result == spfPass || result == spfWrong {
			return result, err
		}
	}
	return best, nil
}

// spfWith is a record that names more servers, before its word about all others.
func spfWith(record string, hosts []string) string {
	terms := strings.Fields(record)
	at := len(terms)
	for i, t := range terms {
		if l := strings.ToLower(t); strings.TrimLeft(l, "+-~?") == "all" || strings.HasPrefix(l, "redirect=") {
			at = i
			break
		}
	}
	for _, h := range hosts {
		term := "a:" + h
		if ip, err := netip.ParseAddr(h); err == nil {
			if term = "ip6:" + h; ip.Is4() {
				term = "ip4:" + h
			}
		}
		terms = slices.Insert(terms, at, term)
		at++
	}
	return strings.Join(terms, " ")
}

func checkDKIM(ctx context.Context, r Resolver, x *Examine) ([]Finding, error) {
	s := x.Sender
	if s.KeyKind == NoKey {
		return []Finding{{Level: Hint, Key: "email.check.dkim_relay", Args: []any{"domain", s.Domain}}}, nil
	}
	if x.Vault != nil && !x.Vault.ReadsSender(s) {
		return []Finding{{Level: Bad, Key: "email.check.dkim_locked"}}, nil
	}
	want := &DNSRecord{s.Selector + "._domainkey." + s.Domain, "TXT", s.PublicRecord}
	all, err := r.LookupTXT(ctx, want.Name)
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	args := []any{"name", want.Name}
	for _, text := range all {
		if tag(text, "p") == tag(s.PublicRecord, "p") {
			return []Finding{{Level: Good, Key: "email.check.dkim_good", Args: args}}, nil
		}
	}
	if len(all) > 0 {
		return []Finding{{Level: Bad, Key: "email.check.dkim_other", Args: args, Record: want}}, nil
	}
	return []Finding{{Level: Bad, Key: "email.check.dkim_none", Args: args, Record: want}}, nil
}

// tag is the value of a tag in a record of DKIM or DMARC, without spaces.
func tag(record, name string) string {
	for part := range strings.SplitSeq(record, ";") {
		if k, v, ok := strings.Cut(part, "="); ok && strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.Join(strings.Fields(v), "")
		}
	}
	return ""
}

// organisation is the domain somebody registered: of mail.roesterei.de roesterei.de (RFC 7489, 3.2).
func organisation(domain string) string {
	if org, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return org
	}
	return domain
}

func checkDMARC(ctx context.Context, r Resolver, x *Examine) ([]Finding, error) {
	domain, org := x.Sender.Domain, organisation(x.Sender.Domain)
	var records []string
	at := domain
	for _, at = range slices.Compact([]string{domain, org}) {
		all, err := r.LookupTXT(ctx, "_dmarc."+at)
		if err != nil && !isNotFound(err) {
			return nil, err
		}
		for _, text := range all {
			if strings.EqualFold(tag(text, "v"), "DMARC1") {
				records = append(records, text)
			}
		}
		if len(records) > 0 {
			break
		}
	}
	args := []any{"domain", at, "policy", ""}
	set := &DNSRecord{"_dmarc." + org, "TXT", "v=DMARC1; p=none; rua=mailto:" + x.Sender.Address}
	var all []Finding
	switch {
	case len(records) == 0:
		all = append(all, Finding{Level: Bad, Key: "email.check.dmarc_none", Args: args, Record: set})
	case len(records) > 1:
		all = append(all, Finding{Level: Bad, Key: "email.check.dmarc_several", Args: args})
	default:
		policy := strings.ToLower(tag(records[0], "p"))
		args[3] = policy
		switch policy {
		case "reject", "quarantine":
			all = append(all, Finding{Level: Good, Key: "email.check.dmarc_good", Args: args})
		case "none":
			all = append(all, Finding{Level: Hint, Key: "email.check.dmarc_watching", Args: args})
		default:
			all = append(all, Finding{Level: Bad, Key: "email.check.dmarc_wrong", Args: args, Record: set})
		}
	}
	if organisation(x.returnDomain()) != org && x.Sender.KeyKind == NoKey {
		all = append(all, Finding{Level: Bad, Key: "email.check.not_aligned", Args: []any{"domain", domain, "return", x.returnDomain()}})
	}
	return all, nil
}

func checkBounces(ctx context.Context, r Resolver, x *Examine) ([]Finding, error) {
	domain := x.returnDomain()
	args := []any{"domain", domain}
	all, err := r.LookupMX(ctx, domain)
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	if len(all) == 0 || all[0].Host == "." {
		f := Finding{Level: Bad, Key: "email.check.no_mx", Args: args}
		if len(x.Mailboxes) > 0 {
			f.Record = &DNSRecord{domain, "MX", "10 " + x.Mailboxes[0].Host}
		}
		return []Finding{f}, nil
	}
	if !slices.ContainsFunc(x.Mailboxes, func(m *Mailbox) bool { return m.Active }) {
		return []Finding{{Level: Hint, Key: "email.check.no_mailbox", Args: args}}, nil
	}
	if x.Sender.ReturnDomain == "" {
		return []Finding{{Level: Hint, Key: "email.check.no_return_domain", Args: args}}, nil
	}
	return []Finding{{Level: Good, Key: "email.check.bounces_good", Args: args}}, nil
}

func checkReplies(ctx context.Context, r Resolver, x *Examine) ([]Finding, error) {
	address := x.Sender.Address
	if x.Sender.ReplyTo != "" {
		address = x.Sender.ReplyTo
	}
	a, _ := parseAddress(address)
	args := []any{"address", address}
	if local := strings.ToLower(a.local); strings.Contains(local, "noreply") || strings.Contains(local, "no-reply") || strings.Contains(local, "donotreply") {
		return []Finding{{Level: Hint, Key: "email.check.noreply", Args: args}}, nil
	}
	all, err := r.LookupMX(ctx, a.domain)
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	if len(all) == 0 || all[0].Host == "." {
		return []Finding{{Level: Bad, Key: "email.check.no_replies", Args: args}}, nil
	}
	return []Finding{{Level: Good, Key: "email.check.replies_good", Args: args}}, nil
}

func checkTracking(ctx context.Context, r Resolver, x *Examine) ([]Finding, error) {
	domain := x.Sender.TrackingDomain
	args := []any{"domain", domain, "site", x.Site}
	if domain == "" {
		return []Finding{{Level: Hint, Key: "email.check.tracking_site"}}, nil
	}
	all, err := r.LookupHost(ctx, domain)
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	record := &DNSRecord{domain, "CNAME", x.Site}
	if x.Site == "" {
		record = nil
	}
	if len(all) == 0 {
		return []Finding{{Level: Bad, Key: "email.check.tracking_none", Args: args, Record: record}}, nil
	}
	if x.Reach != nil {
		return x.reached(ctx, record), nil
	}
	if x.Site != "" {
		ours, err := r.LookupHost(ctx, x.Site)
		if err != nil && !isNotFound(err) {
			return nil, err
		}
		if !slices.ContainsFunc(all, func(ip string) bool { return slices.Contains(ours, ip) }) {
			return []Finding{{Level: Hint, Key: "email.check.tracking_elsewhere", Args: args, Record: record}}, nil
		}
	}
	f := []Finding{{Level: Good, Key: "email.check.tracking_good", Args: args}}
	if organisation(domain) != organisation(x.Sender.Domain) {
		f = []Finding{{Level: Hint, Key: "email.check.tracking_foreign", Args: args}}
	}
	return f, nil
}

// reached asks the domain of links itself: behind a proxy DNS alone cannot tell whether it leads here.
func (x *Examine) reached(ctx context.Context, record *DNSRecord) []Finding {
	domain := x.Sender.TrackingDomain
	args := []any{"domain", domain}
	switch reach := x.Reach(ctx, domain); {
	case reach == ReachPrivate:
		return []Finding{{Level: Hint, Key: "email.check.tracking_private", Args: args}}
	case reach == ReachCertificate:
		return []Finding{{Level: Bad, Key: "email.check.tracking_certificate", Args: args}}
	case reach != ReachHere:
		return []Finding{{Level: Bad, Key: "email.check.tracking_" + string(reach), Args: args, Record: record}}
	case organisation(domain) != organisation(x.Sender.Domain):
		return []Finding{{Level: Hint, Key: "email.check.tracking_foreign", Args: args}}
	}
	return []Finding{{Level: Good, Key: "email.check.tracking_here", Args: args}}
}

// checkImprint looks whether the words below each mail can be an imprint (§ 5 DDG): a name and a postal address, and whether the
// company names its page on data protection, which mails and public pages link to.
func checkImprint(_ context.Context, _ Resolver, x *Examine) ([]Finding, error) {
	var more []Finding
	linked := false
	if x.Company != nil {
		linked = x.Company.Imprint != ""
		if x.Company.Privacy == "" {
			more = append(more, Finding{Level: Hint, Key: "email.check.privacy_none"})
		}
	}
	found := Finding{Level: Good, Key: "email.check.imprint_good"}
	switch text := x.Sender.Imprint; {
	case text == "" && linked:
		found = Finding{Level: Hint, Key: "email.check.imprint_linked"}
	case text == "":
		found = Finding{Level: Bad, Key: "email.check.imprint_none"}
	case utf8.RuneCountInString(text) < 30 || !strings.ContainsFunc(text, unicode.IsDigit):
		found = Finding{Level: Hint, Key: "email.check.imprint_short"}
	}
	return append([]Finding{found}, more...), nil
}
