package program

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
)

// Assigned is the group of a customer in a measure.
type Assigned struct {
	Customer    int64   // who was drawn: the company of a contact person
	Arm         string  // Control, Global or the name of a variant
	Probability float64 // with which she came into it
}

// Alone tells that nothing of the measure may reach her.
func (a Assigned) Alone() bool { return a.Arm == Control || a.Arm == Global }

// assignSlice is how many customers are drawn with one set of statements.
const assignSlice = 1000

// Assign draws who has not been drawn for the measure and returns the groups of all, in the order of buyers. A contact person is drawn
// as her company. The answer for a customer is the same for ever. New customers can be drawn only while the measure runs. More than
// assignSlice at a time belong into the bulk lane of the store, in several turns.
func Assign(ctx context.Context, tx *store.Tx, measure int64, buyers []int64) ([]Assigned, error) {
	return assign(ctx, tx, measure, buyers, true)
}

// Drawn returns what Assign would, without storing anything; it works in a reading transaction and for drafts.
func Drawn(ctx context.Context, tx *store.Tx, measure int64, buyers []int64) ([]Assigned, error) {
	return assign(ctx, tx, measure, buyers, false)
}

func assign(ctx context.Context, tx *store.Tx, measure int64, buyers []int64, keep bool) ([]Assigned, error) {
	d, err := newDraw(ctx, tx, measure)
	if err != nil {
		return nil, err
	}
	all := make([]Assigned, 0, len(buyers))
	for part := range slices.Chunk(buyers, assignSlice) {
		if all, err = d.slice(ctx, tx, part, keep, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// draw is the lottery of a measure.
type draw struct {
	*Measure
	salt   []byte
	global int // per mille
	today  clock.Day
}

func newDraw(ctx context.Context, tx *store.Tx, measure int64) (*draw, error) {
	m, err := Load(ctx, tx, measure)
	if err != nil {
		return nil, err
	}
	rules, err := LoadRules(ctx, tx)
	if err != nil {
		return nil, err
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return nil, err
	}
	return &draw{Measure: m, salt: []byte(rules.salt), global: rules.Share, today: clock.DayOf(tx.Now, settings.Zone())}, nil
}

// slice draws a part and appends its groups to all.
func (d *draw) slice(ctx context.Context, tx *store.Tx, part []int64, keep bool, all []Assigned) ([]Assigned, error) {
	company, err := customer.Buyers(ctx, tx, part, d.today)
	if err != nil {
		return nil, err
	}
	if len(company) > 0 {
		part = slices.Clone(part)
		for i, id := range part {
			if of, acts := company[id]; acts {
				part[i] = of
			}
		}
	}
	known, err := drawnAmong(ctx, tx, d.ID, part)
	if err != nil {
		return nil, err
	}
	var fresh []Assigned
	for _, id := range part {
		a, is := known[id]
		if !is {
			a = d.of(id)
			known[id] = a
			fresh = append(fresh, a)
		}
		all = append(all, a)
	}
	if !keep || len(fresh) == 0 {
		return all, nil
	}
	if d.State != Running {
		return nil, fault.New(fault.Conflict, "program.error.not_running")
	}
	return all, d.keep(ctx, tx, fresh)
}

// whole is the range of the numbers that are drawn.
const whole = 1_000_000

// of draws a customer: first for the group that every measure leaves alone, then for this measure's own, then what she gets.
func (d *draw) of(id int64) Assigned {
	if number(d.salt, 0, id) < d.global*whole/1000 {
		return Assigned{id, Global, float64(d.global) / 1000}
	}
	rest := 1 - float64(d.global)/1000
	n := number(d.salt, d.ID, id)
	limit := d.Control * whole / 1000
	if n < limit {
		return Assigned{id, Control, rest * float64(d.Control) / 1000}
	}
	// The rest of the range, cut by the shares of the variants. The last takes what rounding leaves.
	treated, sum := whole-limit, 0
	for i, a := range d.Arms {
		sum += a.Share
		if n < limit+treated*sum/1000 || i == len(d.Arms)-1 {
			return Assigned{id, a.Name, rest * float64(treated) / whole * float64(a.Share) / 1000}
		}
	}
	return Assigned{id, Control, 0} // a measure has at least one variant
}

// number is a customer's number in a measure, from 0 to whole-1: a hash of the installation's salt, the measure and the customer, so that
// groups of different measures have nothing to do with each other. Measure 0 is the programme.
func number(salt []byte, measure, customer int64) int {
	var b [64]byte
	text := append(b[:0], salt...)
	text = binary.BigEndian.AppendUint64(text, uint64(measure))
	text = binary.BigEndian.AppendUint64(text, uint64(customer))
	sum := sha256.Sum256(text)
	return int(binary.BigEndian.Uint64(sum[:8]) % whole)
}

var assignedColumns = []string{"id", "measure", "customer", "arm", "probability", "day", "at"}

// keep stores who was drawn.
func (d *draw) keep(ctx context.Context, tx *store.Tx, fresh []Assigned) error {
	ids, err := tx.ReserveIDs(ctx, "measure_customer", len(fresh))
	if err != nil {
		return err
	}
	at := clock.Micros(tx.Now)
	rows := store.NewRows(len(fresh), len(assignedColumns))
	for i, a := range fresh {
		rows.End(append(rows.Row(), ids[i], d.ID, a.Customer, a.Arm, int64(a.Probability*whole+.5), int64(d.today), at))
	}
	if err := tx.Insert(ctx, "measure_customer", assignedColumns, rows.All); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindAssigned, Subject: d.ID, Body: map[string]any{"customers": len(fresh)},
		Rows: feed.Rows{tableAssigned: feed.Ranges(ids)}})
	return err
}

// drawnAmong are the groups of those who were drawn before.
func drawnAmong(ctx context.Context, tx *store.Tx, measure int64, ids []int64) (map[int64]Assigned, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlDrawn, tx.Numbers("$2")), measure, store.JSON(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := make(map[int64]Assigned, len(ids))
	for rows.Next() {
		var a Assigned
		var millionths int64
		if err := rows.Scan(&a.Customer, &a.Arm, &millionths); err != nil {
			return nil, err
		}
		a.Probability = float64(millionths) / whole
		known[a.Customer] = a
	}
	return known, rows.Err()
}

// Membership is the group of a customer in one of her measures, and the day she was drawn.
type Membership struct {
	Measure int64
	Day     clock.Day
	Assigned
}

// OfCustomer lists the measures a customer was drawn for, the newest first.
func OfCustomer(ctx context.Context, tx *store.Tx, customer int64) ([]Membership, error) {
	rows, err := tx.Query(ctx, sqlOf, customer)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Membership
	for rows.Next() {
		m := Membership{Assigned: Assigned{Customer: customer}}
		var millionths, day int64
		if err := rows.Scan(&m.Measure, &m.Arm, &millionths, &day); err != nil {
			return nil, err
		}
		m.Probability, m.Day = float64(millionths)/whole, clock.Day(day)
		all = append(all, m)
	}
	return all, rows.Err()
}

// Rules hold for all measures.
type Rules struct {
	Share int // per mille of all customers whom every measure leaves alone

	salt string
}

// LoadRules reads the rules. Before the first measure nobody is left alone.
func LoadRules(ctx context.Context, tx *store.Tx) (Rules, error) {
	var r Rules
	err := tx.QueryRow(ctx, sqlRules).Scan(&r.salt, &r.Share)
	if errors.Is(err, store.ErrNoRows) {
		return Rules{}, nil
	}
	return r, err
}

// maxGlobal is how many per mille may be left alone by everything.
const maxGlobal = 300

// SetShare says how many per mille of all customers every measure leaves alone. It holds for who is drawn from now on: raised, those who
// were left alone stay so; lowered, some of them may be reached by later measures.
func SetShare(ctx context.Context, tx *store.Tx, share int) error {
	if share < 0 || share > maxGlobal {
		return fault.New(fault.Invalid, "program.error.control", "max", maxGlobal/10).On("share")
	}
	if err := ensureSalt(ctx, tx); err != nil {
		return err
	}
	r, err := LoadRules(ctx, tx)
	if err != nil || r.Share == share {
		return err
	}
	if _, err := tx.Exec(ctx, sqlPutShare, share, clock.Micros(tx.Now)); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindRules, Body: map[string]any{"share": share, "before": r.Share}})
	return err
}

// ensureSalt draws the salt of the installation once.
func ensureSalt(ctx context.Context, tx *store.Tx) error {
	r, err := LoadRules(ctx, tx)
	if err != nil || r.salt != "" {
		return err
	}
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sqlSalt, hex.EncodeToString(b[:]), clock.Micros(tx.Now))
	return err
}
