package browsertest

import (
	_ "embed"
	"strings"
)

//go:embed contrast.js
var contrastScript string

// Contrast fails the test for every visible text whose colour does not stand out
// from its background by 4.5 to 1 (3 to 1 for large text), the measure of WCAG
// 2.1 AA. Texts on pictures and of disabled controls are left out.
func (b *Browser) Contrast() {
	b.t.Helper()
	weak := seen[[]string](b, contrastScript)
	if len(weak) > 0 {
		b.t.Errorf("too little contrast: %s", strings.Join(weak, "; "))
	}
}
