package sheet

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"stamm/internal/platform/clock"
)

// readStyles finds out which cell formats show dates.
func (b *book) readStyles() error {
	custom := map[string]bool{}
	inCells := false
	return b.each("xl/styles.xml", func(x *xmlScanner, name string) error {
		switch name {
		case "numFmt":
			if len(custom) < 10_000 {
				custom[string(x.attr("numFmtId"))] = dateFormat(string(appendText(nil, x.attr("formatCode"))))
			}
		case "cellXfs":
			inCells = true
		case "cellStyleXfs", "cellStyles", "dxfs":
			inCells = false
		case "xf":
			if inCells && len(b.isDate) < 100_000 {
				id := string(x.attr("numFmtId"))
				date, ok := custom[id]
				if !ok {
					date = builtinDate(id)
				}
				b.isDate = append(b.isDate, date)
			}
		}
		return nil
	})
}

// builtinDate reports the numbers of formats that every workbook has and that show dates: ECMA-376, 18.8.30, with those of East Asia.
func builtinDate(id string) bool {
	n, err := strconv.Atoi(id)
	return err == nil && (n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 45 && n <= 47 || n >= 50 && n <= 58)
}

// dateFormat reports whether a format code has a year, month, day or hour outside of quotes and brackets.
func dateFormat(code string) bool {
	code, _, _ = strings.Cut(code, ";")
	for i := 0; i < len(code); i++ {
		switch c := code[i] | 32; c {
		case '"':
			if end := strings.IndexByte(code[i+1:], '"'); end >= 0 {
				i += end + 1
			}
		case '[' | 32:
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return false
			}
			if inner := strings.ToLower(code[i+1 : i+end]); strings.Trim(inner, "hms") == "" { // [h]:mm
				return true
			}
			i += end
		case '\\' | 32:
			i++
		case 'y', 'd', 'h', 'j', 't': // German workbooks: JJJJ, TT
			return true
		case 'g', 'e':
			return false // General, scientific
		}
	}
	return false
}

// appendNumber writes a number the short way (2.55, where the file has 2.5499999999999998), and as a date if its format shows one.
func (b *book) appendNumber(dst, value []byte, style int) ([]byte, cellKind) {
	isDate := style >= 0 && style < len(b.isDate) && b.isDate[style]
	if !isDate && len(value) <= 15 && !bytes.ContainsAny(value, "eE") {
		return append(dst, value...), cellNumber
	}
	f, err := strconv.ParseFloat(string(value), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || math.Abs(f) >= 1e20 {
		return append(dst, value...), cellText
	}
	if isDate {
		if b.date1904 {
			f += 1462
		}
		if date, ok := appendSerial(dst, f); ok {
			return date, cellDate
		}
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64), cellNumber
}

// appendSerial writes the date of a serial number of Excel: days since 30 December 1899, with the time as fraction. Times alone and
// numbers beyond the calendar are no dates.
func appendSerial(dst []byte, serial float64) ([]byte, bool) {
	if serial < 1 || serial >= 2_958_466 {
		return dst, false
	}
	seconds := int64(math.Round(serial * 86400))
	day := clock.Day(seconds/86400 - 25569)
	if seconds/86400 < 60 {
		day++ // Excel believes in 29 February 1900
	}
	dst = append(dst, day.String()...)
	if s := int(seconds % 86400); s != 0 {
		dst = append(dst, 'T')
		for i, n := range [3]int{s / 3600, s / 60 % 60, s % 60} {
			if i > 0 {
				dst = append(dst, ':')
			}
			dst = append(dst, byte('0'+n/10), byte('0'+n%10))
		}
	}
	return dst, true
}

// appendUnescaped resolves _x000D_, the way workbooks write characters XML has not.
func appendUnescaped(dst, s []byte) []byte {
	for {
		i := bytes.Index(s, []byte("_x"))
		if i < 0 || i+7 > len(s) {
			return append(dst, s...)
		}
		n, err := strconv.ParseUint(string(s[i+2:i+6]), 16, 16)
		if err != nil || s[i+6] != '_' {
			dst = append(dst, s[:i+2]...)
			s = s[i+2:]
			continue
		}
		dst = append(dst, s[:i]...)
		if n != '\r' {
			dst = append(dst, string(rune(n))...)
		}
		s = s[i+7:]
	}
}

// serialDate reads the serial number of a date between 1927 and 2119.
func serialDate(s string) (string, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 10_000 || f > 80_000 {
		return "", false
	}
	b, ok := appendSerial(nil, f)
	return string(b), ok
}
