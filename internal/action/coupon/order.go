package coupon

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/document"
)

// Order is an order or invoice that was written down, with the codes it showed. Other kinds of documents are passed over.
type Order struct {
	*document.Document          // with its id and lines
	Source             string   // name of where it was taken
	Codes              []string // as they were typed
	Told               bool     // whether Codes are all there are; where not, codes that are known of the order stay
}

// key names the order as redemptions know it, the same as one that is told by the API.
func (o *Order) key() string { return KeyOf(o.Source, o.ExternalID) }

// KeyOf is the name under which redemptions keep an order: where it was taken, and its number there.
func KeyOf(source, number string) string { return source + "/" + number }

// Refusal is a code that an order showed and that does not count. The order stands all the same: what was sold was sold.
type Refusal struct {
	Document int64
	Code     string
	Why      *fault.Error // its arguments are texts
}

// Settle counts the codes of up to about 1,000 orders after they were written, each as Redeem would, and returns those that do
// not count. Orders that were settled before change by the difference: a code they no longer show is taken back, and so are
// all codes of a cancelled order, whoever told them. The same again changes nothing.
func Settle(ctx context.Context, tx *store.Tx, orders []Order) ([]Refusal, error) {
	orders = slices.DeleteFunc(slices.Clone(orders), func(o Order) bool { return o.Kind != document.Order && o.Kind != document.Invoice })
	if len(orders) == 0 {
		return nil, nil
	}
	if !slices.ContainsFunc(orders, func(o Order) bool { return o.Told }) { // nothing but cancellations
		if any, err := tx.QueryIDs(ctx, sqlAnyRedeemed); err != nil || len(any) == 0 {
			return nil, err
		}
	}
	s := &settlement{orders: orders, coupons: map[int64]*Coupon{}, codes: map[int64]*given{}, shared: map[string]int64{}, told: map[string][]*Redemption{},
		uses: map[[2]int64]int64{}, categories: map[int64]string{}}
	if err := s.load(ctx, tx); err != nil {
		return nil, err
	}
	var gone []*Redemption
	for i := range s.orders {
		gone = append(gone, s.obsolete(&s.orders[i])...)
	}
	if err := s.takeBack(ctx, tx, gone, ""); err != nil {
		return nil, err
	}
	for i := range s.orders {
		s.judge(&s.orders[i])
	}
	if err := s.write(ctx, tx); err != nil {
		return nil, err
	}
	return s.refusals, s.keep(ctx, tx)
}

// settlement is what is known of the codes of some orders, and what becomes of them. Counters are moved here as the orders
// pass by, so that no two of them get the last one.
type settlement struct {
	orders     []Order
	coupons    map[int64]*Coupon
	codes      map[int64]*given         // own codes by number
	coupon     map[int64]int64          // of own codes
	shared     map[string]int64         // coupons by the one code of all
	told       map[string][]*Redemption // by order
	uses       map[[2]int64]int64       // by customer and coupon, of those that count once for each customer
	categories map[int64]string         // of products
	offers     offers
	fresh      []*Redemption
	shown      []shown
	refusals   []Refusal
}

// shown is a code of an order and what became of it.
type shown struct {
	document   int64
	code       string
	redemption *Redemption
	why        *fault.Error
}

// obsolete are the redemptions of an order that do not count any more.
func (s *settlement) obsolete(o *Order) []*Redemption {
	key := o.key()
	var gone []*Redemption
	s.told[key] = slices.DeleteFunc(s.told[key], func(r *Redemption) bool {
		stays := !o.Cancelled && (!o.Told || r.Document != o.ID || slices.ContainsFunc(o.Codes, func(code string) bool {
			coupon, number := s.find(code)
			return coupon == r.Coupon && number == r.Number
		}))
		if !stays {
			gone = append(gone, r)
		}
		return !stays
	})
	return gone
}

// find tells the coupon of a code, and its number if it is an own one; 0 for none.
func (s *settlement) find(code string) (coupon, number int64) {
	if number, own := Parse(code); own {
		return s.coupon[number], number
	}
	return s.shared[normalShared(code)], 0
}

