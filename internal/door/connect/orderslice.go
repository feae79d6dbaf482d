package connect

import (
	"context"
	"fmt"
	"slices"

	"stamm/internal/platform/feed"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
	"stamm/internal/record/product"
)

// goods are the products a run has met: their ids, and what one costs, so that only new ones are asked for.
type goods struct {
	known map[string]good
}

type good struct {
	id       int64
	cost     *int64 // millionths
	currency string
}

// maxGoods bounds the memory; beyond it products are asked for again.
const maxGoods = 200_000

// orderSlice is the work of a slice of documents.
type orderSlice struct {
	r      *runner
	goods  *goods
	drafts []*draft

	known map[document.Key]document.Known
	fresh []*draft
	again []*draft
	met   map[[2]string]int64 // customers that were there when the slice was looked at
	learn map[string]good     // products met in the transaction, remembered once it is committed
}

// look finds out which documents are new, changed or unchanged.
func (s *orderSlice) look(ctx context.Context, tx *store.Tx) (bool, error) {
	keys := make([]document.Key, len(s.drafts))
	for i, d := range s.drafts {
		keys[i] = document.Key{Kind: d.doc.Kind, ExternalID: d.doc.ExternalID}
	}
	known, err := document.FindMany(ctx, tx, s.r.run.Source, keys)
	if err != nil {
		return false, err
	}
	s.known, s.fresh, s.again = known, nil, nil
	taken := map[document.Key]int{}
	for i, d := range s.drafts {
		before, exists := known[keys[i]]
		if at, twice := taken[keys[i]]; twice { // the same key twice in one slice: the later one counts
			s.again, s.fresh = replace(s.again, s.drafts[at], d), replace(s.fresh, s.drafts[at], d)
			continue
		}
		switch {
		case !exists:
			s.fresh = append(s.fresh, d)
			taken[keys[i]] = i
		case before.Hash != d.doc.Hash:
			s.again = append(s.again, d)
			taken[keys[i]] = i
		}
	}
	if len(s.fresh)+len(s.again) == 0 {
		return false, nil
	}
	return true, s.meet(ctx, tx)
}

// meet finds the customers that are there already, so that the writer, of which there is one, need not.
func (s *orderSlice) meet(ctx context.Context, tx *store.Tx) error {
	s.met = map[[2]string]int64{}
	batch, rowOf := s.batch(slices.Concat(s.fresh, s.again))
	var ids []int64
	for part := range slices.Chunk(batch.Rows, customer.MaxRows) {
		b := batch
		b.Rows = part
		known, err := customer.Known(ctx, tx, b)
		if err != nil {
			return err
		}
		ids = append(ids, known...)
	}
	for key, row := range rowOf {
		if ids[row] != 0 {
			s.met[key] = ids[row]
		}
	}
	return nil
}

// batch are the buyers of the documents that were not met yet, each once, and the row of each.
func (s *orderSlice) batch(drafts []*draft) (customer.Batch, map[[2]string]int) {
	columns := s.buyerColumns(drafts)
	batch := customer.Batch{Source: s.r.run.Source, Run: s.r.run.ID, Fields: columns.fields}
	rowOf := map[[2]string]int{}
	for _, d := range drafts {
		key := d.buyer.key()
		if !d.buyer.known() || s.met[key] != 0 {
			continue
		}
		if _, ok := rowOf[key]; !ok {
			rowOf[key] = len(batch.Rows)
			batch.Rows = append(batch.Rows, columns.of(s.r, &d.buyer))
		}
	}
	return batch, rowOf
}

func replace(all []*draft, old, by *draft) []*draft {
	if i := slices.Index(all, old); i >= 0 {
		all[i] = by
	}
	return all
}

