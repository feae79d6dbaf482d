package sheet

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"

	"stamm/internal/platform/money"
)

// Column says that a field is read from a column.
type Column struct {
	Field      string  `json:"field"`
	Index      int     `json:"index"`      // from 0
	Heading    string  `json:"heading"`    // as it stands in the file; the column's number where there are no headings
	Confidence float64 `json:"confidence"` // 0 to 1; 1 is told or a known layout
	Reason     string  `json:"reason"`     // message key: why the guess was made
}

// Sure reports whether nobody needs to look at the guess.
func (c Column) Sure() bool { return c.Confidence >= 0.9 }

// The reasons for a guess.
const (
	reasonTold    = "sheet.guess.told"
	reasonLayout  = "sheet.guess.layout"
	reasonHeading = "sheet.guess.heading"
	reasonPart    = "sheet.guess.part"
	reasonContent = "sheet.guess.content"
)

//go:embed headings.toml
var headingsText string

// synonyms are the known headings of one kind: for each folded heading the fields it may stand for, with how sure that is.
type synonyms struct {
	exact map[string][]candidate
	other map[string]bool // headings that are something else
	long  []string        // headings long enough to be looked for inside others, the longest first
}

type candidate struct {
	field string
	score float64
}

// headings are read at the first call and never change. A broken file is a mistake in the program.
var headings = sync.OnceValue(func() map[Kind]synonyms {
	var file map[string]map[string][]string
	if _, err := toml.Decode(headingsText, &file); err != nil {
		panic(err)
	}
	all := map[Kind]synonyms{}
	for _, k := range Kinds() {
		s := synonyms{exact: map[string][]candidate{}, other: map[string]bool{}}
		for _, h := range file["other"]["headings"] {
			s.other[fold(h)] = true
		}
		for _, f := range fieldsOf(k) {
			names, ok := file[string(k)][f.name]
			if !ok {
				names = file["common"][f.name]
			}
			s.add(f.name, names)
		}
		for key := range s.exact {
			if len(key) >= 5 && key != "count" { // a discount counts nothing
				s.long = append(s.long, key)
			}
		}
		slices.SortFunc(s.long, func(a, b string) int {
			if len(a) != len(b) {
				return len(b) - len(a)
			}
			return strings.Compare(a, b)
		})
		all[k] = s
	}
	return all
})

// add takes in the headings of a field, the surest first.
func (s *synonyms) add(field string, names []string) {
	for rank, name := range names {
		score := max(0.97-0.002*float64(rank), 0.85)
		key := fold(name)
		for _, k := range []string{key, bare(key)} {
			if !slices.ContainsFunc(s.exact[k], func(c candidate) bool { return c.field == field }) {
				s.exact[k] = append(s.exact[k], candidate{field, score})
			}
		}
	}
}

// prefixes that say whose or which, before a heading that says what.
var prefixes = []string{
	"billing", "billto", "rechnungsadresse", "rechnungs", "rechnung", "customer", "kunden", "kunde", "order", "bestell", "auftrags", "lineitem", "item", "artikel", "positions", "position", "payment", "shopify", "contact",
	"mailing", "defaultaddress", "primary", "gift", "donation", "spenden", "transaction", "trans", "tran", "sales", "verkaufs", "kauf",
}

// fieldsFor returns what a heading may stand for.
func (s *synonyms) fieldsFor(k Kind, heading string) ([]candidate, string) {
	key := fold(heading)
	switch {
	case s.exact[key] != nil:
		return s.exact[key], reasonHeading
	case key == "" || s.other[key]:
		return nil, ""
	}
	if outside := fold(outsideBrackets(heading)); outside != key {
		switch {
		case s.exact[outside] != nil:
			return lowered(s.exact[outside], 0.95), reasonHeading
		case s.other[outside]:
			return nil, ""
		}
	}
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(key, p); ok && s.exact[rest] != nil {
			return lowered(s.exact[rest], 0.7), reasonPart
		}
	}
	return s.partOf(k, key, wordsOf(heading)), reasonPart
}

func lowered(cs []candidate, factor float64) []candidate {
	var low []candidate
	for _, c := range cs {
		low = append(low, candidate{c.field, c.score * factor})
	}
	return low
}

// hits is how many of the cells are headings of the kind.
func (s *synonyms) hits(cells []string) int {
	n := 0
	for _, c := range cells {
		key := fold(c)
		if s.exact[key] != nil || s.other[key] {
			n++
		}
	}
	return n
}

