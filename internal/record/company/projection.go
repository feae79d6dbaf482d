package company

import "stamm/internal/platform/warehouse"

// Projection is how the settings appear in the warehouse: every figure in money needs to know the base currency.
func Projection() warehouse.Projection {
	return warehouse.Projection{Tables: []warehouse.Table{{
		Name:   "setting",
		DDL:    `key VARCHAR, value VARCHAR`,
		Select: `SELECT substr(key, 9) AS key, value FROM setting WHERE key IN ('company.currency', 'company.sector', 'company.active_days')`,
	}}}
}
