package campaign

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/html"

	"stamm/internal/insight/segment"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/consent"
)

// Finding is something that a look at the whole campaign found.
type Finding struct {
	Key     string // of its text in the catalogues
	Args    []any  // name, value, …
	Variant string
	Content string // key of the content
	Field   string // of the content, empty for the whole
	Bad     bool   // it keeps the campaign from being sent, or should
	Err     error  // where a text cannot be read; its message is the finding
}

// gmailCut is from how many bytes on Gmail hides the rest of a mail, the way out with it.
const gmailCut = 102 << 10

// sampleReaders is for how many customers the mails are written to see what they lack.
const sampleReaders = 300

// missingParts tells which part that every mail needs is not there: the way to unsubscribe.
func (c *Content) missingParts() error {
	if c.Own() {
		if !strings.Contains(c.HTML, "unsubscribe") {
			return fault.New(fault.Invalid, "campaign.error.no_unsubscribe").On("html")
		}
		return nil
	}
	footer := false
	c.each(func(_ string, b *Block) { footer = footer || b.Kind == Footer })
	if !footer {
		return fault.New(fault.Invalid, "campaign.error.no_footer").On("blocks")
	}
	return nil
}

// Inspector looks at a campaign before it is sent.
type Inspector struct {
	Runner   *Runner
	Composer *Composer
	Prober   Prober
}

// Inspect tells all that is found, the bad first. Addresses are asked outside of transactions; it can take half a minute.
func (i *Inspector) Inspect(ctx context.Context, id int64) ([]Finding, error) {
	c, err := i.Runner.load(ctx, id)
	if err != nil {
		return nil, err
	}
	var all []Finding
	addresses := map[string]Finding{}
	var order []string
	people, err := i.sample(ctx, c)
	if err != nil {
		return nil, err
	}
	for v := range c.Variants {
		for _, key := range c.Variants[v].Keys() {
			found, links, err := i.content(ctx, c, &c.Variants[v], key, people)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
			for _, link := range links {
				if _, known := addresses[link]; !known {
					addresses[link] = Finding{Variant: c.Variants[v].Name, Content: key}
					order = append(order, link)
				}
			}
		}
	}
	for _, a := range i.Prober.Ask(ctx, order) {
		if a.OK() {
			continue
		}
		f := addresses[a.Address]
		f.Key, f.Args, f.Bad = "campaign.check.link", []any{"address", a.Address, "status", a.Status}, true
		switch {
		case a.Private:
			f.Key, f.Args = "campaign.check.private", []any{"address", a.Address}
		case a.Status == 0:
			f.Key, f.Args = "campaign.check.silent", []any{"address", a.Address}
		}
		all = append(all, f)
	}
	if len(order) > probeMost {
		all = append(all, Finding{Key: "campaign.check.many", Args: []any{"n", len(order) - probeMost}})
	}
	slices.SortStableFunc(all, func(a, b Finding) int { return store.Flag(b.Bad) - store.Flag(a.Bad) })
	return all, nil
}

// sample are some customers of the audience.
func (i *Inspector) sample(ctx context.Context, c *Campaign) ([]int64, error) {
	return i.Runner.Sample(ctx, c, sampleReaders)
}

// samplePatience is how long one waits for a sample that shows the last changes; then the last one does.
const samplePatience = 50 * time.Millisecond

// Sample is some of the customers of a campaign's audience, the same ones as long as they are in it.
func (r *Runner) Sample(ctx context.Context, c *Campaign, n int) ([]int64, error) {
	house, err := r.House(ctx)
	if err != nil {
		return nil, err
	}
	var book *segment.Book
	if err := r.DB.Read(ctx, func(tx *store.Tx) (err error) { book, err = segment.Open(ctx, tx, r.Fields); return err }); err != nil {
		return nil, err
	}
	q, err := queryOf(book, c.Segment)
	if err != nil {
		return nil, err
	}
	key := segment.Key(fmt.Sprint("sample ", n), q)
	some, err := warehouse.Cached(ctx, house, key, samplePatience, func(ctx context.Context, v *warehouse.View) ([]int64, error) {
		ids, _, err := segment.Sample(ctx, v, q, n)
		return ids, err
	})
	return slices.Clone(some.Value), err
}

// content looks at one content, and returns the addresses that its mails lead to.
func (i *Inspector) content(ctx context.Context, c *Campaign, v *Variant, key string, people []int64) (found []Finding, addresses []string, err error) {
	content := v.Contents[key]
	add := func(bad bool, field, text string, args ...any) {
		found = append(found, Finding{Key: text, Args: args, Variant: v.Name, Content: key, Field: field, Bad: bad})
	}
	if c.ByPhone() {
		found, err := i.script(ctx, c, v, key, people)
		return found, nil, err
	}
	if _, err := Compile(content, languageOf(key)); err != nil {
		for _, f := range fault.All(err) {
			found = append(found, Finding{Key: f.Key, Args: f.Args, Variant: v.Name, Content: key, Field: f.Field, Bad: true, Err: f})
		}
		return found, nil, nil
	}
	if err := content.missingParts(); err != nil {
		f := fault.As(err)
		add(true, f.Field, f.Key)
	}
	if c.Basis == consent.Contract && content.advertises() {
		add(true, "", "campaign.check.purpose")
	}
	content.each(func(at string, b *Block) {
		if b.Kind == Picture && !b.Plain && strings.TrimSpace(b.Alt) == "" {
			add(false, at+".alt", "campaign.check.alt")
		}
	})
	linked, named, shown, err := i.write(ctx, c, v, key, people)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case !linked && !named && !content.hasImprint():
		add(true, "", "campaign.check.imprint")
	case !linked && content.hidesImprint():
		add(false, "", "campaign.check.imprint_hidden")
	}
	found = append(found, shown.findings(v.Name, key)...)
	if content.Own() {
		for range withoutAlt(content.HTML) {
			add(false, "html", "campaign.check.alt")
		}
	}
	return found, shown.addresses, nil
}

