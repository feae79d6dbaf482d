package engage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/a-h/templ"

	"stamm/internal/action/message/email"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store"
)

// securities are the ways to a server as a form has them.
func securities() (all []string) {
	for _, s := range email.Securities() {
		all = append(all, string(s))
	}
	return all
}

func (d Deps) newRelay(r *page.Request) error {
	return showSheet(r, relaySheet(r, relayState{Relay: email.NewRelay()}), nil)
}

func (d Deps) showRelay(r *page.Request) error {
	s, err := d.findRelay(r)
	if err != nil {
		return err
	}
	return showSheet(r, relaySheet(r, s), nil)
}

func (d Deps) findRelay(r *page.Request) (s relayState, err error) {
	id, err := r.PathID("id")
	if err != nil {
		return s, err
	}
	err = r.Read(func(tx *store.Tx) error {
		relay, err := email.FindRelay(r.Context(), tx, id)
		if err == nil {
			s, err = d.stateOf(r, tx, relay)
		}
		return err
	})
	return s, err
}

// relaySheet is the form of a relay, with how it is today beside it.
func relaySheet(r *page.Request, s relayState) sheet {
	f := sheet{title: r.P.T("sender.relay.add"), lead: r.P.T("sender.relay.lead"), back: ui.Anchor{Text: r.P.T("sender.title"), Href: sendersPath}, action: relaysPath + "/new",
		groups: []group{
			{entries: []entry{text(r, "name", s.Name).needed(), text(r, "host", s.Host).needed(), figure(r, "port", s.Port).help(r, "port"),
				chosen(r, "security", string(s.Security), "sender.security.", securities()), text(r, "login", s.Login).optional().help(r, "login"), secret(r, s.HasPassword()),
				ticked(r, "active", s.Active)}},
			headed(r, "limits", figure(r, "per_second", s.PerSecond), figure(r, "per_minute", s.PerMinute), figure(r, "per_day", s.PerDay),
				figure(r, "warm_from", s.WarmFrom).help(r, "warm_from")),
			headed(r, "connections", figure(r, "connections", s.Connections), figure(r, "per_connection", s.PerConnection), figure(r, "weight", s.Weight).help(r, "weight"),
				text(r, "hello", s.Hello).optional().help(r, "hello")),
		}}
	if s.ID != 0 {
		f.title, f.action = s.Name, idPath(relaysPath, s.ID)
		f.mark, f.side = s.chip(r), relaySide(r, s)
	}
	return f
}

// facts are how a relay is today.
func (s relayState) facts(r *page.Request) []ui.Pair {
	all := []ui.Pair{{Term: r.P.T("sender.relay.today"), Text: s.usage(r), Note: s.warming(r)}}
	if s.locked {
		all = append(all, ui.Pair{Term: r.P.T("sender.relay.locked"), Text: r.P.T("sender.relay.locked_text")})
	}
	if s.pause != nil {
		all = append(all, ui.Pair{Term: r.P.T("sender.relay.paused"), Text: r.P.T("sender.domain.until", "time", r.P.DateTime(s.pause.Until)), Note: s.pause.Answer})
	}
	return all
}

func (d Deps) saveRelay(r *page.Request) error {
	s := relayState{Relay: email.NewRelay()}
	if r.PathValue("id") != "" {
		var err error
		if s, err = d.findRelay(r); err != nil {
			return err
		}
	}
	n := reader{r: r}
	relay := s.Relay
	relay.Name, relay.Host, relay.Security, relay.Login = r.Text("name"), r.Text("host"), email.Security(r.Text("security")), r.Text("login")
	relay.Password, relay.Hello, relay.Active = r.Raw("password"), r.Text("hello"), r.Has("active")
	relay.Port, relay.Weight, relay.Connections, relay.PerConnection = n.number("port"), n.number("weight"), n.number("connections"), n.number("per_connection")
	relay.PerSecond, relay.PerMinute, relay.PerDay, relay.WarmFrom = n.number("per_second"), n.number("per_minute"), n.number("per_day"), n.number("warm_from")
	id, err := relay.ID, errors.Join(n.wrong...)
	if err == nil {
		var vault *email.Vault
		if vault, err = d.Vault(); err == nil {
			err = r.Write(func(tx *store.Tx) (err error) { id, err = email.SaveRelay(r.Context(), tx, vault, relay); return err })
		}
	}
	if err != nil {
		return showSheet(r, relaySheet(r, s), err)
	}
	return r.RedirectWith(idPath(relaysPath, id), ui.Flash{Text: r.P.T("common.saved")})
}

