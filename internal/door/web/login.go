package web

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/task"
)

// ResetRequested is the kind of the task that tells an admin that somebody has forgotten the password. Its subject is
// the user.
const ResetRequested = "auth.reset_requested"

// entrance is where people come in: signing in and out, links of one use, the first start, and the two choices one has
// also before signing in.
func (s *Server) entrance() page.Area {
	return page.Area{Routes: []page.Route{
		{Method: "GET", Pattern: page.Login, Permission: auth.Public, Handle: s.showLogin},
		{Method: "POST", Pattern: page.Login, Permission: auth.Public, Handle: s.login},
		{Method: "GET", Pattern: "/login/{token}", Permission: auth.Public, Handle: s.showOneTime},
		{Method: "POST", Pattern: "/login/{token}", Permission: auth.Public, Handle: s.oneTime},
		{Method: "POST", Pattern: page.Logout, Permission: auth.Public, Handle: s.logout},
		{Method: "GET", Pattern: page.Forgot, Permission: auth.Public, Handle: s.showForgot},
		{Method: "POST", Pattern: page.Forgot, Permission: auth.Public, Handle: s.forgot},
		{Method: "GET", Pattern: "/invitation/{token}", Permission: auth.Public, Handle: s.showChoose(auth.Invitation)},
		{Method: "POST", Pattern: "/invitation/{token}", Permission: auth.Public, Handle: s.choose(auth.Invitation)},
		{Method: "GET", Pattern: "/password/{token}", Permission: auth.Public, Handle: s.showChoose(auth.Reset)},
		{Method: "POST", Pattern: "/password/{token}", Permission: auth.Public, Handle: s.choose(auth.Reset)},
		{Method: "GET", Pattern: page.Setup, Permission: auth.Public, Handle: s.showSetup},
		{Method: "POST", Pattern: page.Setup, Permission: auth.Public, Handle: s.setup},
		{Method: "POST", Pattern: page.Language, Permission: auth.Public, Handle: s.setLanguage},
		{Method: "POST", Pattern: page.Theme, Permission: auth.Public, Handle: s.setTheme},
	}}
}

type loginForm struct {
	Mail, To string
	Out      bool // just signed out
	Errors   ui.Errors
}

func (s *Server) showLogin(r *page.Request) error {
	to := page.Local(r.Text("to"), "/")
	if r.User != nil {
		return r.Redirect(to)
	}
	if !s.hasUsers.Load() {
		return r.Redirect(page.Setup)
	}
	return r.Render(r.P.T("web.login.title"), loginView(r.P, loginForm{To: to, Out: r.Has("out")}))
}

// login checks a password. The hash is verified between two transactions; a wrong one is counted, and after a few the
// account and the sender wait.
func (s *Server) login(r *page.Request) error {
	form := loginForm{Mail: r.Text("mail"), To: page.Local(r.Text("to"), "/")}
	err := s.enter(r, form.Mail, r.Raw("password"))
	if err == nil {
		return r.Redirect(form.To)
	}
	if fault.CodeOf(err) == fault.Internal {
		return err
	}
	status := http.StatusUnprocessableEntity
	if fault.CodeOf(err) == fault.Unavailable {
		status = http.StatusTooManyRequests
		r.W.Header().Set("Retry-After", strconv.Itoa(1))
	}
	form.Errors = ui.ErrorsOf(r.P, err)
	return r.RenderStatus(status, r.P.T("web.login.title"), loginView(r.P, form))
}

func (s *Server) enter(r *page.Request, mail, password string) error {
	if mail == "" || password == "" {
		return joined(required(mail, "mail"), required(password, "password"))
	}
	ctx := r.Context()
	var c auth.Candidate
	err := r.Read(func(tx *store.Tx) (err error) {
		c, err = auth.Try(ctx, tx, mail, s.sender(r.Request))
		return err
	})
	if err != nil {
		return err
	}
	good, err := s.hasher.Verify(ctx, c.Stored, password)
	if err != nil {
		return err
	}
	if !good {
		err := r.Write(func(tx *store.Tx) error { return auth.Failed(ctx, tx, c) })
		return errors.Join(err, auth.Wrong())
	}
	if c.User.Disabled {
		return fault.New(fault.Forbidden, "auth.disabled")
	}
	err = s.writeAs(r, c.User, func(tx *store.Tx) error { return auth.Entered(ctx, tx, c.User.ID, c.Mail) })
	if err != nil {
		return err
	}
	return s.signIn(ctx, c.User)
}

