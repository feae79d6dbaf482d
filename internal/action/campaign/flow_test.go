package campaign_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/action/campaign"
	"stamm/internal/action/coupon"
	"stamm/internal/action/message"
	"stamm/internal/action/program"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

func TestADraftRunCountsWhoReadsForACompanyOnce(t *testing.T) {
	each(t, 10, func(t *testing.T, s *shop) {
		s.write(func(ctx context.Context, tx *store.Tx) error {
			firm, err := customer.Create(ctx, tx, customer.Draft{Fields: customer.Fields{"kind": string(customer.Company), "name": "Berg GmbH"}})
			if err != nil {
				return err
			}
			_, err = customer.AddContact(ctx, tx, customer.Contact{Company: firm.ID, Person: 1})
			return err
		})
		c := s.draft(func(c *campaign.Campaign) { c.Control = 0 })
		trial, err := s.runner.Play(context.Background(), s.load(c.ID), nil)
		if err != nil {
			t.Fatal(err)
		}
		s.write(func(ctx context.Context, tx *store.Tx) error { return campaign.Go(ctx, tx, c.ID) })
		s.pass(6 * time.Minute)
		s.work(c.ID, campaign.Sending, campaign.PhaseDrain)
		counts := s.counts(c.Measure)
		if counts.Planned != 10 || trial.Audience != counts.Planned || trial.Queued != counts.Queued || trial.Queued+sum(trial.Stopped) != trial.Audience {
			t.Errorf("the draft run says %+v, and it became %+v", trial, counts)
		}
	})
}

func TestACampaignGoesFromDraftToTheLastMessage(t *testing.T) {
	each(t, 100, func(t *testing.T, s *shop) {
		gift := &coupon.Coupon{Name: "Zehn", Kind: coupon.Percent, Value: 10_00}
		s.write(func(ctx context.Context, tx *store.Tx) error { return coupon.Create(ctx, tx, gift) })
		c := s.draft(func(c *campaign.Campaign) {
			for _, content := range c.Variants[0].Contents {
				content.Blocks = append([]campaign.Block{{Kind: campaign.Voucher, Coupon: gift.ID, Text: "{{ coupon.value }}"}}, content.Blocks...)
			}
		})
		trial, err := s.runner.Play(context.Background(), s.load(c.ID), nil)
		if err != nil {
			t.Fatal(err)
		}
		if trial.Audience != 100 || trial.Queued+sum(trial.Stopped) != 100 || trial.Stopped["legal.no_consent"] != 10 || trial.Stopped["control.control"] == 0 ||
			trial.Arms["a"] != trial.Queued || trial.Languages["en"]+trial.Languages["de"] != trial.Queued || trial.Languages["en"] == 0 || len(trial.Examples) != 20 {
			t.Errorf("draft run: %+v", trial)
		}
		s.write(func(ctx context.Context, tx *store.Tx) error { return campaign.Go(ctx, tx, c.ID) })
		s.pass(4 * time.Minute)
		if got := s.load(c.ID); got.State != campaign.Waiting || s.counts(c.Measure).Planned != 0 {
			t.Errorf("before its time: %s", got.State)
		}
		s.pass(2 * time.Minute)
		s.work(c.ID, campaign.Sending, campaign.PhaseDrain)
		counts := s.counts(c.Measure)
		if counts.Planned != 100 || counts.Queued != trial.Queued || counts.Reasons[message.Suppressed]["no_consent"] != 10 ||
			counts.Reasons[message.Suppressed]["control"] != trial.Stopped["control.control"] {
			t.Errorf("planned %+v, the draft run said %+v", counts, trial)
		}
		s.sendAll()
		s.pass(2 * time.Minute)
		s.work(c.ID, campaign.Done, campaign.PhaseDrain)
		if after := s.counts(c.Measure); after.Sent != trial.Queued || after.Sum() != 100 {
			t.Errorf("sent %+v", after)
		}
		s.read(func(ctx context.Context, tx *store.Tx) error {
			m, err := program.Load(ctx, tx, c.Measure)
			if err != nil || m.State != program.Done {
				t.Errorf("the measure is %+v, %v", m, err)
			}
			mails, err := message.Mails(ctx, tx, 0, 1000)
			if err != nil {
				return err
			}
			codes := map[string]bool{}
			for _, m := range mails {
				codes[codeIn(m.Mail.Text)] = true
				if !strings.Contains(m.Mail.HTML, "https://stamm.example/p/u/") || strings.Contains(m.Mail.HTML, "{{") {
					t.Errorf("%s", m.Mail.HTML)
				}
			}
			if int64(len(mails)) != trial.Queued || len(codes) != len(mails) {
				t.Errorf("%d mails with %d codes", len(mails), len(codes))
			}
			return nil
		})
	})
}

