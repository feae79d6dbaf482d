package cli

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"stamm/internal/action/program"
	"stamm/internal/insight/trial"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/company"
)

type programCommands struct {
	List  programList  `cmd:"" help:"List the measures with what each brought."`
	Prove programProve `cmd:"" help:"Tell what a measure brought against those who were left alone."`
	Adopt programAdopt `cmd:"" help:"Bring in measures that were held before Stamm knew them, with who was in which group and what they cost."`
}

// programState is what the store says about the measures.
type programState struct {
	measures []*program.Measure
	spent    map[int64]program.Spending
	settings company.Settings
	asOf     clock.Day
}

// programme reads the measures.
func (c *Call) programme(ctx context.Context, asOf string) (s programState, err error) {
	err = c.App.Store.Read(ctx, func(tx *store.Tx) (err error) {
		if s.settings, err = company.Load(ctx, tx); err != nil {
			return err
		}
		if s.measures, err = program.All(ctx, tx); err != nil {
			return err
		}
		s.spent, err = program.Spent(ctx, tx)
		return err
	})
	if err == nil {
		s.asOf, err = c.day(asOf, "as_of")
	}
	return s, err
}

func (s programState) basis() program.Basis {
	return program.Basis{AsOf: s.asOf, Margin: s.settings.Margin}
}

// proofs reads all measures on one state of the warehouse.
func (c *Call) proofs(ctx context.Context, s programState) (all []*program.Proof, err error) {
	err = c.asked(ctx, func(v *warehouse.View) (err error) {
		all, err = program.ProveAll(ctx, v, s.measures, s.basis(), s.spent)
		return err
	})
	return all, err
}

type programList struct {
	AsOf string `name:"as-of" help:"Last day that counts; today by default." placeholder:"DATE"`
}

// measureJSON is a measure in the list. Amounts are in the base currency.
type measureJSON struct {
	ID       int64           `json:"id"`
	Kind     string          `json:"kind"`
	Name     string          `json:"name"`
	State    program.State   `json:"state"`
	Start    clock.Day       `json:"start"`
	End      clock.Day       `json:"end"`
	Window   int             `json:"window_days"`
	Control  float64         `json:"control_share"`
	Drawn    int64           `json:"customers"`
	Cost     float64         `json:"cost"`
	Verdict  string          `json:"verdict"`
	Sentence string          `json:"sentence"`
	Profit   *profitJSON     `json:"profit"`
	HolmP    *float64        `json:"holm_p"`
	Again    program.Again   `json:"again"`
	Outcome  program.Outcome `json:"outcome"`
}

// profitJSON is what a measure brought more than it cost, in all.
type profitJSON struct {
	Amount float64 `json:"amount"`
	Lo     float64 `json:"lo"`
	Hi     float64 `json:"hi"`
}

// Run lists the measures.
func (cmd *programList) Run(ctx context.Context, c *Call) error {
	s, err := c.programme(ctx, cmd.AsOf)
	if err != nil {
		return err
	}
	proofs, err := c.proofs(ctx, s)
	if err != nil {
		return err
	}
	list := make([]measureJSON, len(proofs))
	for i, p := range proofs {
		list[i] = c.measure(p, s.settings.Currency)
	}
	return c.Print(list, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for i, m := range list {
			fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\n", m.ID, m.Name, c.Text.Date(m.Start), c.Text.T("program.state."+string(m.State)),
				c.Text.MoneyRounded(proofs[i].Cost.Total, s.settings.Currency), m.Sentence)
		}
	})
}

