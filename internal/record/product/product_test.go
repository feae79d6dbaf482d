package product_test

import (
	"testing"

	"stamm/internal/record/product"
)

func TestGTINsHaveACheckDigit(t *testing.T) {
	for s, want := range map[string]bool{
		"4006381333931": true, "4006381333932": false, "96385074": true, "036000291452": true, "10614141000415": true, "400638133393": false, "": false, "400638133393x": false, "4,0E+12": false, "0": false,
	} {
		if got := product.ValidGTIN(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}
