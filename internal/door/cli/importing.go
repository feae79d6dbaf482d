package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

type importCommands struct {
	Orders    importOrders    `cmd:"" help:"Import orders, invoices and returns: one row an order, or one row a line."`
	Customers importCustomers `cmd:"" help:"Import customers."`
	Products  importProducts  `cmd:"" help:"Import products."`
	Payments  importPayments  `cmd:"" help:"Import payments."`
	Contracts importContracts `cmd:"" help:"Import contracts: with first and last day, or with months and whether they ended."`
	Consents  importConsents  `cmd:"" help:"Import consents, with their evidence; those without count only once they are proved."`
	List      importList      `cmd:"" help:"List imports, newest first."`
	Errors    importErrors    `cmd:"" help:"Print the rows of an import that were not taken, with reason and remedy, as CSV."`
	Undo      importUndo      `cmd:"" help:"Take an import back."`
	Kept      importKept      `cmd:"" help:"List what taking an import back had to leave in place."`
	Profile   importProfiles  `cmd:"" help:"Ways of reading files that were saved, and the folders they watch."`
}

// importFlags are what all imports of files share.
type importFlags struct {
	Files     []string          `arg:"" name:"file" help:"CSV or xlsx files, also as .gz or .zip. All of them make one import."`
	Source    string            `help:"Name of the system the file comes from; its numbers are only its own." default:"default" placeholder:"NAME"`
	Map       map[string]string `help:"Column of a field, by heading or number, as in --map customer=Kundennummer; overrides the guess for that field." placeholder:"FIELD=COLUMN"`
	Decimal   string            `help:"Decimal sign of the file: comma or point." placeholder:"SIGN"`
	Dates     string            `help:"Order of dates in the file: dmy, mdy or ymd." placeholder:"ORDER"`
	Encoding  string            `help:"Encoding of the file, such as utf-8 or windows-1252." placeholder:"NAME"`
	Separator string            `help:"Separator of the file, or tab, or blank for any number of blanks." placeholder:"SIGN"`
	Currency  string            `help:"Currency of amounts without one; the base currency by default." placeholder:"CODE"`
	Profile   string            `help:"Read as saved under this name; what other flags say weighs more. A new name saves how this file is read." placeholder:"NAME"`
	DryRun    bool              `help:"Only count what would be new, changed and unchanged."`
	Strict    bool              `help:"Exit with 1 if any row was not taken."`
}

type importOrders struct{ importFlags }
type importCustomers struct{ importFlags }
type importProducts struct{ importFlags }
type importPayments struct{ importFlags }
type importContracts struct{ importFlags }
type importConsents struct{ importFlags }

// Run imports orders.
func (cmd *importOrders) Run(ctx context.Context, c *Call) error {
	return cmd.run(ctx, c, sheet.Orders)
}

// Run imports customers.
func (cmd *importCustomers) Run(ctx context.Context, c *Call) error {
	return cmd.run(ctx, c, sheet.Customers)
}

// Run imports products.
func (cmd *importProducts) Run(ctx context.Context, c *Call) error {
	return cmd.run(ctx, c, sheet.Products)
}

// Run imports payments.
func (cmd *importPayments) Run(ctx context.Context, c *Call) error {
	return cmd.run(ctx, c, sheet.Payments)
}

// Run imports contracts.
func (cmd *importContracts) Run(ctx context.Context, c *Call) error {
	return cmd.run(ctx, c, sheet.Contracts)
}

// Run imports consents.
func (cmd *importConsents) Run(ctx context.Context, c *Call) error {
	return cmd.run(ctx, c, sheet.Consents)
}

// importJSON is an import as --json shows it.
type importJSON struct {
	Run       int64         `json:"run"`
	Rows      int64         `json:"rows"`
	New       int64         `json:"new"`
	Changed   int64         `json:"changed"`
	Unchanged int64         `json:"unchanged"`
	Errors    int64         `json:"errors"`
	Notices   int64         `json:"notices"`
	Kept      int64         `json:"kept,omitempty"` // left in place by taking it back
	State     connect.State `json:"state"`
	Kind      sheet.Kind    `json:"kind,omitempty"`
	Seconds   float64       `json:"seconds,omitempty"`
}

