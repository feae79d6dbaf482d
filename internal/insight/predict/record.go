package predict

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Kinds of the changes a scoring appends to the feed.
const (
	KindChanged = "score.changed"  // a slice of scores; subject is the scoring
	KindBand    = "customer.band"  // a customer came into another band: old and new
	KindScored  = "model.finished" // subject is the scoring
)

// sliceRows is how many customers are written in one turn of the bulk lane.
const sliceRows = 1000

// Recorded is what a scoring wrote.
type Recorded struct {
	Model   int64 `json:"model"`
	Scores  int64 `json:"scores"`  // customers with a score
	Written int64 `json:"written"` // of them those whose score differs from the one before
	Bands   int64 `json:"bands"`   // of them those whose band changed
	Dropped int64 `json:"dropped"` // scores of customers who have none any more
}

// Record writes the scores: the model card first, then slices of those that differ from what the store has, then that the scoring
// is whole. It can be repeated: what a killed run wrote is not written again. The first scoring of all is history and changes no
// band. progress is told how many customers are done, and may end it by an error.
func (s *Scores) Record(ctx context.Context, db *store.DB, actor store.Actor, progress func(done, total int64) error) (Recorded, error) {
	r := recording{Scores: s, db: db, actor: actor}
	if err := r.begin(ctx); err != nil {
		return Recorded{}, err
	}
	for at := 0; at < s.Len(); at = r.next {
		if err := r.slice(ctx, at); err != nil {
			return Recorded{}, err
		}
		if progress != nil {
			if err := progress(int64(r.next), int64(s.Len())); err != nil {
				return Recorded{}, err
			}
		}
	}
	if err := r.drop(ctx, nil, 1<<62); err != nil {
		return Recorded{}, err
	}
	return r.done, r.finish(ctx)
}

// recording is one run of Record.
type recording struct {
	*Scores
	db       *store.DB
	actor    store.Actor
	done     Recorded
	first    bool      // there has been no whole scoring before
	before   clock.Day // what the scoring before was as of; 0 for none
	empty    bool      // the store has no scores at all, so there is nothing to replace
	monthEnd bool      // the scores of this day are kept for everybody

	old  map[int64]stored // what the store has of customers read and not passed yet
	to   int64            // the last customer read
	next int
}

// stored is a score as the store has it: what decides whether it has to be written again.
type stored struct {
	values  [21]int64 // the numbers, in the order of numbersOf
	band    Band
	reasons string
	mark    mark
}

// differs reports whether a score is another one. The database may write JSON in its own way, so texts that differ are read first.
func (s stored) differs(sc Score) bool {
	if s.band != sc.Band || s.values != numbersOf(sc) {
		return true
	}
	text := reasonsText(sc.Reasons)
	if text == s.reasons {
		return false
	}
	var was []Reason
	return json.Unmarshal([]byte(s.reasons), &was) != nil || reasonsText(was) != text
}

func (r *recording) begin(ctx context.Context) error {
	r.monthEnd = lastOfMonth(r.Card.AsOf)
	return r.db.Write(ctx, r.actor, func(tx *store.Tx) error {
		before, known, err := Newest(ctx, tx)
		if err != nil {
			return err
		}
		r.first, r.before = !known, before.AsOf
		// after a month whose last day nobody scored the next scoring stands for it
		r.monthEnd = r.monthEnd || known && !lastOfMonth(before.AsOf) && before.AsOf.Month() < r.Card.AsOf.Month()
		var rows int
		if err := tx.QueryRow(ctx, sqlAny).Scan(&rows); err != nil {
			return err
		}
		r.empty = rows == 0
		r.done.Model, err = tx.InsertID(ctx, sqlAddModel, int64(r.Card.AsOf), r.Card.Version, r.Card.Chosen, r.Card.Horizon, r.Card.DataHash, store.JSON(r.Card),
			clock.Micros(tx.Now))
		return err
	})
}

func lastOfMonth(d clock.Day) bool { return d.AddDays(1).Month() == d.AddDays(1) }

// readAhead is how many stored scores are read at a time.
const readAhead = 20_000

// read makes sure that what the store has of the customers up to id is at hand; scores between them that are not in the book any more are
// noted for dropping by the slice that passes them.
func (r *recording) read(ctx context.Context, id int64) error {
	for r.to < id {
		if r.old == nil {
			r.old = map[int64]stored{}
		}
		n := 0
		err := r.db.Read(ctx, func(tx *store.Tx) error {
			rows, err := tx.Query(ctx, sqlStored, r.to, readAhead)
			if err != nil {
				return err
			}
			defer rows.Close()
			for n = 0; rows.Next(); n++ {
				sc, m, text, err := scanStored(rows)
				if err != nil {
					return err
				}
				r.old[sc.Customer] = stored{numbersOf(sc), sc.Band, text, m}
				r.to = sc.Customer
			}
			return rows.Err()
		})
		if err != nil {
			return err
		}
		if n < readAhead {
			r.to = 1 << 62
		}
	}
	return nil
}

