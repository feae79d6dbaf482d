package email

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"stamm/internal/platform/fault"
)

// Vault seals passwords and private keys before they go into the store, so that whoever reads the database or a backup of
// it cannot use them. Its key lies in a file beside the data and in a backup only when somebody asks for that: after a restore
// without it they are entered anew (Unreadable lists them).
type Vault struct{ seal cipher.AEAD }

const vaultKeySize = 32

// NewVault makes a vault from a key of 32 bytes.
func NewVault(key []byte) (*Vault, error) {
	if len(key) != vaultKeySize {
		return nil, fmt.Errorf("a key of %d bytes, want %d", len(key), vaultKeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	return &Vault{seal}, err
}

// OpenVault makes a vault from the key in a file, and the file with a new key where there is none. Nobody else may read
// the file.
func OpenVault(path string) (*Vault, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, vaultKeySize)
		rand.Read(key)
		err = writeNew(path, key)
	}
	if err != nil {
		return nil, err
	}
	return NewVault(key)
}

func writeNew(path string, key []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(key)
	return errors.Join(err, f.Sync(), f.Close())
}

// Seal encrypts a secret for a purpose; nothing stays nothing.
func (v *Vault) Seal(purpose, secret string) string {
	if secret == "" {
		return ""
	}
	return base64.StdEncoding.EncodeToString(v.seal.Seal(nil, nil, []byte(secret), []byte(purpose)))
}

// Reads tells whether the password of a relay can be read here. After a restore elsewhere it cannot, and has to be typed anew.
func (v *Vault) Reads(r *Relay) bool {
	return v.reads(purposeRelay, r.sealed)
}

// ReadsSender is Reads for the key with which mails of a sender are signed; true for one without.
func (v *Vault) ReadsSender(s *Sender) bool { return v.reads(purposeDKIM, s.sealed) }

func (v *Vault) reads(purpose, sealed string) bool {
	_, err := v.Open(purpose, sealed)
	return err == nil
}

// Open decrypts what Seal made for the same purpose. Another key, or a changed text, is a conflict: the secret has to be
// entered again.
func (v *Vault) Open(purpose, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(sealed))
	if err == nil {
		raw, err = v.seal.Open(nil, nil, raw, []byte(purpose))
	}
	if err != nil {
		return "", fault.New(fault.Conflict, "email.unreadable_secret").Because(err)
	}
	return string(raw), nil
}
