package sim

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
)

// ticket stands for one document before it is written out: everything else can be drawn again from it. Tickets are what is
// sorted by time, so that a million customers need no more memory than the tickets of one month.
type ticket struct {
	when     wall   // of this document
	ordered  wall   // of the order it belongs to
	customer uint32 // index of the customer, or of the one whose order gave rise to a guest's
	number   uint32 // of the order, once it has one
	seq      uint16 // which order of the customer
	kind     ticketKind
	part     uint8 // which payment
	profile  profile
}

type ticketKind uint8

const (
	anOrder ticketKind = iota
	aDelivery
	anInvoice
	aReturn
	aCredit
	aPayment
	aQuote
	aVisit
)

func (t *ticket) guestBit() uint64 {
	if t.profile.marks.has(asGuest) {
		return 1
	}
	return 0
}

// sorter brings tickets into the order of their time. Tickets of the same second stay in the order in which they were drawn.
type sorter struct {
	keys []uint64
	out  []ticket
}

// sort returns the tickets of the month that begins with first, sorted. The slice is valid until the next call.
func (s *sorter) sort(tickets []ticket, first wall) []ticket {
	s.keys, s.out = s.keys[:0], s.out[:0]
	for i := range tickets {
		// A month has fewer than 2^22 seconds, so one number holds both time and place, and sorting numbers is fast.
		s.keys = append(s.keys, uint64(tickets[i].when-first)<<32|uint64(i))
	}
	slices.Sort(s.keys)
	for _, k := range s.keys {
		s.out = append(s.out, tickets[uint32(k)])
	}
	return s.out
}

const ticketSize = 32

func (t *ticket) encode(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(t.when))
	b = binary.LittleEndian.AppendUint64(b, uint64(t.ordered))
	b = binary.LittleEndian.AppendUint32(b, t.customer)
	b = binary.LittleEndian.AppendUint32(b, t.number)
	b = binary.LittleEndian.AppendUint16(b, t.seq)
	p := t.profile
	return append(b, byte(t.kind), t.part, byte(p.segment), byte(p.country), p.taste, byte(p.marks))
}

func decodeTicket(b []byte) ticket {
	return ticket{
		when: wall(binary.LittleEndian.Uint64(b)), ordered: wall(binary.LittleEndian.Uint64(b[8:])),
		customer: binary.LittleEndian.Uint32(b[16:]), number: binary.LittleEndian.Uint32(b[20:]), seq: binary.LittleEndian.Uint16(b[24:]),
		kind: ticketKind(b[26]), part: b[27],
		profile: profile{segment: segment(b[28]), country: country(b[29]), taste: b[30], marks: mark(b[31])},
	}
}

// buckets keeps tickets by month in one temporary file, in chunks that belong to one month each. The file is made with the
// first chunk that is full, so a small company needs none.
type buckets struct {
	dir    string
	file   *os.File
	end    int64
	open   [][]byte  // per month: the chunk being filled
	chunks [][]int64 // per month: where its full chunks lie in the file
}

const chunkSize = 2048 * ticketSize

func newBuckets(dir string, months int) *buckets {
	return &buckets{dir: dir, open: make([][]byte, months), chunks: make([][]int64, months)}
}

// put adds a ticket to a month.
func (s *buckets) put(month int, t *ticket) error {
	b := s.open[month]
	if b == nil {
		b = make([]byte, 0, chunkSize)
	}
	b = t.encode(b)
	s.open[month] = b
	if len(b) < chunkSize {
		return nil
	}
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "stamm-sim-*")
		if err != nil {
			return fmt.Errorf("sim: temporary file: %w", err)
		}
		s.file = f
	}
	if _, err := s.file.WriteAt(b, s.end); err != nil {
		return fmt.Errorf("sim: write temporary file: %w", err)
	}
	s.chunks[month] = append(s.chunks[month], s.end)
	s.end += chunkSize
	s.open[month] = b[:0]
	return nil
}

// take appends the tickets of a month to into and forgets them.
func (s *buckets) take(month int, into []ticket) ([]ticket, error) {
	if len(s.chunks[month]) > 0 {
		b := make([]byte, chunkSize)
		for _, offset := range s.chunks[month] {
			if n, err := s.file.ReadAt(b, offset); n < len(b) {
				return nil, fmt.Errorf("sim: read temporary file: %w", err)
			}
			into = appendTickets(into, b)
		}
	}
	into = appendTickets(into, s.open[month])
	s.open[month], s.chunks[month] = nil, nil
	return into, nil
}

func appendTickets(into []ticket, b []byte) []ticket {
	for ; len(b) >= ticketSize; b = b[ticketSize:] {
		into = append(into, decodeTicket(b))
	}
	return into
}

// close removes the temporary file.
func (s *buckets) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if e := os.Remove(s.file.Name()); err == nil {
		err = e
	}
	return err
}
