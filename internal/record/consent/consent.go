// Package consent keeps who agreed to what, so that nobody is written to who did not want it and every message that went
// out can be defended.
//
// The ledger holds acts, one row each, that are never changed: granted, confirmed, withdrawn, objected. What they come to
// now is a table of its own, written in the same transaction, so that Check answers a thousand recipients with one query.
// Consent belongs to a customer and an address: a double opt-in proves an address, and a changed address starts without
// consent. Of two acts the one written later counts, by its number and not by its time, so that a clock set back changes
// nothing. An objection beats every basis of advertising; only an act of the customer herself that comes after it counts
// again, never a file. Addresses that said no are kept as keyed hashes as well, so that no import brings them back, not
// even under another customer.
//
// Legal sources: Art. 6, 7, 17 and 21 GDPR; § 7 and § 7a UWG; § 25 TDDDG.
package consent

import (
	"slices"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// Channel is how a message reaches somebody. The empty channel stands for all of them where an act may mean all.
type Channel string

// The channels.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
	Phone Channel = "phone"
	Post  Channel = "post"
	Push  Channel = "push"
)

// Channels lists all channels.
func Channels() []Channel { return []Channel{Email, SMS, Phone, Post, Push} }

// Purpose is what somebody agrees to.
type Purpose string

// The purposes. Surveys are advertising in law (BGH VI ZR 225/17) and have their own consent; Tracking is measuring opens
// and clicks per person (§ 25 TDDDG).
const (
	Advertising Purpose = "advertising"
	Surveys     Purpose = "surveys"
	Tracking    Purpose = "tracking"
	Profiling   Purpose = "profiling"
)

// Purposes lists all purposes.
func Purposes() []Purpose { return []Purpose{Advertising, Surveys, Tracking, Profiling} }

// Basis is what a message rests on in law.
type Basis string

// The legal bases. ExistingCustomer is § 7(3) UWG; Presumed is the presumed consent of a company to be called, § 7(2) no. 1 UWG.
const (
	Consent          Basis = "consent"
	ExistingCustomer Basis = "existing_customer"
	Presumed         Basis = "presumed"
	Contract         Basis = "contract"
	LegalDuty        Basis = "legal_duty"
)

// Kind is what was done.
type Kind string

// The four acts. Granted is not proved yet; Confirmed is, by a double opt-in or by evidence on file.
const (
	Granted   Kind = "granted"
	Confirmed Kind = "confirmed"
	Withdrawn Kind = "withdrawn"
	Objected  Kind = "objected"
)

// Kinds lists the four acts.
func Kinds() []Kind { return []Kind{Granted, Confirmed, Withdrawn, Objected} }

// The kinds of changes this package appends to the feed. Their subject is the entry; bodies hold channel, purpose and basis.
// KindRecorded stands for many entries at once, KindErased says that a customer's entries lost what was personal.
const (
	KindGranted   = "consent.granted"
	KindConfirmed = "consent.confirmed"
	KindWithdrawn = "consent.withdrawn"
	KindObjected  = "consent.objected"
	KindRecorded  = "consent.recorded"
	KindChosen    = "consent.chosen" // preferences
	KindErased    = "consent.erased"

	KindSuppressed = "consent.suppressed" // addresses put on the list by hand; the body holds reason and count
	KindLifted     = "consent.lifted"     // an address taken off it by hand; the body holds channel and reason
)

// Where an entry came from.
const (
	SourceSignUp = "signup" // a form of ours, proved by double opt-in
	SourceLink   = "link"   // a signed link out of a message
	SourcePerson = "person" // a user wrote it down
	SourceImport = "import"
)

// Entry is one act in the ledger.
type Entry struct {
	ID       int64
	Customer int64
	Channel  Channel // empty: all, for objections and for consents to profiling
	Purpose  Purpose
	Kind     Kind
	Basis    Basis // Consent or ExistingCustomer, Consent by default; empty for objections

	// Address is the mail address, telephone number or PostalKey it holds for. Needed for consent by mail, SMS and phone;
	// empty means all that the customer has.
	Address string

	TextVersion string // of the words agreed to, see KeepText; of ExistingCustomer the notice given when the address was obtained
	Form        string // where: address of the form, name of the paper
	Source      string // SourceSignUp, …
	Document    int64  // of ExistingCustomer: the sale at which the address was obtained
	Proof       string // Message-ID of the mail of the double opt-in
	Evidence    string // where the proof lies otherwise: number of the signed form, recording of the call
	IP          string
	At          time.Time // when it was done; zero for now
	Run         int64     // the import, 0 for none

	Hash      string // keyed hash of channel and address; stays when the customer is erased
	Actor     store.Actor
	CreatedAt time.Time
}

