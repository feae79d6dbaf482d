package message

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"stamm/internal/platform/store"
)

// ForgetSignUps takes the address and the words from mails that asked to confirm a sign-up, named by their Message-ID
// (PlainID). The rows stay, so that the ledger adds up. Other messages are left as they are.
func ForgetSignUps(ctx context.Context, tx *store.Tx, messageIDs []string) error {
	var ids []int64
	for _, text := range messageIDs {
		local, _, _ := strings.Cut(strings.TrimPrefix(text, "m"), "@")
		if id, err := strconv.ParseInt(local, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	list := tx.Numbers("$1")
	if _, err := tx.Exec(ctx, fmt.Sprintf(sqlUnsignedMails, list), store.JSON(ids)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(sqlUnsignedTexts, list), store.JSON(ids), []byte{}); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, fmt.Sprintf(sqlUnsigned, list), store.JSON(ids))
	return err
}