// showOneTime only shows a button: mail scanners follow links.
func (s *Server) showOneTime(r *page.Request) error {
	u, err := s.peek(r, auth.OneTime)
	if err != nil {
		return s.showVoid(r, err)
	}
	return r.Render(r.P.T("web.onetime.title"), oneTimeView(r.P, u.Name, r.URL.Path))
}

func (s *Server) oneTime(r *page.Request) error {
	ctx := r.Context()
	u, err := s.peek(r, auth.OneTime)
	if err == nil {
		err = s.writeAs(r, u, func(tx *store.Tx) error {
			if _, err := auth.Redeem(ctx, tx, r.PathValue("token"), auth.OneTime); err != nil {
				return err
			}
			return auth.Entered(ctx, tx, u.ID, u.Mail)
		})
	}
	if err != nil {
		return s.showVoid(r, err)
	}
	if err := s.signIn(ctx, u); err != nil {
		return err
	}
	return r.Redirect("/")
}

// writeAs writes in the name of somebody who is about to sign in.
func (s *Server) writeAs(r *page.Request, u *auth.User, fn func(*store.Tx) error) error {
	return s.deps.DB.Write(r.Context(), store.Actor{Kind: "user", ID: u.ID}, fn)
}

// showVoid says that a link of one use is not good any more, and what to do now.
func (s *Server) showVoid(r *page.Request, err error) error {
	if fault.CodeOf(err) == fault.Internal {
		return err
	}
	title := r.P.T("web.void.title")
	return r.RenderStatus(page.Status(fault.CodeOf(err)), title, voidView(r.P, r.P.Err(err)))
}

func (s *Server) logout(r *page.Request) error {
	if err := s.signOut(r.Context()); err != nil {
		return err
	}
	return r.Redirect(page.Login + "?out=1")
}

func (s *Server) showForgot(r *page.Request) error {
	return r.Render(r.P.T("web.forgot.title"), forgotView(r.P, "", nil))
}

// forgot raises a task for the admins. The answer is the same whether or not there is such an account, and so is the
// work: for an unknown address it is done and taken back.
func (s *Server) forgot(r *page.Request) error {
	ctx, mail := r.Context(), r.Text("mail")
	if mail == "" {
		return r.Refuse(required(mail, "mail"), r.P.T("web.forgot.title"), func(errs ui.Errors) templ.Component { return forgotView(r.P, mail, errs) })
	}
	var u *auth.User
	err := r.Read(func(tx *store.Tx) (err error) {
		if _, err = auth.Try(ctx, tx, mail, s.sender(r.Request)); err != nil {
			return err
		}
		u, err = auth.ByMail(ctx, tx, mail)
		if notFound(err) || err == nil && u.Disabled {
			u, err = nil, nil
		}
		return err
	})
	if err != nil {
		return r.Refuse(err, r.P.T("web.forgot.title"), func(errs ui.Errors) templ.Component { return forgotView(r.P, mail, errs) })
	}
	if u == nil {
		err = s.deps.DB.DryRun(ctx, r.Actor(), func(tx *store.Tx) error { return askForReset(r, tx, 0) })
	} else {
		err = r.Write(func(tx *store.Tx) error { return askForReset(r, tx, u.ID) })
	}
	if err != nil {
		return err
	}
	return r.Render(r.P.T("web.forgot.title"), forgotDoneView(r.P))
}

