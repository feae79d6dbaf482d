package campaign

import (
	"context"
	"time"

	"stamm/internal/action/hit"
	"stamm/internal/action/program"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// KindAdopted is appended to the feed when a campaign is brought in that went out before Stamm knew it.
const KindAdopted = "campaign.adopted"

// adoptedLead is how long before its first day an adopted campaign counts as written.
const adoptedLead = 3 * 24 * time.Hour

// Adopt brings in a campaign whose measure was held before Stamm knew it (program.Adopt) and sets its ID. recipients is how many customers
// were found for it. It is done when its measure is; one by telephone whose measure is still running goes on calling. Its messages are
// brought in with message.Adopt under Kind and the id, or proposed as those of any campaign. The campaign of a measure that has one
// already is left as it is, and its ID is set.
func Adopt(ctx context.Context, tx *store.Tx, c *Campaign, recipients int64) error {
	m, err := program.Load(ctx, tx, c.Measure)
	if err != nil {
		return err
	}
	if m.State != program.Running && m.State != program.Done {
		return fault.New(fault.Conflict, "campaign.error.not_held")
	}
	if id, err := OfMeasure(ctx, tx, c.Measure); err != nil || id > 0 {
		c.ID = id
		return err
	}
	c.complete()
	c.Control, c.Window, c.Budget, c.Outcome = m.Control, m.Window, m.Budget, m.Outcome
	if err := c.check(); err != nil {
		return err
	}
	if err := c.checkTopic(ctx, tx); err != nil {
		return err
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	began := m.Start.Start(settings.Zone())
	user := userOf(tx)
	args := append([]any{c.Measure}, c.values()...)
	if c.ID, err = tx.InsertID(ctx, sqlCreate, append(args, user, clock.Micros(began.Add(-adoptedLead)))...); err != nil {
		return err
	}
	c.Version, c.EditedBy, c.CreatedBy, c.Recipients = 1, user, user, recipients
	if _, err := tx.Exec(ctx, sqlFound, c.ID, recipients, 0); err != nil {
		return err
	}
	state := Done
	if c.ByPhone() && m.State == program.Running {
		state = Sending
		if err := c.phase(ctx, tx, PhaseDrain, nil); err != nil {
			return err
		}
		if err := c.enqueue(ctx, tx, "end", lookAtCalls.Microseconds()); err != nil {
			return err
		}
	}
	changed := tx.Now
	if state == Done {
		if ended := m.Start.AddDays(1).Start(settings.Zone()); ended.Before(changed) {
			changed = ended
		}
	}
	if _, err := tx.Exec(ctx, sqlState, c.ID, string(state), nil, clock.Micros(changed)); err != nil {
		return err
	}
	c.State = state
	return c.tell(ctx, tx, KindAdopted, nil)
}

// OfMeasure is the number of the campaign of a measure, 0 where it has none.
func OfMeasure(ctx context.Context, tx *store.Tx, measure int64) (int64, error) {
	ids, err := tx.QueryIDs(ctx, sqlOfMeasure, measure)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return ids[0], nil
}

// Places are what can be hit in the mails of a content: the picture at their end first, then the links in their order, as far as they are the
// same for everybody. They are those that the Composer leads through our own site.
func (c *Campaign) Places(v *Variant, key string) []hit.Link {
	common := hit.Link{Measure: c.Measure, Arm: v.Name, Content: key, Channel: consent.Email}
	open := common
	open.Kind = hit.Open
	all := []hit.Link{open}
	v.Contents[key].each(func(_ string, b *Block) {
		if b.Kind != Button || b.URL == "" {
			return
		}
		link := common
		link.Kind, link.Position, link.Target = hit.Click, len(all), withParameters(b.URL, c.parameters(v.Name))
		all = append(all, link)
	})
	for i := range all {
		all[i].Identify()
	}
	return all
}

// Propose decides about customers of an adopted campaign whose groups are known, at the time of the transaction, and records what the gates
// say; at most about 1,000 at a time.
func (c *Campaign) Propose(ctx context.Context, tx *store.Tx, customers []int64) error {
	return c.proposeTo(ctx, tx, customers)
}

// ContentFor tells which content of a variant each of some people gets; empty for those who are not there any more.
func (c *Campaign) ContentFor(ctx context.Context, tx *store.Tx, v *Variant, people []int64) ([]string, error) {
	known, err := readersOf(ctx, tx, people)
	if err != nil {
		return nil, err
	}
	keys := make([]string, len(people))
	for i, id := range people {
		if r := known[id]; r != nil {
			keys[i], _ = v.Pick(r.Language, string(r.AddressForm), c.Language)
		}
	}
	return keys, nil
}
