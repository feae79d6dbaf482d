package message

import (
	"context"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

// The windows of the contact budget, in days. A message on day d looks at the messages of the days d−6 and d−29 to d, and at
// those that are planned for as many days after it: nobody gets more within any week or month.
const (
	weekDays  = 7
	monthDays = 30
)

// contact is one message that counts.
type contact struct {
	channel consent.Channel
	day     clock.Day
}

// budget knows how often readers have heard from the company, and what was decided about them in this call.
type budget struct {
	rules   Rules
	off     bool
	added   map[int64][]contact
	channel map[consent.Channel]Limits
}

func newBudget(r Rules) *budget {
	b := &budget{rules: r, added: map[int64][]contact{}, channel: r.Channels, off: r.Week == 0 && r.Month == 0}
	for _, l := range r.Channels {
		b.off = b.off && l.Week == 0 && l.Month == 0
	}
	return b
}

// ask puts the question of the budget to the messages of a slice, in their order.
func (b *budget) ask(ctx context.Context, tx *store.Tx, cs []acase, d *decider) error {
	var readers []int64
	for i := range cs {
		if c := &cs[i]; c.open(atBudget) && c.reader() != 0 {
			readers = append(readers, c.reader())
		}
	}
	if len(readers) == 0 {
		return nil
	}
	wishes, err := wishesOf(ctx, tx, cs, d.is)
	if err != nil || b.off && len(wishes) == 0 {
		return err
	}
	had, err := contactsOf(ctx, tx, readers, d.day-monthDays)
	if err != nil {
		return err
	}
	for i := range cs {
		c := &cs[i]
		if c.said[atBudget] != byte(Passed) || c.reader() == 0 {
			continue
		}
		one := contact{c.Channel, d.dayOf(c.Decision)}
		if tooOften(wishes[i], one, had[c.reader()], b.added[c.reader()]) {
			c.stop(atBudget, ReasonOften)
			continue
		}
		if reason := b.over(one, c.Priority > 0, had[c.reader()], b.added[c.reader()]); reason != "" {
			c.stop(atBudget, reason)
			continue
		}
		b.added[c.reader()] = append(b.added[c.reader()], one)
	}
	return nil
}

// wishesOf are how often the readers of advertising among the messages want to hear from us at most, by place.
func wishesOf(ctx context.Context, tx *store.Tx, cs []acase, is presence) (map[int]string, error) {
	if !is.often {
		return nil, nil
	}
	var ids []int64
	for i := range cs {
		if c := &cs[i]; c.said[atBudget] == byte(Passed) && c.Ask.Basis != consent.Contract {
			ids = append(ids, c.Customer)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	often, err := consent.Often(ctx, tx, ids)
	if err != nil || len(often) == 0 {
		return nil, err
	}
	wishes := map[int]string{}
	for i := range cs {
		c := &cs[i]
		if c.said[atBudget] != byte(Passed) || c.Ask.Basis == consent.Contract {
			continue
		}
		folded, _ := consent.FoldAddress(c.Channel, c.Address)
		if wish := often[consent.Recipient{Customer: c.Customer, Address: folded}]; wish != "" {
			wishes[i] = wish
		}
	}
	return wishes, nil
}

// tooOften tells whether a message would be more than the reader chose: one within any 7 or 30 days, by whatever channel.
func tooOften(wish string, one contact, had ...[]contact) bool {
	within := clock.Day(0)
	switch wish {
	case consent.OftenWeekly:
		within = weekDays
	case consent.OftenMonthly:
		within = monthDays
	}
	for _, list := range had {
		for _, c := range list {
			if distance := one.day - c.day; max(distance, -distance) < within {
				return true
			}
		}
	}
	return false
}

// dayOf is the day on which a message counts.
func (d *decider) dayOf(c *Decision) clock.Day {
	if c.Due.IsZero() {
		return d.day
	}
	return clock.DayOf(c.Due, d.quiet.company.Zone())
}

// over says which part of the budget a message would break, "" for none.
func (b *budget) over(one contact, first bool, had ...[]contact) string {
	var total, own Limits
	for _, list := range had {
		for _, c := range list {
			distance := one.day - c.day
			if distance < 0 {
				distance = -distance
			}
			in := Limits{}
			if distance < weekDays {
				in.Week = 1
			}
			if distance < monthDays {
				in.Month = 1
			}
			total.Week, total.Month = total.Week+in.Week, total.Month+in.Month
			if c.channel == one.channel {
				own.Week, own.Month = own.Week+in.Week, own.Month+in.Month
			}
		}
	}
	reserve := b.rules.Reserve
	if first {
		reserve = 0
	}
	full := func(n, limit int) bool { return limit > 0 && n >= max(limit-reserve, 0) }
	channel := b.channel[one.channel]
	switch {
	case full(total.Week, b.rules.Week), full(own.Week, channel.Week):
		return ReasonWeek
	case full(total.Month, b.rules.Month), full(own.Month, channel.Month):
		return ReasonMonth
	}
	return ""
}

// contactsOf reads the messages that count to readers from a day on.
func contactsOf(ctx context.Context, tx *store.Tx, readers []int64, from clock.Day) (map[int64][]contact, error) {
	had := make(map[int64][]contact, len(readers))
	list := store.JSON(readers)
	texts := []string{sqlContacts}
	if found, err := some(ctx, tx, sqlAnyPerson); err != nil {
		return nil, err
	} else if found { // else nobody is the person of a company, and nothing need be looked up
		texts = append(texts, sqlContactsOfPersons)
	}
	for _, text := range texts {
		err := tx.Values(ctx, fmt.Sprintf(text, tx.Numbers("$1")), []any{list, int64(from)}, func(_ []string, row []any) error {
			reader, day := row[0].(int64), clock.Day(row[1].(int64))
			had[reader] = append(had[reader], contact{consent.Channel(row[2].(string)), day})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return had, nil
}
