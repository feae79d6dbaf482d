package customer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/customer"

	"pgregory.net/rapid"
)

func search(t testing.TB, db *store.DB, text string) (ids []int64) {
	t.Helper()
	read(t, db, func(tx *store.Tx) error {
		found, err := customer.Search(ctx, tx, text, 50)
		for _, r := range found.Rows {
			ids = append(ids, r.ID)
		}
		return err
	})
	return ids
}

func create(t testing.TB, db *store.DB, d customer.Draft) (id int64) {
	t.Helper()
	write(t, db, func(tx *store.Tx) error {
		e, err := customer.Create(ctx, tx, d)
		id = e.ID
		return err
	})
	return id
}

func TestSearchFindsByWhateverSomebodyRemembers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shop := source(t, db, "shop")
		anna := create(t, db, customer.Draft{Source: shop, ExternalID: "K-0010012", Fields: customer.Fields{"first_name": "Anna-Lena", "last_name": "Müller"},
			Emails: []customer.Email{{Address: "lena.m@roesterei-nord.de"}}, Phones: []customer.Phone{{Written: "040 1234567"}}})
		firm := create(t, db, customer.Draft{Source: shop, ExternalID: "AB4711", Fields: customer.Fields{"kind": "company", "name": "Großhandel Strauß & Söhne GmbH", "country": "AT"},
			Phones: []customer.Phone{{Written: "01 588580"}}})
		jose := create(t, db, customer.Draft{Fields: customer.Fields{"name": "José O’Brien"}, Emails: []customer.Email{{Address: "jose@gmx.de"}}})
		for query, want := range map[string]int64{
			"mü": anna, "muell": anna, "mull": anna, "Müller Anna": anna, "anna mül": anna, "annalena": anna, "lena muller": anna,
			"lena.m@roe": anna, "roesterei": anna, "040 1234567": anna, "+49 40 123": anna, "0049401234567": anna, "401234567": anna,
			"K-0010012": anna, "K0010012": anna, "0010012": anna, "k-00100": anna, "Mxller": anna, "mulelr": anna, "Mllr": 0, "müler lena": anna,
			"grosshandel": firm, "Großh": firm, "strauss": firm, "soehne strau": firm, "sohne": firm, "AB47": firm, "ab4711": firm, "01 5885": firm, "+43 1 588": firm, "straus": firm, "strauxs gmbh": firm,
			"jose": jose, "obrien": jose, "o'brien": jose, "brien jos": jose, "JOSE@GMX": jose, "josé": jose, fmt.Sprint(jose): jose,
			"zz": 0, "anna strauss": 0, "gmx": 0, "": 0, "@": 0, "%": 0, "'": 0, "mü\x00": anna,
		} {
			got := search(t, db, query)
			if want == 0 && len(got) > 0 || want != 0 && !slices.Contains(got, want) {
				t.Errorf("%q finds %v, want %d", query, got, want)
			}
		}
	})
}

func TestWholeWordsComeFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var ids []int64
		for _, name := range []string{"Annabel Berg", "Berta Anna", "Anna Zorn", "Hannah Anna-Berg"} {
			ids = append(ids, create(t, db, customer.Draft{Fields: customer.Fields{"name": name}}))
		}
		got := search(t, db, "anna")
		if len(got) != 4 || got[3] != ids[0] {
			t.Errorf("got %v of %v: the beginning of a word comes behind whole words", got, ids)
		}
	})
}

var nameLetters = []rune("abcdefghijklmnoprstuvwzäöüéçøłABCDEFGHÄÖÜ")

func drawName(t *rapid.T) string {
	word := rapid.StringOfN(rapid.RuneFrom(nameLetters), 4, 12, -1)
	parts := rapid.SliceOfN(word, 1, 3).Draw(t, "name")
	return strings.Join(parts, rapid.SampledFrom([]string{" ", "-", ". ", "'"}).Draw(t, "between"))
}

// oneWrong changes one letter of a word of the name into an x, leaves one out, doubles one or swaps two.
func oneWrong(t *rapid.T, name string) string {
	words := strings.Fields(name)
	i := rapid.IntRange(0, len(words)-1).Draw(t, "word")
	letters := []rune(words[i])
	at := rapid.IntRange(0, len(letters)-2).Draw(t, "letter")
	switch rapid.IntRange(0, 3).Draw(t, "mistake") {
	case 0:
		letters[at] = 'x'
	case 1:
		letters = slices.Delete(letters, at, at+1)
	case 2:
		letters = slices.Insert(letters, at, 'x')
	case 3:
		letters[at], letters[at+1] = letters[at+1], letters[at]
	}
	words[i] = string(letters)
	return strings.Join(words, " ")
}

func TestANameIsFoundByItsBeginningsAndDespiteOneWrongLetter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			name := drawName(rt)
			id := create(t, db, customer.Draft{Fields: customer.Fields{"name": name}})
			runes := []rune(name)
			for n := 2; n <= len(runes); n++ {
				if got := search(t, db, string(runes[:n])); !slices.Contains(got, id) {
					rt.Errorf("%q is not found by %q: %v", name, string(runes[:n]), got)
				}
			}
			plain := strings.NewReplacer("-", " ", "'", " ", ".", " ").Replace(name)
			wrong := oneWrong(rt, plain)
			if got := search(t, db, wrong); !slices.Contains(got, id) {
				rt.Errorf("%q is not found by %q: %v", name, wrong, got)
			}
			write(t, db, func(tx *store.Tx) error {
				return customer.Erase(ctx, tx, id)
			})
			if got := search(t, db, name); slices.Contains(got, id) {
				rt.Errorf("%q is found after she was erased", name)
			}
		})
	})
}
