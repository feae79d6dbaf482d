package hit

import (
	"stamm/internal/platform/filter"
	"stamm/internal/record/consent"
)

// table is the table of hits, in the store and in the warehouse.
const table = "hit"

// believed are the hits of customers who may be known, by people, of one kind.
func believed(k Kind) filter.Source {
	return filter.Source{Name: "hit_" + string(k), From: "hit h", Customer: "h.customer", Day: "h.day", ByDay: true, Cost: 5_000, Tables: []string{table},
		Where: "h.kind = '" + string(k) + "' AND h.human AND h.customer <> 0"}
}

// conditionFields are what one can ask about clicks and opens in conditions.
func conditionFields() []filter.Field {
	channels := make([]string, 0, len(consent.Channels()))
	for _, c := range consent.Channels() {
		channels = append(channels, string(c))
	}
	words := func(name string) string { return "hit.filter." + name }
	params := []filter.Param{{Name: "channel", Type: filter.TypeChoice, SQL: "h.channel", Choices: channels, Labels: "message.channel", Words: words("channel")}}
	return []filter.Field{
		{Name: "clicked", Type: filter.TypeCount, Zero: true, Words: words("clicked"), Params: params, Way: filter.Way{Source: believed(Click), SQL: "count(*) {filter}"}},
		{Name: "opened", Type: filter.TypeCount, Zero: true, Words: words("opened"), Params: params, Way: filter.Way{Source: believed(Open), SQL: "count(*) {filter}"}},
	}
}
