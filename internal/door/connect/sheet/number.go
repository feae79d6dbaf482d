package sheet

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"stamm/internal/platform/money"
)

// Decimal is which sign separates the fraction in the numbers of a file.
type Decimal string

// The two decimal signs; empty means not known.
const (
	Comma Decimal = "comma" // 1.234,56
	Point Decimal = "point" // 1,234.56
)

// sign is the decimal sign itself, 0 if it is not known.
func (d Decimal) sign() byte {
	switch d {
	case Comma:
		return ','
	case Point:
		return '.'
	}
	return 0
}

// problem is the last part of the message key of what is wrong with a value, "number" for sheet.bad.number. Empty is none.
// Values are read by the million, so a problem is no error that would have to be made.
type problem string

// The problems numbers have.
const (
	badNumber    problem = "number"
	badLarge     problem = "number_large"
	badAmbiguous problem = "number_ambiguous"
	badCurrency  problem = "currency"
)

// maxNumber bounds every number, in units of its last digit: 10^15, so that sums of thousands of rows cannot overflow.
const maxNumber = 1_000_000_000_000_000

// parseNumber reads a number as a whole number of its scale-th decimal place, rounded half away from zero. point is the decimal
// sign; where it is 0, a number that could be meant both ways is badAmbiguous. currency is the code of a currency that was written
// beside the number, if any.
func parseNumber(s string, point byte, scale int) (v int64, currency string, p problem) {
	if v, ok := plainNumber(s, point, scale); ok {
		return v, "", ""
	}
	n, ok := dress(s)
	if !ok {
		return 0, "", badNumber
	}
	if n.currencyText != "" {
		if currency = currencyOf(n.currencyText); currency == "" {
			return 0, "", badCurrency
		}
	}
	if point == 0 {
		switch n.shape() {
		case shapeComma:
			point = ','
		case shapePoint, shapeWhole:
			point = '.'
		case shapeAmbiguous:
			return 0, "", badAmbiguous
		default:
			return 0, "", badNumber
		}
	}
	var buf [64]byte
	text, ok := n.plain(buf[:0], point)
	if !ok {
		return 0, "", badNumber
	}
	v, err := money.ParseScaled(string(text), scale)
	if err != nil || v > maxNumber || v < -maxNumber {
		return 0, "", badLarge
	}
	if n.negative {
		v = -v
	}
	return v, currency, ""
}

// plainNumber reads digits with at most a minus and one decimal sign, which is nearly all there is. Anything else is not ok.
func plainNumber(s string, point byte, scale int) (int64, bool) {
	i, neg := 0, false
	if s != "" && s[0] == '-' {
		neg, i = true, 1
	}
	if len(s)-i > 16 || len(s) == i {
		return 0, false
	}
	var v int64
	places, digits, roundUp := -1, 0, false
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case c-'0' <= 9:
			digits++
			switch {
			case places < 0:
				v = v*10 + int64(c-'0')
			case places < scale:
				v = v*10 + int64(c-'0')
				places++
			case places == scale: // the first digit that is cut decides
				roundUp = c >= '5'
				places++
			}
		case c == point && point != 0 && places < 0:
			places = 0
		default:
			return 0, false
		}
	}
	if digits == 0 {
		return 0, false
	}
	for n := max(places, 0); n < scale; n++ {
		if v > maxNumber {
			return 0, false
		}
		v *= 10
	}
	if roundUp {
		v++
	}
	if v > maxNumber {
		return 0, false
	}
	if neg {
		v = -v
	}
	return v, true
}

// dressed is a number with its signs and currency taken off: what stands between the first and the last digit.
type dressed struct {
	core         string // begins with a digit or a decimal sign
	negative     bool
	currencyText string
}

// dress takes off parentheses, signs before and behind, currencies, and the ",-" of round prices.
func dress(s string) (n dressed, ok bool) {
	if len(s) > 80 {
		return n, false
	}
	signs := 0
	for {
		if s = trim(s); s == "" {
			return n, false
		}
		var sign, minus, done bool
		switch last := s[len(s)-1]; {
		case s[0] == '(' && last == ')':
			sign, minus, s = true, true, s[1:len(s)-1]
		case !numeric(s[0]) && s[0] != '(':
			if sign, minus, s = cutSign(s); !sign {
				s, ok = n.takeCurrency(s, leadingWord(s), strings.TrimPrefix)
			}
		case last >= '0' && last <= '9':
			done = true
		default:
			sign, minus, s, ok, done = n.undressEnd(s)
		}
		switch {
		case sign:
			signs++
			n.negative = n.negative != minus
		case done:
			n.core = s
			return n, signs <= 1 && numeric(s[0])
		case !ok:
			return n, false
		}
	}
}

// undressEnd takes off one thing that stands behind the number: a sign, a currency, the ",-" of a round price, which is done then.
func (n *dressed) undressEnd(s string) (sign, minus bool, rest string, ok, done bool) {
	if rest, ok := cutRoundPrice(s); ok {
		return false, false, rest, true, true
	}
	for _, m := range [...]string{"-", "−"} {
		if rest, ok := strings.CutSuffix(s, m); ok {
			return true, true, rest, true, false
		}
	}
	word := trailingWord(s)
	if last := s[len(s)-1]; word == "" && (last == '.' || last == ',') { // "12."
		return false, false, s, true, true
	}
	rest, ok = n.takeCurrency(s, word, strings.TrimSuffix)
	return false, false, rest, ok, false
}

// takeCurrency takes a word off one end and keeps it as the currency. There may be one.
func (n *dressed) takeCurrency(s, word string, trimWord func(s, word string) string) (string, bool) {
	if word == "" || n.currencyText != "" {
		return s, false
	}
	n.currencyText = word
	return trimWord(s, word), true
}

