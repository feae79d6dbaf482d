package message_test

import (
	"context"
	"testing"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/consent"
)

// wishes puts what customer i chose into the database, by a link as it stands in a mail.
func wishes(t *testing.T, db *store.DB, id int64, i int, c consent.Choices) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		links, err := consent.OpenLinks(ctx, tx)
		if err != nil {
			return err
		}
		path := links.Preferences(id, consent.Email, mailOf(i))
		link, ok := links.Read(consent.LinkPreferences, path[len(consent.PathPreferences):], tx.Now)
		if !ok {
			t.Fatalf("no link: %s", path)
		}
		c.Purposes = []consent.Purpose{consent.Advertising}
		_, err = consent.Choose(ctx, tx, link, c, consent.SignUp{TextVersion: "de-1"})
		return err
	})
}

func TestTopicsAndFrequencyThatPeopleChoseAreKept(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		c := newClock(noon)
		db := storetest.Open(t, url, c.options())
		ids := customers(t, db, 5)
		agree(t, db, ids)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			for _, topic := range []string{"coffee", "coffee_machines"} {
				if err := consent.SetTopic(ctx, tx, consent.Topic{Code: topic, De: topic}); err != nil {
					return err
				}
			}
			return message.SaveRules(ctx, tx, message.Rules{KeepMails: 1}) // no budget of the company's own
		})
		wishes(t, db, ids[1], 1, consent.Choices{TopicsOff: []string{"coffee_machines"}})
		wishes(t, db, ids[2], 2, consent.Choices{TopicsOff: []string{"coffee"}})
		wishes(t, db, ids[3], 3, consent.Choices{Frequency: consent.OftenWeekly})
		wishes(t, db, ids[4], 4, consent.Choices{Frequency: consent.OftenMonthly})

		ask := func(measure int64, topic string, change func(*message.New)) (reasons []string) {
			t.Helper()
			var news []message.New
			for i, id := range ids {
				n := advert(measure, id, i)
				n.Ask.Topic = topic
				if change != nil {
					change(&n)
				}
				news = append(news, n)
			}
			for _, d := range plan(t, db, news...) {
				reasons = append(reasons, d.Reason)
				if d.Reason == message.ReasonOften && d.Gates.Stop() != message.GateBudget || d.Reason == consent.ReasonTopic && d.Gates.Stop() != message.GateLegal {
					t.Errorf("%s at %s", d.Reason, d.Gates.Stop())
				}
			}
			return reasons
		}
		is := func(about string, got []string, want ...string) {
			t.Helper()
			for i := range want {
				if got[i] != want[i] {
					t.Errorf("%s: reader %d: %q, want %q", about, i, got[i], want[i])
				}
			}
		}
		is("coffee", ask(1, "coffee", nil), "", "", "topic", "", "")
		is("coffee again", ask(2, "coffee_machines", nil), "", "topic", "", "frequency", "frequency")
		is("what the contract says", ask(3, "", func(n *message.New) { n.Ask.Basis = consent.Contract }), "", "", "", "", "")
		c.add(8 * 24 * time.Hour)
		is("a week later", ask(4, "", nil), "", "", "", "", "frequency")
		c.add(31 * 24 * time.Hour)
		is("a month later", ask(5, "", func(n *message.New) { n.NotBefore = c.now().Add(48 * time.Hour) }), "", "", "", "", "")
		is("before one that is planned", ask(6, "", nil), "", "", "", "frequency", "frequency")

		read(t, db, func(ctx context.Context, tx *store.Tx) error { // the ledger knows the topic, so that it is asked again before the mail leaves
			all, err := message.OfCustomer(ctx, tx, ids[0], 0, 10)
			if err == nil && all[len(all)-1].Ask.Topic != "coffee" {
				t.Errorf("%+v", all[len(all)-1].Ask)
			}
			return err
		})
	})
}
