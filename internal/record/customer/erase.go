package customer

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
)

const keySetting = "install.key"

// eraser makes the keyed hashes under which erased customers are remembered. Without the key of the installation
// nobody can find out whether an address is among them.
type eraser struct{ mac hash.Hash }

// newEraser reads the key of the installation, and makes it in a transaction that may write.
func newEraser(ctx context.Context, tx *store.Tx) (*eraser, error) {
	var text string
	err := tx.QueryRow(ctx, sqlSetting, keySetting).Scan(&text)
	if errors.Is(err, store.ErrNoRows) {
		fresh := make([]byte, 32)
		rand.Read(fresh)
		text = hex.EncodeToString(fresh)
		_, err = tx.Exec(ctx, sqlAddSetting, keySetting, text, clock.Micros(tx.Now))
	}
	if err != nil {
		return nil, err
	}
	return &eraser{hmac.New(sha256.New, []byte(text))}, nil
}

func (e *eraser) sum(kind, value string) string {
	e.mac.Reset()
	e.mac.Write([]byte(kind))
	e.mac.Write([]byte{0})
	e.mac.Write([]byte(value))
	return hex.EncodeToString(e.mac.Sum(nil))
}

func (e *eraser) external(source int64, id string) string {
	return e.sum(fmt.Sprintf("external %d", source), id)
}

func (e *eraser) mail(folded string) string { return e.sum("mail", folded) }

// known tells which of the hashes are kept.
func (e *eraser) known(ctx context.Context, tx *store.Tx, hashes []string) (map[string]bool, error) {
	kept := map[string]bool{}
	if len(hashes) == 0 {
		return kept, nil
	}
	err := each(ctx, tx, fmt.Sprintf(sqlErasedKeys, tx.Strings("$1")), []any{store.JSON(hashes)}, func(found *sql.Rows) error {
		var hash string
		err := found.Scan(&hash)
		kept[hash] = true
		return err
	})
	return kept, err
}

func anyErased(ctx context.Context, tx *store.Tx) (bool, error) {
	var one int
	err := tx.QueryRow(ctx, sqlAnyErased).Scan(&one)
	if errors.Is(err, store.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
