// Package consents holds the pages on which people see and write down what a customer agreed to, and hand out the proof.
package consents

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/door/proof"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
)

// path is the address of a customer's consents.
func path(id int64) string { return fmt.Sprintf("/customers/%d/consent", id) }

// Area is the pages about the consents of one customer, and about the addresses that get no advertising.
func Area() page.Area {
	const one = "/customers/{id}/consent"
	return page.Area{Routes: append(listRoutes(), []page.Route{
		{Method: http.MethodGet, Pattern: one, Permission: auth.ReadCustomers, Handle: show, CSV: true},
		{Method: http.MethodPost, Pattern: one, Permission: auth.WriteCustomers, Handle: record},
		{Method: http.MethodGet, Pattern: one + "/proof.pdf", Permission: auth.ReadCustomers, Handle: sendPDF},
		{Method: http.MethodGet, Pattern: one + "/proof.json", Permission: auth.ReadCustomers, Handle: sendJSON},
	}...)}
}

// Card tells on a customer's page what she agreed to.
func Card(r *page.Request, id int64) (templ.Component, error) {
	var now []consent.Now
	var chosen []wish
	var listed map[string][]*consent.Suppressed
	err := r.Read(func(tx *store.Tx) (err error) {
		if now, err = consent.Current(r.Context(), tx, id); err != nil {
			return err
		}
		if chosen, err = wishes(r, tx, id); err != nil {
			return err
		}
		listed, err = consent.SuppressedOf(r.Context(), tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return cardView(r, id, now, chosen, onList(r, listed)), nil
}

// sheet is everything the page shows.
type sheet struct {
	customer *customer.Whole
	now      []consent.Now
	wishes   []wish
	listed   []ui.Pair            // her addresses that get no advertising
	entries  []consent.Entry      // newest first
	sales    []*document.Document // to choose from, newest first
	form     form
}

// name is what the customer is called, by a number where nobody knows a name.
func (s sheet) name(r *page.Request) string {
	return cmp.Or(s.customer.Name, r.P.T("customers.nameless", "number", cmp.Or(s.customer.ExternalID, "#"+strconv.FormatInt(s.customer.ID, 10))))
}

func load(r *page.Request, tx *store.Tx) (s sheet, err error) {
	id, err := r.PathID("id")
	if err != nil {
		return s, err
	}
	if s.customer, err = customer.Load(r.Context(), tx, id); err != nil {
		return s, err
	}
	if s.now, err = consent.Current(r.Context(), tx, s.customer.ID); err != nil {
		return s, err
	}
	if s.wishes, err = wishes(r, tx, s.customer.ID); err != nil {
		return s, err
	}
	listed, err := consent.SuppressedOf(r.Context(), tx, s.customer.ID)
	if err != nil {
		return s, err
	}
	s.listed = onList(r, listed)
	if s.entries, err = consent.Entries(r.Context(), tx, s.customer.ID); err != nil {
		return s, err
	}
	slices.Reverse(s.entries)
	s.sales, err = document.SalesOf(r.Context(), tx, s.customer.ID, "", latestSales)
	return s, err
}

func show(r *page.Request) error {
	var s sheet
	err := r.Read(func(tx *store.Tx) (err error) { s, err = load(r, tx); return err })
	if err != nil {
		return err
	}
	if r.PathValue("id") != strconv.FormatInt(s.customer.ID, 10) { // she was merged
		return r.Redirect(path(s.customer.ID))
	}
	if r.WantsCSV() {
		return sendCSV(r, s)
	}
	s.form = form{Act: string(consent.Granted), Channel: string(consent.Email), Purpose: string(consent.Advertising)}
	return r.Render(r.P.T("consents.title"), showView(r, s))
}

func sendCSV(r *page.Request, s sheet) error {
	columns := []string{r.P.T("consents.at"), r.P.T("consents.act"), r.P.T("consents.channel"), r.P.T("consents.purpose"), r.P.T("consents.basis"),
		r.P.T("consents.address"), r.P.T("proof.text"), r.P.T("proof.form"), r.P.T("proof.source"), r.P.T("proof.evidence")}
	return r.SendCSV(r.P.T("consents.title"), columns, func(yield func([]string, error) bool) {
		for _, e := range s.entries {
			if !yield([]string{r.P.DateTime(e.At), r.P.T("consent.kind." + string(e.Kind)), channelName(r, e.Channel), r.P.T("consent.purpose." + string(e.Purpose)),
				basisName(r, e.Basis), e.Address, e.TextVersion, e.Form, sourceName(r, e.Source), e.Evidence}, nil) {
				return
			}
		}
	})
}

// form is an act as it was typed.
type form struct {
	Act, Channel, Purpose, Address, Form, Text, Evidence, Document, Number, Day string
	Errors                                                                      ui.Errors
}

// latestSales is from how many sales of the customer one can choose.
const latestSales = 20

// noon stands for a day of which nobody said the hour.
const noon clock.TimeOfDay = 12 * 60

// existing is the act of the form that rests on § 7(3) UWG.
const existing = "existing"

func readForm(r *page.Request) form {
	return form{Act: r.Text("act"), Channel: r.Text("channel"), Purpose: r.Text("purpose"), Address: r.Text("address"), Form: r.Text("form"), Text: r.Text("text"),
		Evidence: r.Text("evidence"), Document: r.Text("document"), Number: strings.TrimPrefix(r.Text("number"), "#"), Day: r.Text("day")}
}

// entry is the act the form says. A consent with evidence is proved by it.
func (f form) entry(r *page.Request, id int64) (consent.Entry, error) {
	e := consent.Entry{Customer: id, Channel: consent.Channel(f.Channel), Purpose: consent.Purpose(f.Purpose), Kind: consent.Kind(f.Act), Address: f.Address, Form: f.Form,
		TextVersion: f.Text, Evidence: f.Evidence, Source: consent.SourcePerson}
	switch f.Act {
	case string(consent.Granted):
		if f.Evidence == "" {
			return e, fault.New(fault.Invalid, "consent.no_evidence").On("evidence")
		}
		e.Kind = consent.Confirmed
	case existing:
		e.Kind, e.Basis = consent.Granted, consent.ExistingCustomer
		n, err := strconv.ParseInt(f.Document, 10, 64)
		if err != nil {
			return e, fault.New(fault.Invalid, "consents.choose_sale").On("document")
		}
		e.Document = n
	case string(consent.Withdrawn), string(consent.Objected):
	default:
		return e, fault.New(fault.Invalid, "errors.choice", "text", f.Act).On("act")
	}
	if f.Day != "" {
		day, err := clock.ParseDay(f.Day)
		if err != nil {
			return e, fault.As(err).On("day")
		}
		if day > r.Today() {
			return e, fault.New(fault.Invalid, "consents.future").On("day")
		}
		if day != r.Today() {
			e.At = day.At(noon, r.Company.Zone())
		}
	}
	return e, nil
}

// sale finds the sale whose number was typed. Where several bear it, they are what is left to choose from.
func (f *form) sale(r *page.Request, customer int64) (several []*document.Document, err error) {
	if f.Act != existing || f.Number == "" {
		return nil, nil
	}
	err = r.Read(func(tx *store.Tx) (err error) {
		several, err = document.SalesOf(r.Context(), tx, customer, f.Number, latestSales)
		return err
	})
	chosen := func(d *document.Document) bool { return strconv.FormatInt(d.ID, 10) == f.Document }
	switch {
	case err != nil:
		return nil, err
	case len(several) == 0:
		return nil, fault.New(fault.Invalid, "consents.no_such_sale", "number", f.Number).On("number")
	case len(several) == 1:
		f.Document = strconv.FormatInt(several[0].ID, 10)
	case !slices.ContainsFunc(several, chosen):
		f.Document = ""
		return several, fault.New(fault.Invalid, "consents.several_sales", "number", f.Number).On("document")
	}
	return nil, nil
}

func record(r *page.Request) error {
	f := readForm(r)
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	several, err := f.sale(r, id)
	var e consent.Entry
	if err == nil {
		e, err = f.entry(r, id)
	}
	if err == nil {
		err = r.Write(func(tx *store.Tx) error {
			_, err := consent.Record(r.Context(), tx, []consent.Entry{e})
			return err
		})
	}
	if err == nil {
		return r.RedirectWith(path(id), ui.Flash{Text: r.P.T("consents.saved")})
	}
	var s sheet
	if failed := r.Read(func(tx *store.Tx) (err error) { s, err = load(r, tx); return err }); failed != nil {
		return failed
	}
	return r.Refuse(renamed(err), r.P.T("consents.title"), func(errors ui.Errors) templ.Component {
		if s.form, s.form.Errors = f, errors; several != nil {
			s.sales = several
		}
		return showView(r, s)
	})
}

// renamed puts a fault at the field of the form that has another name.
func renamed(err error) error {
	f := fault.As(err)
	if name := map[string]string{"text_version": "text", "kind": "act"}[f.Field]; name != "" {
		return f.On(name)
	}
	return err
}

func proofOf(r *page.Request) (p *consent.Proof, err error) {
	id, err := r.PathID("id")
	if err != nil {
		return nil, err
	}
	err = r.Read(func(tx *store.Tx) (err error) { p, err = consent.Prove(r.Context(), tx, id); return err })
	return p, err
}

func sendPDF(r *page.Request) error {
	p, err := proofOf(r)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := proof.Write(&out, r.P, r.Company.Name, p); err != nil {
		return err
	}
	return send(r, p, "pdf", "application/pdf", out.Bytes())
}

func sendJSON(r *page.Request) error {
	p, err := proofOf(r)
	if err != nil {
		return err
	}
	return send(r, p, "json", "application/json; charset=utf-8", []byte(store.JSON(p)+"\n"))
}

func send(r *page.Request, p *consent.Proof, ending, kind string, content []byte) error {
	h := r.W.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%d.%s"`, r.P.T("consents.file"), p.Customer, ending))
	_, err := r.W.Write(content)
	return err
}
