package figure

import (
	"strings"

	"stamm/internal/door/connect"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/report"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/document"
)

// Blank tells whether a result has nothing to show: no purchases, and no figure that is more than nothing.
func Blank(res *report.Result) bool {
	if res.From != nil {
		return false
	}
	for _, f := range res.Figures {
		if !f.None && (f.Int != 0 || f.Float != 0) {
			return false
		}
	}
	return true
}

// Empty is what stands there before the first purchase: what one will see, and the first step towards it for whoever may
// take it. Where there are orders that do not count, it says why.
func Empty(r *page.Request) (ui.Empty, error) {
	e := ui.Empty{Icon: "chart-histogram", Title: r.P.T("insight.empty.title"), Text: r.P.T("insight.empty.text")}
	if r.Can(auth.WriteImports) {
		e.Action = &ui.Anchor{Text: r.P.T("insight.empty.import"), Href: "/imports/new"}
	} else {
		e.Text += " " + r.P.T("insight.empty.ask")
	}
	rates, others, err := leftOut(r)
	switch {
	case len(rates) > 0:
		e.Icon, e.Title, e.Text = "alert-triangle", r.P.T("insight.left_out.rates"), strings.Join(rates, " ")
		e.Second = e.Action
		if e.Action = nil; r.Can(auth.WriteSettings) {
			e.Action = &ui.Anchor{Text: r.P.T("insight.left_out.enter"), Href: RatesPage}
		}
	case others != "":
		e.Icon, e.Title, e.Text = "alert-triangle", r.P.T("insight.left_out.title"), others
	}
	return e, err
}

// RatesPage is where exchange rates are entered.
const RatesPage = "/admin/settings#rates"

// LeftOut says for lack of which exchange rates orders are missing in all figures; empty where none are.
func LeftOut(r *page.Request, tx *store.Tx) ([]string, error) {
	all, err := connect.NoRates(r.Context(), tx)
	words := make([]string, len(all))
	for i, n := range all {
		words[i] = n.Words(r.P, r.Company.Currency)
	}
	return words, err
}

// leftOut says why what is there is no purchase: rates that are missing, and documents that do not count.
func leftOut(r *page.Request) (rates []string, others string, err error) {
	var u document.Uncounted
	err = r.Read(func(tx *store.Tx) (err error) {
		if rates, err = LeftOut(r, tx); err != nil || len(rates) > 0 {
			return err
		}
		u, err = document.CountUncounted(r.Context(), tx)
		return err
	})
	if err != nil || u.Documents == 0 {
		return rates, "", err
	}
	parts := []string{r.P.N("insight.left_out.documents", u.Documents)}
	for _, why := range []struct {
		key string
		n   int64
	}{{"nobody", u.Nobody}, {"excluded", u.Excluded}, {"no_sale", u.NoSale}} {
		if why.n > 0 {
			parts = append(parts, r.P.N("insight.left_out."+why.key, why.n))
		}
	}
	return nil, strings.Join(parts, " "), nil
}
