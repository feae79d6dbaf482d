package web

import (
	"context"
	"net/http"
	"time"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/company"
)

// visitor is who asks and what every page needs to know, read in one transaction.
type visitor struct {
	token   string
	session []byte     // data of the session, nil for none
	user    *auth.User // nil when nobody is signed in
	company company.Settings
	job     *jobs.Job // running now, nil for none; only for whole pages of users who may see it
	now     time.Time
	err     error // of that read
}

type visitorKey struct{}

// visitorOf is the visitor of the request, nil outside of one.
func visitorOf(ctx context.Context) *visitor {
	v, _ := ctx.Value(visitorKey{}).(*visitor)
	return v
}

// visitors finds out who asks.
func (s *Server) visitors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(r)
		r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, v))
		if v.err != nil {
			s.showTrouble(w, r, v.err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) visit(r *http.Request) *visitor {
	ctx := r.Context()
	v := &visitor{company: company.Defaults(), now: s.deps.DB.Now()}
	if c, err := r.Cookie(sessionCookie); err == nil && len(c.Value) < 200 {
		v.token = c.Value
	}
	v.err = s.deps.DB.Read(ctx, func(tx *store.Tx) (err error) {
		v.now = tx.Now
		if v.company, err = company.Load(ctx, tx); err != nil {
			return err
		}
		if !s.hasUsers.Load() {
			n, err := auth.Count(ctx, tx)
			if err != nil {
				return err
			}
			s.hasUsers.Store(n > 0)
		}
		if v.token == "" {
			return nil
		}
		if v.session, _, err = auth.SessionData(ctx, tx, v.token); err != nil || v.session == nil {
			return err
		}
		if v.user, v.session, err = s.userOf(ctx, tx, v.session); err != nil || !v.user.Can(auth.ReadJobs) || r.Header.Get("HX-Request") != "" {
			return err
		}
		v.job, err = page.RunningJob(ctx, tx)
		return err
	})
	return v
}

// userOf is the user of a session: nil when it has none, or when it has ended because the password changed or the
// account was switched off. A session that cannot be read is none.
func (s *Server) userOf(ctx context.Context, tx *store.Tx, session []byte) (*auth.User, []byte, error) {
	_, values, err := s.sessions.Codec.Decode(session)
	if err != nil {
		return nil, nil, nil // written by another version: sign in again
	}
	id, _ := values[sessionUser].(int64)
	stamp, _ := values[sessionStamp].(string)
	if id == 0 {
		return nil, session, nil
	}
	u, err := auth.Find(ctx, tx, id)
	if notFound(err) {
		return nil, session, nil
	}
	if err != nil || u.Disabled || u.Stamp != stamp {
		return nil, session, err
	}
	return u, session, nil
}

// language of the pages: the user's choice, else the company's once somebody has said it, else the browser's.
func (v *visitor) language(r *http.Request) string {
	switch {
	case v.user != nil && v.user.Language != "":
		return v.user.Language
	case v.user == nil && choiceOf(r, languageCookie) != "":
		return choiceOf(r, languageCookie)
	case v.company.Setup:
		return v.company.Language
	}
	return languageOf(r)
}

func (v *visitor) theme(r *http.Request) ui.Theme {
	chosen := choiceOf(r, themeCookie)
	if v.user != nil {
		chosen = v.user.Theme
	}
	switch t := ui.Theme(chosen); t {
	case ui.Light, ui.Dark:
		return t
	}
	return ui.System
}

// languageOf is what somebody reads of whom nothing else is known: their choice on this computer, else the browser's.
func languageOf(r *http.Request) string {
	if chosen := choiceOf(r, languageCookie); chosen != "" {
		return chosen
	}
	return i18n.Match(r.Header.Get("Accept-Language"))
}

// choiceOf is the value of a cookie with a short word, "" for none.
func choiceOf(r *http.Request, cookie string) string {
	if c, err := r.Cookie(cookie); err == nil && len(c.Value) < 10 {
		return c.Value
	}
	return ""
}

// sender is who calls, for counting wrong passwords.
func (s *Server) sender(r *http.Request) string { return page.Sender(r, s.deps.TrustProxy) }

// origin is how people reach this site, without a slash at the end.
func (s *Server) origin(r *http.Request) string {
	if s.deps.Address != "" {
		return s.deps.Address
	}
	scheme := "http"
	if r.TLS != nil || s.deps.TrustProxy && r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}
