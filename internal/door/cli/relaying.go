package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// vault opens what seals the passwords of relays and mailboxes and the keys of senders.
func (a *App) vault() (*email.Vault, error) {
	return email.OpenVault(filepath.Join(a.Config.Dir, vaultFile))
}

// mailboxJobs tells the runner how mailboxes are read, and forgets what nobody needs of it.
func (a *App) mailboxJobs(r *jobs.Runner) {
	r.Handle(email.CutJob, 1, func(ctx context.Context, task *jobs.Task) error { return email.Cut(ctx, a.Store, task) })
	r.Handle(email.FetchJob, 1, func(ctx context.Context, task *jobs.Task) error {
		vault, err := a.vault()
		if err != nil {
			return err
		}
		return email.Fetcher{DB: a.Store, Vault: vault}.Run(ctx, task)
	})
}

type relayCommands struct {
	Add  relayAdd  `cmd:"" help:"Add a server that takes mails, or change the one of that name; the password is asked for, or read from standard input."`
	List relayList `cmd:"" help:"List the servers that take mails."`
	Test relayTest `cmd:"" help:"Connect to a server, sign in, and send a test mail if there is somebody to send it to."`
}

type relayAdd struct {
	Name          string         `arg:"" help:"Name of the relay."`
	Host          string         `help:"Name of the server." required:"" placeholder:"HOST"`
	Port          int            `help:"Port; by default 465 for tls, 587 for starttls, else 25." placeholder:"N"`
	Security      email.Security `help:"tls, starttls, opportunistic or none." default:"tls" placeholder:"WAY"`
	Login         string         `help:"Name to sign in with; without one there is no password." placeholder:"NAME"`
	Hello         string         `help:"How Stamm introduces itself." placeholder:"HOST"`
	Weight        int            `help:"Share of the mails beside other relays." default:"1" placeholder:"N"`
	Connections   int            `help:"Connections at once." default:"10" placeholder:"N"`
	PerConnection int            `help:"Mails before a connection is closed." default:"100" placeholder:"N"`
	PerSecond     int            `help:"At most so many mails a second; 0 for no limit." placeholder:"N"`
	PerMinute     int            `help:"At most so many mails a minute; 0 for no limit." placeholder:"N"`
	PerDay        int            `help:"At most so many mails a day; 0 for no limit." placeholder:"N"`
	WarmFrom      int            `help:"Warm up: so many mails on the first day, twice that on the next; 0 for none." placeholder:"N"`
	Inactive      bool           `help:"Do not send by it yet."`
}

