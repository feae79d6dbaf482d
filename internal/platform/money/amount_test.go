package money_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/money"
)

// rounded returns x rounded half away from zero, and whether it is an amount.
func rounded(x *big.Rat) (int64, bool) {
	twice := new(big.Int).Mul(x.Num(), big.NewInt(2))
	sign := int64(x.Sign())
	twice.Add(twice, new(big.Int).Mul(x.Denom(), big.NewInt(sign)))
	q := twice.Quo(twice, new(big.Int).Mul(x.Denom(), big.NewInt(2)))
	return q.Int64(), q.IsInt64() && q.Cmp(big.NewInt(math.MinInt64)) != 0
}

// wholeNumber draws numbers of every size, not only giants.
func wholeNumber(t *rapid.T, label string) int64 {
	return rapid.Int64Min(-math.MaxInt64).Draw(t, label) >> rapid.IntRange(0, 62).Draw(t, label+" shift")
}

// check compares a result with the exact one: the same number, or a fault where it does not fit.
func check(t *rapid.T, got int64, err error, exact *big.Rat) {
	t.Helper()
	want, fits := rounded(exact)
	switch {
	case !fits && fault.CodeOf(err) != fault.Invalid:
		t.Fatalf("%v does not fit, but gave %d, %v", exact, got, err)
	case fits && (err != nil || got != want):
		t.Fatalf("%v gave %d, %v; want %d", exact, got, err, want)
	}
}

func TestLineAmountIsExactAndRoundedOnce(t *testing.T) {
	tests := []struct {
		quantity, price int64
		digits          int
		want            int64
	}{
		{1000, 2_500_000, 2, 250}, {6000, 2_550_000, 2, 1530}, {1000, 1_000, 2, 0}, {5000, 1_000, 2, 1}, {1000, 5_000, 2, 1}, {-1000, 5_000, 2, -1},
		{1000, -4_999, 2, 0}, {-3000, -1_000_000, 2, 300}, {2500, 199_000_000, 0, 498}, {1000, 1_234_500, 3, 1235}, {1, 1, 4, 0}, {0, 5, 2, 0},
	}
	for _, tt := range tests {
		got, err := money.LineAmount(tt.quantity, tt.price, tt.digits)
		if err != nil || got != tt.want {
			t.Errorf("LineAmount(%d, %d, %d) = %d, %v; want %d", tt.quantity, tt.price, tt.digits, got, err, tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		q, p, digits := wholeNumber(t, "quantity"), wholeNumber(t, "price"), rapid.IntRange(0, 4).Draw(t, "digits")
		got, err := money.LineAmount(q, p, digits)
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(9-digits)), nil)
		check(t, got, err, new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(q), big.NewInt(p)), unit))
	})
}

func TestMulDivIsExactAndRoundedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, n, d := wholeNumber(t, "v"), wholeNumber(t, "numerator"), wholeNumber(t, "denominator")
		if d == 0 {
			d = 1
		}
		got, err := money.MulDiv(v, n, d)
		check(t, got, err, new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(v), big.NewInt(n)), big.NewInt(d)))
	})
	tax, err := money.Of(11900, "EUR").Times(19, 119)
	if err != nil || tax != money.Of(1900, "EUR") {
		t.Errorf("19/119 of 119.00 EUR = %v, %v", tax, err)
	}
}

func TestAmountsAddOnlyInOneCurrency(t *testing.T) {
	eur, chf := money.Of(150, "EUR"), money.Of(150, "CHF")
	sum, err := eur.Add(money.Of(-200, "EUR"))
	if err != nil || sum != money.Of(-50, "EUR") || sum.Neg() != money.Of(50, "EUR") || sum.IsZero() {
		t.Errorf("1.50 - 2.00 = %v, %v", sum, err)
	}
	if c, err := eur.Cmp(sum); err != nil || c != 1 {
		t.Errorf("Cmp = %d, %v", c, err)
	}
	_, addErr := eur.Add(chf)
	_, subErr := eur.Sub(chf)
	_, cmpErr := eur.Cmp(chf)
	for _, err := range []error{addErr, subErr, cmpErr} {
		if fault.CodeOf(err) != fault.Invalid {
			t.Errorf("two currencies give %v", err)
		}
	}
}

func TestSumsBeyondInt64AreFaults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := wholeNumber(t, "a"), wholeNumber(t, "b")
		x, y := money.Of(a, "EUR"), money.Of(b, "EUR")
		sum, err := x.Add(y)
		diff, diffErr := x.Sub(y)
		for _, c := range []struct {
			got   int64
			err   error
			exact *big.Int
		}{{sum.Minor, err, new(big.Int).Add(big.NewInt(a), big.NewInt(b))}, {diff.Minor, diffErr, new(big.Int).Sub(big.NewInt(a), big.NewInt(b))}} {
			if c.exact.IsInt64() != (c.err == nil) || c.err == nil && c.got != c.exact.Int64() {
				t.Fatalf("%v gave %d, %v", c.exact, c.got, c.err)
			}
		}
	})
}

func TestAllocateExamples(t *testing.T) {
	tests := []struct {
		name    string
		total   int64
		weights []int64
		want    []int64
	}{
		{"a third each leaves the cent with the first", 100, []int64{1, 1, 1}, []int64{34, 33, 33}},
		{"the largest remainder gets the cent", 100, []int64{1, 3, 2}, []int64{17, 50, 33}},
		{"a negative total mirrors a positive", -100, []int64{1, 1, 1}, []int64{-34, -33, -33}},
		{"no weight counts as equal weight", 5, []int64{0, 0}, []int64{3, 2}},
		{"a negative weight gets nothing", 5, []int64{-7, 1}, []int64{0, 5}},
		{"nothing splits into nothing", 0, []int64{1, 2}, []int64{0, 0}},
		{"without weights there are no parts", 5, nil, nil},
		{"giant weights do not overflow", 10, []int64{math.MaxInt64, math.MaxInt64, 0}, []int64{5, 5, 0}},
		{"a giant total does not overflow", math.MaxInt64, []int64{math.MaxInt64}, []int64{math.MaxInt64}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, money.Allocate(tt.total, tt.weights)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAllocateSumsExactlyAndIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := wholeNumber(t, "total")
		weights := rapid.SliceOfN(rapid.Int64Range(0, 1_000_000_000_000), 1, 40).Draw(t, "weights")
		parts := money.Allocate(total, weights)
		sum, weight := new(big.Int), new(big.Int)
		for i := range parts {
			sum.Add(sum, big.NewInt(parts[i]))
			weight.Add(weight, big.NewInt(weights[i]))
		}
		if sum.Cmp(big.NewInt(total)) != 0 {
			t.Fatalf("the parts sum to %v, not %d", sum, total)
		}
		if weight.Sign() == 0 {
			return
		}
		for i := range parts {
			exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(total), big.NewInt(weights[i])), weight)
			if off := exact.Sub(exact, new(big.Rat).SetInt64(parts[i])); off.Abs(off).Cmp(big.NewRat(1, 1)) >= 0 {
				t.Fatalf("part %d = %d is off by %v", i, parts[i], off)
			}
		}
	})
}

func BenchmarkLineAmount(b *testing.B) {
	for b.Loop() {
		if _, err := money.LineAmount(6000, 2_550_000, 2); err != nil {
			b.Fatal(err)
		}
	}
}
