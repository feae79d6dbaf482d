package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"stamm/internal/platform/fault"

	"golang.org/x/term"
)

// errNobody says that nobody took the command over: it did not run.
var errNobody = errors.New("the owner of the folder does not listen")

// forward has the owner of the folder run the command and is its hands here: standard streams, prompts, Ctrl-C. It
// returns the command's exit code, or an error: errNobody if nothing ran.
func forward(ctx context.Context, c *Call) (int, error) {
	conn, err := dialUnix(ctx, c.Config.Dir)
	if err != nil {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		return 0, errNobody
	}
	defer conn.Close()
	w := newWire(conn)
	accepted, ended := make(chan struct{}), make(chan struct{})
	defer close(ended)
	go cancelWith(ctx, w, accepted, ended)
	ask, err := json.Marshal(request{Protocol: protocol, Args: c.Args, Env: c.Config.environment(), Dir: c.Dir, Terminal: c.Terminal})
	if err != nil {
		return 0, err
	}
	if len(ask) > maxFrame {
		return 0, fault.New(fault.Invalid, "cli.too_many_arguments")
	}
	if err := w.send(frameRequest, ask); err != nil {
		return 0, errNobody
	}
	kind, _, err := w.receive()
	switch {
	case err != nil && ctx.Err() != nil:
		return 0, ctx.Err()
	case err != nil:
		return 0, errNobody
	case kind != frameAccept:
		return 0, fault.New(fault.Conflict, "cli.other_version")
	}
	close(accepted)
	return (&hands{call: c, wire: w}).serve()
}

// patience is how long a caller that was told to stop waits for an owner that has not accepted its command yet.
const patience = time.Second

// cancelWith asks the command to stop when ctx ends.
func cancelWith(ctx context.Context, w *wire, accepted, ended <-chan struct{}) {
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	var byUser []byte
	if errors.Is(context.Cause(ctx), ErrStopped) {
		byUser = []byte{1}
	}
	w.send(frameCancel, byUser)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-accepted:
	case <-ended:
	case <-timer.C:
		w.conn.Close()
	}
}

// hands does at the user's end what the command asks for.
type hands struct {
	call *Call
	wire *wire
}

func (h *hands) serve() (int, error) {
	for {
		kind, payload, err := h.wire.receive()
		if err != nil {
			return 0, fault.New(fault.Unavailable, "cli.owner_gone").Because(err)
		}
		switch kind {
		case frameOut:
			if _, err := h.call.Stdout.Write(payload); err != nil {
				h.wire.send(frameCancel, nil) // nobody reads any more
			}
		case frameErr:
			h.call.Stderr.Write(payload)
		case frameWant:
			go h.input()
		case frameSecret:
			go h.secret(string(payload))
		case frameExit:
			if len(payload) != 1 {
				return 0, fmt.Errorf("exit frame of %d bytes", len(payload))
			}
			return int(payload[0]), nil
		}
	}
}

// input sends the next piece of standard input; the command asks for one at a time.
func (h *hands) input() {
	piece := make([]byte, streamCut)
	var n int
	err := error(nil)
	for n == 0 && err == nil {
		n, err = h.call.Stdin.Read(piece)
	}
	h.wire.send(frameInput, piece[:n]) // an error ends the input: the command cannot tell it from a shorter file, and need not
}

func (h *hands) secret(prompt string) {
	answer, err := askHere(h.call.Stdin, h.call.Stderr, prompt)
	switch {
	case errors.Is(err, io.EOF):
		h.wire.send(frameRefused, nil)
		return
	case err != nil:
		h.wire.send(frameRefused, []byte(err.Error()))
		return
	}
	h.wire.send(frameAnswer, []byte(answer))
}

// Secret asks the person for something that is not shown while it is typed. Where there is no terminal it is the next
// line of standard input.
func (c *Call) Secret(prompt string) (string, error) {
	if c.secret != nil {
		return c.secret(prompt)
	}
	return askHere(c.Stdin, c.Stderr, prompt)
}

func askHere(in io.Reader, out io.Writer, prompt string) (string, error) {
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(out, prompt+" ")
		typed, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(out)
		return string(typed), err
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && (err != io.EOF || line == "") {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}
