package programme

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"stamm/internal/action/program"
	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
)

// results are what the warehouse says of the whole programme.
type results struct {
	proofs []*program.Proof
	all    *program.Proof // all measures of the year together; nil where nobody is left alone by everything
	fresh  int64          // customers who bought for the first time in the year
}

// compute reads all measures on one state.
func (b book) compute(basis program.Basis) func(context.Context, *warehouse.View) (*results, error) {
	return func(ctx context.Context, v *warehouse.View) (*results, error) {
		proofs, err := program.ProveAll(ctx, v, b.measures, basis, b.spent)
		if err != nil {
			return nil, err
		}
		out := &results{proofs: proofs}
		if b.rules.Share > 0 {
			if out.all, err = program.ProveProgramme(ctx, v, b.year.Year, basis, b.rules.Share, b.year.Booked); err != nil {
				return nil, err
			}
		}
		out.fresh, err = program.FirstBuyers(ctx, v, b.year.Year)
		return out, err
	}
}

// key names the results in the cache of the warehouse: everything of the store that they depend on.
func (b book) key(basis program.Basis) string {
	return "programme/" + store.JSON([]any{basis, b.year, b.rules.Share, b.measures, b.spent})
}

func (d Deps) list(r *page.Request) error {
	year := yearOf(r)
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
	v := listView{r: r, pen: pen{r.P, r.Company.Currency}, book: b, results: res, known: known}
	if r.CSVWanted {
		t := v.measureTable()
		return send(r, "programme", t)
	}
	return r.Render(r.P.T("programme.title"), ui.All(v.page(), ui.AsOfLine(r.P, from.AsOf(r.P.T("insight.source.net")))))
}

// yearOf is the year in the address, this year by default.
func yearOf(r *page.Request) int {
	this, _, _ := r.Today().Date()
	year := int(r.Int("year", int64(this)))
	if year < 1990 || year > 2200 {
		return this
	}
	return year
}

// send answers with a table as a file.
func send(r *page.Request, name string, t table) error {
	return r.SendCSV(name+"-"+r.Today().String(), t.headings(), func(yield func([]string, error) bool) {
		for _, row := range t.raw {
			if !yield(row, nil) {
				return
			}
		}
	})
}

// listView is the list for one reader.
type listView struct {
	pen
	book
	*results
	r     *page.Request
	known bool

	refusedYear  *yearFields
	refusedShare string
	shareErrors  ui.Errors
}

func (v listView) page() templ.Component {
	p := v.p
	head := ui.PageHeader(p, ui.Header{Title: p.T("programme.title"), Lead: ui.Plainly(v.lead()), Period: v.years(), Actions: listTools(v.r)})
	if len(v.measures) == 0 {
		empty := ui.Empty{Icon: "coin", Title: p.T("programme.empty.title"), Text: p.T("programme.empty.text"), Action: &ui.Anchor{Text: p.T("programme.plan.title"), Href: planPath}}
		return ui.All(head, ui.EmptyState(empty), ui.Even(v.yearCard(), v.shareCard()))
	}
	if !v.known {
		return ui.All(head, ui.Words(p.T("insight.pending_text")))
	}
	t := v.measureTable()
	return ui.All(head, ui.Tiles(p, v.tiles()), v.card("measures", Path+".csv", ui.TableBox(p, t.page)), ui.Even(v.yearCard(), v.shareCard()))
}

// card is a box with its explanation.
func (w pen) card(name, file string, content ...templ.Component) templ.Component {
	return page.Inside(ui.CardBox(ui.Card{Title: w.p.T("programme." + name + ".title"), Anchor: name, Tools: cardTools(w.p, file, w.explain(name))}), ui.All(content...))
}

// explain is what stands behind a part of a page.
func (w pen) explain(name string) ui.Explain {
	key := "programme.explain." + name
	e := ui.Explain{ID: "explain-" + name, Title: w.p.T("programme." + name + ".title"), Definition: w.p.T(key + ".definition"),
		Purchase: w.p.T("programme.explain.purchase"), Refunds: w.p.T("programme.explain.refunds")}
	for part, text := range map[string]*string{"formula": &e.Formula, "source": &e.Source, "period": &e.Period} {
		if w.p.Has(key + "." + part) {
			*text = w.p.T(key + "." + part)
		}
	}
	return e
}

// tileExplain is explain for a tile whose name a card of the page has as well.
func (w pen) tileExplain(name string) ui.Explain {
	e := w.explain(name)
	e.ID += "-tile"
	return e
}

// lead is the sentence of the page.
func (v listView) lead() string {
	if !v.known || len(v.measures) == 0 {
		return v.p.T("programme.question")
	}
	profit, proven, open := v.proven()
	key := "programme.lead"
	if profit < 0 {
		key, profit = "programme.lead_loss", -profit
	}
	return v.p.T(key, "year", strconv.Itoa(v.year.Year), "amount", v.whole(profit), "proven", v.p.N("programme.measures_proven", int64(proven)),
		"open", v.p.N("programme.measures_open", int64(open)))
}

