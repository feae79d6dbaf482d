package customer

// %s stands for a list of values, see store.Tx.Numbers and Strings.

const customerColumns = `kind, name, first_name, last_name, company, salutation, title, address_form, language, country, region,
	birthday, owner, excluded, since, source, external_id, sort_name, made_run, run, hash, merged_into, erased_at, created_at, changed_at`

const (
	sqlCustomers = `SELECT id, ` + customerColumns + ` FROM customer WHERE id IN %s`
	sqlUpdate    = `UPDATE customer SET kind = $2, name = $3, first_name = $4, last_name = $5, company = $6, salutation = $7, title = $8,
		address_form = $9, language = $10, country = $11, region = $12, birthday = $13, owner = $14, excluded = $15, since = $16,
		source = $17, external_id = $18, sort_name = $19, made_run = $20, run = $21, hash = $22, merged_into = $23, erased_at = $24,
		created_at = $25, changed_at = $26 WHERE id = $1`

	sqlTags      = `SELECT customer, tag FROM customer_tag WHERE customer IN %s ORDER BY customer, tag`
	sqlCustom    = `SELECT v.customer, f.key, v.value FROM customer_custom v JOIN custom_field f ON f.id = v.field WHERE v.customer IN %s`
	sqlExternals = `SELECT customer, source, external_id, hash FROM customer_external WHERE customer IN %s ORDER BY customer, source, external_id`
	sqlOrigins   = `SELECT customer, field, source, actor_kind, actor, at, change FROM customer_origin WHERE customer IN %s`
	sqlWords     = `SELECT customer, word FROM customer_word WHERE customer IN %s`

	sqlDeleteTags      = `DELETE FROM customer_tag WHERE customer = $1 AND tag IN %s`
	sqlDeleteCustom    = `DELETE FROM customer_custom WHERE customer = $1 AND field IN %s`
	sqlDeleteWords     = `DELETE FROM customer_word WHERE customer = $1 AND word IN %s`
	sqlDeleteExternals = `DELETE FROM customer_external WHERE source = $1 AND external_id IN %s`
	sqlDeleteOrigins   = `DELETE FROM customer_origin WHERE field = $1 AND customer IN %s`

	sqlFindExternals = `SELECT external_id, customer, hash FROM customer_external WHERE source = $1 AND external_id IN %s`
	sqlFindMails     = `SELECT e.folded, min(e.customer) FROM customer_email e WHERE e.folded IN %s GROUP BY e.folded`
	sqlRehash        = `UPDATE customer SET hash = $2 WHERE id = $1`
	sqlHashes        = `SELECT id, hash FROM customer WHERE id IN %s`

	sqlCustomFields = `SELECT id, key, label, type, choices FROM custom_field ORDER BY label, id`
	sqlDefineField  = `INSERT INTO custom_field (key, label, type, choices, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id`

	sqlSetting    = `SELECT value FROM setting WHERE key = $1`
	sqlAddSetting = `INSERT INTO setting (key, value, changed_at) VALUES ($1, $2, $3)`
	sqlErasedKeys = `SELECT hash FROM customer_erased_key WHERE hash IN %s`
	sqlAnyErased  = `SELECT 1 FROM customer_erased_key LIMIT 1`

	sqlSource      = `SELECT id FROM source WHERE name = $1`
	sqlSources     = `SELECT id, name, live_from FROM source ORDER BY name`
	sqlAddSource   = `INSERT INTO source (name) VALUES ($1) RETURNING id`
	sqlSetLiveFrom = `UPDATE source SET live_from = $2 WHERE id = $1`
)

// The words of the list with each of their letters left out, and themselves.
const sqlDeletions = `WITH RECURSIVE words(word) AS %s, n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 26),
	deletions(deletion, word) AS (SELECT DISTINCT substr(w.word, 1, n.i - 1) || substr(w.word, n.i + 1), w.word
		FROM words w JOIN n ON n.i <= length(w.word) + 1)`

const (
	sqlKnownWords = `SELECT deletion FROM word_deletion WHERE deletion = word AND deletion IN %s`
	sqlLearn      = sqlDeletions + ` INSERT INTO word_deletion (deletion, word) SELECT deletion, word FROM deletions WHERE true ON CONFLICT DO NOTHING`
)
