package figure_test

import (
	"strings"
	"testing"

	"stamm/internal/door/web/figure"
	"stamm/internal/platform/i18n"
)

func TestNoEndOfAnIntervalOfChancesIsCertain(t *testing.T) {
	for _, tt := range []struct {
		lo, hi float64
		de, en string
	}{
		{0.31, 0.55, "31 % bis 55 %", "31% to 55%"},
		{0, 0.02, "< 1 % bis 2 %", "<1% to 2%"},
		{0.98, 1, "98 % bis > 99 %", "98% to >99%"},
		{0, 0.004, "< 1 %", "<1%"},
		{0.996, 0.9999, "> 99 %", ">99%"},
	} {
		for lang, want := range map[string]string{"de": tt.de, "en": tt.en} {
			if got := strings.ReplaceAll(figure.Between(i18n.For(lang, nil), tt.lo, tt.hi), i18n.NBSP, " "); got != want {
				t.Errorf("%v to %v: %q, want %q", tt.lo, tt.hi, got, want)
			}
		}
	}
}
