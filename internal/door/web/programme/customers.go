package programme

import (
	"fmt"
	"strconv"

	"stamm/internal/action/program"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/customer"
)

// Rows of a page, and those read at a time for a file.
const (
	pageRows = 50
	fileRows = 1000
)

// customers lists who was drawn for a measure and what each did: the rows behind its figures.
func (d Deps) customers(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	var m *program.Measure
	err = r.Read(func(tx *store.Tx) (err error) { m, err = program.Load(r.Context(), tx, id); return err })
	if err != nil {
		return err
	}
	var proof *program.Proof
	err = d.Warehouse.View(r.Context(), func(v *warehouse.View) (err error) {
		proof, err = program.Drawing(r.Context(), v, m, basis(r))
		return err
	})
	if err != nil {
		return err
	}
	w := pen{r.P, r.Company.Currency}
	title := r.P.T("programme.people.title")
	if r.CSVWanted {
		t := w.table("people", "name", "arm", "day", "orders", "net", "margin", "before")
		return r.SendCSV(fmt.Sprintf("programme-%d-customers", id), t.headings(), func(yield func([]string, error) bool) {
			for after, more := int64(0), true; more; {
				part, next, err := d.people(r, proof, after, fileRows)
				if err != nil {
					yield(nil, err)
					return
				}
				for _, row := range w.peopleTable(part).raw {
					if !yield(row, nil) {
						return
					}
				}
				after, more = next, next != 0
			}
		})
	}
	part, next, err := d.people(r, proof, r.Int("after", 0), pageRows)
	if err != nil {
		return err
	}
	t := w.peopleTable(part).page
	t.Compact = false
	t.Empty = &ui.Empty{Icon: "users", Title: r.P.T("programme.checks.nobody"), Text: r.P.T("programme.people.empty"), Action: &ui.Anchor{Text: m.Name, Href: Address(id)}}
	t.Paging = &ui.Paging{Shown: int64(len(part.rows)), Of: -1, Noun: r.P.T("customers.noun")}
	if r.Text("after") != "" {
		t.Paging.First = r.Link("after", "")
	}
	if next != 0 {
		t.Paging.Next = r.Link("after", strconv.FormatInt(next, 10))
	}
	head := ui.Header{Title: title, Back: &ui.Anchor{Text: m.Name, Href: Address(id)}, CSV: r.CSVLink("after", ""), Lead: ui.Plainly(r.P.T("programme.people.lead", "name", m.Name))}
	return r.Render(title, ui.All(ui.PageHeader(r.P, head), ui.FilterBar(r.P, armFilter(r, m)), ui.TableBox(r.P, t)))
}

// people are some of those who were drawn, with what they are called.
type people struct {
	rows  []program.Row
	names map[int64]string
}

// people reads a part of the list, and after whom it goes on; 0 at the end.
func (d Deps) people(r *page.Request, proof *program.Proof, after int64, limit int) (part people, next int64, err error) {
	if part.rows, err = proof.Rows(r.Context(), d.Warehouse, r.Text("arm"), after, limit+1); err != nil {
		return part, 0, err
	}
	if len(part.rows) > limit {
		part.rows = part.rows[:limit]
		next = part.rows[limit-1].Customer
	}
	ids := make([]int64, len(part.rows))
	for i, row := range part.rows {
		ids[i] = row.Customer
	}
	err = r.Read(func(tx *store.Tx) (err error) { part.names, err = customer.Names(r.Context(), tx, ids); return err })
	return part, next, err
}

func (w pen) peopleTable(part people) table {
	t := w.table("people", "name", "arm", "day", "orders", "net", "margin", "before")
	t.page.Scroll = false
	t.page.Columns[1].Number, t.page.Columns[1].Narrow, t.page.Columns[4].Narrow = false, ui.NarrowBare, ui.NarrowValue
	for _, p := range part.rows {
		name := part.names[p.Customer]
		if name == "" {
			name = fmt.Sprintf("#%d", p.Customer)
		}
		day := w.words(w.p.Date(p.Day))
		day.raw = p.Day.String()
		row := t.row(w.words(name), w.words(w.armName(p.Arm)), day, w.number(p.Orders, 0), w.cents(p.Net), w.cents(p.Margin), w.cents(p.Before))
		row.Href = fmt.Sprintf("/customers/%d", p.Customer)
	}
	return t
}

// armName is what a group is called.
func (w pen) armName(arm string) string {
	return program.ArmName(w.p, arm)
}

// armFilter chooses one group or all.
func armFilter(r *page.Request, m *program.Measure) ui.Filters {
	w := pen{r.P, r.Company.Currency}
	chosen := r.Text("arm")
	menu := ui.FilterMenu{Label: r.P.T("programme.people.arm"), Choices: []ui.Choice{{Text: r.P.T("common.all"), Href: r.Link("arm", "", "after", ""), Active: chosen == ""}}}
	names := []string{program.Control, program.Global}
	for _, a := range m.Arms {
		names = append(names, a.Name)
	}
	f := ui.Filters{}
	for _, name := range names {
		menu.Choices = append(menu.Choices, ui.Choice{Text: w.armName(name), Href: r.Link("arm", name, "after", ""), Active: chosen == name})
		if chosen == name {
			f.Chips = append(f.Chips, ui.FilterChip{Text: w.armName(name), Remove: r.Link("arm", "", "after", "")})
		}
	}
	f.Menus = []ui.FilterMenu{menu}
	return f
}
