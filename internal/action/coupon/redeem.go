package coupon

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"stamm/internal/action/program"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// Claim is an order that shows a code.
type Claim struct {
	Code     string // as it was typed
	Order    string // number of the order where it was taken; telling it again counts once
	Customer int64  // who ordered, 0 for unknown
	Day      *clock.Day
	Amount   money.Amount // of the goods; not needed where the lines say it
	Lines    []Line       // needed where the coupon counts for some products only
	Discount *int64       // what was taken off, where the shop reckoned it; minor units
}

// Line is a position of the order.
type Line struct {
	SKU    string
	Amount int64 // minor units
}

// Outcome tells what a claim comes to.
type Outcome struct {
	Redemption
	Repeated bool // the order told it before; nothing was counted again
	Currency string
	Kind     Kind
	Value    int64
}

const maxOrder = 200

// Check tells what a claim would come to, without counting it. Errors are as those of Redeem.
func Check(ctx context.Context, tx *store.Tx, claim Claim) (Outcome, error) {
	var o Outcome
	if claim.Order = strings.TrimSpace(claim.Order); len(claim.Order) > maxOrder {
		return o, fault.New(fault.Invalid, "errors.too_long", "max", maxOrder).On("order")
	}
	c, given, err := find(ctx, tx, claim.Code)
	if err != nil {
		return o, err
	}
	o.Currency, o.Kind, o.Value = c.Currency, c.Kind, c.Value
	if before, err := redemptions(ctx, tx, sqlOfOrder, c.ID, claim.Order); err != nil {
		return o, err
	} else if len(before) > 0 && claim.Order != "" {
		o.Redemption, o.Repeated = before[0], true
		if o.Number != given.Number {
			return o, fault.New(fault.Conflict, "coupon.error.other_code").On("order")
		}
		return o, nil
	}
	day, err := claimDay(ctx, tx, claim)
	if err != nil {
		return o, err
	}
	o.Redemption = Redemption{Coupon: c.ID, Order: claim.Order, Number: given.Number, Customer: claim.Customer, Day: day, At: tx.Now}
	if o.Customer == 0 {
		o.Customer = given.Customer
	}
	shown, err := offersTo(ctx, tx, []int64{c.ID}, []int64{o.Customer})
	if err != nil {
		return o, err
	}
	o.Measure = shown.measure(c, given, o.Customer, day)
	if err := c.open(day); err != nil {
		return o, err
	}
	if err := c.mayUse(ctx, tx, given, claim.Customer, o.Customer); err != nil {
		return o, err
	}
	if o.Amount, err = c.eligible(ctx, tx, claim); err != nil {
		return o, err
	}
	o.Discount, err = c.discount(o.Amount, claim.Discount)
	return o, err
}

// Redeem counts a claim. The same order told again is answered as before and counts once. What stands against it is a fault:
// notfound for a code that there is not, conflict for one that does not count now or here, invalid for a claim that is
// wrong in itself.
func Redeem(ctx context.Context, tx *store.Tx, claim Claim) (Outcome, error) {
	if strings.TrimSpace(claim.Order) == "" {
		return Outcome{}, fault.New(fault.Invalid, "errors.required").On("order")
	}
	o, err := Check(ctx, tx, claim)
	if err != nil || o.Repeated {
		return o, err
	}
	if o.ID, err = tx.InsertID(ctx, sqlRedeem, o.Coupon, o.Order, o.Number, o.Customer, o.Measure, int64(o.Day), clock.Micros(o.At), o.Amount, o.Discount); err != nil {
		return o, err
	}
	if _, err := tx.Exec(ctx, sqlRedeemed, o.Coupon, o.Discount); err != nil {
		return o, err
	}
	if o.Number != 0 {
		if _, err := tx.Exec(ctx, sqlCountCode, o.Number); err != nil {
			return o, err
		}
	}
	if err := book(ctx, tx, o); err != nil {
		return o, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindRedeemed, Customer: o.Customer, Subject: o.Coupon,
		Body: map[string]any{"redemption": o.ID, "amount": o.Amount, "discount": o.Discount, "currency": o.Currency}})
	return o, err
}

