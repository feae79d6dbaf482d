package customers

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"stamm/internal/action/message/call"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/contract"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/task"
)

// whole is a customer as the pages show her.
type whole struct {
	*customer.Whole
	names names
	said  func(r *page.Request, tx *store.Tx, customer int64, at time.Time, before int64, limit int) ([]Said, error)
}

func (w whole) erased() bool { return !w.ErasedAt.IsZero() }

// title is what she is called.
func (w whole) title(r *page.Request) string { return displayName(r.P, w.Whole) }

// may tells whether the user may change her.
func (w whole) may(r *page.Request) bool { return !w.erased() && r.Can(auth.WriteCustomers) }

// load reads the customer of the address. Of one that was merged it reads where she went; the page then leads there.
func load(r *page.Request, tx *store.Tx) (whole, error) {
	id, err := r.PathID("id")
	if err != nil {
		return whole{}, err
	}
	var w whole
	if w.Whole, err = customer.Load(r.Context(), tx, id); err != nil {
		return w, err
	}
	w.names, err = loadNames(r, tx)
	return w, err
}

// moved tells whether the address is that of a customer who was merged into another.
func moved(r *page.Request, w whole) bool { return r.PathValue("id") != strconv.FormatInt(w.ID, 10) }

// changeable reads the customer of a form; of an erased one nothing can be changed.
func changeable(r *page.Request) (w whole, err error) {
	err = r.Read(func(tx *store.Tx) (err error) {
		w, err = load(r, tx)
		return err
	})
	if err == nil && w.erased() {
		err = fault.New(fault.Conflict, "customer.is_erased")
	}
	return w, err
}

// matters is what stands on the right of the overview.
type matters struct {
	open  []document.OpenItem
	tasks []*task.Task
	runs  []*contract.Contract
	f     *figures
	score score
	// segments she is in; nil for nothing to tell
	segments templ.Component
	consent  templ.Component   // what she agreed to; nil for nothing to tell
	messages templ.Component   // what was said to her; nil for nothing
	ahead    *predict.Foreseen // nil where nothing is foreseen
}

func (p pages) overview(r *page.Request) error {
	var w whole
	var m matters
	var entries timeline
	err := r.Read(func(tx *store.Tx) (err error) {
		if w, err = load(r, tx); err != nil || moved(r, w) {
			return err
		}
		if m.open, err = document.OpenItems(r.Context(), tx, w.ID); err != nil {
			return err
		}
		if m.tasks, err = openTasks(r, tx, w.ID); err != nil {
			return err
		}
		if m.runs, err = contractsOf(r, tx, w.ID); err != nil {
			return err
		}
		if m.ahead, err = foreseen(r, tx, w.ID); err != nil {
			return err
		}
		w.said = p.Said
		entries, err = readTimeline(r, tx, w, r.Text("show"), r.Text("before"))
		return err
	})
	if err != nil {
		return err
	}
	if moved(r, w) {
		return r.Redirect(customerPath(w.ID))
	}
	if m.f, err = p.figuresOf(r, w.ID); err != nil {
		return err
	}
	m.score = p.scoreOf(r, m.f)
	if p.Segments != nil && !w.erased() && w.Excluded == "" {
		if m.segments, err = p.Segments(r, w.ID); err != nil {
			return err
		}
	}
	if p.Consent != nil {
		if m.consent, err = p.Consent(r, w.ID); err != nil {
			return err
		}
	}
	if p.Messages != nil {
		if m.messages, err = p.Messages(r, w.ID); err != nil {
			return err
		}
	}
	return r.Render(w.title(r), overviewView(r, w, entries, m))
}

func openTasks(r *page.Request, tx *store.Tx, id int64) ([]*task.Task, error) {
	tasks, err := task.OfCustomer(r.Context(), tx, id, 10)
	today := r.Today()
	return slices.DeleteFunc(tasks, func(t *task.Task) bool {
		return t.State == task.Done || t.State == task.Snoozed && t.SnoozedUntil != nil && *t.SnoozedUntil > today
	}), err
}

// leadWords is the line below the name.
func leadWords(r *page.Request, w whole) string {
	var words []string
	for _, c := range w.Companies {
		if !over(c.Until, r.Today()) {
			words = append(words, joinedBy(", ", c.Role, c.Name))
		}
	}
	if len(words) == 0 && w.Kind == customer.Person && w.Company != "" {
		words = append(words, w.Company)
	}
	if w.Since != nil {
		words = append(words, r.P.T("customers.since", "day", *w.Since))
	}
	if place := mainPlace(w); place != "" {
		words = append(words, place)
	} else if w.Country != "" {
		words = append(words, countryName(r.P, w.Country))
	}
	if w.Owner != 0 {
		words = append(words, r.P.T("customers.owner", "name", w.names.user(r.P, w.Owner)))
	}
	return joined(words...)
}

