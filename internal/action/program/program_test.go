package program_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/action/program"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/customer"
)

func write(t testing.TB, db *store.DB, fn func(*store.Tx) error) {
	t.Helper()
	if err := db.Write(context.Background(), store.System(), fn); err != nil {
		t.Fatal(err)
	}
}

var first = clock.NewDay(2026, 3, 2)

// draft makes a measure with a tenth left alone and two variants.
func draft(t testing.TB, db *store.DB) (id int64) {
	t.Helper()
	write(t, db, func(tx *store.Tx) (err error) {
		id, err = program.Create(t.Context(), tx, program.Measure{Name: "Winback", Start: first, Control: 100, Arms: []program.Arm{{Name: "a", Share: 600}, {Name: "b", Share: 400}}})
		return err
	})
	return id
}

func move(t testing.TB, db *store.DB, id int64, how func(context.Context, *store.Tx, int64) error) {
	t.Helper()
	write(t, db, func(tx *store.Tx) error { return how(t.Context(), tx, id) })
}

func assign(t testing.TB, db *store.DB, id int64, buyers ...int64) (all []program.Assigned) {
	t.Helper()
	write(t, db, func(tx *store.Tx) (err error) { all, err = program.Assign(t.Context(), tx, id, buyers); return err })
	return all
}

func numbers(from, to int64) (all []int64) {
	for id := from; id <= to; id++ {
		all = append(all, id)
	}
	return all
}

func TestGroupsAreDrawnOnceAndForEver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		id, other := draft(t, db), draft(t, db)
		err := db.Write(t.Context(), store.System(), func(tx *store.Tx) error { _, err := program.Assign(t.Context(), tx, id, numbers(1, 3)); return err })
		if fault.CodeOf(err) != fault.Conflict {
			t.Errorf("a draft draws: %v", err)
		}
		var foretold []program.Assigned
		err = db.Read(t.Context(), func(tx *store.Tx) (err error) {
			foretold, err = program.Drawn(t.Context(), tx, id, numbers(1, 5000))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		move(t, db, id, program.Start)
		move(t, db, other, program.Start)
		got := assign(t, db, id, numbers(1, 5000)...)
		if d := cmp.Diff(foretold, got); d != "" {
			t.Error("a preview foretells other groups:", d[:200])
		}
		if d := cmp.Diff(got[10:20], assign(t, db, id, numbers(11, 20)...)); d != "" {
			t.Error("the second answer is another one:", d)
		}
		count := map[string]float64{}
		for _, a := range got {
			count[a.Arm]++
			if want := map[string]float64{program.Control: .1, "a": .54, "b": .36}[a.Arm]; math.Abs(a.Probability-want) > 1e-9 {
				t.Fatalf("%+v", a)
			}
		}
		for arm, want := range map[string]float64{program.Control: 500, "a": 2700, "b": 1800} {
			if math.Abs(count[arm]-want) > 5*math.Sqrt(want) {
				t.Errorf("%g customers in %s, want about %g", count[arm], arm, want)
			}
		}
		both := 0
		for i, a := range assign(t, db, other, numbers(1, 5000)...) {
			if a.Arm == program.Control && got[i].Arm == program.Control {
				both++
			}
		}
		if both < 20 || both > 85 { // a hundredth, were the groups drawn apart
			t.Errorf("%d customers are in the control group of both measures", both)
		}
		write(t, db, func(tx *store.Tx) error {
			mine, err := program.OfCustomer(t.Context(), tx, 7)
			if len(mine) != 2 || mine[0].Measure != other || mine[1].Measure != id || mine[1].Assigned != got[6] {
				t.Errorf("the measures of a customer: %+v", mine)
			}
			return err
		})
		move(t, db, id, program.Finish)
		if d := cmp.Diff(got[:3], assign(t, db, id, 1, 2, 3)); d != "" {
			t.Error("after the end the answer is another one:", d)
		}
	})
}

func TestACompanyIsDrawnWithItsContactPersons(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var ids []int64
		write(t, db, func(tx *store.Tx) error {
			ids = nil
			for _, c := range [][2]string{{customer.Company, "Weber GmbH"}, {customer.Person, "Eva Weber"}, {customer.Person, "Jan Kern"}} {
				e, err := customer.Create(t.Context(), tx, customer.Draft{Fields: map[string]string{"kind": c[0], "name": c[1]}})
				if err != nil {
					return err
				}
				ids = append(ids, e.ID)
			}
			until := clock.DayOf(tx.Now, time.UTC).AddDays(-5)
			if _, err := customer.AddContact(t.Context(), tx, customer.Contact{Company: ids[0], Person: ids[1], Role: "Einkauf"}); err != nil {
				return err
			}
			_, err := customer.AddContact(t.Context(), tx, customer.Contact{Company: ids[0], Person: ids[2], Role: "Chef", Until: &until})
			return err
		})
		id := draft(t, db)
		move(t, db, id, program.Start)
		got := assign(t, db, id, ids[1], ids[0], ids[2])
		if got[0] != got[1] || got[0].Customer != ids[0] {
			t.Errorf("the contact person is %+v, her company %+v", got[0], got[1])
		}
		if got[2].Customer != ids[2] {
			t.Errorf("who has left the company is drawn as %+v", got[2])
		}
	})
}

