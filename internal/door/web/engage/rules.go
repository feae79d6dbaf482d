package engage

import (
	"errors"
	"strconv"

	"github.com/a-h/templ"

	"stamm/internal/action/message"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

// rulesForm is what stands in the fields.
type rulesForm struct {
	values map[string]string
	ticked map[string]bool
	errors ui.Errors
}

// limited are the channels for which a limit of their own can be set.
func limited() []consent.Channel {
	return []consent.Channel{consent.Email, consent.Phone, consent.Post, consent.SMS}
}

func formOf(rules message.Rules) rulesForm {
	f := rulesForm{values: map[string]string{}, ticked: map[string]bool{"quiet_sundays": rules.QuietSundays, "quiet_holidays": rules.QuietHolidays}}
	number := func(name string, n int) { f.values[name] = strconv.Itoa(n) }
	number("week", rules.Week)
	number("month", rules.Month)
	number("reserve", rules.Reserve)
	number("keep_mails", rules.KeepMails)
	for _, c := range limited() {
		number(string(c)+"_week", rules.Channels[c].Week)
		number(string(c)+"_month", rules.Channels[c].Month)
	}
	f.values["quiet_from"], f.values["quiet_until"] = rules.QuietFrom.String(), rules.QuietUntil.String()
	return f
}

func showRules(r *page.Request) error {
	var rules message.Rules
	err := r.Read(func(tx *store.Tx) (err error) {
		rules, err = message.LoadRules(r.Context(), tx)
		return err
	})
	if err != nil {
		return err
	}
	return r.Render(r.P.T("engage.rules.title"), rulesView(r, formOf(rules)))
}

func saveRules(r *page.Request) error {
	rules, form, err := readRules(r)
	if err == nil {
		err = r.Write(func(tx *store.Tx) error { return message.SaveRules(r.Context(), tx, rules) })
	}
	if err != nil {
		return r.Refuse(err, r.P.T("engage.rules.title"), func(e ui.Errors) templ.Component {
			form.errors = e
			return rulesView(r, form)
		})
	}
	return r.RedirectWith(rulesPath, ui.Flash{Text: r.P.T("common.saved")})
}

// readRules reads the form; what cannot be read is an invalid fault on its field.
func readRules(r *page.Request) (message.Rules, rulesForm, error) {
	form := rulesForm{values: map[string]string{}, ticked: map[string]bool{"quiet_sundays": r.Has("quiet_sundays"), "quiet_holidays": r.Has("quiet_holidays")}}
	var wrong []error
	number := func(name string) int {
		form.values[name] = r.Text(name)
		if form.values[name] == "" {
			return 0
		}
		n, err := strconv.Atoi(form.values[name])
		if err != nil {
			wrong = append(wrong, fault.New(fault.Invalid, "message.rules.number", "max", 1000).On(name))
		}
		return n
	}
	hour := func(name string) clock.TimeOfDay {
		form.values[name] = r.Text(name)
		t, err := clock.ParseTimeOfDay(form.values[name])
		if err != nil {
			wrong = append(wrong, fault.As(err).On(name))
		}
		return t
	}
	rules := message.Rules{Week: number("week"), Month: number("month"), Reserve: number("reserve"), KeepMails: number("keep_mails"),
		Channels: map[consent.Channel]message.Limits{}, QuietFrom: hour("quiet_from"), QuietUntil: hour("quiet_until"),
		QuietSundays: r.Has("quiet_sundays"), QuietHolidays: r.Has("quiet_holidays")}
	for _, c := range limited() {
		if l := (message.Limits{Week: number(string(c) + "_week"), Month: number(string(c) + "_month")}); l != (message.Limits{}) {
			rules.Channels[c] = l
		}
	}
	if len(wrong) > 0 {
		return rules, form, errors.Join(wrong...)
	}
	return rules, form, rules.Validate()
}
