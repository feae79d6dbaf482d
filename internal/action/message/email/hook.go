package email

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"slices"
	"strings"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

// What the webhook takes at once.
const (
	MaxHook       = 1 << 20
	maxHookEvents = 1000
)

// HookHeader carries the signature of a call: "sha256=" and the hex HMAC-SHA256 of the body with the secret.
const HookHeader = "X-Stamm-Signature"

const secretHook = "hook"

// NewHookSecret makes the secret with which calls of the webhook are signed; the one before is good no more. It is returned
// once and never again.
func NewHookSecret(ctx context.Context, tx *store.Tx, v *Vault) (string, error) {
	secret := rand.Text()
	_, err := tx.Exec(ctx, sqlSetSecret, secretHook, v.Seal(purposeHook, secret))
	return secret, err
}

// HasHook tells whether the webhook has a secret, without which it takes nothing.
func HasHook(ctx context.Context, tx *store.Tx) (bool, error) {
	var sealed string
	return oneRow(tx.QueryRow(ctx, sqlSecret, secretHook).Scan(&sealed))
}

// event is what a mail service tells by JSON.
type event struct {
	Type      Kind   `json:"type"`
	Address   string `json:"address"`
	MessageID string `json:"message_id"`
	Reason    string `json:"reason"`
}

// Receive takes a call of the webhook: one JSON object {"type", "address", "message_id", "reason"}, or a list of them, type
// being bounce, soft_bounce, complaint or reply; or a mail that came back as message/rfc822. It returns how much was taken. A
// wrong signature is forbidden, what cannot be read invalid; nothing of such a call is taken. The same call again changes
// nothing.
func Receive(ctx context.Context, db *store.DB, v *Vault, signature, contentType string, body []byte) (int, error) {
	if len(body) > MaxHook {
		return 0, fault.New(fault.Invalid, "email.hook_too_large", "max", MaxHook>>20)
	}
	if err := checkSignature(ctx, db, v, signature, body); err != nil {
		return 0, err
	}
	kind, _, err := mime.ParseMediaType(contentType)
	switch {
	case err == nil && kind == "message/rfc822":
		r := ParseReturned(body)
		return 1, db.Write(ctx, store.System(), func(tx *store.Tx) error {
			rec, err := newRecorder(ctx, tx, "webhook")
			if err != nil {
				return err
			}
			m, err := rec.find(ctx, r)
			if err != nil {
				return err
			}
			return rec.write(ctx, r, m)
		})
	case err == nil && kind == "application/json":
		events, err := readEvents(body)
		if err != nil {
			return 0, err
		}
		for part := range slices.Chunk(events, 50) { // few enough for one turn of the writer
			if err := db.Write(ctx, store.System(), func(tx *store.Tx) error { return recordEvents(ctx, tx, part) }); err != nil {
				return 0, err
			}
		}
		return len(events), nil
	}
	return 0, fault.New(fault.Invalid, "email.hook_type")
}

func checkSignature(ctx context.Context, db *store.DB, v *Vault, signature string, body []byte) error {
	var secret string
	err := db.Read(ctx, func(tx *store.Tx) error {
		var sealed string
		there, err := oneRow(tx.QueryRow(ctx, sqlSecret, secretHook).Scan(&sealed))
		if err != nil || !there {
			return err
		}
		secret, err = v.Open(purposeHook, sealed)
		return err
	})
	if err != nil {
		return err
	}
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(body)
	given, err := hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(signature), "sha256="))
	if secret == "" || err != nil || !hmac.Equal(given, m.Sum(nil)) {
		return fault.New(fault.Forbidden, "email.hook_signature")
	}
	return nil
}

// readEvents reads one event or a list of them.
func readEvents(body []byte) ([]event, error) {
	bad := func(err error) error { return fault.New(fault.Invalid, "email.hook_json").Because(err) }
	var all []event
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		all = make([]event, 1)
		if err := decode(body, &all[0]); err != nil {
			return nil, bad(err)
		}
	} else if err := decode(body, &all); err != nil {
		return nil, bad(err)
	}
	if len(all) > maxHookEvents {
		return nil, fault.New(fault.Invalid, "email.hook_many", "max", maxHookEvents)
	}
	for i := range all {
		e := &all[i]
		if !slices.Contains([]Kind{Bounce, SoftBounce, Complaint, Reply, AutoReply}, e.Type) {
			return nil, fault.New(fault.Invalid, "errors.choice", "text", oneLine(string(e.Type), 40)).On("type")
		}
		if e.Address == "" && e.MessageID == "" {
			return nil, fault.New(fault.Invalid, "errors.required").On("address")
		}
		if e.Address != "" {
			folded, ok := consent.FoldAddress(consent.Email, e.Address)
			if !ok {
				return nil, fault.New(fault.Invalid, "email.bad_address").On("address")
			}
			e.Address = folded
		}
		e.MessageID = strings.Trim(oneLine(e.MessageID, maxAddress), "<> ")
		e.Reason = oneLine(e.Reason, maxReasonText)
	}
	return all, nil
}

func decode(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// recordEvents writes events whose caller has proved who it is: an address is enough for them.
func recordEvents(ctx context.Context, tx *store.Tx, events []event) error {
	rec, err := newRecorder(ctx, tx, "webhook")
	if err != nil {
		return err
	}
	for _, e := range events {
		r := Returned{Kind: e.Type, Reason: e.Reason, Key: keyOf([]byte(string(e.Type) + "\x00" + e.Address + "\x00" + e.MessageID)), Status: statusInText.FindString(e.Reason)}
		if e.MessageID != "" {
			r.Originals = []string{e.MessageID}
		}
		if e.Address != "" {
			r.Recipients = []string{e.Address}
		}
		m, err := rec.find(ctx, r)
		if err != nil {
			return err
		}
		if m != nil || e.Address == "" {
			err = rec.write(ctx, r, m)
		} else {
			day := rec.today.String() // the same on another day is another bounce
			row := Return{Kind: r.Kind, Source: rec.source, Address: e.Address, Status: r.Status, Reason: r.Reason}
			err = rec.keep(ctx, "address "+day+" "+r.Key, row, r.Kind != Reply && r.Kind != AutoReply)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
