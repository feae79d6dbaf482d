package customer

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"

	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// decision is a batch on its way from rows to customers.
type decision struct {
	Batch
	onlyNew bool
	key     int // column of the external id, -1 for none
	mail    int
	rows    []decided

	byKey  map[string]*known
	byMail map[string]*known
	erased map[string]bool // keyed hashes that are there
	hasher *eraser
	states map[int64]*state
	fresh  []*state
	region string // where telephone numbers without a country belong
	now    int64
}

// decided is one row: its keys, its content, and whose it is.
type decided struct {
	key, mail string
	hash      int64
	of        *known
	status    Status
}

// known is a customer by one of the keys the rows of the batch name her by.
type known struct {
	id    int64
	hash  int64 // of the row with this key that came last
	state *state
}

func newDecision(b Batch) (*decision, error) {
	if len(b.Rows) > MaxRows {
		return nil, fmt.Errorf("%d rows in one call, at most %d", len(b.Rows), MaxRows)
	}
	d := &decision{Batch: b, key: slices.Index(b.Fields, FieldExternalID), mail: slices.Index(b.Fields, FieldEmail),
		rows: make([]decided, len(b.Rows)), byKey: map[string]*known{}, byMail: map[string]*known{}}
	for i, values := range b.Rows {
		if len(values) != len(b.Fields) {
			return nil, fmt.Errorf("row %d has %d values for %d fields", i, len(values), len(b.Fields))
		}
		r := &d.rows[i]
		if d.key >= 0 {
			r.key = values[d.key]
		}
		if d.mail >= 0 {
			if folded, ok := FoldMail(values[d.mail]); ok {
				r.mail = folded
			}
		}
		r.hash = contentHash(b.Fields, values)
		if r.key == "" && r.mail == "" {
			r.status = Unnamed
		}
	}
	return d, nil
}

// contentHash is a number for what a row says, by which the same row is known again.
func contentHash(fields, values []string) int64 {
	h := fnv.New64a()
	var length [4]byte
	for i, v := range values {
		h.Write([]byte(fields[i]))
		binary.LittleEndian.PutUint32(length[:], uint32(len(v)))
		h.Write(length[:])
		h.Write([]byte(v))
	}
	return int64(h.Sum64())
}

