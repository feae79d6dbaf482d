package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// mailSink is an SMTP server on this machine that takes every mail, keeps none, and counts how often each Message-ID of ours came.
type mailSink struct {
	net.Listener
	all sync.WaitGroup

	mu          sync.Mutex
	conns       map[net.Conn]bool
	times       []uint8 // by message: how often it came
	mails       int
	size        int64
	first, last time.Time
	sample      []byte        // a mail as it came
	goal        int           // at so many mails,
	reached     chan struct{} // this is closed
}

func openMailSink(ctx context.Context) (*mailSink, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &mailSink{Listener: l, conns: map[net.Conn]bool{}}
	s.all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[conn] = true
			s.mu.Unlock()
			s.all.Go(func() { s.talk(conn) })
		}
	})
	return s, nil
}

func (s *mailSink) port() int { return s.Addr().(*net.TCPAddr).Port }

func (s *mailSink) close() {
	s.Close()
	s.mu.Lock()
	for conn := range s.conns {
		conn.Close()
	}
	s.mu.Unlock()
	s.all.Wait()
}

// begin forgets the times of the mails so far, but not which came. The channel is closed at so many mails from now on.
func (s *mailSink) begin(goal int) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails, s.size, s.goal, s.reached = 0, 0, goal, make(chan struct{})
	s.first, s.last = time.Time{}, time.Time{}
	return s.reached
}

// sinkFigures is what came since the last begin.
type sinkFigures struct {
	mails       int
	size        int64
	first, last time.Time
}

func (f sinkFigures) rate() float64 {
	if d := f.last.Sub(f.first); d > 0 {
		return float64(f.mails) / d.Seconds()
	}
	return 0
}

func (s *mailSink) figures() sinkFigures {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sinkFigures{s.mails, s.size, s.first, s.last}
}

// came tells how often a message came.
func (s *mailSink) came(id int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id < 0 || id >= int64(len(s.times)) {
		return 0
	}
	return int(s.times[id])
}

// mailEnd is what ends a mail on the wire.
var mailEnd = []byte("\r\n.\r\n")

// mailName is what stands before the number of a message in its mail.
const mailName = "\r\nMessage-ID: <"

// talk answers the commands of one connection; answers to what came together leave together.
func (s *mailSink) talk(conn net.Conn) {
	defer func() {
		conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	r, w := bufio.NewReaderSize(conn, 32<<10), bufio.NewWriter(conn)
	w.WriteString("220 sink ESMTP\r\n")
	var mail []byte
	for {
		if r.Buffered() == 0 && w.Flush() != nil {
			return
		}
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		switch {
		case bytes.HasPrefix(line, []byte("EHLO")):
			w.WriteString("250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
		case bytes.HasPrefix(line, []byte("DATA")):
			w.WriteString("354 go on\r\n")
			if w.Flush() != nil {
				return
			}
			if mail, err = readMail(r, mail[:0]); err != nil {
				return
			}
			fmt.Fprintf(w, "250 2.0.0 Ok: queued as %08X\r\n", s.note(mail))
		case bytes.HasPrefix(line, []byte("QUIT")):
			w.WriteString("221 bye\r\n")
			w.Flush()
			return
		default:
			w.WriteString("250 2.0.0 Ok\r\n")
		}
	}
}

// readMail reads to the end of a mail, which comes last.
func readMail(r *bufio.Reader, mail []byte) ([]byte, error) {
	for !bytes.HasSuffix(mail, mailEnd) {
		if _, err := r.Peek(1); err != nil {
			return mail, err
		}
		part, err := r.Peek(r.Buffered())
		if err != nil {
			return mail, err
		}
		mail = append(mail, part...)
		if _, err := r.Discard(len(part)); err != nil {
			return mail, err
		}
	}
	return mail, nil
}

// note counts a mail and returns how many there are now, the number by which the answer names it, as that of a relay does.
func (s *mailSink) note(mail []byte) (number int) {
	id := messageIn(mail)
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mails == 0 {
		s.first, s.sample = now, slices.Clone(mail)
	}
	s.mails, s.size, s.last = s.mails+1, s.size+int64(len(mail)), now
	if s.mails == s.goal {
		close(s.reached)
	}
	if id < 0 {
		return s.mails
	}
	for int64(len(s.times)) <= id {
		s.times = append(s.times, make([]uint8, max(1<<16, len(s.times)))...)
	}
	if s.times[id] < 255 {
		s.times[id]++
	}
	return s.mails
}

// messageIn is the message that a mail of ours says it is, -1 for none: its Message-ID begins with the number to the base of 36.
func messageIn(mail []byte) int64 {
	_, rest, ok := bytes.Cut(mail, []byte(mailName))
	number, _, dot := bytes.Cut(rest, []byte("."))
	if !ok || !dot || len(number) > 8 { // far more messages than any benchmark has
		return -1
	}
	id, err := strconv.ParseInt(string(number), 36, 64)
	if err != nil {
		return -1
	}
	return id
}
