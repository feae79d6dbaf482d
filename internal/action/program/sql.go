package program

const fields = `id, kind, name, goal, segment, owner, state, start_day, end_day, horizon, control, arms, outcome, budget, learned, again,
	started_at, ended_at, created_at, created_by`

const (
	sqlAdd = `INSERT INTO measure (kind, name, goal, segment, owner, state, start_day, end_day, horizon, control, arms, outcome, budget,
			learned, again, started_at, ended_at, created_at, created_kind, created_by, changed_at)
		VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7, $8, $9, $10, $11, $12, $13, $14, NULL, NULL, $15, $16, $17, $15) RETURNING id`
	sqlPut = `UPDATE measure SET kind = $2, name = $3, goal = $4, segment = $5, owner = $6, start_day = $7, end_day = $8, horizon = $9,
		control = $10, arms = $11, outcome = $12, budget = $13, learned = $14, again = $15, changed_at = $16 WHERE id = $1`
	sqlMove  = `UPDATE measure SET state = $2, start_day = $3, end_day = $4, started_at = $5, ended_at = $6, changed_at = $7 WHERE id = $1`
	sqlLoad  = `SELECT ` + fields + ` FROM measure WHERE id = $1`
	sqlNames = `SELECT id, name FROM measure WHERE id %s`
	sqlAll   = `SELECT ` + fields + ` FROM measure ORDER BY start_day DESC, id DESC`

	sqlRules    = `SELECT salt, share FROM programme WHERE id = 1`
	sqlSalt     = `INSERT INTO programme (id, salt, share, changed_at) VALUES (1, $1, 0, $2) ON CONFLICT (id) DO NOTHING`
	sqlPutShare = `UPDATE programme SET share = $1, changed_at = $2 WHERE id = 1`

	sqlDrawn = `SELECT customer, arm, probability FROM measure_customer WHERE measure = $1 AND customer %s`
	sqlOf    = `SELECT c.measure, c.arm, c.probability, c.day FROM measure_customer c
		WHERE c.customer = $1 ORDER BY c.id DESC`

	sqlBook = `INSERT INTO measure_cost (key, measure, kind, amount, included, day, note, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (key) DO NOTHING RETURNING id`
	sqlBooked  = `SELECT measure, kind, amount, included, day FROM measure_cost WHERE key = $1`
	costFields = `id, key, measure, kind, amount, included, day, note`
	sqlCosts   = `SELECT ` + costFields + ` FROM measure_cost WHERE measure = $1 ORDER BY day, id`
	sqlSpent   = `SELECT measure, kind, included, CAST(sum(amount) AS BIGINT) FROM measure_cost GROUP BY measure, kind, included`
	sqlSpentIn = `SELECT CAST(COALESCE(sum(amount), 0) AS BIGINT) FROM measure_cost WHERE day BETWEEN $1 AND $2`
	sqlYear    = `SELECT budget, winning, keeping FROM programme_year WHERE year = $1`
	sqlPutYear = `INSERT INTO programme_year (year, budget, winning, keeping, changed_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (year) DO UPDATE SET budget = excluded.budget, winning = excluded.winning, keeping = excluded.keeping, changed_at = excluded.changed_at`
)
