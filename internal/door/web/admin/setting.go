package admin

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/document"
)

// companyForm is what stands in the fields of the settings; the walk of a new company has the same ones.
type companyForm struct {
	company.Settings
	Numbers map[string]string // as they were typed, by the name of the setting
	Locked  bool              // there are documents, the base currency stays
	Errors  ui.Errors
}

// numberSetting is a setting typed as a whole number.
type numberSetting struct {
	name, unit string // unit is a key below admin.settings
	least      int
	most       int
}

// numberSettings are all of them.
func numberSettings() []numberSetting { return append(countedSettings(), foreseenSettings()...) }

// countedSettings say what reports count.
func countedSettings() []numberSetting {
	return []numberSetting{{"active_days", "days", 1, 3650}, {"margin", "percent", 1, 100}}
}

// foreseenSettings say what is foreseen.
func foreseenSettings() []numberSetting {
	return []numberSetting{{"horizon", "days", 7, 730}, {"merge_days", "days", 0, 30}, {"value_years", "years", 1, 10}, {"discount", "percent", 0, 100}}
}

// covariateOptions are what may be used to foresee purchases by, apart from purchases.
func covariateOptions(p *i18n.Printer, s company.Settings) (list []ui.Option) {
	for _, name := range company.Covariates() {
		list = append(list, ui.Option{Value: name, Label: p.T("admin.settings.covariate." + name), Chosen: slices.Contains(s.CovariateList(), name)})
	}
	return list
}

// rateForm is a new exchange rate as it was typed.
type rateForm struct {
	Currency, From, Rate string
	Errors               ui.Errors
}

func formOf(s company.Settings, locked bool) companyForm {
	return companyForm{Settings: s, Locked: locked, Numbers: map[string]string{"active_days": strconv.Itoa(s.ActiveDays), "horizon": strconv.Itoa(s.Horizon),
		"value_years": strconv.Itoa(s.ValueYears), "discount": strconv.Itoa(s.Discount), "margin": strconv.Itoa(s.Margin),
		"merge_days": strconv.Itoa(s.MergeDays)}}
}

func settings(r *page.Request) error {
	return showSettings(r, nil, nil)
}

// showSettings shows the page, with what was refused in its forms. At most one of the two is set.
func showSettings(r *page.Request, refused *companyForm, rate *rateForm) error {
	content, err := settingsContent(r, refused, rate)
	if err != nil {
		return err
	}
	return r.Render(r.P.T("admin.settings.title"), content)
}

