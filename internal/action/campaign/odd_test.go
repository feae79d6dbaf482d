package campaign_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// british makes a segment of the customers in Britain, every tenth.
func (s *shop) british() (id int64) {
	s.write(func(ctx context.Context, tx *store.Tx) error {
		b, err := segment.Open(ctx, tx, fields)
		if err != nil {
			return err
		}
		tree, err := b.Parse("country = GB")
		if err != nil {
			return err
		}
		id, err = segment.Create(ctx, tx, b, segment.Draft{Name: "Britain", Condition: tree})
		return err
	})
	return id
}

// move has the customers in Britain move to another country.
func (s *shop) move(n int, country string) {
	b := customer.Batch{Fields: []string{customer.FieldExternalID, "country"}}
	for i := 3; i < n; i += 10 {
		b.Rows = append(b.Rows, []string{fmt.Sprint("K", i), country})
	}
	s.write(func(ctx context.Context, tx *store.Tx) (err error) {
		if b.Source, err = customer.SourceID(ctx, tx, "shop"); err != nil {
			return err
		}
		w, err := customer.Upsert(ctx, tx, b)
		if err != nil {
			return err
		}
		_, err = feed.Append(ctx, tx, feed.New{Kind: customer.KindChanged, Rows: w.Rows})
		return err
	})
}

// TestASegmentEmptiedBetween: emptied before the campaign begins, it writes to nobody and is over; emptied later, it writes to those it was meant for
// when it began.
func TestASegmentEmptiedBetween(t *testing.T) {
	each(t, 50, func(t *testing.T, s *shop) {
		britain := s.british()
		whom := func(c *campaign.Campaign) { c.Segment, c.Control = britain, 0 }
		early, late := s.draft(whom), s.draft(func(c *campaign.Campaign) { whom(c); c.Name = "Winter" })
		s.write(func(ctx context.Context, tx *store.Tx) error { return campaign.Go(ctx, tx, late.ID) })
		s.pass(6 * time.Minute)
		s.work(late.ID, campaign.Sending, campaign.PhaseDrain)
		planned := s.counts(late.Measure)
		if planned.Planned != 5 || planned.Queued == 0 {
			t.Fatalf("%+v", planned)
		}
		s.write(func(ctx context.Context, tx *store.Tx) error { return campaign.Go(ctx, tx, early.ID) })
		s.move(50, "FR")
		s.pass(6 * time.Minute)
		s.work(early.ID, campaign.Done, campaign.PhaseDrain)
		if c := s.counts(early.Measure); c.Planned != 0 || s.load(early.ID).Recipients != 0 {
			t.Errorf("written to, although nobody was in: %+v", c)
		}
		s.sendAll()
		if c := s.counts(late.Measure); c.Sent != planned.Queued || c.Sum() != planned.Planned {
			t.Errorf("%+v, planned %+v", c, planned)
		}
	})
}
