package sheet

import (
	"context"
	"strings"
)

// ContractRow is one row of a file of contracts. As with OrderRow it is used again for the next row, and its texts stay valid.
type ContractRow struct {
	Place
	Contract string // number in the other system, empty if the file has none
	Customer string
	Email    string
	Plan     string
	Start    Instant
	End      Instant // the last day; not set for a contract without an end
	Tenure   Value   // months it has run, in thousandths
	Churned  Flag    // whether it ended after them
	Reason   string
}

var contractAccess = map[string]access[ContractRow]{
	"contract": {words: func(r *ContractRow) *string { return &r.Contract }},
	"customer": {words: func(r *ContractRow) *string { return &r.Customer }},
	"email":    {words: func(r *ContractRow) *string { return &r.Email }},
	"plan":     {words: func(r *ContractRow) *string { return &r.Plan }},
	"start":    {instant: func(r *ContractRow) *Instant { return &r.Start }},
	"end":      {instant: func(r *ContractRow) *Instant { return &r.End }},
	"tenure":   {number: func(r *ContractRow) *Value { return &r.Tenure }},
	"churned":  {flag: func(r *ContractRow) *Flag { return &r.Churned }},
	"reason":   {words: func(r *ContractRow) *string { return &r.Reason }},
}

// Contracts reads the rows of files of contracts, as Orders does.
func (f *Files) Contracts(ctx context.Context, s *Survey, skip int64, row func(*ContractRow) error, bad func(RowError) error) error {
	return readRows(ctx, f, s, Contracts, skip, contractAccess, finishContract, func(r *ContractRow) *Place { return &r.Place }, row, bad)
}

func finishContract(in *interpreter, r *ContractRow) *RowError {
	switch {
	case r.Customer == "" && r.Email == "":
		return in.bad("customer", badMissing, "")
	case !r.Start.Set && !r.Tenure.Set:
		field := "start"
		if _, ok := in.plan.column(field); !ok {
			field = "tenure"
		}
		return in.bad(field, badMissing, "")
	}
	return nil
}

// endlessWords are the ways people write that a contract has no end.
var endlessWords = map[string]bool{
	"unbefristet": true, "unbegrenzt": true, "offen": true, "laufend": true, "aktiv": true, "open": true, "openended": true, "ongoing": true, "unlimited": true,
	"active": true, "current": true, "none": true, "never": true, "keines": true, "kein": true, "ohne": true, "bisaufweiteres": true, "biszurkuendigung": true,
}

// endless reports the ways people and systems (31.12.9999) write that a contract has no end.
func endless(cell string) bool { return endlessWords[fold(cell)] || strings.Contains(cell, "9999") }
