package program_test

import (
	"testing"

	"stamm/internal/action/program"
	"stamm/internal/platform/i18n"
)

func TestGroupsBearTheSameNameEverywhere(t *testing.T) {
	p := i18n.For("de", nil)
	for arm, want := range map[string]string{"a": "Variante A", "Brief": "Brief", program.Control: "Kontrollgruppe", program.Winner: "Übrige, mit dem, was gewinnt"} {
		if got := program.ArmName(p, arm); got != want {
			t.Errorf("%s is called %q, want %q", arm, got, want)
		}
	}
}
