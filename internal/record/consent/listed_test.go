package consent_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

func (w world) ask(address string) (a consent.Answer) {
	w.Helper()
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		a, err = consent.AskSuppressed(ctx, tx, address)
		return err
	})
	return a
}

func (w world) list(f consent.SuppressedFilter) (all []*consent.Suppressed) {
	w.Helper()
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		all, err = consent.ListSuppressed(ctx, tx, f)
		return err
	})
	return all
}

func TestTheListOfSuppressedAddressesIsKeptByHand(t *testing.T) {
	each(t, func(w world) {
		erika := w.customer("erika@example.org")
		w.record(consent.Entry{Customer: erika, Channel: consent.Email, Purpose: consent.Advertising, Kind: consent.Confirmed, Address: "erika@example.org", Evidence: "Karte 1"})
		may := func() string {
			v := w.check(consent.Ask{Channel: consent.Email, Purpose: consent.Advertising}, consent.Recipient{Customer: erika, Address: "erika@example.org"})
			return string(v[0].Basis) + v[0].Reason
		}
		put := func(addresses ...string) (out consent.HandList) {
			w.write(func(ctx context.Context, tx *store.Tx) (err error) {
				out, err = consent.SuppressByHand(ctx, tx, addresses, consent.SuppressedListed, "Altes Programm")
				return err
			})
			return out
		}
		if got := put("erika@example.org", "nobody@example.org", "+49401234567"); got.Added != 3 || got.Known != 0 || !cmp.Equal(got.Customers, []int64{erika}) {
			t.Errorf("put on the list: %+v", got)
		}
		if got := put("erika@example.org", "other@example.org"); got.Added != 1 || got.Known != 1 {
			t.Errorf("put on it again: %+v", got)
		}
		if may() != consent.ReasonSuppressed {
			t.Errorf("a suppressed address: %s", may())
		}
		a := w.ask(" Erika@Example.org ")
		if len(a.Listed) != 1 || a.Listed[0].Reason != consent.SuppressedListed || a.Listed[0].Note != "Altes Programm" || !cmp.Equal(a.Customers, []int64{erika}) {
			t.Errorf("asked for: %+v", a)
		}
		if got := w.ask("040 1234567"); len(got.Listed) != 2 || !cmp.Equal(got.Customers, []int64{erika}) {
			t.Errorf("a number is one for calls and one for SMS: %+v", got)
		}
		if got := w.ask("unheard@example.org"); len(got.Listed) != 0 || len(got.Customers) != 0 {
			t.Errorf("never heard of: %+v", got)
		}
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return consent.LiftByHand(ctx, tx, a.Listed[0].Hash, "mistake", "Falsche Liste")
		})
		if a = w.ask("erika@example.org"); len(a.Listed) != 0 || len(a.Lifted) != 1 || a.Lifted[0].Note != "Falsche Liste" || may() != "consent" {
			t.Errorf("taken off: %+v, %s", a, may())
		}
	})
}

func TestTheListKnowsWhoHasItsAddressesNow(t *testing.T) {
	each(t, func(w world) {
		kept, moved, gone := w.customer("kept@example.org"), w.customer("moved@example.org"), w.customer("gone@example.org")
		for _, c := range []struct {
			id   int64
			mail string
		}{{kept, ""}, {moved, "moved@example.org"}} { // an objection to all, and one for an address
			*w.time = w.time.Add(1)
			w.record(consent.Entry{Customer: c.id, Channel: consent.Email, Purpose: consent.Advertising, Kind: consent.Objected, Address: c.mail, Source: consent.SourcePerson})
		}
		*w.time = w.time.Add(1000)
		w.write(func(ctx context.Context, tx *store.Tx) error {
			who, err := customer.Load(ctx, tx, moved)
			if err != nil {
				return err
			}
			if _, err := customer.RemoveEmail(ctx, tx, moved, who.Emails[0].ID); err != nil {
				return err
			}
			return consent.Erase(ctx, tx, gone)
		})
		all := map[string][]int64{}
		for _, s := range w.list(consent.SuppressedFilter{Channel: consent.Email, Limit: 10}) {
			all[s.Reason] = append(all[s.Reason], s.Customers...)
		}
		if want := map[string][]int64{consent.SuppressedObjected: {kept}, consent.SuppressedErased: nil}; !cmp.Equal(all, want) {
			t.Error(cmp.Diff(want, all))
		}
		var seen []string
		f := consent.SuppressedFilter{Limit: 2}
		for {
			part := w.list(f)
			for _, s := range part {
				seen = append(seen, s.Hash)
			}
			if len(part) < 2 {
				break
			}
			f.Before = part[1].Cursor()
		}
		whole := w.list(consent.SuppressedFilter{Limit: 100})
		for i, s := range whole {
			if i >= len(seen) || seen[i] != s.Hash {
				t.Fatalf("page by page %v, at once %d", seen, len(whole))
			}
		}
		w.read(func(ctx context.Context, tx *store.Tx) error {
			n, err := consent.CountSuppressed(ctx, tx, consent.SuppressedFilter{})
			if n != int64(len(whole)) || len(seen) != len(whole) {
				t.Errorf("%d counted, %d listed, %d page by page", n, len(whole), len(seen))
			}
			theirs, err2 := consent.SuppressedOf(ctx, tx, kept)
			if len(theirs["kept@example.org"]) != 1 || err2 != nil {
				t.Errorf("of the customer: %v %v", theirs, err2)
			}
			return err
		})
	})
}

