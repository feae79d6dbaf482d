package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"stamm/internal/platform/fault"

	"golang.org/x/crypto/argon2"
)

// The cost of a password hash: argon2id with 19 MiB, 2 passes, 1 lane (OWASP Password Storage Cheat Sheet).
const (
	argonMemory = 19 * 1024
	argonTime   = 2
	argonLanes  = 1
	saltBytes   = 16
	keyBytes    = 32

	minPassword = 10
	maxPassword = 500
)

// Hasher hashes and verifies passwords, a few at a time, so that many logins at once cannot exhaust the memory.
type Hasher struct{ slots chan struct{} }

// NewHasher makes a Hasher that works on two passwords at a time.
func NewHasher() *Hasher { return &Hasher{make(chan struct{}, 2)} }

// CheckPassword tells what is wrong with a new password.
func CheckPassword(password string) error {
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword:
		return fault.New(fault.Invalid, "auth.password_short", "min", minPassword).On("password")
	case n > maxPassword:
		return fault.New(fault.Invalid, "errors.too_long", "max", maxPassword).On("password")
	}
	return nil
}

// Hash makes the text that is stored instead of a password. It takes about 30 ms and belongs outside transactions.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer func() { <-h.slots }()
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonLanes, keyBytes)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes, enc.EncodeToString(salt), enc.EncodeToString(key)), nil
}

// Verify tells whether password fits stored. It takes as long for a user that does not exist (stored empty), so that
// nobody can tell the two apart.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (bool, error) {
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer func() { <-h.slots }()
	if len(password) > 4*maxPassword {
		return false, nil
	}
	salt, want, memory, passes, lanes, ok := parseHash(stored)
	if !ok {
		argon2.IDKey([]byte(password), make([]byte, saltBytes), argonTime, argonMemory, argonLanes, keyBytes)
		return false, nil
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

func (h *Hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func parseHash(stored string) (salt, key []byte, memory, passes uint32, lanes uint8, ok bool) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return nil, nil, 0, 0, 0, false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil {
		return nil, nil, 0, 0, 0, false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return nil, nil, 0, 0, 0, false
	}
	key, err = base64.RawStdEncoding.DecodeString(parts[5])
	return salt, key, memory, passes, lanes, err == nil && len(key) > 0
}

// newToken is a secret of 160 random bits that can stand in an address.
func newToken() string {
	b := make([]byte, 20)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// hashToken is what is stored instead of a token: with 160 random bits a plain hash is enough.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// stamp is a short mark of a stored password and of how often its user ended all sessions.
func stamp(stored string, ended int64) string {
	return hashToken(fmt.Sprint(ended, " ", stored))[:16]
}