func (s *orderSlice) write(ctx context.Context, tx *store.Tx) (written, error) {
	w := written{made: int64(len(s.fresh)), changed: int64(len(s.again))}
	w.unchanged = int64(len(s.drafts)) - w.made - w.changed
	if w.made+w.changed == 0 {
		return w, nil
	}
	all := slices.Concat(s.fresh, s.again)
	people := touched{origin: feed.History, made: feed.Rows{}, rows: feed.Rows{}}
	if err := s.buyers(ctx, tx, all, &people); err != nil {
		return w, err
	}
	if err := s.products(ctx, tx, all, &people); err != nil {
		return w, err
	}
	if len(people.rows) > 0 {
		w.touched = append(w.touched, people)
	}
	for _, origin := range []feed.Origin{feed.History, feed.Live} {
		t, notices, err := s.documents(ctx, tx, origin)
		if err != nil {
			return w, err
		}
		w.notices = append(w.notices, notices...)
		if len(t.rows) > 0 {
			w.touched = append(w.touched, t)
		}
	}
	for _, d := range all {
		w.notices = append(w.notices, d.notices...)
	}
	return w, nil
}

func (s *orderSlice) size() int64 { return int64(len(s.drafts)) }

func (s *orderSlice) done() {
	for sku, g := range s.learn {
		if len(s.goods.known) < maxGoods {
			s.goods.known[sku] = g
		}
	}
}

// documents writes those of one origin.
func (s *orderSlice) documents(ctx context.Context, tx *store.Tx, origin feed.Origin) (touched, []RowError, error) {
	var orders []showing
	pick := func(drafts []*draft) (docs []*document.Document) {
		for _, d := range drafts {
			if originOf(d.doc.Day, s.r.live) != origin {
				continue
			}
			doc := d.doc // the transaction may run twice: it works on a copy
			doc.Lines = slices.Clone(d.doc.Lines)
			doc.Source = s.r.run.Source
			doc.ID = s.known[document.Key{Kind: doc.Kind, ExternalID: doc.ExternalID}].ID
			if d.shows(doc.ID != 0) {
				orders = append(orders, showing{d, &doc})
			}
			docs = append(docs, &doc)
		}
		return docs
	}
	fresh, again := pick(s.fresh), pick(s.again)
	if len(fresh)+len(again) == 0 {
		return touched{}, nil, nil
	}
	w, err := document.Write(ctx, tx, s.r.run.ID, fresh, again)
	if err != nil {
		return touched{}, nil, err
	}
	made := make([]int64, len(fresh))
	for i, d := range fresh {
		made[i] = d.ID
	}
	t := touched{origin: origin, made: feed.Rows{}, rows: w.Rows, old: w.Old, oldOf: w.OldOf}
	if len(made) > 0 {
		t.made["document"] = feed.Ranges(made)
	}
	notices, err := s.coupons(ctx, tx, orders, &t)
	return t, notices, err
}

// buyers finds the customers of the documents and makes those that are new.
func (s *orderSlice) buyers(ctx context.Context, tx *store.Tx, drafts []*draft, t *touched) error {
	batch, rowOf := s.batch(drafts)
	var outcomes []customer.Outcome
	for part := range slices.Chunk(batch.Rows, customer.MaxRows) {
		b := batch
		b.Rows = part
		w, err := customer.Ensure(ctx, tx, b)
		if err != nil {
			return err
		}
		outcomes = append(outcomes, w.Outcomes...)
		var made []int64
		for _, o := range w.Outcomes {
			if o.Status == customer.New {
				made = append(made, o.ID)
			}
		}
		slices.Sort(made)
		made = slices.Compact(made)
		c := touched{rows: w.Rows, old: w.Old, oldOf: w.OldOf}
		if len(made) > 0 {
			c.made = feed.Rows{"customer": feed.Ranges(made)}
		}
		t.add(c)
	}
	for _, d := range drafts {
		d.doc.Customer = 0
		if key := d.buyer.key(); s.met[key] != 0 {
			d.doc.Customer = s.met[key]
		} else if d.buyer.known() {
			d.doc.Customer = outcomes[rowOf[key]].ID
		}
	}
	return nil
}

func (b *buyer) key() [2]string {
	if b.id != "" {
		return [2]string{b.id, ""}
	}
	folded, _ := customer.FoldMail(b.email)
	return [2]string{"", folded}
}

