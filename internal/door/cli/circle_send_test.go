package cli_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

// connections to the mail server.
const (
	relayName   = "exim"
	connections = 4
)

// send has the real process send, kills it in the middle, has another one go on, decides about what is unclear as a person would who looks into
// the mailbox, and tells it to end.
func (c *circle) send() {
	beside := storetest.Open(c.T, c.db, store.Options{Log: slog.New(slog.DiscardHandler)})
	first := process(c.T, c.dir, "serve", "--db", c.db, "--addr", "127.0.0.1:0", "--log-level", "error")
	first.Stderr = os.Stderr
	if err := first.Start(); err != nil {
		c.Fatal(err)
	}
	c.await(beside, "some are sent", func(n message.Counts) bool { return n.Sent >= 10 })
	if err := first.Process.Kill(); err != nil {
		c.Fatal(err)
	}
	first.Wait()
	killed := c.counts(beside)
	if killed.Pending() == 0 {
		c.Errorf("it was killed too late: %+v", killed)
	}
	c.outlive(beside)
	second := process(c.T, c.dir, "serve", "--db", c.db, "--addr", "127.0.0.1:0", "--log-level", "error")
	second.Stderr = os.Stderr
	if err := second.Start(); err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { second.Process.Kill(); second.Wait() })
	after := c.await(beside, "all have left", func(n message.Counts) bool { return n.Planned > 0 && n.Pending() == 0 && n.Sent > killed.Sent })
	c.Logf("killed with %d sent, %d in hand; then %d unclear", killed.Sent, killed.Attempting, after.Unclear)
	if after.Unclear > connections {
		c.Errorf("%d are unclear, with %d connections", after.Unclear, connections)
	}
	arrived := map[string]bool{}
	for _, m := range c.server.Mails(c.T) {
		arrived[strings.ToLower(m.To)] = true
	}
	for _, m := range c.ledger(beside) {
		if m.State != message.Unclear {
			continue
		}
		as := "again"
		if arrived[m.Address] {
			as = "sent"
		}
		if out, err := process(c.T, c.dir, "message", "resolve", fmt.Sprint(m.ID), "--as", as, "--db", c.db).CombinedOutput(); err != nil {
			c.Fatalf("%v\n%s", err, out)
		}
	}
	c.await(beside, "everything is decided", func(n message.Counts) bool { return n.Pending() == 0 && n.Unclear == 0 })
	if err := second.Process.Signal(syscall.SIGTERM); err != nil {
		c.Fatal(err)
	}
	if err := second.Wait(); err != nil {
		c.Errorf("ending: %v", err)
	}
	c.messages = map[string]*message.Message{}
	for _, m := range c.ledger(beside) {
		c.messages[m.Address] = m
	}
}

// outlive has a minute pass on PostgreSQL, after which a process that gives no sign of life counts as dead there; the owner of an SQLite file
// knows at once.
func (c *circle) outlive(db *store.DB) {
	c.Helper()
	if db.Dialect() != store.Postgres {
		return
	}
	c.writeTo(db, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE message_claim SET until = 0`); err != nil {
			return err
		}
		_, err := jobs.Release(ctx, tx)
		return err
	})
}

func (c *circle) counts(db *store.DB) (n message.Counts) {
	c.Helper()
	err := db.Read(c.Context(), func(tx *store.Tx) (err error) {
		n, err = message.CountsOf(c.Context(), tx, c.campaign.Measure)
		return err
	})
	if err != nil {
		c.Fatal(err)
	}
	if n.Sum() != n.Planned {
		c.Errorf("%d planned, but the states add up to %d: %+v", n.Planned, n.Sum(), n)
	}
	return n
}

// await looks at the ledger, which another process writes, until it is as it should be.
func (c *circle) await(db *store.DB, what string, holds func(message.Counts) bool) message.Counts {
	c.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(2 * time.Minute); ; <-tick.C {
		n := c.counts(db)
		if holds(n) {
			return n
		}
		if time.Now().After(deadline) {
			c.Fatalf("not yet: %s: %+v", what, n)
		}
	}
}

func (c *circle) ledger(db *store.DB) (all []*message.Message) {
	c.Helper()
	err := db.Read(c.Context(), func(tx *store.Tx) (err error) {
		all, err = message.List(c.Context(), tx, message.Filter{Measure: &c.campaign.Measure, Limit: 100_000})
		return err
	})
	if err != nil {
		c.Fatal(err)
	}
	return all
}