// slice writes the next customers from place at on: as many as make a slice of changed scores.
func (r *recording) slice(ctx context.Context, at int) error {
	var changed []renewed
	var gone []int64
	moved := int64(0)
	i := at
	for ; i < r.Len() && len(changed) < sliceRows && i-at < 50*sliceRows; i++ {
		id := r.book.ID[i]
		if err := r.read(ctx, id); err != nil {
			return err
		}
		sc, ok := r.At(i)
		was, had := r.old[id]
		delete(r.old, id)
		switch {
		case !ok && had:
			gone = append(gone, id)
			continue
		case !ok:
			continue
		}
		r.done.Scores++
		if had {
			r.abide(&sc, was, r.book.Last[i])
		}
		if had && !r.monthEnd && !was.differs(sc) {
			continue
		}
		c := renewed{Score: sc, n: numbersOf(sc)}
		if had {
			c.was = &was
		}
		if c.moved() {
			moved++
		}
		changed = append(changed, c)
	}
	r.next = i
	upTo := r.book.ID[i-1]
	if i == r.Len() {
		upTo = 1 << 62
	}
	if err := r.drop(ctx, gone, upTo); err != nil || len(changed) == 0 {
		return err
	}
	if err := r.db.Bulk(ctx, r.actor, func(tx *store.Tx) error { return r.write(ctx, tx, changed) }); err != nil {
		return err
	}
	r.done.Written += int64(len(changed))
	r.done.Bands += moved
	return nil
}

// abide makes the day since which a customer is at risk agree with what was told before: parameters that moved since the last scoring
// see that day a little earlier or later, though nothing happened. last is the day of her last purchase.
func (r *recording) abide(sc *Score, was stored, last clock.Day) {
	if sc.RiskSince == nil || r.before == 0 || r.before > r.Card.AsOf {
		return
	}
	told := was.values[11]
	switch next := r.before.AddDays(1); {
	case was.band.atRisk() && told != unknown && clock.Day(told) > last && clock.Day(told) <= r.Card.AsOf:
		day := clock.Day(told)
		sc.RiskSince = &day
	case !was.band.atRisk() && *sc.RiskSince < next && next <= r.Card.AsOf:
		sc.RiskSince = &next
	}
}

// drop deletes the scores of customers up to that one who are not in the book any more, and those of gone.
func (r *recording) drop(ctx context.Context, gone []int64, upTo int64) error {
	for id := range r.old {
		if id <= upTo {
			gone = append(gone, id)
		}
	}
	for _, id := range gone {
		delete(r.old, id)
	}
	slices.Sort(gone)
	for part := range slices.Chunk(gone, sliceRows) {
		err := r.db.Bulk(ctx, r.actor, func(tx *store.Tx) error {
			if _, err := tx.Exec(ctx, fmt.Sprintf(sqlDropScores, tx.Numbers("$1")), store.JSON(part)); err != nil {
				return err
			}
			_, err := feed.Append(ctx, tx, feed.New{Kind: KindChanged, Subject: r.done.Model, Rows: feed.Rows{"score": feed.Ranges(slices.Clone(part))}})
			return err
		})
		if err != nil {
			return err
		}
		r.done.Dropped += int64(len(part))
	}
	return nil
}

var (
	scoreColumns = []string{"customer", "model", "band", "active", "active_lo", "active_hi", "alive", "expected", "value", "worth", "clv", "clv_lo", "clv_hi", "at_risk", "risk_since", "next_day", "reasons",
		"alive_lo", "alive_hi", "expected_lo", "expected_hi", "value_lo", "value_hi", "at_risk_lo", "at_risk_hi", "mark_day", "mark_active", "mark_alive", "mark_clv", "mark_kept"}
	historyColumns = []string{"customer", "day", "model", "band", "active", "alive", "clv"}
)

// write stores a slice. It may run twice.
func (r *recording) write(ctx context.Context, tx *store.Tx, changed []renewed) error {
	ids := make([]int64, len(changed))
	rows := make([][]any, len(changed))
	var past [][]any
	for i, c := range changed {
		past = append(past, r.keep(&c)...)
		ids[i], rows[i] = c.Customer, r.row(c)
	}
	if !r.empty {
		if _, err := tx.Exec(ctx, fmt.Sprintf(sqlDropScores, tx.Numbers("$1")), store.JSON(ids)); err != nil {
			return err
		}
		if err := dropMoments(ctx, tx, past); err != nil {
			return err
		}
	}
	if err := tx.Insert(ctx, "score", scoreColumns, rows); err != nil {
		return err
	}
	if err := tx.Insert(ctx, "score_history", historyColumns, past); err != nil {
		return err
	}
	return r.tell(ctx, tx, ids, customersOf(past), changed)
}

