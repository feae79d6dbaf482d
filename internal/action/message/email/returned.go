package email

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// The kinds of changes this package appends to the feed about what came back. Their subject is the message, 0 for none.
const (
	FeedBounced    = "mail.bounced"
	FeedComplained = "mail.complained"
	FeedReplied    = "mail.replied"
)

// Effect is what something that came back has done.
type Effect string

// The effects.
const (
	NoEffect       Effect = ""         // kept to be seen
	EffectUnknown  Effect = "unknown"  // it is about no message that we can prove to be ours
	EffectBounced  Effect = "bounced"  // nothing more is sent to the address
	EffectSoft     Effect = "soft"     // counted: after some on different days nothing more is sent
	EffectObjected Effect = "objected" // nothing more is sent to the address, and the customer gets no advertising
	EffectReplied  Effect = "replied"
)

// softBounces on as many different days within softDays mean that an address is given up.
const (
	softBounces = 3
	softDays    = 30
)

// sourceComplaint is where an objection came from that follows a complaint.
const sourceComplaint = "complaint"

// Return is a row of what came back.
type Return struct {
	ID       int64
	Kind     Kind
	Source   string // "mailbox" or "webhook"
	Message  int64  // 0 where none could be proved
	Customer int64
	Address  string
	Status   string
	Reason   string
	Effect   Effect
	Times    int // how often the same came
	At       time.Time
	LastAt   time.Time
}

// recorder writes what came back in one transaction.
type recorder struct {
	tx     *store.Tx
	tokens *tokens
	today  clock.Day
	source string
}

func newRecorder(ctx context.Context, tx *store.Tx, source string) (*recorder, error) {
	install, err := customer.InstallKey(ctx, tx, true)
	if err != nil {
		return nil, err
	}
	settings, err := company.Load(ctx, tx)
	return &recorder{tx, newTokens(derived(install, "email.token")), clock.DayOf(tx.Now, settings.Zone()), source}, err
}

// Record writes what a mail in the mailbox says and does what follows from it: an address that does not exist gets no more
// mails, a complaint is an objection to advertising. It does so once, however often the same comes. What is about a message
// of ours but cannot be proved to be is kept and does nothing; answers that are not about our mails are left out.
func Record(ctx context.Context, tx *store.Tx, r Returned) error {
	rec, err := newRecorder(ctx, tx, "mailbox")
	if err != nil {
		return err
	}
	m, err := rec.find(ctx, r)
	if err != nil {
		return err
	}
	return rec.write(ctx, r, m)
}

// find proves which message something is about: by a token of ours in the address it came to or in a Message-ID, or by a
// plain Message-ID together with the address that the message went to, which others do not know. nil for none.
func (rec *recorder) find(ctx context.Context, r Returned) (*message.Message, error) {
	for _, to := range r.To {
		if id, ok := rec.tokens.ofReturn(to); ok {
			return messageOf(ctx, rec.tx, id)
		}
	}
	for _, original := range r.Originals {
		if id, ok := rec.tokens.ofMessageID(original); ok {
			return messageOf(ctx, rec.tx, id)
		}
	}
	whom := append(append([]string(nil), r.Recipients...), r.From)
	for _, original := range r.Originals {
		id, ok := plainMessageID(original)
		if !ok {
			continue
		}
		m, err := messageOf(ctx, rec.tx, id)
		if err != nil {
			return nil, err
		}
		if m == nil || m.Address == "" {
			continue
		}
		for _, address := range whom {
			if folded, ok := consent.FoldAddress(consent.Email, address); ok && folded == m.Address {
				return m, nil
			}
		}
	}
	return nil, nil
}

// plainMessageID reads the Message-ID that the ledger gives mails of composers who give none: "m12@domain".
func plainMessageID(text string) (int64, bool) {
	local, _, ok := strings.Cut(text, "@")
	number, isPlain := strings.CutPrefix(local, "m")
	id, err := strconv.ParseInt(number, 10, 64)
	return id, ok && isPlain && err == nil && id > 0
}

func messageOf(ctx context.Context, tx *store.Tx, id int64) (*message.Message, error) {
	m, err := message.Find(ctx, tx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return nil, nil
	}
	return m, err
}

// write keeps a row and does what follows.
func (rec *recorder) write(ctx context.Context, r Returned, m *message.Message) error {
	row := Return{Kind: r.Kind, Source: rec.source, Status: r.Status, Reason: r.Reason}
	key := "unknown " + r.Key
	if m != nil {
		row.Message, row.Customer, row.Address = m.ID, m.Customer, m.Address
		key = string(r.Kind) + " " + strconv.FormatInt(m.ID, 10)
		if r.Kind == Reply {
			key += " " + r.Key
		}
	} else {
		if r.Kind == Reply || r.Kind == AutoReply || r.Kind == Other {
			return nil // post for the company, not about our mails
		}
		row.Effect = EffectUnknown
		if len(r.Recipients) > 0 {
			row.Address, _ = consent.FoldAddress(consent.Email, r.Recipients[0])
		}
	}
	return rec.keep(ctx, key, row, m != nil)
}

// keep writes a row under its key, and does what follows from it when it is new and proved.
func (rec *recorder) keep(ctx context.Context, key string, row Return, proved bool) error {
	var id, times int64
	err := rec.tx.QueryRow(ctx, sqlKeepReturn, key, string(row.Kind), row.Source, row.Message, row.Customer, row.Address, row.Status, row.Reason, string(row.Effect),
		int64(rec.today), clock.Micros(rec.tx.Now)).Scan(&id, &times)
	if err != nil || times > 1 || !proved {
		return err
	}
	effect, err := rec.act(ctx, row)
	if err != nil || effect == NoEffect {
		return err
	}
	_, err = rec.tx.Exec(ctx, sqlReturnEffect, id, string(effect))
	return err
}