func sum(m map[string]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}

// codeIn is the code in a mail, with who may redeem it.
func codeIn(text string) string {
	for word := range strings.FieldsSeq(text) {
		if _, ok := coupon.Parse(word); ok {
			return word
		}
	}
	return ""
}

func TestAGoCanBeTakenBackPausedAndCancelled(t *testing.T) {
	each(t, 50, func(t *testing.T, s *shop) {
		c := s.draft(nil)
		conflict := func(about string, key string, fn func(context.Context, *store.Tx, int64) error) {
			t.Helper()
			err := s.writeAs(7, func(ctx context.Context, tx *store.Tx) error { return fn(ctx, tx, c.ID) })
			if f := fault.As(err); f == nil || f.Key != "campaign.error."+key {
				t.Errorf("%s: %v, want %s", about, err, key)
			}
		}
		do := func(fn func(context.Context, *store.Tx, int64) error) {
			t.Helper()
			s.write(func(ctx context.Context, tx *store.Tx) error { return fn(ctx, tx, c.ID) })
		}
		conflict("a draft", "not_waiting", campaign.Stop)
		conflict("a draft", "not_sending", campaign.Pause)
		conflict("a draft", "not_paused", campaign.Continue)
		do(campaign.Go)
		conflict("twice", "not_draft", campaign.Go)
		do(campaign.Stop)
		s.pass(time.Hour)
		do(campaign.Go) // the job of the first go must not send early
		s.pass(time.Minute)
		if got := s.load(c.ID).State; got != campaign.Waiting {
			t.Errorf("%s", got)
		}
		s.pass(5 * time.Minute)
		s.work(c.ID, campaign.Sending, campaign.PhaseDrain)
		do(campaign.Pause)
		s.sendNothing(c.Measure)
		do(campaign.Continue)
		do(campaign.Cancel)
		conflict("what is over", "over", campaign.Cancel)
		s.sendAll()
		if counts := s.counts(c.Measure); counts.Sent != 0 || counts.Planned != 50 || counts.Sum() != 50 || counts.Reasons[message.Suppressed][message.ReasonCancelled] == 0 {
			t.Errorf("%+v", counts)
		}
	})
}

// sendNothing makes sure that nothing of a measure leaves.
func (s *shop) sendNothing(measure int64) {
	s.t.Helper()
	before := s.counts(measure)
	if before.Queued == 0 {
		s.t.Fatal("nothing is pending")
	}
	out := &message.Sender{DB: s.db, Outlet: &message.Outbox{DB: s.db}, Composers: map[string]message.Composer{campaign.Kind: s.composer}, Connections: 2}
	if err := out.Start(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	out.Close(context.Background())
	if diff := cmp.Diff(before, s.counts(measure)); diff != "" {
		s.t.Error(diff)
	}
}

func TestASecondPersonAgreesToWhatIsSent(t *testing.T) {
	each(t, 10, func(t *testing.T, s *shop) {
		s.write(func(ctx context.Context, tx *store.Tx) error { return campaign.RequireApproval(ctx, tx, true) })
		c := s.draft(nil)
		wrong := func(user int64, key string, fn func(context.Context, *store.Tx, int64) error) {
			t.Helper()
			err := s.writeAs(user, func(ctx context.Context, tx *store.Tx) error { return fn(ctx, tx, c.ID) })
			if f := fault.As(err); f == nil || f.Key != "campaign.error."+key {
				t.Errorf("%v, want %s", err, key)
			}
		}
		wrong(7, "approval", campaign.Go)
		wrong(7, "second_person", campaign.Approve)
		approve := func() {
			t.Helper()
			if err := s.writeAs(8, func(ctx context.Context, tx *store.Tx) error { return campaign.Approve(ctx, tx, c.ID) }); err != nil {
				t.Fatal(err)
			}
		}
		approve()
		s.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := campaign.Change(ctx, tx, c.ID, 0, func(c *campaign.Campaign) error { c.Name = "Winter"; return nil })
			return err
		})
		wrong(7, "approval", campaign.Go) // it is not what was agreed to
		approve()
		s.write(func(ctx context.Context, tx *store.Tx) error { return campaign.Go(ctx, tx, c.ID) })
		s.write(func(ctx context.Context, tx *store.Tx) error { return campaign.Stop(ctx, tx, c.ID) })
		if got := s.load(c.ID).State; got != campaign.Approved {
			t.Errorf("%s", got)
		}
		err := s.writeAs(7, func(ctx context.Context, tx *store.Tx) error {
			_, err := campaign.Change(ctx, tx, c.ID, 1, func(*campaign.Campaign) error { return nil })
			return err
		})
		if f := fault.As(err); f == nil || f.Key != "campaign.error.changed" {
			t.Errorf("an edit of an old version: %v", err)
		}
	})
}

