// Package fault gives every error that may reach a person or another program one of six codes, a field and a message key.
//
// The door that an error leaves by decides how it looks (a form with a summary, problem+json, a line on stderr); the code
// that found the mistake only says what kind of mistake it is and which text of the catalogues explains it. Everything else,
// such as the text of a failed SQL statement, is the cause behind the fault: it is logged and never shown.
package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Code is the kind of an error. There are six, and every door knows how to show each of them.
type Code string

// The six codes.
const (
	Invalid     Code = "invalid"     // the input is wrong; the same call will fail again
	NotFound    Code = "notfound"    // what was named does not exist, or not for this user
	Conflict    Code = "conflict"    // the input is fine, but not in the present state
	Forbidden   Code = "forbidden"   // this user may not do that
	Unavailable Code = "unavailable" // not now; the same call may succeed later
	Internal    Code = "internal"    // a mistake of ours
)

// The message keys of errors that say nothing about themselves.
const (
	keyInternal    = "errors.internal"
	keyUnavailable = "errors.unavailable"
)

// Error is an error with a code and a text that people may read.
type Error struct {
	Code  Code
	Field string // the input it is about, as the caller named it; empty if it is about the whole
	Key   string // key of the message in the catalogues
	Args  []any  // name, value, name, value, … for the placeholders of the message
	Err   error  // the cause, for the log only; may be nil
}

// New returns a fault whose message stands in the catalogues under key. args are name, value pairs for its placeholders.
func New(code Code, key string, args ...any) *Error {
	return &Error{Code: code, Key: key, Args: args}
}

// On returns a copy of e that is about the named field.
func (e *Error) On(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// Because returns a copy of e with err as its cause.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// Error is the text for the log: code, key, field, arguments and cause. People are shown the message of Key instead.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Code))
	b.WriteString(": ")
	b.WriteString(e.Key)
	if e.Field != "" {
		fmt.Fprintf(&b, " on %s", e.Field)
	}
	for i := 0; i+1 < len(e.Args); i += 2 {
		fmt.Fprintf(&b, " %v=%q", e.Args[i], fmt.Sprint(e.Args[i+1]))
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is a fault of the same code and key, so that errors.Is finds a fault whatever its field,
// arguments and cause are.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Key == e.Key
}

// CodeOf returns the code of the first fault in err. Errors of an ended context are Unavailable, all others Internal;
// the code of nil is empty.
func CodeOf(err error) Code {
	if f := As(err); f != nil {
		return f.Code
	}
	return ""
}

// As returns the first fault in err. It is nil for nil only: an error without a fault becomes one with the general message
// (Unavailable if a context ended, else Internal) and err as its cause.
func As(err error) *Error {
	if err == nil {
		return nil
	}
	var f *Error
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return New(Unavailable, keyUnavailable).Because(err)
	default:
		return New(Internal, keyInternal).Because(err)
	}
}

// All returns every fault of errors put together with errors.Join, in order, so that a form can name all its mistakes at
// once. An error that is no join gives the one fault of As; nil gives none.
func All(err error) []*Error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Error
		for _, e := range joined.Unwrap() {
			all = append(all, All(e)...)
		}
		return all
	}
	return []*Error{As(err)}
}
