package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"stamm/internal/platform/fault"
)

// buffers are reused between requests unless they have become large.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const largeBuffer = 1 << 20

// buffer is a body that was read.
type buffer struct{ *bytes.Buffer }

func (b buffer) free() {
	if b.Cap() <= largeBuffer {
		b.Reset()
		buffers.Put(b.Buffer)
	}
}

// readBody reads a body of JSON of at most limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) (buffer, error) {
	b := buffer{buffers.Get().(*bytes.Buffer)}
	if err := b.fill(w, r, limit); err != nil {
		b.free()
		return b, err
	}
	return b, nil
}

func (b buffer) fill(w http.ResponseWriter, r *http.Request, limit int64) error {
	if t := r.Header.Get("Content-Type"); t != "" && t != "application/json" {
		media, _, err := mime.ParseMediaType(t)
		if err != nil || media != "application/json" {
			return fault.New(fault.Invalid, keyMediaType, "type", t)
		}
	}
	if r.ContentLength > limit {
		return tooLarge(limit)
	}
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	n, err := b.ReadFrom(io.LimitReader(r.Body, limit+1))
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return fault.New(fault.Invalid, keySlow).Because(err)
	case err != nil:
		return fault.New(fault.Invalid, keyBroken).Because(err)
	case n > limit:
		return tooLarge(limit)
	}
	return nil
}

func tooLarge(limit int64) error {
	return fault.New(fault.Invalid, keyTooLarge, "max", limit>>20)
}

// decode reads the body of a call strictly: what no field takes, and text that no column holds, is a mistake.
func decode[T any](c *call) (*T, error) {
	var v T
	if err := decodeInto(c.body, &v); err != nil {
		return nil, err
	}
	return &v, nil
}

func decodeInto(body []byte, v any) error {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return fault.New(fault.Invalid, keyEmpty)
	case !utf8.Valid(body):
		return fault.New(fault.Invalid, keyUTF8)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		err = rest(d, body)
	}
	if err == nil && (bytes.IndexByte(body, '\\') < 0 || sound(body)) {
		return nil
	}
	return explain(body, reflect.TypeOf(v).Elem(), err)
}

// rest makes sure that nothing follows the value.
func rest(d *json.Decoder, body []byte) error {
	if len(bytes.TrimSpace(body[d.InputOffset():])) > 0 {
		return errors.New("something follows the value")
	}
	return nil
}

// sound reports that no string of a valid JSON text holds NUL or half a surrogate pair, which encoding/json would let
// pass or replace.
func sound(body []byte) bool {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		i++
		if i >= len(body) || body[i] != 'u' {
			continue
		}
		r := hex4(body, i+1)
		i += 4
		switch {
		case r == 0:
			return false
		case utf16.IsSurrogate(r):
			if i+2 >= len(body) || body[i+1] != '\\' || body[i+2] != 'u' || utf16.DecodeRune(r, hex4(body, i+3)) == utf8.RuneError {
				return false
			}
			i += 6
		}
	}
	return true
}

// hex4 reads four hexadecimal digits, -1 if they are none.
func hex4(body []byte, at int) rune {
	if at+4 > len(body) {
		return -1
	}
	n, err := strconv.ParseUint(string(body[at:at+4]), 16, 32)
	if err != nil {
		return -1
	}
	return rune(n)
}

// explain names the places of what is wrong with a body that could not be read. It may take its time.
func explain(body []byte, t reflect.Type, why error) error {
	var any any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	err := d.Decode(&any)
	if err == nil {
		err = rest(d, body)
	}
	if err != nil {
		line := 1 + bytes.Count(body[:min(offsetOf(err, d, body), len(body))], []byte("\n"))
		return fault.New(fault.Invalid, keyJSON, "line", line).Because(err)
	}
	var all joined
	compare(&all, "", any, t)
	if len(all) == 0 && !sound(body) {
		return fault.New(fault.Invalid, keyUTF8)
	}
	if len(all) == 0 { // such as a number beyond its type
		return fault.New(fault.Invalid, keyJSON, "line", 1).Because(why)
	}
	return all
}

func offsetOf(err error, d *json.Decoder, body []byte) int {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return int(syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return len(body)
	}
	return int(d.InputOffset())
}

// compare looks for what a value has that its type does not take.
func compare(all *joined, at string, v any, t reflect.Type) {
	if len(*all) > maxProblems || v == nil || t == rawType {
		return
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := v.(type) {
	case map[string]any:
		if t.Kind() == reflect.Map {
			for _, name := range slices.Sorted(maps.Keys(v)) {
				compare(all, place(at, name), v[name], t.Elem())
			}
			return
		}
		if t.Kind() != reflect.Struct {
			break
		}
		fields := jsonFields(t)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if field, ok := fields[name]; ok {
				compare(all, place(at, name), v[name], field)
			} else {
				*all = append(*all, fault.New(fault.Invalid, "api.unknown_field").On(place(at, name)))
			}
		}
		return
	case []any:
		if t.Kind() != reflect.Slice {
			break
		}
		for i, item := range v {
			compare(all, at+"["+strconv.Itoa(i)+"]", item, t.Elem())
		}
		return
	case string:
		if t.Kind() == reflect.String {
			if strings.ContainsRune(v, 0) || strings.ContainsRune(v, utf8.RuneError) {
				*all = append(*all, fault.New(fault.Invalid, "api.text").On(at))
			}
			return
		}
	case bool:
		if t.Kind() == reflect.Bool {
			return
		}
	case json.Number:
		if _, err := v.Int64(); err == nil && t.Kind() == reflect.Int64 {
			return
		}
	}
	*all = append(*all, fault.New(fault.Invalid, "api.type."+kindName(t)).On(at))
}

var rawType = reflect.TypeFor[json.RawMessage]()

// kindName names what a type takes, for messages.
func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice:
		return "list"
	case reflect.Bool:
		return "truth"
	case reflect.Int64:
		return "number"
	}
	return "text"
}

// jsonFields are the fields of a struct by their names in JSON, those of embedded structs among them.
func jsonFields(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			fields[name] = f.Type
		}
	}
	return fields
}