func settingsContent(r *page.Request, refused *companyForm, rate *rateForm) (templ.Component, error) {
	var locked bool
	var rates []company.Rate
	err := r.Read(func(tx *store.Tx) (err error) {
		if locked, err = document.Any(r.Context(), tx); err != nil {
			return err
		}
		rates, err = company.Rates(r.Context(), tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	form := formOf(r.Company, locked)
	if refused != nil {
		form = *refused
		form.Locked = locked
	}
	newRate := rateForm{From: r.Today().String()}
	if rate != nil {
		newRate = *rate
	}
	return settingsView(r, form, rates, newRate), nil
}

// readCompany takes the fields of the form over into the settings and says what cannot be read or does not fit.
func readCompany(r *page.Request, s company.Settings) (companyForm, error) {
	var all []error
	for _, name := range []string{"name", "currency", "zone", "language", "country", "region", "sector", "imprint", "privacy"} {
		if r.Has(name) {
			all = append(all, s.Set(name, r.Text(name)))
		}
	}
	if r.Has("covariates") {
		named := slices.DeleteFunc(r.Texts("covariates"), func(name string) bool { return name == "" })
		all = append(all, s.Set("covariates", strings.Join(named, ", ")))
	}
	if r.Has("name") && s.Name == "" {
		all = append(all, fault.New(fault.Invalid, "errors.required").On("name"))
	}
	form := formOf(s, false)
	for _, n := range numberSettings() {
		if r.Has(n.name) {
			form.Numbers[n.name] = r.Text(n.name)
			all = append(all, form.Settings.Set(n.name, form.Numbers[n.name]))
		}
	}
	if s.Region != "" && !strings.HasPrefix(s.Region, s.Country) {
		all = append(all, fault.New(fault.Invalid, "admin.settings.region_elsewhere").On("region"))
	}
	return form, errors.Join(append(all, form.Validate())...)
}

// saveCompany writes the settings. The base currency stays once there are documents: their amounts in it are figures
// that nobody computes anew.
func saveCompany(r *page.Request, s company.Settings) error {
	return r.Write(func(tx *store.Tx) error {
		before, err := company.Load(r.Context(), tx)
		if err != nil {
			return err
		}
		if s.Currency != before.Currency {
			locked, err := document.Any(r.Context(), tx)
			if err != nil {
				return err
			}
			if locked {
				return fault.New(fault.Conflict, "admin.settings.currency_locked").On("currency")
			}
		}
		return company.Save(r.Context(), tx, s)
	})
}

func saveSettings(r *page.Request) error {
	form, err := readCompany(r, r.Company)
	if err == nil {
		err = saveCompany(r, form.Settings)
	}
	if err != nil {
		return refuseSettings(r, err, func(errs ui.Errors) (templ.Component, error) {
			form.Errors = errs
			return settingsContent(r, &form, nil)
		})
	}
	p := r.P
	if r.User.Language == "" {
		p = i18n.For(form.Language, form.Zone()) // the next page is in it
	}
	return r.RedirectWith(settingsPath, ui.Flash{Text: p.T("common.saved")})
}

// refuseSettings is Refuse for a page that has to read again what else stands on it.
func refuseSettings(r *page.Request, err error, content func(ui.Errors) (templ.Component, error)) error {
	shown, failed := content(ui.ErrorsOf(r.P, err))
	if failed != nil {
		return failed
	}
	return r.Refuse(err, r.P.T("admin.settings.title"), func(ui.Errors) templ.Component { return shown })
}

func setRate(r *page.Request) error {
	form := rateForm{Currency: strings.ToUpper(r.Text("rate_currency")), From: r.Text("rate_from"), Rate: r.Text("rate")}
	err := r.Write(func(tx *store.Tx) error {
		rate, err := readRate(r, form)
		if err != nil {
			return err
		}
		return company.SetRate(r.Context(), tx, rate)
	})
	if err != nil {
		return refuseSettings(r, err, func(errs ui.Errors) (templ.Component, error) {
			form.Errors = errs
			return settingsContent(r, nil, &form)
		})
	}
	return r.RedirectWith(settingsPath+"#rates", ui.Flash{Text: r.P.T("admin.rates.saved", "currency", form.Currency)})
}

// readRate reads what was typed; a comma is as good as a point.
func readRate(r *page.Request, f rateForm) (company.Rate, error) {
	var all []error
	switch {
	case f.Currency == r.Company.Currency:
		all = append(all, fault.New(fault.Invalid, "admin.rates.own_currency").On("rate_currency"))
	case !money.Known(f.Currency):
		all = append(all, fault.New(fault.Invalid, "errors.currency", "text", f.Currency).On("rate_currency"))
	}
	day, err := clock.ParseDay(f.From)
	if err != nil {
		all = append(all, fault.As(err).On("rate_from"))
	}
	rate, err := money.ParseRate(strings.Replace(f.Rate, ",", ".", 1))
	if err != nil {
		all = append(all, fault.New(fault.Invalid, "errors.rate", "text", f.Rate).On("rate"))
	}
	return company.Rate{Currency: f.Currency, ValidFrom: day, Rate: rate}, errors.Join(all...)
}

func dropRate(r *page.Request) error {
	currency, from := r.Text("currency"), r.Text("from")
	day, err := clock.ParseDay(from)
	if err != nil {
		return err
	}
	var was company.Rate
	err = r.Write(func(tx *store.Tx) error {
		was, err = company.DropRate(r.Context(), tx, currency, day)
		return err
	})
	if err != nil {
		return err
	}
	return r.RedirectWith(settingsPath+"#rates", ui.Flash{
		Text: r.P.T("admin.rates.dropped", "currency", currency),
		Undo: &ui.Post{Label: r.P.T("common.undo"), Action: settingsPath + "/rates", Fields: []ui.Hidden{{Name: "rate_currency", Value: currency}, {Name: "rate_from", Value: from}, {Name: "rate", Value: was.Rate.String()}}},
	})
}

// rateItems lists the rates, each with the way to remove it.
func rateItems(r *page.Request, rates []company.Rate) []ui.Item {
	var items []ui.Item
	for _, rate := range rates {
		items = append(items, ui.Item{
			Title: r.P.T("admin.rates.item", "currency", rate.Currency, "rate", localDecimal(r, rate.Rate.String()), "base", r.Company.Currency),
			Text:  r.P.T("admin.rates.item_from", "day", rate.ValidFrom),
			Action: &ui.Post{Label: r.P.T("common.remove"), Action: settingsPath + "/rates/drop",
				Fields: []ui.Hidden{{Name: "currency", Value: rate.Currency}, {Name: "from", Value: rate.ValidFrom.String()}}},
		})
	}
	return items
}

// localDecimal writes a plain decimal with the point of the language.
func localDecimal(r *page.Request, text string) string {
	if r.P.Lang() == "de" {
		return strings.Replace(text, ".", ",", 1)
	}
	return text
}

// holidays are the next public holidays under the settings, so that one sees whether the region is right.
func holidays(r *page.Request, s company.Settings) []ui.Pair {
	region := s.Region
	if region == "" {
		region = s.Country
	}
	today := r.Today()
	year, _, _ := today.Date()
	var next []ui.Pair
	for _, h := range append(clock.Holidays(region, year), clock.Holidays(region, year+1)...) {
		if h.Day >= today && len(next) < 6 {
			next = append(next, ui.Pair{Term: r.P.Date(h.Day), Text: r.P.T(h.NameKey)})
		}
	}
	return next
}
