package document

import (
	"context"
	"fmt"

	"stamm/internal/platform/store"
)

// Name is how another system knows a document.
type Name struct {
	Source     string
	ExternalID string
}

// WhollyReturned names the sales among the documents, and among those that the documents reverse, of which at least as much was
// given back as they were worth.
func WhollyReturned(ctx context.Context, tx *store.Tx, ids []int64) ([]Name, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlWhollyReturned, tx.Numbers("$1"), tx.Numbers("$2")), store.JSON(ids), store.JSON(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Name
	for rows.Next() {
		var n Name
		if err := rows.Scan(&n.Source, &n.ExternalID); err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, rows.Err()
}

const sqlWhollyReturned = `WITH touched (id) AS (SELECT target FROM document_link WHERE document %s AND kind = 'reverses'
		UNION SELECT id FROM document WHERE id %s)
	SELECT s.name, d.external_id FROM touched t JOIN document d ON d.id = t.id JOIN source s ON s.id = d.source
	WHERE d.sale = 1 AND d.amount > 0
	AND d.amount <= (SELECT COALESCE(sum(l.amount), 0) FROM document_link l WHERE l.target = d.id AND l.kind = 'reverses')`
