package sheet

import (
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/money"
	"stamm/internal/record/product"
)

// Value is a number that a row may have: an amount in minor units, a unit price in millionths, a quantity in thousandths.
type Value struct {
	N   int64
	Set bool
}

// Instant is a date that a row may have.
type Instant struct {
	At      time.Time // UTC; without a time the first instant of the day in the plan's zone
	Day     clock.Day // the local day
	HasTime bool
	Set     bool
}

// Flag is yes or no, where a row says it.
type Flag struct {
	Yes, Set bool
	Word     string // the cell, folded, where that says more than yes
}

// Place is where a row stands, and what was not understood of it.
type Place struct {
	File    int   // place in Plan.Files
	Line    int64 // first physical line; the row's number in a workbook
	Number  int64 // among the rows with data over all files, bad ones included, from 0
	Hash    Hash  // of the cells as they were written
	Notices []Notice
}

// The problems texts and rows have.
const (
	badMissing       problem = "missing"
	badExcel         problem = "excel_number"
	badLong          problem = "too_long"
	badCurrencyMixed problem = "currency_mixed"
	badKind          problem = "kind"
	badTotal         problem = "total_large"
)

const (
	maxID    = 200    // bytes of a key
	maxWords = 10_000 // bytes of a text
)

// documentKinds are the kinds a row of orders may have.
var documentKinds = []string{"order", "invoice", "return", "credit_note", "quote", "delivery", "payment", "service_visit"}

// slot reads one field of a row from its column. Exactly one of the functions is set.
type slot[R any] struct {
	name    string
	column  int
	kind    fieldType
	words   func(*R) *string
	number  func(*R) *Value
	instant func(*R) *Instant
	flag    func(*R) *Flag
}

// access tells where a field lies in a row.
type access[R any] struct {
	words   func(*R) *string
	number  func(*R) *Value
	instant func(*R) *Instant
	flag    func(*R) *Flag
}

// slots binds the columns of a file to the fields of its rows. The currency comes first, because it says how many digits amounts have.
func slots[R any](k Kind, p *FilePlan, fields map[string]access[R]) []slot[R] {
	var all []slot[R]
	for _, c := range p.Columns {
		f, _, _ := fieldNamed(k, c.Field)
		a, ok := fields[c.Field]
		if !ok {
			continue
		}
		s := slot[R]{c.Field, c.Index, f.kind, a.words, a.number, a.instant, a.flag}
		if f.kind == typeCurrency {
			all = append([]slot[R]{s}, all...)
		} else {
			all = append(all, s)
		}
	}
	return all
}

// interpreter turns rows into values. It is bound to one file at a time.
type interpreter struct {
	plan    *FilePlan
	point   byte
	order   DateOrder
	base    string // currency of amounts without one
	local   *localDays
	known   struct{ currencies, countries, documents, states interned }
	hash    hasher
	notices []Notice

	line   int64
	number int64

	currency string // of the row at hand
	told     bool   // by a column or beside an amount
	digits   int
}

func newInterpreter(plan *Plan) (*interpreter, error) {
	loc, err := plan.Location()
	if err != nil {
		return nil, err
	}
	base := plan.Options.Currency
	if base == "" {
		base = "EUR"
	}
	in := &interpreter{point: plan.Formats.Decimal.sign(), order: plan.Formats.Dates, base: base, local: newLocalDays(loc)}
	in.known.currencies, in.known.countries, in.known.documents, in.known.states = interned{}, interned{}, interned{}, interned{}
	return in, nil
}

// read fills out from the cells of a row. It returns the first problem.
func read[R any](in *interpreter, slots []slot[R], r *Row, text string, out *R) *RowError {
	in.currency, in.told = in.base, false
	in.digits = money.Digits(in.base)
	for range 2 { // again if the currency beside an amount has other digits than those before it were read with
		in.notices = nil
		digits := in.digits
		for i := range slots {
			s := &slots[i]
			if s.column >= len(r.spans) {
				continue
			}
			sp := r.spans[s.column]
			if sp.from == sp.to {
				continue
			}
			cell := trim(text[sp.from:sp.to])
			if cell == "" || s.kind.keyed() && nothing(cell) {
				continue
			}
			if bad := readCell(in, s, cell, r.kind(s.column), out); bad != "" {
				return in.bad(s.name, bad, cell)
			}
		}
		if in.digits == digits {
			break
		}
	}
	return nil
}

// readCell reads one filled cell.
func readCell[R any](in *interpreter, s *slot[R], cell string, kind cellKind, out *R) problem {
	switch s.kind {
	case typeWords, typeStatus, typeTags:
		if len(cell) > maxWords {
			return badLong
		}
		if s.name == "zip" || s.name == "phone" {
			cell = unmarked(cell)
		}
		*s.words(out) = cell
	case typeID:
		if len(cell) > maxID {
			return badLong
		}
		if excelRuined(cell) {
			return badExcel
		}
		*s.words(out) = cell
	case typeAmount, typePrice, typeQuantity:
		v, bad := in.money(s.kind, cell, kind)
		if bad != "" {
			return bad
		}
		*s.number(out) = Value{v, true}
	case typeRate:
		v, bad := in.rate(cell, kind)
		if bad != "" {
			return bad
		}
		*s.number(out) = Value{v, v != 0} // some systems write 0 beside amounts in the base currency
	case typeInstant, typeDay, typeEnd, typeBirth:
		if s.kind == typeEnd && endless(cell) {
			return ""
		}
		at, bad := in.date(s.kind, cell, kind)
		if bad != "" {
			return bad
		}
		*s.instant(out) = at
	case typeCurrency:
		code := in.known.currencies.find(cell, currencyOf)
		if code == "" {
			return badCurrency
		}
		in.currency, in.told, in.digits = code, true, money.Digits(code)
	case typeFlag:
		word := fold(cell)
		yes, known := field{s.name, s.kind}.flag(word)
		if !known {
			in.notice(s.name, "flag", cell)
			return ""
		}
		*s.flag(out) = Flag{Yes: yes, Set: true, Word: excludedWord(word)}
	default:
		return in.word(s.kind, s.name, cell, s.words(out))
	}
	return ""
}

