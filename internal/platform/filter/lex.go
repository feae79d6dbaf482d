package filter

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

// tokenKind tells tokens apart.
type tokenKind byte

const (
	endToken tokenKind = iota
	wordToken
	quotedToken
	numberToken // digits, perhaps with a point
	dateToken
	signToken // an operator or a mark
)

// token is a piece of the text. text is the word as written, the content of quotes, or the sign.
type token struct {
	kind tokenKind
	text string
	at   int // byte where it begins
}

// is tells whether the token is that keyword or sign.
func (t token) is(text string) bool {
	return t.kind == signToken && t.text == text || t.kind == wordToken && strings.EqualFold(t.text, text)
}

// keywords cannot be names of fields.
var keywords = strings.Fields("and or not at least of in contains starts with is empty between within next last since until anniversary today changed segment yes no true false")

func keyword(word string) bool {
	for _, k := range keywords {
		if strings.EqualFold(k, word) {
			return true
		}
	}
	return false
}

// ambiguous are the keywords that a value cannot be without quotes: what goes on behind a value, or begins a window. AT, IN,
// IS and NO are countries.
func ambiguous(word string) bool {
	for _, k := range []string{"and", "or", "not", "last", "since", "until", "between", "today"} {
		if strings.EqualFold(k, word) {
			return true
		}
	}
	return false
}

// invalid is an error about the condition as a whole.
func invalid(key string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, "filter.error."+key, args...).On("condition")
}

// misread is an error at a place of the text; position counts characters from 1.
func misread(text string, at int, word, key string, args ...any) *fault.Error {
	return invalid(key, append([]any{"position", utf8.RuneCountInString(text[:at]) + 1, "word", word}, args...)...)
}

// lex cuts a text into tokens; the last is an endToken.
func lex(text string) ([]token, error) {
	var all []token
	for at := 0; ; {
		for at < len(text) && strings.IndexByte(" \t\r\n", text[at]) >= 0 {
			at++
		}
		if at == len(text) {
			return append(all, token{endToken, "", at}), nil
		}
		t, size, err := next(text, at)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
		at += size
	}
}

// next reads the token that begins at a place, and how many bytes it takes.
func next(text string, at int) (token, int, error) {
	rest := text[at:]
	r, width := utf8.DecodeRuneInString(rest)
	switch {
	case r == '"' || r == '“' || r == '„':
		return quoted(text, at, width)
	case r >= '0' && r <= '9':
		return number(text, at)
	case r == '_' || unicode.IsLetter(r):
		word := rest[:wordEnd(rest)]
		if len(word) > 5 && strings.EqualFold(word[:5], "today") && word[5] == '-' {
			word = word[:5]
		}
		return token{wordToken, word, at}, len(word), nil
	}
	for _, sign := range []string{"!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ",", ";", "%", "-", "+", "≥", "≤", "≠"} {
		if !strings.HasPrefix(rest, sign) {
			continue
		}
		plain := sign
		switch sign {
		case "<>", "≠":
			plain = "!="
		case "≥":
			plain = ">="
		case "≤":
			plain = "<="
		}
		return token{signToken, plain, at}, len(sign), nil
	}
	if strings.ContainsRune("/*^", r) {
		return token{}, 0, misread(text, at, string(r), "arithmetic")
	}
	return token{}, 0, misread(text, at, string(r), "sign")
}

// wordEnd is where a word ends: letters, digits, marks on letters, _ and, inside it, points and hyphens.
func wordEnd(s string) int {
	end := 0
	for i, r := range s {
		if r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			end = i + utf8.RuneLen(r)
		} else if r != '.' && r != '-' {
			break
		}
	}
	return end
}

// quoted reads a text in quotes, in which \ stands before a quote or itself.
func quoted(text string, at, width int) (token, int, error) {
	closing := map[byte]string{'"': `"`}[text[at]]
	if closing == "" {
		closing = map[string]string{"“": "”", "„": "“"}[text[at:at+width]]
	}
	var b strings.Builder
	for i := at + width; i < len(text); {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			_, w := utf8.DecodeRuneInString(text[i+1:])
			b.WriteString(text[i+1 : i+1+w])
			i += 1 + w
		case strings.HasPrefix(text[i:], closing):
			return token{quotedToken, b.String(), at}, i + len(closing) - at, nil
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	return token{}, 0, misread(text, at, cut(text[at:]), "open_quote")
}

// otherDate is a date as people write it, which could be taken for another one.
var otherDate = regexp.MustCompile(`^[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}\b`)

// number reads digits with at most one point, or a date.
func number(text string, at int) (token, int, error) {
	rest := text[at:]
	if len(rest) >= 10 {
		if _, err := clock.ParseDay(rest[:10]); err == nil {
			return token{dateToken, rest[:10], at}, 10, nil
		}
	}
	end, points := 0, 0
	for end < len(rest) && (rest[end] >= '0' && rest[end] <= '9' || rest[end] == '.' && points == 0 && end+1 < len(rest) && isDigit(rest[end+1])) {
		if rest[end] == '.' {
			points++
		}
		end++
	}
	if len(rest) >= 10 && end == 4 && rest[4] == '-' && rest[7] == '-' {
		return token{}, 0, misread(text, at, rest[:10], "date")
	}
	if other := otherDate.FindString(rest); other != "" {
		return token{}, 0, misread(text, at, other, "date")
	}
	return token{numberToken, rest[:end], at}, end, nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// cut shortens a word for a message.
func cut(word string) string {
	if r := []rune(word); len(r) > 30 {
		return string(r[:30]) + "…"
	}
	return word
}
