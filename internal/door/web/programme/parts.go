package programme

import (
	"context"
	"math"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"stamm/internal/action/program"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/segment"
	"stamm/internal/insight/trial"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
)

// explored is a measure looked at by parts.
type explored struct {
	parts  []program.Part
	choice *trial.Choice
}

// groups are the segments that a measure can be looked at by, and the one that is chosen.
type groups struct {
	all    []*segment.Segment
	chosen *segment.Segment
}

func (g groups) query() string {
	if g.chosen == nil {
		return ""
	}
	return "&segment=" + strconv.FormatInt(g.chosen.ID, 10)
}

// splitOf is by what the address looks at the customers apart. Of a segment it takes who was in it on the day before the first draw.
func (d Deps) splitOf(r *page.Request, p *program.Proof) (g groups, s program.Split, err error) {
	s.By = program.View(r.Text("by"))
	if !slices.Contains(program.Views(), s.By) {
		s.By = program.ByBand
	}
	err = r.Read(func(tx *store.Tx) error {
		b, err := segment.Open(r.Context(), tx, d.Fields)
		if err != nil {
			return err
		}
		if g.all = b.Segments(); s.By != program.BySegment || len(g.all) == 0 || p.From == 0 {
			return nil
		}
		g.chosen = g.all[0]
		for _, one := range g.all {
			if one.ID == r.Int("segment", 0) {
				g.chosen = one
			}
		}
		compiled, err := b.Of(g.chosen, p.From.AddDays(-1))
		if err != nil {
			return err
		}
		text := compiled.Customers()
		s.In = &text
		return nil
	})
	if s.By == program.BySegment && s.In == nil {
		s.By = program.ByBand
	}
	return g, s, err
}

// segments chooses the one that the customers are looked at by.
func (v proofView) segments() templ.Component {
	if v.split.By != program.BySegment {
		return templ.NopComponent
	}
	menu := ui.FilterMenu{Label: v.among.chosen.Name}
	for _, one := range v.among.all {
		menu.Choices = append(menu.Choices, ui.Choice{Text: one.Name, Href: v.r.Link("by", string(program.BySegment), "segment", strconv.FormatInt(one.ID, 10)) + "#parts", Active: one == v.among.chosen})
	}
	return ui.FilterBar(v.p, ui.Filters{Menus: []ui.FilterMenu{menu}})
}

// explore looks at the measure by parts, and whether choosing by them would gain anything.
func (v proofView) explore(ctx context.Context, w *warehouse.View) (e explored, err error) {
	if e.parts, err = v.Explore(ctx, w, v.split, program.Margin); err == nil {
		e.choice, err = v.Personal(ctx, w, v.split)
	}
	return e, err
}

func (v proofView) tabs() []ui.Tab {
	var all []ui.Tab
	for _, by := range program.Views() {
		if by == program.BySegment && len(v.among.all) == 0 {
			continue
		}
		all = append(all, ui.Tab{Label: v.p.T("programme.view." + string(by)), Href: v.r.Link("by", string(by), "segment", "") + "#parts", Active: by == v.split.By})
	}
	return all
}

// partTable are the parts of the customers.
func (v proofView) partTable() table {
	t := v.table("parts", "part", "effect", "interval", "n", "picture")
	t.page.Columns[4].Number, t.page.Columns[4].Narrow = false, ui.NarrowHide
	reach := 0.
	for _, part := range v.parts {
		if e := part.Together.Arms[0]; e.Known {
			reach = max(reach, math.Abs(e.Lo), math.Abs(e.Hi))
		}
	}
	for _, part := range v.parts {
		e := part.Together.Arms[0].Estimate
		words := v.between(e, v.exact)
		t.row(v.words(v.partName(part.Key)), v.cents(e.Effect), v.words(words), v.count(part.N), v.rich(interval(e, reach, words), ""))
	}
	return t
}

// partName is what a part is called.
func (v proofView) partName(key string) string {
	switch {
	case key == "":
		return v.p.T("programme.part.unknown")
	case v.split.By == program.ByBand && v.p.Has("predict.band."+key):
		return v.p.T("predict.band." + key)
	case v.split.By == program.BySegment && v.among.chosen != nil:
		return v.p.T("programme.part."+key, "segment", v.among.chosen.Name)
	case v.p.Has("programme.part." + key):
		return v.p.T("programme.part." + key)
	}
	return key
}

// choiceWords say whether choosing by these parts beats the best single action.
func (v proofView) choiceWords() string {
	if v.choice == nil || !v.Verdict.Profit.Known {
		return ""
	}
	arm := func(name string) string {
		if name == program.Control {
			return v.p.T("programme.nothing")
		}
		return v.armName(name)
	}
	key := "programme.parts.single"
	switch {
	case !v.choice.Gain.Known:
		return v.p.T("programme.parts.best", "best", arm(v.choice.Best))
	case v.choice.Personal:
		key = "programme.parts.personal"
	}
	return v.p.T(key, "best", arm(v.choice.Best), "gain", v.exact(v.choice.Gain.Effect), "between", v.between(v.choice.Gain, v.exact))
}
