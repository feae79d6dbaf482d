package programme

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"stamm/internal/action/program"
	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/trial"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
)

// proofView is the proof of a measure for one reader.
type proofView struct {
	pen
	*program.Proof
	r      *page.Request
	costs  []program.Cost
	split  program.Split
	among  groups // of segments, to look at those inside and outside of one
	parts  []program.Part
	choice *trial.Choice
}

func (d Deps) show(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	v := proofView{pen: pen{r.P, r.Company.Currency}, r: r}
	var m *program.Measure
	err = r.Read(func(tx *store.Tx) (err error) {
		if m, err = program.Load(r.Context(), tx, id); err == nil {
			v.costs, err = program.Costs(r.Context(), tx, id)
		}
		return err
	})
	if err != nil {
		return err
	}
	year, _, _ := m.Start.Date()
	b, err := readBook(r, year)
	if err != nil {
		return err
	}
	patience := d.Patience
	if r.CSVWanted {
		patience = warehouse.Forever
	}
	from := figure.From(d.Warehouse, patience, r.URL.RequestURI())
	res, known, err := figure.Soon(r.Context(), from, b.key(basis(r)), b.compute(basis(r)))
	if err != nil {
		return err
	}
	foot := ui.AsOfLine(r.P, from.AsOf(r.P.T("insight.source.net")))
	if !known {
		head := ui.PageHeader(r.P, ui.Header{Title: m.Name, Back: &ui.Anchor{Text: r.P.T("programme.title"), Href: Path}, Lead: ui.Plainly(r.P.T("insight.pending"))})
		return r.Render(m.Name, ui.All(head, foot))
	}
	at := slices.IndexFunc(res.proofs, func(p *program.Proof) bool { return p.ID == id })
	if at < 0 { // made between the two looks at the store
		return r.Redirect(Path)
	}
	v.Proof = res.proofs[at]
	if v.among, v.split, err = d.splitOf(r, v.Proof); err != nil {
		return err
	}
	explore := func() (explored, error) {
		e, _, err := figure.Soon(r.Context(), from, fmt.Sprintf("%s by %s of %d", b.key(basis(r)), store.JSON(v.split), id), v.explore)
		return e, err
	}
	more, err := explore()
	if err == nil && r.Text("by") == "" && len(more.parts) == 1 && more.parts[0].Key == "" { // nobody foretold bands when it was drawn
		v.split.By = program.ByCountry
		more, err = explore()
	}
	if err != nil {
		return err
	}
	v.parts, v.choice = more.parts, more.choice
	if r.CSVWanted {
		return v.file()
	}
	return r.Render(m.Name, ui.All(v.page(), foot))
}

// Sentence says what a measure brought, as its own page does; empty while nothing is known.
func (d Deps) Sentence(r *page.Request, measure int64) (string, error) {
	var m *program.Measure
	err := r.Read(func(tx *store.Tx) (err error) { m, err = program.Load(r.Context(), tx, measure); return err })
	if err != nil {
		return "", err
	}
	year, _, _ := m.Start.Date()
	b, err := readBook(r, year)
	if err != nil {
		return "", err
	}
	res, known, err := figure.Soon(r.Context(), figure.From(d.Warehouse, d.Patience, r.URL.RequestURI()), b.key(basis(r)), b.compute(basis(r)))
	if err != nil || !known {
		return "", err
	}
	at := slices.IndexFunc(res.proofs, func(p *program.Proof) bool { return p.ID == measure })
	if at < 0 {
		return "", nil
	}
	return res.proofs[at].Verdict.Sentence(r.P, r.Company.Currency), nil
}

func (v proofView) file() error {
	all := v.tables()
	chosen := all[0]
	for _, t := range all {
		if t.name == v.r.Text("table") {
			chosen = t
		}
	}
	return send(v.r, fmt.Sprintf("programme-%d-%s", v.ID, chosen.name), chosen)
}

func (v proofView) tables() []table {
	return []table{v.armTable(), v.besideTable(program.Outcomes()...), v.partTable(), v.costTable()}
}

func (v proofView) fileOf(name string) string {
	return Address(v.ID) + ".csv?table=" + name + "&by=" + string(v.split.By) + v.among.query()
}

