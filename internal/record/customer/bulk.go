package customer

import (
	"context"
	"strconv"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// MaxRows is how many rows Upsert and Ensure take in one call.
const MaxRows = 1000

// Batch is a slice of a file about customers.
type Batch struct {
	Source int64
	Run    int64      // the import, 0 for none
	Fields []string   // what the values of a row are: ImportFields and custom.KEY, each once
	Rows   [][]string // as Catalogue.Check returns them, in the order of Fields
}

// Status is what became of a row.
type Status uint8

// The five ways a row can go.
const (
	Unchanged Status = iota
	New
	Changed
	Erased  // she was erased, and what came is hers: nothing is written, the id is 0
	Unnamed // the row has neither a number nor a mail address to know her by; the id is 0
)

// Outcome is what became of a row, and whose it is.
type Outcome struct {
	ID     int64
	Status Status
}

// Written is the result of a bulk write. The caller appends one change to the feed for it.
type Written struct {
	Outcomes []Outcome         // one a row
	Rows     feed.Rows         // what the warehouse must read again
	Old      map[string]string // "customer:ID" → what the changed fields held, as JSON; for Revert and the history
	OldOf    map[string]int64  // the customer of each old value
}

// OldField is the name under which the feed keeps what an import changed of a customer.
func OldField(id int64) string { return "customer:" + strconv.FormatInt(id, 10) }

// Upsert creates and changes customers from the rows of a file, at most MaxRows. A customer is found by source and
// external id; in a row without one by mail address; never by name. Fields the file does not have stay as they are. An
// empty cell takes back what this source said, and nothing that somebody else said. The same row as last time changes
// nothing, so what a person corrected stays until the file says something new.
func Upsert(ctx context.Context, tx *store.Tx, b Batch) (Written, error) {
	return upsert(ctx, tx, b, false, true)
}

// Decide returns what Upsert would do, without writing; it runs in a read transaction. Rows of one customer in
// different calls are each New.
func Decide(ctx context.Context, tx *store.Tx, b Batch) ([]Outcome, error) {
	w, err := upsert(ctx, tx, b, false, false)
	return w.Outcomes, err
}

// Ensure finds the customers that other records name and creates those that are missing. It changes nobody, so a batch
// of external ids alone costs one query.
func Ensure(ctx context.Context, tx *store.Tx, b Batch) (Written, error) {
	return upsert(ctx, tx, b, true, true)
}

// DecideEnsure returns what Ensure would do, without writing.
func DecideEnsure(ctx context.Context, tx *store.Tx, b Batch) ([]Outcome, error) {
	w, err := upsert(ctx, tx, b, true, false)
	return w.Outcomes, err
}

// Known returns whom the rows are about, 0 for somebody Ensure would create or leave out.
func Known(ctx context.Context, tx *store.Tx, b Batch) ([]int64, error) {
	d, err := newDecision(b)
	if err != nil {
		return nil, err
	}
	if err := d.find(ctx, tx); err != nil {
		return nil, err
	}
	ids := make([]int64, len(d.rows))
	for i := range d.rows {
		if k := d.knownTo(&d.rows[i]); k != nil {
			ids[i] = k.id
		}
	}
	return ids, nil
}

func upsert(ctx context.Context, tx *store.Tx, b Batch, onlyNew, write bool) (Written, error) {
	d, err := newDecision(b)
	if err != nil {
		return Written{}, err
	}
	d.onlyNew, d.now = onlyNew, clock.Micros(tx.Now)
	if err := d.find(ctx, tx); err != nil {
		return Written{}, err
	}
	if err := d.load(ctx, tx); err != nil {
		return Written{}, err
	}
	if err := d.apply(ctx, tx); err != nil {
		return Written{}, err
	}
	if !write {
		return d.tentative()
	}
	return d.record(ctx, tx)
}
