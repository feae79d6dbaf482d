package contract

const fields = `id, source, external_id, customer, plan, started, ended, tenure, churned, observed_until, reason, made_run, run,
	created_at, changed_at`

const (
	sqlByKey      = `SELECT ` + fields + ` FROM contract WHERE source = $1 AND key %s ORDER BY id`
	sqlLoad       = `SELECT ` + fields + ` FROM contract WHERE id = $1`
	sqlOfCustomer = `SELECT ` + fields + ` FROM contract WHERE customer = $1 ORDER BY id`

	sqlUpdate = `UPDATE contract SET source = $2, key = $3, external_id = $4, customer = $5, plan = $6, started = $7, ended = $8,
		tenure = $9, churned = $10, observed_until = $11, reason = $12, made_run = $13, run = $14, hash = $15, changed_at = $16 WHERE id = $1`

	sqlMadeBy        = `SELECT id, run FROM contract WHERE id BETWEEN $1 AND $2 AND made_run = $3 ORDER BY id`
	sqlDelete        = `DELETE FROM contract WHERE id %s`
	sqlCustomersWith = `SELECT DISTINCT customer FROM contract WHERE customer BETWEEN $1 AND $2`
)
