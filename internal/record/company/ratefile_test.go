package company_test

import (
	"strings"
	"testing"

	"stamm/internal/platform/fault"
	"stamm/internal/record/company"

	"github.com/google/go-cmp/cmp"
)

func TestRatesAreReadInAnyOrderOfColumns(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"no headings":       "USD;2026-01-31;0,9312",
		"english":           "currency,valid_from,rate\nUSD,2026-01-31,0.9312\n",
		"german, in Excel":  "\xef\xbb\xbfKurs;Gültig ab;Währung\r\n0,9312;31.01.2026;usd\r\n",
		"tabs and a remark": "Datum\tBemerkung\tCode\tKurs\n31.1.2026\t\"EZB; Mittel\"\tUSD\t 0.9312 \n",
	} {
		lines, err := company.ReadRates(strings.NewReader(file), "EUR", false)
		if err != nil || len(lines) != 1 || lines[0].Err != nil {
			t.Errorf("%s: %+v, %v", name, lines, err)
			continue
		}
		r := lines[0].Rate
		if diff := cmp.Diff("USD 2026-01-31 0.9312", r.Currency+" "+r.ValidFrom.String()+" "+r.Rate.String()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestWrongLinesAreNamedAndOtherFilesRefused(t *testing.T) {
	t.Parallel()
	lines, err := company.ReadRates(strings.NewReader("currency;from;rate\nEUR;2026-01-01;1\nUSD;31.13.2026;-1\nGBP\nCHF;2026-01-01;0\nSEK;2026-01-01;0,09\n"), "EUR", false)
	if err != nil {
		t.Fatal(err)
	}
	got := map[int][]string{}
	for _, l := range lines {
		for _, f := range fault.All(l.Err) {
			got[l.N] = append(got[l.N], f.Field+" "+f.Key)
		}
	}
	want := map[int][]string{2: {"currency company.rate_own"}, 3: {"from errors.day", "rate errors.rate"}, 4: {" company.rate_line"}, 5: {"rate errors.rate"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, file := range map[string]string{"empty": "", "headings alone": "currency;from;rate\n", "not text": "\xff\xfe\x00U", "too many": strings.Repeat("USD;2026-01-01;1\n", company.MostRates+1)} {
		if _, err := company.ReadRates(strings.NewReader(file), "EUR", false); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRates(f *testing.F) {
	f.Add("USD;2026-01-31;0,9312", true)
	f.Add("currency,valid_from,rate\nUSD,2026-01-31,0.9312\n\"", false)
	f.Fuzz(func(t *testing.T, file string, inverse bool) {
		lines, err := company.ReadRates(strings.NewReader(file), "EUR", inverse)
		if err != nil {
			return
		}
		for _, l := range lines {
			if l.Err == nil && (l.Rate.Rate.IsZero() || l.Currency == "EUR" || len(l.Currency) != 3) {
				t.Errorf("%+v", l)
			}
		}
	})
}
