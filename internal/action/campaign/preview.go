package campaign

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"stamm/internal/action/coupon"
	"stamm/internal/action/message"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// Look is how a campaign is looked at before it is sent.
type Look struct {
	Variant  string // name; empty for the first
	Language string // key of a content; empty for the one that the reader would get
	Customer int64  // as whom; 0 as somebody of whom nothing is known
	Dark     bool
}

// Shown is a mail as somebody would get it.
type Shown struct {
	Written
	Key     string   // of the content
	Variant string   // name
	Reader  string   // name of the customer
	Missing []string // values that she lacks, each once
}

// sampleCode stands where a code will be.
const sampleCode = "XXXX-XXXX-XXXX"

// Preview writes the mail of a campaign as a customer would get it, without giving her a code.
func (c *Composer) Preview(ctx context.Context, tx *store.Tx, campaign int64, look Look) (Shown, error) {
	m := message.Message{New: message.New{Subject: campaign, Customer: look.Customer}}
	t, err := c.open(ctx, tx, []message.Message{m})
	if err != nil {
		return Shown{}, err
	}
	of := t.campaigns[campaign]
	if of == nil {
		return Shown{}, fault.New(fault.NotFound, "campaign.none")
	}
	v := of.Variant(look.Variant)
	if v == nil {
		v = &of.Variants[0]
	}
	person := t.readers[look.Customer]
	if person == nil {
		person = &reader{customer.Customer{Kind: customer.Person, Language: languageOf(look.Language)}}
	}
	key, content := v.Pick(person.Language, person.AddressForm, of.Language)
	if chosen := v.Contents[look.Language]; chosen != nil {
		key, content = look.Language, chosen
	}
	if content == nil {
		return Shown{}, fault.New(fault.NotFound, "campaign.error.no_content", "variant", strings.ToUpper(v.Name))
	}
	return t.show(ctx, tx, of, v, key, content, person, look)
}

// open is table for who does not need signed links.
func (c *Composer) open(ctx context.Context, tx *store.Tx, ms []message.Message) (*table, error) {
	t, err := c.table(ctx, tx, ms)
	if errors.Is(err, consent.ErrNoKey) {
		return c.tableWith(ctx, tx, ms, nil)
	}
	return t, err
}

func (t *table) show(ctx context.Context, tx *store.Tx, of *Campaign, v *Variant, key string, content *Content, person *reader, look Look) (Shown, error) {
	shown := Shown{Key: key, Variant: v.Name, Reader: person.Name}
	if of.ByPhone() {
		return t.showScript(of, v, shown, content, person, look)
	}
	letter, err := compileDraft(content, languageOf(key))
	if err != nil {
		return shown, err
	}
	r := t.reader(of, v, languageOf(key), person, look.Customer)
	r.Dark = look.Dark
	r.Unsubscribe, r.Preferences = t.Site+consent.PathUnsubscribe, t.Site+consent.PathPreferences
	for _, id := range v.coupons() {
		if _, has := r.Gifts[id]; has {
			continue
		}
		c, err := coupon.Load(ctx, tx, id)
		if err != nil {
			return shown, err
		}
		if r.Gifts == nil {
			r.Gifts = map[int64]Gift{}
		}
		r.Gifts[id] = giftOf(c, sampleCode).inWords(r.Printer)
	}
	seen := map[string]bool{}
	r.Missing = func(_, name string, _ int64) {
		if !seen[name] {
			seen[name] = true
			shown.Missing = append(shown.Missing, name)
		}
	}
	shown.Written, err = letter.Write(r)
	return shown, err
}

// SendTest sends a campaign to one address, as a customer would get it, marked as a test. key is the sender's own name for this test:
// the same again is not sent again. It rests on no consent, so it is for people of the company only: the address is that of a user.
func (c *Composer) SendTest(ctx context.Context, tx *store.Tx, campaign int64, look Look, address, name, key string) (*message.Message, error) {
	if of, err := Load(ctx, tx, campaign); err != nil {
		return nil, err
	} else if of.ByPhone() {
		return nil, fault.New(fault.Conflict, "campaign.error.no_test")
	}
	shown, err := c.Preview(ctx, tx, campaign, look)
	if err != nil {
		return nil, err
	}
	return message.Post(ctx, tx, message.Text{Key: fmt.Sprintf("campaign-test:%d:%s", campaign, key), Address: address, Name: strings.TrimSpace(name),
		Subject: "[Test] " + shown.Subject, Text: shown.Text, HTML: shown.HTML, Ask: consent.Ask{Channel: consent.Email, Basis: consent.Contract}, Exempt: true})
}

// compileDraft is Compile for a content that somebody is still writing: blocks that are not whole yet are left out, and a subject may
// be missing.
func compileDraft(content *Content, lang string) (*Letter, error) {
	letter, err := Compile(content, lang)
	if err == nil || content.Own() {
		return letter, err
	}
	broken := map[string]bool{}
	for _, f := range fault.All(err) {
		parts := strings.SplitN(f.Field, ".", 3)
		if parts[0] == "blocks" && len(parts) > 1 {
			broken[parts[1]] = true
		}
	}
	draft := content.Copy()
	draft.Blocks = nil
	for i, b := range content.Copy().Blocks {
		if !broken[strconv.Itoa(i)] {
			draft.Blocks = append(draft.Blocks, b)
		}
	}
	if strings.TrimSpace(draft.Subject) == "" {
		draft.Subject = "…"
	}
	return Compile(draft, lang)
}

// samples opens the table for several customers of one campaign.
func (c *Composer) samples(ctx context.Context, tx *store.Tx, campaign int64, people []int64) (*table, error) {
	ms := make([]message.Message, len(people))
	for i, id := range people {
		ms[i].New = message.New{Subject: campaign, Customer: id}
	}
	return c.open(ctx, tx, ms)
}

// person is a customer of the table, or somebody of whom nothing is known.
func (t *table) person(id int64, key string) *reader {
	if r := t.readers[id]; r != nil {
		return r
	}
	return &reader{customer.Customer{Kind: customer.Person, Language: languageOf(key)}}
}

// FirstOf is the first of some customers whose first name and language are what is looked for, 0 if there is none.
func FirstOf(ctx context.Context, tx *store.Tx, people []int64, is func(firstName, language string) bool) (int64, error) {
	all, err := readersOf(ctx, tx, people)
	if err != nil {
		return 0, err
	}
	for _, id := range people {
		if r := all[id]; r != nil && is(r.FirstName, r.Language) {
			return id, nil
		}
	}
	return 0, nil
}
