package connect

import (
	"context"
	"slices"

	"stamm/internal/platform/store"
)

const (
	forgetTurn = 1000 // errors looked at in one turn
	forgotten  = "…"  // what stands in the place of a value that was forgotten
	sqlForget  = `UPDATE import_error SET value = $3, args = $4 WHERE run = $1 AND n = $2`
)

// impersonal are the fields whose values say nothing about who someone is.
func impersonal(field string) bool {
	return slices.Contains([]string{"date", "amount", "quantity", "unit_price", "product", "currency", "rate", "status", "kind", "tax", "net", "gross",
		"shipping", "category", "cost", "due", "promised", "delivered", "country", "language", "gtin", "price", "unit", "active", "start", "end",
		"tenure", "churned", "decimal", "dates"}, field)
}

// ForgetValues takes out of the lists of errors of all runs what refused rows said where it may be about a person: a row that was
// not taken belongs to no customer, so an erasure cannot tell whose it was. File, line, field and reason stay.
func ForgetValues(ctx context.Context, db *store.DB) error {
	for before := int64(0); ; {
		var runs []*Run
		err := db.Read(ctx, func(tx *store.Tx) (err error) { runs, err = Runs(ctx, tx, before, forgetTurn); return err })
		if err != nil || len(runs) == 0 {
			return err
		}
		for _, r := range runs {
			if before = r.ID; r.Errors+r.Notices > 0 {
				if err := forgetRun(ctx, db, r.ID); err != nil {
					return err
				}
			}
		}
	}
}

func forgetRun(ctx context.Context, db *store.DB, run int64) error {
	for after, more := int64(0), true; more; {
		err := db.Bulk(ctx, store.System(), func(tx *store.Tx) error {
			all, err := Errors(ctx, tx, run, after, forgetTurn)
			if err != nil {
				return err
			}
			last := after
			for _, e := range all {
				last = e.N
				if impersonal(e.Field) || e.Value == forgotten {
					continue
				}
				if _, err := tx.Exec(ctx, sqlForget, run, e.N, forgotten, store.JSON(veiled(e.Args))); err != nil {
					return err
				}
			}
			after, more = last, len(all) == forgetTurn
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// veiled are arguments of a reason, names and values in turn, without texts as values.
func veiled(args []any) []any {
	out := slices.Clone(args)
	for i := 1; i < len(out); i += 2 {
		if _, is := out[i].(string); is {
			out[i] = forgotten
		}
	}
	if out == nil {
		out = []any{}
	}
	return out
}