// guess finds out which column holds which field.
func guess(k Kind, names []string, hasHeadings bool, rows []sampleRow) (columns []Column, layoutName string) {
	facts := factsOf(rows, len(names))
	g := guesser{kind: k, names: names, facts: facts, rows: rows, column: map[string]Column{}, taken: make([]bool, len(names))}
	if hasHeadings {
		for i, name := range names { // "MwSt %" is no amount of tax, "Rabatt %" none of money
			g.taken[i] = strings.Contains(name, "%")
		}
		if l := layoutOf(k, names); l != nil {
			layoutName = l.name
			g.byLayout(l)
		}
		g.byHeading()
		g.besideNumber("name", "kunde", "customer", "client", "kontakt")
		g.besideNumber("description", "artikel", "product", "article", "item", "produkt")
		g.productName()
		g.bareID()
		g.addressState()
		g.netOfFees()
		g.onlyDate()
	} else {
		g.byContent()
	}
	g.dropOrderTotals()
	for _, f := range fieldsOf(k) {
		if c, ok := g.column[f.name]; ok {
			columns = append(columns, c)
		}
	}
	return columns, layoutName
}

type guesser struct {
	kind   Kind
	names  []string
	facts  []columnFacts
	rows   []sampleRow
	column map[string]Column // by field
	taken  []bool            // by column
}

func (g *guesser) take(field string, index int, confidence float64, reason string) {
	g.column[field] = Column{field, index, g.names[index], confidence, reason}
	g.taken[index] = true
}

func (g *guesser) byLayout(l *layout) {
	for field, heading := range l.fields {
		i := slices.IndexFunc(g.names, func(n string) bool { return fold(n) == heading })
		switch {
		case i < 0:
		case field[0] == '-': // known and not wanted
			g.taken[i] = true
		default:
			g.take(field, i, 1, reasonLayout)
		}
	}
}

// byHeading gives every field the column whose heading fits best, the best fits first.
func (g *guesser) byHeading() {
	type fit struct {
		field  string
		place  int
		index  int
		score  float64
		reason string
	}
	syn := headings()[g.kind]
	var fits []fit
	for i, name := range g.names {
		candidates, reason := syn.fieldsFor(g.kind, name)
		for _, c := range candidates {
			f, place, _ := fieldNamed(g.kind, c.field)
			if g.contradicts(f, i) {
				continue
			}
			if g.facts[i].filled == 0 && len(g.rows) > 0 { // an empty column yields to any other
				if reason == reasonPart {
					continue
				}
				c.score *= 0.5
			}
			fits = append(fits, fit{c.field, place, i, c.score, reason})
		}
	}
	slices.SortStableFunc(fits, func(a, b fit) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		case a.place != b.place:
			return a.place - b.place
		}
		return a.index - b.index
	})
	for _, f := range fits {
		if _, done := g.column[f.field]; !done && !g.taken[f.index] {
			g.take(f.field, f.index, f.score, f.reason)
		}
	}
}

// besideNumber makes the field of a column called only customer or article, where another column holds its number: the name stands in it.
func (g *guesser) besideNumber(field string, called ...string) {
	if _, ok := g.column[field]; ok || g.kind != Orders {
		return
	}
	for i, n := range g.names {
		f, _, _ := fieldNamed(g.kind, field)
		if !g.taken[i] && slices.Contains(called, fold(n)) && !g.contradicts(f, i) {
			g.take(field, i, 0.7, reasonHeading)
			return
		}
	}
}

// productName makes a column called only name, beside the article number, the article's: in a list of orders the customer's name
// stands elsewhere.
func (g *guesser) productName() {
	name, ok := g.column["name"]
	product, hasProduct := g.column["product"]
	_, described := g.column["description"]
	if g.kind == Orders && ok && hasProduct && !described && fold(name.Heading) == "name" && name.Index == product.Index+1 {
		delete(g.column, "name")
		g.take("description", name.Index, 0.7, reasonHeading)
	}
}

// addressState takes a column called only state from the status of the order where it belongs to an address.
func (g *guesser) addressState() {
	status, ok := g.column["status"]
	_, city := g.column["city"]
	_, zip := g.column["zip"]
	if g.kind == Orders && ok && (city || zip) && fold(status.Heading) == "state" {
		delete(g.column, "status")
		g.taken[status.Index] = false
	}
}

// netOfFees takes the net amount away where a column of fees stands beside it: it is what was paid out, not what is without tax.
func (g *guesser) netOfFees() {
	net, ok := g.column["net"]
	if _, gross := g.column["gross"]; !ok || !gross {
		return
	}
	if slices.ContainsFunc(g.names, func(n string) bool { return slices.Contains([]string{"fee", "fees", "gebuehr", "gebuehren"}, fold(n)) }) {
		delete(g.column, "net")
		g.taken[net.Index] = false
	}
}

