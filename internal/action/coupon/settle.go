package coupon

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"stamm/internal/action/program"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// load reads everything that is asked about the codes of the orders: one query a question, however many orders there are.
func (s *settlement) load(ctx context.Context, tx *store.Tx) error {
	numbers, shared, keys := map[int64]bool{}, map[string]bool{}, map[string]bool{}
	for i := range s.orders {
		o := &s.orders[i]
		keys[o.key()] = true
		for _, code := range o.Codes {
			if number, own := Parse(code); own {
				numbers[number] = true
			} else if code = normalShared(code); code != "" {
				shared[code] = true
			}
		}
	}
	if err := s.loadCodes(ctx, tx, slices.Sorted(maps.Keys(numbers)), slices.Sorted(maps.Keys(shared))); err != nil {
		return err
	}
	told, err := redemptions(ctx, tx, fmt.Sprintf(sqlOfOrders, tx.Strings("$1")), store.JSON(slices.Sorted(maps.Keys(keys))))
	if err != nil {
		return err
	}
	for i := range told {
		r := &told[i]
		s.told[r.Order] = append(s.told[r.Order], r)
		s.coupons[r.Coupon] = nil
	}
	if err := s.loadCoupons(ctx, tx); err != nil {
		return err
	}
	if len(s.coupons) > 0 {
		if s.offers, err = offersTo(ctx, tx, slices.Sorted(maps.Keys(s.coupons)), s.customers()); err != nil {
			return err
		}
	}
	if err := s.loadUses(ctx, tx); err != nil {
		return err
	}
	return s.loadCategories(ctx, tx)
}

// loadCodes reads own codes and finds the coupons of the shared ones.
func (s *settlement) loadCodes(ctx context.Context, tx *store.Tx, numbers []int64, shared []string) error {
	s.coupon = map[int64]int64{}
	if len(numbers) > 0 {
		rows, err := tx.Query(ctx, fmt.Sprintf(sqlCodesIn, tx.Numbers("$1")), store.JSON(numbers))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			g := &given{}
			var coupon int64
			if err := rows.Scan(&g.Number, &coupon, &g.Customer, &g.measure, &g.Redeemed); err != nil {
				return err
			}
			s.codes[g.Number], s.coupon[g.Number], s.coupons[coupon] = g, coupon, nil
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
	}
	if len(shared) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlSharedIn, tx.Strings("$1")), store.JSON(shared))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var code string
		if err := rows.Scan(&id, &code); err != nil {
			return err
		}
		s.shared[code], s.coupons[id] = id, nil
	}
	return rows.Err()
}

// loadCoupons reads the coupons whose ids are noted.
func (s *settlement) loadCoupons(ctx context.Context, tx *store.Tx) error {
	if len(s.coupons) == 0 {
		return nil
	}
	found, err := query(ctx, tx, fmt.Sprintf(sqlLoadIn, tx.Numbers("$1")), store.JSON(slices.Sorted(maps.Keys(s.coupons))))
	for _, c := range found {
		s.coupons[c.ID] = c
	}
	return err
}

// customers are those of the orders, and those whose own codes they show.
func (s *settlement) customers() []int64 {
	who := map[int64]bool{}
	for i := range s.orders {
		who[s.orders[i].Customer] = true
	}
	for _, g := range s.codes {
		who[g.Customer] = true
	}
	delete(who, 0)
	return slices.Sorted(maps.Keys(who))
}

// loadUses counts how often the customers of the orders redeemed what counts once for each of them.
func (s *settlement) loadUses(ctx context.Context, tx *store.Tx) error {
	once := slices.DeleteFunc(slices.Sorted(maps.Keys(s.coupons)), func(id int64) bool { return s.coupons[id] == nil || !s.coupons[id].Once })
	if len(once) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlUses, tx.Numbers("$1"), tx.Numbers("$2")), store.JSON(s.customers()), store.JSON(once))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var use [2]int64
		var n int64
		if err := rows.Scan(&use[0], &use[1], &n); err != nil {
			return err
		}
		s.uses[use] = n
	}
	return rows.Err()
}

// loadCategories reads the categories of the products where a coupon asks for them.
func (s *settlement) loadCategories(ctx context.Context, tx *store.Tx) error {
	wanted := false
	for _, c := range s.coupons {
		wanted = wanted || c != nil && len(c.Categories) > 0
	}
	if !wanted {
		return nil
	}
	products := map[int64]bool{}
	for i := range s.orders {
		for _, l := range s.orders[i].Lines {
			products[l.Product] = true
		}
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlCategoryOf, tx.Numbers("$1")), store.JSON(slices.Sorted(maps.Keys(products))))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var category string
		if err := rows.Scan(&id, &category); err != nil {
			return err
		}
		s.categories[id] = category
	}
	return rows.Err()
}

