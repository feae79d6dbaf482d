package engage

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/a-h/templ"

	"stamm/internal/action/coupon"
	"stamm/internal/action/program"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
	"stamm/internal/record/product"
)

const (
	couponsPath = Path + "/coupons"
	couponPath  = couponsPath + "/{id}"
)

func couponRoutes() []page.Route {
	return []page.Route{
		csv(get(couponsPath, auth.ReadCustomers, listCoupons)),
		get(couponsPath+"/new", auth.WriteMessages, freshCoupon),
		post(couponsPath, auth.WriteMessages, createCoupon),
		csv(get(couponPath, auth.ReadCustomers, showCoupon)),
		csv(get(couponPath+"/codes", auth.WriteMessages, listCodes)),
		post(couponPath+"/codes", auth.WriteMessages, makeCodes),
		post(couponPath+"/stop", auth.WriteMessages, stopCoupon),
	}
}

func couponLink(id int64) string { return fmt.Sprintf("%s/%d", couponsPath, id) }

// couponList is the list.
type couponList struct {
	all    []*coupon.Coupon
	more   bool
	before int64
}

func listCoupons(r *page.Request) error {
	l := couponList{before: r.Int("before", 0)}
	limit := perPage
	if r.WantsCSV() {
		return couponsCSV(r)
	}
	err := r.Read(func(tx *store.Tx) (err error) {
		l.all, err = coupon.List(r.Context(), tx, l.before, limit+1)
		return err
	})
	if err != nil {
		return err
	}
	if l.more = len(l.all) > limit; l.more {
		l.all = l.all[:limit]
	}
	return r.Render(r.P.T("coupons.title"), couponListView(r, l))
}