// row is a score as the store has it.
func (r *recording) row(c renewed) []any {
	n := c.n
	return []any{c.Customer, r.done.Model, string(c.Band), n[0], n[1], n[2], nullable(n[3]), n[4], n[5], n[6], n[7], n[8], n[9], n[10], nullable(n[11]), nullable(n[12]),
		reasonsText(c.Reasons), nullable(n[13]), nullable(n[14]), n[15], n[16], n[17], n[18], n[19], n[20],
		int64(c.mark.day), c.mark.active, nullable(c.mark.alive), c.mark.clv, store.Flag(c.mark.kept)}
}

// tell appends what the slice changed to the feed: one change for all rows, and one for each customer whose band changed.
func (r *recording) tell(ctx context.Context, tx *store.Tx, ids, kept []int64, changed []renewed) error {
	n := feed.New{Kind: KindChanged, Subject: r.done.Model, Rows: feed.Rows{"score": feed.Ranges(ids)}}
	if len(kept) > 0 {
		n.Rows["score_history"] = feed.Ranges(kept)
	}
	if r.first {
		n.Origin = feed.History
	}
	if _, err := feed.Append(ctx, tx, n); err != nil {
		return err
	}
	for _, c := range changed {
		if !c.moved() {
			continue
		}
		_, err := feed.Append(ctx, tx, feed.New{Kind: KindBand, Customer: c.Customer, Subject: r.done.Model,
			Body: map[string]any{"old": string(c.was.band), "new": string(c.Band)}})
		if err != nil {
			return err
		}
	}
	return nil
}

// keptModels is how long model cards are kept.
const keptModels = 2 * 365 * 24 * time.Hour

func (r *recording) finish(ctx context.Context) error {
	return r.db.Write(ctx, r.actor, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, sqlWhole, r.done.Model); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlDropModels, r.done.Model, clock.Micros(tx.Now.Add(-keptModels))); err != nil {
			return err
		}
		_, err := feed.Append(ctx, tx, feed.New{Kind: KindScored, Subject: r.done.Model,
			Body: map[string]any{"scores": r.done.Scores, "written": r.done.Written, "bands": r.done.Bands}})
		return err
	})
}

// numbersOf are the numbers of a score as the store has them: active, lo, hi, alive, expected, value, worth, clv, lo, hi, at risk, since,
// next, and the ends of the intervals of alive, expected, value and at risk. What is not known is below all of them.
func numbersOf(s Score) (n [21]int64) {
	n = [21]int64{round(s.Active * scale), round(s.ActiveLo * scale), round(s.ActiveHi * scale), unknown, round(s.Expected * scale), s.Value, s.Worth, s.CLV, s.CLVLo, s.CLVHi,
		s.AtRisk, unknown, unknown, unknown, unknown, round(s.ExpectedLo * scale), round(s.ExpectedHi * scale), s.ValueLo, s.ValueHi, s.AtRiskLo, s.AtRiskHi}
	if s.Alive != nil {
		n[3] = round(*s.Alive * scale)
	}
	if s.AliveLo != nil && s.AliveHi != nil {
		n[13], n[14] = round(*s.AliveLo*scale), round(*s.AliveHi*scale)
	}
	if s.RiskSince != nil {
		n[11] = int64(*s.RiskSince)
	}
	if s.NextDay != nil {
		n[12] = int64(*s.NextDay)
	}
	return n
}

// unknown is a number of a score that is not known.
const unknown = -1 << 62

func nullable(v int64) any {
	if v == unknown {
		return nil
	}
	return v
}

func reasonsText(reasons []Reason) string {
	b, err := json.Marshal(reasons)
	if err != nil {
		return "[]" // cannot happen: a reason is a code and whole numbers
	}
	return string(b)
}

// Forget deletes everything that was foreseen of a customer, as when she is erased.
func Forget(ctx context.Context, tx *store.Tx, customer int64) error {
	for _, text := range []string{sqlForget, sqlForgetPast} {
		if _, err := tx.Exec(ctx, text, customer); err != nil {
			return err
		}
	}
	one := []feed.Range{{customer, customer}}
	_, err := feed.Append(ctx, tx, feed.New{Kind: "score.forgotten", Customer: customer, Subject: customer, Rows: feed.Rows{"score": one, "score_history": one}})
	return err
}
