package message

import (
	"stamm/internal/platform/filter"
	"stamm/internal/record/consent"
)

// sent are the messages that a relay has taken, by the day on which it did.
func sent() filter.Source {
	return filter.Source{Name: "message_sent", From: "message m", Customer: "m.customer", Day: "m.day", Cost: 5_000, Tables: []string{"message"},
		Where: "m.state = 'sent'"}
}

// conditionFields are what one can ask about messages in conditions.
func conditionFields() []filter.Field {
	words := func(name string) string { return "message.filter." + name }
	channels := make([]string, 0, len(consent.Channels()))
	for _, c := range consent.Channels() {
		channels = append(channels, string(c))
	}
	params := []filter.Param{
		{Name: "channel", Type: filter.TypeChoice, SQL: "m.channel", Choices: channels, Labels: "message.channel", Words: words("channel")},
		{Name: "kind", Type: filter.TypeChoice, SQL: "m.kind", Words: words("kind")},
	}
	silence := filter.Field{Name: "days_since_message", Type: filter.TypeDays, Words: words("days_since_message"), Params: params, Ages: true,
		Way: filter.Way{Source: sent(), SQL: "{asof} - max(m.day) {filter}"}}
	return []filter.Field{
		{Name: "messages", Type: filter.TypeCount, Zero: true, Words: words("messages"), Params: params,
			Way: filter.Way{Source: sent(), SQL: "count(*) {filter}"}},
		silence,
	}
}
