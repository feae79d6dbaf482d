package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
)

const (
	fitRepeats   = 3
	eventsOfEach = 50 // customer
	segmentEdits = 2  // times as many as looks at a page
)

// fits times two models on customers drawn from Pareto/NBD and watched for two years, collapsing included.
func (b *bench) fits(ctx context.Context) error {
	drawn := btyd.ParetoNBD{R: 0.8, Alpha: 12, S: 0.6, Beta: 12, Per: btyd.Week}
	all := make([]btyd.History, b.customers)
	dice := rand.New(rand.NewPCG(9, 10))
	for i := range all {
		all[i] = btyd.Simulate(drawn, dice, dice.Int32N(730))
	}
	for _, model := range []struct {
		name, words string
		wanted      float64
	}{{btyd.NameBGNBD, "BG/NBD", 800}, {btyd.NameParetoNBD, "Pareto/NBD", 5000}} {
		var took []time.Duration
		patterns := 0
		for range fitRepeats {
			start := time.Now()
			fit, err := btyd.FitModel(ctx, model.name, btyd.Collapse(all), btyd.Week)
			if err != nil {
				return err
			}
			patterns, took = fit.Patterns, append(took, time.Since(start))
		}
		b.atMost(fmt.Sprintf("%s fitted, %d simulated customers, %d patterns, median", model.words, b.customers, patterns), percentile(took, 50), "ms", model.wanted)
	}
	return nil
}

// segments counts a segment of five conditions and edits it in the builder, each time with a number that nobody asked for yet. The events are
// written into the warehouse alone, where counting reads them; the next rebuild drops them.
func (b *bench) segments(ctx context.Context) error {
	if err := b.fillEvents(ctx); err != nil {
		return err
	}
	today := clock.DayOf(time.Now(), time.UTC)
	size := fmt.Sprintf("%d customers, %d events", b.customers, b.customers*eventsOfEach)
	var counted, edited []time.Duration
	for n := range segmentEdits * b.looks {
		took, err := b.countSegment(ctx, newBenchSegment(today, 2*n))
		if err != nil {
			return err
		}
		counted = append(counted, took)
		if took, err = b.editSegment(ctx, newBenchSegment(today, 2*n+1)); err != nil {
			return err
		}
		edited = append(edited, took)
	}
	b.atMost("segment of five conditions counted, "+size+", median", percentile(counted, 50), "ms", 200)
	b.atMost("segment of five conditions counted, p95", percentile(counted, 95), "ms", 0)
	b.atMost("the same as one edits, over HTTP to the page, "+size+", median", percentile(edited, 50), "ms", 300)
	b.atMost("the same as one edits, p95", percentile(edited, 95), "ms", 300)
	return nil
}

// fillEvents gives each customer fifty events within the years of her orders, a tenth of them clicks, and one of three countries.
func (b *bench) fillEvents(ctx context.Context) error {
	return b.house.Fill(ctx, func(f *warehouse.Filler) error {
		if err := f.Exec(ctx, `UPDATE customer SET country = CASE id % 3 WHEN 0 THEN 'DE' WHEN 1 THEN 'AT' ELSE 'CH' END`); err != nil {
			return err
		}
		return f.Exec(ctx, fmt.Sprintf(`INSERT INTO event (id, customer, name, day, happened)
			SELECT i, low + CAST(hash(i) %% (high - low + 1) AS BIGINT), CASE hash(i, 2) %% 10 WHEN 0 THEN 'newsletter_clicked' ELSE 'visit' END,
			DATE '%s' - CAST(1095 - i * 1095 // %d AS INTEGER), i
			FROM range(1, %[2]d + 1) r(i), (SELECT min(id) AS low, max(id) AS high FROM customer)`, benchDay, b.customers*eventsOfEach))
	})
}

// benchSegment is a segment of five conditions, told by the numbers in them.
type benchSegment struct {
	year, month int // windows: so many days back from today, to a year and a month before the last of the data
	orders      int
	revenue     float64
	silent      int
}

// newBenchSegment is another one for each n: an edit changes one number.
func newBenchSegment(today clock.Day, n int) benchSegment {
	since := int(today - benchDay)
	s := benchSegment{year: since + 365, month: since + 30, orders: 3, revenue: 200, silent: since + 60}
	switch edit := n / 4; n % 4 {
	case 0:
		s.revenue += float64(edit) + 0.5
	case 1:
		s.silent += edit + 1
	case 2:
		s.year += edit + 1
	default:
		s.month += edit + 1
	}
	return s
}

// text is the segment as people type it.
func (s benchSegment) text() string {
	return fmt.Sprintf(`country = DE and orders(last %d d) >= %d and revenue(last %[1]d d) > %.2[3]f EUR and days_since_order > %[4]d and did(newsletter_clicked, last %[5]d d) >= 1`,
		s.year, s.orders, s.revenue, s.silent, s.month)
}

// form is the segment as the lines of the builder send it.
func (s benchSegment) form() url.Values {
	v := url.Values{"face": {"rows"}, "r": {"0", "1", "2", "3", "4", "5"}, "d.0": {"0"}, "g.0": {"all"}}
	for key, line := range map[string]map[string]string{
		"1": {"f": "country", "o": "in", "v": "DE"},
		"2": {"f": "orders", "o": ">=", "v": fmt.Sprint(s.orders), "w": "last", "n": fmt.Sprint(s.year), "u": "D"},
		"3": {"f": "revenue", "o": ">", "v": fmt.Sprintf("%.2f", s.revenue), "w": "last", "n": fmt.Sprint(s.year), "u": "D"},
		"4": {"f": "days_since_order", "o": ">", "v": fmt.Sprint(s.silent)},
		"5": {"f": "did", "o": ">=", "v": "1", "w": "last", "n": fmt.Sprint(s.month), "u": "D", "p": "newsletter_clicked", "q": ""},
	} {
		v.Set("d."+key, "1")
		for name, value := range line {
			v.Set(name+"."+key, value)
		}
	}
	return v
}

func (b *bench) countSegment(ctx context.Context, s benchSegment) (took time.Duration, err error) {
	var book *segment.Book
	if err := b.app.Store.Read(ctx, func(tx *store.Tx) error { book, err = segment.Open(ctx, tx, askable); return err }); err != nil {
		return 0, err
	}
	start := time.Now()
	tree, err := book.Parse(s.text())
	if err != nil {
		return 0, err
	}
	q, err := book.Query(tree, book.Today)
	if err != nil {
		return 0, err
	}
	err = b.house.View(ctx, func(v *warehouse.View) error { _, err := segment.Count(ctx, v, q); return err })
	return time.Since(start), err
}

// editSegment sends the form as htmx does when somebody has typed a number, and wants the count and the customers of all five conditions.
func (b *bench) editSegment(ctx context.Context, s benchSegment) (took time.Duration, err error) {
	const path = "/segments/new"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.address+path, strings.NewReader(s.form().Encode()))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("HX-Request", "true")
	req.Header.Set("HX-Target", "result")
	start := time.Now()
	res, err := b.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	took = time.Since(start)
	if err == nil && (res.StatusCode != http.StatusOK || !bytes.Contains(page, []byte("data-count")) || bytes.Contains(page, []byte("s-text-warn"))) {
		err = fmt.Errorf("bench: the builder did not count: status %d: %.300s", res.StatusCode, page)
	}
	return took, err
}
