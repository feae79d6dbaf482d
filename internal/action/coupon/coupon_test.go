package coupon_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"stamm/internal/action/coupon"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/product"
)

func day(d int) *clock.Day { return new(clock.NewDay(2026, time.November, d)) }

func eur(minor int64) money.Amount { return money.Of(minor, "EUR") }

// tenth is a tenth off, for everything.
func tenth() *coupon.Coupon {
	return &coupon.Coupon{Name: "Zehn Prozent", Kind: coupon.Percent, Value: 10_00, Currency: "EUR"}
}

func write(t *testing.T, db *store.DB, fn func(*store.Tx) error) {
	t.Helper()
	if err := db.Write(context.Background(), store.System(), fn); err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, db *store.DB, c *coupon.Coupon) *coupon.Coupon {
	t.Helper()
	write(t, db, func(tx *store.Tx) error { return coupon.Create(context.Background(), tx, c) })
	return c
}

func redeem(db *store.DB, claim coupon.Claim) (o coupon.Outcome, err error) {
	err = db.Write(context.Background(), store.System(), func(tx *store.Tx) (err error) {
		o, err = coupon.Redeem(context.Background(), tx, claim)
		return err
	})
	return o, err
}

func give(t *testing.T, db *store.DB, id int64, customers ...int64) (codes []string) {
	t.Helper()
	write(t, db, func(tx *store.Tx) (err error) {
		codes, err = coupon.Give(context.Background(), tx, id, 77, customers)
		return err
	})
	return codes
}

// wrong fails unless err has that key and a text in both languages.
func wrong(t *testing.T, about string, err error, code fault.Code, key string) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Code != code || f.Key != key {
		t.Errorf("%s: %v, want %s %s", about, err, code, key)
		return
	}
	for _, lang := range i18n.Languages() {
		if text := i18n.For(lang, nil).Err(err); strings.Contains(text, "⟦") || !i18n.For(lang, nil).Has(key) {
			t.Errorf("%s: %s: %s", about, lang, text)
		}
	}
}

func TestCodesAreReadHoweverTheyAreTypedAndSlipsAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, coupon.Space-1).Draw(t, "number")
		code := coupon.Format(n)
		if len(code) != 14 || strings.ContainsAny(code, "01OILBGSZUVQW") {
			t.Fatalf("%s", code)
		}
		for _, typed := range []string{code, strings.ToLower(code), strings.ReplaceAll(code, "-", " "), strings.ReplaceAll(code, "-", ""),
			" " + strings.NewReplacer("8", "B", "6", "G", "5", "S", "2", "Z").Replace(code)} {
			if got, ok := coupon.Parse(typed); !ok || got != n {
				t.Fatalf("%q is read as %d, %t; it is %d", typed, got, ok, n)
			}
		}
		plain := []byte(strings.ReplaceAll(code, "-", ""))
		at := rapid.IntRange(0, len(plain)-1).Draw(t, "at")
		slip := slices.Clone(plain)
		slip[at] = coupon.Alphabet[rapid.IntRange(0, len(coupon.Alphabet)-1).Draw(t, "by")]
		if _, ok := coupon.Parse(string(slip)); ok && slip[at] != plain[at] {
			t.Fatalf("%s passes for %s", slip, plain)
		}
		if at > 0 && plain[at] != plain[at-1] {
			turned := slices.Clone(plain)
			turned[at], turned[at-1] = plain[at-1], plain[at]
			if _, ok := coupon.Parse(string(turned)); ok {
				t.Fatalf("%s passes for %s", turned, plain)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "7K3M-XR2P-9HDA", "2222-2222-2222", "YYYYYYYYYYYY", "ß-ﬀ", "2–2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, ok := coupon.Parse(text)
		if !ok {
			return
		}
		if again, ok := coupon.Parse(coupon.Format(n)); !ok || again != n {
			t.Fatalf("%q is %d, which is written %s", text, n, coupon.Format(n))
		}
	})
}

