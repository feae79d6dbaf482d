package predict_test

import (
	"context"
	"testing"

	"stamm/internal/insight/predict"
)

func TestTheSelfTestFindsEveryNumberRight(t *testing.T) {
	t.Parallel()
	all, err := predict.SelfTest(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 200 {
		t.Errorf("%d numbers are checked", len(all))
	}
	for _, c := range all {
		if !c.OK {
			t.Errorf("%s is %v, want %v within %v", c.What, c.Got, c.Want, c.Most)
		}
	}
}
