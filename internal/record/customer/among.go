package customer

import (
	"context"
	"database/sql"
	"strings"

	"stamm/internal/platform/store"
)

// Among tells which of the customers pass a filter, for lists that were found in another way, as by searching.
func Among(ctx context.Context, tx *store.Tx, f Filter, ids []int64) (map[int64]bool, error) {
	q := listQuery{where: []string{"c.id " + tx.Numbers("$1")}, args: []any{store.JSON(ids)}}
	for _, c := range f.conditions() {
		q.and(c.text, c.args...)
	}
	pass := make(map[int64]bool, len(ids))
	err := each(ctx, tx, "SELECT c.id FROM customer c WHERE "+strings.Join(q.where, " AND "), q.args, func(found *sql.Rows) error {
		var id int64
		err := found.Scan(&id)
		pass[id] = true
		return err
	})
	return pass, err
}