func joinedBy(sep string, words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), sep)
}

func mainPlace(w whole) string {
	if len(w.Addresses) == 0 {
		return ""
	}
	return w.Addresses[0].City
}

// tabs are the views of one customer.
func tabs(r *page.Request, w whole, here string) []ui.Tab {
	all := []ui.Tab{{Label: r.P.T("customers.tab.overview"), Href: customerPath(w.ID)}}
	if r.Can(auth.ReadDocuments) {
		all = append(all, ui.Tab{Label: r.P.T("customers.tab.documents"), Href: customerPath(w.ID) + "/documents"})
	}
	all = append(all, ui.Tab{Label: r.P.T("customers.tab.figures"), Href: customerPath(w.ID) + "/figures"},
		ui.Tab{Label: r.P.T("customers.tab.data"), Href: customerPath(w.ID) + "/data"})
	for i := range all {
		all[i].Active = all[i].Label == r.P.T("customers.tab."+here)
	}
	return all
}

// openSum is what is open in all, where it is in one currency.
func openSum(m matters, r *page.Request) string {
	var sum int64
	for _, o := range m.open {
		if o.Currency != m.open[0].Currency {
			return ""
		}
		sum += o.Open
	}
	if len(m.open) < 2 {
		return ""
	}
	return r.P.Money(sum, m.open[0].Currency)
}

// openEntries are the open items as things that need someone.
func openEntries(r *page.Request, w whole, m matters) []ui.Item {
	const most = 4 // invoices; the others stand among the documents
	var items []ui.Item
	for i, o := range m.open {
		if i == most && len(m.open) > most+1 {
			items = append(items, ui.Item{Icon: "dots", Title: r.P.N("customers.open.more", int64(len(m.open)-most)), Href: customerPath(w.ID) + "/documents"})
			break
		}
		item := ui.Item{Icon: "file-text", Title: r.P.T("customers.open.invoice", "number", o.ExternalID), Href: documentPath(o.Document), Meta: r.P.Money(o.Open, o.Currency)}
		switch {
		case o.Open < 0:
			item.Title, item.Text = r.P.T("customers.open.credit"), r.P.T("customers.open.credit_of", "number", o.ExternalID)
		case o.DueDay == nil:
			item.Text = r.P.T("customers.open.from", "day", o.Day)
		case *o.DueDay < r.Today():
			item.Tone = ui.Bad
			item.Text = r.P.N("customers.open.late", int64(r.Today()-*o.DueDay), "day", *o.DueDay)
		default:
			item.Text = r.P.T("customers.open.due", "day", *o.DueDay)
		}
		if o.Open > 0 && o.Open != o.Gross {
			item.Text = joined(item.Text, r.P.T("customers.open.of", "amount", r.P.Money(o.Gross, o.Currency)))
		}
		items = append(items, item)
	}
	for _, t := range m.tasks {
		item := ui.Item{Icon: "clock", Title: cmp.Or(t.Note, taskKind(r, t)), Text: taskKind(r, t)}
		if t.Kind == call.TaskCall {
			item.Icon, item.Href = "phone", "/engage/calls/"+strconv.FormatInt(t.Subject, 10)
		}
		if t.Note == "" {
			item.Text = ""
		}
		if t.Due != nil {
			item.Meta = r.P.Date(*t.Due)
			if *t.Due < r.Today() {
				item.Tone = ui.Bad
			}
		}
		items = append(items, item)
	}
	return items
}

// taskKind is what a task is about in one or two words.
func taskKind(r *page.Request, t *task.Task) string {
	for _, area := range []string{"task", "today"} {
		if key := area + ".kind." + t.Kind; r.P.Has(key) {
			args := make([]any, 0, 2*len(t.Args))
			for name, value := range t.Args {
				args = append(args, name, value)
			}
			return r.P.T(key, args...)
		}
	}
	return r.P.T("customers.task")
}