// proven is what measures of the year surely brought or cost.
func (v listView) proven() (profit float64, proven, open int) {
	return program.ProvenIn(v.proofs, v.year.Year)
}

// years chooses the year, among those in which measures start.
func (v listView) years() *ui.Picker {
	this, _, _ := v.r.Today().Date()
	all := []int{this, v.year.Year}
	for _, m := range v.measures {
		year, _, _ := m.Start.Date()
		all = append(all, year)
	}
	slices.Sort(all)
	picker := &ui.Picker{Label: v.p.T("programme.year.year"), Value: strconv.Itoa(v.year.Year)}
	for _, year := range slices.Compact(all) {
		picker.Choices = append(picker.Choices, ui.Choice{Text: strconv.Itoa(year), Href: v.r.Link("year", strconv.Itoa(year)), Active: year == v.year.Year})
	}
	return picker
}

func (v listView) tiles() []ui.Tile {
	p := v.p
	profit, proven, open := v.proven()
	tiles := []ui.Tile{
		{Name: p.T("programme.proven.title"), Value: v.whole(profit), Href: "#measures", Explain: new(v.explain("proven")),
			Change: p.T("programme.proven.change", "proven", p.N("programme.measures_proven", int64(proven)), "open", p.N("programme.measures_open", int64(open)))},
		{Name: p.T("programme.budget.title"), Value: v.whole(float64(v.year.Booked)), Href: "#year", Explain: new(v.explain("budget")), Change: v.budgetWords()},
	}
	if v.results.all != nil {
		t := ui.Tile{Name: p.T("programme.whole.title"), Missing: v.results.all.Verdict.Short(p), Href: "#share", Explain: new(v.explain("whole"))}
		if profit := v.results.all.Verdict.Profit; profit.Known {
			t.Value, t.Change = v.whole(profit.Effect), v.between(profit, v.whole)
		}
		tiles = append(tiles, t)
	}
	if v.year.Winning > 0 && v.fresh > 0 {
		tiles = append(tiles, ui.Tile{Name: p.T("programme.cac.title"), Value: v.exact(float64(v.year.Winning) / float64(v.fresh)), Href: "#year",
			Change: p.N("programme.cac.change", v.fresh, "keeping", v.whole(float64(v.year.Keeping+v.year.Booked))), Explain: new(v.explain("cac"))})
	}
	return tiles
}

func (v listView) budgetWords() string {
	if v.year.Budget == 0 {
		return v.p.T("programme.budget.none")
	}
	left := v.year.Budget - v.year.Booked
	if left < 0 {
		return v.p.T("programme.budget.over", "budget", v.whole(float64(v.year.Budget)), "over", v.whole(float64(-left)))
	}
	return v.p.T("programme.budget.left", "budget", v.whole(float64(v.year.Budget)), "left", v.whole(float64(left)))
}

// measureTable lists the measures that start in the year.
func (v listView) measureTable() table {
	t := v.table("measures", "name", "profit", "cost", "customers", "interval", "verdict", "again")
	t.page.Scroll = false
	for _, i := range []int{4, 5, 6} {
		t.page.Columns[i].Number, t.page.Columns[i].Narrow = false, ui.NarrowBare
	}
	if v.results == nil {
		return t
	}
	reach, shown := 0., program.In(v.proofs, v.year.Year)
	for _, p := range shown {
		if e := p.Verdict.Profit; e.Known {
			reach = max(reach, math.Abs(e.Lo), math.Abs(e.Hi))
		}
	}
	for _, p := range shown {
		profit, picture := v.none(), v.none()
		if e := p.Verdict.Profit; e.Known {
			words := v.between(e, v.whole)
			profit, picture = v.money(e.Effect), v.rich(interval(e, reach, words), words)
		}
		verdict := v.rich(ui.Chip(p.Verdict.Short(v.p), tone(p.Verdict)), p.Verdict.Short(v.p))
		var drawn int64
		for _, n := range p.Drawn {
			drawn += n
		}
		row := t.row(v.words(p.Name).sub(v.p.T("programme.measures.when", "day", p.Start, "state", v.p.T("program.state."+string(p.State)))), profit,
			v.money(float64(p.Cost.Total)), v.count(drawn), picture, verdict, v.words(again(v.p, p)))
		row.Href = Address(p.ID)
	}
	return t
}

// tone is the colour of a verdict.
func tone(v program.Verdict) ui.Tone {
	switch v.Code {
	case program.Gain:
		return ui.Good
	case program.Loss, program.Blocked:
		return ui.Bad
	case program.Unsure:
		return ui.Warn
	}
	return ui.Neutral
}

// again is what somebody decided about repeating a measure, else what the verdict suggests.
func again(p *i18n.Printer, proof *program.Proof) string {
	if proof.Again != "" {
		return p.T("program.again." + string(proof.Again))
	}
	switch proof.Verdict.Code {
	case program.Gain, program.Loss, program.Unsure:
		return p.T("programme.suggest." + proof.Verdict.Code)
	}
	return "–"
}

