package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/insight/trial"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
)

type proveCommand struct {
	CSV     string   `name:"csv" help:"A row a customer: CSV, packed or not, or a workbook." required:"" placeholder:"FILE"`
	Arm     string   `help:"Column that says in which group the customer is." required:"" placeholder:"COLUMN"`
	Control string   `help:"Name of the group that was left alone." required:"" placeholder:"NAME"`
	Outcome string   `help:"Column with what the customer brought." required:"" placeholder:"COLUMN"`
	Before  string   `help:"Column with what she had brought before, for the figures that take it into account (CUPED)." placeholder:"COLUMN"`
	Score   string   `help:"Column with a score of how much treating the customer is expected to change. Then it is told how well the scores rank (Qini, as scikit-uplift defines it); who brought more than 0 counts as a buyer." placeholder:"COLUMN"`
	Shares  []string `help:"Share of a group as it was planned, as in 'Letter=0.45', for each group or all but one. Without them nothing tells whether the groups came out as drawn." placeholder:"ARM=P" sep:"none"`
	Decimal string   `help:"What separates decimals, comma or point, where the file leaves it open." enum:",comma,point" default:""`
	More    []string `arg:"" optional:"" name:"more" help:"More shares." placeholder:"ARM=P"`
}

// mostArms is how many groups a file may have; more are a sign that the column is another one.
const mostArms = 100

// RunLocal compares the groups of a file. It needs no data folder.
func (cmd *proveCommand) RunLocal(ctx context.Context, c *Call) error {
	shares, err := parseShares(append(cmd.Shares, cmd.More...))
	if err != nil {
		return err
	}
	picks := []sheet.Pick{{Column: cmd.Arm, Field: "arm"}, {Column: cmd.Outcome, Field: "outcome", Number: true}}
	if cmd.Before != "" {
		picks = append(picks, sheet.Pick{Column: cmd.Before, Field: "before", Number: true})
	}
	if cmd.Score != "" {
		picks = append(picks, sheet.Pick{Column: cmd.Score, Field: "score", Number: true})
	}
	files := &sheet.Files{Inputs: []sheet.Input{sheet.Path(c.Path(cmd.CSV))}}
	table, err := files.Extract(ctx, picks, sheet.Options{Decimal: sheet.Decimal(cmd.Decimal)})
	if err != nil {
		return onCSV(err)
	}
	arms, err := cmd.gather(ctx, table)
	if err != nil {
		return onCSV(err)
	}
	reading, err := arms.read(cmd, shares)
	if err != nil {
		return err
	}
	shown := provedJSON(reading, arms.limit)
	if cmd.Score != "" {
		u := arms.uplift(cmd.Control)
		shown.Uplift = &u
	}
	return c.Print(shown, func(w io.Writer) {
		writeProof(w, c.Text, reading)
		if shown.Uplift != nil {
			writeUplift(w, c.Text, *shown.Uplift)
		}
	})
}

// onCSV says that what is wrong with the file is about --csv.
func onCSV(err error) error {
	if f := fault.As(err); f.Field == "file" {
		return f.On("csv")
	}
	return err
}

// gathered are the groups of a file.
type gathered struct {
	names []string
	all   *trial.Gatherer
	limit *float64 // of what counts in full in the winsorised figures
	score []scored // where the file has scores
}

func (cmd *proveCommand) gather(ctx context.Context, table *sheet.Extract) (*gathered, error) {
	g := &gathered{all: trial.NewGatherer(table.Rows)}
	place := map[string]int{}
	err := table.Each(ctx, func(line int64, cells []sheet.Cell) error {
		arm, known := place[cells[0].Text]
		if !known {
			if arm = len(g.names); arm == mostArms {
				return fault.New(fault.Invalid, "prove.arms", "column", cmd.Arm, "line", line, "max", mostArms).On("arm")
			}
			place[cells[0].Text] = arm
			g.names = append(g.names, cells[0].Text)
		}
		before := 0.
		if cmd.Before != "" {
			before = cells[2].Number
		}
		if cmd.Score != "" {
			g.score = append(g.score, scored{arm, trial.Scored{Score: cells[len(cells)-1].Number, Bought: cells[1].Number > 0}})
		}
		g.all.Add(arm, cells[1].Number, before)
		return nil
	})
	return g, err
}

// read puts the control group first and compares the others with it.
func (g *gathered) read(cmd *proveCommand, shares map[string]float64) (*trial.Reading, error) {
	if len(g.names) == 0 {
		return nil, fault.New(fault.Invalid, "prove.nobody", "file", filepath.Base(cmd.CSV)).On("csv")
	}
	at := slices.Index(g.names, strings.TrimSpace(cmd.Control))
	if at < 0 {
		return nil, fault.New(fault.NotFound, "prove.control", "control", cmd.Control, "arms", strings.Join(g.names, ", ")).On("control")
	}
	if len(g.names) < 2 {
		return nil, fault.New(fault.Invalid, "prove.alone", "control", cmd.Control).On("arm")
	}
	planned, err := sharesOf(g.names, shares)
	if err != nil {
		return nil, err
	}
	capped, limit, ok := g.all.Winsorised()
	groups := make([]trial.Group, len(g.names))
	for i, j := range g.all.Arms() {
		groups[i] = trial.Group{Name: g.names[i], Outcome: j.Outcome}
		if ok {
			groups[i].Capped = &capped[i]
		}
		if cmd.Before != "" {
			groups[i].Pairs = &j
		}
	}
	if ok {
		g.limit = &limit
	}
	groups[0], groups[at] = groups[at], groups[0]
	if planned != nil {
		planned[0], planned[at] = planned[at], planned[0]
	}
	return trial.Read(groups[0], groups[1:], planned), nil
}

