package privacy_test

import (
	"context"
	"testing"

	"stamm/internal/action/privacy"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/customer"
)

func TestAnErasedPersonHasNoScoreAndTheWarehouseIsWrittenAnew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		var id, job int64
		err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
			w, err := customer.Upsert(ctx, tx, customer.Batch{Source: 1, Fields: []string{"external_id", "name"}, Rows: [][]string{{"4711", "Erika Muster"}}})
			if err != nil {
				return err
			}
			id = w.Outcomes[0].ID
			if _, err := tx.Exec(ctx, `INSERT INTO score (customer, model, band, active, active_lo, active_hi, expected, value, worth, clv, clv_lo, clv_hi, at_risk, reasons)
				VALUES ($1, 1, 'loyal', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, '[]')`, id); err != nil {
				return err
			}
			job, err = privacy.Erase(ctx, tx, id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Read(ctx, func(tx *store.Tx) error {
			var scores int
			if err := tx.QueryRow(ctx, `SELECT COUNT(1) FROM score WHERE customer = $1`, id).Scan(&scores); err != nil {
				return err
			}
			c, err := customer.Load(ctx, tx, id)
			if err != nil {
				return err
			}
			if scores != 0 || c.Name != "" || c.ErasedAt.IsZero() {
				t.Errorf("%d scores, name %q, erased at %v", scores, c.Name, c.ErasedAt)
			}
			j, err := jobs.Find(ctx, tx, job)
			if err == nil && j.Kind != privacy.CompactJob {
				t.Errorf("the job is %s", j.Kind)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
