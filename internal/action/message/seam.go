// Package message is the ledger of everything that is said to customers: who got it, who did not, and why.
package message

import (
	"context"
	"net/mail"
	"time"
)

// State is where a message stands.
type State string

// The states an outlet answers with.
const (
	Queued  State = "queued"
	Sent    State = "sent"
	Failed  State = "failed"
	Unclear State = "unclear"
)

// Mail is a message as it leaves.
type Mail struct {
	ID                  int64
	MessageID           string
	From, ReplyTo, To   mail.Address
	Return              string // envelope sender
	Subject, Text, HTML string
	Unsubscribe         string // address for one-click unsubscribing; empty for notices
	Date                time.Time
	Err                 error
}

// Outlet is a way out of the house.
type Outlet interface {
	Ready(to string, now time.Time) time.Time // when a mail to this address may leave; past for now
	Dial(ctx context.Context) (Session, error)
}

// Session is one connection. Send never marks anything in the database.
type Session interface {
	Send(ctx context.Context, m *Mail) Outcome
	Close() error
}

// Outcome is what became of a mail.
type Outcome struct {
	State State // Sent, Failed, Unclear, or Queued: try again at Retry
	Code  int
	Text  string
	Relay string
	Retry time.Time
}
