package campaign_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/action/message"
	"stamm/internal/action/message/call"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// phones gives customers numbers; those below agreed have agreed to be called at the second one.
func (s *shop) phones(ids []int64, agreed int) {
	s.t.Helper()
	s.write(func(ctx context.Context, tx *store.Tx) error {
		for i, id := range ids {
			for n := range 2 {
				if _, err := customer.AddPhone(ctx, tx, id, customer.Phone{Written: number(i, n)}); err != nil {
					return err
				}
			}
			if i >= agreed {
				continue
			}
			if _, err := consent.Record(ctx, tx, []consent.Entry{{Customer: id, Channel: consent.Phone, Purpose: consent.Advertising, Kind: consent.Granted, Address: number(i, 1), Evidence: "Formular",
				Source: consent.SourcePerson}}); err != nil {
				return err
			}
		}
		return nil
	})
}

func number(i, n int) string { return fmt.Sprintf("+494012%d3456%02d", n, i) }

func TestACampaignByTelephoneMakesCallsAndEndsWithTheLast(t *testing.T) {
	each(t, 10, func(t *testing.T, s *shop) {
		var ids []int64
		s.read(func(ctx context.Context, tx *store.Tx) (err error) {
			ids, err = tx.QueryIDs(ctx, "SELECT id FROM customer ORDER BY id")
			return err
		})
		s.phones(ids, 4)
		c := s.draft(func(c *campaign.Campaign) {
			c.Channel, c.Control, c.Goal = consent.Phone, 0, "einladen"
			c.Variants[0].Contents = map[string]*campaign.Content{"de": {Script: "{{ customer.salutation }}, hier ist …"}, "en": {Script: "{{ customer.salutation }}, this is …"}}
		})
		trial, err := s.runner.Play(context.Background(), s.load(c.ID), nil)
		if err != nil || trial.Queued != 4 || trial.Gates()["legal"] != 6 {
			t.Fatalf("draft run: %+v, %v", trial, err)
		}
		s.write(func(ctx context.Context, tx *store.Tx) error { return campaign.Go(ctx, tx, c.ID) })
		s.pass(6 * time.Minute)
		s.work(c.ID, campaign.Sending, campaign.PhaseDrain)
		desk := &call.Desk{DB: s.db, Writers: map[string]call.Writer{campaign.Kind: s.composer}}
		if _, err := desk.Turn(context.Background()); err != nil {
			t.Fatal(err)
		}
		s.write(func(ctx context.Context, tx *store.Tx) error {
			due, err := call.Due(ctx, tx, tx.Now, call.Filter{Limit: 100})
			if len(due) != 4 {
				t.Errorf("%d calls are due, want 4", len(due))
			}
			for _, one := range due {
				m, err := message.Find(ctx, tx, one.Message)
				if err != nil {
					return err
				}
				script, err := s.composer.Script(ctx, tx, m)
				if err != nil || script.Err != nil || script.About != "Herbst" || !strings.Contains(script.Text, "Berg") || !strings.HasPrefix(m.Address, "+4940121") {
					t.Errorf("%s: %+v, %v", m.Address, script, err)
				}
				if _, err := call.Begin(ctx, tx, one.Message); err != nil {
					return err
				}
				if err := call.End(ctx, tx, one.Message, call.Result{Outcome: call.Interested}); err != nil {
					return err
				}
			}
			return err
		})
		s.pass(11 * time.Minute)
		s.work(c.ID, campaign.Done, campaign.PhaseDrain)
		if n := s.counts(c.Measure); n.Sent != 4 || n.Suppressed != 6 || n.Sum() != n.Planned {
			t.Errorf("%+v", n)
		}
	})
}

func TestStepsOfProgramsMayBeRepeated(t *testing.T) {
	each(t, 5, func(t *testing.T, s *shop) {
		c := s.draft(nil)
		take := func(step campaign.Step, repeated bool, state campaign.State) {
			t.Helper()
			s.write(func(ctx context.Context, tx *store.Tx) error {
				got, again, err := campaign.Take(ctx, tx, c.ID, step)
				if err == nil && (again != repeated || got.State != state) {
					t.Errorf("%s: %s, repeated %v; want %s, %v", step, got.State, again, state, repeated)
				}
				return err
			})
		}
		take(campaign.StepSend, false, campaign.Waiting)
		take(campaign.StepSend, true, campaign.Waiting)
		if err := s.writeAs(7, func(ctx context.Context, tx *store.Tx) error {
			_, _, err := campaign.Take(ctx, tx, c.ID, campaign.StepPause)
			return err
		}); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("paused before it began: %v", err)
		}
		s.pass(6 * time.Minute)
		s.work(c.ID, campaign.Sending, campaign.PhaseDrain)
		take(campaign.StepPause, false, campaign.Paused)
		take(campaign.StepPause, true, campaign.Paused)
		take(campaign.StepSend, true, campaign.Paused)
		take(campaign.StepResume, false, campaign.Sending)
		take(campaign.StepResume, true, campaign.Sending)
		take(campaign.StepCancel, false, campaign.Cancelled)
		take(campaign.StepCancel, true, campaign.Cancelled)
		if n := s.counts(c.Measure); n.Planned != 5 {
			t.Errorf("%d messages of 5 customers", n.Planned)
		}
	})
}
