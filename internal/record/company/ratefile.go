package company

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
)

// MostRates is how many rates a file may bring: they are entered in one turn.
const MostRates = 1000

const mostRateBytes = 1 << 20

// RateLine is a rate as a line of a file has it, or what is wrong with the line.
type RateLine struct {
	N int // of the line, from 1
	Rate
	Err error
}

// NewRate is a rate as people write it: the day as 2026-01-31 or 31.01.2026, the rate with point or comma; inverse is a rate quoted
// the other way round, units of the other currency for one of base. What is wrong is an Invalid fault on currency, from or rate.
func NewRate(base, currency, from, rate string, inverse bool) (Rate, error) {
	r := Rate{Currency: strings.ToUpper(strings.TrimSpace(currency))}
	var wrong []error
	switch {
	case r.Currency == base:
		wrong = append(wrong, fault.New(fault.Invalid, "company.rate_own", "currency", base).On("currency"))
	case !money.Known(r.Currency):
		wrong = append(wrong, fault.New(fault.Invalid, "errors.currency", "text", currency).On("currency"))
	}
	day, err := rateDay(strings.TrimSpace(from))
	if err != nil {
		wrong = append(wrong, fault.As(err).On("from"))
	}
	r.ValidFrom = day
	r.Rate, err = money.ParseRate(strings.Replace(strings.TrimSpace(rate), ",", ".", 1))
	if err == nil && inverse {
		r.Rate, err = r.Rate.Inverse()
	}
	if err != nil {
		wrong = append(wrong, fault.New(fault.Invalid, "errors.rate", "text", rate).On("rate"))
	}
	return r, errors.Join(wrong...)
}

func rateDay(text string) (clock.Day, error) {
	if at, err := time.Parse("2.1.2006", text); err == nil {
		return clock.NewDay(at.Year(), at.Month(), at.Day()), nil
	}
	return clock.ParseDay(text)
}

// rateHeadings are what the columns of a file may be called.
func rateHeadings() [3][]string {
	return [3][]string{
		{"currency", "währung", "waehrung", "code"},
		{"valid_from", "valid from", "from", "date", "day", "gültig ab", "gueltig ab", "datum", "tag", "ab"},
		{"rate", "kurs", "wechselkurs"},
	}
}

// ReadRates reads a file with a rate a line: currency, day from which it is valid, rate, in the order of its headings or in this one
// where it has none. Lines that cannot be read stand in it with what is wrong with them. A file that is no such table is an
// Invalid fault.
func ReadRates(file io.Reader, base string, inverse bool) ([]RateLine, error) {
	text, err := io.ReadAll(io.LimitReader(file, mostRateBytes+1))
	if err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if len(text) > mostRateBytes || !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, fault.New(fault.Invalid, "company.rate_file")
	}
	in := csv.NewReader(bytes.NewReader(text))
	in.Comma, in.FieldsPerRecord, in.TrimLeadingSpace, in.LazyQuotes = rateComma(text), -1, true, true
	columns := [3]int{0, 1, 2}
	var all []RateLine
	whole := 0 // lines with all columns
	for first := true; ; first = false {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "company.rate_file").Because(err)
		}
		if found, ok := headed(cells); first && ok {
			columns = found
			continue
		}
		n, _ := in.FieldPos(0)
		line := RateLine{N: n}
		if len(cells) <= slices.Max(columns[:]) {
			line.Err = fault.New(fault.Invalid, "company.rate_line")
		} else {
			whole++
			line.Rate, line.Err = NewRate(base, cells[columns[0]], cells[columns[1]], cells[columns[2]], inverse)
		}
		if all = append(all, line); len(all) > MostRates {
			return nil, fault.New(fault.Invalid, "company.rate_many", "max", MostRates)
		}
	}
	if whole == 0 {
		return nil, fault.New(fault.Invalid, "company.rate_file")
	}
	return all, nil
}

// rateComma is what separates the cells: of semicolon, tab and comma the first that the first line has.
func rateComma(text []byte) rune {
	line, _, _ := bufio.NewReader(bytes.NewReader(text)).ReadLine()
	for _, sign := range ";\t" {
		if bytes.ContainsRune(line, sign) {
			return sign
		}
	}
	return ','
}

// headed tells where the columns are, if cells are headings.
func headed(cells []string) (columns [3]int, ok bool) {
	for i, names := range rateHeadings() {
		columns[i] = slices.IndexFunc(cells, func(cell string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(cell))) })
		if columns[i] < 0 {
			return columns, false
		}
	}
	return columns, true
}
