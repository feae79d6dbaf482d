package cli

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"stamm/internal/action/program"
	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/door/sim"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
	"stamm/internal/record/event"
	"stamm/internal/record/task"
)

type demoCommand struct {
	Customers int    `help:"How many customers the simulated company has." default:"20000" placeholder:"N"`
	Seed      uint64 `help:"The same seed makes the same company." default:"1" placeholder:"NUMBER"`
	Truth     string `help:"Write into this file what is true about every customer: who left when, and true buying rates." placeholder:"FILE"`

	temporary string // folder to remove at the end; empty when the user named one
}

const (
	demoSource = "shop"
	demoPorts  = 100
)

// RunOwning simulates a company, brings it in by the ways of real use, and serves it.
func (cmd *demoCommand) RunOwning(ctx context.Context, c *Call) (err error) {
	if c.Config.sources["dir"] == "" {
		if cmd.temporary, err = os.MkdirTemp("", "stamm-demo-"); err != nil {
			return fault.New(fault.Unavailable, "errors.folder_not_writable", "folder", os.TempDir()).Because(err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(cmd.temporary)) }()
		if c.Config.sources["db"] == "" {
			c.Config.DB = filepath.Join(cmd.temporary, filepath.Base(c.Config.DB))
		}
		c.Config.Dir = cmd.temporary
	}
	ports := 1
	if c.Config.sources["addr"] == "" {
		ports = demoPorts
	}
	return c.host(ctx, hosting{ports: ports, hold: true}, func(ctx context.Context, app *App, address, _ string) error {
		c.App = app // what follows a job looks at it
		d := demo{Call: c, app: app, cmd: cmd}
		token, err := d.make(ctx)
		if err != nil {
			return err
		}
		link := address + "/login/" + token
		return c.Print(map[string]any{"address": address, "login": link, "pid": os.Getpid()}, func(w io.Writer) {
			fmt.Fprintln(w, c.Text.T("cli.demo_login", "address", link))
			if cmd.temporary != "" {
				fmt.Fprintln(w, c.Text.T("cli.demo_folder", "folder", cmd.temporary))
			}
		})
	})
}

// demo is a company being made.
type demo struct {
	*Call
	app     *App
	cmd     *demoCommand
	company *sim.Company
	source  int64

	colleague store.Actor      // who writes the campaigns
	segments  map[string]int64 // by name
}

// quickly is how much the memory in use may grow, in per cent, before what nobody needs any more is looked for while a company is made: an
// eighth of its time otherwise.
const quickly = 400

// make fills the folder, or goes on where an earlier demo of this folder was stopped, and returns a token for one login.
func (d *demo) make(ctx context.Context) (token string, err error) {
	if d.company, err = sim.New(sim.Config{Seed: d.cmd.Seed, Customers: d.cmd.Customers, Until: d.today(), TempDir: d.Config.Dir}); err != nil {
		return "", err
	}
	if d.cmd.Truth != "" {
		if err := d.writeTruth(); err != nil {
			return "", err
		}
	}
	made, err := d.begun(ctx)
	if err != nil {
		return "", err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(quickly))
	if made == "done" {
		close(d.app.held)
	} else if err := d.fill(ctx); err != nil {
		return "", err
	}
	err = d.app.Store.Write(ctx, actor, func(tx *store.Tx) error {
		u, err := auth.ByMail(ctx, tx, demoMail)
		if err != nil {
			return err
		}
		token, err = auth.Issue(ctx, tx, u.ID, auth.OneTime)
		return err
	})
	return token, err
}

const demoMail = "demo@tidenlicht.example"

// today is the last whole day of the simulated company: yesterday.
func (d *demo) today() clock.Day {
	loc, err := clock.LoadZone(sim.Zone)
	if err != nil {
		loc = time.UTC
	}
	return clock.DayOf(d.app.Store.Now(), loc).AddDays(-1)
}

