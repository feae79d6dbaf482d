package cli

import (
	"context"

	"stamm/internal/insight/segment"
)

// Askable is what conditions can ask for.
func Askable() segment.Fields { return askable }

// Score scores everybody and waits for it.
func (a *App) Score(ctx context.Context) error {
	a.Work()
	return a.scoreAll(ctx)
}
