package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Key lets a program use the API within its scopes.
type Key struct {
	ID        int64
	Name      string
	Hint      string // the last characters, to tell keys apart
	Scopes    []Permission
	CreatedBy int64
	CreatedAt time.Time
	UsedAt    time.Time // to the minute; zero for never
	RevokedAt time.Time // zero while it is good
}

// Can tells whether the key may do something.
func (k *Key) Can(p Permission) bool { return slices.Contains(k.Scopes, p) }

const keyPrefix = "stamm_"

// AddKey makes a key. Its secret is returned once and never again.
func AddKey(ctx context.Context, tx *store.Tx, name string, scopes []Permission) (secret string, id int64, err error) {
	if err := checkName(name); err != nil {
		return "", 0, err
	}
	if len(scopes) == 0 {
		return "", 0, fault.New(fault.Invalid, "auth.no_scope").On("scopes")
	}
	texts := make([]string, len(scopes))
	for i, s := range scopes {
		if !slices.Contains(Scopes(), s) {
			return "", 0, fault.New(fault.Invalid, "errors.choice", "text", string(s)).On("scopes")
		}
		texts[i] = string(s)
	}
	secret = keyPrefix + newToken()
	id, err = tx.InsertID(ctx, sqlAddKey, strings.TrimSpace(name), hashToken(secret), secret[len(secret)-4:], strings.Join(texts, " "), tx.Actor.ID, clock.Micros(tx.Now))
	if err != nil {
		return "", 0, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "key.added", Subject: id, Body: map[string]any{"scopes": texts}})
	return secret, id, err
}

// FindKey finds the key with that secret; a revoked or unknown one is forbidden.
func FindKey(ctx context.Context, tx *store.Tx, secret string) (*Key, error) {
	if strings.HasPrefix(secret, keyPrefix) && len(secret) < 100 {
		all, err := keys(ctx, tx, sqlKey, hashToken(secret))
		if err != nil {
			return nil, err
		}
		if len(all) == 1 && all[0].RevokedAt.IsZero() {
			return all[0], nil
		}
	}
	return nil, fault.New(fault.Forbidden, "auth.bad_key")
}

// Used notes that a key was used. Callers do it about once a minute, not with every call.
func Used(ctx context.Context, tx *store.Tx, key int64) error {
	_, err := tx.Exec(ctx, sqlKeyUsed, key, clock.Micros(tx.Now))
	return err
}

// Revoke ends a key for good.
func Revoke(ctx context.Context, tx *store.Tx, key int64) error {
	n, err := tx.Exec(ctx, sqlRevoke, key, clock.Micros(tx.Now))
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.NotFound, "auth.no_key")
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "key.revoked", Subject: key})
	return err
}

// Keys lists all keys, newest first.
func Keys(ctx context.Context, tx *store.Tx) ([]*Key, error) { return keys(ctx, tx, sqlKeys) }

func keys(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Key, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Key
	for rows.Next() {
		var k Key
		var scopes string
		var created, used, revoked int64
		if err := rows.Scan(&k.ID, &k.Name, &k.Hint, &scopes, &k.CreatedBy, &created, &used, &revoked); err != nil {
			return nil, err
		}
		for _, s := range strings.Fields(scopes) {
			k.Scopes = append(k.Scopes, Permission(s))
		}
		k.CreatedAt = clock.Time(created)
		for at, to := range map[*int64]*time.Time{&used: &k.UsedAt, &revoked: &k.RevokedAt} {
			if *at != 0 {
				*to = clock.Time(*at)
			}
		}
		all = append(all, &k)
	}
	return all, rows.Err()
}

// SessionData reads a session; found is false when there is none or it has expired.
func SessionData(ctx context.Context, tx *store.Tx, token string) (data []byte, found bool, err error) {
	err = tx.QueryRow(ctx, sqlSession, hashToken(token), clock.Micros(tx.Now)).Scan(&data)
	if errors.Is(err, store.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// SaveSession writes a session and sweeps expired ones.
func SaveSession(ctx context.Context, tx *store.Tx, token string, data []byte, expires time.Time) error {
	if _, err := tx.Exec(ctx, sqlSweepSessions, clock.Micros(tx.Now)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlSaveSession, hashToken(token), data, clock.Micros(expires))
	return err
}

// EndSession deletes a session.
func EndSession(ctx context.Context, tx *store.Tx, token string) error {
	_, err := tx.Exec(ctx, sqlEndSession, hashToken(token))
	return err
}
