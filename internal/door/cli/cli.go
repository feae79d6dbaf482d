// Package cli is the command line: it reads the configuration, finds out which process owns the data folder, and runs
// the command there.
//
// One process owns a folder at a time (owner.go). A command that finds an owner hands itself over to it (forward.go,
// session.go) and looks to its user just as if it ran in its own process; otherwise it is the owner until it ends. A
// command is a struct with flags and a Run method; the grammar in grammar.go lists them all. What the process is made of
// stands in serve.go.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"

	"github.com/alecthomas/kong"
	"golang.org/x/term"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// Invocation is one call of the program, wherever it came from.
type Invocation struct {
	Args   []string // without the name of the program
	Env    []string // as of os.Environ
	Dir    string   // the working directory: relative paths start there
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer

	Terminal bool // Stderr is read by a person as it is written, so progress may be shown in place

	secret func(prompt string) (string, error) // asks the person at the other end; nil here
	owner  *Config                             // of the process that runs a command handed over to it; nil otherwise
}

// ErrStopped is why a context ended when the user stopped the command, as with Ctrl-C; the work behind it is then not
// wanted any more. Any other cause means that the process has to end.
var ErrStopped = errors.New("stopped by the user")

// Attend returns a context that ends when this process is told to stop. A second signal then ends it at once.
func Attend(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	told := make(chan os.Signal, 1)
	signal.Notify(told, os.Interrupt, syscall.SIGTERM)
	go func() {
		s := <-told
		signal.Stop(told)
		if s == os.Interrupt {
			cancel(ErrStopped)
		}
		cancel(context.Canceled)
	}()
	return ctx
}

// Process is the call of this process, as the system made it.
func Process() Invocation {
	dir, err := os.Getwd()
	if err != nil {
		dir = string(filepath.Separator) // the working directory was removed; absolute paths still work
	}
	return Invocation{Args: os.Args[1:], Env: os.Environ(), Dir: dir, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Terminal: term.IsTerminal(int(os.Stderr.Fd()))}
}

// Main runs a command and returns its exit code: 0 done, 1 failed, 2 wrong usage. When ctx ends the command is asked to
// stop.
func Main(ctx context.Context, in Invocation) int {
	c, code := parse(in)
	if c == nil {
		return code
	}
	switch cmd := c.command.(type) {
	case localCommand:
		return c.finish(cmd.RunLocal(ctx, c))
	case owningCommand:
		return c.finish(cmd.RunOwning(ctx, c))
	case command:
		return anywhere(ctx, c, cmd)
	}
	return c.finish(fmt.Errorf("the command %s has nothing to run", c.name))
}

// command runs in the process that owns the folder, be that this one or another.
type command interface {
	Run(ctx context.Context, c *Call) error
}

// localCommand needs no data folder.
type localCommand interface {
	RunLocal(ctx context.Context, c *Call) error
}

// owningCommand makes this process the owner itself.
type owningCommand interface {
	RunOwning(ctx context.Context, c *Call) error
}

// Call is a command being run.
type Call struct {
	Invocation
	Config Config
	JSON   bool          // print exactly one JSON value on Stdout
	Text   *i18n.Printer // for what people read
	App    *App          // the open parts; nil in local and owning commands
	Log    *slog.Logger

	command any
	name    string // of the command, as in "job list"
	// arguments of the command, by name, as they are written: --state, FILE
	arguments map[string]string
	printed   bool
}

// actor is who changes something from the command line.
var actor = store.Actor{Kind: "cli"}

// exit is how kong ends the program after --help.
type exit int

