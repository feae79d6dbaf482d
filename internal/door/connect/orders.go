package connect

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/document"
)

// draft is a document being put together from the rows of a file.
type draft struct {
	doc       document.Document
	buyer     buyer
	lines     []draftLine
	files     []int // file of each line
	rows      int
	problem   *RowError // concerns the whole document: it is not taken
	notices   []RowError
	file      string
	line      int64
	currency  string
	rate      money.Rate // as the file tells it
	codes     []string   // of coupons
	coupons   bool       // whether its files tell codes
	refunded  bool       // its status says that all was given back, and its file has no documents for that
	givenBack int64      // of its total, as its file says it in an amount
	renamed   bool       // a notice tells already that the customer was named differently before
}

// draftLine is a line before its product has an id.
type draftLine struct {
	document.Line
	sku, name, category string
	hash                [8]byte
	bare                bool // nothing but an amount
}

// buyer is the customer as the order names her.
type buyer struct {
	id, email, name, firstName, lastName, company, phone, street, zip, city, country, language string
}

func (b *buyer) known() bool { return b.id != "" || b.email != "" }

// drafter turns order rows into drafts: rows of one order number are one document.
type drafter struct {
	files   []sheet.FilePlan
	rates   rates
	base    string
	current *draft
	strings map[string]string // names that come again and again, once
	names   *names
	emit    func(*draft) error
}

// add takes the next row. Rows of one order follow each other.
func (b *drafter) add(r *sheet.OrderRow) error {
	kind, ok := document.ParseKind(r.Kind)
	if !ok {
		return fmt.Errorf("connect: a row of kind %q", r.Kind)
	}
	d := b.current
	if d == nil || r.Order == "" || d.doc.Kind != kind || d.doc.ExternalID != r.Order {
		if err := b.flush(); err != nil {
			return err
		}
		d = b.begin(r, kind)
	}
	b.join(d, r)
	return nil
}

// flush hands out the draft at hand.
func (b *drafter) flush() error {
	d := b.current
	if d == nil {
		return nil
	}
	b.current = nil
	return b.finish(d)
}

// finish completes a draft and hands it out.
func (b *drafter) finish(d *draft) error {
	d.convert(b.rates, b.base)
	d.finish(b.base)
	if err := b.emit(d); err != nil || d.problem != nil || !d.doc.Sale || !d.refunded && d.givenBack == 0 {
		return err
	}
	return b.emit(d.refund(b.base))
}

func (b *drafter) begin(r *sheet.OrderRow, kind document.Kind) *draft {
	d := &draft{file: b.files[r.File].Name, line: r.Line, currency: r.Currency, coupons: b.files[r.File].Has("coupon")}
	d.doc.Kind, d.doc.ExternalID = kind, r.Order
	if r.Order == "" {
		d.doc.ExternalID = rowKey(r.Hash, r.Occurrence)
	}
	d.doc.At, d.doc.Day = r.Date.At, r.Date.Day
	d.doc.Currency = r.Currency
	b.current = d
	return d
}

// find is the draft of a row's order among those gathered under its number.
func (b *drafter) find(drafts []*draft, r *sheet.OrderRow) (*draft, error) {
	kind, ok := document.ParseKind(r.Kind)
	if !ok {
		return nil, fmt.Errorf("connect: a row of kind %q", r.Kind)
	}
	for _, d := range drafts {
		if d.doc.Kind == kind {
			return d, nil
		}
	}
	return nil, nil
}

// beginApart is begin for an order that is gathered from rows that stand apart.
func (b *drafter) beginApart(r *sheet.OrderRow) *draft {
	kind, _ := document.ParseKind(r.Kind)
	d := b.begin(r, kind)
	d.doc.ExternalID = string([]byte(d.doc.ExternalID))
	b.current = nil
	return d
}

// rowKey is the key of a row without a number of its own: its content, and which of the equal rows of its file it is.
func rowKey(hash sheet.Hash, occurrence int) string {
	key := hex.EncodeToString(hash[:])
	if occurrence > 1 {
		key += "-" + strconv.Itoa(occurrence)
	}
	return key
}

