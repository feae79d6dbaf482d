package document

import (
	"context"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// linkPasses is the order in which waiting documents look for their target: an invoice that bills an order must be
// known as such before a return of that invoice is linked.
var linkPasses = [...]func(Kind) bool{
	Kind.sells,
	Kind.gives,
	func(k Kind) bool { return !k.sells() && !k.gives() },
}

// LinkPasses is how many passes of Link there are; in ReturnPass returns and credit notes find their sale.
const (
	LinkPasses = len(linkPasses)
	ReturnPass = 1
)

// Turn is what one call of Link did.
type Turn struct {
	Written
	Last   int64 // the last document looked at; 0 when none is left
	Looked int   // how many were
}

// Waiting is how many documents wait for the one they refer to.
func Waiting(ctx context.Context, tx *store.Tx) (n int64, err error) {
	err = tx.QueryRow(ctx, sqlCountUnlinked).Scan(&n)
	return n, err
}

// Link looks for the targets of up to limit waiting documents after the one numbered after, in their order. Documents
// that find none keep waiting.
//
// A reference names its target. A return without one is matched line by line to the newest earlier sale of the same
// customer that has the product at the same price and enough of it left, else at another price.
func Link(ctx context.Context, tx *store.Tx, pass int, after int64, limit int) (t Turn, err error) {
	docs, err := toLink(ctx, tx, sqlUnlinked, after, limit)
	if err != nil || len(docs) == 0 {
		return t, err
	}
	l := linker{tx: tx}
	if err := l.all(ctx, pick(docs, linkPasses[pass])); err != nil {
		return t, err
	}
	t = Turn{Written: Written{Rows: feed.Rows{}}, Last: docs[len(docs)-1].ID, Looked: len(docs)}
	if len(l.linked) > 0 {
		if _, err := tx.Exec(ctx, fmt.Sprintf(sqlDeleteUnlinked, tx.Numbers("$1")), store.JSON(l.linked)); err != nil {
			return Turn{}, err
		}
		t.add("document", l.linked)
		t.add("link", l.linked)
	}
	return t, nil
}

// toLink reads of documents what finding their targets takes, without their lines, in the order of their ids.
func toLink(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Document, error) {
	var docs []*Document
	err := tx.Values(ctx, text, args, func(_ []string, row []any) error {
		docs = append(docs, &Document{ID: row[0].(int64), Kind: Kind(row[1].(int64)), Source: row[2].(int64), Customer: row[3].(int64),
			At: clock.Time(row[4].(int64)), Amount: row[5].(int64), Reference: row[6].(string)})
		return nil
	})
	return docs, err
}

// pick are the documents that a pass is about.
func pick(docs []*Document, wanted func(Kind) bool) []*Document {
	picked := make([]*Document, 0, len(docs))
	for _, d := range docs {
		if wanted(d.Kind) {
			picked = append(picked, d)
		}
	}
	return picked
}

// linker links documents and gathers which found their target.
type linker struct {
	tx     *store.Tx
	linked []int64

	targets map[reference][]target
	bonds   [][]any // rows of document_link still to be written
	billed  []int64 // invoices that are still to be known as no sales
}

// reference is how a document names another one.
type reference struct {
	source     int64
	externalID string
}

// target is an order or invoice that is named.
type target struct {
	id   int64
	kind Kind
	sale bool
}

// all links the documents of one pass.
func (l *linker) all(ctx context.Context, docs []*Document) error {
	if err := l.findTargets(ctx, docs); err != nil {
		return err
	}
	var unnamed []*Document
	for _, d := range docs {
		if d.matchesLines() && l.target(d).id == 0 {
			unnamed = append(unnamed, d)
		}
	}
	if err := LoadLines(ctx, l.tx, unnamed); err != nil {
		return err
	}
	for _, d := range docs {
		if err := l.link(ctx, d); err != nil {
			return fmt.Errorf("link document %d: %w", d.ID, err)
		}
	}
	return l.flush(ctx)
}

// findTargets looks up what the documents refer to.
func (l *linker) findTargets(ctx context.Context, docs []*Document) error {
	named := map[int64][]string{}
	for _, d := range docs {
		if d.Reference != "" {
			named[d.Source] = append(named[d.Source], d.Reference)
		}
	}
	l.targets = map[reference][]target{}
	for source, ids := range named {
		list, value := l.tx.Strings("$2"), store.JSON(ids)
		if len(ids) == 1 { // as Find
			list, value = "= $2", ids[0]
		}
		err := l.tx.Values(ctx, fmt.Sprintf(sqlTargets, list), []any{source, value}, func(_ []string, row []any) error {
			ref := reference{source: source, externalID: row[3].(string)}
			l.targets[ref] = append(l.targets[ref], target{id: row[0].(int64), kind: Kind(row[1].(int64)), sale: row[2].(int64) == 1})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// matchesLines tells whether a document may find its target by what was bought.
func (d *Document) matchesLines() bool { return d.Kind.gives() && d.Customer != 0 }

func (l *linker) link(ctx context.Context, d *Document) error {
	var found [][]any
	var err error
	if d.Reference != "" {
		found, err = l.byReference(ctx, d)
	}
	if err == nil && len(found) == 0 && d.matchesLines() {
		found, err = l.byLines(ctx, d)
	}
	if err != nil || len(found) == 0 {
		return err
	}
	l.linked = append(l.linked, d.ID)
	for i, f := range found {
		f[0], f[1] = d.ID, i+1
	}
	l.bonds = append(l.bonds, found...)
	return nil
}

// flush writes what was found.
func (l *linker) flush(ctx context.Context) error {
	if len(l.billed) > 0 {
		if _, err := l.tx.Exec(ctx, fmt.Sprintf(sqlBilled, l.tx.Numbers("$1")), store.JSON(l.billed)); err != nil {
			return err
		}
	}
	err := l.tx.Insert(ctx, "document_link", []string{"document", "n", "target", "target_line", "kind", "quantity", "amount"}, l.bonds)
	l.bonds, l.billed = nil, nil
	return err
}

// bond is a row of document_link; its document and number are filled in when all of them are known.
func bond(target, targetLine int64, kind string, quantity, amount int64) []any {
	return []any{nil, nil, target, targetLine, kind, quantity, amount}
}

func (l *linker) byReference(ctx context.Context, d *Document) ([][]any, error) {
	t := l.target(d)
	if t.id == 0 {
		return nil, nil
	}
	switch {
	case d.Kind.gives():
		found := [][]any{bond(t.id, 0, "reverses", 0, d.Amount)}
		if t.kind == Invoice && !t.sale { // the order it bills is the sale
			order, err := l.tx.QueryIDs(ctx, sqlBillsTarget, t.id)
			if err != nil {
				return nil, err
			}
			if len(order) > 0 {
				found = [][]any{bond(order[0], 0, "reverses", 0, d.Amount), bond(t.id, 0, "credits", 0, d.Amount)}
			}
		}
		return found, nil
	case d.Kind == Invoice && t.kind == Order:
		l.billed = append(l.billed, d.ID)
		return [][]any{bond(t.id, 0, "invoices", 0, 0)}, nil
	case d.Kind == Payment:
		return [][]any{bond(t.id, 0, "pays", 0, 0)}, nil
	case d.Kind == Delivery:
		return [][]any{bond(t.id, 0, "delivers", 0, 0)}, nil
	}
	return [][]any{bond(t.id, 0, "follows", 0, 0)}, nil
}

// target is the document that d refers to: for a payment the invoice rather than the order of that number, else the order.
// It has no id if there is none.
func (l *linker) target(d *Document) (found target) {
	for _, t := range l.targets[reference{d.Source, d.Reference}] { // the order comes first
		if t.id != d.ID && (found.id == 0 || d.Kind == Payment) {
			found = t
		}
	}
	return found
}

// returnable is a line of a sale of which something may be given back.
type returnable struct {
	document, line, product, price, left int64
}

func (l *linker) byLines(ctx context.Context, d *Document) ([][]any, error) {
	products := make([]int64, 0, len(d.Lines))
	for _, line := range d.Lines {
		if line.Product != 0 {
			products = append(products, line.Product)
		}
	}
	if len(products) == 0 {
		return nil, nil
	}
	if err := l.flush(ctx); err != nil { // what is left of a sale depends on the links before
		return nil, err
	}
	sold, err := l.returnables(ctx, d, products)
	if err != nil {
		return nil, err
	}
	var found [][]any
	for _, line := range d.Lines {
		quantity, value := max(line.Quantity, -line.Quantity), max(line.BaseAmount, -line.BaseAmount)
		if s := choose(sold, line, quantity); s != nil && quantity > 0 {
			s.left -= quantity
			found = append(found, bond(s.document, s.line, "reverses", quantity, value))
		}
	}
	return found, nil
}

func (l *linker) returnables(ctx context.Context, d *Document, products []int64) ([]returnable, error) {
	rows, err := l.tx.Query(ctx, fmt.Sprintf(sqlReturnable, l.tx.Numbers("$3")), d.Customer, clock.Micros(d.At), store.JSON(products))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var sold []returnable
	for rows.Next() {
		var r returnable
		if err := rows.Scan(&r.document, &r.line, &r.product, &r.price, &r.left); err != nil {
			return nil, err
		}
		sold = append(sold, r)
	}
	return sold, rows.Err()
}

// choose takes the newest sale line with enough left, at the same price if there is one.
func choose(sold []returnable, line Line, quantity int64) *returnable {
	var other *returnable
	for i := range sold {
		s := &sold[i]
		if s.product != line.Product || s.left < quantity {
			continue
		}
		if s.price == line.UnitPrice {
			return s
		}
		if other == nil {
			other = s
		}
	}
	return other
}
