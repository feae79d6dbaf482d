package cli

import (
	"cmp"
	"context"
	"slices"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/action/coupon"
	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/action/message/call"
	"stamm/internal/action/message/email"
	"stamm/internal/action/program"
	"stamm/internal/door/sim"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
)

const colleagueMail = "wiebke.petersen@tidenlicht.example"

// engage is what the campaigns of the demo need: somebody who writes them, who the mails are from, topics, and the segments they go to.
func (d *demo) engage(ctx context.Context) error {
	vault, err := d.app.vault()
	if err != nil {
		return err
	}
	d.segments = map[string]int64{}
	return d.app.Store.Write(ctx, actor, func(tx *store.Tx) error {
		if d.colleague, err = d.writer(ctx, tx); err != nil {
			return err
		}
		have, err := email.Senders(ctx, tx)
		if err != nil {
			return err
		}
		if len(have) == 0 {
			from := &email.Sender{Name: sim.Name, Address: "moin@tidenlicht.example", Imprint: demoImprint, KeyKind: email.Ed25519}
			if _, err := email.SaveSender(ctx, tx, vault, from); err != nil {
				return err
			}
		}
		for _, t := range demoTopics {
			if err := consent.SetTopic(ctx, tx, consent.Topic{Code: t.code, De: t.de, En: t.en}); err != nil {
				return err
			}
		}
		for _, s := range demoSegments {
			if d.segments[s.name], err = d.segment(ctx, tx, s.name, s.description, s.condition); err != nil {
				return err
			}
		}
		return campaign.RequireApproval(ctx, tx, true)
	})
}

// writer is the colleague who writes the campaigns, so that whoever looks around can agree to one.
func (d *demo) writer(ctx context.Context, tx *store.Tx) (store.Actor, error) {
	u, err := auth.ByMail(ctx, tx, colleagueMail)
	if fault.CodeOf(err) == fault.NotFound {
		id, err := auth.Add(ctx, tx, colleagueMail, "Wiebke Petersen", auth.Marketer, "")
		return store.Actor{Kind: "user", ID: id}, err
	}
	if err != nil {
		return store.Actor{}, err
	}
	return store.Actor{Kind: "user", ID: u.ID}, nil
}

func (d *demo) segment(ctx context.Context, tx *store.Tx, name, description, condition string) (int64, error) {
	b, err := segment.Open(ctx, tx, askable)
	if err != nil {
		return 0, err
	}
	if s, err := b.Named(name); err == nil {
		return s.ID, nil
	}
	tree, err := b.Parse(condition)
	if err != nil {
		return 0, err
	}
	return segment.Create(ctx, tx, b, segment.Draft{Name: name, Description: description, Owner: d.colleague.ID, Condition: tree})
}

