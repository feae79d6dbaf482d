package campaign

import (
	"context"
	"errors"
	"slices"
	"strings"

	"stamm/internal/action/program"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// userOf is who acts, if it is a person; 0 otherwise.
func userOf(tx *store.Tx) int64 {
	if tx.Actor.Kind == "user" {
		return tx.Actor.ID
	}
	return 0
}

// values are the columns of what people edit, in the order of the statements.
func (c *Campaign) values() []any {
	return []any{c.Name, c.Goal, string(c.Purpose), string(c.Basis), c.Sender, c.Segment, store.JSON(c.Exclude), c.Language, store.JSON(c.Variants),
		c.Control, c.Window, c.Budget, store.JSON(c.Winner), store.JSON(c.Plan), string(c.Channel), store.JSON(c.Calls), c.Topic, store.JSON(c.Tracking)}
}

// Create drafts a campaign with its measure and sets its ID. Every mistake is told, joined.
func Create(ctx context.Context, tx *store.Tx, c *Campaign) error {
	c.complete()
	m, err := c.measure(ctx, tx)
	if err != nil {
		return err
	}
	if c.Measure, err = program.Create(ctx, tx, m); err != nil {
		return err
	}
	user := userOf(tx)
	args := append([]any{c.Measure}, c.values()...)
	if c.ID, err = tx.InsertID(ctx, sqlCreate, append(args, user, clock.Micros(tx.Now))...); err != nil {
		return err
	}
	c.State, c.Version, c.EditedBy, c.CreatedBy = Draft, 1, user, user
	return c.tell(ctx, tx, KindCreated, nil)
}

// measure is the measure of the campaign as it is now, without id.
func (c *Campaign) measure(ctx context.Context, tx *store.Tx) (program.Measure, error) {
	if err := c.check(); err != nil {
		return program.Measure{}, err
	}
	if err := c.checkTopic(ctx, tx); err != nil {
		return program.Measure{}, err
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return program.Measure{}, err
	}
	start := c.Plan.day(tx.Now, settings.Zone())
	return program.Measure{ID: c.Measure, Kind: program.KindCampaign, Name: c.Name, Goal: c.Goal, Segment: c.Segment, Owner: userOf(tx), Start: start,
		End: start.AddDays(1 + (c.Plan.Spread+c.Winner.Hours)/24), Window: c.Window, Outcome: c.Outcome, Control: c.Control, Arms: c.arms(), Budget: c.Budget}, nil
}

// checkTopic tells whether the topic is one that people can choose.
func (c *Campaign) checkTopic(ctx context.Context, tx *store.Tx) error {
	if c.Topic == "" {
		return nil
	}
	topics, err := consent.Topics(ctx, tx)
	if err == nil && !slices.ContainsFunc(topics, func(t consent.Topic) bool { return t.Code == c.Topic }) {
		err = fault.New(fault.Invalid, "errors.choice", "text", c.Topic).On("topic")
	}
	return err
}

// Change replaces what people edit of a draft. version is the one they saw: a campaign that somebody else changed meanwhile is a
// conflict. An approval no longer counts.
func Change(ctx context.Context, tx *store.Tx, id, version int64, edit func(*Campaign) error) (*Campaign, error) {
	c, err := Load(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	switch {
	case !c.Editable():
		return nil, fault.New(fault.Conflict, "campaign.error.not_draft")
	case version != 0 && version != c.Version:
		return nil, fault.New(fault.Conflict, "campaign.error.changed")
	}
	if err := edit(c); err != nil {
		return nil, err
	}
	c.complete()
	m, err := c.measure(ctx, tx)
	if err != nil {
		return nil, err
	}
	before, err := program.Load(ctx, tx, c.Measure)
	if err != nil {
		return nil, err
	}
	m.Owner = before.Owner
	if err := program.Change(ctx, tx, m); err != nil {
		return nil, err
	}
	args := append([]any{id}, c.values()...)
	if _, err := tx.Exec(ctx, sqlChange, append(args, userOf(tx), clock.Micros(tx.Now))...); err != nil {
		return nil, err
	}
	c.State, c.EditedBy = Draft, userOf(tx)
	c.Version++
	return c, c.tell(ctx, tx, KindChanged, nil)
}

func (c *Campaign) tell(ctx context.Context, tx *store.Tx, kind string, body map[string]any) error {
	_, err := feed.Append(ctx, tx, feed.New{Kind: kind, Subject: c.ID, Body: body})
	return err
}

// Ready tells what keeps a campaign from being sent, joined: contents that cannot be read, above all.
func (c *Campaign) Ready() error {
	var all []error
	for i := range c.Variants {
		v := &c.Variants[i]
		if len(v.Contents) == 0 {
			all = append(all, fault.New(fault.Invalid, "campaign.error.no_content", "variant", strings.ToUpper(v.Name)).On("content"))
		}
		for _, key := range v.Keys() {
			if c.ByPhone() {
				if _, err := compileScript(v.Contents[key]); err != nil {
					all = append(all, err)
				}
				continue
			}
			if _, err := Compile(v.Contents[key], languageOf(key)); err != nil {
				all = append(all, err)
				continue
			}
			if p := v.Contents[key].missingParts(); p != nil {
				all = append(all, p)
			}
		}
	}
	return errors.Join(all...)
}
