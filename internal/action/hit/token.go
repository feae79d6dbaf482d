package hit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"sync"

	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// Addresses under which hits are taken; the token follows.
const (
	PathOpen  = "/p/o/"
	PathClick = "/p/k/"
)

// PathHere is where an installation shows that it is the one somebody means; letters of whoever asks follow.
const PathHere = "/p/h/"

const maxQuestion = 64

// Here answers letters that somebody thought up with what only this installation can say to them; empty for too many letters. Asked
// over a domain it tells whether that leads here and not to another site that was put in its place.
func (s *Signer) Here(question string) string {
	if question == "" || len(question) > maxQuestion {
		return ""
	}
	return encoding.EncodeToString(s.sum("here", []byte(question), nil))
}

// Token is what an address in a mail says: which link, and of which message; 0 where nobody may know whose mail it stood in.
type Token struct {
	Link    int64
	Message int64
}

// Signer signs and reads tokens with a key of the installation, so that nobody can make one or change whose it is. Many may use it at
// once.
type Signer struct{ macs sync.Pool }

// OpenSigner reads the key. It is consent.ErrNoKey while the installation has none.
func OpenSigner(ctx context.Context, tx *store.Tx) (*Signer, error) {
	install, err := customer.InstallKey(ctx, tx, false)
	if err != nil {
		return nil, err
	}
	if install == nil {
		return nil, consent.ErrNoKey
	}
	return newSigner(install), nil
}

func newSigner(install []byte) *Signer {
	m := hmac.New(sha256.New, install)
	m.Write([]byte("hit.token"))
	key := m.Sum(nil)
	return &Signer{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// A token is the number of the link, the id of the message if there is one, and the beginning of their HMAC, in letters that any
// mail program leaves alone.
const (
	linkBytes = 8
	macBytes  = 10
	maxToken  = 48 // letters; the longest we make has 38
)

var encoding = base64.RawURLEncoding.Strict()

// Path is the address for a hit, from the first slash on.
func (s *Signer) Path(k Kind, t Token) string {
	var room [linkBytes + binary.MaxVarintLen64 + sha256.Size]byte
	b := binary.BigEndian.AppendUint64(room[:0], uint64(t.Link))
	if t.Message != 0 {
		b = binary.AppendUvarint(b, uint64(t.Message))
	}
	b = s.sum(k, b, b)[:len(b)+macBytes]
	path := make([]byte, 0, len(PathClick)+maxToken)
	path = append(path, pathOf(k)...)
	return string(encoding.AppendEncode(path, b))
}

func pathOf(k Kind) string {
	if k == Open {
		return PathOpen
	}
	return PathClick
}

// Read reads a token of one kind; false for one that was not made here, or for the other kind.
func (s *Signer) Read(k Kind, token string) (Token, bool) {
	if len(token) > maxToken {
		return Token{}, false
	}
	var room [maxToken]byte
	b, err := encoding.AppendDecode(room[:0], []byte(token))
	if err != nil || len(b) < linkBytes+macBytes {
		return Token{}, false
	}
	said, mac := b[:len(b)-macBytes], b[len(b)-macBytes:]
	var sum [sha256.Size]byte
	if !hmac.Equal(mac, s.sum(k, said, sum[:0])[:macBytes]) {
		return Token{}, false
	}
	t := Token{Link: int64(binary.BigEndian.Uint64(said))}
	if rest := said[linkBytes:]; len(rest) > 0 {
		message, n := binary.Uvarint(rest)
		if n != len(rest) || message == 0 || message > 1<<63-1 {
			return Token{}, false
		}
		t.Message = int64(message)
	}
	return t, t.Link > 0
}

// sum appends the HMAC of kind and text to a slice.
func (s *Signer) sum(k Kind, text, to []byte) []byte {
	m := s.macs.Get().(hash.Hash)
	defer s.macs.Put(m)
	m.Reset()
	m.Write([]byte(k))
	m.Write(text)
	return m.Sum(to)
}
