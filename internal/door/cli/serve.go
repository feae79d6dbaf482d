package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/action/message/call"
	"stamm/internal/action/privacy"
	"stamm/internal/action/program"
	"stamm/internal/door/api"
	"stamm/internal/door/connect"
	"stamm/internal/door/portal"
	"stamm/internal/door/web"
	"stamm/internal/door/web/admin"
	"stamm/internal/door/web/consents"
	"stamm/internal/door/web/customers"
	"stamm/internal/door/web/engage"
	"stamm/internal/door/web/imports"
	"stamm/internal/door/web/insight"
	"stamm/internal/door/web/outlook"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/programme"
	"stamm/internal/door/web/segments"
	"stamm/internal/door/web/today"
	"stamm/internal/insight/predict"
	"stamm/internal/insight/report"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/blob"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
	"stamm/internal/record/contract"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/event"
	"stamm/internal/record/product"
)

// projections are how the domains appear in the warehouse.
func projections() []warehouse.Projection {
	return []warehouse.Projection{company.Projection(), customer.Projection(), product.Projection(), document.Projection(), contract.Projection(),
		event.Projection(), consent.Projection(), report.Projection(), predict.Projection(), segment.Projection(), program.Projection(),
		message.Projection(), hit.Projection(), call.Projection()}
}

// App is the open parts of Stamm. The store and the files are always there; the warehouse and the job runner begin when
// a command needs them, and at once in serve.
type App struct {
	Config   Config
	Log      *slog.Logger
	Store    *store.DB
	Files    *blob.Store
	Importer *connect.Importer
	Hasher   *auth.Hasher

	origin string // how people reach the web page, for links in mails
	hits   *hit.Counter
	desk   *call.Desk

	held    chan struct{} // nil, or closed when the warehouse may begin to follow the store
	mu      sync.Mutex
	house   *warehouse.DB
	tracker *segment.Tracker // of house
	runner  *jobs.Runner
	opened  []func(context.Context) error // how to close what is open, in the order of opening
}

// Open opens store and files. The caller owns the data folder.
func Open(ctx context.Context, config Config, log *slog.Logger) (app *App, err error) {
	a := &App{Config: config, Log: log, Hasher: auth.NewHasher()}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close(ctx))
		}
	}()
	if err := checkRestored(config); err != nil {
		return nil, err
	}
	if err := sweepScratch(config.Dir); err != nil {
		return nil, err
	}
	if a.Store, err = store.Open(ctx, config.DB, store.Options{Log: log}); err != nil {
		return nil, err
	}
	a.opens(func(context.Context) error { return a.Store.Close() })
	if a.Store.Dialect() == store.SQLite {
		if err := a.takeOver(ctx); err != nil {
			return nil, err
		}
	}
	if a.Files, err = blob.Open(filepath.Join(config.Dir, blobFolder)); err != nil {
		return nil, err
	}
	a.Importer = connect.New(a.Store, a.Files)
	return a, a.wordProducts(ctx)
}

// wordProducts writes the search words of products from before there were any.
func (a *App) wordProducts(ctx context.Context) error {
	for {
		n := 0
		err := a.Store.Bulk(ctx, store.System(), func(tx *store.Tx) (err error) { n, err = product.AddWords(ctx, tx, 1000); return err })
		if err != nil || n == 0 {
			return err
		}
	}
}

// takeOver queues the jobs of a dead owner at once: the database is a file in a folder that only this process owns, so
// nobody works on them.
func (a *App) takeOver(ctx context.Context) error {
	return a.Store.Write(ctx, store.System(), func(tx *store.Tx) error {
		n, err := jobs.Release(ctx, tx)
		if n > 0 {
			a.Log.Info("jobs of an earlier process go on", "jobs", n)
		}
		return err
	})
}

func (a *App) opens(closing func(context.Context) error) { a.opened = append(a.opened, closing) }

// Warehouse returns the warehouse and keeps it up to date until Close.
func (a *App) Warehouse(ctx context.Context) (*warehouse.DB, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.house != nil {
		return a.house, nil
	}
	house, err := warehouse.Open(ctx, warehouse.Options{Dir: filepath.Join(a.Config.Dir, "warehouse"), MemoryLimit: int64(a.Config.Memory) << 20,
		Projections: projections(), Log: a.Log})
	if err != nil {
		return nil, err
	}
	a.house = house
	a.opens(func(context.Context) error { return house.Close() })
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		if a.held != nil {
			select {
			case <-a.held:
			case <-following.Done():
				ended <- nil
				return
			}
		}
		ended <- house.Follow(following, a.Store)
	}()
	a.opens(func(context.Context) error { stop(); return <-ended })
	a.tracker = segment.NewTracker(a.Store, house, askable, a.Log)
	return house, nil
}