// askForReset raises the task once, however often somebody asks.
func askForReset(r *page.Request, tx *store.Tx, user int64) error {
	open, err := task.List(r.Context(), tx, task.Filter{Today: r.Today(), OfKind: ResetRequested, Limit: 1000})
	if err != nil {
		return err
	}
	for _, t := range open {
		if t.Subject == user {
			return nil
		}
	}
	_, err = task.Raise(r.Context(), tx, task.New{Kind: ResetRequested, Key: ResetKey(user), Subject: user, Weight: 500})
	return err
}

// ResetKey is the key of the task about one user.
func ResetKey(user int64) string { return ResetRequested + ":" + strconv.FormatInt(user, 10) }

// showChoose shows where a new password is chosen, with an invitation or after the old one was forgotten.
func (s *Server) showChoose(p auth.Purpose) page.Handler {
	return func(r *page.Request) error {
		u, err := s.peek(r, p)
		if err != nil {
			return s.showVoid(r, err)
		}
		return r.Render(chooseTitle(r.P, p), chooseView(r.P, p, u, r.URL.Path, nil))
	}
}

func (s *Server) peek(r *page.Request, p auth.Purpose) (u *auth.User, err error) {
	err = r.Read(func(tx *store.Tx) (err error) {
		u, err = auth.Peek(r.Context(), tx, r.PathValue("token"), p)
		return err
	})
	return u, err
}

// choose sets the password and signs in with it. Sessions opened with the old one end.
func (s *Server) choose(p auth.Purpose) page.Handler {
	return func(r *page.Request) error {
		ctx := r.Context()
		u, err := s.peek(r, p)
		if err != nil {
			return s.showVoid(r, err)
		}
		hash, err := s.newPassword(r)
		if err != nil {
			return r.Refuse(err, chooseTitle(r.P, p), func(errs ui.Errors) templ.Component { return chooseView(r.P, p, u, r.URL.Path, errs) })
		}
		err = s.writeAs(r, u, func(tx *store.Tx) (err error) {
			if u, err = auth.Redeem(ctx, tx, r.PathValue("token"), p); err != nil {
				return err
			}
			if err = auth.SetPassword(ctx, tx, u.ID, hash); err != nil {
				return err
			}
			if err = task.Settle(ctx, tx, ResetKey(u.ID)); err != nil {
				return err
			}
			if err = auth.Entered(ctx, tx, u.ID, u.Mail); err != nil {
				return err
			}
			u, err = auth.Find(ctx, tx, u.ID) // with the new stamp
			return err
		})
		if err != nil {
			return s.showVoid(r, err)
		}
		if err := s.signIn(ctx, u); err != nil {
			return err
		}
		return r.RedirectWith("/", ui.Flash{Text: r.P.T("web.choose.done")})
	}
}

// checkNewPassword looks at the two fields of a new password.
func checkNewPassword(r *page.Request) error {
	password := r.Raw("password")
	if err := auth.CheckPassword(password); err != nil {
		return err
	}
	if r.Raw("again") != password {
		return fault.New(fault.Invalid, "web.choose.differ").On("again")
	}
	return nil
}

// newPassword checks and hashes the two fields of a new password.
func (s *Server) newPassword(r *page.Request) (hash string, err error) {
	if err := checkNewPassword(r); err != nil {
		return "", err
	}
	return s.hasher.Hash(r.Context(), r.Raw("password"))
}

// passwordHelp says what a password needs, unless the error says it.
func passwordHelp(p *i18n.Printer, errors ui.Errors) string {
	if errors.On("password") != "" {
		return ""
	}
	return p.T("web.choose.password_help")
}

func chooseTitle(p *i18n.Printer, purpose auth.Purpose) string {
	return p.T("web.choose." + string(purpose) + ".title")
}

// required is the fault of an empty field, in words that name it.
func required(value, field string) error {
	if value == "" {
		return fault.New(fault.Invalid, "web.required."+field).On(field)
	}
	return nil
}

// joined leaves out what is nil, so that the result is nil when all are.
func joined(all ...error) error { return errors.Join(all...) }
