package message

import (
	"fmt"
	"strings"
)

// fields are the columns of a Message, in the order in which scanMessage reads them.
const fields = `id, measure, customer, person, step, channel, kind, subject, arm, address, purpose, asked, basis, entry, priority, exempt,
	CASE WHEN attempting = 1 THEN 'attempting' ELSE state END, reason, gates, due_at, late_at, claim, attempts, code, answer, relay, planned_at, changed_at, topic`

const (
	sqlSetting     = `SELECT value FROM setting WHERE key = $1`
	sqlSaveSetting = `INSERT INTO setting (key, value, changed_at) VALUES ($1, $2, $3)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at`

	sqlReadCommitted = `SET TRANSACTION ISOLATION LEVEL READ COMMITTED`

	// The few statements of a turn look up rows by their ids, thousands of times a second: to plan each anew takes a quarter of PostgreSQL's time. A plan
	// that is kept must be right for a table that was empty when it was made, too, so it may only go by an index.
	sqlKeepPlans = `; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off`

	// Where the gates are asked again, joins of several tables are planned for the rows there are.
	sqlPlanAnew = `SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on`

	// gates

	sqlPresence = `SELECT (SELECT COUNT(1) FROM (SELECT 1 FROM message_hold LIMIT 1) AS h), (SELECT COUNT(1) FROM (SELECT 1 FROM message_address LIMIT 1) AS a),
		(SELECT COUNT(1) FROM (SELECT 1 FROM message_measure LIMIT 1) AS m)`
	// The order makes both databases look into the index of persons.
	sqlAnyPerson = `SELECT 1 FROM message WHERE person <> 0 ORDER BY person LIMIT 1`

	sqlContacts = `SELECT customer, budget_day, channel FROM message WHERE customer %s AND budget_day >= $2 AND budget_day IS NOT NULL AND person = 0`
	// A person who acts for several companies is one reader.
	sqlContactsOfPersons = `SELECT person, budget_day, channel FROM message WHERE person %s AND person <> 0 AND budget_day >= $2`

	sqlPlaces = `SELECT id, country, region, erased_at FROM customer WHERE id %s`

	sqlHold    = `INSERT INTO message_hold (customer, kind, key, at) VALUES ($1, $2, $3, $4) ON CONFLICT (customer, kind, key) DO NOTHING`
	sqlRelease = `DELETE FROM message_hold WHERE customer = $1 AND kind = $2 AND key = $3`
	sqlHeld    = `SELECT customer, MIN(kind) FROM message_hold WHERE customer %s GROUP BY customer`
	sqlHoldsOf = `SELECT kind, key, at FROM message_hold WHERE customer = $1 ORDER BY kind, key`

	sqlMarkAddress = `INSERT INTO message_address (channel, address, state, reason, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (channel, address) DO UPDATE SET state = excluded.state, reason = excluded.reason, at = excluded.at`
	sqlAddressOK = `DELETE FROM message_address WHERE channel = $1 AND address = $2`
	sqlAddress   = `SELECT state, reason, at FROM message_address WHERE channel = $1 AND address = $2`
	sqlBad       = `SELECT address, state FROM message_address WHERE channel = $1 AND address %s`

	// ledger

	sqlKnown      = `SELECT customer, person, step, channel FROM message WHERE measure = $1 AND measure <> 0 AND customer %s`
	sqlKnownAlone = `SELECT customer, person, step, channel, kind, subject FROM message WHERE measure = 0 AND subject %s`

	sqlCountsOf = `SELECT measure, state, reason, CAST(SUM(n) AS BIGINT) FROM message_count WHERE measure = $1 GROUP BY measure, state, reason`
	sqlCounts   = `SELECT measure, state, reason, CAST(SUM(n) AS BIGINT) FROM message_count GROUP BY measure, state, reason`

	// measures

	sqlStop       = `INSERT INTO message_measure (measure, state, reason, at) VALUES ($1, $2, $3, $4) ON CONFLICT (measure) DO NOTHING`
	sqlCancelled  = `UPDATE message_measure SET state = 'cancelled', reason = $2, at = $3 WHERE measure = $1 AND state = 'paused'`
	sqlContinue   = `DELETE FROM message_measure WHERE measure = $1 AND state = 'paused'`
	sqlStopped    = `SELECT measure, state, reason, at FROM message_measure WHERE measure %s`
	sqlAllStopped = `SELECT measure, state, reason, at FROM message_measure`

	// What is in nobody's hands, to be taken back or set going.
	sqlIdleQueued    = `SELECT id FROM message WHERE measure = $1 AND state = 'queued' AND claim = 0 ORDER BY channel, due_at, id LIMIT $2`
	sqlOfProposed    = `SELECT id FROM message WHERE measure = $1 AND state = 'proposed' ORDER BY id LIMIT $2`
	sqlPendingOf     = `SELECT ` + fields + ` FROM message WHERE customer = $1 AND attempting = 0 AND (state = 'queued' OR state = 'proposed') ORDER BY id`
	sqlPendingPerson = `SELECT ` + fields + ` FROM message WHERE person = $1 AND person <> 0 AND attempting = 0 AND (state = 'queued' OR state = 'proposed') ORDER BY id`
	sqlApprove       = `UPDATE message SET state = 'queued', changed_at = $2 WHERE state = 'proposed' AND id %s RETURNING id`
	// The second argument is what they are now; a message in the hands of a process that is taken back is noticed there.
	sqlSuppress = `UPDATE message SET state = 'suppressed', reason = $3, gates = CASE WHEN $4 = '' THEN gates ELSE $4 END, budget_day = NULL, claim = 0, day = $5, changed_at = $6
		WHERE state = $2 AND attempting = 0 AND id %s RETURNING id, measure`

	// erasure

	sqlAddressesOf  = `SELECT DISTINCT channel, address FROM message WHERE (customer = $1 OR (person = $1 AND person <> 0)) AND address <> ''`
	sqlForgetMark   = `DELETE FROM message_address WHERE channel = $1 AND address = $2`
	sqlForgetHolds  = `DELETE FROM message_hold WHERE customer = $1`
	sqlForgetMails  = `DELETE FROM message_mail WHERE message IN (SELECT id FROM message WHERE customer = $1 OR (person = $1 AND person <> 0))`
	sqlForgetTexts  = `UPDATE message_text SET body = $2 WHERE id IN (SELECT subject FROM message WHERE measure = 0 AND kind IN ('api', 'optin') AND (customer = $1 OR (person = $1 AND person <> 0)))`
	sqlBlankAddress = `UPDATE message SET address = '', answer = '' WHERE customer = $1 OR (person = $1 AND person <> 0)`

	// sign-ups that nobody confirmed

	sqlUnsignedMails = `DELETE FROM message_mail WHERE message %s`
	sqlUnsignedTexts = `UPDATE message_text SET body = $2 WHERE id IN (SELECT subject FROM message WHERE measure = 0 AND kind = 'optin' AND id %s)`
	sqlUnsigned      = `UPDATE message SET address = '', answer = '' WHERE measure = 0 AND kind = 'optin' AND id %s`

	// claims. What has a claim is queued; to say so too would have PostgreSQL go through all that are queued instead of a few ids.

	sqlWaiting = `SELECT measure FROM message_count WHERE state = 'queued' GROUP BY measure HAVING SUM(n) > 0 ORDER BY measure`
	sqlNextDue = `SELECT MIN(due_at) FROM message WHERE measure = $1 AND state = 'queued' AND claim = 0 AND channel = $2`

	// With those in hand, which are the first to be due.
	sqlFirstDue = `SELECT MIN(due_at) FROM message WHERE measure = $1 AND state = 'queued' AND channel = $2`

	sqlLastDue = `SELECT MAX(due_at) FROM message WHERE measure = $1 AND state = 'queued' AND channel = $2`

	sqlClaimed    = `SELECT ` + fields + ` FROM message WHERE id %s AND claim = $2 ORDER BY due_at, id`
	sqlNewClaim   = `INSERT INTO message_claim (runner, until, messages) VALUES ($1, $2, '[]') RETURNING id`
	sqlFillClaim  = `UPDATE message_claim SET messages = $2 WHERE id = $1`
	sqlDropClaim  = `DELETE FROM message_claim WHERE id = $1`
	sqlClaimOf    = `SELECT id, messages FROM message_claim WHERE runner = $1 ORDER BY id LIMIT 1`
	sqlBeat       = `UPDATE message_claim SET until = $2 WHERE runner = $1`
	sqlDeadClaims = `SELECT id, messages FROM message_claim WHERE runner <> $1 AND (until < $2 OR $3 = 1) ORDER BY id LIMIT 1`
	sqlFree       = `UPDATE message SET claim = 0 WHERE claim = $2 AND attempting = 0 AND id %s`
	sqlToUnclear  = `UPDATE message SET state = 'unclear', reason = $3, attempting = 0, claim = 0, day = $4, changed_at = $5 WHERE claim = $2 AND attempting = 1 AND id %s RETURNING measure`
	sqlPostpone   = `UPDATE message SET claim = 0, due_at = $3, late_at = $4 WHERE claim = $2 AND attempting = 0 AND id = $1`
	sqlAttempt    = `UPDATE message SET attempting = 1, attempts = attempts + 1, changed_at = $3 WHERE attempting = 0 AND id %s AND claim %s`
	sqlAttempting = `SELECT id FROM message WHERE attempting = 1 AND id %s AND claim %s`
	sqlNotMade    = `UPDATE message SET state = 'failed', reason = $3, answer = $4, claim = 0, budget_day = NULL, day = $5, changed_at = $6
		WHERE claim = $2 AND attempting = 0 AND id = $1`
	sqlResult = `UPDATE message SET state = $3, reason = $4, code = $5, answer = $6, relay = $7, due_at = $8, attempting = 0, claim = 0, attempts = attempts - $11,
			budget_day = CASE WHEN $3 = 'failed' THEN NULL ELSE budget_day END, day = CASE WHEN $3 = 'queued' THEN day ELSE $9 END, changed_at = $10
		WHERE id %s AND claim %s AND attempting = 1`

	// sqlSent is sqlResult for nearly all: it leaves alone what stays as it is, and with it the index of the budget. A join with the answers would have
	// PostgreSQL keep a plan that goes through the whole table.
	sqlSent = `UPDATE message SET state = 'sent', reason = '', code = $3, answer = %[3]s, relay = $5, due_at = 0, attempting = 0, claim = 0, day = $6, changed_at = $7
		WHERE id %[1]s AND claim %[2]s AND attempting = 1`

	// by hand

	sqlQueuedIDs = `SELECT id FROM message WHERE measure = $1 AND state = 'queued' AND claim = 0 AND channel = $2 ORDER BY id`
	sqlHandRange = `SELECT ` + fields + ` FROM message WHERE id BETWEEN $1 AND $2 AND channel = $3 AND state = 'queued' ORDER BY id LIMIT $4`
	sqlByHand    = `UPDATE message SET state = $3, reason = $4, due_at = $5, late_at = $6, attempts = $7, relay = '', budget_day = $8, day = $9, changed_at = $10
		WHERE id = $1 AND state = $2 AND claim = 0 RETURNING measure`

	// unclear ones

	sqlAnyUnclear = `SELECT 1 FROM message WHERE state = 'unclear' ORDER BY id LIMIT 1`
	sqlResolve    = `UPDATE message SET state = $2, reason = $3, due_at = 0, claim = 0, budget_day = CASE WHEN $2 = 'failed' THEN NULL ELSE budget_day END, day = $4, changed_at = $5
		WHERE id = $1 AND state = 'unclear' RETURNING measure, customer`

	// reading

	sqlNewest = `SELECT ` + fields + ` FROM message WHERE id < $1 ORDER BY id DESC LIMIT $2`
	sqlByIDs  = `SELECT ` + fields + ` FROM message WHERE id %s ORDER BY id DESC`
	// The state stands in the text, where SQLite looks for an index of it.
	sqlGroup       = `SELECT id FROM message WHERE measure = $1 AND state = '%s' AND reason = $2 AND id < $3 ORDER BY id DESC LIMIT $4`
	sqlQueuedGroup = `SELECT id FROM message WHERE measure = $1 AND state = 'queued' AND claim = 0 AND id < $2 ORDER BY id DESC LIMIT $3`
	sqlTaken       = `SELECT messages FROM message_claim`
	sqlFind        = `SELECT ` + fields + ` FROM message WHERE id = $1`
	sqlOfCustomer  = `SELECT ` + fields + ` FROM message WHERE customer = $1 AND id < $2 ORDER BY id DESC LIMIT $3`
	sqlOfPerson    = `SELECT ` + fields + ` FROM message WHERE person = $1 AND person <> 0 AND id < $2 ORDER BY id DESC LIMIT $3`
	sqlLastOf      = `SELECT ` + fields + ` FROM message WHERE customer = $1 AND (changed_at, id) < ($2, $3) ORDER BY changed_at DESC, id DESC LIMIT $4`
	sqlLastOfOne   = `SELECT ` + fields + ` FROM message WHERE person = $1 AND person <> 0 AND (changed_at, id) < ($2, $3) ORDER BY changed_at DESC, id DESC LIMIT $4`
	sqlUnclear     = `SELECT ` + fields + ` FROM message WHERE state = 'unclear' AND id > $1 ORDER BY id LIMIT $2`
	sqlCountClear  = `SELECT COUNT(1) FROM message WHERE state = 'unclear'`

	// outbox

	sqlPutMail   = `INSERT INTO message_mail (message, at, body) VALUES ($1, $2, $3) ON CONFLICT (message) DO NOTHING`
	sqlMail      = `SELECT at, body FROM message_mail WHERE message = $1`
	sqlMails     = `SELECT message, at, body FROM message_mail WHERE message < $1 ORDER BY message DESC LIMIT $2`
	sqlCountMail = `SELECT COUNT(1) FROM message_mail`
	sqlCutMails  = `DELETE FROM message_mail WHERE message IN (SELECT message FROM message_mail WHERE at < $1 ORDER BY at LIMIT $2)`

	// texts of the API

	sqlFindText = `SELECT id, hash FROM message_text WHERE key = $1`
	sqlAddText  = `INSERT INTO message_text (key, hash, body, created_at) VALUES ($1, $2, $3, $4) RETURNING id`
	sqlTexts    = `SELECT id, body FROM message_text WHERE id %s`
	sqlTextOf   = `SELECT id FROM message WHERE measure = 0 AND subject = $1 AND kind = $2`
)

