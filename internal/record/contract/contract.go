// Package contract keeps what customers have agreed to for a time, so that one can tell how long they stay, who has
// left and why.
//
// A contract is known by its source and its number there. Files without numbers are common; then it is known by
// customer, plan and first day. Some files do not even know days, only how many months a contract has run and whether
// it ended then; that is kept as it was said, with the day on which it was so.
package contract

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// Kinds of the changes this package appends to the feed. Their subject is the contract, and their bodies hold days as
// numbers (clock.Day) and names of fields, never the plan or the reason.
const (
	KindStarted = "contract.started"
	KindEnded   = "contract.ended"
	KindChanged = "contract.changed"
)

// Contract is one contract of a customer.
type Contract struct {
	ID         int64
	Source     int64
	ExternalID string // number in the source, empty if it has none
	Customer   int64
	Plan       string // what the source calls it; may be empty

	// Started is the first day and Ended the last one; nil is not known, and still running or without an end.
	Started, Ended *clock.Day

	// Tenure counts the full months it has run, and Churned tells whether it ended after them, where the source knows
	// no days. ObservedUntil is the day as of which the source said so.
	Tenure        *int64
	Churned       bool
	ObservedUntil *clock.Day

	Reason string // why it ended, in somebody's words

	MadeRun, Run         int64
	CreatedAt, ChangedAt time.Time
}

const (
	maxPlan   = 200
	maxReason = 2000
	maxTenure = 1200 // a hundred years
)

// Validate reports the first thing wrong with the contract, the customer left aside.
func (c *Contract) Validate() error {
	switch {
	case len(c.ExternalID) > maxPlan:
		return fault.New(fault.Invalid, "errors.too_long", "max", maxPlan).On("contract")
	case len(c.Plan) > maxPlan:
		return fault.New(fault.Invalid, "errors.too_long", "max", maxPlan).On("plan")
	case len(c.Reason) > maxReason:
		return fault.New(fault.Invalid, "errors.too_long", "max", maxReason).On("reason")
	case c.Started == nil && c.Tenure == nil:
		return fault.New(fault.Invalid, "contract.no_start").On("start")
	case c.Started != nil && c.Ended != nil && *c.Ended < *c.Started:
		return fault.New(fault.Invalid, "contract.ends_before").On("end")
	case c.Tenure != nil && (*c.Tenure < 0 || *c.Tenure > maxTenure):
		return fault.New(fault.Invalid, "contract.tenure", "max", maxTenure).On("tenure")
	}
	return nil
}

// key names the contract within its source.
func (c *Contract) key() string {
	if c.ExternalID != "" {
		return "n" + c.ExternalID
	}
	start := "-"
	if c.Started != nil {
		start = c.Started.String()
	}
	return fmt.Sprintf("c%d %s %s", c.Customer, start, c.Plan)
}

// hash tells whether a file says anything new. On which day a tenure was so is no news by itself.
func (c *Contract) hash() int64 {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\x00%s\x00%s\x00%s\x00%s", c.Customer, c.Plan, dayText(c.Started), dayText(c.Ended), c.Reason)
	if c.Tenure != nil {
		fmt.Fprintf(&b, "\x00%d %t", *c.Tenure, c.Churned)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return int64(binary.LittleEndian.Uint64(sum[:]))
}

func dayText(d *clock.Day) string {
	if d == nil {
		return ""
	}
	return d.String()
}

// over tells whether the contract has an end, be it still to come.
func (c *Contract) over() bool { return c.Ended != nil || c.Churned }

func number[T ~int64 | ~int32 | ~int](v *T) any {
	if v == nil {
		return nil
	}
	return int64(*v)
}

// values are the columns after id up to changed_at, in the order of fields.
func (c *Contract) values() []any {
	return []any{c.Source, c.key(), c.ExternalID, c.Customer, c.Plan, number(c.Started), number(c.Ended), number(c.Tenure),
		store.Flag(c.Churned), number(c.ObservedUntil), c.Reason, c.MadeRun, c.Run, c.hash()}
}
