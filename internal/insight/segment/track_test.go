package segment_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"stamm/internal/insight/segment"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
)

// same fails unless the members of each segment are whom a count finds, and what the feed told leads to them.
func (s *shop) same(ids ...int64) {
	s.Helper()
	for _, id := range ids {
		want := s.list(id)
		if diff := cmp.Diff(want, s.members(id), cmpopts.EquateEmpty()); diff != "" {
			s.Errorf("segment %d on %v (-list +members):\n%s", id, s.today(), diff)
		}
		told, _ := s.told(id)
		for _, who := range want {
			if !told[who] {
				s.Errorf("segment %d: the feed did not tell that %d is in", id, who)
			}
		}
		if len(told) != len(want) {
			s.Errorf("segment %d: the feed tells %d, there are %d", id, len(told), len(want))
		}
		if seg, err := s.book().Find(id); err != nil || seg.Size != int64(len(want)) || !seg.Filled {
			s.Errorf("segment %d: %+v, %v, want %d", id, seg, err, len(want))
		}
	}
}

// conditions are of every kind that matters to tracking: by changes, by time, by both, through other segments, never.
var conditions = []string{
	`country = DE`,
	`orders >= 2`,
	`days_since_order > 20`,
	`orders(last 30 d) >= 2 and revenue(last 30 d) > 150 EUR`,
	`days_since_order > 10 and days_since_order <= 25 and not (returns >= 1)`,
	`birthday within next 14 d or tag = "vip"`,
	`in segment "S2" and not in segment "S0"`,
	`customer_since anniversary within 5 d or orders(between today - 3 weeks and today - 1 week) = 1`,
	`value_rank < 40 % and orders >= 1`, // looked at once a day
	`band in (cooling, at_risk) or band changed(last 10 d)`,
	`probability fell(last 10 d) by 20 % or probability rose(since today - 3 weeks) by 50 %`,
	`at least 2 of (country in (DE, AT); orders(last 10 d) >= 1; average_order > 90 EUR; did(event = visit, last 7 d) >= 1)`,
}

// life is a random sequence of what happens to a shop.
type life struct {
	*shop
	r      *rand.Rand
	people []int64
}

func (l *life) step() {
	s, r := l.shop, l.r
	who := func() int64 { return l.people[r.IntN(len(l.people))] }
	cents := int64(1000 + 500*r.IntN(30))
	origin := feed.Origin(r.IntN(2))
	switch n := r.IntN(20); {
	case n < 2 || len(l.people) < 5:
		l.people = append(l.people, s.person(fmt.Sprintf("K%d", len(l.people)), customer.Fields{"name": "N", "country": []string{"DE", "AT", "CH"}[r.IntN(3)],
			"birthday": s.today().AddDays(-9000 + r.IntN(60)).String()}))
	case n < 9:
		s.docs++
		s.order(document.Order, fmt.Sprintf("A%d", s.docs), who(), s.today().AddDays(-r.IntN(40)), cents, origin)
	case n < 11 && s.docs > 0: // an order gets another customer, day or amount
		s.order(document.Order, fmt.Sprintf("A%d", 1+r.IntN(s.docs)), who(), s.today().AddDays(-r.IntN(40)), cents, origin)
	case n < 12:
		s.docs++
		s.order(document.CreditNote, fmt.Sprintf("R%d", s.docs), who(), s.today(), cents, origin)
	case n < 14:
		s.write(func(ctx context.Context, tx *store.Tx) error {
			if r.IntN(2) == 0 {
				_, err := customer.Tag(ctx, tx, who(), []string{"vip"}, nil)
				return err
			}
			_, err := customer.Tag(ctx, tx, who(), nil, []string{"vip"})
			return err
		})
	case n == 19: // a night's scoring
		s.write(func(ctx context.Context, tx *store.Tx) error {
			active := 1000 * r.IntN(10)
			id, band := who(), []string{"loyal", "cooling", "at_risk"}[r.IntN(3)]
			_, err := tx.Exec(ctx, `INSERT INTO score (customer, model, band, active, active_lo, active_hi, expected, value, worth, clv, clv_lo, clv_hi, at_risk, reasons)
				VALUES ($1, 1, $2, $3, 0, 0, 0, 0, 0, 0, 0, 0, 0, '[]') ON CONFLICT (customer) DO UPDATE SET band = excluded.band, active = excluded.active`, id, band, active)
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `INSERT INTO score_history (customer, day, model, band, active, clv) VALUES ($1, $2, 1, $3, $4, 0)
				ON CONFLICT (customer, day) DO UPDATE SET band = excluded.band, active = excluded.active`, id, int64(s.today()), band, active)
			if err != nil {
				return err
			}
			_, err = feed.Append(ctx, tx, feed.New{Kind: "test.scored", Rows: feed.Rows{"score": {{id, id}}, "score_history": {{id, id}}}})
			return err
		})
	case n < 15:
		s.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := customer.Change(ctx, tx, who(), customer.Patch{Fields: customer.Fields{"country": []string{"DE", "FR"}[r.IntN(2)], "excluded": []string{"", "internal"}[r.IntN(2)]}})
			return err
		})
	default:
		s.now = s.now.AddDate(0, 0, 1+r.IntN(3)*r.IntN(8))
	}
}

