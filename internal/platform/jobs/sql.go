package jobs

import "stamm/internal/platform/store"

const jobColumns = `id, kind, key, args, state, run_at, attempts, max_attempts, lost, cancel, done, done_before, total,
		error, result, actor_kind, actor, created_at, started_at, finished_at, unit`

const (
	sqlEnqueue = `INSERT INTO job (kind, key, args, state, run_at, attempts, max_attempts, lost, lease_by, lease_until, cancel, done, done_before, total,
			error, result, actor_kind, actor, created_at, started_at, finished_at)
		VALUES ($1, $2, $3, 'queued', $4, 0, $5, 0, '', 0, 0, 0, 0, 0, '', 'null', $6, $7, $8, 0, 0)
		ON CONFLICT (kind, key) WHERE key IS NOT NULL AND state IN ('queued', 'running') DO NOTHING RETURNING id`
	sqlAlive = `SELECT id FROM job WHERE kind = $1 AND key = $2 AND state IN ('queued', 'running')`

	sqlFind      = `SELECT ` + jobColumns + ` FROM job WHERE id = $1`
	sqlList      = `SELECT ` + jobColumns + ` FROM job WHERE id < $1 AND ($2 = '' OR kind = $2) ORDER BY id DESC LIMIT $3`
	sqlListState = `SELECT ` + jobColumns + ` FROM job WHERE state = $4 AND id < $1 AND ($2 = '' OR kind = $2) ORDER BY id DESC LIMIT $3`

	sqlCancelQueued  = `UPDATE job SET state = 'cancelled', finished_at = $2 WHERE id = $1 AND state = 'queued'`
	sqlCancelRunning = `UPDATE job SET cancel = 1 WHERE id = $1 AND state = 'running'`
	sqlHurry         = `UPDATE job SET run_at = $2 WHERE id = $1 AND state = 'queued' AND run_at > $2`
	sqlRetry         = `UPDATE job SET state = 'queued', run_at = $2, attempts = 0, lost = 0, cancel = 0, finished_at = 0 WHERE id = $1`
	sqlPrune         = `DELETE FROM job WHERE id IN (SELECT id FROM job
		WHERE state IN ('done', 'failed', 'cancelled') AND finished_at < $1 ORDER BY id LIMIT $2)`

	sqlRelease = `UPDATE job SET lost = lost + 1, attempts = attempts - 1, lease_by = '', lease_until = 0, run_at = $2,
			state = CASE WHEN cancel = 1 THEN 'cancelled' WHEN lost >= $3 THEN 'failed' ELSE 'queued' END,
			error = CASE WHEN cancel = 0 AND lost >= $3 THEN $4 ELSE error END,
			finished_at = CASE WHEN cancel = 1 OR lost >= $3 THEN $2 ELSE finished_at END
		WHERE state = 'running' AND lease_until < $1`

	// What a runner looks at: whether a lease ran out, who is asked to stop, which schedules and kinds are due next.
	sqlExpired    = `SELECT COUNT(1) FROM job WHERE state = 'running' AND lease_until < $1`
	sqlCancelling = `SELECT id, lease_by FROM job WHERE state = 'running' AND cancel = 1`

	sqlReadCommitted = `SET TRANSACTION ISOLATION LEVEL READ COMMITTED`

	sqlHold     = `SELECT 1 FROM job WHERE id = $1 AND lease_by = $2 AND state = 'running'`
	sqlProgress = `UPDATE job SET done = $3, total = $4, unit = $5, done_before = CASE WHEN unit = $5 THEN done_before ELSE $3 END
		WHERE id = $1 AND lease_by = $2 AND state = 'running'`
	sqlFinish = `UPDATE job SET state = $3, run_at = $4, attempts = attempts - $5, error = $6, result = $7, done = $8, total = $9, finished_at = $10,
			lease_by = '', lease_until = 0, cancel = 0, unit = $11
		WHERE id = $1 AND lease_by = $2 AND state = 'running'`

	sqlSchedule = `INSERT INTO job_schedule (name, kind, args, spec, next_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, args = excluded.args, spec = excluded.spec,
			next_at = CASE WHEN job_schedule.spec = excluded.spec THEN job_schedule.next_at ELSE excluded.next_at END`
	sqlUnschedule   = `DELETE FROM job_schedule WHERE name = $1`
	sqlSchedules    = `SELECT name, kind, args, spec, next_at FROM job_schedule ORDER BY name`
	sqlScheduleDue  = `SELECT name, kind, args, spec, next_at FROM job_schedule WHERE next_at <= $1 ORDER BY name`
	sqlScheduleNext = `SELECT COALESCE(MIN(next_at), 0) FROM job_schedule`
	sqlScheduleMove = `UPDATE job_schedule SET next_at = $3 WHERE name = $1 AND next_at = $2`
)

// sqlDue tells for each kind of the list $1 when its next job is due; one descent of the index per kind, however many
// jobs wait.
func sqlDue(tx *store.Tx) string {
	return `WITH kinds (kind) AS ` + tx.StringList("$1") + `
		SELECT kind, (SELECT MIN(run_at) FROM job WHERE job.kind = kinds.kind AND state = 'queued') FROM kinds`
}

// sqlClaim leases up to $3 due jobs of a kind. The common table expression is a fence: PostgreSQL may otherwise run a
// subquery that locks rows several times and take more than the limit.
func sqlClaim(tx *store.Tx) string {
	return `WITH due (id) AS MATERIALIZED (SELECT id FROM job WHERE kind = $1 AND state = 'queued' AND run_at <= $2 ORDER BY run_at, id LIMIT $3` + tx.SkipLocked() + `)
		UPDATE job SET state = 'running', attempts = attempts + 1, lease_by = $4, lease_until = $5, started_at = $2, finished_at = 0, done_before = done
		WHERE id IN (SELECT id FROM due) RETURNING id, kind, key, args, attempts, max_attempts, done, total, unit, actor_kind, actor`
}

// sqlHeartbeat extends the leases $2 of the jobs $1 until $3.
func sqlHeartbeat(tx *store.Tx) string {
	return `UPDATE job SET lease_until = $3 WHERE state = 'running' AND id ` + tx.Numbers("$1") + ` AND lease_by ` + tx.Strings("$2") + ` RETURNING id`
}