// Work runs jobs until Close and returns their runner.
func (a *App) Work() *jobs.Runner {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.runner != nil {
		return a.runner
	}
	a.runner = jobs.NewRunner(a.Store, jobs.Options{Log: a.Log, Zone: companyZone})
	a.nightly(a.runner)
	a.Importer.Register(a.runner)
	if a.house != nil { // a command without it leaves such jobs to the next owner that has it
		a.runner.Handle(privacy.CompactJob, 1, a.compact)
		a.proposing().Register(a.runner)
		predict.Scorer{Store: a.Store, Warehouse: a.ready()}.Register(a.runner) // not App.Warehouse, which waits for Close, which waits for jobs
		a.runner.Handle(segment.DailyJob, 1, a.tracker.Daily)
	}
	a.messageJobs(a.runner)
	a.mailboxJobs(a.runner)
	a.runner.Start()
	a.opens(a.runner.Close)
	return a.runner
}

// Close closes everything in reverse order of opening and tells all that went wrong.
func (a *App) Close(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []error
	for i := len(a.opened) - 1; i >= 0; i-- {
		all = append(all, a.opened[i](ctx))
	}
	a.opened = nil
	return errors.Join(all...)
}

func companyZone(ctx context.Context, tx *store.Tx) (*time.Location, error) {
	s, err := company.Load(ctx, tx)
	return s.Zone(), err
}

// compact writes the warehouse anew once it has seen that a person was erased, and forgets what refused rows said of whom.
func (a *App) compact(ctx context.Context, _ *jobs.Task) error {
	if err := connect.ForgetValues(ctx, a.Store); err != nil {
		return err
	}
	if err := a.house.Reach(ctx, a.Store); err != nil {
		return err
	}
	return a.house.Compact(ctx)
}

// scoreAll scores everybody and waits for it.
func (a *App) scoreAll(ctx context.Context) error { return a.scoreAsOf(ctx, 0) }

// scoreAsOf scores everybody as of a day, 0 for now, and waits for it.
func (a *App) scoreAsOf(ctx context.Context, day clock.Day) error {
	var job int64
	err := a.Store.Write(ctx, actor, func(tx *store.Tx) (err error) { job, err = predict.StartAsOf(ctx, tx, day); return err })
	if err == nil {
		_, err = jobs.Wait(ctx, a.Store, job, nil)
	}
	return err
}

// site is the web page of the open program, with the API under the same address.
func (a *App) site(setupCode string) *web.Server {
	return web.New(web.Deps{DB: a.Store, Areas: a.areas(), Address: a.Config.Site, TrustProxy: a.Config.TrustProxy, SetupCode: setupCode, Hasher: a.Hasher, Log: a.Log,
		Beside: map[string]http.Handler{"/api/": api.New(api.Deps{Store: a.Store, Reports: api.ReportsOf(a.house, a.Store), Imports: a.Importer, Segments: &api.Segments{House: a.house, Fields: askable},
			Log: a.Log, Version: thisBuild().Version, TrustProxy: a.Config.TrustProxy}),
			portal.Path: portal.New(portal.Deps{DB: a.Store, Send: sendOptIn, Address: a.origin, TrustProxy: a.Config.TrustProxy, Log: a.Log, Hits: a.hits})}})
}

// areas are the parts of the web page, in the order of the menu.
func (a *App) areas() []page.Area {
	picked := segments.Deps{Warehouse: a.house, Fields: askable}
	proving := programme.Deps{Warehouse: a.house, Fields: askable}
	engaged := engage.Deps{Outbox: noRelay, Vault: a.vault, Campaigns: a.campaignPages(), Measures: program.Names, Speakers: a.speakers(), Measure: programme.Address, Proved: proving.Sentence,
		Effects: proving.Effects, Planned: proving.Planned}
	return []page.Area{
		today.Area(today.Deps{Warehouse: a.house}),
		customers.Area(customers.Deps{Warehouse: a.house, Report: a.remembered, Segments: picked.Card, Consent: consents.Card, Messages: engaged.Card, Said: engaged.Timeline,
			Pages: []page.Entry{{Text: segments.Title, Href: segments.Path, Permission: auth.ReadCustomers}}}),
		consents.Area(),
		segments.Area(picked),
		insight.Area(insight.Deps{Warehouse: a.house}),
		outlook.Area(outlook.Deps{Warehouse: a.house}),
		engage.Area(engaged),
		programme.Area(proving),
		imports.Area(a.Importer),
		admin.Area(),
	}
}