// sharesTolerance is by how much shares may miss 1, so that thirds can be written with three digits.
const sharesTolerance = .005

// parseShares reads ARM=P. One argument may hold several, separated by commas or semicolons.
func parseShares(texts []string) (map[string]float64, error) {
	shares := map[string]float64{}
	for _, text := range texts {
		for _, part := range shareParts(text) {
			at := strings.LastIndexByte(part, '=')
			if at < 0 {
				return nil, fault.New(fault.Invalid, "prove.share", "text", part).On("shares")
			}
			name := strings.TrimSpace(part[:at])
			p, err := parseShare(part[at+1:])
			if _, twice := shares[name]; err != nil || !(p > 0 && p < 1) || twice || name == "" {
				return nil, fault.New(fault.Invalid, "prove.share", "text", part).On("shares")
			}
			shares[name] = p
		}
	}
	return shares, nil
}

// parseShare reads a share as 0.45, 0,45 or 45 %.
func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	p, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(number), ",", ".", 1), 64)
	if percent {
		p /= 100
	}
	return p, err
}

// shareParts cuts an argument, unless a separator belongs to a name or a number.
func shareParts(text string) []string {
	for _, separator := range []string{";", ","} {
		if parts := strings.Split(text, separator); len(parts) > 1 && !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(p, "=") }) {
			return parts
		}
	}
	return []string{text}
}

// sharesOf are the shares in the order of the groups; nil where none were told. One group may be left out and gets the rest.
func sharesOf(names []string, told map[string]float64) ([]float64, error) {
	if len(told) == 0 {
		return nil, nil
	}
	wrong := func(key string, args ...any) error {
		return fault.New(fault.Invalid, key, append(args, "arms", strings.Join(names, ", "))...).On("shares")
	}
	for _, name := range slices.Sorted(maps.Keys(told)) {
		if !slices.Contains(names, name) {
			return nil, wrong("prove.share_unknown", "arm", name)
		}
	}
	planned, sum, left := make([]float64, len(names)), 0., -1
	for i, name := range names {
		p, ok := told[name]
		switch {
		case ok:
			planned[i], sum = p, sum+p
		case left >= 0:
			return nil, wrong("prove.share_missing", "arm", name)
		default:
			left = i
		}
	}
	switch {
	case left >= 0 && sum < 1:
		planned[left] = 1 - sum
	case left >= 0 || math.Abs(sum-1) > sharesTolerance:
		return nil, wrong("prove.share_sum", "sum", strconv.FormatFloat(sum, 'g', 4, 64))
	}
	return planned, nil
}

// writeProof shows the groups as a table, with a sentence for each.
func writeProof(w io.Writer, p *i18n.Printer, r *trial.Reading) {
	digits := digitsFor(r)
	number := func(f float64) string { return p.Decimal(f, digits) }
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, key := range []string{"arm", "customers", "mean", "effect", "interval", "p", "lift", "winsorised", "cuped"} {
		fmt.Fprint(t, p.T("prove.column."+key), "\t")
	}
	fmt.Fprintf(t, "\n%s\t%s\t%s\t\t\t\t\t\t\t\n", r.Control.Name, p.Number(r.Control.Outcome.N), number(r.Control.Outcome.Mean))
	between := func(known bool, lo, hi float64) string {
		if !known {
			return "–"
		}
		return p.T("prove.between", "lo", number(lo), "hi", number(hi))
	}
	for _, a := range r.Arms {
		chance, lift := "–", "–"
		if a.Known {
			chance = p.Decimal(a.P, 4)
		}
		if a.Lift.Known {
			lift = p.Percent(a.Lift.Share, 1)
		}
		beside := func(b *trial.Adjusted) string {
			if b == nil {
				return "–"
			}
			return number(b.Effect) + " " + between(b.Known, b.Lo, b.Hi)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", a.Name, p.Number(a.Outcome.N), number(a.Outcome.Mean), number(a.Effect), between(a.Known, a.Lo, a.Hi),
			chance, lift, beside(a.Winsorised), beside(a.CUPED))
	}
	t.Flush()
	fmt.Fprintln(w)
	for _, sentence := range proofSentences(p, r, number) {
		fmt.Fprintln(w, sentence)
	}
}

// proofSentences say what the table means.
func proofSentences(p *i18n.Printer, r *trial.Reading, number func(float64) string) []string {
	if r.Blocked() {
		return []string{p.T("prove.blocked", "p", strconv.FormatFloat(*r.SampleRatio, 'g', 2, 64))}
	}
	var all []string
	for _, a := range r.Arms {
		key := "prove.unsure"
		switch {
		case !a.Known:
			key = "prove.unknown"
		case a.Lo > 0:
			key = "prove.more"
		case a.Hi < 0:
			key = "prove.less"
		}
		text := p.T(key, "arm", a.Name, "control", r.Control.Name, "effect", number(math.Abs(a.Effect)), "lo", number(a.Lo), "hi", number(a.Hi))
		if times, ok := a.More(); ok {
			text += " " + p.T("prove.decide", "customers", p.Number(int64(math.Ceil((times-1)*float64(a.Outcome.N+r.Control.Outcome.N)))))
		}
		all = append(all, text)
	}
	if r.MDE != nil {
		all = append(all, p.T("prove.mde", "effect", number(*r.MDE)))
	}
	if r.SampleRatio == nil {
		all = append(all, p.T("prove.no_shares"))
	}
	return all
}

// digitsFor is how many decimals tell the effects apart.
func digitsFor(r *trial.Reading) int {
	least := math.Inf(1)
	for _, a := range r.Arms {
		if a.Known && a.SE > 0 {
			least = min(least, a.SE)
		}
	}
	if math.IsInf(least, 1) {
		return 2
	}
	return max(0, min(8, 1-int(math.Floor(math.Log10(least)))))
}
