package segment_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/insight/segment"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
)

// try runs fn in a transaction and returns its error.
func (s *shop) try(fn func(context.Context, *store.Tx, *segment.Book) error) error {
	return s.db.Write(s.Context(), store.Actor{Kind: "user", ID: 1}, func(tx *store.Tx) error {
		b, err := segment.Open(s.Context(), tx, fields)
		if err != nil {
			return err
		}
		return fn(s.Context(), tx, b)
	})
}

// change changes a segment and returns the number of the change.
func (s *shop) change(id int64, p segment.Patch) (change int64, err error) {
	err = s.try(func(ctx context.Context, tx *store.Tx, b *segment.Book) (err error) {
		change, err = segment.Change(ctx, tx, b, id, p)
		return err
	})
	return change, err
}

func ptr[T any](v T) *T { return &v }

func TestWhatCannotBeSavedIsRefusedInPlainWords(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		a := s.save("Ärzte", "country = DE", false)
		b := s.save("B", `in segment ärzte`, false)
		c := s.save("C", `orders >= 1 and not (in segment B)`, false)
		words := i18n.For("en", nil)
		tree := func(text string) *filter.Tree { return ptr(s.parse(text)) }
		for _, tt := range []struct {
			name string
			do   func(ctx context.Context, tx *store.Tx, b *segment.Book) error
			key  string
			says string
		}{
			{"a name that is taken, whatever its case", func(ctx context.Context, tx *store.Tx, b *segment.Book) error {
				_, err := segment.Create(ctx, tx, b, segment.Draft{Name: " äRZTE "})
				return err
			}, "segment.name_taken", "already a segment “Ärzte”"},
			{"no name", func(ctx context.Context, tx *store.Tx, b *segment.Book) error {
				_, err := segment.Create(ctx, tx, b, segment.Draft{Name: " \t "})
				return err
			}, "errors.required", ""},
			{"a segment that means itself", func(ctx context.Context, tx *store.Tx, b *segment.Book) error {
				_, err := segment.Change(ctx, tx, b, a, segment.Patch{Condition: tree(`in segment "Ärzte"`)})
				return err
			}, "segment.circle", "Ärzte → Ärzte"},
			{"a segment that means itself through others", func(ctx context.Context, tx *store.Tx, b *segment.Book) error {
				_, err := segment.Change(ctx, tx, b, a, segment.Patch{Condition: tree(`orders > 2 or not in segment C`)})
				return err
			}, "segment.circle", "Ärzte → C → B → Ärzte"},
			{"a segment nobody knows", func(ctx context.Context, tx *store.Tx, b *segment.Book) error {
				_, err := segment.Change(ctx, tx, b, c, segment.Patch{Condition: tree(`in segment "Nowhere"`)})
				return err
			}, "segment.unknown", "no segment “Nowhere”"},
			{"archiving what others use", func(ctx context.Context, tx *store.Tx, bk *segment.Book) error {
				_, err := segment.Change(ctx, tx, bk, a, segment.Patch{Archived: ptr(true)})
				return err
			}, "segment.in_use", "used in other segments: B"},
			{"a field that does not exist", func(ctx context.Context, tx *store.Tx, b *segment.Book) error {
				gone := filter.Tree{Is: &filter.Condition{Field: "custom.gone", Is: filter.Equal, Values: []filter.Value{{Text: "x"}}}}
				_, err := segment.Change(ctx, tx, b, c, segment.Patch{Condition: &gone})
				return err
			}, "filter.error.gone", "custom.gone"},
		} {
			err := s.try(tt.do)
			if f := fault.As(err); f == nil || f.Key != tt.key || !strings.Contains(words.Err(err), tt.says) {
				t.Errorf("%s: %v: %s", tt.name, err, words.Err(err))
			}
		}
		if got := s.book().Users(mustFind(t, s.book(), a)); len(got) != 1 || got[0].ID != b {
			t.Errorf("users of A: %v", got)
		}
	})
}

func mustFind(t *testing.T, b *segment.Book, id int64) *segment.Segment {
	t.Helper()
	s, err := b.Find(id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOthersKnowASegmentByItsNewNameToo(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		a := s.save("A", "country = DE", false)
		b := s.save("B", `in segment A`, false)
		if _, err := s.change(a, segment.Patch{Name: ptr("Germany, north")}); err != nil {
			t.Fatal(err)
		}
		book := s.book()
		if got := filter.Text(book.Condition(mustFind(t, book, b))); got != `in segment "Germany, north"` {
			t.Errorf("condition of B: %s", got)
		}
		if _, err := book.Of(mustFind(t, book, b), book.Today); err != nil {
			t.Error(err)
		}
	})
}

