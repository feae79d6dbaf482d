// Package message is the ledger of everything the company says to its customers, and the one way by which it leaves: every
// message passes the gates in one place, stands in the ledger with what they said, and is sent once.
//
// A message is a row. It is planned by Record, claimed by a Sender, marked as attempting in a commit of its own before the
// first byte of it leaves, and marked with the result after the answer. Whoever dies in between leaves a message that is
// attempting without a result: it becomes unclear, is shown to a person and never sent again by itself. Whatever changes a
// row moves the counters of its measure in the same transaction, so that at every instant
//
//	planned = sent + suppressed + failed + unclear + pending
//
// and the figures on a page cost nothing. What each gate said is kept in one letter a gate: "why did she get it, why did he
// not" is read from the row.
package message

import (
	"context"
	"net/mail"
	"time"

	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

// State is where a message stands.
type State string

// The states. Proposed, queued and attempting are pending; the others are final, but for a decision about what is unclear.
const (
	Proposed   State = "proposed"   // in the ledger, waits for a go
	Queued     State = "queued"     // leaves when it is due
	Attempting State = "attempting" // in the hands of a process since before the first byte left
	Sent       State = "sent"       // a relay has taken it
	Failed     State = "failed"     // refused for good, or given up
	Unclear    State = "unclear"    // nobody knows whether it was taken; a person decides
	Suppressed State = "suppressed" // a gate stopped it, or it was taken back
)

// States are all states, in the order in which pages show them.
func States() []State {
	return []State{Sent, Queued, Attempting, Proposed, Unclear, Failed, Suppressed}
}

// Pending tells whether something may still become of a message by itself.
func (s State) Pending() bool { return s == Proposed || s == Queued || s == Attempting }

// Reasons that this package gives for a state; legal basis, hold and address have more of their own.
const (
	ReasonControl    = "control"        // drawn into the control group of the measure
	ReasonGlobal     = "global"         // drawn into the control group of the whole programme
	ReasonWeek       = "budget_week"    // enough contacts within 7 days
	ReasonMonth      = "budget_month"   // enough contacts within 30 days
	ReasonOften      = "frequency"      // she chose to hear less often
	ReasonNoAddress  = "no_address"     // there is none
	ReasonBadAddress = "bad_address"    // it cannot be one
	ReasonErased     = "erased"         // the customer was erased
	ReasonCancelled  = "cancelled"      // the measure was cancelled
	ReasonRefused    = "refused"        // the relay refused it for good
	ReasonGaveUp     = "gave_up"        // the relay put it off for too long
	ReasonNotMade    = "not_made"       // it could not be written; Answer has the key of the text that says why
	ReasonNoAnswer   = "no_answer"      // the connection broke before the answer came
	ReasonDied       = "died"           // the process ended before the answer came
	ReasonPutOff     = "put_off"        // the relay said: later
	ReasonCounted    = "counted"        // a person counted it as sent
	ReasonDropped    = "not_sent_again" // a person decided not to send it again
	ReasonNotReached = "not_reached"    // nobody answered the telephone, as often as it was tried
	ReasonWrong      = "wrong_number"   // somebody else did
)

// New is a message to decide about. The customer is who buys; where that is a company, the person is whom it goes to. A
// message without a measure is told apart by kind and subject.
type New struct {
	Measure, Customer, Person int64
	Step                      int
	Channel                   consent.Channel
	Kind                      string // which Composer writes it
	Subject                   int64  // the record it is written from
	Arm                       string // as drawn by program.Assign: a control group gets nothing
	Address                   string // as folded for the channel
	Ask                       consent.Ask
	Priority                  int  // above 0: may use what the contact budget reserves
	Exempt                    bool // asks to pass by what the gate table lets such messages pass by
	NotBefore                 time.Time
}

// reader is who reads it.
func (n New) reader() int64 {
	if n.Person != 0 {
		return n.Person
	}
	return n.Customer
}

// Decision is what the gates said about a message.
type Decision struct {
	New
	ID     int64 // once it is recorded; 0 if it stood in the ledger already
	State  State // Queued or Suppressed; a caller who waits for a go makes Queued Proposed before recording it
	Reason string
	Gates  Verdicts
	Basis  consent.Basis // on which it rests, with its entry in the ledger of consents
	Entry  int64
	Due    time.Time // zero for at once
	Late   time.Time // when the hours are over in which it may arrive; zero for never
}

// Message is a row of the ledger.
type Message struct {
	ID int64
	New
	State     State
	Reason    string
	Gates     Verdicts
	Basis     consent.Basis
	Entry     int64
	Due, Late time.Time // zero as in Decision
	Attempts  int
	Code      int    // of the relay's answer
	Answer    string // the relay's words, or the key of what was wrong
	Relay     string
	PlannedAt time.Time
	ChangedAt time.Time

	// Tracked tells, while a message is written to be sent, whether it may be known what its reader opens and clicks; nil where that
	// was not asked.
	Tracked *bool

	claim int64
}

// Composer writes messages of one kind. It gets a read transaction and returns as many mails as messages, in their order.
type Composer interface {
	Compose(ctx context.Context, tx *store.Tx, ms []Message) ([]Mail, error)
}

// Mail is a message as it leaves. ID, and where they are empty To, From and Date, are filled in by the Sender.
type Mail struct {
	ID                int64
	MessageID         string // without the angle brackets; empty: the outlet makes one, the same whenever the mail is made
	From, ReplyTo, To mail.Address
	Return            string // envelope sender; empty for the address of From
	Subject           string
	Text, HTML        string
	Unsubscribe       string // address for List-Unsubscribe
	Date              time.Time
	Err               error // why it cannot be written; then nothing of it is sent
	Aside             any   // what a Keeper keeps before it leaves
}

// Keeper is a Composer that has something to keep before its mails leave, such as where their links lead. Keep gets the mails of one
// batch, which may be the same as before.
type Keeper interface {
	Keep(ctx context.Context, db *store.DB, mails []*Mail) error
}

// Outlet is where mails leave.
type Outlet interface {
	// Ready is when a mail to this address may leave; not after now for at once.
	Ready(to string, now time.Time) time.Time
	Dial(ctx context.Context) (Session, error)
}

// Session is one connection of an outlet; one goroutine uses it. Send never marks anything in the database.
type Session interface {
	Send(ctx context.Context, m *Mail) Outcome
	Close() error
}

// Outcome is what became of a mail. Queued is: try again, at Retry where that is said.
type Outcome struct {
	State   State // Sent, Failed, Unclear or Queued
	Code    int
	Text    string
	Relay   string
	Retry   time.Time
	Untried bool // with Queued: nobody was asked to take it, as when a limit is reached, so it does not count as an attempt
}
