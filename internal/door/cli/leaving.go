package cli

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"stamm/internal/insight/predict"
	"stamm/internal/insight/predict/survival"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/warehouse"
)

type predictLeaving struct {
	Within string `help:"How far ahead, like 91d, 13w, 3m or 1y." default:"91d" placeholder:"SPAN"`
	AsOf   string `name:"as-of" help:"Last day observed; today by default." placeholder:"DATE"`
}

// leaverJSON is a contract that runs as --json shows it.
type leaverJSON struct {
	Customer string  `json:"customer"`
	Plan     string  `json:"plan"`
	Months   float64 `json:"months"`
	P        float64 `json:"p_leave"`
	Lo       float64 `json:"p_leave_lo"`
	Hi       float64 `json:"p_leave_hi"`
}

// Run prints which contracts are likely to end; nothing is written.
func (cmd *predictLeaving) Run(ctx context.Context, c *Call) error {
	asOf, err := c.day(cmd.AsOf, "as_of")
	if err != nil {
		return err
	}
	days, err := daysAhead(cmd.Within, asOf)
	if err != nil {
		return err
	}
	var l *predict.Leaving
	var numbers map[int64]string
	err = c.asked(ctx, func(v *warehouse.View) (err error) {
		if l, err = predict.Leave(ctx, v, asOf, days); err == nil {
			numbers, err = predict.Numbers(ctx, v)
		}
		return err
	})
	if err != nil {
		return err
	}
	shown := struct {
		*predict.Leaving
		Contracts []leaverJSON `json:"contracts"`
	}{l, make([]leaverJSON, len(l.Contracts))}
	for i, one := range l.Contracts {
		shown.Contracts[i] = leaverJSON{numbers[one.Customer], one.Plan, one.Months, one.P, one.Lo, one.Hi}
	}
	return c.Print(shown, func(w io.Writer) { writeLeaving(w, c.Text, l, shown.Contracts) })
}

func writeLeaving(w io.Writer, p *i18n.Printer, l *predict.Leaving, all []leaverJSON) {
	fmt.Fprintln(w, p.N("predict.leaving.head", int64(len(all)), "within", p.N("predict.leaving.days", int64(l.Horizon))))
	if l.Status == survival.OK {
		fmt.Fprintln(w, p.T("predict.leaving.taught", "contracts", l.Known, "stretches", l.Stretches, "ended", l.Events))
	} else {
		fmt.Fprintln(w, p.T("predict.leaving.too_few", "ended", l.Events))
	}
	if l.AUC != nil {
		fmt.Fprintln(w, p.T("predict.leaving.tested", "auc", p.Decimal(*l.AUC, 3), "brier", p.Decimal(*l.Brier, 4), "same", p.Decimal(*l.SameRate, 4)))
	}
	if l.TenureOnly > 0 {
		fmt.Fprintln(w, p.T("survival.note.tenure_only", "contracts", l.TenureOnly))
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, e := range l.Effects {
		fmt.Fprintf(t, "%s\t%s\t± %s\t\n", p.T("predict.leaving.feature."+e.Feature, "plan", e.Plan), p.Decimal(e.Value, 4), p.Decimal(e.SE, 4))
	}
	t.Flush()
	fmt.Fprintln(w)
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	fmt.Fprintf(t, "%s\t%s\t%s\t%s\t\n", p.T("predict.cli.customer"), p.T("survival.column.plan"), p.T("survival.column.month"), p.T("predict.cli.chance"))
	for _, one := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s (%s–%s)\t\n", one.Customer, one.Plan, p.Decimal(one.Months, 1), p.Chance(one.P), p.Chance(one.Lo), p.Chance(one.Hi))
	}
}
