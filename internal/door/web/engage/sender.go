package engage

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/a-h/templ"

	"stamm/internal/action/message/email"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

const (
	sendersPath   = Path + "/senders"
	relaysPath    = Path + "/relays"
	mailboxesPath = Path + "/mailboxes"
	limitsPath    = Path + "/limits"
	returnsPath   = Path + "/returns"
	hookPath      = "/hooks/mail"
)

// senderRoutes are the pages about how mails leave and what comes back. Without a vault there are none.
func senderRoutes(d Deps) []page.Route {
	if d.Vault == nil {
		return nil
	}
	const sender, relay, mailbox = sendersPath + "/{id}", relaysPath + "/{id}", mailboxesPath + "/{id}"
	return []page.Route{
		get(sendersPath, auth.WriteSettings, d.delivery),
		get(sendersPath+"/new", auth.WriteSettings, d.newSender),
		post(sendersPath+"/new", auth.WriteSettings, d.saveSender),
		get(sender, auth.WriteSettings, d.showSender),
		post(sender, auth.WriteSettings, d.saveSender),
		get(sender+"/check", auth.WriteSettings, d.checkSender),
		post(sender+"/key", auth.WriteSettings, d.renewKey),
		post(sender+"/test", auth.WriteSettings, d.testSender),
		post(sender+"/drop", auth.WriteSettings, dropper(email.DropSender)),
		get(relaysPath+"/new", auth.WriteSettings, d.newRelay),
		post(relaysPath+"/new", auth.WriteSettings, d.saveRelay),
		get(relay, auth.WriteSettings, d.showRelay),
		post(relay, auth.WriteSettings, d.saveRelay),
		post(relay+"/test", auth.WriteSettings, d.testRelay),
		post(relay+"/resume", auth.WriteSettings, d.resumeRelay),
		post(relay+"/drop", auth.WriteSettings, dropper(email.DropRelay)),
		get(mailboxesPath+"/new", auth.WriteSettings, d.newMailbox),
		post(mailboxesPath+"/new", auth.WriteSettings, d.saveMailbox),
		get(mailbox, auth.WriteSettings, d.showMailbox),
		post(mailbox, auth.WriteSettings, d.saveMailbox),
		post(mailbox+"/fetch", auth.WriteSettings, fetchMailbox),
		post(mailbox+"/drop", auth.WriteSettings, dropper(email.DropMailbox)),
		csv(get(limitsPath, auth.WriteSettings, d.limits)),
		post(limitsPath, auth.WriteSettings, d.saveLimit),
		post(Path+"/hook", auth.WriteSettings, d.newHookSecret),
		csv(get(returnsPath, auth.ReadCustomers, d.returns)),
		{Method: "POST", Pattern: hookPath, Permission: auth.Public, Handle: d.hook, Upload: true},
	}
}

// senderPages are their entries of the menu.
func senderPages(d Deps) []page.Entry {
	if d.Vault == nil {
		return nil
	}
	return []page.Entry{
		{Text: "sender.returns.title", Href: returnsPath, Permission: auth.ReadCustomers},
		{Text: "sender.title", Href: sendersPath, Permission: auth.WriteSettings},
	}
}

func idPath(base string, id int64) string { return base + "/" + strconv.FormatInt(id, 10) }

// delivery is the page of all that mails need to leave and to come back.
type delivery struct {
	senders   []*email.Sender
	relays    []relayState
	mailboxes []*email.Mailbox
	pauses    []email.Pause // of domains
	hook      bool
	locked    []email.Secret // that cannot be read here
}

// relayState is a relay as it is today.
type relayState struct {
	*email.Relay
	today email.Allowance
	pause *email.Pause // in force, nil for none

	locked bool // its password cannot be read here
}

