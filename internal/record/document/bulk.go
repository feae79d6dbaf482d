package document

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Key names a document within its source.
type Key struct {
	Kind       Kind
	ExternalID string
}

// Known is what a writer must know of a document that exists already.
type Known struct {
	ID       int64
	Hash     int64
	Customer int64
}

// Find looks up documents of a source by their keys, all at once.
func Find(ctx context.Context, tx *store.Tx, source int64, keys []Key) (map[Key]Known, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = k.ExternalID
	}
	list, value := tx.Strings("$2"), store.JSON(ids)
	if len(ids) == 1 { // takes a third of the time, and the API asks for one mostly
		list, value = "= $2", ids[0]
	}
	known := make(map[Key]Known, len(keys))
	err := tx.Values(ctx, fmt.Sprintf(sqlFind, list), []any{source, value}, func(_ []string, row []any) error {
		k := Key{Kind: Kind(row[0].(int64)), ExternalID: row[1].(string)}
		known[k] = Known{ID: row[2].(int64), Hash: row[3].(int64), Customer: row[4].(int64)}
		return nil
	})
	return known, err
}

// FindMany is Find for many documents that are likely new: where their ids ascend beyond those that are there, one look
// tells that none of them is. It is for reading alone; a writer on PostgreSQL would get into the way of others.
func FindMany(ctx context.Context, tx *store.Tx, source int64, keys []Key) (map[Key]Known, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	low, high := keys[0].ExternalID, keys[0].ExternalID
	for _, k := range keys {
		low, high = min(low, k.ExternalID), max(high, k.ExternalID)
	}
	var one int
	err := tx.QueryRow(ctx, sqlAnyBetween, source, low, high).Scan(&one)
	if errors.Is(err, store.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return Find(ctx, tx, source, keys)
}

// Written tells the feed what a bulk write touched.
type Written struct {
	Rows  feed.Rows         // warehouse tables and ids
	Old   map[string]string // "document:ID" → the document before, as JSON
	OldOf map[string]int64  // the customer each old value is about
}

// Write adds and replaces documents, at most about 1,000 at a time. fresh get their ids here; changed carry the id
// they have. Returns and what refers to another document wait in document_unlinked until Link finds their target.
// The caller appends the feed change.
func Write(ctx context.Context, tx *store.Tx, run int64, fresh, changed []*Document) (Written, error) {
	w := Written{Rows: feed.Rows{}}
	if err := reserve(ctx, tx, fresh); err != nil {
		return w, err
	}
	var unlinked []int64
	if len(changed) > 0 {
		back, err := w.prepareChanged(ctx, tx, changed)
		if err != nil {
			return w, err
		}
		unlinked = append(unlinked, back...)
	}
	for _, d := range fresh {
		d.MadeRun, d.Run = run, run
	}
	for _, d := range changed {
		d.Run = run
	}
	if err := insertDocuments(ctx, tx, fresh); err != nil {
		return w, err
	}
	if err := updateDocuments(ctx, tx, changed); err != nil {
		return w, err
	}
	all := slices.Concat(fresh, changed)
	if err := insertLines(ctx, tx, all); err != nil {
		return w, err
	}
	for _, d := range changed {
		if d.waits() {
			unlinked = append(unlinked, d.ID)
		}
	}
	if err := insertUnlinked(ctx, tx, fresh); err != nil {
		return w, err
	}
	if err := markUnlinked(ctx, tx, unlinked); err != nil {
		return w, err
	}
	w.touch("document", all)
	w.touch("line", all)
	return w, nil
}

func (w *Written) touch(table string, docs []*Document) {
	ids := make([]int64, 0, len(docs))
	for _, d := range docs {
		if table == "line" && len(d.Lines) == 0 && d.CreatedAt.IsZero() {
			continue
		}
		ids = append(ids, d.ID)
	}
	w.add(table, ids)
}

func (w *Written) add(table string, ids []int64) {
	if len(ids) > 0 {
		w.Rows[table] = append(w.Rows[table], feed.Ranges(ids)...)
	}
}

func reserve(ctx context.Context, tx *store.Tx, fresh []*Document) error {
	ids, err := tx.ReserveIDs(ctx, "document", len(fresh))
	if err != nil {
		return err
	}
	for i, d := range fresh {
		d.ID = ids[i]
	}
	return nil
}

// prepareChanged keeps what the documents were, and takes away the lines and links that will be written anew. It
// returns the documents that were linked to a changed one and must look for their target again.
func (w *Written) prepareChanged(ctx context.Context, tx *store.Tx, changed []*Document) ([]int64, error) {
	ids := make([]int64, len(changed))
	for i, d := range changed {
		ids[i] = d.ID
	}
	old, err := loadAll(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	w.Old, w.OldOf = map[string]string{}, map[string]int64{}
	for i, d := range changed {
		before := old[d.ID]
		if before == nil {
			return nil, fmt.Errorf("document %d vanished", d.ID)
		}
		changed[i].CreatedAt, changed[i].MadeRun = before.CreatedAt, before.MadeRun
		text, err := json.Marshal(before)
		if err != nil {
			return nil, err
		}
		field := fmt.Sprintf("document:%d", d.ID)
		w.Old[field], w.OldOf[field] = string(text), before.Customer
	}
	back, err := unlink(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	w.add("link", append(slices.Clone(back), ids...))
	w.add("document", slices.Clone(back))
	_, err = tx.Exec(ctx, fmt.Sprintf(sqlDeleteLines, tx.Numbers("$1")), store.JSON(ids))
	return back, err
}

// unlink removes the links from and to the documents and returns those that pointed at them.
func unlink(ctx context.Context, tx *store.Tx, ids []int64) ([]int64, error) {
	list := store.JSON(ids)
	back, err := tx.QueryIDs(ctx, fmt.Sprintf(sqlPointing, tx.Numbers("$1")), list)
	if err != nil {
		return nil, err
	}
	if len(back) > 0 { // an invoice counts again once its order does not
		if _, err := tx.Exec(ctx, fmt.Sprintf(sqlUnbilled, tx.Numbers("$1")), store.JSON(back)); err != nil {
			return nil, err
		}
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(sqlDeleteLinks, tx.Numbers("$1"), tx.Numbers("$2")), list, store.JSON(back)); err != nil {
		return nil, err
	}
	return back, nil
}

// insertUnlinked is markUnlinked for new documents, as far as they wait for another one.
func insertUnlinked(ctx context.Context, tx *store.Tx, fresh []*Document) error {
	var rows [][]any
	for _, d := range fresh {
		if d.waits() {
			rows = append(rows, []any{d.ID, d.waitsFor()})
		}
	}
	return tx.Insert(ctx, "document_unlinked", []string{"document", "customer"}, rows)
}

// markUnlinked lets documents wait for what they refer to.
func markUnlinked(ctx context.Context, tx *store.Tx, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	list := store.JSON(ids)
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlToWait, tx.Numbers("$1")), list)
	if err != nil {
		return err
	}
	defer rows.Close()
	var all [][]any
	for rows.Next() {
		var d Document
		if err := rows.Scan(&d.ID, &d.Kind, &d.Source, &d.Customer, &d.Reference); err != nil {
			return err
		}
		all = append(all, []any{d.ID, d.waitsFor()})
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(sqlDeleteUnlinked, tx.Numbers("$1")), list); err != nil {
		return err
	}
	return tx.Insert(ctx, "document_unlinked", []string{"document", "customer"}, all)
}

// waitsFor is how a waiting document is found again when what it waits for comes: a return by its customer, who has to
// buy something, anything else by the number it refers to.
func (d *Document) waitsFor() int64 {
	if d.Kind.gives() && d.Customer != 0 || d.Reference == "" {
		return d.Customer
	}
	return referenceKey(d.Source, d.Reference)
}

var documentColumns = []string{"id", "source", "kind", "external_id", "customer", "at", "day", "status", "currency", "rate",
	"net", "tax", "gross", "shipping", "amount", "cost", "sale", "file_rows", "sale_rows", "due_day", "promised_day", "kept_day",
	"reference", "made_run", "run", "hash", "created_at", "changed_at"}

func insertDocuments(ctx context.Context, tx *store.Tx, docs []*Document) error {
	var now any = clock.Micros(tx.Now)
	rows := store.NewRows(len(docs), len(documentColumns))
	for _, d := range docs {
		rows.End(append(append(d.values(append(rows.Row(), d.ID)), now), now))
	}
	return tx.Insert(ctx, "document", documentColumns, rows.All)
}

// values adds the columns between id and created_at to row, as bound.
func (d *Document) values(row []any) []any {
	return append(row, d.Source, int(d.Kind), d.ExternalID, d.Customer, clock.Micros(d.At), int64(d.Day), d.Status, d.Currency, d.Rate.String(),
		number(d.Net), number(d.Tax), number(d.Gross), number(d.Shipping), d.Amount, number(d.Cost), store.Flag(d.Sale),
		d.FileRows, d.SaleRows, day(d.DueDay), day(d.Promised), day(d.Kept), d.Reference, d.MadeRun, d.Run, d.Hash)
}

func updateDocuments(ctx context.Context, tx *store.Tx, docs []*Document) error {
	now := clock.Micros(tx.Now)
	for _, d := range docs {
		if _, err := tx.Exec(ctx, sqlUpdate, append(d.values([]any{d.ID}), now)...); err != nil {
			return err
		}
	}
	return nil
}

var lineColumns = []string{"document", "n", "product", "description", "quantity", "unit_price", "amount", "base_amount", "cost", "sale"}

func insertLines(ctx context.Context, tx *store.Tx, docs []*Document) error {
	n := 0
	for _, d := range docs {
		n += len(d.Lines)
	}
	rows := store.NewRows(n, len(lineColumns))
	for _, d := range docs {
		var id any = d.ID
		for i, l := range d.Lines {
			rows.End(append(rows.Row(), id, i+1, l.Product, l.Description, l.Quantity, l.UnitPrice, l.Amount, l.BaseAmount, number(l.Cost), store.Flag(l.Sale)))
		}
	}
	return tx.Insert(ctx, "document_line", lineColumns, rows.All)
}

func number(v *int64) any {
	if v == nil {
		return nil
	}
	return *v
}

func day(v *clock.Day) any {
	if v == nil {
		return nil
	}
	return int64(*v)
}