func TestACouponIsCheckedBeforeItIsMade(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := create(t, db, &coupon.Coupon{Name: " Herbst ", Kind: coupon.Value, Value: 500, Code: " herbst 26", First: day(1), Last: day(30), Categories: []string{"b", "a", "b"}})
		var got *coupon.Coupon
		write(t, db, func(tx *store.Tx) (err error) { got, err = coupon.Load(context.Background(), tx, c.ID); return err })
		if got.Name != "Herbst" || got.Code != "HERBST26" || got.Currency != "EUR" || *got.Last != *day(30) || !cmp.Equal(got.Categories, []string{"a", "b"}) || got.Unique() {
			t.Errorf("%+v", got)
		}
		for key, change := range map[string]func(*coupon.Coupon){
			"errors.required":          func(c *coupon.Coupon) { c.Name = " " },
			"errors.too_long":          func(c *coupon.Coupon) { c.Name = strings.Repeat("x", 201) },
			"errors.choice":            func(c *coupon.Coupon) { c.Kind = "gift" },
			"coupon.error.value":       func(c *coupon.Coupon) { c.Value = 0 },
			"coupon.error.percent":     func(c *coupon.Coupon) { c.Value = 100_01 },
			"errors.currency":          func(c *coupon.Coupon) { c.Currency = "XXQ" },
			"coupon.error.negative":    func(c *coupon.Coupon) { c.Minimum = -1 },
			"coupon.error.ends_before": func(c *coupon.Coupon) { c.First, c.Last = day(2), day(1) },
			"coupon.error.personal":    func(c *coupon.Coupon) { c.Personal, c.Code = true, "FOR-ALL" },
			"coupon.error.code_form":   func(c *coupon.Coupon) { c.Code = "a'b--" },
		} {
			bad := tenth()
			change(bad)
			err := db.Write(context.Background(), store.System(), func(tx *store.Tx) error { return coupon.Create(context.Background(), tx, bad) })
			wrong(t, key, err, fault.Invalid, key)
		}
		twice := tenth()
		twice.Code = "Herbst26"
		err := db.Write(context.Background(), store.System(), func(tx *store.Tx) error { return coupon.Create(context.Background(), tx, twice) })
		wrong(t, "a code that is taken", err, fault.Conflict, "coupon.error.code_taken")
	})
}

func TestCodesAreGivenInTheOrderMadeAndOnceToEachCustomer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := create(t, db, tenth())
		for range 2 { // making again makes no more
			if err := coupon.Make(context.Background(), db, store.System(), c.ID, 3, nil); err != nil {
				t.Fatal(err)
			}
		}
		first := give(t, db, c.ID, 11, 12)
		second := give(t, db, c.ID, 12, 13, 14, 11) // the third made and one that is made now
		if second[0] != first[1] || second[3] != first[0] {
			t.Errorf("%v, then %v", first, second)
		}
		var codes []coupon.Code
		var held []coupon.Held
		write(t, db, func(tx *store.Tx) (err error) {
			if codes, err = coupon.Codes(context.Background(), tx, c.ID, 0, 10); err != nil {
				return err
			}
			held, err = coupon.Of(context.Background(), tx, 13)
			return err
		})
		var got []string
		for _, one := range codes {
			got = append(got, fmt.Sprint(one.N, " ", one.Customer, " ", coupon.Format(one.Number)))
		}
		want := []string{"1 11 " + first[0], "2 12 " + first[1], "3 13 " + second[1], "4 14 " + second[2]}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if len(held) != 1 || coupon.Format(held[0].Number) != second[1] {
			t.Errorf("%+v", held)
		}
	})
}

func TestAnOrderToldTwiceCountsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := create(t, db, tenth())
		codes := give(t, db, c.ID, 11, 12)
		claim := coupon.Claim{Code: strings.ToLower(codes[0]), Order: "A1", Amount: eur(12_345), Day: day(5)}
		first, err := redeem(db, claim)
		if err != nil || first.Discount != 1235 || first.Customer != 11 || first.Measure != 77 || first.Repeated {
			t.Fatalf("%+v, %v", first, err)
		}
		again, err := redeem(db, claim)
		if err != nil || !again.Repeated || again.ID != first.ID || again.Discount != 1235 {
			t.Errorf("%+v, %v", again, err)
		}
		_, err = redeem(db, coupon.Claim{Code: codes[0], Order: "A2", Amount: eur(100), Day: day(5)})
		wrong(t, "another order", err, fault.Conflict, "coupon.error.used")
		_, err = redeem(db, coupon.Claim{Code: codes[1], Order: "A1", Amount: eur(100), Day: day(5)})
		wrong(t, "another code in the same order", err, fault.Conflict, "coupon.error.other_code")
		var now *coupon.Coupon
		var list []coupon.Redemption
		write(t, db, func(tx *store.Tx) (err error) {
			if now, err = coupon.Load(context.Background(), tx, c.ID); err != nil {
				return err
			}
			list, err = coupon.Redemptions(context.Background(), tx, c.ID, 0, 10)
			return err
		})
		if now.Redeemed != 1 || now.Granted != 1235 || now.Given != 2 || len(list) != 1 || list[0].Order != "A1" || list[0].Amount != 12_345 {
			t.Errorf("%+v %+v", now, list)
		}
	})
}

