package consent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// OptInKind is what a mail of this package asks of its recipient.
type OptInKind string

// The kinds of mails.
const (
	OptInConfirm OptInKind = "confirm" // a double opt-in: please confirm
	OptInData    OptInKind = "data"    // a fresh link to her own data
)

// OptIn is a mail that has to go out. Whoever sends it rests it on Contract, since it was just asked for, and reports its
// Message-ID with Sent.
type OptIn struct {
	Kind        OptInKind
	Request     int64 // 0 for OptInData
	Customer    int64 // 0 for somebody we do not know yet
	Address     string
	Language    string
	Purposes    []Purpose
	TextVersion string
	Path        string // of the link, after the address of the site
	URL         string // the whole link, set by whoever knows the address
	Expires     time.Time
}

// SignUp is what somebody entered into a form.
type SignUp struct {
	Address     string // mail
	Purposes    []Purpose
	Language    string
	TextVersion string // of the words shown, see KeepText
	Form        string // where
	IP          string
}

// SignupSource is the name of the source of customers who signed up themselves.
const SignupSource = "signup"

// Request takes a sign-up in and returns the mail by which it has to be confirmed; nil if the address has had as many as it
// may. It does not tell whether the address is known. An address that cannot be one is an invalid fault, too many requests
// of one sender an unavailable one.
func Request(ctx context.Context, tx *store.Tx, s SignUp) (*OptIn, error) {
	address, ok := FoldAddress(Email, s.Address)
	if !ok {
		return nil, fault.New(fault.Invalid, "errors.mail", "text", s.Address).On("address")
	}
	if len(s.Purposes) == 0 {
		s.Purposes = []Purpose{Advertising}
	}
	slices.Sort(s.Purposes)
	s.Purposes = slices.Compact(s.Purposes)
	for _, p := range s.Purposes {
		probe := Entry{Channel: Email, Purpose: p, Kind: Granted, Address: address, TextVersion: s.TextVersion, Form: s.Form, IP: s.IP}
		if err := probe.check(); err != nil {
			return nil, err
		}
	}
	h, err := allow(ctx, tx, s.IP)
	if err != nil {
		return nil, err
	}
	sum := h.sum(Email, address)
	if ok, err := allowAddress(ctx, tx, OptInConfirm, sum); err != nil || !ok {
		return nil, err
	}
	if err := sweep(ctx, tx); err != nil {
		return nil, err
	}
	known, err := customer.ResolveMail(ctx, tx, address)
	if err != nil {
		return nil, err
	}
	o := &OptIn{Kind: OptInConfirm, Address: address, Language: s.Language, Purposes: s.Purposes, TextVersion: s.TextVersion, Expires: tx.Now.Add(confirmTime)}
	if len(known) > 0 {
		o.Customer = known[0]
	}
	o.Request, err = tx.InsertID(ctx, sqlAddRequest, o.Customer, string(Email), store.JSON(s.Purposes), address, sum, s.TextVersion, s.Form, s.Language, s.IP,
		"", clock.Micros(tx.Now), clock.Micros(o.Expires))
	if err != nil {
		return nil, err
	}
	links, err := OpenLinks(ctx, tx)
	if err != nil {
		return nil, err
	}
	o.Path = PathConfirm + links.sign(LinkConfirm, o.Request, "", "", o.Expires)
	return o, nil
}

// RequestData returns the mail with a fresh link to what is known of an address; nil if nothing is known of it or the
// last link is not a day old. Its errors are those of Request.
func RequestData(ctx context.Context, tx *store.Tx, s SignUp) (*OptIn, error) {
	address, ok := FoldAddress(Email, s.Address)
	if !ok {
		return nil, fault.New(fault.Invalid, "errors.mail", "text", s.Address).On("address")
	}
	h, err := allow(ctx, tx, s.IP)
	if err != nil {
		return nil, err
	}
	known, err := customer.ResolveMail(ctx, tx, address)
	if err != nil || len(known) == 0 {
		return nil, err
	}
	if ok, err := allowAddress(ctx, tx, OptInData, h.sum(Email, address)); err != nil || !ok {
		return nil, err
	}
	links, err := OpenLinks(ctx, tx)
	if err != nil {
		return nil, err
	}
	o := &OptIn{Kind: OptInData, Customer: known[0], Address: address, Language: s.Language, Expires: tx.Now.Add(dataTime)}
	o.Path = PathData + links.sign(LinkData, o.Customer, Email, address, o.Expires)
	return o, nil
}

func allow(ctx context.Context, tx *store.Tx, ip string) (*hasher, error) {
	install, err := customer.InstallKey(ctx, tx, true)
	if err != nil {
		return nil, err
	}
	h := newHasher(install)
	return h, allowSender(ctx, tx, h, ip)
}

// requestKept is how long a sign-up is kept. One that nobody confirmed is forgotten then, with the address in its mail: whoever
// typed it in may have been anybody.
const requestKept = 30 * 24 * time.Hour

