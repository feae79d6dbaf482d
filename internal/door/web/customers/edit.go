package customers

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"stamm/internal/action/privacy"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/event"
	"stamm/internal/record/task"
)

// mailKeys brings up the keyboard for addresses. The field is no type=email: browsers refuse umlauts and quotes before the at sign.
var mailKeys = templ.Attributes{"inputmode": "email"}

// input is one field of a form: a line, an area, a choice or a tick.
type input struct {
	ui.Field
	area    bool
	options []ui.Option // a choice
	tick    bool        // ticked where the value is not empty
	fixed   string      // shown only; this goes with the form as "other"
}

// sheet is a form on a page of its own.
type sheet struct {
	title  string
	back   ui.Anchor
	lead   string
	form   ui.Form
	inputs []input
}

// filled is the form with what was typed instead of what is stored.
func (s sheet) filled(r *page.Request, errors ui.Errors) sheet {
	s.form.Errors = errors
	s.inputs = slices.Clone(s.inputs)
	for i := range s.inputs {
		in := &s.inputs[i]
		if in.fixed != "" {
			continue
		}
		in.Value = r.Text(in.Name)
		in.options = slices.Clone(in.options)
		for j := range in.options {
			in.options[j].Chosen = in.options[j].Value == in.Value
		}
		in.Error = errors.On(in.Name)
	}
	return s
}

// refuse shows the form again with what is wrong.
func (s sheet) refuse(r *page.Request, err error) error {
	return r.Refuse(err, s.title, func(errors ui.Errors) templ.Component { return sheetView(r, s.filled(r, errors)) })
}

func (s sheet) show(r *page.Request) error { return r.Render(s.title, sheetView(r, s)) }

// saved leads back to the customer and offers the way back where something changed.
func saved(r *page.Request, id int64, e customer.Edit, text string) error {
	flash := ui.Flash{Text: text}
	if e.Seq != 0 {
		post := undoPost(r, id, e.Seq)
		flash.Undo = &post
	}
	return r.RedirectWith(customerPath(id), flash)
}

// ownFields are the customer's own fields that the forms show, by kind; what is put together or kept elsewhere is left out.
func ownFields(kind string) []string {
	if kind == customer.Company {
		return []string{"name", "language", "country", "region", "owner", "since", "excluded"}
	}
	return []string{"salutation", "title", "first_name", "last_name", "company", "language", "address_form", "country", "region", "birthday", "owner", "since", "excluded"}
}

// ownInputs are the inputs of these fields and the custom ones.
func ownInputs(r *page.Request, n names, kind string, value func(string) string) []input {
	var all []input
	for _, name := range ownFields(kind) {
		all = append(all, ownInput(r, n, name, value(name)))
	}
	for _, f := range n.fields.Custom {
		name := "custom." + f.Key
		in := input{Field: ui.Field{Name: name, Label: f.Label, Value: value(name)}}
		switch f.Type {
		case customer.TypeDate:
			in.Type, in.Width = "date", ui.WidthShort
		case customer.TypeNumber:
			in.Width = ui.WidthShort
		case customer.TypeFlag:
			in.options = []ui.Option{{Value: "", Label: r.P.T("customers.form.unknown")}, {Value: "yes", Label: r.P.T("common.yes"), Chosen: in.Value == "yes"}}
		case customer.TypeChoice:
			in.options = []ui.Option{{Value: "", Label: r.P.T("customers.form.unknown")}}
			for _, c := range f.Choices {
				in.options = append(in.options, ui.Option{Value: c, Label: c, Chosen: c == in.Value})
			}
		}
		all = append(all, in)
	}
	return all
}

func ownInput(r *page.Request, n names, name, value string) input {
	p := r.P
	in := input{Field: ui.Field{Name: name, Label: p.T("customer.field." + name), Value: value, Autocomplete: "off"}}
	switch name {
	case "salutation":
		in.options = choiceOptions(p, "customer.salutation.", "customers.form.unknown", value, "ms", "mr", "family", "neutral")
	case "address_form":
		in.options = choiceOptions(p, "customer.address_form.", "customers.form.unknown", value, "sie", "du")
		in.Help = p.T("customers.form.address_form_help")
	case "excluded":
		in.options = choiceOptions(p, "customer.excluded.", "customers.form.counted", value, customer.Internal, customer.Reseller)
		in.Help = p.T("customers.form.excluded_help")
	case "country":
		in.options = countryOptions(p, value)
	case "language":
		in.options = languageOptions(p, value)
		in.Help = p.T("customers.form.language_help")
	case "owner":
		in.options = []ui.Option{{Value: "", Label: p.T("customers.form.nobody")}}
		for _, o := range owners(r, n, int64Of(value)) {
			in.options = append(in.options, ui.Option{Value: o.code, Label: o.name, Chosen: o.code == value})
		}
	case "birthday", "since":
		in.Type, in.Width = "date", ui.WidthShort
	case "title":
		in.Width, in.Placeholder = ui.WidthShort, "Dr."
	}
	return in
}

