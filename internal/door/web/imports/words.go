package imports

import (
	"slices"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
)

// asked tells whether the form of the second step asks for a choice itself; a trial run is out of date once it changes.
func asked(name string) bool {
	switch name {
	case "decimal", "dates", "encoding", "separator", "currency", "try":
		return true
	}
	return false
}

// inFileForm tells whether the form of the first step asks for a choice itself, or starts it anew.
func inFileForm(name string) bool {
	switch name {
	case "kind", "source", "file", "try":
		return true
	}
	return false
}

func kindOptions(r *page.Request, chosen sheet.Kind) []ui.Option {
	var all []ui.Option
	for _, k := range sheet.Kinds() {
		all = append(all, ui.Option{Value: string(k), Label: r.P.T("import.kind." + string(k)), Chosen: k == chosen})
	}
	return all
}

// sentence says what became of an import.
func sentence(r *page.Request, run *connect.Run) string {
	p := r.P
	switch run.State {
	case connect.Done:
		return p.T("imports.say.done", "rows", run.Rows, "new", run.New, "changed", run.Changed, "unchanged", run.Unchanged, "errors", run.Errors)
	case connect.Undone:
		return p.T("imports.say.undone", "kept", run.Kept)
	}
	return p.T("imports.say." + string(run.State))
}

// againLink leads back to the steps with everything that was chosen.
func againLink(run *connect.Run) string {
	return choices{kind: run.Kind, files: run.Files, options: run.Plan.Options}.href()
}

func fileStep(r *page.Request, s stage) ui.Step {
	step := ui.Step{Title: r.P.T("imports.step.file"), State: ui.StepNow}
	if len(s.files) > 0 {
		step.State, step.Back = ui.StepDone, path+"/new"
		step.Sum = r.P.T("import.kind."+string(s.kind)) + ": " + names(s.files)
	}
	return step
}

func readStep(r *page.Request, s stage) ui.Step {
	step := ui.Step{Title: r.P.T("imports.step.read"), State: ui.StepNext}
	switch {
	case s.counts != nil:
		step.State = ui.StepDone
	case len(s.files) > 0:
		step.State = ui.StepNow
	}
	return step
}

func tryStep(r *page.Request, s stage) ui.Step {
	step := ui.Step{Title: r.P.T("imports.step.try"), State: ui.StepNext}
	switch {
	case s.counts != nil:
		step.State = ui.StepDone
	case s.ready():
		step.State = ui.StepNow
	}
	return step
}

func goStep(r *page.Request, s stage) ui.Step {
	step := ui.Step{Title: r.P.T("imports.step.go"), State: ui.StepNext}
	if s.ready() && s.counts != nil {
		step.State = ui.StepNow
	}
	return step
}

// countTiles are what an import does or did.
func countTiles(r *page.Request, kind sheet.Kind, made, changed, unchanged, errors int64) []ui.Tile {
	p := r.P
	what, rows := p.T("import.kind."+string(kind)), p.T("imports.unit")
	return []ui.Tile{
		{Name: p.T("import.count.new"), Value: p.Number(made), Change: what}, {Name: p.T("import.count.changed"), Value: p.Number(changed), Change: what},
		{Name: p.T("import.count.unchanged"), Value: p.Number(unchanged), Change: what}, {Name: p.T("import.count.errors"), Value: p.Number(errors), Change: rows},
	}
}

// runTiles are the counts of a run, which open what they count.
func runTiles(r *page.Request, run *connect.Run) []ui.Tile {
	tiles := countTiles(r, run.Kind, run.New, run.Changed, run.Unchanged, run.Errors)
	if run.New > 0 && run.State != connect.Undone {
		tiles[0].Href = link(run.ID) + "/new"
	}
	if run.Changed > 0 && run.State != connect.Undone {
		tiles[1].Href = link(run.ID) + "/changed"
	}
	if run.Errors > 0 {
		tiles[3].Href = link(run.ID) + "/rows"
	}
	return tiles
}

// startLabel says what the button does, with numbers where the trial run has told them.
func startLabel(r *page.Request, s stage) string {
	if s.counts != nil {
		return r.P.T("imports.start_counted", "records", s.counts.New+s.counts.Changed)
	}
	return r.P.T("imports.start")
}

// startErrors are those that belong to the last step.
func startErrors(s stage) ui.Errors {
	var all ui.Errors
	for _, e := range s.wrong {
		if e.Field == "profile" || e.Field == "source" {
			all = append(all, e)
		}
	}
	return all
}

// found says what the first rows show about a format that is left to us.
func found(r *page.Request, s stage, what string) string {
	if s.plan == nil {
		return ""
	}
	key := ""
	switch what {
	case "decimal":
		if s.plan.Formats.Decimal != "" {
			key = "imports.decimal_" + string(s.plan.Formats.Decimal)
		}
	case "dates":
		if s.plan.Formats.Dates != "" {
			key = "imports.dates_" + string(s.plan.Formats.Dates)
		}
	}
	if key == "" {
		return ""
	}
	return r.P.T("imports.found", "what", r.P.T(key))
}

// readForm is the form that reads the file again as it was chosen.
const readForm = "read"

// readWords says what the preview shows and what can be done there.
func readWords(r *page.Request, s stage) string {
	p := r.P
	if unused := len(s.preview.Unused); unused > 0 {
		return p.T("imports.read_text") + " " + p.N("imports.unused", int64(unused))
	}
	return p.T("imports.read_text")
}

// titled gives a table of rows its heading.
func titled(r *page.Request, t ui.Table) ui.Table {
	t.Title = r.P.T("imports.rows")
	return t
}

// onPage is a fault whose remedy names the field of the page instead of the flag of the command line.
func onPage(p *i18n.Printer, err error) error {
	f := fault.As(err)
	if f == nil {
		return err
	}
	field := map[string]string{"decimal": p.T("imports.decimal"), "dates": p.T("imports.dates")}[f.Field]
	if field == "" {
		field = p.T("imports.above")
	}
	told := *f
	told.Args = slices.Clone(f.Args)
	for i := 0; i+1 < len(told.Args); i += 2 {
		if told.Args[i] == "flag" {
			told.Args[i+1] = field
		}
	}
	return &told
}