func (d Deps) delivery(r *page.Request) error {
	var all delivery
	err := r.Read(func(tx *store.Tx) (err error) {
		all = delivery{}
		if all.senders, err = email.Senders(r.Context(), tx); err != nil {
			return err
		}
		if all.mailboxes, err = email.Mailboxes(r.Context(), tx); err != nil {
			return err
		}
		relays, err := email.Relays(r.Context(), tx)
		if err != nil {
			return err
		}
		for _, relay := range relays {
			s, err := d.stateOf(r, tx, relay)
			if err != nil {
				return err
			}
			all.relays = append(all.relays, s)
		}
		pauses, err := email.Pauses(r.Context(), tx)
		if err != nil {
			return err
		}
		for _, p := range pauses {
			if p.OfDomain() != "" && p.Until.After(tx.Now) {
				all.pauses = append(all.pauses, p)
			}
		}
		if all.hook, err = email.HasHook(r.Context(), tx); err != nil {
			return err
		}
		vault, err := d.Vault()
		if err != nil {
			return err
		}
		all.locked, err = email.Unreadable(r.Context(), tx, vault)
		return err
	})
	if err != nil {
		return err
	}
	return r.Render(r.P.T("sender.title"), deliveryView(r, all))
}

// stateOf reads how a relay is today.
func (d Deps) stateOf(r *page.Request, tx *store.Tx, relay *email.Relay) (s relayState, err error) {
	s.Relay = relay
	if s.today, err = email.Allowed(r.Context(), tx, relay, clock.DayOf(tx.Now, r.Company.Zone())); err != nil {
		return s, err
	}
	pauses, err := email.Pauses(r.Context(), tx)
	if p, ok := pauses[relay.PauseKey()]; ok && p.Until.After(tx.Now) {
		s.pause = &p
	}
	if err != nil {
		return s, err
	}
	vault, err := d.Vault()
	s.locked = err == nil && !vault.Reads(relay)
	return s, err
}

// chip says in a word how a relay is.
func (s relayState) chip(r *page.Request) templ.Component {
	switch {
	case !s.Active:
		return ui.Chip(r.P.T("sender.relay.inactive"), ui.Neutral)
	case s.locked:
		return ui.Chip(r.P.T("sender.relay.locked"), ui.Bad)
	case s.pause != nil:
		return ui.Chip(r.P.T("sender.relay.paused"), ui.Warn)
	case s.today.Limit > 0 && s.today.Taken >= s.today.Limit:
		return ui.Chip(r.P.T("sender.relay.full"), ui.Warn)
	}
	return ui.Chip(r.P.T("sender.relay.ready"), ui.Good)
}

// usage says how much went over a relay today.
func (s relayState) usage(r *page.Request) string {
	taken := r.P.Number(int64(s.today.Taken))
	if s.today.Limit == 0 {
		return taken
	}
	return r.P.T("sender.relay.of", "taken", taken, "limit", r.P.Number(int64(s.today.Limit)))
}

// warming says how warming up goes, empty where it does not.
func (s relayState) warming(r *page.Request) string {
	if s.today.WarmDay == 0 {
		return ""
	}
	return r.P.T("sender.relay.warming", "day", s.today.WarmDay)
}

func (d delivery) relayTable(r *page.Request) ui.Table {
	t := ui.Table{ID: "relays", Caption: r.P.T("sender.relays"), Title: r.P.T("sender.relays"),
		Columns: []ui.Column{{Title: r.P.T("common.name"), Narrow: ui.NarrowLead}, {Title: r.P.T("sender.field.host")}, {Title: r.P.T("sender.relay.today")},
			{Title: r.P.T("common.status"), Narrow: ui.NarrowValue}},
		Empty: &ui.Empty{Icon: "mail", Title: r.P.T("sender.relay.none"), Text: r.P.T("sender.relay.none_text"), Action: &ui.Anchor{Text: r.P.T("sender.relay.add"), Href: relaysPath + "/new"}}}
	for _, s := range d.relays {
		t.Rows = append(t.Rows, ui.Row{Href: idPath(relaysPath, s.ID), Muted: !s.Active, Cells: []ui.Cell{{Text: s.Name, Strong: true},
			ui.Lines(fmt.Sprintf("%s:%d", s.Host, s.Port), r.P.T("sender.security."+string(s.Security))), ui.Lines(s.usage(r), s.warming(r)), ui.Rich(s.chip(r))}})
	}
	return t
}