// buyerColumn is a field of a customer that order files may have.
type buyerColumn struct {
	field string
	value func(*buyer) string
}

var buyerFields = [...]buyerColumn{
	{customer.FieldExternalID, func(b *buyer) string { return b.id }},
	{customer.FieldEmail, func(b *buyer) string { return b.email }},
	{customer.FieldPhone, func(b *buyer) string { return b.phone }},
	{customer.FieldLine1, func(b *buyer) string { return b.street }},
	{customer.FieldPostcode, func(b *buyer) string { return b.zip }},
	{customer.FieldCity, func(b *buyer) string { return b.city }},
	{"name", func(b *buyer) string { return b.name }},
	{"first_name", func(b *buyer) string { return b.firstName }},
	{"last_name", func(b *buyer) string { return b.lastName }},
	{"company", func(b *buyer) string { return b.company }},
	{"country", func(b *buyer) string { return b.country }},
	{"language", func(b *buyer) string { return b.language }},
}

// buyerColumns are the fields some buyer of a slice has: an order file that has customer numbers alone costs one query.
type buyerColumns struct {
	columns []buyerColumn
	fields  []string
}

func (s *orderSlice) buyerColumns(drafts []*draft) (c buyerColumns) {
	for _, f := range buyerFields {
		if f.field == customer.FieldExternalID || slices.ContainsFunc(drafts, func(d *draft) bool { return f.value(&d.buyer) != "" }) {
			c.columns, c.fields = append(c.columns, f), append(c.fields, f.field)
		}
	}
	return c
}

// of are a buyer's values as the customer package takes them; what it refuses is left out, it stands in the order.
func (c buyerColumns) of(r *runner, b *buyer) []string {
	values := make([]string, len(c.columns))
	for i, f := range c.columns {
		v := f.value(b)
		if f.field == customer.FieldExternalID {
			values[i] = v
			continue
		}
		if checked, err := r.catalogue.Check(f.field, v); err == nil {
			values[i] = checked
		}
	}
	return values
}

// products gives the lines the ids of their products, makes those that are new, and works out what lines cost where the
// file does not tell it.
func (s *orderSlice) products(ctx context.Context, tx *store.Tx, drafts []*draft, t *touched) error {
	s.learn = map[string]good{}
	var seen []product.Seen
	for _, d := range drafts {
		for _, l := range d.lines {
			if l.sku == "" {
				continue
			}
			if _, ok := s.goods.known[l.sku]; ok {
				continue
			}
			if _, ok := s.learn[l.sku]; !ok {
				s.learn[l.sku] = good{}
				seen = append(seen, product.Seen{SKU: l.sku, Name: l.name, Category: l.category})
			}
		}
	}
	if len(seen) > 0 {
		ids, made, err := product.Ensure(ctx, tx, s.r.run.ID, seen)
		if err != nil {
			return err
		}
		for sku, found := range ids {
			s.learn[sku] = good{found.ID, found.Cost, found.Currency}
		}
		if len(made) > 0 {
			ranges := feed.Ranges(made)
			t.add(touched{made: feed.Rows{"product": ranges}, rows: feed.Rows{"product": ranges}})
		}
	}
	for _, d := range drafts {
		if err := s.price(d); err != nil {
			return err
		}
	}
	return nil
}

func (s *orderSlice) price(d *draft) error {
	for i := range d.doc.Lines {
		l := &d.lines[i]
		if l.sku == "" {
			continue
		}
		g, ok := s.goods.known[l.sku]
		if !ok {
			g = s.learn[l.sku]
		}
		if g.id == 0 {
			return fmt.Errorf("connect: no product for %q", l.sku)
		}
		to := &d.doc.Lines[i]
		to.Product = g.id
		if l.name != "" {
			to.Description = "" // the product has the name
		}
		if l.Cost == nil && g.cost != nil && g.currency == s.r.base {
			cost, err := money.LineAmount(to.Quantity, *g.cost, money.Digits(s.r.base))
			if err == nil {
				to.Cost = &cost
			}
		}
	}
	return document.Assess(&d.doc, s.r.base)
}