// twoVariants has a half get one of two variants, and the others two hours later the one after which more ordered.
func twoVariants(c *campaign.Campaign) {
	c.Variants = []campaign.Variant{{Name: "a", Share: 500, Contents: map[string]*campaign.Content{"de": letterOf("A")}},
		{Name: "b", Share: 500, Contents: map[string]*campaign.Content{"de": letterOf("B")}}}
	c.Winner = campaign.Winner{By: campaign.ByOrders, Test: 500, Hours: 2}
}

func TestNothingWinsBeforeTheTestHasLeft(t *testing.T) {
	each(t, 200, func(t *testing.T, s *shop) {
		c := s.draft(twoVariants)
		s.pass(11 * time.Hour) // when it begins, people sleep
		s.write(func(ctx context.Context, tx *store.Tx) error { return campaign.Go(ctx, tx, c.ID) })
		s.pass(6 * time.Minute)
		s.work(c.ID, campaign.Sending, campaign.PhaseTest)
		var last time.Time
		var b []int64
		s.read(func(ctx context.Context, tx *store.Tx) (err error) {
			if last, err = message.LastDue(ctx, tx, c.Measure); err != nil {
				return err
			}
			b, err = tx.QueryIDs(ctx, "SELECT customer FROM message WHERE measure = $1 AND arm = 'b' AND state = 'queued' ORDER BY id LIMIT 3", c.Measure)
			return err
		})
		if at := s.load(c.ID).DecideAt; last.Before(s.db.Now().Add(time.Hour)) || !at.Equal(last.Add(2*time.Hour)) {
			t.Fatalf("the last mails of the test leave at %v, and at %v it is over", last, at)
		}
		s.pass(last.Add(2*time.Hour + time.Minute).Sub(s.db.Now())) // and the relay took nothing all the while
		s.workUntil(c.ID, "the test goes on", func(c *campaign.Campaign) bool {
			return c.Phase == campaign.PhaseTest && c.DecideAt.Equal(s.db.Now().Add(2*time.Hour))
		})
		s.sendAll()
		s.order(b)
		s.pass(3 * time.Hour)
		s.work(c.ID, campaign.Sending, campaign.PhaseDrain)
		if won := s.load(c.ID).Won; won != "b" {
			t.Errorf("%q won", won)
		}
	})
}

func TestWhatDidBestGoesToTheRest(t *testing.T) {
	each(t, 200, func(t *testing.T, s *shop) {
		c := s.draft(twoVariants)
		s.write(func(ctx context.Context, tx *store.Tx) error { return campaign.Go(ctx, tx, c.ID) })
		s.pass(6 * time.Minute)
		s.work(c.ID, campaign.Sending, campaign.PhaseTest)
		first := s.counts(c.Measure)
		if n := s.load(c.ID).Undecided(first.Planned); n == 0 || n+first.Planned != 200 {
			t.Errorf("of 200, %d are planned and %d wait for what wins", first.Planned, n)
		}
		var b []int64
		s.read(func(ctx context.Context, tx *store.Tx) error {
			ids, err := tx.QueryIDs(ctx, "SELECT customer FROM message WHERE measure = $1 AND arm = 'b' AND state = 'queued' ORDER BY id LIMIT 3", c.Measure)
			b = ids
			return err
		})
		s.sendAll()
		s.order(b)
		s.pass(3 * time.Hour)
		s.work(c.ID, campaign.Sending, campaign.PhaseDrain)
		s.sendAll()
		s.pass(2 * time.Minute)
		s.work(c.ID, campaign.Done, campaign.PhaseDrain)
		got, counts := s.load(c.ID), s.counts(c.Measure)
		if got.Won != "b" || got.Undecided(counts.Planned) != 0 || counts.Planned != 200 || counts.Sent <= first.Queued || first.Queued == 0 {
			t.Errorf("won %q; first %+v, then %+v", got.Won, first, counts)
		}
		s.read(func(ctx context.Context, tx *store.Tx) error {
			mails, err := message.Mails(ctx, tx, 0, 1000)
			words := map[string]int64{}
			for _, m := range mails {
				words[m.Mail.Subject[len(m.Mail.Subject)-1:]]++
			}
			if words["A"]+words["B"] != counts.Sent || words["A"] == 0 || words["B"] <= counts.Sent-first.Queued {
				t.Errorf("%v", words)
			}
			return err
		})
	})
}