// onlyDate finds the date no heading tells, where one column alone holds dates, or one alone of those that hold them speaks of buying.
func (g *guesser) onlyDate() {
	if _, ok := g.column["date"]; ok || g.kind != Orders && g.kind != Payments {
		return
	}
	syn := headings()[g.kind]
	var dates, bought []int
	for i := range g.facts {
		c := &g.facts[i]
		words := wordsOf(g.names[i])
		if g.taken[i] || c.filled == 0 || c.share(c.dates) < 0.9 || syn.other[fold(g.names[i])] || slices.ContainsFunc(words, func(w string) bool { return wayWords[w] || otherThings[w] }) {
			continue
		}
		dates = append(dates, i)
		if slices.ContainsFunc(words, func(w string) bool { return buyingWords[w] }) {
			bought = append(bought, i)
		}
	}
	if len(dates) > 1 {
		dates = bought
	}
	if len(dates) == 1 {
		g.take("date", dates[0], 0.5, reasonContent)
	}
}

// buyingWords say that a date is that of a purchase.
var buyingWords = wordSet(`order orders bestellung purchase purchased kauf transaction trans tran event sale sales sold verkauf invoice rechnung booking buchung visit besuch`)

// contradicts reports whether what a column holds cannot be the field its heading promises.
func (g *guesser) contradicts(f field, column int) bool {
	c := &g.facts[column]
	if c.filled == 0 {
		return false
	}
	switch f.kind {
	case typeAmount, typePrice, typeQuantity, typeRate:
		return c.share(c.numbers) < 0.5 || c.share(c.mails) > 0.1 || f.kind == typeAmount && f.name != "amount" && c.yesNo()
	case typeInstant, typeDay, typeBirth:
		return c.share(max(c.dates, c.serials)) < 0.5
	case typeEnd:
		return c.share(max(c.dates, c.serials))+c.known(endless) < 0.5
	case typeID: // a column of very few words numbers nothing; a column "contract" of the same few words again and again names plans
		return f.name == "contract" && 4*c.distinct < 3*c.filled || f.name == "order" && c.filled >= 20 && c.distinct <= 5 && c.numbers == 0
	case typeMail:
		return c.share(c.mails) < 0.3
	case typeCurrency:
		return c.share(c.currencies) < 0.5
	case typeDocument:
		browsing := c.known(func(s string) bool { return browsingWords[fold(s)] })
		document := c.known(func(s string) bool { return documentWords[fold(s)] != "" })
		return browsing+document < 0.5 || document == 0 || browsing == 0 && fold(g.names[column]) == "eventtype"
	case typePerson:
		return c.known(func(s string) bool { return personWords[fold(s)] != "" }) < 0.5
	case typeForm:
		return c.known(func(s string) bool { return formWords[fold(s)] != "" }) < 0.5
	case typeFlag:
		return c.known(func(s string) bool { _, ok := f.flag(fold(s)); return ok }) < 0.5
	case typeLanguage:
		return c.known(func(s string) bool { return languageOf(s) != "" }) < 0.5
	case typeWords:
		return f.name == "description" && c.share(c.numbers) > 0.9 || f.name == "title" && c.known(func(s string) bool { return !academic(s) }) > 0.5
	}
	return false
}

// yesNo reports a column of 0 and 1, or of 0 alone, which tells yes and no rather than amounts.
func (c *columnFacts) yesNo() bool {
	return c.words["0"] > 0 && c.words["0"]+c.words["1"] == c.filled
}

// known is the share of cells for which is answers yes.
func (c *columnFacts) known(is func(string) bool) float64 {
	n := 0
	for w, count := range c.words {
		if is(w) {
			n += count
		}
	}
	return c.share(n)
}

// bareID decides what a column called only id or number is: the customer if its values come again, else the order.
func (g *guesser) bareID() {
	if g.kind != Orders {
		return
	}
	for i, name := range g.names {
		switch fold(name) {
		case "id", "nr", "no", "nummer", "number":
		default:
			continue
		}
		c := &g.facts[i]
		_, hasOrder := g.column["order"]
		_, hasCustomer := g.column["customer"]
		again := c.distinct < c.filled
		switch {
		case g.taken[i] || c.filled == 0:
		case !hasCustomer && (again || hasOrder):
			g.take("customer", i, 0.6, reasonContent)
		case !hasOrder && !again:
			g.take("order", i, 0.6, reasonContent)
		}
	}
}