func TestWhatIsRedeemedIsBookedWithTheMeasureThatReachedHerLast(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		zone, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		today := clock.DayOf(db.Now(), zone)
		shared := tenth()
		shared.Code, shared.Once = "HERBST", false
		own := create(t, db, tenth())
		create(t, db, shared)
		show := func(c *coupon.Coupon, measure int64, customers ...int64) (codes []string) {
			write(t, db, func(tx *store.Tx) (err error) {
				codes, err = coupon.Give(t.Context(), tx, c.ID, measure, customers)
				return err
			})
			return codes
		}
		code := show(own, 1, 11, 12)[0]
		show(own, 2, 11)
		show(shared, 1, 11)
		show(shared, 2, 11, 12, 12)
		show(shared, 2, 12) // again
		for i, tt := range []struct {
			code     string
			customer int64
			day      clock.Day
			want     int64
		}{
			{code, 11, today, 2},                 // shown by a second measure
			{"HERBST", 11, today, 2},             // likewise
			{"HERBST", 12, today, 2},             // shown by one only
			{"HERBST", 13, today, 0},             // of nobody who was shown it, as of the control group
			{"HERBST", 0, today, 0},              // nobody knows who
			{"HERBST", 11, today.AddDays(-1), 0}, // before she was shown it
		} {
			o, err := redeem(db, coupon.Claim{Code: tt.code, Order: fmt.Sprint("B", i), Customer: tt.customer, Amount: eur(100_00), Day: &tt.day})
			if err != nil || o.Measure != tt.want {
				t.Errorf("%+v: booked with %d, %v", tt, o.Measure, err)
			}
		}
	})
}

func TestACouponCountsOnlyWhenAndWhereItMay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		beans := &product.Product{SKU: "BEANS", Name: "Bohnen", Category: "Kaffee > Espresso", Active: true}
		mug := &product.Product{SKU: "MUG", Name: "Tasse", Category: "Kaffeegeschirr", Active: true}
		write(t, db, func(tx *store.Tx) error {
			_, err := product.Upsert(context.Background(), tx, 0, []*product.Product{beans, mug})
			return err
		})
		shared := func(code string, change func(*coupon.Coupon)) {
			c := &coupon.Coupon{Name: code, Kind: coupon.Value, Value: 500, Currency: "EUR", Code: code}
			change(c)
			create(t, db, c)
		}
		shared("DAYS", func(c *coupon.Coupon) { c.First, c.Last = day(3), day(4) })
		shared("LARGE", func(c *coupon.Coupon) { c.Minimum = 20_00 })
		shared("COFFEE", func(c *coupon.Coupon) { c.Categories = []string{"Kaffee"} })
		shared("MUGS", func(c *coupon.Coupon) { c.Products = []int64{mug.ID} })
		shared("ONCE", func(c *coupon.Coupon) { c.Once = true })
		shared("TWICE", func(c *coupon.Coupon) { c.Most = 2 })
		own := tenth()
		own.Personal = true
		mine := give(t, db, create(t, db, own).ID, 11)[0]
		stopped := &coupon.Coupon{Name: "x", Kind: coupon.Value, Value: 1, Code: "STOPPED"}
		create(t, db, stopped)
		write(t, db, func(tx *store.Tx) error { return coupon.Stop(context.Background(), tx, stopped.ID) })
		lines := []coupon.Line{{"BEANS", 30_00}, {"MUG", 3_00}}
		for i, tt := range []struct {
			claim    coupon.Claim
			key      string
			discount int64
		}{
			{coupon.Claim{Code: "nothing"}, "notfound coupon.error.unknown", 0},
			{coupon.Claim{Code: coupon.Format(12345)}, "notfound coupon.error.unknown", 0},
			{coupon.Claim{Code: "STOPPED", Amount: eur(10)}, "conflict coupon.error.stopped", 0},
			{coupon.Claim{Code: "DAYS", Amount: eur(10_00), Day: day(2)}, "conflict coupon.error.not_yet", 0},
			{coupon.Claim{Code: "days", Amount: eur(10_00), Day: day(3)}, "", 500},
			{coupon.Claim{Code: "DAYS", Amount: eur(3_00), Day: day(4)}, "", 300},
			{coupon.Claim{Code: "DAYS", Amount: eur(10_00), Day: day(5)}, "conflict coupon.error.over", 0},
			{coupon.Claim{Code: "LARGE", Amount: eur(19_99)}, "conflict coupon.error.minimum", 0},
			{coupon.Claim{Code: "LARGE", Lines: lines}, "", 500},
			{coupon.Claim{Code: "LARGE", Amount: money.Of(50_00, "CHF")}, "invalid coupon.error.currency", 0},
			{coupon.Claim{Code: "LARGE", Amount: eur(-1)}, "invalid coupon.error.negative", 0},
			{coupon.Claim{Code: "COFFEE", Amount: eur(50_00)}, "invalid coupon.error.lines", 0},
			{coupon.Claim{Code: "COFFEE", Lines: lines, Discount: new(int64(31_00))}, "invalid coupon.error.discount", 0},
			{coupon.Claim{Code: "COFFEE", Lines: lines, Discount: new(int64(4_00))}, "", 400},
			{coupon.Claim{Code: "COFFEE", Lines: lines[1:]}, "conflict coupon.error.products", 0},
			{coupon.Claim{Code: "MUGS", Lines: lines}, "", 300},
			{coupon.Claim{Code: "ONCE", Amount: eur(10_00)}, "invalid coupon.error.customer", 0},
			{coupon.Claim{Code: "ONCE", Amount: eur(10_00), Customer: 5}, "", 500},
			{coupon.Claim{Code: "ONCE", Amount: eur(10_00), Customer: 5}, "conflict coupon.error.once", 0},
			{coupon.Claim{Code: "ONCE", Amount: eur(10_00), Customer: 6}, "", 500},
			{coupon.Claim{Code: "TWICE", Amount: eur(10_00)}, "", 500},
			{coupon.Claim{Code: "TWICE", Amount: eur(10_00)}, "", 500},
			{coupon.Claim{Code: "TWICE", Amount: eur(10_00)}, "conflict coupon.error.used_up", 0},
			{coupon.Claim{Code: mine, Amount: eur(10_00)}, "invalid coupon.error.customer", 0},
			{coupon.Claim{Code: mine, Amount: eur(10_00), Customer: 12}, "conflict coupon.error.other_customer", 0},
			{coupon.Claim{Code: mine, Amount: eur(10_00), Customer: 11}, "", 100},
		} {
			tt.claim.Order = fmt.Sprint("N", i)
			o, err := redeem(db, tt.claim)
			about := fmt.Sprintf("%d: %+v", i, tt.claim)
			if code, key, bad := strings.Cut(tt.key, " "); bad {
				wrong(t, about, err, fault.Code(code), key)
			} else if err != nil || o.Discount != tt.discount {
				t.Errorf("%s: %d, %v; want %d", about, o.Discount, err, tt.discount)
			}
		}
		_, err := redeem(db, coupon.Claim{Code: "TWICE"})
		wrong(t, "without an order", err, fault.Invalid, "errors.required")
	})
}