func TestSomeAreLeftAloneByEveryMeasure(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		one, two := draft(t, db), draft(t, db)
		write(t, db, func(tx *store.Tx) error { return program.SetShare(t.Context(), tx, 100) })
		move(t, db, one, program.Start)
		move(t, db, two, program.Start)
		a, b := assign(t, db, one, numbers(1, 3000)...), assign(t, db, two, numbers(1, 3000)...)
		global := 0
		for i := range a {
			if (a[i].Arm == program.Global) != (b[i].Arm == program.Global) {
				t.Fatalf("one measure leaves customer %d alone for all, the other does not", a[i].Customer)
			}
			if a[i].Arm == program.Global {
				global++
			}
		}
		if global < 220 || global > 380 {
			t.Errorf("%d of 3,000 are left alone, want about 300", global)
		}
	})
}

func TestWhatDecidesIsFixedAtTheStart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		id := draft(t, db)
		change := func(edit func(*program.Measure)) error {
			return db.Write(t.Context(), store.System(), func(tx *store.Tx) error {
				m, err := program.Load(t.Context(), tx, id)
				if err != nil {
					return err
				}
				edit(m)
				return program.Change(t.Context(), tx, *m)
			})
		}
		if err := change(func(m *program.Measure) { m.Control, m.Window = 200, 14 }); err != nil {
			t.Error("a draft:", err)
		}
		move(t, db, id, program.Start)
		move(t, db, id, program.Start)
		for field, edit := range map[string]func(*program.Measure){
			"control": func(m *program.Measure) { m.Control = 50 }, "window": func(m *program.Measure) { m.Window = 7 },
			"outcome": func(m *program.Measure) { m.Outcome = program.Orders }, "arms": func(m *program.Measure) { m.Arms = []program.Arm{{Name: "a", Share: 1000}} },
			"segment": func(m *program.Measure) { m.Segment = 9 }, "start": func(m *program.Measure) { m.Start -= 7 },
		} {
			if f := fault.As(change(edit)); f == nil || f.Code != fault.Conflict || f.Field != field {
				t.Errorf("%s: %v", field, f)
			}
		}
		if err := change(func(m *program.Measure) { m.Learned, m.Again = "Der Gutschein war zu hoch.", program.AgainChange }); err != nil {
			t.Error("what was learned:", err)
		}
		move(t, db, id, program.Finish)
		for _, how := range []func(context.Context, *store.Tx, int64) error{program.Start, program.Cancel} {
			err := db.Write(t.Context(), store.System(), func(tx *store.Tx) error { return how(t.Context(), tx, id) })
			if fault.CodeOf(err) != fault.Conflict {
				t.Errorf("a measure that is done moves on: %v", err)
			}
		}
	})
}

func TestEverythingWrongIsToldAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		err := db.Write(t.Context(), store.System(), func(tx *store.Tx) error {
			_, err := program.Create(t.Context(), tx, program.Measure{Start: first, End: first - 1, Window: -1, Control: 950, Outcome: "luck", Budget: -1,
				Arms: []program.Arm{{Name: "control", Share: 500}, {Name: "a", Share: 400}}})
			return err
		})
		fields := map[string]bool{}
		for _, f := range fault.All(err) {
			fields[f.Field] = true
		}
		if d := cmp.Diff(map[string]bool{"name": true, "end": true, "window": true, "control": true, "outcome": true, "budget": true, "arms": true}, fields); d != "" {
			t.Error(d)
		}
	})
}

func TestACostCountsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		id := draft(t, db)
		book := func(c program.Cost) error {
			return db.Write(t.Context(), store.System(), func(tx *store.Tx) error { return program.Book(t.Context(), tx, c) })
		}
		c := program.Cost{Key: "coupon:7", Measure: id, Kind: program.Coupon, Amount: 500, Included: true, Day: first}
		for range 2 {
			if err := book(c); err != nil {
				t.Error(err)
			}
		}
		c.Amount = 501
		if fault.CodeOf(book(c)) != fault.Conflict {
			t.Error("another cost under the same key")
		}
		if err := book(program.Cost{Key: "post", Measure: id, Kind: program.Media, Amount: 12_000, Day: first}); err != nil {
			t.Error(err)
		}
		if fault.CodeOf(book(program.Cost{Key: "x", Measure: 99, Kind: program.Media, Amount: 1, Day: first})) != fault.NotFound {
			t.Error("a cost of no measure")
		}
		write(t, db, func(tx *store.Tx) error {
			if err := program.SaveYear(t.Context(), tx, program.Year{Year: 2026, Budget: 5_000_00, Winning: 9_000_00}); err != nil {
				return err
			}
			spent, err := program.Spent(t.Context(), tx)
			if s := spent[id]; s.Total != 12_500 || s.Beside() != 12_000 || s.ByKind[program.Coupon] != 500 {
				t.Errorf("%+v", s)
			}
			y, err2 := program.LoadYear(t.Context(), tx, 2026)
			if y.Booked != 12_500 || y.Budget != 5_000_00 {
				t.Errorf("%+v", y)
			}
			if err == nil {
				err = err2
			}
			return err
		})
	})
}
