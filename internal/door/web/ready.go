package web

import (
	"fmt"
	"net/http"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/i18n"
)

// Waiting says why the pages are not there yet.
type Waiting struct {
	Key         string // of the words for what is being done, "web.waiting.data" by default
	Done, Total int64  // progress; Total 0 for not known
	Unit        string // key of what is counted, "" for nothing
}

// Wait tells visitors what is being done before the pages can be shown.
func (s *Server) Wait(w Waiting) { s.waiting.Store(&w) }

// Ready opens the pages.
func (s *Server) Ready() { s.waiting.Store(nil) }

// health is for programs that watch: 200 when pages can be shown, 503 with the reason until then.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	waiting := s.waiting.Load()
	if waiting == nil {
		fmt.Fprintln(w, "ok")
		return
	}
	header.Set("Retry-After", "2")
	w.WriteHeader(http.StatusServiceUnavailable)
	text := i18n.For("en", nil).T(waiting.key())
	if waiting.Total > 0 {
		text = fmt.Sprintf("%s %d/%d", text, waiting.Done, waiting.Total)
	}
	fmt.Fprintln(w, text)
}

func (w Waiting) key() string {
	if w.Key == "" {
		return "web.waiting.data"
	}
	return w.Key
}

// whenReady sends requests on once the pages are there; until then otherwise answers.
func (s *Server) whenReady(next http.Handler, otherwise func(http.ResponseWriter, *http.Request, Waiting)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if waiting := s.waiting.Load(); waiting != nil {
			w.Header().Set("Retry-After", "2")
			otherwise(w, r, *waiting)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// waitingPage is a page that reloads itself, without JavaScript.
func (s *Server) waitingPage(w http.ResponseWriter, r *http.Request, waiting Waiting) {
	p := i18n.For(languageOf(r), nil)
	w.Header().Set("Refresh", "2")
	frame := ui.Frame{P: p, Title: p.T("web.waiting.title"), Here: "/"}
	if err := ui.Render(r.Context(), w, http.StatusServiceUnavailable, page.Inside(ui.Plain(frame), waitingView(p, waiting))); err != nil {
		s.log.Debug("waiting page", "error", err)
	}
}

// waitingProblem tells a program the same.
func (s *Server) waitingProblem(w http.ResponseWriter, _ *http.Request, waiting Waiting) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusServiceUnavailable)
	fmt.Fprintf(w, "{\"status\":503,\"title\":%q,\"code\":\"unavailable\"}\n", i18n.For("en", nil).T(waiting.key()))
}