// takeBack deletes redemptions: counters go down, own codes can be redeemed again, and the measure gets back what they cost. The orders
// keep the codes with the reason why they do not count, if there is one.
func (s *settlement) takeBack(ctx context.Context, tx *store.Tx, gone []*Redemption, reason string) error {
	if len(gone) == 0 {
		return nil
	}
	var ids, numbers []int64
	keys := make([]string, len(gone))
	for i, r := range gone {
		ids, keys[i] = append(ids, r.ID), costKey(r.ID)
		if r.Number != 0 {
			numbers = append(numbers, r.Number)
		}
		if c := s.coupons[r.Coupon]; c != nil {
			c.Redeemed--
			s.uses[[2]int64{r.Customer, r.Coupon}]--
		}
		if g := s.codes[r.Number]; g != nil {
			g.Redeemed--
		}
	}
	list := tx.Numbers("$1")
	for _, text := range []string{sqlDropRedemptions, sqlUnshow} {
		args := []any{store.JSON(ids)}
		if text == sqlUnshow {
			args = append(args, reason)
		}
		if _, err := tx.Exec(ctx, fmt.Sprintf(text, list), args...); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(sqlUncountCodes, list), store.JSON(numbers)); err != nil {
		return err
	}
	err := eachCoupon(gone, func(coupon int64, of []*Redemption) error {
		_, err := tx.Exec(ctx, sqlRedeemedMany, coupon, -len(of), -sumOf(of))
		return err
	})
	if err != nil {
		return err
	}
	if err := program.GiveBack(ctx, tx, keys, ":back"); err != nil {
		return err
	}
	return tellFeed(ctx, tx, KindTakenBack, gone)
}

var redemptionColumns = []string{"id", "coupon", "order_key", "number", "customer", "measure", "day", "at", "amount", "discount", "document"}

// write adds the redemptions that are new, moves the counters and books the costs.
func (s *settlement) write(ctx context.Context, tx *store.Tx) error {
	if len(s.fresh) == 0 {
		return nil
	}
	ids, err := tx.ReserveIDs(ctx, "coupon_redemption", len(s.fresh))
	if err != nil {
		return err
	}
	rows := make([][]any, len(s.fresh))
	var numbers []int64
	for i, r := range s.fresh {
		r.ID, r.At = ids[i], tx.Now
		rows[i] = r.told(tx)
		if r.Number != 0 {
			numbers = append(numbers, r.Number)
		}
	}
	if err := tx.Insert(ctx, "coupon_redemption", redemptionColumns, rows); err != nil {
		return err
	}
	if len(numbers) > 0 {
		if _, err := tx.Exec(ctx, fmt.Sprintf(sqlCountCodes, tx.Numbers("$1")), store.JSON(numbers)); err != nil {
			return err
		}
	}
	err = eachCoupon(s.fresh, func(coupon int64, of []*Redemption) error {
		_, err := tx.Exec(ctx, sqlRedeemedMany, coupon, len(of), sumOf(of))
		return err
	})
	if err != nil {
		return err
	}
	if err := s.book(ctx, tx); err != nil {
		return err
	}
	return tellFeed(ctx, tx, KindRedeemed, s.fresh)
}

// book writes what the new redemptions cost into the measures that bear it.
func (s *settlement) book(ctx context.Context, tx *store.Tx) error {
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	var rates []company.Rate
	var costs []program.Cost
	for _, r := range s.fresh {
		if r.Measure == 0 || r.Discount == 0 {
			continue
		}
		currency := s.coupons[r.Coupon].Currency
		if currency != settings.Currency && rates == nil {
			if rates, err = company.Rates(ctx, tx); err != nil {
				return err
			}
		}
		amount, known, err := inBase(money.Of(r.Discount, currency), settings.Currency, rates, r.Day)
		if err != nil {
			return err
		}
		if known && amount.Minor != 0 {
			costs = append(costs, program.Cost{Key: costKey(r.ID), Measure: r.Measure, Kind: program.Coupon, Amount: amount.Minor, Included: true, Day: r.Day})
		}
	}
	return program.BookAll(ctx, tx, costs)
}

// keep writes which codes the orders showed and what became of them.
func (s *settlement) keep(ctx context.Context, tx *store.Tx) error {
	var told []int64
	for i := range s.orders {
		if s.orders[i].Told {
			told = append(told, s.orders[i].ID)
		}
	}
	if len(told) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(sqlDropShown, tx.Numbers("$1")), store.JSON(told)); err != nil {
		return err
	}
	rows := make([][]any, len(s.shown))
	n := map[int64]int{}
	for i, one := range s.shown {
		n[one.document]++
		reason, args, redemption := "", "[]", int64(0)
		if one.why != nil {
			reason, args = one.why.Key, store.JSON(append([]any{}, one.why.Args...))
		}
		if one.redemption != nil {
			redemption = one.redemption.ID
		}
		rows[i] = []any{one.document, n[one.document], one.code, redemption, reason, args}
	}
	return tx.Insert(ctx, "coupon_shown", []string{"document", "n", "code", "redemption", "reason", "args"}, rows)
}

// stored is the fault that was kept with a code.
func stored(reason, args string) (*fault.Error, error) {
	var all []any
	if err := json.Unmarshal([]byte(args), &all); err != nil {
		return nil, err
	}
	return fault.New(fault.Conflict, reason, all...), nil
}
