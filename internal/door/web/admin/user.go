package admin

import (
	"fmt"

	"github.com/a-h/templ"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/task"
)

// resetTask is the business key of the task that a forgotten password raises.
func resetTask(user int64) string { return fmt.Sprintf("auth.reset_requested:%d", user) }

func userPath(id int64) string { return fmt.Sprintf("%s/%d", usersPath, id) }

func users(r *page.Request) error {
	var all []*auth.User
	asked := map[int64]bool{}
	err := r.Read(func(tx *store.Tx) (err error) {
		if all, err = auth.List(r.Context(), tx); err != nil {
			return err
		}
		open, err := task.List(r.Context(), tx, task.Filter{Today: r.Today(), OfKind: "auth.reset_requested", Limit: 1000})
		for _, t := range open {
			asked[t.Subject] = true
		}
		return err
	})
	if err != nil {
		return err
	}
	if r.WantsCSV() {
		head := []string{r.P.T("common.name"), r.P.T("web.field.mail"), r.P.T("admin.users.role"), r.P.T("common.status"), r.P.T("admin.users.last_login")}
		return r.SendCSV("users", head, func(yield func([]string, error) bool) {
			for _, u := range all {
				state, _ := userState(r, u, false)
				if !yield([]string{u.Name, u.Mail, r.P.T("web.roles." + string(u.Role)), state, lastLogin(r, u)}, nil) {
					return
				}
			}
		})
	}
	return r.Render(r.P.T("admin.users.title"), usersView(r, all, asked))
}

// userState is how it stands with an account, in words.
func userState(r *page.Request, u *auth.User, asked bool) (string, ui.Tone) {
	switch {
	case u.Disabled:
		return r.P.T("admin.users.state.disabled"), ui.Neutral
	case asked:
		return r.P.T("admin.users.state.asked"), ui.Warn
	case !u.HasPassword && u.LastLogin.IsZero():
		return r.P.T("admin.users.state.invited"), ui.Accent
	}
	return r.P.T("admin.users.state.active"), ui.Good
}

func lastLogin(r *page.Request, u *auth.User) string {
	if u.LastLogin.IsZero() {
		return r.P.T("admin.users.never")
	}
	return r.P.DateTime(u.LastLogin)
}

type inviteForm struct {
	Name, Mail, Role string
	Errors           ui.Errors
}

func showInvite(r *page.Request) error {
	return r.Render(r.P.T("admin.users.invite"), inviteView(r, inviteForm{Role: string(auth.Viewer)}))
}

// invite adds a user and shows the link once: only its hash is kept.
func invite(r *page.Request) error {
	form := inviteForm{Name: r.Text("name"), Mail: r.Text("mail"), Role: r.Text("role")}
	var id int64
	var token string
	err := r.Write(func(tx *store.Tx) (err error) {
		if form.Name == "" {
			return noName()
		}
		if id, err = auth.Add(r.Context(), tx, form.Mail, form.Name, auth.Role(form.Role), ""); err != nil {
			return err
		}
		token, err = auth.Issue(r.Context(), tx, id, auth.Invitation)
		return err
	})
	if err != nil {
		return r.Refuse(err, r.P.T("admin.users.invite"), func(errs ui.Errors) templ.Component {
			form.Errors = errs
			return inviteView(r, form)
		})
	}
	return showLink(r, id, form.Name, auth.Invitation, r.Absolute(page.InvitationLink(token)))
}

func noName() error { return fault.New(fault.Invalid, "admin.no_name").On("name") }

func showLink(r *page.Request, id int64, name string, purpose auth.Purpose, link string) error {
	return r.Render(r.P.T("admin.users.link.title"), linkView(r, id, name, purpose, link))
}

func showUser(r *page.Request) error {
	u, err := findUser(r)
	if err != nil {
		return err
	}
	return r.Render(u.Name, userView(r, u, u.Name, string(u.Role), nil))
}

func findUser(r *page.Request) (u *auth.User, err error) {
	id, err := r.PathID("id")
	if err != nil {
		return nil, err
	}
	err = r.Read(func(tx *store.Tx) error {
		u, err = auth.Find(r.Context(), tx, id)
		return err
	})
	return u, err
}

func saveUser(r *page.Request) error {
	u, err := findUser(r)
	if err != nil {
		return err
	}
	name, role := r.Text("name"), auth.Role(r.Text("role"))
	err = r.Write(func(tx *store.Tx) error {
		if name == "" {
			return noName()
		}
		return auth.Edit(r.Context(), tx, u.ID, auth.Change{Name: &name, Role: &role})
	})
	if err != nil {
		return r.Refuse(err, u.Name, func(errs ui.Errors) templ.Component { return userView(r, u, name, string(role), errs) })
	}
	return r.RedirectWith(usersPath, ui.Flash{
		Text: r.P.T("admin.users.saved", "name", name),
		Undo: &ui.Post{Label: r.P.T("common.undo"), Action: userPath(u.ID), Fields: []ui.Hidden{{Name: "name", Value: u.Name}, {Name: "role", Value: string(u.Role)}}},
	})
}

// disableUser switches an account off or on again; whoever is signed in with it is signed out at once.
func disableUser(r *page.Request) error {
	u, err := findUser(r)
	if err != nil {
		return err
	}
	off := r.Text("disabled") == "1"
	err = r.Write(func(tx *store.Tx) error {
		if off {
			if err := task.Settle(r.Context(), tx, resetTask(u.ID)); err != nil {
				return err
			}
		}
		return auth.Edit(r.Context(), tx, u.ID, auth.Change{Disabled: &off})
	})
	if err != nil {
		return r.Refuse(err, u.Name, func(errs ui.Errors) templ.Component { return userView(r, u, u.Name, string(u.Role), errs) })
	}
	text, back := "admin.users.enabled", "1"
	if off {
		text, back = "admin.users.disabled", "0"
	}
	return r.RedirectWith(usersPath, ui.Flash{
		Text: r.P.T(text, "name", u.Name),
		Undo: &ui.Post{Label: r.P.T("common.undo"), Action: userPath(u.ID) + "/disabled", Fields: []ui.Hidden{{Name: "disabled", Value: back}}},
	})
}

// newLink makes a link with which the user chooses a password: the first one, or a new one in place of a forgotten one.
func newLink(r *page.Request) error {
	u, err := findUser(r)
	if err != nil {
		return err
	}
	purpose := auth.Reset
	if !u.HasPassword {
		purpose = auth.Invitation
	}
	var token string
	err = r.Write(func(tx *store.Tx) (err error) {
		if err := task.Settle(r.Context(), tx, resetTask(u.ID)); err != nil {
			return err
		}
		token, err = auth.Issue(r.Context(), tx, u.ID, purpose)
		return err
	})
	if err != nil {
		return err
	}
	link := page.ResetLink(token)
	if purpose == auth.Invitation {
		link = page.InvitationLink(token)
	}
	return showLink(r, u.ID, u.Name, purpose, r.Absolute(link))
}

// roleOptions are the roles with what each may do.
func roleOptions(r *page.Request, chosen string) []ui.Option {
	var options []ui.Option
	for _, role := range auth.Roles() {
		options = append(options, ui.Option{
			Value: string(role), Label: r.P.T("web.roles." + string(role)), Help: r.P.T("admin.roles." + string(role)), Chosen: string(role) == chosen,
		})
	}
	return options
}
