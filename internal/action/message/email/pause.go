package email

import (
	"context"
	"strconv"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
)

// Pause is a relay or the receivers of a domain who have put us off.
type Pause struct {
	What   string // "relay:12", or "domain:" and the name of a Limit or a domain
	Until  time.Time
	Level  int    // how often in a row; each doubles the pause
	Answer string // what they said last
	At     time.Time
}

// OfDomain is the name of the Limit or domain that is paused, empty for a relay.
func (p Pause) OfDomain() string {
	name, ok := strings.CutPrefix(p.What, domainKey(""))
	if !ok {
		return ""
	}
	return name
}

// Pauses last from a minute to an hour.
const (
	firstPause = time.Minute
	maxPause   = time.Hour
)

func pauseOf(level int) time.Duration {
	return min(maxPause, firstPause<<min(level-1, 10))
}

func relayKey(id int64) string { return "relay:" + strconv.FormatInt(id, 10) }

// PauseKey is the name of the relay's pause among those of Pauses.
func (r *Relay) PauseKey() string { return relayKey(r.ID) }

func domainKey(name string) string { return "domain:" + name }

// Pauses returns what waits or has waited since the last success, by name.
func Pauses(ctx context.Context, tx *store.Tx) (map[string]Pause, error) {
	rows, err := tx.Query(ctx, sqlPauses)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]Pause{}
	for rows.Next() {
		var p Pause
		var until, at int64
		if err := rows.Scan(&p.What, &until, &p.Level, &p.Answer, &at); err != nil {
			return nil, err
		}
		p.Until, p.At = clock.Time(until), clock.Time(at)
		all[p.What] = p
	}
	return all, rows.Err()
}

func keepPause(ctx context.Context, tx *store.Tx, p Pause) error {
	_, err := tx.Exec(ctx, sqlPause, p.What, clock.Micros(p.Until), p.Level, p.Answer, clock.Micros(tx.Now))
	return err
}

// resume ends a pause; none is no error.
func resume(ctx context.Context, tx *store.Tx, what string) error {
	_, err := tx.Exec(ctx, sqlResume, what)
	return err
}

// ResumeRelay lets a relay be tried again at once, as when somebody has mended it.
func ResumeRelay(ctx context.Context, tx *store.Tx, id int64) error {
	return resume(ctx, tx, relayKey(id))
}