// cutRoundPrice takes the ",-" or ".–" off "12,-": no cents, not minus.
func cutRoundPrice(s string) (string, bool) {
	rest := strings.TrimRight(s, "-")
	rest = strings.TrimRight(rest, "–—")
	if len(rest) < len(s) && len(rest) > 1 && (rest[len(rest)-1] == ',' || rest[len(rest)-1] == '.') {
		return rest[:len(rest)-1], true
	}
	return s, false
}

func numeric(c byte) bool { return c >= '0' && c <= '9' || c == '.' || c == ',' }

func cutSign(s string) (isSign, minus bool, rest string) {
	switch {
	case s[0] == '-':
		return true, true, s[1:]
	case s[0] == '+':
		return true, false, s[1:]
	case strings.HasPrefix(s, "−"):
		return true, true, s[len("−"):]
	}
	return false, false, s
}

// leadingWord is the currency at the beginning: letters and signs, with the dot of an abbreviation ("Fr. 5").
func leadingWord(s string) string {
	i := 0
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !wordRune(r) {
			break
		}
		i += size
	}
	if i > 0 && i < len(s) && s[i] == '.' {
		i++
	}
	return s[:i]
}

func trailingWord(s string) string {
	i := len(s)
	if i > 1 && s[i-1] == '.' && !numeric(s[i-2]) {
		i--
	}
	for i > 0 {
		r, size := utf8.DecodeLastRuneInString(s[:i])
		if !wordRune(r) {
			break
		}
		i -= size
	}
	return s[i:]
}

// wordRune reports letters and currency signs.
func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.Is(unicode.Sc, r) }

// shape is what a number's form says about the decimal sign of its file.
type shape uint8

const (
	shapeNone      shape = iota // no number
	shapeWhole                  // says nothing: 1234
	shapeComma                  // 1.234,56 or 0,5 or 1.234.567
	shapePoint                  // 1,234.56 or 0.5 or 1,234,567
	shapeAmbiguous              // 1.234 or 1,234
)

// shapeOf looks at a value as it was written.
func shapeOf(s string) shape {
	n, ok := dress(s)
	if !ok {
		return shapeNone
	}
	return n.shape()
}

func (n dressed) shape() shape {
	core, grouped := n.core, false
	if i := strings.IndexAny(core, "eE"); i > 0 {
		core = core[:i]
	}
	dots, commas, digits := 0, 0, 0
	for i := 0; i < len(core); i++ {
		switch c := core[i]; {
		case c == '.':
			dots++
		case c == ',':
			commas++
		case c >= '0' && c <= '9':
			digits++
		case c == '\'' || c == ' ' || c >= 0x80: // other marks of thousands; what they are is checked when the number is read
			grouped = true
		default:
			return shapeNone
		}
	}
	switch {
	case digits == 0:
		return shapeNone
	case dots == 0 && commas == 0:
		return shapeWhole
	case dots > 0 && commas > 0:
		return bothSigns(core, dots, commas)
	case dots > 0:
		return oneSign(core, '.', dots, grouped, shapePoint, shapeComma)
	default:
		return oneSign(core, ',', commas, grouped, shapeComma, shapePoint)
	}
}

// bothSigns: the last of them is the decimal sign.
func bothSigns(core string, dots, commas int) shape {
	if strings.LastIndexByte(core, ',') > strings.LastIndexByte(core, '.') {
		if commas > 1 {
			return shapeNone
		}
		return shapeComma
	}
	if dots > 1 {
		return shapeNone
	}
	return shapePoint
}

// oneSign decides where only one of the two occurs: it groups if it occurs often, and separates the fraction unless exactly three
// digits follow it after one to three others.
func oneSign(core string, sign byte, count int, grouped bool, fraction, thousands shape) shape {
	before := strings.IndexByte(core, sign)
	if count > 1 {
		for part := range strings.SplitSeq(core[before+1:], string(sign)) {
			if len(part) != 3 {
				return shapeNone // a date, a version
			}
		}
		return thousands
	}
	after := len(core) - before - 1
	if grouped || after != 3 || before == 0 || before > 3 || core[0] == '0' {
		return fraction
	}
	return shapeAmbiguous
}

// plain appends the number as money.ParseScaled reads it: without grouping and with a point. The grouping is checked: 1,50 is not
// one hundred and fifty where the comma groups thousands.
func (n dressed) plain(b []byte, point byte) ([]byte, bool) {
	var group string // what groups thousands here, once seen
	run, digits, fraction := 0, 0, false
	s := n.core
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			b = append(b, c)
			run++
			digits++
			i++
		case c == point:
			if fraction || group != "" && run != 3 {
				return nil, false
			}
			b = append(b, '.')
			fraction = true
			i++
		case (c == 'e' || c == 'E') && len(b) > 0 && run > 0:
			b = append(b, s[i:]...)
			return b, group == "" && exponent(s[i+1:])
		default:
			mark := groupMark(s[i:])
			if mark == "" || fraction || run == 0 || group != "" && (mark != group || run != 3) || group == "" && run > 3 {
				return nil, false
			}
			group, run = mark, 0
			i += len(mark)
		}
	}
	if group != "" && !fraction && run != 3 {
		return nil, false
	}
	return b, digits > 0 && len(b) < 40
}

// groupMark is the mark of thousands that s begins with, if any. That the decimal sign is none is known to the caller.
func groupMark(s string) string {
	for _, m := range [...]string{".", ",", "'", " ", "\u00a0", "\u202f", "\u2009", "’"} {
		if strings.HasPrefix(s, m) {
			return m
		}
	}
	return ""
}

func exponent(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 3
}