func TestEveryChangeIsInTheHistoryAndCanBeTakenBack(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		id := s.save("A", "country = DE", false)
		first, err := s.change(id, segment.Patch{Condition: ptr(s.parse("country = CH")), Name: ptr("Swiss")})
		if err != nil {
			t.Fatal(err)
		}
		second, err := s.change(id, segment.Patch{Description: ptr("for the fair")})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := s.change(id, segment.Patch{Description: ptr(" for the fair ")}); again != 0 || err != nil {
			t.Errorf("the same again: change %d, %v", again, err)
		}
		undo := func(change int64) (err error) {
			return s.try(func(ctx context.Context, tx *store.Tx, b *segment.Book) error {
				_, err := segment.Undo(ctx, tx, b, id, change)
				return err
			})
		}
		if err := undo(first); err != nil { // a later change of another field is no obstacle
			t.Fatal(err)
		}
		book := s.book()
		now := mustFind(t, book, id)
		if now.Name != "A" || filter.Text(book.Condition(now)) != "country = DE" || now.Description != "for the fair" {
			t.Errorf("after the undo: %+v", now)
		}
		if err := undo(first); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("undo of what was changed since: %v", err)
		}
		if err := undo(second); err != nil {
			t.Error(err)
		}
		if err := undo(999); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("undo of nothing: %v", err)
		}
		err = s.db.Read(t.Context(), func(tx *store.Tx) error {
			edits, err := segment.History(t.Context(), tx, s.book(), id)
			if err != nil {
				return err
			}
			var got []string
			for _, e := range edits {
				before := "–"
				if e.Before != nil {
					before = e.Before.Name + ": " + filter.Text(s.book().Condition(e.Before))
				}
				got = append(got, fmt.Sprintf("%v by %s %d: %s → %s: %s", e.Fields, e.By.Kind, e.By.ID, before, e.After.Name, filter.Text(s.book().Condition(e.After))))
			}
			want := []string{
				"[description] by user 1: A: country = DE → A: country = DE",
				"[condition name] by user 1: Swiss: country = CH → A: country = DE",
				"[description] by user 1: Swiss: country = CH → Swiss: country = CH",
				"[condition name] by user 1: A: country = DE → Swiss: country = CH",
				"[] by user 1: – → A: country = DE",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("history (-want +got):\n%s", diff)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestASegmentOfADeletedFieldSaysSoAndHurtsNobody(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := customer.DefineField(ctx, tx, customer.CustomField{Key: "tier", Label: "Tier", Type: customer.TypeChoice, Choices: []string{"gold", "silver"}})
			return err
		})
		who := s.person("K1", customer.Fields{"name": "N", "country": "DE", "custom.tier": "gold"})
		gold := s.save("Gold", `custom.tier = gold`, true)
		inner := s.save("Of gold", `in segment Gold and country = DE`, true)
		s.sync()
		if s.same(gold, inner); len(s.members(inner)) != 1 {
			t.Fatalf("members: %v", s.members(inner))
		}
		s.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM custom_field`)
			return err
		})
		book := s.book()
		for _, id := range []int64{gold, inner} {
			trouble := book.Trouble(mustFind(t, book, id))
			if says := i18n.For("de", nil).Err(trouble); fault.CodeOf(trouble) != fault.Conflict || !strings.Contains(says, "kann nicht gezählt werden") || !strings.Contains(says, "custom.tier") {
				t.Errorf("segment %d: %v: %s", id, trouble, says)
			}
		}
		s.order(document.Order, "A1", who, s.today(), 100, feed.Live)
		s.sync()
		if got := s.members(gold); len(got) != 1 {
			t.Errorf("members of what cannot be counted went away: %v", got)
		}
		if _, err := s.change(gold, segment.Patch{Condition: ptr(s.parse("orders = 0"))}); err != nil {
			t.Fatal(err)
		}
		s.sync()
		s.same(gold, inner)
	})
}

func TestAFirstFillIsHistoryAndManyAreToldInSlices(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.write(func(ctx context.Context, tx *store.Tx) error {
			for from := 0; from < 2500; from += 500 {
				rows := make([][]string, 500)
				for i := range rows {
					rows[i] = []string{fmt.Sprintf("K%d", from+i), "DE"}
				}
				w, err := customer.Upsert(ctx, tx, customer.Batch{Source: 0, Fields: []string{"external_id", "country"}, Rows: rows})
				if err != nil {
					return err
				}
				if _, err := feed.Append(ctx, tx, feed.New{Kind: "test", Rows: w.Rows}); err != nil {
					return err
				}
			}
			return nil
		})
		id := s.save("All", "country = DE", true)
		s.sync()
		s.same(id)
		told, live := s.told(id)
		if len(told) != 2500 || live != 0 {
			t.Errorf("told %d, %d changes live", len(told), live)
		}
		last := s.person("late", customer.Fields{"name": "N", "country": "DE"})
		s.sync()
		if _, live := s.told(id); live != 1 {
			t.Errorf("%d live changes after one customer more (%d)", live, last)
		}
		if _, err := s.change(id, segment.Patch{Tracked: ptr(false)}); err != nil {
			t.Fatal(err)
		}
		s.sync()
		if got := s.members(id); len(got) != 0 {
			t.Errorf("%d members of what is not tracked", len(got))
		}
	})
}

func TestReasonsSamplesOverlapAndProfileAgree(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		var ids []int64
		for i := range 40 {
			id := s.person(fmt.Sprintf("K%d", i), customer.Fields{"name": "N", "country": []string{"DE", "CH"}[i%2], "since": s.today().AddDays(-i * 50).String()})
			ids = append(ids, id)
			for n := range i % 4 {
				s.order(document.Order, fmt.Sprintf("A%d-%d", i, n), id, s.today().AddDays(-10*n-i), int64(1000*(i+1)), feed.Live)
			}
		}
		s.sync()
		b := s.book()
		ctx, p := t.Context(), i18n.For("en", nil)
		q, err := b.Query(s.parse("country = DE and orders >= 2"), b.Today)
		if err != nil {
			t.Fatal(err)
		}
		n, err := segment.Count(ctx, s.house, q)
		if err != nil || n != 10 {
			t.Fatalf("count %d, %v", n, err)
		}
		reasons, err := segment.Explain(ctx, s.house, q, ids)
		if err != nil {
			t.Fatal(err)
		}
		in := 0
		for _, r := range reasons {
			if r.In != (r.Parts[0].Holds && r.Parts[1].Holds) {
				t.Errorf("%+v", r)
			}
			if r.In {
				in++
			}
		}
		if in != 10 || len(reasons) != 40 {
			t.Errorf("%d of %d reasons say in", in, len(reasons))
		}
		if got := b.Words(p, reasons[2].Parts[1]) + "|" + b.Measured(p, reasons[2].Parts[1]) + "|" + b.Measured(p, reasons[2].Parts[0]); !strings.Contains(got, "|") || strings.Contains(got, "⟦") {
			t.Error(got)
		} else {
			t.Log(got)
		}
		sample, all, err := segment.Sample(ctx, s.house, q, 4)
		if all != n {
			t.Errorf("a sample of %d, they are %d", all, n)
		}
		nobody, wrong := b.Query(s.parse("orders > 1000"), b.Today)
		if wrong != nil {
			t.Fatal(wrong)
		}
		if none, all, err := segment.Sample(ctx, s.house, nobody, 4); err != nil || all != 0 || none != nil {
			t.Errorf("a sample of nobody: %v of %d, %v", none, all, err)
		}
		among, err2 := segment.Among(ctx, s.house, q, sample)
		if err != nil || err2 != nil || len(sample) != 4 || len(among) != 4 {
			t.Errorf("sample %v, of them in %v: %v, %v", sample, among, err, err2)
		}
		o, err := b.Overlap(ctx, s.house, s.parse("country = DE"), s.parse("orders >= 2"), b.Today)
		if err != nil || o != (segment.Shared{First: 20, Second: 20, Both: 10}) {
			t.Errorf("overlap %+v, %v", o, err)
		}
		profile, err := b.Compare(ctx, s.house, q, b.Today)
		if err != nil || profile.Segment != 10 || profile.All != 40 {
			t.Fatalf("profile %+v, %v", profile, err)
		}
		for _, d := range profile.Dimensions {
			inside, all := int64(0), int64(0)
			for _, row := range d.Rows {
				inside, all = inside+row.Segment, all+row.All
				part, err := b.PartOf(ctx, s.house, q, b.Today, d.Name, row.Code, 0, 100)
				if err != nil || int64(len(part)) != row.Segment {
					t.Errorf("%s %q: %d customers, want %d, %v", d.Name, row.Code, len(part), row.Segment, err)
				}
				if len(part) > 1 {
					if behind, err := b.PartOf(ctx, s.house, q, b.Today, d.Name, row.Code, part[0], 1); err != nil || !slices.Equal(behind, part[1:2]) {
						t.Errorf("%s %q behind %d: %v, want %v, %v", d.Name, row.Code, part[0], behind, part[1:2], err)
					}
				}
				if label := b.Label(p, d.Name, row.Code); label == "" || strings.Contains(label, "⟦") {
					t.Errorf("%s %q: label %q", d.Name, row.Code, label)
				}
			}
			if inside != 10 || all != 40 {
				t.Errorf("%s: %+v", d.Name, d.Rows)
			}
		}
		if part, err := b.PartOf(ctx, s.house, q, b.Today, "customer", "1", 0, 100); err != nil || part != nil {
			t.Errorf("a dimension that is none: %v, %v", part, err)
		}
	})
}

func TestReadyMadeSegmentsCanBeSavedAsTheyAre(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.sync()
		b := s.book()
		all, err := b.Templates(t.Context(), s.house)
		if err != nil || len(all) != 8 {
			t.Fatalf("%d templates, %v", len(all), err)
		}
		for _, lang := range i18n.Languages() {
			p := i18n.For(lang, nil)
			for _, tpl := range all {
				says := tpl.Title(p) + ". " + tpl.Description(p) + " " + b.Sentence(p, tpl.Condition)
				if strings.Contains(says, "⟦") {
					t.Error(says)
				}
				t.Log(filter.Text(tpl.Condition), "|", says)
			}
		}
		for _, tpl := range all {
			if err := s.try(func(ctx context.Context, tx *store.Tx, b *segment.Book) error {
				_, err := segment.Create(ctx, tx, b, segment.Draft{Name: tpl.Title(i18n.For("de", nil)), Condition: tpl.Condition, Tracked: true})
				return err
			}); err != nil {
				t.Errorf("%s: %v", tpl.Name, err)
			}
		}
		s.sync()
	})
}

func TestBadConditionsAreRefused(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		deep := strings.Repeat(`{"not":`, 10_000) + `{"field":"country","is":"=","value":"DE"}` + strings.Repeat("}", 10_000)
		wide := `{"or":[` + strings.TrimSuffix(strings.Repeat(`{"field":"country","is":"=","value":"DE"},`, 10_000), ",") + `]}`
		for name, text := range map[string]string{"deep": deep, "wide": wide} {
			var tree filter.Tree
			err := tree.UnmarshalJSON([]byte(text))
			if err == nil {
				err = s.try(func(ctx context.Context, tx *store.Tx, b *segment.Book) error {
					_, err := segment.Create(ctx, tx, b, segment.Draft{Name: name, Condition: tree})
					return err
				})
			}
			if fault.CodeOf(err) != fault.Invalid || strings.Contains(i18n.For("en", nil).Err(err), "⟦") {
				t.Errorf("%s: %v", name, err)
			}
		}
		for i := range 60 { // each names the one before: a chain longer than anybody reads
			text := "country = DE"
			if i > 0 {
				text = fmt.Sprintf(`in segment "n%d"`, i-1)
			}
			tree, err := s.book().Parse(text)
			if err == nil {
				err = s.try(func(ctx context.Context, tx *store.Tx, b *segment.Book) error {
					_, err := segment.Create(ctx, tx, b, segment.Draft{Name: fmt.Sprintf("n%d", i), Condition: tree})
					return err
				})
			}
			if err != nil {
				if fault.CodeOf(err) != fault.Invalid || i < 20 {
					t.Errorf("link %d: %v", i, err)
				}
				break
			}
		}
		id := s.save("Injection", `region = "DE' OR 1=1 --" or tag = "'; DROP TABLE customer; --"`, false)
		s.person("K1", customer.Fields{"name": "N", "country": "DE"})
		s.sync()
		if got := s.list(id); len(got) != 0 {
			t.Errorf("%v are in", got)
		}
	})
}
