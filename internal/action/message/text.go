package message

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// The kinds of messages made by Post.
const (
	KindAPI   = "api"   // their words came from another program
	KindOptIn = "optin" // they ask somebody to confirm what she signed up for
)

// Text is a message whose words another program brings: an order confirmation, a reply.
type Text struct {
	Kind     string // KindAPI by default; another one has a Composer that reads Texts
	Key      string // the program's own name for it, for good: the same again is the same message
	Reader   string // how the program named the reader, whatever that comes to; tells one use of the key from another
	Customer int64  // 0 for an address that belongs to no customer
	Address  string // empty: the customer's main mail address
	Name     string // of the reader
	Subject  string
	Text     string
	HTML     string
	ReplyTo  string
	Ask      consent.Ask
	Priority int
	Exempt   bool
}

// The limits of a Text, in bytes.
const (
	MaxSubject = 998 // of a line, RFC 5322, 2.1.1
	MaxWords   = 1 << 20
	maxKey     = 200
)

// words are a Text as it is stored.
type words struct {
	To      string `json:"to,omitempty"` // the reader's name
	Subject string `json:"subject"`
	Text    string `json:"text,omitempty"`
	HTML    string `json:"html,omitempty"`
	ReplyTo string `json:"reply_to,omitempty"`
}

// check reports the first thing wrong with the text.
func (t Text) check() error {
	for _, f := range []struct {
		name, text string
		most       int
		need       bool
	}{{"key", t.Key, maxKey, true}, {"subject", t.Subject, MaxSubject, true}, {"text", t.Text, MaxWords, false}, {"html", t.HTML, MaxWords, false},
		{"name", t.Name, maxKey, false}} {
		switch {
		case f.need && f.text == "":
			return fault.New(fault.Invalid, "errors.required").On(f.name)
		case len(f.text) > f.most:
			return fault.New(fault.Invalid, "errors.too_long", "max", f.most).On(f.name)
		}
	}
	if t.Text == "" && t.HTML == "" {
		return fault.New(fault.Invalid, "errors.required").On("text")
	}
	for name, text := range map[string]string{"subject": t.Subject, "name": t.Name} {
		if clean(text) != text {
			return fault.New(fault.Invalid, "message.line_break").On(name)
		}
	}
	if t.ReplyTo != "" {
		if _, err := mail.ParseAddress(t.ReplyTo); err != nil {
			return fault.New(fault.Invalid, "errors.mail", "text", t.ReplyTo).On("reply_to").Because(err)
		}
	}
	return nil
}

func (t Text) hash() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{t.Reader, t.Address, t.Name, t.Subject, t.Text, t.HTML, t.ReplyTo, string(t.Ask.Basis)}, "\x00")))
	return hex.EncodeToString(sum[:])
}

// Post decides about a message and records it. The same key with the same content is the message that stands there; with another
// content it is a conflict.
func Post(ctx context.Context, tx *store.Tx, t Text) (*Message, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	if t.Kind == "" {
		t.Kind = KindAPI
	}
	var subject int64
	var hash string
	err := tx.QueryRow(ctx, sqlFindText, t.Key).Scan(&subject, &hash)
	if err == nil {
		if hash != t.hash() {
			return nil, fault.New(fault.Conflict, "message.key_taken").On("key")
		}
		return ofText(ctx, tx, t.Kind, subject)
	}
	if !errors.Is(err, store.ErrNoRows) {
		return nil, err
	}
	sum := t.hash()
	if err := t.resolve(ctx, tx); err != nil {
		return nil, err
	}
	body, err := squeeze(words{t.Name, t.Subject, t.Text, t.HTML, t.ReplyTo})
	if err != nil {
		return nil, err
	}
	if subject, err = tx.InsertID(ctx, sqlAddText, t.Key, sum, body, micros(tx.Now)); err != nil {
		return nil, err
	}
	ask := t.Ask
	ask.Channel = consent.Email
	ds, err := Decide(ctx, tx, []New{{Customer: t.Customer, Channel: consent.Email, Kind: t.Kind, Subject: subject, Address: t.Address, Ask: ask, Priority: t.Priority, Exempt: t.Exempt}})
	if err != nil {
		return nil, err
	}
	if err := Record(ctx, tx, ds); err != nil {
		return nil, err
	}
	return Find(ctx, tx, ds[0].ID)
}

func ofText(ctx context.Context, tx *store.Tx, kind string, subject int64) (*Message, error) {
	ids, err := tx.QueryIDs(ctx, sqlTextOf, subject, kind)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, fault.New(fault.NotFound, "message.none")
	}
	return Find(ctx, tx, ids[0])
}

// resolve finds address and customer where only one of them is said.
func (t *Text) resolve(ctx context.Context, tx *store.Tx) error {
	if t.Customer != 0 {
		profile, err := customer.Load(ctx, tx, t.Customer)
		if err != nil {
			return fault.As(err).On("customer")
		}
		t.Customer = profile.ID
		if t.Name == "" {
			t.Name = profile.Name
		}
		if t.Address == "" && len(profile.Emails) > 0 {
			main := slices.IndexFunc(profile.Emails, func(e customer.Email) bool { return e.Main })
			t.Address = profile.Emails[max(main, 0)].Address
		}
	}
	if t.Address == "" {
		return fault.New(fault.Invalid, "errors.required").On("address")
	}
	folded, ok := consent.FoldAddress(consent.Email, t.Address)
	if !ok {
		return fault.New(fault.Invalid, "errors.mail", "text", t.Address).On("address")
	}
	t.Address = folded
	if t.Customer == 0 {
		ids, err := customer.ResolveMail(ctx, tx, folded)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			t.Customer = ids[0]
		}
	}
	return nil
}

// Texts is the Composer of messages made by Post.
type Texts struct{}

// Compose reads the words. Of a customer who was erased there are none any more.
func (Texts) Compose(ctx context.Context, tx *store.Tx, ms []Message) ([]Mail, error) {
	ids := make([]int64, len(ms))
	for i, m := range ms {
		ids[i] = m.Subject
	}
	bodies := map[int64][]byte{}
	err := tx.Values(ctx, fmt.Sprintf(sqlTexts, tx.Numbers("$1")), []any{store.JSON(ids)}, func(_ []string, row []any) error {
		body, _ := row[1].([]byte)
		bodies[row[0].(int64)] = slices.Clone(body)
		return nil
	})
	if err != nil {
		return nil, err
	}
	mails := make([]Mail, len(ms))
	for i, m := range ms {
		body := bodies[m.Subject]
		if len(body) == 0 {
			mails[i].Err = fault.New(fault.NotFound, "message.no_words")
			continue
		}
		var w words
		if err := unsqueeze(body, &w); err != nil {
			return nil, err
		}
		mails[i] = Mail{To: mail.Address{Name: w.To, Address: m.Address}, Subject: w.Subject, Text: w.Text, HTML: w.HTML}
		if w.ReplyTo != "" {
			if a, err := mail.ParseAddress(w.ReplyTo); err == nil {
				mails[i].ReplyTo = *a
			}
		}
	}
	return mails, nil
}
