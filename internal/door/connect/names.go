package connect

import (
	"hash/maphash"
	"strings"

	"stamm/internal/door/connect/sheet"
)

// maxNames bounds the customers whose names a run compares, so that its memory stays flat.
const maxNames = 1_000_000

// names remembers by which name a run met each customer number first. Both are kept as hashes.
type names struct {
	seed  maphash.Seed
	first map[uint64]uint64
}

func newNames() *names { return &names{maphash.MakeSeed(), map[uint64]uint64{}} }

// differs tells whether the number came with another name before. Case and white space do not matter.
func (n *names) differs(number, name string) bool {
	who, what := maphash.String(n.seed, number), maphash.String(n.seed, strings.ToLower(strings.Join(strings.Fields(name), " ")))
	first, ok := n.first[who]
	if !ok && len(n.first) < maxNames {
		n.first[who] = what
	}
	return ok && first != what
}

// compareName remarks on a customer number that comes with a second name: the numbers of the other system are probably
// mixed up, or were given to somebody else.
func (b *drafter) compareName(d *draft, r *sheet.OrderRow) {
	name := r.Name
	if name == "" {
		name = r.Company
	}
	if r.Customer == "" || name == "" || !b.names.differs(r.Customer, name) || d.renamed {
		return
	}
	d.renamed = true
	d.notices = append(d.notices, RowError{File: d.file, Line: r.Line, Field: "name", Value: shorten(name), Key: "import.other_name",
		Args: []any{"customer", strings.Clone(r.Customer)}, Notice: true})
}

// shorten keeps a value fit for the list of remarks.
func shorten(s string) string {
	const most = 80
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return strings.Clone(s)
}
