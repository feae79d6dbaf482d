package hit

const linkFields = `number, under, measure, arm, content, channel, kind, position, target, customer`

// rowFields are the columns of a Row, in the order in which rowsOf reads them.
const rowFields = `id, at, kind, channel, measure, arm, link, message, customer, person, agent, client, signs, human, reason, rules`

const (
	sqlKeep = `INSERT INTO hit_link (` + linkFields + `, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (number) DO NOTHING`

	sqlFindLink = `SELECT ` + linkFields + ` FROM hit_link WHERE number = $1`
	sqlLinksOf  = `SELECT ` + linkFields + ` FROM hit_link WHERE measure = $1 AND kind = 'click' AND customer = 0 ORDER BY position, arm, content, number LIMIT $2`

	// recording

	sqlReadCommitted = `SET TRANSACTION ISOLATION LEVEL READ COMMITTED`
	sqlMessages      = `SELECT id, customer, person, address, channel, state, changed_at, (SELECT COUNT(1) FROM hit WHERE hit.message = message.id AND hit.message <> 0) FROM message
		WHERE id %s`
	sqlNear   = `SELECT id, message, at, link, human FROM hit WHERE message %s AND message <> 0 AND at >= $2 AND kind = 'click'`
	sqlJudged = `UPDATE hit SET human = 0, reason = $2 WHERE id %s`
	sqlLast   = `SELECT COALESCE(MAX(id), 0) FROM hit`

	sqlSetting     = `SELECT CAST(value AS BIGINT) FROM setting WHERE key = $1`
	sqlSaveSetting = `INSERT INTO setting (key, value, changed_at) VALUES ($1, $2, $3)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at`

	// reading

	sqlOfMeasure = `SELECT ` + rowFields + ` FROM hit WHERE measure = $1 AND id < $2 AND (kind = $3 OR $3 = '') AND (link = $4 OR $4 = 0)
		AND (human = $5 OR $5 < 0) AND (message <> 0 OR $6 = 0) ORDER BY id DESC LIMIT $7`
	sqlOfMessages = `SELECT ` + rowFields + ` FROM hit WHERE message %s AND message <> 0 ORDER BY at, id LIMIT $2`
	sqlClicked    = `SELECT s.arm, s.sent, (SELECT COUNT(DISTINCT h.message) FROM hit h WHERE h.measure = $1 AND h.arm = s.arm AND h.kind = 'click' AND h.human = 1 AND h.message <> 0)
			+ (SELECT COUNT(1) FROM hit h WHERE h.measure = $1 AND h.arm = s.arm AND h.kind = 'click' AND h.human = 1 AND h.message = 0)
		FROM (SELECT arm, COUNT(1) AS sent FROM message WHERE measure = $1 AND state = 'sent' GROUP BY arm) AS s ORDER BY s.arm`

	// erasing and forgetting

	sqlIDsOf       = `SELECT id FROM hit WHERE message <> 0 AND message IN (SELECT id FROM message WHERE customer = $1 OR (person = $1 AND person <> 0)) ORDER BY id`
	sqlUnlink      = `UPDATE hit SET message = 0, customer = 0, person = 0, agent = '' WHERE id %s`
	sqlForgetLinks = `UPDATE hit_link SET target = '' WHERE customer = $1 AND customer <> 0`
	sqlAfter       = `SELECT ` + rowFields + ` FROM hit WHERE id > $1 ORDER BY id LIMIT $2`
	sqlForget      = `UPDATE hit SET agent = '' WHERE id BETWEEN $1 AND $2 AND agent <> ''`
	sqlJudgeAgain  = `UPDATE hit SET human = $2, reason = $3, client = $4, rules = $5 WHERE id = $1`
)
