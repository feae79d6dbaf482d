package predict_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"stamm/internal/insight/predict"
)

// begun is a shop in which so many customers begin in each week, each of whom comes back once.
func begun(t *testing.T, weeks []int) (orders []order) {
	t.Helper()
	dice, first := rand.New(rand.NewPCG(1, 2)), mustDay(t, "2025-01-01")
	id := int64(0)
	for week, n := range weeks {
		for range n {
			id++
			day := first.AddDays(7*week + dice.IntN(7))
			orders = append(orders, order{id, day.String(), 1000}, order{id, day.AddDays(7 + dice.IntN(60)).String(), 1000})
		}
	}
	return orders
}

func TestAFileThatBeginsInTheMiddleOfLivesIsToldAsSuch(t *testing.T) {
	steady := slices.Repeat([]int{20, 24, 16, 21, 19}, 5)
	for _, tt := range []struct {
		name  string
		weeks []int
		want  bool
	}{
		{"regular customers show in eight weeks", append([]int{60, 55, 50, 48, 45, 44, 42, 40}, steady...), true},
		{"they show at once, and holidays follow", append([]int{90, 60, 35, 3, 3, 26, 20, 22}, steady...), true},
		{"as many begin in every week", append([]int{25, 22, 24, 19, 21, 18, 22, 20}, steady...), false},
		{"nobody begins later", []int{60, 60, 60, 60, 60, 60, 60, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, false},
	} {
		s := foretell(t, shop(t, begun(t, tt.weeks)), "2025-08-31")
		got := slices.ContainsFunc(s.Card.Notes, func(n predict.Notice) bool { return n.Code == "truncated" })
		if got != tt.want {
			t.Errorf("%s: told %v", tt.name, got)
		}
	}
}
