package campaign

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"stamm/internal/action/coupon"
	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/action/program"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/consent"
)

// Runner proposes the messages of campaigns.
type Runner struct {
	DB     *store.DB
	House  func(context.Context) (*warehouse.DB, error)
	Fields segment.Fields
}

// Register makes a jobs runner do the work of campaigns.
func (r *Runner) Register(to *jobs.Runner) {
	to.Handle(RunJob, 2, r.Run)
	to.Handle(TrialJob, 1, r.Trial)
}

// The turns of the job.
const (
	sliceRows   = 1_000  // customers decided about in one turn of the bulk lane
	gatherRows  = 20_000 // customers asked of the warehouse at a time
	lookEvery   = time.Minute
	lookAtCalls = 10 * time.Minute
)

// Run is the work of RunJob: it begins a campaign whose patience is over, and takes it a phase further until there is something to
// wait for. Each turn ends with its place in the same commit, so that the job can be killed anywhere and run again.
func (r *Runner) Run(ctx context.Context, task *jobs.Task) error {
	var id int64
	if err := task.Args(&id); err != nil {
		return err
	}
	for {
		c, err := r.load(ctx, id)
		if err != nil {
			return err
		}
		if c.State == Waiting {
			err = r.begin(ctx, task, c)
			if err != nil || c.State == Waiting {
				return err
			}
			continue
		}
		if c.State != Sending {
			return nil
		}
		if err := task.Progress(ctx, c.cursor, 0); err != nil {
			return err
		}
		wait, err := r.turn(ctx, task, c)
		if err != nil || wait {
			return err
		}
	}
}

func (r *Runner) load(ctx context.Context, id int64) (c *Campaign, err error) {
	err = r.DB.Read(ctx, func(tx *store.Tx) error { c, err = Load(ctx, tx, id); return err })
	return c, err
}

// turn does a part of the present phase; wait tells that another job goes on later.
func (r *Runner) turn(ctx context.Context, task *jobs.Task, c *Campaign) (wait bool, err error) {
	switch c.Phase {
	case PhaseGather:
		return false, r.gather(ctx, task, c)
	case PhasePropose, PhaseRest:
		return false, r.propose(ctx, task, c)
	case PhaseTest:
		return r.decide(ctx, task, c)
	default:
		return true, r.drain(ctx, task, c)
	}
}

// begin starts the measure and the first phase, once the patience is over.
func (r *Runner) begin(ctx context.Context, task *jobs.Task, c *Campaign) error {
	return r.DB.Write(ctx, task.Actor(), func(tx *store.Tx) error {
		now, err := Load(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		c.State = now.State
		if now.State != Waiting {
			return task.Hold(ctx, tx)
		}
		if now.GoAt != nil && now.GoAt.After(tx.Now) { // a later go than the one this job was for
			return now.enqueue(ctx, tx, "go", now.GoAt.Sub(tx.Now).Microseconds())
		}
		if err := task.Hold(ctx, tx); err != nil {
			return err
		}
		if err := consent.Prepare(ctx, tx); err != nil {
			return err
		}
		if err := program.Start(ctx, tx, now.Measure); err != nil {
			return err
		}
		if err := now.phase(ctx, tx, PhaseGather, nil); err != nil {
			return err
		}
		if err := now.become(ctx, tx, Sending, KindStarted); err != nil {
			return err
		}
		c.State, c.Phase = now.State, now.Phase
		return nil
	})
}

func (c *Campaign) phase(ctx context.Context, tx *store.Tx, p Phase, decideAt *time.Time) error {
	var at any
	if decideAt != nil {
		at = clock.Micros(*decideAt)
	}
	c.Phase, c.cursor = p, 0
	_, err := tx.Exec(ctx, sqlPhase, c.ID, string(p), 0, at, clock.Micros(tx.Now))
	return err
}

// gather finds customers in the warehouse and keeps their list, so that the campaign goes to whom it was meant for when it began.
func (r *Runner) gather(ctx context.Context, task *jobs.Task, c *Campaign) error {
	ids, last, err := r.members(ctx, c, c.cursor, gatherRows)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(ids, sliceRows) {
		err := r.inPhase(ctx, task, c, func(tx *store.Tx) error {
			rows := store.NewRows(len(part), 2)
			for _, id := range part {
				rows.End(append(rows.Row(), c.ID, id))
			}
			if err := tx.Insert(ctx, "campaign_recipient", []string{"campaign", "customer"}, rows.All); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, sqlFound, c.ID, len(part), part[len(part)-1])
			return err
		})
		if err != nil {
			return err
		}
		c.cursor = part[len(part)-1]
	}
	return r.inPhase(ctx, task, c, func(tx *store.Tx) error {
		if last == 0 {
			return c.phase(ctx, tx, PhasePropose, nil)
		}
		_, err := tx.Exec(ctx, sqlCursor, c.ID, last)
		return err
	})
}