// act does what follows from something that came back.
func (rec *recorder) act(ctx context.Context, row Return) (Effect, error) {
	switch row.Kind {
	case Bounce:
		return EffectBounced, rec.bounced(ctx, row, row.Status)
	case SoftBounce:
		if row.Address == "" {
			return EffectSoft, nil
		}
		var days int
		if err := rec.tx.QueryRow(ctx, sqlSoftDays, row.Address, string(SoftBounce), int64(rec.today)-softDays).Scan(&days); err != nil {
			return NoEffect, err
		}
		if days < softBounces {
			return EffectSoft, nil
		}
		return EffectBounced, rec.bounced(ctx, row, "soft")
	case Complaint:
		return EffectObjected, rec.complained(ctx, row)
	case Reply:
		return EffectReplied, rec.tell(ctx, FeedReplied, row)
	}
	return NoEffect, nil
}

func (rec *recorder) bounced(ctx context.Context, row Return, reason string) error {
	if row.Address == "" { // the customer was erased meanwhile
		return nil
	}
	if err := message.MarkAddress(ctx, rec.tx, consent.Email, row.Address, message.AddressBounced, reason); err != nil {
		return err
	}
	return rec.tell(ctx, FeedBounced, row)
}

// complained ends advertising for the address, and for the customer it belonged to.
func (rec *recorder) complained(ctx context.Context, row Return) error {
	if row.Address == "" {
		return nil
	}
	if err := message.MarkAddress(ctx, rec.tx, consent.Email, row.Address, message.AddressComplained, row.Reason); err != nil {
		return err
	}
	whose := []int64{row.Customer}
	if row.Customer == 0 {
		var err error
		if whose, err = customer.ResolveMail(ctx, rec.tx, row.Address); err != nil {
			return err
		}
	}
	var entries []consent.Entry
	for _, id := range whose {
		entries = append(entries, consent.Entry{Customer: id, Channel: consent.Email, Purpose: consent.Advertising, Kind: consent.Objected, Address: row.Address, Source: sourceComplaint})
	}
	if _, err := consent.Record(ctx, rec.tx, entries); err != nil && fault.CodeOf(err) != fault.Conflict { // one who was erased has nothing to object to
		return err
	}
	return rec.tell(ctx, FeedComplained, row)
}

func (rec *recorder) tell(ctx context.Context, kind string, row Return) error {
	_, err := feed.Append(ctx, rec.tx, feed.New{Kind: kind, Customer: row.Customer, Subject: row.Message})
	return err
}

// ReturnFilter narrows Returns; the zero value lists everything.
type ReturnFilter struct {
	Kind   Kind
	Before int64 // the last one of the page before, 0 for the first
	Limit  int
}

// Returns lists what came back, newest first.
func Returns(ctx context.Context, tx *store.Tx, f ReturnFilter) ([]Return, error) {
	if f.Before == 0 {
		f.Before = math.MaxInt64
	}
	return returns(ctx, tx, sqlReturns, f.Before, string(f.Kind), f.Limit)
}

// CountReturns tells how much of each kind came back since a day.
func CountReturns(ctx context.Context, tx *store.Tx, since clock.Day) (map[Kind]int, error) {
	rows, err := tx.Query(ctx, sqlCountReturns, int64(since))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	n := map[Kind]int{}
	for rows.Next() {
		var kind Kind
		var count int
		if err := rows.Scan(&kind, &count); err != nil {
			return nil, err
		}
		n[kind] = count
	}
	return n, rows.Err()
}

// Erase forgets what came back from a customer and from the addresses she has now, also as the person of a company; that
// something came back stays. It goes before the erasing of the addresses themselves.
func Erase(ctx context.Context, tx *store.Tx, id int64) error {
	who, err := customer.Load(ctx, tx, id)
	if err != nil {
		return err
	}
	addresses := make([]string, len(who.Emails))
	for i, e := range who.Emails {
		addresses[i], _ = consent.FoldAddress(consent.Email, e.Address)
	}
	_, err = tx.Exec(ctx, fmt.Sprintf(sqlEraseReturns, tx.Strings("$2")), id, store.JSON(addresses))
	return err
}

// CutJob is the kind of the nightly job that forgets what came back and could never be proved to be about a message of ours.
const CutJob = "mail.cut"

const (
	keptUnknown = 90 // days
	cutSlice    = 1000
)

// Cut is the handler of a CutJob.
func Cut(ctx context.Context, db *store.DB, task *jobs.Task) error {
	for {
		var n int64
		err := db.Bulk(ctx, task.Actor(), func(tx *store.Tx) (err error) {
			before := clock.DayOf(tx.Now, time.UTC).AddDays(-keptUnknown)
			n, err = tx.Exec(ctx, sqlCutReturns, int64(before), cutSlice)
			return err
		})
		if err != nil || n < cutSlice {
			return err
		}
	}
}

func returns(ctx context.Context, tx *store.Tx, text string, args ...any) ([]Return, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Return
	for rows.Next() {
		var r Return
		var at, last int64
		if err := rows.Scan(&r.ID, &r.Kind, &r.Source, &r.Message, &r.Customer, &r.Address, &r.Status, &r.Reason, &r.Effect, &r.Times, &at, &last); err != nil {
			return nil, err
		}
		r.At, r.LastAt = clock.Time(at), clock.Time(last)
		all = append(all, r)
	}
	return all, rows.Err()
}

// oneRow tells no row from an error.
func oneRow(err error) (bool, error) {
	if errors.Is(err, store.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
