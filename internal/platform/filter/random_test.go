package filter_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/money"
)

// drawTree makes a tree of at most so many levels.
func drawTree(t *rapid.T, levels int, segments []string) filter.Tree {
	kinds := []filter.Join{filter.Leaf, filter.Leaf}
	if levels > 1 {
		kinds = append(kinds, filter.And, filter.And, filter.And, filter.Or, filter.Not, filter.AtLeast)
	}
	tree := filter.Tree{Join: rapid.SampledFrom(kinds).Draw(t, "join")}
	n := 0
	switch tree.Join {
	case filter.Leaf:
		c := drawCondition(t, segments)
		tree.Is = &c
	case filter.Not:
		n = 1
	default:
		n = rapid.IntRange(2, 4).Draw(t, "parts")
	}
	for range n {
		tree.Parts = append(tree.Parts, drawTree(t, levels-1, segments))
	}
	if tree.Join == filter.AtLeast {
		tree.N = rapid.IntRange(1, n).Draw(t, "n")
	}
	return tree
}

func drawCondition(t *rapid.T, segments []string) filter.Condition {
	names := []string{filter.FieldShare}
	all := map[string]filter.Field{}
	for _, f := range fields() {
		names = append(names, f.Name)
		all[f.Name] = f
	}
	if len(segments) > 0 {
		names = append(names, filter.FieldSegment)
	}
	name := rapid.SampledFrom(names).Draw(t, "field")
	c := filter.Condition{Field: name}
	f := all[name]
	switch name {
	case filter.FieldSegment:
		c.Is = rapid.SampledFrom([]filter.Operator{filter.In, filter.NotIn}).Draw(t, "is")
		c.Values = []filter.Value{{Text: rapid.SampledFrom(segments).Draw(t, "segment")}}
		return c
	case filter.FieldShare:
		f = filter.Field{Name: name, Type: filter.TypeShare, Zero: true}
		c.With = []filter.Condition{{Field: "salt", Is: filter.Equal, Values: []filter.Value{{Text: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "salt")}}}}
	}
	if f.Windowed() && rapid.Bool().Draw(t, "windowed") {
		c.Window = drawWindow(t)
	}
	for _, p := range f.Params {
		if rapid.IntRange(0, 3).Draw(t, "with") == 0 {
			with := filter.Condition{Field: p.Name}
			drawComparison(t, filter.Field{Name: p.Name, Type: p.Type, Zero: true}, &with)
			c.With = append(c.With, with)
		}
	}
	drawComparison(t, f, &c)
	return c
}

func drawComparison(t *rapid.T, f filter.Field, c *filter.Condition) {
	c.Is = rapid.SampledFrom(f.Operators()).Draw(t, "is")
	n := 1
	switch c.Is {
	case filter.In, filter.NotIn:
		n = rapid.SampledFrom([]int{1, 2, 25}).Draw(t, "n")
	case filter.Between:
		n = 2
	case filter.Empty, filter.NotEmpty, filter.Anniversary:
		n = 0
	case filter.Changed:
		n, c.Window = 0, drawWindow(t)
	case filter.Fell, filter.Rose:
		c.Window = drawWindow(t)
		if c.Window.Kind != filter.Since {
			c.Window = &filter.Window{Kind: filter.Last, Span: drawSpan(t, []int{1, 7, 30, 60})}
		}
		c.Values = []filter.Value{{Kind: filter.PercentValue, Number: rapid.SampledFrom([]float64{0.1, 10, 30}).Draw(t, "change")}}
		return
	case filter.WithinNext, filter.WithinLast, filter.AnniversaryIn:
		s := drawSpan(t, []int{1, 3, 14, 40})
		if s.Unit == clock.UnitMonth {
			s.N = min(s.N, 12)
		}
		n, c.Span = 0, &s
	}
	for range n {
		c.Values = append(c.Values, drawValue(t, f))
	}
	if c.Is == filter.Between && size(c.Values[0]) > size(c.Values[1]) {
		slices.Reverse(c.Values)
	}
}

// size orders the values of a field as they lie about noon.
func size(v filter.Value) float64 {
	switch v.Kind {
	case filter.MoneyValue:
		return float64(v.Money.Minor)
	case filter.PercentValue:
		return v.Number / 100
	case filter.DayValue:
		return float64(about(v.Day))
	}
	return v.Number
}

func about(m filter.Moment) clock.Day {
	if m.Relative {
		return m.Shift.AddToDay(noon)
	}
	return m.Day
}

func drawSpan(t *rapid.T, sizes []int) clock.Span {
	unit := rapid.SampledFrom([]clock.Unit{clock.UnitDay, clock.UnitDay, clock.UnitWeek, clock.UnitMonth}).Draw(t, "unit")
	n := rapid.SampledFrom(sizes).Draw(t, "span")
	if unit != clock.UnitDay {
		n = max(1, n/10)
	}
	return clock.Span{N: n, Unit: unit}
}