// ForgetUnconfirmed deletes up to limit sign-ups that nobody confirmed within 30 days, and returns the Message-IDs of their mails,
// which are to be forgotten in the same transaction. more tells that there may be others.
func ForgetUnconfirmed(ctx context.Context, tx *store.Tx, limit int) (mails []string, more bool, err error) {
	rows, err := tx.Query(ctx, sqlUnconfirmed, clock.Micros(tx.Now.Add(-requestKept)), limit)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		var proof string
		if err := rows.Scan(&id, &proof); err != nil {
			return nil, false, err
		}
		if ids = append(ids, id); proof != "" {
			mails = append(mails, proof)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(ids) == 0 {
		return nil, false, err
	}
	_, err = tx.Exec(ctx, fmt.Sprintf(sqlForgetRequests, tx.Numbers("$1")), store.JSON(ids))
	return mails, len(ids) == limit, err
}

// sweep forgets sign-ups that are long over, and counts of long ago. Those nobody confirmed wait for ForgetUnconfirmed.
func sweep(ctx context.Context, tx *store.Tx) error {
	if _, err := tx.Exec(ctx, sqlSweepRequests, clock.Micros(tx.Now.Add(-requestKept))); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlSweepLimits, clock.Micros(tx.Now.Add(-limitKept)))
	return err
}

// Sent notes which mail carried a request's link: it is the proof of the double opt-in.
func Sent(ctx context.Context, tx *store.Tx, request int64, messageID string) error {
	if len(messageID) > maxText {
		messageID = messageID[:maxText]
	}
	_, err := tx.Exec(ctx, sqlSentRequest, request, messageID)
	return err
}

// request is a sign-up as it is kept.
type request struct {
	SignUp
	sum, proof           string
	created, expires     int64
	confirmed, withdrawn bool
}

func loadRequest(ctx context.Context, tx *store.Tx, id int64) (request, error) {
	var r request
	var purposes string
	err := tx.QueryRow(ctx, sqlRequest, id).Scan(&purposes, &r.Address, &r.sum, &r.TextVersion, &r.Form, &r.Language, &r.IP, &r.proof, &r.created,
		&r.expires, &r.confirmed, &r.withdrawn)
	if errors.Is(err, store.ErrNoRows) {
		return r, deadLink()
	}
	if err == nil {
		err = json.Unmarshal([]byte(purposes), &r.Purposes)
	}
	return r, err
}

// deadLink is all that anybody learns of a link that does not count.
func deadLink() error { return fault.New(fault.NotFound, "consent.dead_link") }

// Confirm ends a double opt-in: whoever holds the link holds the mailbox. Consent is granted and confirmed for every
// customer with that address; who has none becomes a customer. Confirming again changes nothing. A link that ran out, or
// whose address said no since it was asked for, is a notfound fault.
func Confirm(ctx context.Context, tx *store.Tx, link Link, ip string) (Link, error) {
	if link.Kind != LinkConfirm {
		return Link{}, deadLink()
	}
	r, err := loadRequest(ctx, tx, link.Subject)
	if err != nil {
		return Link{}, err
	}
	switch {
	case r.withdrawn || !r.confirmed && tx.Now.After(clock.Time(r.expires)):
		return Link{}, deadLink()
	case r.confirmed:
		return r.preferences(ctx, tx)
	}
	owners, err := r.owners(ctx, tx)
	if err != nil {
		return Link{}, err
	}
	var entries []Entry
	for _, owner := range owners {
		for _, p := range r.Purposes {
			granted := Entry{Customer: owner, Channel: Email, Purpose: p, Kind: Granted, Address: r.Address, TextVersion: r.TextVersion, Form: r.Form,
				Source: SourceSignUp, Proof: r.proof, IP: r.IP, At: clock.Time(r.created)}
			if granted.Proof == "" {
				granted.Proof = fmt.Sprint("double opt-in ", link.Subject)
			}
			confirmed := granted
			confirmed.Kind, confirmed.IP, confirmed.At = Confirmed, ip, tx.Now
			entries = append(entries, granted, confirmed)
		}
	}
	if _, err := Record(ctx, tx, entries); err != nil {
		return Link{}, err
	}
	now := clock.Micros(tx.Now)
	if _, err := tx.Exec(ctx, sqlConfirmRequest, link.Subject, now); err != nil {
		return Link{}, err
	}
	if _, err := tx.Exec(ctx, sqlForgetLimit, addressKey(OptInConfirm, r.sum)); err != nil {
		return Link{}, err
	}
	return Link{Kind: LinkPreferences, Subject: owners[0], Channel: Email, Hash: r.sum}, nil
}

// preferences is the link to what she chose, for after the confirmation.
func (r request) preferences(ctx context.Context, tx *store.Tx) (Link, error) {
	owners, err := customer.ResolveMail(ctx, tx, r.Address)
	if err != nil || len(owners) == 0 {
		return Link{}, errors.Join(err, deadLink())
	}
	return Link{Kind: LinkPreferences, Subject: owners[0], Channel: Email, Hash: r.sum}, nil
}

// maxOwners is for how many customers one address confirms at most.
const maxOwners = 20

// owners are the customers with the address; a new one where there is none.
func (r request) owners(ctx context.Context, tx *store.Tx) ([]int64, error) {
	owners, err := customer.ResolveMail(ctx, tx, r.Address)
	if err != nil || len(owners) > 0 {
		return owners[:min(len(owners), maxOwners)], err
	}
	source, err := customer.SourceID(ctx, tx, SignupSource)
	if err != nil {
		return nil, err
	}
	d := customer.Draft{Source: source, Emails: []customer.Email{{Address: r.Address}}, Fields: customer.Fields{"kind": customer.Person}}
	if r.Language != "" {
		d.Fields["language"] = r.Language
	}
	e, err := customer.Create(ctx, tx, d)
	return []int64{e.ID}, err
}
