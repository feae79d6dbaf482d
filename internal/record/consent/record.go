package consent

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
)

// Written tells what Write did.
type Written struct {
	IDs  []int64   // of the entries, in their order; 0 for one that was refused because a file does not overrule a no
	Rows feed.Rows // what the warehouse must read again
}

// eachAlone is up to how many entries Record tells the feed one by one.
const eachAlone = 100

// Record adds acts to the ledger, in their order and at most about 1,000 at a time, and brings what they come to up to date. All are checked first; a mistake
// writes nothing. A customer who was merged into another gives the other one; one erased is a conflict.
func Record(ctx context.Context, tx *store.Tx, entries []Entry) (Written, error) {
	w, err := Write(ctx, tx, entries)
	if err != nil || len(entries) == 0 {
		return w, err
	}
	if len(entries) > eachAlone {
		_, err := feed.Append(ctx, tx, feed.New{Kind: KindRecorded, Body: map[string]any{"count": len(entries)}, Rows: w.Rows})
		return w, err
	}
	for i, e := range entries {
		if w.IDs[i] == 0 {
			continue
		}
		body := map[string]any{"channel": string(e.Channel), "purpose": string(e.Purpose)}
		if e.Basis != "" {
			body["basis"] = string(e.Basis)
		}
		if _, err := feed.Append(ctx, tx, feed.New{Kind: "consent." + string(e.Kind), Customer: e.Customer, Subject: w.IDs[i], Body: body,
			Rows: feed.Rows{tableNow: {{e.Customer, e.Customer}}}}); err != nil {
			return w, err
		}
	}
	return w, nil
}

// Write is Record without the feed, for imports that tell it by changes of their own. It completes the entries in place.
func Write(ctx context.Context, tx *store.Tx, entries []Entry) (Written, error) {
	w := Written{IDs: make([]int64, len(entries)), Rows: feed.Rows{}}
	if len(entries) == 0 {
		return w, nil
	}
	b, err := prepare(ctx, tx, entries)
	if err != nil {
		return w, err
	}
	ids, err := tx.ReserveIDs(ctx, "consent_entry", len(entries))
	if err != nil {
		return w, err
	}
	for i := range entries {
		e := &entries[i]
		e.ID = ids[i]
		if e.Run != 0 && e.Kind != Withdrawn && e.Kind != Objected && b.suppressed[e.Hash] || !b.ledgers[e.Customer].apply(e, clock.Micros(e.At)) {
			e.ID = 0
			continue
		}
		w.IDs[i] = e.ID
		b.written = append(b.written, e)
	}
	if err := b.save(ctx, tx); err != nil {
		return w, err
	}
	if len(b.written) > 0 {
		w.Rows[tableNow] = feed.Ranges(slices.Sorted(maps.Keys(b.ledgers)))
	}
	return w, nil
}

// batch is a list of entries on its way into the ledger.
type batch struct {
	hasher     *hasher
	day        func(micros int64) int64
	ledgers    map[int64]ledger
	before     map[int64]ledger
	suppressed map[string]bool
	written    []*Entry
}

func prepare(ctx context.Context, tx *store.Tx, entries []Entry) (*batch, error) {
	install, err := customer.InstallKey(ctx, tx, true)
	if err != nil {
		return nil, err
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return nil, err
	}
	zone := settings.Zone()
	b := &batch{hasher: newHasher(install), day: func(micros int64) int64 { return int64(clock.DayOf(clock.Time(micros), zone)) }}
	customers := make([]int64, len(entries))
	var imported []string
	for i := range entries {
		e := &entries[i]
		if err := e.check(); err != nil {
			return nil, err
		}
		if e.At.IsZero() {
			e.At = tx.Now
		}
		e.Actor, e.CreatedAt = tx.Actor, tx.Now
		if e.Hash = b.hasher.sum(e.Channel, e.Address); e.Run != 0 && e.Hash != "" {
			imported = append(imported, e.Hash)
		}
		customers[i] = e.Customer
	}
	if err := resolve(ctx, tx, customers, entries); err != nil {
		return nil, err
	}
	if err := checkSales(ctx, tx, entries); err != nil {
		return nil, err
	}
	if b.suppressed, err = suppressedAmong(ctx, tx, imported); err != nil {
		return nil, err
	}
	for i, e := range entries {
		customers[i] = e.Customer
	}
	b.ledgers, err = loadLedgers(ctx, tx, customers)
	b.before = make(map[int64]ledger, len(b.ledgers))
	for id, l := range b.ledgers {
		b.before[id] = maps.Clone(l)
	}
	return b, err
}

// resolve finds the customers the entries are about.
func resolve(ctx context.Context, tx *store.Tx, ids []int64, entries []Entry) error {
	found, err := tx.Query(ctx, fmt.Sprintf(sqlWho, tx.Numbers("$1")), store.JSON(ids))
	if err != nil {
		return err
	}
	defer found.Close()
	type who struct {
		id     int64
		erased bool
	}
	people := make(map[int64]who, len(ids))
	for found.Next() {
		var id int64
		var w who
		if err := found.Scan(&id, &w.id, &w.erased); err != nil {
			return err
		}
		people[id] = w
	}
	for i := range entries {
		w, there := people[entries[i].Customer]
		switch {
		case !there:
			return fault.New(fault.NotFound, "customer.not_found")
		case w.erased:
			return fault.New(fault.Conflict, "customer.is_erased")
		}
		entries[i].Customer = w.id
	}
	return found.Err()
}