// Run adds or changes the relay.
func (cmd *relayAdd) Run(ctx context.Context, c *Call) error {
	if cmd.Port == 0 {
		cmd.Port = map[email.Security]int{email.ImplicitTLS: 465, email.StartTLS: 587}[cmd.Security]
		if cmd.Port == 0 {
			cmd.Port = 25
		}
	}
	vault, err := c.App.vault()
	if err != nil {
		return err
	}
	r := &email.Relay{Name: cmd.Name, Host: cmd.Host, Port: cmd.Port, Security: cmd.Security, Login: cmd.Login, Hello: cmd.Hello, Weight: cmd.Weight,
		Connections: cmd.Connections, PerConnection: cmd.PerConnection, PerSecond: cmd.PerSecond, PerMinute: cmd.PerMinute, PerDay: cmd.PerDay,
		WarmFrom: cmd.WarmFrom, Active: !cmd.Inactive}
	if was, err := c.relay(ctx, cmd.Name); err == nil {
		r.ID = was.ID
	} else if fault.CodeOf(err) != fault.NotFound {
		return err
	}
	if r.Login != "" {
		if r.Password, err = c.Secret(c.Text.T("cli.relays.password")); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	err = c.App.Store.Write(ctx, actor, func(tx *store.Tx) (err error) { r.ID, err = email.SaveRelay(ctx, tx, vault, r); return err })
	if err != nil {
		return err
	}
	return c.Print(map[string]any{"id": r.ID, "name": r.Name}, func(w io.Writer) { fmt.Fprintln(w, c.Text.T("cli.relays.saved", "name", r.Name)) })
}

// relay finds a relay by name.
func (c *Call) relay(ctx context.Context, name string) (found *email.Relay, err error) {
	err = c.App.Store.Read(ctx, func(tx *store.Tx) error {
		all, err := email.Relays(ctx, tx)
		for _, r := range all {
			if strings.EqualFold(r.Name, strings.TrimSpace(name)) {
				found = r
			}
		}
		return err
	})
	if err == nil && found == nil {
		err = fault.New(fault.NotFound, "email.no_such_relay").On("name")
	}
	return found, err
}

type relayList struct{}

// relayJSON is a relay as --json shows it.
type relayJSON struct {
	ID       int64          `json:"id"`
	Name     string         `json:"name"`
	Host     string         `json:"host"`
	Port     int            `json:"port"`
	Security email.Security `json:"security"`
	Active   bool           `json:"active"`
	Today    int            `json:"today"` // mails taken for today
	Limit    int            `json:"limit"` // of today, 0 for none
	WarmDay  int            `json:"warm_day"`
	Paused   bool           `json:"paused"`
	Answer   string         `json:"answer"` // what it said when it put us off
}

// Run lists the relays.
func (*relayList) Run(ctx context.Context, c *Call) error {
	shown := []relayJSON{}
	vault, err := c.App.vault()
	if err != nil {
		return err
	}
	err = c.App.Store.Read(ctx, func(tx *store.Tx) error {
		settings, err := company.Load(ctx, tx)
		if err != nil {
			return err
		}
		all, err := email.Relays(ctx, tx)
		if err != nil {
			return err
		}
		pauses, err := email.Pauses(ctx, tx)
		if err != nil {
			return err
		}
		for _, r := range all {
			a, err := email.Allowed(ctx, tx, r, clock.DayOf(tx.Now, settings.Zone()))
			if err != nil {
				return err
			}
			p := pauses[r.PauseKey()]
			one := relayJSON{r.ID, r.Name, r.Host, r.Port, r.Security, r.Active, a.Taken, a.Limit, a.WarmDay, p.Until.After(tx.Now), p.Answer}
			if !vault.Reads(r) {
				one.Paused, one.Answer = true, c.Text.T("email.unreadable_secret")
			}
			shown = append(shown, one)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.Print(shown, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, r := range shown {
			fmt.Fprintf(t, "%s\t%s:%d\t%s\t%s\t%s\n", r.Name, r.Host, r.Port, r.Security, c.Text.Number(int64(r.Today)), r.Answer)
		}
	})
}

type relayTest struct {
	Name string `arg:"" help:"Name of the relay."`
	To   string `help:"Address that gets a test mail; it is written from the first sender." placeholder:"MAIL"`
}

// Run tries the relay.
func (cmd *relayTest) Run(ctx context.Context, c *Call) error {
	r, err := c.relay(ctx, cmd.Name)
	if err != nil {
		return err
	}
	vault, err := c.App.vault()
	if err != nil {
		return err
	}
	var sender *email.Sender
	var m *message.Mail
	if cmd.To != "" {
		err := c.App.Store.Read(ctx, func(tx *store.Tx) error {
			all, err := email.Senders(ctx, tx)
			if err == nil && len(all) == 0 {
				return fault.New(fault.Conflict, "email.no_sender")
			}
			if err != nil {
				return err
			}
			sender = all[0]
			m = email.TestMail(c.Text, sender, mail.Address{Address: cmd.To}, tx.Now)
			return nil
		})
		if err != nil {
			return err
		}
	}
	t, err := email.Try(ctx, email.Options{Vault: vault}, r, sender, m)
	if err != nil {
		return err
	}
	result := map[string]any{"tls": t.TLS, "pipelining": t.Pipelining, "smtputf8": t.SMTPUTF8, "max_size": t.MaxSize, "sent": m != nil, "answer": t.Outcome.Text}
	return c.Print(result, func(w io.Writer) {
		secured := t.TLS
		if secured == "" {
			secured = c.Text.T("cli.relays.plain")
		}
		fmt.Fprintln(w, c.Text.T("cli.relays.good", "name", r.Name, "tls", secured))
		if m != nil {
			fmt.Fprintln(w, c.Text.T("cli.relays.sent", "to", cmd.To, "answer", t.Outcome.Text))
		}
	})
}
