// Package campaign writes to many customers at once: what a mail says, to whom it goes, when it leaves, and the way from a
// draft to the last message.
//
// A mail is made of blocks that become tables of HTML on the server, because mail programs understand little else, and a
// text beside it from the same words; own HTML stays as it is, byte for byte, but
// for the addresses of links that are counted (tracking.go). Personal words are Liquid (platform/liquid). A campaign
// never sends: it proposes messages to action/message, where gates, budget and ledger are. It draws its groups and books
// its proof through a measure of action/program.
//
// The job that proposes works through the customers in slices, each with its place in the same commit, so that it goes on
// where it was killed and nobody is proposed twice.
package campaign

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"stamm/internal/action/message/call"
	"stamm/internal/action/program"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/record/consent"
)

// Kind is the kind of the messages of campaigns, for the Composer.
const Kind = "campaign"

// Kinds of the changes this package appends to the feed. Their subject is the campaign.
const (
	KindCreated   = "campaign.created"
	KindChanged   = "campaign.changed"
	KindApproved  = "campaign.approved"
	KindGo        = "campaign.go"
	KindStopped   = "campaign.stopped"
	KindStarted   = "campaign.started"
	KindPaused    = "campaign.paused"
	KindContinued = "campaign.continued"
	KindWinner    = "campaign.winner"
	KindDone      = "campaign.done"
	KindCancelled = "campaign.cancelled"
)

// State is how far a campaign is.
type State string

// The states.
const (
	Draft     State = "draft"
	Approved  State = "approved"  // a second person agreed to it as it is
	Waiting   State = "waiting"   // has its go, and can still be stopped
	Sending   State = "sending"   // proposes messages, or they are leaving
	Paused    State = "paused"    // nothing leaves until it goes on
	Done      State = "done"      // nothing is pending any more
	Cancelled State = "cancelled" // what was pending was taken back
)

// States are all of them.
func States() []State { return []State{Draft, Approved, Waiting, Sending, Paused, Done, Cancelled} }

// Patience is how long a campaign that has its go waits, so that somebody who sees a mistake can stop it.
const Patience = 5 * time.Minute

// Variant is what a part of the readers gets.
type Variant struct {
	Name     string              `json:"name"`
	Share    int                 `json:"share"`    // per mille of all variants
	Contents map[string]*Content `json:"contents"` // by language, or language and form as in "de-du"
}

// By is what a winner is found by. Opens are never enough: machines open more mails than people.
type By string

// What a winner is found by; empty is no winner.
const (
	ByOrders  By = "orders"  // customers who ordered
	ByReplies By = "replies" // customers who answered
	ByClicks  By = "clicks"  // messages of which people clicked a link
)

// Winner says how one variant wins: a share of the readers gets the variants first, the others what did best among them.
type Winner struct {
	By    By  `json:"by"`
	Test  int `json:"test"`  // per mille of the readers
	Hours int `json:"hours"` // after the last of them was proposed
}

// When tells when messages leave.
type When string

// The times.
const (
	Now    When = "now"
	At     When = "at"   // at a time of the company's zone
	ByZone When = "zone" // at that time of each reader's own zone
)

// Plan is when messages leave.
type Plan struct {
	When   When   `json:"when"`
	At     string `json:"at,omitempty"`     // 2006-01-02T15:04, local
	Spread int    `json:"spread,omitempty"` // hours over which they leave
}

// Calls says who makes the calls of a campaign, and how often they try.
type Calls struct {
	Owners []int64 `json:"owners,omitempty"` // users in turn; none for anybody
	Tries  int     `json:"tries,omitempty"`
	Pause  int     `json:"pause,omitempty"` // hours until a call is tried again
}

// Campaign is one campaign.
type Campaign struct {
	ID       int64
	Measure  int64
	Name     string
	Goal     string
	Channel  consent.Channel // Email or Phone; fixed when it is made
	Calls    Calls           // of Phone
	Purpose  consent.Purpose
	Basis    consent.Basis // Contract for what has to be said to customers; empty for what needs consent or the rule for existing customers
	Sender   int64         // of message/email, 0 for the usual one
	Segment  int64         // 0 for everybody
	Exclude  []int64       // segments
	Topic    string        // code of what it is about: who left that out gets nothing; empty for nothing in particular
	Language string        // of who has none of her own
	Variants []Variant
	Control  int             // per mille left alone
	Window   int             // outcome days
	Outcome  program.Outcome // what the proof judges by; that of the measure; empty for program's own choice
	Budget   int64           // minor units
	Winner   Winner
	Plan     Plan
	Tracking Tracking

	State           State
	Version         int64 // counts edits
	ApprovedVersion int64
	ApprovedBy      int64
	EditedBy        int64 // user who edited last
	Phase           Phase
	Recipients      int64  // customers found when it began
	Won             string // the variant that won
	GoAt, DecideAt  *time.Time
	Trial           *Trial // the last draft run
	CreatedAt       time.Time
	CreatedBy       int64
	ChangedAt       time.Time

	cursor int64
}

