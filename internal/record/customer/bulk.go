package customer

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// MaxRows is how many rows Upsert and Ensure take in one call.
const MaxRows = 1000

// Batch is a slice of a file about customers.
type Batch struct {
	Source int64
	Run    int64      // the import, 0 for none
	Fields []string   // what the values of a row are: ImportFields and custom.KEY, each once
	Rows   [][]string // as Catalogue.Check returns them, in the order of Fields
}

// Status is what became of a row.
type Status uint8

// The five ways a row can go.
const (
	Unchanged Status = iota
	New
	Changed
	Erased  // she was erased, and what came is hers: nothing is written, the id is 0
	Unnamed // the row has neither a number nor a mail address to know her by; the id is 0
)

// Outcome is what became of a row, and whose it is.
type Outcome struct {
	ID     int64
	Status Status
}

// Written is the result of a bulk write. The caller appends one change to the feed for it.
type Written struct {
	Outcomes []Outcome         // one a row
	Rows     feed.Rows         // what the warehouse must read again
	Old      map[string]string // "customer:ID" → what the changed fields held, as JSON; for Revert and the history
	OldOf    map[string]int64  // the customer of each old value
}

// OldField is the name under which the feed keeps what an import changed of a customer.
func OldField(id int64) string { return "customer:" + strconv.FormatInt(id, 10) }

// Upsert creates and changes customers from the rows of a file, at most MaxRows. A customer is found by source and
// external id; in a row without one by mail address; never by name. Fields the file does not have stay as they are. An
// empty cell takes back what this source said, and nothing that somebody else said. The same row as last time changes
// nothing, so what a person corrected stays until the file says something new.
func Upsert(ctx context.Context, tx *store.Tx, b Batch) (Written, error) {
	return upsert(ctx, tx, b, false, true)
}

// Decide returns what Upsert would do, without writing; it runs in a read transaction. Rows of one customer in
// different calls are each New.
func Decide(ctx context.Context, tx *store.Tx, b Batch) ([]Outcome, error) {
	w, err := upsert(ctx, tx, b, false, false)
	return w.Outcomes, err
}

// Ensure finds the customers that other records name and creates those that are missing. It changes nobody, so a batch
// of external ids alone costs one query.
func Ensure(ctx context.Context, tx *store.Tx, b Batch) (Written, error) {
	return upsert(ctx, tx, b, true, true)
}

// DecideEnsure returns what Ensure would do, without writing.
func DecideEnsure(ctx context.Context, tx *store.Tx, b Batch) ([]Outcome, error) {
	w, err := upsert(ctx, tx, b, true, false)
	return w.Outcomes, err
}

func upsert(ctx context.Context, tx *store.Tx, b Batch, onlyNew, write bool) (Written, error) {
	d, err := newDecision(b)
	if err != nil {
		return Written{}, err
	}
	d.onlyNew, d.now = onlyNew, clock.Micros(tx.Now)
	if err := d.find(ctx, tx); err != nil {
		return Written{}, err
	}
	if err := d.load(ctx, tx); err != nil {
		return Written{}, err
	}
	if err := d.apply(ctx, tx); err != nil {
		return Written{}, err
	}
	if !write {
		return d.tentative()
	}
	return d.record(ctx, tx)
}

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

// known is a customer that rows of the batch are about.
type known struct {
	id    int64
	hash  int64 // of the row that came last
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
	byID := map[int64]*known{}
	one := func(id int64) *known {
		if byID[id] == nil {
			byID[id] = &known{id: id}
		}
		return byID[id]
	}
	if len(keys) > 0 {
		err := each(ctx, tx, fmt.Sprintf(sqlFindExternals, tx.Strings("$2")), []any{d.Source, store.JSON(keys)}, func(found *sql.Rows) error {
			var key string
			var id, hash int64
			if err := found.Scan(&key, &id, &hash); err != nil {
				return err
			}
			d.byKey[key] = one(id)
			d.byKey[key].hash = hash
			return nil
		})
		if err != nil {
			return err
		}
	}
	if len(mails) > 0 {
		if err := d.findMails(ctx, tx, mails, one); err != nil {
			return err
		}
	}
	return d.findErased(ctx, tx)
}

func (d *decision) findMails(ctx context.Context, tx *store.Tx, mails []string, one func(int64) *known) error {
	var ids []int64
	err := each(ctx, tx, fmt.Sprintf(sqlFindMails, tx.Strings("$1")), []any{store.JSON(mails)}, func(found *sql.Rows) error {
		var mail string
		var id int64
		if err := found.Scan(&mail, &id); err != nil {
			return err
		}
		d.byMail[mail] = one(id)
		ids = append(ids, id)
		return nil
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	return each(ctx, tx, fmt.Sprintf(sqlHashes, tx.Numbers("$1")), []any{store.JSON(ids)}, func(found *sql.Rows) error {
		var id, hash int64
		if err := found.Scan(&id, &hash); err != nil {
			return err
		}
		if k := one(id); k.hash == 0 {
			k.hash = hash
		}
		return nil
	})
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
