package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/platform/fault"
)

func TestCodeIsThatOfTheFirstFault(t *testing.T) {
	inner := fault.New(fault.Conflict, "task.done")
	tests := []struct {
		name string
		err  error
		want fault.Code
	}{
		{"no error has no code", nil, ""},
		{"a fault has its own", fault.New(fault.NotFound, "customer.unknown"), fault.NotFound},
		{"wrapping keeps it", fmt.Errorf("while saving: %w", inner), fault.Conflict},
		{"the outer fault counts", fault.New(fault.Invalid, "x.y").Because(inner), fault.Invalid},
		{"a cancelled context is unavailable", fmt.Errorf("read: %w", context.Canceled), fault.Unavailable},
		{"an expired context is unavailable", context.DeadlineExceeded, fault.Unavailable},
		{"a fault caused by a context keeps its code", fault.New(fault.Forbidden, "x.y").Because(context.Canceled), fault.Forbidden},
		{"anything else is our mistake", errors.New("disk on fire"), fault.Internal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fault.CodeOf(tt.err); got != tt.want {
				t.Errorf("CodeOf = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestUnknownErrorBecomesInternalAndKeepsItsCause(t *testing.T) {
	cause := errors.New("no such table: customer")
	f := fault.As(cause)
	if f.Code != fault.Internal || f.Key != "errors.internal" || !errors.Is(f, cause) {
		t.Errorf("As(cause) = %#v", f)
	}
	if fault.As(nil) != nil {
		t.Error("As(nil) is not nil")
	}
}

func TestOnAndBecauseLeaveTheOriginalAlone(t *testing.T) {
	base := fault.New(fault.Invalid, "money.bad", "text", "abc")
	got := base.On("price").Because(errors.New("cause"))
	if base.Field != "" || base.Err != nil {
		t.Errorf("the original changed: %v", base)
	}
	if got.Field != "price" || got.Err == nil || got.Key != base.Key {
		t.Errorf("the copy is wrong: %v", got)
	}
	if !errors.Is(got, base) {
		t.Error("the copy is no longer the same fault")
	}
	if errors.Is(got, fault.New(fault.Invalid, "money.other")) {
		t.Error("another key counts as the same fault")
	}
}

func TestErrorTextTellsTheLogEverything(t *testing.T) {
	err := fault.New(fault.Invalid, "money.bad", "text", "1 2", "n", 3).On("price").Because(errors.New("cause"))
	want := `invalid: money.bad on price text="1 2" n="3": cause`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestAllNamesEveryMistakeOfAForm(t *testing.T) {
	a := fault.New(fault.Invalid, "form.name").On("name")
	b := fault.New(fault.Invalid, "form.mail").On("mail")
	err := errors.Join(a, errors.Join(nil, fmt.Errorf("at mail: %w", b)), errors.New("odd"))
	var keys []string
	for _, f := range fault.All(err) {
		keys = append(keys, f.Key)
	}
	if diff := cmp.Diff([]string{"form.name", "form.mail", "errors.internal"}, keys); diff != "" {
		t.Error(diff)
	}
	if fault.All(nil) != nil {
		t.Error("All(nil) is not empty")
	}
}
