// Package hit counts what is opened and clicked of messages, so that a company learns what its words are good for without watching
// its customers.
//
// Links and the picture of a mail lead through our own site by signed tokens (Token). A token names the message, and with it a
// customer, only if she agreed to being tracked when it was written; otherwise it names the measure and the variant and nobody. Who
// takes her consent back is counted without her name from then on (Record asks at each hit). No network address is ever kept.
//
// Mail servers open every link and many mail programs load every picture ahead, so a hit is judged (judge.go): human, or
// machine with the reason. What it was judged by stays for KeptDays, so that better rules can judge again. Opens are shown
// and never decide anything.
//
// Counter takes hits from the public pages: whatever waits is written in one transaction, and each is answered after the commit.
package hit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

// Kind is what was hit.
type Kind string

// The kinds.
const (
	Open  Kind = "open"  // the picture at the end of a mail
	Click Kind = "click" // a link
)

// Kinds of the changes this package appends to the feed.
const (
	KindCounted = "hit.counted" // new hits; the rows name them
	KindJudged  = "hit.judged"  // hits that were judged anew
	KindErased  = "hit.erased"  // hits that belong to nobody any more
)

// MaxTarget is how long an address may be, in bytes, to be counted.
const MaxTarget = 2000

// Link is a place that can be hit.
type Link struct {
	Number   int64 // see Identify
	Under    int64 // the number that hits are counted under; Number, unless the target is one customer's own
	Measure  int64
	Arm      string // variant
	Content  string // language, or language and form, of the words
	Channel  consent.Channel
	Kind     Kind
	Position int    // of a click: the how manieth link of the letter, from 1
	Target   string // of a click: where it leads; empty once its customer is erased
	Customer int64  // whose own the target is; 0 for one that many share
}

// Identify sets Number and Under, which follow from the rest: a letter written twice names the same links.
func (l *Link) Identify() {
	l.Number = l.hash(l.Target, l.Customer)
	l.Under = l.Number
	if l.Customer != 0 {
		l.Under = l.hash("", 0)
	}
}

func (l *Link) hash(target string, customer int64) int64 {
	b := make([]byte, 0, 192)
	for _, part := range [...]string{string(l.Kind), l.Arm, l.Content, string(l.Channel), target} {
		b = append(append(b, part...), 0)
	}
	for _, n := range [...]int64{l.Measure, int64(l.Position), customer} {
		b = strconv.AppendInt(append(b, ' '), n, 10)
	}
	sum := sha256.Sum256(b)
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 1) // numbers are positive
}

// Keep stores links that are not there yet, with what hits of theirs are counted under. About 1,000 fit into a turn.
func Keep(ctx context.Context, tx *store.Tx, links []Link) error {
	now := clock.Micros(tx.Now)
	for _, l := range links {
		_, err := tx.Exec(ctx, sqlKeep, l.Number, l.Under, l.Measure, l.Arm, l.Content, string(l.Channel), string(l.Kind), l.Position, l.Target, l.Customer, now)
		if err == nil && l.Under != l.Number {
			_, err = tx.Exec(ctx, sqlKeep, l.Under, l.Under, l.Measure, l.Arm, l.Content, string(l.Channel), string(l.Kind), l.Position, "", 0, now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Find returns a link by its number; false if there is none.
func Find(ctx context.Context, tx *store.Tx, number int64) (*Link, bool, error) {
	all, err := links(ctx, tx, sqlFindLink, number)
	if err != nil || len(all) == 0 {
		return nil, false, err
	}
	return &all[0], true, nil
}

// LinksOf are the links of a measure that many share, by position, at most limit.
func LinksOf(ctx context.Context, tx *store.Tx, measure int64, limit int) ([]Link, error) {
	return links(ctx, tx, sqlLinksOf, measure, limit)
}

func links(ctx context.Context, tx *store.Tx, text string, args ...any) ([]Link, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Link
	for rows.Next() {
		var l Link
		if err := rows.Scan(&l.Number, &l.Under, &l.Measure, &l.Arm, &l.Content, &l.Channel, &l.Kind, &l.Position, &l.Target, &l.Customer); err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, rows.Err()
}

// Row is a hit as it is kept.
type Row struct {
	ID                        int64
	At                        time.Time
	Kind                      Kind
	Measure                   int64
	Arm                       string
	Link                      int64
	Message, Customer, Person int64 // 0 where nobody may know
	Agent                     string
	Client                    string
	Human                     bool
	Reason                    string // why it is a machine's, empty for a human's

	channel consent.Channel
	signs   string
	rules   int
}

// By is whose hits are meant.
type By string

// Whose hits can be meant: those of Sum.
const (
	Anybody  By = ""
	People   By = "people"
	Readers  By = "readers" // people of whom it may be known who they are
	Machines By = "machines"
)

// Filter narrows the hits of a measure. What is zero does not.
type Filter struct {
	Kind   Kind
	Link   int64 // Link.Number
	By     By
	Before int64 // the last of the page before
	Limit  int
}

// OfMeasure lists hits of a measure, the newest first.
func OfMeasure(ctx context.Context, tx *store.Tx, measure int64, f Filter) ([]Row, error) {
	before, human, known := cmp.Or(f.Before, math.MaxInt64), -1, 0
	switch f.By {
	case Readers:
		human, known = 1, 1
	case People:
		human = 1
	case Machines:
		human = 0
	}
	return rowsOf(ctx, tx, sqlOfMeasure, measure, before, string(f.Kind), f.Link, human, known, f.Limit)
}

// OfMessages lists the hits of messages, at most limit, in the order in which they came.
func OfMessages(ctx context.Context, tx *store.Tx, messages []int64, limit int) ([]Row, error) {
	if len(messages) == 0 {
		return nil, nil
	}
	return rowsOf(ctx, tx, fmt.Sprintf(sqlOfMessages, tx.Numbers("$1")), store.JSON(messages), limit)
}

func rowsOf(ctx context.Context, tx *store.Tx, text string, args ...any) ([]Row, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Row
	for rows.Next() {
		var r Row
		var at int64
		if err := rows.Scan(&r.ID, &at, &r.Kind, &r.channel, &r.Measure, &r.Arm, &r.Link, &r.Message, &r.Customer, &r.Person, &r.Agent, &r.Client, &r.signs, &r.Human,
			&r.Reason, &r.rules); err != nil {
			return nil, err
		}
		r.At = clock.Time(at)
		all = append(all, r)
	}
	return all, rows.Err()
}

// setting reads a number that this package remembers.
func setting(ctx context.Context, tx *store.Tx, key string) (n int64, err error) {
	err = tx.QueryRow(ctx, sqlSetting, key).Scan(&n)
	if errors.Is(err, store.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

func saveSetting(ctx context.Context, tx *store.Tx, key string, n int64) error {
	_, err := tx.Exec(ctx, sqlSaveSetting, key, strconv.FormatInt(n, 10), clock.Micros(tx.Now))
	return err
}