func couponsCSV(r *page.Request) error {
	p := r.P
	columns := []string{p.T("coupons.name"), p.T("coupons.worth"), p.T("coupons.code"), p.T("coupons.made"), p.T("coupons.given"), p.T("coupons.redeemed"), p.T("coupons.granted")}
	return r.SendCSV(p.T("coupons.title"), columns, func(yield func([]string, error) bool) {
		for before := int64(0); ; {
			var all []*coupon.Coupon
			err := r.Read(func(tx *store.Tx) (err error) {
				all, err = coupon.List(r.Context(), tx, before, perCSV)
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, c := range all {
				before = c.ID
				made, given := "", "" // of a code for all nobody can tell
				if c.Unique() {
					made, given = p.Number(c.Made), p.Number(c.Given)
				}
				if !yield([]string{c.Name, worth(p, c), c.Code, made, given, p.Number(c.Redeemed), p.Money(c.Granted, c.Currency)}, nil) {
					return
				}
			}
			if len(all) < perCSV {
				return
			}
		}
	})
}

// worth is what a coupon takes off, in words.
func worth(p *i18n.Printer, c *coupon.Coupon) string {
	if c.Kind == coupon.Percent {
		digits := 0
		if c.Value%100 != 0 {
			digits = 1
		}
		return p.Percent(float64(c.Value)/10_000, digits)
	}
	return p.Money(c.Value, c.Currency)
}

// validity is when a coupon counts, in words.
func validity(p *i18n.Printer, c *coupon.Coupon) string {
	switch {
	case c.First != nil && c.Last != nil:
		return p.T("coupons.between", "first", *c.First, "last", *c.Last)
	case c.First != nil:
		return p.T("coupons.from_day", "first", *c.First)
	case c.Last != nil:
		return p.T("coupons.until_day", "last", *c.Last)
	default:
		return p.T("coupons.always")
	}
}

// given is how many own codes customers have; of a code for all nobody can tell.
func given(p *i18n.Printer, c *coupon.Coupon) string {
	if !c.Unique() {
		return "–"
	}
	return p.Number(c.Given)
}

func (l couponList) table(r *page.Request) ui.Table {
	p := r.P
	t := ui.Table{ID: "coupons", Caption: p.T("coupons.title"), Columns: []ui.Column{{Title: p.T("coupons.name"), Narrow: ui.NarrowLead},
		{Title: p.T("coupons.worth"), Number: true, Narrow: ui.NarrowValue}, {Title: p.T("coupons.valid"), Narrow: ui.NarrowBare},
		{Title: p.T("coupons.given"), Number: true}, {Title: p.T("coupons.redeemed"), Number: true}, {Title: p.T("coupons.granted"), Number: true}}}
	for _, c := range l.all {
		name := ui.Lines(c.Name, c.Code)
		if c.Stopped != nil {
			name = ui.Lines(c.Name, p.T("coupons.stopped"))
		}
		t.Rows = append(t.Rows, ui.Row{Href: couponLink(c.ID), Muted: c.Stopped != nil, Cells: []ui.Cell{name, ui.Text(worth(p, c)), ui.Text(validity(p, c)),
			ui.Text(given(p, c)), ui.Text(p.Number(c.Redeemed)), ui.Text(p.Money(c.Granted, c.Currency))}})
	}
	t.Paging = &ui.Paging{Shown: int64(len(l.all)), Of: -1, Noun: p.T("coupons.noun")}
	if l.before != 0 {
		t.Paging.First = r.Link("before", "")
	}
	if l.more {
		t.Paging.Next = r.Link("before", strconv.FormatInt(l.all[len(l.all)-1].ID, 10))
	}
	return t
}

// couponForm is what stands in the fields.
type couponForm struct {
	values     map[string]string
	ticked     map[string]bool
	errors     ui.Errors
	categories []string
}

func freshCoupon(r *page.Request) error {
	f := couponForm{values: map[string]string{"kind": string(coupon.Percent), "value": "10"}, ticked: map[string]bool{"once": true}}
	if err := f.choices(r); err != nil {
		return err
	}
	return r.Render(r.P.T("coupons.new"), couponFormView(r, f))
}

func (f *couponForm) choices(r *page.Request) error {
	return r.Read(func(tx *store.Tx) (err error) {
		f.categories, err = product.MainCategories(r.Context(), tx)
		return err
	})
}

// couponRead reads the form; what cannot be read is told, joined.
func couponRead(r *page.Request) (*coupon.Coupon, error) {
	c := &coupon.Coupon{Name: r.Text("name"), Kind: coupon.Kind(r.Text("kind")), Currency: r.Company.Currency, Code: r.Text("code"), Once: r.Has("once"), Personal: r.Has("personal"), Categories: r.Texts("categories")}
	var wrong []error
	number := func(name string, digits int) int64 {
		text := r.P.Typed(r.Text(name))
		if text == "" {
			return 0
		}
		n, err := money.ParseScaled(text, digits)
		if err != nil {
			wrong = append(wrong, fault.As(err).On(name))
		}
		return n
	}
	digits := money.Digits(c.Currency)
	if c.Kind == coupon.Percent {
		c.Value = number("value", 2)
	} else {
		c.Value = number("value", digits)
	}
	c.Minimum, c.Most = number("minimum", digits), number("most", 0)
	day := func(name string) *clock.Day {
		if r.Text(name) == "" {
			return nil
		}
		d, ok := r.Day(name)
		if !ok {
			wrong = append(wrong, fault.New(fault.Invalid, "errors.day", "text", r.Text(name)).On(name))
		}
		return &d
	}
	c.First, c.Last = day("first"), day("last")
	return c, errors.Join(wrong...)
}

func createCoupon(r *page.Request) error {
	c, err := couponRead(r)
	if err == nil {
		err = r.Write(func(tx *store.Tx) error { return coupon.Create(r.Context(), tx, c) })
	}
	if err != nil {
		f := couponForm{values: map[string]string{}, ticked: map[string]bool{"once": r.Has("once"), "personal": r.Has("personal")}}
		if choices := f.choices(r); choices != nil {
			return choices
		}
		for _, name := range []string{"name", "kind", "value", "minimum", "most", "code", "first", "last"} {
			f.values[name] = r.Text(name)
		}
		return r.Refuse(err, r.P.T("coupons.new"), func(e ui.Errors) templ.Component {
			f.errors = e
			return couponFormView(r, f)
		})
	}
	return r.RedirectWith(couponLink(c.ID), ui.Flash{Text: r.P.T("common.saved")})
}

// oneCoupon is the page of a coupon with its redemptions.
type oneCoupon struct {
	*coupon.Coupon
	list   []coupon.Redemption
	names  map[int64]string
	bore   map[int64]string // names of the measures that bear the cost
	more   bool
	before int64
	errors ui.Errors
	codes  string
}

func (o *oneCoupon) read(r *page.Request, limit int) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	return r.Read(func(tx *store.Tx) error {
		if o.Coupon, err = coupon.Load(r.Context(), tx, id); err != nil {
			return err
		}
		if o.list, err = coupon.Redemptions(r.Context(), tx, id, o.before, limit+1); err != nil {
			return err
		}
		if o.more = len(o.list) > limit; o.more {
			o.list = o.list[:limit]
		}
		var who, bore []int64
		for _, one := range o.list {
			who, bore = append(who, one.Customer), append(bore, one.Measure)
		}
		if o.names, err = customer.Names(r.Context(), tx, who); err != nil {
			return err
		}
		o.bore, err = program.Names(r.Context(), tx, bore)
		return err
	})
}

func showCoupon(r *page.Request) error {
	o := oneCoupon{before: r.Int("before", 0)}
	if r.WantsCSV() {
		return redemptionsCSV(r)
	}
	if err := o.read(r, perPage); err != nil {
		return err
	}
	return r.Render(o.Name, couponView(r, o))
}

func redemptionsCSV(r *page.Request) error {
	p := r.P
	columns := []string{p.T("common.day"), p.T("coupons.order"), p.T("coupons.customer"), p.T("coupons.code"), p.T("coupons.amount"), p.T("coupons.discount"), p.T("coupons.bore")}
	o := oneCoupon{}
	if err := o.read(r, perCSV); err != nil {
		return err
	}
	return r.SendCSV(o.Name, columns, func(yield func([]string, error) bool) {
		for {
			for _, one := range o.list {
				o.before = one.ID
				if !yield([]string{p.Date(one.Day), one.Order, o.names[one.Customer], codeOf(o.Coupon, one.Number), p.Money(one.Amount, o.Currency), p.Money(one.Discount, o.Currency), o.bore[one.Measure]}, nil) {
					return
				}
			}
			if !o.more {
				return
			}
			if err := o.read(r, perCSV); err != nil {
				yield(nil, err)
				return
			}
		}
	})
}

func codeOf(c *coupon.Coupon, number int64) string {
	if number == 0 {
		return c.Code
	}
	return coupon.Format(number)
}

func (o oneCoupon) facts(r *page.Request) []ui.Pair {
	p := r.P
	yes := func(is bool) string {
		if is {
			return p.T("common.yes")
		}
		return p.T("common.no")
	}
	code := o.Code
	if code == "" {
		code = p.T("coupons.own_codes")
	}
	pairs := []ui.Pair{{Term: p.T("coupons.worth"), Text: worth(p, o.Coupon)}, {Term: p.T("coupons.valid"), Text: validity(p, o.Coupon)}, {Term: p.T("coupons.code"), Text: code}}
	if o.Minimum > 0 {
		pairs = append(pairs, ui.Pair{Term: p.T("coupons.minimum"), Text: p.Money(o.Minimum, o.Currency)})
	}
	if len(o.Categories) > 0 {
		pairs = append(pairs, ui.Pair{Term: p.T("coupons.categories"), Text: p.List(o.Categories)})
	}
	if o.Most > 0 {
		pairs = append(pairs, ui.Pair{Term: p.T("coupons.most"), Text: p.Number(o.Most)})
	}
	return append(pairs, ui.Pair{Term: p.T("coupons.once"), Text: yes(o.Once)}, ui.Pair{Term: p.T("coupons.personal"), Text: yes(o.Personal)})
}

func (o oneCoupon) tiles(r *page.Request) []ui.Tile {
	p := r.P
	tiles := []ui.Tile{{Name: p.T("coupons.redeemed"), Value: p.Number(o.Redeemed)}, {Name: p.T("coupons.granted"), Value: p.Money(o.Granted, o.Currency)}}
	if o.Unique() {
		tiles = append(tiles, ui.Tile{Name: p.T("coupons.made"), Value: p.Number(o.Made)}, ui.Tile{Name: p.T("coupons.given"), Value: p.Number(o.Given)})
	}
	return tiles
}

func (o oneCoupon) table(r *page.Request) ui.Table {
	p := r.P
	t := ui.Table{ID: "redemptions", Caption: p.T("coupons.redemptions"), Title: p.T("coupons.redemptions"), Columns: []ui.Column{{Title: p.T("coupons.order"), Narrow: ui.NarrowLead},
		{Title: p.T("coupons.customer"), Narrow: ui.NarrowBare}, {Title: p.T("coupons.code")}, {Title: p.T("common.day"), Number: true},
		{Title: p.T("coupons.amount"), Number: true}, {Title: p.T("coupons.discount"), Number: true, Narrow: ui.NarrowValue}, {Title: p.T("coupons.bore")}}}
	for _, one := range o.list {
		who := ui.Text("")
		if one.Customer != 0 {
			who = ui.LinkTo(o.names[one.Customer], fmt.Sprintf("/customers/%d", one.Customer))
		}
		order := ui.Text(one.Order)
		if one.Document != 0 {
			order.Href = fmt.Sprintf("/documents/%d", one.Document)
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{order, who, ui.Text(codeOf(o.Coupon, one.Number)), ui.Text(p.Date(one.Day)),
			ui.Text(p.Money(one.Amount, o.Currency)), ui.Text(p.Money(one.Discount, o.Currency)), ui.Text(o.bore[one.Measure])}})
	}
	t.Paging = &ui.Paging{Shown: int64(len(o.list)), Of: o.Redeemed, Noun: p.T("coupons.redemptions_noun")}
	if o.before != 0 {
		t.Paging.First = r.Link("before", "")
	}
	if o.more {
		t.Paging.Next = r.Link("before", strconv.FormatInt(o.list[len(o.list)-1].ID, 10))
	}
	return t
}

