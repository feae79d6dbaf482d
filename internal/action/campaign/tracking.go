package campaign

import (
	"context"
	"html"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

// Tracking says what is counted of a campaign and what its links tell the shop. Nothing said is: counted, and nothing told.
type Tracking struct {
	Off bool `json:"off,omitempty"` // neither opens nor clicks are counted
	UTM bool `json:"utm,omitempty"` // links tell the shop where a visitor comes from

	// What they tell; empty for newsletter, email, the name of the campaign and the variant.
	Source   string `json:"source,omitempty"`
	Medium   string `json:"medium,omitempty"`
	Campaign string `json:"campaign,omitempty"`
	Content  string `json:"content,omitempty"`
}

// What links tell the shop where nothing else is said.
const (
	DefaultSource = "newsletter"
	DefaultMedium = "email"
)

const maxUTM = 100

func (t *Tracking) check() (all []error) {
	for field, text := range map[string]*string{"utm_source": &t.Source, "utm_medium": &t.Medium, "utm_campaign": &t.Campaign, "utm_content": &t.Content} {
		*text = strings.TrimSpace(*text)
		if utf8.RuneCountInString(*text) > maxUTM {
			all = append(all, fault.New(fault.Invalid, "errors.too_long", "max", maxUTM).On(field))
		}
	}
	return all
}

// parameters are what the links of a variant tell, names and values.
func (c *Campaign) parameters(arm string) [][2]string {
	t := c.Tracking
	if !t.UTM {
		return nil
	}
	or := func(text, otherwise string) string {
		if text == "" {
			return otherwise
		}
		return text
	}
	return [][2]string{{"utm_source", or(t.Source, DefaultSource)}, {"utm_medium", or(t.Medium, DefaultMedium)}, {"utm_campaign", or(t.Campaign, slug(c.Name))},
		{"utm_content", or(t.Content, arm)}}
}

// slug is a name as it can stand in an address and in a list of figures: small letters and figures with dashes between.
func slug(name string) string {
	text := strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss").Replace(strings.ToLower(name))
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), "-")
}

// withParameters adds parameters that an address does not have yet; all else of it stays as it is.
func withParameters(address string, all [][2]string) string {
	base, fragment, hasFragment := strings.Cut(address, "#")
	_, query, has := strings.Cut(base, "?")
	for _, p := range all {
		if slices.ContainsFunc(strings.Split(query, "&"), func(part string) bool { name, _, _ := strings.Cut(part, "="); return strings.EqualFold(name, p[0]) }) {
			continue
		}
		switch {
		case !has:
			base += "?"
			has = true
		case !strings.HasSuffix(base, "?") && !strings.HasSuffix(base, "&"):
			base += "&"
		}
		base += p[0] + "=" + url.QueryEscape(p[1])
	}
	if hasFragment {
		return base + "#" + fragment
	}
	return base
}

// watch finds of which messages it may be known whose clicks they get.
func (t *table) watch(ctx context.Context, tx *store.Tx, ms []message.Message) (err error) {
	var to []consent.Recipient
	var ids []int64
	counted := false
	t.known = make(map[int64]bool, len(ms))
	for i := range ms {
		if c := t.campaigns[ms[i].Subject]; c != nil && !c.Tracking.Off && ms[i].ID != 0 {
			counted = true
			if asked := ms[i].Tracked; asked != nil {
				t.known[ms[i].ID] = *asked
				continue
			}
			to, ids = append(to, consent.Recipient{Customer: ms[i].Customer, Address: ms[i].Address}), append(ids, ms[i].ID)
		}
	}
	if !counted || t.links == nil || t.Site == "" {
		return nil
	}
	if t.signer, err = hit.OpenSigner(ctx, tx); err != nil || len(to) == 0 {
		return err
	}
	allowed, err := hit.Allowed(ctx, tx, consent.Email, to)
	for i, is := range allowed {
		t.known[ids[i]] = is
	}
	return err
}

