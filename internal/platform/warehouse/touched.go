package warehouse

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"stamm/internal/platform/feed"
)

const (
	touchedTable = "warehouse_touched"

	// touchedDDL is a log of whom each commit concerned: the place in the feed behind it, the table of the
	// rows, and the customer, NULL where it concerned too many to say or nobody can say whom. live tells
	// that the change was no history.
	touchedDDL = `xid BIGINT, seq BIGINT, source VARCHAR, customer BIGINT, live BOOLEAN`

	touchedMost = 100_000   // customers whom one commit lists for one table
	touchedKept = 1_000_000 // rows after which the log begins anew
)

// Touch is whom changes in one table concern.
type Touch struct {
	Live    []int64 // customers with changes that happen now
	History []int64 // customers with nothing but changes that an import brought as history

	// Anybody tells that there are more than are listed, or that it cannot be said whom the rows are about;
	// AnybodyLive that this holds for changes that happen now.
	Anybody, AnybodyLive bool
}

// Touched is whom the commits behind a place of the feed concern.
type Touched struct {
	To     feed.Cursor      // the place that the view shows
	Lost   bool             // the log does not reach back that far: it may concern everybody
	Tables map[string]Touch // by the name of the table
}

// Touched tells whom the commits behind the place after concern, before them and after them: who had a
// document and who has it now. Tables whose rows are a part of another's, as lines are of documents, count as that one.
// It is exact for what is committed: a place comes from Touched.To of an earlier view.
func (v *View) Touched(ctx context.Context, after feed.Cursor) (Touched, error) {
	t := Touched{Tables: map[string]Touch{}}
	if err := v.QueryRowContext(ctx, "SELECT xid, seq FROM "+metaTable).Scan(&t.To.XID, &t.To.Seq); err != nil {
		return t, translate(err)
	}
	var begin feed.Cursor
	err := v.QueryRowContext(ctx, "SELECT xid, seq FROM "+touchedTable+" WHERE source = ''").Scan(&begin.XID, &begin.Seq)
	if err != nil {
		return t, translate(err)
	}
	if after.Before(begin) || t.To.Before(after) {
		t.Lost = true
		return t, nil
	}
	rows, err := v.QueryContext(ctx, "SELECT source, customer, bool_or(live) FROM "+touchedTable+
		" WHERE source <> '' AND (xid > $1 OR xid = $1 AND seq > $2) GROUP BY source, customer ORDER BY source, customer", after.XID, after.Seq)
	if err != nil {
		return t, err
	}
	defer rows.Close()
	for rows.Next() {
		var source string
		var customer sql.NullInt64
		var live bool
		if err := rows.Scan(&source, &customer, &live); err != nil {
			return t, translate(err)
		}
		touch := t.Tables[source]
		switch {
		case !customer.Valid:
			touch.Anybody, touch.AnybodyLive = true, touch.AnybodyLive || live
		case live:
			touch.Live = append(touch.Live, customer.Int64)
		default:
			touch.History = append(touch.History, customer.Int64)
		}
		t.Tables[source] = touch
	}
	return t, translate(rows.Err())
}

// Moved returns a channel that is closed when the warehouse next shows something new. Unlike Wait it does not hurry the
// follower, so whoever goes by it never costs an import its pauses.
func (db *DB) Moved() <-chan struct{} {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.moved
}

// about is warehouse SQL that lists the customers of the rows whose keys stand in changed_key; empty if that cannot be said.
func (t *table) about() string {
	switch {
	case t.Affects == Everyone || t.Key == "":
		return ""
	case t.Affects != "":
		return t.Affects
	case t.About != "":
		return t.About
	case t.Key == "customer":
		return "SELECT c.key FROM changed_key c"
	case slices.ContainsFunc(t.columns, func(c column) bool { return c.name == "customer" }):
		return "SELECT t.customer FROM " + t.Name + " t WHERE t." + t.Key + " IN (SELECT c.key FROM changed_key c)"
	}
	return ""
}

// whole is the table that the rows of t are a part of: the one their key names, or t.
func (g *generation) whole(t *table) *table {
	if other := g.tables[t.Key]; other != nil && other.Key != "" && t.about() == "" {
		return other
	}
	return t
}

// wholes are the ranges by the table that they are a whole of: those of lines count as those of documents.
func (g *generation) wholes(ranges map[string][]feed.Range) map[string][]feed.Range {
	all := map[string][]feed.Range{}
	for name, r := range ranges {
		whole := g.whole(g.tables[name])
		all[whole.Name] = append(all[whole.Name], r...)
	}
	for name := range all {
		all[name] = merged(all[name])
	}
	return all
}

// log adds to the log whom the commit concerns.
func (w *turn) log(ctx context.Context) error {
	n, err := w.g.count(ctx, touchedTable)
	if err != nil {
		return err
	}
	if n > touchedKept {
		if err := w.g.beginLog(ctx); err != nil {
			return err
		}
	}
	b := w.batch
	place := fmt.Sprintf("%d, %d", b.to.cursor.XID, b.to.cursor.Seq)
	var unknown []string
	for name := range b.ranges {
		if t := w.g.tables[name]; w.g.whole(t) == t && t.about() == "" {
			_, live := b.live[name]
			unknown = append(unknown, fmt.Sprintf("(%s, %s, NULL, %t)", place, quote(name), live))
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		if err := w.g.exec(ctx, "INSERT INTO "+touchedTable+" VALUES "+strings.Join(unknown, ", ")); err != nil {
			return err
		}
	}
	return w.g.exec(ctx, fmt.Sprintf(`INSERT INTO %s WITH d AS (
			SELECT c.source, c.customer, bool_or(c.live) AS live FROM changed_customer c WHERE c.customer > 0 GROUP BY c.source, c.customer),
		many AS (SELECT d.source, count(*) > %d AS more FROM d GROUP BY d.source)
		SELECT %s, d.source, d.customer, d.live FROM d JOIN many m ON m.source = d.source AND NOT m.more
		UNION ALL SELECT %s, d.source, NULL, bool_or(d.live) FROM d JOIN many m ON m.source = d.source AND m.more GROUP BY d.source`,
		touchedTable, touchedMost, place, place))
}

// beginLog empties the log; it begins anew at the place in the feed that the file shows.
func (g *generation) beginLog(ctx context.Context) error {
	if err := g.exec(ctx, "DELETE FROM "+touchedTable); err != nil {
		return err
	}
	return g.exec(ctx, "INSERT INTO "+touchedTable+" SELECT m.xid, m.seq, '', NULL, false FROM "+metaTable+" m")
}

// exact sorts ranges and joins those that overlap or touch.
func exact(ranges []feed.Range) []feed.Range {
	slices.SortFunc(ranges, func(a, b feed.Range) int { return int(max(min(a[0]-b[0], 1), -1)) })
	var all []feed.Range
	for _, r := range ranges {
		r[0] = max(r[0], 0)
		if n := len(all); n > 0 && r[0] <= all[n-1][1]+1 {
			all[n-1][1] = max(all[n-1][1], r[1])
			continue
		}
		if r[0] <= r[1] {
			all = append(all, r)
		}
	}
	return all
}

// within is what two lists of exact ranges have in common.
func within(a, b []feed.Range) []feed.Range {
	var all []feed.Range
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if r := (feed.Range{max(a[i][0], b[j][0]), min(a[i][1], b[j][1])}); r[0] <= r[1] {
			all = append(all, r)
		}
		if a[i][1] < b[j][1] {
			i++
		} else {
			j++
		}
	}
	return all
}
