package predict

const (
	sqlNewest = `SELECT id, made_at, card FROM model WHERE whole = 1 ORDER BY id DESC LIMIT 1`

	scoreColumnList = `customer, model, band, active, active_lo, active_hi, alive, expected, value, worth, clv, clv_lo, clv_hi, at_risk, risk_since, next_day, reasons,
		alive_lo, alive_hi, expected_lo, expected_hi, value_lo, value_hi, at_risk_lo, at_risk_hi`

	sqlScore  = `SELECT ` + scoreColumnList + ` FROM score WHERE customer = $1`
	sqlScores = `SELECT ` + scoreColumnList + ` FROM score WHERE customer > $1 ORDER BY customer LIMIT $2`
	// What a scoring holds its own against.
	sqlStored = `SELECT ` + scoreColumnList + `, mark_day, mark_active, mark_alive, mark_clv, mark_kept FROM score WHERE customer > $1 ORDER BY customer LIMIT $2`
	// %s is the list of customers.
	sqlScoresOf = `SELECT ` + scoreColumnList + ` FROM score WHERE customer %s`
	sqlHistory  = `SELECT day, band, active, alive, clv FROM score_history WHERE customer = $1 ORDER BY day`

	// Whether there are scores or former scores.
	sqlAny = `SELECT COUNT(1) FROM (SELECT customer FROM (SELECT customer FROM score LIMIT 1) AS present
		UNION ALL SELECT customer FROM (SELECT customer FROM score_history LIMIT 1) AS past) AS found`

	sqlAddModel = `INSERT INTO model (as_of, version, chosen, horizon, data_hash, whole, card, made_at) VALUES ($1, $2, $3, $4, $5, 0, $6, $7) RETURNING id`
	sqlWhole    = `UPDATE model SET whole = 1 WHERE id = $1`
	// What an unfinished scoring left, and cards older than a year.
	sqlDropModels = `DELETE FROM model WHERE id < $1 AND (whole = 0 OR made_at < $2)`

	// %s is the list of customers.
	sqlDropScores = `DELETE FROM score WHERE customer %s`
	// %s are lists of customers, and of moments as one number each: customer, then day.
	sqlDropMoments = `DELETE FROM score_history WHERE customer %s AND customer * 100000 + day %s`
	sqlForget      = `DELETE FROM score WHERE customer = $1`
	sqlForgetPast  = `DELETE FROM score_history WHERE customer = $1`
)
