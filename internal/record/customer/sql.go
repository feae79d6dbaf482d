package customer

// %s stands for a list of values, see store.Tx.Numbers and Strings.

const customerColumns = `kind, name, first_name, last_name, company, salutation, title, address_form, language, country, region,
	birthday, owner, excluded, since, source, external_id, sort_name, made_run, run, hash, merged_into, erased_at, created_at, changed_at, mail`

const (
	sqlCustomers = `SELECT id, ` + customerColumns + ` FROM customer WHERE id %s`
	sqlUpdate    = `UPDATE customer SET kind = $2, name = $3, first_name = $4, last_name = $5, company = $6, salutation = $7, title = $8,
		address_form = $9, language = $10, country = $11, region = $12, birthday = $13, owner = $14, excluded = $15, since = $16,
		source = $17, external_id = $18, sort_name = $19, made_run = $20, run = $21, hash = $22, merged_into = $23, erased_at = $24,
		created_at = $25, changed_at = $26, mail = $27 WHERE id = $1`

	sqlTags      = `SELECT customer, tag FROM customer_tag WHERE customer %s ORDER BY customer, tag`
	sqlCustom    = `SELECT v.customer, f.key, v.value FROM customer_custom v JOIN custom_field f ON f.id = v.field WHERE v.customer %s`
	sqlExternals = `SELECT customer, source, external_id, hash FROM customer_external WHERE customer %s ORDER BY customer, source, external_id`
	sqlOrigins   = `SELECT customer, field, source, actor_kind, actor, at, change FROM customer_origin WHERE customer %s`
	sqlWords     = `SELECT customer, word FROM customer_word WHERE customer %s`

	sqlDeleteTags      = `DELETE FROM customer_tag WHERE customer = $1 AND tag %s`
	sqlDeleteCustom    = `DELETE FROM customer_custom WHERE customer = $1 AND field %s`
	sqlDeleteWords     = `DELETE FROM customer_word WHERE customer = $1 AND word %s`
	sqlDeleteExternals = `DELETE FROM customer_external WHERE source = $1 AND external_id %s`
	sqlDeleteOrigins   = `DELETE FROM customer_origin WHERE field = $1 AND customer %s`

	sqlFindExternals = `SELECT external_id, customer, hash FROM customer_external WHERE source = $1 AND external_id %s`
	sqlFindMails     = `SELECT e.folded, c.id, c.hash FROM customer_email e JOIN customer c ON c.id = e.customer WHERE e.folded %s`
	sqlResolve       = `SELECT customer FROM customer_external WHERE source = $1 AND external_id = $2`
	sqlResolveMail   = `SELECT DISTINCT customer FROM customer_email WHERE folded = $1 ORDER BY customer`
	sqlContactsAmong = `SELECT company, person FROM customer_contact WHERE company %s UNION ALL SELECT company, person FROM customer_contact WHERE person %s`
	sqlMadeBy        = `SELECT id, run FROM customer WHERE id BETWEEN $1 AND $2 AND made_run = $3 ORDER BY id`
	sqlOldSince      = `SELECT field, old FROM feed_value WHERE customer = $1 AND customer <> 0 AND change > $2`
	sqlHistory       = `SELECT v.change, v.field, v.old, f.at, f.actor_kind, f.actor FROM feed_value v JOIN feed f ON f.seq = v.change
		WHERE v.customer = $1 AND v.customer <> 0 ORDER BY v.change DESC, v.field`
	sqlRehash = `UPDATE customer SET hash = $2 WHERE id = $1`

	sqlPeople = `SELECT t.id, t.company, c.name, t.person, t.role, t.source, t.valid_from, t.valid_until, t.created_at
		FROM customer_contact t JOIN customer c ON c.id = t.person WHERE t.company = $1 ORDER BY t.valid_until NULLS FIRST, c.sort_name, t.id`
	sqlCompanies = `SELECT t.id, t.company, c.name, t.person, t.role, t.source, t.valid_from, t.valid_until, t.created_at
		FROM customer_contact t JOIN customer c ON c.id = t.company WHERE t.person = $1 ORDER BY t.valid_until NULLS FIRST, c.sort_name, t.id`
	sqlOldOf = `SELECT change, field, old FROM feed_value WHERE customer = $1 AND customer <> 0 AND change %s`
	sqlNames = `SELECT c.id, CASE WHEN c.name <> '' THEN c.name WHEN c.external_id <> '' THEN c.external_id
		ELSE coalesce((SELECT min(e.address) FROM customer_email e WHERE e.customer = c.id AND e.main = 1), '') END
		FROM customer c WHERE c.id %s AND c.erased_at IS NULL`
	sqlLastNotes = `SELECT customer, max(at) FROM customer_note WHERE customer %s GROUP BY customer`

	sqlMainMails  = `SELECT customer, address FROM customer_email WHERE customer %s AND main = 1`
	sqlMainPhones = `SELECT customer, CASE WHEN number <> '' THEN number ELSE written END FROM customer_phone WHERE customer %s AND main = 1`
	// The company a person works for now; the one since when she does last comes last, and counts.
	sqlEmployers = `SELECT k.person, c.name FROM customer_contact k JOIN customer c ON c.id = k.company
		WHERE k.person %s AND COALESCE(k.valid_from, $2) <= $2 AND COALESCE(k.valid_until, $2) >= $2
		ORDER BY COALESCE(k.valid_from, 0), k.id`
	sqlMainCities = `SELECT customer, city FROM customer_address WHERE customer %s AND main = 1`

	sqlCustomFields = `SELECT id, key, label, type, choices FROM custom_field ORDER BY label, id`
	sqlDefineField  = `INSERT INTO custom_field (key, label, type, choices, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id`

	sqlSetting     = `SELECT value FROM setting WHERE key = $1`
	sqlAddSetting  = `INSERT INTO setting (key, value, changed_at) VALUES ($1, $2, $3)`
	sqlErasedKeys  = `SELECT hash FROM customer_erased_key WHERE hash %s`
	sqlErasedAs    = `SELECT customer FROM customer_erased_key WHERE hash = $1`
	sqlKeepErased  = `INSERT INTO customer_erased_key (hash, customer) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	sqlEndContacts = `UPDATE customer_contact SET role = '', valid_until = CASE WHEN valid_until < $2 THEN valid_until ELSE $2 END
		WHERE company = $1 OR person = $1`
	sqlAnyErased = `SELECT 1 FROM customer_erased_key LIMIT 1`

	sqlSource      = `SELECT id FROM source WHERE name = $1`
	sqlSources     = `SELECT id, name, live_from FROM source ORDER BY name`
	sqlAddSource   = `INSERT INTO source (name) VALUES ($1) ON CONFLICT (name) DO NOTHING RETURNING id`
	sqlSetLiveFrom = `UPDATE source SET live_from = $2 WHERE id = $1`
)

// word_deletion holds each word of the vocabulary with itself and without each of its letters.
const (
	sqlNear       = `SELECT DISTINCT word FROM word_deletion WHERE deletion %s`
	sqlKnownWords = `SELECT deletion FROM word_deletion WHERE deletion = word AND deletion %s`
	sqlForget     = `DELETE FROM word_deletion WHERE deletion %s AND word %s
		AND NOT EXISTS (SELECT 1 FROM customer_word c WHERE c.word = word_deletion.word)`
)

// sqlRemove deletes customers with everything that is theirs.
var sqlRemove = []string{
	`DELETE FROM customer WHERE id %s`,
	`DELETE FROM customer_external WHERE customer %s`,
	`DELETE FROM customer_email WHERE customer %s`,
	`DELETE FROM customer_phone WHERE customer %s`,
	`DELETE FROM customer_address WHERE customer %s`,
	`DELETE FROM customer_contact WHERE company %s`,
	`DELETE FROM customer_contact WHERE person %s`,
	`DELETE FROM customer_tag WHERE customer %s`,
	`DELETE FROM customer_custom WHERE customer %s`,
	`DELETE FROM customer_origin WHERE customer %s`,
	`DELETE FROM customer_note WHERE customer %s`,
	`DELETE FROM customer_word WHERE customer %s`,
}

// sqlErase deletes what tells who somebody was, and what somebody wrote about her.
var sqlErase = []string{
	`UPDATE contract SET reason = '' WHERE customer %s AND reason <> ''`,
	`DELETE FROM customer_external WHERE customer %s`,
	`DELETE FROM customer_email WHERE customer %s`,
	`DELETE FROM customer_phone WHERE customer %s`,
	`DELETE FROM customer_address WHERE customer %s`,
	`DELETE FROM customer_tag WHERE customer %s`,
	`DELETE FROM customer_custom WHERE customer %s`,
	`DELETE FROM customer_origin WHERE customer %s`,
	`DELETE FROM customer_note WHERE customer %s`,
	`DELETE FROM customer_word WHERE customer %s`,
}
