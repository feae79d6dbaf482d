package customer

import (
	"context"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
)

// Buyers tells for whom people act on a day: the company of a contact person, the lowest id of several. Who acts for herself
// is left out.
func Buyers(ctx context.Context, tx *store.Tx, people []int64, on clock.Day) (map[int64]int64, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlBuyers, tx.Numbers("$1")), store.JSON(people), int64(on))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	company := map[int64]int64{}
	for rows.Next() {
		var person, of int64
		if err := rows.Scan(&person, &of); err != nil {
			return nil, err
		}
		company[person] = of
	}
	return company, rows.Err()
}

const sqlBuyers = `SELECT person, min(company) AS company FROM customer_contact
	WHERE person %s AND (valid_from IS NULL OR valid_from <= $2) AND (valid_until IS NULL OR valid_until >= $2) GROUP BY person`