func (v proofView) page() templ.Component {
	p := v.p
	head := ui.Header{Title: v.Name, Back: &ui.Anchor{Text: p.T("programme.title"), Href: Path}, Mark: ui.Chip(v.Verdict.Short(p), tone(v.Verdict)),
		Lead: ui.Plainly(v.Verdict.Sentence(p, v.currency)), Actions: proofTools(v.r)}
	parts := []templ.Component{ui.PageHeader(p, head), ui.Tiles(p, v.tiles())}
	if v.From != 0 && v.Control > 0 && !v.Arms[program.Net].Blocked() {
		parts = append(parts, v.card("effect", v.fileOf("effect"), v.picture(), ui.TableBox(p, v.armTable().page)),
			v.card("beside", v.fileOf("beside"), ui.Words(p.T("programme.beside.text", "outcome", p.T("program.outcome."+string(v.Outcome)))), ui.TableBox(p, v.besideTable(v.Outcome).page)))
	}
	parts = append(parts, v.card("checks", "", sentences(v.checks())))
	if len(v.parts) > 0 && !v.Arms[program.Net].Blocked() {
		parts = append(parts, v.card("parts", v.fileOf("parts"), ui.Tabs(p.T("programme.parts.by"), v.tabs()), v.segments(), ui.Words(p.T("programme.parts.text")), ui.Words(v.choiceWords()), ui.TableBox(p, v.partTable().page)))
	}
	return ui.All(append(parts, ui.Even(v.costCard(), v.learnedCard()), v.card("how", "", ui.Pairs(v.how())))...)
}

// tiles are what the measure brought in all, to a thousand customers, what it cost and whom it reached.
func (v proofView) tiles() []ui.Tile {
	p := v.p
	behind := Address(v.ID) + "/customers"
	var drawn int64
	for _, n := range v.Drawn {
		drawn += n
	}
	profit := ui.Tile{Name: p.T("programme.profit.title"), Missing: v.Verdict.Short(p), Href: "#effect", Explain: new(v.explain("profit"))}
	thousand := ui.Tile{Name: p.T("programme.thousand.title"), Missing: v.Verdict.Short(p), Href: "#effect", Explain: new(v.explain("thousand"))}
	if e := v.Verdict.Profit; e.Known {
		profit.Value, profit.Change = v.whole(e.Effect), v.between(e, v.whole)
	}
	if e := v.Effect(program.Margin); e != nil && e.Known && v.Verdict.Profit.Known {
		thousand.Value, thousand.Change = v.whole(1000*e.Effect), v.between(e.Total(1000), v.whole)
	}
	return []ui.Tile{profit, thousand,
		{Name: p.T("programme.cost.title"), Value: v.whole(float64(v.Cost.Total)), Href: "#cost", Explain: new(v.tileExplain("cost")), Change: v.costWords()},
		{Name: p.T("programme.drawn.title"), Value: p.Number(drawn), Href: behind, Explain: new(v.explain("drawn")),
			Change: p.T("programme.drawn.change", "control", v.Drawn[program.Control], "global", v.Drawn[program.Global])}}
}

func (v proofView) costWords() string {
	if v.Budget == 0 {
		return v.p.T("programme.budget.none")
	}
	return v.p.T("programme.budget.of", "budget", v.whole(float64(v.Budget)))
}

// picture shows the profit of the whole measure and of each variant on one scale.
func (v proofView) picture() templ.Component {
	e := v.Verdict.Profit
	reach := max(math.Abs(e.Lo), math.Abs(e.Hi))
	pairs := []ui.Pair{{Term: v.p.T("programme.profit.title"), Content: interval(e, reach, v.between(e, v.whole)), Note: v.between(e, v.whole)}}
	if r := v.Arms[program.Margin]; len(r.Arms) > 1 {
		totals := make([]trial.Estimate, len(r.Arms))
		reach = 0
		for i, a := range r.Arms {
			totals[i] = a.Total(1000)
			reach = max(reach, math.Abs(totals[i].Lo), math.Abs(totals[i].Hi))
		}
		for i, a := range r.Arms {
			pairs = append(pairs, ui.Pair{Term: v.p.T("programme.effect.thousand_of", "arm", v.armName(a.Name)), Content: interval(totals[i], reach, v.between(totals[i], v.whole)), Note: v.between(totals[i], v.whole)})
		}
	}
	return ui.Pairs(pairs)
}

// rows are the readings of an outcome: each variant, and all together where there are several.
func (v proofView) rows(o program.Outcome) []trial.Arm {
	all := slices.Clone(v.Arms[o].Arms)
	if len(all) > 1 {
		together := *v.Effect(o)
		together.Name = v.p.T("programme.together")
		all = append(all, together)
	}
	return all
}

// write is how an outcome is written, per customer.
func (v proofView) write(o program.Outcome) func(float64) cell {
	if o.Counted() {
		return func(f float64) cell { return v.number(f, 4) }
	}
	return v.cents
}

func (v proofView) text(o program.Outcome) func(float64) string {
	return func(f float64) string { return v.write(o)(f).Text }
}

