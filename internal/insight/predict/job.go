package predict

import (
	"context"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/company"
)

// JobScore is the kind of the job that scores everybody. Its arguments are those of Args.
const JobScore = "predict.score"

// Args of the job. The zero value is what the night does.
type Args struct {
	AsOf clock.Day `json:"as_of,omitempty"` // last day observed, for a scoring that proposes no calls; 0 is what the data say of now
}

// Start queues the job that scores everybody, or names the one that is under way.
func Start(ctx context.Context, tx *store.Tx) (int64, error) { return StartAsOf(ctx, tx, 0) }

// StartAsOf is Start as of a day, so that what follows has a past to be held against; days are scored in their order.
func StartAsOf(ctx context.Context, tx *store.Tx, day clock.Day) (int64, error) {
	return jobs.Enqueue(ctx, tx, jobs.New{Kind: JobScore, Key: JobScore, Args: Args{day}, MaxAttempts: 3})
}

// Scorer scores everybody, as a job.
type Scorer struct {
	Store     *store.DB
	Warehouse func(context.Context) (*warehouse.DB, error)
}

// Register has the runner do the job, one at a time.
func (s Scorer) Register(r *jobs.Runner) { r.Handle(JobScore, 1, s.run) }

// settled is from when on a day counts as observed: what is scored in the night is as of the day before.
const settled = 12 * time.Hour

// mostStale is for how long nobody need have bought before the day of the newest purchase takes the place of today: a company
// that has brought in a file of last year wants to see how things stood when it ended, and the card says so.
const mostStale = 45

// Past tells whether scores as of a day say nothing about today any more: they belong to data that ended long before.
func Past(asOf, today clock.Day) bool { return today-asOf > mostStale }

// asOf is the last day observed.
func (s Scorer) asOf(ctx context.Context, q Querier, settings company.Settings) (clock.Day, error) {
	day := clock.DayOf(s.Store.Now().Add(-settled), settings.Zone())
	latest := int32(day)
	err := each(ctx, q, "SELECT CAST(coalesce(max(day) - DATE '1970-01-01', 1000000) AS INTEGER) FROM purchase_day", []any{&latest}, func() {})
	if err == nil && Past(clock.Day(latest), day) {
		day = clock.Day(latest)
	}
	return day, err
}

// Progress counts in thousandths of foretelling, then in customers written: the first is a few seconds, the second most of the time.
func (s Scorer) run(ctx context.Context, task *jobs.Task) error {
	var args Args
	if err := task.Args(&args); err != nil {
		return err
	}
	house, err := s.Warehouse(ctx)
	if err != nil {
		return err
	}
	if err := house.Reach(ctx, s.Store); err != nil {
		return err
	}
	scores, err := s.foretell(ctx, house, args, task)
	if err != nil {
		return err
	}
	done, err := scores.Record(ctx, s.Store, task.Actor(), func(done, total int64) error { return task.Progress(ctx, total+done, 2*total) })
	if err != nil {
		return err
	}
	task.SetResult(done)
	if args.AsOf != 0 {
		return nil
	}
	if Past(scores.Card.AsOf, clock.DayOf(s.Store.Now(), time.UTC)) {
		err = DropCalls(ctx, s.Store, task.Actor())
	} else {
		_, err = scores.RaiseCalls(ctx, s.Store, task.Actor())
	}
	return err
}

func (s Scorer) foretell(ctx context.Context, house *warehouse.DB, args Args, task *jobs.Task) (*Scores, error) {
	var settings company.Settings
	err := s.Store.Read(ctx, func(tx *store.Tx) (err error) { settings, err = company.Load(ctx, tx); return err })
	if err != nil {
		return nil, err
	}
	var scores *Scores
	err = house.View(ctx, func(v *warehouse.View) error {
		day := args.AsOf
		if day == 0 {
			if day, err = s.asOf(ctx, v, settings); err != nil {
				return err
			}
		}
		scores, err = Foretell(ctx, v, OptionsOf(settings, day), func(part float64) error { return task.Progress(ctx, int64(1000*part), 2000) })
		return err
	})
	return scores, err
}