// pageCodes is how many codes are made by the page at once; a million is for the command line.
const pageCodes = 50_000

func makeCodes(r *page.Request) error {
	o := oneCoupon{codes: r.Text("codes")}
	if err := o.read(r, perPage); err != nil {
		return err
	}
	n := r.Int("codes", 0)
	var err error
	if n < 1 || n > pageCodes {
		err = fault.New(fault.Invalid, "coupons.codes_between", "max", pageCodes).On("codes")
	} else {
		err = coupon.Make(r.Context(), r.DB, r.Actor(), o.ID, o.Made+n, nil)
	}
	if err != nil {
		return r.Refuse(err, o.Name, func(e ui.Errors) templ.Component {
			o.errors = e
			return couponView(r, o)
		})
	}
	return r.RedirectWith(couponLink(o.ID), ui.Flash{Text: r.P.N("coupon.cli.made", n), Link: &ui.Anchor{Text: r.P.T("coupons.codes"), Href: couponLink(o.ID) + "/codes"}})
}

func stopCoupon(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	if err := r.Write(func(tx *store.Tx) error { return coupon.Stop(r.Context(), tx, id) }); err != nil {
		return err
	}
	return r.RedirectWith(couponLink(id), ui.Flash{Text: r.P.T("coupons.stopped")})
}

