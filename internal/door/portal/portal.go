// Package portal is what customers themselves see: signing up with double opt-in, ending messages with one click, choosing
// what they want to get, and asking for their data. Nobody signs in; a signed link out of a mail says whom it is about.
//
// Scanners of mail servers open every link, so nothing changes by GET or HEAD. What a page answers never tells whether an
// address is known. The pages work without JavaScript and in a frame of their own: forms on the company's own site post to
// /p/signup like the one here. Which mails may be asked for how often, record/consent counts in the database.
package portal

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/action/hit"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// Path is where the pages must be mounted.
const Path = "/p/"

// The addresses without a token.
const (
	SignUpPath = "/p/signup"
	DataPath   = "/p/data"
)

// maxForm is how many bytes a form may have.
const maxForm = 16 << 10

// Deps are what the pages need.
type Deps struct {
	DB *store.DB

	// Send takes over a mail in the transaction in which it was asked for, so that it goes out if and only if that commits.
	// Without it signing up is not possible.
	Send func(ctx context.Context, tx *store.Tx, mail consent.OptIn) error

	// Address is how people reach the site, "https://stamm.example.com". Links in mails begin with it: never with what the
	// request says, or a stranger could have our mails point to a site of his. Without it mails go out only while the page
	// is asked for on this machine.
	Address    string
	TrustProxy bool // a proxy in front tells the caller in X-Forwarded-For
	Log        *slog.Logger

	Hits *hit.Counter // counts what is opened and clicked of mails; nil where nothing is
}

// New returns the pages, for Path.
func New(d Deps) http.Handler {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	s := &site{deps: d}
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(*visit) error{
		"GET " + SignUpPath:                             s.showSignUp,
		"POST " + SignUpPath:                            s.signUp,
		"GET " + consent.PathConfirm + "{token}":        s.showConfirm,
		"POST " + consent.PathConfirm + "{token}":       s.confirm,
		"GET " + consent.PathUnsubscribe + "{token}":    s.showUnsubscribe,
		"POST " + consent.PathUnsubscribe + "{token}":   s.unsubscribe,
		"GET " + consent.PathPreferences + "{token}":    s.showPreferences,
		"POST " + consent.PathPreferences + "{token}":   s.choose,
		"GET " + consent.PathUnsubscribe + "{$}":        s.showTest,
		"GET " + consent.PathPreferences + "{$}":        s.showTest,
		"GET " + DataPath:                               s.showAskData,
		"POST " + DataPath:                              s.askData,
		"GET " + consent.PathData + "{token}":           s.showData,
		"GET " + consent.PathData + "{token}/data.json": s.sendData,
		"GET " + Path + "{rest...}":                     func(*visit) error { return fault.New(fault.NotFound, "consent.dead_link") },
	} {
		mux.Handle(pattern, s.serve(handle))
	}
	s.track(mux)
	return mux
}

type site struct{ deps Deps }

// showTest answers links of test mails and previews, which are nobody's.
func (s *site) showTest(v *visit) error {
	title := v.P.T("portal.test.title")
	return v.render(http.StatusOK, title, noteView(title, v.P.T("portal.test.text"), ""))
}

// visit is one request: who asks in which language.
type visit struct {
	*http.Request
	W       http.ResponseWriter
	P       *i18n.Printer
	Company company.Settings
	site    *site
	chosen  bool // the visitor, or the page before, said the language
}

func (s *site) serve(handle func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		w.Header().Set("Referrer-Policy", "no-referrer") // the address holds a token
		v := &visit{Request: r, W: w, site: s, Company: company.Defaults()}
		err := s.deps.DB.Read(r.Context(), func(tx *store.Tx) (err error) { v.Company, err = company.Load(r.Context(), tx); return err })
		v.greet()
		if err == nil {
			err = handle(v)
		}
		if err != nil {
			v.fail(err)
		}
	})
}

// languageParam is the language in addresses and forms.
const languageParam = "l"

// greet speaks the language that the address names, else the one the browser asks for. A link out of a mail speaks that of
// its reader instead, see link: who reads German mails reads German, wherever she opens them.
func (v *visit) greet() {
	language := v.URL.Query().Get(languageParam)
	if v.chosen = known(language); !v.chosen {
		language = i18n.Match(v.Header.Get("Accept-Language"))
	}
	v.speak(language)
}

