package liquid

import (
	"math"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// filter turns a value into another.
type filter struct {
	least, most int  // arguments
	missing     bool // it is asked about missing values too
	apply       func(r *run, call *filterCall, v Value, args [mostArguments]Value) (Value, error)
}

// filterNamed returns the filter of a name.
func filterNamed(name string) (filter, bool) {
	switch name {
	case "default":
		return filter{least: 1, most: 1, missing: true, apply: byDefault}, true
	case "size":
		return filter{missing: true, apply: func(_ *run, _ *filterCall, v Value, _ [mostArguments]Value) (Value, error) {
			return size(v), nil
		}}, true
	case "first", "last":
		return filter{apply: func(_ *run, _ *filterCall, v Value, _ [mostArguments]Value) (Value, error) {
			return v.field(name), nil
		}}, true
	case "append":
		return filter{least: 1, most: 1, apply: appending}, true
	case "prepend":
		return filter{least: 1, most: 1, apply: prepending}, true
	case "replace":
		return filter{least: 1, most: 2, apply: replacing}, true
	case "remove":
		return filter{least: 1, most: 1, apply: replacing}, true
	case "split":
		return filter{least: 1, most: 1, apply: splitting}, true
	case "join":
		return filter{most: 1, apply: joining}, true
	case "reverse":
		return filter{apply: reversing}, true
	case "truncate":
		return filter{least: 1, most: 2, apply: truncating}, true
	case "escape":
		return filter{apply: escaping}, true
	case "newline_to_br":
		return filter{apply: breaking}, true
	}
	if change := textFilter(name); change != nil {
		return filter{apply: func(r *run, call *filterCall, v Value, _ [mostArguments]Value) (Value, error) {
			text := r.text(v)
			if err := r.spend(call.line, len(text)); err != nil {
				return v, err
			}
			return r.long(call, change(text))
		}}, true
	}
	return numberFilter(name)
}

// textFilter returns the filters that make of one text another, at most a few times as long.
func textFilter(name string) func(string) string {
	switch name {
	case "upcase":
		return strings.ToUpper
	case "downcase":
		return strings.ToLower
	case "capitalize":
		return capitalize
	case "strip":
		return strings.TrimSpace
	case "lstrip":
		return func(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) }
	case "rstrip":
		return func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }
	case "strip_newlines":
		return func(s string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(s) }
	case "url_encode":
		return url.QueryEscape
	default:
		return nil
	}
}

// long is a text that a filter made.
func (r *run) long(call *filterCall, text string) (Value, error) {
	return Value{kind: textKind, text: text}, r.spend(call.line, len(text))
}

func capitalize(s string) string {
	first, width := utf8.DecodeRuneInString(s)
	return string(unicode.ToTitle(first)) + s[width:]
}

// byDefault gives the argument for what is missing and for no.
func byDefault(_ *run, _ *filterCall, v Value, args [mostArguments]Value) (Value, error) {
	if v.truth() {
		return v, nil
	}
	return args[0], nil
}

// size is how many elements a list or characters a text has.
func size(v Value) Value {
	switch v.kind {
	case listKind:
		return Int(int64(len(v.list())))
	case textKind, safeKind:
		return Int(int64(utf8.RuneCountInString(v.text)))
	default:
		return Int(0)
	}
}

func appending(r *run, call *filterCall, v Value, args [mostArguments]Value) (Value, error) {
	return r.put(call, r.text(v), r.text(args[0]))
}

func prepending(r *run, call *filterCall, v Value, args [mostArguments]Value) (Value, error) {
	return r.put(call, r.text(args[0]), r.text(v))
}

// put joins two texts, if the budget allows their length.
func (r *run) put(call *filterCall, a, b string) (Value, error) {
	if err := r.spend(call.line, len(a)+len(b)); err != nil {
		return Value{}, err
	}
	return Value{kind: textKind, text: a + b}, nil
}

