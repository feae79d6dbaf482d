package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"stamm/internal/action/message"
	"stamm/internal/door/portal"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// answer writes a mail that somebody asked for on the public pages into the ledger of messages. It rests on the contract with
// whoever asked and is exempt from the contact budget.
func (a *App) answer(ctx context.Context, tx *store.Tx, asked consent.OptIn) error {
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	subject, text := portal.Words(i18n.For(asked.Language, settings.Zone()), settings, asked, a.address()+asked.Path)
	link := sha256.Sum256([]byte(asked.Path)) // the link itself is a secret
	posted, err := message.Post(ctx, tx, message.Text{Key: "portal\n" + hex.EncodeToString(link[:]), Address: asked.Address, Subject: subject, Text: text,
		Ask: consent.Ask{Channel: consent.Email, Purpose: consent.Advertising, Basis: consent.Contract}, Exempt: true})
	if err != nil || asked.Request == 0 {
		return err
	}
	return consent.Sent(ctx, tx, asked.Request, fmt.Sprintf("message %d", posted.ID))
}

// address is how people reach the web page from outside. Where nobody said it, that is where it listens: what a request says
// about its host must not get into mails.
func (a *App) address() string {
	if a.Config.Site != "" {
		return a.Config.Site
	}
	return a.listens
}
