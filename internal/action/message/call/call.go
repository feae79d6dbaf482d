// Package call has people say messages on the telephone: who is called when and why, with which words, and what became of it.
//
// A call is a message of the ledger like any other: it passes the same gates, and stays queued until somebody spoke. The desk
// makes a call of each message by telephone that is queued, and a task of it; a call whose message was taken back is closed. Whoever
// calls says so first: Begin asks the gates again in the transaction in which the call counts as begun, so that nobody is called who
// said no in between. What became of it moves the message:
//
//	interested, not interested, no more calls    sent
//	not reached                                   queued until it is tried again; failed after as many tries as are wanted
//	later                                         queued until then
//	wrong number                                  failed, and the number is marked
//
// so that planned = sent + suppressed + failed + unclear + pending holds for calls as well. Each call uses a consent; the use is kept
// with it for five years (§ 7a UWG). Consumers are called with their express consent only, companies also with the presumed one (§ 7(2)
// no. 1 UWG; record/consent has the rule).
package call

import (
	"context"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

// State is how far a call is.
type State string

// The states.
const (
	Open  State = "open"  // to be called when it is due
	Begun State = "begun" // somebody dials or speaks
	Over  State = "over"
)

// Outcome is what became of a try.
type Outcome string

// The outcomes.
const (
	Interested    Outcome = "interested"
	NotInterested Outcome = "not_interested"
	NoMore        Outcome = "no_more" // wants no more calls
	Later         Outcome = "later"   // was reached and wants to be called at another time
	NotReached    Outcome = "not_reached"
	Wrong         Outcome = "wrong" // somebody else answered, or the number does not exist
)

// Outcomes are all of them, in the order in which pages offer them.
func Outcomes() []Outcome {
	return []Outcome{Interested, NotInterested, Later, NotReached, Wrong, NoMore}
}

// Kinds of the changes this package appends to the feed. Their subject is the message.
const (
	KindBegun   = "call.begun"
	KindDropped = "call.dropped" // begun, but not dialled
	KindEnded   = "call.ended"
	KindUndone  = "call.undone"
	KindGiven   = "call.given" // to another user
)

// TaskCall is the kind of the task of a call.
const TaskCall = "call"

// taskWeight puts calls below what is on fire: there are many of them, and they have a list of their own.
const taskWeight = 150

// Call is one call that is to be made, or was.
type Call struct {
	Message          int64
	Measure          int64
	Customer, Person int64 // as of the message
	Kind             string
	Subject          int64
	Owner            int64 // user; 0 for anybody
	Due              time.Time
	Most             int           // tries at most
	Pause            time.Duration // until it is tried again
	Tries            int
	State            State
	Outcome          Outcome // of the last try
	Reason           string  // why it is over without having been said
	Note             string
	BegunAt          time.Time // zero unless it is begun
	BegunBy          int64
	ChangedAt        time.Time
}

// Reader is who is called.
func (c *Call) Reader() int64 {
	if c.Person != 0 {
		return c.Person
	}
	return c.Customer
}

// Try is one time that somebody dialled.
type Try struct {
	ID      int64
	By      int64
	Began   time.Time
	Basis   consent.Basis
	Entry   int64
	Outcome Outcome // empty while it goes on
	Note    string
	Ended   time.Time

	due  time.Time
	used int64
}

// Orders say who makes the calls of one subject, and how often they try.
type Orders struct {
	Owners []int64       // users in turn; none for anybody
	Most   int           // tries; 0 for the usual number
	Pause  time.Duration // until it is tried again; 0 for the usual time
}

// The usual number of tries, and the usual time between two of them.
const (
	UsualMost  = 3
	UsualPause = 24 * time.Hour
)

// Script is what is to be said, written for one reader.
type Script struct {
	About string // what the call is about, in a few words: the name of the campaign
	Why   string // why she is called; may be empty
	Text  string
	Err   error // why it cannot be written
}

// Writer knows the words of calls of one kind.
type Writer interface {
	Orders(ctx context.Context, tx *store.Tx, subject int64) (Orders, error)
	Script(ctx context.Context, tx *store.Tx, m *message.Message) (Script, error)
}
