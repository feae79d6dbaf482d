package today

import (
	"context"

	"stamm/internal/action/program"
	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
)

// programmePath is the page of the measures.
const programmePath = "/programme"

// effectTile is what the measures of this year brought for sure; none before there is a measure.
func effectTile(r *page.Request, from *figure.Source) ([]ui.Tile, error) {
	var measures []*program.Measure
	var spent map[int64]program.Spending
	err := r.Read(func(tx *store.Tx) (err error) {
		if measures, err = program.All(r.Context(), tx); err == nil {
			spent, err = program.Spent(r.Context(), tx)
		}
		return err
	})
	if err != nil || len(measures) == 0 {
		return nil, err
	}
	basis := program.Basis{AsOf: r.Today(), Margin: r.Company.Margin}
	proofs, known, err := figure.Soon(r.Context(), from, "today/programme "+store.JSON([]any{basis, measures, spent}),
		func(ctx context.Context, v *warehouse.View) ([]*program.Proof, error) {
			return program.ProveAll(ctx, v, measures, basis, spent)
		})
	if err != nil {
		return nil, err
	}
	tile := ui.Tile{Name: r.P.T("programme.proven.title"), Href: programmePath, Missing: r.P.T("insight.pending")}
	if known {
		year, _, _ := r.Today().Date()
		profit, proven, open := program.ProvenIn(proofs, year)
		tile.Value = r.P.MoneyRounded(int64(profit), r.Company.Currency)
		tile.Change = r.P.T("programme.proven.change", "proven", r.P.N("programme.measures_proven", int64(proven)), "open", r.P.N("programme.measures_open", int64(open)))
		tile.Explain = &ui.Explain{ID: "explain-programme", Title: tile.Name, Definition: r.P.T("programme.explain.proven.definition"), Purchase: r.P.T("programme.explain.purchase"),
			Refunds: r.P.T("programme.explain.refunds"), AsOf: r.P.Date(r.Today()), Rows: &ui.Anchor{Text: r.P.T("programme.title"), Href: programmePath}}
	}
	return []ui.Tile{tile}, nil
}