// behind is the list of the customers of a group; of all for the name of none.
func (v proofView) behind(arm string) string {
	address := Address(v.ID) + "/customers"
	if slices.ContainsFunc(v.Measure.Arms, func(a program.Arm) bool { return a.Name == arm }) {
		address += "?" + url.Values{"arm": {arm}}.Encode()
	}
	return address
}

// outcomeName says which outcome it is, and whether it was fixed as the one that counts.
func (v proofView) outcomeName(o program.Outcome) string {
	name := v.p.T("program.outcome." + string(o))
	if o == v.Outcome {
		name += " " + v.p.T("programme.effect.primary")
	}
	return name
}

// armTable are the plain differences.
func (v proofView) armTable() table {
	t := v.table("effect", "arm", "effect", "interval", "n", "mean", "control", "p", "lift", "total")
	t.page.Scroll = false
	for _, o := range program.Outcomes() {
		if v.Arms[o] == nil {
			continue
		}
		write := v.write(o)
		for _, a := range v.rows(o) {
			chance, lift, total := v.none(), v.none(), v.none()
			if a.Known {
				chance = v.pValue(a.P)
				if total = v.money(a.Total(a.Outcome.N).Effect); o.Counted() {
					total = v.number(a.Total(a.Outcome.N).Effect, 0)
				}
			}
			if a.Lift.Known {
				lift = v.percent(a.Lift.Share, 1).sub(v.p.T("programme.between", "lo", v.p.Percent(a.Lift.Lo, 1), "hi", v.p.Percent(a.Lift.Hi, 1)))
			}
			t.row(v.words(v.armName(a.Name)).sub(v.outcomeName(o)), write(a.Effect), v.words(v.between(a.Estimate, v.text(o))), v.count(a.Outcome.N).to(v.behind(a.Group.Name)),
				write(a.Outcome.Mean), write(v.Arms[o].Control.Outcome.Mean), chance, lift, total)
			last := len(t.raw) - 1
			t.raw[last][0] = v.p.T("program.outcome."+string(o)) + ": " + a.Name
		}
	}
	return t
}

// besideTable are the adjusted differences beside the plain ones, with what they gain, of some outcomes.
func (v proofView) besideTable(outcomes ...program.Outcome) table {
	t := v.table("beside", "what", "effect", "interval", "gain")
	for _, o := range outcomes {
		if v.Arms[o] == nil {
			continue
		}
		for _, a := range v.rows(o) {
			name := a.Name
			add := func(key string, e trial.Estimate, gain *float64, args ...any) {
				cells := v.none()
				if gain != nil && e.Known {
					cells = v.percent(*gain, 1)
				}
				t.row(v.words(v.p.T("programme.beside."+key, args...)).sub(v.armName(name)+", "+v.p.T("program.outcome."+string(o))), v.write(o)(e.Effect), v.words(v.between(e, v.text(o))), cells)
				last := len(t.raw) - 1
				t.raw[last][0] = v.p.T("program.outcome."+string(o)) + ": " + name + ": " + t.raw[last][0]
			}
			add("plain", a.Estimate, nil)
			if a.Winsorised != nil {
				add("winsorised", a.Winsorised.Estimate, &a.Winsorised.Gain, "limit", v.text(o)(v.Limits[o]))
			}
			if a.CUPED != nil {
				add("cuped", a.CUPED.Estimate, &a.CUPED.Gain)
			}
			always := a.Estimate
			always.Lo, always.Hi = a.Always[0], a.Always[1]
			add("always", always, nil)
		}
	}
	return t
}

// checks say what one should know before believing the figures.
func (v proofView) checks() []string {
	p := v.p
	if v.From == 0 {
		return []string{p.T("programme.checks.nobody")}
	}
	var all []string
	if srm := v.SampleRatio(); srm != nil {
		key := "programme.checks.shares_ok"
		if *srm < trial.SharesWrong {
			key = "programme.checks.shares_wrong"
		}
		all = append(all, p.T(key, "p", v.chance(*srm)))
	}
	key := "programme.checks.over"
	if v.Early() {
		key = "programme.checks.early"
	}
	if v.From == v.Until {
		key += "_day"
	}
	all = append(all, p.T(key, "from", v.From, "until", v.Until, "over", v.Over, "days", p.N("common.days", int64(v.Window))))
	if h := v.Verdict.Holm; h != nil {
		key = "programme.checks.holm_no"
		if *h < trial.Alpha {
			key = "programme.checks.holm_yes"
		}
		all = append(all, p.T(key, "p", v.chance(*h), "outcome", p.T("program.outcome."+string(v.Outcome))))
	}
	if n := v.Drawn[program.Control]; n > 0 {
		share := float64(v.Contaminated[program.Control]) / float64(n)
		all = append(all, p.N("programme.checks.contaminated", v.Contaminated[program.Control], "share", p.Percent(share, 1)))
	}
	if r := v.Together[program.Margin]; r != nil && r.MDE != nil {
		all = append(all, p.T("programme.checks.mde", "effect", v.exact(*r.MDE)))
	}
	all = append(all, v.unsubscribed()...)
	return append(all, p.T("programme.checks.costed", "share", p.Percent(v.Costed, 0), "margin", p.Percent(float64(v.Margin)/100, 0)))
}

