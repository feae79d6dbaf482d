package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"stamm/internal/platform/fault"
)

// requestTime is how long a client may take to say what it wants.
const requestTime = 10 * time.Second

// host runs the commands that other processes hand over to this one.
type host struct {
	config Config
	log    *slog.Logger
	listen *net.UnixListener

	ctx      context.Context // of all commands
	cancel   context.CancelFunc
	opened   chan struct{}                         // closed by ready and by close
	run      func(context.Context, Invocation) int // set before opened is closed; nil if the parts never opened
	sessions sync.WaitGroup
	running  atomic.Int64 // commands
	once     sync.Once
}

// newHost accepts clients at once; their commands wait until the parts are open.
func newHost(l *net.UnixListener, config Config, log *slog.Logger) *host {
	h := &host{config: config, log: log, listen: l, opened: make(chan struct{})}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.sessions.Go(h.accept)
	return h
}

// ready lets commands run with the open parts.
func (h *host) ready(app *App) {
	h.begin(func(ctx context.Context, in Invocation) int { return h.execute(ctx, app, in) })
}

func (h *host) begin(run func(context.Context, Invocation) int) {
	h.once.Do(func() { h.run = run; close(h.opened) })
}

// close takes no more commands and waits for those under way.
func (h *host) close() {
	h.listen.Close()
	h.once.Do(func() { close(h.opened) })
	h.sessions.Wait()
	h.cancel()
}

// stop is close for a program that was told to end: commands under way are asked to stop.
func (h *host) stop() {
	h.cancel()
	h.close()
}

func (h *host) accept() {
	for {
		conn, err := h.listen.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			h.log.Warn("cannot accept a command", "error", err)
			if wait(h.ctx, time.Second) != nil {
				return
			}
			continue
		}
		h.sessions.Go(func() {
			defer conn.Close()
			h.session(conn)
		})
	}
}

// session runs one command. A client that is not answered with accept runs it itself.
func (h *host) session(conn net.Conn) {
	w := newWire(conn)
	conn.SetReadDeadline(time.Now().Add(requestTime))
	kind, payload, err := w.receive()
	var ask request
	if err != nil || kind != frameRequest || json.Unmarshal(payload, &ask) != nil {
		h.log.Warn("what came over the socket is no command", "error", err)
		return
	}
	conn.SetReadDeadline(time.Time{})
	if ask.Protocol != protocol {
		w.send(frameRefused, nil)
		return
	}
	<-h.opened
	if h.run == nil {
		return
	}
	if err := w.send(frameAccept, nil); err != nil {
		return
	}
	ctx, cancel := context.WithCancelCause(h.ctx)
	defer cancel(nil)
	h.running.Add(1)
	defer h.running.Add(-1)
	r := &remote{wire: w, ctx: ctx, answers: make(chan frame, 1)}
	go r.listen(cancel)
	code := h.run(ctx, Invocation{Args: ask.Args, Env: ask.Env, Dir: ask.Dir, Stdin: r, Stdout: stream{w, frameOut}, Stderr: stream{w, frameErr},
		Terminal: ask.Terminal, secret: r.secret, owner: &h.config})
	w.send(frameExit, []byte{byte(code)})
}

// execute is Main for a command that another process handed over.
func (h *host) execute(ctx context.Context, app *App, in Invocation) int {
	c, code := parse(in)
	if c == nil {
		return code
	}
	cmd, ok := c.command.(command)
	if !ok {
		return c.finish(fmt.Errorf("the command %s cannot be handed over", c.name))
	}
	if c.Config.sources["db"] != "" && c.Config.DB != h.config.DB {
		return c.finish(fault.New(fault.Conflict, "cli.other_database", "database", h.config.safeDB()))
	}
	c.App, c.Log = app, h.log
	return c.finish(c.run(ctx, cmd))
}

type frame struct {
	kind    byte
	payload []byte
}

// remote is the user's end as the command sees it: standard input and prompts.
type remote struct {
	wire    *wire
	ctx     context.Context
	answers chan frame // to what was asked for; the client sends one at a time
	mu      sync.Mutex // held from a question to its answer
	rest    []byte     // input received and not read
	ended   bool
}

// listen receives what the client sends until it is gone, which ends the command.
func (r *remote) listen(cancel context.CancelCauseFunc) {
	defer cancel(nil)
	for {
		kind, payload, err := r.wire.receive()
		if err != nil {
			return
		}
		if kind == frameCancel {
			if len(payload) > 0 {
				cancel(ErrStopped)
			}
			return
		}
		select {
		case r.answers <- frame{kind, payload}:
		default:
			return // it sends what nobody asked for
		}
	}
}

func (r *remote) ask(kind byte, payload []byte) (frame, error) {
	if err := r.wire.send(kind, payload); err != nil {
		return frame{}, err
	}
	select {
	case f := <-r.answers:
		return f, nil
	case <-r.ctx.Done():
		return frame{}, context.Cause(r.ctx)
	}
}

func (r *remote) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.rest) == 0 && !r.ended {
		f, err := r.ask(frameWant, nil)
		if err != nil {
			return 0, err
		}
		r.rest, r.ended = f.payload, len(f.payload) == 0
	}
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *remote) secret(prompt string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, err := r.ask(frameSecret, []byte(prompt))
	if err != nil {
		return "", err
	}
	if f.kind == frameRefused && len(f.payload) == 0 {
		return "", io.EOF
	}
	if f.kind == frameRefused {
		return "", errors.New(string(f.payload))
	}
	return string(f.payload), nil
}