// keyFigures are the figures of the overview, each with what it means.
func keyFigures(r *page.Request, w whole, m matters) []ui.Pair {
	f := m.f
	link := customerPath(w.ID) + "/figures"
	var pairs []ui.Pair
	add := func(name, text, note string) {
		pairs = append(pairs, ui.Pair{Term: r.P.T("customers.figure." + name + ".name"), Text: text, Href: link, Note: note})
	}
	if f.last != nil {
		add("last", r.P.Date(*f.last), silentWords(r, f))
	}
	if f.rhythm > 0 {
		add("rhythm", r.P.N("customers.every", int64(f.rhythm)), r.P.T("customers.figure.rhythm.note"))
	}
	add("orders", r.P.Number(f.orders), r.P.T("customers.figure.orders.note", "n", f.yearCount))
	add("year", r.P.Money(f.year, r.Company.Currency), r.P.T("customers.figure.year.note"))
	add("value", r.P.Money(f.value, r.Company.Currency), r.P.T("customers.figure.value.note"))
	if f.returned > 0 {
		note := ""
		if f.gross > 0 {
			note = r.P.T("customers.figure.returned.note", "share", r.P.Percent(float64(f.returned)/float64(f.gross), 1))
		}
		add("returned", r.P.Money(f.returned, r.Company.Currency), note)
	}
	if m.score.rfm != "" {
		add("rfm", m.score.rfm, r.P.T("customers.figure.rfm.note"))
	}
	if m.score.abc != "" {
		add("abc", m.score.abc, r.P.T("customers.figure.abc.note_"+m.score.abc))
	}
	return pairs
}

// silentWords tells how long it has been quiet, and whether that is longer than usual.
func silentWords(r *page.Request, f *figures) string {
	words := agoWords(r.P, f.silent)
	if f.cooling() {
		words = r.P.N("customers.cooling", int64(f.silent))
	}
	return words
}

// cooling tells that the silence lasts more than twice as long as usual.
func (f *figures) cooling() bool { return f.rhythm > 0 && f.silent > 2*f.rhythm }

// tone marks the card of somebody who has gone quiet; its words say so.
func (m matters) tone() ui.Tone {
	if m.f != nil && m.f.cooling() {
		return ui.Bad
	}
	return ui.Neutral
}

// score is where a customer stands among all.
type score struct {
	rfm string // three digits, 555 best
	abc string // A, B or C
}

// scoreOf compares with the thresholds of the reports; empty where there are none.
func (p pages) scoreOf(r *page.Request, f *figures) (s score) {
	if p.Report == nil || f == nil || f.last == nil {
		return s
	}
	var rfm struct {
		Cuts struct{ R, F, M []float64 } `json:"pct_thresholds"`
	}
	money := float64(f.value) / minor(r.Company.Currency)
	if p.thresholds(r, "rfm", &rfm) && len(rfm.Cuts.R) == 4 && len(rfm.Cuts.F) == 4 && len(rfm.Cuts.M) == 4 {
		s.rfm = strconv.Itoa(6-step(rfm.Cuts.R, float64(f.silent))) + strconv.Itoa(step(rfm.Cuts.F, float64(f.days))) + strconv.Itoa(step(rfm.Cuts.M, money))
	}
	var abc struct {
		A *struct {
			Value float64 `json:"value"`
		} `json:"last_A"`
		B *struct {
			Value float64 `json:"value"`
		} `json:"last_B"`
	}
	if p.thresholds(r, "abc", &abc) && abc.A != nil {
		switch {
		case money >= abc.A.Value:
			s.abc = "A"
		case abc.B != nil && money >= abc.B.Value:
			s.abc = "B"
		default:
			s.abc = "C"
		}
	}
	return s
}

// step is the score of a value: one more for each threshold it exceeds.
func step(cuts []float64, value float64) int {
	n := 1
	for _, c := range cuts {
		if value > c {
			n++
		}
	}
	return n
}

// thresholds reads the object a report gives machines.
func (p pages) thresholds(r *page.Request, name string, into any) bool {
	result, err := p.Report(r.Context(), name, reportParams(r.Today()))
	if err != nil || result == nil {
		return false // the page stands without
	}
	text, err := json.Marshal(result.JSON)
	return err == nil && json.Unmarshal(text, into) == nil
}

// documents is the tab with everything on paper.
func (p pages) documents(r *page.Request) error {
	if r.WantsCSV() {
		return documentsCSV(r)
	}
	var w whole
	var list []*document.Document
	before := document.Place{At: clock.Time(r.Int("at", 0)), ID: r.Int("before", 0)}
	err := r.Read(func(tx *store.Tx) (err error) {
		if w, err = load(r, tx); err != nil || moved(r, w) {
			return err
		}
		list, err = document.OfCustomer(r.Context(), tx, w.ID, before, perPage+1)
		return err
	})
	if err != nil {
		return err
	}
	if moved(r, w) {
		return r.Redirect(customerPath(w.ID) + "/documents")
	}
	return r.Render(w.title(r), documentsView(r, w, documentsTable(r, list, before)))
}

