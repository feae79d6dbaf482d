package trial_test

import (
	"math"
	"testing"

	"stamm/internal/insight/trial"
)

// of returns a comparison with that t and as good as those degrees of freedom: the control group carries all of the variance.
func of(t, df float64) trial.Estimate {
	control := trial.Moments{N: int64(df) + 1, M2: df * (df + 1)} // its mean has the variance 1
	return trial.Compare(control, trial.Moments{N: 1 << 62, Mean: t})
}

// The constants are 2·scipy.stats.t.sf(t, df) and t.ppf(.975, df) of scipy 1.10.1.
func TestTailsOfStudentsTAreRightFarOut(t *testing.T) {
	for _, c := range []struct{ t, df, p float64 }{
		{4, 30, 0.0003818456360837564}, {8, 1e6, 1.245506343320247e-15}, {2, 5e7, 0.045500269295455094},
		{.001, 3e5, 0.9992021162370817}, {37, 200, 2.093551354928857e-91}, {1e-9, 10, 0.9999999992217832},
	} {
		near(t, "p", of(c.t, c.df).P, c.p, 1e-7)
	}
	for df, want := range map[float64]float64{1: 12.706204736432095, 30: 2.0422724563012373, 1e6: 1.9599663568141066, 5e7: 1.9599640319854796, 1e9: 1.959963986912325} {
		e := of(0, df)
		near(t, "half of the interval", e.Hi/e.SE, want, 1e-7)
	}
	if e := of(1e200, 30); e.P != 0 && math.IsNaN(e.P) {
		t.Errorf("p of a giant is %g", e.P)
	}
}