// members are customers of the audience after the one named, without the excluded, and the last one looked at; 0 when there
// are no more.
func (r *Runner) members(ctx context.Context, c *Campaign, after int64, limit int) (ids []int64, last int64, err error) {
	house, err := r.House(ctx)
	if err != nil {
		return nil, 0, err
	}
	if err := house.Reach(ctx, r.DB); err != nil {
		return nil, 0, err
	}
	var book *segment.Book
	err = r.DB.Read(ctx, func(tx *store.Tx) (err error) { book, err = segment.Open(ctx, tx, r.Fields); return err })
	if err != nil {
		return nil, 0, err
	}
	err = house.View(ctx, func(v *warehouse.View) error {
		ids, err = customersOf(ctx, v, book, c.Segment, after, limit)
		if err != nil || len(ids) == 0 {
			return err
		}
		last = ids[len(ids)-1]
		for _, other := range c.Exclude {
			if ids, err = without(ctx, v, book, other, ids); err != nil {
				return err
			}
		}
		return nil
	})
	return ids, last, err
}

// customersOf lists the customers of a segment by id; segment 0 is everybody.
func customersOf(ctx context.Context, v *warehouse.View, book *segment.Book, id, after int64, limit int) ([]int64, error) {
	q, err := queryOf(book, id)
	if err != nil {
		return nil, err
	}
	return segment.Customers(ctx, v, q, after, limit)
}

// without takes the customers of a segment out of a list.
func without(ctx context.Context, v *warehouse.View, book *segment.Book, id int64, ids []int64) ([]int64, error) {
	q, err := queryOf(book, id)
	if err != nil || len(ids) == 0 {
		return ids, err
	}
	in, err := segment.Among(ctx, v, q, ids)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(ids, func(id int64) bool { _, is := slices.BinarySearch(in, id); return is }), nil
}

// inPhase runs fn in a turn of the bulk lane, if the campaign is still where c is and the job in our hands. Where it is not, somebody
// paused or cancelled it or another job has gone on, and the next look sees that.
func (r *Runner) inPhase(ctx context.Context, task *jobs.Task, c *Campaign, fn func(*store.Tx) error) error {
	return r.DB.Bulk(ctx, task.Actor(), func(tx *store.Tx) error {
		if err := task.Hold(ctx, tx); err != nil {
			return err
		}
		now, err := Load(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if now.State != Sending || now.Phase != c.Phase || now.cursor != c.cursor {
			return nil
		}
		return fn(tx)
	})
}

// propose decides about the next customers and records what the gates said, or ends the phase.
func (r *Runner) propose(ctx context.Context, task *jobs.Task, c *Campaign) error {
	return r.inPhase(ctx, task, c, func(tx *store.Tx) error {
		ids, err := tx.QueryIDs(ctx, sqlRecipients, c.ID, c.cursor, sliceRows)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return c.endProposing(ctx, tx)
		}
		if err := c.proposeTo(ctx, tx, ids); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlCursor, c.ID, ids[len(ids)-1])
		return err
	})
}