// yearFields is the plan of a year as it was typed.
type yearFields struct {
	Year                     int
	Budget, Winning, Keeping string
	Errors                   ui.Errors
}

func (v listView) yearCard() templ.Component {
	typed := func(minor int64) string {
		if minor == 0 {
			return ""
		}
		return v.raw(v.major(float64(minor)), 2)
	}
	f := yearFields{Year: v.year.Year, Budget: typed(v.year.Budget), Winning: typed(v.year.Winning), Keeping: typed(v.year.Keeping)}
	if v.refusedYear != nil {
		f = *v.refusedYear
	}
	pairs := []ui.Pair{{Term: v.p.T("programme.year.year"), Text: strconv.Itoa(f.Year)}, {Term: v.p.T("programme.budget.title"), Text: v.exact(float64(v.year.Booked))},
		{Term: v.p.T("programme.year.keeping_all"), Text: v.exact(float64(v.year.Keeping + v.year.Booked))},
		{Term: v.p.T("programme.year.winning"), Text: v.exact(float64(v.year.Winning))}}
	content := []templ.Component{ui.Pairs(pairs)}
	if v.r.Can(auth.WriteSegments) {
		content = append(content, yearForm(v.r, f))
	}
	return v.card("year", "", content...)
}

func (v listView) shareCard() templ.Component {
	value := v.raw(float64(v.rules.Share)/10, 1)
	if v.refusedShare != "" {
		value = v.refusedShare
	}
	text := v.p.T("programme.share.off")
	if v.rules.Share > 0 {
		text = v.p.T("programme.share.on", "share", v.p.Percent(float64(v.rules.Share)/1000, 1))
		if v.results != nil && v.results.all != nil {
			text += " " + v.p.T("programme.share.whole", "sentence", v.results.all.Verdict.Sentence(v.p, v.currency))
		}
	}
	content := []templ.Component{ui.Words(text)}
	if v.r.Can(auth.WriteSegments) {
		content = append(content, shareForm(v.r, value, v.shareErrors))
	}
	return v.card("share", "", content...)
}

func (d Deps) saveYear(r *page.Request) error {
	w := pen{r.P, r.Company.Currency}
	f := yearFields{Year: yearOf(r), Budget: r.Text("budget"), Winning: r.Text("winning"), Keeping: r.Text("keeping")}
	y := program.Year{Year: f.Year}
	var wrong []error
	for _, field := range []struct {
		name, text string
		into       *int64
	}{{"budget", f.Budget, &y.Budget}, {"winning", f.Winning, &y.Winning}, {"keeping", f.Keeping, &y.Keeping}} {
		amount, err := w.amount(field.name, field.text)
		wrong = append(wrong, err)
		*field.into = amount
	}
	err := firstOf(wrong)
	if err == nil {
		err = r.Write(func(tx *store.Tx) error { return program.SaveYear(r.Context(), tx, y) })
	}
	if err != nil {
		return d.refuse(r, err, func(v *listView, errors ui.Errors) { f.Errors, v.refusedYear = errors, &f })
	}
	return r.RedirectWith(fmt.Sprintf("%s?year=%d", Path, f.Year), ui.Flash{Text: r.P.T("common.saved")})
}

func (d Deps) saveShare(r *page.Request) error {
	share, err := permille(r, "share")
	if err == nil {
		err = r.Write(func(tx *store.Tx) error { return program.SetShare(r.Context(), tx, share) })
	}
	if err != nil {
		return d.refuse(r, err, func(v *listView, errors ui.Errors) { v.refusedShare, v.shareErrors = r.Text("share"), errors })
	}
	return r.RedirectWith(Path, ui.Flash{Text: r.P.T("common.saved")})
}

// refuse shows the list again with what was typed.
func (d Deps) refuse(r *page.Request, err error, with func(*listView, ui.Errors)) error {
	b, readErr := readBook(r, yearOf(r))
	if readErr != nil {
		return readErr
	}
	return r.Refuse(err, r.P.T("programme.title"), func(errors ui.Errors) templ.Component {
		v := listView{r: r, pen: pen{r.P, r.Company.Currency}, book: b}
		with(&v, errors)
		return ui.All(ui.PageHeader(r.P, ui.Header{Title: r.P.T("programme.title"), Back: &ui.Anchor{Text: r.P.T("programme.title"), Href: Path}}), ui.Even(v.yearCard(), v.shareCard()))
	})
}

// permille reads a share in percent.
func permille(r *page.Request, field string) (int, error) {
	text := r.Text(field)
	if text == "" {
		return 0, nil
	}
	n, err := pen{r.P, "EUR"}.amount(field, trimPercent(text)) // two decimals, as percents have here
	if err != nil || n%10 != 0 {
		return 0, fault.New(fault.Invalid, "programme.error.percent", "text", text).On(field)
	}
	return int(n / 10), nil
}

// day is a local day in an address or a form; today where there is none.
func day(r *page.Request, field string) clock.Day {
	if d, ok := r.Day(field); ok {
		return d
	}
	return r.Today()
}
