package programme

import (
	"stamm/internal/action/program"
	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
)

// Effects are what each measure brought more than it cost, by its id, as a cell of other lists that leads to the proof. They
// are the figures of the programme's own page, which the warehouse remembers: a list of measures computes nothing for its
// rows. Without an entry nothing is known of a measure yet; the line says how old the figures are.
func (d Deps) Effects(r *page.Request) (map[int64]ui.Cell, ui.AsOf, error) {
	year, _, _ := r.Today().Date()
	b, err := readBook(r, year)
	if err != nil || len(b.measures) == 0 {
		return nil, ui.AsOf{}, err
	}
	patience := d.Patience
	if patience == 0 {
		patience = figure.Patience // also for the first time: the list is there without them
	}
	from := figure.From(d.Warehouse, patience, r.URL.RequestURI())
	res, known, err := figure.Soon(r.Context(), from, b.key(basis(r)), b.compute(basis(r)))
	if err != nil {
		return nil, ui.AsOf{}, err
	}
	asOf := from.AsOf(r.P.T("insight.source.net"))
	if !known {
		return nil, asOf, nil
	}
	w := pen{r.P, r.Company.Currency}
	all := make(map[int64]ui.Cell, len(res.proofs))
	for _, p := range res.proofs {
		all[p.ID] = w.brought(p)
	}
	return all, asOf, nil
}

// brought is what a measure brought, with its interval and how sure that is.
func (w pen) brought(p *program.Proof) ui.Cell {
	c := ui.Cell{Text: p.Verdict.Short(w.p), Href: Address(p.ID)}
	e := p.Verdict.Profit
	if !e.Known {
		return c
	}
	sure := c.Text
	if p.Verdict.Early {
		sure = w.p.T("programme.still_running")
	}
	c.Text = w.whole(e.Effect)
	c.Sub = w.p.T("programme.effect_sub", "between", w.between(e, w.whole), "sure", sure)
	return c
}