func drawMoment(t *rapid.T) filter.Moment {
	if rapid.Bool().Draw(t, "relative") {
		m := filter.Moment{Relative: true}
		if s := drawSpan(t, []int{1, 10, 30, 60}); rapid.IntRange(0, 4).Draw(t, "shifted") > 0 {
			if rapid.IntRange(0, 3).Draw(t, "back") > 0 {
				s.N = -s.N
			}
			m.Shift = s
		}
		return m
	}
	return filter.Moment{Day: noon.AddDays(rapid.IntRange(-60, 60).Draw(t, "day"))}
}

func drawWindow(t *rapid.T) *filter.Window {
	w := &filter.Window{Kind: rapid.SampledFrom([]filter.WindowKind{filter.Last, filter.Last, filter.Since, filter.Until, filter.Range}).Draw(t, "window")}
	switch w.Kind {
	case filter.Last:
		w.Span = drawSpan(t, []int{1, 7, 30, 60})
	case filter.Since:
		w.From = drawMoment(t)
	case filter.Until:
		w.To = drawMoment(t)
	case filter.Range:
		if w.From, w.To = drawMoment(t), drawMoment(t); about(w.From) > about(w.To) {
			w.From, w.To = w.To, w.From
		}
	}
	return w
}

func drawValue(t *rapid.T, f filter.Field) filter.Value {
	switch f.Type {
	case filter.TypeText, filter.TypeChoice:
		words := map[string][]string{"country": {"DE", "at", "FR"}, "level": {"gold", "SILVER"}, "tag": {"vip", "Stamm", "alt"}, "name": {"köln gmbh", "%", "_", "öl", "n"},
			"product": {"ESP-1", "bohnen", "sp"}, "bought": {"ESP-1", "bohnen", "sp"}}[f.Name]
		return filter.Value{Text: rapid.SampledFrom(words).Draw(t, "text")}
	case filter.TypeFlag:
		return filter.Value{Kind: filter.FlagValue, Flag: rapid.Bool().Draw(t, "flag")}
	case filter.TypeDay:
		return filter.Value{Kind: filter.DayValue, Day: drawMoment(t)}
	case filter.TypeMoney:
		return filter.Value{Kind: filter.MoneyValue, Money: money.Amount{Minor: rapid.SampledFrom([]int64{-1, 0, 1000, 5000, 10000, 15000}).Draw(t, "money"), Currency: "EUR"}}
	case filter.TypeShare:
		if rapid.Bool().Draw(t, "percent") {
			return filter.Value{Kind: filter.PercentValue, Number: rapid.SampledFrom([]float64{10, 50, 70}).Draw(t, "share")}
		}
		return filter.Value{Kind: filter.NumberValue, Number: rapid.SampledFrom([]float64{0, 0.3, 0.5}).Draw(t, "share")}
	case filter.TypeDays:
		return filter.Value{Kind: filter.NumberValue, Number: rapid.SampledFrom([]float64{0, 5, 10.5, 30}).Draw(t, "days")}
	}
	return filter.Value{Kind: filter.NumberValue, Number: rapid.SampledFrom([]float64{-1, 0, 1, 1.5, 2, 3}).Draw(t, "number")}
}

// drawn is a tree with the segments it names, which name each other downwards.
func drawn(t *rapid.T) (filter.Tree, map[string]filter.Tree) {
	named := map[string]filter.Tree{}
	named["b"] = drawTree(t, 2, nil)
	named["a"] = drawTree(t, 2, []string{"b"})
	return drawTree(t, 4, []string{"a", "b"}), named
}

func lookup(named map[string]filter.Tree) filter.Options {
	return filter.Options{Segment: func(key string) (filter.Tree, error) { return named[key], nil }}
}

func TestTheWarehouseMeansWhatTheReferenceMeans(t *testing.T) {
	c := catalogue(t)
	for seed := range uint64(3) {
		w := newWorld(t, seed, 50)
		rapid.Check(t, func(rt *rapid.T) {
			tree, named := drawn(rt)
			today := noon.AddDays(rapid.IntRange(-70, 70).Draw(rt, "today"))
			q, err := filter.Compile(tree, c, today, lookup(named))
			if err != nil {
				rt.Fatal(err)
			}
			var want, ids, wantAmong []int64
			for _, p := range w.people {
				hit := !p.excluded && meets(tree, p, today, named)
				if hit {
					want = append(want, p.id)
				}
				if p.id%3 == 0 {
					ids = append(ids, p.id)
					if hit {
						wantAmong = append(wantAmong, p.id)
					}
				}
			}
			same(rt, w, tree, today, q.Customers(), want)
			same(rt, w, tree, today, q.Among(ids), wantAmong)
			if n := w.numbers(t, q.Count()); n[0] != int64(len(want)) {
				rt.Fatalf("%s on %s: counted %d, want %d", filter.Text(tree), today, n[0], len(want))
			}
		})
	}
}

func same(t *rapid.T, w *world, tree filter.Tree, today clock.Day, q filter.SQL, want []int64) {
	rows, err := w.db.QueryContext(context.Background(), q.Text, q.Args...)
	if err != nil {
		t.Fatalf("%s: %v\nin %s", filter.Text(tree), err, q.Text)
	}
	defer rows.Close()
	var got []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		got = append(got, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v\nin %s", filter.Text(tree), err, q.Text)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s on %s: %s\nin %s", filter.Text(tree), today, diff, q.Text)
	}
}

