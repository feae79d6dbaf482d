package cli

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"stamm/internal/platform/fault"
)

// listen opens the address of the web page. If the port is taken it tries so many ports in all, one after the other;
// when none is free it is a fault on "addr".
func listen(ctx context.Context, addr string, tries int) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fault.New(fault.Invalid, "cli.addr", "text", addr).On("addr")
	}
	first, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fault.New(fault.Invalid, "cli.addr", "text", addr).On("addr")
	}
	var lc net.ListenConfig
	for n := range uint64(tries) {
		l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.FormatUint(min(first+n, 65535), 10)))
		switch {
		case err == nil:
			return l, nil
		case errors.Is(err, syscall.EADDRINUSE):
			continue
		case errors.Is(err, syscall.EACCES):
			return nil, fault.New(fault.Forbidden, "cli.port_forbidden", "addr", addr).On("addr").Because(err)
		default:
			return nil, fault.New(fault.Unavailable, "cli.no_listen", "addr", addr).On("addr").Because(err)
		}
	}
	return nil, fault.New(fault.Conflict, "cli.port_taken", "addr", addr).On("addr")
}

// webServer answers from the first moment: with 503 until the program is open and hands it the web page.
type webServer struct {
	server  http.Server
	handler atomic.Pointer[http.Handler]
	failed  chan error // gets the error that ended the server by itself
}

func newWebServer(l net.Listener, log *slog.Logger) *webServer {
	w := &webServer{failed: make(chan error, 1)}
	w.server = http.Server{Handler: w, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	go func() {
		if err := w.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			w.failed <- err
		}
	}()
	return w
}

// ready gives the server what it answers with.
func (w *webServer) ready(h http.Handler) { w.handler.Store(&h) }

// close lets requests under way end, until ctx ends.
func (w *webServer) close(ctx context.Context) error {
	if err := w.server.Shutdown(ctx); err != nil {
		return w.server.Close()
	}
	return nil
}

// ServeHTTP answers.
func (w *webServer) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	h := w.handler.Load()
	if h == nil {
		rw.Header().Set("Retry-After", "1")
		rw.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		rw.Header().Set("Cache-Control", "no-store")
		http.Error(rw, "starting", http.StatusServiceUnavailable)
		return
	}
	(*h).ServeHTTP(rw, r)
}
