package contract

import "stamm/internal/platform/filter"

// running are the contracts that run on the day asked about; where no days are known, those that had not ended when they
// were reported.
func running() filter.Source {
	return filter.Source{Name: "contract", From: "contract t", Customer: "t.customer", Cost: 500, Tables: []string{"contract"},
		Where: `CASE WHEN t.started IS NULL THEN NOT t.churned ELSE t.started <= {asof} AND (t.ended IS NULL OR t.ended >= {asof}) END`}
}

// ended are the contracts that have ended on a known day, with their last day as the day of the row.
func ended() filter.Source {
	return filter.Source{Name: "contract_ended", From: "contract t", Customer: "t.customer", Day: "t.ended", Cost: 500, Tables: []string{"contract"}}
}

// next is when a contract begins to run or has ended.
const next = "min(CASE WHEN t.started > {asof} THEN t.started WHEN t.ended >= {asof} THEN t.ended + 1 END) {filter}"

// conditionFields are what one can ask about contracts in conditions.
func conditionFields() []filter.Field {
	words := func(name string) string { return "contract.filter." + name }
	plan := []filter.Param{{Name: "plan", Type: filter.TypeText, SQL: "t.plan", Words: words("plan")}}
	return []filter.Field{
		{Name: "contracts", Type: filter.TypeCount, Zero: true, Words: words("contracts"), Params: plan,
			Way: filter.Way{Source: running(), SQL: "count(*) {filter}", Next: next}},
		{Name: "contract_start", Type: filter.TypeDay, Words: words("contract_start"), Params: plan,
			Way: filter.Way{Source: running(), SQL: "min(t.started) {filter}", Next: next}},
		{Name: "contract_end", Type: filter.TypeDay, Words: words("contract_end"), Params: plan,
			Way: filter.Way{Source: running(), SQL: "min(t.ended) {filter}", Next: next}},
		{Name: "ended_contracts", Type: filter.TypeCount, Zero: true, Words: words("ended_contracts"), Params: plan,
			Way: filter.Way{Source: ended(), SQL: "count(*) {filter}"}},
	}
}
