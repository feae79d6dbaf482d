package today

import (
	"fmt"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
)

func action(t row, what string) string { return fmt.Sprintf("/tasks/%d/%s", t.ID, what) }

// here tells the form which page it stands on.
func here(r *page.Request) []ui.Hidden { return []ui.Hidden{{Name: "back", Value: r.URL.Path}} }

func tone(t ui.Tone) string {
	if t == ui.Neutral {
		return "plain"
	}
	return string(t)
}
