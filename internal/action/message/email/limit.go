package email

import (
	"context"
	"slices"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Limit is what the receivers of one or several domains take from us, over all relays. 0 does not limit.
type Limit struct {
	Name        string
	Domains     []string
	Connections int // mails under way at once
	PerMinute   int
	PerHour     int
}

// Defaults are the limits of the large mailbox providers until somebody changes them: what a sender of good standing gets
// through without being put off. None of them publishes figures; these stay below what their postmaster pages and common
// practice call safe.
func defaultLimits() []Limit {
	return []Limit{
		{Name: "gmail", Domains: []string{"gmail.com", "googlemail.com"}, Connections: 20, PerMinute: 3_000},
		{Name: "gmx", Domains: []string{"gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com"}, Connections: 10, PerMinute: 1_200},
		{Name: "outlook", Domains: []string{"outlook.com", "outlook.de", "hotmail.com", "hotmail.de", "live.com", "live.de", "msn.com"}, Connections: 10, PerMinute: 1_200},
		{Name: "t-online", Domains: []string{"t-online.de", "magenta.de"}, Connections: 5, PerMinute: 600},
		{Name: "web.de", Domains: []string{"web.de", "email.de"}, Connections: 10, PerMinute: 1_200},
	}
}

// Limits are the limits by name: the defaults, changed where somebody changed them, and added ones.
func Limits(ctx context.Context, tx *store.Tx) ([]Limit, error) {
	rows, err := tx.Query(ctx, sqlLimits)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := defaultLimits()
	for rows.Next() {
		var l Limit
		var domains string
		if err := rows.Scan(&l.Name, &domains, &l.Connections, &l.PerMinute, &l.PerHour); err != nil {
			return nil, err
		}
		l.Domains = strings.Fields(domains)
		if i := slices.IndexFunc(all, func(o Limit) bool { return o.Name == l.Name }); i >= 0 {
			all[i] = l
		} else {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b Limit) int { return strings.Compare(a.Name, b.Name) })
	return all, rows.Err()
}

// SaveLimit adds a limit or changes the one of its name. Every mistake is an invalid fault on its field.
func SaveLimit(ctx context.Context, tx *store.Tx, l Limit) error {
	l.Name = strings.ToLower(strings.TrimSpace(l.Name))
	if l.Name == "" || len(l.Name) > 60 || strings.ContainsAny(l.Name, " /?#%:") || strings.ContainsFunc(l.Name, isControl) {
		return fault.New(fault.Invalid, "email.limit_name").On("name")
	}
	domains := make([]string, 0, len(l.Domains))
	for _, d := range l.Domains {
		ascii, ok := asciiDomain(strings.ToLower(strings.TrimSpace(d)))
		if !ok || len(domains) == 200 {
			return fault.New(fault.Invalid, "email.bad_domain", "text", d).On("domains")
		}
		domains = append(domains, ascii)
	}
	if len(domains) == 0 {
		return fault.New(fault.Invalid, "errors.required").On("domains")
	}
	for field, n := range map[string]int{"connections": l.Connections, "per_minute": l.PerMinute, "per_hour": l.PerHour} {
		if err := checkNumber(field, n, 0, 100_000); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, sqlSaveLimit, l.Name, strings.Join(domains, " "), l.Connections, l.PerMinute, l.PerHour, clock.Micros(tx.Now)); err != nil {
		return err
	}
	_, err := feed.Append(ctx, tx, feed.New{Kind: "mail.limit_changed", Body: map[string]any{"limit": l.Name}})
	return err
}

// window lets through so many within any stretch of so much time. It keeps when the last ones went.
type window struct {
	length time.Duration
	times  []time.Duration // a ring; since the outlet was opened
	next   int             // of the oldest
	full   bool
}

func newWindow(n int, length time.Duration) *window {
	if n == 0 {
		return nil
	}
	return &window{length: length, times: make([]time.Duration, n)}
}

// free is when another one may go besides those that are promised; nil lets everything through.
func (w *window) free(now time.Duration, promised int) time.Duration {
	if w == nil {
		return now
	}
	oldest, known := w.next, len(w.times)
	if !w.full {
		promised -= len(w.times) - w.next // places that nobody has taken yet
		oldest, known = 0, w.next
	}
	switch {
	case promised < 0:
		return now
	case promised >= known:
		return now + w.length
	}
	return max(now, w.times[(oldest+promised)%len(w.times)]+w.length)
}

// take notes that one goes at that time.
func (w *window) take(at time.Duration) {
	if w == nil {
		return
	}
	w.times[w.next] = at
	if w.next++; w.next == len(w.times) {
		w.next, w.full = 0, true
	}
}

// resized is a window for another number that remembers what the old one let through.
func (w *window) resized(n int, length time.Duration) *window {
	if w == nil || n == 0 || n == len(w.times) {
		if n == 0 || w == nil {
			return newWindow(n, length)
		}
		return w
	}
	fresh := newWindow(n, length)
	old := w.times[:w.next]
	if w.full {
		old = append(slices.Clone(w.times[w.next:]), w.times[:w.next]...)
	}
	for _, at := range old[max(0, len(old)-n):] {
		fresh.take(at)
	}
	return fresh
}