func TestExplainTellsWhichConditionsHold(t *testing.T) {
	c, w := catalogue(t), newWorld(t, 7, 40)
	rapid.Check(t, func(rt *rapid.T) {
		tree, named := drawn(rt)
		q, err := filter.Compile(tree, c, noon, lookup(named))
		if err != nil {
			rt.Fatal(err)
		}
		ids := []int64{1, 5, 9, 13, 17, 21, 400}
		explained := explain(rt, w, q, q.Explain(ids))
		for _, id := range slices.Sorted(maps.Keys(explained)) {
			p, got := w.people[id-1], explained[id]
			if p.excluded {
				rt.Fatalf("%d does not count", id)
			}
			want := []bool{meets(tree, p, noon, named)}
			for _, leaf := range q.Leaves() {
				want = append(want, meets(filter.Tree{Is: &leaf}, p, noon, named))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("%s for %d: %s\nin %s", filter.Text(tree), id, diff, q.Explain(ids).Text)
			}
		}
	})
}

// explain reads hit and the conditions of each customer.
func explain(t *rapid.T, w *world, q *filter.Query, sql filter.SQL) map[int64][]bool {
	rows, err := w.db.QueryContext(context.Background(), sql.Text, sql.Args...)
	if err != nil {
		t.Fatalf("%v\nin %s", err, sql.Text)
	}
	defer rows.Close()
	all := map[int64][]bool{}
	for rows.Next() {
		var id int64
		held := make([]bool, 1+len(q.Leaves()))
		places := []any{&id, &held[0]}
		for i := range q.Leaves() {
			places = append(places, &held[i+1], new(any))
		}
		if err := rows.Scan(places...); err != nil {
			t.Fatal(err)
		}
		all[id] = held
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%v\nin %s", err, sql.Text)
	}
	return all
}

func TestNothingChangesBeforeItIsDue(t *testing.T) {
	c, w := catalogue(t), newWorld(t, 11, 40)
	const ahead = 50 // days that are looked at
	var ids []int64
	for _, p := range w.people {
		ids = append(ids, p.id)
	}
	rapid.Check(t, func(rt *rapid.T) {
		tree, named := drawn(rt)
		today := noon.AddDays(rapid.IntRange(-70, 70).Draw(rt, "today"))
		q, err := filter.Compile(tree, c, today, lookup(named))
		if err != nil {
			rt.Fatal(err)
		}
		moved := false
		for id, due := range w.due(rt, q.Due(ids)) {
			p := w.people[id-1]
			if due != nil && *due <= today {
				rt.Fatalf("%s on %s for %d: due %s", filter.Text(tree), today, id, *due)
			}
			now := meets(tree, p, today, named)
			for d := today + 1; d <= today+ahead && (due == nil || d < *due); d++ {
				if meets(tree, p, d, named) != now {
					rt.Fatalf("%s on %s for %d: due %v, but it changes on %s\nin %s", filter.Text(tree), today, id, due, d, q.Due(ids).Text)
				}
			}
			moved = moved || due != nil
		}
		if moved && !q.Moves() {
			rt.Fatalf("%s moves", filter.Text(tree))
		}
	})
}

// due reads the day due of each customer.
func (w *world) due(t *rapid.T, sql filter.SQL) map[int64]*clock.Day {
	rows, err := w.db.QueryContext(context.Background(), sql.Text, sql.Args...)
	if err != nil {
		t.Fatalf("%v\nin %s", err, sql.Text)
	}
	defer rows.Close()
	all := map[int64]*clock.Day{}
	for rows.Next() {
		var id int64
		var hit bool
		var at *time.Time
		if err := rows.Scan(&id, &hit, &at); err != nil {
			t.Fatal(err)
		}
		all[id] = nil
		if at != nil {
			d := clock.DayOf(*at, time.UTC)
			all[id] = &d
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%v\nin %s", err, sql.Text)
	}
	return all
}

func TestTextAndJSONMeanTheSameTree(t *testing.T) {
	c := catalogue(t)
	rapid.Check(t, func(rt *rapid.T) {
		tree, _ := drawn(rt)
		text := filter.Text(tree)
		parsed, err := filter.Parse(text, c)
		if err != nil {
			rt.Fatalf("%s: %v", text, err)
		}
		if again := filter.Text(parsed); again != text {
			rt.Fatalf("%s\nis read as\n%s", text, again)
		}
		data, err := json.Marshal(tree)
		if err != nil {
			rt.Fatal(err)
		}
		var back filter.Tree
		if err := json.Unmarshal(data, &back); err != nil {
			rt.Fatalf("%s: %v", data, err)
		}
		if diff := cmp.Diff(tree, back); diff != "" {
			rt.Fatalf("%s: %s", data, diff)
		}
		if diff := cmp.Diff(tree, parsed); diff != "" {
			rt.Fatalf("%s: %s", text, diff)
		}
	})
}
