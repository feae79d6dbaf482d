package consent

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// Why an address is on the list.
const (
	SuppressedWithdrawn = string(Withdrawn)
	SuppressedObjected  = string(Objected)
	SuppressedErased    = "erased" // the customer was erased
	SuppressedListed    = "listed" // it stood on such a list of another tool
	SuppressedOwn       = "own"    // the company decided so
)

// SuppressedReasons lists them all, HandReasons those that a person can give, LiftReasons why a person takes an address off.
func SuppressedReasons() []string {
	return []string{SuppressedObjected, SuppressedWithdrawn, SuppressedErased, SuppressedListed, SuppressedOwn}
}

// HandReasons are why a person puts an address on the list.
func HandReasons() []string { return []string{SuppressedObjected, SuppressedListed, SuppressedOwn} }

// LiftReasons are why a person takes an address off the list.
func LiftReasons() []string { return []string{"mistake", "asked", "test"} }

// Suppressed is an address that gets no advertising, whoever has it. Only its keyed hash is kept.
type Suppressed struct {
	Hash      string
	Channel   Channel
	Reason    string // one of SuppressedReasons
	Source    string // SourceLink, …; empty where the customer was erased or nobody kept it
	Note      string // of who put it there by hand
	At        time.Time
	Customers []int64 // who has the address now, as far as the ledger leads to them
	hint      int64
}

// SuppressedFilter says which part of the list is wanted. What is empty does not matter.
type SuppressedFilter struct {
	Channel Channel
	Reason  string
	Before  string // Cursor of the last one before this page
	Limit   int
}

// Cursor is where the next page begins.
func (s *Suppressed) Cursor() string { return strconv.FormatInt(clock.Micros(s.At), 10) + "." + s.Hash }

// where is the filter as a condition, with arguments from $next on.
func (f SuppressedFilter) where(next int) (text string, args []any) {
	for _, c := range []struct{ column, value string }{{"channel", string(f.Channel)}, {"reason", f.Reason}} {
		if c.value != "" {
			text += fmt.Sprintf(" AND %s = $%d", c.column, next+len(args))
			args = append(args, c.value)
		}
	}
	return text, args
}

// ListSuppressed are the addresses on the list, those put there last first.
func ListSuppressed(ctx context.Context, tx *store.Tx, f SuppressedFilter) ([]*Suppressed, error) {
	at, hash := int64(math.MaxInt64), ""
	if micros, after, ok := strings.Cut(f.Before, "."); ok {
		if n, err := strconv.ParseInt(micros, 10, 64); err == nil {
			at, hash = n, after
		}
	}
	where, args := f.where(4)
	all, err := scanSuppressed(ctx, tx, fmt.Sprintf(sqlSuppressedPage, where), append([]any{at, hash, f.Limit}, args...)...)
	if err != nil {
		return nil, err
	}
	return all, nameOwners(ctx, tx, all)
}

// CountSuppressed is how many the filter means, its page left aside.
func CountSuppressed(ctx context.Context, tx *store.Tx, f SuppressedFilter) (n int64, err error) {
	where, args := f.where(2)
	err = tx.QueryRow(ctx, fmt.Sprintf(sqlSuppressedCount, where), append([]any{int64(math.MinInt64)}, args...)...).Scan(&n)
	return n, err
}

// LoadSuppressed finds one by its hash.
func LoadSuppressed(ctx context.Context, tx *store.Tx, hash string) (*Suppressed, error) {
	all, err := scanSuppressed(ctx, tx, fmt.Sprintf(sqlSuppressedByHash, tx.Strings("$1")), store.JSON([]string{hash}))
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "consent.not_listed")
	}
	return all[0], nameOwners(ctx, tx, all)
}

func scanSuppressed(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Suppressed, error) {
	found, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var all []*Suppressed
	for found.Next() {
		var s Suppressed
		var at int64
		if err := found.Scan(&s.Hash, &s.Channel, &s.Reason, &s.Source, &s.Note, &at, &s.hint); err != nil {
			return nil, err
		}
		s.At = clock.Time(at)
		all = append(all, &s)
	}
	return all, found.Err()
}

// Answer is what the list says about an address that somebody asks for.
type Answer struct {
	Listed    []*Suppressed // by channel; a number is one for calls and one for SMS
	Lifted    []Lifted      // when it was taken off, the newest first
	Customers []int64       // who has the address now
}

// Lifted is an address having been taken off the list by hand.
type Lifted struct {
	Channel Channel
	Reason  string
	Note    string
	At      time.Time
}