// judge decides about the codes of an order.
func (s *settlement) judge(o *Order) {
	if !o.Told {
		return
	}
	seen := map[string]bool{}
	for _, code := range o.Codes {
		if code = strings.TrimSpace(code); code == "" || seen[normalShared(code)] {
			continue
		}
		seen[normalShared(code)] = true
		r, err := s.claim(o, code)
		one := shown{document: o.ID, code: clip(code), redemption: r}
		if err != nil {
			one.why = plain(fault.As(err))
			s.refusals = append(s.refusals, Refusal{o.ID, one.code, one.why})
		}
		s.shown = append(s.shown, one)
	}
}

// claim redeems one code of an order, or says why it does not count.
func (s *settlement) claim(o *Order, code string) (*Redemption, error) {
	coupon, number := s.find(code)
	c := s.coupons[coupon]
	if c == nil {
		return nil, fault.New(fault.NotFound, "coupon.error.unknown").On("code")
	}
	key := o.key()
	for _, before := range s.told[key] {
		if before.Coupon == c.ID && before.Number == number {
			return before, nil
		}
		if before.Coupon == c.ID {
			return nil, fault.New(fault.Conflict, "coupon.error.other_code").On("order")
		}
	}
	if o.Cancelled {
		return nil, refused("order_cancelled")
	}
	g := given{}
	if held := s.codes[number]; held != nil {
		g = *held
	}
	r := &Redemption{Coupon: c.ID, Order: key, Number: number, Customer: o.Customer, Day: o.Day, Document: o.ID}
	if r.Customer == 0 {
		r.Customer = g.Customer
	}
	r.Measure = s.offers.measure(c, g, r.Customer, r.Day)
	use := [2]int64{r.Customer, c.ID}
	err := c.open(o.Day)
	if err == nil {
		err = c.mayBeUsed(g, o.Customer, r.Customer, s.uses[use])
	}
	if err == nil {
		r.Amount, err = s.eligible(c, o.Document)
	}
	if err == nil {
		r.Discount, err = c.discount(r.Amount, nil)
	}
	if err != nil {
		return nil, err
	}
	c.Redeemed++
	s.uses[use]++
	if held := s.codes[number]; held != nil {
		held.Redeemed++
	}
	s.told[key], s.fresh = append(s.told[key], r), append(s.fresh, r)
	return r, nil
}

// eligible is what the coupon counts for in an order: its lines, or its total without shipping where it has none.
func (s *settlement) eligible(c *Coupon, d *document.Document) (int64, error) {
	if d.Currency != c.Currency {
		return 0, fault.New(fault.Invalid, "coupon.error.currency", "currency", c.Currency).On("currency")
	}
	narrow := c.narrow()
	if narrow && len(d.Lines) == 0 {
		return 0, fault.New(fault.Invalid, "coupon.error.lines").On("lines")
	}
	total := money.Of(totalOf(d), c.Currency)
	if len(d.Lines) > 0 {
		total.Minor = 0
	}
	for _, l := range d.Lines {
		if narrow && !c.countsFor(l.Product, s.categories[l.Product]) {
			continue
		}
		var err error
		if total, err = total.Add(money.Of(l.Amount, c.Currency)); err != nil {
			return 0, err
		}
	}
	return c.enough(total.Minor)
}

// totalOf is what an order without lines was worth, without shipping.
func totalOf(d *document.Document) int64 {
	total := int64(0)
	switch {
	case d.Gross != nil:
		total = *d.Gross
	case d.Net != nil:
		total = *d.Net
	}
	if d.Shipping != nil && *d.Shipping <= total {
		total -= *d.Shipping
	}
	return total
}

// clip shortens what somebody typed to what is kept of it.
func clip(code string) string {
	if r := []rune(code); len(r) > maxShown {
		return string(r[:maxShown])
	}
	return code
}

// maxShown is how much is kept of a code that an order showed.
const maxShown = 100

// plain turns the arguments of a fault into texts, which are the same when they come back from the store.
func plain(f *fault.Error) *fault.Error {
	c := *f
	c.Args = slices.Clone(f.Args)
	for i := range c.Args {
		c.Args[i] = fmt.Sprint(c.Args[i])
	}
	return &c
}

