package portal

import (
	"context"
	"net/http"
	"slices"

	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// trap is a field that people do not see; whoever fills it in is a program.
const trap = "website"

// more are the purposes one may add when signing up, each with words of its own.
func more() []consent.Purpose { return []consent.Purpose{consent.Tracking, consent.Profiling} }

// Wording is what somebody agrees to by signing up for advertising by mail and for what she adds to it.
func Wording(p *i18n.Printer, c company.Settings, added []consent.Purpose) string {
	text := p.T("portal.wording.advertising", "company", name(p, c))
	for _, purpose := range added {
		text += " " + p.T("portal.wording."+string(purpose), "company", name(p, c))
	}
	return text
}

// name is the company's, or a word for it.
func name(p *i18n.Printer, c company.Settings) string {
	if c.Name != "" {
		return c.Name
	}
	return p.T("portal.us")
}

type signUpForm struct {
	Address string
	Added   []consent.Purpose
	Version string
	Errors  ui.Errors
}

func (s *site) newSignUp(v *visit) signUpForm {
	return signUpForm{Version: consent.VersionOf(v.P.Lang(), Wording(v.P, v.Company, nil))}
}

func (s *site) showSignUp(v *visit) error {
	if v.URL.Query().Has("sent") {
		return v.render(http.StatusOK, v.P.T("portal.sent.title"), noteView(v.P.T("portal.sent.title"), v.P.T("portal.sent.text"), v.P.T("portal.sent.spam")))
	}
	return v.render(http.StatusOK, v.P.T("portal.signup.title"), signUpView(v, s.newSignUp(v)))
}

// signUp takes a form in, from here or from the company's own site. The answer is the same whether the address is known,
// had its mail already or gets one now.
func (s *site) signUp(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	form := s.newSignUp(v)
	current := form.Version
	form.Address = v.text("address")
	for _, p := range v.PostForm["purpose"] {
		if slices.Contains(more(), consent.Purpose(p)) {
			form.Added = append(form.Added, consent.Purpose(p))
		}
	}
	if v.text(trap) != "" {
		return v.sent()
	}
	err := v.write(func(ctx context.Context, tx *store.Tx) error {
		version, text, err := s.agreed(ctx, tx, v, current, &form)
		if err != nil {
			return err
		}
		signUp := consent.SignUp{Address: form.Address, Purposes: append([]consent.Purpose{consent.Advertising}, form.Added...), Language: v.P.Lang(),
			Form: formOf(v), IP: v.sender(), TextVersion: version}
		mail, err := consent.Request(ctx, tx, signUp)
		if err != nil || mail == nil {
			return err
		}
		if text != "" {
			if _, err := consent.KeepText(ctx, tx, v.P.Lang(), text); err != nil {
				return err
			}
		}
		return s.send(ctx, tx, v, *mail)
	})
	if code := fault.CodeOf(err); code == fault.Invalid || code == fault.Unavailable && fault.As(err).Key == "consent.too_many" {
		form.Errors = ui.ErrorsOf(v.P, err)
		return v.render(map[bool]int{true: http.StatusUnprocessableEntity, false: http.StatusTooManyRequests}[code == fault.Invalid],
			v.P.T("portal.signup.title"), signUpView(v, form))
	}
	if err != nil {
		return err
	}
	return v.sent()
}

// agreed is the version of the words that were shown, and the words where they are those of today. A form elsewhere may
// still show older words, which count if anybody agreed to them before; unknown words do not count.
func (s *site) agreed(ctx context.Context, tx *store.Tx, v *visit, current string, form *signUpForm) (version, text string, err error) {
	posted := v.text("version")
	if posted == current {
		text = Wording(v.P, v.Company, form.Added)
		return consent.VersionOf(v.P.Lang(), text), text, nil
	}
	_, found, err := consent.FindText(ctx, tx, posted)
	if err != nil {
		return "", "", err
	}
	if !found {
		return "", "", fault.New(fault.Invalid, "portal.signup.changed")
	}
	form.Added = nil // the older form showed no words for these
	return posted, "", nil
}

// formOf is where the form stood: the page that posted it, as far as the browser says so.
func formOf(v *visit) string {
	if origin := v.Header.Get("Origin"); origin != "" && len(origin) < 200 && origin != "null" {
		return origin + " " + SignUpPath
	}
	return SignUpPath
}

// sent leads to the page that says that a mail is on its way, so that reloading it sends nothing.
func (v *visit) sent() error {
	http.Redirect(v.W, v.Request, SignUpPath+"?sent=1&"+languageParam+"="+v.P.Lang(), http.StatusSeeOther)
	return nil
}

func (s *site) send(ctx context.Context, tx *store.Tx, v *visit, mail consent.OptIn) error {
	if s.deps.Send == nil {
		return fault.New(fault.Unavailable, "portal.no_mail")
	}
	origin, err := v.origin()
	if err != nil {
		return err
	}
	mail.URL = origin + mail.Path + "?" + languageParam + "=" + mail.Language // the page speaks as the mail did
	return s.deps.Send(ctx, tx, mail)
}

func (s *site) showConfirm(v *visit) error {
	if _, _, err := v.link(consent.LinkConfirm); err != nil {
		return err
	}
	return v.render(http.StatusOK, v.P.T("portal.confirm.title"), confirmView(v))
}

func (s *site) confirm(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	link, links, err := v.link(consent.LinkConfirm)
	if err != nil {
		return err
	}
	var chosen consent.Link
	err = v.write(func(ctx context.Context, tx *store.Tx) (err error) {
		chosen, err = consent.Confirm(ctx, tx, link, v.sender())
		return err
	})
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, v.P.T("portal.confirmed.title"), confirmedView(v, links.Path(chosen)))
}
