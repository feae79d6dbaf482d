package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/door/web/figure"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
)

type reportCommand struct {
	Name  string `arg:"" help:"Name of a report, or list."`
	AsOf  string `name:"as-of" help:"Last day included; today by default." placeholder:"DATE"`
	Basis string `help:"Before returns (gross) or after (net)." placeholder:"net|gross"`
	By    string `help:"What products are grouped by: product or category." placeholder:"WHAT"`
	CSV   bool   `name:"csv" help:"Print the table as CSV."`
}

// Run prints a report.
func (cmd *reportCommand) Run(ctx context.Context, c *Call) error {
	if cmd.Name == "list" {
		return c.listReports()
	}
	if cmd.CSV && c.JSON {
		return fault.New(fault.Invalid, "cli.csv_and_json").On("csv")
	}
	r, err := report.Find(cmd.Name)
	if err != nil {
		return err
	}
	p, err := cmd.params(c)
	if err != nil {
		return err
	}
	house, err := c.App.Warehouse(ctx)
	if err != nil {
		return err
	}
	if err := upToDate(ctx, c, house, c.App.Store); err != nil {
		return err
	}
	p.Customers = r.List && (c.JSON || cmd.CSV)
	var res *report.Result
	err = house.View(ctx, func(v *warehouse.View) error {
		res, err = r.Run(ctx, v, p)
		return err
	})
	if err != nil {
		return err
	}
	if cmd.CSV {
		c.printed = true
		return writeCSV(c.Stdout, c.Text, res)
	}
	if c.JSON {
		c.printed = true
		return res.WriteJSON(c.Stdout)
	}
	return c.Print(nil, func(w io.Writer) { writeText(w, c.Text, res) })
}

func (cmd *reportCommand) params(c *Call) (p report.Params, err error) {
	p.AsOf = clock.DayOf(c.App.Store.Now(), c.Text.Location())
	if cmd.AsOf != "" {
		if p.AsOf, err = clock.ParseDay(cmd.AsOf); err != nil {
			return p, fault.New(fault.Invalid, "errors.day", "text", cmd.AsOf).On("as_of")
		}
	}
	if p.Basis, err = report.ParseBasis(cmd.Basis); err != nil {
		return p, err
	}
	if p.By = cmd.By; p.By != "" && !slices.Contains([]string{"product", "category"}, p.By) {
		return p, fault.New(fault.Invalid, "cli.choice", "text", p.By, "choices", "product, category").On("by")
	}
	return p, nil
}

func (c *Call) listReports() error {
	type entry struct {
		Name  string `json:"name"`
		Title string `json:"title"`
	}
	var all []entry
	for _, r := range report.All() {
		all = append(all, entry{r.Name, r.Title(c.Text)})
	}
	return c.Print(all, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, e := range all {
			fmt.Fprintf(t, "%s\t%s\n", e.Name, e.Title)
		}
	})
}

func writeText(w io.Writer, p *i18n.Printer, res *report.Result) {
	fmt.Fprintf(w, "%s\n\n", res.Sentence(p))
	for _, table := range res.Tables {
		if table.Name != "" {
			fmt.Fprintf(w, "%s\n", p.T("report.table."+table.Name))
		}
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		var headings []string
		for _, col := range table.Columns {
			headings = append(headings, col.Heading(p))
		}
		fmt.Fprintf(t, "%s\t\n", strings.Join(headings, "\t"))
		for _, row := range table.Rows {
			for i, cell := range row {
				fmt.Fprintf(t, "%s\t", cell.Format(p, table.Columns[i].Kind, res.Currency))
			}
			fmt.Fprintln(t)
		}
		t.Flush()
		fmt.Fprintln(w)
	}
}

// writeCSV writes the tables of a report, or its headline figures where it has none, with values that spreadsheets reckon with.
func writeCSV(w io.Writer, p *i18n.Printer, res *report.Result) error {
	out := sheet.NewWriter(w)
	if len(res.Tables) == 0 {
		out.Write(p.T("insight.csv.figure"), p.T("insight.csv.value"))
		for _, f := range res.Figures {
			out.Write(f.Label(p), figure.Raw(p, f.Cell, f.Kind, res.Currency))
		}
	}
	for i, table := range res.Tables {
		if i > 0 {
			out.Write()
		}
		var headings []string
		for _, col := range table.Columns {
			headings = append(headings, col.Heading(p))
		}
		out.Write(headings...)
		for _, row := range table.Rows {
			cells := make([]string, len(row))
			for i, cell := range row {
				cells[i] = figure.Raw(p, cell, table.Columns[i].Kind, res.Currency)
			}
			out.Write(cells...)
		}
	}
	return out.Flush()
}

// upToDate waits until the warehouse shows what the store held when the command began. Beside a running server it
// waits ten seconds and says so; a process of its own would throw its work away by giving up, so it waits on.
func upToDate(ctx context.Context, c *Call, house *warehouse.DB, db *store.DB) error {
	for {
		err := house.Reach(ctx, db)
		if !errors.Is(err, warehouse.ErrBehind) || c.owner != nil || ctx.Err() != nil {
			return err
		}
	}
}

type warehouseCommands struct {
	Rebuild warehouseRebuild `cmd:"" help:"Build the warehouse anew from the store."`
}

type warehouseRebuild struct{}

// Run builds the warehouse anew; the old one answers meanwhile.
func (*warehouseRebuild) Run(ctx context.Context, c *Call) error {
	house, err := c.App.Warehouse(ctx)
	if err != nil {
		return err
	}
	start := c.App.Store.Now()
	if err := house.Rebuild(ctx, c.App.Store); err != nil {
		return err
	}
	seconds := c.App.Store.Now().Sub(start).Seconds()
	return c.Print(map[string]float64{"seconds": seconds}, func(w io.Writer) {
		fmt.Fprintln(w, c.Text.T("cli.rebuilt", "seconds", c.Text.Decimal(seconds, 1)))
	})
}
