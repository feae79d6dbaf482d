package consent

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"

	"stamm/internal/platform/fault"
	"stamm/internal/record/customer"
)

// FoldAddress brings an address of a channel into the form by which two are the same: a mail address as customers store
// it, a telephone number in E.164 form with its + (a number without one is read as German), a postal address as its
// PostalKey. ok tells whether it can be one.
func FoldAddress(c Channel, address string) (folded string, ok bool) {
	address = strings.TrimSpace(address)
	switch c {
	case Email:
		return customer.FoldMail(address)
	case SMS, Phone:
		if isE164(address) {
			return address, true
		}
		number, _ := customer.NormalPhone(address, "DE")
		return number, number != ""
	case Post:
		return address, strings.HasPrefix(address, postalPrefix) && len(address) == len(postalPrefix)+32
	default:
		return address, len(address) <= maxText
	}
}

func isE164(s string) bool {
	if len(s) < 8 || len(s) > 16 || s[0] != '+' || s[1] == '0' {
		return false
	}
	for _, c := range s[1:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

const postalPrefix = "post:"

// PostalKey is a postal address as the ledger keeps it: a hash of its folded words, the same however it is written.
func PostalKey(a customer.Address) string {
	words := customer.Fold(strings.Join([]string{a.Line1, a.Line2, a.Postcode, a.City, a.Country}, " "))
	sum := sha256.Sum256([]byte(strings.Join(words, " ")))
	return postalPrefix + hex.EncodeToString(sum[:16])
}

// foldAddress folds the entry's address. An objection to all channels may name a mail address or a number.
func (e *Entry) foldAddress() error {
	if e.Address = strings.TrimSpace(e.Address); e.Address == "" {
		return nil
	}
	c := e.Channel
	if c == "" {
		if c = Phone; strings.Contains(e.Address, "@") {
			c = Email
		}
	}
	folded, ok := FoldAddress(c, e.Address)
	if !ok {
		key := "consent.address"
		switch c {
		case Email:
			key = "errors.mail"
		case SMS, Phone:
			key = "customer.phone_form"
		}
		return fault.New(fault.Invalid, key, "text", e.Address).On("address")
	}
	e.Address = folded
	return nil
}

// hasher makes the keyed hashes under which addresses are remembered. Without the key of the installation nobody can find
// out whether an address is among them.
type hasher struct {
	mac hash.Hash
	buf []byte
}

func newHasher(install []byte) *hasher {
	return &hasher{mac: hmac.New(sha256.New, derived(install, "consent.address"))}
}

// derived is a key of its own for one use, so that what is made for one use says nothing in another.
func derived(install []byte, use string) []byte {
	m := hmac.New(sha256.New, install)
	m.Write([]byte(use))
	return m.Sum(nil)
}

// sum is the hash of a folded address in a channel, empty for no address.
func (h *hasher) sum(c Channel, address string) string {
	if address == "" {
		return ""
	}
	var room [2 * sha256.Size]byte
	raw := h.raw(c, address)
	hex.Encode(room[:], raw)
	return string(room[:])
}

func (h *hasher) raw(c Channel, address string) []byte {
	h.mac.Reset()
	h.buf = append(append(append(h.buf[:0], c...), 0), address...)
	h.mac.Write(h.buf)
	h.buf = h.mac.Sum(h.buf[:0])
	return h.buf
}
