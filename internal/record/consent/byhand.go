package consent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// readAddress reads an address that a person typed: a mail address, or a telephone number, which stands for calls and SMS.
func readAddress(text string) ([]reached, error) {
	text = strings.TrimSpace(text)
	channels := []Channel{Phone, SMS}
	if strings.Contains(text, "@") {
		channels = []Channel{Email}
	}
	var all []reached
	for _, c := range channels {
		folded, ok := FoldAddress(c, text)
		if !ok {
			return nil, fault.New(fault.Invalid, "consent.no_address", "text", text).On("address")
		}
		all = append(all, reached{c, folded})
	}
	return all, nil
}

// MostLines is how many addresses can be put on the list at once.
const MostLines = 10_000

// mostWrong is how many lines that are no address are named one by one.
const mostWrong = 20

// ReadAddresses reads a list that a person pasted, one address a line, as other tools write it: with quotes, with a
// name before <address>, with separators and further columns behind. An address that comes twice is there once. With skip
// lines that are none are left out, otherwise each is a fault; skipped tells how many.
func ReadAddresses(text string, skip bool) (addresses []string, skipped int, err error) {
	lines := strings.FieldsFunc(text, func(c rune) bool { return c == '\n' || c == '\r' })
	if len(lines) > MostLines {
		return nil, 0, fault.New(fault.Invalid, "consent.too_many_lines", "max", MostLines).On("addresses")
	}
	var wrong []error
	seen := map[string]bool{}
	for i, line := range lines {
		address := addressIn(line)
		if address == "" {
			continue
		}
		reach, err := readAddress(address)
		switch {
		case err != nil && skip:
			skipped++
		case err != nil:
			wrong = append(wrong, fault.New(fault.Invalid, "consent.wrong_line", "line", i+1, "text", cut(line)).On("addresses"))
		case !seen[reach[0].address]:
			seen[reach[0].address] = true
			addresses = append(addresses, reach[0].address)
		}
	}
	if n := len(wrong); n > mostWrong {
		wrong = append(wrong[:mostWrong], fault.New(fault.Invalid, "consent.wrong_lines", "count", n-mostWrong).On("addresses"))
	}
	if len(wrong) == 0 && len(addresses) == 0 {
		return nil, skipped, fault.New(fault.Invalid, "consent.no_lines").On("addresses")
	}
	return addresses, skipped, errors.Join(wrong...)
}

// addressIn is the part of a line that is meant as the address.
func addressIn(line string) string {
	if _, after, ok := strings.Cut(line, "<"); ok {
		line, _, _ = strings.Cut(after, ">")
	}
	if _, ok := customer.FoldMail(line); ok { // a local part in quotes may hold what else separates columns
		return line
	}
	first := ""
	for part := range strings.FieldsFuncSeq(line, func(c rune) bool { return c == ';' || c == ',' || c == '\t' }) {
		part = strings.Trim(strings.TrimSpace(part), `"'`)
		if first = cmp.Or(first, part); strings.Contains(part, "@") {
			return part
		}
	}
	return first
}

func cut(line string) string {
	const most = 80
	if r := []rune(strings.TrimSpace(line)); len(r) > most {
		return string(r[:most]) + "…"
	}
	return strings.TrimSpace(line)
}

// HandList is what SuppressByHand did.
type HandList struct {
	Added, Known int     // addresses new on the list, and those that were on it
	Customers    []int64 // who has an address that is new on it
}

// maxNote is the longest note, in bytes.
const maxNote = 200

func checkNote(note string) error {
	switch {
	case note == "":
		return fault.New(fault.Invalid, "errors.required").On("note")
	case len(note) > maxNote:
		return fault.New(fault.Invalid, "errors.too_long", "max", maxNote).On("note")
	case strings.Contains(note, "@"): // the list must not tell who is on it
		return fault.New(fault.Invalid, "consent.note_address").On("note")
	}
	return nil
}

// SuppressByHand puts addresses on the list that ReadAddresses has read, at most about 1,000 at a time: no advertising goes
// to them, whoever has them, and sign-ups of theirs that wait for their confirmation end. Consents stay written, so that an
// address put there by mistake can be taken off again.
func SuppressByHand(ctx context.Context, tx *store.Tx, addresses []string, reason, note string) (out HandList, err error) {
	if !slices.Contains(HandReasons(), reason) {
		return out, choice("reason", reason)
	}
	if err := checkNote(note); err != nil {
		return out, err
	}
	install, err := customer.InstallKey(ctx, tx, true)
	if err != nil {
		return out, err
	}
	var all []reached
	for _, a := range addresses {
		reach, err := readAddress(a)
		if err != nil {
			return out, err
		}
		all = append(all, reach...)
	}
	added, err := out.put(ctx, tx, newHasher(install), all, reason, note)
	if err != nil {
		return out, err
	}
	if out.Known = len(addresses) - out.Added; out.Added == 0 {
		return out, nil
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(sqlEndRequests, tx.Strings("$2")), clock.Micros(tx.Now), store.JSON(added)); err != nil {
		return out, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindSuppressed, Body: map[string]any{"reason": reason, "count": out.Added}})
	return out, err
}

// put writes the addresses that are new on the list, and returns their hashes.
func (l *HandList) put(ctx context.Context, tx *store.Tx, h *hasher, all []reached, reason, note string) (hashes []string, err error) {
	owners, err := ownersOf(ctx, tx, all)
	if err != nil {
		return nil, err
	}
	added := map[string]bool{}
	for _, r := range all {
		var hint int64
		if ids := owners[r.address]; len(ids) > 0 {
			hint = ids[0]
		}
		sum := h.sum(r.channel, r.address)
		n, err := tx.Exec(ctx, sqlSuppressByHand, sum, string(r.channel), reason, clock.Micros(tx.Now), SourcePerson, note, hint)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			continue
		}
		if hashes = append(hashes, sum); !added[r.address] {
			l.Customers = append(l.Customers, owners[r.address]...)
		}
		added[r.address] = true
	}
	l.Added = len(added)
	slices.Sort(l.Customers)
	l.Customers = slices.Compact(l.Customers)
	return hashes, nil
}

// LiftByHand takes an address off the list. What its customers said themselves stays in the ledger: who withdrew or objected
// is written to no more than before.
func LiftByHand(ctx context.Context, tx *store.Tx, hash, reason, note string) error {
	if !slices.Contains(LiftReasons(), reason) {
		return choice("reason", reason)
	}
	if err := checkNote(note); err != nil {
		return err
	}
	s, err := LoadSuppressed(ctx, tx, hash)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlLift, hash); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlAddLifted, hash, string(s.Channel), reason, note, clock.Micros(tx.Now)); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindLifted, Body: map[string]any{"channel": string(s.Channel), "reason": reason}})
	return err
}
