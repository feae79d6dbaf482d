package cli

import (
	"context"
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"stamm/internal/insight/predict/survival"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/warehouse"
)

type predictSurvival struct {
	Plan string `help:"Only contracts of this plan, by its name or the name in small letters and underscores." placeholder:"PLAN"`
	AsOf string `name:"as-of" help:"Last day included; today by default." placeholder:"DATE"`
}

const (
	survivalLevel   = .95
	survivalHorizon = 60 // months ahead that are expected
	yearlyDiscount  = .10
	// unseenAtLeast ends are too many for chance to have hidden them all: the odds are one to a thousand.
	unseenAtLeast = 7
)

// survivalJSON is a segment as --json shows it, time in months.
type survivalJSON struct {
	Plan       string          `json:"plan,omitempty"`
	AsOf       clock.Day       `json:"as_of"`
	N          int64           `json:"n"`
	Events     int64           `json:"events"`
	Dropped    int64           `json:"n_tenure0_dropped"`
	Alpha      float64         `json:"alpha"`
	Beta       float64         `json:"beta"`
	SE         *survivalSE     `json:"se"`
	LL         float64         `json:"LL"`
	ConstantLL float64         `json:"LL_constant"`
	Status     survival.Status `json:"status"`
	Warnings   []survivalNote  `json:"warnings"`
	S12        float64         `json:"S_12"`
	S24        float64         `json:"S_24"`
	S36        float64         `json:"S_36"`
	S60        float64         `json:"S_60"`
	S72        float64         `json:"S_72"`
	Interval   [][3]float64    `json:"S_interval"` // months, lower, upper
	MeanChurn  float64         `json:"mean_churn_prob"`
	Median     *float64        `json:"median"`
	MedianLo   *float64        `json:"median_lo"`
	MedianHi   *float64        `json:"median_hi"`
	Expected   []expectedJSON  `json:"expected"`
	Curve      []stepJSON      `json:"curve"`
}

type survivalSE struct {
	Alpha float64 `json:"alpha"`
	Beta  float64 `json:"beta"`
}

type survivalNote struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// expectedJSON is what a contract that has run some months is expected to run further: within the horizon, and for
// good with each year counting a tenth less.
type expectedJSON struct {
	After      int     `json:"after"`
	Within     int     `json:"within"`
	Months     float64 `json:"months"`
	Discounted float64 `json:"discounted"`
}

type stepJSON struct {
	T      int     `json:"t"`
	AtRisk int64   `json:"at_risk"`
	Events int64   `json:"events"`
	S      float64 `json:"S"`
	Lo     float64 `json:"lo"`
	Hi     float64 `json:"hi"`
}

// Run prints how long contracts last.
func (cmd *predictSurvival) Run(ctx context.Context, c *Call) error {
	asOf := clock.DayOf(c.App.Store.Now(), c.Text.Location())
	if cmd.AsOf != "" {
		var err error
		if asOf, err = clock.ParseDay(cmd.AsOf); err != nil {
			return fault.New(fault.Invalid, "errors.day", "text", cmd.AsOf).On("as_of")
		}
	}
	house, err := c.App.Warehouse(ctx)
	if err != nil {
		return err
	}
	if err := upToDate(ctx, c, house, c.App.Store); err != nil {
		return err
	}
	var segments []*survival.Segment
	err = house.View(ctx, func(v *warehouse.View) error {
		segments, err = survival.Contracts(ctx, v, asOf, cmd.Plan)
		return err
	})
	if err != nil {
		return err
	}
	all := map[string]survivalJSON{}
	shown := make([]survivalJSON, len(segments))
	for i, g := range segments {
		shown[i] = surviving(c.Text, g, asOf)
		all[g.Code] = shown[i]
	}
	return c.Print(all, func(w io.Writer) { writeSurvival(w, c.Text, shown) })
}

// surviving fits the models of a segment.
func surviving(p *i18n.Printer, g *survival.Segment, asOf clock.Day) survivalJSON {
	fit, curve := survival.FitSBG(g.Table), survival.KaplanMeier(g.Table, survivalLevel, survival.Log)
	s := survivalJSON{Plan: g.Plan, AsOf: asOf, N: g.Table.N, Events: g.Table.Events, Dropped: g.Table.Dropped, Alpha: fit.Alpha, Beta: fit.Beta,
		LL: fit.LL, ConstantLL: fit.ConstantLL, Status: fit.Status, Warnings: survivalNotes(p, g, fit, curve), S12: fit.Survival(12), S24: fit.Survival(24),
		S36: fit.Survival(36), S60: fit.Survival(60), S72: fit.Survival(72), MeanChurn: fit.MeanChurn(),
		Median: curve.Median, MedianLo: curve.MedianLo, MedianHi: curve.MedianHi, Curve: []stepJSON{}}
	if fit.SE != nil {
		s.SE = &survivalSE{fit.SE[0], fit.SE[1]}
	}
	for _, months := range []int{12, 24, 36, 60, 72} {
		lo, hi := fit.SurvivalInterval(months, survivalLevel)
		s.Interval = append(s.Interval, [3]float64{float64(months), lo, hi})
	}
	monthly := math.Pow(1+yearlyDiscount, 1./12) - 1
	for _, after := range []int{0, 12, 24} {
		s.Expected = append(s.Expected, expectedJSON{after, survivalHorizon, fit.Expected(after, survivalHorizon), fit.DERL(after+1, monthly)})
	}
	for _, step := range curve.Steps {
		s.Curve = append(s.Curve, stepJSON{step.T, step.AtRisk, step.Events, step.S, step.Lo, step.Hi})
	}
	return s
}

