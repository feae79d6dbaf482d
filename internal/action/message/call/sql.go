package call

const fields = `message, measure, customer, person, kind, subject, owner, due_at, most, pause, tries, state, outcome, reason, note, begun_at, begun_by, changed_at`

const (
	sqlCreate = `INSERT INTO phone_call (message, measure, customer, person, kind, subject, owner, due_at, most, pause, tries, state, outcome, reason, note, begun_at, begun_by, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 'open', '', '', '', 0, 0, $11) ON CONFLICT (message) DO NOTHING`
	sqlReopen = `UPDATE phone_call SET state = 'open', reason = '', due_at = $2, changed_at = $3 WHERE message = $1 AND state = 'over' AND outcome = ''`
	sqlKnown  = `SELECT message, CASE WHEN state = 'over' AND outcome = '' THEN 1 ELSE 0 END FROM phone_call WHERE message %s`
	sqlLoads  = `SELECT owner, count(*) FROM phone_call WHERE measure = $1 GROUP BY owner`

	sqlFind   = `SELECT ` + fields + ` FROM phone_call WHERE message = $1`
	sqlChange = `UPDATE phone_call SET owner = $2, due_at = $3, tries = $4, state = $5, outcome = $6, reason = $7, note = $8, begun_at = $9, begun_by = $10, changed_at = $11
		WHERE message = $1`

	// Calls of a measure that rests are not due.
	running = `NOT EXISTS (SELECT 1 FROM message_measure p WHERE p.measure = phone_call.measure)`
	mine    = `($1 = 0 OR owner = 0 OR owner = $1)`
	ofOne   = `($2 = 0 OR measure = $2)`

	sqlOpen = `SELECT ` + fields + ` FROM phone_call WHERE state <> 'over' AND ` + mine + ` AND ` + ofOne + ` AND ` + running + `
		AND due_at <= $3 AND (due_at > $4 OR (due_at = $4 AND message > $5)) ORDER BY due_at, message LIMIT $6`
	sqlOver = `SELECT ` + fields + ` FROM phone_call WHERE state = 'over' AND outcome <> '' AND ` + mine + ` AND ` + ofOne + `
		AND (changed_at < $3 OR (changed_at = $3 AND message < $4)) ORDER BY changed_at DESC, message DESC LIMIT $5`
	sqlWith = `SELECT ` + fields + ` FROM phone_call WHERE outcome = $3 AND ` + mine + ` AND ` + ofOne + `
		AND (changed_at < $4 OR (changed_at = $4 AND message < $5)) ORDER BY changed_at DESC, message DESC LIMIT $6`
	sqlBegun      = `SELECT ` + fields + ` FROM phone_call WHERE state = 'begun' AND begun_by = $1 ORDER BY begun_at, message`
	sqlOfCustomer = `SELECT ` + fields + ` FROM phone_call WHERE (customer = $1 OR (person = $1 AND person <> 0)) ORDER BY message DESC LIMIT $2`
	sqlCountDue   = `SELECT count(*) FROM phone_call WHERE state <> 'over' AND ` + mine + ` AND ` + ofOne + ` AND ` + running + ` AND due_at <= $3`
	sqlCountRest  = `SELECT count(*) FROM phone_call WHERE state <> 'over' AND ` + mine + ` AND NOT ` + running
	sqlOutcomes   = `SELECT outcome, count(*) FROM phone_call WHERE measure = $1 AND outcome <> '' GROUP BY outcome`
	sqlAnyOpen    = `SELECT message FROM phone_call WHERE state <> 'over' LIMIT 1`

	// What was taken back while nobody was dialling.
	sqlGone = `SELECT c.message FROM phone_call c JOIN message m ON m.id = c.message WHERE c.state = 'open' AND c.message BETWEEN $1 AND $2
		AND m.state <> 'queued' AND m.state <> 'proposed' ORDER BY c.message LIMIT $3`

	sqlAddTry   = `INSERT INTO phone_try (message, by_user, began_at, basis, entry, due_at, day, outcome, note, used, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', 0, 0) RETURNING id`
	sqlDropTry  = `DELETE FROM phone_try WHERE id = $1`
	sqlEndTry   = `UPDATE phone_try SET outcome = $2, note = $3, used = $4, ended_at = $5 WHERE id = $1`
	sqlTries    = `SELECT id, by_user, began_at, basis, entry, due_at, outcome, note, used, ended_at FROM phone_try WHERE message = $1 ORDER BY id`
	sqlBlank    = `UPDATE phone_call SET note = '' WHERE customer = $1 OR (person = $1 AND person <> 0)`
	sqlBlankTry = `UPDATE phone_try SET note = '' WHERE message IN (SELECT message FROM phone_call WHERE customer = $1 OR (person = $1 AND person <> 0))`
	sqlPending  = `SELECT message FROM phone_call WHERE state <> 'over' AND (customer = $1 OR (person = $1 AND person <> 0)) ORDER BY message`
)