func TestAJobThatIsCutShortAnywhereProposesEverybodyOnce(t *testing.T) {
	each(t, 2500, func(t *testing.T, s *shop) {
		c := s.draft(nil)
		s.write(func(ctx context.Context, tx *store.Tx) error { return campaign.Go(ctx, tx, c.ID) })
		s.pass(6 * time.Minute)
		for cut := 1; s.load(c.ID).Phase != campaign.PhaseDrain; cut++ {
			if cut > 100 {
				t.Fatal("it does not come to an end")
			}
			s.cutShort(c.ID, cut)
		}
		counts := s.counts(c.Measure)
		if counts.Planned != 2500 || counts.Sum() != 2500 || s.load(c.ID).Recipients != 2500 {
			t.Errorf("%+v of %d", counts, s.load(c.ID).Recipients)
		}
		s.read(func(ctx context.Context, tx *store.Tx) error {
			var rows, people int64
			err := tx.QueryRow(ctx, "SELECT count(*), count(DISTINCT customer) FROM message WHERE measure = $1", c.Measure).Scan(&rows, &people)
			if rows != 2500 || people != 2500 {
				t.Errorf("%d messages to %d", rows, people)
			}
			return err
		})
	})
}

// past brings in a measure of some days ago, with everybody but the last two in group a.
func (s *shop) past(m program.Measure, ids []int64) int64 {
	s.t.Helper()
	s.write(func(ctx context.Context, tx *store.Tx) (err error) {
		if m.ID, err = program.Adopt(ctx, tx, m); err != nil {
			return err
		}
		var draws []program.Past
		for i, id := range ids {
			p := program.Past{Assigned: program.Assigned{Customer: id, Arm: "a", Probability: .8}, Day: m.Start}
			if i >= len(ids)-2 {
				p.Arm, p.Probability = program.Control, .2
			}
			draws = append(draws, p)
		}
		_, err = program.AdoptDraws(ctx, tx, m.ID, draws)
		return err
	})
	return m.ID
}

func (s *shop) ids() (ids []int64) {
	s.t.Helper()
	s.read(func(ctx context.Context, tx *store.Tx) (err error) {
		ids, err = tx.QueryIDs(ctx, "SELECT id FROM customer ORDER BY id")
		return err
	})
	return ids
}

