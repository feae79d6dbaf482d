package cli

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
)

// A command is handed over in frames: one letter for the kind, four bytes of length (big endian), the payload. The
// client opens with a request; the owner answers accept, and from then on each side sends what the other needs. Input is
// sent only when the command asks for it, so that a command that reads nothing leaves the input of a shell loop alone.
const (
	frameRequest = 'R' // client: what to run, as JSON
	frameAccept  = 'A' // owner: it runs
	frameOut     = 'O' // owner: standard output
	frameErr     = 'E' // owner: standard error
	frameWant    = 'W' // owner: send input
	frameInput   = 'I' // client: input; an empty payload is its end
	frameSecret  = 'S' // owner: ask the person; the payload is the prompt
	frameAnswer  = 'P' // client: what the person typed
	frameRefused = 'N' // client: there is nobody to ask; the payload says why
	frameCancel  = 'C' // client: stop; the payload is empty unless the user wants it
	frameExit    = 'X' // owner: it has ended; the payload is one byte, the exit code
)

// Limits of a frame's payload, in bytes. Arguments and environment of a process are at most 2 MiB on Linux.
const (
	maxFrame  = 4 << 20
	streamCut = 32 << 10
)

// protocol is the version of the frames and of what the request says.
const protocol = 1

// request is the payload of the first frame.
type request struct {
	Protocol int      `json:"protocol"`
	Args     []string `json:"args"`
	Env      []string `json:"env"`
	Dir      string   `json:"dir"`
	Terminal bool     `json:"terminal"`
}

// wire sends and receives frames. Several goroutines may send, one receives.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
	mu   sync.Mutex
}

func newWire(conn net.Conn) *wire { return &wire{conn: conn, in: bufio.NewReader(conn)} }

func (w *wire) send(kind byte, payload []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	frame := make([]byte, 5, 5+len(payload))
	frame[0] = kind
	binary.BigEndian.PutUint32(frame[1:], uint32(len(payload)))
	_, err := w.conn.Write(append(frame, payload...))
	return err
}

func (w *wire) receive() (kind byte, payload []byte, err error) { return readFrame(w.in) }

// readFrame reads one frame and refuses one that is too long before it takes memory for it.
func readFrame(r io.Reader) (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, fmt.Errorf("frame %q of %d bytes is too long", head[0], n)
	}
	payload = make([]byte, n)
	if _, err := io.ReadFull(r, payload); err != nil {
		return 0, nil, fmt.Errorf("frame %q: %w", head[0], io.ErrUnexpectedEOF)
	}
	return head[0], payload, nil
}

// stream is one of a command's outputs, sent over the wire.
type stream struct {
	wire *wire
	kind byte
}

func (s stream) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		part := p[:min(len(p), streamCut)]
		if err := s.wire.send(s.kind, part); err != nil {
			return n, err
		}
		n += len(part)
		p = p[len(part):]
	}
	return n, nil
}
