package document

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Load reads one document with its lines.
func Load(ctx context.Context, tx *store.Tx, id int64) (*Document, error) {
	all, err := loadAll(ctx, tx, []int64{id})
	if err != nil {
		return nil, err
	}
	if all[id] == nil {
		return nil, fault.New(fault.NotFound, "document.none")
	}
	return all[id], nil
}

// Some reads documents with their lines by id; what does not exist is missing from the answer.
func Some(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]*Document, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return loadAll(ctx, tx, ids)
}

func loadAll(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]*Document, error) {
	list := store.JSON(ids)
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlLoad, tx.Numbers("$1")), list)
	if err != nil {
		return nil, err
	}
	docs, err := scanDocuments(rows)
	if err != nil {
		return nil, err
	}
	all := make(map[int64]*Document, len(docs))
	for _, d := range docs {
		all[d.ID] = d
	}
	return all, loadLines(ctx, tx, list, all)
}

// Page lists documents with their lines by id, from the one after after on.
func Page(ctx context.Context, tx *store.Tx, after int64, limit int) ([]*Document, error) {
	rows, err := tx.Query(ctx, sqlPage, after, limit)
	if err != nil {
		return nil, err
	}
	docs, err := scanDocuments(rows)
	if err != nil {
		return nil, err
	}
	return docs, LoadLines(ctx, tx, docs)
}

// LoadLines reads the lines of documents that were listed without them.
func LoadLines(ctx context.Context, tx *store.Tx, docs []*Document) error {
	if len(docs) == 0 {
		return nil
	}
	ids := make([]int64, len(docs))
	all := make(map[int64]*Document, len(docs))
	for i, d := range docs {
		ids[i], all[d.ID] = d.ID, d
	}
	return loadLines(ctx, tx, store.JSON(ids), all)
}

func loadLines(ctx context.Context, tx *store.Tx, list string, all map[int64]*Document) error {
	lines, err := tx.Query(ctx, fmt.Sprintf(sqlLoadLines, tx.Numbers("$1")), list)
	if err != nil {
		return err
	}
	defer lines.Close()
	for lines.Next() {
		var of, n int64
		var l Line
		var cost sql.NullInt64
		if err := lines.Scan(&of, &n, &l.Product, &l.Description, &l.Quantity, &l.UnitPrice, &l.Amount, &l.BaseAmount, &cost, &l.Sale); err != nil {
			return err
		}
		l.Cost = pointer(cost)
		if d := all[of]; d != nil {
			d.Lines = append(d.Lines, l)
		}
	}
	return lines.Err()
}

func scanDocuments(rows *sql.Rows) ([]*Document, error) {
	defer rows.Close()
	var all []*Document
	for rows.Next() {
		var d Document
		var at, day, created, changed int64
		var rate string
		var net, tax, gross, shipping, cost, due, promised, kept sql.NullInt64
		err := rows.Scan(&d.ID, &d.Source, &d.Kind, &d.ExternalID, &d.Customer, &at, &day, &d.Status, &d.Currency, &rate,
			&net, &tax, &gross, &shipping, &d.Amount, &cost, &d.Sale, &d.FileRows, &d.SaleRows, &due, &promised, &kept,
			&d.Reference, &d.MadeRun, &d.Run, &d.Hash, &created, &changed)
		if err != nil {
			return nil, err
		}
		if err := d.Rate.UnmarshalText([]byte(rate)); err != nil {
			return nil, err
		}
		d.At, d.Day = clock.Time(at), clock.Day(day)
		d.Net, d.Tax, d.Gross, d.Shipping, d.Cost = pointer(net), pointer(tax), pointer(gross), pointer(shipping), pointer(cost)
		d.DueDay, d.Promised, d.Kept = dayPointer(due), dayPointer(promised), dayPointer(kept)
		d.CreatedAt, d.ChangedAt = clock.Time(created), clock.Time(changed)
		all = append(all, &d)
	}
	return all, rows.Err()
}

