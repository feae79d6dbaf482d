// Package browsertest is for tests that see Stamm's pages as people do: in
// Chromium, with its style sheets, its scripts and its Content-Security-Policy.
//
// A test binary shares one browser; each test gets a window of its own without
// cookies. Whatever the page writes to the console as an error, an exception
// nobody caught and every violation of the policy fail the test at its end. The
// browser cannot reach other hosts, so a forgotten CDN shows as well.
//
// Where Chromium is missing the tests are skipped by name; with "chromium" in
// STAMM_REQUIRE they fail instead.
package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long one step of a test may take.
const patience = 20 * time.Second

// Main runs the tests of a package and stops the shared browser afterwards. A
// package with browser tests calls it from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	shared.stop()
	os.Exit(code)
}

// shared is the one browser of this test binary, started by the first test that
// needs it.
var shared browser

type browser struct {
	once   sync.Once
	ctx    context.Context
	err    error
	cancel []context.CancelFunc
}

func (b *browser) start() {
	path, err := find()
	if err != nil {
		b.err = err
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		// Only this machine is there; whatever else a page asks for fails at once.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
		chromedp.Flag("lang", "de"),
	)
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stopBrowser := chromedp.NewContext(allocator)
	b.ctx, b.cancel = ctx, []context.CancelFunc{stopBrowser, stopAllocator}
	if err := chromedp.Do(ctx); err != nil {
		b.err = fmt.Errorf("start %s: %w", path, err)
	}
}

func (b *browser) stop() {
	for _, cancel := range b.cancel {
		cancel()
	}
}

var errMissing = errors.New("chromium is not installed")

// find looks for the browser under the names it has on Linux.
func find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errMissing
}

// Browser is one window for one test. Its methods end the test when a step does
// not succeed within 20 seconds.
type Browser struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	problems []string
	allowed  []string
}

// New opens a window. The test is skipped where there is no Chromium. At the end
// of the test the window closes and what the page complained about fails it.
func New(t testing.TB) *Browser {
	t.Helper()
	shared.once.Do(shared.start)
	if errors.Is(shared.err, errMissing) {
		if strings.Contains(os.Getenv("STAMM_REQUIRE"), "chromium") {
			t.Fatal("chromium is required by STAMM_REQUIRE but not installed")
		}
		t.Skip("chromium is not installed")
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	ctx, cancel := chromedp.NewContext(shared.ctx, chromedp.WithNewBrowserContext())
	b := &Browser{t: t, ctx: ctx}
	t.Cleanup(func() {
		defer cancel()
		b.check()
	})
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal("open a window: ", err)
	}
	b.do("listen to the log", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, log.Enable, cdp.Empty{})
		return err
	}))
	return b
}

// listen collects what the page complains about.
func (b *Browser) listen(event any) {
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			b.note(fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventExceptionThrown:
		b.note("exception: " + describe(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			var words []string
			for _, arg := range e.Args {
				words = append(words, arg.Description+string(arg.Value))
			}
			b.note("console: " + strings.Join(words, " "))
		}
	}
}

func describe(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

func (b *Browser) note(problem string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, problem)
}

// Allow lets complaints pass that contain the text: a test of an error page
// loads a page with status 404, which the browser logs.
func (b *Browser) Allow(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.allowed = append(b.allowed, text)
}

// Problems are the complaints of the page so far that are not allowed.
func (b *Browser) Problems() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var left []string
	for _, problem := range b.problems {
		if !b.isAllowed(problem) {
			left = append(left, problem)
		}
	}
	return left
}

func (b *Browser) isAllowed(problem string) bool {
	if strings.HasSuffix(problem, "/favicon.ico") { // browsers ask for it by themselves; a test server need not have one
		return true
	}
	// A request whose answer nobody waits for any more, because the next one replaces it or the page is left, is no fault of the
	// page. htmx writes two lines of it; the first stands beside every failed request, the second names why.
	if strings.Contains(problem, "htmx:sendAbort") || strings.Contains(problem, "htmx:afterRequest") {
		return true
	}
	for _, text := range b.allowed {
		if strings.Contains(problem, text) {
			return true
		}
	}
	return false
}

// check fails the test for every complaint.
func (b *Browser) check() {
	for _, problem := range b.Problems() {
		b.t.Errorf("the page complains: %s", problem)
	}
}

// do runs steps and ends the test when they fail.
func (b *Browser) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// run runs an action with a value and ends the test when it fails.
func run[T any](b *Browser, what string, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
	return value
}

// Open loads an address in a window of the given size in pixels and waits until
// the page and its scripts are there.
func (b *Browser) Open(url string, width, height int) {
	b.t.Helper()
	b.do("open "+url,
		chromedp.EmulateViewport(int64(width), int64(height)),
		chromedp.Navigate(url),
	)
}

// Resize gives the window another size in pixels and waits until its charts fit.
func (b *Browser) Resize(width, height int) {
	b.t.Helper()
	b.do("resize", chromedp.EmulateViewport(int64(width), int64(height)))
	b.WaitFor(fmt.Sprintf(`innerWidth === %d && [...document.querySelectorAll("[data-chart] svg")].every((svg) => svg.clientWidth <= %d)`, width, width))
}

// Scheme makes the system ask for dark or light pages, with or without motion.
func (b *Browser) Scheme(dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.emulate(emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme},
		{Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// Print shows the page as it would be printed.
func (b *Browser) Print() {
	b.t.Helper()
	b.emulate(emulation.SetEmulatedMediaParams{Media: "print"})
}

func (b *Browser) emulate(media emulation.SetEmulatedMediaParams) {
	b.t.Helper()
	b.do("emulate media", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, media)
		return err
	}))
}
