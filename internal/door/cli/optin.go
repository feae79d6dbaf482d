package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"stamm/internal/action/message"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// optInPriority lets the mails people wait for go before all others.
const optInPriority = 9

// sendOptIn hands a mail that somebody just asked for on the public pages to the ledger of messages, in the transaction in which
// she did. It carries no advertising and rests on her own request, so that no objection to advertising stops it. Its Message-ID
// is the proof of the double opt-in.
func sendOptIn(ctx context.Context, tx *store.Tx, mail consent.OptIn) error {
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	from, err := firstSender(ctx, tx)
	if err != nil {
		return err
	}
	p := i18n.For(mail.Language, settings.Zone())
	name := settings.Name
	if name == "" {
		name = p.T("portal.us")
	}
	words := "portal.mail." + string(mail.Kind)
	sum := sha256.Sum256([]byte(mail.Path)) // the link itself is for her eyes only
	m, err := message.Post(ctx, tx, message.Text{
		Kind: message.KindOptIn, Key: message.KindOptIn + "\n" + hex.EncodeToString(sum[:16]), Address: mail.Address,
		Subject: p.T(words+".subject", "company", name), Text: p.T(words+".text", "company", name, "link", mail.URL, "until", p.DateTime(mail.Expires)) + about(p, settings),
		Ask: consent.Ask{Channel: consent.Email, Purpose: consent.Advertising, Basis: consent.Contract}, Priority: optInPriority, Exempt: true,
	})
	if err != nil || mail.Request == 0 {
		return err
	}
	return consent.Sent(ctx, tx, mail.Request, message.PlainID(m.ID, from.Address))
}

// about are the addresses of the imprint and of the page on data protection, as they stand below a mail.
func about(p *i18n.Printer, s company.Settings) string {
	text := ""
	if s.Imprint != "" {
		text += p.T("portal.imprint") + ": " + s.Imprint + "\n"
	}
	if s.Privacy != "" {
		text += p.T("portal.privacy") + ": " + s.Privacy + "\n"
	}
	if text != "" {
		text = "\n\n-- \n" + text
	}
	return text
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
