package liquid_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/liquid"
	"stamm/internal/platform/money"
)

// values are those of a customer of the tests.
func values() liquid.Map {
	return liquid.Map{
		"customer": liquid.Record(liquid.Map{
			"first_name": liquid.String("Zoë"),
			"last_name":  liquid.String(`O'Hara <b>&"`),
			"nick":       liquid.String(""),
			"orders":     liquid.Int(12),
			"value":      liquid.Money(money.Of(123456, "EUR")),
			"since":      liquid.Day(clock.NewDay(2024, time.March, 9)),
			"seen":       liquid.Time(time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC)),
			"vip":        liquid.Bool(true),
			"share":      liquid.Float(0.125),
		}),
		"products": liquid.List(
			liquid.Record(liquid.Map{"name": liquid.String("Espresso"), "price": liquid.Money(money.Of(1290, "EUR"))}),
			liquid.Record(liquid.Map{"name": liquid.String("Filter & Co"), "price": liquid.Money(money.Of(890, "EUR"))}),
			liquid.Record(liquid.Map{"name": liquid.String("Mühle"), "price": liquid.Money(money.Of(9900, "EUR"))}),
		),
		"none": liquid.List(),
	}
}

func berlin(t testing.TB, lang string) liquid.Reader {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return liquid.Reader{Printer: i18n.For(lang, loc), Now: time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC)}
}

