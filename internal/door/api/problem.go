package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"stamm/internal/platform/fault"
)

// The messages that have a status of their own.
const (
	keyNoKey     = "api.no_key"
	keyBadKey    = "auth.bad_key"
	keyWait      = "api.wait"
	keyMethod    = "api.method"
	keyJSON      = "api.json"
	keyUTF8      = "api.utf8"
	keyEmpty     = "api.empty"
	keyBroken    = "api.broken"
	keySlow      = "api.slow"
	keyTooLarge  = "api.too_large"
	keyMediaType = "api.media_type"
	keyForm      = "api.form"
)

// Problem is an error as RFC 9457 describes it.
type Problem struct {
	Type    string         `json:"type"`
	Title   string         `json:"title"`
	Status  int            `json:"status"`
	Code    string         `json:"code" enum:"invalid,notfound,conflict,forbidden,unavailable,internal"`
	Detail  string         `json:"detail"`
	Request string         `json:"request_id"`
	Errors  []ProblemField `json:"errors,omitempty"`

	header http.Header
}

// ProblemField is one mistake and its place.
type ProblemField struct {
	Location string `json:"location"`
	Reason   string `json:"reason"`
	Message  string `json:"message"`
}

// maxProblems is how many mistakes one answer names.
const maxProblems = 100

// problem tells the caller what went wrong; what is our own mistake is logged, and only its number told.
func (s *server) problem(c *call, err error) *Problem {
	ctx, cancel := context.WithTimeout(context.Background(), moment) // the caller's may have ended
	defer cancel()
	printer := c.printer(ctx)
	faults := fault.All(err)
	first := faults[0]
	if first.Code == fault.Internal {
		s.log.Error("a call of the API failed", "request", c.id, "operation", c.route.id, "error", err)
		faults = faults[:1]
	}
	p := &Problem{Type: "about:blank", Status: statusOf(first), Code: string(first.Code), Title: printer.T("api.title." + string(first.Code)),
		Detail: printer.Err(first), Request: c.id, header: http.Header{}}
	if len(faults) > 1 {
		p.Detail = printer.N("api.mistakes", int64(len(faults)))
	}
	for i, f := range faults {
		if f.Field != "" && i < maxProblems {
			p.Errors = append(p.Errors, ProblemField{f.Field, f.Key, printer.Err(f)})
		}
	}
	switch {
	case first.Key == keyWait:
		p.header.Set("Retry-After", strconv.FormatInt(first.Args[1].(int64), 10))
	case p.Status == http.StatusServiceUnavailable:
		p.header.Set("Retry-After", "1")
	case p.Status == http.StatusUnauthorized:
		p.header.Set("WWW-Authenticate", `Bearer realm="Stamm"`)
	}
	return p
}

func statusOf(f *fault.Error) int {
	switch f.Key {
	case keyNoKey, keyBadKey:
		return http.StatusUnauthorized
	case keyWait:
		return http.StatusTooManyRequests
	case keyMethod:
		return http.StatusMethodNotAllowed
	case keyJSON, keyUTF8, keyEmpty, keyBroken:
		return http.StatusBadRequest
	case keySlow:
		return http.StatusRequestTimeout
	case keyTooLarge:
		return http.StatusRequestEntityTooLarge
	case keyMediaType, keyForm:
		return http.StatusUnsupportedMediaType
	}
	switch f.Code {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// fail answers with a problem outside of huma.
func (s *server) fail(w http.ResponseWriter, r *http.Request, c *call, err error) {
	p := s.problem(c, err)
	h := w.Header()
	for name, values := range p.header {
		h[name] = values
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	if r.Method == http.MethodHead {
		return
	}
	if err := json.NewEncoder(w).Encode(p); err != nil {
		s.log.Debug("the caller did not wait for its problem", "request", c.id, "error", err)
	}
}

// refuse is the error by which huma answers with a problem: it brings status and headers, translate the rest.
func (c *call) refuse(p *Problem) error {
	c.problem = p
	return huma.ErrorWithHeaders(&huma.ErrorModel{Status: p.Status}, p.header)
}

// translate puts the problem of a call in the place of huma's own error, and turns what huma itself finds wrong, which
// is a parameter of the address, into one.
func (s *server) translate(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	c := ctx.Context().Value(callKey{}).(*call)
	if c.problem != nil {
		return c.problem, nil
	}
	var all joined
	for _, d := range m.Errors {
		key := "api.parameter"
		if strings.HasPrefix(d.Message, "required ") { // as huma says of a parameter that is not there
			key = "errors.required"
		}
		all = append(all, fault.New(fault.Invalid, key).On(strings.TrimPrefix(strings.TrimPrefix(d.Location, "query."), "path.")))
	}
	if len(all) == 0 || m.Status >= http.StatusInternalServerError {
		return s.problem(c, m), nil
	}
	return s.problem(c, all), nil
}

// joined is several faults at once.
type joined []error

func (j joined) Error() string {
	texts := make([]string, len(j))
	for i, err := range j {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the faults.
func (j joined) Unwrap() []error { return j }

// add puts the faults of err in, each at its place below prefix.
func (j *joined) add(prefix string, err error) {
	for _, f := range fault.All(err) {
		*j = append(*j, f.On(place(prefix, f.Field)))
	}
}

// err is nil when there are no faults.
func (j joined) err() error {
	if len(j) == 0 {
		return nil
	}
	return j
}

func place(prefix, field string) string {
	switch {
	case prefix == "":
		return field
	case field == "":
		return prefix
	}
	return prefix + "." + field
}