func replacing(r *run, call *filterCall, v Value, args [mostArguments]Value) (Value, error) {
	text, old, by := r.text(v), r.text(args[0]), r.text(args[1])
	if old == "" {
		return v, nil
	}
	if err := r.spend(call.line, len(text)+strings.Count(text, old)*len(by)); err != nil {
		return v, err
	}
	return Value{kind: textKind, text: strings.ReplaceAll(text, old, by)}, nil
}

// valueBytes is what an element of a list takes.
const valueBytes = 64

func splitting(r *run, call *filterCall, v Value, args [mostArguments]Value) (Value, error) {
	text, by := r.text(v), r.text(args[0])
	if err := r.spend(call.line, len(text)+(strings.Count(text, by)+1)*valueBytes); err != nil {
		return v, err
	}
	parts := strings.Split(text, by)
	all := make([]Value, len(parts))
	for i, part := range parts {
		all[i] = Value{kind: textKind, text: part}
	}
	return List(all...), nil
}

func joining(r *run, call *filterCall, v Value, args [mostArguments]Value) (Value, error) {
	by := " "
	if call.given > 0 {
		by = r.text(args[0])
	}
	all := v.list()
	if v.kind != listKind {
		return v, nil
	}
	if err := r.spend(call.line, r.lengths(all, by)); err != nil {
		return v, err
	}
	return Value{kind: textKind, text: r.joined(all, by)}, nil
}

// longestPlain is more than any number, amount or date takes.
const longestPlain = 64

// lengths is at least how long the values are together.
func (r *run) lengths(all []Value, by string) int {
	n := len(by) * len(all)
	for _, v := range all {
		n += longestPlain + len(v.text)
	}
	return n
}

// joined writes the elements of a list that are no lists themselves.
func (r *run) joined(all []Value, by string) string {
	var b strings.Builder
	for i, v := range all {
		if i > 0 {
			b.WriteString(by)
		}
		if v.kind != listKind {
			b.WriteString(r.text(v))
		}
	}
	return b.String()
}

func reversing(r *run, call *filterCall, v Value, _ [mostArguments]Value) (Value, error) {
	all := v.list()
	if err := r.spend(call.line, len(all)*valueBytes); err != nil || v.kind != listKind {
		return v, err
	}
	turned := make([]Value, len(all))
	for i, one := range all {
		turned[len(all)-1-i] = one
	}
	return List(turned...), nil
}

// truncating cuts a text to that many characters, those of the ending among them.
func truncating(r *run, call *filterCall, v Value, args [mostArguments]Value) (Value, error) {
	n, ok := args[0].number()
	if !ok || n < 0 || n > math.MaxInt32 {
		return v, wrongAt(call.line, "number", "text", r.text(args[0]))
	}
	ending := "…"
	if call.given > 1 {
		ending = r.text(args[1])
	}
	text := r.text(v)
	if utf8.RuneCountInString(text) <= int(n) {
		return v, nil
	}
	keep := max(0, int(n)-utf8.RuneCountInString(ending))
	cut := len(text)
	for i := range text {
		if keep == 0 {
			cut = i
			break
		}
		keep--
	}
	return r.put(call, text[:cut], ending)
}

// escaping writes a text for HTML at once, so that it is not escaped a second time.
func escaping(r *run, call *filterCall, v Value, _ [mostArguments]Value) (Value, error) {
	if v.kind == safeKind {
		return v, nil
	}
	text := r.text(v)
	if err := r.spend(call.line, 5*len(text)); err != nil {
		return v, err
	}
	return Value{kind: safeKind, text: string(appendEscaped(nil, text))}, nil
}

// breaking writes line breaks as <br>; the text itself is escaped. Outside of HTML it changes nothing.
func breaking(r *run, call *filterCall, v Value, _ [mostArguments]Value) (Value, error) {
	if r.mode != HTML {
		return v, nil
	}
	v, err := escaping(r, call, v, [mostArguments]Value{})
	if err != nil {
		return v, err
	}
	if err := r.spend(call.line, len(v.text)+5*strings.Count(v.text, "\n")); err != nil {
		return v, err
	}
	return Value{kind: safeKind, text: strings.NewReplacer("\r\n", "<br>\n", "\n", "<br>\n").Replace(v.text)}, nil
}
