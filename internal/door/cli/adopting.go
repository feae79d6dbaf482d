package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"stamm/internal/action/program"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
)

type programAdopt struct {
	File   string `arg:"" name:"file" help:"CSV with a line a customer: measure, customer (number), arm (control for those left alone), probability, day."`
	Plans  string `help:"CSV with a line a measure: measure, and any of goal, end, days, outcome, budget, learned, again." placeholder:"FILE"`
	Costs  string `help:"CSV with a line a cost: measure, kind, amount, day, and any of key, included, note." placeholder:"FILE"`
	Source string `help:"Name of the system whose customer numbers the file has." default:"default" placeholder:"NAME"`
}

// Run brings in measures that were held before Stamm knew them.
func (cmd *programAdopt) Run(ctx context.Context, c *Call) error {
	a := adoption{Call: c, source: cmd.Source}
	if err := a.read(ctx, c.Path(cmd.File), c.optional(cmd.Plans), c.optional(cmd.Costs)); err != nil {
		return err
	}
	if err := a.write(ctx); err != nil {
		return err
	}
	return c.Print(map[string]any{"measures": len(a.measures), "customers": a.customers, "new": a.fresh}, func(w io.Writer) {
		fmt.Fprintln(w, c.Text.T("program.past.done", "measures", len(a.measures), "customers", c.Text.Number(int64(a.customers))))
	})
}

// optional is the path of a file that need not be there.
func (c *Call) optional(name string) string {
	if name == "" {
		return ""
	}
	return c.Path(name)
}

// adoption is measures being brought in that were held elsewhere.
type adoption struct {
	*Call
	source   string
	currency string
	measures []*pastMeasure
	byName   map[string]*pastMeasure

	customers, fresh int // drawn, and not known before
}

type pastMeasure struct {
	program.Measure
	draws []program.PastDraw
	past  []program.Past
	costs []program.PastCost

	numbers map[int64]string // of the customers, in the system they come from
}

// read reads the files and finds the customers; nothing is written while anything is wrong.
func (a *adoption) read(ctx context.Context, draws, plans, costs string) error {
	err := a.App.Store.Read(ctx, func(tx *store.Tx) error {
		settings, err := company.Load(ctx, tx)
		a.currency = settings.Currency
		return err
	})
	if err != nil {
		return err
	}
	a.byName = map[string]*pastMeasure{}
	err = pastFile(draws, "file", func(f io.Reader) error { return program.ReadPastDraws(f, a.draw) })
	if err != nil {
		return err
	}
	var wrong []error
	known := func(line int, name string) *pastMeasure {
		m := a.byName[name]
		if m == nil {
			wrong = append(wrong, fault.New(fault.Invalid, "program.past.measure", "line", line, "text", name))
		}
		return m
	}
	err = errors.Join(
		pastFile(plans, "plans", func(f io.Reader) error {
			return program.ReadPastPlans(f, a.currency, func(p program.PastPlan) {
				if m := known(p.Line, p.Measure); m != nil {
					m.End = max(m.End, p.End)
					m.Goal, m.Learned, m.Again, m.Budget, m.Outcome, m.Window = p.Goal, p.Learned, p.Again, p.Budget, p.Outcome, p.Days
				}
			})
		}),
		pastFile(costs, "costs", func(f io.Reader) error {
			return program.ReadPastCosts(f, a.currency, func(p program.PastCost) {
				if m := known(p.Line, p.Measure); m != nil {
					m.costs = append(m.costs, p)
				}
			})
		}))
	if err = errors.Join(append([]error{err}, wrong[:min(len(wrong), 20)]...)...); err != nil {
		return err
	}
	slices.SortStableFunc(a.measures, func(a, b *pastMeasure) int { return cmp.Compare(a.Start, b.Start) })
	for _, m := range a.measures {
		m.groups()
	}
	return a.find(ctx)
}

// pastFile reads a file, if one is named.
func pastFile(path, flag string, read func(io.Reader) error) error {
	if path == "" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return fault.New(fault.Invalid, "import.no_file", "file", path).On(flag).Because(err)
	}
	defer f.Close()
	return read(f)
}

// draw takes a line of the file of customers.
func (a *adoption) draw(d program.PastDraw) {
	m := a.byName[d.Measure]
	if m == nil {
		m = &pastMeasure{Measure: program.Measure{Name: d.Measure, Start: d.Day, End: d.Day}}
		a.byName[d.Measure] = m
		a.measures = append(a.measures, m)
	}
	m.Start, m.End = min(m.Start, d.Day), max(m.End, d.Day)
	m.draws = append(m.draws, d)
}

