package cli

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
)

// Host accepts handed-over commands in dir and runs them with run. The returned function closes it.
func Host(dir string, run func(context.Context, Invocation) int) (func(), error) {
	o, err := acquire(dir, holder{Command: "test"})
	if err != nil {
		return nil, err
	}
	h := newHost(o.socket, Config{Dir: dir}, slog.New(slog.DiscardHandler))
	h.begin(run)
	return func() { h.close(); o.release() }, nil
}

// Forward hands a command over to the owner of dir.
func Forward(ctx context.Context, dir string, in Invocation) (int, error) {
	return forward(ctx, &Call{Invocation: in, Config: Config{Dir: dir}})
}

// Dial connects to the owner of dir.
func Dial(ctx context.Context, dir string) (net.Conn, error) { return dialUnix(ctx, dir) }

// Secret asks as a command does.
func (in Invocation) Secret(prompt string) (string, error) {
	return (&Call{Invocation: in}).Secret(prompt)
}

// ReadFrame reads one frame of what the other side sent.
func ReadFrame(b []byte) (kind byte, payload []byte, err error) { return readFrame(bytes.NewReader(b)) }

// Frame is the bytes of a frame.
func Frame(kind byte, payload []byte) []byte {
	client, server := net.Pipe()
	go func() { newWire(server).send(kind, payload); server.Close() }()
	b, _ := io.ReadAll(client)
	return b
}

// ReadArchive reads a whole backup and throws away what is in it.
func ReadArchive(ctx context.Context, r io.Reader) error {
	discard := func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }
	_, err := readArchive(ctx, r, entries{
		header:   func(backupHeader) error { return nil },
		database: discard,
		rows:     func(_ string, r io.Reader) error { return discard(r) },
		file:     func(_ string, r io.Reader) error { return discard(r) },
	})
	return err
}

// Listen opens the address of the web page.
func Listen(ctx context.Context, addr string, tries int) (net.Listener, error) {
	return listen(ctx, addr, tries)
}

// Web serves on l; the first function gives it what it answers with, the second closes it.
func Web(l net.Listener) (ready func(http.Handler), stop func() error) {
	w := newWebServer(l, slog.New(slog.DiscardHandler))
	return w.ready, func() error { return w.close(context.Background()) }
}

// Hold keeps the app as Close does while it waits for jobs, until the function is called.
func (a *App) Hold() func() {
	a.mu.Lock()
	return a.mu.Unlock
}
