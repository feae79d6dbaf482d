package cli

import (
	"context"
	"net/mail"

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
	connections, err := a.sendConnections(ctx)
	if err != nil {
		return err
	}
	s := &message.Sender{DB: a.Store, Outlet: outlet, Composers: a.composers(), Connections: connections, Log: a.Log, From: firstSender}
	if err := s.Start(ctx); err != nil {
		return err
	}
	a.opens(s.Close)
	return nil
}

// sendConnections is how many mails the relays of now take at once; those that are added later share these connections.
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
