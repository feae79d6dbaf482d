package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

type rateCommands struct {
	List   rateList   `cmd:"" help:"List the exchange rates, and the currencies of imports that lack one."`
	Set    rateSet    `cmd:"" help:"Enter a rate, or replace the one of that day; what has been imported keeps its own."`
	Drop   rateDrop   `cmd:"" help:"Remove a rate."`
	Import rateImport `cmd:"" help:"Enter the rates of a file, all or none."`
}

// rateJSON is a rate as it is printed: units of the base currency for one of the currency.
type rateJSON struct {
	Currency  string    `json:"currency"`
	ValidFrom clock.Day `json:"valid_from"`
	Rate      string    `json:"rate"`
}

func rateOf(r company.Rate) rateJSON { return rateJSON{r.Currency, r.ValidFrom, r.Rate.String()} }

type rateList struct {
	CSV bool `name:"csv" help:"Print the list as CSV, which stamm rates import reads."`
}

// Run lists the rates.
func (cmd *rateList) Run(ctx context.Context, c *Call) error {
	var settings company.Settings
	var rates []company.Rate
	var lacking []connect.NoRate
	err := c.App.Store.Read(ctx, func(tx *store.Tx) (err error) {
		if settings, err = company.Load(ctx, tx); err != nil {
			return err
		}
		if rates, err = company.Rates(ctx, tx); err != nil {
			return err
		}
		lacking, err = connect.NoRates(ctx, tx)
		return err
	})
	switch {
	case err != nil:
		return err
	case cmd.CSV && c.JSON:
		return fault.New(fault.Invalid, "cli.csv_and_json").On("csv")
	case cmd.CSV:
		c.printed = true
		out := sheet.NewWriter(c.Stdout)
		out.Write("currency", "valid_from", "rate")
		for _, r := range rates {
			out.Write(r.Currency, r.ValidFrom.String(), r.Rate.String())
		}
		return out.Flush()
	}
	type missing struct {
		Currency string `json:"currency"`
		Rows     int64  `json:"rows"`
		Entered  bool   `json:"entered"` // there is a rate now, and the file has to be imported again
	}
	shown := struct {
		Base    string     `json:"base"`
		Rates   []rateJSON `json:"rates"`
		Missing []missing  `json:"missing"`
	}{settings.Currency, []rateJSON{}, []missing{}}
	for _, r := range rates {
		shown.Rates = append(shown.Rates, rateOf(r))
	}
	for _, l := range lacking {
		shown.Missing = append(shown.Missing, missing{l.Currency, l.Rows, l.Entered})
		fmt.Fprintln(c.Stderr, l.Words(c.Text, settings.Currency))
	}
	return c.Print(shown, func(w io.Writer) {
		if len(rates) == 0 {
			fmt.Fprintln(w, c.Text.T("cli.rates.none"))
		}
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, r := range rates {
			fmt.Fprintf(t, "%s\t%s\n", c.rateWords(r, settings.Currency), c.Text.T("cli.rates.from", "day", r.ValidFrom))
		}
	})
}

func (c *Call) rateWords(r company.Rate, base string) string {
	rate := r.Rate.String()
	if c.Text.Lang() == "de" {
		rate = strings.Replace(rate, ".", ",", 1)
	}
	return c.Text.T("cli.rates.item", "currency", r.Currency, "rate", rate, "base", base)
}

type rateSet struct {
	Currency string `arg:"" help:"The other currency, such as USD."`
	Rate     string `arg:"" help:"What one unit of it is worth in the base currency, such as 0.9312."`
	From     string `help:"First day it is valid on; today by default." placeholder:"DATE"`
	Inverse  bool   `help:"RATE is quoted the other way round, units of the other currency for one of the base currency."`
}

// Run enters the rate.
func (cmd *rateSet) Run(ctx context.Context, c *Call) error {
	settings, err := c.company(ctx)
	if err != nil {
		return err
	}
	if cmd.From == "" {
		cmd.From = clock.DayOf(c.App.Store.Now(), settings.Zone()).String()
	}
	rate, err := company.NewRate(settings.Currency, cmd.Currency, cmd.From, cmd.Rate, cmd.Inverse)
	if err != nil {
		return err
	}
	if err := c.App.Store.Write(ctx, actor, func(tx *store.Tx) error { return company.SetRate(ctx, tx, rate) }); err != nil {
		return err
	}
	return c.Print(rateOf(rate), func(w io.Writer) {
		fmt.Fprintln(w, c.rateWords(rate, settings.Currency), c.Text.T("cli.rates.from", "day", rate.ValidFrom))
	})
}

type rateDrop struct {
	Currency string `arg:"" help:"The other currency, such as USD."`
	From     string `help:"Day from which the rate is valid." required:"" placeholder:"DATE"`
}

// Run removes the rate.
func (cmd *rateDrop) Run(ctx context.Context, c *Call) error {
	from, err := c.day(cmd.From, "from")
	if err != nil {
		return err
	}
	var dropped company.Rate
	err = c.App.Store.Write(ctx, actor, func(tx *store.Tx) error {
		dropped, err = company.DropRate(ctx, tx, cmd.Currency, from)
		return err
	})
	if err != nil {
		return err
	}
	return c.Print(rateOf(dropped), func(w io.Writer) { fmt.Fprintln(w, c.Text.T("admin.rates.dropped", "currency", dropped.Currency)) })
}

type rateImport struct {
	File    string `arg:"" help:"CSV with a currency, the day from which the rate is valid, and the rate in each line."`
	Inverse bool   `help:"The rates are quoted the other way round, units of the other currency for one of the base currency."`
	DryRun  bool   `name:"dry-run" help:"Read the file and enter nothing."`
}

// Run enters all rates of the file, or names the lines that are wrong and enters none.
func (cmd *rateImport) Run(ctx context.Context, c *Call) error {
	settings, err := c.company(ctx)
	if err != nil {
		return err
	}
	file, err := os.Open(c.Path(cmd.File))
	if err != nil {
		return fault.New(fault.NotFound, "sheet.file.missing", "file", cmd.File).On("file").Because(err)
	}
	defer file.Close()
	lines, err := company.ReadRates(file, settings.Currency, cmd.Inverse)
	if err != nil {
		return onFile(err)
	}
	var wrong []error
	for _, l := range lines {
		for _, f := range fault.All(l.Err) {
			wrong = append(wrong, fault.New(fault.Invalid, "cli.rates.line", "line", l.N, "text", c.Text.Err(f)).On("file"))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	if !cmd.DryRun {
		err := c.App.Store.Bulk(ctx, actor, func(tx *store.Tx) error {
			for _, l := range lines {
				if err := company.SetRate(ctx, tx, l.Rate); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	shown := struct {
		Rates  int  `json:"rates"`
		DryRun bool `json:"dry_run"`
	}{len(lines), cmd.DryRun}
	key := "cli.rates.imported"
	if cmd.DryRun {
		key = "cli.rates.read"
	}
	return c.Print(shown, func(w io.Writer) { fmt.Fprintln(w, c.Text.N(key, int64(len(lines)))) })
}

// onFile says that what is wrong is the file.
func onFile(err error) error {
	if f := fault.As(err); f.Code == fault.Invalid {
		return f.On("file")
	}
	return err
}