func known(language string) bool {
	for _, l := range i18n.Languages() {
		if l == language {
			return true
		}
	}
	return false
}

// speak has the page speak a language.
func (v *visit) speak(language string) { v.P = i18n.For(language, v.Company.Zone()) }

// form reads the form; what cannot be read is an invalid fault. The language it was shown in goes on.
func (v *visit) form() error {
	err := v.ParseMultipartForm(maxForm)
	if errors.Is(err, http.ErrNotMultipart) {
		err = v.ParseForm()
	}
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return fault.New(fault.Invalid, "web.trouble.too_large", "max", large.Limit>>10).Because(err)
		}
		return fault.New(fault.Invalid, "web.trouble.broken_form").Because(err)
	}
	if l := v.PostForm.Get(languageParam); known(l) {
		v.chosen = true
		v.speak(l)
	}
	return nil
}

// text is a value of the form, one line without what surrounds it.
func (v *visit) text(name string) string {
	return strings.TrimSpace(strings.NewReplacer("\r", " ", "\n", " ", "\x00", "").Replace(strings.ToValidUTF8(v.FormValue(name), "")))
}

func (v *visit) sender() string { return page.Sender(v.Request, v.site.deps.TrustProxy) }

func (v *visit) write(fn func(ctx context.Context, tx *store.Tx) error) error {
	return v.site.deps.DB.Write(v.Context(), store.System(), func(tx *store.Tx) error { return fn(v.Context(), tx) })
}

func (v *visit) read(fn func(ctx context.Context, tx *store.Tx) error) error {
	return v.site.deps.DB.Read(v.Context(), func(tx *store.Tx) error { return fn(v.Context(), tx) })
}

// origin is how the links in mails begin.
func (v *visit) origin() (string, error) {
	if v.site.deps.Address != "" {
		return strings.TrimSuffix(v.site.deps.Address, "/"), nil
	}
	host, _, err := net.SplitHostPort(v.Host)
	if err != nil {
		host = v.Host
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return "http://" + v.Host, nil
	}
	return "", fault.New(fault.Unavailable, "portal.no_address")
}

// link reads the token of the address and speaks the language in which its reader is written to, unless she chose one here;
// where nobody knows hers that of the mail, else the company's. Whatever is wrong with the token, the answer is the same.
func (v *visit) link(kind consent.LinkKind) (link consent.Link, links *consent.Links, err error) {
	err = v.read(func(ctx context.Context, tx *store.Tx) error {
		if links, err = consent.OpenLinks(ctx, tx); errors.Is(err, consent.ErrNoKey) {
			return deadLink()
		}
		if err != nil {
			return err
		}
		var ok bool
		if link, ok = links.Read(kind, v.PathValue("token"), tx.Now); !ok {
			return deadLink()
		}
		if v.chosen {
			return nil
		}
		language, err := consent.LanguageOf(ctx, tx, link)
		if err != nil {
			return err
		}
		own, _, _ := strings.Cut(language, "-")
		for _, language := range []string{own, v.URL.Query().Get(consent.ParamMailLanguage), v.Company.Language} {
			if known(language) {
				v.speak(language)
				break
			}
		}
		return nil
	})
	return link, links, err
}

func deadLink() error { return fault.New(fault.NotFound, "consent.dead_link") }

func (v *visit) render(status int, title string, content templ.Component) error {
	return ui.Render(v.Context(), v.W, status, layout(v, title, content))
}

// here is the address of the page in another language.
func (v *visit) here(language string) string {
	return v.URL.Path + "?" + languageParam + "=" + language
}

// fail answers with an error, in one place for all pages.
func (v *visit) fail(err error) {
	f := fault.As(err)
	status := page.Status(f.Code)
	key := "portal.trouble.failed"
	switch f.Code {
	case fault.NotFound:
		key = "portal.trouble.link"
	case fault.Unavailable:
		status = http.StatusTooManyRequests
		v.W.Header().Set("Retry-After", strconv.Itoa(60*60))
		if f.Key != "consent.too_many" {
			status = http.StatusServiceUnavailable
			v.W.Header().Set("Retry-After", "60")
		}
	case fault.Internal:
		v.site.deps.Log.Error("request failed", "route", Path, "error", err)
	}
	if err := v.render(status, v.P.T(key), troubleView(v, v.P.T(key), v.P.Err(f))); err != nil {
		v.site.deps.Log.Debug("answer not written", "error", err)
	}
}
