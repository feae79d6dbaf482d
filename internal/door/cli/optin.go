package cli

import (
	"context"
	"strings"

	"stamm/internal/action/message"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// sendOptIn puts a mail that somebody has just asked for into the ledger, in the transaction in which she did. Its Message-ID is
// the proof of the double opt-in.
func (a *App) sendOptIn(ctx context.Context, tx *store.Tx, o consent.OptIn) error {
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	from, err := firstSender(ctx, tx)
	if err != nil {
		return err
	}
	lang := o.Language
	if lang == "" {
		lang = settings.Language
	}
	p := i18n.For(lang, settings.Zone())
	name := settings.Name
	if name == "" {
		name = "Stamm"
	}
	words := func(what string) string {
		return p.T("message.optin."+string(o.Kind)+"."+what, "company", name, "link", strings.TrimSuffix(a.origin, "/")+o.Path, "until", o.Expires)
	}
	m, err := message.Post(ctx, tx, message.Text{Kind: message.KindOptIn, Key: message.KindOptIn + "\n" + o.Path, Customer: o.Customer, Address: o.Address, Subject: words("subject"), Text: words("text"),
		Ask: consent.Ask{Channel: consent.Email, Purpose: consent.Advertising, Basis: consent.Contract}, Exempt: true})
	if err != nil || o.Request == 0 {
		return err
	}
	return consent.Sent(ctx, tx, o.Request, message.PlainID(m.ID, from.Address))
}

// optIns writes such mails under the Message-ID that was noted as their proof.
type optIns struct{}

// Compose reads the words.
func (optIns) Compose(ctx context.Context, tx *store.Tx, ms []message.Message) ([]message.Mail, error) {
	mails, err := message.Texts{}.Compose(ctx, tx, ms)
	if err != nil {
		return nil, err
	}
	from, err := firstSender(ctx, tx)
	for i := range mails {
		mails[i].From, mails[i].MessageID = from, message.PlainID(ms[i].ID, from.Address)
	}
	return mails, err
}