// codeList are the own codes of a coupon.
type codeList struct {
	c     *coupon.Coupon
	all   []coupon.Code
	names map[int64]string
	more  bool
	after int64
}

func (l *codeList) read(r *page.Request, limit int) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	return r.Read(func(tx *store.Tx) error {
		if l.c, err = coupon.Load(r.Context(), tx, id); err != nil {
			return err
		}
		if l.all, err = coupon.Codes(r.Context(), tx, id, l.after, limit+1); err != nil {
			return err
		}
		if l.more = len(l.all) > limit; l.more {
			l.all = l.all[:limit]
		}
		var who []int64
		for _, c := range l.all {
			who = append(who, c.Customer)
		}
		l.names, err = customer.Names(r.Context(), tx, who)
		return err
	})
}

func listCodes(r *page.Request) error {
	l := codeList{after: r.Int("after", 0)}
	limit := perPage
	if r.WantsCSV() {
		l.after, limit = 0, 10*perCSV
	}
	if err := l.read(r, limit); err != nil {
		return err
	}
	if !r.WantsCSV() {
		return r.Render(r.P.T("coupons.codes_of", "name", l.c.Name), codeListView(r, l))
	}
	p := r.P
	return r.SendCSV(l.c.Name, []string{p.T("coupons.code"), p.T("coupons.customer"), p.T("coupons.redeemed")}, func(yield func([]string, error) bool) {
		for {
			for _, c := range l.all {
				l.after = c.N
				if !yield([]string{coupon.Format(c.Number), l.names[c.Customer], p.Number(c.Redeemed)}, nil) {
					return
				}
			}
			if !l.more {
				return
			}
			if err := l.read(r, limit); err != nil {
				yield(nil, err)
				return
			}
		}
	})
}

func (l codeList) table(r *page.Request) ui.Table {
	p := r.P
	t := ui.Table{ID: "codes", Caption: p.T("coupons.codes"), Columns: []ui.Column{{Title: p.T("coupons.code"), Narrow: ui.NarrowLead},
		{Title: p.T("coupons.customer"), Narrow: ui.NarrowBare}, {Title: p.T("coupons.redeemed"), Number: true, Narrow: ui.NarrowValue}}}
	for _, c := range l.all {
		who := ui.Text("")
		if c.Customer != 0 {
			who = ui.LinkTo(l.names[c.Customer], fmt.Sprintf("/customers/%d", c.Customer))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{ui.Text(coupon.Format(c.Number)), who, ui.Text(p.Number(c.Redeemed))}})
	}
	t.Paging = &ui.Paging{Shown: int64(len(l.all)), Of: l.c.Made, Noun: p.T("coupons.codes_noun")}
	if l.after != 0 {
		t.Paging.First = r.Link("after", "")
	}
	if l.more {
		t.Paging.Next = r.Link("after", strconv.FormatInt(l.all[len(l.all)-1].N, 10))
	}
	return t
}