// proposeTo draws, decides, gives coupons and records, for one slice.
func (c *Campaign) proposeTo(ctx context.Context, tx *store.Tx, ids []int64) error {
	a, err := c.audience(ctx, tx)
	if err != nil {
		return err
	}
	news, err := a.news(ctx, tx, ids)
	if err != nil {
		return err
	}
	if err := draw(ctx, tx, c.Measure, news, program.Assign); err != nil {
		return err
	}
	rest := c.Phase == PhaseRest
	news = slices.DeleteFunc(news, func(n message.New) bool { return (n.Arm == program.Winner) != rest })
	if len(news) == 0 {
		return nil
	}
	decisions, err := message.Decide(ctx, tx, news)
	if err != nil {
		return err
	}
	if err := c.giveCoupons(ctx, tx, decisions); err != nil {
		return err
	}
	return message.Record(ctx, tx, decisions)
}

// giveCoupons gives those who are to get a mail the codes that it shows.
func (c *Campaign) giveCoupons(ctx context.Context, tx *store.Tx, decisions []message.Decision) error {
	to := map[int64][]int64{}
	for i := range decisions {
		d := &decisions[i]
		if d.State != message.Queued {
			continue
		}
		v := c.of(d.Arm)
		if v == nil {
			continue
		}
		for _, id := range v.coupons() {
			to[id] = append(to[id], d.Customer)
		}
	}
	for id, customers := range to {
		slices.Sort(customers)
		if _, err := coupon.Give(ctx, tx, id, c.Measure, slices.Compact(customers)); err != nil {
			return err
		}
	}
	return nil
}