// book writes what the redemption cost into the measure that bears it. Orders have the discount taken off already.
func book(ctx context.Context, tx *store.Tx, o Outcome) error {
	if o.Measure == 0 || o.Discount == 0 {
		return nil
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	var rates []company.Rate
	if o.Currency != settings.Currency {
		if rates, err = company.Rates(ctx, tx); err != nil {
			return err
		}
	}
	amount, known, err := inBase(money.Of(o.Discount, o.Currency), settings.Currency, rates, o.Day)
	if err != nil || !known {
		return err
	}
	err = program.Book(ctx, tx, program.Cost{Key: costKey(o.ID), Measure: o.Measure, Kind: program.Coupon, Amount: amount.Minor, Included: true, Day: o.Day})
	if fault.CodeOf(err) == fault.NotFound { // the measure is gone; the code counts all the same
		return nil
	}
	return err
}

// costKey names the cost of a redemption for ever.
func costKey(redemption int64) string { return fmt.Sprintf("coupon:%d:redeemed", redemption) }

// inBase is an amount in the base currency. Without a rate there is none that could be held against what a measure brought.
func inBase(amount money.Amount, base string, rates []company.Rate, day clock.Day) (in money.Amount, known bool, err error) {
	if amount.Currency == base {
		return amount, true, nil
	}
	rate, known := company.RateOn(rates, amount.Currency, day)
	if !known {
		return in, false, nil
	}
	in, err = money.Convert(amount, base, rate)
	return in, true, err
}

// claimDay is the day of the order by the company's days.
func claimDay(ctx context.Context, tx *store.Tx, claim Claim) (clock.Day, error) {
	if claim.Day != nil {
		return *claim.Day, nil
	}
	settings, err := company.Load(ctx, tx)
	return clock.DayOf(tx.Now, settings.Zone()), err
}

// given is an own code with whom it was given to.
type given struct {
	Code
	measure int64
}

// find returns the coupon of a code.
func find(ctx context.Context, tx *store.Tx, text string) (*Coupon, given, error) {
	var g given
	unknown := fault.New(fault.NotFound, "coupon.error.unknown").On("code")
	number, own := Parse(text)
	if !own {
		all, err := query(ctx, tx, sqlShared, normalShared(text))
		if err == nil && len(all) == 0 {
			err = unknown
		}
		if err != nil {
			return nil, g, err
		}
		return all[0], g, nil
	}
	rows, err := tx.Query(ctx, sqlCode, number)
	if err != nil {
		return nil, g, err
	}
	var coupon int64
	for rows.Next() {
		g.Number = number
		if err := rows.Scan(&coupon, &g.Customer, &g.measure, &g.Redeemed); err != nil {
			rows.Close()
			return nil, g, err
		}
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return nil, g, err
	}
	if coupon == 0 {
		return nil, g, unknown
	}
	c, err := Load(ctx, tx, coupon)
	return c, g, err
}

// open tells whether the coupon counts on a day.
func (c *Coupon) open(day clock.Day) error {
	switch {
	case c.Stopped != nil:
		return refused("stopped")
	case c.First != nil && day < *c.First:
		return refused("not_yet", "day", *c.First)
	case c.Last != nil && day > *c.Last:
		return refused("over", "day", *c.Last)
	case c.Most > 0 && c.Redeemed >= c.Most:
		return refused("used_up")
	}
	return nil
}

// refused is the error for a code that does not count.
func refused(key string, args ...any) error {
	return fault.New(fault.Conflict, "coupon.error."+key, args...).On("code")
}

// mayUse tells whether a code is still free for who shows it.
func (c *Coupon) mayUse(ctx context.Context, tx *store.Tx, g given, claimed, customer int64) error {
	var before int64
	if c.Once && customer != 0 {
		if err := tx.QueryRow(ctx, sqlOfCustomer, customer, c.ID).Scan(&before); err != nil {
			return err
		}
	}
	return c.mayBeUsed(g, claimed, customer, before)
}

// mayBeUsed is mayUse for a customer who redeemed the coupon so often before.
func (c *Coupon) mayBeUsed(g given, claimed, customer, before int64) error {
	switch {
	case c.Unique() && g.Redeemed > 0:
		return refused("used")
	case c.Personal && claimed == 0, c.Once && customer == 0:
		return fault.New(fault.Invalid, "coupon.error.customer").On("customer")
	case c.Personal && claimed != g.Customer:
		return refused("other_customer")
	case c.Once && before > 0:
		return refused("once")
	}
	return nil
}

// eligible is what the coupon counts for, in minor units.
func (c *Coupon) eligible(ctx context.Context, tx *store.Tx, claim Claim) (int64, error) {
	if claim.Amount.Currency != "" && claim.Amount.Currency != c.Currency {
		return 0, fault.New(fault.Invalid, "coupon.error.currency", "currency", c.Currency).On("currency")
	}
	amount := claim.Amount.Minor
	narrow := c.narrow()
	if narrow && len(claim.Lines) == 0 {
		return 0, fault.New(fault.Invalid, "coupon.error.lines").On("lines")
	}
	if len(claim.Lines) > 0 {
		sum, err := c.sum(ctx, tx, claim.Lines, narrow)
		if err != nil {
			return 0, err
		}
		if amount == 0 || narrow {
			amount = sum
		}
	}
	return c.enough(amount)
}

// narrow tells whether the coupon counts for some products only.
func (c *Coupon) narrow() bool { return len(c.Products)+len(c.Categories) > 0 }

// enough returns the amount that the coupon counts for, if that is what it takes.
func (c *Coupon) enough(amount int64) (int64, error) {
	switch {
	case amount < 0:
		return 0, fault.New(fault.Invalid, "coupon.error.negative").On("amount")
	case c.narrow() && amount == 0:
		return 0, refused("products")
	case amount < c.Minimum:
		return 0, refused("minimum", "minimum", money.Of(c.Minimum, c.Currency))
	}
	return amount, nil
}

// sum adds up the lines that the coupon counts for.
func (c *Coupon) sum(ctx context.Context, tx *store.Tx, lines []Line, narrow bool) (int64, error) {
	counts := func(string) bool { return true }
	if narrow {
		skus := make([]string, len(lines))
		for i, l := range lines {
			skus[i] = l.SKU
		}
		among, err := c.among(ctx, tx, skus)
		if err != nil {
			return 0, err
		}
		counts = func(sku string) bool { return among[sku] }
	}
	total := money.Of(0, c.Currency)
	for _, l := range lines {
		if !counts(l.SKU) {
			continue
		}
		var err error
		if total, err = total.Add(money.Of(l.Amount, c.Currency)); err != nil {
			return 0, err
		}
	}
	return total.Minor, nil
}

// below stands between a category and those that belong to it.
const below = " > "

// among returns which products the coupon counts for.
func (c *Coupon) among(ctx context.Context, tx *store.Tx, skus []string) (map[string]bool, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlCategories, tx.Strings("$1")), store.JSON(skus))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	among := map[string]bool{}
	for rows.Next() {
		var sku, category string
		var id int64
		if err := rows.Scan(&sku, &id, &category); err != nil {
			return nil, err
		}
		if c.countsFor(id, category) {
			among[sku] = true
		}
	}
	return among, rows.Err()
}

// countsFor tells whether a narrow coupon counts for a product.
func (c *Coupon) countsFor(product int64, category string) bool {
	if _, named := slices.BinarySearch(c.Products, product); named && product != 0 {
		return true
	}
	return category != "" && slices.ContainsFunc(c.Categories, func(to string) bool { return category == to || strings.HasPrefix(category, to+below) })
}

// discount is what the coupon takes off an amount, rounded once. What a shop says it took off counts, up to the amount.
func (c *Coupon) discount(amount int64, told *int64) (int64, error) {
	switch {
	case told != nil && (*told < 0 || *told > amount):
		return 0, fault.New(fault.Invalid, "coupon.error.discount").On("discount")
	case told != nil:
		return *told, nil
	case c.Kind == Percent:
		return money.MulDiv(amount, c.Value, hundred)
	default:
		return min(c.Value, amount), nil
	}
}
