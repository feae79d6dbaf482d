package email

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"hash"
	"slices"
	"strconv"
	"time"

	"stamm/internal/platform/fault"
)

// KeyKind is how a domain signs its mails.
type KeyKind string

// The kinds of keys. An RSA signature costs fifty times the time of an Ed25519 one, but some receivers know only RSA.
const (
	NoKey   KeyKind = ""        // the relay signs, or nobody
	Ed25519 KeyKind = "ed25519" // RFC 8463
	RSA     KeyKind = "rsa"     // 2048 bits
)

// KeyKinds are all kinds, the one that needs nothing first.
func KeyKinds() []KeyKind { return []KeyKind{NoKey, Ed25519, RSA} }

// Signer puts DKIM signatures (RFC 6376, relaxed/relaxed) in front of mails as an Encoder writes them. It uses its buffers
// again and belongs to one session.
type Signer struct {
	domain, selector string
	algorithm        string
	key              crypto.Signer
	hash             hash.Hash
	buf, canonical   []byte
}

// NewSigner makes a signer for a domain from a key of NewKey.
func NewSigner(domain, selector, key string) (*Signer, error) {
	s := &Signer{domain: domain, selector: selector, hash: sha256.New()}
	block, _ := pem.Decode([]byte(key))
	if block == nil {
		return nil, fault.New(fault.Invalid, "email.bad_key").On("key")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fault.New(fault.Invalid, "email.bad_key").On("key").Because(err)
	}
	switch k := parsed.(type) {
	case ed25519.PrivateKey:
		s.key, s.algorithm = k, "ed25519-sha256"
	case *rsa.PrivateKey:
		k.Precompute()
		s.key, s.algorithm = k, "rsa-sha256"
	default:
		return nil, fault.New(fault.Invalid, "email.bad_key").On("key")
	}
	return s, nil
}

// NewKey makes a key: its private half as PEM, and the value of the TXT record at SELECTOR._domainkey.DOMAIN.
func NewKey(kind KeyKind) (private, record string, err error) {
	var key crypto.Signer
	switch kind {
	case Ed25519:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case RSA:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		return "", "", fault.New(fault.Invalid, "errors.choice", "text", string(kind)).On("key_kind")
	}
	if err != nil {
		return "", "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", "", err
	}
	record, err = keyRecord(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), record, err
}

// keyRecord is what DNS says about a key (RFC 6376, 3.6.1; RFC 8463, 3).
func keyRecord(key crypto.Signer) (string, error) {
	switch public := key.Public().(type) {
	case ed25519.PublicKey:
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public), nil
	default:
		der, err := x509.MarshalPKIXPublicKey(public)
		return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), err
	}
}

// signedHeaders are the headers a signature covers, where they are there. From stands twice, so that nobody can add a
// second one (RFC 6376, 5.4.2); the two of unsubscribing must be covered (RFC 8058, 4).
var signedHeaders = [...]string{"from", "from", "reply-to", "subject", "date", "to", "message-id", "mime-version", "auto-submitted", "list-unsubscribe",
	"list-unsubscribe-post", "content-type", "content-transfer-encoding"}

// Sign returns the mail with its signature in front. The result is good until the next call; raw is left as it is.
func (s *Signer) Sign(raw []byte, now time.Time) ([]byte, error) {
	end := bytes.Index(raw, []byte("\r\n\r\n"))
	if end < 0 {
		return nil, fault.New(fault.Internal, "errors.internal")
	}
	headers, body := raw[:end+2], raw[end+4:]
	var sum [sha256.Size]byte
	s.hash.Reset()
	if isRelaxed(body) {
		s.hash.Write(body)
	} else {
		s.canonical = relaxBody(s.canonical[:0], body)
		s.hash.Write(s.canonical)
	}
	bodySum := s.hash.Sum(sum[:0])

	dst := append(s.buf[:0], "DKIM-Signature: v=1; a="...)
	dst = append(append(append(append(dst, s.algorithm...), "; c=relaxed/relaxed; d="...), s.domain...), ";\r\n s="...)
	dst = append(append(append(dst, s.selector...), "; t="...), strconv.AppendInt(nil, now.Unix(), 10)...)
	dst = append(dst, ";\r\n h="...)
	s.canonical = s.canonical[:0]
	col := 3
	for i, name := range signedHeaders {
		value, there := headerValue(headers, name)
		twice := i > 0 && signedHeaders[i-1] == name
		if !there {
			continue
		}
		if col+1+len(name) > niceLine {
			dst, col = append(dst, "\r\n  "...), 2
		}
		dst = append(dst, name...)
		dst = append(dst, ':')
		col += len(name) + 1
		if !twice { // the second is the one that must not exist
			s.canonical = relaxHeader(s.canonical, name, value)
			s.canonical = append(s.canonical, "\r\n"...)
		}
	}
	dst = append(dst[:len(dst)-1], ";\r\n bh="...)
	dst = base64.StdEncoding.AppendEncode(dst, bodySum)
	dst = append(dst, ";\r\n b="...)
	s.canonical = relaxHeader(s.canonical, "dkim-signature", dst[len("DKIM-Signature:"):])
	signature, err := s.sign()
	if err != nil {
		return nil, err
	}
	var encoded [344]byte // of RSA-2048
	for rest := base64.StdEncoding.AppendEncode(encoded[:0], signature); len(rest) > 0; {
		n := min(len(rest), 72)
		dst = append(dst, rest[:n]...)
		if rest = rest[n:]; len(rest) > 0 {
			dst = append(dst, "\r\n  "...)
		}
	}
	dst = append(dst, "\r\n"...)
	dst = append(dst, raw...)
	s.buf = dst
	return dst, nil
}

