package message

import (
	"context"
	"slices"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// Gate is one question that a message has to pass.
type Gate string

// The gates, in the order in which they are asked.
const (
	GateLegal   Gate = "legal"   // may we write to this address for this purpose at all?
	GateControl Gate = "control" // was she drawn into a control group?
	GateHold    Gate = "hold"    // is she to be left in peace?
	GateBudget  Gate = "budget"  // has she heard from us often enough?
	GateQuiet   Gate = "quiet"   // is it a decent hour where she lives?
	GateAddress Gate = "address" // can the address be reached?
)

// gateCount is how many gates there are.
const gateCount = 6

// Gates are all gates, in their order.
func Gates() []Gate {
	return []Gate{GateLegal, GateControl, GateHold, GateBudget, GateQuiet, GateAddress}
}

// Verdict is what a gate said.
type Verdict byte

// The verdicts. After a stop the gates behind it are not asked.
const (
	Passed  Verdict = 'p'
	Stopped Verdict = 's'
	Waits   Verdict = 'w'
	Exempt  Verdict = 'x' // the gate table lets such messages pass by
	Unasked Verdict = '-'
)

// Verdicts is what all gates said, one letter each, in the order of Gates.
type Verdicts string

// Of is what one gate said.
func (v Verdicts) Of(g Gate) Verdict {
	i := slices.Index(Gates(), g)
	if i < 0 || i >= len(v) {
		return Unasked
	}
	return Verdict(v[i])
}

// Stop is the gate that stopped the message, "" for none.
func (v Verdicts) Stop() Gate {
	for i, g := range Gates() {
		if i < len(v) && Verdict(v[i]) == Stopped {
			return g
		}
	}
	return ""
}

// asked is the gate table: which gates a message has to pass, by the basis it asks for. Nothing else decides what is exempt,
// and no message that rests on consent or on the rule for existing customers ever is.
//
//	                        legal  control  hold  budget  quiet  address
//	advertising, surveys      x       x      x      x       x       x
//	contract                  x       x      –      x       x       x
//	contract, exempt          x       –      –      –       –       x     an order confirmation, a reply, an opt-in mail
//	legal duty                x       –      –      –       –       x     a notice that the law asks for
func asked(n New) [gateCount]bool {
	switch {
	case n.Ask.Basis == consent.LegalDuty, n.Ask.Basis == consent.Contract && n.Exempt:
		return [gateCount]bool{true, false, false, false, false, true}
	case n.Ask.Basis == consent.Contract:
		return [gateCount]bool{true, true, false, true, true, true}
	default:
		return [gateCount]bool{true, true, true, true, true, true}
	}
}

// sliceRows is how many messages are decided or written together.
const sliceRows = 1000

// Decide asks the gates about messages without writing anything; same length, same order. Messages to the same reader count
// against each other in order of their priority. The caller has drawn control groups among those whom Entitled lets pass.
func Decide(ctx context.Context, tx *store.Tx, news []New) ([]Decision, error) {
	d, err := newDecider(ctx, tx)
	if err != nil {
		return nil, err
	}
	all := make([]Decision, len(news))
	order := make([]int, len(news))
	for i := range news {
		all[i].New = news[i]
		order[i] = i
	}
	if slices.ContainsFunc(news, func(n New) bool { return n.Priority != news[0].Priority }) {
		slices.SortStableFunc(order, func(a, b int) int { return news[b].Priority - news[a].Priority })
	}
	for part := range slices.Chunk(order, sliceRows) {
		slice := make([]*Decision, len(part))
		for i, at := range part {
			slice[i] = &all[at]
		}
		if err := d.decide(ctx, tx, slice); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Entitled asks the first gate alone: among whom control groups are drawn. It is true for each message that has a legal basis.
func Entitled(ctx context.Context, tx *store.Tx, news []New) ([]bool, error) {
	all := make([]bool, len(news))
	for start := 0; start < len(news); start += sliceRows {
		part := make([]*Decision, min(sliceRows, len(news)-start))
		for i := range part {
			part[i] = &Decision{New: news[start+i]}
		}
		cs := newCases(part)
		if err := legal(ctx, tx, cs); err != nil {
			return nil, err
		}
		for i := range cs {
			all[start+i] = !cs[i].stopped
		}
	}
	return all, nil
}

// decider holds what is the same for all messages of a call.
type decider struct {
	rules Rules
	quiet *quiet
	used  *budget
	now   time.Time
	day   clock.Day
	is    presence
}

func newDecider(ctx context.Context, tx *store.Tx) (*decider, error) {
	rules, err := LoadRules(ctx, tx)
	if err != nil {
		return nil, err
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return nil, err
	}
	is, err := present(ctx, tx)
	if err != nil {
		return nil, err
	}
	return &decider{is: is, rules: rules, quiet: newQuiet(rules, settings), used: newBudget(rules), now: tx.Now, day: clock.DayOf(tx.Now, settings.Zone())}, nil
}

// acase is a message on its way through the gates.
type acase struct {
	*Decision
	asked   [gateCount]bool
	said    [gateCount]byte
	stopped bool
	folded  string // the address, once it was looked at
	tracked *bool  // see Message; asked together with the legal basis where it is not nil
}

func newCases(slice []*Decision) []acase {
	all := make([]acase, len(slice))
	for i, d := range slice {
		all[i] = acase{Decision: d, asked: asked(d.New)}
		for g := range all[i].said {
			all[i].said[g] = byte(Unasked)
		}
	}
	return all
}

// The places of the gates in their order.
const (
	atLegal = iota
	atControl
	atHold
	atBudget
	atQuiet
	atAddress
)

// open tells whether a gate is to be asked, and notes the exempt.
func (c *acase) open(gate int) bool {
	if c.stopped {
		return false
	}
	if !c.asked[gate] {
		c.said[gate] = byte(Exempt)
		return false
	}
	c.said[gate] = byte(Passed)
	return true
}

func (c *acase) stop(gate int, reason string) {
	c.said[gate], c.stopped, c.Reason = byte(Stopped), true, reason
}

// decide asks about at most sliceRows messages.
func (d *decider) decide(ctx context.Context, tx *store.Tx, slice []*Decision) error {
	cs := newCases(slice)
	if err := legal(ctx, tx, cs); err != nil {
		return err
	}
	for i := range cs {
		if c := &cs[i]; c.open(atControl) && (c.Arm == ReasonControl || c.Arm == ReasonGlobal) {
			c.stop(atControl, c.Arm)
		}
	}
	if err := held(ctx, tx, cs, d.is); err != nil {
		return err
	}
	places, err := placesOf(ctx, tx, cs)
	if err != nil {
		return err
	}
	// What the budget counts depends on when a message arrives, so the hour is found first and the verdicts keep their order.
	for i := range cs {
		if c := &cs[i]; !c.stopped {
			d.when(c, places[c.reader()])
		}
	}
	if err := d.used.ask(ctx, tx, cs, d); err != nil {
		return err
	}
	for i := range cs {
		if c := &cs[i]; c.open(atQuiet) && !c.Due.IsZero() && c.Due.After(c.NotBefore) {
			c.said[atQuiet] = byte(Waits)
		}
	}
	if err := reachable(ctx, tx, cs, places, d.is); err != nil {
		return err
	}
	for i := range cs {
		c := &cs[i]
		c.Gates, c.State = Verdicts(c.said[:]), Queued
		if c.stopped {
			c.State, c.Due, c.Late = Suppressed, time.Time{}, time.Time{}
		}
	}
	return nil
}

// when finds the time at which a message may arrive. A message for now keeps the zero time: it does not wait when the clock
// is put back.
func (d *decider) when(c *acase, p place) {
	if c.NotBefore.After(d.now) {
		c.Due = c.NotBefore
	}
	if !c.asked[atQuiet] {
		return
	}
	from := d.now
	if !c.Due.IsZero() {
		from = c.Due
	}
	open, until := d.quiet.window(p, from)
	c.Late = until
	if open.After(from) {
		c.Due = open
	}
}

// legal asks for the legal basis of each message, once for all that ask the same.
func legal(ctx context.Context, tx *store.Tx, cs []acase) error {
	byAsk := map[consent.Ask][]int{}
	for i := range cs {
		c := &cs[i]
		c.open(atLegal)
		if c.Address == "" {
			c.stop(atLegal, ReasonNoAddress)
			continue
		}
		ask := c.Ask
		ask.Channel = c.Channel
		byAsk[ask] = append(byAsk[ask], i)
	}
	for ask, list := range byAsk {
		to := make([]consent.Recipient, len(list))
		for k, i := range list {
			to[k] = consent.Recipient{Customer: cs[i].Customer, Address: cs[i].Address}
		}
		said, err := checkLegal(ctx, tx, ask, to, cs, list)
		if err != nil {
			return err
		}
		for k, i := range list {
			if said[k].Basis == "" {
				cs[i].stop(atLegal, said[k].Reason)
				continue
			}
			cs[i].Basis, cs[i].Entry = said[k].Basis, said[k].Entry
		}
	}
	return nil
}

// checkLegal asks for the legal basis of the cases at those places, and where they want to know it whether readers may be tracked.
func checkLegal(ctx context.Context, tx *store.Tx, ask consent.Ask, to []consent.Recipient, cs []acase, places []int) ([]consent.Verdict, error) {
	if cs[places[0]].tracked == nil {
		return consent.Check(ctx, tx, ask, to)
	}
	said, tracked, err := consent.CheckTracked(ctx, tx, ask, to)
	for k := range tracked {
		*cs[places[k]].tracked = tracked[k]
	}
	return said, err
}