func (f *importFlags) run(ctx context.Context, c *Call, kind sheet.Kind) error {
	house, err := c.App.Warehouse(ctx)
	if err != nil {
		return err
	}
	c.App.Work()
	im := c.App.Importer
	q := connect.Request{Kind: kind, Source: f.Source, Options: sheet.Options{Map: f.Map, Decimal: sheet.Decimal(f.Decimal), Dates: sheet.DateOrder(f.Dates),
		Encoding: sheet.Encoding(f.Encoding), Separator: f.Separator, Currency: f.Currency}}
	if f.Profile != "" {
		if q, err = im.WithProfile(ctx, actor, q, f.Profile); err != nil {
			return err
		}
	}
	for _, name := range f.Files {
		file, err := im.KeepPath(ctx, c.Path(name))
		if err != nil {
			return err
		}
		q.Files = append(q.Files, file)
	}
	if f.DryRun {
		return f.dryRun(ctx, c, q)
	}
	run, err := im.Start(ctx, actor, q)
	if err != nil {
		return unmapped(err)
	}
	if run, err = c.follow(ctx, run); err != nil {
		return err
	}
	if err := run.Why(); err != nil {
		return unmapped(err)
	}
	if err := upToDate(ctx, c, house, c.App.Store); err != nil {
		return err
	}
	if err := c.showRun(run); err != nil {
		return err
	}
	if run.State == connect.Cancelled {
		return fault.New(fault.Conflict, "import.cancelled")
	}
	if f.Strict && run.Errors > 0 {
		return fault.New(fault.Conflict, "import.strict", "errors", run.Errors, "run", run.ID)
	}
	return nil
}

// unmapped makes a column that was not found a matter of --map, the flag that names it.
func unmapped(err error) error {
	if f := fault.As(err); f != nil && f.Key == "sheet.map.missing" {
		return f.On("map")
	}
	return err
}

func (f *importFlags) dryRun(ctx context.Context, c *Call, q connect.Request) error {
	counts, err := c.App.Importer.DryRun(ctx, q)
	if err != nil {
		return unmapped(err)
	}
	return c.showRun(&connect.Run{Kind: q.Kind, State: connect.Waiting, Rows: counts.Rows, New: counts.New, Changed: counts.Changed,
		Unchanged: counts.Unchanged, Errors: counts.Errors, Notices: counts.Notices})
}

// follow waits for the run's job, with its progress on standard error. When the user stops the command the job is
// cancelled.
func (c *Call) follow(ctx context.Context, run *connect.Run) (*connect.Run, error) {
	_, err := c.followJob(ctx, run.Job)
	if ctx.Err() != nil {
		return nil, errors.Join(err, c.cancelStopped(ctx, run.Job))
	}
	id := run.ID
	readErr := c.App.Store.Read(ctx, func(tx *store.Tx) (err error) {
		run, err = connect.FindRun(ctx, tx, id)
		return err
	})
	if readErr != nil {
		return nil, readErr
	}
	if err != nil && run.Why() == nil && run.State != connect.Cancelled {
		return nil, err
	}
	return run, nil
}

func (c *Call) showRun(r *connect.Run) error {
	shown := runJSON(r)
	return c.Print(shown, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		line := func(key string, n int64) { fmt.Fprintf(t, "%s\t%s\n", c.Text.T("import.count."+key), c.Text.Number(n)) }
		if r.ID != 0 {
			line("run", r.ID)
		}
		line("rows", r.Rows)
		line("new", r.New)
		line("changed", r.Changed)
		line("unchanged", r.Unchanged)
		line("errors", r.Errors)
		if r.Notices > 0 {
			line("notices", r.Notices)
		}
		if r.Kept > 0 {
			line("kept", r.Kept)
		}
	})
}

func runJSON(r *connect.Run) importJSON {
	shown := importJSON{Run: r.ID, Rows: r.Rows, New: r.New, Changed: r.Changed, Unchanged: r.Unchanged, Errors: r.Errors, Notices: r.Notices, Kept: r.Kept,
		State: r.State, Kind: r.Kind}
	if !r.FinishedAt.IsZero() && r.StartedAt.Unix() > 0 {
		shown.Seconds = r.FinishedAt.Sub(r.StartedAt).Seconds()
	}
	return shown
}

type importList struct {
	Limit int `help:"At most so many." default:"20" placeholder:"N"`
}

