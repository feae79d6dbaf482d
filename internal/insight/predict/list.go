package predict

import (
	"context"
	"fmt"
	"strings"

	"stamm/internal/platform/store"
)

// Place is where a customer stands in a list by value at risk, the highest first.
type Place struct {
	AtRisk   int64 // minor units
	Customer int64
}

// Listed are the customers of some bands, or of all where none is named, by value at risk; after is the last of the page before.
func Listed(ctx context.Context, q Querier, bands []Band, after *Place, limit int) ([]Place, error) {
	where := inBands(bands)
	if after != nil {
		where += fmt.Sprintf(" AND (at_risk < %[1]d OR at_risk = %[1]d AND customer > %[2]d)", after.AtRisk, after.Customer)
	}
	var all []Place
	var p Place
	err := each(ctx, q, fmt.Sprintf("SELECT at_risk, customer FROM score WHERE %s ORDER BY at_risk DESC, customer LIMIT %d", where, limit),
		[]any{&p.AtRisk, &p.Customer}, func() { all = append(all, p) })
	return all, err
}

// CountListed is how many there are.
func CountListed(ctx context.Context, q Querier, bands []Band) (n int64, err error) {
	err = each(ctx, q, "SELECT count(*) FROM score WHERE "+inBands(bands), []any{&n}, func() {})
	return n, err
}

func inBands(bands []Band) string {
	if len(bands) == 0 {
		return "true"
	}
	names := make([]string, len(bands))
	for i, b := range bands {
		names[i] = "'" + strings.ReplaceAll(string(b), "'", "") + "'"
	}
	return "band IN (" + strings.Join(names, ", ") + ")"
}

// ScoresAfter are up to limit scores of customers with a higher number, by number.
func ScoresAfter(ctx context.Context, tx *store.Tx, customer int64, limit int) ([]Score, error) {
	rows, err := tx.Query(ctx, sqlScores, customer, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Score
	for rows.Next() {
		s, err := scanScore(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// ScoresOf are the scores of these customers, by customer; who has none is left out.
func ScoresOf(ctx context.Context, tx *store.Tx, customers []int64) (map[int64]Score, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlScoresOf, tx.Numbers("$1")), store.JSON(customers))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := make(map[int64]Score, len(customers))
	for rows.Next() {
		s, err := scanScore(rows)
		if err != nil {
			return nil, err
		}
		all[s.Customer] = s
	}
	return all, rows.Err()
}