func (c *Call) measure(p *program.Proof, currency string) measureJSON {
	major := majorOf(currency)
	m := measureJSON{ID: p.ID, Kind: p.Kind, Name: p.Name, State: p.State, Start: p.Start, End: p.End, Window: p.Window, Control: float64(p.Control) / 1000,
		Cost: major(float64(p.Cost.Total)), Verdict: p.Verdict.Code, Sentence: p.Verdict.Sentence(c.Text, currency), HolmP: p.Verdict.Holm, Again: p.Again,
		Outcome: p.Outcome}
	for _, n := range p.Drawn {
		m.Drawn += n
	}
	if v := p.Verdict.Profit; v.Known {
		m.Profit = &profitJSON{major(v.Effect), major(v.Lo), major(v.Hi)}
	}
	return m
}

// majorOf turns minor units into those of the currency.
func majorOf(currency string) func(float64) float64 {
	unit := 1.
	for range money.Digits(currency) {
		unit *= 10
	}
	return func(minor float64) float64 { return minor / unit }
}

type programProve struct {
	ID   int64  `arg:"" help:"Number of the measure."`
	AsOf string `name:"as-of" help:"Last day that counts; today by default." placeholder:"DATE"`
}

// outcomeJSON is an outcome of a measure: as of stamm prove, amounts in the base currency.
type outcomeJSON struct {
	proved
	Together provedArm `json:"together"`
}

// Run prints the proof of a measure.
func (cmd *programProve) Run(ctx context.Context, c *Call) error {
	s, err := c.programme(ctx, cmd.AsOf)
	if err != nil {
		return err
	}
	err = c.App.Store.Read(ctx, func(tx *store.Tx) error { _, err := program.Load(ctx, tx, cmd.ID); return err })
	if err != nil {
		return err
	}
	proofs, err := c.proofs(ctx, s) // all, since those of a year are corrected together
	if err != nil {
		return err
	}
	for _, p := range proofs {
		if p.ID == cmd.ID {
			return c.printProof(p, s.settings.Currency)
		}
	}
	return nil
}

func (c *Call) printProof(p *program.Proof, currency string) error {
	out := struct {
		measureJSON
		AsOf         clock.Day                       `json:"as_of"`
		Over         *clock.Day                      `json:"over"` // the last day that counts
		Groups       map[string]int64                `json:"groups"`
		Contaminated map[string]int64                `json:"contaminated"`
		SRM          *float64                        `json:"srm_p"`
		Costed       float64                         `json:"share_with_known_cost"`
		Outcomes     map[program.Outcome]outcomeJSON `json:"outcomes"`
	}{measureJSON: c.measure(p, currency), AsOf: p.AsOf, Groups: p.Drawn, Contaminated: p.Contaminated, SRM: p.SampleRatio(), Costed: p.Costed,
		Outcomes: map[program.Outcome]outcomeJSON{}}
	if p.Over != 0 {
		out.Over = &p.Over
	}
	for o, r := range p.Arms {
		unit := func(f float64) float64 { return f }
		if !o.Counted() {
			unit = majorOf(currency)
		}
		limit := unit(p.Limits[o])
		together := provedJSON(p.Together[o].Scaled(unit(1)), &limit)
		out.Outcomes[o] = outcomeJSON{provedJSON(r.Scaled(unit(1)), &limit), together.Arms[""]}
	}
	return c.Print(out, func(w io.Writer) {
		fmt.Fprintln(w, p.Name)
		fmt.Fprintln(w, out.Sentence)
		for _, o := range program.Outcomes() {
			if r := p.Arms[o]; r != nil && p.Control > 0 {
				fmt.Fprintf(w, "\n%s\n", c.Text.T("program.outcome."+string(o)))
				unit := 1.
				if !o.Counted() {
					unit = majorOf(currency)(1)
				}
				writeProof(w, c.Text, named(c, r.Scaled(unit)))
			}
		}
	})
}

// named gives the groups the names that people know them by.
func named(c *Call, r *trial.Reading) *trial.Reading {
	r.Control.Name = program.ArmName(c.Text, program.Control)
	for i := range r.Arms {
		r.Arms[i].Name = program.ArmName(c.Text, r.Arms[i].Name)
	}
	return r
}