func (d *demo) writeTruth() (err error) {
	f, err := os.Create(d.Path(d.cmd.Truth))
	if err != nil {
		return fault.New(fault.Unavailable, "cli.file_not_writable", "file", d.cmd.Truth).On("truth").Because(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return d.company.WriteTruth(f)
}

// begun makes the settings and the user of the demo, or reads how far an earlier one came.
func (d *demo) begun(ctx context.Context) (state string, err error) {
	err = d.app.Store.Write(ctx, actor, func(tx *store.Tx) error {
		var err error
		if state, err = demoSetting(ctx, tx, demoState); err != nil || state != "" {
			return err
		}
		if n, err := auth.Count(ctx, tx); err != nil || n > 0 {
			return errors.Join(err, fault.New(fault.Conflict, "cli.demo_taken").On("dir"))
		}
		if _, err := auth.Add(ctx, tx, demoMail, "Demo", auth.Admin, ""); err != nil {
			return err
		}
		s := company.Defaults()
		s.Name, s.Currency, s.TimeZone, s.Country, s.Region, s.Sector, s.Setup = sim.Name, sim.Currency, sim.Zone, "DE", "DE-HH", "retail", true
		if err := company.Save(ctx, tx, s); err != nil {
			return err
		}
		if err := d.rates(ctx, tx); err != nil {
			return err
		}
		return setDemo(ctx, tx, demoState, "begun")
	})
	return state, err
}

// rates pins the Swiss franc, for files that do not tell the rate.
func (d *demo) rates(ctx context.Context, tx *store.Tx) error {
	rate, err := money.ParseRate("0.95")
	if err != nil {
		return err
	}
	return company.SetRate(ctx, tx, company.Rate{Currency: "CHF", ValidFrom: d.company.Start(), Rate: rate})
}

func (d *demo) fill(ctx context.Context) error {
	dir := filepath.Join(d.Config.Dir, "demo")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.New(fault.Unavailable, "errors.folder_not_writable", "folder", dir).Because(err)
	}
	defer os.RemoveAll(dir)
	d.Note("cli.demo_making")
	files, err := d.company.WriteFiles(ctx, dir, d.share())
	if err != nil {
		return err
	}
	if err := d.coupons(ctx); err != nil {
		return err
	}
	for _, step := range []struct {
		kind sheet.Kind
		path string
		o    sheet.Options
	}{
		{sheet.Products, files.Products, sheet.Options{Map: map[string]string{"price": "Preis EUR", "cost": "Einkaufspreis"}}},
		{sheet.Customers, files.Customers, customerOptions},
		{sheet.Customers, files.Contacts, customerOptions},
		{sheet.Orders, files.Orders, sheet.Options{}},
		{sheet.Orders, files.Quotes, sheet.Options{}},
		{sheet.Orders, files.Visits, sheet.Options{}},
		{sheet.Payments, files.Payments, sheet.Options{}},
		{sheet.Consents, files.Consents, sheet.Options{}},
		{sheet.Consents, files.Permissions, sheet.Options{}},
	} {
		if err := d.bring(ctx, step.kind, step.path, step.o); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(step.path), err)
		}
		if step.path == files.Orders { // what comes now keeps one processor busy; the warehouse has the other
			close(d.app.held)
		}
	}
	if err := d.contacts(ctx, files.Contacts); err != nil {
		return err
	}
	if err := d.recent(ctx); err != nil {
		return err
	}
	if err := d.past(ctx, files); err != nil {
		return err
	}
	if err := d.score(ctx); err != nil {
		return err
	}
	if err := d.reached(ctx); err != nil {
		return err
	}
	if err := d.draft(ctx); err != nil {
		return err
	}
	return d.app.Store.Write(ctx, actor, func(tx *store.Tx) error { return setDemo(ctx, tx, demoState, "done") })
}

// demoPast is how many customers a demo has at most whose scores have a past, too: it costs two more scorings.
const demoPast = 5_000

// score foresees what everybody will do, once the warehouse has all orders.
func (d *demo) score(ctx context.Context) error {
	if err := d.reached(ctx); err != nil {
		return err
	}
	if d.cmd.Customers <= demoPast {
		for _, ago := range []int{60, 30} {
			if err := d.app.scoreAsOf(ctx, clock.DayOf(d.app.Store.Now(), time.UTC).AddDays(-ago)); err != nil {
				return err
			}
		}
	}
	return d.app.scoreAll(ctx)
}

