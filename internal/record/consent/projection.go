package consent

import (
	"stamm/internal/platform/filter"
	"stamm/internal/platform/warehouse"
)

const tableNow = "consent"

// Projection is how consent appears in the warehouse: what it comes to for each channel and purpose, without any address.
func Projection() warehouse.Projection {
	source := filter.Source{Name: "consent", From: "consent t", Customer: "t.customer", Cost: 2000, Tables: []string{tableNow}}
	words := func(name string) string { return "consent.filter." + name }
	params := []filter.Param{
		{Name: "channel", Type: filter.TypeChoice, SQL: "t.channel", Choices: texts(Channels()), Labels: "consent.channel", Words: words("channel")},
		{Name: "purpose", Type: filter.TypeChoice, SQL: "t.purpose", Choices: texts(Purposes()), Labels: "consent.purpose", Words: words("purpose")},
	}
	return warehouse.Projection{
		Tables: []warehouse.Table{{
			Name: tableNow, Key: "customer",
			DDL:    `customer BIGINT, channel VARCHAR, purpose VARCHAR, status VARCHAR, since DATE`,
			Select: `SELECT customer, channel, purpose, status, day AS since FROM consent_now WHERE customer BETWEEN $1 AND $2`,
			Span:   `SELECT min(customer), max(customer) FROM consent_now`,
		}},
		Fields: []filter.Field{{
			Name: "consent", Type: filter.TypeChoice, Many: true, Choices: Statuses(), Labels: "consent.status", Words: words("consent"),
			Way: filter.Way{Source: source, SQL: "t.status"}, Params: params,
		}},
	}
}

func texts[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = string(v)
	}
	return out
}