func (d *draft) fail(r *sheet.OrderRow, field, value, key string, args ...any) {
	if d.problem == nil {
		d.problem = &RowError{File: d.file, Line: r.Line, Field: field, Value: value, Key: key, Args: args}
	}
}

// join adds a row to the draft: what concerns the whole document comes from the first row that says it.
func (b *drafter) join(d *draft, r *sheet.OrderRow) {
	d.rows++
	if r.Currency != d.currency {
		d.fail(r, "currency", r.Currency, "import.two_currencies", "order", r.Order, "first", d.currency, "second", r.Currency)
	}
	switch {
	case d.buyer.id == "":
		d.buyer.id = r.Customer
	case r.Customer != "" && r.Customer != d.buyer.id:
		d.fail(r, "customer", r.Customer, "import.two_customers", "order", r.Order, "first", d.buyer.id, "second", r.Customer)
	}
	for _, f := range [...]struct {
		to   *string
		from string
	}{
		{&d.buyer.email, r.Email}, {&d.buyer.name, r.Name}, {&d.buyer.firstName, r.FirstName}, {&d.buyer.lastName, r.LastName},
		{&d.buyer.company, r.Company}, {&d.buyer.phone, r.Phone}, {&d.buyer.street, r.Street}, {&d.buyer.zip, r.Zip}, {&d.buyer.city, r.City},
		{&d.buyer.country, r.Country}, {&d.buyer.language, r.Language}, {&d.doc.Status, r.Status}, {&d.doc.Reference, r.Reference},
	} {
		if *f.to == "" && f.from != "" {
			*f.to = b.keep(f.from)
		}
	}
	d.doc.Cancelled = d.doc.Cancelled || r.Cancelled
	if f := &b.files[r.File]; !f.Has("kind") && !f.Has("reference") {
		d.refunded = d.refunded || r.Refunded
		if d.givenBack == 0 {
			d.givenBack = max(r.GivenBack.N, -r.GivenBack.N)
		}
	}
	if r.Coupon != "" {
		d.coupons = true
		d.show(r.Coupon)
	}
	firstDay(&d.doc.DueDay, r.Due)
	firstDay(&d.doc.Promised, r.Promised)
	firstDay(&d.doc.Kept, r.Delivered)
	if r.Shipping.Set && d.doc.Shipping == nil {
		d.doc.Shipping = &[]int64{r.Shipping.N}[0]
	}
	if d.rate.IsZero() {
		d.rate = rateOf(r.Rate)
	}
	b.compareName(d, r)
	sum(&d.doc.Net, r.Net)
	sum(&d.doc.Tax, r.Tax)
	sum(&d.doc.Gross, r.Gross)
	d.lines = append(d.lines, b.lineOf(r))
	d.files = append(d.files, r.File)
	for _, n := range r.Notices {
		d.notices = append(d.notices, RowError{File: d.file, Line: r.Line, Field: n.Field, Value: n.Value, Key: n.Key, Args: []any{"value", n.Value}, Notice: true})
	}
}

// show adds the codes of a cell: several of them stand between commas, semicolons or bars.
func (d *draft) show(cell string) {
	for code := range strings.FieldsFuncSeq(cell, func(r rune) bool { return strings.ContainsRune(",;|\n", r) }) {
		if code = strings.TrimSpace(code); code != "" && !slices.Contains(d.codes, code) && len(d.codes) < maxCodes {
			d.codes = append(d.codes, strings.Clone(code))
		}
	}
}

// maxCodes is how many codes of an order are looked at.
const maxCodes = 20

func firstDay(to **clock.Day, i sheet.Instant) {
	if i.Set && *to == nil {
		day := i.Day
		*to = &day
	}
}

// keep makes a text independent of the row it came from, once for all equal ones.
func (b *drafter) keep(s string) string {
	if kept, ok := b.strings[s]; ok {
		return kept
	}
	kept := string([]byte(s))
	if len(s) < 64 && len(b.strings) < 100_000 {
		b.strings[kept] = kept
	}
	return kept
}

