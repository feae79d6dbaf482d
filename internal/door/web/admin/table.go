package admin

import (
	"strings"
	"time"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/i18n"
	"stamm/internal/record/auth"
)

// cancel leads back to the list a form came from.
func cancel(p *i18n.Printer, href string) *ui.Anchor {
	return &ui.Anchor{Text: p.T("common.cancel"), Href: href}
}

// when is a time that stays on one line of a table.
func when(p *i18n.Printer, t time.Time) string {
	return strings.ReplaceAll(p.DateTime(t), " ", i18n.NBSP)
}

// linkText is what the button for a new link says.
func linkText(u *auth.User) string {
	if u.HasPassword {
		return "admin.users.reset_link"
	}
	return "admin.users.invitation_link"
}

func usersTable(r *page.Request, all []*auth.User, asked map[int64]bool) ui.Table {
	t := ui.Table{
		ID: "users", Caption: r.P.T("admin.users.title"),
		Columns: []ui.Column{
			{Title: r.P.T("common.name"), Narrow: ui.NarrowLead}, {Title: r.P.T("admin.users.role"), Narrow: ui.NarrowBare},
			{Title: r.P.T("common.status"), Narrow: ui.NarrowValue}, {Title: r.P.T("admin.users.last_login"), Narrow: ui.NarrowMeta},
		},
	}
	for _, u := range all {
		state, tone := userState(r, u, asked[u.ID])
		t.Rows = append(t.Rows, ui.Row{Href: userPath(u.ID), Muted: u.Disabled, Cells: []ui.Cell{
			ui.Lines(u.Name, u.Mail), ui.Text(r.P.T("web.roles." + string(u.Role))), ui.Rich(ui.Chip(state, tone)), ui.Text(lastLogin(r, u)),
		}})
	}
	return t
}
