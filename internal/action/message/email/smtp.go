package email

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// client is one SMTP connection (RFC 5321) after its greeting. One goroutine uses it at a time.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	out  []byte // commands on their way
	text []byte // of the last reply

	pipelining bool // RFC 2920
	smtputf8   bool // RFC 6531
	startTLS   bool
	size       int64 // 0 for no limit
	auth       []string

	mails   int       // that it has carried
	reset   bool      // a transaction was refused halfway: the next begins with RSET
	idle    time.Time // since when nobody used it
	answers time.Duration
	command time.Duration
}

// Replies beyond these sizes are not read: no server needs them.
const (
	maxReplyLine  = 4096
	maxReplyLines = 100
	maxReplyText  = 300
)

var (
	errReply = errors.New("the reply is none of SMTP")
	errStep  = errors.New("the replies are out of step with the commands")
)

// refusal is a reply that says no.
type refusal struct {
	code int
	text string
}

func (r refusal) Error() string { return strconv.Itoa(r.code) + " " + r.text }

// read reads one reply; its text is in c.text until the next.
func (c *client) read() (code int, err error) {
	c.text = c.text[:0]
	for range maxReplyLines {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			if errors.Is(err, bufio.ErrBufferFull) {
				err = errReply
			}
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) < 3 {
			return 0, errReply
		}
		if code = digits(line[:3]); code < 200 || code > 599 {
			return 0, errReply
		}
		if len(line) > 4 && len(c.text) < maxReplyText {
			if len(c.text) > 0 {
				c.text = append(c.text, ' ')
			}
			c.text = append(c.text, line[4:]...)
		}
		if len(line) == 3 || line[3] == ' ' {
			return code, nil
		}
		if line[3] != '-' {
			return 0, errReply
		}
	}
	return 0, errReply
}

func digits(text []byte) int {
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// said is the text of the last reply, fit to be kept: valid UTF-8, one line.
func (c *client) said() string {
	text := strings.ToValidUTF8(string(c.text), "?")
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxReplyText {
		text = strings.ToValidUTF8(text[:maxReplyText], "")
	}
	return text
}

// write sends what was gathered.
func (c *client) write() error {
	_, err := c.conn.Write(c.out)
	c.out = c.out[:0]
	return err
}

// ask sends a command and reads its reply. Anything but the wanted hundred is a refusal.
func (c *client) ask(hundred int, command string) error {
	if err := c.conn.SetDeadline(time.Now().Add(c.command)); err != nil {
		return err
	}
	c.out = append(append(c.out[:0], command...), "\r\n"...)
	if err := c.write(); err != nil {
		return err
	}
	_, err := c.want(hundred)
	return err
}

func (c *client) want(hundred int) (int, error) {
	code, err := c.read()
	if err == nil && code/100 != hundred {
		err = refusal{code, c.said()}
	}
	return code, err
}

// dial connects to a relay and signs in. What the relay answered instead is a refusal.
func dial(ctx context.Context, r *Relay, password string, o *Options) (*client, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Command)
	defer cancel()
	conn, err := o.Dial(ctx, "tcp", net.JoinHostPort(r.Host, strconv.Itoa(r.Port)))
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, answers: o.Answer, command: o.Command}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) }) // whoever asked has gone
	defer stop()
	if err := c.open(ctx, r, password, o); err != nil {
		conn.Close()
		return nil, errors.Join(err, context.Cause(ctx))
	}
	return c, nil
}

