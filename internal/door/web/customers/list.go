package customers

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
	"stamm/internal/record/product"
)

const (
	perPage    = 50
	perCSV     = 500 // rows that a CSV reads at once
	maxFound   = 200 // finds of a search that filters look through
	boxFounds  = 8   // customers shown below the search box
	boxGoods   = 4   // products shown there, from boxLetters letters on
	boxLetters = 3
)

// listState is what the address of the list says.
type listState struct {
	q       string
	filter  customer.Filter
	order   customer.Order
	after   int64
	columns []string
}

// listColumns are the columns that can be chosen beside the name, and listDefault those shown at first.
func listColumns() []string {
	return []string{"place", "country", "number", "mail", "phone", "owner", "since", "last", "band", "value"}
}

func listDefault() []string { return []string{"place", "mail", "last", "band", "value"} }

func readListState(r *page.Request) listState {
	s := listState{q: r.Text("q"), after: r.Int("after", 0)}
	s.filter = customer.Filter{Tag: r.Text("tag"), Owner: r.Int("owner", 0)}
	if kind := r.Text("kind"); kind == customer.Person || kind == customer.Company {
		s.filter.Kind = kind
	}
	if code, ok := customer.CountryCode(r.Text("country")); ok {
		s.filter.Country = code
	}
	if out := r.Text("excluded"); slices.Contains([]string{"any", "none", customer.Internal, customer.Reseller}, out) {
		s.filter.Excluded = out
	}
	switch r.Text("mail") {
	case "yes":
		s.filter.HasMail = new(true)
	case "no":
		s.filter.HasMail = new(false)
	}
	by, desc := strings.CutPrefix(r.Text("sort"), "-")
	if slices.Contains([]string{"name", "since", "changed"}, by) {
		s.order = customer.Order{By: by, Desc: desc}
	}
	for _, c := range r.Texts("columns") {
		if slices.Contains(listColumns(), c) && !slices.Contains(s.columns, c) {
			s.columns = append(s.columns, c)
		}
	}
	if s.columns == nil {
		s.columns = listDefault()
	}
	return s
}

func (s listState) filtered() bool { return s.filter != customer.Filter{} }

// found is one page of the list.
type found struct {
	rows  []customer.Row
	more  bool
	typos bool
}

// read reads one page behind the customer after.
func (s listState) read(r *page.Request, tx *store.Tx, after int64, limit int) (f found, err error) {
	if s.q == "" {
		f.rows, f.more, err = customer.List(r.Context(), tx, s.filter, s.order, after, limit)
		return f, err
	}
	most := limit
	if s.filtered() {
		most = maxFound
	}
	hits, err := customer.Search(r.Context(), tx, s.q, most)
	if err != nil {
		return f, err
	}
	f = found{rows: hits.Rows, more: hits.More, typos: hits.Typos}
	if s.filtered() && len(f.rows) > 0 {
		ids := make([]int64, len(f.rows))
		for i, row := range f.rows {
			ids[i] = row.ID
		}
		pass, err := customer.Among(r.Context(), tx, s.filter, ids)
		if err != nil {
			return f, err
		}
		f.rows = slices.DeleteFunc(f.rows, func(row customer.Row) bool { return !pass[row.ID] })
		if len(f.rows) > limit {
			f.rows, f.more = f.rows[:limit], true
		}
	}
	return f, nil
}

func (p pages) list(r *page.Request) error {
	s := readListState(r)
	var n names
	var f found
	err := r.Read(func(tx *store.Tx) (err error) {
		if n, err = loadNames(r, tx); err != nil || r.WantsCSV() {
			return err
		}
		f, err = s.read(r, tx, s.after, perPage)
		return err
	})
	if err != nil {
		return err
	}
	if r.WantsCSV() {
		return p.listCSV(r, s, n)
	}
	figures, err := p.sharesOf(r, f.rows)
	if err != nil {
		return err
	}
	total := int64(-1)
	if s.q == "" {
		total = p.count(r, s.filter)
	} else if !f.more {
		total = int64(len(f.rows))
	}
	return r.Render(r.P.T("common.customers"), listView(r, s, p.listFilters(r, s, n), p.listTable(r, s, n, f, figures, total), total, p.Warehouse))
}

