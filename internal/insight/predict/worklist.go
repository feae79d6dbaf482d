package predict

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"stamm/internal/platform/store"
	"stamm/internal/record/task"
)

// TaskCall is the kind of the tasks that ask somebody to call a customer: she is drifting away and worth it. The subject is the
// customer; why, and what is at stake, stands in her score.
const TaskCall = "predict.call"

const (
	// worklistSize is how many calls are open at most: what a small team can do in a week. Whoever is called makes room for the next.
	worklistSize = 25

	// calledWithin is for how long a customer is left alone after a call was done.
	calledWithin = 30 * 24 * time.Hour

	// callWeight is the weight of the most valuable call. Complaints and promises due weigh more.
	callWeight = 59
)

// callKey is the business key of the task to call a customer.
func callKey(customer int64) string { return fmt.Sprintf("%s/%d", TaskCall, customer) }

// RaiseCalls brings the worklist up to date: the customers with the highest value at risk among those who are cooling or at
// risk are to be called; who has bought again or is lost is not any more. It returns how many calls are open.
func (s *Scores) RaiseCalls(ctx context.Context, db *store.DB, actor store.Actor) (open int, err error) {
	wanted := s.mostAtRisk(2 * worklistSize) // twice as many as are wanted, because some have been called lately
	err = db.Write(ctx, actor, func(tx *store.Tx) error {
		open, err = raiseCalls(ctx, tx, wanted)
		return err
	})
	return open, err
}

// DropCalls closes all calls: nobody knows who has bought since data ended that are long past, and a call would be embarrassing.
func DropCalls(ctx context.Context, db *store.DB, actor store.Actor) error {
	return db.Write(ctx, actor, func(tx *store.Tx) error { return settleCalls(ctx, tx, nil) })
}

// mostAtRisk are the n customers with the highest value at risk, the highest first.
func (s *Scores) mostAtRisk(n int) []Place {
	var top []Place
	for i := range s.Len() {
		sc, ok := s.At(i)
		if !ok || sc.AtRisk <= 0 || sc.Band != Cooling && sc.Band != AtRisk {
			continue
		}
		p := Place{sc.AtRisk, sc.Customer}
		if at, _ := slices.BinarySearchFunc(top, p, ahead); at < n {
			top = slices.Insert(top, at, p)
			top = top[:min(len(top), n)]
		}
	}
	return top
}

// ahead orders a list by value at risk, the highest first.
func ahead(a, b Place) int {
	return cmp.Or(cmp.Compare(b.AtRisk, a.AtRisk), cmp.Compare(a.Customer, b.Customer))
}

func raiseCalls(ctx context.Context, tx *store.Tx, wanted []Place) (open int, err error) {
	keys := make([]string, len(wanted))
	for i, p := range wanted {
		keys[i] = callKey(p.Customer)
	}
	known, err := task.ByKeys(ctx, tx, keys)
	if err != nil {
		return 0, err
	}
	kept := map[string]bool{}
	for i, p := range wanted {
		t := known[keys[i]]
		if open == worklistSize {
			break
		}
		if t != nil && t.State == task.Done && tx.Now.Sub(t.ChangedAt) < calledWithin {
			continue
		}
		kept[keys[i]] = true
		weight := int64(callWeight - open)
		open++
		if t != nil && t.State != task.Done && t.Weight == weight {
			continue // nothing new
		}
		if _, err := task.Raise(ctx, tx, task.New{Kind: TaskCall, Key: keys[i], Customer: p.Customer, Subject: p.Customer, Weight: weight}); err != nil {
			return 0, err
		}
	}
	return open, settleCalls(ctx, tx, kept)
}

// settleCalls closes the calls that are not worth it any more.
func settleCalls(ctx context.Context, tx *store.Tx, kept map[string]bool) error {
	pending, err := task.Pending(ctx, tx, TaskCall)
	if err != nil {
		return err
	}
	for _, t := range pending {
		if !kept[t.Key] {
			if err := task.Settle(ctx, tx, t.Key); err != nil {
				return err
			}
		}
	}
	return nil
}