func (d delivery) senderTable(r *page.Request) ui.Table {
	t := ui.Table{ID: "senders", Caption: r.P.T("sender.senders"), Title: r.P.T("sender.senders"),
		Columns: []ui.Column{{Title: r.P.T("common.name"), Narrow: ui.NarrowLead}, {Title: r.P.T("sender.field.return_domain")}, {Title: r.P.T("sender.field.key_kind"), Narrow: ui.NarrowValue}},
		Empty:   &ui.Empty{Icon: "mail", Title: r.P.T("sender.none"), Text: r.P.T("sender.none_text"), Action: &ui.Anchor{Text: r.P.T("sender.add"), Href: sendersPath + "/new"}}}
	for _, s := range d.senders {
		t.Rows = append(t.Rows, ui.Row{Href: idPath(sendersPath, s.ID), Cells: []ui.Cell{{Text: s.Name, Sub: s.Address, Strong: true}, ui.Text(cmp.Or(s.ReturnDomain, "–")),
			ui.Text(r.P.T("sender.key." + orNone(string(s.KeyKind))))}})
	}
	return t
}

func (d delivery) mailboxTable(r *page.Request) ui.Table {
	t := ui.Table{ID: "mailboxes", Caption: r.P.T("sender.mailboxes"), Title: r.P.T("sender.mailboxes"),
		Columns: []ui.Column{{Title: r.P.T("sender.field.login"), Narrow: ui.NarrowLead}, {Title: r.P.T("sender.mailbox.checked")}, {Title: r.P.T("common.status"), Narrow: ui.NarrowValue}},
		Empty:   &ui.Empty{Icon: "mail", Title: r.P.T("sender.mailbox.none"), Text: r.P.T("sender.mailbox.none_text"), Action: &ui.Anchor{Text: r.P.T("sender.mailbox.add"), Href: mailboxesPath + "/new"}}}
	for _, m := range d.mailboxes {
		checked, state := r.P.T("sender.mailbox.never"), ui.Chip(r.P.T("sender.mailbox.good"), ui.Good)
		if !m.CheckedAt.IsZero() {
			checked = r.P.DateTime(m.CheckedAt)
		}
		switch {
		case !m.Active:
			state = ui.Chip(r.P.T("sender.relay.inactive"), ui.Neutral)
		case m.Trouble != "":
			state = ui.Chip(r.P.T("sender.mailbox.trouble"), ui.Bad)
		}
		t.Rows = append(t.Rows, ui.Row{Href: idPath(mailboxesPath, m.ID), Muted: !m.Active, Cells: []ui.Cell{{Text: m.Login, Sub: m.Host, Strong: true}, ui.Text(checked), ui.Rich(state)}})
	}
	return t
}

// unreadable lists what has to be entered again, each with the page where.
func (d delivery) unreadable(r *page.Request) (all []ui.Item) {
	for _, s := range d.locked {
		href := sendersPath + "#hook"
		switch s.Kind {
		case email.SecretRelay:
			href = idPath(relaysPath, s.ID)
		case email.SecretMailbox:
			href = idPath(mailboxesPath, s.ID)
		case email.SecretSender:
			href = idPath(sendersPath, s.ID)
		}
		all = append(all, ui.Item{Icon: "alert-triangle", Tone: ui.Bad, Title: r.P.T("email.secret."+s.Kind, "name", s.Name), Href: href})
	}
	return all
}

// waits says which receivers have put us off.
func (d delivery) waits(r *page.Request) (all []ui.Pair) {
	for _, p := range d.pauses {
		all = append(all, ui.Pair{Term: p.OfDomain(), Text: r.P.T("sender.domain.until", "time", r.P.DateTime(p.Until)), Note: p.Answer})
	}
	return all
}

func orNone(key string) string {
	if key == "" {
		return "none"
	}
	return key
}
