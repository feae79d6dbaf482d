package page

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/company"
)

// Request is one call of a page: who asks, in which language, of which company, and the ways to answer. The server
// fills it; Form is parsed, except for uploads.
type Request struct {
	*http.Request

	W       http.ResponseWriter // for downloads; pages use the methods
	P       *i18n.Printer       // the user's language, the company's time zone
	User    *auth.User          // nil when nobody is signed in
	Company company.Settings
	Now     time.Time // by the clock of the database, UTC
	Frame   ui.Frame  // what surrounds the page; Render sets its title
	DB      *store.DB

	CSVWanted bool // the address ended in .csv
	Server    Server
}

// Server is what a request needs from the web server that made it.
type Server interface {
	KeepFlash(*Request, ui.Flash)  // for the next page of this user
	TakeFlash(*Request) *ui.Flash  // the one that was kept, nil for none
	Report(*Request, error) string // writes an internal error to the log and returns the number of its entry
	JobKind(kind string) JobKind   // how jobs of a kind are called
	Origin(*Request) string        // how people reach this site, for links they copy: "https://stamm.example.com"
}

// Actor is who changes something in this request: the user, or Stamm itself for somebody who is not signed in.
func (r *Request) Actor() store.Actor {
	if r.User == nil {
		return store.System()
	}
	return store.Actor{Kind: "user", ID: r.User.ID}
}

// Can tells whether the user may do something; buttons ask it, the table of routes enforces it.
func (r *Request) Can(p auth.Permission) bool {
	return p == auth.Public || r.User.Can(p)
}

// Read opens a reading transaction of the request.
func (r *Request) Read(fn func(*store.Tx) error) error { return r.DB.Read(r.Context(), fn) }

// Write opens a writing transaction in the name of the user. fn may run twice.
func (r *Request) Write(fn func(*store.Tx) error) error {
	return r.DB.Write(r.Context(), r.Actor(), fn)
}

// Today is the company's local day.
func (r *Request) Today() clock.Day { return clock.DayOf(r.Now, r.Company.Zone()) }

// PathID is a number in the address; what is none is a page that does not exist.
func (r *Request) PathID(name string) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil || id <= 0 {
		return 0, fault.New(fault.NotFound, "errors.notfound")
	}
	return id, nil
}

// Text is a field of the form or the address without spaces around it. Broken UTF-8 and control characters other than
// line breaks are dropped: no field means them.
func (r *Request) Text(name string) string {
	return strings.TrimSpace(clean(r.Form.Get(name)))
}

// Texts are all values of a field, such as the ticked boxes of one name.
func (r *Request) Texts(name string) []string {
	var all []string
	for _, v := range r.Form[name] {
		all = append(all, strings.TrimSpace(clean(v)))
	}
	return all
}

// Raw is a field as it was typed; passwords keep their spaces.
func (r *Request) Raw(name string) string { return r.Form.Get(name) }

// Has tells whether a field was sent at all, as a ticked box is.
func (r *Request) Has(name string) bool { return r.Form.Has(name) }

// Int is a whole number out of a field; otherwise is returned for an empty or senseless one. Use it for what stands in
// addresses; forms check what people type with the domain.
func (r *Request) Int(name string, otherwise int64) int64 {
	n, err := strconv.ParseInt(r.Text(name), 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

// IDs are the numbers of all values of a field, such as ticked rows; what is no number is left out.
func (r *Request) IDs(name string) []int64 {
	var ids []int64
	for _, v := range r.Form[name] {
		if id, err := strconv.ParseInt(v, 10, 64); err == nil && id > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// Day is a day out of a field, as 2026-12-31; false for an empty or senseless one.
func (r *Request) Day(name string) (clock.Day, bool) {
	d, err := clock.ParseDay(r.Text(name))
	return d, err == nil
}

// Partial tells whether htmx asks for a piece of the page and not for all of it.
func (r *Request) Partial() bool {
	return r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-History-Restore-Request") == "" && r.Header.Get("HX-Boosted") == ""
}

// Link is this page's address with parameters changed, as name, value pairs; an empty value removes one.
func (r *Request) Link(pairs ...string) string { return ui.With(r.URL, pairs...) }

// CSVLink is the address of this list as CSV, with the same filters and from its beginning. pairs are as for Link.
func (r *Request) CSVLink(pairs ...string) string {
	u := *r.URL
	u.Path += ".csv"
	return ui.With(&u, pairs...)
}

// Absolute is the whole address of one of this site's pages, for links that people copy into a mail.
func (r *Request) Absolute(path string) string { return r.Server.Origin(r) + path }

// Local makes sure that to is an address of this site: a page or a fragment may lead on to what a form named, never to
// another host. Anything else becomes otherwise.
func Local(to, otherwise string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") ||
		strings.ContainsAny(to, "\\\r\n\t") {
		return otherwise
	}
	return to
}

func clean(text string) string {
	text = strings.ToValidUTF8(text, "")
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t':
			return c
		case c < ' ' || c == 0x7f:
			return -1
		}
		return c
	}, text)
}
