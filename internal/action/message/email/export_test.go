package email

import (
	"context"

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