// remembered is a report as pages about one customer use it: the last result at once, the new one a little later.
func (a *App) remembered(ctx context.Context, name string, p report.Params) (*report.Result, error) {
	r, err := report.Find(name)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("customer page: %s %+v", name, p)
	res, err := warehouse.Cached(ctx, a.house, key, reportPatience, func(ctx context.Context, v *warehouse.View) (*report.Result, error) { return r.Run(ctx, v, p) })
	return res.Value, err
}

// reportPatience is how long such a page waits for a report that has to be computed again.
const reportPatience = 30 * time.Millisecond

type serveCommand struct{}

// closingTime is how long the end may take: requests, commands and jobs under way.
const closingTime = 20 * time.Second

// RunOwning serves until told to stop.
func (*serveCommand) RunOwning(ctx context.Context, c *Call) error {
	return c.host(ctx, hosting{ports: 1}, func(ctx context.Context, app *App, address string, code string) error {
		err := c.Print(map[string]any{"address": address, "pid": os.Getpid()}, func(w io.Writer) { fmt.Fprintln(w, c.Text.T("cli.serving", "address", address)) })
		if err != nil || code == "" {
			return err
		}
		c.Note("cli.no_user", "address", address+"/setup", "code", code, "command", "stamm user add MAIL --role admin")
		return nil
	})
}

// hosting says how to host.
type hosting struct {
	ports int
	hold  bool // the warehouse does not follow the store before prepare closes App.held: filled at once it costs a tenth
}

// host opens, starts, waits and closes in reverse. prepare runs when everything is open; until it is done visitors see
// a page that says so. It gets the address of the web page, and the code with which the first user can be made where
// there is none.
func (c *Call) host(ctx context.Context, how hosting, prepare func(ctx context.Context, app *App, address, code string) error) (err error) {
	o, err := alone(ctx, c)
	if err != nil {
		return err
	}
	defer o.release()
	l, err := listen(ctx, c.Config.Addr, how.ports)
	if err != nil {
		return err
	}
	outside := newWebServer(l, c.Log)
	h := newHost(o.socket, c.Config, c.Log)
	shut := sync.OnceValue(func() error { h.stop(); return outside.close(ending()) }) // nobody comes in any more
	defer func() { err = errors.Join(err, shut()) }()
	if err := o.describe(holder{Command: c.name, Addr: l.Addr().String()}); err != nil {
		return err
	}
	app, err := Open(ctx, c.Config, c.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shut(), app.Close(ending())) }()
	if how.hold {
		app.held = make(chan struct{})
	}
	if _, err := app.Warehouse(ctx); err != nil {
		return err
	}
	if err := app.schedules(ctx); err != nil {
		return err
	}
	code, err := app.setupCode(ctx)
	if err != nil {
		return err
	}
	app.origin = cmp.Or(c.Config.Site, "http://"+l.Addr().String())
	if err := app.counting(ctx); err != nil {
		return err
	}
	site := app.site(code)
	outside.ready(site)
	app.track(ctx)
	app.Work()
	if err := app.send(ctx); err != nil {
		return err
	}
	app.calling(ctx)
	h.ready(app)
	if err := prepare(ctx, app, "http://"+l.Addr().String(), code); err != nil {
		return err
	}
	site.Ready()
	select {
	case <-ctx.Done():
		c.Log.Info("closing")
		return nil
	case err := <-outside.failed:
		return fault.New(fault.Unavailable, "cli.web_failed").Because(err)
	}
}

// setupCode makes the code that proves who may make the first user; empty as soon as there is one.
func (a *App) setupCode(ctx context.Context) (string, error) {
	var users int
	err := a.Store.Read(ctx, func(tx *store.Tx) (err error) { users, err = auth.Count(ctx, tx); return err })
	if err != nil || users > 0 {
		return "", err
	}
	return rand.Text()[:8], nil
}

// ending is a context for closing, which goes on after the one that told us to close has ended. The timer frees itself.
func ending() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(closingTime, cancel)
	return ctx
}
