package portal

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

func (s *site) showUnsubscribe(v *visit) error {
	link, links, err := v.link(consent.LinkUnsubscribe)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, v.P.T("portal.unsubscribe.title"), unsubscribeView(v, link, preferencesOf(links, link)))
}

// preferencesOf is the address of the preferences of a link's recipient.
func preferencesOf(links *consent.Links, link consent.Link) string {
	link.Kind = consent.LinkPreferences
	return links.Path(link)
}

// unsubscribe ends messages at once: by the button of the page, or by a mail program that posts List-Unsubscribe=One-Click
// on its own (RFC 8058), which sends no cookies and follows no redirect.
func (s *site) unsubscribe(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	link, links, err := v.link(consent.LinkUnsubscribe)
	if err != nil {
		return err
	}
	err = v.write(func(ctx context.Context, tx *store.Tx) error { return consent.Unsubscribe(ctx, tx, link, v.sender()) })
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, v.P.T("portal.unsubscribed.title"), unsubscribedView(v, preferencesOf(links, link)))
}

// choiceForm is the page of preferences.
type choiceForm struct {
	Masked  string // the address, as much of it as may be seen by whom the mail was passed on to
	Topics  []consent.Topic
	Chosen  consent.Choices
	Paused  string // as typed
	Flash   *ui.Flash
	Errors  ui.Errors
	Channel consent.Channel
}

func (s *site) loadChoices(v *visit, link consent.Link) (form choiceForm, err error) {
	err = v.read(func(ctx context.Context, tx *store.Tx) error {
		h, err := consent.FindHolder(ctx, tx, link)
		if err != nil {
			return err
		}
		if form.Chosen, err = consent.LoadChoices(ctx, tx, h); err != nil {
			return err
		}
		form.Masked, form.Channel = masked(h.Address), h.Channel
		form.Topics, err = consent.Topics(ctx, tx)
		return err
	})
	if form.Chosen.PausedTo != 0 {
		form.Paused = form.Chosen.PausedTo.String()
	}
	return form, err
}

// masked shows so much of an address that its owner knows it.
func masked(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 1 {
		return "…" + address[max(0, len(address)-3):]
	}
	first := []rune(address[:at])[:1]
	if first[0] == '"' {
		first = []rune(address)[:2]
	}
	return string(first) + "…" + address[at:]
}

func (s *site) showPreferences(v *visit) error {
	link, _, err := v.link(consent.LinkPreferences)
	if err != nil {
		return err
	}
	form, err := s.loadChoices(v, link)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, v.P.T("portal.preferences.title"), preferencesView(v, form))
}

func (s *site) choose(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	link, _, err := v.link(consent.LinkPreferences)
	if err != nil {
		return err
	}
	form, err := s.loadChoices(v, link)
	if err != nil {
		return err
	}
	var mailed bool
	var unsent error
	wanted, err := v.choices(form.Topics, form.Chosen.Others)
	form.Paused = v.text("paused_until")
	if err == nil {
		mailed, unsent, err = s.change(v, link, wanted)
	}
	if fault.CodeOf(err) == fault.Invalid {
		form.Chosen, form.Errors = wanted, ui.ErrorsOf(v.P, err)
		return v.render(http.StatusUnprocessableEntity, v.P.T("portal.preferences.title"), preferencesView(v, form))
	}
	if err != nil {
		return err
	}
	if form, err = s.loadChoices(v, link); err != nil {
		return err
	}
	form.Flash = &ui.Flash{Tone: ui.Good, Text: v.P.T("portal.preferences.saved")}
	if unsent != nil {
		form.Flash = &ui.Flash{Tone: ui.Warn, Text: v.P.T("portal.preferences.saved") + " " + v.P.Err(unsent)}
	} else if mailed || slices.ContainsFunc(wanted.Purposes, func(p consent.Purpose) bool { return !slices.Contains(form.Chosen.Purposes, p) }) {
		form.Flash.Text = v.P.T("portal.preferences.mailed")
	}
	return v.render(http.StatusOK, v.P.T("portal.preferences.title"), preferencesView(v, form))
}

// change saves what somebody chose, and tells whether a mail to confirm it is on its way. That none can be sent now keeps
// nobody from ending what she no longer wants.
func (s *site) change(v *visit, link consent.Link, wanted consent.Choices) (mailed bool, unsent, err error) {
	err = v.write(func(ctx context.Context, tx *store.Tx) error {
		version, err := consent.KeepText(ctx, tx, v.P.Lang(), Wording(v.P, v.Company, extra(wanted.Purposes)))
		if err != nil {
			return err
		}
		mail, err := consent.Choose(ctx, tx, link, wanted, consent.SignUp{Language: v.P.Lang(), TextVersion: version, Form: consent.PathPreferences, IP: v.sender()})
		if mailed, unsent = mail != nil, nil; err != nil || mail == nil {
			return err
		}
		if err = s.send(ctx, tx, v, *mail); fault.CodeOf(err) == fault.Unavailable {
			unsent, err = err, nil
		}
		return err
	})
	return mailed, unsent, err
}

// extra are the purposes beside advertising that have words of their own.
func extra(purposes []consent.Purpose) []consent.Purpose {
	return slices.DeleteFunc(slices.Clone(purposes), func(p consent.Purpose) bool { return p == consent.Advertising })
}

// choices reads the form of preferences. others are the channels it offered to end.
func (v *visit) choices(topics []consent.Topic, others []consent.Channel) (consent.Choices, error) {
	c := consent.Choices{Frequency: v.text("frequency"), Language: v.text("language")}
	for _, p := range v.PostForm["purpose"] {
		c.Purposes = append(c.Purposes, consent.Purpose(p))
	}
	for _, channel := range others {
		if slices.Contains(v.PostForm["channel"], string(channel)) {
			c.Others = append(c.Others, channel)
		}
	}
	for _, t := range topics {
		if !slices.Contains(v.PostForm["topic"], t.Code) {
			c.TopicsOff = append(c.TopicsOff, t.Code)
		}
	}
	if text := v.text("paused_until"); text != "" {
		day, err := clock.ParseDay(text)
		if err != nil {
			return c, fault.As(err).On("paused_until")
		}
		c.PausedTo = day
	}
	return c, nil
}
