// Package imports is the part of the web page where files come in: four steps from the file to its rows, the page of an
// import while it runs and after, and the list of all.
//
// What was decided in a step stands in the address, so that going back, reloading and passing the link on work; only
// the file itself, the trial run and the start are sent with POST.
package imports

import (
	"fmt"
	"net/http"
	"strconv"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

const (
	path     = "/imports"
	listPage = 50
	rowsPage = 50
)

type area struct{ importer *connect.Importer }

// Area is the part of the web page about imports.
func Area(importer *connect.Importer) page.Area {
	a := area{importer}
	run := func(j jobs.Job) string {
		if id := connect.RunOf(j); id != 0 {
			return link(id)
		}
		return page.JobLink(j.ID)
	}
	return page.Area{
		Menu: []page.Entry{{Text: "imports.title", Href: path, Icon: "upload", Permission: auth.ReadImports, Pages: []page.Entry{
			{Text: "imports.title", Href: path, Permission: auth.ReadImports},
			{Text: "imports.profiles.title", Href: profilesPath, Permission: auth.WriteJobs},
		}}},
		Routes: append(profileRoutes(), []page.Route{
			{Method: http.MethodGet, Pattern: path, Permission: auth.ReadImports, Handle: list, CSV: true},
			{Method: http.MethodGet, Pattern: path + "/new", Permission: auth.WriteImports, Handle: a.steps},
			{Method: http.MethodPost, Pattern: path + "/new", Permission: auth.WriteImports, Handle: a.upload, Upload: true},
			{Method: http.MethodPost, Pattern: path + "/try", Permission: auth.WriteImports, Handle: a.try},
			{Method: http.MethodPost, Pattern: path + "/start", Permission: auth.WriteImports, Handle: a.start},
			{Method: http.MethodGet, Pattern: path + "/{id}", Permission: auth.ReadImports, Handle: show},
			{Method: http.MethodGet, Pattern: path + "/{id}/rows", Permission: auth.ReadImports, Handle: rows, CSV: true},
			{Method: http.MethodGet, Pattern: path + "/{id}/new", Permission: auth.ReadImports, Handle: did(true), CSV: true},
			{Method: http.MethodGet, Pattern: path + "/{id}/changed", Permission: auth.ReadImports, Handle: did(false), CSV: true},
			{Method: http.MethodGet, Pattern: path + "/{id}/kept", Permission: auth.ReadImports, Handle: kept, CSV: true},
			{Method: http.MethodPost, Pattern: path + "/{id}/undo", Permission: auth.WriteImports, Handle: undo},
			{Method: http.MethodPost, Pattern: path + "/{id}/cancel", Permission: auth.WriteImports, Handle: cancel},
		}...),
		Jobs: []page.JobKind{
			{Kind: connect.ImportJob, Text: "imports.job.import", Unit: "imports.unit", Of: connect.RunOf, Href: run},
			{Kind: connect.UndoJob, Text: "imports.job.undo", Unit: "imports.slices", Of: connect.RunOf, Href: run},
			{Kind: connect.WatchJob, Text: "imports.job.watch", Unit: "imports.files_unit", Href: profileOf},
			{Kind: connect.TryJob, Text: "imports.job.try", Unit: "imports.unit"},
		},
	}
}

func link(run int64) string { return fmt.Sprintf("%s/%d", path, run) }

func list(r *page.Request) error {
	before := r.Int("before", 0)
	if r.WantsCSV() {
		return listCSV(r)
	}
	var runs []*connect.Run
	err := r.Read(func(tx *store.Tx) (err error) {
		runs, err = connect.Runs(r.Context(), tx, before, listPage+1)
		return err
	})
	if err != nil {
		return err
	}
	return r.Render(r.P.T("imports.title"), listView(r, listTable(r, runs)))
}

func listTable(r *page.Request, runs []*connect.Run) ui.Table {
	p := r.P
	t := ui.Table{ID: "imports", Caption: p.T("imports.title"),
		Columns: []ui.Column{
			{Title: p.T("imports.what"), Narrow: ui.NarrowLead}, {Title: p.T("common.status"), Narrow: ui.NarrowValue},
			{Title: p.T("import.count.rows"), Number: true, Narrow: ui.NarrowMeta}, {Title: p.T("import.count.new"), Number: true, Narrow: ui.NarrowMeta},
			{Title: p.T("import.count.changed"), Number: true, Narrow: ui.NarrowHide}, {Title: p.T("import.count.errors"), Number: true, Narrow: ui.NarrowHide},
			{Title: p.T("imports.when"), Narrow: ui.NarrowBare},
		},
		Empty: &ui.Empty{Icon: "file-spreadsheet", Title: p.T("imports.empty.title"), Text: p.T("imports.empty.text"),
			Action: &ui.Anchor{Text: p.T("imports.new"), Href: path + "/new"}},
	}
	paging := ui.Paging{Of: -1, Noun: p.T("imports.title")}
	if len(runs) == 1 {
		paging.Noun = p.T("import.count.run")
	}
	if r.Int("before", 0) != 0 {
		paging.First = r.Link("before", "")
	}
	if len(runs) > listPage {
		runs = runs[:listPage]
		paging.Next = r.Link("before", strconv.FormatInt(runs[listPage-1].ID, 10))
	}
	for _, run := range runs {
		t.Rows = append(t.Rows, ui.Row{Href: link(run.ID), Cells: []ui.Cell{
			ui.Lines(p.T("import.kind."+string(run.Kind)), names(run.Files)), ui.Rich(stateChip(r, run)), ui.Text(p.Number(run.Rows)), ui.Text(p.Number(run.New)),
			ui.Text(p.Number(run.Changed)), ui.Text(p.Number(run.Errors)), ui.Text(p.DateTime(run.CreatedAt)),
		}})
	}
	paging.Shown = int64(len(t.Rows))
	t.Paging = &paging
	return t
}

func listCSV(r *page.Request) error {
	p := r.P
	head := []string{p.T("import.count.run"), p.T("imports.what"), p.T("imports.files"), p.T("common.status"), p.T("import.count.rows"), p.T("import.count.new"),
		p.T("import.count.changed"), p.T("import.count.unchanged"), p.T("import.count.errors"), p.T("imports.when")}
	return r.SendCSV("imports", head, func(yield func([]string, error) bool) {
		for before := int64(0); ; {
			var runs []*connect.Run
			err := r.Read(func(tx *store.Tx) (err error) {
				runs, err = connect.Runs(r.Context(), tx, before, 500)
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, run := range runs {
				n := func(v int64) string { return strconv.FormatInt(v, 10) }
				row := []string{n(run.ID), p.T("import.kind." + string(run.Kind)), names(run.Files), p.T("import.state." + string(run.State)), n(run.Rows), n(run.New),
					n(run.Changed), n(run.Unchanged), n(run.Errors), p.DateTime(run.CreatedAt)}
				if !yield(row, nil) {
					return
				}
				before = run.ID
			}
			if len(runs) < 500 {
				return
			}
		}
	})
}

func names(files []connect.File) string {
	text := ""
	for i, f := range files {
		if i > 0 {
			text += ", "
		}
		if i == 3 {
			return text + "…"
		}
		text += f.Name
	}
	return text
}

func tone(s connect.State) ui.Tone {
	switch s {
	case connect.Done:
		return ui.Good
	case connect.Failed:
		return ui.Bad
	case connect.Running, connect.Undoing, connect.Waiting:
		return ui.Accent
	}
	return ui.Neutral
}

// show is the page of one import: how far it is, what it did, and what one can do now.
func show(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	var run *connect.Run
	var job jobs.Job
	var problems []connect.RowError
	var source string
	err = r.Read(func(tx *store.Tx) (err error) {
		if run, err = connect.FindRun(r.Context(), tx, id); err != nil {
			return err
		}
		if source, err = connect.SourceName(r.Context(), tx, run.Source); err != nil {
			return err
		}
		if problems, err = connect.Errors(r.Context(), tx, id, 0, 10); err != nil {
			return err
		}
		if job, err = connect.JobOf(r.Context(), tx, run); err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	if run.Finished() && r.Partial() { // its progress asks, which is over
		return r.Redirect(link(id))
	}
	v := view{run: run, source: source, problems: problems}
	if !run.Finished() {
		j := r.Job(job)
		j.Href, j.Reload = link(id), link(id)
		v.job = &j
	}
	return r.Render(r.P.T("imports.number", "run", strconv.FormatInt(id, 10)), runView(r, v))
}

// view is what the page of an import shows.
type view struct {
	run      *connect.Run
	source   string
	job      *ui.Job
	problems []connect.RowError
}

func pairs(r *page.Request, v view) []ui.Pair {
	p, run := r.P, v.run
	all := []ui.Pair{
		{Term: p.T("import.count.rows"), Text: p.Number(run.Rows)},
		{Term: p.T("import.count.notices"), Text: p.Number(run.Notices)},
	}
	if run.Kept > 0 {
		all = append(all, ui.Pair{Term: p.T("import.count.kept"), Text: p.Number(run.Kept), Href: keptLink(run.ID), Note: p.T("imports.kept")})
	}
	return append(all, ui.Pair{Term: p.T("imports.files"), Text: names(run.Files)}, ui.Pair{Term: p.T("imports.source"), Text: v.source},
		ui.Pair{Term: p.T("imports.when"), Text: p.DateTime(run.CreatedAt)})
}

func problemTable(r *page.Request, problems []connect.RowError) ui.Table {
	p := r.P
	t := ui.Table{ID: "rows", Caption: p.T("imports.rows"),
		Columns: []ui.Column{
			{Title: p.T("import.error.line"), Number: true, Narrow: ui.NarrowMeta}, {Title: p.T("import.error.field"), Narrow: ui.NarrowMeta},
			{Title: p.T("import.error.value"), Narrow: ui.NarrowMeta}, {Title: p.T("import.error.reason"), Narrow: ui.NarrowLead},
		},
		Empty: &ui.Empty{Icon: "circle-check", Title: p.T("imports.norows")},
	}
	for _, e := range problems {
		reason := ui.Lines(e.Reason(p), e.Remedy(p))
		t.Rows = append(t.Rows, ui.Row{Muted: e.Notice, Cells: []ui.Cell{ui.Text(strconv.FormatInt(e.Line, 10)), ui.Text(fieldName(r, e.Field)), ui.Text(e.Value), reason}})
	}
	return t
}

func fieldName(r *page.Request, field string) string {
	if field == "" {
		return ""
	}
	if r.P.Has("sheet.field." + field) {
		return sheet.FieldLabel(r.P, field)
	}
	return field
}

// rows lists everything that was not taken or remarked on.
func rows(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	if r.WantsCSV() {
		head := []string{"file", "line", "field", "value", "reason", "remedy"}
		for i, name := range head {
			head[i] = r.P.T("import.error." + name)
		}
		return r.SendCSV(fmt.Sprintf("import-%d", id), head, allRows(r, id))
	}
	after := r.Int("after", 0)
	var problems []connect.RowError
	err = r.Read(func(tx *store.Tx) (err error) {
		if _, err = connect.FindRun(r.Context(), tx, id); err != nil {
			return err
		}
		problems, err = connect.Errors(r.Context(), tx, id, after, rowsPage+1)
		return err
	})
	if err != nil {
		return err
	}
	paging := ui.Paging{Of: -1, Noun: r.P.T("imports.rows")}
	if len(problems) == 1 {
		paging.Noun = r.P.T("imports.row")
	}
	if after != 0 {
		paging.First = r.Link("after", "")
	}
	if len(problems) > rowsPage {
		problems = problems[:rowsPage]
		paging.Next = r.Link("after", strconv.FormatInt(problems[rowsPage-1].N, 10))
	}
	t := problemTable(r, problems)
	paging.Shown = int64(len(t.Rows))
	t.Paging = &paging
	return r.Render(r.P.T("imports.rows"), rowsView(r, id, t))
}

func allRows(r *page.Request, id int64) func(func([]string, error) bool) {
	return func(yield func([]string, error) bool) {
		for after := int64(0); ; {
			var problems []connect.RowError
			err := r.Read(func(tx *store.Tx) (err error) {
				problems, err = connect.Errors(r.Context(), tx, id, after, 1000)
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, e := range problems {
				if !yield([]string{e.File, strconv.FormatInt(e.Line, 10), e.Field, e.Value, e.Reason(r.P), e.Remedy(r.P)}, nil) {
					return
				}
				after = e.N
			}
			if len(problems) < 1000 {
				return
			}
		}
	}
}

func undo(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	err = r.Write(func(tx *store.Tx) error {
		_, err := connect.Undo(r.Context(), tx, id)
		return err
	})
	if err != nil {
		return err
	}
	return r.Redirect(link(id))
}

func cancel(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	err = r.Write(func(tx *store.Tx) error {
		run, err := connect.FindRun(r.Context(), tx, id)
		if err != nil {
			return err
		}
		return jobs.Cancel(r.Context(), tx, run.Job)
	})
	if err != nil {
		return err
	}
	return r.Redirect(link(id))
}
