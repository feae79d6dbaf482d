package segment

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Member is a customer in a tracked segment.
type Member struct {
	Customer int64
	Since    time.Time
}

// Members lists who is in a tracked segment, by customer, from the one behind after (0 for the first).
func Members(ctx context.Context, tx *store.Tx, segment, after int64, limit int) ([]Member, error) {
	rows, err := tx.Query(ctx, sqlMembers, segment, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Member
	for rows.Next() {
		var m Member
		var since int64
		if err := rows.Scan(&m.Customer, &since); err != nil {
			return nil, err
		}
		m.Since = clock.Time(since)
		all = append(all, m)
	}
	return all, rows.Err()
}

// OfCustomer lists the tracked segments that a customer is in, with since when, for her page.
func OfCustomer(ctx context.Context, tx *store.Tx, customer int64) (map[int64]time.Time, error) {
	rows, err := tx.Query(ctx, sqlMembersOf, customer)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64]time.Time{}
	for rows.Next() {
		var segment, since int64
		if err := rows.Scan(&segment, &since); err != nil {
			return nil, err
		}
		all[segment] = clock.Time(since)
	}
	return all, rows.Err()
}

// Moved are the customers whom a change of KindEntered or KindLeft is about: one, or those of a slice where many moved at
// once. Its Subject is the segment; those of origin history trigger nothing.
func Moved(c feed.Change) []int64 {
	if c.Customer != 0 {
		return []int64{c.Customer}
	}
	var all []int64
	for _, r := range c.Rows[memberTable] {
		for id := r[0]; id <= r[1]; id++ {
			all = append(all, id)
		}
	}
	return all
}

const memberTable = "segment_member"

// move is what becomes of one customer in a tracked segment.
type move struct {
	customer int64
	in       bool       // she is in from now on
	turns    bool       // she was not, or was until now
	live     bool       // by something that happens now
	due      *clock.Day // when to look again; nil for never
	redue    bool       // due is another day than before
}

// Limits of a turn of the bulk lane.
const (
	manyMoves = 1_000 // more at once are told in slices
	fewTurn   = 400   // moves a turn, each told by itself
	manyTurn  = 900
)

// write carries out moves in turns of the bulk lane; last joins the last turn, so that a cursor moves with its effect. Each
// turn looks again who is in, so that a run which was killed and comes again tells nobody twice.
func (t *Tracker) write(ctx context.Context, moves map[int64][]move, last func(context.Context, *store.Tx) error) error {
	type turn struct {
		segment int64
		moves   []move
		many    bool
	}
	var turns []turn
	for _, segment := range sortedKeys(moves) {
		all := moves[segment]
		n := 0
		for _, m := range all {
			if m.turns {
				n++
			}
		}
		size := fewTurn
		if n > manyMoves {
			size = manyTurn
		}
		for part := range slices.Chunk(all, size) {
			turns = append(turns, turn{segment, part, n > manyMoves})
		}
	}
	for i, turn := range turns {
		err := t.db.Bulk(ctx, t.actor, func(tx *store.Tx) error {
			if err := apply(ctx, tx, turn.segment, turn.moves, turn.many); err != nil || i < len(turns)-1 || last == nil {
				return err
			}
			return last(ctx, tx)
		})
		if err != nil {
			return err
		}
		if t.interrupted != nil {
			if err := t.interrupted(); err != nil {
				return err
			}
		}
	}
	if len(turns) > 0 || last == nil {
		return nil
	}
	return t.db.Write(ctx, t.actor, func(tx *store.Tx) error { return last(ctx, tx) })
}