// groups works out control group and variants from the probabilities with which customers came into them.
func (m *pastMeasure) groups() {
	chance := map[string]float64{}
	for _, d := range m.draws {
		chance[d.Arm] = max(chance[d.Arm], d.Probability)
	}
	var treated float64
	for name, p := range chance {
		if name != program.Control && name != program.Global {
			m.Arms = append(m.Arms, program.Arm{Name: name})
			treated += p
		}
	}
	// What a group is not seen for says that nobody came into it, or that there was none.
	control, drawn := chance[program.Control]
	rest := 1 - chance[program.Global]
	switch {
	case !drawn:
		control = max(0, rest-treated)
	case treated == 0:
		treated = max(0, rest-control)
	}
	if all := control + treated; all > 0 {
		m.Control = int(math.Round(1000 * control / all))
	}
	slices.SortFunc(m.Arms, func(a, b program.Arm) int { return cmp.Compare(a.Name, b.Name) })
	left := 1000
	for i := range m.Arms {
		share := left
		if i < len(m.Arms)-1 {
			share = int(math.Round(1000 * chance[m.Arms[i].Name] / treated))
		}
		m.Arms[i].Share = share
		left -= share
	}
}

// find finds the customers by their numbers.
func (a *adoption) find(ctx context.Context) error {
	var wrong []error
	for _, m := range a.measures {
		groups := map[int64]string{}
		m.numbers = make(map[int64]string, len(m.draws))
		for part := range slices.Chunk(m.draws, customer.MaxRows) {
			ids, err := a.numbers(ctx, part)
			if err != nil {
				return err
			}
			for i, d := range part {
				group, twice := groups[ids[i]]
				switch {
				case ids[i] == 0:
					wrong = append(wrong, fault.New(fault.Invalid, "program.past.customer", "line", d.Line, "text", d.Customer))
				case twice && group != d.Arm:
					wrong = append(wrong, fault.New(fault.Invalid, "program.past.twice", "line", d.Line, "text", d.Customer))
				case !twice:
					groups[ids[i]], m.numbers[ids[i]] = d.Arm, d.Customer
					m.past = append(m.past, program.Past{Assigned: program.Assigned{Customer: ids[i], Arm: d.Arm, Probability: d.Probability}, Day: d.Day})
				}
			}
		}
		a.customers += len(m.past)
	}
	if more := len(wrong) - 20; more > 0 {
		wrong = append(wrong[:20], fault.New(fault.Invalid, "program.past.more", "lines", more))
	}
	return errors.Join(wrong...)
}

func (a *adoption) numbers(ctx context.Context, part []program.PastDraw) (ids []int64, err error) {
	b := customer.Batch{Fields: []string{customer.FieldExternalID}}
	for _, d := range part {
		b.Rows = append(b.Rows, []string{d.Customer})
	}
	err = a.App.Store.Read(ctx, func(tx *store.Tx) error {
		if b.Source, err = customer.FindSource(ctx, tx, a.source); err != nil {
			return err
		}
		ids, err = customer.Known(ctx, tx, b)
		return err
	})
	return ids, err
}

// write stores the measures, who was drawn for them and what they cost. Stopped in the middle, the same again goes on.
func (a *adoption) write(ctx context.Context) error {
	for _, m := range a.measures {
		err := a.App.Store.Write(ctx, actor, func(tx *store.Tx) (err error) {
			if m.ID, err = program.Adopt(ctx, tx, m.Measure); err != nil {
				return err
			}
			for _, p := range m.costs {
				c := program.Cost{Key: fmt.Sprintf("past:%d:%s", m.ID, p.Key), Measure: m.ID, Kind: p.Kind, Amount: p.Amount, Included: p.Included, Day: p.Day, Note: p.Note}
				if err := program.Book(ctx, tx, c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for part := range slices.Chunk(m.past, program.MaxPast) {
			fresh := 0
			err := a.App.Store.Bulk(ctx, actor, func(tx *store.Tx) (err error) {
				fresh, err = program.AdoptDraws(ctx, tx, m.ID, part)
				return err
			})
			if err != nil {
				return err
			}
			a.fresh += fresh
		}
	}
	return nil
}