// sqlClaim takes messages of measure $1 that are due at $2, at most $3, into claim $4, those behind the place of $6 and $7: first what is due with the last
// one, then what is due later, since of (due_at, id) > ($6, $7) SQLite finds only due_at in the index, and messages of a campaign are due at one time. The
// common table expression is a fence: PostgreSQL may otherwise run a subquery that locks rows several times and take more than the limit.
func sqlClaim(skipLocked string) string {
	const queued = `SELECT id FROM message WHERE measure = $1 AND state = 'queued' AND claim = 0 AND channel = $5 AND due_at `
	return `WITH due (id) AS MATERIALIZED (SELECT id FROM (` + queued + `= $6 AND id > $7 ORDER BY id LIMIT $3` + skipLocked + `) same
			UNION ALL SELECT id FROM (` + queued + `> $6 AND due_at <= $2 ORDER BY due_at, id LIMIT $3` + skipLocked + `) later LIMIT $3)
		UPDATE message SET claim = $4 WHERE id IN (SELECT id FROM due) RETURNING id, due_at`
}

// sqlCount moves as many counters.
func sqlCount(rows int) string {
	var values []string
	for i := range rows {
		values = append(values, fmt.Sprintf("($%d, $%d, $%d, $%d, $%d)", 5*i+1, 5*i+2, 5*i+3, 5*i+4, 5*i+5))
	}
	return `INSERT INTO message_count (measure, state, reason, lane, n) VALUES ` + strings.Join(values, ", ") + `
		ON CONFLICT (measure, state, reason, lane) DO UPDATE SET n = message_count.n + excluded.n`
}