// parse reads flags, environment and file. Without a call there is nothing to run and the exit code says why.
func parse(in Invocation) (c *Call, code int) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exit:
			c, code = nil, int(e)
		default:
			panic(e)
		}
	}()
	var g grammar
	k, settings := newParser(&g, in)
	parsed, err := k.Parse(in.Args)
	if err == nil && in.owner == nil {
		err = settings.readFile(in, g.Config)
	}
	if err == nil { // again, now with what the file says
		parsed, err = k.Parse(in.Args)
	}
	c = &Call{Invocation: in, Config: g.Config, JSON: g.JSON || slices.Contains(in.Args, "--json")}
	c.Text = i18n.For(c.Config.language(in), nil)
	if err != nil {
		var wrong *kong.ParseError
		if errors.As(err, &wrong) {
			err = &usageError{err}
		}
		return nil, c.finish(err)
	}
	c.Config.sources = settings.sources(parsed)
	selected := parsed.Selected()
	c.command, c.name = selected.Target.Addr().Interface(), strings.TrimPrefix(selected.FullPath(), "stamm ")
	c.arguments = map[string]string{}
	for _, f := range parsed.Flags() {
		c.arguments[f.Name] = "--" + f.Name
	}
	for _, p := range selected.Positional {
		c.arguments[p.Name] = strings.ToUpper(p.Name)
	}
	if err := c.Config.complete(in); err != nil {
		return nil, c.finish(err)
	}
	c.Log = c.Config.logger(in.Stderr, c.name)
	return c, exitOK
}

// usageError is a mistake in how the program was called, in the words of the parser.
type usageError struct{ error }

// Path is the place of a file that the user named, who may work in another folder than this process.
func (c *Call) Path(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(c.Dir, name)
}

// Print shows the one result of a command: v as JSON with --json, otherwise what text writes.
func (c *Call) Print(v any, text func(io.Writer)) error {
	c.printed = true
	if !c.JSON {
		text(c.Stdout)
		return nil
	}
	e := json.NewEncoder(c.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// Note tells the user something on standard error, by its key in the catalogues.
func (c *Call) Note(key string, args ...any) { fmt.Fprintln(c.Stderr, c.Text.T(key, args...)) }

// run runs a command in this process and turns a panic into an internal error.
func (c *Call) run(ctx context.Context, cmd command) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.Log.Error("panic in a command", "command", c.name, "panic", p, "stack", string(debug.Stack()))
			err = fault.New(fault.Internal, "errors.internal").Because(fmt.Errorf("panic: %v", p))
		}
	}()
	var zone *time.Location
	err = c.App.Store.Read(ctx, func(tx *store.Tx) (err error) { zone, err = companyZone(ctx, tx); return err })
	if err != nil {
		return err
	}
	c.Text = i18n.For(c.Config.Lang, zone)
	return cmd.Run(ctx, c)
}

// finish reports how the command ended and returns the exit code. With --json a failed command prints its error as the
// one JSON value.
func (c *Call) finish(err error) int {
	if err == nil {
		return exitOK
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrStopped) {
		err = fault.New(fault.Unavailable, "cli.stopped").Because(err)
	}
	code, shown := exitFailed, make([]map[string]string, 0, 1)
	var usage *usageError
	if errors.As(err, &usage) {
		code = exitUsage
		fmt.Fprintf(c.Stderr, "stamm: %v\n", usage)
		shown = append(shown, map[string]string{"code": string(fault.Invalid), "message": usage.Error()})
	} else {
		for _, f := range fault.All(err) {
			name := c.argument(f.Field)
			if (f.Code == fault.Invalid || f.Code == fault.NotFound) && name != "" {
				code = exitUsage
			}
			message := c.Text.Err(f)
			fmt.Fprintln(c.Stderr, "stamm: "+prefixed(name, message))
			shown = append(shown, map[string]string{"code": string(f.Code), "field": f.Field, "message": message})
			if f.Code == fault.Internal && c.Log != nil {
				c.Log.Error("command failed", "command", c.name, "error", err)
			}
		}
	}
	if c.JSON && !c.printed {
		c.Print(map[string]any{"errors": shown}, nil)
	}
	return code
}

// argument is the setting, flag or argument that a fault is about, as the user wrote it; empty for none.
func (c *Call) argument(field string) string {
	name := argumentName(field)
	if source := c.Config.sources[name]; source != "" && source != fromFlag {
		return source
	}
	if slices.Contains(settingNames(), name) {
		return "--" + name
	}
	return c.arguments[name]
}

// argumentName is the name of the flag for a field.
func argumentName(field string) string { return strings.ReplaceAll(field, "_", "-") }

func prefixed(name, message string) string {
	if name == "" {
		return message
	}
	return name + ": " + message
}
