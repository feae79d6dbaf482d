package contract

import (
	"context"
	"database/sql"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Load reads one contract.
func Load(ctx context.Context, tx *store.Tx, id int64) (*Contract, error) {
	all, err := query(ctx, tx, sqlLoad, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "contract.none")
	}
	return all[0], nil
}

// OfCustomer lists a customer's contracts in the order in which they came in.
func OfCustomer(ctx context.Context, tx *store.Tx, customer int64) ([]*Contract, error) {
	return query(ctx, tx, sqlOfCustomer, customer)
}

// Customers returns which customers among the ids of the ranges have contracts.
func Customers(ctx context.Context, tx *store.Tx, among []feed.Range) (map[int64]bool, error) {
	have := map[int64]bool{}
	for _, r := range among {
		rows, err := tx.Query(ctx, sqlCustomersWith, r[0], r[1])
		if err != nil {
			return nil, err
		}
		if err := ids(rows, func(id int64) { have[id] = true }); err != nil {
			return nil, err
		}
	}
	return have, nil
}

func ids(rows *sql.Rows, each func(int64)) error {
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		each(id)
	}
	return rows.Err()
}

func query(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Contract, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	return scan(rows)
}

func scan(rows *sql.Rows) ([]*Contract, error) {
	defer rows.Close()
	var all []*Contract
	for rows.Next() {
		var c Contract
		var started, ended, tenure, observed sql.NullInt64
		var created, changed int64
		if err := rows.Scan(&c.ID, &c.Source, &c.ExternalID, &c.Customer, &c.Plan, &started, &ended, &tenure, &c.Churned, &observed,
			&c.Reason, &c.MadeRun, &c.Run, &created, &changed); err != nil {
			return nil, err
		}
		c.Started, c.Ended, c.ObservedUntil = day(started), day(ended), day(observed)
		if tenure.Valid {
			c.Tenure = &tenure.Int64
		}
		c.CreatedAt, c.ChangedAt = clock.Time(created), clock.Time(changed)
		all = append(all, &c)
	}
	return all, rows.Err()
}

func day(n sql.NullInt64) *clock.Day {
	if !n.Valid {
		return nil
	}
	d := clock.Day(n.Int64)
	return &d
}