// trace leads the links of a letter through our own site and puts the picture at its end, as far as the campaign says so. Mails that are
// shown before they are sent, and tests, have no message and stay as they are.
func (t *table) trace(m *message.Message, c *Campaign, key string, letter *Letter, w *Written, out *message.Mail) {
	counted := t.signer != nil && !c.Tracking.Off
	if m.ID == 0 || !counted && !c.Tracking.UTM {
		return
	}
	tr := tracer{letter: letter, common: w.common, site: t.Site, parameters: c.parameters(m.Arm), customer: m.Customer,
		link: hit.Link{Measure: m.Measure, Arm: m.Arm, Content: key, Channel: consent.Email}}
	if counted {
		tr.signer, tr.base, tr.leads = t.signer, t.base(c.Sender), t.leadsOf(m, c, key)
		if t.known[m.ID] {
			tr.message = m.ID
		}
	}
	w.HTML, w.Text = tr.html(w.HTML), tr.plain(w.Text)
	if fresh := t.kept.without(tr.links); len(fresh) > 0 {
		out.Aside = fresh
	}
}

// leadsKey names mails whose links that many share lead to the same places.
type leadsKey struct {
	campaign     int64
	arm, content string
}

// place is where a link stands: the how manieth of a mail, and its address as the attribute has it.
type place struct {
	raw string
	n   int
}

// lead is where a link leads that says nothing about the reader.
type lead struct {
	address string
	link    hit.Link
}

// leadsOf are the shared links that the mails written so far have found.
func (t *table) leadsOf(m *message.Message, c *Campaign, content string) map[place]lead {
	key := leadsKey{c.ID, m.Arm, content}
	if t.leads == nil {
		t.leads = map[leadsKey]map[place]lead{}
	}
	if t.leads[key] == nil {
		t.leads[key] = map[place]lead{}
	}
	return t.leads[key]
}

// base is how the addresses of counted links begin: the sender's own domain for them, else the site.
func (t *table) base(sender int64) string {
	s := t.senders[sender]
	if s == nil || s.TrackingDomain == "" {
		return t.Site
	}
	scheme, _, _ := strings.Cut(t.Site, "://")
	return scheme + "://" + s.TrackingDomain
}

// tracer leads the links of one mail through our own site.
type tracer struct {
	letter     *Letter
	common     []string
	site       string // the addresses of our own pages begin so, which are left alone
	base       string
	signer     *hit.Signer // nil where nothing is counted
	parameters [][2]string
	message    int64 // 0 where nobody may know whose it is
	customer   int64
	link       hit.Link // what all links have in common

	leads  map[place]lead    // shared links that are known already; nil where nothing is counted
	links  []hit.Link        // to be kept
	led    map[string]string // where addresses of the HTML lead now
	places int
}

// html leads the links of a mail and, where opens are counted, puts the picture at its end.
func (t *tracer) html(source string) string {
	t.led = map[string]string{}
	var b strings.Builder
	b.Grow(len(source) + 1024)
	done := 0
	each := eachOurHref
	if t.letter.own != nil {
		each = eachHref
	}
	each(source, func(from, to int) {
		if address, changed := t.lead(source[from:to]); changed {
			b.WriteString(source[done:from])
			b.WriteString(escapeHTML(address))
			done = to
		}
	})
	if t.signer == nil {
		b.WriteString(source[done:])
		return b.String()
	}
	end := endOf(source)
	if end < done { // what looks like the end stands in an address
		end = len(source)
	}
	b.WriteString(source[done:end])
	b.WriteString(t.picture())
	b.WriteString(source[end:])
	return b.String()
}

// lead is where a link leads, by its address as the attribute has it.
func (t *tracer) lead(raw string) (string, bool) {
	if l, known := t.leads[place{raw, t.places + 1}]; known {
		t.places++
		to := t.through(l.link)
		t.note(l.address, to)
		return to, true
	}
	address := strings.TrimSpace(html.UnescapeString(raw))
	if !t.outside(address) {
		return "", false
	}
	t.places++
	target := withParameters(address, t.parameters)
	led := target
	if t.signer != nil && len(target) <= hit.MaxTarget {
		own := !t.letter.shared[raw] && !slices.Contains(t.common, raw)
		switch {
		case !own:
			led = t.counted(target, 0)
			t.leads[place{strings.Clone(raw), t.places}] = lead{address, t.links[len(t.links)-1]}
		case t.message != 0: // of somebody who may not be known such an address would say who she is
			led = t.counted(target, t.customer)
		}
	}
	t.note(address, led)
	return led, led != address
}

