package consent

// %s stands for a list of values, see store.Tx.Numbers and Strings.

const entryColumns = `id, customer, channel, purpose, kind, basis, address, hash, text_version, form, source, document, proof, evidence,
	ip, at, run, actor_kind, actor, created_at`

const (
	// sqlCheck is everything Check needs to know of a slice of recipients: their states, which addresses are suppressed
	// (the hash as address), and who wants a pause.
	sqlCheck = `SELECT c.id, s.channel, s.purpose, s.address, s.basis, s.status, s.entry, CAST(s.own AS BIGINT) AS own
		FROM customer c JOIN consent_state s ON s.customer = coalesce(c.merged_into, c.id)
		WHERE c.id %s AND c.erased_at IS NULL AND s.channel IN ($2, '') AND s.purpose IN ($3, 'advertising')
		UNION ALL SELECT 0, '', '', hash, '', 'suppressed', 0, 0 FROM consent_suppression WHERE hash %s
		UNION ALL SELECT c.id, '', '', p.address, '', 'paused', 0, 0
		FROM customer c JOIN consent_preference p ON p.customer = coalesce(c.merged_into, c.id)
		WHERE c.id %s AND p.paused_until > $5`

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

	sqlSuppress = `INSERT INTO consent_suppression (hash, channel, reason, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (hash) DO UPDATE SET reason = excluded.reason, at = excluded.at`
	sqlLift       = `DELETE FROM consent_suppression WHERE hash = $1`
	sqlSuppressed = `SELECT hash FROM consent_suppression WHERE hash %s`

	sqlMails  = `SELECT customer, folded FROM customer_email WHERE customer %s AND folded <> ''`
	sqlPhones = `SELECT customer, number FROM customer_phone WHERE customer %s AND number <> ''`
	sqlPostal = `SELECT customer, line1, line2, postcode, city, country FROM customer_address WHERE customer %s`

	sqlEndRequests  = `UPDATE consent_request SET ended_at = $1 WHERE ended_at IS NULL AND hash %s`
	sqlDropRequests = `DELETE FROM consent_request WHERE hash = $1`
	sqlOthersProved = `SELECT count(1) FROM consent_state WHERE channel = $1 AND address = $2 AND customer <> $3 AND purpose = 'advertising' AND status = 'confirmed' AND own = 1`

	sqlMovePreferences = `UPDATE consent_preference SET customer = $2 WHERE customer = $1
		AND address NOT IN (SELECT o.address FROM consent_preference o WHERE o.customer = $2)`
	sqlDropPreferences = `DELETE FROM consent_preference WHERE customer %s`
	sqlMoveEntries     = `UPDATE consent_entry SET customer = $2 WHERE customer = $1`
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
