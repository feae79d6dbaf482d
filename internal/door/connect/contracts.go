package connect

import (
	"context"
	"slices"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/contract"
	"stamm/internal/record/customer"
)

// contractSlice is the work of a slice of contracts.
type contractSlice struct {
	r    *runner
	rows []contractDraft
}

// contractDraft is a row of a file of contracts before its customer is known.
type contractDraft struct {
	contract.Contract
	buyer buyer
	place RowError
}

func (r *runner) cutContracts(ctx context.Context, files *sheet.Files, survey *sheet.Survey, c *cutter) error {
	var rows []contractDraft
	c.work = func() work {
		s := &contractSlice{r: r, rows: rows}
		rows = nil
		return s
	}
	err := files.Contracts(ctx, survey, 0, func(row *sheet.ContractRow) error {
		c.rows++
		c.full++
		file := survey.Plan.Files[row.File].Name
		d, err := contractOf(row)
		if err != nil {
			c.errs = append(c.errs, faultError(file, row.Line, err))
			return c.end(false)
		}
		d.place = RowError{File: file, Line: row.Line, Field: "customer", Value: row.Customer, Notice: true}
		if row.End.Set && d.Ended == nil {
			c.errs = append(c.errs, RowError{File: file, Line: row.Line, Field: "end", Value: row.End.Day.String(), Key: "import.still_runs", Notice: true})
		}
		rows = append(rows, d)
		for _, n := range row.Notices {
			c.errs = append(c.errs, noticeError(file, row.Line, n))
		}
		return c.end(false)
	}, func(e sheet.RowError) error {
		if err := c.bad(e); err != nil {
			return err
		}
		return c.end(false)
	})
	if err != nil {
		return err
	}
	return c.end(true)
}

// contractOf turns a row into a contract. Days weigh more than months: months fill in the first or last day where
// only the other is there, and stand alone where there are no days at all. That a contract has not ended weighs more
// than a last day, which then is that of a term that renews itself.
func contractOf(row *sheet.ContractRow) (contractDraft, error) {
	d := contractDraft{Contract: contract.Contract{ExternalID: row.Contract, Plan: row.Plan, Reason: row.Reason},
		buyer: buyer{id: row.Customer, email: row.Email}}
	c := &d.Contract
	months := row.Tenure.N / 1000
	if row.Start.Set {
		c.Started = &row.Start.Day
	}
	if row.End.Set && (!row.Churned.Set || row.Churned.Yes) {
		c.Ended = &row.End.Day
	}
	switch {
	case c.Started == nil && c.Ended != nil && row.Tenure.Set:
		first := min(c.Ended.AddDays(1).AddMonths(-int(months)), *c.Ended)
		c.Started = &first
	case c.Started == nil && row.Tenure.Set:
		c.Tenure, c.Churned = &months, row.Churned.Yes
	case c.Started != nil && c.Ended == nil && row.Churned.Yes && row.Tenure.Set:
		last := max(c.Started.AddMonths(int(months)).AddDays(-1), *c.Started)
		c.Ended = &last
	case c.Started != nil && c.Ended == nil && row.Churned.Yes:
		return d, fault.New(fault.Invalid, "contract.no_end").On("end")
	}
	for _, day := range []**clock.Day{&c.Started, &c.Ended} { // the row's own are overwritten by the next
		if *day != nil {
			own := **day
			*day = &own
		}
	}
	return d, c.Validate()
}

// look says that a slice is always written: which contract a row without a number is, is known only when its customer is.
func (s *contractSlice) look(context.Context, *store.Tx) (bool, error) { return len(s.rows) > 0, nil }

func (s *contractSlice) size() int64 { return int64(len(s.rows)) }

func (s *contractSlice) done() {}

