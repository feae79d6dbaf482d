package customer_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"stamm/internal/record/customer"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestFoldGivesTheWordsPeopleSearchBy(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"  -- ", nil},
		{"Anna Schmidt", []string{"anna", "schmidt"}},
		{"Müller", []string{"mueller", "muller"}},
		{"Mu\u0308ller", []string{"mueller", "muller"}},
		{"MÜLLER-LÜDENSCHEIDT", []string{"mueller", "muller", "luedenscheidt", "ludenscheidt"}},
		{"Groß", []string{"gross"}},
		{"GROẞ", []string{"gross"}},
		{"Renée Çelik", []string{"renee", "celik"}},
		{"Søren Ångström", []string{"soeren", "soren", "aangstroem", "angstrom"}},
		{"O’Brien & Söhne 24", []string{"o", "brien", "soehne", "sohne", "24"}},
		{"İstanbul ışık", []string{"istanbul", "isik"}},
		{"Łódź", []string{"lodz"}},
		{"Œuvre ﬁne", []string{"oeuvre", "ouvre", "fine"}},
		{"Николай", []string{"николаи"}},
		{"007-K", []string{"007", "k"}},
		{"a\x00b", []string{"a", "b"}},
		{strings.Repeat("x", 50), []string{strings.Repeat("x", 40)}},
	} {
		if diff := cmp.Diff(c.want, customer.Fold(c.in)); diff != "" {
			t.Errorf("Fold(%q): %s", c.in, diff)
		}
	}
}

func checkFold(t interface{ Errorf(string, ...any) }, s string) {
	for _, w := range customer.Fold(s) {
		if w == "" || !utf8.ValidString(w) {
			t.Errorf("Fold(%q) has the word %q", s, w)
		}
		for _, r := range w {
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				t.Errorf("Fold(%q): %q is neither letter nor digit", s, r)
			}
		}
		if again := customer.Fold(w); !slices.Equal(again, []string{w}) {
			t.Errorf("Fold(%q) has %q, which folds again to %q", s, w, again)
		}
	}
}

func TestFoldedWordsStayAsTheyAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkFold(t, rapid.String().Draw(t, "s")) })
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Müller", "Å ß ﬁ ½", "\xff\xfe", "K-10012", "각"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkFold(t, s) })
}

func TestFoldMailTellsSameAddresses(t *testing.T) {
	for _, c := range []struct {
		in, want string
		ok       bool
	}{
		{" Anna.Meier@Example.DE ", "anna.meier@example.de", true},
		{"mailto:a@b.de", "a@b.de", true},
		{"info@müller.de", "info@xn--mller-kva.de", true},
		{"o'neil+shop@mail.example.co.uk", "o'neil+shop@mail.example.co.uk", true},
		{`"John Doe"@Example.com`, `"john doe"@example.com`, true},
		{`"anna"@b.de`, "anna@b.de", true},
		{`"a\"b\c"@d.de`, `"a\"bc"@d.de`, true},
		{`"a@b"@c.de`, `"a@b"@c.de`, true},
		{`".."@müller.de`, `".."@xn--mller-kva.de`, true},
		{`""@b.de`, `""@b.de`, false},
		{`"a"b"@c.de`, `"a"b"@c.de`, false},
		{`"a\"@c.de`, `"a\"@c.de`, false},
		{"\"a\r\nb\"@c.de", "\"a\r\nb\"@c.de", false},
		{`a"b"@c.de`, `a"b"@c.de`, false},
		{"", "", false},
		{"-", "-", false},
		{"anna", "anna", false},
		{"@b.de", "@b.de", false},
		{"a@b", "a@b", false},
		{"a b@c.de", "a b@c.de", false},
		{"a@b@c.de", "a@b@c.de", false},
		{"a..b@c.de", "a..b@c.de", false},
		{"a@1.2.3.4", "a@1.2.3.4", false},
		{"a@-b.de", "a@-b.de", false},
		{"a@b.de,c@d.de", "a@b.de,c@d.de", false},
		{"<script>@b.de", "<script>@b.de", false},
	} {
		got, ok := customer.FoldMail(c.in)
		if got != c.want || ok != c.ok {
			t.Errorf("FoldMail(%q) = %q, %v; want %q, %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func FuzzFoldMail(f *testing.F) {
	for _, s := range []string{"a@b.de", "info@müller.de", "a@b@c", "\xff@b.de", `"a b\"c"@d.de`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := customer.FoldMail(s)
		if again, okAgain := customer.FoldMail(got); ok && (again != got || !okAgain) {
			t.Errorf("FoldMail(%q) = %q, which folds again to %q, %v", s, got, again, okAgain)
		}
	})
}

func TestPhonesAreReadAsPeopleOfTheRegionWriteThem(t *testing.T) {
	for _, c := range []struct {
		in, region, want string
		valid            bool
	}{
		{"040 / 123 45-67", "DE", "+49401234567", true},
		{"+43 1 58858-0", "DE", "+431588580", true},
		{"0041 44 668 18 00", "DE", "+41446681800", true},
		{"044 668 18 00", "CH", "+41446681800", true},
		{"0171 1234567", "DE", "+491711234567", true},
		{"", "DE", "", false},
		{"keins", "DE", "", false},
		{"1", "DE", "", false},
		{"12", "DE", "+4912", false},
		{strings.Repeat("1", 100), "DE", "", false},
	} {
		got, valid := customer.NormalPhone(c.in, c.region)
		if got != c.want || valid != c.valid {
			t.Errorf("NormalPhone(%q, %s) = %q, %v; want %q, %v", c.in, c.region, got, valid, c.want, c.valid)
		}
	}
}

func FuzzNormalPhone(f *testing.F) {
	f.Add("040 / 123 45-67", "DE")
	f.Add("+++", "")
	f.Fuzz(func(t *testing.T, s, region string) {
		got, _ := customer.NormalPhone(s, region)
		if got != "" && got[0] != '+' {
			t.Errorf("NormalPhone(%q, %q) = %q", s, region, got)
		}
	})
}

func BenchmarkFold(b *testing.B) {
	for range b.N {
		customer.Fold("Anna-Lena Müller")
	}
}

func BenchmarkNormalPhone(b *testing.B) {
	for range b.N {
		customer.NormalPhone("040 / 123 45-67", "DE")
	}
}
