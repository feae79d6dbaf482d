package api

import (
	"context"
	"fmt"
	"slices"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
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
	out, err := s.writeDocuments(ctx, c, false, in.Source, []DocumentRecord{{in.Kind, in.ExternalID, *body}}, func(int) string { return "" })
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
	out, err := s.writeDocuments(ctx, c, true, batch.Source, batch.Records, record)
	if err != nil {
		return nil, err
	}
	return batchOutcome(out), nil
}

// writeDocuments checks records and writes all of them, or none when one is wrong.
func (s *server) writeDocuments(ctx context.Context, c *call, batch bool, source string, records []DocumentRecord, at func(int) string) ([]Outcome, error) {
	settings, err := s.company.get(ctx)
	if err != nil {
		return nil, err
	}
	from, err := s.sources.origin(ctx, source)
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
	err = c.write(ctx, batch, func(tx *store.Tx) (err error) {
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
	docs := make([]*document.Document, len(checked))
	origins := make([]feed.Origin, len(checked))
	for i, d := range checked {
		fresh := d.Document // the function may run twice
		fresh.Source, fresh.Customer, fresh.Lines = source, who[i].id, slices.Clone(d.Lines)
		for n := range fresh.Lines {
			fresh.Lines[n].Product = skus[d.skus[n].SKU]
		}
		docs[i], origins[i] = &fresh, from.of(d.Day)
	}
	written, err := document.PutAll(ctx, tx, docs, base, origins)
	if err != nil {
		return nil, err
	}
	out := make([]Outcome, len(written))
	for i, w := range written {
		out[i] = Outcome{w.ID, [...]string{document.Unchanged: outcomeUnchanged, document.New: outcomeNew, document.Changed: outcomeChanged}[w.Status]}
	}
	return out, nil
}

// products makes sure that the products of the lines are there and returns their ids by SKU.
func products(ctx context.Context, tx *store.Tx, checked []*sent) (map[string]int64, error) {
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
	_, err = feed.Append(ctx, tx, feed.New{Kind: "product.changed", Body: map[string]any{"new": len(made)}, Rows: feed.Rows{"product": document.Ranges(made)}})
	return ids, err
}

func lineAt(i int) string { return fmt.Sprintf("lines[%d]", i) }
