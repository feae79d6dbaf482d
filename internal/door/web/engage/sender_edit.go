package engage

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/mail"
	"net/url"

	"stamm/internal/action/campaign"
	"stamm/internal/action/hit"
	"stamm/internal/action/message/email"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

func (d Deps) newSender(r *page.Request) error {
	return showSheet(r, d.senderSheet(r, &email.Sender{KeyKind: email.RSA}), nil)
}

func (d Deps) showSender(r *page.Request) error {
	s, err := findSender(r)
	if err != nil {
		return err
	}
	return showSheet(r, d.senderSheet(r, s), nil)
}

func findSender(r *page.Request) (s *email.Sender, err error) {
	id, err := r.PathID("id")
	if err != nil {
		return nil, err
	}
	err = r.Read(func(tx *store.Tx) (err error) { s, err = email.FindSender(r.Context(), tx, id); return err })
	return s, err
}

func (d Deps) senderSheet(r *page.Request, s *email.Sender) sheet {
	var kinds []string
	for _, k := range email.KeyKinds() {
		kinds = append(kinds, string(k))
	}
	imprint := text(r, "imprint", s.Imprint).help(r, "imprint")
	imprint.control = area
	address := text(r, "address", s.Address).needed()
	address.Type = "email"
	f := sheet{title: r.P.T("sender.add"), lead: r.P.T("sender.lead_one"), back: ui.Anchor{Text: r.P.T("sender.title"), Href: sendersPath}, action: sendersPath + "/new",
		groups: []group{
			{entries: []entry{text(r, "name", s.Name).needed().help(r, "sender_name"), address, text(r, "reply_to", s.ReplyTo).optional(), imprint}},
			headed(r, "trust", chosen(r, "key_kind", string(s.KeyKind), "sender.key.", kinds).help(r, "key_kind"),
				text(r, "return_domain", s.ReturnDomain).optional().help(r, "return_domain"), text(r, "tracking_domain", s.TrackingDomain).optional().help(r, "tracking_domain")),
		}}
	if s.ID != 0 {
		f.title, f.action, f.side = s.Name, idPath(sendersPath, s.ID), senderSide(r, s, d.locked(s))
	}
	return f
}

func (d Deps) saveSender(r *page.Request) error {
	s := &email.Sender{}
	if r.PathValue("id") != "" {
		var err error
		if s, err = findSender(r); err != nil {
			return err
		}
	}
	s.Name, s.Address, s.ReplyTo, s.Imprint = r.Text("name"), r.Text("address"), r.Text("reply_to"), r.Text("imprint")
	s.KeyKind, s.ReturnDomain, s.TrackingDomain = email.KeyKind(r.Text("key_kind")), r.Text("return_domain"), r.Text("tracking_domain")
	id := s.ID
	vault, err := d.Vault()
	if err == nil {
		err = r.Write(func(tx *store.Tx) (err error) {
			draft := *s // this may run twice
			id, err = email.SaveSender(r.Context(), tx, vault, &draft)
			return err
		})
	}
	if err != nil {
		return showSheet(r, d.senderSheet(r, s), err)
	}
	return r.RedirectWith(idPath(sendersPath, id)+"/check", ui.Flash{Text: r.P.T("common.saved")})
}

// checkSender shows what the assistant finds.
func (d Deps) checkSender(r *page.Request) error {
	s, err := findSender(r)
	if err != nil {
		return err
	}
	x := email.Examine{Sender: s, Company: &r.Company}
	if x.Vault, err = d.Vault(); err != nil {
		return err
	}
	err = r.Read(func(tx *store.Tx) (err error) {
		if x.Relays, err = email.Relays(r.Context(), tx); err != nil {
			return err
		}
		x.Mailboxes, err = email.Mailboxes(r.Context(), tx)
		return err
	})
	if err != nil {
		return err
	}
	if site, err := url.Parse(r.Absolute("/")); err == nil && net.ParseIP(site.Hostname()) == nil && site.Hostname() != "localhost" {
		x.Site = site.Hostname()
	}
	if s.TrackingDomain != "" {
		if x.Reach, err = d.reach(r); err != nil {
			return err
		}
	}
	resolver := d.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	return r.Render(r.P.T("sender.check.title", "name", s.Name), checkView(r, s, email.Check(r.Context(), resolver, x)))
}

