package hit

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
)

// Hit is one as it came in.
type Hit struct {
	At      time.Time
	Link    *Link
	Message int64 // 0 where nobody may know whose it is
	Agent   string
	Head    bool // asked by HEAD
	Ahead   bool // fetched ahead, as its headers say
}

// FromRequest reads what a request tells about a hit. It does not look at where the request comes from.
func FromRequest(r *http.Request) Hit {
	h := Hit{Head: r.Method == http.MethodHead, Agent: r.UserAgent()}
	for _, name := range [...]string{"Purpose", "Sec-Purpose", "X-Purpose", "X-Moz"} {
		if v := strings.ToLower(r.Header.Get(name)); strings.Contains(v, "prefetch") || strings.Contains(v, "prerender") || strings.Contains(v, "preview") {
			h.Ahead = true
		}
	}
	return h
}

// mostOfMessage is how many hits of one message are kept: nobody reads a mail so often, but a program may ask without end.
const mostOfMessage = 300

// owner is what is known of the message that a hit names.
type owner struct {
	customer, person int64
	address          string
	channel          consent.Channel
	sent             time.Time // zero while no relay has taken it
	had              int       // hits that are kept of it
	fresh            int       // hits that are being kept
	allowed          bool      // she consents to being tracked, now
}

// Record keeps hits, judged, with whose they are only where she consents to that at this moment. It tells nobody: Tell does, for
// many at once. Hits that many earlier ones of a message have made worthless are dropped.
func Record(ctx context.Context, tx *store.Tx, hits []Hit) error {
	if len(hits) == 0 {
		return nil
	}
	if err := Relax(ctx, tx); err != nil {
		return err
	}
	a, err := ask(ctx, tx, hits)
	if err != nil {
		return err
	}
	return a.keep(ctx, tx, hits)
}

// Relax spares waiting on PostgreSQL: nothing here is decided by what others must not write meanwhile. Record does so itself; whoever
// writes something else before it in the same transaction calls this first of all.
func Relax(ctx context.Context, tx *store.Tx) error {
	if tx.Dialect() != store.Postgres {
		return nil
	}
	_, err := tx.Exec(ctx, sqlReadCommitted)
	return err
}

// asked is what hits are kept with: whose messages they name, and when that was asked.
type asked struct {
	owners map[int64]*owner
	zone   *time.Location
	at     feed.Mark
}

func ask(ctx context.Context, tx *store.Tx, hits []Hit) (*asked, error) {
	at, err := feed.Now(ctx, tx) // before all else
	if err != nil {
		return nil, err
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return nil, err
	}
	owners, err := ownersOf(ctx, tx, hits)
	return &asked{owners: owners, zone: settings.Zone(), at: at}, err
}

// count counts hits that were on their way when it was asked.
func (a *asked) count(hits []Hit) {
	for i := range hits {
		if o := a.owners[hits[i].Message]; o != nil {
			o.had++
		}
	}
}

// idleKinds are changes that say nothing about whose a message is and whether that may be known.
func idleKinds() []string {
	return []string{message.KindPlanned, message.KindSettled, message.KindPaused, message.KindContinued, KindCounted, KindJudged}
}

// record is Record with what was asked before the writer's turn. It is asked again where anything but the most usual happened since, such
// as a consent taken back.
func record(ctx context.Context, tx *store.Tx, hits []Hit, a *asked) error {
	if err := Relax(ctx, tx); err != nil {
		return err
	}
	changed, err := feed.Since(ctx, tx, a.at, idleKinds())
	if err == nil && changed {
		a, err = ask(ctx, tx, hits)
	}
	if err != nil {
		return err
	}
	return a.keep(ctx, tx, hits)
}

// keep judges the hits and writes them. It may run again when the transaction does.
func (a *asked) keep(ctx context.Context, tx *store.Tx, hits []Hit) error {
	for _, o := range a.owners {
		o.fresh = 0
	}
	fresh := make([]*Row, 0, len(hits))
	for i := range hits {
		if r := rowOf(&hits[i], a.owners); r != nil {
			fresh = append(fresh, r)
		}
	}
	if err := findBursts(ctx, tx, fresh, a.owners); err != nil {
		return err
	}
	return insert(ctx, tx, fresh, a.zone)
}

// rowOf is a hit judged by itself and its message; nil for one too many.
func rowOf(h *Hit, owners map[int64]*owner) *Row {
	r := &Row{At: h.At, Kind: h.Link.Kind, channel: h.Link.Channel, Measure: h.Link.Measure, Arm: h.Link.Arm, Link: h.Link.Under, Agent: cut(h.Agent)}
	if h.Head {
		r.signs += signHead
	}
	if h.Ahead {
		r.signs += signAhead
	}
	r.Client, r.Reason = judge(r.Kind, r.Agent, r.signs)
	o := owners[h.Message]
	if o == nil {
		r.Human = r.Reason == ""
		return r
	}
	if o.fresh++; o.had+o.fresh > mostOfMessage {
		return nil
	}
	if r.Reason == "" && soon(h.At, o.sent) {
		r.Reason = ReasonSoon
	}
	r.Human = r.Reason == ""
	if o.allowed {
		r.Message, r.Customer, r.Person = h.Message, o.customer, o.person
	}
	return r
}

// cut shortens what an agent calls itself and takes out what is no text.
func cut(agent string) string {
	agent = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(agent, ""))
	if len(agent) > maxAgent {
		agent = strings.ToValidUTF8(agent[:maxAgent], "")
	}
	return agent
}

