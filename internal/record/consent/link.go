package consent

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"time"

	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// LinkKind is what a signed link is for.
type LinkKind byte

// The kinds of links.
const (
	LinkConfirm     LinkKind = 'c' // of a sign-up
	LinkUnsubscribe LinkKind = 'u'
	LinkPreferences LinkKind = 'm'
	LinkData        LinkKind = 'd' // her own data, asked for by mail
)

// Link is what a token says.
type Link struct {
	Kind    LinkKind
	Subject int64 // the customer; of LinkConfirm the request
	Channel Channel
	Hash    string    // keyed hash of channel and address
	Expires time.Time // to the minute; zero for never
}

// How long links count. Those in messages count for ever: who finds an old letter must be able to end it.
const (
	confirmTime = 7 * 24 * time.Hour
	dataTime    = 24 * time.Hour
)

// Prefixes of the addresses under which the public pages answer; the token follows.
const (
	PathConfirm     = "/p/c/"
	PathUnsubscribe = "/p/u/"
	PathPreferences = "/p/m/"
	PathData        = "/p/d/"
)

// ParamMailLanguage says in an address in which language the mail was written that it stands in. It counts where nobody knows the
// language of the reader.
const ParamMailLanguage = "m"

// Links signs and reads links with a key of the installation, so that nobody can make one or find out from one whose it is.
// It is for one goroutine.
type Links struct {
	mac   hash.Hash
	names *hasher
	buf   []byte
}

// ErrNoKey says that the installation has no key yet; Prepare makes it.
var ErrNoKey = errors.New("consent: the installation has no key yet")

// Prepare makes the key of the installation if there is none, so that links can be made in read transactions.
func Prepare(ctx context.Context, tx *store.Tx) error {
	_, err := customer.InstallKey(ctx, tx, true)
	return err
}

// OpenLinks reads the key. It is ErrNoKey before Prepare or the first entry of the ledger.
func OpenLinks(ctx context.Context, tx *store.Tx) (*Links, error) {
	install, err := customer.InstallKey(ctx, tx, false)
	if err != nil {
		return nil, err
	}
	if install == nil {
		return nil, ErrNoKey
	}
	return &Links{mac: hmac.New(sha256.New, derived(install, "consent.link")), names: newHasher(install)}, nil
}

// Unsubscribe is the path with which a recipient ends messages of a channel to her address.
func (l *Links) Unsubscribe(customer int64, c Channel, address string) string {
	return PathUnsubscribe + l.sign(LinkUnsubscribe, customer, c, address, time.Time{})
}

// Preferences is the path of her preferences.
func (l *Links) Preferences(customer int64, c Channel, address string) string {
	return PathPreferences + l.sign(LinkPreferences, customer, c, address, time.Time{})
}

const (
	macBytes = 16
	maxToken = 120
)

// sign makes a token: kind, subject, expiry in minutes, channel, hash of the address, and the first half of their HMAC.
func (l *Links) sign(kind LinkKind, subject int64, c Channel, address string, expires time.Time) string {
	var sum []byte
	if c != "" {
		folded, _ := FoldAddress(c, address)
		sum = l.names.raw(c, folded)
	}
	return l.signed(kind, subject, c, sum, expires)
}

// Path is the address of a link of another kind for the same recipient, such as of her preferences.
func (l *Links) Path(link Link) string {
	sum, err := hex.DecodeString(link.Hash)
	if err != nil {
		return ""
	}
	prefix := map[LinkKind]string{LinkConfirm: PathConfirm, LinkUnsubscribe: PathUnsubscribe, LinkPreferences: PathPreferences, LinkData: PathData}[link.Kind]
	return prefix + l.signed(link.Kind, link.Subject, link.Channel, sum, link.Expires)
}

func (l *Links) signed(kind LinkKind, subject int64, c Channel, sum []byte, expires time.Time) string {
	b := append(l.buf[:0], byte(kind))
	b = binary.AppendUvarint(b, uint64(subject))
	minutes := uint64(0)
	if !expires.IsZero() {
		minutes = uint64(expires.Unix() / 60)
	}
	b = binary.AppendUvarint(b, minutes)
	if c != "" {
		b = append(append(b, letterOf(c)), sum...)
	}
	l.buf = append(b, l.sum(b)...)
	return base64.RawURLEncoding.EncodeToString(l.buf)
}

func (l *Links) sum(b []byte) []byte {
	l.mac.Reset()
	l.mac.Write(b)
	return l.mac.Sum(nil)[:macBytes]
}

// Read reads a token of one kind. It is false for one that was not made here, is of another kind, or has run out.
func (l *Links) Read(kind LinkKind, token string, now time.Time) (Link, bool) {
	if len(token) > maxToken {
		return Link{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) <= macBytes || LinkKind(raw[0]) != kind {
		return Link{}, false
	}
	b, mac := raw[:len(raw)-macBytes], raw[len(raw)-macBytes:]
	if !hmac.Equal(mac, l.sum(b)) {
		return Link{}, false
	}
	link := Link{Kind: kind}
	b = b[1:]
	subject, n := binary.Uvarint(b)
	if n <= 0 {
		return Link{}, false
	}
	b = b[n:]
	minutes, n := binary.Uvarint(b)
	if n <= 0 {
		return Link{}, false
	}
	b = b[n:]
	link.Subject = int64(subject)
	if minutes > 0 {
		if link.Expires = time.Unix(int64(minutes)*60, 0).UTC(); now.After(link.Expires) {
			return Link{}, false
		}
	}
	if len(b) == 1+sha256.Size {
		link.Channel, link.Hash = channelOf(b[0]), hex.EncodeToString(b[1:])
	}
	return link, true
}

// letterOf is the channel as a token says it.
func letterOf(c Channel) byte {
	for i, known := range Channels() {
		if known == c {
			return byte('1' + i)
		}
	}
	return '0'
}

func channelOf(letter byte) Channel {
	if i := int(letter) - '1'; i >= 0 && i < len(Channels()) {
		return Channels()[i]
	}
	return ""
}
