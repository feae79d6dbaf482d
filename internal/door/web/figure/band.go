package figure

import (
	"github.com/a-h/templ"

	"stamm/internal/door/web/ui"
	"stamm/internal/insight/predict"
	"stamm/internal/platform/i18n"
)

// Band is the band of a customer as a chip.
func Band(p *i18n.Printer, b predict.Band) templ.Component { return ui.Chip(b.Words(p), BandTone(b)) }

// BandTone underlines what the band says in words.
func BandTone(b predict.Band) ui.Tone {
	switch b {
	case predict.Loyal:
		return ui.Good
	case predict.Promising, predict.New:
		return ui.Accent
	case predict.Cooling:
		return ui.Warn
	case predict.AtRisk:
		return ui.Bad
	}
	return ui.Neutral
}

// Between is an interval of chances: 31 % bis 55 %; one chance where both ends are written alike.
func Between(p *i18n.Printer, lo, hi float64) string {
	from, to := p.Chance(lo), p.Chance(hi)
	if from == to {
		return to
	}
	return p.T("outlook.between", "lo", from, "hi", to)
}
