package hit

import (
	"context"

	"stamm/internal/platform/store"
)

// Outdate makes all hits look as if rules of long ago had judged them to be people's.
func Outdate(ctx context.Context, tx *store.Tx) error {
	if _, err := tx.Exec(ctx, `UPDATE hit SET human = 1, reason = '', client = 'browser', rules = 0`); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM setting WHERE key = 'hit.rules'`)
	return err
}

// NewSigner makes a Signer without a database.
func NewSigner(install []byte) *Signer { return newSigner(install) }
