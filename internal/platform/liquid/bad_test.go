package liquid_test

import (
	"strings"
	"testing"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/liquid"
	"stamm/internal/platform/money"
)

// wrong fails unless err is an Invalid fault of that key and line, whose message is whole in both languages.
func wrong(t *testing.T, about string, err error, key string, line int64) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Code != fault.Invalid || f.Key != "liquid.error."+key {
		t.Errorf("%.80s: %v, want %s", about, err, key)
		return
	}
	switch got := f.Args[1].(type) {
	case int:
		if int64(got) != line {
			t.Errorf("%.80s: line %d, want %d", about, got, line)
		}
	case int64:
		if got != line {
			t.Errorf("%.80s: line %d, want %d", about, got, line)
		}
	}
	for _, lang := range i18n.Languages() {
		if text := i18n.For(lang, nil).Err(err); strings.ContainsAny(text, "⟦⟧") || text == i18n.For(lang, nil).T("errors.invalid") {
			t.Errorf("%.80s: %s: %s", about, lang, text)
		}
	}
}

func TestWhatCannotBeReadIsSaidWithItsPlace(t *testing.T) {
	for _, tt := range []struct {
		source, key string
		line        int64
	}{
		{"a\n{{ b", "open", 2},
		{"{% if a", "open", 1},
		{"{{ 'b }}", "open", 1},
		{"\n\n{% if a %}", "unclosed", 3},
		{"{% raw %} {% endcomment %}", "unclosed", 1},
		{"{% comment %} {% endcommentary %}", "unclosed", 1},
		{"{{ a | }}", "filter_name", 1},
		{"{{ a |\n upcased }}", "filter", 2},
		{"{{ a | append }}", "arguments", 1},
		{"{{ a | append: 1, 2 }}", "arguments", 1},
		{"{{ a | replace: 1, 2, 3 }}", "arguments", 1},
		{"{{ | upcase }}", "value", 1},
		{"{{ a | append: }}", "value_end", 1},
		{"{{ a b }}", "rest", 1},
		{"{{ a.1 }}", "name", 1},
		{"{{ a[1 }}", "expected", 1},
		{"{{ a" + strings.Repeat(".a", 20) + " }}", "path", 1},
		{"{{ a" + strings.Repeat("[a", 20) + strings.Repeat("]", 20) + " }}", "path", 1},
		{"{{ 99999999999999999999 }}", "large", 1},
		{"{{ (1..2 }}", "expected", 1},
		{"{{ (1,2) }}", "expected", 1},
		{"{{ a[(1..2)] }}", "value", 1},
		{"{% endif %}", "stray", 1},
		{"{% else %}", "stray", 1},
		{"{% if a %}{% endfor %}", "stray_in", 1},
		{"{% if a %}{% else %}{% else %}{% endif %}", "stray_in", 1},
		{"{% if a %}{% when 1 %}{% endif %}", "stray_in", 1},
		{"{% for a in b %}{% elsif c %}{% endfor %}", "stray_in", 1},
		{"{% case a %}{% when 1 %}{% elsif 2 %}{% endcase %}", "stray_in", 1},
		{"{% case a %}x{% when 1 %}{% endcase %}", "case", 1},
		{"{% if %}{% endif %}", "value_end", 1},
		{"{% if a = 1 %}{% endif %}", "rest", 1},
		{"{% if a == %}{% endif %}", "value_end", 1},
		{"{% if a and %}{% endif %}", "value_end", 1},
		{"{% for 1 in b %}{% endfor %}", "name", 1},
		{"{% for a of b %}{% endfor %}", "expected", 1},
		{"{% for a in b by: 1 %}{% endfor %}", "rest", 1},
		{"{% for a in b limit 1 %}{% endfor %}", "expected", 1},
		{"{% assign a 1 %}", "expected", 1},
		{"{% assign 'a' = 1 %}", "name", 1},
		{"{% capture %}{% endcapture %}", "name", 1},
		{"{% %}", "tag_name", 1},
		{"{% include 'passwd' %}", "tag", 1},
		{"{% break %}", "outside", 1},
		{strings.Repeat("{% if a %}", 100), "depth", 1},
		{"a\n" + strings.Repeat("x", 10<<20), "source", 2},
	} {
		_, err := liquid.Parse(tt.source, liquid.HTML, liquid.Limits{})
		wrong(t, tt.source, err, tt.key, tt.line)
	}
}

func TestWhatDoesNotFitItsFilterIsSaidWithItsLine(t *testing.T) {
	for _, tt := range []struct {
		source, key string
		line        int64
	}{
		{"\n{{ 1 | divided_by: 0 }}", "zero", 2},
		{"{{ customer.first_name | plus: 1 }}", "number", 1},
		{"{{ 1 | plus: customer.first_name }}", "number", 1},
		{"{{ 9007199254740992 | times: 9007199254740992 }}", "large", 1},
		{"{{ customer.value | plus: usd }}", "currency", 1},
		{"{{ 1 | money: 'XXQ' }}", "unknown_currency", 1},
		{"{{ 'bald' | date }}", "date", 1},
		{"{{ 'now' | date: '%Q' }}", "format", 1},
		{"{{ 'a' | truncate: 'b' }}", "number", 1},
	} {
		tpl, err := liquid.Parse(tt.source, liquid.HTML, liquid.Limits{})
		if err != nil {
			t.Errorf("%s: %v", tt.source, err)
			continue
		}
		vs := values()
		vs["usd"] = liquid.Money(money.Of(100, "USD"))
		_, err = tpl.Render(vs, liquid.Reader{})
		wrong(t, tt.source, err, tt.key, tt.line)
	}
}

