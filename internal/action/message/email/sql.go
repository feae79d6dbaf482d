package email

const (
	relayColumns = `id, name, host, port, security, login, password, hello, weight, connections, per_connection, per_second, per_minute, per_day, warm_from, warm_on, active, changed_at`
	sqlAddRelay  = `INSERT INTO relay (name, folded, host, port, security, login, password, hello, weight, connections, per_connection, per_second, per_minute, per_day,
		warm_from, warm_on, active, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18) RETURNING id`
	// changed_at tells the outlet that something changed, so it moves on even within one microsecond.
	sqlChangeRelay = `UPDATE relay SET name = $1, folded = $2, host = $3, port = $4, security = $5, login = $6, password = $7, hello = $8, weight = $9, connections = $10,
		per_connection = $11, per_second = $12, per_minute = $13, per_day = $14, warm_from = $15, warm_on = $16, active = $17,
		changed_at = CASE WHEN changed_at >= $18 THEN changed_at + 1 ELSE $18 END WHERE id = $19`
	sqlRelay     = `SELECT ` + relayColumns + ` FROM relay WHERE id = $1`
	sqlRelays    = `SELECT ` + relayColumns + ` FROM relay ORDER BY folded`
	sqlDropRelay = `DELETE FROM relay WHERE id = $1`

	sqlTaken = `SELECT (SELECT coalesce(sum(taken), 0) FROM relay_day WHERE relay = $1 AND day = $2),
		(SELECT count(*) FROM relay_day WHERE relay = $1 AND day >= $3 AND day < $2 AND taken > 0)`
	sqlTake = `INSERT INTO relay_day (relay, day, taken) VALUES ($1, $2, $3) ON CONFLICT (relay, day) DO UPDATE SET taken = relay_day.taken + excluded.taken`

	sqlPauses = `SELECT what, until_at, level, answer, at FROM mail_pause`
	sqlPause  = `INSERT INTO mail_pause (what, until_at, level, answer, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (what) DO UPDATE SET until_at = excluded.until_at, level = excluded.level, answer = excluded.answer, at = excluded.at`
	sqlResume = `DELETE FROM mail_pause WHERE what = $1`

	sqlLimits    = `SELECT name, domains, connections, per_minute, per_hour FROM mail_limit ORDER BY name`
	sqlSaveLimit = `INSERT INTO mail_limit (name, domains, connections, per_minute, per_hour, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (name) DO UPDATE SET domains = excluded.domains, connections = excluded.connections, per_minute = excluded.per_minute,
			per_hour = excluded.per_hour, changed_at = excluded.changed_at`

	senderColumns = `id, name, address, reply_to, domain, return_domain, tracking_domain, imprint, selector, key_kind, private_key, public_record`
	sqlAddSender  = `INSERT INTO sender (name, address, reply_to, domain, return_domain, tracking_domain, imprint, selector, key_kind, private_key, public_record,
		created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) RETURNING id`
	sqlChangeSender = `UPDATE sender SET name = $1, address = $2, reply_to = $3, domain = $4, return_domain = $5, tracking_domain = $6, imprint = $7, selector = $8,
		key_kind = $9, private_key = $10, public_record = $11, changed_at = $12 WHERE id = $13`
	sqlRenewKey   = `UPDATE sender SET selector = $1, private_key = $2, public_record = $3, changed_at = $4 WHERE id = $5`
	sqlSender     = `SELECT ` + senderColumns + ` FROM sender WHERE id = $1`
	sqlSenders    = `SELECT ` + senderColumns + ` FROM sender ORDER BY address`
	sqlDropSender = `DELETE FROM sender WHERE id = $1`

	sqlMakeSecret = `INSERT INTO mail_secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`
	sqlSecret     = `SELECT value FROM mail_secret WHERE name = $1`
	sqlSetSecret  = `INSERT INTO mail_secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
)

const (
	sqlKeepReturn = `INSERT INTO mail_return (key, kind, source, message, customer, address, status, reason, effect, times, day, at, last_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11, $11)
		ON CONFLICT (key) DO UPDATE SET times = mail_return.times + 1, last_at = excluded.last_at RETURNING id, times`
	sqlReturnEffect = `UPDATE mail_return SET effect = $2 WHERE id = $1`
	sqlSoftDays     = `SELECT count(DISTINCT day) FROM mail_return WHERE address = $1 AND kind = $2 AND day > $3 AND effect <> 'unknown'`
	returnColumns   = `id, kind, source, message, customer, address, status, reason, effect, times, at, last_at`
	sqlReturns      = `SELECT ` + returnColumns + ` FROM mail_return WHERE id < $1 AND ($2 = '' OR kind = $2) ORDER BY id DESC LIMIT $3`
	sqlCountReturns = `SELECT kind, count(*) FROM mail_return WHERE day >= $1 GROUP BY kind`
	sqlCutReturns   = `DELETE FROM mail_return WHERE id IN (SELECT id FROM mail_return WHERE effect = 'unknown' AND day < $1 ORDER BY id LIMIT $2)`
	sqlEraseReturns = `UPDATE mail_return SET customer = 0, address = '', reason = '' WHERE customer = $1 OR (address <> '' AND address %s)`
)

const (
	mailboxColumns = `id, host, port, security, login, password, folder, active, uid_validity, uid, checked_at, trouble`
	sqlAddMailbox  = `INSERT INTO mailbox (host, port, security, login, password, folder, active, uid_validity, uid, checked_at, trouble, created_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '', $10, $10) RETURNING id`
	sqlChangeMailbox = `UPDATE mailbox SET host = $1, port = $2, security = $3, login = $4, password = $5, folder = $6, active = $7, uid_validity = $8, uid = $9,
		trouble = '', changed_at = $10 WHERE id = $11`
	sqlMailbox        = `SELECT ` + mailboxColumns + ` FROM mailbox WHERE id = $1`
	sqlMailboxes      = `SELECT ` + mailboxColumns + ` FROM mailbox ORDER BY host, login, id`
	sqlDropMailbox    = `DELETE FROM mailbox WHERE id = $1`
	sqlMailboxChecked = `UPDATE mailbox SET checked_at = $2, trouble = $3 WHERE id = $1`
	sqlMailboxRead    = `UPDATE mailbox SET uid_validity = $2, uid = $3 WHERE id = $1`
)
