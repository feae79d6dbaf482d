package document

import (
	"context"

	"stamm/internal/platform/store"
)

// Uncounted are documents by why they are no purchase of a customer.
type Uncounted struct {
	Documents int64 // all
	Nobody    int64 // sales without a customer
	Excluded  int64 // sales of customers who are left out of all figures
	NoSale    int64 // the others that are no sale, such as quotes and cancelled orders
}

const sqlUncounted = `SELECT COUNT(1), COALESCE(SUM(CASE WHEN d.sale = 1 AND d.customer = 0 THEN 1 ELSE 0 END), 0),
	COALESCE(SUM(CASE WHEN d.sale = 1 AND c.excluded <> '' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN d.sale = 0 THEN 1 ELSE 0 END), 0)
	FROM document d LEFT JOIN customer c ON c.id = d.customer`

// CountUncounted looks at every document: for a company whose figures are all empty.
func CountUncounted(ctx context.Context, tx *store.Tx) (u Uncounted, err error) {
	err = tx.QueryRow(ctx, sqlUncounted).Scan(&u.Documents, &u.Nobody, &u.Excluded, &u.NoSale)
	return u, err
}
