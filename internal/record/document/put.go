package document

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// The kinds of changes that Put and PutAll append to the feed. The subject of the first two is the document.
const (
	KindAdded   = "document.added"
	KindChanged = "document.changed"
	KindLinked  = "document.linked" // documents of earlier that found what they refer to, or look for it again
)

// Status is what became of a document that was put.
type Status uint8

// The three ways a document can go.
const (
	Unchanged Status = iota
	New
	Changed
)

// Outcome is the document that was put, and what became of it.
type Outcome struct {
	ID     int64
	Status Status
}

// Entry is a document to put.
type Entry struct {
	*Document
	Origin feed.Origin

	// Content is a number for what the sender said, by which it is known again when it is sent anew; 0 takes the document
	// itself. It leaves out what was looked up meanwhile, such as a rate or a cost, which stay as they were then.
	Content int64
}

// Put adds or replaces one document by hand, appends the change to the feed and links it. It returns the document's
// id and whether anything changed.
func Put(ctx context.Context, tx *store.Tx, d *Document, base string, origin feed.Origin) (id int64, changed bool, err error) {
	out, err := PutAll(ctx, tx, []Entry{{Document: d, Origin: origin}}, base)
	if err != nil {
		return 0, false, err
	}
	return out[0].ID, out[0].Status != Unchanged, nil
}

// PutAll is Put for up to about 1,000 documents of one source with different keys. Every document that is new or changed
// makes a change of its own in the feed. Linked are the documents themselves and those that wait for one of them: the
// returns, invoices and payments of their customers.
func PutAll(ctx context.Context, tx *store.Tx, entries []Entry, base string) ([]Outcome, error) {
	for _, e := range entries {
		if err := Assess(e.Document, base); err != nil {
			return nil, err
		}
		if e.Hash = e.Content; e.Hash == 0 {
			e.Hash = hashOf(e.Document)
		}
	}
	out := make([]Outcome, len(entries))
	if len(entries) == 1 {
		added, err := add(ctx, tx, entries[0].Document)
		if err != nil {
			return nil, err
		}
		if added {
			out[0] = Outcome{entries[0].ID, New}
			return out, finish(ctx, tx, entries, out, Written{})
		}
	}
	known, err := find(ctx, tx, entries)
	if err != nil {
		return nil, err
	}
	var fresh, changed []*Document
	for i, e := range entries {
		before, exists := known[Key{e.Kind, e.ExternalID}]
		switch {
		case !exists:
			out[i].Status = New
			fresh = append(fresh, e.Document)
		case before.Hash == e.Hash:
			e.ID = before.ID
		default:
			e.ID, out[i].Status = before.ID, Changed
			changed = append(changed, e.Document)
		}
	}
	w := Written{}
	if len(fresh)+len(changed) > 0 {
		if w, err = Write(ctx, tx, 0, fresh, changed); err != nil {
			return nil, err
		}
	}
	for i, e := range entries {
		out[i].ID = e.ID
	}
	return out, finish(ctx, tx, entries, out, w)
}

// add adds a single document if it is new, without asking first. On PostgreSQL the question would bring all who add
// documents with neighbouring numbers into each other's way.
func add(ctx context.Context, tx *store.Tx, d *Document) (added bool, err error) {
	now := clock.Micros(tx.Now)
	d.ID, err = tx.InsertID(ctx, sqlAdd, append(d.values(nil), now, now)...)
	if errors.Is(err, store.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := insertLines(ctx, tx, []*Document{d}); err != nil {
		return false, err
	}
	if d.waits() {
		return true, markUnlinked(ctx, tx, []int64{d.ID})
	}
	return true, nil
}

// waits tells whether the document looks for another one when it is new.
func (d *Document) waits() bool { return d.Kind.gives() || d.Reference != "" }

func find(ctx context.Context, tx *store.Tx, entries []Entry) (map[Key]Known, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	source := entries[0].Source
	keys := make([]Key, len(entries))
	for i, e := range entries {
		keys[i] = Key{e.Kind, e.ExternalID}
		if e.Source != source {
			return nil, fmt.Errorf("document: documents of sources %d and %d in one call", source, e.Source)
		}
	}
	return Find(ctx, tx, source, keys)
}

// finish links what was written and tells the feed.
func finish(ctx context.Context, tx *store.Tx, entries []Entry, out []Outcome, w Written) error {
	var written []*Document
	for i, e := range entries {
		if out[i].Status != Unchanged {
			written = append(written, e.Document)
		}
	}
	linked, err := linkNear(ctx, tx, written, w.Rows["link"])
	if err != nil {
		return err
	}
	own := map[int64]bool{}
	for i, e := range entries {
		if out[i].Status == Unchanged {
			continue
		}
		own[e.ID] = true
		if err := tell(ctx, tx, e, out[i].Status, w); err != nil {
			return err
		}
	}
	var others []int64
	for _, r := range append(w.Rows["link"], linked...) {
		for id := r[0]; id <= r[1]; id++ {
			if !own[id] {
				others = append(others, id)
			}
		}
	}
	if len(others) == 0 {
		return nil
	}
	others = slices.Compact(slices.Sorted(slices.Values(others)))
	ids := feed.Ranges(others)
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindLinked, Origin: feed.History, Rows: feed.Rows{"document": ids, "link": ids}})
	return err
}

