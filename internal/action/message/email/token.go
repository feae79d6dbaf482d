package email

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"hash"
	"strconv"
	"strings"

	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// tokens name messages in addresses and Message-IDs, signed so that nobody can make up the bounce of a message: the id to
// the base of 36, a dot, and ten bytes of HMAC-SHA256, in small letters because mail systems change their case. It uses its
// buffers again; one goroutine at a time.
type tokens struct {
	mac hash.Hash
	buf []byte
	sum [sha256.Size]byte
}

func newTokens(key []byte) *tokens { return &tokens{mac: hmac.New(sha256.New, key)} }

const (
	tokenSum    = 10
	tokenSumLen = tokenSum * 8 / 5
	bounceLocal = "bounce"
)

var tokenEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// of is the token of a message, good until the next call.
func (t *tokens) of(id int64) []byte {
	t.buf = strconv.AppendInt(t.buf[:0], id, 36)
	t.mac.Reset()
	t.mac.Write(t.buf)
	sum := t.mac.Sum(t.sum[:0])
	t.buf = append(t.buf, '.')
	t.buf = tokenEncoding.AppendEncode(t.buf, sum[:tokenSum])
	return t.buf
}

// message is the id of a token, false if we did not make it.
func (t *tokens) message(token string) (int64, bool) {
	token = strings.ToLower(token)
	number, _, ok := strings.Cut(token, ".")
	id, err := strconv.ParseInt(number, 36, 64)
	if !ok || err != nil || id <= 0 || len(token) != len(number)+1+tokenSumLen {
		return 0, false
	}
	return id, hmac.Equal(t.of(id), []byte(token))
}

// messageID is the Message-ID of a message, the same whenever it is asked for.
func (t *tokens) messageID(id int64, domain string) string {
	return string(append(append(t.of(id), '@'), domain...))
}

// returnLocal is the local part of the address that bounces of a message go to.
func (t *tokens) returnLocal(id int64) string {
	return bounceLocal + "+" + string(t.of(id))
}

// ofMessageID finds the message of one of our Message-IDs, with or without its brackets.
func (t *tokens) ofMessageID(text string) (int64, bool) {
	local, _, ok := strings.Cut(strings.Trim(strings.TrimSpace(text), "<>"), "@")
	if !ok {
		return 0, false
	}
	return t.message(local)
}

// ofReturn finds the message of an address that bounces go to.
func (t *tokens) ofReturn(address string) (int64, bool) {
	local, _, _ := strings.Cut(address, "@")
	name, token, ok := strings.Cut(local, "+")
	if !ok || !strings.EqualFold(strings.Trim(name, "\" <"), bounceLocal) {
		return 0, false
	}
	return t.message(token)
}

// tokenKey is the key of the installation for tokens; it is made when it is first asked for.
func tokenKey(ctx context.Context, db *store.DB) (key []byte, err error) {
	read := func(create bool) func(*store.Tx) error {
		return func(tx *store.Tx) (err error) { key, err = customer.InstallKey(ctx, tx, create); return err }
	}
	if err = db.Read(ctx, read(false)); err == nil && key == nil {
		err = db.Write(ctx, store.System(), read(true))
	}
	return derived(key, "email.token"), err
}

// derived is a key of its own for one use, so that what is made for one use says nothing in another.
func derived(install []byte, use string) []byte {
	m := hmac.New(sha256.New, install)
	m.Write([]byte(use))
	return m.Sum(nil)
}
