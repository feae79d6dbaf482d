package campaign

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// Load reads a campaign.
func Load(ctx context.Context, tx *store.Tx, id int64) (*Campaign, error) {
	all, err := query(ctx, tx, sqlLoad, id)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "campaign.none")
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// List pages through the campaigns, newest first, before the one with this id (0 for the newest), all or those in a state.
func List(ctx context.Context, tx *store.Tx, state State, before int64, limit int) ([]*Campaign, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	if state == "" {
		return query(ctx, tx, sqlList, before, limit)
	}
	return query(ctx, tx, sqlListState, before, limit, string(state))
}

func query(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Campaign, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Campaign
	for rows.Next() {
		c, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

func scan(rows *sql.Rows) (*Campaign, error) {
	c := &Campaign{}
	var excluded, variants, winner, plan, trial, calls, tracking string
	var goAt, decideAt sql.NullInt64
	var created, changed int64
	err := rows.Scan(&c.ID, &c.Measure, &c.Name, &c.Goal, &c.Purpose, &c.Basis, &c.Sender, &c.Segment, &excluded, &c.Language, &variants, &c.Control, &c.Window,
		&c.Budget, &winner, &plan, &c.State, &c.Version, &c.ApprovedVersion, &c.ApprovedBy, &c.EditedBy, &c.Phase, &c.cursor, &c.Recipients, &c.Won, &goAt, &decideAt,
		&trial, &created, &c.CreatedBy, &changed, &c.Channel, &calls, &c.Topic, &tracking, &c.Outcome)
	if err != nil {
		return nil, err
	}
	for _, part := range []struct {
		text string
		into any
	}{{excluded, &c.Exclude}, {variants, &c.Variants}, {winner, &c.Winner}, {plan, &c.Plan}, {trial, &c.Trial}, {calls, &c.Calls}, {tracking, &c.Tracking}} {
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return nil, fmt.Errorf("campaign %d: %w", c.ID, err)
		}
	}
	c.GoAt, c.DecideAt = instant(goAt), instant(decideAt)
	c.CreatedAt, c.ChangedAt = clock.Time(created), clock.Time(changed)
	return c, nil
}

func instant(n sql.NullInt64) *time.Time {
	if !n.Valid {
		return nil
	}
	at := clock.Time(n.Int64)
	return &at
}

// NeedsApproval tells whether a second person has to agree before a campaign may be sent.
func NeedsApproval(ctx context.Context, tx *store.Tx) (bool, error) {
	var is bool
	err := tx.QueryRow(ctx, sqlRules).Scan(&is)
	if errors.Is(err, store.ErrNoRows) {
		return false, nil
	}
	return is, err
}

// RequireApproval says whether a second person has to agree before a campaign may be sent.
func RequireApproval(ctx context.Context, tx *store.Tx, is bool) error {
	_, err := tx.Exec(ctx, sqlSetRules, store.Flag(is), clock.Micros(tx.Now))
	return err
}
