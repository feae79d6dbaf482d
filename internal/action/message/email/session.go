package email

import (
	"context"
	"errors"
	"strings"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/fault"
)

// session writes and sends one mail after the other. It has buffers of its own and borrows a connection for each mail, so
// that there may be more sessions than relays allow connections.
type session struct {
	o       *Outlet
	encoder Encoder
	book    *book // that signers are of
	signers map[string]*Signer
	inner   message.Session // of the fallback, while there is no relay
	tokens  *tokens
}

// letter is a mail ready for the wire.
type letter struct {
	from, to address
	unicode  bool
	raw      []byte
	domain   string // of the receiver
}

// Close ends the session. The connections stay with the outlet.
func (s *session) Close() error {
	if s.inner != nil {
		return s.inner.Close()
	}
	return nil
}

// useFallback turns to the outlet that takes mails while there is no relay.
func (s *session) useFallback(ctx context.Context) (err error) {
	if s.inner != nil {
		return nil
	}
	if s.o.o.Fallback == nil {
		return fault.New(fault.Unavailable, "email.no_relay")
	}
	s.inner, err = s.o.o.Fallback.Dial(ctx)
	return err
}

// Send gives one mail to a relay and says what became of it. Own reasons in the outcome's text are keys of the
// catalogues, all others the relay's words. It asks ctx until the last dot of the mail is on the wire; from then on it
// waits for the answer, whatever happens.
func (s *session) Send(ctx context.Context, m *message.Mail) message.Outcome {
	if m.Err != nil {
		return message.Outcome{State: message.Failed, Text: fault.As(m.Err).Key}
	}
	s.o.refresh(ctx)
	if !s.o.hasRoads() {
		if err := s.useFallback(ctx); err != nil {
			return s.put(message.Outcome{Text: fault.As(err).Key}, time.Minute)
		}
		return s.inner.Send(ctx, m)
	}
	if s.inner != nil {
		s.inner.Close()
		s.inner = nil
	}
	l, err := s.write(m)
	if err != nil {
		return message.Outcome{State: message.Failed, Text: fault.As(err).Key}
	}
	for {
		out, again := s.try(ctx, m, &l)
		if !again {
			return out
		}
	}
}

// put makes an outcome that asks to try again after a while.
func (s *session) put(out message.Outcome, after time.Duration) message.Outcome {
	out.State, out.Retry = message.Queued, s.o.db.Now().Add(after)
	return out
}

// untried is put for a mail that no relay was asked to take.
func (s *session) untried(out message.Outcome, after time.Duration) message.Outcome {
	out.Untried = true
	return s.put(out, after)
}

// write makes the mail as it goes over the wire, signed where its domain signs.
func (s *session) write(m *message.Mail) (l letter, err error) {
	b := s.o.book.Load()
	if b != s.book {
		s.book, s.signers = b, map[string]*Signer{}
	}
	sender := b.byDomain[domainOf(m.From.Address)]
	if m.MessageID == "" {
		m.MessageID = s.tokens.messageID(m.ID, domainOf(m.From.Address))
	}
	if m.Date.IsZero() {
		m.Date = s.o.db.Now()
	}
	if l.raw, err = s.encoder.Encode(m); err != nil {
		return l, err
	}
	l.unicode = s.encoder.utf8
	to, _ := parseAddress(m.To.Address) // Encode has looked
	l.to, l.domain = to, domainOf(to.domain)
	back := m.Return
	switch {
	case back != "":
	case sender != nil && sender.ReturnDomain != "" && m.ID != 0:
		l.from = address{local: s.tokens.returnLocal(m.ID), domain: sender.ReturnDomain}
	default:
		back = m.From.Address
	}
	if back != "" {
		var ok bool
		if l.from, ok = parseAddress(back); !ok {
			return l, badAddress("return")
		}
		l.unicode = l.unicode || l.from.utf8
	}
	if sender == nil || sender.KeyKind == NoKey {
		return l, nil
	}
	signer := s.signers[sender.Domain]
	if signer == nil {
		if signer, err = NewSigner(sender.Domain, sender.Selector, sender.private); err != nil {
			return l, err
		}
		s.signers[sender.Domain] = signer
	}
	l.raw, err = signer.Sign(l.raw, s.o.db.Now())
	return l, err
}

