package survival

import (
	"context"
	"database/sql"
	"fmt"

	"stamm/internal/platform/clock"
)

// Unit is how long an occasion to buy is.
type Unit string

// The units, the longest first.
const (
	Year    Unit = "year"
	Quarter Unit = "quarter"
	Month   Unit = "month"
	Week    Unit = "week"
)

// once is the share of purchases that must be the only one of their customer in their unit for the unit to be an occasion.
const once = .95

// Occasions turns purchases into histories of occasions for FitBGBB. An occasion is the longest of year, quarter, month
// and week in which hardly anybody buys twice; fits is false where people buy more than once even in a week, and the
// unit then is a month, in which several purchases are one. purchases is what stands behind FROM: a table or
// subquery of the warehouse with the columns customer and day. Only units that are over at the end of asOf count. from
// other than 0 keeps customers who first bought on it or later.
func Occasions(ctx context.Context, q Querier, purchases string, asOf, from clock.Day) (patterns []Pattern, unit Unit, fits bool, err error) {
	unit, fits, err = occasionOf(ctx, q, purchases, asOf)
	if err != nil {
		return nil, unit, fits, err
	}
	rows, err := q.QueryContext(ctx, fmt.Sprintf(sqlOccasions, unit, purchases), asOf.String(), from.String())
	if err != nil {
		return nil, unit, fits, err
	}
	defer rows.Close()
	for rows.Next() {
		var p Pattern
		if err := rows.Scan(&p.X, &p.TX, &p.N, &p.Count); err != nil {
			return nil, unit, fits, err
		}
		patterns = append(patterns, p)
	}
	return patterns, unit, fits, rows.Err()
}

func occasionOf(ctx context.Context, q Querier, purchases string, asOf clock.Day) (Unit, bool, error) {
	for _, u := range []Unit{Year, Quarter, Month, Week} {
		var days, cells, units sql.NullInt64
		rows, err := q.QueryContext(ctx, fmt.Sprintf(sqlCells, u, purchases), asOf.String())
		if err != nil {
			return u, false, err
		}
		for rows.Next() {
			if err := rows.Scan(&days, &cells, &units); err != nil {
				rows.Close()
				return u, false, err
			}
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return u, false, err
		}
		if units.Int64 >= 3 && float64(cells.Int64) >= once*float64(days.Int64) {
			return u, true, nil
		}
	}
	return Month, false, nil
}

// %[1]s is the unit, %[2]s the purchases.
const (
	sqlCells = `
SELECT count(*), count(DISTINCT (customer, date_trunc('%[1]s', day))), datediff('%[1]s', min(day), CAST($1 AS DATE) + 1)
FROM %[2]s p WHERE day <= CAST($1 AS DATE)`

	sqlOccasions = `
WITH used AS (
	SELECT DISTINCT customer, datediff('%[1]s', DATE '1970-01-01', day) AS u FROM %[2]s p WHERE day <= CAST($1 AS DATE)),
late AS (SELECT customer FROM %[2]s p WHERE day <= CAST($1 AS DATE) GROUP BY customer HAVING min(day) < CAST($2 AS DATE)),
history AS (
	SELECT count(*) - 1 AS x, max(u) - min(u) AS last, datediff('%[1]s', DATE '1970-01-01', CAST($1 AS DATE) + 1) - 1 - min(u) AS n
	FROM used WHERE u < datediff('%[1]s', DATE '1970-01-01', CAST($1 AS DATE) + 1) AND customer NOT IN (SELECT customer FROM late)
	GROUP BY customer)
SELECT x, last, n, count(*) FROM history GROUP BY ALL ORDER BY ALL`
)

// Params are the parameters by name.
func (b *SBG) Params() map[string]float64 {
	return map[string]float64{"alpha": b.Alpha, "beta": b.Beta}
}

// Errors are the standard errors by parameter, empty where there are none.
func (b *SBG) Errors() map[string]float64 {
	if b.SE == nil {
		return map[string]float64{}
	}
	return map[string]float64{"alpha": b.SE[0], "beta": b.SE[1]}
}

// Params are the parameters by name.
func (b *BGBB) Params() map[string]float64 {
	return map[string]float64{"alpha": b.Alpha, "beta": b.Beta, "gamma": b.Gamma, "delta": b.Delta}
}

// Errors are the standard errors by parameter, empty where there are none.
func (b *BGBB) Errors() map[string]float64 {
	if b.SE == nil {
		return map[string]float64{}
	}
	return map[string]float64{"alpha": b.SE[0], "beta": b.SE[1], "gamma": b.SE[2], "delta": b.SE[3]}
}