// reach asks domains for what only this installation can answer, to a question nobody has heard before.
func (d Deps) reach(r *page.Request) (func(context.Context, string) email.Reach, error) {
	var signer *hit.Signer
	open := func(tx *store.Tx) (err error) { signer, err = hit.OpenSigner(r.Context(), tx); return err }
	err := r.Read(open)
	if errors.Is(err, consent.ErrNoKey) {
		if err = r.Write(func(tx *store.Tx) error { return consent.Prepare(r.Context(), tx) }); err == nil {
			err = r.Read(open)
		}
	}
	if err != nil {
		return nil, err
	}
	ask := d.Reach
	if ask == nil {
		ask = campaign.Prober{}.Reaches
	}
	return func(ctx context.Context, domain string) email.Reach {
		question := rand.Text()
		return ask(ctx, domain, hit.PathHere+question, signer.Here(question))
	}, nil
}

// locked tells whether the key of a sender cannot be read here.
func (d Deps) locked(s *email.Sender) bool {
	vault, err := d.Vault()
	return err == nil && !vault.ReadsSender(s)
}

// renewKey makes a new key for a sender and shows what has to go into DNS.
func (d Deps) renewKey(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	vault, err := d.Vault()
	if err != nil {
		return err
	}
	if err := r.Write(func(tx *store.Tx) error { return email.RenewKey(r.Context(), tx, vault, id) }); err != nil {
		return err
	}
	return r.RedirectWith(idPath(sendersPath, id), ui.Flash{Text: r.P.T("sender.locked.renewed")})
}

// testSender sends a test mail to the user who asks for it.
func (d Deps) testSender(r *page.Request) error {
	s, err := findSender(r)
	if err != nil {
		return err
	}
	flash, err := d.sendTest(r, s)
	if err != nil {
		if fault.CodeOf(err) == fault.Internal {
			return err
		}
		flash = ui.Flash{Tone: ui.Bad, Text: r.P.Err(err)}
	}
	return r.RedirectWith(idPath(sendersPath, s.ID)+"/check", flash)
}

func (d Deps) sendTest(r *page.Request, s *email.Sender) (ui.Flash, error) {
	vault, err := d.Vault()
	if err != nil {
		return ui.Flash{}, err
	}
	var relay *email.Relay
	err = r.Read(func(tx *store.Tx) error {
		all, err := email.Relays(r.Context(), tx)
		for _, one := range all {
			if one.Active && relay == nil {
				relay = one
			}
		}
		return err
	})
	if err != nil {
		return ui.Flash{}, err
	}
	if relay == nil {
		return ui.Flash{}, fault.New(fault.Conflict, "email.no_relay")
	}
	to := mail.Address{Name: r.User.Name, Address: r.User.Mail}
	t, err := email.Try(r.Context(), email.Options{Vault: vault}, relay, s, email.TestMail(r.P, s, to, r.Now))
	if err != nil {
		return ui.Flash{}, err
	}
	return ui.Flash{Text: r.P.T("sender.test.sent", "to", to.Address, "relay", relay.Name, "answer", t.Outcome.Text)}, nil
}

func levelTone(l email.Level) ui.Tone {
	switch l {
	case email.Good:
		return ui.Good
	case email.Hint:
		return ui.Warn
	}
	return ui.Bad
}

// verdict says in a sentence how the findings are.
func verdict(r *page.Request, found []email.Finding) string {
	n := map[email.Level]int64{}
	for _, f := range found {
		n[f.Level]++
	}
	switch {
	case n[email.Bad] > 0:
		return r.P.N("sender.check.bad", n[email.Bad])
	case n[email.Hint] > 0:
		return r.P.N("sender.check.hints", n[email.Hint])
	}
	return r.P.T("sender.check.good")
}

// senderFacts are what DNS has to say for a sender.
func senderFacts(r *page.Request, s *email.Sender) []ui.Pair {
	if s.KeyKind == email.NoKey {
		return nil
	}
	return []ui.Pair{{Term: r.P.T("sender.dns.name"), Text: s.Selector + "._domainkey." + s.Domain}, {Term: r.P.T("sender.dns.type"), Text: "TXT"},
		{Term: r.P.T("sender.dns.value"), Content: code(s.PublicRecord)}}
}