func sum(to **int64, v sheet.Value) {
	if !v.Set {
		return
	}
	if *to == nil {
		*to = new(int64)
	}
	**to += v.N
}

// lineOf is the line a row stands for. Its amount is without tax where the file tells it.
func (b *drafter) lineOf(r *sheet.OrderRow) draftLine {
	l := draftLine{sku: b.keep(r.Product), name: b.keep(r.Description), category: b.keep(r.Category)}
	l.Quantity, l.NoQuantity = r.Quantity.N, !r.Quantity.Set
	l.UnitPrice, l.NoPrice = r.UnitPrice.N, !r.UnitPrice.Set
	l.Amount = r.Amount.N
	switch {
	case r.Net.Set:
		l.Amount = r.Net.N
	case r.Gross.Set && r.Tax.Set:
		l.Amount = r.Gross.N - r.Tax.N
	}
	if r.Cost.Set {
		cost := r.Cost.N
		l.Cost = &cost
	}
	l.bare = r.Product == "" && r.Description == "" && (l.NoQuantity || l.Quantity > 0) && (l.NoPrice || l.UnitPrice > 0)
	var buf [512]byte
	text := append(buf[:0], l.sku...)
	text = append(append(text, 0), l.name...)
	text = append(text, 0)
	for _, n := range [...]int64{l.Quantity, l.UnitPrice, l.Amount} {
		text = binary.LittleEndian.AppendUint64(text, uint64(n))
	}
	digest := sha256.Sum256(text)
	copy(l.hash[:], digest[:])
	return l
}

// finish completes a draft when all its rows are there.
func (d *draft) finish(base string) {
	d.dropOverlap()
	d.doc.FileRows = d.rows
	if len(d.lines) == 1 && d.lines[0].bare && !d.hasTotals() {
		amount := d.lines[0].Amount
		d.doc.Gross, d.doc.Cost = &amount, d.lines[0].Cost
		d.lines = nil
	} else if len(d.lines) == 1 && d.lines[0].bare {
		d.doc.Cost = d.lines[0].Cost
		d.lines = nil
	}
	for _, l := range d.lines {
		d.doc.Lines = append(d.doc.Lines, l.Line)
	}
	if d.doc.Gross == nil && d.doc.Net == nil {
		var total int64
		for _, l := range d.lines {
			total += l.Amount
		}
		d.doc.Gross = &total
	}
	d.turnNegative()
	if d.problem == nil {
		if err := document.Assess(&d.doc, base); err != nil {
			d.problem = &RowError{File: d.file, Line: d.line, Key: "import.amount"}
		}
	}
	d.doc.Hash = d.hash()
}

func (d *draft) hasTotals() bool { return d.doc.Net != nil || d.doc.Gross != nil || d.doc.Tax != nil }

// dropOverlap takes the lines of a file that says of this order exactly what an earlier file of the run said: exports
// that overlap are not doubled, while an order that is spread over files is joined.
func (d *draft) dropOverlap() {
	if len(d.files) == 0 || !slices.ContainsFunc(d.files, func(f int) bool { return f != d.files[0] }) {
		return
	}
	content := map[int]string{}
	var order []int
	for i, f := range d.files {
		if _, ok := content[f]; !ok {
			order = append(order, f)
		}
		content[f] += string(d.lines[i].hash[:])
	}
	drop := map[int]bool{}
	for i, f := range order {
		for _, earlier := range order[:i] {
			drop[f] = drop[f] || content[f] == content[earlier]
		}
	}
	var lines []draftLine
	for i, f := range d.files {
		if !drop[f] {
			lines = append(lines, d.lines[i])
		}
	}
	if len(lines) < len(d.lines) {
		d.rows = len(lines)
		d.lines = lines
		d.doc.Net, d.doc.Tax, d.doc.Gross = nil, nil, nil // sums over both files; the lines tell the amount
	}
}