// coupons are all coupons that the contents of a variant show.
func (v *Variant) coupons() []int64 {
	var ids []int64
	for _, key := range v.Keys() {
		ids = append(ids, v.Contents[key].Coupons()...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// of is the variant that a group gets.
func (c *Campaign) of(arm string) *Variant {
	if arm == program.Winner {
		arm = c.Won
	}
	return c.Variant(arm)
}

// endProposing goes on to what comes after the last customer.
func (c *Campaign) endProposing(ctx context.Context, tx *store.Tx) error {
	if c.Phase == PhasePropose && c.Winner.By != "" {
		at, err := c.tested(ctx, tx)
		if err != nil {
			return err
		}
		return c.phase(ctx, tx, PhaseTest, &at)
	}
	return c.phase(ctx, tx, PhaseDrain, nil)
}

// tested is when the mails of the test have been out for the hours they get: counted from when the last of them may leave, which quiet hours, a
// spread or a relay that puts off can make much later than now.
func (c *Campaign) tested(ctx context.Context, tx *store.Tx) (time.Time, error) {
	last, err := message.LastDue(ctx, tx, c.Measure)
	if last.Before(tx.Now) {
		last = tx.Now
	}
	return last.Add(time.Duration(c.Winner.Hours) * time.Hour), err
}

// enoughOut tells that so much of the test has left that it can be judged: stragglers do not hold up everybody else.
func enoughOut(n message.Counts) bool { return n.Pending()*10 <= n.Pending()+n.Sent }

// decide finds the winner when its time has come and the test has left; before, another job looks then.
func (r *Runner) decide(ctx context.Context, task *jobs.Task, c *Campaign) (wait bool, err error) {
	if c.DecideAt != nil && c.DecideAt.After(r.DB.Now()) {
		return true, r.inPhase(ctx, task, c, func(tx *store.Tx) error {
			return c.enqueue(ctx, tx, "winner", c.DecideAt.Sub(tx.Now).Microseconds())
		})
	}
	early := false
	err = r.inPhase(ctx, task, c, func(tx *store.Tx) error {
		counts, err := message.CountsOf(ctx, tx, c.Measure)
		if early = !enoughOut(counts); err != nil || !early {
			return err
		}
		at, err := c.tested(ctx, tx)
		if err != nil {
			return err
		}
		return c.phase(ctx, tx, PhaseTest, &at)
	})
	if err != nil || early {
		return false, err
	}
	won, err := r.best(ctx, c)
	if err != nil {
		return false, err
	}
	return false, r.inPhase(ctx, task, c, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, sqlWon, c.ID, won); err != nil {
			return err
		}
		if err := c.tell(ctx, tx, KindWinner, map[string]any{"variant": won}); err != nil {
			return err
		}
		return c.phase(ctx, tx, PhaseRest, nil)
	})
}

// drain ends the campaign once nothing is pending, or has another job look again later.
func (r *Runner) drain(ctx context.Context, task *jobs.Task, c *Campaign) error {
	return r.inPhase(ctx, task, c, func(tx *store.Tx) error {
		counts, err := message.CountsOf(ctx, tx, c.Measure)
		if err != nil {
			return err
		}
		if counts.Pending() > 0 {
			every := lookEvery
			if c.ByPhone() { // calls take days
				every = lookAtCalls
			}
			return c.enqueue(ctx, tx, "end", every.Microseconds())
		}
		if err := program.Finish(ctx, tx, c.Measure); err != nil {
			return err
		}
		return c.become(ctx, tx, Done, KindDone)
	})
}

// best is the variant that did best among the readers of the test: the largest share of those drawn for it who did what decides.
// Without any difference it is the first.
func (r *Runner) best(ctx context.Context, c *Campaign) (string, error) {
	shares, err := r.shares(ctx, c)
	if err != nil {
		return "", err
	}
	best := c.Variants[0].Name
	for _, v := range c.Variants[1:] {
		if shares[v.Name] > shares[best] {
			best = v.Name
		}
	}
	return best, nil
}

// shares are the shares of the readers of each variant who did what decides.
func (r *Runner) shares(ctx context.Context, c *Campaign) (map[string]float64, error) {
	switch c.Winner.By {
	case ByReplies:
		return r.replied(ctx, c)
	case ByClicks:
		return r.clicked(ctx, c)
	}
	house, err := r.House(ctx)
	if err != nil {
		return nil, err
	}
	if err := house.Reach(ctx, r.DB); err != nil {
		return nil, err
	}
	rows, err := house.QueryContext(ctx, whoOrdered, c.Measure)
	if err != nil {
		return nil, fmt.Errorf("who ordered after campaign %d: %w", c.ID, err)
	}
	return sharesOf(rows)
}

// replied are the shares of those a mail was sent to who answered.
func (r *Runner) replied(ctx context.Context, c *Campaign) (shares map[string]float64, err error) {
	err = r.DB.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, sqlReplied, c.Measure)
		if err != nil {
			return err
		}
		shares, err = sharesOf(rows)
		return err
	})
	return shares, err
}

// clicked are the shares of the messages sent of which people clicked a link. Of readers whose names nobody may know every click counts: that
// is so in all variants alike.
func (r *Runner) clicked(ctx context.Context, c *Campaign) (map[string]float64, error) {
	shares := map[string]float64{}
	err := r.DB.Read(ctx, func(tx *store.Tx) error {
		all, err := hit.Shares(ctx, tx, c.Measure)
		for arm, s := range all {
			shares[arm] = float64(s.Clicked) / float64(max(s.Sent, 1))
		}
		return err
	})
	return shares, err
}

// sharesOf reads rows of a group, how many it has and how many of them did it.
func sharesOf(rows *sql.Rows) (map[string]float64, error) {
	defer rows.Close()
	shares := map[string]float64{}
	for rows.Next() {
		var arm string
		var all, did int64
		if err := rows.Scan(&arm, &all, &did); err != nil {
			return nil, err
		}
		shares[arm] = float64(did) / float64(max(all, 1))
	}
	return shares, rows.Err()
}

// whoOrdered takes everybody who was drawn, whether reached or not.
const whoOrdered = `SELECT m.arm, count(*), count(*) FILTER (WHERE EXISTS (SELECT 1 FROM purchase_day p WHERE p.customer = m.customer AND p.day >= m.day))
	FROM measure_customer m WHERE m.measure = $1 GROUP BY m.arm`