func (d Deps) testRelay(r *page.Request) error {
	s, err := d.findRelay(r)
	if err != nil {
		return err
	}
	vault, err := d.Vault()
	if err != nil {
		return err
	}
	flash := ui.Flash{}
	if t, err := email.Try(r.Context(), email.Options{Vault: vault}, s.Relay, nil, nil); err != nil {
		flash = ui.Flash{Tone: ui.Bad, Text: r.P.Err(err)}
	} else {
		secured := t.TLS
		if secured == "" {
			secured = r.P.T("sender.relay.plain")
		}
		flash.Text = r.P.T("sender.relay.works", "tls", secured)
	}
	return r.RedirectWith(idPath(relaysPath, s.ID), flash)
}

func (d Deps) resumeRelay(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	if err := r.Write(func(tx *store.Tx) error { return email.ResumeRelay(r.Context(), tx, id) }); err != nil {
		return err
	}
	return r.RedirectWith(idPath(relaysPath, id), ui.Flash{Text: r.P.T("sender.relay.resumed")})
}

// dropper removes a record of delivery.
func dropper(drop func(ctx context.Context, tx *store.Tx, id int64) error) page.Handler {
	return func(r *page.Request) error {
		id, err := r.PathID("id")
		if err != nil {
			return err
		}
		if err := r.Write(func(tx *store.Tx) error { return drop(r.Context(), tx, id) }); err != nil {
			return err
		}
		return r.RedirectWith(sendersPath, ui.Flash{Text: r.P.T("common.deleted")})
	}
}

// drop is the button that removes a record.
func drop(r *page.Request, path, name string) templ.Component {
	return ui.PostButton(ui.Post{Label: r.P.T("common.delete"), Action: path + "/drop", Confirm: r.P.T("sender.drop", "name", name)})
}

func (d Deps) limits(r *page.Request) error {
	all, err := readLimits(r)
	if err != nil {
		return err
	}
	if r.WantsCSV() {
		head := []string{r.P.T("common.name"), r.P.T("sender.field.domains"), r.P.T("sender.field.connections"), r.P.T("sender.field.per_minute"), r.P.T("sender.field.per_hour")}
		return r.SendCSV("mail-limits", head, func(yield func([]string, error) bool) {
			for _, l := range all {
				if !yield([]string{l.Name, join(l.Domains), fmt.Sprint(l.Connections), fmt.Sprint(l.PerMinute), fmt.Sprint(l.PerHour)}, nil) {
					return
				}
			}
		})
	}
	l := email.Limit{}
	if i := slices.IndexFunc(all, func(l email.Limit) bool { return l.Name == r.Text("name") }); i >= 0 {
		l = all[i]
	}
	return r.Render(r.P.T("sender.limits.title"), limitsView(r, all, limitSheet(r, l)))
}

func readLimits(r *page.Request) (all []email.Limit, err error) {
	err = r.Read(func(tx *store.Tx) (err error) { all, err = email.Limits(r.Context(), tx); return err })
	return all, err
}

func limitSheet(r *page.Request, l email.Limit) sheet {
	domains := text(r, "domains", join(l.Domains)).help(r, "domains")
	domains.control = area
	return sheet{back: ui.Anchor{Text: r.P.T("sender.title"), Href: limitsPath}, action: limitsPath, groups: []group{{entries: []entry{
		text(r, "name", l.Name).needed().help(r, "limit_name"), domains, figure(r, "connections", l.Connections).help(r, "under_way"), figure(r, "per_minute", l.PerMinute),
		figure(r, "per_hour", l.PerHour)}}}}
}

func join(domains []string) string {
	text := ""
	for _, d := range domains {
		if text != "" {
			text += " "
		}
		text += d
	}
	return text
}
