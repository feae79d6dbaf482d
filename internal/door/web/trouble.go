package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/record/company"
)

// errSignedOut is the answer to somebody who has to sign in first.
var errSignedOut = fault.New(fault.Forbidden, "auth.sign_in")

func notFound(err error) bool { return fault.CodeOf(err) == fault.NotFound }

// formError says what is wrong with a form that cannot even be read.
func formError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault.New(fault.Invalid, "web.trouble.too_large", "max", large.Limit>>10).Because(err)
	}
	return fault.New(fault.Invalid, "web.trouble.broken_form").Because(err)
}

// Report writes an internal error to the log. Whoever shows the answer shows the number.
func (s *Server) Report(r *page.Request, err error) string { return s.report(r.Request, err) }

func (s *Server) report(r *http.Request, err error) string {
	o := observationOf(r.Context())
	s.log.Error("request failed", "request", o.id, "route", o.pattern, "error", err)
	return o.id
}

// Origin is how people reach this site.
func (s *Server) Origin(r *page.Request) string { return s.origin(r.Request) }

// fail answers with what a handler returned. This is the one place where errors become pages.
func (s *Server) fail(r *page.Request, err error) {
	if errors.Is(err, errSignedOut) && r.User == nil {
		s.askToSignIn(r)
		return
	}
	f := fault.As(err)
	id := ""
	if f.Code == fault.Internal {
		id = s.report(r.Request, err)
	}
	status := page.Status(f.Code)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		status = http.StatusRequestEntityTooLarge
	}
	if status == http.StatusServiceUnavailable {
		r.W.Header().Set("Retry-After", "5")
	}
	if r.Partial() {
		s.render(r, ui.Render(r.Context(), r.W, status, ui.FlashLine(&ui.Flash{Tone: ui.Bad, Text: r.P.Err(err)})))
		return
	}
	t := s.trouble(r.P, status, f)
	t.ID = id
	s.render(r, r.RenderStatus(status, t.Title, ui.ErrorPage(t)))
}

// render notes what went wrong with the last thing that could be shown.
func (s *Server) render(r *page.Request, err error) {
	if err != nil {
		s.log.Debug("answer not written", "request", observationOf(r.Context()).id, "error", err)
	}
}

// trouble puts an error into words: what is the matter and what one can do.
func (s *Server) trouble(p *i18n.Printer, status int, f *fault.Error) ui.Trouble {
	key := "web.trouble." + strconv.Itoa(status)
	t := ui.Trouble{Status: status, Title: p.T(key + ".title"), Text: p.Err(f), Links: []ui.Anchor{{Text: p.T("web.trouble.home"), Href: "/"}}}
	if p.Has(key + ".remedy") {
		t.Remedy = p.T(key + ".remedy")
	}
	return t
}

// askToSignIn leads to the login, and from there back. The answer to a form stays, so that nothing typed is lost: one
// signs in beside it and sends it again.
func (s *Server) askToSignIn(r *page.Request) {
	if !s.hasUsers.Load() {
		s.render(r, r.Redirect(page.Setup))
		return
	}
	if r.Partial() { // a bar that asks by itself must not carry somebody away from a form
		r.W.WriteHeader(http.StatusUnauthorized)
		return
	}
	login := page.Login
	if r.Method == http.MethodGet && r.URL.Path != "/" {
		login += "?" + url.Values{"to": {r.URL.RequestURI()}}.Encode()
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		s.render(r, r.Redirect(login))
		return
	}
	title := r.P.T("web.trouble.signed_out.title")
	s.render(r, r.RenderStatus(http.StatusUnauthorized, title, signedOutView(r.P)))
}

// showTrouble is the answer where there is no page to answer on: an unknown address, the database gone, a panic.
func (s *Server) showTrouble(w http.ResponseWriter, r *http.Request, err error) {
	if v := visitorOf(r.Context()); v != nil && v.err == nil && err != nil {
		s.fail(s.request(w, r), err)
		return
	}
	f := fault.As(err)
	if err == nil {
		f = fault.New(fault.Internal, "errors.internal") // a panic, already in the log
	}
	p := i18n.For(languageOf(r), company.Defaults().Zone())
	t := s.trouble(p, page.Status(f.Code), f)
	if f.Code == fault.Internal {
		t.ID = observationOf(r.Context()).id
		if err != nil {
			s.report(r, err)
		}
	}
	frame := ui.Frame{P: p, Title: t.Title, Here: "/", Links: ui.Links{Home: "/"}}
	if err := ui.Render(r.Context(), w, t.Status, page.Inside(ui.Plain(frame), ui.ErrorPage(t))); err != nil {
		s.log.Debug("answer not written", "error", err)
	}
}

// refuseOrigin answers a form that another site has sent.
func (s *Server) refuseOrigin(w http.ResponseWriter, r *http.Request) {
	s.showTrouble(w, r, fault.New(fault.Forbidden, "web.trouble.origin"))
}