func TestMembersAreWhomACountFindsWhateverHappens(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		l := &life{shop: s, r: rand.New(rand.NewPCG(7, 11))}
		var ids []int64
		for i, text := range conditions {
			ids = append(ids, s.save(fmt.Sprintf("S%d", i), text, true))
		}
		for i := range 20 {
			for range 1 + l.r.IntN(5) {
				l.step()
			}
			switch i % 20 {
			case 7: // the warehouse is built anew, the tracker is another process
				if err := s.house.Rebuild(t.Context(), s.db); err != nil {
					t.Fatal(err)
				}
				s.tracker = segment.NewTracker(s.db, s.house, fields, nil)
			case 13: // another condition in the middle of a segment that others name
				b, tree := s.book(), s.parse(fmt.Sprintf("days_since_order > %d", 5+l.r.IntN(30)))
				s.write(func(ctx context.Context, tx *store.Tx) error {
					_, err := segment.Change(ctx, tx, b, ids[2], segment.Patch{Condition: &tree})
					return err
				})
			case 17:
				s.now = s.now.AddDate(0, 2, 0) // nobody was there for two months
			}
			s.sync()
			if err := s.tracker.Refresh(t.Context(), ids[8]); err != nil { // on demand, beside its once a day
				t.Fatal(err)
			}
			if s.same(ids...); t.Failed() {
				t.Fatalf("after %d rounds", i+1)
			}
		}
	})
}

func TestAKillAnywhereTellsNobodyTwiceAndMissesNobody(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		r := rand.New(rand.NewPCG(3, 5))
		l := &life{shop: s, r: r}
		ids := []int64{s.save("A", conditions[2], true), s.save("B", conditions[3], true)}
		kill := errors.New("killed")
		var kills int
		for range 12 {
			for range 6 {
				l.step()
			}
			if err := s.house.CatchUp(t.Context(), s.db); err != nil {
				t.Fatal(err)
			}
			for err := kill; err != nil; {
				s.tracker = segment.NewTracker(s.db, s.house, fields, nil)
				left := r.IntN(3)
				s.tracker.Interrupt(func() error {
					if left--; left < 0 && kills < 200 {
						kills++
						return kill
					}
					return nil
				})
				if err = s.tracker.CatchUp(t.Context()); err != nil && !errors.Is(err, kill) {
					t.Fatal(err)
				}
			}
			if s.same(ids...); t.Failed() {
				return
			}
		}
		if kills == 0 {
			t.Error("nothing was killed")
		}
	})
}
