package email_test

import (
	"bytes"
	"encoding/base64"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/platform/fault"

	"github.com/google/go-cmp/cmp"
	gomail "github.com/wneessen/go-mail"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files anew")

// autumn is a mail with everything in it.
func autumn() *message.Mail {
	return &message.Mail{
		ID: 4711, MessageID: "<3n3.abcdefgh@roesterei.example>",
		From:        mail.Address{Name: "Rösterei Nord", Address: "moin@roesterei.example"},
		ReplyTo:     mail.Address{Address: "antwort@roesterei.example"},
		To:          mail.Address{Name: "Dr. Jürgen Groß", Address: "juergen@müller.example"},
		Subject:     "Herbströstung: 10 % für Sie, lieber Herr Dr. Groß, und ein Gruß aus der Rösterei am Hafen",
		Text:        "Guten Tag, Herr Dr. Groß,\n\n.ein Punkt am Anfang\nFrom der Rösterei\nLeerzeichen am Ende   \n" + strings.Repeat("lang ", 60) + "\n",
		HTML:        "<!doctype html>\r\n<p>Guten Tag, Herr Dr. Groß,</p>\r\n<p>" + strings.Repeat("<b>lang</b>", 200) + "</p>\r\n",
		Unsubscribe: "https://roesterei.example/u/abc",
		Date:        time.Date(2026, 11, 22, 9, 30, 0, 0, time.FixedZone("", 3600)),
	}
}

func encode(t testing.TB, m *message.Mail) []byte {
	t.Helper()
	var e email.Encoder
	raw, err := e.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// read is a mail as any reader of mails sees it.
type read struct {
	Header map[string]string
	Bodies map[string]string // by type
}

func readMail(t testing.TB, raw []byte) read {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	r := read{Header: map[string]string{}, Bodies: map[string]string{}}
	words := new(mime.WordDecoder)
	for name, values := range m.Header {
		text, err := words.DecodeHeader(values[0])
		if err != nil || len(values) != 1 {
			t.Fatalf("%s: %q, %v", name, values, err)
		}
		r.Header[name] = text
	}
	readPart(t, r, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	return r
}

func readPart(t testing.TB, r read, kind, encoding string, body io.Reader) {
	t.Helper()
	kind, args, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatal(err)
	}
	if kind == "multipart/alternative" {
		parts := multipart.NewReader(body, args["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			readPart(t, r, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
		}
	}
	if args["charset"] != "utf-8" && args["charset"] != "UTF-8" {
		t.Errorf("%s in %q", kind, args["charset"])
	}
	switch encoding {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	default:
		t.Errorf("%s is in %q", kind, encoding)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	r.Bodies[kind] = strings.TrimRight(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
}

func TestAMailIsWrittenAsAlways(t *testing.T) {
	notice := autumn()
	notice.Unsubscribe, notice.HTML, notice.ReplyTo = "", "", mail.Address{}
	greek := autumn()
	greek.Text, greek.HTML, greek.Subject = strings.Repeat("Καλημέρα σας.\n", 8), "", "Καλημέρα"
	for name, m := range map[string]*message.Mail{"autumn": autumn(), "notice": notice, "greek": greek} {
		t.Run(name, func(t *testing.T) {
			got := encode(t, m)
			file := filepath.Join("testdata", name+".eml")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAMailReadsAsThoseOfAnotherWriter compares with go-mail, which many send with.
func TestAMailReadsAsThoseOfAnotherWriter(t *testing.T) {
	long := autumn()
	long.Subject = strings.Repeat("ä", 300)
	long.To.Name = strings.Repeat("Östliche ", 20)
	odd := autumn()
	odd.To = mail.Address{Name: "Comma, Name <x>", Address: `"zwei worte"@beispiel.example`}
	odd.Subject = "10 % = viel? und ein sehr sehr langes " + strings.Repeat("x", 200)
	for name, m := range map[string]*message.Mail{"autumn": autumn(), "long": long, "odd": odd} {
		t.Run(name, func(t *testing.T) {
			got, want := readMail(t, encode(t, m)), readMail(t, oracle(t, m))
			if diff := cmp.Diff(want.Bodies, got.Bodies); diff != "" {
				t.Errorf("bodies:\n%s", diff)
			}
			for _, header := range []string{"Subject", "Date", "Message-Id", "List-Unsubscribe", "List-Unsubscribe-Post"} {
				if got.Header[header] != want.Header[header] {
					t.Errorf("%s = %q, want %q", header, got.Header[header], want.Header[header])
				}
			}
			for _, header := range []string{"From", "To", "Reply-To"} {
				if diff := cmp.Diff(rawAddress(t, oracle(t, m), header), rawAddress(t, encode(t, m), header)); diff != "" {
					t.Errorf("%s:\n%s", header, diff)
				}
			}
		})
	}
}

func rawAddress(t *testing.T, raw []byte, header string) *mail.Address {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	all, err := m.Header.AddressList(header)
	if err != nil || len(all) != 1 {
		t.Fatalf("%s: %v, %v", header, all, err)
	}
	return all[0]
}

func oracle(t *testing.T, m *message.Mail) []byte {
	t.Helper()
	o := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	plain := func(a mail.Address) string { return strings.Replace(a.Address, "müller", "xn--mller-kva", 1) }
	check(o.FromFormat(m.From.Name, plain(m.From)))
	check(o.AddToFormat(m.To.Name, plain(m.To)))
	check(o.ReplyTo(m.ReplyTo.Address))
	o.Subject(m.Subject)
	o.SetMessageIDWithValue(strings.Trim(m.MessageID, "<>"))
	o.SetDateWithValue(m.Date)
	o.SetGenHeader("List-Unsubscribe", "<"+m.Unsubscribe+">")
	o.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	o.SetBodyString(gomail.TypeTextPlain, m.Text)
	o.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	var b bytes.Buffer
	_, err := o.WriteTo(&b)
	check(err)
	return b.Bytes()
}

func TestWhatCannotBeSentIsRefusedOnItsField(t *testing.T) {
	for field, break_ := range map[string]func(*message.Mail){
		"from":        func(m *message.Mail) { m.From.Address = "moin@roesterei.example\r\nBcc: alle@x.example" },
		"to":          func(m *message.Mail) { m.To.Address = "a@b.example>\nRCPT TO:<c@d.example" },
		"reply_to":    func(m *message.Mail) { m.ReplyTo.Address = "nobody" },
		"message_id":  func(m *message.Mail) { m.MessageID = "<a@b>\r\nX: y" },
		"unsubscribe": func(m *message.Mail) { m.Unsubscribe = "https://x.example/>\r\nX: y" },
		"html":        func(m *message.Mail) { m.HTML = strings.Repeat("x", email.MaxSize) },
	} {
		m := autumn()
		break_(m)
		var e email.Encoder
		_, err := e.Encode(m)
		if f := fault.As(err); err == nil || f.Code != fault.Invalid || f.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestAddressesOfAllKinds(t *testing.T) {
	for text, want := range map[string]string{
		"a@b.example":                          "<a@b.example>",
		"a.b+c@B.Example":                      "<a.b+c@B.Example>",
		"kunde@müller.example":                 "<kunde@xn--mller-kva.example>",
		"kunde@STRASSE.example":                "<kunde@STRASSE.example>",
		`zwei worte@b.example`:                 `<"zwei worte"@b.example>`,
		`"zwei worte"@b.example`:               `<"zwei worte"@b.example>`,
		`"a\"b\\c"@b.example`:                  `<"a\"b\\c"@b.example>`,
		"a..b@b.example":                       `<"a..b"@b.example>`,
		".a@b.example":                         `<".a"@b.example>`,
		"a@b@c.example":                        `<"a@b"@c.example>`,
		"jürgen@b.example":                     "<jürgen@b.example>",
		"root@localhost":                       "<root@localhost>",
		"":                                     "",
		"a":                                    "",
		"@b.example":                           "",
		"a@":                                   "",
		"a@b..example":                         "",
		"a@-b.example":                         "",
		"a@b.example.":                         "",
		"a@b example":                          "",
		"a\x00@b.example":                      "",
		"a\u0085@b.example":                    "",
		"a\r\n@b.example":                      "",
		"a@b.example\r\nRSET":                  "",
		"a\xff@b.example":                      "",
		strings.Repeat("a", 65) + "@b.example": "",
		"a@" + strings.Repeat("b", 64) + ".example":  "",
		"a@" + strings.Repeat("b.", 130) + "example": "",
	} {
		if got := email.WireAddress(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// checkForm holds what every mail on the wire must be.
func checkForm(t testing.TB, raw []byte) {
	t.Helper()
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		t.Error("does not end with a line")
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(raw), "\r\n"), "\r\n") {
		if len(line) > 998 || strings.HasPrefix(line, ".") || strings.HasPrefix(line, "From ") || strings.ContainsAny(line, "\r\n\x00") {
			t.Errorf("line %q", line)
		}
	}
}

func TestEveryMailComesBackAsItWasMeant(t *testing.T) {
	piece := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\r\n", "\n", "\r", ".", "From ", " ", "  ", "\t", "=", "=?", "=?utf-8?q?x?=", "\"", "\\", "Größe", strings.Repeat("x", 90), strings.Repeat("ß ", 50), "\x00", "\xff"}))
	text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "") })
	rapid.Check(t, func(rt *rapid.T) {
		m := autumn()
		m.Subject, m.To.Name, m.Text, m.HTML = text.Draw(rt, "subject"), text.Draw(rt, "name"), text.Draw(rt, "text"), text.Draw(rt, "html")
		raw := encode(t, m)
		checkForm(t, raw)
		got := readMail(t, raw)
		if want := headerText(m.Subject); got.Header["Subject"] != want {
			rt.Errorf("subject %q, want %q", got.Header["Subject"], want)
		}
		if want, got := headerText(m.To.Name), rawName(t, raw); got != want {
			rt.Errorf("name %q, want %q", got, want)
		}
		if m.HTML == "" || m.Text == "" {
			return
		}
		for kind, body := range map[string]string{"text/plain": m.Text, "text/html": m.HTML} {
			if want := bodyText(body); got.Bodies[kind] != want {
				rt.Errorf("%s %q, want %q", kind, got.Bodies[kind], want)
			}
		}
	})
}

func rawName(t testing.TB, raw []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	all, err := m.Header.AddressList("To")
	if err != nil || len(all) != 1 {
		t.Fatalf("%q: %v", m.Header.Get("To"), err)
	}
	return all[0].Name
}

// headerText is what of a text remains in a header.
func headerText(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, string([]rune(text)))
}

func bodyText(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return strings.TrimRight(text, "\n")
}

func FuzzNoInputForgesAHeader(f *testing.F) {
	f.Add("Anna", "anna@b.example", "Hallo", "Text", "https://x.example/u")
	f.Add("A\r\nBcc: x@y.example", "a@b.example\r\nX: y", "S\nX: y", ".\r\nQUIT\r\n", "https://x.example/ \r\n")
	f.Add("A\r\nBcc: x@y.example", "anna@b.example", "S\r\nBcc: z@y.example\r\n\r\n<p>", "Text", "https://x.example/u") // with an address that is fine
	f.Fuzz(func(t *testing.T, name, address, subject, text, unsubscribe string) {
		m := autumn()
		m.To, m.Subject, m.Text, m.Unsubscribe = mail.Address{Name: name, Address: address}, subject, text, unsubscribe
		var e email.Encoder
		raw, err := e.Encode(m)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Error(err)
			}
			return
		}
		checkForm(t, raw)
		read, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		for header := range read.Header {
			switch header {
			case "Date", "From", "To", "Reply-To", "Subject", "Message-Id", "Mime-Version", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post", "Content-Type":
			default:
				t.Errorf("the header %s was smuggled in:\n%s", header, raw)
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	m := autumn()
	m.HTML = strings.Repeat("<p>Für Sie, weil Sie gern bei uns sind: <a href=\"https://x.example/t/abc\">ansehen</a></p>\n", 45)
	var e email.Encoder
	b.ReportAllocs()
	for b.Loop() {
		raw, err := e.Encode(m)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(raw)))
	}
}

func TestAMailIsTheSameWhateverWasWrittenBefore(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"", "<p>Guten Tag, Anna,</p>", "<p>Guten Tag, Jürgen,</p>", ".", "From A", "a b ", strings.Repeat("lang ", 40), strings.Repeat("Ωμέγα", 30), "\r", "="})
	ends := rapid.SampledFrom([]string{"\n", "\r\n", ""})
	rapid.Check(t, func(t *rapid.T) {
		text := func(label string) string {
			var b strings.Builder
			for range rapid.IntRange(0, 6).Draw(t, label) {
				b.WriteString(pieces.Draw(t, "piece"))
				b.WriteString(ends.Draw(t, "end"))
			}
			return b.String()
		}
		var used email.Encoder
		for range rapid.IntRange(2, 6).Draw(t, "mails") {
			m := autumn()
			m.Text, m.HTML = text("text"), text("html")
			if rapid.IntRange(0, 4).Draw(t, "broken") == 0 {
				m.To.Address = "nobody"
			}
			var fresh email.Encoder
			want, failed := fresh.Encode(m)
			got, err := used.Encode(m)
			if !bytes.Equal(got, want) || (err == nil) != (failed == nil) {
				t.Fatalf("after others it is\n%q, %v\nalone\n%q, %v", got, err, want, failed)
			}
		}
	})
}

func TestValidTextsAreToldFromOthers(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"a", "abcdefgh", "ü", "Ω", "\U0001F600", "\xff", "\xc3", "\xe2\x82", "\uFFFD"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(pieces, 0, 12).Draw(t, "text"), "")
		if got := email.IsValid(text); got != utf8.ValidString(text) {
			t.Fatalf("%q is said to be valid: %t", text, got)
		}
	})
}