const (
	maxText  = 500
	maxShort = 200
)

// check brings the entry into its form and reports the first thing wrong with it.
func (e *Entry) check() error {
	switch {
	case e.Channel != "" && !slices.Contains(Channels(), e.Channel):
		return choice("channel", string(e.Channel))
	case !slices.Contains(Purposes(), e.Purpose):
		return choice("purpose", string(e.Purpose))
	case !slices.Contains(Kinds(), e.Kind):
		return choice("kind", string(e.Kind))
	}
	for _, f := range []struct {
		name, text string
		most       int
	}{{"text_version", e.TextVersion, maxShort}, {"form", e.Form, maxText}, {"source", e.Source, maxShort}, {"proof", e.Proof, maxText},
		{"evidence", e.Evidence, maxText}, {"ip", e.IP, 64}} {
		if len(f.text) > f.most {
			return fault.New(fault.Invalid, "errors.too_long", "max", f.most).On(f.name)
		}
	}
	if e.Kind == Objected {
		e.Basis = ""
	} else if e.Basis == "" {
		e.Basis = Consent
	}
	if e.Basis != "" && e.Basis != Consent && e.Basis != ExistingCustomer {
		return choice("basis", string(e.Basis))
	}
	if err := e.foldAddress(); err != nil {
		return err
	}
	if e.Kind == Granted || e.Kind == Confirmed {
		return e.checkGrant()
	}
	return nil
}

func (e *Entry) checkGrant() error {
	if e.Basis == ExistingCustomer {
		return e.checkExisting()
	}
	switch {
	case e.Channel == "" && e.Purpose != Profiling:
		return fault.New(fault.Invalid, "errors.required").On("channel")
	case e.Address == "" && addressed(e.Channel) && e.Channel != Post:
		return fault.New(fault.Invalid, "errors.required").On("address")
	case e.Kind == Confirmed && e.Proof == "" && e.Evidence == "":
		return fault.New(fault.Invalid, "consent.no_evidence").On("evidence")
	}
	return nil
}

// checkExisting looks at the conditions of § 7(3) UWG that the entry itself must meet: electronic mail, a sale, and the
// notice at collection. That no objection stands, Check looks at; that own similar goods are advertised and that the
// notice is given at every use, whoever writes the message declares with the empty Ask.Basis.
func (e *Entry) checkExisting() error {
	switch {
	case e.Channel != Email && e.Channel != SMS:
		return fault.New(fault.Invalid, "consent.existing_channel").On("channel")
	case e.Purpose != Advertising:
		return fault.New(fault.Invalid, "consent.existing_purpose").On("purpose")
	case e.Address == "":
		return fault.New(fault.Invalid, "errors.required").On("address")
	case e.Document <= 0:
		return fault.New(fault.Invalid, "consent.existing_sale").On("document")
	case e.TextVersion == "":
		return fault.New(fault.Invalid, "consent.existing_notice").On("text_version")
	}
	return nil
}

func choice(field, text string) error {
	return fault.New(fault.Invalid, "errors.choice", "text", text).On(field)
}

// addressed tells whether the channel goes to an address of its own.
func addressed(c Channel) bool { return c == Email || c == SMS || c == Phone || c == Post }

// proves tells whether a grant by this channel counts without a confirmation: mail and SMS need a double opt-in, since
// anybody can enter an address; a call or a letter was given by the customer herself and needs evidence only.
func (e *Entry) proved() bool {
	switch {
	case e.Kind == Confirmed, e.Basis == ExistingCustomer:
		return true
	case e.Kind == Granted:
		return e.Channel != Email && e.Channel != SMS && e.Evidence != ""
	}
	return false
}

func tooLong(field string) error {
	return fault.New(fault.Invalid, "errors.too_long", "max", maxText).On(field)
}

// refused is the fault of an act that needs a consent and has none.
func refused(reason string) error { return fault.New(fault.Conflict, "consent.refused."+reason) }
