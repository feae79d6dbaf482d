package predict_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/insight/predict"
)

// Refits of simulated data and the covariance of the parameters are two ways to the same spread.
func TestTheBootstrapAgreesWithTheDeltaMethod(t *testing.T) {
	t.Parallel()
	db := twoCountries(t, 600, 1, 1)
	o := predict.Options{AsOf: mustDay(t, "2024-12-30"), Horizon: 91}
	b, err := predict.BootstrapTotals(context.Background(), db, o, 40, 7)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Totals) < 2 || b.Seed != 7 {
		t.Fatalf("%+v", b)
	}
	for _, one := range b.Totals {
		if !(one.Lo < one.Expected && one.Expected < one.Hi) || one.SE < one.DeltaSE/2 || one.SE > one.DeltaSE*2 {
			t.Errorf("%+v", one)
		}
	}
	again, err := predict.BootstrapTotals(context.Background(), db, o, 40, 7)
	if diff := cmp.Diff(b, again); diff != "" || err != nil {
		t.Errorf("the same seed: %v %s", err, diff)
	}
	if _, err := predict.BootstrapTotals(context.Background(), db, o, 5, 7); err == nil {
		t.Error("five refits are taken")
	}
}
