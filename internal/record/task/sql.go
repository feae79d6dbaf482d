package task

const fields = `id, kind, key, customer, subject, args, note, weight, due_day, owner, state, snoozed_until, created_at, changed_at, done_by`

const (
	sqlRaise = `INSERT INTO task (kind, key, customer, subject, args, note, weight, due_day, owner, state, snoozed_until, created_at, changed_at, done_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', NULL, $10, $10, 0)
		ON CONFLICT (key) DO UPDATE SET args = excluded.args, note = excluded.note, weight = excluded.weight, due_day = excluded.due_day,
			state = CASE WHEN task.state = 'done' THEN 'open' ELSE task.state END, changed_at = excluded.changed_at, done_by = 0 RETURNING id`
	sqlSettle = `UPDATE task SET state = 'done', snoozed_until = NULL, changed_at = $2 WHERE key = $1 AND state <> 'done'`
	sqlFind   = `SELECT ` + fields + ` FROM task WHERE id = $1`
	sqlByKeys = `SELECT ` + fields + ` FROM task WHERE key %s`
	// What is not done, snoozed or not.
	sqlPending = `SELECT ` + fields + ` FROM task WHERE kind = $1 AND state <> 'done' ORDER BY id`
	sqlChange  = `UPDATE task SET state = $2, snoozed_until = $3, owner = $4, done_by = $5, changed_at = $6 WHERE id = $1`

	isOpen  = `(state = 'open' OR (state = 'snoozed' AND snoozed_until <= $1))`
	sqlList = `SELECT ` + fields + ` FROM task WHERE ` + isOpen + ` AND ($2 = 0 OR owner = 0 OR owner = $2)
		AND (weight < $3 OR (weight = $3 AND id > $4)) AND ($5 = '' OR kind = $5) AND NOT (kind %s) ORDER BY weight DESC, id LIMIT $6`
	sqlOfCustomer = `SELECT ` + fields + ` FROM task WHERE customer = $1 ORDER BY CASE WHEN state = 'done' THEN 1 ELSE 0 END, weight DESC, id DESC LIMIT $2`
	// What a person has done; what Stamm settled is nobody's contact.
	sqlLastDone  = `SELECT customer, max(changed_at) FROM task WHERE customer %s AND state = 'done' AND done_by <> 0 GROUP BY customer`
	sqlCountOpen = `SELECT count(*) FROM task WHERE ` + isOpen + ` AND NOT (kind %s)`
)
