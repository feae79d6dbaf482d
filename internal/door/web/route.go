package web

import (
	"context"
	"mime"
	"net/http"
	"strings"
	"time"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/record/auth"
)

const (
	maxBody   = 1 << 20          // of a form
	fastLimit = 15 * time.Second // for a page
	slowLimit = time.Hour        // for a file on its way in or out
)

type csvKey struct{}

// route finds the row of the table for a request. An address that ends in .csv is that of the list without it.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutSuffix(r.URL.Path, ".csv"); ok && path != "" && path != "/" {
		r = r.WithContext(context.WithValue(r.Context(), csvKey{}, true))
		u := *r.URL
		u.Path, u.RawPath = path, ""
		r.URL = &u
	}
	if _, pattern := s.table.Handler(r); pattern != "" { // the mux's own 404 and 405 are not for people
		s.table.ServeHTTP(w, r)
		return
	}
	if trimmed := strings.TrimRight(r.URL.Path, "/"); trimmed != "" && trimmed != r.URL.Path && r.Method == http.MethodGet {
		u := *r.URL
		u.Path, u.RawPath = trimmed, ""
		http.Redirect(w, r, page.Local(u.RequestURI(), "/"), http.StatusMovedPermanently)
		return
	}
	s.showTrouble(w, r, errNoPage)
}

var errNoPage = fault.New(fault.NotFound, "web.trouble.no_page")

// serve makes the http.Handler of a route.
func (s *Server) serve(route page.Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		observationOf(r.Context()).pattern = route.Pattern
		wantsCSV := r.Context().Value(csvKey{}) != nil
		limit := route.Limit
		if limit == 0 {
			limit = fastLimit
			if route.Upload || wantsCSV {
				limit = slowLimit
			}
		}
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		r = r.WithContext(ctx)
		if limit > fastLimit {
			allow(w, limit+patience)
		}
		req := s.request(w, r)
		req.CSVWanted = wantsCSV
		if err := s.answer(route, req); err != nil {
			s.fail(req, err)
		}
	})
}

// answer checks what is the same for all routes and calls the handler.
func (s *Server) answer(route page.Route, r *page.Request) error {
	if r.CSVWanted && !route.CSV {
		return errNoPage
	}
	if !r.Can(route.Permission) {
		if r.User == nil {
			return errSignedOut
		}
		return fault.New(fault.Forbidden, "errors.forbidden")
	}
	if s.shown[page.Welcome] && !r.Company.Setup && route.Method == http.MethodGet && r.URL.Path == "/" && r.Can(auth.WriteSettings) {
		return r.Redirect(page.Welcome)
	}
	if err := s.parse(route, r); err != nil {
		return err
	}
	return route.Handle(r)
}

// parse reads the form, within limits.
func (s *Server) parse(route page.Route, r *page.Request) error {
	if route.Upload && r.Method == http.MethodPost {
		return nil
	}
	whole := r.Body
	r.Body = http.MaxBytesReader(r.W, whole, maxBody)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var err error
	if kind == "multipart/form-data" {
		err = r.ParseMultipartForm(maxBody)
	} else {
		err = r.ParseForm()
	}
	if err != nil {
		page.Swallow(whole, err)
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return nil // half an address still shows a page
		}
		return formError(err)
	}
	return nil
}

// request puts together what a handler gets.
func (s *Server) request(w http.ResponseWriter, r *http.Request) *page.Request {
	v := visitorOf(r.Context())
	req := &page.Request{
		Request: r, W: w, P: i18n.For(v.language(r), v.company.Zone()), User: v.user, Company: v.company, Now: v.now,
		DB: s.deps.DB, Server: s,
	}
	req.Frame = s.frame(req, v)
	return req
}

// frame is what surrounds every page.
func (s *Server) frame(r *page.Request, v *visitor) ui.Frame {
	f := ui.Frame{
		P: r.P, Company: r.Company.Name, Here: here(r), Theme: v.theme(r.Request),
		Links: ui.Links{Home: "/", Language: page.Language, Theme: page.Theme},
	}
	if r.User == nil {
		return f
	}
	f.User = ui.User{Name: r.User.Name, Mail: r.User.Mail, Role: r.P.T("web.roles." + string(r.User.Role))}
	f.NoShortcuts = !r.User.Shortcuts
	f.Links.Profile, f.Links.Logout = page.Profile, page.Logout
	if s.search != "" && r.Can(auth.ReadCustomers) {
		f.Links.Search = s.search
	}
	f.Menu = menu(r, s.menu)
	if s.shown[page.JobBar] && r.Can(auth.ReadJobs) {
		f.JobBar = page.JobBar
	}
	if v.job != nil {
		job := r.Job(*v.job)
		f.Job = &job
	}
	return f
}

// menu is what the user may see of it, with the entry marked that the page belongs to: the one whose address is the
// longest beginning of the page's.
func menu(r *page.Request, entries []page.Entry) []ui.MenuItem {
	var items []ui.MenuItem
	longest, active := 0, -1
	for _, e := range entries {
		if !r.Can(e.Permission) {
			continue
		}
		item := ui.MenuItem{Label: r.P.T(e.Text), Href: e.Href, Icon: e.Icon, Items: menu(r, e.Pages)}
		length := max(reach(r.URL.Path, e.Href), reach(r.URL.Path, e.Under))
		for _, sub := range e.Pages {
			length = max(length, reach(r.URL.Path, sub.Href))
		}
		if length > longest {
			longest, active = length, len(items)
		}
		items = append(items, item)
	}
	if active >= 0 {
		items[active].Active = true
	}
	return items
}

// reach is how much of the path an entry's address covers, 0 for not at all.
func reach(path, href string) int {
	if path == href || len(href) > 1 && strings.HasPrefix(path, href+"/") {
		return len(href)
	}
	return 0
}

// here is the address that a switch of language or theme returns to: this page, or for the answer to a form the page
// it was on.
func here(r *page.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.URL.RequestURI()
	}
	return referer(r)
}

// referer is the address on this site that the request came from, "/" when it is not known.
func referer(r *page.Request) string {
	after, found := strings.CutPrefix(r.Header.Get("Referer"), r.Absolute(""))
	if !found {
		return "/"
	}
	return page.Local(after, "/")
}
