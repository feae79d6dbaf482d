package connect

import (
	"context"
	"fmt"
	"hash/fnv"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/store"

	"golang.org/x/sync/errgroup"
)

// read goes through the rows of the files and writes them slice by slice. Reading and comparing run ahead of writing
// by a few slices.
func (r *runner) read(ctx context.Context, files *sheet.Files, survey *sheet.Survey) error {
	g, ctx := errgroup.WithContext(ctx)
	cut, ready := make(chan *slice, 4), make(chan looked, turnSlices)
	g.Go(func() error {
		defer close(cut)
		return r.cut(ctx, files, survey, func(s *slice) error {
			select {
			case cut <- s:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	g.Go(func() error {
		defer close(ready)
		return r.lookAhead(ctx, cut, ready)
	})
	g.Go(func() error {
		for turn := next(nil, ready); len(turn) > 0; turn = next(turn, ready) {
			last := turn[len(turn)-1]
			left, err := r.process(ctx, turn)
			if err != nil {
				return err
			}
			if turn = left; len(turn) > 0 {
				last = turn[0]
			}
			if err := r.task.Progress(ctx, last.rows, survey.Rows); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		_, err := r.commit(ctx, nil) // what is still pending
		return err
	})
	return g.Wait()
}

// looks is how many slices are compared with what is there at the same time.
const looks = 2

// lookAhead compares slices with what is there and passes them on in their order.
func (r *runner) lookAhead(ctx context.Context, cut <-chan *slice, ready chan<- looked) error {
	g, ctx := errgroup.WithContext(ctx)
	order := make(chan chan looked, looks-1) // one more is waited for
	g.Go(func() error {
		defer close(order)
		for s := range cut {
			done := make(chan looked, 1)
			select {
			case order <- done:
			case <-ctx.Done():
				return ctx.Err()
			}
			g.Go(func() error {
				l := looked{slice: s, size: s.work.size()}
				err := r.db.Read(ctx, func(tx *store.Tx) (err error) {
					l.writes, err = s.work.look(ctx, tx)
					return err
				})
				if err == nil {
					done <- l
				}
				return err
			})
		}
		return nil
	})
	g.Go(func() error {
		for done := range order {
			select {
			case l := <-done:
				select {
				case ready <- l:
				case <-ctx.Done():
					return ctx.Err()
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return g.Wait()
}

// next fills a turn with the slices that are ready, and waits for one if there is none. It is empty at the end.
func next(turn []looked, ready <-chan looked) []looked {
	if len(turn) == 0 {
		l, more := <-ready
		if !more {
			return nil
		}
		turn = append(turn, l)
	}
	for len(turn) < turnSlices {
		select {
		case l, more := <-ready:
			if !more {
				return turn
			}
			turn = append(turn, l)
		default:
			return turn
		}
	}
	return turn
}

// cutter cuts rows into slices. Slices that are done already are passed over.
type cutter struct {
	skip int64 // slices done
	n    int64
	rows int64 // read so far, over all passes
	full int   // rows in the slice at hand
	errs []RowError
	emit func(*slice) error
	work func() work // takes what was gathered
}

// end ends the slice at hand if it is full, or if it must.
func (c *cutter) end(must bool) error {
	if c.full < sliceRows && !(must && c.full > 0) {
		return nil
	}
	c.n++
	s := &slice{n: c.n, rows: c.rows, errors: c.errs, work: c.work()}
	c.full, c.errs = 0, nil
	if c.n <= c.skip {
		return nil
	}
	return c.emit(s)
}

func (c *cutter) bad(e sheet.RowError) error {
	c.rows++
	c.full++
	c.errs = append(c.errs, RowError{File: e.File, Line: e.Line, Field: e.Field, Value: e.Value, Key: e.Key, Args: e.Args})
	return nil
}

func (r *runner) cut(ctx context.Context, files *sheet.Files, survey *sheet.Survey, emit func(*slice) error) error {
	c := &cutter{skip: r.run.Slice, emit: emit}
	switch r.run.Kind {
	case sheet.Orders:
		return r.cutOrders(ctx, files, survey, c)
	case sheet.Customers:
		return r.cutCustomers(ctx, files, survey, c)
	case sheet.Products:
		return r.cutProducts(ctx, files, survey, c)
	case sheet.Payments:
		return r.cutPayments(ctx, files, survey, c)
	case sheet.Contracts:
		return r.cutContracts(ctx, files, survey, c)
	case sheet.Consents:
		return r.cutConsents(ctx, files, survey, c)
	}
	return fmt.Errorf("connect: no kind %q", r.run.Kind)
}

// ordersAPass bounds the orders that are gathered in memory because their rows stand apart.
const ordersAPass = 100_000

// cutOrders reads the rows in their order and makes documents of those that follow each other. Orders whose rows stand
// apart are left out at first and gathered in passes of their own, as many as the memory asks for.
func (r *runner) cutOrders(ctx context.Context, files *sheet.Files, survey *sheet.Survey, c *cutter) error {
	shared := &goods{known: map[string]good{}}
	var drafts []*draft
	c.work = func() work {
		s := &orderSlice{r: r, goods: shared, drafts: drafts}
		drafts = nil
		return s
	}
	take := func(d *draft) error {
		c.full += d.rows
		if d.problem != nil {
			c.errs = append(c.errs, *d.problem)
		} else {
			drafts = append(drafts, d)
		}
		return c.end(false)
	}
	b := &drafter{files: survey.Plan.Files, rates: r.rates, base: r.base, strings: map[string]string{}, names: newNames(), emit: take}
	err := files.Orders(ctx, survey, 0, func(row *sheet.OrderRow) error {
		c.rows++
		if row.Order != "" && survey.Recurs(row.Order) {
			return b.flush()
		}
		return b.add(row)
	}, c.bad)
	if err == nil {
		err = b.flush()
	}
	if err != nil {
		return err
	}
	if err := r.cutApart(ctx, files, survey, b); err != nil {
		return err
	}
	return c.end(true)
}

// cutApart gathers the orders whose rows stand apart.
func (r *runner) cutApart(ctx context.Context, files *sheet.Files, survey *sheet.Survey, b *drafter) error {
	passes := uint64((survey.RecurringOrders() + ordersAPass - 1) / ordersAPass)
	ignore := func(sheet.RowError) error { return nil }
	for pass := range passes {
		gathered := map[string][]*draft{}
		var order []*draft
		err := files.Orders(ctx, survey, 0, func(row *sheet.OrderRow) error {
			if row.Order == "" || !survey.Recurs(row.Order) {
				return nil
			}
			h := fnv.New64a()
			h.Write([]byte(row.Order))
			if h.Sum64()%passes != pass {
				return nil
			}
			d, err := b.find(gathered[row.Order], row)
			if err != nil {
				return err
			}
			if d == nil {
				d = b.beginApart(row)
				gathered[d.doc.ExternalID] = append(gathered[d.doc.ExternalID], d)
				order = append(order, d)
			}
			b.join(d, row)
			return nil
		}, ignore)
		if err != nil {
			return err
		}
		for _, d := range order {
			if err := b.finish(d); err != nil {
				return err
			}
		}
	}
	return nil
}
