package predict

import (
	"math"

	"stamm/internal/platform/i18n"
)

// Words is the notice in a plain sentence. The numbers are {a}, {b} and {c} of the text predict.notice.CODE.
func (n Notice) Words(p *i18n.Printer) string {
	key := "predict.notice." + n.Code
	if !p.Has(key) {
		return n.Code // of a newer version
	}
	if len(n.Numbers) > 0 && n.Numbers[0] == 0 && p.Has(key+"_none") {
		key += "_none"
	}
	var args []any
	for i, v := range n.Numbers[:min(len(n.Numbers), 3)] {
		text := p.Decimal(v, 2)
		if v == math.Trunc(v) && math.Abs(v) < 1e15 {
			text = p.Number(int64(v))
		}
		args = append(args, string(rune('a'+i)), text)
	}
	return p.T(key, args...)
}

// Words is the name of the band.
func (b Band) Words(p *i18n.Printer) string { return p.T("predict.band." + string(b)) }

// ModelWords is the name of a model or rule.
func ModelWords(p *i18n.Printer, name string) string { return p.T("predict.model." + name) }