func pointer(v sql.NullInt64) *int64 {
	if !v.Valid {
		return nil
	}
	return &v.Int64
}

func dayPointer(v sql.NullInt64) *clock.Day {
	if !v.Valid {
		return nil
	}
	d := clock.Day(v.Int64)
	return &d
}

// Place is where a page of a customer's documents ended; the zero value is before the newest.
type Place struct {
	At time.Time
	ID int64
}

// key is what a list goes on below; of no place it is above everything.
func (p Place) key() (at, id int64) {
	if p.ID == 0 {
		return math.MaxInt64, math.MaxInt64
	}
	return clock.Micros(p.At), p.ID
}

// OfCustomer lists a customer's documents, newest first, without their lines.
func OfCustomer(ctx context.Context, tx *store.Tx, customer int64, before Place, limit int) ([]*Document, error) {
	at, id := before.key()
	rows, err := tx.Query(ctx, sqlOfCustomer, customer, at, id, limit)
	if err != nil {
		return nil, err
	}
	return scanDocuments(rows)
}

// SalesOf lists a customer's sales, newest first, without their lines; with a number only those that bear it, of which there may
// be several: an order and its invoice, or orders of two sources.
func SalesOf(ctx context.Context, tx *store.Tx, customer int64, number string, limit int) ([]*Document, error) {
	rows, err := tx.Query(ctx, sqlSalesOf, customer, number, limit)
	if err != nil {
		return nil, err
	}
	return scanDocuments(rows)
}

// Anonymous lists the sales without a customer, newest first, without their lines.
func Anonymous(ctx context.Context, tx *store.Tx, before Place, limit int) ([]*Document, error) {
	at, id := before.key()
	rows, err := tx.Query(ctx, sqlAnonymous, at, id, limit)
	if err != nil {
		return nil, err
	}
	return scanDocuments(rows)
}

// Any tells whether there is a document at all.
func Any(ctx context.Context, tx *store.Tx) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, sqlAny).Scan(&n)
	return n > 0, err
}

// CountOf tells how many documents a customer has.
func CountOf(ctx context.Context, tx *store.Tx, customer int64) (n int64, err error) {
	err = tx.QueryRow(ctx, sqlCountOf, customer).Scan(&n)
	return n, err
}

// Bond is what ties two documents together, seen from one of them.
type Bond struct {
	Kind       string // reverses, invoices, pays, delivers, credits or follows
	Document   int64  // the other one
	Amount     int64  // minor units of the base currency, 0 where the bond has none
	Other      Kind
	ExternalID string
	Day        clock.Day
}

// Bonds returns the bonds a document has to others, and those others have to it.
func Bonds(ctx context.Context, tx *store.Tx, id int64) (from, to []Bond, err error) {
	if from, err = bonds(ctx, tx, sqlLinksFrom, id); err != nil {
		return nil, nil, err
	}
	to, err = bonds(ctx, tx, sqlLinksTo, id)
	return from, to, err
}

func bonds(ctx context.Context, tx *store.Tx, text string, id int64) ([]Bond, error) {
	rows, err := tx.Query(ctx, text, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Bond
	for rows.Next() {
		var l Bond
		var day int64
		if err := rows.Scan(&l.Kind, &l.Document, &l.Amount, &l.Other, &l.ExternalID, &day); err != nil {
			return nil, err
		}
		l.Day = clock.Day(day)
		all = append(all, l)
	}
	return all, rows.Err()
}

// Customers returns which customers among the ids of the ranges have documents.
func Customers(ctx context.Context, tx *store.Tx, among []feed.Range) (map[int64]bool, error) {
	have := map[int64]bool{}
	for _, r := range among {
		ids, err := tx.QueryIDs(ctx, sqlCustomersWith, r[0], r[1])
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			have[id] = true
		}
	}
	return have, nil
}
