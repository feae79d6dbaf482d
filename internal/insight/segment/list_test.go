package segment_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/insight/segment"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

func TestAFrozenListStaysAsItWas(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		a, b := s.person("K1", customer.Fields{"name": "N", "country": "DE"}), s.person("K2", customer.Fields{"name": "N", "country": "DE"})
		s.sync()
		live := s.save("Germany", "country = DE", false)
		tree := s.parse("country = DE")
		frozen, err := segment.Freeze(t.Context(), s.db, store.Actor{Kind: "user", ID: 1}, fields, segment.Draft{Name: "Germany in March", Condition: tree}, s.today(), []int64{b, a, b})
		if err != nil {
			t.Fatal(err)
		}
		other := s.save("Others", `in segment Germany and not in segment "germany in march"`, true)
		s.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := customer.Change(ctx, tx, a, customer.Patch{Fields: customer.Fields{"country": "CH"}})
			return err
		})
		c := s.person("K3", customer.Fields{"name": "N", "country": "DE"})
		s.sync()
		for id, want := range map[int64][]int64{live: {b, c}, frozen: {a, b}, other: {c}} {
			if diff := cmp.Diff(want, s.list(id)); diff != "" {
				t.Errorf("segment %d (-want +got):\n%s", id, diff)
			}
		}
		s.same(other)
		book := s.book()
		f := mustFind(t, book, frozen)
		if f.Kind != segment.Frozen || f.Size != 2 || *f.FrozenOn != s.today() || filter.Text(book.Condition(f)) != "country = DE" {
			t.Errorf("%+v", f)
		}
		if _, err := s.change(frozen, segment.Patch{Tracked: ptr(true)}); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("tracking a list: %v", err)
		}
		if _, err := segment.Freeze(t.Context(), s.db, store.System(), fields, segment.Draft{Name: "germany"}, s.today(), nil); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("a name that is taken: %v", err)
		}
		if err := s.tracker.Measure(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		err = s.db.Read(t.Context(), func(tx *store.Tx) error {
			sizes, err := segment.Sizes(t.Context(), tx, live, 0)
			if diff := cmp.Diff([]segment.Size{{Day: s.today(), Size: 2}}, sizes); diff != "" {
				t.Errorf("sizes (-want +got):\n%s", diff)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestLinesOfAFileNameCustomersOrAreReported(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		var ids []int64
		s.write(func(ctx context.Context, tx *store.Tx) error {
			for i, mail := range []string{"a@example.com", "twice@example.com", "twice@example.com"} {
				e, err := customer.Create(ctx, tx, customer.Draft{ExternalID: fmt.Sprintf("00%d", i), Fields: customer.Fields{"name": "N"}, Emails: []customer.Email{{Address: mail}}})
				if err != nil {
					return err
				}
				ids = append(ids, e.ID)
			}
			return nil
		})
		lines, err := segment.Lines(strings.NewReader("\ufeffKundennummer;Name\r\n001;\"x\"\n\n A@Example.com \n\"002\",y\n001\n999\ntwice@example.com;z\n=cmd|' /C calc'!A0\n"))
		if err != nil {
			t.Fatal(err)
		}
		found, problems, err := segment.Resolve(t.Context(), s.db, lines)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int64{ids[0], ids[1], ids[2]}, found); diff != "" {
			t.Errorf("found (-want +got):\n%s", diff)
		}
		var got []string
		for _, p := range problems {
			got = append(got, fmt.Sprintf("%d %s %s", p.N, p.Text, p.Key))
		}
		want := []string{"7 999 segment.line_unknown", "8 twice@example.com segment.line_several", "9 =cmd|' /C calc'!A0 segment.line_unknown"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("problems (-want +got):\n%s", diff)
		}
	})
}

func TestWhatIsNoListIsRefused(t *testing.T) {
	for name, text := range map[string]string{"binary": "PK\x03\x04\x00\x00", "no text": "\xff\xfe\xfa", "a long line": strings.Repeat("x", 10_000)} {
		if _, err := segment.Lines(strings.NewReader(text)); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzLines(f *testing.F) {
	for _, text := range []string{"", "K1\nK2", "\"a;b\";c\r\n", "\"unclosed\nx", "a\tb", ";;;", "\ufeff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := segment.Lines(strings.NewReader(text))
		if err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Fatal(err)
		}
		last := 0
		for _, l := range lines {
			if l.N <= last || l.Text == "" || strings.TrimSpace(l.Text) != l.Text || strings.ContainsRune(l.Text, '\n') {
				t.Fatalf("%q: line %+v after %d", text, l, last)
			}
			last = l.N
		}
	})
}
