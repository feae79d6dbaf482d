package web

import (
	"crypto/subtle"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// setupForm is what the first user fills in.
type setupForm struct {
	Code, Name, Mail string
	Errors           ui.Errors
}

// showSetup greets whoever starts Stamm for the first time. The code, which `stamm serve` prints, proves that it is
// not just anybody in the network.
func (s *Server) showSetup(r *page.Request) error {
	if s.hasUsers.Load() {
		return r.Redirect("/")
	}
	return r.Render(r.P.T("web.setup.title"), setupView(r.P, setupForm{Code: r.Text("code")}))
}

// setup makes the first admin, once.
func (s *Server) setup(r *page.Request) error {
	ctx := r.Context()
	form := setupForm{Code: r.Text("code"), Name: r.Text("name"), Mail: r.Text("mail")}
	refuse := func(err error) error {
		return r.Refuse(err, r.P.T("web.setup.title"), func(errs ui.Errors) templ.Component {
			form.Errors = errs
			return setupView(r.P, form)
		})
	}
	if s.hasUsers.Load() {
		return fault.New(fault.Conflict, "web.setup.taken")
	}
	if err := joined(s.checkCode(form.Code), required(form.Name, "name"), required(form.Mail, "mail"), checkNewPassword(r)); err != nil {
		return refuse(err)
	}
	hash, err := s.newPassword(r)
	if err != nil {
		return refuse(err)
	}
	var u *auth.User
	err = r.Write(func(tx *store.Tx) error {
		n, err := auth.Count(ctx, tx)
		if err != nil {
			return err
		}
		if n > 0 {
			return fault.New(fault.Conflict, "web.setup.taken")
		}
		id, err := auth.Add(ctx, tx, form.Mail, form.Name, auth.Admin, hash)
		if err != nil {
			return err
		}
		if err := auth.Entered(ctx, tx, id, form.Mail); err != nil {
			return err
		}
		u, err = auth.Find(ctx, tx, id)
		return err
	})
	if err != nil {
		return refuse(err)
	}
	s.hasUsers.Store(true)
	if err := s.signIn(ctx, u); err != nil {
		return err
	}
	return r.Redirect(page.Welcome)
}

// checkCode compares without telling by its time how much of the code was right.
func (s *Server) checkCode(code string) error {
	if code == "" {
		return required(code, "code")
	}
	want := s.deps.SetupCode
	if want == "" || subtle.ConstantTimeCompare([]byte(strings.ToUpper(code)), []byte(strings.ToUpper(want))) != 1 {
		return fault.New(fault.Invalid, "web.setup.wrong_code").On("code")
	}
	return nil
}