func documentsTable(r *page.Request, list []*document.Document, before document.Place) ui.Table {
	t := ui.Table{
		ID: "documents", Caption: r.P.T("customers.tab.documents"), CSV: r.CSVLink("before", "", "at", ""),
		Columns: []ui.Column{
			{Title: r.P.T("customers.document.title"), Narrow: ui.NarrowLead}, {Title: r.P.T("common.date"), Narrow: ui.NarrowBare},
			{Title: r.P.T("common.status"), Narrow: ui.NarrowBare}, {Title: r.P.T("customers.document.counted"), Narrow: ui.NarrowBare},
			{Title: r.P.T("common.amount"), Number: true, Narrow: ui.NarrowValue},
		},
		Empty: &ui.Empty{Icon: "file-text", Title: r.P.T("customers.document.none"), Text: r.P.T("customers.document.none_text")},
	}
	paging := &ui.Paging{Of: -1, Noun: r.P.T("customers.document.noun")}
	if before.ID != 0 {
		paging.First = r.Link("before", "", "at", "")
	}
	if len(list) > perPage {
		list = list[:perPage]
		last := list[perPage-1]
		paging.Next = r.Link("before", strconv.FormatInt(last.ID, 10), "at", strconv.FormatInt(clock.Micros(last.At), 10))
	}
	for _, d := range list {
		counted := ""
		if d.Sale {
			counted = r.P.T("customers.document.sale")
		}
		t.Rows = append(t.Rows, ui.Row{Href: documentPath(d.ID), Cells: []ui.Cell{
			ui.Text(documentTitle(r, d)), ui.Text(r.P.Date(d.Day)), ui.Text(statusName(r.P, d.Status)), ui.Text(counted), ui.Text(documentAmount(r, d)),
		}})
	}
	paging.Shown = int64(len(t.Rows))
	t.Paging = paging
	return t
}

func documentsCSV(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	if err := r.Read(func(tx *store.Tx) error { _, err := customer.Load(r.Context(), tx, id); return err }); err != nil {
		return err
	}
	return sendDocuments(r, "customer-"+strconv.FormatInt(id, 10)+"-documents", func(tx *store.Tx, before document.Place) ([]*document.Document, error) {
		return document.OfCustomer(r.Context(), tx, id, before, perCSV)
	})
}

// anonymous lists the sales that are no customer's.
func anonymous(r *page.Request) error {
	if r.WantsCSV() {
		return sendDocuments(r, "sales-without-customer", func(tx *store.Tx, before document.Place) ([]*document.Document, error) {
			return document.Anonymous(r.Context(), tx, before, perCSV)
		})
	}
	before := document.Place{At: clock.Time(r.Int("at", 0)), ID: r.Int("before", 0)}
	var all []*document.Document
	err := r.Read(func(tx *store.Tx) (err error) {
		all, err = document.Anonymous(r.Context(), tx, before, perPage+1)
		return err
	})
	if err != nil {
		return err
	}
	return r.Render(r.P.T("customers.anonymous.title"), anonymousView(r, documentsTable(r, all, before)))
}

// sendDocuments sends as CSV what page lists, from the newest on.
func sendDocuments(r *page.Request, name string, page func(tx *store.Tx, before document.Place) ([]*document.Document, error)) error {
	head := []string{"ID", r.P.T("common.kind"), r.P.T("customers.document.number"), r.P.T("common.date"), r.P.T("common.status"),
		r.P.T("customers.document.counted"), r.P.T("common.amount"), r.P.T("common.currency")}
	return r.SendCSV(name, head, func(yield func([]string, error) bool) {
		var before document.Place
		for {
			var list []*document.Document
			err := r.Read(func(tx *store.Tx) (err error) { list, err = page(tx, before); return err })
			if err != nil {
				yield(nil, err)
				return
			}
			for _, d := range list {
				cell, in := "", ""
				if amount, currency, known := worth(r, d); known {
					cell, in = amountCell(r, amount, currency), currency
				}
				sale := r.P.T(map[bool]string{true: "common.yes", false: "common.no"}[d.Sale])
				if !yield([]string{strconv.FormatInt(d.ID, 10), r.P.T("document.kind." + d.Kind.String()), d.ExternalID, r.P.Date(d.Day), statusName(r.P, d.Status), sale, cell, in}, nil) {
					return
				}
				before = document.Place{At: d.At, ID: d.ID}
			}
			if len(list) < perCSV {
				return
			}
		}
	})
}