func TestACampaignOfThePastStandsInTheLedgerAndSendsNothing(t *testing.T) {
	each(t, 10, func(t *testing.T, s *shop) {
		ids, day := s.ids(), clock.DayOf(noon, time.UTC)
		held := program.Measure{Name: "Winter", Start: day.AddDays(-60), End: day.AddDays(-58), Window: 30, Outcome: program.Orders, Control: 200}
		held.ID = s.past(held, ids)
		s.write(func(ctx context.Context, tx *store.Tx) error {
			return consent.SetTopic(ctx, tx, consent.Topic{Code: "news", De: "Neues"})
		})
		winter := func() *campaign.Campaign {
			return &campaign.Campaign{Measure: held.ID, Name: "Winter", Language: "de", Topic: "news",
				Variants: []campaign.Variant{{Name: "a", Share: 1000, Contents: map[string]*campaign.Content{"de": letterOf("Winter"), "en": letterOf("Winter")}}}}
		}
		refused := func(about string, change func(*campaign.Campaign), key string) {
			t.Helper()
			c := winter()
			change(c)
			err := s.writeAs(7, func(ctx context.Context, tx *store.Tx) error { return campaign.Adopt(ctx, tx, c, 10) })
			if f := fault.As(err); f == nil || f.Key != key {
				t.Errorf("%s: %v, want %s", about, err, key)
			}
		}
		plan := s.draft(nil)
		refused("the measure of a draft", func(c *campaign.Campaign) { c.Measure = plan.Measure }, "campaign.error.not_held")
		refused("a topic that is none", func(c *campaign.Campaign) { c.Topic = "tea" }, "errors.choice")

		c := winter()
		adopt := func() (numbers []int64) {
			t.Helper()
			s.write(func(ctx context.Context, tx *store.Tx) error {
				if err := campaign.Adopt(ctx, tx, c, 10); err != nil {
					return err
				}
				keys, err := c.ContentFor(ctx, tx, &c.Variants[0], append(ids[:5:5], 4711))
				if want := []string{"de", "de", "de", "en", "de", ""}; err != nil || !cmp.Equal(keys, want) {
					t.Errorf("contents %v, want %v: %v", keys, want, err)
				}
				var past []message.Past
				for i, id := range ids {
					p := message.Past{Customer: id, Arm: "a", Basis: consent.Consent, Day: held.Start, Kind: campaign.Kind, Subject: c.ID, Topic: c.Topic}
					if i >= len(ids)-2 {
						p.Arm = program.Control
					}
					past = append(past, p)
				}
				numbers, err = message.Adopt(ctx, tx, held.ID, consent.Email, past)
				return err
			})
			return numbers
		}
		if numbers := adopt(); slices.Contains(numbers, 0) {
			t.Errorf("of all that is new: %v", numbers)
		}
		got, counts, id := s.load(c.ID), s.counts(held.ID), c.ID
		if got.State != campaign.Done || got.Topic != "news" || got.Outcome != program.Orders || got.Control != 200 || got.Window != 30 || got.Recipients != 10 || !got.ChangedAt.Before(noon) {
			t.Errorf("%+v", got)
		}
		if counts.Planned != 10 || counts.Sum() != 10 || counts.Sent != 8 || counts.Reasons[message.Suppressed]["control"] != 2 {
			t.Errorf("the ledger: %+v", counts)
		}
		s.sendAll()
		if mails := s.sentMails(); len(mails) != 0 {
			t.Errorf("%d mails of the past left", len(mails))
		}
		c = winter()
		c.Name = "Winter again"
		if numbers := adopt(); c.ID != id || slices.Max(numbers) != 0 {
			t.Errorf("twice: campaign %d after %d, messages %v", c.ID, id, numbers)
		}
		if again, n := s.load(id), s.counts(held.ID); again.Name != "Winter" || again.Version != got.Version || !cmp.Equal(n, counts) {
			t.Errorf("twice: %+v, %+v", again, n)
		}
	})
}

func TestCallsOfACampaignOfThePastAreProposedOnce(t *testing.T) {
	each(t, 10, func(t *testing.T, s *shop) {
		ids, day := s.ids(), clock.DayOf(noon, time.UTC)
		s.phones(ids, len(ids))
		measure := s.past(program.Measure{Name: "Anrufe", Start: day.AddDays(-3), End: day.AddDays(20), Control: 200}, ids)
		c := &campaign.Campaign{Measure: measure, Name: "Anrufe", Channel: consent.Phone, Language: "de",
			Variants: []campaign.Variant{{Name: "a", Share: 1000, Contents: map[string]*campaign.Content{"de": {Script: "Guten Tag"}}}}}
		for range 2 {
			s.write(func(ctx context.Context, tx *store.Tx) error {
				if err := campaign.Adopt(ctx, tx, c, 10); err != nil {
					return err
				}
				return c.Propose(ctx, tx, ids)
			})
			n := s.counts(measure)
			if n.Planned != 10 || n.Sum() != 10 || n.Queued != 8 || n.Reasons[message.Suppressed]["control"] != 2 {
				t.Errorf("%+v", n)
			}
		}
		if got := s.load(c.ID); got.State != campaign.Sending || got.Phase != campaign.PhaseDrain {
			t.Errorf("%s in %q", got.State, got.Phase)
		}
	})
}
