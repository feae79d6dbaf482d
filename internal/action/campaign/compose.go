package campaign

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"stamm/internal/action/coupon"
	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/liquid"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// Composer writes the mails of campaigns.
type Composer struct {
	House func(context.Context) (*warehouse.DB, error)
	Site  string // address of the web page, under which the public pages are

	tops tops
	kept kept

	mu   sync.Mutex
	read map[contentOf]*Letter
}

// contentOf names a content of a version of a campaign.
type contentOf struct {
	campaign, version int64
	variant, content  string
}

var _ message.Composer = (*Composer)(nil)

// Compose writes messages of campaigns. One that cannot be written has its reason in Err.
func (c *Composer) Compose(ctx context.Context, tx *store.Tx, ms []message.Message) ([]message.Mail, error) {
	t, err := c.table(ctx, tx, ms)
	if err != nil {
		return nil, err
	}
	mails := make([]message.Mail, len(ms))
	for i := range ms {
		mails[i] = t.mail(&ms[i])
	}
	return mails, nil
}

// table is what a slice of messages is written with.
type table struct {
	*Composer
	now       time.Time
	settings  company.Settings
	printers  map[string]*i18n.Printer
	campaigns map[int64]*Campaign
	senders   map[int64]*email.Sender
	readers   map[int64]*reader
	links     *consent.Links
	gifts     map[int64]map[int64]Gift // by coupon and customer; customer 0 is the one code of all
	tastes    map[int64]candidates
	offers    map[int64]*Offer
	gives     map[*Variant][]int64 // the coupons that its contents show
	page      []byte
	signer    *hit.Signer // of links that are counted
	leads     map[leadsKey]map[place]lead
	known     map[int64]bool // messages of whose readers it may be known what they open and click
}

func (c *Composer) table(ctx context.Context, tx *store.Tx, ms []message.Message) (*table, error) {
	links, err := consent.OpenLinks(ctx, tx)
	if err != nil {
		return nil, err
	}
	return c.tableWith(ctx, tx, ms, links)
}

func (c *Composer) tableWith(ctx context.Context, tx *store.Tx, ms []message.Message, links *consent.Links) (*table, error) {
	t := &table{Composer: c, now: tx.Now, printers: map[string]*i18n.Printer{}, senders: map[int64]*email.Sender{}, gifts: map[int64]map[int64]Gift{}, links: links}
	var err error
	if t.settings, err = company.Load(ctx, tx); err != nil {
		return nil, err
	}
	var subjects, people, buyers []int64
	for i := range ms {
		subjects, buyers = append(subjects, ms[i].Subject), append(buyers, ms[i].Customer)
		people = append(people, readerOf(&ms[i]))
	}
	if t.readers, err = readersOf(ctx, tx, people); err != nil {
		return nil, err
	}
	all, err := query(ctx, tx, fmt.Sprintf(sqlLoadMany, tx.Numbers("$1")), store.JSON(subjects))
	if err != nil {
		return nil, err
	}
	t.campaigns = make(map[int64]*Campaign, len(all))
	for _, one := range all {
		t.campaigns[one.ID] = one
		if err := t.prepare(ctx, tx, one, buyers); err != nil {
			return nil, err
		}
	}
	return t, t.watch(ctx, tx, ms)
}

// readerOf is who reads a message.
func readerOf(m *message.Message) int64 {
	if m.Person != 0 {
		return m.Person
	}
	return m.Customer
}

// prepare reads what the contents of a campaign show.
func (t *table) prepare(ctx context.Context, tx *store.Tx, c *Campaign, buyers []int64) error {
	if err := t.senderOf(ctx, tx, c.Sender); err != nil {
		return err
	}
	var items []int64
	products := false
	for i := range c.Variants {
		v := &c.Variants[i]
		for _, id := range v.coupons() {
			if err := t.giftsOf(ctx, tx, id, buyers); err != nil {
				return err
			}
		}
		for _, content := range v.Contents {
			content.each(func(_ string, b *Block) {
				products = products || b.Kind == Products
				items = append(items, b.Items...)
			})
		}
	}
	if !products {
		return nil
	}
	return t.recommendations(ctx, tx, buyers, items)
}

