package message

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"stamm/internal/platform/store"
)

// connect is one connection: it takes messages and sends them one after the other until feeding has ended.
func (s *Sender) connect(feeding context.Context) {
	c := connection{Sender: s}
	defer c.close()
	for {
		j := c.await(feeding)
		if j == nil {
			c.flush()
			return
		}
		c.send(feeding, j)
	}
}

// connection is what one goroutine has in its hands.
type connection struct {
	*Sender
	session Session
	done    *result // of the message before, not written yet
}

func (c *connection) close() {
	if c.session != nil {
		c.session.Close()
		c.session = nil
	}
}

// await returns the next message, the urgent ones first; nil when there will be none. Before it waits for long the last result is
// written, and a connection that waits too long is closed.
func (c *connection) await(feeding context.Context) *job {
	select {
	case j := <-c.urgent:
		return j
	default:
	}
	select {
	case j := <-c.urgent:
		return j
	case j := <-c.usual:
		return j
	case <-feeding.Done():
		return nil
	default:
	}
	c.flush()
	idle := time.NewTimer(idleTime)
	defer idle.Stop()
	for {
		select {
		case j := <-c.urgent:
			return j
		case j := <-c.usual:
			return j
		case <-feeding.Done():
			return nil
		case <-idle.C:
			c.close()
		}
	}
}

// flush writes the last result.
func (c *connection) flush() {
	if c.done != nil {
		c.ask(turn{done: c.done})
		c.done = nil
	}
}

// send has a message marked and sends it. What may not leave yet, or has no connection to leave by, goes back.
func (c *connection) send(feeding context.Context, j *job) {
	now := c.DB.Now()
	if at := c.Outlet.Ready(j.mail.To.Address, now); at.After(now) {
		if least := now.Add(leastPutOff); at.Before(least) {
			at = least
		}
		j.fate = fate{until: at, late: j.m.Late}
		c.ask(turn{done: c.done, gone: []*job{j}})
		c.done = nil
		return
	}
	if !c.dial(feeding) {
		c.ask(turn{done: c.done, gone: []*job{j}}) // at once, by whoever sends next
		c.done = nil
		return
	}
	said := c.ask(turn{done: c.done, next: j})
	c.done = nil
	if !said.send {
		return
	}
	out := c.session.Send(c.work, j.mail)
	c.done = &result{j, out}
	if out.State != Sent {
		// What is wrong may be the connection; the next message gets a fresh one.
		c.close()
		c.flush()
	}
}

// dial makes sure that there is a session; false when the Sender closes before there is one.
func (c *connection) dial(feeding context.Context) bool {
	for wait := firstPause; c.session == nil; wait = min(wait*2, lastPause) {
		session, err := c.Outlet.Dial(feeding)
		if err == nil {
			c.session = session
			break
		}
		if feeding.Err() != nil {
			return false
		}
		c.Log.Warn("messages: no connection to send by", "error", err)
		c.flush()
		pause(feeding, wait, nil)
	}
	return c.session != nil
}

// ask has a turn written and waits for the commit.
func (s *Sender) ask(t turn) answer {
	t.ack = make(chan answer, 1)
	s.turns <- t
	return <-t.ack
}

// mark writes the turns of the connections, many in one commit.
func (s *Sender) mark() {
	for first := range s.turns {
		s.commit(s.gather(first))
	}
}

// gather collects what waits. A commit costs as much with one turn as with many, so it waits a moment for the others, unless there are
// plenty already.
func (s *Sender) gather(first turn) []turn {
	batch := []turn{first}
	var over <-chan time.Time
	for len(batch) < s.Connections+3 {
		select {
		case t, open := <-s.turns:
			if !open {
				return batch
			}
			batch = append(batch, t)
			continue
		default:
		}
		if len(batch) >= s.plenty {
			return batch
		}
		if over == nil {
			over = time.After(gatherTime)
		}
		select {
		case t, open := <-s.turns:
			if !open {
				return batch
			}
			batch = append(batch, t)
		case <-over:
			return batch
		}
	}
	return batch
}

// commit writes a batch until it is written: a result that is known must not be lost because the database is away.
func (s *Sender) commit(batch []turn) {
	wait := firstPause
	for again := false; ; again = true {
		w, err := s.writeBatch(s.work, batch, again)
		if err == nil {
			s.settle(batch, w)
			return
		}
		if s.work.Err() != nil {
			for _, t := range batch {
				t.ack <- answer{}
			}
			return
		}
		s.Log.Error("messages: cannot write down what was sent; tried again", "error", err)
		pause(s.work, wait, nil)
		wait = min(wait*2, lastPause)
	}
}

// settle answers the connections and notes which claims are done with.
func (s *Sender) settle(batch []turn, w written) {
	s.mu.Lock()
	over := func(j *job) {
		if j.claim.left--; j.claim.left == 0 {
			s.settled = append(s.settled, j.claim)
		}
	}
	answers := make([]answer, len(batch))
	for i, t := range batch {
		if t.done != nil {
			over(t.done.job)
		}
		for _, j := range t.gone {
			over(j)
		}
		if t.next == nil {
			continue
		}
		if answers[i].send = w.ours[t.next.m.ID]; answers[i].send {
			delete(w.ours, t.next.m.ID) // it is named once, whoever else believes to have it
		} else {
			over(t.next)
		}
	}
	left := len(s.settled) > 0
	s.mu.Unlock()
	for i, t := range batch {
		t.ack <- answers[i]
	}
	if left {
		s.dropSettled(settledPause)
	}
}

// settleMissing notes that of a claim only so many are left: the others were erased or taken back before they were read.
func (s *Sender) settleMissing(c *claim, found int) {
	s.mu.Lock()
	missing := c.left > 0 && found < c.left
	c.left = min(c.left, found)
	if missing && c.left == 0 {
		s.settled = append(s.settled, c)
	}
	s.mu.Unlock()
	if missing {
		s.dropSettled(settledPause)
	}
}

// closable are the claims that are done with, once the last ones were dropped so long ago; whoever asks drops them.
func (s *Sender) closable(pause time.Duration) []*claim {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.settled) == 0 || time.Since(s.dropped) < pause {
		return nil
	}
	all := s.settled
	s.settled, s.dropped = nil, time.Now()
	return all
}

// settledPause is how long claims that are done with gather: each time they are dropped the feed tells of them, and whoever follows it has as much
// work with a few messages as with some thousands.
const settledPause = 1500 * time.Millisecond

// dropSettled drops the claims that are done with, unless some were dropped a moment ago.
func (s *Sender) dropSettled(pause time.Duration) {
	closing := s.closable(pause)
	if len(closing) == 0 {
		return
	}
	err := s.DB.Write(s.work, store.System(), func(tx *store.Tx) error {
		for _, c := range closing {
			if err := forgetClaim(s.work, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil { // tried again with the next claim, or found by the next process
		s.mu.Lock()
		s.settled = append(s.settled, closing...)
		s.mu.Unlock()
	}
}

// claimOf is a claim of a runner; nil when it has none.
func claimOf(ctx context.Context, tx *store.Tx, runner string) (*claim, error) {
	var c claim
	var ids string
	err := tx.QueryRow(ctx, sqlClaimOf, runner).Scan(&c.id, &ids)
	if errors.Is(err, store.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &c, json.Unmarshal([]byte(ids), &c.ids)
}
