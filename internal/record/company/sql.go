package company

const (
	sqlLoad = `SELECT key, value FROM setting WHERE key LIKE 'company.%'`
	sqlSave = `INSERT INTO setting (key, value, changed_at) VALUES ($1, $2, $3)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at`
)