// senderOf reads who writes; without a sender of its own a campaign has the first one that was set up.
func (t *table) senderOf(ctx context.Context, tx *store.Tx, id int64) error {
	if t.senders[id] != nil {
		return nil
	}
	if id != 0 {
		sender, err := email.FindSender(ctx, tx, id)
		if fault.CodeOf(err) == fault.NotFound { // it was dropped; the outlet has one
			return nil
		}
		t.senders[id] = sender
		return err
	}
	all, err := email.Senders(ctx, tx)
	if err == nil && len(all) > 0 {
		t.senders[0] = all[0]
	}
	return err
}

// giftsOf reads the codes of a coupon that customers have.
func (t *table) giftsOf(ctx context.Context, tx *store.Tx, id int64, buyers []int64) error {
	if t.gifts[id] != nil {
		return nil
	}
	c, err := coupon.Load(ctx, tx, id)
	if err != nil {
		return err
	}
	t.gifts[id] = map[int64]Gift{}
	if !c.Unique() {
		t.gifts[id][0] = giftOf(c, c.Code)
		return nil
	}
	have, err := coupon.Given(ctx, tx, id, buyers)
	for customer, number := range have {
		t.gifts[id][customer] = giftOf(c, coupon.Format(number))
	}
	return err
}

// giftOf is a coupon with a code, as a mail shows it.
func giftOf(c *coupon.Coupon, code string) Gift {
	g := Gift{Code: code, Value: liquid.Money(money.Of(c.Value, c.Currency))}
	if c.Kind == coupon.Percent {
		g.percent = float64(c.Value) / 100_00
	}
	if c.Last != nil {
		g.Until = liquid.Day(*c.Last)
	}
	if c.Minimum > 0 {
		g.From = liquid.Money(money.Of(c.Minimum, c.Currency))
	}
	return g
}

// inWords is the gift with its per cent written in the reader's language.
func (g Gift) inWords(p *i18n.Printer) Gift {
	if g.percent != 0 {
		digits := 0
		if g.percent*100 != float64(int(g.percent*100)) {
			digits = 1
		}
		g.Value = liquid.String(p.Percent(g.percent, digits))
	}
	return g
}

// recommendations finds what products blocks show to the customers of the slice.
func (t *table) recommendations(ctx context.Context, tx *store.Tx, buyers, items []int64) error {
	house, err := t.House(ctx)
	if err != nil {
		return err
	}
	asOf := clock.DayOf(t.now, t.settings.Zone()).String()
	top, err := t.tops.of(ctx, house, t.now, asOf)
	if err != nil {
		return err
	}
	if t.tastes, err = recommend(ctx, house, buyers, asOf, top); err != nil {
		return err
	}
	for _, c := range t.tastes {
		items = append(append(items, c.usual...), c.category...)
	}
	t.offers, err = offersOf(ctx, tx, items)
	return err
}