// AskSuppressed tells whether a mail address or a telephone number is on the list.
func AskSuppressed(ctx context.Context, tx *store.Tx, address string) (a Answer, err error) {
	reach, err := readAddress(address)
	if err != nil {
		return a, err
	}
	install, err := customer.InstallKey(ctx, tx, false)
	if err != nil {
		return a, err
	}
	h := newHasher(install)
	hashes := make([]string, len(reach))
	for i, r := range reach {
		hashes[i] = h.sum(r.channel, r.address)
	}
	list := store.JSON(hashes)
	if a.Listed, err = scanSuppressed(ctx, tx, fmt.Sprintf(sqlSuppressedByHash, tx.Strings("$1")), list); err != nil {
		return a, err
	}
	owners, err := ownersOf(ctx, tx, reach[:1])
	if err != nil {
		return a, err
	}
	a.Customers = owners[reach[0].address]
	for _, s := range a.Listed {
		s.Customers = a.Customers
	}
	found, err := tx.Query(ctx, fmt.Sprintf(sqlLiftedByHash, tx.Strings("$1")), list)
	if err != nil {
		return a, err
	}
	defer found.Close()
	for found.Next() {
		var l Lifted
		var at int64
		if err := found.Scan(&l.Channel, &l.Reason, &l.Note, &at); err != nil {
			return a, err
		}
		l.At = clock.Time(at)
		a.Lifted = append(a.Lifted, l)
	}
	return a, found.Err()
}

// SuppressedOf are the addresses of a customer that are on the list, each with what the list says of it.
func SuppressedOf(ctx context.Context, tx *store.Tx, id int64) (map[string][]*Suppressed, error) {
	install, err := customer.InstallKey(ctx, tx, false)
	if err != nil {
		return nil, err
	}
	theirs, err := addressesOf(ctx, tx, []int64{id})
	if err != nil {
		return nil, err
	}
	h := newHasher(install)
	named := map[string]string{}
	for _, r := range theirs[id] {
		named[h.sum(r.channel, r.address)] = r.address
	}
	hashes := make([]string, 0, len(named))
	for hash := range named {
		hashes = append(hashes, hash)
	}
	all, err := scanSuppressed(ctx, tx, fmt.Sprintf(sqlSuppressedByHash, tx.Strings("$1")), store.JSON(hashes))
	if err != nil {
		return nil, err
	}
	listed := map[string][]*Suppressed{}
	for _, s := range all {
		listed[named[s.Hash]] = append(listed[named[s.Hash]], s)
	}
	return listed, nil
}

// ownersOf are the customers who have the addresses now, by address.
func ownersOf(ctx context.Context, tx *store.Tx, all []reached) (map[string][]int64, error) {
	var mails, numbers []string
	for _, r := range all {
		if r.channel == Email {
			mails = append(mails, r.address)
		} else {
			numbers = append(numbers, r.address)
		}
	}
	owners := map[string][]int64{}
	for _, q := range []struct {
		text string
		list []string
	}{{sqlMailOwners, mails}, {sqlPhoneOwners, numbers}} {
		if len(q.list) == 0 {
			continue
		}
		found, err := tx.Query(ctx, fmt.Sprintf(q.text, tx.Strings("$1")), store.JSON(q.list))
		if err != nil {
			return nil, err
		}
		if err := gather(found, owners); err != nil {
			return nil, err
		}
	}
	for address, ids := range owners {
		slices.Sort(ids)
		owners[address] = slices.Compact(ids)
	}
	return owners, nil
}

func gather(found *sql.Rows, owners map[string][]int64) error {
	defer found.Close()
	for found.Next() {
		var id int64
		var address string
		if err := found.Scan(&id, &address); err != nil {
			return err
		}
		owners[address] = append(owners[address], id)
	}
	return found.Err()
}

// nameOwners finds who has the addresses now. A hash cannot be turned back, so those are looked at to whom it leads: who
// had it when it came on the list, whoever acted with it in the ledger, and the people of those companies.
func nameOwners(ctx context.Context, tx *store.Tx, all []*Suppressed) error {
	if len(all) == 0 {
		return nil
	}
	var hashes []string
	var maybe []int64
	for _, s := range all {
		hashes = append(hashes, s.Hash)
		if s.hint != 0 {
			maybe = append(maybe, s.hint)
		}
	}
	acted, err := tx.Query(ctx, fmt.Sprintf(sqlEntryOwners, tx.Strings("$1")), store.JSON(hashes))
	if err != nil {
		return err
	}
	defer acted.Close()
	for acted.Next() {
		var hash string
		var id int64
		if err := acted.Scan(&hash, &id); err != nil {
			return err
		}
		maybe = append(maybe, id)
	}
	if err := acted.Err(); err != nil || len(maybe) == 0 {
		return err
	}
	var ids []int64
	if err := scanPairs(ctx, tx, fmt.Sprintf(sqlMains, tx.Numbers("$1")), store.JSON(maybe), func(_, main int64) { ids = append(ids, main) }); err != nil {
		return err
	}
	if err := scanPairs(ctx, tx, fmt.Sprintf(sqlPeopleOf, tx.Numbers("$1")), store.JSON(ids), func(_, person int64) { ids = append(ids, person) }); err != nil {
		return err
	}
	slices.Sort(ids)
	theirs, err := addressesOf(ctx, tx, slices.Compact(ids))
	if err != nil {
		return err
	}
	install, err := customer.InstallKey(ctx, tx, false)
	if err != nil {
		return err
	}
	h := newHasher(install)
	owners := map[string][]int64{}
	for id, reach := range theirs {
		for _, r := range reach {
			sum := h.sum(r.channel, r.address)
			owners[sum] = append(owners[sum], id)
		}
	}
	for _, s := range all {
		s.Customers = slices.Clone(owners[s.Hash])
		slices.Sort(s.Customers)
		s.Customers = slices.Compact(s.Customers)
	}
	return nil
}
