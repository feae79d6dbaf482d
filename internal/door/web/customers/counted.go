package customers

import (
	"strconv"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/predict"
	"stamm/internal/platform/fault"
)

// countedOf is what became of each order and invoice when purchases were counted for the models; nil where nothing is foreseen or the
// warehouse cannot be asked.
func (p pages) countedOf(r *page.Request, id int64, f *predict.Foreseen) ([]predict.Counted, error) {
	if p.Warehouse == nil || f == nil {
		return nil, nil
	}
	all, err := predict.CountedOf(r.Context(), p.Warehouse, id, f.Outlook.AsOf, f.Outlook.Merge)
	if fault.CodeOf(err) == fault.Unavailable && r.Context().Err() == nil {
		return nil, nil
	}
	return all, err
}

// countedAs says what became of a document.
func countedAs(r *page.Request, c predict.Counted) string {
	key := "customers.counted." + string(c.As)
	if c.As == predict.CountedMerged && c.With != c.Day {
		key += "_near"
	}
	return r.P.T(key, "day", c.With)
}

// countedRule is what makes a purchase.
func countedRule(r *page.Request, merge int) string {
	if merge == 0 {
		return r.P.T("customers.counted.rule_day")
	}
	return r.P.N("customers.counted.rule", int64(merge))
}

// countedTable tells why the models count as many purchases as they do, the newest first.
func countedTable(r *page.Request, f *predict.Foreseen, all []predict.Counted) ui.Table {
	const most = 50
	p := r.P
	t := ui.Table{ID: "counted", Title: p.N("customers.counted.title", int64(predict.Repeats(all))), Caption: p.T("customers.counted.caption"), CSV: r.CSVLink("table", "counted"),
		Columns: []ui.Column{{Title: p.T("common.day"), Narrow: ui.NarrowLead}, {Title: p.T("customers.counted.document"), Narrow: ui.NarrowBare},
			{Title: p.T("common.amount"), Number: true, Narrow: ui.NarrowValue}, {Title: p.T("customers.counted.as"), Narrow: ui.NarrowBare}}}
	for i := len(all) - 1; i >= max(0, len(all)-most); i-- {
		c := all[i]
		amount := "–" // what an invoice bills is the amount of its order
		if c.As != predict.LeftBilled {
			amount = p.Money(c.Amount-c.Returned, f.Outlook.Currency)
		}
		t.Rows = append(t.Rows, ui.Row{Href: documentPath(c.Document), Muted: c.With == 0, Cells: ui.Cells(p.Date(c.Day), p.T("document.kind."+c.Kind),
			amount, countedAs(r, c))})
	}
	if len(all) > most {
		t.Total = &ui.Row{Cells: ui.Cells(p.T("customers.figure.days_cut", "n", most), "", "", "")}
	}
	return t
}

// countedCSV sends the same rows as a file.
func countedCSV(r *page.Request, w whole, all []predict.Counted) error {
	p := r.P
	head := []string{p.T("common.day"), p.T("customers.counted.document"), p.T("customers.counted.number"), p.T("customers.figure.gross"), p.T("customers.figure.returned.name"),
		p.T("customers.counted.as")}
	return r.SendCSV("customer-"+strconv.FormatInt(w.ID, 10)+"-counted", head, func(yield func([]string, error) bool) {
		for _, c := range all {
			if !yield([]string{p.Date(c.Day), p.T("document.kind." + c.Kind), strconv.FormatInt(c.Document, 10), amountCell(r, c.Amount, r.Company.Currency),
				amountCell(r, c.Returned, r.Company.Currency), countedAs(r, c)}, nil) {
				return
			}
		}
	})
}