// mail writes one message.
func (t *table) mail(m *message.Message) message.Mail {
	var out message.Mail
	c := t.campaigns[m.Subject]
	person := t.readers[readerOf(m)]
	if c == nil || person == nil {
		out.Err = fault.New(fault.NotFound, "campaign.error.gone")
		return out
	}
	v := c.of(m.Arm)
	if v == nil {
		out.Err = fault.New(fault.NotFound, "campaign.error.no_content", "variant", strings.ToUpper(m.Arm))
		return out
	}
	letter, key, err := t.letter(c, v, person)
	if err != nil {
		out.Err = err
		return out
	}
	site := t.Site
	r := t.reader(c, v, languageOf(key), person, m.Customer)
	spoken := t.spoken(person, languageOf(key))
	r.Unsubscribe = site + t.links.Unsubscribe(m.Customer, consent.Email, m.Address) + spoken
	r.Preferences = site + t.links.Preferences(m.Customer, consent.Email, m.Address) + spoken
	for _, id := range t.coupons(v) {
		if _, has := r.Gifts[id]; !has {
			out.Err = fault.New(fault.NotFound, "campaign.error.no_code")
			return out
		}
	}
	w, err := letter.Write(r)
	if err != nil {
		out.Err = err
		return out
	}
	t.trace(m, c, key, letter, &w, &out)
	out.Subject, out.Text, out.HTML, out.Unsubscribe, out.Date = w.Subject, w.Text, w.HTML, r.Unsubscribe, t.now
	out.To = mail.Address{Name: person.Name, Address: m.Address}
	if s := t.senders[c.Sender]; s != nil {
		out.From, out.ReplyTo = mail.Address{Name: s.Name, Address: s.Address}, mail.Address{Name: s.Name, Address: s.ReplyTo}
	}
	return out
}

// spoken tells the pages that a mail links to which language it was written in, for readers of whom nobody knows a language that the
// pages speak: they see that of the mail rather than that of the company.
func (t *table) spoken(person *reader, lang string) string {
	own, _, _ := strings.Cut(person.Language, "-")
	if slices.Contains(i18n.Languages(), own) || lang == t.settings.Language {
		return ""
	}
	return "?" + consent.ParamMailLanguage + "=" + lang
}

// reader is for whom a letter is written, without the links that her address is signed with.
func (t *table) reader(c *Campaign, v *Variant, lang string, person *reader, buyer int64) *Reader {
	p := t.printers[lang]
	if p == nil {
		p = i18n.For(lang, t.settings.Zone())
		t.printers[lang] = p
	}
	r := &Reader{page: &t.page, Printer: p, Now: t.now, Customer: Person(p, &person.Customer), Company: t.settings.Name, About: [2]string{t.settings.Imprint, t.settings.Privacy}}
	if s := t.senders[c.Sender]; s != nil {
		r.Imprint = s.Imprint
	}
	r.Offers = func(b *Block) []*Offer { return t.tastes[buyer].pick(b, t.offers) }
	for _, id := range t.coupons(v) {
		g, has := t.gifts[id][buyer]
		if !has {
			g, has = t.gifts[id][0]
		}
		if !has {
			continue
		}
		if r.Gifts == nil {
			r.Gifts = map[int64]Gift{}
		}
		r.Gifts[id] = g.inWords(p)
	}
	return r
}

// coupons are those of a variant, found once for all readers of the slice.
func (t *table) coupons(v *Variant) []int64 {
	ids, known := t.gives[v]
	if !known {
		if t.gives == nil {
			t.gives = map[*Variant][]int64{}
		}
		ids = v.coupons()
		t.gives[v] = ids
	}
	return ids
}

// mostLetters bounds what is remembered; it is emptied when it is full.
const mostLetters = 200

// letter is the content for a reader, read once for all of a version.
func (c *Composer) letter(of *Campaign, v *Variant, person *reader) (*Letter, string, error) {
	key, content := v.Pick(person.Language, person.AddressForm, of.Language)
	if content == nil {
		return nil, "", fault.New(fault.NotFound, "campaign.error.no_content", "variant", strings.ToUpper(v.Name))
	}
	name := contentOf{of.ID, of.Version, v.Name, key}
	c.mu.Lock()
	letter := c.read[name]
	c.mu.Unlock()
	if letter != nil {
		return letter, key, nil
	}
	letter, err := Compile(content, languageOf(key))
	if err != nil {
		return nil, "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.read == nil || len(c.read) >= mostLetters {
		c.read = map[contentOf]*Letter{}
	}
	c.read[name] = letter
	return letter, key, nil
}
