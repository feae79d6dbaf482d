package i18n

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
)

// Printer writes for a reader of one language in one time zone. It never changes and may be shared.
type Printer struct {
	lang  string
	texts catalogue
	form  *conventions
	loc   *time.Location
}

// For returns the printer of a language ("de", "en"; "de-AT" is read as "de") and a zone. An unknown language is answered in
// the first of Languages; without a zone, times are shown in UTC.
func For(lang string, loc *time.Location) *Printer {
	if loc == nil {
		loc = time.UTC
	}
	lang = known(lang)
	return &Printer{lang: lang, texts: catalogues()[lang], form: conventionsOf(lang), loc: loc}
}

func known(lang string) string {
	base, _, _ := strings.Cut(lang, "-")
	base = strings.ToLower(base)
	for _, l := range Languages() {
		if l == base {
			return l
		}
	}
	return Languages()[0]
}

// Match returns the language of Languages that an Accept-Language header likes best. Whoever wants none of them gets English
// rather than the first; a header that says nothing gets the first.
func Match(acceptLanguage string) string {
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return Languages()[0]
	}
	for _, tag := range tags {
		base, _ := tag.Base()
		if l := base.String(); l == known(l) {
			return l
		}
	}
	return "en"
}

// Lang returns the language, "de" or "en".
func (p *Printer) Lang() string { return p.lang }

// Location returns the zone that times are shown in.
func (p *Printer) Location() *time.Location { return p.loc }

// Has reports whether there is a text for key.
func (p *Printer) Has(key string) bool {
	_, ok := p.texts[key]
	return ok
}

// T returns the text of key. args are name, value pairs for its placeholders; a value is written in the habits of the language
// if its type tells how: numbers grouped, clock.Day, time.Time, money.Amount, errors by their message. Whoever wants another
// form passes a string. A missing key or value shows as ⟦its name⟧, which no page may contain.
func (p *Printer) T(key string, args ...any) string {
	m, ok := p.texts[key]
	if !ok {
		return missing(key)
	}
	return p.fill(m, args)
}

// N returns the text of key for a number of things: key.one for 1, key.other otherwise. {n} stands for the number; args are as
// for T.
func (p *Printer) N(key string, n int64, args ...any) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	m, ok := p.texts[key+form]
	if !ok {
		return missing(key + form)
	}
	return p.fill(m, append(args[:len(args):len(args)], "n", n))
}

// Err returns the message of an error for the one who reads the page: that of its fault, or of each fault if it holds several.
// What is no fault, and every fault without a text, is the general message: causes are for the log. Long values are cut.
func (p *Printer) Err(err error) string {
	faults := fault.All(err)
	texts := make([]string, 0, len(faults))
	for _, f := range faults {
		if !p.Has(f.Key) {
			texts = append(texts, p.T("errors."+string(f.Code)))
			continue
		}
		texts = append(texts, p.T(f.Key, shortened(f.Args)...))
	}
	return strings.Join(texts, " ")
}

// longestValue is how many characters of a value an error message repeats.
const longestValue = 100

// shortened cuts the texts among the values of a message, so that a wrong file does not become a long message.
func shortened(args []any) []any {
	cut := slices.Clone(args)
	for i, arg := range cut {
		text, ok := arg.(string)
		if !ok || len(text) <= longestValue {
			continue
		}
		if runes := []rune(text[:min(len(text), 4*longestValue+4)]); len(runes) > longestValue {
			cut[i] = string(runes[:longestValue]) + "…"
		}
	}
	return cut
}

func missing(name string) string { return "⟦" + name + "⟧" }

// fill puts the values into a message.
func (p *Printer) fill(m message, args []any) string {
	switch {
	case len(m) == 0:
		return ""
	case len(m) == 1 && !m[0].slot:
		return m[0].text
	}
	var b strings.Builder
	for _, piece := range m {
		if !piece.slot {
			b.WriteString(piece.text)
			continue
		}
		b.WriteString(p.value(piece.text, args))
	}
	return b.String()
}

// value finds the value of a placeholder and writes it.
func (p *Printer) value(name string, args []any) string {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name {
			return p.write(args[i+1])
		}
	}
	return missing(name)
}

func (p *Printer) write(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return p.Number(int64(v))
	case int64:
		return p.Number(v)
	case int32:
		return p.Number(int64(v))
	case float64:
		return p.float(v)
	case clock.Day:
		return p.Date(v)
	case time.Time:
		return p.DateTime(v)
	case money.Amount:
		return p.Money(v.Minor, v.Currency)
	case error:
		return p.Err(v)
	default:
		return fmt.Sprint(v)
	}
}
