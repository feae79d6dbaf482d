package sim_test

import (
	"testing"
	"time"

	"stamm/internal/door/sim"
	"stamm/internal/platform/clock"
)

// history is when a customer ordered, and whether with the tasting set at first.
type history struct {
	days  []clock.Day
	trial bool
}

func histories(t *testing.T, c *sim.Company) (map[string]*history, map[clock.Day]int) {
	t.Helper()
	all, months := map[string]*history{}, map[clock.Day]int{}
	for d, err := range c.Documents(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if d.Kind != sim.Order || d.Customer == "" {
			continue
		}
		h := all[d.Customer]
		if h == nil {
			h = &history{}
			all[d.Customer] = h
			h.trial = d.Lines[0].Product.Category[len(d.Lines[0].Product.Category)-1] == "Probierpakete"
		}
		h.days = append(h.days, d.At.Day)
		months[d.At.Day.Month()]++
	}
	return all, months
}

// kept returns the share of those who bought in the year before from that bought again in the year after.
func kept(all map[string]*history, from clock.Day) float64 {
	var before, both float64
	for _, h := range all {
		var a, b bool
		for _, d := range h.days {
			a = a || d >= from.AddMonths(-12) && d < from
			b = b || d >= from && d < from.AddMonths(12)
		}
		if a {
			before++
			if b {
				both++
			}
		}
	}
	return both / before
}

// again returns the share of those first bought from one day on and before another that bought again within 90 days.
func again(all map[string]*history, from, before clock.Day) float64 {
	var n, k float64
	for _, h := range all {
		if first := h.days[0]; first >= from && first < before {
			n++
			for _, d := range h.days[1:] {
				if d > first && d <= first+90 {
					k++
					break
				}
			}
		}
	}
	return k / n
}

func TestTheStoryShowsInTheOrders(t *testing.T) {
	all, months := histories(t, newCompany(t, 1, 20000))
	day := lastDay + 1
	if last, this := kept(all, day.AddMonths(-24)), kept(all, day.AddMonths(-12)); this < last-0.005 || this > last+0.08 {
		t.Errorf("%.3f of the customers were kept last year, %.3f this year, want a little more", last, this)
	}
	last, this := again(all, day.AddMonths(-20), day.AddMonths(-16)), again(all, day.AddMonths(-8), day.AddMonths(-4))
	if this < last+0.01 || this > last+0.15 {
		t.Errorf("%.3f of the new customers bought again within 90 days last year, %.3f this year, want a little more", last, this)
	}

	grab := lastDay.AddMonths(-21).Month()
	if g, usual := again(all, grab, grab.AddMonths(1)), again(all, grab.AddMonths(1), grab.AddMonths(4)); g > usual-0.08 {
		t.Errorf("of those who came for the voucher %.3f bought again, of those after them %.3f", g, usual)
	}
	var trial, others [2]float64
	for _, h := range all {
		of := &others
		if h.trial {
			of = &trial
		}
		of[0]++
		if len(h.days) > 1 {
			of[1]++
		}
	}
	if a, b := trial[1]/trial[0], others[1]/others[0]; a > b-0.1 {
		t.Errorf("%.3f of those who began with the tasting set came back, %.3f of the others", a, b)
	}

	chain := all["0000006"]
	var then, now int
	for _, d := range chain.days {
		if d >= day.AddMonths(-14) && d < day.AddMonths(-11) {
			then++
		}
		if d >= day.AddMonths(-3) {
			now++
		}
	}
	if now*2 > then || now == 0 {
		t.Errorf("the chain ordered %d times in three months a year ago and %d times now, want far less but something", then, now)
	}
	if december, summer := months[clock.NewDay(2025, time.December, 1)], months[clock.NewDay(2025, time.July, 1)]; float64(december) < 1.2*float64(summer) {
		t.Errorf("%d orders in December, %d in July: no Christmas", december, summer)
	}
}

func TestLateParcelsDriveCustomersAway(t *testing.T) {
	c := newCompany(t, 1, 20000)
	trouble := lastDay.AddMonths(-15).Month()
	left, late, tracked := map[clock.Day]int{}, map[clock.Day]int{}, map[clock.Day]int{}
	for x := range c.Truth() {
		if !x.Alive {
			left[x.Dropout.Month()]++
		}
	}
	for d, err := range c.Documents(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if d.Kind == sim.Delivery {
			m := d.Promised.AddDays(-3).Month()
			tracked[m]++
			if d.Delivered > d.Promised+2 {
				late[m]++
			}
		}
	}
	share := float64(late[trouble]) / float64(tracked[trouble])
	if other := trouble.AddMonths(-3); share < 0.6 || late[other] > 0 {
		t.Errorf("%.2f of the deliveries were late in %s, %d of %d in %s", share, trouble, late[other], tracked[other], other)
	}
	around := trouble.AddMonths(1)
	if usual := (left[trouble.AddMonths(-2)] + left[trouble.AddMonths(3)]) / 2; left[around] < usual*5/4 && left[trouble] < usual*5/4 {
		t.Errorf("%d and %d left around the late parcels, %d in other months", left[trouble], left[around], usual)
	}
}