// find looks up everybody the rows name: by number, without one by mail address, and among those erased.
func (d *decision) find(ctx context.Context, tx *store.Tx) error {
	var keys, mails []string
	for _, r := range d.rows {
		if r.key != "" {
			keys = append(keys, r.key)
		} else if r.mail != "" {
			mails = append(mails, r.mail)
		}
	}
	if len(keys) > 0 {
		err := each(ctx, tx, fmt.Sprintf(sqlFindExternals, tx.Strings("$2")), []any{d.Source, store.JSON(keys)}, func(found *sql.Rows) error {
			var key string
			var k known
			err := found.Scan(&key, &k.id, &k.hash)
			d.byKey[key] = &k
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(mails) > 0 {
		err := each(ctx, tx, fmt.Sprintf(sqlFindMails, tx.Strings("$1")), []any{store.JSON(mails)}, func(found *sql.Rows) error {
			var mail string
			var k known
			err := found.Scan(&mail, &k.id, &k.hash)
			if other := d.byMail[mail]; other == nil || k.id < other.id { // of several with one address the first
				d.byMail[mail] = &k
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return d.findErased(ctx, tx)
}

// findErased asks, where anybody was ever erased, whether the rows of nobody known are about somebody erased.
func (d *decision) findErased(ctx context.Context, tx *store.Tx) error {
	any, err := anyErased(ctx, tx)
	if err != nil || !any {
		return err
	}
	if d.hasher, err = newEraser(ctx, tx); err != nil {
		return err
	}
	var hashes []string
	for _, r := range d.rows {
		if r.key != "" && d.byKey[r.key] == nil {
			hashes = append(hashes, d.hasher.external(d.Source, r.key))
		}
		if r.mail != "" && d.byMail[r.mail] == nil {
			hashes = append(hashes, d.hasher.mail(r.mail))
		}
	}
	d.erased, err = d.hasher.known(ctx, tx, hashes)
	return err
}

func (d *decision) isErased(r *decided) bool {
	if d.erased == nil {
		return false
	}
	return r.key != "" && d.erased[d.hasher.external(d.Source, r.key)] || r.mail != "" && d.erased[d.hasher.mail(r.mail)]
}

// load reads the customers with rows that say something new.
func (d *decision) load(ctx context.Context, tx *store.Tx) error {
	var ids []int64
	if !d.onlyNew {
		for _, r := range d.rows {
			if k := d.knownTo(&r); k != nil && k.hash != r.hash {
				ids = append(ids, k.id)
			}
		}
	}
	slices.Sort(ids)
	var err error
	d.states, err = loadStates(ctx, tx, slices.Compact(ids), d.parts())
	return err
}

func (d *decision) knownTo(r *decided) *known {
	if r.key != "" {
		return d.byKey[r.key]
	}
	return d.byMail[r.mail]
}

func (d *decision) parts() parts {
	p := withOrigins | withExternals
	for _, f := range d.Fields {
		switch f {
		case FieldEmail:
			p |= forSearch
		case FieldPhone, FieldMobile:
			p |= withPhones
		case FieldLine1, FieldLine2, FieldPostcode, FieldCity:
			p |= withAddresses
		}
	}
	return p | partsOf(d.Fields)
}

// apply goes through the rows in order and changes the states.
func (d *decision) apply(ctx context.Context, tx *store.Tx) error {
	if err := d.loadRegion(ctx, tx); err != nil {
		return err
	}
	for i := range d.rows {
		r := &d.rows[i]
		if r.status == Unnamed {
			continue
		}
		r.of = d.knownTo(r)
		switch {
		case r.of == nil && d.isErased(r):
			r.status = Erased
		case r.of == nil:
			r.status = New
			d.create(r, d.Rows[i])
		case d.onlyNew || r.of.hash == r.hash:
			r.status = Unchanged
		default:
			if r.of.state == nil {
				r.of.state = d.states[r.of.id]
			}
			if r.of.state == nil {
				return fmt.Errorf("customer %d: %w", r.of.id, notFound())
			}
			r.status = d.change(r, d.Rows[i])
		}
	}
	return nil
}

func (d *decision) loadRegion(ctx context.Context, tx *store.Tx) error {
	if !slices.Contains(d.Fields, FieldPhone) && !slices.Contains(d.Fields, FieldMobile) {
		return nil
	}
	settings, err := company.Load(ctx, tx)
	d.region = settings.Country
	return err
}

func (d *decision) create(r *decided, values []string) {
	s := &state{fresh: true, now: Customer{Source: d.Source, ExternalID: r.key}}
	if r.key != "" {
		s.exts = []External{{d.Source, r.key, 0}}
	}
	d.fill(s, values)
	if s.now.Kind == "" {
		s.now.Kind = guessKind(&s.now)
	}
	d.remember(s, r)
	r.of = &known{state: s, hash: r.hash}
	d.fresh = append(d.fresh, s)
	if r.key != "" {
		d.byKey[r.key] = r.of
	}
	if r.mail != "" && d.byMail[r.mail] == nil {
		d.byMail[r.mail] = r.of
	}
}

// remember notes the row's content beside the key it was found by.
func (d *decision) remember(s *state, r *decided) {
	hash := r.hash
	if d.onlyNew { // an order tells little of its customer: a file about customers is always news
		hash = 0
	}
	if r.key == "" {
		s.rehashed = s.rehashed || s.now.hash != hash
		s.now.hash = hash
		return
	}
	exts := slices.Clone(s.exts)
	for i, e := range exts {
		if e.Source == d.Source && e.ID == r.key && e.hash != hash {
			exts[i].hash = hash
			s.rehashed = true
		}
	}
	s.exts = exts
}

func (d *decision) change(r *decided, values []string) Status {
	s := r.of.state
	d.fill(s, values)
	d.remember(s, r)
	r.of.hash = r.hash
	s.settle()
	s.diff()
	if len(s.fields) == 0 && !s.fresh {
		return Unchanged
	}
	return Changed
}
