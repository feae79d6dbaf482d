package auth

import (
	"context"
	"errors"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// A wrong password costs nothing five times; then the account and the sender wait, twice as long each time, up to a
// quarter of an hour. After a day without a failure the count starts anew.
const (
	freeFailures   = 5
	senderFailures = 20 // a company behind one address has more than one forgetful person
	longestBlock   = 15 * time.Minute
	forgetAfter    = 24 * time.Hour
)

// Candidate is a login being tried.
type Candidate struct {
	Mail, Sender string
	User         *User  // nil when nobody has that address
	Stored       string // password hash; empty when there is none
}

// Try begins a login: it reads whom the address belongs to, or says how long to wait after too many failures.
func Try(ctx context.Context, tx *store.Tx, mail, sender string) (Candidate, error) {
	c := Candidate{Mail: foldMail(mail), Sender: sender}
	if len(c.Mail) > 254 {
		return c, fault.New(fault.Forbidden, "auth.wrong")
	}
	for _, key := range c.keys() {
		var until int64
		err := tx.QueryRow(ctx, sqlBlocked, key).Scan(&until)
		if err != nil && !errors.Is(err, store.ErrNoRows) {
			return c, err
		}
		if wait := clock.Time(until).Sub(tx.Now); err == nil && wait > 0 {
			return c, fault.New(fault.Unavailable, "auth.wait", "seconds", int64(wait/time.Second)+1)
		}
	}
	u, err := ByMail(ctx, tx, c.Mail)
	if fault.CodeOf(err) == fault.NotFound {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	c.User = u
	return c, tx.QueryRow(ctx, sqlPassword, u.ID).Scan(&c.Stored)
}

func (c Candidate) keys() []string { return []string{"mail:" + c.Mail, "sender:" + c.Sender} }

// Failed counts a wrong password. It returns the fault to show, which does not tell whether the account exists.
func Failed(ctx context.Context, tx *store.Tx, c Candidate) error {
	for i, key := range c.keys() {
		free := int64(freeFailures)
		if i == 1 {
			free = senderFailures
		}
		var n int64
		now := clock.Micros(tx.Now)
		err := tx.QueryRow(ctx, sqlFail, key, now, clock.Micros(tx.Now.Add(-forgetAfter))).Scan(&n)
		if err != nil {
			return err
		}
		if n >= free {
			wait := min(time.Second<<min(n-free, 12), longestBlock)
			if _, err := tx.Exec(ctx, sqlBlock, key, clock.Micros(tx.Now.Add(wait))); err != nil {
				return err
			}
		}
	}
	if c.User != nil {
		if _, err := feed.Append(ctx, tx, feed.New{Kind: "user.login_failed", Subject: c.User.ID}); err != nil {
			return err
		}
	}
	return nil
}

// Wrong is what a failed login is told.
func Wrong() error { return fault.New(fault.Forbidden, "auth.wrong") }

// Entered records a login that succeeded.
func Entered(ctx context.Context, tx *store.Tx, user int64, mail string) error {
	if _, err := tx.Exec(ctx, sqlForgive, "mail:"+foldMail(mail)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlEntered, user, clock.Micros(tx.Now)); err != nil {
		return err
	}
	_, err := feed.Append(ctx, tx, feed.New{Kind: "user.login", Subject: user})
	return err
}
