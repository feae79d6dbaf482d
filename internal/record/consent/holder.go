package consent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// Holder is whom a link out of a message is about. Customer is 0 where she is unknown or erased by now, and Address empty
// where nobody has the address any more; the hash in the link still tells it.
type Holder struct {
	Customer int64
	Channel  Channel
	Address  string
	hash     string
}

// FindHolder finds whom a link is about.
func FindHolder(ctx context.Context, tx *store.Tx, link Link) (Holder, error) {
	h := Holder{Channel: link.Channel, hash: link.Hash}
	if link.Hash == "" || link.Channel == "" {
		return h, deadLink()
	}
	c, err := customer.Load(ctx, tx, link.Subject)
	if fault.CodeOf(err) == fault.NotFound || err == nil && !c.ErasedAt.IsZero() {
		return h, nil
	}
	if err != nil {
		return h, err
	}
	h.Customer = c.ID
	install, err := customer.InstallKey(ctx, tx, false)
	if err != nil {
		return h, err
	}
	text := sqlMailsOf
	if link.Channel != Email {
		text = sqlNumbersOf
	}
	names := newHasher(install)
	found, err := tx.Query(ctx, text, h.Customer)
	if err != nil {
		return h, err
	}
	defer found.Close()
	for found.Next() {
		var address string
		if err := found.Scan(&address); err != nil {
			return h, err
		}
		if names.sum(link.Channel, address) == link.Hash {
			h.Address = address
		}
	}
	return h, found.Err()
}

// LanguageOf is the language in which the reader of a link is written to: what she signed up in, else what she chose for the
// address, else her own. It is empty where nobody knows.
func LanguageOf(ctx context.Context, tx *store.Tx, link Link) (language string, err error) {
	if link.Kind == LinkConfirm {
		err := tx.QueryRow(ctx, sqlRequestLanguage, link.Subject).Scan(&language)
		if errors.Is(err, store.ErrNoRows) {
			return "", nil
		}
		return language, err
	}
	h, err := FindHolder(ctx, tx, link)
	if err != nil || h.Customer == 0 {
		return "", err
	}
	p, err := preference(ctx, tx, h.Customer, h.Address)
	if err != nil || p.Language != "" {
		return p.Language, err
	}
	c, err := customer.Load(ctx, tx, h.Customer)
	if err != nil {
		return "", err
	}
	return c.Language, nil
}

// Unsubscribe ends advertising and surveys by the link's channel to its address: consent is withdrawn, and it is an
// objection to whatever rests on the existing-customer rule. The address is suppressed even where nobody has it any more.
// Doing it again changes nothing.
func Unsubscribe(ctx context.Context, tx *store.Tx, link Link, ip string) error {
	h, err := FindHolder(ctx, tx, link)
	if err != nil {
		return err
	}
	if h.Customer == 0 || h.Address == "" {
		if _, err := tx.Exec(ctx, sqlSuppress, h.hash, string(h.Channel), string(Objected), clock.Micros(tx.Now), SourceLink, 0); err != nil {
			return err
		}
		_, err := feed.Append(ctx, tx, feed.New{Kind: KindObjected, Body: map[string]any{"channel": string(h.Channel)}})
		return err
	}
	all, err := loadLedgers(ctx, tx, []int64{h.Customer})
	if err != nil {
		return err
	}
	entries := endings(all[h.Customer], h, ip, []Purpose{Advertising, Surveys})
	if judge(all[h.Customer].states(), Ask{Channel: h.Channel, Purpose: Advertising}, h.Address).Reason != ReasonObjected {
		entries = append(entries, h.entry(Advertising, Objected, ip))
	}
	_, err = Record(ctx, tx, entries)
	return err
}

func (h Holder) entry(p Purpose, k Kind, ip string) Entry {
	return Entry{Customer: h.Customer, Channel: h.Channel, Purpose: p, Kind: k, Address: h.Address, Source: SourceLink, IP: ip}
}

// endings are the withdrawals of what stands for the address and the purposes.
func endings(l ledger, h Holder, ip string, purposes []Purpose) []Entry {
	var all []Entry
	for _, s := range l.states() {
		if s.channel == h.Channel && s.address == h.Address && s.basis == Consent && (s.status == Granted || s.status == Confirmed) && slices.Contains(purposes, s.purpose) {
			all = append(all, h.entry(s.purpose, Withdrawn, ip))
		}
	}
	return all
}

// Choices are what the page of preferences shows and takes.
type Choices struct {
	Purposes  []Purpose `json:"purposes"` // what she wants, of those that go to her address
	Others    []Channel `json:"channels"` // the other channels by which advertising may go to her
	TopicsOff []string  `json:"topics_off"`
	Frequency string    `json:"frequency"`    // one of Frequencies
	PausedTo  clock.Day `json:"paused_until"` // first day of messages again, 0 for no pause
	Language  string    `json:"language"`
}

// How often somebody wants to hear from us. Whoever plans messages keeps to it.
const (
	OftenAll     = ""        // as it comes
	OftenWeekly  = "weekly"  // once a week at most
	OftenMonthly = "monthly" // once a month at most
)

// Frequencies lists them.
func Frequencies() []string { return []string{OftenAll, OftenWeekly, OftenMonthly} }