// survivalNotes say what to know before one believes the figures.
func survivalNotes(p *i18n.Printer, g *survival.Segment, fit *survival.SBG, curve *survival.Curve) []survivalNote {
	notes := []survivalNote{}
	add := func(code string, args ...any) {
		notes = append(notes, survivalNote{code, p.T("survival.note."+code, args...)})
	}
	if fit.Status != survival.OK {
		add(string(fit.Status))
	}
	if months, off := misfit(fit, curve); off {
		seen, _, _ := curve.At(months)
		add("misfit", "months", months, "model", p.Percent(fit.Survival(months), 1), "seen", p.Percent(seen, 1))
	}
	if g.Table.Dropped > 0 {
		add("dropped", "contracts", g.Table.Dropped)
	}
	if g.TenureOnly > 0 {
		add("tenure_only", "contracts", g.TenureOnly)
	}
	if g.Unseen >= unseenAtLeast {
		add("unseen", "contracts", int64(math.Round(g.Unseen)))
	}
	return notes
}

// misfit finds the first of some months after which the model is not where the curve may be.
func misfit(fit *survival.SBG, curve *survival.Curve) (months int, off bool) {
	if len(curve.Steps) == 0 || fit.Events == 0 {
		return 0, false
	}
	for _, months := range []int{6, 12, 24, 36} {
		_, lo, hi := curve.At(months)
		if s := fit.Survival(months); months <= curve.Steps[len(curve.Steps)-1].T && (s < lo || s > hi) {
			return months, true
		}
	}
	return 0, false
}

func writeSurvival(w io.Writer, p *i18n.Printer, shown []survivalJSON) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, key := range []string{"plan", "contracts", "ended", "seen12", "s12", "s24", "median", "expected"} {
		fmt.Fprint(t, p.T("survival.column."+key, "within", survivalHorizon), "\t")
	}
	fmt.Fprintln(t)
	share := func(s survivalJSON, i int, mean float64) string {
		if s.Status == survival.NoDropout {
			return "–"
		}
		return fmt.Sprintf("%s (%s – %s)", p.Percent(mean, 1), p.Percent(s.Interval[i][1], 1), p.Percent(s.Interval[i][2], 1))
	}
	for _, s := range shown {
		median, expected := p.T("survival.no_median"), p.Decimal(s.Expected[0].Months, 1)
		if s.Status == survival.NoDropout {
			expected = "–"
		}
		if s.Median != nil {
			median = p.Decimal(*s.Median, 0)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", s.name(p), p.Number(s.N), p.Number(s.Events), seen(p, s, 12), share(s, 0, s.S12), share(s, 1, s.S24), median,
			expected)
	}
	t.Flush()
	for i, s := range shown {
		for _, n := range s.Warnings {
			if i == 0 || n.Code != "dropped" && n.Code != "tenure_only" { // said of all contracts already
				fmt.Fprintf(w, "%s: %s\n", s.name(p), n.Text)
			}
		}
	}
	if len(shown) == 1 {
		fmt.Fprintln(w)
		writeCurve(w, p, shown[0])
	}
}

// seen is the share of the curve after some months, as far as it goes.
func seen(p *i18n.Printer, s survivalJSON, months int) string {
	share, last := 1., 0
	for _, step := range s.Curve {
		if step.T <= months {
			share = step.S
		}
		last = step.T
	}
	if last < months {
		return "–"
	}
	return p.Percent(share, 1)
}

func (s *survivalJSON) name(p *i18n.Printer) string {
	if s.Plan == "" {
		return p.T("survival.all")
	}
	return s.Plan
}

func writeCurve(w io.Writer, p *i18n.Printer, s survivalJSON) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer t.Flush()
	for _, key := range []string{"month", "at_risk", "ended", "share", "from", "to"} {
		fmt.Fprint(t, p.T("survival.column."+key), "\t")
	}
	fmt.Fprintln(t)
	for _, step := range s.Curve {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t\n", step.T, p.Number(step.AtRisk), p.Number(step.Events), p.Percent(step.S, 1), p.Percent(step.Lo, 1), p.Percent(step.Hi, 1))
	}
}
