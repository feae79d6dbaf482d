package api

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/document"
	"stamm/internal/record/product"
)

// maxBatchLines bounds what a batch of documents writes in one turn.
const maxBatchLines = 5000

func (s *server) putDocument(ctx context.Context, c *call, in *documentPath) (*Outcome, error) {
	body, err := decode[DocumentBody](c)
	if err != nil {
		return nil, err
	}
	out, err := s.writeDocuments(ctx, c, in.Source, []DocumentRecord{{in.Kind, in.ExternalID, *body}}, func(int) string { return "" })
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

func (s *server) putDocuments(ctx context.Context, c *call, _ *struct{}) (*BatchOutcome, error) {
	batch, err := decode[DocumentBatch](c)
	if err != nil {
		return nil, err
	}
	err = checkBatch(batch.Records, "external_id", func(r *DocumentRecord) any { return [2]string{r.Kind, r.ExternalID} })
	if err != nil {
		return nil, err
	}
	lines := 0
	for _, r := range batch.Records {
		lines += len(r.Lines)
	}
	if lines > maxBatchLines {
		return nil, fault.New(fault.Invalid, "api.too_many_lines", "max", maxBatchLines).On("records")
	}
	out, err := s.writeDocuments(ctx, c, batch.Source, batch.Records, record)
	if err != nil {
		return nil, err
	}
	return batchOutcome(out), nil
}

// writeDocuments checks records and writes all of them, or none when one is wrong.
func (s *server) writeDocuments(ctx context.Context, c *call, source string, records []DocumentRecord, at func(int) string) ([]Outcome, error) {
	settings, err := s.company.get(ctx)
	if err != nil {
		return nil, err
	}
	from, err := s.origin(ctx, source)
	if err != nil {
		return nil, err
	}
	var bad joined
	bad.add("", checkSource(source))
	checked := make([]*sent, len(records))
	for i := range records {
		if checked[i], err = records[i].document(settings); err != nil {
			bad.add(at(i), err)
		}
	}
	if err := bad.err(); err != nil {
		return nil, err
	}
	var out []Outcome
	err = c.write(ctx, len(records), func(tx *store.Tx) (err error) {
		out, err = storeDocuments(ctx, tx, from, checked, settings.Currency, at)
		return err
	})
	return out, err
}

// checkSource checks the name of a source.
func checkSource(name string) error {
	var c checker
	c.key("source", name)
	c.text("source", name, maxSource)
	return c.bad.err()
}

const maxSource = 100

// storeDocuments writes checked documents with the customers and products they name.
func storeDocuments(ctx context.Context, tx *store.Tx, from origin, checked []*sent, base string, at func(int) string) ([]Outcome, error) {
	source, err := from.source(ctx, tx)
	if err != nil {
		return nil, err
	}
	refs := make([]*CustomerRef, len(checked))
	for i, d := range checked {
		refs[i] = d.customer
	}
	who, err := people(ctx, tx, source, refs, func(i int) string { return place(at(i), "customer") })
	if err != nil {
		return nil, err
	}
	skus, err := products(ctx, tx, checked)
	if err != nil {
		return nil, err
	}
	entries := make([]document.Entry, len(checked))
	for i, d := range checked {
		fresh := d.Document // the function may run twice
		fresh.Source, fresh.Customer, fresh.Lines = source, who[i].id, slices.Clone(d.Lines)
		entries[i] = document.Entry{Document: &fresh, Origin: from.of(d.Day), Content: d.content(who[i].id)}
		for n := range fresh.Lines {
			goods(&fresh.Lines[n], skus[d.skus[n].SKU], d.Currency)
		}
	}
	written, err := document.PutAll(ctx, tx, entries, base)
	if err != nil {
		return nil, err
	}
	if err := settleCoupons(ctx, tx, from.name, checked, entries, written); err != nil {
		return nil, err
	}
	out := make([]Outcome, len(written))
	for i, w := range written {
		out[i] = Outcome{w.ID, [...]string{document.Unchanged: outcomeUnchanged, document.New: outcomeNew, document.Changed: outcomeChanged}[w.Status]}
	}
	return out, nil
}

// products makes sure that the products of the lines are there and returns their ids by SKU.
func products(ctx context.Context, tx *store.Tx, checked []*sent) (map[string]product.Found, error) {
	var seen []product.Seen
	known := map[string]bool{"": true}
	for _, d := range checked {
		for _, s := range d.skus {
			if !known[s.SKU] {
				known[s.SKU] = true
				seen = append(seen, s)
			}
		}
	}
	if len(seen) == 0 {
		return nil, nil
	}
	ids, made, err := product.Ensure(ctx, tx, 0, seen)
	if err != nil || len(made) == 0 {
		return ids, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "product.changed", Body: map[string]any{"new": len(made)}, Rows: feed.Rows{"product": feed.Ranges(made)}})
	return ids, err
}

// goods gives a line its product, and what that costs where the line does not say.
func goods(l *document.Line, found product.Found, currency string) {
	l.Product = found.ID
	if l.Cost == nil && found.Cost != nil && found.Currency == currency {
		if cost, err := money.LineAmount(l.Quantity, *found.Cost, money.Digits(currency)); err == nil {
			l.Cost = &cost
		}
	}
}

// content is a number for what was sent about a document, without what is looked up: ids of products, costs and rates of
// the company.
func (d *sent) content(customer int64) int64 {
	b := make([]byte, 0, 256)
	number := func(v *int64) {
		b = append(b, 0)
		if v != nil {
			b = strconv.AppendInt(b, *v, 36)
		}
	}
	text := func(s string) { b = append(strconv.AppendInt(append(b, 0), int64(len(s)), 36), s...) }
	at := clock.Micros(d.At)
	number(&customer)
	number(&at)
	for _, day := range []*clock.Day{&d.Day, d.DueDay, d.Promised, d.Kept} {
		text(dayText(day))
	}
	for _, v := range []*int64{d.Net, d.Tax, d.Gross, d.Shipping} {
		number(v)
	}
	for _, s := range []string{d.Status, d.Currency, string(d.given), d.Reference} {
		text(s)
	}
	if d.coupons != nil { // no codes are something else than nothing said about codes
		text("coupons")
	}
	for _, code := range d.coupons {
		text(code)
	}
	for i, l := range d.Lines {
		text(d.skus[i].SKU)
		text(l.Description)
		for _, v := range []*int64{&l.Quantity, &l.UnitPrice, &l.Amount, l.Cost} {
			number(v)
		}
		b = strconv.AppendBool(strconv.AppendBool(b, l.NoQuantity), l.NoPrice)
	}
	sum := sha256.Sum256(b)
	return int64(binary.LittleEndian.Uint64(sum[:]))
}

func lineAt(i int) string { return fmt.Sprintf("lines[%d]", i) }
