package campaign_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/action/message"
	"stamm/internal/action/program"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"
	"stamm/internal/platform/warehouse/warehousetest"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/product"
)

// noon is a working day in Hamburg, 12:00.
var noon = time.Date(2026, 3, 3, 11, 0, 0, 0, time.UTC)

// shop is a company with customers, a warehouse that follows, and jobs that run.
type shop struct {
	t        testing.TB
	db       *store.DB
	micros   *atomic.Int64
	runner   *campaign.Runner
	composer *campaign.Composer
	house    *warehouse.DB
}

func fields(context.Context, *store.Tx) (*filter.Catalogue, error) {
	return filter.NewCatalogue("EUR", customer.Projection().Fields, document.Projection().Fields)
}

// each runs a test on both databases with n customers, of whom all but the last tenth agreed to advertising.
func each(t *testing.T, n int, fn func(t *testing.T, s *shop)) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		micros := &atomic.Int64{}
		micros.Store(noon.UnixMicro())
		db := storetest.Open(t, url, store.Options{Now: func() time.Time { return clock.Time(micros.Load()) }})
		house := warehousetest.Open(t, company.Projection(), customer.Projection(), product.Projection(), document.Projection(), segment.Projection(), program.Projection())
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- house.Follow(ctx, db) }()
		t.Cleanup(func() { stop(); <-done })
		open := func(context.Context) (*warehouse.DB, error) { return house, nil }
		s := &shop{t: t, db: db, micros: micros, runner: &campaign.Runner{DB: db, House: open, Fields: fields},
			composer: &campaign.Composer{House: open, Site: "https://stamm.example"}, house: house}
		s.customers(n)
		s.seen("customer", n)
		fn(t, s)
	})
}

// seen waits until the warehouse has so many rows of a table: on PostgreSQL a transaction of another test may hide the newest rows for a while.
func (s *shop) seen(table string, n int) {
	s.t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); ; {
		var found int
		if err := s.house.Reach(context.Background(), s.db); err != nil && !errors.Is(err, warehouse.ErrBehind) {
			s.t.Fatal(err)
		}
		if err := s.house.QueryRowContext(context.Background(), "SELECT count(*) FROM "+table).Scan(&found); err != nil {
			s.t.Fatal(err)
		}
		if found == n {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the warehouse has %d of %d rows of %s", found, n, table)
		}
		<-time.After(10 * time.Millisecond)
	}
}

func (s *shop) write(fn func(context.Context, *store.Tx) error) {
	s.t.Helper()
	if err := s.writeAs(7, fn); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) writeAs(user int64, fn func(context.Context, *store.Tx) error) error {
	ctx := context.Background()
	return s.db.Write(ctx, store.Actor{Kind: "user", ID: user}, func(tx *store.Tx) error { return fn(ctx, tx) })
}

func (s *shop) read(fn func(context.Context, *store.Tx) error) {
	s.t.Helper()
	ctx := context.Background()
	if err := s.db.Read(ctx, func(tx *store.Tx) error { return fn(ctx, tx) }); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) customers(n int) {
	for from := 0; from < n; from += customer.MaxRows {
		s.some(from, min(n, from+customer.MaxRows), n*9/10)
	}
}

// some makes the customers from one number up to another; those below agreed have agreed to advertising.
func (s *shop) some(from, to, agreed int) {
	b := customer.Batch{Fields: []string{customer.FieldExternalID, "first_name", "last_name", "salutation", customer.FieldEmail, "country", "language"}}
	for i := from; i < to; i++ {
		country, language := "DE", "de"
		if i%10 == 3 {
			country, language = "GB", "en"
		}
		b.Rows = append(b.Rows, []string{fmt.Sprint("K", i), fmt.Sprint("Anna", i), fmt.Sprint("Berg", i), "ms", fmt.Sprintf("kunde%d@example.de", i), country, language})
	}
	s.write(func(ctx context.Context, tx *store.Tx) (err error) {
		if b.Source, err = customer.SourceID(ctx, tx, "shop"); err != nil {
			return err
		}
		w, err := customer.Upsert(ctx, tx, b)
		if err != nil {
			return err
		}
		var entries []consent.Entry
		for i, o := range w.Outcomes {
			if from+i < agreed {
				entries = append(entries, consent.Entry{Customer: o.ID, Channel: consent.Email, Purpose: consent.Advertising, Kind: consent.Confirmed,
					Address: b.Rows[i][4], Evidence: "form", Source: consent.SourcePerson})
			}
		}
		if _, err := feed.Append(ctx, tx, feed.New{Kind: customer.KindChanged, Rows: w.Rows}); err != nil || len(entries) == 0 {
			return err
		}
		_, err = consent.Record(ctx, tx, entries)
		return err
	})
}