func render(t testing.TB, source string, mode liquid.Mode, lang string) string {
	t.Helper()
	tpl, err := liquid.Parse(source, mode, liquid.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	out, err := tpl.Render(values(), berlin(t, lang))
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return out
}

func TestTextsAreWrittenAsLiquidSays(t *testing.T) {
	for _, tt := range []struct{ source, want string }{
		{`Hallo {{ customer.first_name }}!`, `Hallo Zoë!`},
		{`{{customer["first_name"]}}`, `Zoë`},
		{`{{ products[0].name }}, {{ products[-1].name }}, {{ products.first.name }}, {{ products.size }}`, `Espresso, Mühle, Espresso, 3`},
		{`{{ customer.nick | default: "Freund" }} {{ nobody.at.all | default: 7 }}`, `Freund 7`},
		{`{{ customer.first_name | upcase }} {{ "ÄRGER" | downcase }} {{ "élan vital" | capitalize }}`, `ZOË ärger Élan vital`},
		{`{{ "a" | append: "b" | prepend: "c" }} {{ "aXbX" | replace: "X", "-" }} {{ "aXb" | remove: "X" }}`, `cab a-b- ab`},
		{`{{ "a,b,c" | split: "," | join: " und " }} {{ "a,b" | split: "," | last }} {{ "a b" | split: " " | reverse | join: "" }}`, `a und b und c b ba`},
		{`{{ "Größe" | size }} {{ products | size }} {{ nothing | size }}`, `5 3 0`},
		{`{{ 7 | plus: 3 }} {{ 7 | minus: 10 }} {{ 7 | times: 2 }} {{ 7 | divided_by: 2 }} {{ 7 | divided_by: 2.0 }} {{ -7 | modulo: 3 }}`, `10 -3 14 3 3.5 2`},
		{`{{ 2.5 | round }} {{ 2.345 | round: 2 }} {{ 2.1 | ceil }} {{ 2.9 | floor }} {{ -3 | abs }} {{ 3 | at_least: 5 }} {{ 9 | at_most: 5 }}`, `3 2.35 3 2 3 5 5`},
		{`[{{ "  a  " | strip }}] {{ "Guten Morgen" | truncate: 6 }} {{ "Guten Morgen" | truncate: 8, "..." }} {{ "kurz" | truncate: 9 }}`, `[a] Guten… Guten... kurz`},
		{`{{ "ä b&c" | url_encode }}`, `%C3%A4+b%26c`},
		{`{% if customer.vip and customer.orders > 10 %}ja{% else %}nein{% endif %}`, `ja`},
		{`{% if customer.nick %}ja{% elsif customer.orders == 12 %}zwölf{% else %}nein{% endif %}`, `zwölf`},
		{`{% unless customer.vip %}ja{% else %}nein{% endunless %}`, `nein`},
		{`{% if customer.nick == blank and none == empty and x == nil %}leer{% endif %}`, `leer`},
		{`{% if customer.first_name contains "o" or false and false %}a{% endif %}{% if customer.orders <> 12 %}b{% endif %}`, `a`},
		{`{% if customer.since < "2025-01-01" and customer.value >= 1234.56 and customer.first_name != 3 %}a{% endif %}`, `a`},
		{`{% case customer.orders %}{% when 1, 2 %}wenig{% when 12 or 13 %}viel{% else %}?{% endcase %}`, `viel`},
		{`{% case customer.nick %} {% when "a" %}a{% else %}sonst{% endcase %}`, `sonst`},
		{`{% for p in products limit: 2 offset: 1 %}{{ forloop.index }}{{ p.name }}{% unless forloop.last %}, {% endunless %}{% endfor %}`, `1Filter & Co, 2Mühle`},
		{`{% for p in none %}x{% else %}leer{% endfor %}{% for i in (1..3) reversed %}{{ i }}{% endfor %}`, `leer321`},
		{`{% for i in (1..9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i > 4 %}{% break %}{% endif %}{{ i }}{% endfor %}`, `134`},
		{`{% for a in (1..2) %}{% for b in (1..2) %}{{ a }}{{ b }}{{ forloop.rindex }} {% endfor %}{{ forloop.first }} {% endfor %}`, `112 121 true 212 221 false `},
		{`{% assign n = customer.orders | plus: 1 %}{{ n }}{% capture c %}<{{ n }}>{% endcapture %}{{ c }}{{ c }}`, `13<13><13>`},
		{`{% assign customer = "ich" %}{{ customer }}`, `ich`},
		{`a {%- comment %} {{ broken {% endif %} {% endcomment -%} b{% raw %}{{ x }}{% endraw %}{% # nichts %}`, `ab{{ x }}`},
		{"a  {{- 1 -}}  b\n{%- if true -%}\n c \n{%- endif %}\nd", "a1bc\nd"},
		{`{{ "}}" }}{{ '%}' }}{ {x} {`, `}}%}{ {x} {`},
		{`{{ }}{{ nothing }}`, ``},
		{`{{ true }} {{ 1.50 }} {{ -3 }} {{ "it's" }}`, `true 1.5 -3 it's`},
	} {
		if got := render(t, tt.source, liquid.Text, "de"); got != tt.want {
			t.Errorf("%s\n got %q\nwant %q", tt.source, got, tt.want)
		}
	}
}

func TestAmountsAndDaysFollowTheReadersLanguage(t *testing.T) {
	for _, tt := range []struct{ source, de, en string }{
		{`{{ customer.value }}`, "1.234,56\u00a0€", "€1,234.56"},
		{`{{ 12.5 | money: "chf" }}`, "12,50\u00a0CHF", "CHF\u00a012.50"},
		{`{{ customer.value | times: 0.1 }} {{ customer.value | divided_by: 3 }}`, "123,46\u00a0€ 411,52\u00a0€", "€123.46 €411.52"},
		{`{{ products[0].price | plus: products[1].price | round }}`, "22,00\u00a0€", "€22.00"},
		{`{{ 1234.5 | number: 1 }} {{ 1234567 | number }}`, "1.234,5 1.234.567", "1,234.5 1,234,567"},
		{`{{ customer.share | percent: 1 }}`, "12,5\u00a0%", "12.5%"},
		{`{{ customer.since }} {{ customer.since | date: "%-d. %B %Y, %A %a %b %y %m %%" }}`, "09.03.2024 9. März 2024, Samstag Sa März 24 03 %",
			"9 Mar 2024 9. March 2024, Saturday Sat Mar 24 03 %"},
		{`{{ customer.seen }} | {{ customer.seen | date }} {{ "now" | date: "%d.%H:%M" }}`, "23.11.2026, 00:30 | 23.11.2026 23.00:30", "23 Nov 2026, 00:30 | 23 Nov 2026 23.00:30"},
		{`{{ "2026-12-31" | date: "%d.%m." }}`, "31.12.", "31.12."},
	} {
		if got := render(t, tt.source, liquid.Text, "de"); got != tt.de {
			t.Errorf("%s\n got %q\nwant %q", tt.source, got, tt.de)
		}
		if got := render(t, tt.source, liquid.Text, "en"); got != tt.en {
			t.Errorf("%s\n got %q\nwant %q", tt.source, got, tt.en)
		}
	}
}

func TestValuesAreEscapedInHTMLOnce(t *testing.T) {
	for _, tt := range []struct{ source, want string }{
		{`<b title="{{ customer.last_name }}">{{ "<i>" }}</b>`, `<b title="O&#39;Hara &lt;b&gt;&amp;&#34;">&lt;i&gt;</b>`},
		{`{{ "<" | escape }}{{ "<" | escape | escape }}`, `&lt;&lt;`},
		{`{{ "<" | escape | append: "<" }}`, `&amp;lt;&lt;`},
		{"{{ 'a<\nb' | newline_to_br }}", "a&lt;<br>\nb"},
		{`{% capture c %}<p>{{ "<" }}</p>{% endcapture %}{{ c }}`, `<p>&lt;</p>`},
		{"{{ 'a\x00\x1b\x7f\tb' }}", "a\tb"},
	} {
		if got := render(t, tt.source, liquid.HTML, "de"); got != tt.want {
			t.Errorf("%s\n got %q\nwant %q", tt.source, got, tt.want)
		}
	}
}

func TestAHeaderStaysOneLine(t *testing.T) {
	source := "Hallo {{ name }},\r\nBcc: alle{{ '\u2028' }}\u0085x"
	tpl, err := liquid.Parse(source, liquid.Header, liquid.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := tpl.Render(liquid.Map{"name": liquid.String("A\r\n\r\nBcc: x@example.org\x00")}, liquid.Reader{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "Hallo A Bcc: x@example.org , Bcc: alle x"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatIsMissingIsReportedUnlessItHasADefault(t *testing.T) {
	source := "{{ customer.nick }}\n{{ a.b | upcase }} {{ c | default: 'x' }} {{ 'x' }} {{ none }}\n{% if d %}{% endif %}{{ customer.first_name }}{% assign y = e %}{{ y }}"
	tpl, err := liquid.Parse(source, liquid.Text, liquid.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	reader := berlin(t, "de")
	reader.Missing = func(name string, line int64) { got = append(got, fmt.Sprint(line, " ", name)) }
	if _, err := tpl.Render(values(), reader); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1 customer.nick", "2 a.b", "2 none", "3 y"}, got); diff != "" {
		t.Error(diff)
	}
	var uses []string
	for _, u := range tpl.Uses() {
		uses = append(uses, fmt.Sprintf("%d:%d %s", u.Line, u.Column, u.Name))
	}
	want := []string{"1:4 customer.nick", "2:4 a.b", "2:23 c", "2:56 none", "3:7 d", "3:25 customer.first_name", "3:61 e"}
	if diff := cmp.Diff(want, uses); diff != "" {
		t.Error(diff)
	}
}

func TestATemplateServesManyAtOnce(t *testing.T) {
	tpl, err := liquid.Parse(`{% assign n = 0 %}{% for p in products %}{% assign n = n | plus: 1 %}{{ n }}{{ p.name }} {% endfor %}`, liquid.Text, liquid.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				if got, err := tpl.Render(values(), liquid.Reader{}); err != nil || got != "1Espresso 2Filter & Co 3Mühle " {
					t.Errorf("%q %v", got, err)
					return
				}
			}
		})
	}
	all.Wait()
}

// letter is a mail of about 5 kB with 20 outputs.
func letter() string {
	return strings.Repeat(`<p style="margin:0 0 16px">`+strings.Repeat("Wir rösten jede Woche frisch. ", 7)+
		`{{ customer.first_name | default: "Freund" }} {{ customer.value }} {% if customer.vip %}{{ customer.since | date: "%d.%m." }}{% endif %} {{ products[1].name }}</p>`, 5) +
		strings.Repeat("Und so weiter. ", 200)
}

func BenchmarkLetter(b *testing.B) {
	source := letter()
	tpl, err := liquid.Parse(source, liquid.HTML, liquid.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	vs, reader := values(), berlin(b, "de")
	var buf []byte
	b.SetBytes(int64(len(source)))
	b.ReportAllocs()
	for b.Loop() {
		if buf, err = tpl.Append(buf[:0], vs, reader); err != nil {
			b.Fatal(err)
		}
	}
}

func TestATemplateIsCutIntoTextAndTags(t *testing.T) {
	got := liquid.Pieces(`a {{ "}}" }}b{% if x %}{c}{% endif %}{{ open`)
	want := []liquid.Piece{{"a ", false}, {`{{ "}}" }}`, true}, {"b", false}, {"{% if x %}", true}, {"{c}", false}, {"{% endif %}", true}, {"{{ open", false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
