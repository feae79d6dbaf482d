package email

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Sender is an address that mails are written from, with what its domain needs to be believed.
type Sender struct {
	ID             int64
	Name           string // as readers see it
	Address        string
	ReplyTo        string // empty for Address
	Domain         string // of Address, as DNS has it
	ReturnDomain   string // bounces go to an address there; empty: to Address
	TrackingDomain string // where links and pictures lead; empty for that of the web page
	Imprint        string // who writes, as the law wants it below each mail
	KeyKind        KeyKind
	Selector       string // of the key in DNS
	PublicRecord   string // what DNS has to say at SELECTOR._domainkey.DOMAIN

	sealed  string
	private string // as the outlet opened it
}

const maxImprint = 2000

// SaveSender adds a sender, or changes the one with its ID, and returns the id. Another kind of key makes a new key, whose
// record has to go into DNS. Every mistake is an invalid fault on its field, all of them joined.
func SaveSender(ctx context.Context, tx *store.Tx, v *Vault, s *Sender) (int64, error) {
	if err := s.validate(); err != nil {
		return 0, err
	}
	kind, before := "sender.added", &Sender{}
	if s.ID != 0 {
		var err error
		if before, err = FindSender(ctx, tx, s.ID); err != nil {
			return 0, err
		}
		kind = "sender.changed"
	}
	s.sealed, s.PublicRecord = before.sealed, before.PublicRecord
	switch {
	case s.KeyKind == NoKey:
		s.sealed, s.PublicRecord, s.Selector = "", "", ""
	case s.KeyKind != before.KeyKind || s.Domain != before.Domain:
		if err := s.newKey(v, before.Selector); err != nil {
			return 0, err
		}
	default:
		s.Selector = before.Selector
	}
	args := []any{s.Name, s.Address, s.ReplyTo, s.Domain, s.ReturnDomain, s.TrackingDomain, s.Imprint, s.Selector, string(s.KeyKind), s.sealed, s.PublicRecord, clock.Micros(tx.Now)}
	id := s.ID
	var err error
	if id == 0 {
		id, err = tx.InsertID(ctx, sqlAddSender, args...)
	} else {
		_, err = tx.Exec(ctx, sqlChangeSender, append(args, id)...)
	}
	if store.IsUnique(err) {
		return 0, fault.New(fault.Invalid, "email.sender_taken").On("address")
	}
	if err != nil {
		return 0, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: kind, Subject: id})
	return id, err
}

// newKey makes a key. A selector never changes its key, because receivers remember it: there is a new one where it is that of before.
func (s *Sender) newKey(v *Vault, before string) error {
	private, record, err := NewKey(s.KeyKind)
	if err != nil {
		return err
	}
	s.sealed, s.PublicRecord = v.Seal(purposeDKIM, private), record
	if s.Selector == "" || s.Selector == before {
		sum := sha256.Sum256([]byte(record))
		s.Selector = "stamm-" + hex.EncodeToString(sum[:3])
	}
	return nil
}

// RenewKey makes a new key for a sender, under a new selector, as when the old one cannot be read any more. Its record has to go into
// DNS; that of the old one is best left there for some days, for mails under way. A sender that does not sign is a conflict.
func RenewKey(ctx context.Context, tx *store.Tx, v *Vault, id int64) error {
	s, err := FindSender(ctx, tx, id)
	if err != nil {
		return err
	}
	if s.KeyKind == NoKey {
		return fault.New(fault.Conflict, "email.signs_not")
	}
	if err := s.newKey(v, s.Selector); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlRenewKey, s.Selector, s.sealed, s.PublicRecord, clock.Micros(tx.Now), id); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "sender.changed", Subject: id})
	return err
}

func (s *Sender) validate() error {
	var all []error
	no := func(field, key string, args ...any) {
		all = append(all, fault.New(fault.Invalid, key, args...).On(field))
	}
	for _, text := range []*string{&s.Name, &s.Address, &s.ReplyTo, &s.ReturnDomain, &s.TrackingDomain, &s.Imprint, &s.Selector} {
		*text = strings.TrimSpace(*text)
	}
	switch {
	case s.Name == "":
		no("name", "errors.required")
	case utf8.RuneCountInString(s.Name) > 100:
		no("name", "errors.too_long", "max", 100)
	case strings.ContainsFunc(s.Name, isControl):
		no("name", "email.control_characters")
	}
	a, ok := parseAddress(s.Address)
	if !ok {
		no("address", "email.bad_address")
	}
	s.Domain = strings.ToLower(a.domain)
	if s.ReplyTo != "" {
		if _, ok := parseAddress(s.ReplyTo); !ok {
			no("reply_to", "email.bad_address")
		}
	}
	for field, domain := range map[string]*string{"return_domain": &s.ReturnDomain, "tracking_domain": &s.TrackingDomain} {
		if *domain == "" {
			continue
		}
		if *domain, ok = asciiDomain(strings.ToLower(*domain)); !ok {
			no(field, "email.bad_domain", "text", *domain)
		}
	}
	if utf8.RuneCountInString(s.Imprint) > maxImprint {
		no("imprint", "errors.too_long", "max", maxImprint)
	}
	if !slices.Contains(KeyKinds(), s.KeyKind) {
		no("key_kind", "errors.choice", "text", string(s.KeyKind))
	}
	if s.Selector != "" && !isLDH(s.Selector) {
		no("selector", "email.bad_domain", "text", s.Selector)
	}
	return errors.Join(all...)
}

// FindSender returns a sender; one that does not exist is a notfound fault.
func FindSender(ctx context.Context, tx *store.Tx, id int64) (*Sender, error) {
	all, err := senders(ctx, tx, sqlSender, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "email.no_such_sender")
	}
	return all[0], nil
}

// Senders lists all senders by address.
func Senders(ctx context.Context, tx *store.Tx) ([]*Sender, error) {
	return senders(ctx, tx, sqlSenders)
}

// DropSender removes a sender with its key.
func DropSender(ctx context.Context, tx *store.Tx, id int64) error {
	n, err := tx.Exec(ctx, sqlDropSender, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.NotFound, "email.no_such_sender")
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "sender.dropped", Subject: id})
	return err
}

func senders(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Sender, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Sender
	for rows.Next() {
		var s Sender
		if err := rows.Scan(&s.ID, &s.Name, &s.Address, &s.ReplyTo, &s.Domain, &s.ReturnDomain, &s.TrackingDomain, &s.Imprint, &s.Selector, &s.KeyKind,
			&s.sealed, &s.PublicRecord); err != nil {
			return nil, err
		}
		all = append(all, &s)
	}
	return all, rows.Err()
}