// letterOf is a content that can be sent.
func letterOf(words string) *campaign.Content {
	return &campaign.Content{Subject: "{{ customer.first_name }}: " + words, Blocks: []campaign.Block{
		{Kind: campaign.Text, Text: "{{ customer.salutation }},\n\n" + words}, {Kind: campaign.Footer, Text: "Rösterei Berg, Hamburg"}}}
}

// draft makes a campaign.
func (s *shop) draft(change func(*campaign.Campaign)) *campaign.Campaign {
	s.t.Helper()
	c := &campaign.Campaign{Name: "Herbst", Control: 200, Language: "de",
		Variants: []campaign.Variant{{Name: "a", Share: 1000, Contents: map[string]*campaign.Content{"de": letterOf("Herbst"), "en": letterOf("Autumn")}}}}
	if change != nil {
		change(c)
	}
	s.write(func(ctx context.Context, tx *store.Tx) error { return campaign.Create(ctx, tx, c) })
	return c
}

func (s *shop) load(id int64) (c *campaign.Campaign) {
	s.t.Helper()
	s.read(func(ctx context.Context, tx *store.Tx) (err error) { c, err = campaign.Load(ctx, tx, id); return err })
	return c
}

func (s *shop) counts(measure int64) (c message.Counts) {
	s.t.Helper()
	s.read(func(ctx context.Context, tx *store.Tx) (err error) {
		c, err = message.CountsOf(ctx, tx, measure)
		return err
	})
	return c
}

func (s *shop) pass(d time.Duration) { s.micros.Add(d.Microseconds()) }

// work runs the jobs that are due until the campaign is in the state and phase.
func (s *shop) work(id int64, state campaign.State, phase campaign.Phase) {
	s.t.Helper()
	s.workUntil(id, fmt.Sprintf("%s in %q", state, phase), func(c *campaign.Campaign) bool { return c.State == state && c.Phase == phase })
}

// workUntil runs the jobs that are due until the campaign is as it is wanted.
func (s *shop) workUntil(id int64, wanted string, is func(*campaign.Campaign) bool) {
	s.t.Helper()
	jobsRunner := jobs.NewRunner(s.db, jobs.Options{})
	s.runner.Register(jobsRunner)
	jobsRunner.Start()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	defer func() { jobsRunner.Close(context.Background()) }()
	for {
		changed := s.db.Changed()
		if is(s.load(id)) {
			return
		}
		select {
		case <-changed:
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			c := s.load(id)
			s.t.Fatalf("the campaign is %s in phase %q, not %s", c.State, c.Phase, wanted)
		}
	}
}

// sendAll marks every queued message as sent, as a sender would.
func (s *shop) sendAll() {
	s.t.Helper()
	out := &message.Sender{DB: s.db, Outlet: &message.Outbox{DB: s.db}, Composers: map[string]message.Composer{campaign.Kind: s.composer}, Connections: 2}
	if err := out.Start(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	defer func() { out.Close(context.Background()) }()
	deadline := time.Now().Add(30 * time.Second)
	for {
		changed := s.db.Changed()
		var pending int64
		s.read(func(ctx context.Context, tx *store.Tx) error {
			all, err := message.AllCounts(ctx, tx)
			for _, c := range all {
				pending += c.Pending()
			}
			return err
		})
		if pending == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%d messages do not leave", pending)
		}
		select {
		case <-changed:
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// order makes customers buy something today.
func (s *shop) order(ids []int64) {
	s.t.Helper()
	s.write(func(ctx context.Context, tx *store.Tx) error {
		source, err := customer.SourceID(ctx, tx, "shop")
		if err != nil {
			return err
		}
		var entries []document.Entry
		for _, id := range ids {
			net := int64(2000)
			entries = append(entries, document.Entry{Document: &document.Document{Source: source, Kind: document.Order, ExternalID: fmt.Sprint("O", id), Customer: id,
				At: tx.Now, Day: clock.DayOf(tx.Now, time.UTC), Currency: "EUR", Net: &net}})
		}
		_, err = document.PutAll(ctx, tx, entries, "EUR")
		return err
	})
	s.seen("purchase_day", len(ids))
}

// cutShort runs the job of a campaign and ends it at the n-th commit, as a dying process would: what is written stays.
func (s *shop) cutShort(id int64, n int) {
	s.t.Helper()
	jobsRunner := jobs.NewRunner(s.db, jobs.Options{})
	s.runner.Register(jobsRunner)
	jobsRunner.Start()
	for range n {
		changed := s.db.Changed()
		if s.load(id).Phase == campaign.PhaseDrain {
			break
		}
		select {
		case <-changed:
		case <-time.After(300 * time.Millisecond):
		}
	}
	jobsRunner.Close(context.Background())
}
