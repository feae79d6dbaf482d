package web

import (
	"github.com/a-h/templ"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// profile is what everybody sets for themselves.
func (s *Server) profile() page.Area {
	return page.Area{Routes: []page.Route{
		{Method: "GET", Pattern: page.Profile, Permission: auth.SignedIn, Handle: s.showProfile},
		{Method: "POST", Pattern: page.Profile, Permission: auth.SignedIn, Handle: s.saveProfile},
		{Method: "POST", Pattern: "/profile/password", Permission: auth.SignedIn, Handle: s.changePassword},
		{Method: "POST", Pattern: "/profile/sessions", Permission: auth.SignedIn, Handle: s.endOthers},
	}}
}

// profileForm is what stands in the fields.
type profileForm struct {
	Name, Language, Theme string
	Shortcuts             bool
	Errors                ui.Errors
	PasswordErrors        ui.Errors
}

func profileOf(u *auth.User) profileForm {
	return profileForm{Name: u.Name, Language: u.Language, Theme: u.Theme, Shortcuts: u.Shortcuts}
}

func (s *Server) showProfile(r *page.Request) error {
	return r.Render(r.P.T("web.profile.title"), profileView(r.P, r.User, r.Company, profileOf(r.User)))
}

func (s *Server) saveProfile(r *page.Request) error {
	form := profileForm{Name: r.Text("name"), Language: r.Text("language"), Theme: r.Text("theme"), Shortcuts: !r.Has("no_shortcuts")}
	err := required(form.Name, "name")
	if err == nil {
		err = s.editProfile(r, form)
	}
	if err != nil {
		return r.Refuse(err, r.P.T("web.profile.title"), func(errs ui.Errors) templ.Component {
			form.Errors = errs
			return profileView(r.P, r.User, r.Company, form)
		})
	}
	p := r.P
	if form.Language != "" {
		p = i18n.For(form.Language, r.P.Location()) // the next page is in it
	}
	return r.RedirectWith(page.Profile, ui.Flash{Text: p.T("common.saved")})
}

func (s *Server) editProfile(r *page.Request, form profileForm) error {
	return r.Write(func(tx *store.Tx) error {
		return auth.Edit(r.Context(), tx, r.User.ID, auth.Change{Name: &form.Name, Language: &form.Language, Theme: &form.Theme, Shortcuts: &form.Shortcuts})
	})
}

// changePassword asks for the old one, so that nobody who finds an open screen can take the account over.
func (s *Server) changePassword(r *page.Request) error {
	ctx := r.Context()
	refuse := func(err error) error {
		return r.Refuse(err, r.P.T("web.profile.title"), func(errs ui.Errors) templ.Component {
			form := profileOf(r.User)
			form.PasswordErrors = errs
			return profileView(r.P, r.User, r.Company, form)
		})
	}
	if err := s.checkOwnPassword(r, r.Raw("old")); err != nil {
		return refuse(err)
	}
	hash, err := s.newPassword(r)
	if err != nil {
		return refuse(err)
	}
	err = s.renewStamp(r, func(tx *store.Tx) error { return auth.SetPassword(ctx, tx, r.User.ID, hash) })
	if err != nil {
		return refuse(err)
	}
	return r.RedirectWith(page.Profile, ui.Flash{Text: r.P.T("web.profile.password_changed")})
}

// checkOwnPassword is the same check as at the login, with the same patience.
func (s *Server) checkOwnPassword(r *page.Request, password string) error {
	ctx := r.Context()
	if !r.User.HasPassword { // came in by a link of one use; there is none to ask for
		return nil
	}
	var c auth.Candidate
	err := r.Read(func(tx *store.Tx) (err error) {
		c, err = auth.Try(ctx, tx, r.User.Mail, s.sender(r.Request))
		return err
	})
	if err != nil {
		return fault.As(err).On("old")
	}
	good, err := s.hasher.Verify(ctx, c.Stored, password)
	if err != nil {
		return err
	}
	if !good {
		err := r.Write(func(tx *store.Tx) error { return auth.Failed(ctx, tx, c) })
		return joined(err, fault.New(fault.Invalid, "web.profile.wrong_password").On("old"))
	}
	return nil
}

// endOthers signs the user out everywhere but here.
func (s *Server) endOthers(r *page.Request) error {
	err := s.renewStamp(r, func(tx *store.Tx) error { return auth.EndSessions(r.Context(), tx, r.User.ID) })
	if err != nil {
		return err
	}
	return r.RedirectWith(page.Profile, ui.Flash{Text: r.P.T("web.profile.others_ended")})
}

// renewStamp does what ends all sessions of the user, and goes on with this one.
func (s *Server) renewStamp(r *page.Request, do func(*store.Tx) error) error {
	ctx := r.Context()
	var u *auth.User
	err := r.Write(func(tx *store.Tx) (err error) {
		if err := do(tx); err != nil {
			return err
		}
		u, err = auth.Find(ctx, tx, r.User.ID)
		return err
	})
	if err != nil {
		return err
	}
	return s.signIn(ctx, u)
}

// setLanguage is the switch in the frame: it goes into the profile, or into a cookie for whoever is not signed in.
func (s *Server) setLanguage(r *page.Request) error {
	language := r.Text("language")
	if r.User == nil {
		s.setCookie(r.W, languageCookie, i18n.For(language, nil).Lang(), 365*24*3600)
		return r.Redirect(page.Local(r.Text("back"), "/"))
	}
	return s.setChoice(r, auth.Change{Language: &language})
}

// setTheme is the same for light and dark.
func (s *Server) setTheme(r *page.Request) error {
	theme := r.Text("theme")
	if theme == "system" {
		theme = ""
	}
	if r.User == nil {
		if theme != "" && theme != string(ui.Light) && theme != string(ui.Dark) {
			return fault.New(fault.Invalid, "errors.choice", "text", theme)
		}
		s.setCookie(r.W, themeCookie, theme, 365*24*3600)
		return r.Redirect(page.Local(r.Text("back"), "/"))
	}
	return s.setChoice(r, auth.Change{Theme: &theme})
}

func (s *Server) setChoice(r *page.Request, c auth.Change) error {
	if err := r.Write(func(tx *store.Tx) error { return auth.Edit(r.Context(), tx, r.User.ID, c) }); err != nil {
		return err
	}
	return r.Redirect(page.Local(r.Text("back"), "/"))
}
