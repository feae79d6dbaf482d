package warehouse

import (
	"database/sql/driver"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

// kind is the type of a column.
type kind int

const (
	bigint kind = iota
	integer
	varchar
	date
	boolean
	double
)

var kinds = map[string]kind{
	"BIGINT": bigint, "INTEGER": integer, "VARCHAR": varchar, "DATE": date, "BOOLEAN": boolean, "DOUBLE": double,
}

const secondsPerDay = 24 * 60 * 60

// convert turns a value as a database driver or a test gives it into what the Appender wants for the
// column. The Appender itself would cut an INTEGER silently.
func (k kind) convert(v any) (driver.Value, error) {
	if v == nil {
		return nil, nil
	}
	switch k {
	case varchar:
		switch x := v.(type) {
		case string:
			return x, nil
		case []byte:
			return string(x), nil
		}
		return nil, fmt.Errorf("%T is no text", v)
	case double:
		switch x := v.(type) {
		case float64:
			return x, nil
		case string:
			return strconv.ParseFloat(x, 64)
		}
		n, err := whole(v)
		return float64(n), err
	case boolean:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		n, err := whole(v)
		return n != 0, err
	case date:
		if t, ok := v.(time.Time); ok {
			return t, nil
		}
		n, err := whole(v)
		return time.Unix(n*secondsPerDay, 0).UTC(), err
	case integer:
		n, err := whole(v)
		if err == nil && (n < math.MinInt32 || n > math.MaxInt32) {
			err = fmt.Errorf("%d does not fit into an INTEGER", n)
		}
		return int32(n), err
	}
	if _, ok := v.(int64); ok {
		return v, nil // as it is: boxing it again would cost an allocation for each value
	}
	n, err := whole(v)
	return n, err
}

// whole reads a whole number. PostgreSQL gives the sum of BIGINTs as NUMERIC, which arrives as text.
func whole(v any) (int64, error) {
	switch x := v.(type) {
	case int64:
		return x, nil
	case int:
		return int64(x), nil
	case string:
		return strconv.ParseInt(x, 10, 64)
	case []byte:
		return strconv.ParseInt(string(x), 10, 64)
	}
	if r := reflect.ValueOf(v); r.CanInt() { // int32 and named types such as clock.Day
		return r.Int(), nil
	}
	return 0, fmt.Errorf("%T is no whole number", v)
}
