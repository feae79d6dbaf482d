package program

import (
	"context"
	"fmt"
	"math"

	"stamm/internal/insight/trial"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/warehouse"
)

// Basis is what a proof needs to know beside the warehouse.
type Basis struct {
	AsOf   clock.Day // last day that counts
	Margin int       // percent of sales that is left where costs are not known, as in the settings of the company
}

// Proof is what a measure brought, as far as it can be told. Amounts are minor units of the base currency; effects are per customer
// drawn.
type Proof struct {
	*Measure
	Basis
	Cost Spending

	From, Until clock.Day // first and last day of the draws; 0 where nobody was drawn
	Over        clock.Day // the last day that counts for anybody
	Drawn       map[string]int64

	Arms     map[Outcome]*trial.Reading // each variant against the control group
	Together map[Outcome]*trial.Reading // all who were not left alone, as one
	Limits   map[Outcome]float64        // up to which an outcome counts in full in the winsorised figures
	Costed   float64                    // share of the sales whose cost is known

	Contaminated map[string]int64 // of each group, who got another measure within the days that count
	Withdrawn    map[string]int64 // of each group, who took back consent to advertising within the days that count
	Verdict      Verdict
}

// Early tells that the days of some customers are not over, so that figures will still change and looking at them often finds effects
// that are none; the verdict then goes by the always valid interval.
func (p *Proof) Early() bool { return p.AsOf < p.Over }

// Treated is how many were not left alone.
func (p *Proof) Treated() (n int64) {
	for _, a := range p.Measure.Arms {
		n += p.Drawn[a.Name]
	}
	return n
}

// Prove reads what a measure brought. It asks the warehouse for sums, never for customers.
func Prove(ctx context.Context, w warehouse.Querier, m *Measure, b Basis, cost Spending) (*Proof, error) {
	p := &Proof{Measure: m, Basis: b, Cost: cost, Drawn: map[string]int64{}, Arms: map[Outcome]*trial.Reading{}, Together: map[Outcome]*trial.Reading{}}
	if err := p.locate(ctx, w); err != nil {
		return nil, err
	}
	if p.From != 0 {
		a, err := p.question("").ask(ctx, w)
		if err != nil {
			return nil, err
		}
		p.read(a)
		if p.Contaminated, err = contaminated(ctx, w, m); err != nil {
			return nil, err
		}
		if p.Withdrawn, err = withdrawn(ctx, w, m); err != nil {
			return nil, err
		}
	}
	p.Verdict = p.verdict()
	return p, nil
}

// locate finds the days of the draws.
func (p *Proof) locate(ctx context.Context, w warehouse.Querier) error {
	from, until, any, err := extent(ctx, w, drawnFor(p.ID))
	if err == nil && any {
		p.From, p.Until, p.Over = from, until, until.AddDays(p.Window-1)
	}
	return err
}

// Drawing is a proof of which only the days of the draws are known, for Rows.
func Drawing(ctx context.Context, w warehouse.Querier, m *Measure, b Basis) (*Proof, error) {
	p := &Proof{Measure: m, Basis: b}
	return p, p.locate(ctx, w)
}

// question is that of the measure, apart by key.
func (p *Proof) question(key string) question {
	return question{drawn: drawnFor(p.ID), key: key, window: p.Window, asOf: p.AsOf, margin: p.Margin, from: p.From, until: p.Until}
}

func (p *Proof) read(a *answer) {
	p.Limits, p.Costed = a.limits, a.costed
	for _, c := range a.cells {
		p.Drawn[c.arm] += c.n
	}
	for _, o := range a.of {
		p.Arms[o], p.Together[o] = p.readings(a.cells, o)
	}
}