// reached waits until the warehouse has what the store has now.
func (d *demo) reached(ctx context.Context) error {
	house, err := d.app.Warehouse(ctx)
	if err != nil {
		return err
	}
	return upToDate(ctx, d.Call, house, d.app.Store)
}

// past brings in the measures of the last year, as a company would that held them before it had Stamm. A very small company held none.
func (d *demo) past(ctx context.Context, files *sim.Files) error {
	if files.Rows[filepath.Base(files.Measures)] == 0 {
		return nil
	}
	d.Note("cli.demo_importing", "file", filepath.Base(files.Measures))
	a := adoption{Call: d.Call, source: demoSource}
	if err := a.read(ctx, files.Measures, files.MeasurePlans, files.MeasureCosts); err != nil {
		return err
	}
	if err := a.write(ctx); err != nil {
		return err
	}
	if err := d.engage(ctx); err != nil {
		return err
	}
	if err := d.campaigns(ctx, a.measures); err != nil {
		return err
	}
	return d.app.Store.Write(ctx, actor, func(tx *store.Tx) error {
		year, _, _ := d.today().Date()
		for back, y := range []program.Year{{Budget: 48_000_00, Winning: 61_000_00, Keeping: 14_000_00}, {Budget: 40_000_00, Winning: 72_000_00, Keeping: 11_000_00}} {
			y.Year = year - back
			if err := program.SaveYear(ctx, tx, y); err != nil {
				return err
			}
		}
		return nil
	})
}

// share shows a person at a terminal how much is done, from 0 to 1.
func (d *demo) share() func(done float64) {
	shown := -1
	return func(done float64) {
		percent := int(100 * done)
		if !d.Terminal || percent == shown {
			return
		}
		shown = percent
		end := ""
		if percent == 100 {
			end = "\n"
		}
		fmt.Fprintf(d.Stderr, "\r%s%s", d.Text.Percent(done, 0), end)
	}
}

var customerOptions = sheet.Options{Map: map[string]string{"custom.kanal": "Kanal", "custom.roestgrad": "Röstgrad", "custom.kundengruppe": "Kundengruppe"}}

// bring imports a file as a user would. An empty file (no contacts with few customers) is passed over.
func (d *demo) bring(ctx context.Context, kind sheet.Kind, path string, o sheet.Options) error {
	im := d.app.Importer
	d.Note("cli.demo_importing", "file", filepath.Base(path))
	for name := range o.Map {
		if key, ok := strings.CutPrefix(name, "custom."); ok {
			if err := d.defineField(ctx, key); err != nil {
				return err
			}
		}
	}
	file, err := im.KeepPath(ctx, path)
	if err != nil {
		return err
	}
	run, err := im.Start(ctx, actor, connect.Request{Kind: kind, Source: demoSource, Files: []connect.File{file}, Options: o})
	if err != nil {
		return err
	}
	if _, err := d.followJob(ctx, run.Job); err != nil {
		return err
	}
	return d.app.Store.Read(ctx, func(tx *store.Tx) error {
		d.source = run.Source
		run, err := connect.FindRun(ctx, tx, run.ID)
		if err != nil {
			return err
		}
		return run.Why()
	})
}

func (d *demo) defineField(ctx context.Context, key string) error {
	return d.app.Store.Write(ctx, actor, func(tx *store.Tx) error {
		have, err := customer.LoadCatalogue(ctx, tx)
		if err != nil {
			return err
		}
		for _, f := range have.Custom {
			if f.Key == key {
				return nil
			}
		}
		f := customer.CustomField{Key: key, Label: map[string]string{"kanal": "Kanal", "roestgrad": "Röstgrad", "kundengruppe": "Kundengruppe"}[key], Type: customer.TypeText}
		if f.Choices = sim.Choices(f.Label); len(f.Choices) > 0 {
			f.Type = customer.TypeChoice
		}
		_, err = customer.DefineField(ctx, tx, f)
		return err
	})
}

