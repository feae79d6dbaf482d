package email_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/platform/store"

	"github.com/emersion/go-smtp"
)

const benchConnections = 64

// sink is an SMTP server that takes everything and keeps nothing.
func sink(b *testing.B) net.Listener {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { swallow(conn) })
		}
	})
	b.Cleanup(func() { l.Close(); all.Wait() })
	return l
}

// swallow answers the commands of one connection; answers to what came together leave together.
func swallow(conn net.Conn) {
	defer conn.Close()
	r, w := bufio.NewReaderSize(conn, 16<<10), bufio.NewWriter(conn)
	w.WriteString("220 sink\r\n")
	text := false
	for {
		if r.Buffered() == 0 && w.Flush() != nil {
			return
		}
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		switch {
		case text:
			if string(line) == ".\r\n" {
				text = false
				w.WriteString("250 2.0.0 Ok\r\n")
			}
		case bytes.HasPrefix(line, []byte("EHLO")):
			w.WriteString("250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
		case bytes.HasPrefix(line, []byte("DATA")):
			text = true
			w.WriteString("354 go on\r\n")
		case bytes.HasPrefix(line, []byte("QUIT")):
			w.WriteString("221 bye\r\n")
			w.Flush()
			return
		default:
			w.WriteString("250 2.0.0 Ok\r\n")
		}
	}
}

// benchLetter is a mail of about 5 kB.
func benchLetter(id int64, name string) *message.Mail {
	m := autumn()
	m.ID, m.MessageID = id, ""
	m.To.Address, m.To.Name = fmt.Sprintf("kunde%d@beispiel.example", id), name
	m.Text = strings.Repeat("Für Sie, weil Sie gern bei uns sind: der neue Röstkaffee vom Hafen.\n", 12)
	m.HTML = strings.Repeat("<p>Für Sie, weil Sie gern bei uns sind: <a href=\"https://x.example/t/abc\">ansehen</a></p>\n", 40)
	return m
}

// eachOf runs send for the numbers 1 to n on so many goroutines.
func eachOf(b *testing.B, n int, worker func() func(id int64)) time.Duration {
	var next atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for range benchConnections {
		send := worker()
		all.Go(func() {
			for id := next.Add(1); id <= int64(n); id = next.Add(1) {
				send(id)
			}
		})
	}
	all.Wait()
	return time.Since(start)
}

// BenchmarkSend sends mails of 5 kB over 64 connections to a sink in the same process, and compares with go-smtp clients
// that send the same bytes, made before.
func BenchmarkSend(b *testing.B) {
	l := sink(b)
	raw := encode(b, func() *message.Mail { m := benchLetter(1, "Anna"); m.MessageID = "1@x.example"; return m }())
	bare := func(b *testing.B) time.Duration {
		return eachOf(b, b.N, func() func(int64) {
			c, err := smtp.Dial(l.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			return func(id int64) {
				if err := bareSend(c, id, raw); err != nil {
					b.Error(err)
				}
			}
		})
	}
	var pool float64 // seconds a mail of the bare pool
	b.Run("bare", func(b *testing.B) {
		d := bare(b)
		pool = d.Seconds() / float64(b.N)
		b.ReportMetric(1/pool, "mails/s")
	})
	for _, kind := range []email.KeyKind{email.NoKey, email.Ed25519, email.RSA} {
		b.Run("own"+string(kind), func(b *testing.B) {
			db := sqlite(b)
			write(b, db, func(ctx context.Context, tx *store.Tx) error {
				_, err := email.SaveSender(ctx, tx, vault(b), &email.Sender{Name: "R", Address: "moin@roesterei.example", ReturnDomain: "b.roesterei.example", KeyKind: kind})
				return err
			})
			r := relayTo("sink", l)
			r.Connections, r.PerConnection = benchConnections, 100_000
			addRelay(b, db, r)
			out := open(b, db, email.Options{})
			b.ReportAllocs()
			b.ResetTimer()
			d := eachOf(b, b.N, func() func(int64) {
				s, err := out.Dial(context.Background())
				if err != nil {
					b.Fatal(err)
				}
				m := benchLetter(1, "Anna Größe")
				return func(id int64) {
					m.ID, m.MessageID = id, ""
					if got := s.Send(context.Background(), m); got.State != message.Sent {
						b.Errorf("%+v", got)
					}
				}
			})
			b.ReportMetric(float64(b.N)/d.Seconds(), "mails/s")
			if pool > 0 {
				b.ReportMetric(pool*float64(b.N)/d.Seconds(), "of-bare")
			}
			b.StopTimer()
			out.Close(context.Background())
		})
	}
}

func bareSend(c *smtp.Client, id int64, raw []byte) error {
	if err := c.Mail("moin@roesterei.example", nil); err != nil {
		return err
	}
	if err := c.Rcpt(fmt.Sprintf("kunde%d@beispiel.example", id), nil); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	return w.Close()
}
