package campaign

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/action/program"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
)

// TrialJob is the kind of the job that plays a campaign through without writing anything to anybody.
const TrialJob = "campaign.trial"

// Trial is what a draft run said.
type Trial struct {
	At        time.Time        `json:"at"`
	Version   int64            `json:"version"`   // of the campaign
	Audience  int64            `json:"audience"`  // whom it is meant for: customers of the segment without the excluded
	Queued    int64            `json:"queued"`    // who would get a mail
	Arms      map[string]int64 `json:"arms"`      // of Queued, by variant
	Stopped   map[string]int64 `json:"stopped"`   // by gate and reason, as in "legal.no_consent"
	Examples  []Example        `json:"examples"`  // some of those who would get one
	Refused   []Example        `json:"refused"`   // some of those who would not
	FirstDue  *time.Time       `json:"first_due"` // nil for at once
	LastDue   *time.Time       `json:"last_due"`
	Languages map[string]int64 `json:"languages"` // of Queued, by the content they would get

	met map[[2]int64]bool // companies with the persons written to for them, who may be in the audience themselves
}

// Example is one customer of a draft run.
type Example struct {
	Customer int64  `json:"customer"`
	Person   int64  `json:"person,omitempty"`
	Arm      string `json:"arm,omitempty"`
	Why      string `json:"why,omitempty"` // gate and reason
}

// examples is how many customers a draft run names of each kind.
const examples = 20

// Try begins a draft run and returns its job.
func Try(ctx context.Context, tx *store.Tx, id int64) (int64, error) {
	if _, err := Load(ctx, tx, id); err != nil {
		return 0, err
	}
	return jobs.Enqueue(ctx, tx, jobs.New{Kind: TrialJob, Key: jobKey(id), Args: id, MaxAttempts: 2})
}

func jobKey(id int64) string { return strconv.FormatInt(id, 10) }

// Trial is the work of TrialJob.
func (r *Runner) Trial(ctx context.Context, task *jobs.Task) error {
	var id int64
	if err := task.Args(&id); err != nil {
		return err
	}
	c, err := r.load(ctx, id)
	if err != nil {
		return err
	}
	t, err := r.Play(ctx, c, func(done int64) error { return task.Progress(ctx, done, 0) })
	if err != nil {
		return err
	}
	return r.DB.Write(ctx, task.Actor(), func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, sqlTrial, id, store.JSON(t)); err != nil {
			return err
		}
		return task.Finish(ctx, tx, nil)
	})
}

// Play goes through the whole audience and asks the gates, a slice in one read transaction. step, if not nil, is told how many
// customers are done, and may end it by an error.
func (r *Runner) Play(ctx context.Context, c *Campaign, step func(done int64) error) (*Trial, error) {
	t := &Trial{At: r.DB.Now(), Version: c.Version, Arms: map[string]int64{}, Stopped: map[string]int64{}, Languages: map[string]int64{}}
	for after := int64(0); ; {
		ids, last, err := r.members(ctx, c, after, gatherRows)
		if err != nil || last == 0 {
			return t, err
		}
		after = last
		for start := 0; start < len(ids); start += sliceRows {
			part := ids[start:min(len(ids), start+sliceRows)]
			if err := r.DB.Read(ctx, func(tx *store.Tx) error { return t.slice(ctx, tx, c, part) }); err != nil {
				return nil, err
			}
			if step == nil {
				continue
			}
			if err := step(t.Audience); err != nil {
				return nil, err
			}
		}
	}
}

// slice asks about some customers and counts the answers.
func (t *Trial) slice(ctx context.Context, tx *store.Tx, c *Campaign, ids []int64) error {
	a, err := c.audience(ctx, tx)
	if err != nil {
		return err
	}
	news, err := a.news(ctx, tx, ids)
	if err != nil {
		return err
	}
	news = slices.DeleteFunc(news, t.again)
	if err := draw(ctx, tx, c.Measure, news, program.Drawn); err != nil {
		return err
	}
	decisions, err := message.Decide(ctx, tx, news)
	if err != nil {
		return err
	}
	readers, err := readersOf(ctx, tx, readerIDs(decisions))
	if err != nil {
		return err
	}
	t.Audience += int64(len(news))
	for i := range decisions {
		t.count(c, &decisions[i], readers)
	}
	return nil
}

// again tells whether a person was met before for the same company: as one of the audience and as who reads for a company without an address of
// its own. The ledger has one message for both, too.
func (t *Trial) again(n message.New) bool {
	key := [2]int64{n.Customer, n.Person}
	if n.Person == 0 {
		return false
	}
	if t.met == nil {
		t.met = map[[2]int64]bool{}
	}
	before := t.met[key]
	t.met[key] = true
	return before
}

func readerIDs(decisions []message.Decision) []int64 {
	ids := make([]int64, len(decisions))
	for i, d := range decisions {
		ids[i] = d.Customer
		if d.Person != 0 {
			ids[i] = d.Person
		}
	}
	return ids
}

func (t *Trial) count(c *Campaign, d *message.Decision, readers map[int64]*reader) {
	if d.State != message.Queued {
		why := string(d.Gates.Stop()) + "." + d.Reason
		t.Stopped[why]++
		if len(t.Refused) < examples {
			t.Refused = append(t.Refused, Example{d.Customer, d.Person, d.Arm, why})
		}
		return
	}
	t.Queued++
	t.Arms[d.Arm]++
	if len(t.Examples) < examples {
		t.Examples = append(t.Examples, Example{d.Customer, d.Person, d.Arm, ""})
	}
	id := d.Customer
	if d.Person != 0 {
		id = d.Person
	}
	if v := c.Variant(d.Arm); v != nil && readers[id] != nil {
		key, _ := v.Pick(readers[id].Language, readers[id].AddressForm, c.Language)
		t.Languages[key]++
	}
	if d.Due.IsZero() {
		return
	}
	if t.FirstDue == nil || d.Due.Before(*t.FirstDue) {
		t.FirstDue = new(d.Due)
	}
	if t.LastDue == nil || d.Due.After(*t.LastDue) {
		t.LastDue = new(d.Due)
	}
}

// queryOf compiles the condition of a segment; 0 is everybody.
func queryOf(book *segment.Book, id int64) (*filter.Query, error) {
	if id == 0 {
		return book.Query(filter.Tree{}, book.Today)
	}
	s, err := book.Find(id)
	if err != nil {
		return nil, err
	}
	return book.Of(s, book.Today)
}

// Gates are how many each gate stopped.
func (t *Trial) Gates() map[string]int64 {
	gates := map[string]int64{}
	for why, n := range t.Stopped {
		gate, _, _ := strings.Cut(why, ".")
		gates[gate] += n
	}
	return gates
}

// Customers are those whom the draft run names. A nil Trial names nobody.
func (t *Trial) Customers() []int64 {
	if t == nil {
		return nil
	}
	var ids []int64
	for _, e := range slices.Concat(t.Examples, t.Refused) {
		ids = append(ids, e.Customer)
		if e.Person != 0 {
			ids = append(ids, e.Person)
		}
	}
	return ids
}