// LoadChoices reads what somebody has chosen.
func LoadChoices(ctx context.Context, tx *store.Tx, h Holder) (Choices, error) {
	var c Choices
	if h.Customer == 0 || h.Address == "" {
		return c, deadLink()
	}
	p, err := preference(ctx, tx, h.Customer, h.Address)
	if err != nil {
		return c, err
	}
	c.TopicsOff, c.Frequency, c.PausedTo, c.Language = p.TopicsOff, p.Frequency, p.PausedUntil, p.Language
	to := []Recipient{{h.Customer, h.Address}}
	for _, purpose := range Purposes() {
		v, err := Check(ctx, tx, Ask{Channel: h.Channel, Purpose: purpose}, to)
		if err != nil {
			return c, err
		}
		if v[0].Basis != "" || v[0].Reason == ReasonPaused {
			c.Purposes = append(c.Purposes, purpose)
		}
	}
	now, err := Current(ctx, tx, h.Customer)
	for _, n := range now {
		if n.Channel != h.Channel && n.Purpose == Advertising && (n.Status == StatusGranted || n.Status == StatusExisting) {
			c.Others = append(c.Others, n.Channel)
		}
	}
	return c, err
}

// longestPause is how many days somebody may pause; longer is an objection.
const longestPause = 366

// check reports the first thing wrong with the choices.
func (c *Choices) check(today clock.Day, topics []Topic, languages []string) error {
	if !slices.Contains(Frequencies(), c.Frequency) {
		return choice("frequency", c.Frequency)
	}
	if c.Language != "" && !slices.Contains(languages, c.Language) {
		return choice("language", c.Language)
	}
	if c.PausedTo != 0 && (c.PausedTo > today.AddDays(longestPause)) {
		return fault.New(fault.Invalid, "consent.pause", "max", longestPause).On("paused_until")
	}
	if c.PausedTo <= today {
		c.PausedTo = 0
	}
	for _, code := range c.TopicsOff {
		if !slices.ContainsFunc(topics, func(t Topic) bool { return t.Code == code }) {
			return choice("topics", code)
		}
	}
	for _, p := range c.Purposes {
		if !slices.Contains(Purposes(), p) {
			return choice("purposes", string(p))
		}
	}
	return nil
}

// Choose changes what somebody has chosen, by a link out of a message. What she no longer wants ends at once; what she
// wants anew needs a double opt-in, since a message may have been passed on: its mail is returned, nil if none is needed or
// allowed now.
func Choose(ctx context.Context, tx *store.Tx, link Link, c Choices, s SignUp) (*OptIn, error) {
	h, err := FindHolder(ctx, tx, link)
	if err != nil {
		return nil, err
	}
	before, err := LoadChoices(ctx, tx, h)
	if err != nil {
		return nil, err
	}
	if err := savePreference(ctx, tx, h, c); err != nil {
		return nil, err
	}
	all, err := loadLedgers(ctx, tx, []int64{h.Customer})
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, p := range missing(before.Purposes, c.Purposes) {
		ended := endings(all[h.Customer], h, s.IP, []Purpose{p})
		entries = append(entries, ended...)
		if p == Advertising || len(ended) == 0 { // what rests on the existing-customer rule is objected to
			entries = append(entries, h.entry(p, Objected, s.IP))
		}
	}
	for _, other := range missing(before.Others, c.Others) {
		entries = append(entries, Entry{Customer: h.Customer, Channel: other, Purpose: Advertising, Kind: Objected, Source: SourceLink, IP: s.IP})
	}
	if _, err := Record(ctx, tx, entries); err != nil {
		return nil, err
	}
	wanted := missing(c.Purposes, before.Purposes)
	if len(wanted) == 0 || h.Channel != Email {
		return nil, nil
	}
	s.Address, s.Purposes, s.Language = h.Address, wanted, cmp.Or(c.Language, s.Language)
	mail, err := Request(ctx, tx, s)
	if errors.Is(err, tooMany()) {
		return nil, nil // what she no longer wants ends all the same
	}
	return mail, err
}

// missing are the elements of a that are not in b.
func missing[T comparable](a, b []T) []T {
	return slices.DeleteFunc(slices.Clone(a), func(v T) bool { return slices.Contains(b, v) })
}

// OfAddress is everything kept about the address of a link, for whoever asked for her own data: proving that one holds a
// mailbox shows what belongs to that address, not to the customer it may be shared with.
func OfAddress(ctx context.Context, tx *store.Tx, h Holder) ([]Entry, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlEntriesFor, tx.Strings("$1")), store.JSON([]string{h.hash}))
	if err != nil {
		return nil, err
	}
	return scanEntries(rows)
}

// Alone tells whether the holder is the only customer with the address.
func (h Holder) Alone(ctx context.Context, tx *store.Tx) (bool, error) {
	if h.Channel != Email || h.Address == "" {
		return false, nil
	}
	owners, err := customer.ResolveMail(ctx, tx, h.Address)
	if err != nil {
		return false, err
	}
	for _, id := range owners {
		c, err := customer.Load(ctx, tx, id)
		if err != nil || c.ID != h.Customer {
			return false, err
		}
	}
	return len(owners) > 0, nil
}