// word reads the fields that are one of a few words.
func (in *interpreter) word(kind fieldType, name, cell string, out *string) problem {
	switch kind {
	case typeCountry:
		if *out = in.known.countries.find(cell, CountryCode); *out == "" {
			*out = cell
			in.notice(name, "country", cell)
		}
	case typeMail:
		if len(cell) > maxID*2 {
			return badLong
		}
		*out = cell
		if !MailPlausible(cell) {
			in.notice(name, "email", cell)
		}
	case typeGTIN:
		if excelRuined(cell) {
			return badExcel
		}
		if *out = strings.NewReplacer(" ", "", "-", "").Replace(unmarked(cell)); !product.ValidGTIN(*out) {
			*out = ""
			in.notice(name, "gtin", cell)
		}
	case typeLanguage:
		if *out = languageOf(cell); *out == "" {
			in.notice(name, "language", cell)
		}
	case typeDocument:
		if *out = in.known.documents.find(cell, documentWord); *out == "" {
			return badKind
		}
	case typePerson:
		if *out = personWords[fold(cell)]; *out == "" {
			in.notice(name, "person", cell)
		}
	case typeForm:
		if *out = formWords[fold(cell)]; *out == "" {
			in.notice(name, "form", cell)
		}
	}
	return ""
}

// unmarked takes off the apostrophe by which some systems keep spreadsheets from reading a number: '01067.
func unmarked(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && (cell[1] >= '0' && cell[1] <= '9' || cell[1] == '+' || cell[1] == '(') {
		return cell[1:]
	}
	return cell
}

func documentWord(s string) string { return documentWords[fold(s)] }

// notice notes what was not understood.
func (in *interpreter) notice(field, key, value string) {
	in.notices = append(in.notices, Notice{field, shorten(value), "sheet.notice." + key})
}

// money reads an amount, unit price or quantity, and the currency that may stand beside it.
func (in *interpreter) money(f fieldType, cell string, kind cellKind) (int64, problem) {
	point := in.point
	if kind == cellNumber {
		point = '.'
	}
	scale := 6
	switch f {
	case typeAmount:
		scale = in.digits
	case typeQuantity:
		scale = 3
	}
	v, currency, bad := parseNumber(cell, point, scale)
	switch {
	case bad == badCurrency && f == typeQuantity: // 3 Stk
		return 0, badNumber
	case bad != "" || currency == "" || f == typeQuantity:
		return v, bad
	case in.told && currency != in.currency && !sameSign(currency, in.currency):
		return 0, badCurrencyMixed
	case in.told:
		return v, ""
	}
	in.currency, in.told = currency, true
	if d := money.Digits(currency); d != in.digits {
		in.digits = d
		if f == typeAmount {
			v, _, bad = parseNumber(cell, point, d)
		}
	}
	return v, bad
}

// RateScale is how many decimal places an exchange rate of a row has.
const RateScale = 9

// rate reads an exchange rate.
func (in *interpreter) rate(cell string, kind cellKind) (int64, problem) {
	point := in.point
	if kind == cellNumber {
		point = '.'
	}
	v, currency, bad := parseNumber(cell, point, RateScale)
	switch {
	case bad == badCurrency || bad == "" && (currency != "" || v < 0):
		return 0, badNumber
	case bad != "":
		return 0, bad
	}
	return v, ""
}

// sameSign reports whether a currency read from a sign may be the other: $ stands for many dollars, ¥ for two currencies.
func sameSign(read, told string) bool {
	return read == "USD" && len(told) == 3 && told[2] == 'D' || read == "JPY" && told == "CNY"
}

// date reads a date. Numbers in workbooks that were not formatted as dates are serial numbers, unless they are dates like 20101201.
func (in *interpreter) date(f fieldType, cell string, kind cellKind) (Instant, problem) {
	century := pivot
	if f == typeBirth {
		century = pivotBirth
	}
	m, bad := parseDate(cell, in.order, century)
	if bad != "" {
		switch {
		case zeroDate(cell):
			return Instant{}, ""
		case kind != cellNumber:
			return Instant{}, bad
		}
		text, ok := serialDate(cell)
		if !ok {
			return Instant{}, bad
		}
		if m, bad = parseDate(text, in.order, century); bad != "" {
			return Instant{}, bad
		}
	}
	at, day := in.local.at(m)
	return Instant{At: at, Day: day, HasTime: m.hasTime, Set: true}, ""
}

// interned keeps what the words of one field mean, which are few, so that each is looked up once.
type interned map[string]string

const maxInterned = 4096

func (w interned) find(s string, mean func(string) string) string {
	if v, ok := w[s]; ok {
		return v
	}
	v := mean(s)
	if len(w) < maxInterned && len(s) <= 100 {
		w[strings.Clone(s)] = strings.Clone(v)
	}
	return v
}
