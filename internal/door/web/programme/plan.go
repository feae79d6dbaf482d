package programme

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/a-h/templ"

	"stamm/internal/action/program"
	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
)

// planFields is what the planner is asked, as it was typed.
type planFields struct {
	Segments, Outcomes      []ui.Option
	Window, Control, Effect string
	Errors                  ui.Errors
}

// plan says how small an effect a measure of some customers could see. Everything stands in the address.
func (d Deps) plan(r *page.Request) error {
	w := pen{r.P, r.Company.Currency}
	q, f, err := d.planQuestion(r, w)
	if err != nil {
		f.Errors = ui.ErrorsOf(r.P, err)
		return r.RenderStatus(page.Status(fault.As(err).Code), r.P.T("programme.plan.title"), ui.All(planHead(w, nil), w.card("planner", "", planForm(r, f))))
	}
	from := figure.From(d.Warehouse, d.Patience, r.URL.RequestURI())
	p, known, err := figure.Soon(r.Context(), from, "programme/plan "+store.JSON(q), func(ctx context.Context, v *warehouse.View) (*program.Plan, error) {
		return program.PlanFor(ctx, v, q)
	})
	if err != nil {
		return err
	}
	parts := []templ.Component{planHead(w, p)}
	if known && p.MDE > 0 {
		parts = append(parts, ui.TwoThirds(w.card("planner", "", planForm(r, f)), w.card("basis", "", ui.Pairs(w.planPairs(p)))), w.card("shares", "", ui.TableBox(r.P, w.shareTable(p).page)))
	} else {
		parts = append(parts, w.card("planner", "", planForm(r, f)))
	}
	return r.Render(r.P.T("programme.plan.title"), ui.All(append(parts, ui.AsOfLine(r.P, from.AsOf(r.P.T("insight.source.net"))))...))
}

// planHead says the answer in a sentence.
func planHead(w pen, p *program.Plan) templ.Component {
	text := w.p.T("programme.plan.question")
	switch {
	case p == nil:
	case p.Customers == 0:
		text = w.p.T("programme.plan.nobody")
	case p.MDE == 0:
		text = w.p.T("programme.plan.silent")
	default:
		text = w.planSentence(p)
	}
	return ui.PageHeader(w.p, ui.Header{Title: w.p.T("programme.plan.title"), Back: &ui.Anchor{Text: w.p.T("programme.title"), Href: Path}, Lead: ui.Plainly(text)})
}

// planSentence is what can be seen with these customers, and what it would take for the effect wished for.
func (w pen) planSentence(p *program.Plan) string {
	text := w.p.T("programme.plan.sentence", "customers", p.Customers, "share", w.p.Percent(float64(p.Share)/1000, 0), "effect", w.effect(p, p.MDE), "days", w.p.N("programme.plan.within", int64(p.Window)))
	switch {
	case p.Effect == 0:
		return text
	case p.Enough > 0:
		text += " " + w.p.T("programme.plan.enough", "effect", w.effect(p, p.Effect), "share", w.p.Percent(float64(p.Enough)/1000, 0))
	case p.Needed > 0:
		text += " " + w.p.T("programme.plan.needed", "effect", w.effect(p, p.Effect), "customers", p.Needed)
	default:
		text += " " + w.p.T("programme.plan.never", "effect", w.effect(p, p.Effect))
	}
	return text
}

// effect writes an effect per customer in the unit of the outcome.
func (w pen) effect(p *program.Plan, f float64) string {
	if p.Outcome.Counted() {
		return w.p.T("programme.plan."+string(p.Outcome), "n", w.p.Decimal(f, 3))
	}
	return w.exact(f)
}

func (w pen) planPairs(p *program.Plan) []ui.Pair {
	pair := func(name, text string) ui.Pair { return ui.Pair{Term: w.p.T("programme.basis." + name), Text: text} }
	return []ui.Pair{pair("customers", w.p.Number(p.Customers)), pair("period", w.p.T("programme.how.days", "from", p.From, "until", p.AsOf)),
		pair("mean", w.effect(p, p.Mean)), pair("sd", w.effect(p, p.SD)), pair("suggested", w.p.Percent(float64(p.Suggested)/1000, 0))}
}

