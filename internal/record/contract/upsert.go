package contract

import (
	"context"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Written tells what Upsert did.
type Written struct {
	New, Changed, Unchanged int
	Made                    []int64   // the new ones, sorted
	Rows                    feed.Rows // what the warehouse must read again
	Old                     map[string]string
	OldOf                   map[string]int64 // the customer of each old value
	News                    []News
}

// News is something that became of a contract, for the feed.
type News struct {
	Kind     string // KindStarted, KindEnded or KindChanged
	Contract int64
	Customer int64
	Day      *clock.Day // on which it started or ended; nil where that is not known
	Fields   []string   // of KindChanged, which fields are others now
}

// OldField is the name under which the feed keeps what an import changed of a contract.
func OldField(id int64) string { return fmt.Sprintf("contract:%d", id) }

// Upsert adds and replaces contracts of one source, at most about 1,000 at a time; all have a customer and are valid.
// One that is known by number is found by it. What the source does not say (a field of the zero value) is taken as
// said: the row of a file is the whole contract. It appends nothing to the feed; Announce does where that is wanted.
func Upsert(ctx context.Context, tx *store.Tx, run, source int64, contracts []*Contract) (Written, error) {
	w := Written{Rows: feed.Rows{}, Old: map[string]string{}, OldOf: map[string]int64{}}
	existing, err := load(ctx, tx, source, contracts)
	if err != nil {
		return w, err
	}
	var fresh []*Contract
	var touched []int64
	pending := map[string]*Contract{}
	for _, c := range contracts {
		c.Source, c.Run = source, run
		key := c.key()
		if earlier := pending[key]; earlier != nil { // the file names it twice: the later row counts
			made := earlier.MadeRun
			*earlier = *c
			earlier.MadeRun = made
			w.Changed++
			continue
		}
		before := existing[key]
		switch {
		case before == nil:
			c.MadeRun = run
			fresh = append(fresh, c)
			pending[key] = c
			w.New++
		case before.hash() == c.hash():
			c.ID = before.ID
			w.Unchanged++
		default:
			if err := w.change(ctx, tx, before, c); err != nil {
				return w, err
			}
			existing[key] = c
			touched = append(touched, c.ID)
		}
	}
	if err := w.insert(ctx, tx, fresh); err != nil {
		return w, err
	}
	if touched = append(touched, w.Made...); len(touched) > 0 {
		w.Rows["contract"] = feed.Ranges(touched)
	}
	return w, nil
}

// Decide counts what Upsert would add and change, in a read transaction. A contract whose customer is 0, because she
// does not exist yet, is new unless it has a number.
func Decide(ctx context.Context, tx *store.Tx, source int64, contracts []*Contract) (fresh, changed int64, err error) {
	existing, err := load(ctx, tx, source, contracts)
	if err != nil {
		return 0, 0, err
	}
	for _, c := range contracts {
		switch before := existing[c.key()]; {
		case before == nil:
			fresh++
		case before.hash() != c.hash():
			changed++
		}
	}
	return fresh, changed, nil
}

func load(ctx context.Context, tx *store.Tx, source int64, contracts []*Contract) (map[string]*Contract, error) {
	keys := make([]string, len(contracts))
	for i, c := range contracts {
		keys[i] = c.key()
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlByKey, tx.Strings("$2")), source, store.JSON(keys))
	if err != nil {
		return nil, err
	}
	all, err := scan(rows)
	if err != nil {
		return nil, err
	}
	byKey := make(map[string]*Contract, len(all))
	for _, c := range all {
		byKey[c.key()] = c
	}
	return byKey, nil
}

func (w *Written) change(ctx context.Context, tx *store.Tx, before, c *Contract) error {
	c.ID, c.MadeRun = before.ID, before.MadeRun
	field := OldField(c.ID)
	if _, twice := w.Old[field]; !twice {
		w.Old[field], w.OldOf[field] = store.JSON(before), before.Customer
	}
	w.Changed++
	w.News = append(w.News, newsOf(before, c))
	return update(ctx, tx, c)
}

// newsOf says what is new about a contract: that it ended weighs more than anything else that changed with it.
func newsOf(before, c *Contract) News {
	n := News{Kind: KindChanged, Contract: c.ID, Customer: c.Customer}
	if c.over() && !before.over() {
		n.Kind, n.Day = KindEnded, c.Ended
		return n
	}
	for _, f := range []struct {
		name string
		same bool
	}{
		{"customer", before.Customer == c.Customer}, {"plan", before.Plan == c.Plan}, {"start", dayText(before.Started) == dayText(c.Started)},
		{"end", dayText(before.Ended) == dayText(c.Ended) && before.Churned == c.Churned}, {"reason", before.Reason == c.Reason},
		{"tenure", number(before.Tenure) == number(c.Tenure)},
	} {
		if !f.same {
			n.Fields = append(n.Fields, f.name)
		}
	}
	return n
}

func update(ctx context.Context, tx *store.Tx, c *Contract) error {
	args := append([]any{c.ID}, c.values()...)
	_, err := tx.Exec(ctx, sqlUpdate, append(args, clock.Micros(tx.Now))...)
	return err
}

var columns = []string{"id", "source", "key", "external_id", "customer", "plan", "started", "ended", "tenure", "churned", "observed_until",
	"reason", "made_run", "run", "hash", "created_at", "changed_at"}

func (w *Written) insert(ctx context.Context, tx *store.Tx, fresh []*Contract) error {
	ids, err := tx.ReserveIDs(ctx, "contract", len(fresh))
	if err != nil {
		return err
	}
	now := clock.Micros(tx.Now)
	rows := make([][]any, len(fresh))
	for i, c := range fresh {
		c.ID = ids[i]
		rows[i] = append(append([]any{c.ID}, c.values()...), now, now)
		w.Made = append(w.Made, c.ID)
		w.News = append(w.News, News{Kind: KindStarted, Contract: c.ID, Customer: c.Customer, Day: c.Started})
		if c.over() {
			w.News = append(w.News, News{Kind: KindEnded, Contract: c.ID, Customer: c.Customer, Day: c.Ended})
		}
	}
	return tx.Insert(ctx, "contract", columns, rows)
}

// Announce appends news to the feed, one change each, so that whoever follows it can act for the customer concerned. It is
// for what happens now; the rows of an import that are history are told by the import's own changes alone.
func Announce(ctx context.Context, tx *store.Tx, news []News) error {
	for _, n := range news {
		body := map[string]any{}
		if n.Day != nil {
			body["day"] = int64(*n.Day)
		}
		if len(n.Fields) > 0 {
			body["fields"] = n.Fields
		}
		if _, err := feed.Append(ctx, tx, feed.New{Kind: n.Kind, Customer: n.Customer, Subject: n.Contract, Body: body}); err != nil {
			return err
		}
	}
	return nil
}
