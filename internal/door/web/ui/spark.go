package ui

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/a-h/templ"
)

// The field a sparkline is drawn in, in its own units; the page scales it.
const (
	sparkWidth  = 120.0
	sparkHeight = 32.0
	sparkMargin = 3.0
)

// Sparkline is a small line without axes, drawn from the oldest to the newest
// value, with a dot on the newest. NaN is a gap. It is ornament beside the
// figure and hidden from screen readers. Fewer than two values draw nothing.
func Sparkline(values []float64) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, spark(values))
		return err
	})
}

func spark(values []float64) string {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, high = math.Min(low, v), math.Max(high, v)
		}
	}
	if len(values) < 2 || low > high {
		return ""
	}
	var line strings.Builder
	var lastX, lastY float64
	pen := "M"
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			pen = "M"
			continue
		}
		lastX = sparkMargin + float64(i)/float64(len(values)-1)*(sparkWidth-2*sparkMargin)
		lastY = sparkHeight / 2
		if high > low {
			lastY = sparkHeight - sparkMargin - (v-low)/(high-low)*(sparkHeight-2*sparkMargin)
		}
		fmt.Fprintf(&line, "%s%.1f %.1f", pen, lastX, lastY)
		pen = "L"
	}
	return fmt.Sprintf(`<svg class="s-spark" viewBox="0 0 %g %g" width="%g" height="%g" aria-hidden="true">`+
		`<path d="%s" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linejoin="round" stroke-linecap="round"/>`+
		`<circle cx="%.1f" cy="%.1f" r="2.5" fill="currentColor"/></svg>`,
		sparkWidth, sparkHeight, sparkWidth, sparkHeight, line.String(), lastX, lastY)
}