// readings compares the groups of some cells, by variant and all together.
func (p *Proof) readings(cells []cell, o Outcome) (arms, together *trial.Reading) {
	control := trial.Group{Name: Control}
	for _, c := range cells {
		if c.arm == Control {
			control = c.group(o)
		}
	}
	var groups []trial.Group
	shares := []float64{float64(p.Control)}
	for _, a := range p.Measure.Arms {
		g := trial.Group{Name: a.Name}
		for _, c := range cells {
			if c.arm == a.Name {
				g = c.group(o)
			}
		}
		groups = append(groups, g)
		shares = append(shares, float64(1000-p.Control)*float64(a.Share)/1000)
	}
	all := trial.Together("", groups)
	return trial.Read(control, groups, shares), trial.Read(control, []trial.Group{all}, []float64{float64(p.Control), float64(1000 - p.Control)})
}

// SampleRatio is the p value of the sizes of the groups; nil where there is nothing to check.
func (p *Proof) SampleRatio() *float64 {
	if r := p.Arms[Net]; r != nil && p.Control > 0 {
		return r.SampleRatio
	}
	return nil
}

// Effect is what all who were not left alone did differently; nil where nobody was drawn.
func (p *Proof) Effect(o Outcome) *trial.Arm {
	if r := p.Together[o]; r != nil && len(r.Arms) == 1 {
		return &r.Arms[0]
	}
	return nil
}

// Codes of verdicts.
const (
	NoControl = "no_control" // nobody is left alone, so nothing can be proved
	NobodyYet = "nobody"     // nobody has been drawn
	Blocked   = "blocked"    // the groups are not as large as they were drawn
	Untold    = "untold"     // too few customers, or nobody has bought
	Gain      = "gain"       // brought more than it cost, surely
	Loss      = "loss"       // cost more than it brought, surely
	Unsure    = "unsure"
)

// Verdict is what it comes to, in numbers; Sentence puts it into words.
type Verdict struct {
	Code   string
	Profit trial.Estimate // margin that it brought less what it cost, of all customers together; with Lo and Hi always valid while it is Early
	Early  bool

	// What would decide if the effect stays as it is; 0 where it is decided, or would take more than a hundred times as much.
	MoreDays      int
	MoreCustomers int64

	Holm *float64 // p value of the outcome fixed before, corrected for all measures of the year; nil until CorrectYear
}

// verdict judges by the margin less the costs: whoever is to decide whether to do it again needs to know what was left.
func (p *Proof) verdict() Verdict {
	e := p.Effect(Margin)
	switch {
	case p.Control == 0:
		return Verdict{Code: NoControl}
	case p.From == 0:
		return Verdict{Code: NobodyYet}
	case p.Arms[Margin].Blocked():
		return Verdict{Code: Blocked}
	case e == nil || !e.Known:
		return Verdict{Code: Untold}
	}
	v := Verdict{Code: Unsure, Early: p.Early()}
	each := e.Estimate
	if v.Early {
		each.Lo, each.Hi = e.Always[0], e.Always[1]
	}
	v.Profit = each.Total(p.Treated()).Less(float64(p.Cost.Beside()))
	switch {
	case v.Profit.Lo > 0:
		v.Code = Gain
	case v.Profit.Hi < 0:
		v.Code = Loss
	default:
		if times, ok := v.Profit.More(); ok && times > 1 {
			days := p.Window
			if v.Early {
				days = int(p.AsOf-p.From) + 1
			}
			v.MoreDays = max(1, int(math.Ceil((times-1)*float64(days))))
			v.MoreCustomers = int64(math.Ceil((times - 1) * float64(p.Treated()+p.Drawn[Control])))
		}
	}
	return v
}

// CorrectYear corrects the p values of measures of one year for being several (Holm). Each has only one: that of the outcome fixed before
// its start. Measures that cannot be read are left out.
func CorrectYear(proofs []*Proof) {
	var p []float64
	var of []*Proof
	for _, x := range proofs {
		if e := x.Effect(x.Outcome); e != nil && e.Known && x.Verdict.Code != Blocked && x.Control > 0 {
			p, of = append(p, e.P), append(of, x)
		}
	}
	for i, corrected := range trial.Holm(p) {
		of[i].Verdict.Holm = &corrected
	}
}