func TestManyAtOnceOverrunNoLimit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		few := create(t, db, &coupon.Coupon{Name: "few", Kind: coupon.Value, Value: 100, Code: "FEW1", Most: 7})
		create(t, db, &coupon.Coupon{Name: "once", Kind: coupon.Value, Value: 100, Code: "ONCE", Once: true})
		own := create(t, db, tenth())
		code := give(t, db, own.ID, 11)[0]
		var taken, once, single, same atomic.Int64
		var all sync.WaitGroup
		count := func(n *atomic.Int64, claim coupon.Claim) {
			claim.Amount = eur(10_00)
			for {
				switch o, err := redeem(db, claim); {
				case err == nil && !o.Repeated:
					n.Add(1)
				case err == nil, fault.CodeOf(err) == fault.Conflict, fault.As(err).Key == "coupon.error.customer":
				case store.IsUnique(err): // the same order at the same moment: asked again it is a repetition
					continue
				default:
					t.Error(err)
				}
				return
			}
		}
		for i := range 64 {
			all.Go(func() {
				count(&taken, coupon.Claim{Code: "FEW1", Order: fmt.Sprint("F", i)})
				count(&once, coupon.Claim{Code: "ONCE", Order: fmt.Sprint("O", i), Customer: int64(i % 4)})
				count(&single, coupon.Claim{Code: code, Order: fmt.Sprint("S", i)})
				count(&same, coupon.Claim{Code: "ONCE", Order: "SAME", Customer: 99})
			})
		}
		all.Wait()
		// Customer 0 is nobody, which the coupon for once refuses.
		if taken.Load() != 7 || once.Load() != 3 || single.Load() != 1 || same.Load() != 1 {
			t.Errorf("%d of 7, %d of 3 customers, %d of one code, %d of one order", taken.Load(), once.Load(), single.Load(), same.Load())
		}
		write(t, db, func(tx *store.Tx) error {
			c, err := coupon.Load(context.Background(), tx, few.ID)
			if err == nil && (c.Redeemed != 7 || c.Granted != 700) {
				err = errors.New(fmt.Sprint("counted ", c.Redeemed, " ", c.Granted))
			}
			return err
		})
	})
}

func BenchmarkMake(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		db := storetest.Open(b, storetest.SQLite(b), store.Options{})
		var id int64
		err := db.Write(context.Background(), store.System(), func(tx *store.Tx) error {
			c := tenth()
			err := coupon.Create(context.Background(), tx, c)
			id = c.ID
			return err
		})
		if err == nil {
			err = coupon.Make(context.Background(), db, store.System(), id, n, nil)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "codes/s")
}
