package figure

import (
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/report"
	"stamm/internal/record/auth"
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
// take it.
func Empty(r *page.Request) ui.Empty {
	e := ui.Empty{Icon: "chart-histogram", Title: r.P.T("insight.empty.title"), Text: r.P.T("insight.empty.text")}
	if r.Can(auth.WriteImports) {
		e.Action = &ui.Anchor{Text: r.P.T("insight.empty.import"), Href: "/imports/new"}
	} else {
		e.Text += " " + r.P.T("insight.empty.ask")
	}
	return e
}