func TestAPastedListIsReadAsOtherToolsWriteIt(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x@example.org\n", consent.MostLines+1)
	for name, c := range map[string]struct {
		text    string
		skip    bool
		want    []string
		skipped int
		faults  int
	}{
		"one a line":        {text: "a@example.org\r\n\r\nb@example.org\n", want: []string{"a@example.org", "b@example.org"}},
		"names and columns": {text: "\"Anna\" <a@example.org>\n\"b@example.org\";2020-01-01\nBernd,c@example.org,x", want: []string{"a@example.org", "b@example.org", "c@example.org"}},
		"in quotes":         {text: "\"erika; muster\"@example.org\nErika <\"e m\"@example.org>", want: []string{`"erika; muster"@example.org`, `"e m"@example.org`}},
		"twice":             {text: "a@example.org\nA@EXAMPLE.ORG", want: []string{"a@example.org"}},
		"a number":          {text: "040 1234567", want: []string{"+49401234567"}},
		"wrong lines":       {text: "email\na@example.org\n@\n", faults: 2, want: []string{"a@example.org"}},
		"left out":          {text: "email\na@example.org\n@\n", skip: true, want: []string{"a@example.org"}, skipped: 2},
		"many wrong":        {text: strings.Repeat("email\n", 100), faults: 21},
		"nothing":           {text: " \n", faults: 1},
		"too many":          {text: long, faults: 1},
	} {
		got, skipped, err := consent.ReadAddresses(c.text, c.skip)
		if !cmp.Equal(got, c.want) || skipped != c.skipped || len(fault.All(err)) != c.faults {
			t.Errorf("%s: %v, %d left out, %v", name, got, skipped, err)
		}
	}
}

func FuzzAPastedListHoldsAddressesOnly(f *testing.F) {
	for _, seed := range []string{"a@example.org", "\"A\" <a@example.org>;x", "<<@>>", "+49 40 1\n;;\n,a@b.de"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, _, _ := consent.ReadAddresses(text, true)
		for _, a := range all {
			if _, ok := consent.FoldAddress(consent.Email, a); !ok {
				if _, ok := consent.FoldAddress(consent.Phone, a); !ok {
					t.Errorf("%q is no address", a)
				}
			}
		}
	})
}

func TestTheListRefusesWhatWouldTellWhoIsOnIt(t *testing.T) {
	for name, c := range map[string]struct{ reason, note, field string }{
		"no such reason": {"x", "n", "reason"},
		"not by hand":    {consent.SuppressedErased, "n", "reason"},
		"no note":        {consent.SuppressedOwn, "", "note"},
		"a long note":    {consent.SuppressedOwn, strings.Repeat("x", 201), "note"},
		"an address":     {consent.SuppressedOwn, "said by a@example.org", "note"},
	} {
		_, err := consent.SuppressByHand(t.Context(), nil, []string{"a@example.org"}, c.reason, c.note)
		if f := fault.As(err); f.Code != fault.Invalid || f.Field != c.field {
			t.Errorf("%s: %v", name, fmt.Sprint(err))
		}
	}
}
