package sim

import (
	"strconv"

	"stamm/internal/platform/clock"
)

// Measure is a measure that the company held, and what is true of it.
type Measure struct {
	Name, Goal     string
	Day            clock.Day
	End            clock.Day // the last day on which somebody may get it
	Window         int       // days that count, the first included
	Control        int       // per mille left alone
	Budget         int64
	Learned, Again string

	Treated, Alone, Redeemed int   // customers who got it, who did not, and coupons redeemed
	Media, Coupons, Work     int64 // what it cost, cents

	// What it truly brought up to the last day, for each customer who got it: orders, euros of them without tax and after returns, and
	// euros that are left after the cost of the goods. Expected is how many orders its chances foretold, by the end of its days.
	Orders, Net, Margin float64
	Expected            float64
}

// Measures goes through all customers and tells what the measures of the last year did. Those that had no customers are left out.
func (c *Company) Measures() []Measure {
	all, _ := c.held(nil)
	return all
}

// held sums up the measures; row, if there is one, is told who was drawn for them.
func (c *Company) held(row func(l *life, t *treatment) error) ([]Measure, error) {
	all := make([]Measure, len(c.measures))
	for k := range c.measures {
		m := &c.measures[k]
		all[k] = Measure{Name: m.name, Goal: m.goal, Day: m.day, End: m.day.AddDays(m.open), Window: m.window, Control: m.control, Budget: m.budget, Learned: m.learned, Again: m.again}
	}
	var orders []wall
	var treated []treatment
	var d Document
	for i := range c.cfg.Customers {
		l := c.life(uint32(i + 1))
		orders = c.orderTimes(&l, orders)
		treated = c.treatments(&l, orders, treated)
		for k := range treated {
			t := &treated[k]
			c.count(&all[t.of], &l, t, &d)
			if row != nil {
				if err := row(&l, t); err != nil {
					return nil, err
				}
			}
		}
	}
	out := all[:0]
	for k := range all {
		if m := &all[k]; m.Treated+m.Alone > 0 {
			m.settle(&c.measures[k])
			out = append(out, *m)
		}
	}
	return out, nil
}

// count adds what a measure did to one customer; sums become means in settle.
func (c *Company) count(m *Measure, l *life, t *treatment, d *Document) {
	if t.control {
		m.Alone++
		return
	}
	m.Treated++
	m.Redeemed += t.redeemed
	m.Expected += t.chance
	if t.extra == 0 {
		return
	}
	m.Orders++
	order := t.ticket(l)
	c.total(d, &order)
	net, goods := d.Net, goodsOf(d.Lines)
	if f := c.fate(&order); f.returned != 0 && f.returned.day() <= c.cal.until {
		c.fillReturn(d, &order)
		net, goods = net-d.Net, goods-goodsOf(d.Lines)
	}
	euros := float64(net) / 100 * float64(c.rate(order.profile.country, order.when.day())) / 1e6
	m.Net += euros
	m.Margin += euros - float64(goods)/100
}

// goodsOf is what the goods of some lines cost, euro cents.
func goodsOf(lines []Line) (sum int64) {
	for _, l := range lines {
		if l.Product != nil {
			sum += l.Product.Cost * l.Quantity / 1000
		}
	}
	return sum
}

func (m *Measure) settle(of *measure) {
	m.Media, m.Coupons, m.Work = of.media*int64(m.Treated), of.coupon*int64(m.Redeemed), of.work
	if n := float64(m.Treated); n > 0 {
		m.Orders, m.Net, m.Margin, m.Expected = m.Orders/n, m.Net/n, m.Margin/n, m.Expected/n
	}
}

// The headings of the files about measures, as Stamm reads measures that were held before it came.
var (
	drawHeadings = []string{"measure", "customer", "arm", "probability", "day"}
	planHeadings = []string{"measure", "goal", "end", "days", "outcome", "budget", "learned", "again"}
	costHeadings = []string{"measure", "key", "kind", "amount", "included", "day", "note"}
)

// measured writes who was drawn for the measures, what they were held for and what they cost.
func (x *export) measured() error {
	all, err := x.c.held(func(l *life, t *treatment) error {
		m := &x.c.measures[t.of]
		arm, share := "a", 1000-m.control
		if t.control {
			arm, share = "control", m.control
		}
		w := x.draws
		w.text(m.name)
		w.raw(customerID(l.index, l.segment))
		w.raw(arm)
		w.b = append(strconv.AppendFloat(w.b, float64(share)/1000, 'f', -1, 64), ';')
		w.raw(m.day.String())
		w.end()
		return w.room()
	})
	if err != nil {
		return err
	}
	for i := range all {
		x.plan(&all[i])
		x.costs(&all[i])
	}
	return nil
}

func (x *export) plan(m *Measure) {
	w := x.plans
	w.text(m.Name)
	w.text(m.Goal)
	w.raw(m.End.String())
	w.int(int64(m.Window))
	w.raw("margin")
	w.decimal(m.Budget)
	w.text(m.Learned)
	w.raw(m.Again)
	w.end()
}

func (x *export) costs(m *Measure) {
	for _, cost := range []struct {
		kind   string
		amount int64
		day    clock.Day
		note   string
	}{
		{"media", m.Media, m.Day, "Versand"}, {"coupon", m.Coupons, min(m.Day.AddDays(m.Window-1), x.c.cal.until), "eingelöste Gutscheine"}, {"work", m.Work, m.Day, "Arbeitszeit"},
	} {
		if cost.amount == 0 {
			continue
		}
		w := x.spent
		w.text(m.Name)
		w.raw(m.Day.String() + ":" + cost.kind)
		w.raw(cost.kind)
		w.decimal(cost.amount)
		w.raw("no")
		w.raw(cost.day.String())
		w.text(cost.note)
		w.end()
	}
}

// openMeasures makes the files about measures.
func (x *export) openMeasures(dir string) {
	x.files.Measures = x.open(dir, "measures.csv", drawHeadings, &x.draws)
	x.files.MeasurePlans = x.open(dir, "measure_plans.csv", planHeadings, &x.plans)
	x.files.MeasureCosts = x.open(dir, "measure_costs.csv", costHeadings, &x.spent)
}
