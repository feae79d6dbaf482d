package predict

import "stamm/internal/platform/filter"

// scores are the present ones, whatever day is asked about.
func scores() filter.Source {
	return filter.Source{Name: "score", From: "score k", Customer: "k.customer", One: true, Cost: 1000, Tables: []string{"score"}}
}

// bandSince is when the band became what it is: the first entry of the history after the last one in another band. Who was never
// in another has none.
func bandSince() filter.Source {
	return filter.Source{Name: "band_since", Customer: "b.customer", One: true, Cost: 12_000, Tables: []string{"score", "score_history"}, From: `(
	SELECT h.customer, min(h.day) AS since FROM score_history h JOIN (
		SELECT o.customer, max(o.day) AS day FROM score_history o JOIN score k ON k.customer = o.customer
		WHERE o.band <> k.band AND o.day <= {asof} GROUP BY o.customer) o ON o.customer = h.customer AND h.day > o.day
	GROUP BY h.customer) b`}
}

// formerly are the scores as they were: of each customer the days on which they had moved noticeably, the ends of months and the
// days on which the band changed. In between nothing moved noticeably.
func formerly() filter.Source {
	return filter.Source{Name: "score_formerly", Customer: "h.customer", Day: "h.day", Cost: 12_000, Tables: []string{"score", "score_history"}, From: `(
	SELECT customer, day, active, clv FROM score_history
	UNION ALL SELECT customer, mark_day, mark_active, mark_clv FROM score WHERE mark_day IS NOT NULL) h JOIN score k ON k.customer = h.customer`}
}

// change is by how much a column of the score is above what it was.
func change(column string) string {
	return "any_value(k." + column + ") {filter} - max_by(h." + column + ", h.day) {filter}"
}

// conditionFields are what one can ask about scores in conditions.
func conditionFields() []filter.Field {
	of := func(name string, is filter.Type, sql string) filter.Field {
		return filter.Field{Name: name, Type: is, Way: filter.Way{Source: scores(), SQL: sql}, Words: "predict.filter." + name}
	}
	band := of("band", filter.TypeChoice, "k.band")
	band.Labels, band.Since = "predict.band", &filter.Way{Source: bandSince(), SQL: "b.since"}
	for _, b := range Bands() {
		band.Choices = append(band.Choices, string(b))
	}
	chance, clv := of("probability", filter.TypeShare, "k.active / 10000"), of("clv", filter.TypeMoney, "k.clv")
	chance.Change = &filter.Way{Source: formerly(), SQL: "(" + change("active") + ") / 10000"}
	clv.Change = &filter.Way{Source: formerly(), SQL: change("clv")}
	return []filter.Field{band, chance, of("expected_orders", filter.TypeNumber, "k.expected / 10000"),
		of("expected_revenue", filter.TypeMoney, "k.value"), clv, of("value_at_risk", filter.TypeMoney, "k.at_risk"),
		of("at_risk_since", filter.TypeDay, "k.risk_since"), of("next_order", filter.TypeDay, "k.next_day")}
}