// contaminated counts by group who got another measure within the days that count: as drawn, and as messages tell where there are
// any. Both groups of a fair draw get others equally often; what matters is whether the control group was really left alone, so a
// message of this measure to somebody in it counts as well.
func contaminated(ctx context.Context, w warehouse.Querier, m *Measure) (map[string]int64, error) {
	others := fmt.Sprintf(`SELECT o.customer, o.day FROM measure_customer o WHERE o.measure <> %d AND o.arm NOT IN ('%s', '%s')`, m.ID, Control, Global)
	messages, err := has(ctx, w, "message")
	if err != nil {
		return nil, err
	}
	if messages {
		others += fmt.Sprintf(` UNION ALL SELECT s.customer, s.day FROM message s WHERE s.state IN ('sent', 'unclear') AND s.measure > 0
	AND (s.measure <> %[1]d OR s.customer IN (SELECT x.customer FROM measure_customer x WHERE x.measure = %[1]d AND x.arm IN ('%[2]s', '%[3]s')))`, m.ID, Control, Global)
	}
	return countArms(ctx, w, m, others)
}

// withdrawn counts by group who took back consent to advertising, or objected to it, within the days that count: the guardrail. It is
// nil where the warehouse knows no consents.
func withdrawn(ctx context.Context, w warehouse.Querier, m *Measure) (map[string]int64, error) {
	if known, err := has(ctx, w, "consent"); err != nil || !known {
		return nil, err
	}
	return countArms(ctx, w, m, `SELECT k.customer, k.since AS day FROM consent k WHERE k.purpose = 'advertising' AND k.status IN ('withdrawn', 'objected')`)
}

// has tells whether the warehouse has a table of another domain.
func has(ctx context.Context, w warehouse.Querier, table string) (bool, error) {
	var n int
	err := w.QueryRowContext(ctx, "SELECT count(*) FROM information_schema.tables WHERE table_name = '"+table+"'").Scan(&n)
	return n > 0, err
}

// countArms counts by group the customers for whom something happened within the days that count; happened is SQL of customer and day.
func countArms(ctx context.Context, w warehouse.Querier, m *Measure, happened string) (map[string]int64, error) {
	rows, err := w.QueryContext(ctx, fmt.Sprintf(`SELECT c.arm, count(DISTINCT c.customer) FROM measure_customer c JOIN (%s) h ON h.customer = c.customer
	AND h.day BETWEEN c.day AND c.day + %d WHERE c.measure = %d GROUP BY c.arm`, happened, m.Window-1, m.ID))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]int64{}
	for rows.Next() {
		var arm string
		var n int64
		if err := rows.Scan(&arm, &n); err != nil {
			return nil, err
		}
		all[arm] = n
	}
	return all, rows.Err()
}

// ProveAll reads all measures and corrects those that started in the same year for being several.
func ProveAll(ctx context.Context, w warehouse.Querier, measures []*Measure, b Basis, spent map[int64]Spending) ([]*Proof, error) {
	all := make([]*Proof, len(measures))
	byYear := map[int][]*Proof{}
	for i, m := range measures {
		p, err := Prove(ctx, w, m, b, spent[m.ID])
		if err != nil {
			return nil, err
		}
		all[i] = p
		year, _, _ := m.Start.Date()
		byYear[year] = append(byYear[year], p)
	}
	for _, proofs := range byYear {
		CorrectYear(proofs)
	}
	return all, nil
}

// In are the proofs of measures that start in a year.
func In(proofs []*Proof, year int) (all []*Proof) {
	for _, p := range proofs {
		if of, _, _ := p.Start.Date(); of == year {
			all = append(all, p)
		}
	}
	return all
}

// ProvenIn sums what measures that start in a year brought more than they cost, as far as that is sure, in minor units; losses count like
// gains. It also counts the measures that are sure and those that are open.
func ProvenIn(proofs []*Proof, year int) (profit float64, proven, open int) {
	for _, p := range In(proofs, year) {
		switch p.Verdict.Code {
		case Gain, Loss:
			profit += p.Verdict.Profit.Effect
			proven++
		default:
			open++
		}
	}
	return profit, proven, open
}