func (c *client) open(ctx context.Context, r *Relay, password string, o *Options) error {
	config := &tls.Config{ServerName: r.Host, RootCAs: o.Roots, MinVersion: tls.VersionTLS12}
	if r.Security == Opportunistic {
		config.InsecureSkipVerify = true // better than nothing, and no password goes over it
	}
	if r.Security == ImplicitTLS {
		if err := c.secure(ctx, config); err != nil {
			return err
		}
	}
	c.r = bufio.NewReaderSize(c.conn, maxReplyLine)
	if err := c.conn.SetDeadline(time.Now().Add(c.command)); err != nil {
		return err
	}
	if _, err := c.want(2); err != nil {
		return err
	}
	if err := c.hello(r.Hello); err != nil {
		return err
	}
	if r.Security == StartTLS && !c.startTLS {
		return errNoTLS
	}
	if c.startTLS && (r.Security == StartTLS || r.Security == Opportunistic) {
		if err := c.ask(2, "STARTTLS"); err != nil {
			return err
		}
		if c.r.Buffered() > 0 { // what was said in the clear must not be taken for a secured answer
			return errStep
		}
		if err := c.secure(ctx, config); err != nil {
			return err
		}
		c.r.Reset(c.conn)
		if err := c.hello(r.Hello); err != nil {
			return err
		}
	}
	if r.Login != "" {
		return c.signIn(r.Login, password)
	}
	return nil
}

var (
	errNoTLS  = errors.New("the server offers no TLS")
	errNoAuth = errors.New("the server offers no way to sign in that we know")
)

func (c *client) secure(ctx context.Context, config *tls.Config) error {
	secured := tls.Client(c.conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return err
	}
	c.conn = secured
	return nil
}

// hello introduces us and notes what the server offers.
func (c *client) hello(name string) error {
	if name == "" { // an address literal is right for who has no name (RFC 5321, 4.1.4)
		name = "[127.0.0.1]"
		if a, ok := c.conn.LocalAddr().(*net.TCPAddr); ok {
			if name = "[" + a.IP.String() + "]"; a.IP.To4() == nil {
				name = "[IPv6:" + a.IP.String() + "]"
			}
		}
	}
	c.pipelining, c.smtputf8, c.startTLS, c.size, c.auth = false, false, false, 0, nil
	if err := c.conn.SetDeadline(time.Now().Add(c.command)); err != nil {
		return err
	}
	if _, err := io.WriteString(c.conn, "EHLO "+name+"\r\n"); err != nil {
		return err
	}
	for range maxReplyLines {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
			return errReply
		}
		if code := digits(line[:3]); code != 250 {
			c.text = append(c.text[:0], line[min(4, len(line)):]...)
			return refusal{code, c.said()}
		}
		if len(line) > 4 {
			c.offers(strings.ToUpper(string(line[4:])))
		}
		if len(line) == 3 || line[3] == ' ' {
			return nil
		}
	}
	return errReply
}

func (c *client) offers(line string) {
	word, rest, _ := strings.Cut(line, " ")
	switch {
	case word == "PIPELINING":
		c.pipelining = true
	case word == "SMTPUTF8":
		c.smtputf8 = true
	case word == "STARTTLS":
		c.startTLS = true
	case word == "SIZE":
		c.size, _ = strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
	case word == "AUTH":
		c.auth = append(c.auth, strings.Fields(rest)...)
	case strings.HasPrefix(word, "AUTH="): // as some old servers have it
		c.auth = append(append(c.auth, word[len("AUTH="):]), strings.Fields(rest)...)
	}
}

// signIn proves who we are by AUTH PLAIN or LOGIN. SaveRelay has seen to it that this happens within TLS or on this machine.
func (c *client) signIn(login, password string) error {
	encode := base64.StdEncoding.EncodeToString
	switch {
	case slices.Contains(c.auth, "PLAIN"):
		return c.ask(2, "AUTH PLAIN "+encode([]byte("\x00"+login+"\x00"+password)))
	case slices.Contains(c.auth, "LOGIN"):
		if err := c.ask(3, "AUTH LOGIN"); err != nil {
			return err
		}
		if err := c.ask(3, encode([]byte(login))); err != nil {
			return err
		}
		return c.ask(2, encode([]byte(password)))
	}
	return errNoAuth
}

// step is how far a transaction came.
type step int

const (
	stepMail step = iota // the sender
	stepRcpt             // the recipient
	stepData             // permission to send the text
	stepSent             // the last dot is on the wire: from here on nobody knows until the reply
)