// TakeBack takes back what the documents redeemed when they are gone, as after the undo of an import.
func TakeBack(ctx context.Context, tx *store.Tx, documents []int64) error {
	if _, err := tx.Exec(ctx, fmt.Sprintf(sqlDropShown, tx.Numbers("$1")), store.JSON(documents)); err != nil {
		return err
	}
	return takeBack(ctx, tx, fmt.Sprintf(sqlOfDocuments, tx.Numbers("$1")), store.JSON(documents), "")
}

// Returned takes back what orders redeemed that were returned as a whole. touched are documents that were linked or changed:
// returns, credit notes, or orders. An order of which something was kept keeps its redemption.
func Returned(ctx context.Context, tx *store.Tx, touched []int64) error {
	if any, err := tx.QueryIDs(ctx, sqlAnyRedeemed); err != nil || len(any) == 0 {
		return err
	}
	back, err := document.WhollyReturned(ctx, tx, touched)
	if err != nil || len(back) == 0 {
		return err
	}
	keys := make([]string, len(back))
	for i, d := range back {
		keys[i] = KeyOf(d.Source, d.ExternalID)
	}
	return takeBack(ctx, tx, fmt.Sprintf(sqlOfOrders, tx.Strings("$1")), store.JSON(keys), reasonReturned)
}

// reasonReturned is why a code of an order that was returned does not count.
const reasonReturned = "coupon.error.order_returned"

// takeBack takes back the redemptions that a query finds.
func takeBack(ctx context.Context, tx *store.Tx, text, list, reason string) error {
	found, err := redemptions(ctx, tx, text, list)
	if err != nil || len(found) == 0 {
		return err
	}
	s := &settlement{coupons: map[int64]*Coupon{}}
	gone := make([]*Redemption, len(found))
	for i := range found {
		gone[i] = &found[i]
	}
	return s.takeBack(ctx, tx, gone, reason)
}

// tellFeed appends one change a coupon.
func tellFeed(ctx context.Context, tx *store.Tx, kind string, all []*Redemption) error {
	return eachCoupon(all, func(coupon int64, of []*Redemption) error {
		body := map[string]any{"redemptions": len(of), "discount": sumOf(of)}
		customer := int64(0)
		if len(of) == 1 {
			customer = of[0].Customer
			body = map[string]any{"redemption": of[0].ID, "amount": of[0].Amount, "discount": of[0].Discount}
		}
		_, err := feed.Append(ctx, tx, feed.New{Kind: kind, Customer: customer, Subject: coupon, Body: body})
		return err
	})
}

// eachCoupon calls fn with the redemptions of each coupon, in the order of the coupons.
func eachCoupon(all []*Redemption, fn func(coupon int64, of []*Redemption) error) error {
	of := map[int64][]*Redemption{}
	var coupons []int64
	for _, r := range all {
		if of[r.Coupon] == nil {
			coupons = append(coupons, r.Coupon)
		}
		of[r.Coupon] = append(of[r.Coupon], r)
	}
	slices.Sort(coupons)
	for _, c := range coupons {
		if err := fn(c, of[c]); err != nil {
			return err
		}
	}
	return nil
}

func sumOf(all []*Redemption) (discount int64) {
	for _, r := range all {
		discount += r.Discount
	}
	return discount
}

// Shown is a code that an order showed.
type Shown struct {
	Code   string
	Coupon int64        // 0 where it does not count
	Why    *fault.Error // why it does not
	Off    money.Amount // what it took off
}

// ShownBy lists the codes that documents showed, by document.
func ShownBy(ctx context.Context, tx *store.Tx, documents []int64) (map[int64][]Shown, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlShownBy, tx.Numbers("$1")), store.JSON(documents))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64][]Shown{}
	for rows.Next() {
		var document, redemption int64
		var s Shown
		var reason, args string
		if err := rows.Scan(&document, &s.Code, &redemption, &reason, &args, &s.Coupon, &s.Off.Minor, &s.Off.Currency); err != nil {
			return nil, err
		}
		if reason != "" {
			if s.Why, err = stored(reason, args); err != nil {
				return nil, err
			}
		}
		all[document] = append(all[document], s)
	}
	return all, rows.Err()
}

// told are the columns of a redemption.
func (r *Redemption) told(tx *store.Tx) []any {
	return []any{r.ID, r.Coupon, r.Order, r.Number, r.Customer, r.Measure, int64(r.Day), clock.Micros(tx.Now), r.Amount, r.Discount, r.Document}
}
