package imports

import (
	"fmt"
	"strconv"
	"strings"

	"stamm/internal/door/connect"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store"
)

func keptLink(run int64) string { return link(run) + "/kept" }

// kept lists what the undo of an import had to leave.
func kept(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	if r.WantsCSV() {
		return r.SendCSV(fmt.Sprintf("import-%d-kept", id), []string{r.P.T("imports.record"), r.P.T("imports.record_name"), "id"}, allKept(r, id))
	}
	var all []connect.Record
	err = r.Read(func(tx *store.Tx) (err error) {
		if _, err = connect.FindRun(r.Context(), tx, id); err != nil {
			return err
		}
		all, err = connect.KeptBy(r.Context(), tx, id, keptBehind(r.Text("after")), rowsPage+1)
		return err
	})
	if err != nil {
		return err
	}
	paging := ui.Paging{Of: -1, Noun: r.P.T("imports.records")}
	if r.Text("after") != "" {
		paging.First = r.Link("after", "")
	}
	if len(all) > rowsPage {
		all = all[:rowsPage]
		last := all[rowsPage-1]
		paging.Next = r.Link("after", last.Kind+"."+strconv.FormatInt(last.ID, 10))
	}
	t := recordTable(r, r.P.T("imports.kept_title"), r.P.T("imports.kept_none"), all)
	paging.Shown = int64(len(t.Rows))
	t.Paging = &paging
	return r.Render(t.Caption, recordsView(r, id, r.P.T("imports.kept_lead"), t))
}

// recordTable lists records with links to their pages.
func recordTable(r *page.Request, title, none string, all []connect.Record) ui.Table {
	t := ui.Table{ID: "records", Caption: title, Empty: &ui.Empty{Icon: "circle-check", Title: none},
		Columns: []ui.Column{{Title: r.P.T("imports.record"), Narrow: ui.NarrowMeta}, {Title: r.P.T("imports.record_name"), Narrow: ui.NarrowLead}}}
	for _, k := range all {
		name := k.Name
		if name == "" {
			name = r.P.T("imports.record_gone")
		}
		t.Rows = append(t.Rows, ui.Row{Href: recordLink(k), Cells: ui.Cells(k.Word(r.P), name)})
	}
	return t
}

// keptBehind reads where a page of the list begins; what is none begins at the top.
func keptBehind(text string) connect.Record {
	kind, id, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return connect.Record{}
	}
	return connect.Record{Kind: kind, ID: n}
}

func allKept(r *page.Request, id int64) func(func([]string, error) bool) {
	return inParts(r, func(tx *store.Tx, after *connect.Record) ([]connect.Record, bool, error) {
		all, err := connect.KeptBy(r.Context(), tx, id, *after, perPart)
		if len(all) > 0 {
			*after = all[len(all)-1]
		}
		return all, len(all) == perPart, err
	})
}

// perPart is how many records of a CSV are read at a time.
const perPart = 1000

// inParts are the lines of a CSV of records, read part by part from a place that read moves on; it tells whether there is more.
func inParts[P any](r *page.Request, read func(tx *store.Tx, after *P) (all []connect.Record, more bool, err error)) func(func([]string, error) bool) {
	return func(yield func([]string, error) bool) {
		var after P
		for more := true; more; {
			var all []connect.Record
			at := after
			err := r.Read(func(tx *store.Tx) (err error) {
				at = after // the transaction may run twice
				all, more, err = read(tx, &at)
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, k := range all {
				if !yield([]string{k.Word(r.P), k.Name, strconv.FormatInt(k.ID, 10)}, nil) {
					return
				}
			}
			after = at
		}
	}
}

// did lists the records that an import made, or those it changed.
func did(made bool) page.Handler {
	what := "changed"
	if made {
		what = "new"
	}
	return func(r *page.Request) error {
		id, err := r.PathID("id")
		if err != nil {
			return err
		}
		var run *connect.Run
		var all []connect.Record
		var next connect.Place
		at := placeOf(r.Text("after"))
		err = r.Read(func(tx *store.Tx) (err error) {
			if run, err = connect.FindRun(r.Context(), tx, id); err != nil || r.WantsCSV() {
				return err
			}
			all, next, err = connect.Did(r.Context(), tx, run, made, at, rowsPage)
			return err
		})
		if err != nil {
			return err
		}
		if r.WantsCSV() {
			return r.SendCSV(fmt.Sprintf("import-%d-%s", id, what), []string{r.P.T("imports.record"), r.P.T("imports.record_name"), "id"},
				inParts(r, func(tx *store.Tx, after *connect.Place) (all []connect.Record, more bool, err error) {
					all, *after, err = connect.Did(r.Context(), tx, run, made, *after, perPart)
					return all, *after != connect.Place{}, err
				}))
		}
		t := recordTable(r, r.P.T("import.count."+what), r.P.T("imports.did_none"), all)
		t.Paging = &ui.Paging{Of: -1, Noun: r.P.T("imports.records"), Shown: int64(len(all))}
		if at != (connect.Place{}) {
			t.Paging.First = r.Link("after", "")
		}
		if next != (connect.Place{}) {
			t.Paging.Next = r.Link("after", fmt.Sprintf("%d.%d", next.Seq, next.ID))
		}
		return r.Render(t.Caption, recordsView(r, id, r.P.T("imports.did_"+what), t))
	}
}

// placeOf reads where a page begins; what is none begins at the top.
func placeOf(text string) connect.Place {
	seq, id, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(seq, 10, 64)
	m, err2 := strconv.ParseInt(id, 10, 64)
	if err != nil || err2 != nil {
		return connect.Place{}
	}
	return connect.Place{Seq: n, ID: m}
}

// recordLink is the page where a record is seen: its own, or that of the customer whose it is.
func recordLink(k connect.Record) string {
	switch {
	case k.Name == "" && k.Customer == 0:
		return ""
	case k.Kind == "document":
		return fmt.Sprintf("/documents/%d", k.ID)
	case k.Kind == "product":
		return fmt.Sprintf("/products/%d", k.ID)
	case k.Customer != 0:
		return fmt.Sprintf("/customers/%d", k.Customer)
	}
	return ""
}
