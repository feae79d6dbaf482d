package campaign_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/action/campaign"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/liquid"
	"stamm/internal/platform/money"
	"stamm/internal/record/customer"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); look at it, then go test -update:\n%s", path, diff)
	}
}

// autumn has every kind of block.
func autumn() *campaign.Content {
	return &campaign.Content{
		Subject: "{{ customer.first_name | default: 'Guten Tag' }}, der Herbst ist geröstet", Preheader: "Zehn Prozent bis {{ coupon.until }}",
		Blocks: []campaign.Block{
			{Kind: campaign.Picture, Source: "https://example.org/logo.png", Alt: "Rösterei Berg", Width: 160, URL: "https://example.org/"},
			{Kind: campaign.Heading, Text: "Frisch & <neu>"},
			{Kind: campaign.Text, Text: "{{ customer.salutation }},\n\nwir haben **neu geröstet**: [{{ customer.first_name | default: 'Ihr' }} Espresso](https://example.org/s?q={{ customer.last_name | url_encode }}).\n\n- Bohnen\n- <script>alert(1)</script>\n\nIhre\nRösterei"},
			{Kind: campaign.Products, Pick: campaign.Usual, Count: 3, URL: "https://example.org/p/{{ product.sku | url_encode }}", Source: "https://example.org/p/{{ product.sku | url_encode }}.jpg"},
			{Kind: campaign.Voucher, Coupon: 7, Text: "{{ coupon.value }} auf alles"},
			{Kind: campaign.Button, Text: "Zum Laden", URL: "https://example.org/herbst"},
			{Kind: campaign.Columns, Left: []campaign.Block{{Kind: campaign.Text, Text: "links"}}, Right: []campaign.Block{{Kind: campaign.Button, Text: "rechts", URL: "https://example.org/r"}}},
			{Kind: campaign.Divider},
			{Kind: campaign.Footer},
		},
	}
}

func reader(lang string, c *customer.Customer) *campaign.Reader {
	p := i18n.For(lang, nil)
	offers := []*campaign.Offer{
		{ID: 1, SKU: "ESP 1", Name: "Espresso <Forte>", Price: liquid.Money(money.Of(1290, "EUR"))},
		{ID: 2, SKU: "FIL", Name: "Filterkaffee"},
	}
	return &campaign.Reader{Printer: p, Now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Customer: campaign.Person(p, c), Company: "Rösterei Berg",
		Offers:      func(*campaign.Block) []*campaign.Offer { return offers },
		Gifts:       map[int64]campaign.Gift{7: {Code: "7K3M-XR2P-9HDA", Value: liquid.String("10 %"), Until: liquid.Day(clock.NewDay(2026, 12, 31)), From: liquid.Money(money.Of(3000, "EUR"))}},
		Unsubscribe: "https://stamm.example/u?t=a&b=c", Preferences: "https://stamm.example/p?t=a",
		Imprint: "Rösterei Berg GmbH\nHafenstraße 1, 20457 Hamburg"}
}

func compile(t *testing.T, c *campaign.Content, lang string) *campaign.Letter {
	t.Helper()
	l, err := campaign.Compile(c, lang)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestBlocksBecomeTablesAndText(t *testing.T) {
	anna := &customer.Customer{Kind: customer.Person, Salutation: "ms", Title: "Dr.", FirstName: "Anna", LastName: `O'Hara "&" <b>`, Name: "Anna O'Hara"}
	for lang, c := range map[string]*customer.Customer{"de": anna, "en": {Kind: customer.Person, LastName: "Smith", FirstName: ""}} {
		w, err := compile(t, autumn(), lang).Write(reader(lang, c))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "autumn."+lang+".html", w.HTML)
		golden(t, "autumn."+lang+".txt", "Subject: "+w.Subject+"\n\n"+w.Text)
		for _, never := range []string{"<script", "⟦", "{{", "{%", `"&" <b>`} {
			if strings.Contains(w.HTML, never) {
				t.Errorf("%s: the HTML has %q", lang, never)
			}
		}
		if n, m := strings.Count(w.HTML, "<table"), strings.Count(w.HTML, "</table>"); n != m {
			t.Errorf("%s: %d tables begin, %d end", lang, n, m)
		}
	}
}

