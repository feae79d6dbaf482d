package consent

import (
	"slices"
)

// The words of what a customer's consent comes to for a channel and purpose. They are the choices of the field consent in
// conditions.
const (
	StatusGranted     = "granted"           // proved consent
	StatusExisting    = "existing_customer" // § 7(3) UWG
	StatusUnconfirmed = "unconfirmed"       // granted without proof
	StatusWithdrawn   = "withdrawn"
	StatusObjected    = "objected"
)

// Statuses lists them, the one that allows most first.
func Statuses() []string {
	return []string{StatusGranted, StatusExisting, StatusUnconfirmed, StatusWithdrawn, StatusObjected}
}

// place is what one state is about.
type place struct {
	channel Channel
	purpose Purpose
	address string
	basis   Basis // empty for objections
}

// state is what the entries about one place come to.
type state struct {
	place
	status   Kind
	entry    int64
	own      bool // proved to us by the customer herself, not by a file
	document int64
	run      int64
	at       int64 // microseconds
}

// ledger is what the entries of one customer come to.
type ledger map[place]state

// apply takes an entry in. It is false for an entry that does not count and is not to be written: a file never brings back
// what was withdrawn or objected to.
func (l ledger) apply(e *Entry, at int64) bool {
	p := place{e.Channel, e.Purpose, e.Address, e.Basis}
	next := state{place: p, status: e.Kind, entry: e.ID, own: e.Run == 0 && e.proved(), document: e.Document, run: e.Run, at: at}
	switch e.Kind {
	case Withdrawn:
		l.withdraw(next)
		return true
	case Objected:
		l[p] = next
		return true
	}
	now, there := l[p]
	if e.Run != 0 && l.refuses(p, next) {
		return false
	}
	if e.proved() {
		next.status = Confirmed
	} else if there && now.status == Confirmed {
		return true // said again without proof: what was proved stays
	}
	l[p] = next
	return true
}

// refuses tells whether somebody said no to what a file wants to bring in. A file may carry her later yes after her own
// earlier no, but nothing overrules what we were told directly, nor any objection.
func (l ledger) refuses(p place, next state) bool {
	for _, s := range l {
		switch {
		case s.status == Objected && s.covers(p.channel, p.purpose, p.address):
			return true
		case s.status == Withdrawn && s.covers(p.channel, p.purpose, p.address) && (s.run == 0 || s.at >= next.at):
			return true
		}
	}
	return false
}

// withdraw ends every consent the withdrawal is about, and stands for itself where there was none. One without an address
// is about all addresses, one without a channel about all channels. One that a file tells ends no later consent.
func (l ledger) withdraw(w state) {
	later := func(s state) bool { return w.run != 0 && s.at > w.at }
	if s, there := l[w.place]; !there || !later(s) {
		l[w.place] = w
	}
	for p, s := range l {
		if s.status != Objected && p != w.place && p.basis == w.basis && w.covers(p.channel, p.purpose, p.address) && !later(s) {
			s.status, s.entry, s.own, s.run, s.at = Withdrawn, w.entry, w.own, w.run, w.at
			l[p] = s
		}
	}
}

// covers tells whether a no holds for a channel, purpose and address. An objection to advertising is one to surveys and to
// profiling for advertising as well (Art. 21(2) GDPR).
func (s state) covers(c Channel, p Purpose, address string) bool {
	return (s.channel == "" || s.channel == c) && (s.address == "" || s.address == address) &&
		(s.purpose == p || s.status == Objected && s.purpose == Advertising && (p == Surveys || p == Profiling))
}

// judge says what one customer's states come to for a channel, purpose and address. Only states of that channel and of
// all channels need to be among them.
func judge(states []state, a Ask, address string) Verdict {
	var no, withdrawn int64 // the last objection and the last withdrawal
	var best, existing *state
	for i := range states {
		s := &states[i]
		switch {
		case s.status == Objected:
			if s.covers(a.Channel, a.Purpose, address) {
				no = max(no, s.entry)
			}
		case s.status == Withdrawn:
			if s.covers(a.Channel, a.Purpose, address) {
				withdrawn = max(withdrawn, s.entry)
			}
		case s.basis == ExistingCustomer:
			if s.allows(a, address) && (existing == nil || s.entry > existing.entry) {
				existing = s
			}
		case s.allows(a, address) && (best == nil || better(s, best)):
			best = s
		}
	}
	switch {
	case best != nil && best.status == Confirmed && a.Basis != ExistingCustomer && (no == 0 || best.own && best.entry > no):
		return Verdict{Basis: Consent, Entry: best.entry}
	case existing != nil && a.Basis != Consent && no == 0 && existing.entry > withdrawn:
		return Verdict{Basis: ExistingCustomer, Entry: existing.entry}
	case no != 0:
		return Verdict{Entry: no, Reason: ReasonObjected}
	case best != nil && best.status == Granted && best.entry > withdrawn:
		return Verdict{Entry: best.entry, Reason: ReasonNotConfirmed}
	case withdrawn != 0:
		return Verdict{Entry: withdrawn, Reason: ReasonWithdrawn}
	}
	return Verdict{Reason: ReasonNone}
}

func better(s, than *state) bool {
	if (s.status == Confirmed) != (than.status == Confirmed) {
		return s.status == Confirmed
	}
	return s.entry > than.entry
}

// allows tells whether a yes is about what is asked. The existing-customer rule covers surveys too, which are advertising.
func (s *state) allows(a Ask, address string) bool {
	if s.basis == ExistingCustomer {
		return s.channel == a.Channel && s.address == address && (a.Purpose == Advertising || a.Purpose == Surveys)
	}
	if s.purpose != a.Purpose || s.channel != "" && s.channel != a.Channel {
		return false
	}
	return s.address == address || s.address == "" && s.channel != Email && s.channel != SMS && s.channel != Phone
}

// summary is what consent comes to for one channel and purpose over all addresses.
type summary struct {
	channel Channel
	purpose Purpose
	status  string
	at      int64 // microseconds, since when
}

// summaries are what one customer's states come to, for each channel and purpose something is known of.
func summaries(states []state) []summary {
	var all []summary
	for _, c := range Channels() {
		for _, p := range Purposes() {
			if s, known := summarize(states, c, p); known {
				all = append(all, s)
			}
		}
	}
	return all
}

func summarize(states []state, c Channel, p Purpose) (best summary, known bool) {
	rank := len(Statuses())
	addresses := []string{""}
	for _, s := range states {
		if s.address != "" && (s.channel == c || s.channel == "") && !slices.Contains(addresses, s.address) {
			addresses = append(addresses, s.address)
		}
	}
	for _, address := range addresses {
		v := judge(states, Ask{Channel: c, Purpose: p}, address)
		status := v.status()
		if r := slices.Index(Statuses(), status); status != "" && r < rank {
			rank = r
			best = summary{c, p, status, atOf(states, v.Entry)}
		}
	}
	return best, rank < len(Statuses())
}

// status is the word for a verdict, empty where nothing is known.
func (v Verdict) status() string {
	switch {
	case v.Basis == Consent:
		return StatusGranted
	case v.Basis == ExistingCustomer:
		return StatusExisting
	}
	switch v.Reason {
	case ReasonObjected:
		return StatusObjected
	case ReasonWithdrawn:
		return StatusWithdrawn
	case ReasonNotConfirmed:
		return StatusUnconfirmed
	}
	return ""
}

func atOf(states []state, entry int64) int64 {
	for _, s := range states {
		if s.entry == entry {
			return s.at
		}
	}
	return 0
}
