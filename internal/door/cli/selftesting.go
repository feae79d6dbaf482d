package cli

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"stamm/internal/insight/predict"
	"stamm/internal/platform/fault"
)

type predictSelftest struct{}

// selftestJSON is the self-test as --json shows it.
type selftestJSON struct {
	Version int               `json:"version"`
	OK      bool              `json:"ok"`
	Checks  []predict.Checked `json:"checks"`
}

// RunLocal checks and prints. It needs no data folder. A wrong number is a failure.
func (*predictSelftest) RunLocal(ctx context.Context, c *Call) error {
	all, err := predict.SelfTest(ctx)
	if err != nil {
		return err
	}
	wrong := 0
	for _, one := range all {
		if !one.OK {
			wrong++
		}
	}
	err = c.Print(selftestJSON{predict.Version, wrong == 0, all}, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, key := range []string{"check", "got", "want", "off", "status"} {
			fmt.Fprint(t, c.Text.T("predict.cli."+key), "\t")
		}
		fmt.Fprintln(t)
		for _, one := range all {
			word := "right"
			if !one.OK {
				word = "wrong"
			}
			fmt.Fprintf(t, "%s\t%.9g\t%.9g\t%.1e\t%s\t\n", one.What, one.Got, one.Want, one.Error, c.Text.T("predict.cli."+word))
		}
		t.Flush()
		fmt.Fprintln(w, c.Text.T("predict.cli.checks", "good", len(all)-wrong, "n", len(all), "version", predict.Version))
	})
	if err == nil && wrong > 0 {
		return fault.New(fault.Internal, "predict.error.selftest", "n", wrong)
	}
	return err
}
