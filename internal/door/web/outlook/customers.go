package outlook

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/predict"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

const (
	pageRows = 50  // customers on a page
	fileRows = 500 // customers read at once for a file
)

// listed is one page of the customers of some bands.
type listed struct {
	outlook predict.Outlook
	scores  []predict.Score // by value at risk
	names   map[int64]string
	after   *predict.Place // the place behind which the next page begins; nil on the last
}

// bandsOf are the bands of the address; what is none is passed over.
func bandsOf(r *page.Request) (bands []predict.Band) {
	for _, text := range r.Texts("band") {
		if b := predict.Band(text); slices.Contains(predict.Bands(), b) && !slices.Contains(bands, b) {
			bands = append(bands, b)
		}
	}
	return bands
}

// placeOf is where a page begins, as it stands in the address; nil for the first page.
func placeOf(text string) *predict.Place {
	risk, id, ok := strings.Cut(text, ".")
	if !ok {
		return nil
	}
	var p predict.Place
	var err error
	if p.AtRisk, err = strconv.ParseInt(risk, 10, 64); err != nil {
		return nil
	}
	if p.Customer, err = strconv.ParseInt(id, 10, 64); err != nil {
		return nil
	}
	return &p
}

// read reads a page: the warehouse knows the order, the store the scores and what people are called.
func (d Deps) read(r *page.Request, bands []predict.Band, after *predict.Place, limit int) (l listed, err error) {
	places, err := predict.Listed(r.Context(), d.Warehouse, bands, after, limit+1)
	if err != nil {
		return l, err
	}
	if len(places) > limit {
		places = places[:limit]
		l.after = &places[limit-1]
	}
	ids := make([]int64, len(places))
	for i, p := range places {
		ids[i] = p.Customer
	}
	err = r.Read(func(tx *store.Tx) (err error) {
		l.scores = l.scores[:0]
		if l.outlook, _, err = predict.Newest(r.Context(), tx); err != nil || len(ids) == 0 {
			return err
		}
		scores, err := predict.ScoresOf(r.Context(), tx, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if s, known := scores[id]; known { // else she was erased a moment ago
				l.scores = append(l.scores, s)
			}
		}
		l.names, err = customer.Names(r.Context(), tx, ids)
		return err
	})
	return l, err
}

func (d Deps) customers(r *page.Request) error {
	bands := bandsOf(r)
	if r.CSVWanted {
		return d.customersFile(r, bands)
	}
	l, err := d.read(r, bands, placeOf(r.Text("after")), pageRows)
	if err != nil {
		return err
	}
	if l.outlook.Model == 0 {
		return r.Redirect(path) // which tells the first step
	}
	n, err := predict.CountListed(r.Context(), d.Warehouse, bands)
	if err != nil {
		return err
	}
	p := r.P
	title := p.T("outlook.customers.title")
	head := ui.Header{Title: title, Back: &ui.Anchor{Text: p.T("outlook.title"), Href: path}, CSV: r.CSVLink("after", ""), Lead: customersLead(p, l.outlook, bands, n)}
	foot := ui.AsOfLine(p, ui.AsOf{At: l.outlook.MadeAt, Source: p.T("outlook.source", "day", l.outlook.AsOf)})
	return r.Render(title, ui.All(ui.PageHeader(p, head), ui.FilterBar(p, bandFilter(r, bands)), ui.TableBox(p, customerTable(r, l, n)), foot))
}

// customersLead says who is listed, and what makes one of them.
func customersLead(p *i18n.Printer, o predict.Outlook, bands []predict.Band, n int64) templ.Component {
	if len(bands) == 0 {
		return ui.Plainly(p.N("outlook.customers.lead", n))
	}
	words := make([]string, len(bands))
	for i, b := range bands {
		words[i] = b.Words(p)
	}
	text := p.N("outlook.customers.lead_band", n, "bands", p.List(words))
	if len(bands) == 1 && o.Model != 0 {
		text += " " + limit(p, bands[0], o.Limits)
	}
	return ui.Plainly(text)
}

// bandFilter chooses one band or all.
func bandFilter(r *page.Request, bands []predict.Band) ui.Filters {
	menu := ui.FilterMenu{Label: r.P.T("outlook.bands.band")}
	menu.Choices = append(menu.Choices, ui.Choice{Text: r.P.T("common.all"), Href: customersPath, Active: len(bands) == 0})
	for _, b := range predict.Bands() {
		menu.Choices = append(menu.Choices, ui.Choice{Text: b.Words(r.P), Href: behind(b), Active: slices.Contains(bands, b)})
	}
	f := ui.Filters{Menus: []ui.FilterMenu{menu}}
	for _, b := range bands {
		rest := slices.DeleteFunc(slices.Clone(bands), func(other predict.Band) bool { return other == b })
		remove := customersPath
		if len(rest) > 0 {
			remove = behind(rest...)
		}
		f.Chips = append(f.Chips, ui.FilterChip{Text: b.Words(r.P), Remove: remove})
	}
	return f
}