// try gives the mail to one relay. again asks for another try at once: the connection had been closed while it waited, and
// nothing of the mail was sent.
func (s *session) try(ctx context.Context, m *message.Mail, l *letter) (out message.Outcome, again bool) {
	o := s.o
	r, t, wait := o.admit(ctx, l.domain)
	if r == nil {
		return s.untried(message.Outcome{Text: "email.limited"}, wait), false
	}
	defer o.through(t)
	out.Relay = r.relay.Name
	if wait > 0 && !sleep(ctx, wait) {
		o.giveBack(r)
		return s.untried(out, 0), false
	}
	c, fresh, err := o.connection(ctx, r)
	if err != nil {
		o.giveBack(r)
		return s.noConnection(ctx, r, out, err), false
	}
	if l.unicode && !c.smtputf8 || c.size > 0 && int64(len(l.raw)) > c.size {
		o.release(r, c, true)
		o.giveBack(r)
		out.State, out.Text = message.Failed, "email.no_smtputf8"
		if !l.unicode || c.smtputf8 {
			out.Text = "email.too_large_for_relay"
		}
		return out, false
	}
	if ctx.Err() != nil {
		o.release(r, c, true)
		o.giveBack(r)
		return s.untried(out, 0), false
	}
	at, err := c.transact(l.from, l.to, l.unicode, l.raw)
	o.release(r, c, usable(err))
	var refused refusal
	switch {
	case err == nil:
		o.accepted(ctx, r, l.domain, m.ID)
		out.State, out.Code = message.Sent, 250
	case errors.As(err, &refused):
		out.Code, out.Text = refused.code, refused.text
		out = s.refused(ctx, m, l, r, at, out)
	case at == stepSent:
		out.State, out.Text = message.Unclear, "email.no_answer"
	case !fresh:
		o.giveBack(r)
		return out, true
	default:
		out = s.noConnection(ctx, r, out, err)
	}
	return out, false
}

// noConnection is the outcome of a mail that found no connection.
func (s *session) noConnection(ctx context.Context, r *road, out message.Outcome, err error) message.Outcome {
	switch {
	case ctx.Err() != nil:
		return s.untried(out, 0)
	case errors.Is(err, errBusy):
		out.Text = "email.limited"
		return s.untried(out, patience)
	}
	out.Text = "email.no_connection"
	var refused refusal
	if errors.As(err, &refused) {
		out.Code, out.Text = refused.code, refused.text
	}
	s.o.putOffRelay(ctx, r, err.Error())
	return s.put(out, firstPause)
}

// refused is the outcome of a mail to which the relay said no.
func (s *session) refused(ctx context.Context, m *message.Mail, l *letter, r *road, at step, out message.Outcome) message.Outcome {
	if out.Code/100 == 5 {
		if at == stepMail && !strings.HasPrefix(out.Text, "5.3.4") && out.Code != 552 {
			s.o.refusedSender(ctx, r, out.Text)
		}
		out.State = message.Failed
		return out
	}
	if at == stepMail || out.Code == 421 {
		s.o.putOffRelay(ctx, r, out.Text)
		return s.put(out, firstPause)
	}
	s.o.putOffDomain(ctx, l.domain, out.Text)
	return s.put(out, s.o.later(m.ID))
}

// toleratedRefusals is how many mails in a row a relay may refuse for their sender before it gets a pause, so that a wrong
// setting does not burn a whole campaign at once.
const toleratedRefusals = 5

func (o *Outlet) refusedSender(ctx context.Context, r *road, answer string) {
	o.mu.Lock()
	begins := r.hold.refuse(o.elapsed(), toleratedRefusals)
	level := r.hold.level
	o.mu.Unlock()
	if begins {
		o.o.Log.Warn("a relay refuses the sender of every mail and gets a pause", "relay", r.relay.Name, "answer", answer)
		o.keep(ctx, relayKey(r.relay.ID), level, answer)
	}
}

// sleep waits; false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