func sortedKeys(moves map[int64][]move) []int64 {
	var keys []int64
	for k := range moves {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// apply carries out some moves of one segment and tells the feed who entered and left.
func apply(ctx context.Context, tx *store.Tx, segment int64, moves []move, many bool) error {
	ids := make([]int64, len(moves))
	for i, m := range moves {
		ids[i] = m.customer
	}
	present, err := pairs(ctx, tx, fmt.Sprintf(sqlMembersAmong, tx.Numbers("$2")), segment, store.JSON(ids))
	if err != nil {
		return err
	}
	var entered, left [2][]int64 // history, live
	var members, dues [][]any
	var gone, redue []int64
	for _, m := range moves {
		_, was := present[m.customer]
		switch {
		case m.in && !was:
			members = append(members, []any{segment, m.customer, clock.Micros(tx.Now)})
			entered[store.Flag(m.live)] = append(entered[store.Flag(m.live)], m.customer)
		case !m.in && was:
			gone = append(gone, m.customer)
			left[store.Flag(m.live)] = append(left[store.Flag(m.live)], m.customer)
		}
		if m.redue {
			redue = append(redue, m.customer)
			if m.due != nil {
				dues = append(dues, []any{segment, m.customer, int64(*m.due)})
			}
		}
	}
	for _, d := range []struct {
		text string
		ids  []int64
	}{{sqlLeave, gone}, {sqlDropDue, redue}} {
		if len(d.ids) == 0 {
			continue
		}
		if _, err := tx.Exec(ctx, fmt.Sprintf(d.text, tx.Numbers("$2")), segment, store.JSON(d.ids)); err != nil {
			return err
		}
	}
	if err := tx.Insert(ctx, memberTable, []string{"segment", "customer", "since"}, members); err != nil {
		return err
	}
	if err := tx.Insert(ctx, "segment_due", []string{"segment", "customer", "day"}, dues); err != nil {
		return err
	}
	if grown := len(members) - len(gone); grown != 0 {
		if _, err := tx.Exec(ctx, sqlResize, segment, grown); err != nil {
			return err
		}
	}
	for live := range 2 {
		origin := []feed.Origin{feed.History, feed.Live}[live]
		if err := tell(ctx, tx, KindEntered, segment, origin, entered[live], many); err != nil {
			return err
		}
		if err := tell(ctx, tx, KindLeft, segment, origin, left[live], many); err != nil {
			return err
		}
	}
	return nil
}

// tell appends to the feed who moved: each for herself, or all in one change where many did.
func tell(ctx context.Context, tx *store.Tx, kind string, segment int64, origin feed.Origin, ids []int64, many bool) error {
	if many && len(ids) > 0 {
		_, err := feed.Append(ctx, tx, feed.New{Kind: kind, Origin: origin, Subject: segment, Rows: feed.Rows{memberTable: feed.Ranges(slices.Clone(ids))}})
		return err
	}
	for _, id := range ids {
		if _, err := feed.Append(ctx, tx, feed.New{Kind: kind, Origin: origin, Customer: id, Subject: segment}); err != nil {
			return err
		}
	}
	return nil
}

// pairs reads a number and, where the query gives one, another for each row.
func pairs(ctx context.Context, tx *store.Tx, text string, args ...any) (map[int64]int64, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	all := map[int64]int64{}
	for rows.Next() {
		var key, value int64
		places := []any{&key, &value}
		if err := rows.Scan(places[:len(columns)]...); err != nil {
			return nil, err
		}
		all[key] = value
	}
	return all, rows.Err()
}

// every reads all rows of a paged query in transactions of their own, so that none lasts long.
func (t *Tracker) every(ctx context.Context, text string, segment int64) (map[int64]int64, error) {
	const page = 20_000
	all := map[int64]int64{}
	for after := int64(math.MinInt64); ; {
		var some map[int64]int64
		err := t.db.Read(ctx, func(tx *store.Tx) (err error) {
			some, err = pairs(ctx, tx, text, segment, after, page)
			return err
		})
		if err != nil {
			return nil, err
		}
		for key, value := range some {
			all[key] = value
			after = max(after, key)
		}
		if len(some) < page {
			return all, nil
		}
	}
}
