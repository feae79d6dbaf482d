package email

import (
	"context"

	"stamm/internal/platform/store"
)

// What a sealed secret is for.
const (
	SecretRelay   = purposeRelay   // password of a relay
	SecretMailbox = purposeMailbox // password of a mailbox
	SecretSender  = purposeDKIM    // key with which mails of a sender are signed
	SecretHook    = purposeHook    // key with which calls of the webhook are signed
)

// Secret names a password or a key that is sealed in the store, without saying it.
type Secret struct {
	Kind string `json:"kind"` // one of Secret…
	ID   int64  `json:"id"`   // of the relay, mailbox or sender
	Name string `json:"name"` // of the relay, login of the mailbox, address of the sender; empty for the webhook
}

// Unreadable lists the secrets in the store that a vault cannot open, as after a restore without its key; without a vault (nil) all
// there are.
func Unreadable(ctx context.Context, tx *store.Tx, v *Vault) ([]Secret, error) {
	var all []Secret
	note := func(sealed string, s Secret) {
		if sealed != "" && (v == nil || !v.reads(s.Kind, sealed)) {
			all = append(all, s)
		}
	}
	relays, err := Relays(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, r := range relays {
		note(r.sealed, Secret{SecretRelay, r.ID, r.Name})
	}
	mailboxes, err := Mailboxes(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, m := range mailboxes {
		note(m.sealed, Secret{SecretMailbox, m.ID, m.Login})
	}
	senders, err := Senders(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, s := range senders {
		note(s.sealed, Secret{SecretSender, s.ID, s.Address})
	}
	var sealed string
	if _, err := oneRow(tx.QueryRow(ctx, sqlSecret, secretHook).Scan(&sealed)); err != nil {
		return nil, err
	}
	note(sealed, Secret{Kind: SecretHook})
	return all, nil
}