// sign signs the canonical headers.
func (s *Signer) sign() ([]byte, error) {
	s.hash.Reset()
	s.hash.Write(s.canonical)
	var sum [sha256.Size]byte
	digest := s.hash.Sum(sum[:0])
	if s.algorithm == "ed25519-sha256" {
		return s.key.Sign(nil, digest, crypto.Hash(0)) // Ed25519 signs the digest as its message (RFC 8463, 3)
	}
	return s.key.Sign(rand.Reader, digest, crypto.SHA256)
}

// headerValue is what stands behind the colon of a header, folded lines included, without the last line break. name is in
// lower case. The mail is ours: no header but From could stand in it twice, and none does.
func headerValue(headers []byte, name string) ([]byte, bool) {
	for len(headers) > 0 {
		end := headerEnd(headers)
		if len(headers) > len(name) && headers[len(name)] == ':' && bytes.EqualFold(headers[:len(name)], []byte(name)) {
			return headers[len(name)+1 : end-2], true
		}
		headers = headers[end:]
	}
	return nil, false
}

// headerEnd is the length of the first header with the lines it is folded over.
func headerEnd(headers []byte) int {
	at := 0
	for {
		n := bytes.IndexByte(headers[at:], '\n')
		if n < 0 {
			return len(headers)
		}
		at += n + 1
		if at >= len(headers) || headers[at] != ' ' && headers[at] != '\t' {
			return at
		}
	}
}

// relaxHeader writes a header in the relaxed form of RFC 6376, 3.4.2, without a line break at its end.
func relaxHeader(dst []byte, name string, value []byte) []byte {
	dst = append(append(dst, name...), ':')
	start := len(dst)
	space := false
	for _, c := range value {
		switch c {
		case '\r', '\n':
		case ' ', '\t':
			space = true
		default:
			if space && len(dst) > start {
				dst = append(dst, ' ')
			}
			dst, space = append(dst, c), false
		}
	}
	return dst
}

// isRelaxed tells whether a body is in the relaxed form already, as most are.
func isRelaxed(body []byte) bool {
	for _, not := range [...]string{"  ", " \r\n", "\t"} {
		if bytes.Contains(body, []byte(not)) {
			return false
		}
	}
	return bytes.HasSuffix(body, []byte("\r\n")) && !bytes.HasSuffix(body, []byte("\r\n\r\n")) && len(body) > 2
}

// relaxBody writes a body in the relaxed form of RFC 6376, 3.4.4.
func relaxBody(dst, body []byte) []byte {
	dst = slices.Grow(dst, len(body)+2)
	for len(body) > 0 {
		line, rest, _ := bytes.Cut(body, []byte("\r\n"))
		body = rest
		if bytes.IndexByte(line, ' ') < 0 && bytes.IndexByte(line, '\t') < 0 {
			dst = append(append(dst, line...), "\r\n"...)
			continue
		}
		space := false
		for _, c := range line {
			if c == ' ' || c == '\t' {
				space = true
				continue
			}
			if space {
				dst = append(dst, ' ')
			}
			dst, space = append(dst, c), false
		}
		dst = append(dst, "\r\n"...)
	}
	for bytes.HasSuffix(dst, []byte("\r\n\r\n")) {
		dst = dst[:len(dst)-2]
	}
	if string(dst) == "\r\n" {
		return dst[:0]
	}
	return dst
}
