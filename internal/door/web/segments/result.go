package segments

import (
	"context"
	"time"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/customer"
)

// querier is a state of the warehouse.
type querier = warehouse.Querier

// valuesPatience is how long the builder waits for the values of a field that nobody asked for yet.
const valuesPatience = 150 * time.Millisecond

// soon computes or remembers a figure, for at most so long; see figure.Soon.
func soonest[T any](ctx context.Context, d Deps, key string, patience time.Duration, fn func(context.Context, querier) (T, error)) (T, bool, error) {
	if d.Patience != 0 {
		patience = d.Patience
	}
	return figure.Soon(ctx, figure.From(d.Warehouse, patience, ""), key, func(ctx context.Context, v *warehouse.View) (T, error) { return fn(ctx, v) })
}

func (d Deps) soon(ctx context.Context, key string, patience time.Duration, fn func(context.Context, querier) ([]string, error)) ([]string, bool, error) {
	return soonest(ctx, d, key, patience, fn)
}

// samples is how many customers the builder shows.
const samples = 6

// result is what a condition comes to.
type result struct {
	count, all int64
	sample     []explained
	ahead      []string // what cannot count yet, in sentences
	trouble    error    // why it cannot be counted
}

// explained is a customer with why she is in.
type explained struct {
	id    int64
	name  string
	in    bool
	parts []segment.Part
}

// measure counts the condition of the builder and explains some of its customers.
func (d Deps) measure(r *page.Request, b *builder) error {
	if b.wrong != nil {
		b.result.trouble = b.wrong
		return nil
	}
	q, err := b.book.Query(b.tree, b.book.Today)
	if err != nil {
		b.result.trouble = err
		return nil
	}
	everybody, err := b.book.Query(filter.Tree{}, b.book.Today)
	if err != nil {
		return err
	}
	b.result.ahead = q.Ahead(r.P)
	var ids []int64
	err = d.Warehouse.View(r.Context(), func(v *warehouse.View) (err error) {
		if ids, b.result.count, err = segment.Sample(r.Context(), v, q, samples); err != nil {
			return err
		}
		b.result.all = b.result.count
		if !b.tree.Everybody() {
			if b.result.all, err = segment.Count(r.Context(), v, everybody); err != nil {
				return err
			}
		}
		b.result.sample, err = explain(r.Context(), v, q, ids)
		return err
	})
	if err != nil {
		return err
	}
	return named(r, b.result.sample)
}

// explain tells why customers are in.
func explain(ctx context.Context, w querier, q *filter.Query, ids []int64) ([]explained, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	reasons, err := segment.Explain(ctx, w, q, ids)
	if err != nil {
		return nil, err
	}
	by := map[int64]segment.Reason{}
	for _, reason := range reasons {
		by[reason.Customer] = reason
	}
	all := make([]explained, len(ids))
	for i, id := range ids {
		all[i] = explained{id: id, in: by[id].In, parts: by[id].Parts}
	}
	return all, nil
}

// named looks up in the store what customers are called; the warehouse knows no names.
func named(r *page.Request, list []explained) error {
	if len(list) == 0 {
		return nil
	}
	ids := make([]int64, len(list))
	for i, e := range list {
		ids[i] = e.id
	}
	return r.Read(func(tx *store.Tx) error {
		names, err := customer.Names(r.Context(), tx, ids)
		for i := range list {
			list[i].name = names[list[i].id]
		}
		return err
	})
}
