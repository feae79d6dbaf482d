package message

import (
	"context"
	"errors"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/task"
)

// TaskUnclear is the kind of the task that asks a person to decide about unclear messages. There is one for all of them.
const TaskUnclear = "message.unclear"

// unclearWeight puts the task above everyday work: people wait for these messages.
const unclearWeight = 400

// raiseUnclear asks a person to decide.
func raiseUnclear(ctx context.Context, tx *store.Tx) error {
	_, err := task.Raise(ctx, tx, task.New{Kind: TaskUnclear, Key: TaskUnclear, Weight: unclearWeight})
	return err
}

// SendAgain is a person's decision about an unclear message: it may not have arrived and is sent again.
func SendAgain(ctx context.Context, tx *store.Tx, id int64) error {
	return resolve(ctx, tx, id, Queued, "")
}

// CountAsSent is the other one: it arrived, or is to count as if it had.
func CountAsSent(ctx context.Context, tx *store.Tx, id int64) error {
	return resolve(ctx, tx, id, Sent, ReasonCounted)
}

// LetGo is the third: it did not arrive, and is not worth sending any more.
func LetGo(ctx context.Context, tx *store.Tx, id int64) error {
	return resolve(ctx, tx, id, Failed, ReasonDropped)
}

func resolve(ctx context.Context, tx *store.Tx, id int64, to State, reason string) error {
	m, err := Find(ctx, tx, id)
	if err != nil {
		return err
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	var measure, customer int64
	err = tx.QueryRow(ctx, sqlResolve, id, string(to), reason, int64(clock.DayOf(tx.Now, settings.Zone())), micros(tx.Now)).Scan(&measure, &customer)
	if errors.Is(err, store.ErrNoRows) {
		return fault.New(fault.Conflict, "message.not_unclear")
	}
	if err != nil {
		return err
	}
	moved := tally{}
	moved.add(measure, Unclear, m.Reason, -1)
	moved.add(measure, to, reason, 1)
	if err := moved.write(ctx, tx); err != nil {
		return err
	}
	left, err := some(ctx, tx, sqlAnyUnclear)
	if err != nil {
		return err
	}
	if !left {
		if err := task.Settle(ctx, tx, TaskUnclear); err != nil {
			return err
		}
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindDecided, Customer: customer, Subject: id, Body: map[string]any{"state": string(to)}, Rows: feed.Rows{"message": {{id, id}}}})
	return err
}