func TestBombsEndWithinTheirBudget(t *testing.T) {
	doubling := "{% assign s = 'xxxxxxxxxxxxxxxx' %}" + strings.Repeat("{% assign s = s | append: s %}", 40)
	for name, tt := range map[string]struct{ source, key string }{
		"loops within loops": {strings.Repeat("{% for i in (1..100000) %}", 8) + "x" + strings.Repeat("{% endfor %}", 8), "steps"},
		"empty loops":        {strings.Repeat("{% for i in (1..2000000000) %}", 2) + strings.Repeat("{% endfor %}", 2), "steps"},
		"doubling texts":     {doubling, "output"},
		"doubling captures":  {"{% assign s = 'xx' %}" + strings.Repeat("{% capture s %}{{ s }}{{ s }}{% endcapture %}", 40), "output"},
		"replaced letters":   {"{% assign s = 'xxxxxxxxxxxxxxxx' %}" + strings.Repeat("{% assign s = s | replace: 'x', s %}", 6), "output"},
		"replaced within":    {"{% assign s = 'xxxxxxxxxxxxxxxx' %}" + strings.Repeat("{% assign s = s | replace: 'x', 'xxxxxxxxxxxxxxxx' %}", 10), "output"},
		"much output":        {"{% for i in (1..40000) %}" + strings.Repeat("x", 1000) + "{% endfor %}", "output"},
		"split texts":        {"{% assign s = 'xxxxxxxx' %}" + strings.Repeat("{% assign s = s | append: s %}", 14) + strings.Repeat("{% assign l = s | split: '' %}", 3), "output"},
		"joined lists":       {"{% assign s = 'x x x x x x x x' %}" + strings.Repeat("{% assign s = s | split: ' ' | join: s %}", 9), "output"},
		"many reversals": {"{% assign s = 'xxxxxxxxxxxxxxxx' %}" + strings.Repeat("{% assign s = s | append: s %}", 9) + "{% assign l = s | split: '' %}" +
			strings.Repeat("{% assign l = l | reverse %}", 2000), "output"},
		"long comparisons": {"{% assign s = 'xxxxxxxxxxxxxxxx' %}" + strings.Repeat("{% assign s = s | append: s %}", 15) + "{% if s == s" +
			strings.Repeat(" and s contains 'y'", 20_000) + " %}{% endif %}", "steps"},
		"escaped quotes": {"{% assign s = '\"\"\"\"\"\"\"\"' %}" + strings.Repeat("{% assign s = s | append: s %}", 14) + strings.Repeat("{{ s }}", 10), "output"},
	} {
		t.Run(name, func(t *testing.T) {
			tpl, err := liquid.Parse(tt.source, liquid.HTML, liquid.Limits{Time: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			_, err = tpl.Render(nil, liquid.Reader{})
			wrong(t, tt.source, err, tt.key, 1)
		})
	}
}

func TestTimeIsABudgetToo(t *testing.T) {
	tpl, err := liquid.Parse("{% for i in (1..100000000) %}{% endfor %}", liquid.HTML, liquid.Limits{Steps: 1 << 40, Time: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	_, err = tpl.Render(nil, liquid.Reader{})
	wrong(t, "an endless loop", err, "time", 1)
}

func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{
		"Hallo {{ customer.first_name | default: 'Du' }}", "{% if a %}{% elsif b %}{% else %}{% endif %}", "{% for i in (1..3) %}{{ forloop.index }}{% else %}{% endfor %}",
		"{% case a %}{% when 1, 2 %}{% else %}{% endcase %}", "{%- comment -%}{%- endcomment -%}", "{% raw %}{{{% endraw %}", "{% assign a = 'x' | split: '' %}{{ a[0] }}",
		"{% capture c %}{{ c }}{% endcapture %}", "{{ 1 | divided_by: 0 }}{{ 'now' | date: '%-d' }}", "{{ a[b[c]] | truncate: 3, '' }}", "{{-}}{%-%}", "{{ -9223372036854775808 | abs }}",
		"{{ customer.value | times: 1.5 | money }} {{ 3 | number: 99 }}{{ products | join }}{{ products }}",
	} {
		f.Add(seed, byte(0))
	}
	small := liquid.Limits{Source: 4096, Output: 8192, Steps: 2000, Depth: 8, Time: 5 * time.Second}
	vs := values()
	f.Fuzz(func(t *testing.T, source string, mode byte) {
		tpl, err := liquid.Parse(source, liquid.Mode(mode%3), small)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		out, err := tpl.Render(vs, liquid.Reader{})
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		// A literal or one value may pass the limit before it is looked at; both are bounded themselves.
		if len(out) > small.Output+small.Source+6*small.Output*4 {
			t.Fatalf("%d bytes", len(out))
		}
		if mode%3 == byte(liquid.Header) && strings.ContainsAny(out, "\r\n") {
			t.Fatalf("a header of two lines: %q", out)
		}
	})
}
