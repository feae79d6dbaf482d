package customers

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
)

// unnamedSource is the source of imports for which nobody gave a name.
const unnamedSource = "default"

// mustURL is one of our own addresses.
func mustURL(path string) *url.URL { return &url.URL{Path: path} }

func addLink(r *page.Request, w whole, part string) *ui.Anchor {
	if !w.may(r) {
		return nil
	}
	return &ui.Anchor{Text: r.P.T("common.add"), Href: customerPath(w.ID) + "/" + part + "/new"}
}

func editLink(r *page.Request, w whole) *ui.Anchor {
	if !w.may(r) {
		return nil
	}
	return &ui.Anchor{Text: r.P.T("common.change"), Href: customerPath(w.ID) + "/edit"}
}

// addressLines are the lines of an envelope.
func addressLines(r *page.Request, a customer.Address) []string {
	var lines []string
	region := regionName(r.P, a.Region)
	if region == a.City {
		region = "" // Hamburg, Wien
	}
	for _, line := range []string{a.Line1, a.Line2, strings.TrimSpace(a.Postcode + " " + a.City), region} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	if a.Country != "" && a.Country != r.Company.Country {
		lines = append(lines, countryName(r.P, a.Country))
	}
	return lines
}

// relatedPairs are the people of a company, or the companies of a person; those of the past come last in their words.
func relatedPairs(r *page.Request, w whole) []ui.Pair {
	var pairs []ui.Pair
	for _, c := range w.related() {
		term := cmp.Or(c.Role, r.P.T("customer.kind."+otherKind(w.Kind)))
		note := validity(r.P, c.From, c.Until)
		pairs = append(pairs, ui.Pair{Term: term, Content: relatedLine(r, w, c, note)})
	}
	return pairs
}

func otherKind(kind string) string {
	if kind == customer.Company {
		return customer.Person
	}
	return customer.Company
}

// aboutPairs are the fields one looks at while talking to her.
func aboutPairs(r *page.Request, w whole) []ui.Pair {
	var pairs []ui.Pair
	add := func(field, text string) {
		if text != "" {
			pairs = append(pairs, ui.Pair{Term: w.names.field(r.P, field), Text: text})
		}
	}
	add("salutation", joinedBy(" ", w.names.value(r.P, "salutation", w.Salutation), w.Title))
	add("address_form", w.names.value(r.P, "address_form", w.AddressForm))
	for _, name := range []string{"language", "country", "region", "birthday", "since", "owner"} {
		add(name, w.names.value(r.P, name, w.Value(name)))
	}
	for _, f := range w.names.fields.Custom {
		add("custom."+f.Key, w.names.value(r.P, "custom."+f.Key, w.Custom[f.Key]))
	}
	for _, e := range w.Externals {
		term := r.P.T("customers.number_in", "source", w.names.source(r.P, e.Source))
		if w.names.source(r.P, e.Source) == unnamedSource {
			term = r.P.T("customers.number_own")
		}
		pairs = append(pairs, ui.Pair{Term: term, Text: e.ID})
	}
	return pairs
}

// recordPairs tell about the record itself.
func recordPairs(r *page.Request, w whole) []ui.Pair {
	pairs := []ui.Pair{
		{Term: "ID", Text: strconv.FormatInt(w.ID, 10)},
		{Term: r.P.T("customers.data.source"), Text: w.names.source(r.P, w.Source)},
		{Term: r.P.T("customers.data.created"), Text: r.P.DateTime(w.CreatedAt)},
		{Term: r.P.T("customers.data.changed"), Text: r.P.DateTime(w.ChangedAt)},
	}
	if w.MadeRun != 0 {
		pairs = append(pairs, importPair(r, "customers.document.made_by", w.MadeRun))
	}
	if w.Run != 0 && w.Run != w.MadeRun {
		pairs = append(pairs, importPair(r, "customers.document.written_by", w.Run))
	}
	if w.erased() {
		pairs = append(pairs, ui.Pair{Term: r.P.T("customers.erased.chip"), Text: r.P.DateTime(w.ErasedAt)})
	}
	return pairs
}

func importPair(r *page.Request, key string, run int64) ui.Pair {
	pair := ui.Pair{Term: r.P.T(key), Text: r.P.T("customers.document.run", "id", strconv.FormatInt(run, 10))}
	if r.Can(auth.ReadImports) {
		pair.Href = importPath(run)
	}
	return pair
}

// ticked is a tick box and whether it is ticked.
func (in input) ticked() (ui.Field, bool) {
	f := in.Field
	on := f.Value != ""
	f.Value = "1"
	return f, on
}

func sheetLead(s sheet) templ.Component {
	if s.lead == "" {
		return nil
	}
	return ui.Plainly(s.lead)
}