// unsubscribed is the guardrail: who took back consent, in the group that was reached and in the other.
func (v proofView) unsubscribed() []string {
	treated, control := v.Treated(), v.Drawn[program.Control]
	if treated == 0 || control == 0 || v.Withdrawn == nil {
		return nil
	}
	var n int64
	for _, a := range v.Measure.Arms {
		n += v.Withdrawn[a.Name]
	}
	return []string{v.p.T("programme.checks.unsubscribed", "share", v.p.Percent(float64(n)/float64(treated), 2), "control", v.p.Percent(float64(v.Withdrawn[program.Control])/float64(control), 2))}
}

// costTable is what was booked.
func (v proofView) costTable() table {
	t := v.table("cost", "kind", "amount", "day", "note")
	t.page.Scroll = false
	t.page.Columns[2].Number, t.page.Columns[3].Number = false, false
	for _, c := range v.costs {
		kind := v.words(v.p.T("program.cost." + string(c.Kind)))
		if c.Included {
			kind = kind.sub(v.p.T("programme.cost.included"))
		}
		amount := v.cents(float64(c.Amount))
		day := v.words(v.p.Date(c.Day))
		day.raw = c.Day.String()
		t.row(kind, amount, day, v.words(c.Note))
	}
	return t
}

func (v proofView) costCard() templ.Component {
	var content []templ.Component
	if len(v.costs) == 0 {
		content = append(content, ui.Words(v.p.T("programme.cost.none")))
	}
	if v.r.Can(auth.WriteSegments) {
		f := costFields{ID: v.ID, Key: newKey(v.r, v.ID), Kind: string(program.Media), Day: v.r.Today().String()}
		content = append(content, folded(v.p.T("programme.cost.add"), costForm(v.r, f)))
	}
	if len(v.costs) > 0 {
		content = append(content, ui.TableBox(v.p, v.costTable().page))
	}
	return v.card("cost", v.fileOf("cost"), content...)
}

func (v proofView) learnedCard() templ.Component {
	if v.r.Can(auth.WriteSegments) {
		return v.card("learned", "", learnedForm(v.r, learnedFields{ID: v.ID, Learned: v.Learned, Again: string(v.Again)}))
	}
	text := v.Learned
	if text == "" {
		text = v.p.T("programme.learned.nothing")
	}
	return v.card("learned", "", ui.Words(text), ui.Words(v.p.T("programme.learned.again")+": "+again(v.p, v.Proof)))
}

// how is what was fixed before the start, and how the figures come about.
func (v proofView) how() []ui.Pair {
	p := v.p
	pair := func(name, text string) ui.Pair { return ui.Pair{Term: p.T("programme.how." + name), Text: text} }
	arms := make([]string, len(v.Measure.Arms))
	for i, a := range v.Measure.Arms {
		arms[i] = p.T("programme.how.arm", "arm", v.armName(a.Name), "share", p.Percent(float64(a.Share)/1000, 1))
	}
	return []ui.Pair{pair("goal", dash(v.Goal)), pair("state", p.T("program.state."+string(v.State))), pair("period", p.T("programme.how.days", "from", v.Start, "until", v.End)),
		pair("outcome", p.T("program.outcome."+string(v.Outcome))), pair("window", p.N("common.days", int64(v.Window))),
		pair("control", p.Percent(float64(v.Control)/1000, 1)), pair("arms", p.List(arms)), pair("draw", p.T("programme.how.draw_text")),
		pair("itt", p.T("programme.how.itt_text")), pair("welch", p.T("programme.how.welch_text")), pair("limit", p.T("programme.how.limit_text")),
		pair("cuped", p.T("programme.how.cuped_text")), pair("visits", p.T("programme.how.visits_text")), pair("always", p.T("programme.how.always_text")), pair("holm", p.T("programme.how.holm_text")),
		pair("number", strconv.FormatInt(v.ID, 10))}
}

func dash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}