func customerTable(r *page.Request, l listed, n int64) ui.Table {
	p := r.P
	t := ui.Table{ID: "customers", Caption: p.T("outlook.customers.title"), Columns: []ui.Column{
		{Title: p.T("common.customer"), Narrow: ui.NarrowLead}, {Title: p.T("outlook.bands.band"), Narrow: ui.NarrowBare},
		{Title: p.T("outlook.customers.chance"), Help: p.N("outlook.customers.chance_help", int64(l.outlook.Horizon)), Number: true},
		{Title: p.T("outlook.customers.value"), Help: p.N("outlook.customers.value_help", int64(l.outlook.Horizon)), Number: true, Narrow: ui.NarrowHide},
		{Title: p.T("outlook.customers.risk"), Help: p.T("outlook.explain.risk.definition"), Number: true, Narrow: ui.NarrowValue},
		{Title: p.T("outlook.customers.why"), Narrow: ui.NarrowBare},
		{Title: p.T("outlook.customers.next"), Number: true, Wide: true, Narrow: ui.NarrowHide}, {Title: p.T("outlook.customers.since"), Number: true, Wide: true, Narrow: ui.NarrowHide},
	}, Paging: &ui.Paging{Shown: int64(len(l.scores)), Of: n, Noun: p.T("customers.noun")},
		Empty: &ui.Empty{Icon: "users", Title: p.T("outlook.customers.none"), Text: p.T("outlook.customers.none_text"), Action: &ui.Anchor{Text: p.T("outlook.title"), Href: path}}}
	if r.Text("after") != "" {
		t.Paging.First = r.Link("after", "")
	}
	if l.after != nil {
		t.Paging.Next = r.Link("after", fmt.Sprintf("%d.%d", l.after.AtRisk, l.after.Customer))
	}
	for _, s := range l.scores {
		t.Rows = append(t.Rows, ui.Row{Href: customerPage(s.Customer), Cells: []ui.Cell{
			ui.Text(called(p, l.names, s.Customer)), ui.Rich(figure.Band(p, s.Band)), chance(p, s),
			ui.Text(p.MoneyRounded(s.Value, l.outlook.Currency)), atRisk(p, s, l.outlook.Currency),
			ui.Text(predict.Sentence(p, s.Reasons, l.outlook.AsOf)), ui.Text(date(p, s.NextDay)), ui.Text(date(p, s.RiskSince)),
		}})
	}
	return t
}

// chance is that of another purchase, with its interval where that says more.
func chance(p *i18n.Printer, s predict.Score) ui.Cell {
	text, between := p.Chance(s.Active), figure.Between(p, s.ActiveLo, s.ActiveHi)
	if text == between {
		return ui.Text(text)
	}
	return ui.Lines(text, between)
}

// atRisk is the value at risk with its interval.
func atRisk(p *i18n.Printer, s predict.Score, currency string) ui.Cell {
	if s.AtRisk == 0 || s.AtRiskHi == 0 {
		return ui.Text(p.MoneyRounded(s.AtRisk, currency))
	}
	return ui.Lines(p.MoneyRounded(s.AtRisk, currency), between(p, s, currency))
}

// between is the interval of the value at risk.
func between(p *i18n.Printer, s predict.Score, currency string) string {
	return p.T("outlook.between", "lo", p.MoneyRounded(s.AtRiskLo, currency), "hi", p.MoneyRounded(s.AtRiskHi, currency))
}

// customersFile sends all customers of the bands.
func (d Deps) customersFile(r *page.Request, bands []predict.Band) error {
	p := r.P
	headings := []string{p.T("outlook.customers.number"), p.T("common.name"), p.T("outlook.bands.band"), p.T("outlook.customers.chance"), p.T("outlook.customers.chance_lo"),
		p.T("outlook.customers.chance_hi"), p.T("outlook.customers.expected"), p.T("outlook.customers.value"), p.T("outlook.customers.clv"), p.T("outlook.customers.clv_lo"),
		p.T("outlook.customers.clv_hi"), p.T("outlook.customers.risk"), p.T("outlook.customers.risk_lo"), p.T("outlook.customers.risk_hi"), p.T("outlook.customers.why"), p.T("outlook.customers.next"), p.T("outlook.customers.since")}
	numbers, err := predict.Numbers(r.Context(), d.Warehouse)
	if err != nil {
		return err
	}
	return r.SendCSV("outlook-customers", headings, func(yield func([]string, error) bool) {
		for after, more := (*predict.Place)(nil), true; more; {
			l, err := d.read(r, bands, after, fileRows)
			if err != nil {
				yield(nil, err)
				return
			}
			w := pen{p, l.outlook.Currency}
			for _, s := range l.scores {
				row := []string{numbers[s.Customer], l.names[s.Customer], s.Band.Words(p), w.share(s.Active, 1).raw, w.share(s.ActiveLo, 1).raw, w.share(s.ActiveHi, 1).raw,
					w.number(s.Expected, 2).raw, w.money(s.Value).raw, w.money(s.CLV).raw, w.money(s.CLVLo).raw, w.money(s.CLVHi).raw, w.money(s.AtRisk).raw,
					w.money(s.AtRiskLo).raw, w.money(s.AtRiskHi).raw,
					predict.Sentence(p, s.Reasons, l.outlook.AsOf), isoDay(p, s.NextDay), isoDay(p, s.RiskSince)}
				if !yield(row, nil) {
					return
				}
			}
			after, more = l.after, l.after != nil
		}
	})
}

func customerPage(id int64) string { return fmt.Sprintf("/customers/%d", id) }

// called is how people know a customer: by name, else by number.
func called(p *i18n.Printer, names map[int64]string, id int64) string {
	if name := names[id]; name != "" {
		return name
	}
	return p.T("insight.behind.unnamed", "number", fmt.Sprintf("#%d", id))
}

func date(p *i18n.Printer, d *clock.Day) string {
	if d == nil {
		return "–"
	}
	return p.Date(*d)
}

func isoDay(p *i18n.Printer, d *clock.Day) string {
	if d == nil {
		return ""
	}
	return figure.Raw(p, report.Cell{Int: int64(*d)}, report.Day, "")
}
