package sheet

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/maphash"
	"slices"
)

// Hash stands for the content of a row, whatever it means: the cells as they were written, without quotes and separators. It is the
// beginning of a SHA-256, so that no two rows of a stranger's file meet by design.
type Hash [16]byte

// hasher makes hashes without allocating.
type hasher struct{ buf []byte }

// row hashes the cells with their lengths. Empty cells at the end make no difference.
func (h *hasher) row(r *Row) Hash {
	n := len(r.spans)
	for n > 0 && r.spans[n-1].from == r.spans[n-1].to {
		n--
	}
	h.buf = h.buf[:0]
	for i := range n {
		cell := r.Cell(i)
		h.buf = binary.AppendUvarint(h.buf, uint64(len(cell)))
		h.buf = append(h.buf, cell...)
	}
	sum := sha256.Sum256(h.buf)
	return Hash(sum[:16])
}

// short is the part of a hash that is kept to find equal rows.
func (h Hash) short() uint64 { return binary.LittleEndian.Uint64(h[:8]) }

// hashes collects 64-bit hashes, eight bytes each, and finds those that came more than once. They lie in parts by their first bits, so
// that sorting and growing never needs all of it twice.
type hashes struct{ parts [64][]uint64 }

func (h *hashes) add(v uint64) {
	p := &h.parts[v>>58]
	*p = append(*p, v)
}

// recurring returns, sorted, the hashes that were added more than once, and forgets all.
func (h *hashes) recurring() []uint64 {
	var again []uint64
	for i := range h.parts {
		p := h.parts[i]
		slices.Sort(p)
		for j := 1; j < len(p); j++ {
			if p[j] == p[j-1] && (len(again) == 0 || again[len(again)-1] != p[j]) {
				again = append(again, p[j])
			}
		}
		h.parts[i] = nil
	}
	return slices.Clip(again)
}

// orderKeys finds the order numbers whose rows do not stand together.
type orderKeys struct {
	seed maphash.Seed
	all  hashes
	last uint64
	any  bool
}

func (k *orderKeys) add(number []byte) {
	h := maphash.Bytes(k.seed, number)
	if !k.any || h != k.last {
		k.all.add(h)
	}
	k.last, k.any = h, true
}

// interrupt says that a row of no order stands here.
func (k *orderKeys) interrupt() { k.any = false }

// occurrences numbers equal rows: the first of a kind is 1.
type occurrences struct {
	known []uint64 // hashes that come more than once, sorted
	seen  []uint32
}

func newOccurrences(known []uint64) *occurrences {
	return &occurrences{known: known, seen: make([]uint32, len(known))}
}

func (r *occurrences) number(h Hash) int {
	i, found := slices.BinarySearch(r.known, h.short())
	if !found {
		return 1
	}
	r.seen[i]++
	return int(r.seen[i])
}
