package imports

import (
	"strings"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
)

// asked tells whether the form of the second step asks for a choice itself; a trial run is out of date once it changes.
func asked(name string) bool {
	switch name {
	case "decimal", "dates", "encoding", "separator", "currency", "try":
		return true
	}
	return strings.HasPrefix(name, mapPrefix)
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
	if len(s.files) > 0 {
		step.State = ui.StepNow
	}
	return step
}

func tryStep(r *page.Request, s stage) ui.Step {
	step := ui.Step{Title: r.P.T("imports.step.try"), State: ui.StepNext}
	switch {
	case s.counts != nil:
		step.State = ui.StepDone
	case s.plan != nil:
		step.State = ui.StepNow
	}
	return step
}

func goStep(r *page.Request, s stage) ui.Step {
	step := ui.Step{Title: r.P.T("imports.step.go"), State: ui.StepNext}
	if s.plan != nil && s.job == nil {
		step.State = ui.StepNow
	}
	return step
}

func countPairs(r *page.Request, c connect.Counts) []ui.Pair {
	p := r.P
	return []ui.Pair{
		{Term: p.T("import.count.rows"), Text: p.Number(c.Rows)}, {Term: p.T("import.count.new"), Text: p.Number(c.New)},
		{Term: p.T("import.count.changed"), Text: p.Number(c.Changed)}, {Term: p.T("import.count.unchanged"), Text: p.Number(c.Unchanged)},
		{Term: p.T("import.count.errors"), Text: p.Number(c.Errors)}, {Term: p.T("import.count.notices"), Text: p.Number(c.Notices)},
	}
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
