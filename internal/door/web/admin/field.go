package admin

import (
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// fieldForm is a new field as it was typed; the choices stand one a line.
type fieldForm struct {
	Key, Label, Type, Choices string
	Errors                    ui.Errors
}

func fields(r *page.Request) error {
	content, err := fieldsContent(r, fieldForm{Type: customer.TypeText})
	if err != nil {
		return err
	}
	return r.Render(r.P.T("admin.fields.title"), content)
}

func fieldsContent(r *page.Request, form fieldForm) (templ.Component, error) {
	var catalogue customer.Catalogue
	err := r.Read(func(tx *store.Tx) (err error) {
		catalogue, err = customer.LoadCatalogue(r.Context(), tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return fieldsView(r, catalogue.Custom, form), nil
}

func defineField(r *page.Request) error {
	form := fieldForm{Key: r.Text("key"), Label: r.Text("label"), Type: r.Text("type"), Choices: r.Text("choices")}
	if form.Key == "" {
		form.Key = keyOf(form.Label)
	}
	err := r.Write(func(tx *store.Tx) error {
		if form.Label == "" {
			return fault.New(fault.Invalid, "admin.fields.no_label").On("label")
		}
		_, err := customer.DefineField(r.Context(), tx, customer.CustomField{Key: form.Key, Label: form.Label, Type: form.Type, Choices: strings.Split(form.Choices, "\n")})
		return err
	})
	if err != nil {
		content, failed := func() (templ.Component, error) {
			form.Errors = ui.ErrorsOf(r.P, err)
			return fieldsContent(r, form)
		}()
		if failed != nil {
			return failed
		}
		return r.Refuse(err, r.P.T("admin.fields.title"), func(ui.Errors) templ.Component { return content })
	}
	return r.RedirectWith(fieldsPath, ui.Flash{Text: r.P.T("admin.fields.saved", "label", form.Label)})
}

var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "ae", "Ö", "oe", "Ü", "ue", "ß", "ss")

// keyOf makes the short name of a field out of its label: "Größe (cm)" becomes groesse_cm.
func keyOf(label string) string {
	key := strings.Join(customer.Fold(umlauts.Replace(label)), "_") // Fold alone knows two ways to write an umlaut
	return key[:min(len(key), 40)]
}

func typeOptions(r *page.Request, chosen string) []ui.Option {
	var options []ui.Option
	for _, t := range []string{customer.TypeText, customer.TypeNumber, customer.TypeDate, customer.TypeFlag, customer.TypeChoice} {
		options = append(options, ui.Option{Value: t, Label: r.P.T("admin.fields.types." + t), Chosen: t == chosen})
	}
	return options
}

func fieldsTable(r *page.Request, all []customer.CustomField) ui.Table {
	t := ui.Table{
		ID: "fields", Caption: r.P.T("admin.fields.title"),
		Columns: []ui.Column{
			{Title: r.P.T("admin.fields.label"), Narrow: ui.NarrowLead}, {Title: r.P.T("common.kind"), Narrow: ui.NarrowValue},
			{Title: r.P.T("admin.fields.key"), Narrow: ui.NarrowMeta},
		},
		Empty: &ui.Empty{Icon: "adjustments-horizontal", Title: r.P.T("admin.fields.empty.title"), Text: r.P.T("admin.fields.empty.text")},
	}
	for _, f := range all {
		kind := ui.Lines(r.P.T("admin.fields.types."+f.Type), strings.Join(f.Choices, ", "))
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: f.Label, Strong: true}, kind, ui.Text("custom." + f.Key)}})
	}
	return t
}
