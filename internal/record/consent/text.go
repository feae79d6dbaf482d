package consent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// Text is the wording people agreed to.
type Text struct {
	Version  string
	Language string
	Text     string
}

// VersionOf names a wording by its language and its words, so that the same words have the same version everywhere.
func VersionOf(language, text string) string {
	sum := sha256.Sum256([]byte(text))
	return language + "-" + hex.EncodeToString(sum[:5])
}

// KeepText keeps a wording, so that the proof can show it for as long as it is needed, and returns its version.
func KeepText(ctx context.Context, tx *store.Tx, language, text string) (version string, err error) {
	if len(language) > 10 || len(text) == 0 || len(text) > 5000 {
		return "", fault.New(fault.Invalid, "errors.too_long", "max", 5000).On("text")
	}
	version = VersionOf(language, text)
	_, err = tx.Exec(ctx, sqlKeepText, version, language, text, clock.Micros(tx.Now))
	return version, err
}

// FindText reads a wording; false where none of that version was kept.
func FindText(ctx context.Context, tx *store.Tx, version string) (t Text, found bool, err error) {
	err = tx.QueryRow(ctx, sqlText, version).Scan(&t.Version, &t.Language, &t.Text)
	if errors.Is(err, store.ErrNoRows) {
		return t, false, nil
	}
	return t, err == nil, err
}

// KeepImported keeps the wording that a file brought with it.
func KeepImported(ctx context.Context, tx *store.Tx, version, text string) error {
	_, err := tx.Exec(ctx, sqlKeepText, version, "", text, clock.Micros(tx.Now))
	return err
}