// ownersOf reads the messages that hits name and asks whether their readers consent to being tracked.
func ownersOf(ctx context.Context, tx *store.Tx, hits []Hit) (map[int64]*owner, error) {
	var ids []int64
	for i := range hits {
		if hits[i].Message != 0 {
			ids = append(ids, hits[i].Message)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	all := make(map[int64]*owner, len(ids))
	byChannel := map[consent.Channel][]*owner{}
	err := tx.Values(ctx, fmt.Sprintf(sqlMessages, tx.Numbers("$1")), []any{store.JSON(ids)}, func(_ []string, row []any) error {
		o := &owner{customer: row[1].(int64), person: row[2].(int64), address: row[3].(string), channel: consent.Channel(row[4].(string)), had: int(row[7].(int64))}
		if row[5].(string) == string(message.Sent) {
			o.sent = clock.Time(row[6].(int64))
		}
		all[row[0].(int64)] = o
		if o.address != "" && o.customer != 0 {
			byChannel[o.channel] = append(byChannel[o.channel], o)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for channel, some := range byChannel {
		if err := allow(ctx, tx, channel, some); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func allow(ctx context.Context, tx *store.Tx, c consent.Channel, owners []*owner) error {
	to := make([]consent.Recipient, len(owners))
	for i, o := range owners {
		to[i] = consent.Recipient{Customer: o.customer, Address: o.address}
	}
	allowed, err := Allowed(ctx, tx, c, to)
	for i, is := range allowed {
		owners[i].allowed = is
	}
	return err
}

// Allowed tells for each recipient whether it may be known what she opens and clicks.
func Allowed(ctx context.Context, tx *store.Tx, c consent.Channel, to []consent.Recipient) ([]bool, error) {
	verdicts, err := consent.Check(ctx, tx, consent.Ask{Channel: c, Purpose: consent.Tracking, Basis: consent.Consent}, to)
	if err != nil {
		return nil, err
	}
	all := make([]bool, len(verdicts))
	for i, v := range verdicts {
		all[i] = v.Basis == consent.Consent
	}
	return all, nil
}

// findBursts looks at the clicks on links of the same messages a moment ago and judges what is a burst with them.
func findBursts(ctx context.Context, tx *store.Tx, fresh []*Row, owners map[int64]*owner) error {
	byMessage := map[int64][]*Row{}
	var since time.Time
	for _, r := range fresh {
		if r.Message == 0 || r.Kind != Click {
			continue
		}
		byMessage[r.Message] = append(byMessage[r.Message], r)
		if from := r.At.Add(-manyTime); since.IsZero() || from.Before(since) {
			since = from
		}
	}
	var ids []int64
	for id := range byMessage {
		if o := owners[id]; o.had+o.fresh > 1 { // hits before, or several now
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	err := tx.Values(ctx, fmt.Sprintf(sqlNear, tx.Numbers("$1")), []any{store.JSON(ids), clock.Micros(since)}, func(_ []string, row []any) error {
		r := &Row{ID: row[0].(int64), Message: row[1].(int64), At: clock.Time(row[2].(int64)), Kind: Click, Link: row[3].(int64), Human: row[4].(int64) == 1}
		byMessage[r.Message] = append(byMessage[r.Message], r)
		return nil
	})
	if err != nil {
		return err
	}
	var changed []int64
	for _, id := range ids {
		rows := byMessage[id]
		slices.SortStableFunc(rows, func(a, b *Row) int { return a.At.Compare(b.At) })
		for _, r := range bursts(rows) {
			if !r.Human {
				continue
			}
			r.Human, r.Reason = false, ReasonBurst
			if r.ID != 0 {
				changed = append(changed, r.ID)
			}
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(sqlJudged, tx.Numbers("$1")), store.JSON(changed), ReasonBurst); err != nil {
		return err
	}
	return tell(ctx, tx, KindJudged, changed)
}

// tell appends a change about hits that are known already.
func tell(ctx context.Context, tx *store.Tx, kind string, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := feed.Append(ctx, tx, feed.New{Kind: kind, Body: map[string]any{"count": len(ids)}, Rows: feed.Rows{table: feed.Ranges(ids)}})
	return err
}

var columns = []string{"at", "day", "kind", "channel", "measure", "arm", "link", "message", "customer", "person", "agent", "client", "signs", "human", "reason", "rules"}

func insert(ctx context.Context, tx *store.Tx, all []*Row, zone *time.Location) error {
	rows := store.NewRows(len(all), len(columns))
	for _, r := range all {
		rows.End(append(rows.Row(), clock.Micros(r.At), int64(clock.DayOf(r.At, zone)), string(r.Kind), string(r.channel), r.Measure, r.Arm, r.Link, r.Message, r.Customer,
			r.Person, r.Agent, r.Client, r.signs, int64(store.Flag(r.Human)), r.Reason, int64(Rules)))
	}
	return tx.Insert(ctx, "hit", columns, rows.All)
}

// toldKey remembers the last hit that the feed knows of.
const toldKey = "hit.told"

// tellRows is how many hits one change names at most.
const tellRows = 1000

// Tell appends to the feed the hits that it does not know of yet, and returns how many numbers that are. While it runs nobody else may
// Record, or a hit that commits later with a smaller number would be passed over; Counter sees to that.
func Tell(ctx context.Context, tx *store.Tx) (int64, error) {
	var last int64
	if err := tx.QueryRow(ctx, sqlLast).Scan(&last); err != nil {
		return 0, err
	}
	told, err := setting(ctx, tx, toldKey)
	if err != nil || last <= told {
		return 0, err
	}
	for from := told + 1; from <= last; from += tellRows {
		until := min(from+tellRows-1, last)
		_, err := feed.Append(ctx, tx, feed.New{Kind: KindCounted, Body: map[string]any{"count": until - from + 1}, Rows: feed.Rows{table: {{from, until}}}})
		if err != nil {
			return 0, err
		}
	}
	return last - told, saveSetting(ctx, tx, toldKey, last)
}