func int64Of(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

func editSheet(r *page.Request, w whole) sheet {
	return sheet{
		title: r.P.T("customers.edit.title", "name", w.title(r)), back: ui.Anchor{Text: w.title(r), Href: customerPath(w.ID)},
		form: ui.Form{Action: customerPath(w.ID) + "/edit", Submit: r.P.T("customers.edit.submit"), Cancel: cancel(r, w.ID),
			Hidden: []ui.Hidden{{Name: "seen", Value: strconv.FormatInt(clock.Micros(w.ChangedAt), 10)}}},
		inputs: ownInputs(r, w.names, w.Kind, w.Value),
	}
}

func cancel(r *page.Request, id int64) *ui.Anchor {
	return &ui.Anchor{Text: r.P.T("common.cancel"), Href: customerPath(id)}
}

func showEdit(r *page.Request) error {
	w, err := changeable(r)
	if err != nil {
		return err
	}
	if moved(r, w) {
		return r.Redirect(customerPath(w.ID) + "/edit")
	}
	return editSheet(r, w).show(r)
}

// edit changes what differs from what is stored; the name of a person follows first and last name.
func edit(r *page.Request) error {
	w, err := changeable(r)
	if err != nil {
		return err
	}
	s := editSheet(r, w)
	fields := customer.Fields{}
	for _, in := range s.inputs {
		if v := r.Text(in.Name); r.Has(in.Name) && v != in.Value {
			fields[in.Name] = v
		}
	}
	var seen time.Time
	if us := r.Int("seen", 0); us != 0 {
		seen = clock.Time(us)
	}
	if r.Text("seen") != "" {
		s.form.Hidden = []ui.Hidden{{Name: "seen", Value: r.Text("seen")}}
	}
	if err := checkBirthday(r, fields); err != nil {
		return s.refuse(r, err)
	}
	var e customer.Edit
	err = r.Write(func(tx *store.Tx) (err error) {
		e, err = customer.Change(r.Context(), tx, w.ID, customer.Patch{Fields: fields, Seen: seen})
		return err
	})
	if err != nil {
		return s.refuse(r, err)
	}
	return saved(r, w.ID, e, r.P.T("common.saved"))
}

// newSheet is the form for a customer who is not there yet.
func newSheet(r *page.Request, n names) sheet {
	kind := r.Text("kind")
	if kind != customer.Company {
		kind = customer.Person
	}
	value := func(name string) string {
		return map[string]string{"country": r.Company.Country, "language": r.Company.Language}[name]
	}
	s := sheet{
		title: r.P.T("customers.new." + kind), back: ui.Anchor{Text: r.P.T("common.customers"), Href: listPath}, lead: r.P.T("customers.new.lead"),
		form: ui.Form{Action: newPath, Submit: r.P.T("customers.new.submit_" + kind), Hidden: []ui.Hidden{{Name: "kind", Value: kind}},
			Cancel: &ui.Anchor{Text: r.P.T("common.cancel"), Href: listPath}},
		inputs: ownInputs(r, n, kind, value),
	}
	at := slices.IndexFunc(s.inputs, func(in input) bool { return in.Name == "language" })
	s.inputs = slices.Insert(s.inputs, at,
		input{Field: ui.Field{Name: customer.FieldEmail, Label: r.P.T("customer.field.email"), Autocomplete: "off", Extra: mailKeys}},
		input{Field: ui.Field{Name: customer.FieldPhone, Type: "tel", Label: r.P.T("customer.field.phone"), Width: ui.WidthMedium, Autocomplete: "off"}},
		input{Field: ui.Field{Name: customer.FieldLine1, Label: r.P.T("customer.field.line1"), Autocomplete: "off"}},
		input{Field: ui.Field{Name: customer.FieldPostcode, Label: r.P.T("customer.field.postcode"), Width: ui.WidthShort, Autocomplete: "off"}},
		input{Field: ui.Field{Name: customer.FieldCity, Label: r.P.T("customer.field.city"), Width: ui.WidthMedium, Autocomplete: "off"}})
	for i := range s.inputs {
		if name := s.inputs[i].Name; name == "name" || name == "first_name" {
			s.inputs[i].Autofocus = true
		}
	}
	return s
}

func readNames(r *page.Request) (n names, err error) {
	err = r.Read(func(tx *store.Tx) (err error) {
		n, err = loadNames(r, tx)
		return err
	})
	return n, err
}

func showNew(r *page.Request) error {
	n, err := readNames(r)
	if err != nil {
		return err
	}
	return newSheet(r, n).show(r)
}

func create(r *page.Request) error {
	n, err := readNames(r)
	if err != nil {
		return err
	}
	s := newSheet(r, n)
	d := customer.Draft{Fields: customer.Fields{"kind": s.form.Hidden[0].Value}}
	for _, in := range s.inputs {
		switch in.Name {
		case customer.FieldEmail, customer.FieldPhone, customer.FieldLine1, customer.FieldPostcode, customer.FieldCity:
		default:
			if v := r.Text(in.Name); v != "" {
				d.Fields[in.Name] = v
			}
		}
	}
	if mail := r.Text(customer.FieldEmail); mail != "" {
		d.Emails = []customer.Email{{Address: mail, Main: true}}
	}
	if phone := r.Text(customer.FieldPhone); phone != "" {
		d.Phones = []customer.Phone{{Written: phone, Main: true}}
	}
	a := customer.Address{Line1: r.Text(customer.FieldLine1), Postcode: r.Text(customer.FieldPostcode), City: r.Text(customer.FieldCity), Main: true}
	if a.Line1+a.Postcode+a.City != "" {
		a.Country = r.Text("country")
		d.Addresses = []customer.Address{a}
	}
	if err := checkBirthday(r, d.Fields); err != nil {
		return s.refuse(r, err)
	}
	var e customer.Edit
	err = r.Write(func(tx *store.Tx) (err error) {
		e, err = customer.Create(r.Context(), tx, d)
		return err
	})
	if err != nil {
		return s.refuse(r, err)
	}
	return saved(r, e.ID, e, r.P.T("customers.new.done"))
}

// checkBirthday finds the slips of typing that would make somebody unborn or older than anybody.
func checkBirthday(r *page.Request, fields customer.Fields) error {
	day, err := clock.ParseDay(fields["birthday"])
	if err == nil && (day < clock.NewDay(1900, 1, 1) || day > r.Today()) {
		return fault.New(fault.Invalid, "customers.form.birthday").On("birthday")
	}
	return nil
}

// undo takes a change of this customer back.
func undo(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	seq := r.Int("seq", 0)
	gone := false
	var e customer.Edit
	err = r.Write(func(tx *store.Tx) error {
		changes, err := feed.Newest(r.Context(), tx, seq+1, "", 0, 1)
		if err != nil {
			return err
		}
		if len(changes) == 0 || changes[0].Seq != seq || changes[0].Customer != id {
			return fault.New(fault.NotFound, "customer.no_change")
		}
		if gone = changes[0].Kind == customer.KindCreated; gone {
			if err := unused(r.Context(), tx, id); err != nil {
				return err
			}
		}
		e, err = customer.Undo(r.Context(), tx, seq)
		return err
	})
	switch {
	case fault.CodeOf(err) == fault.Conflict:
		return r.RedirectWith(customerPath(id), ui.Flash{Tone: ui.Bad, Text: r.P.Err(err)})
	case err != nil:
		return err
	case gone:
		return r.RedirectWith(listPath, ui.Flash{Text: r.P.T("customers.undone")})
	}
	return saved(r, id, e, r.P.T("customers.undone"))
}

// unused makes sure that nothing names a customer who is to be removed.
func unused(ctx context.Context, tx *store.Tx, id int64) error {
	documents, err := document.CountOf(ctx, tx, id)
	if err != nil {
		return err
	}
	events, err := event.OfCustomer(ctx, tx, id, time.Time{}, 0, 1)
	if err != nil {
		return err
	}
	tasks, err := task.OfCustomer(ctx, tx, id, 1)
	if err == nil && documents+int64(len(events)+len(tasks)) > 0 {
		err = fault.New(fault.Conflict, "customer.undo_changed")
	}
	return err
}

func tagsSheet(r *page.Request, w whole) sheet {
	return sheet{
		title: r.P.T("customers.tags.title", "name", w.title(r)), back: ui.Anchor{Text: w.title(r), Href: customerPath(w.ID)},
		form: ui.Form{Action: customerPath(w.ID) + "/tags", Submit: r.P.T("customers.tags.submit"), Cancel: cancel(r, w.ID)},
		inputs: []input{{Field: ui.Field{Name: customer.FieldTags, Label: r.P.T("customer.field.tags"), Value: strings.Join(w.Tags, ", "),
			Help: r.P.T("customers.tags.help"), Autofocus: true, Autocomplete: "off"}}},
	}
}

func showTags(r *page.Request) error {
	w, err := changeable(r)
	if err != nil {
		return err
	}
	return tagsSheet(r, w).show(r)
}

func editTags(r *page.Request) error {
	w, err := changeable(r)
	if err != nil {
		return err
	}
	text := r.Text(customer.FieldTags)
	var e customer.Edit
	err = r.Write(func(tx *store.Tx) (err error) {
		now, err := customer.Load(r.Context(), tx, w.ID)
		if err != nil {
			return err
		}
		kept := map[string]bool{}
		for _, tag := range strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(",;|", c) }) {
			kept[strings.Join(strings.Fields(tag), " ")] = true
		}
		removed := slices.DeleteFunc(slices.Clone(now.Tags), func(tag string) bool { return kept[tag] })
		e, err = customer.Tag(r.Context(), tx, w.ID, []string{text}, removed)
		return err
	})
	if err != nil {
		return tagsSheet(r, w).refuse(r, err)
	}
	return saved(r, w.ID, e, r.P.T("common.saved"))
}

