package connect

import (
	"context"

	"stamm/internal/platform/fault"
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

// Kept is a record that an undo had to leave because somebody changed it since or something else names it.
type Kept struct {
	Kind     string // document, contract, consent, customer or product
	ID       int64
	Document document.Kind // of a document
	Name     string        // number or name as people know it; empty where it is gone by now
	Customer int64         // whose it is, 0 for products and anonymous sales
}

// Word says what kind of record it is.
func (k Kept) Word(p *i18n.Printer) string {
	if k.Kind == "document" && k.Name != "" {
		return p.T("document.kind." + k.Document.String())
	}
	return p.T("import.record." + k.Kind)
}

// KeptBy lists what the undo of a run had to leave, in the order of kind and id, from behind the given one.
func KeptBy(ctx context.Context, tx *store.Tx, run int64, after Kept, limit int) ([]Kept, error) {
	rows, err := tx.Query(ctx, sqlKeptRows, run, after.Kind, after.ID, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Kept
	ids := map[string][]int64{}
	for rows.Next() {
		var k Kept
		if err := rows.Scan(&k.Kind, &k.ID); err != nil {
			return nil, err
		}
		all = append(all, k)
		ids[k.Kind] = append(ids[k.Kind], k.ID)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	return all, nameKept(ctx, tx, all, ids)
}

// nameKept fills in what the records are called.
func nameKept(ctx context.Context, tx *store.Tx, all []Kept, ids map[string][]int64) error {
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

// gone reports that a record was there when the undo left it and is not any more.
func gone(err error) bool { return fault.CodeOf(err) == fault.NotFound }