func TestOwnHTMLIsNotRewritten(t *testing.T) {
	const own = "<TABLE><tr><td align=center>\r\n<!--[if mso]>x<![endif]--><p >Hallo {{ customer.first_name }}</p><a href='{{ unsubscribe }}'>Abmelden</a><style>p{a:b}</style><img src=x alt=Bild></table>"
	c := &campaign.Content{Subject: "x", HTML: own}
	w, err := compile(t, c, "de").Write(reader("de", &customer.Customer{FirstName: "A&B"}))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("{{ customer.first_name }}", "A&amp;B", "{{ unsubscribe }}", "https://stamm.example/u?t=a&amp;b=c").Replace(own)
	if w.HTML != want {
		t.Errorf("got %q\nwant %q", w.HTML, want)
	}
	if want := "Hallo A&B\nAbmelden (https://stamm.example/u?t=a&b=c)Bild\n"; w.Text != want {
		t.Errorf("text %q, want %q", w.Text, want)
	}
}

func TestSalutationsFitThePerson(t *testing.T) {
	for _, tt := range []struct {
		c      customer.Customer
		de, en string
	}{
		{customer.Customer{Salutation: "ms", FirstName: "Anna", LastName: "Berg"}, "Sehr geehrte Frau Berg", "Dear Ms Berg"},
		{customer.Customer{Salutation: "ms", Title: "Dr.", LastName: "Berg"}, "Sehr geehrte Frau Dr. Berg", "Dear Dr. Berg"},
		{customer.Customer{Salutation: "mr", Title: "Prof. Dr. med.", LastName: "Wolf"}, "Sehr geehrter Herr Prof. Wolf", "Dear Prof. Wolf"},
		{customer.Customer{Salutation: "mr", Title: "Dipl.-Ing.", LastName: "Wolf"}, "Sehr geehrter Herr Wolf", "Dear Mr Wolf"},
		{customer.Customer{Salutation: "mr", Title: "Mag.", LastName: "Wolf", Country: "AT"}, "Sehr geehrter Herr Mag. Wolf", "Dear Mag. Wolf"},
		{customer.Customer{Salutation: "family", LastName: "Berg"}, "Sehr geehrte Familie Berg", "Dear Berg family"},
		{customer.Customer{FirstName: "Alex", LastName: "Berg"}, "Guten Tag Alex Berg", "Dear Alex Berg"},
		{customer.Customer{Salutation: "neutral", Title: "Dr.", FirstName: "Alex", LastName: "Berg"}, "Guten Tag Dr. Alex Berg", "Dear Dr. Alex Berg"},
		{customer.Customer{Salutation: "ms", FirstName: "Anna"}, "Guten Tag Anna", "Dear Anna"},
		{customer.Customer{Salutation: "ms"}, "Guten Tag", "Hello"},
		{customer.Customer{}, "Guten Tag", "Hello"},
		{customer.Customer{Kind: customer.Company, Name: "Berg GmbH"}, "Sehr geehrte Damen und Herren", "Dear Sir or Madam"},
		{customer.Customer{AddressForm: "du", Salutation: "ms", FirstName: "Anna", LastName: "Berg"}, "Hallo Anna", "Hello Anna"},
		{customer.Customer{AddressForm: "du", LastName: "Berg"}, "Hallo", "Hello"},
	} {
		if got := campaign.Salutation(i18n.For("de", nil), &tt.c); got != tt.de {
			t.Errorf("%+v: %q, want %q", tt.c, got, tt.de)
		}
		if got := campaign.Salutation(i18n.For("en", nil), &tt.c); got != tt.en {
			t.Errorf("%+v: %q, want %q", tt.c, got, tt.en)
		}
	}
}

