package connect

import (
	"context"

	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// NoRate are rows that the newest imports did not take because there was no exchange rate for their currency.
type NoRate struct {
	Currency string
	Rows     int64
	Run      int64 // the newest such run
	Entered  bool  // there is a rate for the currency now
}

// mostRates is how many currencies NoRates tells of at most.
const mostRates = 5

// A run of the same kind from the same source that ended later says how things are now.
const sqlNoRates = `SELECT e.value, COUNT(1), MAX(e.run) FROM import_run r JOIN import_error e ON e.run = r.id AND e.reason = 'import.no_rate' AND e.notice = 0
	WHERE r.state <> 'undone' AND r.errors > 0
		AND NOT EXISTS (SELECT 1 FROM import_run l WHERE l.source = r.source AND l.kind = r.kind AND l.id > r.id AND l.state = 'done')
	GROUP BY e.value ORDER BY COUNT(1) DESC, e.value LIMIT $1`

// NoRates lists the currencies for lack of whose rates orders are missing, most rows first.
func NoRates(ctx context.Context, tx *store.Tx) ([]NoRate, error) {
	rows, err := tx.Query(ctx, sqlNoRates, mostRates)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []NoRate
	for rows.Next() {
		var n NoRate
		if err := rows.Scan(&n.Currency, &n.Rows, &n.Run); err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	if err := rows.Err(); err != nil || len(all) == 0 {
		return nil, err
	}
	known, err := company.Rates(ctx, tx)
	for i := range all {
		for _, rate := range known {
			all[i].Entered = all[i].Entered || rate.Currency == all[i].Currency
		}
	}
	return all, err
}

// Words says what is missing and what to do; base is the currency of the company.
func (n NoRate) Words(p *i18n.Printer, base string) string {
	key := "import.left_out"
	if n.Entered {
		key = "import.left_out_entered"
	}
	return p.N(key, n.Rows, "currency", n.Currency, "base", base)
}
