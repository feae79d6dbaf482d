package warehouse_test

import (
	"stamm/internal/platform/warehouse"
)

// The tests use a tiny invented shop: buyers give gifts with parts, and derived is what each buyer gave
// on each day.

var shopTables = []string{
	`CREATE TABLE t_buyer (id BIGINT PRIMARY KEY, land TEXT NOT NULL, hidden SMALLINT NOT NULL)`,
	`CREATE TABLE t_gift (id BIGINT PRIMARY KEY, customer BIGINT NOT NULL, day BIGINT NOT NULL, worth BIGINT)`,
	`CREATE TABLE t_part (gift BIGINT NOT NULL, n BIGINT NOT NULL, weight DOUBLE PRECISION NOT NULL, PRIMARY KEY (gift, n))`,
	`CREATE TABLE t_rule (name TEXT PRIMARY KEY, value TEXT NOT NULL)`,
}

const giftDaySelect = `SELECT g.customer, g.day, count(*), coalesce(sum(g.worth), 0)::BIGINT,
	coalesce(sum((SELECT count(*) FROM part p WHERE p.gift = g.id)), 0)::BIGINT
	FROM gift g JOIN buyer b ON b.id = g.customer AND NOT b.hidden`

func shop() warehouse.Projection {
	return warehouse.Projection{
		Customers: `SELECT id FROM buyer`,
		Tables: []warehouse.Table{{
			Name:    "buyer",
			Key:     "id",
			DDL:     "id BIGINT, land VARCHAR, hidden BOOLEAN",
			Select:  `SELECT id, land, hidden FROM t_buyer WHERE id BETWEEN $1 AND $2`,
			Span:    `SELECT min(id), max(id) FROM t_buyer`,
			Affects: `SELECT c.key FROM changed_key c`,
		}, {
			Name:    "gift",
			Key:     "id",
			DDL:     "id BIGINT, customer BIGINT, day DATE, worth BIGINT",
			Select:  `SELECT id, customer, day, worth FROM t_gift WHERE id BETWEEN $1 AND $2`,
			Span:    `SELECT min(id), max(id) FROM t_gift`,
			Affects: `SELECT g.customer FROM gift g WHERE g.id IN (SELECT c.key FROM changed_key c)`,
		}, {
			Name:    "part",
			Key:     "gift",
			DDL:     "gift BIGINT, n INTEGER, weight DOUBLE",
			Select:  `SELECT gift, n, weight FROM t_part WHERE gift BETWEEN $1 AND $2`,
			Span:    `SELECT min(gift), max(gift) FROM t_part`,
			Affects: `SELECT g.customer FROM gift g WHERE g.id IN (SELECT c.key FROM changed_key c)`,
		}, {
			Name:    "rule",
			DDL:     "name VARCHAR, value VARCHAR",
			Select:  `SELECT name, value FROM t_rule ORDER BY name`,
			Affects: warehouse.Everyone,
		}},
		Derived: []warehouse.Derived{{
			Name: "gift_day",
			DDL:  "customer BIGINT, day DATE, gifts BIGINT, worth BIGINT, parts BIGINT",
			Changed: []string{
				`DELETE FROM gift_day WHERE customer IN (SELECT c.customer FROM changed c)`,
				`INSERT INTO gift_day ` + giftDaySelect + ` WHERE g.customer IN (SELECT c.customer FROM changed c) GROUP BY g.customer, g.day`,
			},
			All: []string{`INSERT INTO gift_day ` + giftDaySelect + ` GROUP BY g.customer, g.day ORDER BY g.customer, g.day`},
		}},
	}
}