// shareTable shows what each share left alone could see.
func (w pen) shareTable(p *program.Plan) table {
	t := w.table("shares", "share", "mde", "lift", "control")
	for _, share := range []int{20, 50, 100, 150, 200, 300, 400, 500} {
		at := *p
		effect := at.Seen(share)
		if effect == 0 {
			continue
		}
		lift := w.none()
		if p.Mean > 0 {
			lift = w.percent(effect/p.Mean, 0)
		}
		row := t.row(w.percent(float64(share)/1000, 0), w.words(w.effect(p, effect)), lift, w.count(p.Customers*int64(share)/1000))
		row.Muted = share != p.Share
	}
	return t
}

// planQuestion reads the form, and what its fields offer.
func (d Deps) planQuestion(r *page.Request, w pen) (q program.PlanQuestion, f planFields, err error) {
	q = program.PlanQuestion{AsOf: r.Today().AddDays(-1), Margin: r.Company.Margin, Window: program.DefaultWindow, Outcome: program.Margin}
	f = planFields{Window: r.Text("window"), Control: r.Text("control"), Effect: r.Text("effect")}
	var wrong []error
	if f.Window == "" {
		f.Window = strconv.Itoa(q.Window)
	}
	if q.Window, err = strconv.Atoi(f.Window); err != nil || q.Window < 1 || q.Window > 365 {
		wrong = append(wrong, fault.New(fault.Invalid, "program.error.window", "max", 365).On("window"))
		q.Window = program.DefaultWindow
	}
	if o := program.Outcome(r.Text("outcome")); o != "" {
		q.Outcome = o
	}
	var pairs []string
	known := false
	for _, o := range []program.Outcome{program.Margin, program.Net, program.Orders, program.Visits} {
		pairs = append(pairs, string(o), r.P.T("program.outcome."+string(o)))
		known = known || o == q.Outcome
	}
	f.Outcomes = ui.Options(string(q.Outcome), pairs...)
	if !known {
		wrong = append(wrong, fault.New(fault.Invalid, "errors.choice", "text", string(q.Outcome)).On("outcome"))
	}
	if q.Control, err = permille(r, "control"); err != nil {
		wrong = append(wrong, err)
	} else if q.Control > 900 {
		wrong = append(wrong, fault.New(fault.Invalid, "program.error.control", "max", 90).On("control"))
	}
	if q.Effect, err = w.wished(f.Effect, q.Outcome); err != nil {
		wrong = append(wrong, err)
	}
	return q, f, errors.Join(append(wrong, d.audience(r, &q, &f))...)
}

// wished reads the effect somebody wants to see.
func (w pen) wished(text string, o program.Outcome) (float64, error) {
	if o.Counted() {
		n, err := w.amount("effect", text) // two decimals are enough
		return float64(n) / 100, err
	}
	n, err := w.amount("effect", text)
	return float64(n), err
}

// audience offers the segments and compiles the one chosen, as of the day before the days that are looked at.
func (d Deps) audience(r *page.Request, q *program.PlanQuestion, f *planFields) error {
	chosen := r.Int("segment", 0)
	pairs := []string{"", r.P.T("programme.plan.everybody")}
	return r.Read(func(tx *store.Tx) error {
		q.Audience, pairs = nil, pairs[:2]
		b, err := segment.Open(r.Context(), tx, d.Fields)
		if err != nil {
			return err
		}
		var found *segment.Segment
		for _, s := range b.Segments() {
			pairs = append(pairs, fmt.Sprint(s.ID), s.Name)
			if s.ID == chosen {
				found = s
			}
		}
		f.Segments = ui.Options("", pairs...)
		if chosen == 0 {
			return nil
		}
		if found == nil {
			return fault.New(fault.Invalid, "errors.choice", "text", fmt.Sprint(chosen)).On("segment")
		}
		f.Segments = ui.Options(fmt.Sprint(chosen), pairs...)
		compiled, err := b.Of(found, q.AsOf.AddDays(-q.Window))
		if err != nil {
			return fault.As(err).On("segment")
		}
		text := compiled.Customers()
		q.Audience = &text
		return nil
	})
}
