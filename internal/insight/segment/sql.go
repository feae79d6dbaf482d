package segment

const columns = `s.id, s.name, s.description, s.owner, s.kind, s.condition, s.frozen_on, s.tracked, s.archived_at,
	s.created_at, s.created_kind, s.created_by, s.changed_at, s.changed_kind, s.changed_by, t.size, t.ran_at`

const (
	sqlAll = `SELECT ` + columns + ` FROM segment s JOIN segment_state t ON t.segment = s.id ORDER BY s.folded, s.id`
	sqlAdd = `INSERT INTO segment (id, name, folded, description, owner, kind, condition, frozen_on, tracked, archived_at,
			created_at, created_kind, created_by, changed_at, changed_kind, changed_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, $10, $11, $12, $10, $11, $12)`
	sqlAddState = `INSERT INTO segment_state (segment, size, run_at, quiet, asked, due_until, ran_at, ran_day) VALUES ($1, $2, NULL, 0, 0, 0, NULL, 0)`
	sqlChange   = `UPDATE segment SET name = $2, folded = $3, description = $4, owner = $5, condition = $6, tracked = $7, archived_at = $8,
		changed_at = $9, changed_kind = $10, changed_by = $11 WHERE id = $1`

	// A run stays quiet once somebody asked for it quietly, and is due when the first who asked wants it.
	sqlAsk = `UPDATE segment_state SET quiet = CASE WHEN quiet = 1 THEN 1 ELSE CAST($3 AS BIGINT) END,
		run_at = CASE WHEN run_at IS NULL OR run_at > $2 THEN $2 ELSE run_at END, asked = asked + 1 WHERE segment = $1`
	sqlForget = `UPDATE segment_state SET run_at = NULL, quiet = 0, asked = asked + 1, ran_at = NULL, due_until = 0, ran_day = 0 WHERE segment = $1`
	sqlState  = `SELECT segment, size, run_at, quiet, asked, due_until, ran_at, ran_day FROM segment_state WHERE segment = $1`
	sqlRan    = `UPDATE segment_state SET due_until = $2, ran_at = $3, ran_day = $4,
		run_at = CASE WHEN asked = $5 THEN NULL ELSE run_at END, quiet = CASE WHEN asked = $5 THEN 0 ELSE quiet END WHERE segment = $1`
	sqlResize = `UPDATE segment_state SET size = size + $2 WHERE segment = $1`

	// %s stands for a list of numbers, see store.Tx.Numbers.
	sqlMembersAmong  = `SELECT customer FROM segment_member WHERE segment = $1 AND customer %s`
	sqlDueAmong      = `SELECT customer, day FROM segment_due WHERE segment = $1 AND customer %s`
	sqlLeave         = `DELETE FROM segment_member WHERE segment = $1 AND customer %s`
	sqlDropDue       = `DELETE FROM segment_due WHERE segment = $1 AND customer %s`
	sqlMembers       = `SELECT customer, since FROM segment_member WHERE segment = $1 AND customer > $2 ORDER BY customer LIMIT $3`
	sqlDues          = `SELECT customer, day FROM segment_due WHERE segment = $1 AND customer > $2 ORDER BY customer LIMIT $3`
	sqlDueNow        = `SELECT customer FROM segment_due WHERE segment = $1 AND day <= $2 ORDER BY day, customer LIMIT $3`
	sqlMembersOf     = `SELECT segment, since FROM segment_member WHERE customer = $1`
	sqlListsOf       = `SELECT segment FROM segment_list WHERE customer = $1`
	sqlSomeUntracked = `SELECT m.segment, m.customer FROM segment_member m JOIN segment s ON s.id = m.segment WHERE s.tracked = 0 OR s.archived_at IS NOT NULL LIMIT $1`
	sqlSomeDueLeft   = `SELECT d.segment, d.customer FROM segment_due d JOIN segment s ON s.id = d.segment WHERE s.tracked = 0 OR s.archived_at IS NOT NULL LIMIT $1`
	sqlSomeOrphans   = `SELECT l.segment, l.customer FROM segment_list l WHERE NOT EXISTS (SELECT 1 FROM segment s WHERE s.id = l.segment) LIMIT $1`
	sqlUnlist        = `DELETE FROM segment_list WHERE segment = $1 AND customer %s`

	sqlSetSize = `INSERT INTO segment_size (segment, day, size) VALUES ($1, $2, $3) ON CONFLICT (segment, day) DO UPDATE SET size = excluded.size`
	sqlSizes   = `SELECT day, size FROM segment_size WHERE segment = $1 AND day >= $2 ORDER BY day`

	sqlNumbers = `SELECT external_id, customer FROM customer_external WHERE external_id %s`
	sqlMails   = `SELECT folded, customer FROM customer_email WHERE folded %s`
	sqlNumber  = `SELECT id, external_id FROM customer WHERE id %s`
)
