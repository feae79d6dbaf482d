package consents

import (
	"strconv"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/record/consent"
)

func channelName(r *page.Request, c consent.Channel) string {
	if c == "" {
		return r.P.T("consent.channel.all")
	}
	return r.P.T("consent.channel." + string(c))
}

func basisName(r *page.Request, b consent.Basis) string {
	if b == "" {
		return ""
	}
	return r.P.T("consent.basis." + string(b))
}

func sourceName(r *page.Request, source string) string {
	if key := "consent.source." + source; source != "" && r.P.Has(key) {
		return r.P.T(key)
	}
	return source
}

// tone of a status, which only underlines its words.
func tone(status string) ui.Tone {
	switch status {
	case consent.StatusGranted, consent.StatusExisting:
		return ui.Good
	case consent.StatusUnconfirmed:
		return ui.Warn
	}
	return ui.Bad
}

// mark is the sign before the words.
func mark(status string) string {
	switch status {
	case consent.StatusGranted, consent.StatusExisting:
		return "✓ "
	case consent.StatusUnconfirmed:
		return "? "
	}
	return "✗ "
}

// byChannel are the summaries of each channel, in the order of the channels.
func byChannel(all []consent.Now) [][]consent.Now {
	var groups [][]consent.Now
	for _, c := range consent.Channels() {
		var group []consent.Now
		for _, n := range all {
			if n.Channel == c {
				group = append(group, n)
			}
		}
		if len(group) > 0 {
			groups = append(groups, group)
		}
	}
	return groups
}

func historyTable(r *page.Request, s sheet) ui.Table {
	t := ui.Table{ID: "acts", Caption: r.P.T("consents.history"), Title: r.P.T("consents.history"), CSV: r.CSVLink(),
		Columns: []ui.Column{
			{Title: r.P.T("consents.act"), Narrow: ui.NarrowLead}, {Title: r.P.T("consents.at"), Narrow: ui.NarrowValue},
			{Title: r.P.T("consents.channel"), Narrow: ui.NarrowBare}, {Title: r.P.T("consents.address"), Narrow: ui.NarrowMeta},
			{Title: r.P.T("consents.where"), Narrow: ui.NarrowMeta}, {Title: r.P.T("consents.evidence"), Narrow: ui.NarrowMeta},
		},
		Empty: &ui.Empty{Icon: "mail", Title: r.P.T("consents.none"), Text: r.P.T("consents.none_text")},
	}
	for _, e := range s.entries {
		evidence := e.Evidence
		if evidence == "" {
			evidence = e.Proof
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: r.P.T("consent.kind." + string(e.Kind)), Strong: true, Sub: r.P.T("consent.purpose." + string(e.Purpose))},
			{Text: r.P.DateTime(e.At), Sub: basisName(r, e.Basis)}, ui.Text(channelName(r, e.Channel)), ui.Text(e.Address),
			{Text: sourceName(r, e.Source), Sub: e.Form}, {Text: evidence, Sub: e.TextVersion},
		}})
	}
	return t
}

func acts(r *page.Request, chosen string) []ui.Option {
	var all []ui.Option
	for _, a := range []string{string(consent.Granted), string(consent.Withdrawn), string(consent.Objected), existing} {
		all = append(all, ui.Option{Value: a, Label: r.P.T("consents.acts." + a), Help: r.P.T("consents.acts." + a + "_help"), Chosen: a == chosen})
	}
	return all
}

func channels(r *page.Request, chosen string) []ui.Option {
	all := []ui.Option{{Value: "", Label: r.P.T("consent.channel.all"), Chosen: chosen == ""}}
	for _, c := range consent.Channels() {
		all = append(all, ui.Option{Value: string(c), Label: channelName(r, c), Chosen: string(c) == chosen})
	}
	return all
}

func purposes(r *page.Request, chosen string) []ui.Option {
	var all []ui.Option
	for _, p := range consent.Purposes() {
		all = append(all, ui.Option{Value: string(p), Label: r.P.T("consent.purpose." + string(p)), Chosen: string(p) == chosen})
	}
	return all
}

// addresses are what the customer can be reached by; those of her people as well, where she is a company.
func addresses(r *page.Request, s sheet) []ui.Option {
	all := []ui.Option{{Value: "", Label: r.P.T("consents.all_addresses"), Chosen: s.form.Address == ""}}
	add := func(value, label string) {
		all = append(all, ui.Option{Value: value, Label: label, Chosen: value == s.form.Address})
	}
	for _, e := range s.customer.Emails {
		add(e.Address, e.Address)
	}
	for _, p := range s.customer.Phones {
		if p.Number != "" {
			add(p.Number, p.Written)
		}
	}
	for _, a := range s.customer.Addresses {
		add(consent.PostalKey(a), a.Line1+", "+a.Postcode+" "+a.City)
	}
	return all
}

// sales are those of the customer to choose from: "Bestellung 4711, 12.11.2026, 129,90 €".
func sales(r *page.Request, s sheet) []ui.Option {
	all := []ui.Option{{Value: "", Label: r.P.T("consents.no_sale"), Chosen: s.form.Document == ""}}
	for _, d := range s.sales {
		id := strconv.FormatInt(d.ID, 10)
		all = append(all, ui.Option{Value: id, Chosen: id == s.form.Document, Label: r.P.T("consents.sale_option",
			"kind", r.P.T("document.kind."+d.Kind.String()), "number", d.ExternalID, "day", r.P.Date(d.Day), "amount", r.P.Money(d.Amount, r.Company.Currency))})
	}
	return all
}
