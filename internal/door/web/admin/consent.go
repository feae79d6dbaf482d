package admin

import (
	"fmt"
	"html"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/door/portal"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

// topicForm is a topic as it was typed.
type topicForm struct {
	Code, De, En string
	Errors       ui.Errors
}

func consentPage(r *page.Request) error {
	content, err := consentContent(r, topicForm{})
	if err != nil {
		return err
	}
	return r.Render(r.P.T("consents.admin.title"), content)
}

func consentContent(r *page.Request, form topicForm) (templ.Component, error) {
	var topics []consent.Topic
	err := r.Read(func(tx *store.Tx) (err error) { topics, err = consent.Topics(r.Context(), tx); return err })
	if err != nil {
		return nil, err
	}
	return consentView(r, topics, form), nil
}

func setTopic(r *page.Request) error {
	form := topicForm{Code: r.Text("code"), De: r.Text("de"), En: r.Text("en")}
	if form.Code == "" {
		form.Code = keyOf(form.De)
	}
	err := r.Write(func(tx *store.Tx) error {
		return consent.SetTopic(r.Context(), tx, consent.Topic{Code: form.Code, De: form.De, En: form.En})
	})
	if err != nil {
		form.Errors = ui.ErrorsOf(r.P, err)
		content, failed := consentContent(r, form)
		if failed != nil {
			return failed
		}
		return r.Refuse(err, r.P.T("consents.admin.title"), func(ui.Errors) templ.Component { return content })
	}
	return r.RedirectWith(consentPath, ui.Flash{Text: r.P.T("consents.admin.saved")})
}

func dropTopic(r *page.Request) error {
	err := r.Write(func(tx *store.Tx) error { return consent.DropTopic(r.Context(), tx, r.Text("code")) })
	if err != nil {
		return err
	}
	return r.RedirectWith(consentPath, ui.Flash{Text: r.P.T("consents.admin.dropped")})
}

func topicsTable(r *page.Request, topics []consent.Topic) ui.Table {
	t := ui.Table{
		ID: "topics", Caption: r.P.T("consents.admin.topics"), Title: r.P.T("consents.admin.topics"),
		Columns: []ui.Column{
			{Title: r.P.T("consents.admin.de"), Narrow: ui.NarrowLead}, {Title: r.P.T("consents.admin.en"), Narrow: ui.NarrowBare},
			{Title: r.P.T("consents.admin.code"), Narrow: ui.NarrowMeta}, {Title: r.P.T("consents.admin.drop"), Narrow: ui.NarrowValue},
		},
		Empty: &ui.Empty{Icon: "mail", Title: r.P.T("consents.admin.topics_none"), Text: r.P.T("consents.admin.topics_text")},
	}
	for _, topic := range topics {
		drop := ui.PostButton(ui.Post{Label: r.P.T("consents.admin.drop"), Action: consentPath + "/topics/drop", Fields: []ui.Hidden{{Name: "code", Value: topic.Code}}})
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: topic.De, Strong: true}, ui.Text(topic.En), ui.Text(topic.Code), {Content: drop}}})
	}
	return t
}

// snippet is a form for the company's own site: plain HTML that posts to the page of sign-ups. Its version names the
// words that stand in it.
func snippet(r *page.Request, lang string) string {
	p := i18n.For(lang, r.Company.Zone())
	words := portal.Wording(p, r.Company, nil)
	var b strings.Builder
	line := func(format string, args ...any) {
		for i, a := range args {
			args[i] = html.EscapeString(fmt.Sprint(a))
		}
		fmt.Fprintf(&b, format+"\n", args...)
	}
	line(`<form method="post" action="%s" lang="%s">`, r.Absolute(portal.SignUpPath), lang)
	line(`  <label>%s <input inputmode="email" name="address" required autocomplete="email" maxlength="254"></label>`, p.T("portal.field.mail"))
	line(`  <p>%s</p>`, words)
	line(`  <input type="hidden" name="version" value="%s">`, consent.VersionOf(lang, words))
	line(`  <input type="hidden" name="l" value="%s">`, lang)
	line(`  <button>%s</button>`, p.T("portal.signup.submit"))
	b.WriteString("</form>")
	return b.String()
}
