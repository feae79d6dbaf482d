package connect

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/action/coupon"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/document"
)

// couponPrefix begins the names of old values that keep which codes a document showed before.
const couponPrefix = "coupon:"

// showing is a draft whose coupons are looked at, and the document it became.
type showing struct {
	*draft
	doc *document.Document
}

// shows tells whether the coupons of the draft have to be looked at: it shows codes, or it may have shown some before. A file
// without codes costs nothing.
func (d *draft) shows(there bool) bool {
	return len(d.codes) > 0 || d.doc.Cancelled || d.coupons && there
}

// coupons counts the codes of the documents of a slice. What does not count is remarked on; the order was taken all the same.
func (s *orderSlice) coupons(ctx context.Context, tx *store.Tx, all []showing, t *touched) ([]RowError, error) {
	if len(all) == 0 {
		return nil, nil
	}
	orders, of := make([]coupon.Order, len(all)), make(map[int64]*draft, len(all))
	for i, d := range all {
		orders[i], of[d.doc.ID] = coupon.Order{Document: d.doc, Source: s.r.source, Codes: d.codes, Told: d.coupons}, d.draft
	}
	if err := s.keepCodes(ctx, tx, all, t); err != nil {
		return nil, err
	}
	refused, err := coupon.Settle(ctx, tx, orders)
	if err != nil {
		return nil, err
	}
	notices := make([]RowError, len(refused))
	for i, r := range refused {
		d := of[r.Document]
		notices[i] = RowError{File: d.file, Line: d.line, Field: "coupon", Value: r.Code, Key: r.Why.Key, Args: r.Why.Args, Notice: true}
	}
	return notices, nil
}

// keepCodes keeps the codes that changed documents showed before, so that the run can be taken back.
func (s *orderSlice) keepCodes(ctx context.Context, tx *store.Tx, all []showing, t *touched) error {
	var changed []int64
	for _, d := range all {
		if _, was := t.old[fmt.Sprintf("document:%d", d.doc.ID)]; was {
			changed = append(changed, d.doc.ID)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	before, err := coupon.ShownBy(ctx, tx, changed)
	if err != nil {
		return err
	}
	for _, id := range changed {
		codes := make([]string, len(before[id]))
		for i, c := range before[id] {
			codes[i] = c.Code
		}
		field := couponPrefix + strconv.FormatInt(id, 10)
		t.old[field], t.oldOf[field] = store.JSON(codes), t.oldOf[fmt.Sprintf("document:%d", id)]
	}
	return nil
}

// undoCoupons takes back what the documents of a slice redeemed that are gone now, and lets those that are as they were before
// show the codes they showed then. kept are documents that were left.
func undoCoupons(ctx context.Context, tx *store.Tx, source string, made []feed.Range, old map[string]string, kept []int64) error {
	left := make(map[int64]bool, len(kept))
	for _, id := range kept {
		left[id] = true
	}
	var gone []int64
	for _, id := range idsOf(made) {
		if !left[id] {
			gone = append(gone, id)
		}
	}
	var orders []coupon.Order
	for field, text := range old {
		number, ok := strings.CutPrefix(field, couponPrefix)
		if !ok {
			continue
		}
		id, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return err
		}
		if left[id] {
			continue
		}
		o := coupon.Order{Source: source, Told: true}
		if err := json.Unmarshal([]byte(text), &o.Codes); err != nil {
			return err
		}
		if o.Document, err = document.Load(ctx, tx, id); err != nil {
			return err
		}
		o.Cancelled = o.Kind == document.Order && !o.Sale
		orders, gone = append(orders, o), append(gone, id)
	}
	if len(gone) == 0 {
		return nil
	}
	if err := coupon.TakeBack(ctx, tx, gone); err != nil {
		return err
	}
	// In the order in which they were redeemed at first, so that the last code goes back to whom it came.
	slices.SortFunc(orders, func(a, b coupon.Order) int { return cmp.Compare(a.ID, b.ID) })
	_, err := coupon.Settle(ctx, tx, orders)
	return err
}

// idsOf are all ids of ranges.
func idsOf(ranges []feed.Range) []int64 {
	var all []int64
	for _, r := range ranges {
		for id := r[0]; id <= r[1]; id++ {
			all = append(all, id)
		}
	}
	return all
}