// transact gives one mail to the server. It returns how far it came; err is a refusal where the server said no, and
// nil only when it took the mail. A connection of which anything else is returned is of no more use.
func (c *client) transact(from, to address, unicode bool, raw []byte) (step, error) {
	if err := c.conn.SetDeadline(time.Now().Add(c.command)); err != nil {
		return stepMail, err
	}
	if c.r.Buffered() > 0 { // a server that answers twice
		return stepMail, errStep
	}
	at, err := c.envelope(from, to, unicode, len(raw))
	if err != nil {
		return at, err
	}
	if err := c.conn.SetDeadline(time.Now().Add(c.answers)); err != nil {
		return stepData, err
	}
	// One write: its error means that the end of the mail is not on its way.
	if _, err := c.conn.Write(append(raw, ".\r\n"...)); err != nil {
		return stepData, fmt.Errorf("while the text was sent: %w", err)
	}
	code, err := c.read()
	switch {
	case err != nil:
		return stepSent, err
	case code/100 == 2:
		c.mails++
		return stepSent, nil
	case code/100 == 3:
		return stepSent, errStep
	}
	return stepSent, refusal{code, c.said()}
}

// envelope names sender and recipient and gets leave to send the text.
func (c *client) envelope(from, to address, unicode bool, size int) (step, error) {
	resetting := c.reset
	c.out = c.out[:0]
	if resetting {
		c.out = append(c.out, "RSET\r\n"...)
	}
	c.out = append(c.out, "MAIL FROM:"...)
	c.out = from.append(c.out)
	if c.size > 0 {
		c.out = strconv.AppendInt(append(c.out, " SIZE="...), int64(size), 10)
	}
	if unicode {
		c.out = append(c.out, " BODY=8BITMIME SMTPUTF8"...)
	}
	c.out = append(c.out, "\r\n"...)
	if c.pipelining {
		c.out = append(c.out, "RCPT TO:"...)
		c.out = append(to.append(c.out), "\r\nDATA\r\n"...)
	}
	c.reset = true
	if err := c.write(); err != nil {
		return stepMail, err
	}
	if resetting {
		if _, err := c.want(2); err != nil {
			return stepMail, broken(err)
		}
	}
	var first error // the first refusal, and where
	at := stepMail
	for now := stepMail; now <= stepData; now++ {
		if !c.pipelining && now != stepMail {
			c.out = append(c.out[:0], "DATA"...)
			if now == stepRcpt {
				c.out = to.append(append(c.out[:0], "RCPT TO:"...))
			}
			c.out = append(c.out, "\r\n"...)
			if err := c.write(); err != nil {
				return now, err
			}
		}
		code, err := c.read()
		if err != nil {
			if first != nil { // it said no and hung up
				return at, first
			}
			return now, err
		}
		wanted := 2
		if now == stepData {
			wanted = 3
		}
		switch {
		case code/100 == wanted && first == nil:
		case code/100 == 4, code/100 == 5:
			if first == nil {
				first, at = refusal{code, c.said()}, now
			}
			if !c.pipelining {
				return at, first
			}
		case now == stepData && code/100 == 3: // leave to send although it refused: end the empty text at once
			return at, c.endEmpty(first)
		case first == nil || code/100 != 2:
			return now, errStep
		}
	}
	if first == nil {
		c.reset = false
	}
	return at, first
}

// endEmpty answers a server that let us send after it had refused (RFC 2920, 3.1) and returns that refusal.
func (c *client) endEmpty(first error) error {
	c.out = append(c.out[:0], ".\r\n"...)
	if err := c.write(); err != nil {
		return broken(first)
	}
	if code, err := c.read(); err != nil || code/100 == 2 {
		return broken(first)
	}
	return first
}

// brokenError marks a refusal after which the connection cannot be used.
type brokenError struct{ error }

func (e brokenError) Unwrap() error { return e.error }

func broken(err error) error { return brokenError{err} }

// usable tells whether the connection can carry another mail after that error.
func usable(err error) bool {
	if err == nil {
		return true
	}
	var refused refusal
	var b brokenError
	return errors.As(err, &refused) && refused.code != 421 && !errors.As(err, &b)
}

// quit says goodbye without waiting for an answer.
func (c *client) quit() {
	c.conn.SetDeadline(time.Now().Add(time.Second))
	_, _ = io.WriteString(c.conn, "QUIT\r\n")
	c.conn.Close()
}
