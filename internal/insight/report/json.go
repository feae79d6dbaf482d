package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/money"
)

// decimal is a number that is written with a decimal point even where it is whole, and as null where there is none (NaN): a
// rate of nothing is not zero.
type decimal float64

// MarshalJSON implements json.Marshaler.
func (d decimal) MarshalJSON() ([]byte, error) {
	f := float64(d)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		format = 'e'
	}
	b := strconv.AppendFloat(nil, f, format, -1, 64)
	if format == 'f' && !bytes.ContainsRune(b, '.') {
		b = append(b, ".0"...)
	}
	return b, nil
}

// nothing is the decimal that is null.
func nothing() decimal { return decimal(math.NaN()) }

// ratio is part of whole, nothing if there is no whole.
func ratio(part, whole int64) decimal {
	if whole == 0 {
		return nothing()
	}
	return decimal(float64(part) / float64(whole))
}

// rounded6 rounds to six decimals, as tables of retention are published.
func rounded6(d decimal) decimal {
	f, err := strconv.ParseFloat(strconv.FormatFloat(float64(d), 'f', 6, 64), 64)
	if err != nil {
		return d
	}
	return decimal(f)
}

// amount is money as machines read it: a number of whole units with the decimals of the currency, exact.
type amount struct {
	minor  int64
	digits int
}

// MarshalJSON implements json.Marshaler.
func (a amount) MarshalJSON() ([]byte, error) {
	s := money.FormatScaled(a.minor, a.digits)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(s, "0")
		if strings.HasSuffix(s, ".") {
			s += "0"
		}
	}
	return []byte(s), nil
}

// month is the first day of a month, written 2006-01.
type month clock.Day

// MarshalText implements encoding.TextMarshaler.
func (m month) MarshalText() ([]byte, error) { return []byte(monthText(clock.Day(m))), nil }

func monthText(d clock.Day) string { return d.String()[:len("2006-01")] }

// entries is a JSON object whose keys keep their order.
type entries[V any] []entry[V]

type entry[V any] struct {
	Key   string
	Value V
}

// MarshalJSON implements json.Marshaler.
func (e entries[V]) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, kv := range e {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(kv.Key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(kv.Value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (e *entries[V]) add(key string, value V) { *e = append(*e, entry[V]{key, value}) }

// stamp ends every object: on what basis and as of when it holds.
type stamp struct {
	Basis Basis     `json:"basis"`
	AsOf  clock.Day `json:"as_of"`
}

func (s *session) stamp() stamp { return stamp{s.Params.Basis, s.Params.AsOf} }

func pow10(n int) float64 { return math.Pow10(n) }