// note keeps where the first link with an address leads, for the text part.
func (t *tracer) note(address, led string) {
	if _, has := t.led[address]; !has {
		t.led[address] = led
	}
}

// outside tells whether an address is one of the web beyond our own pages.
func (t *tracer) outside(address string) bool {
	lower := address
	if len(lower) > 8 {
		lower = strings.ToLower(lower[:8])
	}
	if !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://") {
		return false
	}
	return !(strings.HasPrefix(address, t.site+"/") || address == t.site || strings.ContainsAny(address, " \t\r\n<>\"") || !utf8.ValidString(address))
}

func (t *tracer) counted(target string, customer int64) string {
	link := t.link
	link.Kind, link.Position, link.Target, link.Customer = hit.Click, t.places, target, customer
	link.Identify()
	return t.through(link)
}

// through is the address of a counted link.
func (t *tracer) through(link hit.Link) string {
	t.links = append(t.links, link)
	return t.base + t.signer.Path(hit.Click, hit.Token{Link: link.Number, Message: t.message})
}

// plain changes the addresses in the text part that the HTML links to as well.
func (t *tracer) plain(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	var b strings.Builder
	for {
		at := strings.Index(text, "http")
		if at < 0 {
			break
		}
		end := at
		for end < len(text) && !isSpace(text[end]) {
			end++
		}
		address := text[at:end]
		for ; address != ""; address = address[:len(address)-1] { // what stands behind it, a bracket or a full stop, may be part of an address or not
			if led, is := t.led[address]; is {
				b.WriteString(text[:at])
				b.WriteString(led)
				text = text[at+len(address):]
				break
			}
			if !strings.ContainsRune(").,;:!?]>\"'", rune(address[len(address)-1])) {
				address = "" // no other ending can be meant
				break
			}
		}
		if address == "" {
			b.WriteString(text[:end])
			text = text[end:]
		}
	}
	b.WriteString(text)
	return b.String()
}

// picture is the picture whose fetching counts as an open.
func (t *tracer) picture() string {
	link := t.link
	link.Kind = hit.Open
	link.Identify()
	t.links = append(t.links, link)
	return `<img src="` + escapeHTML(t.base+t.signer.Path(hit.Open, hit.Token{Link: link.Number, Message: t.message})) + `" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0;">`
}

// endOf is where the visible part of a mail ends.
func endOf(source string) int {
	for _, end := range [...]string{"</body", "</BODY", "</html", "</HTML"} {
		if n := strings.LastIndex(source, end); n >= 0 {
			return n
		}
	}
	return len(source)
}

// kept remembers which links are kept already; it is emptied when it is full.
type kept struct {
	mu  sync.Mutex
	all map[int64]struct{}
}

const mostKept = 100_000

// without are the links that are not known to be kept.
func (k *kept) without(links []hit.Link) (fresh []hit.Link) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, l := range links {
		if _, has := k.all[l.Number]; !has {
			fresh = append(fresh, l)
		}
	}
	return fresh
}

func (k *kept) add(links []hit.Link) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil || len(k.all) >= mostKept {
		k.all = map[int64]struct{}{}
	}
	for _, l := range links {
		if l.Customer == 0 {
			k.all[l.Number] = struct{}{}
		}
	}
}

// keepRows is how many links one turn keeps.
const keepRows = 500

// Keep keeps where the links of mails lead, before the mails leave.
func (c *Composer) Keep(ctx context.Context, db *store.DB, mails []*message.Mail) error {
	seen := map[int64]bool{}
	var fresh []hit.Link
	for _, m := range mails {
		links, _ := m.Aside.([]hit.Link)
		for _, l := range links {
			if !seen[l.Number] {
				seen[l.Number] = true
				fresh = append(fresh, l)
			}
		}
	}
	for part := range slices.Chunk(fresh, keepRows) {
		if err := db.Write(ctx, store.System(), func(tx *store.Tx) error { return hit.Keep(ctx, tx, part) }); err != nil {
			return err
		}
		c.kept.add(part)
	}
	return nil
}
