package email

import (
	"context"
	"time"

	"stamm/internal/platform/store"
)

// WireAddress is an address as SMTP has it, empty if it is none.
func WireAddress(text string) string {
	a, ok := parseAddress(text)
	if !ok {
		return ""
	}
	return string(a.append(nil))
}

// TakeAllowance takes the next portion of a day.
var TakeAllowance = takeAllowance

// ReturnLocal is the local part of the address that bounces of a message go to.
func ReturnLocal(ctx context.Context, db *store.DB, id int64) (string, error) {
	key, err := tokenKey(ctx, db)
	if err != nil {
		return "", err
	}
	return newTokens(key).returnLocal(id), nil
}

// ReadEvents reads a call of the webhook and tells how many events it has.
func ReadEvents(body []byte) (int, error) {
	all, err := readEvents(body)
	return len(all), err
}

// Window is a limit in one stretch of time.
type Window struct{ w *window }

// NewWindow lets through n within any stretch of that length.
func NewWindow(n int, length time.Duration) Window { return Window{newWindow(n, length)} }

// Free is when the next one may go.
func (w Window) Free(now time.Duration) time.Duration { return w.w.free(now, 0) }

// Take notes that one goes.
func (w Window) Take(at time.Duration) { w.w.take(at) }

// KeepPause stores a pause.
var KeepPause = keepPause

// RelaxBody is a body in the relaxed form, and whether it is said to be so as it is.
func RelaxBody(body []byte) (relaxed []byte, is bool) { return relaxBody(nil, body), isRelaxed(body) }

// IsValid tells whether a text is UTF-8.
var IsValid = isValid
