package email

import (
	"strings"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/fault"
)

// Encoder writes mails as they go over the wire. It uses its buffers again: the result of Encode is good until the next
// call.
type Encoder struct {
	buf     []byte
	before  []byte // the mail before, whose lines are in lines
	scratch []byte
	utf8    bool // the last mail needs a server with SMTPUTF8
	lines   map[string]*lines
	mails   int // written so far
}

// maxLink bounds the address in List-Unsubscribe, so that its line stays below the 998 characters of RFC 5322.
const maxLink = 900

// MaxSize is how large a mail may be, in bytes; Gmail shows about the first 102 kB.
const MaxSize = 5 << 20

// Encode writes the mail: headers, and the text beside its HTML, or the one that is there. What cannot be sent is an
// invalid fault on "from", "to", "reply_to", "message_id", "unsubscribe" or "html". Names and subjects are never refused:
// characters that could forge a header become spaces.
func (e *Encoder) Encode(m *message.Mail) ([]byte, error) {
	if len(m.Text)+len(m.HTML) > MaxSize {
		return nil, fault.New(fault.Invalid, "email.too_large", "max", MaxSize>>20).On("html")
	}
	e.buf, e.before = e.before, e.buf
	dst, err := e.headers(e.buf[:0], m)
	if err != nil {
		e.buf, e.before = e.before, e.buf
		return nil, err
	}
	e.mails++
	switch {
	case m.HTML == "":
		dst = e.part(dst, "plain", m.Text)
	case m.Text == "":
		dst = e.part(dst, "html", m.HTML)
	default:
		dst = append(dst, "Content-Type: multipart/alternative;\r\n boundary=\""...)
		from := len(dst)
		dst = appendBoundary(dst, m)
		boundary := string(dst[from:])
		dst = append(dst, "\"\r\n\r\n--"...)
		dst = append(append(dst, boundary...), "\r\n"...)
		dst = e.part(dst, "plain", m.Text)
		dst = append(append(append(dst, "\r\n--"...), boundary...), "\r\n"...)
		dst = e.part(dst, "html", m.HTML)
		dst = append(append(append(dst, "\r\n--"...), boundary...), "--\r\n"...)
	}
	e.buf = dst
	return dst, nil
}

// headers writes all but the Content-Type.
func (e *Encoder) headers(dst []byte, m *message.Mail) ([]byte, error) {
	from, ok := parseAddress(m.From.Address)
	if !ok {
		return nil, badAddress("from")
	}
	to, ok := parseAddress(m.To.Address)
	if !ok {
		return nil, badAddress("to")
	}
	e.utf8 = from.utf8 || to.utf8
	dst = append(dst, "Date: "...)
	dst = m.Date.AppendFormat(dst, time.RFC1123Z)
	dst = append(dst, "\r\n"...)
	dst = appendMailbox(dst, "From", m.From, from)
	dst = appendMailbox(dst, "To", m.To, to)
	if m.ReplyTo.Address != "" {
		reply, ok := parseAddress(m.ReplyTo.Address)
		if !ok {
			return nil, badAddress("reply_to")
		}
		e.utf8 = e.utf8 || reply.utf8
		dst = appendMailbox(dst, "Reply-To", m.ReplyTo, reply)
	}
	dst = append(dst, "Subject: "...)
	dst = appendText(dst, m.Subject, len("Subject: "))
	dst = append(dst, "\r\nMessage-ID: <"...)
	id := strings.TrimSuffix(strings.TrimPrefix(m.MessageID, "<"), ">")
	if !isToken(id) || len(id) > maxAddress || strings.Count(id, "@") != 1 {
		return nil, fault.New(fault.Invalid, "email.bad_message_id").On("message_id")
	}
	dst = append(dst, id...)
	dst = append(dst, ">\r\nMIME-Version: 1.0\r\n"...)
	if m.Unsubscribe == "" {
		// A mail that cannot be unsubscribed from is a notice: no vacation programme shall answer it (RFC 3834, 5).
		return append(dst, "Auto-Submitted: auto-generated\r\n"...), nil
	}
	if !isToken(m.Unsubscribe) || len(m.Unsubscribe) > maxLink || !strings.HasPrefix(m.Unsubscribe, "https://") && !strings.HasPrefix(m.Unsubscribe, "http://") {
		return nil, fault.New(fault.Invalid, "email.bad_unsubscribe").On("unsubscribe")
	}
	dst = append(dst, "List-Unsubscribe: <"...)
	dst = append(dst, m.Unsubscribe...)
	return append(dst, ">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"...), nil // RFC 8058
}

func badAddress(field string) error {
	return fault.New(fault.Invalid, "email.bad_address").On(field)
}

// isToken tells whether the text can stand in angle brackets: visible ASCII without brackets, and something at all.
func isToken(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c <= ' ' || c > '~' || c == '<' || c == '>' {
			return false
		}
	}
	return text != ""
}

// appendBoundary writes what stands between the parts. "=_" occurs neither in quoted-printable nor in base64, so no text
// can contain it; that it depends on the mail's id keeps a mail the same whenever it is written.
func appendBoundary(dst []byte, m *message.Mail) []byte {
	dst = append(dst, "=_"...)
	for i := 0; i < len(m.MessageID) && i < 40; i++ {
		if c := m.MessageID[i]; c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' {
			dst = append(dst, c)
		}
	}
	return dst
}

// part writes one body with the headers that describe it.
func (e *Encoder) part(dst []byte, kind, text string) []byte {
	if !isValid(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	dst = append(append(append(dst, "Content-Type: text/"...), kind...), "; charset=utf-8\r\n"...)
	if wantsBase64(text) {
		dst = append(dst, "Content-Transfer-Encoding: base64\r\n\r\n"...)
		dst, e.scratch = appendBase64(dst, e.scratch, text)
		return dst
	}
	dst = append(dst, "Content-Transfer-Encoding: quoted-printable\r\n\r\n"...)
	if e.lines == nil {
		e.lines = map[string]*lines{}
	}
	if e.lines[kind] == nil {
		e.lines[kind] = &lines{}
	}
	return e.lines[kind].append(dst, e.before, e.mails, text)
}
