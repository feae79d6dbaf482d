package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"stamm/internal/insight/trial"
	"stamm/internal/platform/i18n"
)

// scored is a row of a file with scores; the group is a place in gathered.names.
type scored struct {
	arm int
	trial.Scored
}

// uplift is how well the scores rank, all groups but the control group taken together.
func (g *gathered) uplift(control string) trial.Uplift {
	left := slices.Index(g.names, strings.TrimSpace(control))
	all := make([]trial.Scored, len(g.score))
	for i, s := range g.score {
		s.Treated = s.arm != left
		all[i] = s.Scored
	}
	return trial.MeasureUplift(all)
}

func writeUplift(w io.Writer, p *i18n.Printer, u trial.Uplift) {
	fmt.Fprintln(w)
	if !u.Known {
		fmt.Fprintln(w, p.T("prove.uplift.unknown"))
		return
	}
	fmt.Fprintln(w, p.T("prove.uplift.qini", "qini", p.Decimal(u.Qini, 4)))
	for _, at := range u.At {
		fmt.Fprintln(w, strings.TrimRight(p.T("prove.uplift.at", "share", p.Percent(at.Share, 0), "n", int64(at.N), "uplift", p.Percent(at.Uplift, 2),
			"lo", p.Percent(at.Lo, 2), "hi", p.Percent(at.Hi, 2)), " "))
	}
}
