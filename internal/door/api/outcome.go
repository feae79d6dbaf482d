package api

import (
	"fmt"

	"stamm/internal/platform/fault"
)

// The outcomes of a record that was sent.
const (
	outcomeNew       = "new"
	outcomeChanged   = "changed"
	outcomeUnchanged = "unchanged"
	outcomeErased    = "erased" // of a person who was erased: nothing is kept
)

// Outcome is what became of one record.
type Outcome struct {
	ID      int64  `json:"id,omitempty"`
	Outcome string `json:"outcome" enum:"new,changed,unchanged,erased"`
}

// BatchOutcome is what became of the records of a batch, in their order.
type BatchOutcome struct {
	New       int       `json:"new"`
	Changed   int       `json:"changed"`
	Unchanged int       `json:"unchanged"`
	Erased    int       `json:"erased,omitempty"`
	Records   []Outcome `json:"records"`
}

func batchOutcome(records []Outcome) *BatchOutcome {
	b := &BatchOutcome{Records: records}
	for _, r := range records {
		switch r.Outcome {
		case outcomeNew:
			b.New++
		case outcomeChanged:
			b.Changed++
		case outcomeUnchanged:
			b.Unchanged++
		case outcomeErased:
			b.Erased++
		}
	}
	return b
}

// maxRecords is how many records a batch has at most.
const maxRecords = 1000

// checkBatch refuses a batch with nothing in it, with too much, or that names the same thing twice. key names a record;
// field is where its key stands.
func checkBatch[T any](records []T, field string, key func(*T) any) error {
	switch {
	case len(records) == 0:
		return fault.New(fault.Invalid, "errors.required").On("records")
	case len(records) > maxRecords:
		return fault.New(fault.Invalid, "api.too_many", "max", maxRecords).On("records")
	}
	var bad joined
	seen := make(map[any]int, len(records))
	for i := range records {
		k := key(&records[i])
		if first, twice := seen[k]; twice {
			bad.add(record(i), fault.New(fault.Invalid, "api.twice", "first", fmt.Sprintf("records[%d]", first)).On(field))
			continue
		}
		seen[k] = i
	}
	return bad.err()
}

func record(i int) string { return fmt.Sprintf("records[%d]", i) }
