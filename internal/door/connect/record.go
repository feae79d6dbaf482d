package connect

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/contract"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/product"
)

const (
	sqlKeep     = `INSERT INTO import_kept (run, kind, id) VALUES ($1, $2, $3) ON CONFLICT (run, kind, id) DO NOTHING`
	sqlKeptRows = `SELECT kind, id FROM import_kept WHERE run = $1 AND (kind, id) > ($2, $3) ORDER BY kind, id LIMIT $4`
)

// Record is something that an import made or changed.
type Record struct {
	Kind     string // document, contract, consent, customer or product
	ID       int64
	Document document.Kind // of a document
	Name     string        // number or name as people know it; empty where it is gone by now
	Customer int64         // whose it is, 0 for products and anonymous sales
}

// Word says what kind of record it is.
func (k Record) Word(p *i18n.Printer) string {
	if k.Kind == "document" && k.Name != "" {
		return p.T("document.kind." + k.Document.String())
	}
	return p.T("import.record." + k.Kind)
}

// KeptBy lists what the undo of a run had to leave because somebody changed it since or something else names it, in the order of kind
// and id, from behind the given one.
func KeptBy(ctx context.Context, tx *store.Tx, run int64, after Record, limit int) ([]Record, error) {
	rows, err := tx.Query(ctx, sqlKeptRows, run, after.Kind, after.ID, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Record
	for rows.Next() {
		var k Record
		if err := rows.Scan(&k.Kind, &k.ID); err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	return all, nameRecords(ctx, tx, all)
}

// nameRecords fills in what the records are called.
func nameRecords(ctx context.Context, tx *store.Tx, all []Record) error {
	ids := map[string][]int64{}
	for _, r := range all {
		ids[r.Kind] = append(ids[r.Kind], r.ID)
	}
	documents, err := document.Some(ctx, tx, ids["document"])
	if err != nil {
		return err
	}
	customers, err := customer.Names(ctx, tx, ids["customer"])
	if err != nil {
		return err
	}
	products, err := product.Names(ctx, tx, ids["product"])
	if err != nil {
		return err
	}
	for i := range all {
		k := &all[i]
		switch k.Kind {
		case "document":
			if d := documents[k.ID]; d != nil {
				k.Name, k.Document, k.Customer = d.ExternalID, d.Kind, d.Customer
			}
		case "customer":
			k.Name, k.Customer = customers[k.ID], k.ID
		case "product":
			k.Name = products[k.ID]
		case "contract":
			c, err := contract.Load(ctx, tx, k.ID)
			if gone(err) {
				continue
			} else if err != nil {
				return err
			}
			k.Name, k.Customer = c.ExternalID, c.Customer
			if k.Name == "" {
				k.Name = c.Plan
			}
		case "consent":
			e, err := consent.FindEntry(ctx, tx, k.ID)
			if gone(err) {
				continue
			} else if err != nil {
				return err
			}
			k.Name, k.Customer = e.Address, e.Customer
		}
	}
	return nil
}

// gone reports that a record was there once and is not any more.
func gone(err error) bool { return fault.CodeOf(err) == fault.NotFound }

// Place is where a page of what a run did ended.
type Place struct{ Seq, ID int64 }

// recordsOf is the table that the records of a run's kind stand in, and what they are called.
func recordsOf(kind sheet.Kind) (table, record string) {
	switch kind {
	case sheet.Customers:
		return "customer", "customer"
	case sheet.Products:
		return "product", "product"
	case sheet.Contracts:
		return "contract", "contract"
	case sheet.Consents:
		return "consent_entry", "consent"
	default:
		return "document", "document"
	}
}

// Did lists the records of its kind that a run made, or those it changed, from behind a place on; next is where to go on, the zero
// Place at the end. It knows as long as the feed keeps what was done.
func Did(ctx context.Context, tx *store.Tx, run *Run, made bool, after Place, limit int) (all []Record, next Place, err error) {
	table, record := recordsOf(run.Kind)
	for seq := max(after.Seq-1, 0); ; {
		changes, err := feed.OfSubject(ctx, tx, KindSlice, run.ID, seq, 100)
		if err != nil {
			return nil, Place{}, err
		}
		rows, err := rowsOf(ctx, tx, changes, table, made)
		if err != nil {
			return nil, Place{}, err
		}
		for i, c := range changes {
			seq = c.Seq
			for _, id := range rows[i] {
				switch {
				case c.Seq == after.Seq && id <= after.ID:
				case len(all) == limit:
					return all, next, nameRecords(ctx, tx, all)
				default:
					all = append(all, Record{Kind: record, ID: id})
					next = Place{c.Seq, id}
				}
			}
		}
		if len(changes) < 100 {
			return all, Place{}, nameRecords(ctx, tx, all)
		}
	}
}

// rowsOf are the rows of a table that each of the slices made, or those it changed: their old content is kept. Ids ascend.
func rowsOf(ctx context.Context, tx *store.Tx, changes []feed.Change, table string, made bool) ([][]int64, error) {
	rows := make([][]int64, len(changes))
	place := make(map[int64]int, len(changes))
	for i, c := range changes {
		place[c.Seq] = i
		var body sliceBody
		if err := json.Unmarshal(c.Body, &body); err != nil {
			return nil, err
		}
		if made {
			rows[i] = idsOf(body.Made[table])
		}
	}
	if !made {
		old, err := feed.OldFields(ctx, tx, slices.Collect(maps.Keys(place)), table+":")
		if err != nil {
			return nil, err
		}
		for change, fields := range old {
			for _, field := range fields {
				if id, err := strconv.ParseInt(field[len(table)+1:], 10, 64); err == nil {
					rows[place[change]] = append(rows[place[change]], id)
				}
			}
		}
	}
	for i := range rows {
		slices.Sort(rows[i])
		rows[i] = slices.Compact(rows[i])
	}
	return rows, nil
}
