package cli

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"stamm/internal/insight/predict"
	"stamm/internal/platform/warehouse"
)

type predictTotals struct {
	AsOf    string `name:"as-of" help:"Last day observed; today by default." placeholder:"DATE"`
	Horizon string `help:"How far ahead, like 91d, 13w, 3m or 1y; the company's setting by default." placeholder:"SPAN"`
	Refits  int    `help:"How often customers are simulated and the model is fitted to them." default:"200" placeholder:"N"`
	Seed    uint64 `help:"Where the dice begin. The same seed and data give the same numbers." default:"1" placeholder:"N"`
}

// Run bootstraps and prints; nothing is written.
func (cmd *predictTotals) Run(ctx context.Context, c *Call) error {
	o, err := (&predictScore{AsOf: cmd.AsOf, Horizon: cmd.Horizon, Model: predict.Auto}).options(ctx, c)
	if err != nil {
		return err
	}
	var b *predict.Bootstrap
	err = c.foreseen(ctx, func(v *warehouse.View) (err error) {
		b, err = predict.BootstrapTotals(ctx, v, o, cmd.Refits, cmd.Seed)
		return err
	})
	if err != nil {
		return err
	}
	return c.Print(b, func(w io.Writer) {
		p := c.Text
		if b.Customers == 0 {
			fmt.Fprintln(w, p.T("predict.notice.no_purchases"))
			return
		}
		fmt.Fprintf(w, "%s\n\n", p.N("predict.cli.refits", int64(b.Refits), "customers", b.Customers, "seed", fmt.Sprint(b.Seed), "days", b.Horizon, "model", predict.ModelWords(p, b.Model)))
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, key := range []string{"total", "expected", "interval", "se", "delta"} {
			fmt.Fprint(t, p.T("predict.cli."+key), "\t")
		}
		fmt.Fprintln(t)
		for _, one := range b.Totals {
			fmt.Fprintf(t, "%s\t%s\t%s–%s\t%s\t%s\t\n", p.T("predict.cli.of_"+one.What), p.Decimal(one.Expected, 1), p.Decimal(one.Lo, 1), p.Decimal(one.Hi, 1), p.Decimal(one.SE, 1), p.Decimal(one.DeltaSE, 1))
		}
	})
}