// advertises tells whether the content offers something.
func (c *Content) advertises() bool {
	is := false
	c.each(func(_ string, b *Block) { is = is || b.Kind == Products || b.Kind == Voucher })
	return is
}

// hasImprint tells whether the content itself says who writes.
func (c *Content) hasImprint() bool {
	if c.Own() {
		lower := strings.ToLower(c.HTML)
		return strings.Contains(lower, "impressum") || strings.Contains(lower, "imprint")
	}
	is := false
	c.each(func(_ string, b *Block) { is = is || b.Kind == Footer && strings.TrimSpace(b.Text) != "" })
	return is
}

// hidesImprint tells whether words of a footer stand where the sender's imprint would, without a number that an address has.
func (c *Content) hidesImprint() bool {
	is := false
	c.each(func(_ string, b *Block) {
		is = is || b.Kind == Footer && strings.TrimSpace(b.Text) != "" && !strings.Contains(b.Text, "imprint") && !strings.ContainsFunc(b.Text, unicode.IsDigit)
	})
	return is
}

// sampled is what the mails of some customers had in common.
type sampled struct {
	readers   int
	missing   map[string]int
	names     []string // of missing values, in the order in which they were found
	largest   int
	addresses []string
	failed    map[string]error
}

func (s *sampled) findings(variant, key string) []Finding {
	var all []Finding
	add := func(bad bool, text string, args ...any) {
		all = append(all, Finding{Key: text, Args: args, Variant: variant, Content: key, Bad: bad})
	}
	for _, name := range s.names {
		add(false, "campaign.check.missing", "name", name, "count", s.missing[name], "of", s.readers)
	}
	if s.largest > gmailCut {
		add(false, "campaign.check.size", "size", s.largest/1024)
	}
	for _, err := range s.failed {
		f := fault.As(err)
		all = append(all, Finding{Key: f.Key, Args: f.Args, Variant: variant, Content: key, Field: f.Field, Bad: true, Err: f})
	}
	return all
}

// write writes the content for the sample; linked tells whether each footer leads to an imprint, named whether the sender says who writes.
func (i *Inspector) write(ctx context.Context, c *Campaign, v *Variant, key string, people []int64) (linked, named bool, s *sampled, err error) {
	s = &sampled{missing: map[string]int{}, failed: map[string]error{}}
	if len(people) == 0 {
		people = []int64{0}
	}
	err = i.Runner.DB.Read(ctx, func(tx *store.Tx) error {
		w, err := i.Composer.samples(ctx, tx, c.ID, people)
		if err != nil {
			return err
		}
		for n, person := range people {
			shown, err := w.show(ctx, tx, w.campaigns[c.ID], v, key, v.Contents[key], w.person(person, key), Look{Customer: person})
			if err != nil {
				s.failed[fault.As(err).Key] = err
				continue
			}
			s.readers++
			s.largest = max(s.largest, len(shown.HTML))
			for _, name := range shown.Missing {
				if s.missing[name]++; s.missing[name] == 1 {
					s.names = append(s.names, name)
				}
			}
			if n == 0 {
				s.addresses = addressesOf(shown.HTML, i.Composer.Site+consent.PathUnsubscribe, i.Composer.Site+consent.PathPreferences)
			}
		}
		linked = w.settings.Imprint != ""
		sender := w.senders[c.Sender]
		named = sender != nil && strings.TrimSpace(sender.Imprint) != ""
		return nil
	})
	return linked, named, s, err
}

// addressesOf are the addresses of the web that HTML leads to or shows, each once, without those that begin with own.
func addressesOf(source string, own ...string) []string {
	var all []string
	tokens := html.NewTokenizer(strings.NewReader(source))
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		token := tokens.Token()
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		for _, name := range []string{"href", "src"} {
			address := attribute(token, name)
			web := strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://")
			if web && !slices.Contains(all, address) && !slices.ContainsFunc(own, func(o string) bool { return strings.HasPrefix(address, o) }) {
				all = append(all, address)
			}
		}
	}
	return all
}

// withoutAlt is how many pictures of HTML say nothing to who does not see them.
func withoutAlt(source string) (n int) {
	tokens := html.NewTokenizer(strings.NewReader(source))
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		token := tokens.Token()
		if (kind == html.StartTagToken || kind == html.SelfClosingTagToken) && token.Data == "img" &&
			!slices.ContainsFunc(token.Attr, func(a html.Attribute) bool { return a.Key == "alt" }) {
			n++
		}
	}
	return n
}

// String is the finding for logs.
func (f Finding) String() string {
	return fmt.Sprintf("%s %s %s %s %v", f.Variant, f.Content, f.Field, f.Key, f.Args)
}
