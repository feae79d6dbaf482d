package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"stamm/internal/action/message"
	"stamm/internal/door/portal"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// answer writes a mail that somebody asked for on the public pages into the ledger of messages. It rests on the contract with
// whoever asked and is exempt from the contact budget. Its Message-ID is the proof of a double opt-in.
func (a *App) answer(ctx context.Context, tx *store.Tx, asked consent.OptIn) error {
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	subject, text := portal.Words(i18n.For(asked.Language, settings.Zone()), settings, asked, a.address()+asked.Path)
	link := sha256.Sum256([]byte(asked.Path)) // the link itself is a secret
	from, err := firstSender(ctx, tx)
	if err != nil {
		return err
	}
	posted, err := message.Post(ctx, tx, message.Text{Kind: message.KindOptIn, Key: "portal\n" + hex.EncodeToString(link[:]), Address: asked.Address, Subject: subject, Text: text,
		Ask: consent.Ask{Channel: consent.Email, Purpose: consent.Advertising, Basis: consent.Contract}, Exempt: true})
	if err != nil || asked.Request == 0 {
		return err
	}
	return consent.Sent(ctx, tx, asked.Request, message.PlainID(posted.ID, from.Address))
}

// address is how people reach the web page from outside. Where nobody said it, that is where it listens: what a request says
// about its host must not get into mails.
func (a *App) address() string {
	if a.Config.Site != "" {
		return a.Config.Site
	}
	return a.listens
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
