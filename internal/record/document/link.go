package document

import (
	"context"
	"errors"
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

// LinkPasses is how many passes of Link there are.
const LinkPasses = len(linkPasses)

// Link looks for the targets of up to limit waiting documents after the one numbered after, in their order, and
// returns the last one looked at (0 when none is left) and what changed. Documents that find none keep waiting.
//
// A reference names its target. A return without one is matched line by line to the newest earlier sale of the same
// customer that has the product at the same price and enough of it left, else at another price.
func Link(ctx context.Context, tx *store.Tx, pass int, after int64, limit int) (last int64, w Written, err error) {
	last, ids, err := waiting(ctx, tx, linkPasses[pass], after, limit)
	if err != nil || len(ids) == 0 {
		return last, w, err
	}
	docs, err := loadAll(ctx, tx, ids)
	if err != nil {
		return 0, w, err
	}
	l := linker{tx: tx}
	for _, id := range ids {
		if err := l.link(ctx, docs[id]); err != nil {
			return 0, w, fmt.Errorf("link document %d: %w", id, err)
		}
	}
	w.Rows = feed.Rows{}
	if len(l.linked) > 0 {
		if _, err := tx.Exec(ctx, fmt.Sprintf(sqlDeleteUnlinked, tx.Numbers("$1")), store.JSON(l.linked)); err != nil {
			return 0, w, err
		}
		w.add("document", l.linked)
		w.add("link", l.linked)
	}
	return last, w, nil
}

func waiting(ctx context.Context, tx *store.Tx, wanted func(Kind) bool, after int64, limit int) (last int64, ids []int64, err error) {
	rows, err := tx.Query(ctx, sqlUnlinked, after, limit)
	if err != nil {
		return 0, nil, err
	}
	for rows.Next() {
		var kind Kind
		if err := rows.Scan(&last, &kind); err != nil {
			rows.Close()
			return 0, nil, err
		}
		if wanted(kind) {
			ids = append(ids, last)
		}
	}
	return last, ids, errors.Join(rows.Err(), rows.Close())
}

// linker gathers which documents found their target.
type linker struct {
	tx     *store.Tx
	linked []int64
}

func (l *linker) link(ctx context.Context, d *Document) error {
	var found [][]any
	var err error
	if d.Reference != "" {
		found, err = l.byReference(ctx, d)
	}
	if err == nil && len(found) == 0 && d.Kind.gives() && d.Customer != 0 {
		found, err = l.byLines(ctx, d)
	}
	if err != nil || len(found) == 0 {
		return err
	}
	l.linked = append(l.linked, d.ID)
	for i, f := range found {
		f[0], f[1] = d.ID, i+1
	}
	return l.tx.Insert(ctx, "document_link", []string{"document", "n", "target", "target_line", "kind", "quantity", "amount"}, found)
}

// bond is a row of document_link; its document and number are filled in when all of them are known.
func bond(target, targetLine int64, kind string, quantity, amount int64) []any {
	return []any{nil, nil, target, targetLine, kind, quantity, amount}
}

func (l *linker) byReference(ctx context.Context, d *Document) ([][]any, error) {
	target, kind, sale, err := l.target(ctx, d)
	if err != nil || target == 0 {
		return nil, err
	}
	switch {
	case d.Kind.gives():
		found := [][]any{bond(target, 0, "reverses", 0, d.Amount)}
		if kind == Invoice && !sale { // the order it bills is the sale
			order, err := numbers(ctx, l.tx, sqlBillsTarget, target)
			if err != nil {
				return nil, err
			}
			if len(order) > 0 {
				found = [][]any{bond(order[0], 0, "reverses", 0, d.Amount), bond(target, 0, "credits", 0, d.Amount)}
			}
		}
		return found, nil
	case d.Kind == Invoice && kind == Order:
		if _, err := l.tx.Exec(ctx, sqlBilled, d.ID); err != nil {
			return nil, err
		}
		return [][]any{bond(target, 0, "invoices", 0, 0)}, nil
	case d.Kind == Payment:
		return [][]any{bond(target, 0, "pays", 0, 0)}, nil
	case d.Kind == Delivery:
		return [][]any{bond(target, 0, "delivers", 0, 0)}, nil
	}
	return [][]any{bond(target, 0, "follows", 0, 0)}, nil
}

// target finds the document that d refers to: for a payment the invoice rather than the order of that number, else
// the order.
func (l *linker) target(ctx context.Context, d *Document) (id int64, kind Kind, sale bool, err error) {
	rows, err := l.tx.Query(ctx, sqlTarget, d.Source, d.Reference, d.ID)
	if err != nil {
		return 0, 0, false, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&id, &kind, &sale); err != nil {
			return 0, 0, false, err
		}
		if d.Kind != Payment {
			break
		}
	}
	return id, kind, sale, rows.Err()
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
	sold, err := l.returnables(ctx, d, products)
	if err != nil {
		return nil, err
	}
	var found [][]any
	for _, line := range d.Lines {
		quantity, value := max(line.Quantity, -line.Quantity), max(line.BaseAmount, -line.BaseAmount)
		if s := pick(sold, line, quantity); s != nil && quantity > 0 {
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

// pick chooses the newest sale line with enough left, at the same price if there is one.
func pick(sold []returnable, line Line, quantity int64) *returnable {
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