// listCSV sends all customers that fit, page by page, with all columns.
func (p pages) listCSV(r *page.Request, s listState, n names) error {
	head := []string{"ID", r.P.T("common.name"), r.P.T("customer.field.company"), r.P.T("customer.field.kind")}
	for _, c := range listColumns() {
		head = append(head, columnTitle(r, c))
	}
	head = append(head, r.P.T("customer.field.excluded"))
	return r.SendCSV("customers", head, func(yield func([]string, error) bool) {
		for after, more := int64(0), true; more; {
			var f found
			err := r.Read(func(tx *store.Tx) (err error) {
				f, err = s.read(r, tx, after, perCSV)
				return err
			})
			var figures shares
			if err == nil {
				figures, err = p.sharesOf(r, f.rows)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, row := range f.rows {
				cells := []string{strconv.FormatInt(row.ID, 10), row.Name, row.Company, n.value(r.P, "kind", row.Kind)}
				for _, c := range listColumns() {
					text := columnText(r, n, figures, row, c)
					if value, bought := figures.value[row.ID]; c == "value" && bought {
						text = amountCell(r, value, r.Company.Currency)
					}
					cells = append(cells, text)
				}
				if !yield(append(cells, n.value(r.P, "excluded", row.Excluded)), nil) {
					return
				}
				after = row.ID
			}
			more = f.more && s.q == "" && len(f.rows) > 0
		}
	})
}

func columnTitle(r *page.Request, column string) string {
	switch column {
	case "place":
		return r.P.T("customer.field.city")
	case "country", "owner", "since", "phone":
		return r.P.T("customer.field." + column)
	case "number":
		return r.P.T("customer.field.external_id")
	case "mail":
		return r.P.T("customer.field.email")
	}
	if column == "band" {
		return r.P.T("outlook.bands.band")
	}
	return r.P.T("customers.list." + column)
}

// columnText is what stands in a column of the list.
func columnText(r *page.Request, n names, figures shares, row customer.Row, column string) string {
	switch column {
	case "place":
		return row.City
	case "country":
		return n.value(r.P, "country", row.Country)
	case "number":
		return row.ExternalID
	case "mail":
		return row.Email
	case "phone":
		return row.Phone
	case "owner":
		return n.user(r.P, row.Owner)
	case "since":
		return dateOrNone(r.P, row.Since)
	case "last":
		if day, bought := figures.last[row.ID]; bought {
			return r.P.Date(day)
		}
	case "band":
		if b, known := figures.band[row.ID]; known {
			return b.Words(r.P)
		}
	case "value":
		if value, bought := figures.value[row.ID]; bought {
			return r.P.Money(value, r.Company.Currency)
		}
	}
	return ""
}

// columnCell shows it; a band is a chip.
func columnCell(r *page.Request, n names, figures shares, row customer.Row, column string) ui.Cell {
	if b, known := figures.band[row.ID]; known && column == "band" {
		return ui.Rich(figure.Band(r.P, b))
	}
	return ui.Text(columnText(r, n, figures, row, column))
}

func (p pages) listTable(r *page.Request, s listState, n names, f found, figures shares, total int64) ui.Table {
	t := ui.Table{
		ID: "list", Caption: r.P.T("common.customers"), CSV: r.CSVLink("after", ""),
		Columns: []ui.Column{s.sortable(r, ui.Column{Title: r.P.T("customers.list.name"), Narrow: ui.NarrowLead}, "name", false)},
		Choose:  &ui.ColumnChoice{Action: listPath, Name: "columns", Hidden: s.hidden("columns")},
		Empty:   p.emptyList(r, s),
	}
	for _, c := range listColumns() {
		shown := slices.Contains(s.columns, c)
		t.Choose.Options = append(t.Choose.Options, ui.Option{Value: c, Label: columnTitle(r, c), Chosen: shown})
		if shown {
			t.Columns = append(t.Columns, s.column(r, c))
		}
	}
	for _, row := range f.rows {
		cells := []ui.Cell{ui.Lines(rowName(r.P, row), rowSub(r, row))}
		for _, c := range listColumns() {
			if slices.Contains(s.columns, c) {
				cells = append(cells, columnCell(r, n, figures, row, c))
			}
		}
		t.Rows = append(t.Rows, ui.Row{Href: customerPath(row.ID), Cells: cells, Muted: row.Excluded != ""})
	}
	t.Paging = &ui.Paging{Shown: int64(len(f.rows)), Of: total, Noun: r.P.T("customers.noun")}
	if s.q == "" && s.after != 0 {
		t.Paging.First = r.Link("after", "")
	}
	if s.q == "" && f.more {
		t.Paging.Next = r.Link("after", strconv.FormatInt(f.rows[len(f.rows)-1].ID, 10))
	}
	if s.q != "" {
		t.Title = foundWords(r, f)
	}
	return t
}

// foundWords says what a search came to.
func foundWords(r *page.Request, f found) string {
	switch {
	case len(f.rows) == 0:
		return ""
	case f.typos:
		return r.P.T("customers.list.typos")
	case f.more:
		return r.P.T("customers.list.best")
	}
	return r.P.T("customers.list.found")
}

func rowSub(r *page.Request, row customer.Row) string {
	company := row.Company
	if company == row.Name {
		company = ""
	}
	out := ""
	if row.Excluded != "" {
		out = r.P.T("customer.excluded." + row.Excluded)
	}
	return joined(company, out)
}

// column is one of the columns that can be chosen.
func (s listState) column(r *page.Request, name string) ui.Column {
	c := ui.Column{Key: name, Title: columnTitle(r, name)}
	switch name {
	case "place", "country", "band":
		c.Narrow = ui.NarrowBare
	case "mail", "phone", "number", "owner":
		c.Narrow, c.Wide = ui.NarrowHide, name == "owner"
	case "since":
		return s.sortable(r, c, "since", true)
	case "last":
		c.Number, c.Help = true, r.P.T("customers.list.last_help")
	case "value":
		c.Number, c.Narrow, c.Help = true, ui.NarrowValue, r.P.T("customers.list.value_help")
	}
	return c
}

func (s listState) sortable(r *page.Request, c ui.Column, by string, number bool) ui.Column {
	c.Number = number
	if s.q != "" {
		return c // best first
	}
	now := cmp.Or(s.order.By, "name")
	c.Sort = r.Link("sort", by, "after", "")
	if now == by {
		c.Sorted = ui.Ascending
		c.Sort = r.Link("sort", "-"+by, "after", "")
		if s.order.Desc {
			c.Sorted = ui.Descending
			c.Sort = r.Link("sort", by, "after", "")
		}
	}
	return c
}

// hidden is the state of the address without one parameter, for forms that set it.
func (s listState) hidden(without string) []ui.Hidden {
	all := []ui.Hidden{{Name: "q", Value: s.q}, {Name: "kind", Value: s.filter.Kind}, {Name: "country", Value: s.filter.Country}, {Name: "tag", Value: s.filter.Tag},
		{Name: "excluded", Value: s.filter.Excluded}}
	if s.filter.Owner != 0 {
		all = append(all, ui.Hidden{Name: "owner", Value: strconv.FormatInt(s.filter.Owner, 10)})
	}
	if s.filter.HasMail != nil {
		all = append(all, ui.Hidden{Name: "mail", Value: map[bool]string{true: "yes", false: "no"}[*s.filter.HasMail]})
	}
	if s.order.By != "" {
		all = append(all, ui.Hidden{Name: "sort", Value: map[bool]string{true: "-"}[s.order.Desc] + s.order.By})
	}
	if !slices.Equal(s.columns, listDefault()) {
		for _, c := range s.columns {
			all = append(all, ui.Hidden{Name: "columns", Value: c})
		}
	}
	return slices.DeleteFunc(all, func(h ui.Hidden) bool { return h.Value == "" || h.Name == without })
}

// emptyList teaches the first step, or says that nothing fits.
func (p pages) emptyList(r *page.Request, s listState) *ui.Empty {
	if s.q != "" || s.filtered() || s.after != 0 {
		return &ui.Empty{Icon: "search", Title: r.P.T("common.nothing_found"), Text: r.P.T("customers.list.nothing_text"),
			Action: &ui.Anchor{Text: r.P.T("customers.list.all"), Href: listPath}}
	}
	e := &ui.Empty{Icon: "users", Title: r.P.T("customers.empty.title"), Text: r.P.T("customers.empty.text")}
	if r.Can(auth.WriteImports) {
		e.Action = &ui.Anchor{Text: r.P.T("customers.empty.import"), Href: "/imports/new"}
	}
	if r.Can(auth.WriteCustomers) {
		e.Second = &ui.Anchor{Text: r.P.T("customers.new.person"), Href: newPath}
	}
	return e
}

// listFilters are the filters in words.
func (p pages) listFilters(r *page.Request, s listState, n names) ui.Filters {
	f := ui.Filters{
		Search: &ui.SearchField{Action: listPath, Name: "q", Value: s.q, Placeholder: r.P.T("customers.list.search"), Target: "list"},
		Hidden: s.hidden("q"),
	}
	menu := func(name, label, chosen string, values ...named) {
		m := ui.FilterMenu{Label: label}
		for _, v := range values {
			m.Choices = append(m.Choices, ui.Choice{Text: v.name, Href: r.Link(name, v.code, "after", ""), Active: v.code == chosen})
			if v.code == chosen {
				f.Chips = append(f.Chips, ui.FilterChip{Text: label + ": " + v.name, Remove: r.Link(name, "", "after", "")})
			}
		}
		f.Menus = append(f.Menus, m)
	}
	menu("kind", r.P.T("customers.filter.kind"), s.filter.Kind, p.words(r, "kind", customer.Person, customer.Company)...)
	menu("country", r.P.T("common.country"), s.filter.Country, p.countries(r, s.filter.Country)...)
	menu("owner", r.P.T("customer.field.owner"), strconv.FormatInt(s.filter.Owner, 10), owners(r, n, s.filter.Owner)...)
	mail := ""
	if s.filter.HasMail != nil {
		mail = map[bool]string{true: "yes", false: "no"}[*s.filter.HasMail]
	}
	menu("mail", r.P.T("customer.field.email"), mail, named{"yes", r.P.T("customers.filter.mail_yes")}, named{"no", r.P.T("customers.filter.mail_no")})
	menu("excluded", r.P.T("customers.filter.excluded"), s.filter.Excluded, named{"none", r.P.T("customers.filter.counted")},
		named{"any", r.P.T("customers.filter.left_out")}, named{customer.Internal, r.P.T("customer.excluded.internal")},
		named{customer.Reseller, r.P.T("customer.excluded.reseller")})
	if s.filter.Tag != "" {
		f.Chips = append(f.Chips, ui.FilterChip{Text: r.P.T("customers.filter.tag") + ": " + s.filter.Tag, Remove: r.Link("tag", "", "after", "")})
	}
	f.Menus = append(f.Menus, sortMenu(r, s))
	for _, e := range p.Pages { // which phones have no menu for
		if r.Can(e.Permission) {
			f.Tools = append(f.Tools, ui.Anchor{Text: r.P.T(e.Text), Href: e.Href})
		}
	}
	if len(f.Chips) > 1 {
		f.Clear = r.Link("kind", "", "country", "", "owner", "", "mail", "", "excluded", "", "tag", "", "after", "")
	}
	return f
}

// sortMenu is for what has no column, and for phones, where a table has no headings.
func sortMenu(r *page.Request, s listState) ui.FilterMenu {
	now := cmp.Or(s.order.By, "name")
	if s.order.Desc {
		now = "-" + now
	}
	m := ui.FilterMenu{Label: r.P.T("common.sort")}
	for _, by := range []string{"name", "-name", "-since", "since", "-changed"} {
		m.Choices = append(m.Choices, ui.Choice{Text: r.P.T("customers.sort." + strings.ReplaceAll(by, "-", "down_")), Href: r.Link("sort", by, "after", ""), Active: by == now})
	}
	return m
}

func (p pages) words(r *page.Request, field string, codes ...string) []named {
	var all []named
	for _, c := range codes {
		all = append(all, named{c, r.P.T("customer." + field + "." + c)})
	}
	return all
}

// countries are those that customers live in, the most frequent first; without the warehouse those Stamm is made for.
func (p pages) countries(r *page.Request, chosen string) []named {
	codes := []string{"DE", "AT", "CH"}
	if p.Warehouse != nil {
		var counted []string
		err := p.each(r.Context(), `SELECT country FROM customer WHERE NOT erased AND country <> '' GROUP BY country ORDER BY count(*) DESC, country LIMIT 20`, nil,
			func(scan func(...any) error) error {
				var code string
				err := scan(&code)
				counted = append(counted, code)
				return err
			})
		if err == nil {
			codes = counted
		}
	}
	if chosen != "" && !slices.Contains(codes, chosen) {
		codes = append(codes, chosen)
	}
	var all []named
	for _, c := range codes {
		all = append(all, named{c, countryName(r.P, c)})
	}
	return all
}

func owners(r *page.Request, n names, chosen int64) []named {
	var all []named
	for _, u := range n.active {
		all = append(all, named{strconv.FormatInt(u.ID, 10), u.Name})
	}
	if chosen != 0 && !slices.ContainsFunc(n.active, func(u *auth.User) bool { return u.ID == chosen }) {
		all = append(all, named{strconv.FormatInt(chosen, 10), n.user(r.P, chosen)})
	}
	return all
}

// search answers the box at the top of every page.
func search(r *page.Request) error {
	q := r.Text("q")
	all := ui.With(r.URL, "q", q)
	all = listPath + strings.TrimPrefix(all, searchPath)
	if !r.Partial() {
		return r.Redirect(all)
	}
	var hits customer.Found
	var goods []*product.Product
	if q != "" {
		err := r.Read(func(tx *store.Tx) (err error) {
			if hits, err = customer.Search(r.Context(), tx, q, boxFounds); err != nil || len(q) < boxLetters || !r.Can(auth.ReadDocuments) {
				return err
			}
			goods, err = product.Search(r.Context(), tx, product.Filter{Query: q, Limit: boxGoods})
			return err
		})
		if err != nil {
			return err
		}
	}
	group := ui.FoundGroup{Title: r.P.T("common.customers")}
	for _, row := range hits.Rows {
		group.Items = append(group.Items, ui.Found{Title: rowName(r.P, row), Sub: joined(rowSub(r, row), row.City, row.Email), Href: customerPath(row.ID), Mark: row.ExternalID})
	}
	if !hits.More {
		all = ""
	}
	groups := []ui.FoundGroup{group}
	if len(goods) > 0 {
		group := ui.FoundGroup{Title: r.P.T("customers.product.title")}
		for _, p := range goods {
			group.Items = append(group.Items, ui.Found{Title: cmp.Or(p.Name, p.SKU), Sub: p.Category, Href: productPath(p.ID), Mark: p.SKU})
		}
		groups = append(groups, group)
	}
	return r.Fragment(ui.SearchResults(r.P, q, groups, all))
}

// listLead says how many there are.
func listLead(r *page.Request, s listState, total int64) templ.Component {
	if total < 1 || s.q != "" {
		return nil
	}
	if s.filtered() {
		return ui.Plainly(r.P.N("customers.list.lead_filtered", total))
	}
	return ui.Plainly(r.P.N("customers.list.lead", total))
}