// dropOrderTotals takes amounts away again where every line has quantity and price and they are those of the whole order, repeated
// on each of its lines: taken as the row's they would count several times.
func (g *guesser) dropOrderTotals() {
	for _, field := range [...]string{"amount", "net", "gross", "tax"} {
		g.dropOrderTotal(field)
	}
}

func (g *guesser) dropOrderTotal(field string) {
	amount, ok := g.column[field]
	quantity, ok2 := g.column["quantity"]
	price, ok3 := g.column["unit_price"]
	order, ok4 := g.column["order"]
	if !ok || !ok2 || !ok3 || amount.Reason == reasonLayout {
		return
	}
	point := guessPoint(g.rows, amount.Index, price.Index)
	var rows, product, lines, repeated int
	last, lastAmount := "", ""
	for i := range g.rows {
		r := &g.rows[i]
		if len(r.cells) <= max(amount.Index, quantity.Index, price.Index) {
			continue
		}
		a, _, p1 := parseNumber(r.cells[amount.Index], r.point(amount.Index, point), 2)
		q, _, p2 := parseNumber(r.cells[quantity.Index], r.point(quantity.Index, point), 3)
		u, _, p3 := parseNumber(r.cells[price.Index], r.point(price.Index, point), 6)
		if p2 != "" || p3 != "" {
			continue
		}
		rows++
		if want, err := money.LineAmount(q, u, 2); err == nil && p1 == "" && a-want <= 1 && want-a <= 1 {
			product++
		}
		if ok4 && order.Index < len(r.cells) {
			if o := r.cells[order.Index]; o == last && o != "" {
				lines++
				if v := r.cells[amount.Index]; v == lastAmount || trim(v) == "" {
					repeated++
				}
			} else {
				last, lastAmount = o, r.cells[amount.Index]
			}
		}
	}
	if product*10 < rows*8 && lines > 0 && repeated*10 >= lines*9 {
		delete(g.column, field)
		g.taken[amount.Index] = false
	}
}

// point is the decimal sign of a cell: that of the file, but always a point where a workbook marks a number as one.
func (r *sampleRow) point(i int, point byte) byte {
	if r.kind(i) == cellNumber {
		return '.'
	}
	return point
}

// guessPoint is the decimal sign most cells of some columns speak for; a point if none does.
func guessPoint(rows []sampleRow, columns ...int) byte {
	votes := 0
	for i := range rows {
		for _, c := range columns {
			if c >= len(rows[i].cells) || rows[i].kind(c) == cellNumber {
				continue
			}
			switch shapeOf(rows[i].cells[c]) {
			case shapeComma:
				votes++
			case shapePoint:
				votes--
			}
		}
	}
	if votes > 0 {
		return ','
	}
	return '.'
}

// byContent guesses without headings, and only what is clear.
func (g *guesser) byContent() {
	first := func(field string, confidence float64, is func(c *columnFacts) bool) {
		if _, _, ok := fieldNamed(g.kind, field); !ok {
			return
		}
		for i := range g.facts {
			if c := &g.facts[i]; !g.taken[i] && c.filled > 0 && is(c) {
				g.take(field, i, confidence, reasonContent)
				return
			}
		}
	}
	first("email", 0.8, func(c *columnFacts) bool { return c.share(c.mails) > 0.9 })
	first("date", 0.8, func(c *columnFacts) bool { return c.share(c.dates) > 0.9 })
	first("currency", 0.7, func(c *columnFacts) bool { return c.share(c.currencies) > 0.95 && c.length == 3*c.filled })
	first("country", 0.6, func(c *columnFacts) bool { return c.share(c.countries) > 0.95 })
	first("amount", 0.6, func(c *columnFacts) bool {
		return c.share(c.numbers) > 0.95 && c.share(c.fractions) > 0.3 && c.zeros == 0
	})
	key := func(c *columnFacts) bool {
		return c.share(c.fractions) < 0.05 && c.share(c.dates) < 0.5 && c.length < 20*c.filled
	}
	first("order", 0.5, func(c *columnFacts) bool { return key(c) && c.distinct == c.filled })
	first("customer", 0.5, func(c *columnFacts) bool {
		return key(c) && (c.zeros > 0 || c.share(c.small) < 0.5) && (g.kind != Orders || c.distinct < c.filled)
	})
	first("product", 0.5, func(c *columnFacts) bool { return g.kind == Products && key(c) && c.distinct == c.filled })
	first("quantity", 0.5, func(c *columnFacts) bool {
		return c.share(c.numbers) > 0.95 && c.share(c.small) > 0.9 && c.zeros == 0
	})
}