// Phase is what the job does.
type Phase string

// The phases.
const (
	phaseNone    Phase = ""
	PhaseGather  Phase = "gather"  // finds the customers
	PhasePropose Phase = "propose" // proposes messages
	PhaseTest    Phase = "test"    // waits for the winner
	PhaseRest    Phase = "rest"    // proposes what won
	PhaseDrain   Phase = "drain"   // waits until all have left
)

const localTime = "2006-01-02T15:04"

// Editable tells whether the campaign can still be changed.
func (c *Campaign) Editable() bool { return c.State == Draft || c.State == Approved }

// Undecided is how many of the audience wait for the variant that wins, of whom planned have their message already.
func (c *Campaign) Undecided(planned int64) int64 {
	if c.Phase != PhaseTest {
		return 0
	}
	return max(c.Recipients-planned, 0)
}

// Variant returns a variant by name, nil if there is none.
func (c *Campaign) Variant(name string) *Variant {
	for i := range c.Variants {
		if c.Variants[i].Name == name {
			return &c.Variants[i]
		}
	}
	return nil
}

// Pick returns the content for a language and a form of address, and its key: the nearest there is.
func (v *Variant) Pick(language, form, main string) (string, *Content) {
	for _, lang := range []string{language, main} {
		if form == formDu {
			if c := v.Contents[lang+"-"+formDu]; c != nil {
				return lang + "-" + formDu, c
			}
		}
		if c := v.Contents[lang]; c != nil {
			return lang, c
		}
	}
	for _, key := range v.Keys() {
		return key, v.Contents[key]
	}
	return "", nil
}

