package btyd

import "context"

// Fall is how the purchases to expect of a customer have fallen since her last one.
type Fall struct {
	Then, Now float64 // purchases to expect, on the day of her last one and at the end of observation
	SE        float64 // standard error of the difference, as of a Prediction
}

// Falls tells of each pattern how many purchases were to be expected of the `days` after the last one, and are of those after the end of
// observation; otherwise as Predict. Patterns of the same purchases should stand together: what was to be expected after
// the last one is then worked out once.
func (f Fit) Falls(ctx context.Context, patterns []Pattern, days float64) ([]Fall, error) {
	errors, all := f.errors(), make([]Fall, len(patterns))
	parallel((len(patterns)+chunk-1)/chunk, func(piece int) {
		var last History
		var then outlook
		for i := piece * chunk; i < min((piece+1)*chunk, len(patterns)) && ctx.Err() == nil; i++ {
			h := patterns[i].admissible()
			if bought := (History{X: h.X, Tx: h.Tx, T: h.Tx}); i == piece*chunk || bought != last {
				last, then = bought, f.outlook(bought, days, false)
			}
			now := f.outlook(h, days, false)
			var slopes [4]float64
			for p := range slopes {
				slopes[p] = then.slopes[2][p] - now.slopes[2][p]
			}
			all[i] = Fall{then.expected, now.expected, errors.of(&slopes)}
		}
	})
	return all, ctx.Err()
}
