package admin

import (
	"strings"

	"github.com/a-h/templ"
	"golang.org/x/text/language"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/document"
)

// walk is how far a new company has come: its settings, its first import, its first insight.
type walk struct {
	form      companyForm
	editing   bool // the first step is open
	documents bool // something was imported
}

func (w walk) state(step int) ui.StepState {
	now := 3
	switch {
	case w.editing:
		now = 1
	case !w.documents:
		now = 2
	}
	switch {
	case step < now:
		return ui.StepDone
	case step == now:
		return ui.StepNow
	}
	return ui.StepNext
}

func showWelcome(r *page.Request) error {
	w := walk{editing: !r.Company.Setup || r.Text("step") == "company"}
	err := r.Read(func(tx *store.Tx) (err error) {
		w.documents, err = document.Any(r.Context(), tx)
		return err
	})
	if err != nil {
		return err
	}
	s := r.Company
	if !s.Setup {
		s = suggested(s, r.P.Lang(), r.Header.Get("Accept-Language"))
	}
	w.form = formOf(s, w.documents)
	return r.Render(r.P.T("admin.welcome.title"), welcomeView(r, w))
}

// saveWelcome ends the first step. From then on the company's language counts and the start page is Today.
func saveWelcome(r *page.Request) error {
	s := r.Company
	s.Setup = true
	form, err := readCompany(r, s)
	if err == nil {
		err = saveCompany(r, form.Settings)
	}
	if err != nil {
		return r.Refuse(err, r.P.T("admin.welcome.title"), func(errs ui.Errors) templ.Component {
			form.Errors = errs
			return welcomeView(r, walk{form: form, editing: true})
		})
	}
	return r.Redirect(page.Welcome)
}

// suggested fills in what the browser tells about the country, so that most people only have to nod.
func suggested(s company.Settings, lang, acceptLanguage string) company.Settings {
	s.Language = lang
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return s
	}
	region, _ := tags[0].Region()
	for _, guess := range []struct{ country, currency, zone string }{
		{"AT", "EUR", "Europe/Vienna"}, {"CH", "CHF", "Europe/Zurich"}, {"LI", "CHF", "Europe/Vaduz"}, {"LU", "EUR", "Europe/Luxembourg"},
		{"GB", "GBP", "Europe/London"}, {"IE", "EUR", "Europe/Dublin"}, {"NL", "EUR", "Europe/Amsterdam"}, {"BE", "EUR", "Europe/Brussels"},
	} {
		if guess.country == region.String() && strings.Contains(acceptLanguage, "-"+guess.country) {
			s.Country, s.Currency, s.TimeZone = guess.country, guess.currency, guess.zone
		}
	}
	return s
}

// summary is the first step in a few words, once it is done.
func summary(r *page.Request, s company.Settings) string {
	var country string
	for _, o := range countryOptions(r.P, s.Country) {
		if o.Chosen {
			country = o.Label
		}
	}
	return listed([]string{s.Name, country, s.Currency, s.TimeZone})
}

func companyStep(r *page.Request, w walk) ui.Step {
	step := ui.Step{Title: r.P.T("admin.welcome.company.title"), State: w.state(1)}
	if step.State == ui.StepDone {
		step.Sum, step.Back = summary(r, r.Company), page.Welcome+"?step=company"
	}
	return step
}

// doneText says of a step that it is done.
func doneText(r *page.Request, w walk, step int) string {
	if w.state(step) == ui.StepDone {
		return r.P.T("common.done")
	}
	return ""
}
