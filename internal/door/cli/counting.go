package cli

import (
	"context"

	"stamm/internal/action/hit"
)

// counting takes what is opened and clicked of mails until Close.
func (a *App) counting(ctx context.Context) error {
	c := &hit.Counter{DB: a.Store, Log: a.Log}
	if err := c.Start(ctx); err != nil {
		return err
	}
	a.hits = c
	a.opens(c.Close)
	return nil
}
