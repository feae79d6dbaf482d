package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/action/coupon"
	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/action/program"
	"stamm/internal/door/sim"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// coupons makes the coupons of the measures of the last year before their orders come in. What they cost stands with the measures
// already, because the shop credited it and the orders do not show it.
func (d *demo) coupons(ctx context.Context) error {
	return d.app.Store.Write(ctx, actor, func(tx *store.Tx) error {
		have, err := coupon.List(ctx, tx, 0, 100)
		if err != nil {
			return err
		}
		for _, c := range d.company.Coupons() {
			if slices.ContainsFunc(have, func(h *coupon.Coupon) bool { return h.Code == c.Code }) {
				continue
			}
			made := &coupon.Coupon{Name: c.Name, Kind: coupon.Value, Value: c.Cents, Currency: sim.Currency, Code: c.Code, Once: true, First: &c.First, Last: &c.Last}
			if err := coupon.Create(ctx, tx, made); err != nil {
				return err
			}
		}
		return nil
	})
}

// givenBack books what a measure did not have to bear after all: coupons of orders that were cancelled or came back.
func (d *demo) givenBack(ctx context.Context, m *pastMeasure) error {
	return d.app.Store.Write(ctx, actor, func(tx *store.Tx) error {
		id, err := couponNamed(ctx, tx, m.Name)
		if err != nil || id == 0 {
			return err
		}
		gift, err := coupon.Load(ctx, tx, id)
		if err != nil || gift.First == nil { // not one of those that came with the orders
			return err
		}
		spent, err := program.Spent(ctx, tx)
		if err != nil {
			return err
		}
		back := gift.Granted - spent[m.ID].ByKind[program.Coupon]
		if back == 0 {
			return nil
		}
		return program.Book(ctx, tx, program.Cost{Key: fmt.Sprint("demo:given back:", id), Measure: m.ID, Kind: program.Coupon, Amount: back, Day: *gift.Last, Note: "nicht eingelöst oder zurückgegeben"})
	})
}

// messages writes what a measure of the last year sent into the ledger of messages, and whom it left alone; where it was a campaign, with
// what readers did with it. Both stand in one transaction: an earlier demo that was stopped left either all of a part or nothing.
func (d *demo) messages(ctx context.Context, m *pastMeasure, c *campaign.Campaign) error {
	channel := consent.Email
	if d.company.ByPost(m.Name) {
		channel = consent.Post
	}
	for part := range slices.Chunk(m.past, program.MaxPast) {
		err := d.app.Store.Bulk(ctx, actor, func(tx *store.Tx) error {
			if err := hit.Relax(ctx, tx); err != nil {
				return err
			}
			past, err := d.pastMessages(ctx, tx, channel, part)
			if err != nil {
				return err
			}
			if c == nil {
				_, err = message.Adopt(ctx, tx, m.ID, channel, past)
				return err
			}
			for i := range past {
				past[i].Kind, past[i].Subject, past[i].Topic, past[i].After = campaign.Kind, c.ID, c.Topic, time.Duration(i)*mailEvery
			}
			ids, err := message.Adopt(ctx, tx, m.ID, channel, past)
			if err != nil {
				return err
			}
			hits, err := d.reads(ctx, tx, m, c, past, ids)
			if err != nil {
				return err
			}
			if err := hit.Record(ctx, tx, hits); err != nil {
				return err
			}
			_, err = hit.Tell(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mailEvery is the time between two mails of a campaign of the past.
const mailEvery = 200 * time.Millisecond

// pastMessages are the messages to customers of whom a mail address is known, or to all by post. They rest on what the ledger of consents
// knows, else on the rule for existing customers: all of them had bought.
func (d *demo) pastMessages(ctx context.Context, tx *store.Tx, channel consent.Channel, part []program.Past) ([]message.Past, error) {
	ids := make([]int64, len(part))
	for i, p := range part {
		ids[i] = p.Customer
	}
	buyers, err := customer.Buyers(ctx, tx, ids, part[0].Day)
	if err != nil {
		return nil, err
	}
	mails, err := consent.MainMails(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	to := make([]consent.Recipient, len(part))
	for i, id := range ids {
		to[i] = consent.Recipient{Customer: id, Address: mails[id]}
	}
	said, err := consent.Check(ctx, tx, consent.Ask{Channel: consent.Email, Purpose: consent.Advertising}, to)
	if err != nil {
		return nil, err
	}
	var past []message.Past
	for i, p := range part {
		m := message.Past{Customer: p.Customer, Arm: p.Arm, Address: mails[p.Customer], Basis: consent.ExistingCustomer, Day: p.Day}
		if of := buyers[p.Customer]; of != 0 {
			m.Customer, m.Person = of, p.Customer
		}
		switch {
		case channel != consent.Email:
			m.Address = ""
		case m.Address == "":
			continue
		case said[i].Basis != "":
			m.Basis, m.Entry = said[i].Basis, said[i].Entry
		}
		past = append(past, m)
	}
	return past, nil
}