// campaigns writes the campaigns of the measures of the last year, with what they sent to whom and what became of it.
func (d *demo) campaigns(ctx context.Context, measures []*pastMeasure) error {
	for _, m := range measures {
		if err := d.givenBack(ctx, m); err != nil {
			return err
		}
		c, err := d.campaign(ctx, m)
		if err != nil {
			return err
		}
		switch {
		case c == nil:
			err = d.messages(ctx, m, nil)
		case c.ByPhone():
			err = d.calls(ctx, m, c)
		default:
			err = d.messages(ctx, m, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// campaign brings in the campaign of a measure; nil for one that was no campaign.
func (d *demo) campaign(ctx context.Context, m *pastMeasure) (c *campaign.Campaign, err error) {
	err = d.app.Store.Write(ctx, d.colleague, func(tx *store.Tx) error {
		gift, err := couponNamed(ctx, tx, m.Name)
		if err != nil {
			return err
		}
		if c = demoWords(m.Name, gift); c == nil {
			return nil
		}
		c.Measure, c.Goal, c.Segment = m.ID, m.Goal, d.segments[segmentFor(m.Name)]
		return campaign.Adopt(ctx, tx, c, int64(len(m.past)))
	})
	return c, err
}

func segmentFor(measure string) string {
	for _, s := range demoSegments {
		if s.measure == measure {
			return s.name
		}
	}
	return ""
}

// couponNamed is the coupon of a name, 0 for none.
func couponNamed(ctx context.Context, tx *store.Tx, name string) (int64, error) {
	all, err := coupon.List(ctx, tx, 0, 100)
	if err != nil {
		return 0, err
	}
	for _, c := range all {
		if c.Name == name {
			return c.ID, nil
		}
	}
	return 0, nil
}

// reads is what people and machines did with the mails of a campaign: how often they were opened and clicked.
func (d *demo) reads(ctx context.Context, tx *store.Tx, m *pastMeasure, c *campaign.Campaign, past []message.Past, ids []int64) ([]hit.Hit, error) {
	zone, err := clock.LoadZone(sim.Zone)
	if err != nil {
		return nil, err
	}
	v := &c.Variants[0]
	people := make([]int64, len(past))
	for i, p := range past {
		people[i] = cmp.Or(p.Person, p.Customer)
	}
	keys, err := c.ContentFor(ctx, tx, v, people)
	if err != nil {
		return nil, err
	}
	places := map[string][]hit.Link{}
	for _, key := range v.Keys() {
		places[key] = c.Places(v, key)
		if err := hit.Keep(ctx, tx, places[key]); err != nil {
			return nil, err
		}
	}
	var hits []hit.Hit
	last := d.today().End(zone)
	for i, p := range past {
		links := places[keys[i]]
		if ids[i] == 0 || len(links) == 0 || p.Arm == program.Control || p.Arm == program.Global {
			continue
		}
		sent := p.Day.Start(zone).Add(message.PastHour + p.After)
		for _, t := range d.company.Read(m.numbers[people[i]], p.Day, len(links)-1) {
			if at := sent.Add(time.Duration(t.After) * time.Second); at.Before(last) {
				hits = append(hits, hit.Hit{At: at, Link: &links[t.Link], Message: ids[i], Agent: t.Agent, Head: t.Head})
			}
		}
	}
	slices.SortStableFunc(hits, func(a, b hit.Hit) int { return a.At.Compare(b.At) })
	return hits, nil
}

// calls has the calls of a campaign made as they were: proposed on its first day, then each as the company remembers it.
func (d *demo) calls(ctx context.Context, m *pastMeasure, c *campaign.Campaign) error {
	zone, err := clock.LoadZone(sim.Zone)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(m.past, program.MaxPast) {
		err := d.app.Store.Bulk(ctx, d.colleague, func(tx *store.Tx) error {
			tx.Now = m.Start.Start(zone).Add(10 * time.Hour)
			return c.Propose(ctx, tx, customersOf(part))
		})
		if err != nil {
			return err
		}
	}
	for more := true; more; {
		if more, err = d.app.desk.Turn(ctx); err != nil {
			return err
		}
	}
	var open []*call.Call
	err = d.app.Store.Read(ctx, func(tx *store.Tx) error {
		open, err = call.Due(ctx, tx, tx.Now.AddDate(1, 0, 0), call.Filter{Measure: c.Measure, Limit: 10_000})
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(open, func(a, b *call.Call) int { return int(a.Message - b.Message) })
	for _, one := range open {
		if err := d.talk(ctx, one, d.company.Call(m.numbers[one.Customer], m.Start, one.Most), m.Start, zone); err != nil {
			return err
		}
	}
	return nil
}

func customersOf(past []program.Past) []int64 {
	ids := make([]int64, len(past))
	for i, p := range past {
		ids[i] = p.Customer
	}
	return ids
}

// talk makes the calls to one customer, as far as they lie before today and an earlier demo has not made them.
func (d *demo) talk(ctx context.Context, c *call.Call, tries []sim.Try, begun clock.Day, zone *time.Location) error {
	last := d.today().End(zone)
	made := c.Tries
	if c.State == call.Begun { // it was stopped while somebody spoke
		made--
	}
	for _, try := range tries[min(made, len(tries)):] {
		at := begun.AddDays(1 + try.After).Start(zone).Add(time.Duration(try.Second) * time.Second)
		if c.State == call.Begun && c.BegunAt.After(at) {
			at = c.BegunAt
		}
		stopped, quiet := false, true
		var err error
		for quiet {
			if at.After(last) {
				return nil
			}
			err = d.app.Store.Write(ctx, d.colleague, func(tx *store.Tx) error {
				tx.Now = at
				why, err := call.Begin(ctx, tx, c.Message)
				stopped = why != ""
				return err
			})
			if quiet = err != nil && fault.As(err).Key == "call.quiet"; quiet {
				at = at.AddDate(0, 0, 1) // a Sunday, or a holiday there
			}
		}
		if err != nil || stopped {
			return err
		}
		err = d.app.Store.Write(ctx, d.colleague, func(tx *store.Tx) error {
			tx.Now = at.Add(time.Duration(try.Spoke) * time.Second)
			return call.End(ctx, tx, c.Message, call.Result{Outcome: call.Outcome(try.Outcome), Note: try.Note})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// draft writes the campaign that waits for the word of a second person, and plays it through as she did who wrote it.
func (d *demo) draft(ctx context.Context) error {
	var job int64
	err := d.app.Store.Write(ctx, d.colleague, func(tx *store.Tx) error {
		have, err := campaign.List(ctx, tx, campaign.Draft, 0, 10)
		if err != nil || len(have) > 0 {
			return err
		}
		gift := &coupon.Coupon{Name: demoDraft, Kind: coupon.Value, Value: 5_00, Currency: sim.Currency, Once: true, Personal: true}
		if err := coupon.Create(ctx, tx, gift); err != nil {
			return err
		}
		c := demoWords(demoDraft, gift.ID)
		c.Goal, c.Segment, c.Control, c.Window, c.Budget = "Große Kunden zurückholen, bevor sie ganz gehen", d.segments["Groß und abkühlend"], 100, program.DefaultWindow, 1_500_00
		if err := campaign.Create(ctx, tx, c); err != nil {
			return err
		}
		job, err = campaign.Try(ctx, tx, c.ID)
		return err
	})
	if err != nil || job == 0 {
		return err
	}
	_, err = jobs.Wait(ctx, d.app.Store, job, nil)
	return err
}
