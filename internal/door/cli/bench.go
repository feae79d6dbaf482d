package cli

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
	"stamm/internal/record/company"
	"stamm/internal/record/document"
)

// benchCommand loads the whole program and prints how it did beside what it should do; docs/benchmarks.md explains.
type benchCommand struct {
	Rows      int `help:"Order lines to import." default:"1000000" placeholder:"N"`
	Customers int `help:"Customers they belong to." default:"100000" placeholder:"N"`
	Seconds   int `help:"How long small writes are sent, each time." default:"5" placeholder:"N"`

	Looks      int    `help:"How often each page is looked at." default:"40" placeholder:"N"`
	Repeats    int    `help:"Simulated measures whose proofs are checked, for each of three effects." default:"2000" placeholder:"N"`
	Recipients int    `help:"Customers who are written to; 0 leaves that out." default:"20000" placeholder:"N"`
	Kills      int    `help:"Kill the server so often while it writes to them, and count what was lost." placeholder:"N"`
	Only       string `help:"all, or sending." enum:"all,sending" default:"all" placeholder:"PART"`
}

// benchFigure is one result. Of a rate more is better, of all else less.
type benchFigure struct {
	What   string  `json:"what"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Wanted float64 `json:"wanted,omitempty"`
	Met    *bool   `json:"met,omitempty"` // whether it is as wanted
}

type bench struct {
	*Call
	app   *App
	house *warehouse.DB
	dir   string
	all   []benchFigure

	customers int
	looks     int          // at each page
	address   string       // of the web page and the API, "http://127.0.0.1:12345"
	client    *http.Client // signed in
	secret    string       // of an API key
}

// RunOwning measures in a folder and a database that must be empty.
func (cmd *benchCommand) RunOwning(ctx context.Context, c *Call) (err error) {
	if c.Config.sources["dir"] == "" {
		if c.Config.Dir, err = os.MkdirTemp("", "stamm-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(c.Config.Dir)
		if c.Config.sources["db"] == "" {
			c.Config.DB = filepath.Join(c.Config.Dir, filepath.Base(c.Config.DB))
		}
	}
	b := &bench{Call: c, dir: c.Config.Dir, customers: cmd.Customers, looks: max(cmd.Looks, 2)}
	steps := []func(context.Context) error{func(ctx context.Context) error {
		return b.apart(ctx, "singles", func(ctx context.Context, b *bench) error { return b.singles(ctx, cmd.Rows*3/10, "") })
	}, func(ctx context.Context) error {
		return b.within(ctx, func(ctx context.Context) error { return b.inside(ctx, cmd) })
	}, b.served}
	if cmd.Only == "sending" {
		steps = []func(context.Context) error{func(ctx context.Context) error { return b.within(ctx, b.prepare) }}
	}
	if cmd.Recipients > 0 {
		steps = append(steps, func(ctx context.Context) error { return b.sending(ctx, cmd) })
	}
	// At both ends, since a shared machine is not as fast at one hour as at another.
	steps = append(append([]func(context.Context) error{b.yardstick}, steps...), b.yardstick)
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return c.Print(b.all, func(io.Writer) {})
}

// within runs a part of the benchmark in this process, with the program open. When it returns nobody owns the folder any more.
func (b *bench) within(ctx context.Context, part func(context.Context) error) (err error) {
	o, err := alone(ctx, b.Call)
	if err != nil {
		return err
	}
	defer o.release()
	if b.app, err = Open(ctx, b.Config, b.Log); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.app.Close(ending())) }()
	if b.house, err = b.app.Warehouse(ctx); err != nil {
		return err
	}
	b.app.Work()
	return part(ctx)
}

// apart runs a part of the benchmark in a folder and a database of its own, which only SQLite gives away; on PostgreSQL it is left out.
func (b *bench) apart(ctx context.Context, name string, part func(context.Context, *bench) error) (err error) {
	if isPostgres(b.Config.DB) {
		return nil
	}
	call := *b.Call
	call.Config.Dir = filepath.Join(b.dir, name)
	call.Config.DB = filepath.Join(call.Config.Dir, filepath.Base(call.Config.DB))
	defer func() { err = errors.Join(err, os.RemoveAll(call.Config.Dir)) }()
	own := &bench{Call: &call, dir: call.Config.Dir, customers: b.customers}
	err = own.within(ctx, func(ctx context.Context) error {
		if err := own.prepare(ctx); err != nil {
			return err
		}
		return part(ctx, own)
	})
	b.all = append(b.all, own.all...)
	return err
}

// inside measures what this process does itself.
func (b *bench) inside(ctx context.Context, cmd *benchCommand) (err error) {
	if err := b.prepare(ctx); err != nil {
		return err
	}
	stop, err := b.listen(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	during := time.Duration(cmd.Seconds) * time.Second
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return b.lines(ctx, cmd.Rows) },
		func(ctx context.Context) error { return b.singles(ctx, cmd.Rows*3/10, ", beside the order lines") },
		b.reports, b.scores, b.fits, b.pages, b.changedReports, b.search, b.seen, b.segments, b.rebuild, b.proof,
		func(context.Context) error { return b.repeats(cmd.Repeats) }, b.hits,
		func(ctx context.Context) error { return b.writes(ctx, during) },
		func(ctx context.Context) error { return b.writesBeside(ctx, during) },
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	b.atMost("peak memory of all", peakMemory(), "MiB", 0)
	return nil
}

const benchMail = "bench@stamm.example"

// prepare makes a company, a user and an API key in the empty database.
func (b *bench) prepare(ctx context.Context) error {
	return b.app.Store.Write(ctx, actor, func(tx *store.Tx) error {
		if some, err := document.Any(ctx, tx); err != nil || some {
			return errors.Join(err, fault.New(fault.Conflict, "cli.bench_taken").On("dir"))
		}
		s := company.Defaults()
		s.Name, s.Setup = "Bench", true
		if err := company.Save(ctx, tx, s); err != nil {
			return err
		}
		if _, err := auth.Add(ctx, tx, benchMail, "Bench", auth.Admin, ""); err != nil {
			return err
		}
		secret, _, err := auth.AddKey(ctx, tx, "bench", []auth.Permission{auth.WriteEvents, auth.WriteDocuments})
		b.secret = secret
		return err
	})
}

// listen serves web page and API as serve does, until the function it returns is called.
func (b *bench) listen(ctx context.Context) (stop func() error, err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if err := b.app.counting(ctx); err != nil {
		return nil, err
	}
	site := b.app.site("")
	site.Ready()
	server := &http.Server{Handler: site, ReadHeaderTimeout: time.Minute}
	go server.Serve(l)
	b.address = "http://" + l.Addr().String()
	return server.Close, nil
}

// yardstick times what nothing of ours can make faster, a signature: the rates that are wanted come from a machine on which it takes 807 µs.
func (b *bench) yardstick(context.Context) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte("yardstick"))
	var all []time.Duration
	for range 301 {
		began := time.Now()
		if _, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]); err != nil {
			return err
		}
		all = append(all, time.Since(began))
	}
	b.atMost("this machine: one signature by RSA-2048 (wanted: where the rates come from)", 1000*percentile(all, 50), "µs", 807)
	return nil
}

// atLeast notes a rate, and what it should be at least; 0 for nothing.
func (b *bench) atLeast(what string, value float64, unit string, wanted float64) {
	b.add(benchFigure{What: what, Value: value, Unit: unit, Wanted: wanted}, value >= wanted)
}

// atMost notes a time or a size, and what it should be at most; 0 for nothing.
func (b *bench) atMost(what string, value float64, unit string, wanted float64) {
	b.add(benchFigure{What: what, Value: value, Unit: unit, Wanted: wanted}, value <= wanted)
}

func (b *bench) add(f benchFigure, met bool) {
	note := ""
	if f.Wanted != 0 {
		f.Met = &met
		note = fmt.Sprintf("  wanted %g", f.Wanted)
		if !met {
			note += ", missed"
		}
	}
	b.all = append(b.all, f)
	if !b.JSON {
		fmt.Fprintf(b.Stdout, "%-64s %12.1f %s%s\n", f.What, f.Value, f.Unit, note)
	}
}

// benchDay is the day that reports are as of: the last of the orders.
var benchDay = clock.NewDay(2025, 12, 31)

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// percentile is in milliseconds.
func percentile(all []time.Duration, p int) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return milliseconds(all[min(len(all)*p/100, len(all)-1)])
}

// peakMemory is the most memory this process has held so far, in MiB; 0 where the system does not tell.
func peakMemory() float64 { return memoryOf("self", "VmHWM:") }

// memoryOf is what the system tells of the memory of a process, in MiB.
func memoryOf(process, what string) float64 {
	if runtime.GOOS != "linux" {
		return 0
	}
	status, err := os.ReadFile("/proc/" + process + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, what); ok {
			kib, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kib / 1024
		}
	}
	return 0
}
