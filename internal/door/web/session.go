package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// What a session keeps.
const (
	sessionUser  = "user"  // id
	sessionStamp = "stamp" // auth.User.Stamp at the time of signing in
	sessionFlash = "flash" // the last flash line, JSON
)

// Cookies beside the session's. They hold no secret.
const (
	sessionCookie  = "stamm_session"
	flashCookie    = "stamm_flash"    // there is a line to show; so that a GET need not delete it from the session
	languageCookie = "stamm_language" // of whoever is not signed in
	themeCookie    = "stamm_theme"
)

// sessionLifetime is how long somebody stays signed in. Sessions are not prolonged, so reading a page writes nothing.
const sessionLifetime = 14 * 24 * time.Hour

func (s *Server) newSessions() *scs.SessionManager {
	m := scs.New()
	m.Lifetime = sessionLifetime
	m.Store = sessionStore{s.deps.DB}
	m.Cookie.Name = sessionCookie
	m.Cookie.Secure = s.secure()
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) { s.showTrouble(w, r, err) }
	return m
}

// secure tells whether cookies may only travel encrypted.
func (s *Server) secure() bool { return strings.HasPrefix(s.deps.Address, "https://") }

// sessionStore keeps the sessions of scs in the database. It finds the one of the request where the visitor middleware
// has put it, so that a request reads the database once.
type sessionStore struct{ db *store.DB }

var _ scs.CtxStore = sessionStore{}

func (s sessionStore) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	if v := visitorOf(ctx); v != nil && v.token == token {
		return v.session, v.session != nil, nil
	}
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		data, found, err = auth.SessionData(ctx, tx, token)
		return err
	})
	return data, found, err
}

func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	return s.db.Write(ctx, store.System(), func(tx *store.Tx) error { return auth.SaveSession(ctx, tx, token, data, expires) })
}

func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	return s.db.Write(ctx, store.System(), func(tx *store.Tx) error { return auth.EndSession(ctx, tx, token) })
}

// The variants without context are part of the interface; scs does not call them on a CtxStore.

func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s sessionStore) Commit(token string, data []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expires)
}

func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// signIn makes this the session of the user, under a new token, so that nobody who knew the old one comes along.
func (s *Server) signIn(ctx context.Context, u *auth.User) error {
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	s.sessions.Put(ctx, sessionUser, u.ID)
	s.sessions.Put(ctx, sessionStamp, u.Stamp)
	return nil
}

// signOut ends the session.
func (s *Server) signOut(ctx context.Context) error { return s.sessions.Destroy(ctx) }

// KeepFlash keeps a line for the next page. Who is not signed in has no session to keep it in; their pages say it
// themselves.
func (s *Server) KeepFlash(r *page.Request, flash ui.Flash) {
	ctx := r.Context()
	if s.sessions.GetInt64(ctx, sessionUser) == 0 {
		return
	}
	s.sessions.Put(ctx, sessionFlash, []byte(store.JSON(flash)))
	s.setCookie(r.W, flashCookie, "1", 300)
}

// TakeFlash is the line for this page. It stays in the session, where the next one replaces it; only the cookie that
// says it is still to be shown goes, so that looking at a page changes nothing here.
func (s *Server) TakeFlash(r *page.Request) *ui.Flash {
	if _, err := r.Cookie(flashCookie); err != nil || r.User == nil {
		return nil
	}
	s.setCookie(r.W, flashCookie, "", -1)
	var flash ui.Flash
	if json.Unmarshal(s.sessions.GetBytes(r.Context(), sessionFlash), &flash) != nil || flash.Text == "" {
		return nil
	}
	return &flash
}

// setCookie sets a cookie for so many seconds; -1 deletes it.
func (s *Server) setCookie(w http.ResponseWriter, name, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode})
}
