package web

import (
	"compress/gzip"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"stamm/internal/door/web/ui"
)

// observation is what the log says about a request: where it went and how it ended, nothing about whom.
type observation struct {
	id      string
	pattern string // the route, never the address itself: that may hold a token or a name
	level   slog.Level
}

type observationKey struct{}

func observationOf(ctx context.Context) *observation {
	if o, ok := ctx.Value(observationKey{}).(*observation); ok {
		return o
	}
	return &observation{}
}

// observed gives each request a number, keeps panics from ending more than their own request, and writes a line to the
// log.
func (s *Server) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		allow(w, patience)
		o := &observation{id: rand.Text()[:10]}
		r = r.WithContext(context.WithValue(r.Context(), observationKey{}, o))
		counted := &counter{ResponseWriter: w}
		counted.Header().Set("X-Request-Id", o.id)
		defer func() {
			caught := recover()
			cut := caught == http.ErrAbortHandler
			if caught != nil && !cut {
				s.log.Error("panic", "request", o.id, "route", o.pattern, "panic", caught, "stack", string(debug.Stack()))
				if counted.status == 0 {
					s.showTrouble(counted, r, nil)
				} else {
					cut = true // half a page must not look like a whole one
				}
			}
			s.log.LogAttrs(r.Context(), o.level, "request", slog.String("id", o.id), slog.String("method", r.Method),
				slog.String("route", o.pattern), slog.Int("status", counted.status), slog.Int64("bytes", counted.bytes),
				slog.Duration("took", time.Since(start)))
			if cut {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(counted, r)
	})
}

// patience is how long a request may take to come in and its answer to go out, unless its route asks for more.
const patience = 2 * time.Minute

// allow sets the deadlines of the connection for this request.
func allow(w http.ResponseWriter, d time.Duration) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(d)) // a recorder in a test has no deadlines
	_ = control.SetWriteDeadline(time.Now().Add(d))
}

// counter notes status and length of an answer.
type counter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (c *counter) WriteHeader(status int) {
	if c.status == 0 && status >= 200 {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *counter) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	n, err := c.ResponseWriter.Write(b)
	c.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (c *counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// headers are those of every answer. Pages hold personal data, so nobody keeps or indexes them; files with a hash in
// their name say otherwise themselves.
func (s *Server) headers(next http.Handler) http.Handler {
	secure := strings.HasPrefix(s.deps.Address, "https://")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", ui.Policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin") // not no-referrer: forms would lose their origin
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		h.Set("Cache-Control", "no-store")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// zipped compresses pages and lists for browsers that take it.
func zipped(next http.Handler) http.Handler {
	pool := &sync.Pool{New: func() any {
		z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is right
		return z
	}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			next.ServeHTTP(w, r)
			return
		}
		z := &zipper{ResponseWriter: w, pool: pool}
		next.ServeHTTP(z, r)
		z.close() // not when the handler panics: what is cut off must look cut off
	})
}

// zipper decides with the header whether the answer is worth compressing.
type zipper struct {
	http.ResponseWriter
	pool    *sync.Pool
	decided bool
	zip     *gzip.Writer // nil when it is not
}

func (z *zipper) WriteHeader(status int) {
	if !z.decided && status >= 200 {
		z.decided = true
		h := z.Header()
		kind := h.Get("Content-Type")
		length := h.Get("Content-Length")
		text := strings.HasPrefix(kind, "text/") || strings.HasPrefix(kind, "application/json")
		if text && h.Get("Content-Encoding") == "" && len(length) != 1 && len(length) != 2 && len(length) != 3 &&
			status != http.StatusNoContent && status != http.StatusNotModified {
			h.Del("Content-Length")
			h.Set("Content-Encoding", "gzip")
			h.Add("Vary", "Accept-Encoding")
			z.zip = z.pool.Get().(*gzip.Writer)
			z.zip.Reset(z.ResponseWriter)
		}
	}
	z.ResponseWriter.WriteHeader(status)
}

func (z *zipper) Write(b []byte) (int, error) {
	if !z.decided {
		if z.Header().Get("Content-Type") == "" {
			z.Header().Set("Content-Type", http.DetectContentType(b))
		}
		z.WriteHeader(http.StatusOK)
	}
	if z.zip == nil {
		return z.ResponseWriter.Write(b)
	}
	return z.zip.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (z *zipper) Unwrap() http.ResponseWriter { return z.ResponseWriter }

func (z *zipper) close() {
	if z.zip == nil {
		return
	}
	_ = z.zip.Close() // whoever asked has left
	z.pool.Put(z.zip)
}

// quiet keeps requests of machines and for files out of the log unless somebody looks for trouble.
func quiet(pattern string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o := observationOf(r.Context())
		o.pattern, o.level = pattern, slog.LevelDebug
		next.ServeHTTP(w, r)
	})
}

// named puts the requests of another door into the log under its own name.
func named(pattern string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		observationOf(r.Context()).pattern = pattern
		next.ServeHTTP(w, r)
	})
}
