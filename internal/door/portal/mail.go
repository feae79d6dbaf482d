package portal

import (
	"stamm/internal/platform/i18n"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// Words are the words of a mail that somebody asked for on these pages, in the language of p. link is the whole address of
// the link in it.
func Words(p *i18n.Printer, c company.Settings, mail consent.OptIn, link string) (subject, text string) {
	key := "portal.mail." + string(mail.Kind)
	return p.T(key+".subject", "company", name(p, c)), p.T(key+".text", "company", name(p, c), "link", link, "until", p.DateTime(mail.Expires))
}
