package programme

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	"stamm/internal/action/program"
	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
)

// plannedPatience is how long a form waits for what the planner suggests.
const plannedPatience = 2 * time.Second

// Planned is what the planner says of a measure for the customers of a segment, 0 for everybody who buys, less those of others: how many per mille to leave
// alone, which is its suggestion unless the question names a share, and what could be seen then, as a sentence that leads to the planner.
// share is 0 while that is not known, and where nobody bought, so that nothing can be planned.
func (d Deps) Planned(r *page.Request, q program.PlanQuestion, of int64, without []int64) (share int, said ui.Anchor, err error) {
	q.AsOf, q.Margin = r.Today().AddDays(-1), r.Company.Margin
	if err := d.members(r, &q, of, without); err != nil || of != 0 && q.Audience == nil {
		return 0, ui.Anchor{}, err
	}
	from := figure.From(d.Warehouse, max(d.Patience, plannedPatience), r.URL.RequestURI())
	ask := func() (*program.Plan, bool, error) {
		return figure.Soon(r.Context(), from, "programme/plan "+store.JSON(q), func(ctx context.Context, v *warehouse.View) (*program.Plan, error) {
			return program.PlanFor(ctx, v, q)
		})
	}
	p, known, err := ask()
	if err == nil && known && p.MDE == 0 && of != 0 && q.Drawn > 0 { // as where the condition asks for what nobody knew then: everybody who buys tells how much purchases vary
		q.Audience, of = nil, 0
		p, known, err = ask()
	}
	if err != nil || !known || p.MDE == 0 {
		return 0, ui.Anchor{}, err
	}
	asked := url.Values{"outcome": {string(q.Outcome)}, "window": {strconv.Itoa(q.Window)}, "control": {strconv.FormatFloat(float64(p.Share)/10, 'f', -1, 64)}}
	if of != 0 {
		asked.Set("segment", strconv.FormatInt(of, 10))
	}
	return p.Share, ui.Anchor{Text: pen{r.P, r.Company.Currency}.planSentence(p), Href: planPath + "?" + asked.Encode()}, nil
}

// members asks about the customers of a segment less those of others, as of the day before the days that are looked at; a segment that is not
// there asks nothing.
func (d Deps) members(r *page.Request, q *program.PlanQuestion, of int64, without []int64) error {
	if of == 0 && len(without) == 0 {
		return nil
	}
	return r.Read(func(tx *store.Tx) error {
		b, err := segment.Open(r.Context(), tx, d.Fields)
		if err != nil {
			return err
		}
		var in *filter.Tree
		var out, not []filter.Tree
		for _, s := range b.Segments() {
			meaning := b.Meaning(s)
			if s.ID == of {
				in = &meaning
			}
			if slices.Contains(without, s.ID) {
				out, not = append(out, meaning), append(not, filter.Tree{Join: filter.Not, Parts: []filter.Tree{meaning}})
			}
		}
		tree, to := filter.Tree{Join: filter.Or, Parts: out}, &q.Without
		switch {
		case in != nil:
			tree, to = filter.Tree{Join: filter.And, Parts: append([]filter.Tree{*in}, not...)}, &q.Audience
		case of != 0 || out == nil:
			return nil
		}
		compiled, err := b.Query(tree, q.AsOf.AddDays(-q.Window))
		if err != nil {
			return err
		}
		text := compiled.Customers()
		*to = &text
		return nil
	})
}
