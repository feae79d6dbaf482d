package predict

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
)

// What is a noticeable move of a score, held against its mark: the chance by so many ten-thousandths, or the value by such a
// share, but at least so many units of the currency. The history tells a former score to within that.
const (
	noticeChance = 300
	noticeShare  = 0.05
	noticeUnits  = 2
)

// mark is the score of a customer on the last day on which it had moved noticeably. She had about the same score from then on
// until her present one, so that a mark needs to go into the history only when the next one takes its place: who does not move
// costs nothing.
type mark struct {
	day    clock.Day // 0 for none
	active int64     // ten-thousandths
	alive  int64     // likewise, or unknown
	clv    int64     // minor units
	kept   bool      // stands in the history already
}

// renewed is a score that is written, with the one before.
type renewed struct {
	Score
	n    [21]int64
	was  *stored // nil for none
	mark mark
}

// moved tells whether the band is another one.
func (c renewed) moved() bool { return c.was != nil && c.was.band != c.Band }

// moment is a row of the history.
func (m mark) moment(customer, model int64, band Band) []any {
	return []any{customer, int64(m.day), model, string(band), m.active, nullable(m.alive), m.clv}
}

// keep decides what of a customer goes into the history, and sets her mark.
func (r *recording) keep(c *renewed) (past [][]any) {
	add := func(m mark, band Band) { past = append(past, m.moment(c.Customer, r.done.Model, band)) }
	now := mark{r.Card.AsOf, c.n[0], c.n[3], c.n[7], false}
	if c.mark = now; c.was != nil {
		c.mark = c.was.mark
		before := mark{r.before, c.was.values[0], c.was.values[3], c.was.values[7], false}
		known := r.before != 0 && r.before < now.day
		if c.mark.day == 0 && known { // a score from before there were marks
			c.mark = before
		}
		if c.moved() && known { // so that the history tells which band she left
			add(before, c.was.band)
			c.mark.kept = c.mark.kept || c.mark.day == before.day
		}
		if c.moved() || c.mark.day >= now.day || c.mark.day == 0 || r.noticed(c.mark, now) {
			if !c.mark.kept && c.mark.day != 0 && c.mark.day < now.day {
				add(c.mark, c.was.band)
			}
			now.kept = c.moved() || c.mark.kept && c.mark.day == now.day // what stands there is not so any more
			c.mark = now
		}
	}
	if now.kept || r.monthEnd {
		c.mark.kept = c.mark.kept || c.mark.day == now.day
		add(now, c.Band)
	}
	return past
}

// noticed tells whether a score has moved noticeably since its mark.
func (r *recording) noticed(from, to mark) bool {
	if d := from.active - to.active; d >= noticeChance || d <= -noticeChance {
		return true
	}
	d := max(from.clv-to.clv, to.clv-from.clv)
	return d >= noticeUnits*pow10(r.Digits()) && float64(d) >= noticeShare*float64(max(from.clv, -from.clv))
}

// scanStored is a score as a scoring finds it, its mark, and the text of its reasons.
func scanStored(row interface{ Scan(...any) error }) (Score, mark, string, error) {
	var day, active, alive, clv sql.NullInt64
	var m mark
	sc, text, err := scanRow(row, &day, &active, &alive, &clv, &m.kept)
	if !day.Valid {
		return sc, mark{}, text, err
	}
	m.day, m.active, m.alive, m.clv = clock.Day(day.Int64), active.Int64, unknown, clv.Int64
	if alive.Valid {
		m.alive = alive.Int64
	}
	return sc, m, text, err
}

// dayPlaces is where the day ends and the customer begins in the one number that names a moment of a history, as in sqlDropMoments.
const dayPlaces = 100_000

// dropMoments deletes what the history has of the days of new moments, as a run may repeat another.
func dropMoments(ctx context.Context, tx *store.Tx, past [][]any) error {
	if len(past) == 0 {
		return nil
	}
	customers, places := make([]int64, len(past)), make([]int64, len(past))
	for i, m := range past {
		customers[i] = m[0].(int64)
		places[i] = customers[i]*dayPlaces + m[1].(int64)
	}
	_, err := tx.Exec(ctx, fmt.Sprintf(sqlDropMoments, tx.Numbers("$1"), tx.Numbers("$2")), store.JSON(slices.Compact(customers)), store.JSON(places))
	return err
}

// customersOf are the customers of moments, each once, ascending.
func customersOf(past [][]any) []int64 {
	ids := make([]int64, len(past))
	for i, m := range past {
		ids[i] = m[0].(int64)
	}
	slices.SortFunc(ids, cmp.Compare[int64])
	return slices.Compact(ids)
}
