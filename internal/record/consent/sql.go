package consent

// %s stands for a list of values, see store.Tx.Numbers and Strings.

const entryColumns = `id, customer, channel, purpose, kind, basis, address, hash, text_version, form, source, document, proof, evidence,
	ip, at, run, actor_kind, actor, created_at`

const (
	// sqlCheck is everything Check needs to know of a slice of recipients: their states, which addresses are suppressed
	// (the hash as address), and who wants a pause or nothing about a topic ($6, as it stands in the list). Channel and purpose are compared by CASE so that SQLite seeks once a
	// customer rather than once for each pair of them: she has few rows. The second and fourth %s join states and preferences, see store.Tx.Each.
	sqlCheck = `WITH who AS MATERIALIZED (SELECT id, coalesce(merged_into, id) AS main FROM customer WHERE id %s AND erased_at IS NULL)
		SELECT w.id, s.channel, s.purpose, s.address, s.basis, s.status, s.entry, CAST(s.own AS BIGINT) AS own
		FROM who w%s
		WHERE CASE s.channel WHEN $2 THEN 1 WHEN '' THEN 1 ELSE 0 END = 1
		AND CASE s.purpose WHEN $3 THEN 1 WHEN $7 THEN 1 WHEN 'advertising' THEN 1 ELSE 0 END = 1
		UNION ALL SELECT 0, '', '', hash, '', 'suppressed', 0, 0 FROM consent_suppression WHERE hash %s
		UNION ALL SELECT w.id, '', '', p.address, '', CASE WHEN p.paused_until > $5 THEN 'paused' ELSE 'topic' END, 0, 0
		FROM who w%s
		WHERE p.paused_until > $5 OR replace(CAST(p.topics_off AS TEXT), $6, '') <> CAST(p.topics_off AS TEXT)`

	sqlPresumed = `SELECT c.id FROM customer c WHERE c.id %s AND c.kind = 'company' AND c.erased_at IS NULL
		AND (c.country = $2 OR (c.country = '' AND $2 = $3)) AND EXISTS (SELECT 1 FROM document d WHERE d.customer = c.id AND d.sale = 1)
		AND NOT EXISTS (SELECT 1 FROM consent_preference p WHERE p.customer = c.id AND p.paused_until > $4)`

	sqlWho = `SELECT id, coalesce(merged_into, id), CASE WHEN erased_at IS NULL THEN 0 ELSE 1 END FROM customer WHERE id %s`

	sqlStates = `SELECT customer, channel, purpose, address, basis, status, entry, own, document, run, at FROM consent_state WHERE customer %s`

	sqlSetState = `INSERT INTO consent_state (customer, channel, purpose, address, basis, status, entry, own, document, run, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (customer, channel, purpose, address, basis) DO UPDATE SET
		status = excluded.status, entry = excluded.entry, own = excluded.own, document = excluded.document, run = excluded.run, at = excluded.at`

	sqlDropStates = `DELETE FROM consent_state WHERE customer %s`
	sqlDropNow    = `DELETE FROM consent_now WHERE customer %s`
	sqlNow        = `SELECT channel, purpose, status, day FROM consent_now WHERE customer = $1 ORDER BY channel, purpose`

	sqlSales = `SELECT id, customer FROM document WHERE id %s AND sale = 1`

	sqlEntries    = `SELECT ` + entryColumns + ` FROM consent_entry WHERE customer = $1 ORDER BY id`
	sqlEntry      = `SELECT ` + entryColumns + ` FROM consent_entry WHERE id = $1`
	sqlEntriesFor = `SELECT ` + entryColumns + ` FROM consent_entry WHERE hash %s ORDER BY id`

	// sqlSuppress keeps the time of an address that is on the list already: it tells since when.
	sqlSuppress = `INSERT INTO consent_suppression (hash, channel, reason, at, source, note, customer) VALUES ($1, $2, $3, $4, $5, '', $6)
		ON CONFLICT (hash) DO UPDATE SET reason = excluded.reason, source = excluded.source, note = '', customer = excluded.customer`
	sqlLift       = `DELETE FROM consent_suppression WHERE hash = $1`
	sqlSuppressed = `SELECT hash FROM consent_suppression WHERE hash %s`

	suppressedColumns   = `hash, channel, reason, source, note, at, customer`
	sqlSuppressedPage   = `SELECT ` + suppressedColumns + ` FROM consent_suppression WHERE (at, hash) < ($1, $2)%s ORDER BY at DESC, hash DESC LIMIT $3`
	sqlSuppressedCount  = `SELECT count(1) FROM consent_suppression WHERE at >= $1%s`
	sqlSuppressedByHash = `SELECT ` + suppressedColumns + ` FROM consent_suppression WHERE hash %s ORDER BY channel`
	sqlSuppressByHand   = `INSERT INTO consent_suppression (hash, channel, reason, at, source, note, customer) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (hash) DO NOTHING`
	sqlAddLifted        = `INSERT INTO consent_lifted (hash, channel, reason, note, at) VALUES ($1, $2, $3, $4, $5)`
	sqlLiftedByHash     = `SELECT channel, reason, note, at FROM consent_lifted WHERE hash %s ORDER BY id DESC`
	sqlEntryOwners      = `SELECT DISTINCT hash, customer FROM consent_entry WHERE hash %s AND hash <> ''`
	sqlMailOwners       = `SELECT customer, folded FROM customer_email WHERE folded %s`
	sqlPhoneOwners      = `SELECT customer, number FROM customer_phone WHERE number %s AND number <> ''`
	sqlMains            = `SELECT id, coalesce(merged_into, id) FROM customer WHERE id %s AND erased_at IS NULL`
	sqlPeopleOf         = `SELECT company, person FROM customer_contact WHERE company %s`

	sqlMails  = `SELECT customer, folded FROM customer_email WHERE customer %s AND folded <> ''`
	sqlPhones = `SELECT customer, number FROM customer_phone WHERE customer %s AND number <> ''`
	sqlPostal = `SELECT customer, line1, line2, postcode, city, country FROM customer_address WHERE customer %s`

	sqlEndRequests  = `UPDATE consent_request SET ended_at = $1 WHERE ended_at IS NULL AND hash %s`
	sqlDropRequests = `DELETE FROM consent_request WHERE hash = $1`
	sqlOthersProved = `SELECT count(1) FROM consent_state WHERE channel = $1 AND address = $2 AND customer <> $3 AND purpose = 'advertising' AND status = 'confirmed' AND own = 1`

	sqlMovePreferences = `UPDATE consent_preference SET customer = $2 WHERE customer = $1
		AND address NOT IN (SELECT o.address FROM consent_preference o WHERE o.customer = $2)`
	sqlDropPreferences = `DELETE FROM consent_preference WHERE customer %s`
	sqlKeepText        = `INSERT INTO consent_text (version, language, text, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (version) DO NOTHING`
	sqlText            = `SELECT version, language, text FROM consent_text WHERE version = $1`

	sqlLimit      = `SELECT count, began_at, last_at FROM consent_limit WHERE key = $1`
	sqlCountLimit = `INSERT INTO consent_limit (key, count, began_at, last_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (key) DO UPDATE SET count = excluded.count, began_at = excluded.began_at, last_at = excluded.last_at`
	sqlForgetLimit = `DELETE FROM consent_limit WHERE key = $1`
	sqlSweepLimits = `DELETE FROM consent_limit WHERE last_at < $1`

	sqlAddRequest = `INSERT INTO consent_request (customer, channel, purposes, address, hash, text_version, form, language, ip, proof, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`
	sqlRequest = `SELECT purposes, address, hash, text_version, form, language, ip, proof, created_at, expires_at,
		CASE WHEN confirmed_at IS NULL THEN 0 ELSE 1 END, CASE WHEN ended_at IS NULL OR confirmed_at IS NOT NULL THEN 0 ELSE 1 END
		FROM consent_request WHERE id = $1`
	sqlRequestLanguage = `SELECT language FROM consent_request WHERE id = $1`
	sqlSentRequest     = `UPDATE consent_request SET proof = $2 WHERE id = $1`
	sqlConfirmRequest  = `UPDATE consent_request SET confirmed_at = $2, ended_at = $2 WHERE id = $1`
	sqlSweepRequests   = `DELETE FROM consent_request WHERE created_at < $1 AND (confirmed_at IS NOT NULL OR proof = '')`
	sqlUnconfirmed     = `SELECT id, proof FROM consent_request WHERE created_at < $1 AND confirmed_at IS NULL ORDER BY created_at, id LIMIT $2`
	sqlForgetRequests  = `DELETE FROM consent_request WHERE id %s`

	sqlMailsOf = `SELECT folded FROM customer_email WHERE folded <> '' AND (customer = $1 OR customer IN (SELECT t.person FROM customer_contact t WHERE t.company = $1))
		UNION SELECT address FROM consent_state WHERE customer = $1 AND address <> ''`
	sqlNumbersOf = `SELECT number FROM customer_phone WHERE number <> '' AND (customer = $1 OR customer IN (SELECT t.person FROM customer_contact t WHERE t.company = $1))
		UNION SELECT address FROM consent_state WHERE customer = $1 AND address <> ''`

	sqlTopics   = `SELECT id, code, name_de, name_en FROM consent_topic ORDER BY place, id`
	sqlAddTopic = `INSERT INTO consent_topic (code, name_de, name_en, place) VALUES ($1, $2, $3, (SELECT coalesce(max(o.place), 0) + 1 FROM consent_topic o))
		ON CONFLICT (code) DO UPDATE SET name_de = excluded.name_de, name_en = excluded.name_en`
	sqlDropTopic = `DELETE FROM consent_topic WHERE code = $1`

	sqlPreference  = `SELECT topics_off, frequency, coalesce(paused_until, 0), language FROM consent_preference WHERE customer = $1 AND address = $2`
	sqlPreferences = `SELECT customer, address, topics_off, frequency, coalesce(paused_until, 0), language FROM consent_preference WHERE customer %s`
	sqlOften       = `SELECT w.id, p.address, p.frequency FROM customer w JOIN consent_preference p ON p.customer = coalesce(w.merged_into, w.id)
		WHERE w.id %s AND p.frequency <> ''`
	sqlAnyOften      = `SELECT count(1) FROM (SELECT 1 FROM consent_preference WHERE frequency <> '' LIMIT 1) AS o`
	sqlSetPreference = `INSERT INTO consent_preference (customer, address, topics_off, frequency, paused_until, language, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (customer, address) DO UPDATE SET topics_off = excluded.topics_off,
		frequency = excluded.frequency, paused_until = excluded.paused_until, language = excluded.language, changed_at = excluded.changed_at`

	sqlAddUse = `INSERT INTO consent_use (entry, customer, channel, subject, at, actor_kind, actor) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`
	sqlUses   = `SELECT id, entry, customer, channel, subject, at FROM consent_use WHERE customer = $1 ORDER BY id`

	sqlImported      = `SELECT ` + entryColumns + ` FROM consent_entry WHERE customer %s AND run <> 0`
	sqlMadeBy        = `SELECT ` + entryColumns + ` FROM consent_entry WHERE id BETWEEN $1 AND $2 AND run = $3 ORDER BY id`
	sqlDropEntries   = `DELETE FROM consent_entry WHERE id %s`
	sqlCustomersWith = `SELECT DISTINCT customer FROM consent_entry WHERE customer BETWEEN $1 AND $2`
	sqlMainMails     = `SELECT customer, folded FROM customer_email WHERE customer %s AND main = 1 AND valid = 1`

	sqlMoveEntries = `UPDATE consent_entry SET customer = $2 WHERE customer = $1`
)

// sqlErase takes from a customer's rows what tells who she was; hashes, acts and times stay as the proof.
var sqlErase = []string{
	`UPDATE consent_entry SET address = '', ip = '', evidence = '', proof = '' WHERE customer %s`,
	`UPDATE consent_use SET subject = '' WHERE customer %s`,
	`DELETE FROM consent_state WHERE customer %s`,
	`DELETE FROM consent_now WHERE customer %s`,
	`DELETE FROM consent_preference WHERE customer %s`,
	`DELETE FROM consent_request WHERE customer %s`,
}