// checkSales holds existing-customer entries to their sale: the first condition of § 7(3) UWG is that the address was
// obtained from this customer at a sale.
func checkSales(ctx context.Context, tx *store.Tx, entries []Entry) error {
	var ids []int64
	for _, e := range entries {
		if e.Basis == ExistingCustomer && e.Kind != Withdrawn {
			ids = append(ids, e.Document)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	buyers := make(map[int64]int64, len(ids))
	err := scanPairs(ctx, tx, fmt.Sprintf(sqlSales, tx.Numbers("$1")), store.JSON(ids), func(id, of int64) { buyers[id] = of })
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Basis == ExistingCustomer && e.Kind != Withdrawn && buyers[e.Document] != e.Customer {
			return fault.New(fault.Invalid, "consent.existing_sale").On("document")
		}
	}
	return nil
}

func scanPairs(ctx context.Context, tx *store.Tx, text, list string, each func(a, b int64)) error {
	found, err := tx.Query(ctx, text, list)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var a, b int64
		if err := found.Scan(&a, &b); err != nil {
			return err
		}
		each(a, b)
	}
	return found.Err()
}

func loadLedgers(ctx context.Context, tx *store.Tx, customers []int64) (map[int64]ledger, error) {
	all := make(map[int64]ledger, len(customers))
	for _, id := range customers {
		all[id] = ledger{}
	}
	found, err := tx.Query(ctx, fmt.Sprintf(sqlStates, tx.Numbers("$1")), store.JSON(slices.Collect(maps.Keys(all))))
	if err != nil {
		return nil, err
	}
	defer found.Close()
	for found.Next() {
		var id int64
		var s state
		if err := found.Scan(&id, &s.channel, &s.purpose, &s.address, &s.basis, &s.status, &s.entry, &s.own, &s.document, &s.run, &s.at); err != nil {
			return nil, err
		}
		all[id][s.place] = s
	}
	return all, found.Err()
}

var entryFields = []string{"id", "customer", "channel", "purpose", "kind", "basis", "address", "hash", "text_version", "form", "source",
	"document", "proof", "evidence", "ip", "at", "run", "actor_kind", "actor", "created_at"}

// save writes the entries and what they come to.
func (b *batch) save(ctx context.Context, tx *store.Tx) error {
	rows := make([][]any, len(b.written))
	for i, e := range b.written {
		rows[i] = []any{e.ID, e.Customer, string(e.Channel), string(e.Purpose), string(e.Kind), string(e.Basis), e.Address, e.Hash, e.TextVersion, e.Form,
			e.Source, e.Document, e.Proof, e.Evidence, e.IP, clock.Micros(e.At), e.Run, e.Actor.Kind, e.Actor.ID, clock.Micros(e.CreatedAt)}
	}
	if err := tx.Insert(ctx, "consent_entry", entryFields, rows); err != nil {
		return err
	}
	if err := b.saveStates(ctx, tx); err != nil {
		return err
	}
	return b.tellAddresses(ctx, tx)
}

// saveStates writes what changed of the states, and the summaries of those whose states changed.
func (b *batch) saveStates(ctx context.Context, tx *store.Tx) error {
	var added, now [][]any
	var touched []int64
	for _, id := range slices.Sorted(maps.Keys(b.ledgers)) {
		was, is := b.before[id], b.ledgers[id]
		if maps.Equal(was, is) {
			continue
		}
		touched = append(touched, id)
		for p, s := range is {
			before, there := was[p]
			row := []any{id, string(s.channel), string(s.purpose), s.address, string(s.basis), string(s.status), s.entry, store.Flag(s.own), s.document, s.run, s.at}
			switch {
			case !there:
				added = append(added, row)
			case before != s:
				if _, err := tx.Exec(ctx, sqlSetState, row...); err != nil {
					return err
				}
			}
		}
		now = append(now, b.nowRows(id, is)...)
	}
	err := tx.Insert(ctx, "consent_state", []string{"customer", "channel", "purpose", "address", "basis", "status", "entry", "own", "document", "run", "at"}, added)
	if err != nil || len(touched) == 0 {
		return err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(sqlDropNow, tx.Numbers("$1")), store.JSON(touched)); err != nil {
		return err
	}
	return tx.Insert(ctx, "consent_now", []string{"customer", "channel", "purpose", "status", "day"}, now)
}

func (b *batch) nowRows(id int64, l ledger) [][]any {
	var rows [][]any
	for _, s := range summaries(l.states()) {
		rows = append(rows, []any{id, string(s.channel), string(s.purpose), s.status, b.day(s.at)})
	}
	return rows
}

// states are the ledger's states in a fixed order.
func (l ledger) states() []state {
	return slices.SortedFunc(maps.Values(l), func(a, b state) int {
		return cmp.Or(cmp.Compare(a.channel, b.channel), cmp.Compare(a.purpose, b.purpose), cmp.Compare(a.address, b.address), cmp.Compare(a.basis, b.basis))
	})
}

func scanEntries(rows *sql.Rows) ([]Entry, error) {
	defer rows.Close()
	var all []Entry
	for rows.Next() {
		var e Entry
		var at, created int64
		if err := rows.Scan(&e.ID, &e.Customer, &e.Channel, &e.Purpose, &e.Kind, &e.Basis, &e.Address, &e.Hash, &e.TextVersion, &e.Form, &e.Source,
			&e.Document, &e.Proof, &e.Evidence, &e.IP, &at, &e.Run, &e.Actor.Kind, &e.Actor.ID, &created); err != nil {
			return nil, err
		}
		e.At, e.CreatedAt = clock.Time(at), clock.Time(created)
		all = append(all, e)
	}
	return all, rows.Err()
}