func TestMissingValuesAreToldWithTheirField(t *testing.T) {
	c := autumn()
	c.Subject = "{{ customer.first_name }}"
	c.Blocks[2].Text = "Hallo\n{{ customer.first_name }} {{ customer.shoe_size }}"
	r := reader("de", &customer.Customer{})
	var got []string
	r.Missing = func(field, name string, line int64) { got = append(got, fmt.Sprint(field, " ", name)) }
	if _, err := compile(t, c, "de").Write(r); err != nil {
		t.Fatal(err)
	}
	want := []string{"subject customer.first_name", "blocks.2.text customer.first_name", "blocks.2.text customer.shoe_size"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsWrongIsSaidWithItsBlock(t *testing.T) {
	c := &campaign.Content{Subject: " ", Accent: "red", Blocks: []campaign.Block{{Kind: campaign.Button}, {Kind: "video"}, {Kind: campaign.Picture, Width: 700},
		{Kind: campaign.Columns, Left: []campaign.Block{{Kind: campaign.Columns}}}, {Kind: campaign.Products, Pick: "all", Count: 9}, {Kind: campaign.Voucher}}}
	_, err := campaign.Compile(c, "de")
	got := map[string]string{}
	for _, f := range fault.All(err) {
		got[f.Field] = f.Key
	}
	want := map[string]string{"subject": "errors.required", "accent": "campaign.error.colour", "blocks.0.url": "errors.required", "blocks.0.text": "errors.required", "blocks.1": "errors.choice",
		"blocks.2.source": "errors.required", "blocks.2.width": "errors.too_large", "blocks.3.left.0": "campaign.error.columns", "blocks.4.pick": "errors.choice",
		"blocks.4.count": "errors.too_large", "blocks.5.coupon": "errors.required"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	c = &campaign.Content{Subject: "{{ x", Blocks: []campaign.Block{{Kind: campaign.Text, Text: "a\n\n<b>**{% if x %}"}, {Kind: campaign.Columns, Right: []campaign.Block{{Kind: campaign.Text, Text: "{{ a | b }}"}}}}}
	_, err = campaign.Compile(c, "de")
	var told []string
	for _, f := range fault.All(err) {
		told = append(told, fmt.Sprint(f.Field, " ", f.Key, " ", f.Args[1]))
	}
	if diff := cmp.Diff([]string{"subject liquid.error.open 1", "blocks.0.text liquid.error.unclosed 3", "blocks.1.right.0.text liquid.error.filter 1"}, told); diff != "" {
		t.Error(diff)
	}
	c = &campaign.Content{Subject: "x", Blocks: []campaign.Block{{Kind: campaign.Button, Text: "x", URL: "{{ customer.last_name }}"}}}
	_, err = compile(t, c, "de").Write(reader("de", &customer.Customer{LastName: "javascript:alert(1)"}))
	if f := fault.As(err); f == nil || f.Key != "campaign.error.address" || f.Field != "blocks.0.url" {
		t.Errorf("an address of script: %v", err)
	}
}

func TestNoValueEndsAHeaderOrBreaksATag(t *testing.T) {
	evil := &customer.Customer{FirstName: "A\r\nBcc: x@example.org\r\n\r\n<html>", LastName: `"><script>alert(1)</script>`}
	w, err := compile(t, autumn(), "de").Write(reader("de", evil))
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(w.Subject, "\r\n") || strings.Contains(w.HTML, "<script") || strings.Contains(w.HTML, `""`) {
		t.Errorf("%q", w.Subject)
	}
}

func FuzzMarkup(f *testing.F) {
	for _, seed := range []string{"a **b** [c](https://d)\n\n- e\n- f", "**[x](mailto:a@b)**", "[{{ a }}](https://x/{{ b }})", "[]()[a](", "* ** ***", "\ue000\uf8ff{{ a }}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := campaign.Compile(&campaign.Content{Subject: "x", Blocks: []campaign.Block{{Kind: campaign.Text, Text: text}}}, "de")
		if err != nil {
			return
		}
		w, err := l.Write(reader("de", &customer.Customer{FirstName: "Anna"}))
		if err != nil {
			return
		}
		body := w.HTML[strings.Index(w.HTML, "<body"):]
		for _, tag := range []string{"<script", "<iframe", "<object"} {
			if strings.Contains(strings.ToLower(body), tag) {
				t.Fatalf("%q becomes %q", text, body)
			}
		}
		if strings.Count(body, "<a ") != strings.Count(body, "</a>") || strings.Count(body, "<ul") != strings.Count(body, "</ul>") {
			t.Fatalf("%q becomes %q", text, body)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	l, err := campaign.Compile(autumn(), "de")
	if err != nil {
		b.Fatal(err)
	}
	r := reader("de", &customer.Customer{Salutation: "ms", FirstName: "Anna", LastName: "Berg"})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Write(r); err != nil {
			b.Fatal(err)
		}
	}
}