// turnNegative reads an order of a known customer with a total below zero, as some shops write refunds, as a return. Where something
// was bought too, with a quantity and price above zero, it stays a sale of that.
func (d *draft) turnNegative() {
	if !d.buyer.known() {
		return
	}
	total := int64(0)
	switch {
	case len(d.doc.Lines) > 0:
		for _, l := range d.doc.Lines {
			if l.Quantity > 0 && l.UnitPrice > 0 {
				return
			}
			total += l.Amount
		}
	case d.doc.Net != nil:
		total = *d.doc.Net
	case d.doc.Gross != nil:
		total = *d.doc.Gross
	}
	if total >= 0 {
		return
	}
	switch d.doc.Kind {
	case document.Order:
		d.doc.Kind = document.Return
	case document.Invoice:
		d.doc.Kind = document.CreditNote
	}
}

// hash is a number for everything the rows say of the document, by which it is known to be unchanged.
func (d *draft) hash() int64 {
	var buf [2048]byte
	b := append(buf[:0], "1"...)
	text := func(all ...string) {
		for _, s := range all {
			b = append(append(b, s...), 0)
		}
	}
	number := func(all ...*int64) {
		for _, n := range all {
			if n == nil {
				b = append(b, 1)
				continue
			}
			b = binary.LittleEndian.AppendUint64(append(b, 2), uint64(*n))
		}
	}
	at, kind, day := clock.Micros(d.doc.At), int64(d.doc.Kind), int64(d.doc.Day)
	text(d.doc.ExternalID, d.buyer.id, d.doc.Status, d.doc.Currency, d.doc.Reference)
	if d.buyer.id == "" {
		text(d.buyer.email)
	}
	number(&at, &kind, &day, d.doc.Net, d.doc.Tax, d.doc.Gross, d.doc.Shipping)
	for place, day := range [...]*clock.Day{d.doc.DueDay, d.doc.Promised, d.doc.Kept} {
		if day != nil {
			n := int64(*day)
			if place > 0 {
				b = append(b, byte(place))
			}
			number(&n)
		}
	}
	if !d.rate.IsZero() && !d.doc.Rate.IsZero() {
		text(d.rate.String())
	}
	for i := range d.lines {
		b = append(b, d.lines[i].hash[:]...)
		number(d.lines[i].Cost)
	}
	for _, code := range d.codes {
		text("coupon", code)
	}
	digest := sha256.Sum256(b)
	return int64(binary.LittleEndian.Uint64(digest[:]))
}

// convert pins the rate to the base currency: what the file tells weighs more than what the company keeps.
func (d *draft) convert(r rates, base string) {
	if d.doc.Currency == base {
		return
	}
	if d.doc.Rate = d.rate; !d.rate.IsZero() {
		return
	}
	rate, ok := r.of(d.doc.Currency, d.doc.Day)
	if !ok && d.problem == nil {
		d.problem = &RowError{File: d.file, Line: d.line, Field: "currency", Value: d.doc.Currency, Key: "import.no_rate", Args: []any{"currency", d.doc.Currency, "base", base}}
	}
	d.doc.Rate = rate
}

// rateOf is the exchange rate of a row, none if it has none.
func rateOf(v sheet.Value) money.Rate {
	if !v.Set {
		return money.Rate{}
	}
	rate, err := money.ParseRate(money.FormatScaled(v.N, sheet.RateScale))
	if err != nil {
		return money.Rate{}
	}
	return rate
}

// rates are the company's exchange rates to the base currency.
type rates map[string][]datedRate

type datedRate struct {
	from clock.Day
	rate money.Rate
}

// of is the rate of a currency on a day: the newest one that was valid then, else the oldest there is.
func (r rates) of(currency string, day clock.Day) (money.Rate, bool) {
	all := r[currency]
	if len(all) == 0 {
		return money.Rate{}, false
	}
	rate := all[0].rate
	for _, d := range all {
		if d.from <= day {
			rate = d.rate
		}
	}
	return rate, true
}

func loadRates(ctx context.Context, tx *store.Tx) (rates, error) {
	all, err := company.Rates(ctx, tx)
	if err != nil {
		return nil, err
	}
	r := rates{}
	for _, one := range all {
		r[one.Currency] = append(r[one.Currency], datedRate{one.ValidFrom, one.Rate})
	}
	return r, nil
}
