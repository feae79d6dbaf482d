package customers

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/predict"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

func reportParams(today clock.Day) report.Params { return report.Params{AsOf: today} }

// fact is one field of the data tab.
type fact struct {
	field  string // as History takes it
	label  string
	value  string
	source string
	past   []customer.Past
}

// data is the tab with every field, where its value came from, and what it was.
func (p pages) data(r *page.Request) error {
	var w whole
	var facts []fact
	err := r.Read(func(tx *store.Tx) (err error) {
		if w, err = load(r, tx); err != nil || moved(r, w) {
			return err
		}
		facts = dataFacts(r, w)
		for i := range facts {
			if facts[i].past, err = customer.History(r.Context(), tx, w.ID, facts[i].field); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if moved(r, w) {
		return r.Redirect(customerPath(w.ID) + "/data")
	}
	return r.Render(w.title(r), dataView(r, w, facts))
}

// dataFacts are all fields, those without a value too, so that one sees what is missing.
func dataFacts(r *page.Request, w whole) []fact {
	var all []fact
	own := customer.FieldNames()
	for _, f := range w.names.fields.Custom {
		own = append(own, "custom."+f.Key)
	}
	for _, name := range own {
		f := fact{field: name, label: w.names.field(r.P, name), value: w.names.value(r.P, name, w.Value(name))}
		if f.value != "" {
			f.source = originWords(r, w, w.Origin(name))
		}
		all = append(all, f)
	}
	list := func(name string, values, sources []string) {
		all = append(all, fact{field: name, label: w.names.field(r.P, name), value: strings.Join(values, "\n"), source: strings.Join(unique(sources), ", ")})
	}
	var values, sources []string
	add := func(value string, source int64) {
		values, sources = append(values, value), append(sources, w.names.source(r.P, source))
	}
	flush := func(name string) {
		list(name, values, sources)
		values, sources = nil, nil
	}
	for _, e := range w.Emails {
		add(e.Address, e.Source)
	}
	flush("email")
	for _, n := range w.Phones {
		add(cmp.Or(n.Number, n.Written), n.Source)
	}
	flush("phone")
	for _, a := range w.Addresses {
		add(a.String(), a.Source)
	}
	flush("address")
	list(customer.FieldTags, []string{strings.Join(w.Tags, ", ")}, nil)
	if len(w.Tags) > 0 {
		all[len(all)-1].source = originWords(r, w, w.Origin(customer.FieldTags))
	}
	if w.Kind == customer.Company {
		for _, c := range w.People {
			add(joinedBy(", ", c.Name, c.Role), c.Source)
		}
		flush("contact")
	}
	for _, e := range w.Externals {
		list("external."+strconv.FormatInt(e.Source, 10), []string{e.ID}, []string{w.names.source(r.P, e.Source)})
	}
	return all
}

func unique(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

// originWords say where a value came from, who brought it and when.
func originWords(r *page.Request, w whole, o customer.Origin) string {
	who := ""
	if o.ActorKind == "user" {
		who = w.names.actor(r.P, o.ActorKind, o.Actor)
	}
	source := w.names.source(r.P, o.Source)
	if o.Source == 0 && o.ActorKind != "" && o.ActorKind != "user" {
		source = w.names.actor(r.P, o.ActorKind, o.Actor)
	}
	return joined(source, who, r.P.Date(clock.DayOf(o.At, r.Company.Zone())))
}

// pastWords is one value a field had.
func pastWords(r *page.Request, w whole, f fact, past customer.Past) string {
	old := cmp.Or(w.names.value(r.P, f.field, past.Old), r.P.T("customers.nothing_before"))
	return r.P.T("customers.data.until", "value", old, "time", r.P.DateTime(past.At), "who", w.names.actor(r.P, past.Actor.Kind, past.Actor.ID))
}

// undoable tells whether the change that replaced a value can be taken back from here.
func undoable(r *page.Request, w whole, past customer.Past) bool {
	return w.may(r) && past.Seq != 0 && past.Actor.Kind != "job"
}

// figures is the tab with all figures, what they mean, and the rows behind them.
func (p pages) figures(r *page.Request) error {
	var w whole
	var ahead *predict.Foreseen
	err := r.Read(func(tx *store.Tx) (err error) {
		if w, err = load(r, tx); err != nil || moved(r, w) {
			return err
		}
		ahead, err = foreseen(r, tx, w.ID)
		return err
	})
	if err != nil {
		return err
	}
	if moved(r, w) {
		return r.Redirect(customerPath(w.ID) + "/figures")
	}
	f, err := p.figuresOf(r, w.ID)
	if err != nil {
		return err
	}
	counted, err := p.countedOf(r, w.ID, ahead)
	if err != nil {
		return err
	}
	switch {
	case r.WantsCSV() && r.Text("table") == "counted":
		return countedCSV(r, w, counted)
	case r.WantsCSV():
		return figuresCSV(r, w, f)
	}
	return r.Render(w.title(r), figuresView(r, w, f, ahead, counted, figureTiles(r, f, p.scoreOf(r, f))))
}

// figureTiles are the figures, each with its definition.
func figureTiles(r *page.Request, f *figures, s score) []ui.Tile {
	if f == nil || f.last == nil {
		return nil
	}
	money := func(v int64) string { return r.P.Money(v, r.Company.Currency) }
	var tiles []ui.Tile
	add := func(name, value, change string, rows *ui.Anchor) *ui.Tile {
		key := "customers.figure." + name + "."
		e := &ui.Explain{ID: "explain-" + name, Title: r.P.T(key + "name"), Definition: r.P.T(key + "definition"), Rows: rows,
			AsOf: r.P.DateTime(f.asOf), Purchase: r.P.T("customers.figure.purchase"), Refunds: r.P.T("customers.figure.refunds")}
		if f.asOf.IsZero() {
			e.AsOf = ""
		}
		tiles = append(tiles, ui.Tile{Name: r.P.T(key + "name"), Value: value, Change: change, Explain: e})
		return &tiles[len(tiles)-1]
	}
	days := &ui.Anchor{Text: r.P.T("customers.figure.rows_days"), Href: "#days"}
	returns := &ui.Anchor{Text: r.P.T("customers.figure.rows_returns"), Href: "#returns"}
	add("year", money(f.year), r.P.N("customers.figure.year.change", f.yearCount), days)
	add("value", money(f.value), r.P.T("customers.figure.first", "day", *f.first), days)
	add("orders", r.P.Number(f.orders), r.P.N("customers.figure.orders.change", int64(f.days)), days)
	if f.orders > 0 {
		add("average", money(f.value/f.orders), "", days)
	}
	last := add("last", agoWords(r.P, f.silent), r.P.Date(*f.last), days)
	if f.cooling() {
		last.Tone, last.Change = ui.Bad, joined(r.P.Date(*f.last), r.P.T("customers.longer"))
	}
	rhythm := add("rhythm", "", "", days)
	if rhythm.Missing = r.P.T("customers.figure.rhythm.missing"); f.rhythm > 0 {
		rhythm.Value = r.P.N("common.days", int64(f.rhythm))
	}
	if f.returned > 0 {
		t := add("returned", money(f.returned), "", returns)
		if f.gross > 0 {
			t.Change = r.P.T("customers.figure.returned.note", "share", r.P.Percent(float64(f.returned)/float64(f.gross), 1))
		}
	}
	if s.rfm != "" {
		add("rfm", s.rfm, r.P.T("customers.figure.rfm.note"), &ui.Anchor{Text: r.P.T("customers.figure.rows_report"), Href: "/insight/rfm"})
	}
	if s.abc != "" {
		add("abc", s.abc, r.P.T("customers.figure.abc.note_"+s.abc), &ui.Anchor{Text: r.P.T("customers.figure.rows_report"), Href: "/insight/abc"})
	}
	return tiles
}

// daysTable is what the figures are made of.
func daysTable(r *page.Request, f *figures) ui.Table {
	const most = 50
	t := ui.Table{ID: "days", Title: r.P.T("customers.figure.days_title"), Caption: r.P.T("customers.figure.days_title"), CSV: r.CSVLink(), Columns: []ui.Column{
		{Title: r.P.T("common.day"), Narrow: ui.NarrowLead}, {Title: r.P.T("customers.figure.orders.name"), Number: true}, {Title: r.P.T("customers.figure.gross"), Number: true},
		{Title: r.P.T("customers.figure.net"), Number: true, Narrow: ui.NarrowValue}}}
	money := func(v int64) string { return r.P.Money(v, r.Company.Currency) }
	var orders, net int64
	for i, b := range f.purchases {
		orders, net = orders+b.orders, net+b.net
		if i < most {
			t.Rows = append(t.Rows, ui.Row{Muted: b.netOrders == 0, Cells: ui.Cells(r.P.Date(b.day), r.P.Number(b.orders), money(b.gross), money(b.net))})
		}
	}
	total := r.P.N("customers.figure.days_total", int64(len(f.purchases)))
	if len(f.purchases) > most {
		total = joined(total, r.P.T("customers.figure.days_cut", "n", most))
	}
	t.Total = &ui.Row{Cells: []ui.Cell{ui.Text(total), ui.Text(r.P.Number(orders)), ui.Text(money(f.gross)), ui.Text(money(net))}}
	return t
}

func returnsTable(r *page.Request, f *figures) ui.Table {
	const most = 50
	t := ui.Table{ID: "returns", Title: r.P.T("customers.figure.returns_title"), Caption: r.P.T("customers.figure.returns_title"), Columns: []ui.Column{
		{Title: r.P.T("common.day"), Narrow: ui.NarrowLead}, {Title: r.P.T("customers.figure.return_of"), Narrow: ui.NarrowBare},
		{Title: r.P.T("common.amount"), Number: true, Narrow: ui.NarrowValue}}}
	for _, b := range f.returns[:min(len(f.returns), most)] {
		sale := ui.Text(r.P.T("customers.figure.unlinked"))
		if b.sale != 0 {
			sale = ui.LinkTo(r.P.T("customers.figure.sale_link"), documentPath(b.sale))
		}
		t.Rows = append(t.Rows, ui.Row{Href: documentPath(b.document), Cells: []ui.Cell{ui.Text(r.P.Date(b.day)), sale, ui.Text(r.P.Money(b.amount, r.Company.Currency))}})
	}
	t.Total = &ui.Row{Cells: []ui.Cell{ui.Text(r.P.N("customers.figure.returns_total", int64(len(f.returns)))), {}, ui.Text(r.P.Money(f.returned, r.Company.Currency))}}
	return t
}

func figuresCSV(r *page.Request, w whole, f *figures) error {
	head := []string{r.P.T("common.day"), r.P.T("customers.figure.orders.name"), r.P.T("customers.figure.gross"), r.P.T("customers.figure.net")}
	return r.SendCSV(fmt.Sprintf("customer-%d-figures", w.ID), head, func(yield func([]string, error) bool) {
		if f == nil {
			return
		}
		for _, b := range f.purchases {
			if !yield([]string{r.P.Date(b.day), strconv.FormatInt(b.orders, 10), amountCell(r, b.gross, r.Company.Currency), amountCell(r, b.net, r.Company.Currency)}, nil) {
				return
			}
		}
	})
}
