package customers

import (
	"slices"
	"strconv"
	"strings"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// part is one of the lists that belong to a customer: mail addresses, telephones, postal addresses, contacts. A row is
// added under /new, changed under its number and removed.
type part struct {
	name   string
	inputs func(r *page.Request, w whole, row int64) (inputs []input, ok bool) // ok is false for a row there is not
	save   func(r *page.Request, tx *store.Tx, w whole, row int64) (customer.Edit, error)
	remove func(r *page.Request, tx *store.Tx, w whole, row int64) (customer.Edit, error)
}

func parts() []part {
	return []part{
		{"email", emailInputs, saveEmail, func(r *page.Request, tx *store.Tx, w whole, row int64) (customer.Edit, error) {
			return customer.RemoveEmail(r.Context(), tx, w.ID, row)
		}},
		{"phone", phoneInputs, savePhone, func(r *page.Request, tx *store.Tx, w whole, row int64) (customer.Edit, error) {
			return customer.RemovePhone(r.Context(), tx, w.ID, row)
		}},
		{"address", addressInputs, saveAddress, func(r *page.Request, tx *store.Tx, w whole, row int64) (customer.Edit, error) {
			return customer.RemoveAddress(r.Context(), tx, w.ID, row)
		}},
		{"contact", contactInputs, saveContact, removeContact},
	}
}

// row is the number in the address, 0 under /new.
func (k part) row(r *page.Request) (int64, error) {
	if !strings.HasSuffix(r.URL.Path, "/new") {
		return r.PathID("row")
	}
	return 0, nil
}

func (k part) sheet(r *page.Request, w whole, row int64) (sheet, error) {
	inputs, ok := k.inputs(r, w, row)
	if !ok {
		return sheet{}, fault.New(fault.NotFound, "errors.notfound")
	}
	verb, address := "change", strconv.FormatInt(row, 10)
	if row == 0 {
		verb, address = "add", "new"
	}
	return sheet{
		title: r.P.T("customers.part."+k.name+"."+verb, "name", w.title(r)), back: ui.Anchor{Text: w.title(r), Href: customerPath(w.ID)},
		form:   ui.Form{Action: customerPath(w.ID) + "/" + k.name + "/" + address, Submit: r.P.T("customers.part." + k.name + ".submit_" + verb), Cancel: cancel(r, w.ID)},
		inputs: inputs,
	}, nil
}

func (k part) show(r *page.Request) error {
	w, err := changeable(r)
	if err != nil {
		return err
	}
	if moved(r, w) {
		return r.Redirect(customerPath(w.ID))
	}
	row, err := k.row(r)
	if err != nil {
		return err
	}
	if k.name == "contact" && row == 0 && r.Int("other", 0) == 0 {
		return chooseContact(r, w)
	}
	s, err := k.sheet(r, w, row)
	if err != nil {
		return err
	}
	if row == 0 {
		return s.show(r)
	}
	remove := ui.Post{Label: r.P.T("customers.part." + k.name + ".remove"), Action: s.form.Action + "/remove"}
	return r.Render(s.title, ui.All(sheetView(r, s), removeView(remove)))
}

func (k part) change(r *page.Request) error {
	w, err := changeable(r)
	if err != nil {
		return err
	}
	row, err := k.row(r)
	if err != nil {
		return err
	}
	s, err := k.sheet(r, w, row)
	if err != nil {
		return err
	}
	var e customer.Edit
	err = r.Write(func(tx *store.Tx) (err error) {
		e, err = k.save(r, tx, w, row)
		return err
	})
	if err != nil {
		return s.refuse(r, err)
	}
	return saved(r, w.ID, e, r.P.T("common.saved"))
}

func (k part) removed(r *page.Request) error {
	w, err := changeable(r)
	if err != nil {
		return err
	}
	row, err := r.PathID("row")
	if err != nil {
		return err
	}
	var e customer.Edit
	err = r.Write(func(tx *store.Tx) (err error) {
		e, err = k.remove(r, tx, w, row)
		return err
	})
	if err != nil {
		return err
	}
	return saved(r, w.ID, e, r.P.T("customers.part."+k.name+".removed"))
}

// rowInputs are the inputs that all rows have: type, whether it is the main one, and how long it holds.
func rowInputs(r *page.Request, kinds []string, kind string, main bool, from, until *clock.Day) []input {
	var all []input
	if kinds != nil {
		ticked := ""
		if main {
			ticked = "1"
		}
		all = append(all,
			input{Field: ui.Field{Name: "type", Label: r.P.T("customers.form.type"), Value: kind, Width: ui.WidthMedium},
				options: choiceOptions(r.P, "customer.type.", "customers.form.no_type", kind, kinds...)},
			input{Field: ui.Field{Name: "main", Label: r.P.T("customers.form.main"), Value: ticked}, tick: true})
	}
	return append(all,
		input{Field: ui.Field{Name: "from", Type: "date", Label: r.P.T("customers.form.from"), Value: isoDay(from), Width: ui.WidthShort, Optional: true}},
		input{Field: ui.Field{Name: "until", Type: "date", Label: r.P.T("customers.form.until"), Value: isoDay(until), Width: ui.WidthShort, Optional: true}})
}

func isoDay(d *clock.Day) string {
	if d == nil {
		return ""
	}
	return d.String()
}

// formDays reads from and until.
func formDays(r *page.Request) (from, until *clock.Day, err error) {
	for _, f := range []struct {
		name string
		into **clock.Day
	}{{"from", &from}, {"until", &until}} {
		if text := r.Text(f.name); text != "" {
			day, err := clock.ParseDay(text)
			if err != nil {
				return nil, nil, fault.As(err).On(f.name)
			}
			*f.into = &day
		}
	}
	return from, until, nil
}

func emailInputs(r *page.Request, w whole, row int64) ([]input, bool) {
	var e customer.Email
	if row != 0 {
		i := slices.IndexFunc(w.Emails, func(e customer.Email) bool { return e.ID == row })
		if i < 0 {
			return nil, false
		}
		e = w.Emails[i]
	}
	first := input{Field: ui.Field{Name: customer.FieldEmail, Label: r.P.T("customer.field.email"), Value: e.Address, Required: true, Autofocus: true, Autocomplete: "off", Extra: mailKeys}}
	return append([]input{first}, rowInputs(r, customer.EmailTypes, e.Type, e.Main, e.From, e.Until)...), true
}

func saveEmail(r *page.Request, tx *store.Tx, w whole, row int64) (customer.Edit, error) {
	from, until, err := formDays(r)
	if err != nil {
		return customer.Edit{}, err
	}
	e := customer.Email{ID: row, Address: r.Text(customer.FieldEmail), Type: r.Text("type"), Main: r.Has("main"), From: from, Until: until}
	if row == 0 {
		return customer.AddEmail(r.Context(), tx, w.ID, e)
	}
	return customer.ChangeEmail(r.Context(), tx, w.ID, e)
}

func phoneInputs(r *page.Request, w whole, row int64) ([]input, bool) {
	var n customer.Phone
	if row != 0 {
		i := slices.IndexFunc(w.Phones, func(n customer.Phone) bool { return n.ID == row })
		if i < 0 {
			return nil, false
		}
		n = w.Phones[i]
	}
	first := input{Field: ui.Field{Name: customer.FieldPhone, Type: "tel", Label: r.P.T("customer.field.phone"), Help: r.P.T("customers.form.phone_help"), Value: n.Written,
		Required: true, Autofocus: true, Autocomplete: "off", Width: ui.WidthMedium}}
	return append([]input{first}, rowInputs(r, customer.PhoneTypes, n.Type, n.Main, n.From, n.Until)...), true
}

func savePhone(r *page.Request, tx *store.Tx, w whole, row int64) (customer.Edit, error) {
	from, until, err := formDays(r)
	if err != nil {
		return customer.Edit{}, err
	}
	n := customer.Phone{ID: row, Written: r.Text(customer.FieldPhone), Type: r.Text("type"), Main: r.Has("main"), From: from, Until: until}
	if row == 0 {
		return customer.AddPhone(r.Context(), tx, w.ID, n)
	}
	return customer.ChangePhone(r.Context(), tx, w.ID, n)
}

func addressInputs(r *page.Request, w whole, row int64) ([]input, bool) {
	a := customer.Address{Country: w.Country}
	if row != 0 {
		i := slices.IndexFunc(w.Addresses, func(a customer.Address) bool { return a.ID == row })
		if i < 0 {
			return nil, false
		}
		a = w.Addresses[i]
	}
	line := func(name, value string, width ui.Width) input {
		return input{Field: ui.Field{Name: name, Label: r.P.T("customer.field." + name), Value: value, Width: width, Autocomplete: "off"}}
	}
	all := []input{line(customer.FieldLine1, a.Line1, ui.WidthFull), line(customer.FieldLine2, a.Line2, ui.WidthFull), line(customer.FieldPostcode, a.Postcode, ui.WidthShort),
		line(customer.FieldCity, a.City, ui.WidthMedium), line("region", a.Region, ui.WidthMedium), line("country", a.Country, ui.WidthMedium)}
	all[0].Autofocus = true
	all[5].options = countryOptions(r.P, a.Country)
	return append(all, rowInputs(r, customer.AddressTypes, a.Type, a.Main, a.From, a.Until)...), true
}

func saveAddress(r *page.Request, tx *store.Tx, w whole, row int64) (customer.Edit, error) {
	from, until, err := formDays(r)
	if err != nil {
		return customer.Edit{}, err
	}
	a := customer.Address{ID: row, Line1: r.Text(customer.FieldLine1), Line2: r.Text(customer.FieldLine2), Postcode: r.Text(customer.FieldPostcode), City: r.Text(customer.FieldCity),
		Region: r.Text("region"), Country: r.Text("country"), Type: r.Text("type"), Main: r.Has("main"), From: from, Until: until}
	if row == 0 {
		return customer.AddAddress(r.Context(), tx, w.ID, a)
	}
	return customer.ChangeAddress(r.Context(), tx, w.ID, a)
}

// related are the contacts of a customer, whichever side she is.
func (w whole) related() []customer.Related {
	if w.Kind == customer.Company {
		return w.People
	}
	return w.Companies
}

// other is the other side of a contact.
func (w whole) other(c customer.Contact) int64 {
	if w.Kind == customer.Company {
		return c.Person
	}
	return c.Company
}

func (w whole) contact(row int64) (customer.Related, bool) {
	for _, c := range w.related() {
		if c.ID == row {
			return c, true
		}
	}
	return customer.Related{}, false
}

// chooseContact is the first step of a new contact: who is it?
func chooseContact(r *page.Request, w whole) error {
	q := r.Text("q")
	kind := customer.Company
	if w.Kind == customer.Company {
		kind = customer.Person
	}
	var hits customer.Found
	if q != "" {
		err := r.Read(func(tx *store.Tx) (err error) {
			hits, err = customer.Search(r.Context(), tx, q, maxFound)
			return err
		})
		if err != nil {
			return err
		}
	}
	rows := slices.DeleteFunc(hits.Rows, func(row customer.Row) bool { return row.Kind != kind || row.ID == w.ID })
	rows = rows[:min(len(rows), 20)]
	here := customerPath(w.ID) + "/contact/new"
	t := ui.Table{ID: "found", Caption: r.P.T("customers.contact.choose_" + kind), Columns: []ui.Column{
		{Title: r.P.T("common.name"), Narrow: ui.NarrowLead}, {Title: r.P.T("customer.field.city"), Narrow: ui.NarrowBare}, {Title: r.P.T("customer.field.email"), Narrow: ui.NarrowMeta}},
		Empty: &ui.Empty{Icon: "users", Title: r.P.T("customers.contact.who_" + kind), Text: r.P.T("customers.contact.who_text"),
			Second: &ui.Anchor{Text: r.P.T("customers.new." + kind), Href: newPath + "?kind=" + kind}}}
	for _, row := range rows {
		t.Rows = append(t.Rows, ui.Row{Href: here + "?other=" + strconv.FormatInt(row.ID, 10), Cells: []ui.Cell{ui.Lines(rowName(r.P, row), rowSub(r, row)), ui.Text(row.City), ui.Text(row.Email)}})
	}
	filters := ui.Filters{Search: &ui.SearchField{Action: here, Name: "q", Value: q, Placeholder: r.P.T("customers.list.search"), Target: "found"}}
	title := r.P.T("customers.contact.choose_" + kind)
	return r.Render(title, chooseView(r, w, title, filters, t))
}

func contactInputs(r *page.Request, w whole, row int64) ([]input, bool) {
	var c customer.Related
	other := r.Int("other", 0)
	if row != 0 {
		var ok bool
		if c, ok = w.contact(row); !ok {
			return nil, false
		}
		other = w.other(c.Contact)
	}
	name := c.Name
	if row == 0 {
		err := r.Read(func(tx *store.Tx) error {
			all, err := customer.Names(r.Context(), tx, []int64{other})
			name = all[other]
			return err
		})
		if err != nil || name == "" {
			return nil, false
		}
	}
	label := "customer.kind.company"
	if w.Kind == customer.Company {
		label = "customer.kind.person"
	}
	all := []input{
		{Field: ui.Field{Name: "shown", Label: r.P.T(label), Value: name, Disabled: true}, fixed: strconv.FormatInt(other, 10)},
		{Field: ui.Field{Name: "role", Label: r.P.T("customers.form.role"), Value: c.Role, Autofocus: true, Help: r.P.T("customers.form.role_help"), Autocomplete: "off"}},
	}
	return append(all, rowInputs(r, nil, "", false, c.From, c.Until)...), true
}

func saveContact(r *page.Request, tx *store.Tx, w whole, row int64) (customer.Edit, error) {
	from, until, err := formDays(r)
	if err != nil {
		return customer.Edit{}, err
	}
	c := customer.Contact{ID: row, Company: w.ID, Person: r.Int("other", 0), Role: r.Text("role"), From: from, Until: until}
	if row != 0 {
		old, ok := w.contact(row)
		if !ok {
			return customer.Edit{}, fault.New(fault.NotFound, "errors.notfound")
		}
		c.Company, c.Person = old.Company, old.Person
		return customer.ChangeContact(r.Context(), tx, c)
	}
	if w.Kind == customer.Person {
		c.Company, c.Person = c.Person, w.ID
	}
	return customer.AddContact(r.Context(), tx, c)
}

func removeContact(r *page.Request, tx *store.Tx, w whole, row int64) (customer.Edit, error) {
	c, ok := w.contact(row)
	if !ok {
		return customer.Edit{}, fault.New(fault.NotFound, "errors.notfound")
	}
	return customer.RemoveContact(r.Context(), tx, c.Company, row)
}