func (s *contractSlice) write(ctx context.Context, tx *store.Tx) (written, error) {
	batch, rowOf := s.batch()
	people, err := customer.Ensure(ctx, tx, batch)
	if err != nil {
		return written{}, err
	}
	var w written
	t := touched{origin: feed.History, made: feed.Rows{}}
	t.add(touched{rows: people.Rows, old: people.Old, oldOf: people.OldOf})
	var made []int64
	for _, o := range people.Outcomes {
		if o.Status == customer.New {
			made = append(made, o.ID)
		}
	}
	if len(made) > 0 {
		slices.Sort(made)
		t.made["customer"] = feed.Ranges(slices.Compact(made))
	}
	contracts, notices := s.named(people.Outcomes, rowOf, clock.DayOf(tx.Now, s.r.zone))
	u, err := contract.Upsert(ctx, tx, s.r.run.ID, s.r.run.Source, contracts)
	if err != nil {
		return written{}, err
	}
	if err := contract.Announce(ctx, tx, s.happensNow(u.News)); err != nil {
		return written{}, err
	}
	w.made, w.changed, w.unchanged, w.notices = int64(u.New), int64(u.Changed), int64(u.Unchanged), notices
	t.add(touched{rows: u.Rows, old: u.Old, oldOf: u.OldOf})
	if len(u.Made) > 0 {
		t.made["contract"] = feed.Ranges(u.Made)
	}
	if len(t.rows) > 0 {
		w.touched = append(w.touched, t)
	}
	return w, nil
}

// batch are the customers of the rows, each once, and the row of each.
func (s *contractSlice) batch() (customer.Batch, map[[2]string]int) {
	b := customer.Batch{Source: s.r.run.Source, Run: s.r.run.ID, Fields: []string{customer.FieldExternalID, customer.FieldEmail}}
	rowOf := map[[2]string]int{}
	for i := range s.rows {
		who := &s.rows[i].buyer
		if _, ok := rowOf[who.key()]; ok {
			continue
		}
		rowOf[who.key()] = len(b.Rows)
		mail, err := s.r.catalogue.Check(customer.FieldEmail, who.email)
		if err != nil {
			mail = ""
		}
		b.Rows = append(b.Rows, []string{who.id, mail})
	}
	return b, rowOf
}

// named gives the contracts their customers. It works on copies, because the transaction may run twice. Rows of people
// who were erased, or whose mail address is none, are left out and remarked on.
func (s *contractSlice) named(outcomes []customer.Outcome, rowOf map[[2]string]int, today clock.Day) (contracts []*contract.Contract, notices []RowError) {
	for i := range s.rows {
		c, place := s.rows[i].Contract, s.rows[i].place
		o := outcomes[rowOf[s.rows[i].buyer.key()]]
		switch o.Status {
		case customer.Erased:
			place.Key = "import.erased"
			notices = append(notices, place)
			continue
		case customer.Unnamed:
			place.Key, place.Notice = "import.unnamed", false
			notices = append(notices, place)
			continue
		}
		c.Customer = o.ID
		if c.Tenure != nil {
			c.ObservedUntil = &today
		}
		contracts = append(contracts, &c)
	}
	return contracts, notices
}

// happensNow are the news that are no history: what lies after the day the source went live.
func (s *contractSlice) happensNow(news []contract.News) []contract.News {
	return slices.DeleteFunc(news, func(n contract.News) bool {
		if n.Day == nil { // what the file says without a day has happened since it was last read
			return s.r.live == nil || n.Kind == contract.KindStarted
		}
		return originOf(*n.Day, s.r.live) != feed.Live
	})
}

func (s *contractSlice) decide(ctx context.Context, tx *store.Tx) (c Counts, err error) {
	batch, rowOf := s.batch()
	outcomes, err := customer.DecideEnsure(ctx, tx, batch)
	if err != nil {
		return c, err
	}
	contracts, notices := s.named(outcomes, rowOf, clock.DayOf(tx.Now, s.r.zone))
	c.New, c.Changed, err = contract.Decide(ctx, tx, s.r.run.Source, contracts)
	c.Unchanged = int64(len(contracts)) - c.New - c.Changed
	c.Examples = notices
	return c, err
}