// Keys are the languages of a variant in order.
func (v *Variant) Keys() []string {
	keys := make([]string, 0, len(v.Contents))
	for key := range v.Contents {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// languageOf is the language of a key such as "de-du".
func languageOf(key string) string {
	lang, _, _ := strings.Cut(key, "-")
	return lang
}

// Limits of what can be entered.
const (
	maxName     = 120
	maxVariants = 5
	maxExclude  = 20
	maxSpread   = 14 * 24
	maxHours    = 14 * 24
	maxTries    = 10
	maxPause    = 14 * 24 // hours between two tries
	maxOwners   = 100
)

// complete fills in what may be left out.
func (c *Campaign) complete() {
	c.Name, c.Goal = strings.TrimSpace(c.Name), strings.TrimSpace(c.Goal)
	if c.Purpose == "" {
		c.Purpose = consent.Advertising
	}
	if c.Channel == "" {
		c.Channel = consent.Email
	}
	if c.Channel == consent.Phone {
		c.Calls.Tries, c.Calls.Pause = cmp.Or(c.Calls.Tries, call.UsualMost), cmp.Or(c.Calls.Pause, int(call.UsualPause/time.Hour))
	} else {
		c.Calls = Calls{}
	}
	if c.Language == "" {
		c.Language = i18n.Languages()[0]
	}
	if c.Plan.When == "" {
		c.Plan.When = Now
	}
	if c.Window == 0 {
		c.Window = program.DefaultWindow
	}
	if len(c.Variants) == 0 {
		c.Variants = []Variant{{Name: "a", Share: 1000, Contents: map[string]*Content{c.Language: {}}}}
	}
}

// check returns every mistake, joined. What the content says is looked at before sending, so that a draft may be half done.
func (c *Campaign) check() error {
	var all []error
	bad := func(field, key string, args ...any) {
		all = append(all, fault.New(fault.Invalid, key, args...).On(field))
	}
	if c.Name == "" {
		bad("name", "errors.required")
	}
	if utf8.RuneCountInString(c.Name) > maxName {
		bad("name", "errors.too_long", "max", maxName)
	}
	if c.Purpose != consent.Advertising && c.Purpose != consent.Surveys {
		bad("purpose", "errors.choice", "text", string(c.Purpose))
	}
	if c.Basis != "" && c.Basis != consent.Contract {
		bad("basis", "errors.choice", "text", string(c.Basis))
	}
	if c.Channel != consent.Email && c.Channel != consent.Phone {
		bad("channel", "errors.choice", "text", string(c.Channel))
	}
	if c.Calls.Tries < 0 || c.Calls.Tries > maxTries {
		bad("tries", "errors.too_large", "max", maxTries)
	}
	if c.Calls.Pause < 0 || c.Calls.Pause > maxPause {
		bad("pause", "errors.too_large", "max", maxPause)
	}
	if len(c.Calls.Owners) > maxOwners {
		bad("owners", "errors.too_large", "max", maxOwners)
	}
	if c.Channel == consent.Phone && c.Winner.By != "" && c.Winner.By != ByOrders {
		bad("winner", "campaign.error.winner_calls")
	}
	if len(c.Exclude) > maxExclude {
		bad("exclude", "errors.too_large", "max", maxExclude)
	}
	if !slices.Contains(i18n.Languages(), c.Language) {
		bad("language", "errors.choice", "text", c.Language)
	}
	if c.Winner.By != "" && c.Winner.By != ByOrders && c.Winner.By != ByReplies && c.Winner.By != ByClicks {
		bad("winner", "errors.choice", "text", string(c.Winner.By))
	}
	if c.Winner.By != "" && (len(c.Variants) < 2 || c.Winner.Test < 20 || c.Winner.Test > 900 || c.Winner.Hours < 1 || c.Winner.Hours > maxHours) {
		bad("winner", "campaign.error.winner", "hours", maxHours)
	}
	if c.Winner.By == ByClicks && c.Tracking.Off {
		bad("winner", "campaign.error.no_clicks")
	}
	all = append(all, c.Tracking.check()...)
	if err := c.Plan.check(); err != nil {
		all = append(all, err)
	}
	return errors.Join(append(all, c.checkVariants()...)...)
}

func (p Plan) check() error {
	if p.When != Now && p.When != At && p.When != ByZone {
		return fault.New(fault.Invalid, "errors.choice", "text", string(p.When)).On("when")
	}
	if _, err := time.Parse(localTime, p.At); err != nil && p.When != Now {
		return fault.New(fault.Invalid, "campaign.error.time").On("at")
	}
	if p.Spread < 0 || p.Spread > maxSpread {
		return fault.New(fault.Invalid, "errors.too_large", "max", maxSpread).On("spread")
	}
	return nil
}

func (c *Campaign) checkVariants() []error {
	var all []error
	if len(c.Variants) > maxVariants {
		all = append(all, fault.New(fault.Invalid, "campaign.error.variants", "max", maxVariants).On("variants"))
	}
	sum := 0
	for _, v := range c.Variants {
		if v.Share < 1 {
			all = append(all, fault.New(fault.Invalid, "campaign.error.share").On("variants"))
		}
		sum += v.Share
		for key := range v.Contents {
			lang, form, _ := strings.Cut(key, "-")
			if !slices.Contains(i18n.Languages(), lang) || form != "" && form != formDu {
				all = append(all, fault.New(fault.Invalid, "errors.choice", "text", key).On("language"))
			}
		}
	}
	if sum != 1000 {
		all = append(all, fault.New(fault.Invalid, "campaign.error.shares", "sum", strconv.FormatFloat(float64(sum)/10, 'f', -1, 64)).On("variants"))
	}
	return all
}

// arms are the groups of the measure: the variants, or where one is to win, the variants of the test and those who get what won.
func (c *Campaign) arms() []program.Arm {
	arms := make([]program.Arm, 0, len(c.Variants)+1)
	left := 1000
	for i, v := range c.Variants {
		share := v.Share
		if c.Winner.By != "" {
			share = max(1, v.Share*c.Winner.Test/1000)
		} else if i == len(c.Variants)-1 {
			share = left
		}
		left -= share
		arms = append(arms, program.Arm{Name: v.Name, Share: share})
	}
	if c.Winner.By != "" {
		arms = append(arms, program.Arm{Name: program.Winner, Share: left})
	}
	return arms
}

// start is the instant at which the first message may leave, in a zone.
func (p Plan) start(now time.Time, zone *time.Location) time.Time {
	if p.When == Now {
		return now
	}
	at, err := time.ParseInLocation(localTime, p.At, zone)
	if err != nil || at.Before(now) {
		return now
	}
	return at
}

// day is the day on which sending begins, by the company's zone.
func (p Plan) day(now time.Time, zone *time.Location) clock.Day {
	return clock.DayOf(p.start(now, zone), zone)
}