// tell appends one document's change to the feed.
func tell(ctx context.Context, tx *store.Tx, d Entry, status Status, w Written) error {
	only := []feed.Range{{d.ID, d.ID}}
	n := feed.New{Kind: KindAdded, Origin: d.Origin, Customer: d.Customer, Subject: d.ID,
		Body: map[string]any{"kind": d.Kind.String(), "amount": d.Amount}, Rows: feed.Rows{"document": only}}
	if len(d.Lines) > 0 || status == Changed {
		n.Rows["line"] = only
	}
	if d.waits() || status == Changed {
		n.Rows["link"] = only
	}
	if status == Changed {
		n.Kind = KindChanged
		field := fmt.Sprintf("document:%d", d.ID)
		n.Old, n.OldOf = map[string]string{field: w.Old[field]}, map[string]int64{field: w.OldOf[field]}
	}
	_, err := feed.Append(ctx, tx, n)
	return err
}

// linkNear links the written documents, those that lost their link to one of them (unlinked), and those that were
// waiting for one of them or for a sale of one of their customers. It returns which found their target.
func linkNear(ctx context.Context, tx *store.Tx, written []*Document, unlinked []feed.Range) ([]feed.Range, error) {
	var try, keys []int64
	for _, d := range written {
		if d.waits() {
			try = append(try, d.ID)
		}
		if !d.Kind.sells() {
			continue
		}
		keys = append(keys, referenceKey(d.Source, d.ExternalID))
		if d.Customer != 0 {
			keys = append(keys, d.Customer)
		}
	}
	for _, r := range unlinked {
		for id := r[0]; id <= r[1]; id++ {
			try = append(try, id)
		}
	}
	if len(keys) > 0 {
		list, values := "IN ($1, $2)", []any{keys[0], keys[len(keys)-1]} // takes a third of the time, and the API asks for one mostly
		if len(keys) > 2 {
			list, values = tx.Numbers("$1"), []any{store.JSON(slices.Compact(slices.Sorted(slices.Values(keys))))}
		}
		waiting, err := tx.QueryIDs(ctx, fmt.Sprintf(sqlWaitingOf, list), values...)
		if err != nil {
			return nil, err
		}
		try = append(try, waiting...)
	}
	if len(try) == 0 {
		return nil, nil
	}
	return linkThese(ctx, tx, slices.Compact(slices.Sorted(slices.Values(try))))
}

// linkThese is Link for some documents, of which those that do not wait are passed over.
func linkThese(ctx context.Context, tx *store.Tx, ids []int64) ([]feed.Range, error) {
	ids, err := tx.QueryIDs(ctx, fmt.Sprintf(sqlWaitingAmong, tx.Numbers("$1")), store.JSON(ids))
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	docs, err := toLink(ctx, tx, fmt.Sprintf(sqlToLink, tx.Numbers("$1")), store.JSON(ids))
	if err != nil {
		return nil, err
	}
	l := linker{tx: tx}
	for _, wanted := range linkPasses {
		if err := l.all(ctx, pick(docs, wanted)); err != nil {
			return nil, err
		}
	}
	if len(l.linked) == 0 {
		return nil, nil
	}
	_, err = tx.Exec(ctx, fmt.Sprintf(sqlDeleteUnlinked, tx.Numbers("$1")), store.JSON(l.linked))
	return feed.Ranges(l.linked), err
}
