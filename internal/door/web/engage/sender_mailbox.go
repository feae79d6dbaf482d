package engage

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/action/message/email"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

func (d Deps) saveLimit(r *page.Request) error {
	n := reader{r: r}
	l := email.Limit{Name: r.Text("name"), Domains: strings.FieldsFunc(r.Text("domains"), func(c rune) bool { return strings.ContainsRune(" ,;\n\t", c) }),
		Connections: n.number("connections"), PerMinute: n.number("per_minute"), PerHour: n.number("per_hour")}
	err := errors.Join(n.wrong...)
	if err == nil {
		err = r.Write(func(tx *store.Tx) error { return email.SaveLimit(r.Context(), tx, l) })
	}
	if err == nil {
		return r.RedirectWith(limitsPath, ui.Flash{Text: r.P.T("common.saved")})
	}
	all, failed := readLimits(r)
	if failed != nil {
		return failed
	}
	return r.Refuse(err, r.P.T("sender.limits.title"), func(e ui.Errors) templ.Component {
		s := limitSheet(r, l)
		s.errors = e
		for i := range s.groups[0].entries {
			s.groups[0].entries[i].Error = e.On(s.groups[0].entries[i].Name)
		}
		return limitsView(r, all, s)
	})
}

func limitTable(r *page.Request, all []email.Limit) ui.Table {
	number := func(n int) ui.Cell {
		if n == 0 {
			return ui.Text(r.P.T("sender.limits.no"))
		}
		return ui.Text(r.P.Number(int64(n)))
	}
	t := ui.Table{ID: "limits", Caption: r.P.T("sender.limits.title"), Columns: []ui.Column{{Title: r.P.T("common.name"), Narrow: ui.NarrowLead},
		{Title: r.P.T("sender.field.connections"), Number: true}, {Title: r.P.T("sender.field.per_minute"), Number: true, Narrow: ui.NarrowValue}, {Title: r.P.T("sender.field.per_hour"), Number: true}}}
	for _, l := range all {
		t.Rows = append(t.Rows, ui.Row{Href: r.Link("name", l.Name), Cells: []ui.Cell{{Text: l.Name, Sub: join(l.Domains), Strong: true}, number(l.Connections), number(l.PerMinute), number(l.PerHour)}})
	}
	return t
}

func (d Deps) newMailbox(r *page.Request) error {
	return showSheet(r, mailboxSheet(r, email.NewMailbox()), nil)
}

func (d Deps) showMailbox(r *page.Request) error {
	m, err := findMailbox(r)
	if err != nil {
		return err
	}
	return showSheet(r, mailboxSheet(r, m), nil)
}

func findMailbox(r *page.Request) (m *email.Mailbox, err error) {
	id, err := r.PathID("id")
	if err != nil {
		return nil, err
	}
	err = r.Read(func(tx *store.Tx) (err error) { m, err = email.FindMailbox(r.Context(), tx, id); return err })
	return m, err
}

func mailboxSheet(r *page.Request, m *email.Mailbox) sheet {
	f := sheet{title: r.P.T("sender.mailbox.add"), lead: r.P.T("sender.mailbox.lead"), back: ui.Anchor{Text: r.P.T("sender.title"), Href: sendersPath}, action: mailboxesPath + "/new",
		groups: []group{{entries: []entry{text(r, "host", m.Host).needed().help(r, "imap"), figure(r, "port", m.Port), chosen(r, "security", string(m.Security), "sender.security.", securities()),
			text(r, "login", m.Login).needed(), secret(r, m.HasPassword()), text(r, "folder", m.Folder), ticked(r, "read", m.Active)}}}}
	if m.ID != 0 {
		f.title, f.action = m.Login, idPath(mailboxesPath, m.ID)
		f.side = mailboxSide(r, m)
	}
	return f
}

func (d Deps) saveMailbox(r *page.Request) error {
	m := email.NewMailbox()
	if r.PathValue("id") != "" {
		var err error
		if m, err = findMailbox(r); err != nil {
			return err
		}
	}
	n := reader{r: r}
	m.Host, m.Port, m.Security, m.Login, m.Folder = r.Text("host"), n.number("port"), email.Security(r.Text("security")), r.Text("login"), r.Text("folder")
	m.Password, m.Active = r.Raw("password"), r.Has("read")
	id, err := m.ID, errors.Join(n.wrong...)
	if err == nil {
		var vault *email.Vault
		if vault, err = d.Vault(); err == nil {
			err = r.Write(func(tx *store.Tx) (err error) { id, err = email.SaveMailbox(r.Context(), tx, vault, m); return err })
		}
	}
	if err != nil {
		return showSheet(r, mailboxSheet(r, m), err)
	}
	return r.RedirectWith(idPath(mailboxesPath, id), ui.Flash{Text: r.P.T("common.saved")})
}

func fetchMailbox(r *page.Request) error {
	m, err := findMailbox(r)
	if err != nil {
		return err
	}
	var job int64
	if err := r.Write(func(tx *store.Tx) (err error) { job, err = email.FetchNow(r.Context(), tx, m.ID); return err }); err != nil {
		return err
	}
	return r.RedirectWith(idPath(mailboxesPath, m.ID), ui.Flash{Text: r.P.T("sender.mailbox.fetching"), Link: &ui.Anchor{Text: r.P.T("sender.mailbox.job"), Href: page.JobLink(job)}})
}

func mailboxFacts(r *page.Request, m *email.Mailbox) []ui.Pair {
	checked := r.P.T("sender.mailbox.never")
	if !m.CheckedAt.IsZero() {
		checked = r.P.DateTime(m.CheckedAt)
	}
	all := []ui.Pair{{Term: r.P.T("sender.mailbox.checked"), Text: checked}}
	if m.Trouble != "" {
		all = append(all, ui.Pair{Term: r.P.T("sender.mailbox.trouble"), Text: r.P.T(m.Trouble)})
	}
	return all
}

// newHookSecret makes the secret of the webhook and shows it, this once.
func (d Deps) newHookSecret(r *page.Request) error {
	vault, err := d.Vault()
	if err != nil {
		return err
	}
	var key string
	if err := r.Write(func(tx *store.Tx) (err error) { key, err = email.NewHookSecret(r.Context(), tx, vault); return err }); err != nil {
		return err
	}
	return r.Render(r.P.T("sender.hook.title"), hookView(r, key))
}

// hook takes what a mail service tells. Who calls proves by a signature who it is.
func (d Deps) hook(r *page.Request) error {
	vault, err := d.Vault()
	if err != nil {
		return err
	}
	body, err := io.ReadAll(http.MaxBytesReader(r.W, r.Body, email.MaxHook+1))
	if err != nil {
		return fault.New(fault.Invalid, "email.hook_too_large", "max", email.MaxHook>>20).Because(err)
	}
	n, err := email.Receive(r.Context(), r.DB, vault, r.Header.Get(email.HookHeader), r.Header.Get("Content-Type"), body)
	if err != nil {
		f := fault.As(err)
		if f.Code == fault.Internal {
			r.Server.Report(r, err)
		}
		http.Error(r.W, r.P.Err(err), page.Status(f.Code))
		return nil
	}
	r.W.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(r.W, `{"taken":`+strconv.Itoa(n)+"}\n")
	return nil
}
