package jobs

import (
	"bytes"
	"encoding/json"

	"stamm/internal/platform/fault"
)

// failure is how the error of a job is kept: as its fault, so that each reader gets it in the own language. The cause
// went to the log when it happened and is not kept: it may say more than everyone who sees the job may know.
type failure struct {
	Code  fault.Code `json:"code"`
	Key   string     `json:"key"`
	Field string     `json:"field,omitempty"`
	Args  []any      `json:"args,omitempty"`
}

func encodeError(err error) string {
	if err == nil {
		return ""
	}
	f := fault.As(err)
	kept := failure{Code: f.Code, Key: f.Key, Field: f.Field, Args: f.Args}
	text, err := json.Marshal(kept)
	if err != nil { // an argument JSON cannot say
		kept.Args = nil
		text, _ = json.Marshal(kept)
	}
	return string(text)
}

func decodeError(text string) (error, error) {
	if text == "" {
		return nil, nil
	}
	var kept failure
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if err := d.Decode(&kept); err != nil {
		return nil, err
	}
	for i, arg := range kept.Args {
		n, ok := arg.(json.Number)
		if !ok {
			continue
		}
		if whole, err := n.Int64(); err == nil {
			kept.Args[i] = whole
		}
	}
	f := fault.New(kept.Code, kept.Key, kept.Args...)
	f.Field = kept.Field
	return f, nil
}
