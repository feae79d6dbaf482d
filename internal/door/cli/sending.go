package cli

import (
	"context"
	"net/mail"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/action/message"
	"stamm/internal/action/message/call"
	"stamm/internal/action/message/email"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
)

// vaultFile is the file in the data folder with the key that seals passwords of relays and keys of senders.
const vaultFile = "mail.key"

// How many mails are under way at once: as many as the relays take, up to a limit. Each of them is unclear if the process is killed.
const (
	outboxConnections = 16 // while there is no relay
	mostConnections   = 64
)

// composers are who writes the mails of each kind.
func (a *App) composers() map[string]message.Composer {
	return map[string]message.Composer{message.KindAPI: message.Texts{}, message.KindOptIn: optIns{}, campaign.Kind: a.writing()}
}

// send hands over what is due in the ledger of messages until Close: to the relays, or to the built-in outbox where there is none.
func (a *App) send(ctx context.Context) error {
	vault, err := a.vault()
	if err != nil {
		return err
	}
	outlet, err := email.OpenOutlet(ctx, a.Store, email.Options{Vault: vault, Fallback: message.Outbox{DB: a.Store}, Log: a.Log})
	if err != nil {
		return err
	}
	a.opens(outlet.Close)
	m := &mailer{app: a, outlet: outlet}
	if err := m.start(ctx); err != nil {
		return err
	}
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	over := make(chan struct{})
	go func() {
		defer close(over)
		m.follow(following)
	}()
	a.opens(func(ctx context.Context) error {
		stop()
		<-over
		return m.sender.Close(ctx)
	})
	return nil
}

// mailer sends with as many connections as the relays of the day take.
type mailer struct {
	app    *App
	outlet message.Outlet
	sender *message.Sender
}

func (m *mailer) start(ctx context.Context) error {
	connections, err := m.app.sendConnections(ctx)
	if err != nil {
		return err
	}
	m.sender = &message.Sender{DB: m.app.Store, Outlet: m.outlet, Composers: m.app.composers(), Connections: connections, Log: m.app.Log, From: firstSender}
	return m.sender.Start(ctx)
}

// relaysEvery is how often it is looked at most whether relays came or went.
const relaysEvery = time.Second

// follow starts anew when relays came, went or changed, so that never more mails are under way than they take: each of those is unclear when the
// process is killed.
func (m *mailer) follow(ctx context.Context) {
	for {
		changed := m.app.Store.Changed()
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(relaysEvery):
		}
		if err := m.look(context.WithoutCancel(ctx)); err != nil {
			m.app.Log.Error("relays", "error", err)
		}
	}
}

// look starts anew if the relays take more or fewer mails at once than before.
func (m *mailer) look(ctx context.Context) error {
	connections, err := m.app.sendConnections(ctx)
	if err != nil || connections == m.sender.Connections {
		return err
	}
	if err := m.sender.Close(ctx); err != nil {
		return err
	}
	err = m.start(ctx)
	if err != nil {
		m.sender.Connections = 0 // the next look tries again
	}
	return err
}

// sendConnections is how many mails the relays of now take at once.
func (a *App) sendConnections(ctx context.Context) (n int, err error) {
	err = a.Store.Read(ctx, func(tx *store.Tx) error {
		n = 0
		all, err := email.Relays(ctx, tx)
		for _, r := range all {
			if r.Active {
				n += r.Connections
			}
		}
		return err
	})
	if n == 0 {
		n = outboxConnections
	}
	return min(n, mostConnections), err
}

// firstSender is who writes mails that name no sender: the first one that was set up, and nobody where there is none.
func firstSender(ctx context.Context, tx *store.Tx) (mail.Address, error) {
	all, err := email.Senders(ctx, tx)
	if err != nil || len(all) == 0 {
		return mail.Address{}, err
	}
	return mail.Address{Name: all[0].Name, Address: all[0].Address}, nil
}

// calling makes calls of the messages by telephone that are queued, until Close.
func (a *App) calling(ctx context.Context) {
	a.desk = &call.Desk{DB: a.Store, Writers: a.speakers(), Log: a.Log}
	a.desk.Start(ctx)
	a.opens(a.desk.Close)
}

// speakers are who knows the words of calls of each kind.
func (a *App) speakers() map[string]call.Writer {
	return map[string]call.Writer{campaign.Kind: a.writing()}
}

// noRelay tells that nothing leaves the house, because there is no relay.
func noRelay(ctx context.Context, tx *store.Tx) (bool, error) {
	all, err := email.Relays(ctx, tx)
	for _, r := range all {
		if r.Active {
			return false, err
		}
	}
	return true, err
}

// messageJobs tells the runner how the ledger's work is done.
func (a *App) messageJobs(r *jobs.Runner) {
	r.Handle(message.CancelJob, 1, func(ctx context.Context, task *jobs.Task) error { return message.TakeBack(ctx, a.Store, task) })
	r.Handle(message.CutJob, 1, func(ctx context.Context, task *jobs.Task) error { return message.CutOutbox(ctx, a.Store, task) })
}
