// Package program keeps what the company does to hold its customers, so that every measure can be proved in euros: its aim
// and owner, what it cost, who got it and who was left alone, and what both groups did afterwards.
//
// A measure (a campaign; other kinds later) is drafted, runs, and is done or cancelled. What decides about its proof is fixed when it
// starts: outcome, days that count, share left alone, what the others get. Customers are drawn by a salted hash (Assign) the first time
// a measure wants to reach them; who was drawn, with which probability and when, is stored and never changes. Beside the control
// group of each measure a share of all customers may be left alone by every measure, which proves the programme as a whole.
//
// The proof (Prove) takes everyone drawn, whether reached or not, and counts in the warehouse what each brought. A company is
// drawn with all its contact persons, and her figures are those of the company.
package program

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

// KindCampaign is a measure that writes to customers once.
const KindCampaign = "campaign"

// State is how far a measure is.
type State string

// The states: a draft starts or is cancelled, a running measure ends or is cancelled.
const (
	Draft     State = "draft"
	Running   State = "running"
	Done      State = "done"
	Cancelled State = "cancelled"
)

// Outcome is what a measure is judged by, per customer drawn and within the horizon.
type Outcome string

// The outcomes. All are shown that there is anything to say about; the one fixed before the start decides.
const (
	Net    Outcome = "net"    // revenue after returns
	Margin Outcome = "margin" // what is left of it after the cost of the goods
	Orders Outcome = "orders" // orders that were not returned in full
	Visits Outcome = "visits" // days with a visit to the shop, see question.visits
)

// Outcomes are all of them.
func Outcomes() []Outcome { return []Outcome{Net, Margin, Orders, Visits} }

// Counted tells that an outcome is a number of things, not an amount of money.
func (o Outcome) Counted() bool { return o == Orders || o == Visits }

// Names of groups that have words of their own; no variant is called like a control group.
const (
	Control = "control" // left alone by this measure
	Global  = "global"  // left alone by every measure
	Winner  = "winner"  // gets the variant that wins
)

// Arm is what a part of the customers gets.
type Arm struct {
	Name  string `json:"name"`
	Share int    `json:"share"` // per mille of those who are not left alone
}

// Again says whether a measure is to be repeated, as somebody decided.
type Again string

// What may be decided; empty is nothing yet.
const (
	AgainYes    Again = "yes"
	AgainNo     Again = "no"
	AgainChange Again = "change" // with changes
)

// Measure is one measure. Amounts are minor units of the base currency.
type Measure struct {
	ID      int64
	Kind    string
	Name    string
	Goal    string
	Segment int64 // the audience; 0 for none
	Owner   int64 // user; 0 for nobody
	State   State
	Start   clock.Day
	End     clock.Day // last day on which customers may be drawn
	Window  int       // outcome days: what a customer does on the day she is drawn and on Window-1 days after it counts
	Control int       // per mille left alone
	Arms    []Arm
	Outcome Outcome
	Budget  int64
	Learned string // what was learned, in somebody's words
	Again   Again

	StartedAt, EndedAt *time.Time
	CreatedAt          time.Time
	CreatedBy          int64
}

// Limits of what can be entered.
const (
	maxName    = 120
	maxText    = 2000
	maxWindow  = 730
	maxControl = 900 // per mille; more would leave next to nobody for the measure
	maxArms    = 10
	maxBudget  = 1_000_000_000_00
)

// DefaultWindow are the outcome days of a measure where nothing else is said.
const DefaultWindow = 28

// complete fills in what a draft may leave out.
func (m *Measure) complete() {
	m.Name, m.Goal, m.Learned = strings.TrimSpace(m.Name), strings.TrimSpace(m.Goal), strings.TrimSpace(m.Learned)
	if m.Kind == "" {
		m.Kind = KindCampaign
	}
	if m.Window == 0 {
		m.Window = DefaultWindow
	}
	if m.Outcome == "" {
		m.Outcome = Net
	}
	if len(m.Arms) == 0 {
		m.Arms = []Arm{{"a", 1000}}
	}
	if m.End == 0 {
		m.End = m.Start
	}
}

// check reports everything wrong with the measure.
func (m *Measure) check() []error {
	var wrong []error
	bad := func(field, key string, args ...any) {
		wrong = append(wrong, fault.New(fault.Invalid, key, args...).On(field))
	}
	if m.Name == "" {
		bad("name", "errors.required")
	}
	for field, text := range map[string]struct {
		value string
		max   int
	}{"name": {m.Name, maxName}, "goal": {m.Goal, maxText}, "learned": {m.Learned, maxText}} {
		if utf8.RuneCountInString(text.value) > text.max {
			bad(field, "errors.too_long", "max", text.max)
		}
	}
	if m.Kind != KindCampaign {
		bad("kind", "errors.choice", "text", m.Kind)
	}
	if !slices.Contains(Outcomes(), m.Outcome) {
		bad("outcome", "errors.choice", "text", string(m.Outcome))
	}
	if m.Again != "" && m.Again != AgainYes && m.Again != AgainNo && m.Again != AgainChange {
		bad("again", "errors.choice", "text", string(m.Again))
	}
	if m.Start == 0 {
		bad("start", "errors.required")
	}
	if m.End < m.Start {
		bad("end", "program.error.end")
	}
	if m.Window < 1 || m.Window > maxWindow {
		bad("window", "program.error.window", "max", maxWindow)
	}
	if m.Control < 0 || m.Control > maxControl {
		bad("control", "program.error.control", "max", maxControl/10)
	}
	if m.Budget < 0 || m.Budget > maxBudget {
		bad("budget", "program.error.amount")
	}
	return append(wrong, m.checkArms()...)
}

func (m *Measure) checkArms() []error {
	var wrong []error
	bad := func(key string, args ...any) {
		wrong = append(wrong, fault.New(fault.Invalid, key, args...).On("arms"))
	}
	if len(m.Arms) > maxArms {
		bad("program.error.arms", "max", maxArms)
	}
	sum, seen := 0, map[string]bool{Control: true, Global: true, "": true}
	for _, a := range m.Arms {
		if seen[a.Name] || utf8.RuneCountInString(a.Name) > 40 {
			bad("program.error.arm", "arm", a.Name)
		}
		if a.Share < 1 {
			bad("program.error.arm_share", "arm", a.Name)
		}
		seen[a.Name] = true
		sum += a.Share
	}
	if sum != 1000 {
		bad("program.error.arm_sum", "sum", sum)
	}
	return wrong
}
