package program

import (
	"math"
	"strings"

	"stamm/internal/platform/i18n"
)

// Sentence says the verdict in words, amounts rounded to whole units of the currency.
func (v Verdict) Sentence(p *i18n.Printer, currency string) string {
	switch v.Code {
	case Gain, Loss, Unsure:
	default:
		return p.T("program.verdict." + v.Code)
	}
	key := "program.verdict.brought"
	if v.Profit.Effect < 0 {
		key = "program.verdict.cost"
	}
	if v.Early {
		key += "_early"
	}
	amount := func(minor float64) string { return p.MoneyRounded(whole64(minor), currency) }
	text := p.T(key, "amount", amount(math.Abs(v.Profit.Effect)), "lo", amount(v.Profit.Lo), "hi", amount(v.Profit.Hi))
	switch {
	case v.Code != Unsure:
		return text + " " + p.T("program.verdict.sure")
	case v.MoreCustomers > 0:
		return text + " " + p.T("program.verdict.more", "days", p.N("common.days", int64(v.MoreDays)), "customers", p.Number(v.MoreCustomers))
	}
	return text + " " + p.T("program.verdict.far")
}

// Short says the verdict in a word or two.
func (v Verdict) Short(p *i18n.Printer) string { return p.T("program.short." + v.Code) }

// whole64 rounds an amount that statistics came to; what does not fit is as large as there is.
func whole64(f float64) int64 {
	return int64(math.Round(max(-9e15, min(9e15, f))))
}

// ArmName is what a group is called: variants of campaigns bear letters, those of measures made elsewhere names.
func ArmName(p *i18n.Printer, arm string) string {
	switch {
	case arm == Control || arm == Global || arm == Winner:
		return p.T("program.arm." + arm)
	case len(arm) == 1:
		return p.T("program.arm.variant", "name", strings.ToUpper(arm))
	}
	return arm
}