func noteSheet(r *page.Request, w whole) sheet {
	return sheet{
		title: r.P.T("customers.note.title", "name", w.title(r)), back: ui.Anchor{Text: w.title(r), Href: customerPath(w.ID)},
		form:   ui.Form{Action: customerPath(w.ID) + "/note", Submit: r.P.T("customers.note.submit"), Cancel: cancel(r, w.ID)},
		inputs: []input{{area: true, Field: ui.Field{Name: "text", Label: r.P.T("customer.field.note"), Help: r.P.T("customers.note.help"), Autofocus: true, Required: true}}},
	}
}

func showNote(r *page.Request) error {
	w, err := changeable(r)
	if err != nil {
		return err
	}
	return noteSheet(r, w).show(r)
}

func addNote(r *page.Request) error {
	w, err := changeable(r)
	if err != nil {
		return err
	}
	var e customer.Edit
	err = r.Write(func(tx *store.Tx) (err error) {
		e, err = customer.AddNote(r.Context(), tx, w.ID, r.Text("text"))
		return err
	})
	if err != nil {
		return noteSheet(r, w).refuse(r, err)
	}
	return saved(r, w.ID, e, r.P.T("customers.note.done"))
}

func removeNote(r *page.Request) error {
	row, err := r.PathID("row")
	if err != nil {
		return err
	}
	w, err := changeable(r)
	if err != nil {
		return err
	}
	var e customer.Edit
	err = r.Write(func(tx *store.Tx) (err error) {
		e, err = customer.RemoveNote(r.Context(), tx, w.ID, row)
		return err
	})
	if err != nil {
		return err
	}
	return saved(r, w.ID, e, r.P.T("customers.note.removed"))
}

func showErase(r *page.Request) error {
	w, err := changeable(r)
	if err != nil {
		return err
	}
	return r.Render(r.P.T("customers.erase.title", "name", w.title(r)), eraseView(r, w))
}

func erase(r *page.Request) error {
	w, err := changeable(r)
	if err != nil {
		return err
	}
	var job int64
	err = r.Write(func(tx *store.Tx) (err error) {
		job, err = privacy.Erase(r.Context(), tx, w.ID)
		return err
	})
	if err != nil {
		return err
	}
	flash := ui.Flash{Text: r.P.T("customers.erase.done")}
	if r.Can(auth.ReadJobs) {
		flash.Link = &ui.Anchor{Text: r.P.T("customers.erase.job"), Href: page.JobLink(job)}
	}
	return r.RedirectWith(customerPath(w.ID), flash)
}

func mayErase(r *page.Request, w whole) bool { return !w.erased() && r.Can(auth.EraseCustomers) }