// Run lists imports.
func (cmd *importList) Run(ctx context.Context, c *Call) error {
	var runs []*connect.Run
	err := c.App.Store.Read(ctx, func(tx *store.Tx) (err error) {
		runs, err = connect.Runs(ctx, tx, 0, cmd.Limit)
		return err
	})
	if err != nil {
		return err
	}
	all := make([]importJSON, len(runs))
	for i, r := range runs {
		all[i] = runJSON(r)
	}
	return c.Print(all, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, r := range runs {
			fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, c.Text.T("import.kind."+string(r.Kind)), c.Text.T("import.state."+string(r.State)),
				c.Text.Number(r.Rows), c.Text.Number(r.New), c.Text.Number(r.Changed), c.Text.Number(r.Errors), c.Text.DateTime(r.CreatedAt))
		}
	})
}

type importErrors struct {
	Run_ int64 `arg:"" name:"run" help:"Number of the import."`
}

// Run prints the rows that were not taken.
func (cmd *importErrors) Run(ctx context.Context, c *Call) error {
	err := c.App.Store.Read(ctx, func(tx *store.Tx) error {
		_, err := connect.FindRun(ctx, tx, cmd.Run_)
		return err
	})
	if err != nil {
		return err
	}
	c.printed = true
	if c.JSON {
		return c.errorsJSON(ctx, cmd.Run_)
	}
	return connect.WriteErrors(ctx, c.App.Store, cmd.Run_, c.Text, c.Stdout)
}

// rowErrorJSON is a row that was not taken, or taken with a remark, as --json shows it.
type rowErrorJSON struct {
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Field  string `json:"field"`
	Value  string `json:"value"`
	Notice bool   `json:"notice"` // it was taken
	Reason string `json:"reason"`
	Remedy string `json:"remedy"`
}

// errorsJSON writes the rows one by one: there may be a million.
func (c *Call) errorsJSON(ctx context.Context, run int64) error {
	w := bufio.NewWriter(c.Stdout)
	between := "["
	for after := int64(0); ; {
		var page []connect.RowError
		err := c.App.Store.Read(ctx, func(tx *store.Tx) (err error) {
			page, err = connect.Errors(ctx, tx, run, after, 1000)
			return err
		})
		if err != nil {
			return err
		}
		for _, e := range page {
			text, err := json.Marshal(rowErrorJSON{e.File, e.Line, e.Field, e.Value, e.Notice, e.Reason(c.Text), e.Remedy(c.Text)})
			if err != nil {
				return err
			}
			w.WriteString(between)
			w.Write(text)
			between, after = ",\n", e.N
		}
		if len(page) == 0 {
			break
		}
	}
	if between == "[" {
		w.WriteString(between)
	}
	w.WriteString("]\n")
	return w.Flush()
}

type importUndo struct {
	Run_ int64 `arg:"" name:"run" help:"Number of the import."`
}

// Run takes an import back.
func (cmd *importUndo) Run(ctx context.Context, c *Call) error {
	house, err := c.App.Warehouse(ctx)
	if err != nil {
		return err
	}
	c.App.Work()
	run := &connect.Run{ID: cmd.Run_}
	err = c.App.Store.Write(ctx, actor, func(tx *store.Tx) (err error) {
		run.Job, err = connect.Undo(ctx, tx, cmd.Run_)
		return err
	})
	if err != nil {
		return err
	}
	if run, err = c.follow(ctx, run); err != nil {
		return err
	}
	if err := upToDate(ctx, c, house, c.App.Store); err != nil {
		return err
	}
	if run.Kept > 0 {
		c.Note("import.kept", "run", run.ID)
	}
	return c.showRun(run)
}

type importKept struct {
	Run_ int64 `arg:"" name:"run" help:"Number of the import."`
}

// keptJSON is a record that was left in place, as --json shows it.
type keptJSON struct {
	Kind     string `json:"kind"`
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Customer int64  `json:"customer,omitempty"`
}

// Run lists what taking an import back had to leave.
func (cmd *importKept) Run(ctx context.Context, c *Call) error {
	all := []keptJSON{}
	var words []string
	err := c.App.Store.Read(ctx, func(tx *store.Tx) error {
		if _, err := connect.FindRun(ctx, tx, cmd.Run_); err != nil {
			return err
		}
		for after := (connect.Record{}); ; {
			page, err := connect.KeptBy(ctx, tx, cmd.Run_, after, 1000)
			if err != nil {
				return err
			}
			for _, k := range page {
				all, words, after = append(all, keptJSON{k.Kind, k.ID, k.Name, k.Customer}), append(words, k.Word(c.Text)), k
			}
			if len(page) < 1000 {
				return nil
			}
		}
	})
	if err != nil {
		return err
	}
	return c.Print(all, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for i, k := range all {
			fmt.Fprintf(t, "%s\t%s\n", words[i], k.Name)
		}
	})
}
