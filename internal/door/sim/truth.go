package sim

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// truthHeader is the first line of a truth file.
type truthHeader struct {
	Simulation string                        `json:"simulation"`
	Seed       uint64                        `json:"seed"`
	Customers  int                           `json:"customers"`
	Start      string                        `json:"start"`
	Until      string                        `json:"until"`
	Segments   map[string]map[string]float64 `json:"segments"`
	Story      map[string]any                `json:"story"`
	Measures   []measureTruth                `json:"measures"`
}

// measureTruth is what is true of a measure. What it brought is per customer who got it.
type measureTruth struct {
	Name     string  `json:"name"`
	Day      string  `json:"day"`
	Window   int     `json:"window_days"`
	Treated  int     `json:"treated"`
	Alone    int     `json:"control"`
	Redeemed int     `json:"coupons_redeemed"`
	Cost     float64 `json:"cost"`
	Expected float64 `json:"expected_orders"`
	Orders   float64 `json:"orders"`
	Net      float64 `json:"net"`
	Margin   float64 `json:"margin"`
	Profit   float64 `json:"profit"` // margin less costs, in all
}

func (m *Measure) truth() measureTruth {
	cost := float64(m.Media+m.Coupons+m.Work) / 100
	return measureTruth{Name: m.Name, Day: m.Day.String(), Window: m.Window, Treated: m.Treated, Alone: m.Alone, Redeemed: m.Redeemed, Cost: cost,
		Expected: m.Expected, Orders: m.Orders, Net: m.Net, Margin: m.Margin, Profit: m.Margin*float64(m.Treated) - cost}
}

// WriteTruth writes what is true of every customer as JSON lines: first one line about the simulation (seed, days,
// parameters of the segments, what happens when, what the measures of the last year truly brought in euros and orders), then one line
// per customer by number with the keys customer, segment, start, rate (orders a week), risk (to leave, a week), dropout (day or null),
// alive, reason, expected (orders up to the last day, without what measures brought), next_year (orders in the 52 weeks after it),
// orders, and moved (those of them that a measure brought).
func (c *Company) WriteTruth(w io.Writer) error {
	out := bufio.NewWriterSize(w, 1<<16)
	head, err := json.Marshal(c.header())
	if err != nil {
		return fmt.Errorf("sim: truth: %w", err)
	}
	b := append(head, '\n')
	for i := range c.cfg.Customers {
		t := c.truth(uint32(i + 1))
		b = t.append(b)
		if _, err := out.Write(b); err != nil {
			return fmt.Errorf("sim: truth: %w", err)
		}
		b = b[:0]
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("sim: truth: %w", err)
	}
	return nil
}

func (c *Company) header() truthHeader {
	h := truthHeader{Simulation: Name, Seed: c.cfg.Seed, Customers: c.cfg.Customers, Start: c.cal.start.String(), Until: c.cfg.Until.String(),
		Segments: map[string]map[string]float64{}}
	for s, x := range habitsOf {
		h.Segments[segment(s).String()] = map[string]float64{"share": x.share, "rate_mean": x.rate, "rate_shape": x.rateShape,
			"risk_mean": x.risk, "risk_shape": x.riskShape}
	}
	h.Story = map[string]any{
		"late_parcels":  map[string]any{"from": c.cal.trouble[0].String(), "before": c.cal.trouble[1].String(), "leave_over_it": lostByTrouble},
		"voucher":       map[string]any{"from": c.cal.grabbers[0].String(), "before": c.cal.grabbers[1].String(), "share": grabberShare, "risk": grabberRisk},
		"tasting_set":   map[string]any{"share": trialShare, "risk_factor": trialRisk, "sku": c.goods.products[c.goods.trial].SKU},
		"better_year":   map[string]any{"from": c.cal.better.String(), "risk_factor": laterRisk},
		"cooling_chain": map[string]any{"customer": customerID(chainIndex, cafe), "from": c.cal.cooling.String(), "floor": chainFloor},
	}
	for _, m := range c.Measures() {
		h.Measures = append(h.Measures, m.truth())
	}
	return h
}

// append writes the line by hand: a million of them through encoding/json would take longer than drawing them.
func (t *Truth) append(b []byte) []byte {
	text := func(key, value string) {
		b = append(append(append(append(b, '"'), key...), `":"`...), value...)
		b = append(b, `",`...)
	}
	number := func(key string, value float64) {
		b = append(append(append(b, '"'), key...), `":`...)
		b = append(strconv.AppendFloat(b, value, 'g', 8, 64), ',')
	}
	b = append(b, '{')
	text("customer", t.ID)
	text("segment", t.Segment)
	text("start", t.Start.String())
	number("rate", t.Rate)
	number("risk", t.Risk)
	if t.Alive {
		b = append(b, `"dropout":null,"alive":true,`...)
	} else {
		text("dropout", t.Dropout.String())
		b = append(b, `"alive":false,`...)
	}
	if t.Reason != "" {
		text("reason", t.Reason)
	}
	number("expected", t.Expected)
	number("next_year", t.NextYear)
	b = append(b, `"orders":`...)
	b = strconv.AppendInt(b, int64(t.Orders), 10)
	b = append(b, `,"moved":`...)
	b = strconv.AppendInt(b, int64(t.Moved), 10)
	return append(b, "}\n"...)
}