// contactTurn is how many contacts are written in one transaction.
const contactTurn = 100

// contacts ties the contact persons to their companies.
func (d *demo) contacts(ctx context.Context, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.ReuseRecord = ';', false
	if _, err := r.Read(); err != nil {
		return err
	}
	var rows [][]string
	for {
		row, err := r.Read()
		if err == nil {
			rows = append(rows, row)
		}
		if len(rows) == contactTurn || errors.Is(err, io.EOF) {
			if err := d.app.Store.Bulk(ctx, actor, func(tx *store.Tx) error { return d.addContacts(ctx, tx, rows) }); err != nil {
				return err
			}
			rows = rows[:0]
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (d *demo) addContacts(ctx context.Context, tx *store.Tx, rows [][]string) error {
	for _, row := range rows {
		firm, err := customer.Resolve(ctx, tx, d.source, row[0])
		if err != nil {
			return err
		}
		person, err := customer.Resolve(ctx, tx, d.source, row[4])
		if err != nil {
			return err
		}
		if firm == 0 || person == 0 {
			continue
		}
		c := customer.Contact{Company: firm, Person: person, Role: row[1], Source: d.source, From: germanDay(row[2]), Until: germanDay(row[3])}
		_, err = customer.AddContact(ctx, tx, c)
		if err != nil && fault.As(err).Key != "customer.contact_twice" { // as an earlier demo left it
			return err
		}
	}
	return nil
}

func germanDay(text string) *clock.Day {
	t, err := time.Parse("02.01.2006", text)
	if err != nil {
		return nil
	}
	day := clock.DayOf(t, time.UTC)
	return &day
}

// taskWeight puts the worst on top of Today.
var taskWeight = map[string]int64{"complaint": 90, "promise": 80, "cooling": 60, "callback": 50, "quote": 40}

// recent makes what is alive: tasks, notes and events of the last days.
func (d *demo) recent(ctx context.Context) error {
	loc, err := clock.LoadZone(sim.Zone)
	if err != nil {
		return err
	}
	recent := d.company.Recent()
	err = d.app.Store.Bulk(ctx, actor, func(tx *store.Tx) error {
		if done, err := demoSetting(ctx, tx, demoRecent); err != nil || done != "" {
			return err
		}
		for i, t := range recent.Tasks {
			id, err := customer.Resolve(ctx, tx, d.source, t.Customer)
			if err != nil {
				return err
			}
			due := t.Due
			_, err = task.Raise(ctx, tx, task.New{Kind: t.Kind, Key: fmt.Sprintf("demo.task.%d", i), Customer: id, Note: t.Subject, Weight: taskWeight[t.Kind], Due: &due})
			if err != nil {
				return err
			}
		}
		for _, n := range recent.Notes {
			id, err := customer.Resolve(ctx, tx, d.source, n.Customer)
			if err != nil || id == 0 {
				return err
			}
			if _, err := customer.AddNote(ctx, tx, id, n.Text); err != nil {
				return err
			}
		}
		return setDemo(ctx, tx, demoRecent, "done")
	})
	if err != nil {
		return err
	}
	for from := 0; from < len(recent.Events); from += event.MaxBatch {
		part := recent.Events[from:min(from+event.MaxBatch, len(recent.Events))]
		if err := d.app.Store.Bulk(ctx, actor, func(tx *store.Tx) error { return d.addEvents(ctx, tx, from, part, loc) }); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) addEvents(ctx context.Context, tx *store.Tx, from int, part []sim.Event, loc *time.Location) error {
	var events []*event.Event
	for i, e := range part {
		id, err := customer.Resolve(ctx, tx, d.source, e.Customer)
		if err != nil {
			return err
		}
		if id == 0 {
			continue
		}
		properties, err := json.Marshal(e.Properties)
		if err != nil {
			return err
		}
		events = append(events, &event.Event{Source: d.source, ExternalID: fmt.Sprintf("web-%d", from+i), Customer: id, Name: e.Name,
			At: e.At.Time(loc), Day: e.At.Day, Properties: properties})
	}
	_, err := event.Add(ctx, tx, events, feed.History)
	return err
}
