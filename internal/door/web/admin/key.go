package admin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

func keys(r *page.Request) error {
	var all []*auth.Key
	names := map[int64]string{}
	err := r.Read(func(tx *store.Tx) (err error) {
		if all, err = auth.Keys(r.Context(), tx); err != nil {
			return err
		}
		names, err = userNames(r, tx)
		return err
	})
	if err != nil {
		return err
	}
	if r.WantsCSV() {
		head := []string{r.P.T("common.name"), r.P.T("admin.keys.hint"), r.P.T("admin.keys.scopes"), r.P.T("admin.keys.by"), r.P.T("admin.keys.created"), r.P.T("admin.keys.used"), r.P.T("common.status")}
		return r.SendCSV("api-keys", head, func(yield func([]string, error) bool) {
			for _, k := range all {
				if !yield([]string{k.Name, "…" + k.Hint, scopeWords(r, k), names[k.CreatedBy], r.P.DateTime(k.CreatedAt), keyUsed(r, k), keyState(r, k)}, nil) {
					return
				}
			}
		})
	}
	return r.Render(r.P.T("admin.keys.title"), keysView(r, all, names))
}

// userNames are the names of all users by id.
func userNames(r *page.Request, tx *store.Tx) (map[int64]string, error) {
	users, err := auth.List(r.Context(), tx)
	names := make(map[int64]string, len(users))
	for _, u := range users {
		names[u.ID] = u.Name
	}
	return names, err
}

func scopeWords(r *page.Request, k *auth.Key) string {
	words := make([]string, len(k.Scopes))
	for i, s := range k.Scopes {
		words[i] = r.P.T("admin.scopes." + scopeKey(s))
	}
	return strings.Join(words, ", ")
}

// scopeKey is the name of a permission in the catalogues.
func scopeKey(p auth.Permission) string { return strings.ReplaceAll(string(p), ".", "_") }

func keyUsed(r *page.Request, k *auth.Key) string {
	if k.UsedAt.IsZero() {
		return r.P.T("admin.users.never")
	}
	return r.P.DateTime(k.UsedAt)
}

func keyState(r *page.Request, k *auth.Key) string {
	if k.RevokedAt.IsZero() {
		return r.P.T("admin.keys.state.active")
	}
	return r.P.T("admin.keys.state.revoked")
}

type keyForm struct {
	Name   string
	Scopes []string
	Errors ui.Errors
}

func showAddKey(r *page.Request) error {
	return r.Render(r.P.T("admin.keys.add"), addKeyView(r, keyForm{}))
}

// addKey makes a key and shows its secret, this once. Its name is its business key: sending the form again does not
// make a second one.
func addKey(r *page.Request) error {
	form := keyForm{Name: r.Text("name"), Scopes: r.Texts("scopes")}
	var scopes []auth.Permission
	for _, s := range form.Scopes {
		scopes = append(scopes, auth.Permission(s))
	}
	var secret string
	err := r.Write(func(tx *store.Tx) error {
		if form.Name == "" {
			return noName()
		}
		all, err := auth.Keys(r.Context(), tx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(k *auth.Key) bool { return k.RevokedAt.IsZero() && strings.EqualFold(k.Name, form.Name) }) {
			return fault.New(fault.Conflict, "admin.keys.taken").On("name")
		}
		secret, _, err = auth.AddKey(r.Context(), tx, form.Name, scopes)
		return err
	})
	if err != nil {
		return r.Refuse(err, r.P.T("admin.keys.add"), func(errs ui.Errors) templ.Component {
			form.Errors = errs
			return addKeyView(r, form)
		})
	}
	return r.Render(r.P.T("admin.keys.secret.title"), secretView(r, form.Name, secret))
}

func revokeKey(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	if err := r.Write(func(tx *store.Tx) error { return auth.Revoke(r.Context(), tx, id) }); err != nil {
		return err
	}
	return r.RedirectWith(keysPath, ui.Flash{Text: r.P.T("admin.keys.revoked")})
}

func scopeOptions(r *page.Request, chosen []string) []ui.Option {
	var options []ui.Option
	for _, s := range auth.Scopes() {
		options = append(options, ui.Option{Value: string(s), Label: r.P.T("admin.scopes." + scopeKey(s)), Chosen: slices.Contains(chosen, string(s))})
	}
	return options
}

func keysTable(r *page.Request, all []*auth.Key, names map[int64]string) ui.Table {
	t := ui.Table{
		ID: "keys", Caption: r.P.T("admin.keys.title"),
		Columns: []ui.Column{
			{Title: r.P.T("common.name"), Narrow: ui.NarrowLead}, {Title: r.P.T("admin.keys.scopes"), Narrow: ui.NarrowBare},
			{Title: r.P.T("admin.keys.created"), Narrow: ui.NarrowMeta}, {Title: r.P.T("admin.keys.used"), Narrow: ui.NarrowMeta},
			{Title: r.P.T("common.status"), Narrow: ui.NarrowValue},
		},
		Empty: &ui.Empty{
			Icon: "link", Title: r.P.T("admin.keys.empty.title"), Text: r.P.T("admin.keys.empty.text"),
			Action: &ui.Anchor{Text: r.P.T("admin.keys.add"), Href: keysPath + "/new"},
		},
	}
	for _, k := range all {
		state := ui.Text(keyState(r, k))
		if k.RevokedAt.IsZero() {
			state = ui.Rich(ui.PostButton(ui.Post{
				Label: r.P.T("admin.keys.revoke"), Action: fmt.Sprintf("%s/%d/revoke", keysPath, k.ID), Confirm: r.P.T("admin.keys.confirm", "name", k.Name),
			}))
		}
		created := ui.Lines(when(r.P, k.CreatedAt), names[k.CreatedBy])
		t.Rows = append(t.Rows, ui.Row{Muted: !k.RevokedAt.IsZero(), Cells: []ui.Cell{
			{Text: k.Name, Sub: "…" + k.Hint, Strong: true}, ui.Text(scopeWords(r, k)), created, ui.Text(keyUsed(r, k)), state,
		}})
	}
	return t
}
