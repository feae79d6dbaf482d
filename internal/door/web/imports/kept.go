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
		return r.SendCSV(fmt.Sprintf("import-%d-kept", id), []string{r.P.T("imports.kept_what"), r.P.T("imports.kept_name"), "id"}, allKept(r, id))
	}
	var all []connect.Kept
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
	paging := ui.Paging{Of: -1, Noun: r.P.T("imports.kept_noun")}
	if r.Text("after") != "" {
		paging.First = r.Link("after", "")
	}
	if len(all) > rowsPage {
		all = all[:rowsPage]
		last := all[rowsPage-1]
		paging.Next = r.Link("after", last.Kind+"."+strconv.FormatInt(last.ID, 10))
	}
	t := ui.Table{ID: "kept", Caption: r.P.T("imports.kept_title"), Paging: &paging,
		Columns: []ui.Column{{Title: r.P.T("imports.kept_what"), Narrow: ui.NarrowMeta}, {Title: r.P.T("imports.kept_name"), Narrow: ui.NarrowLead}},
		Empty:   &ui.Empty{Icon: "circle-check", Title: r.P.T("imports.kept_none")},
	}
	for _, k := range all {
		t.Rows = append(t.Rows, ui.Row{Href: recordLink(k), Cells: ui.Cells(k.Word(r.P), keptName(r, k))})
	}
	paging.Shown = int64(len(t.Rows))
	return r.Render(r.P.T("imports.kept_title"), keptView(r, id, t))
}

// keptBehind reads where a page of the list begins; what is none begins at the top.
func keptBehind(text string) connect.Kept {
	kind, id, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return connect.Kept{}
	}
	return connect.Kept{Kind: kind, ID: n}
}

func allKept(r *page.Request, id int64) func(func([]string, error) bool) {
	return func(yield func([]string, error) bool) {
		for after := (connect.Kept{}); ; {
			var all []connect.Kept
			err := r.Read(func(tx *store.Tx) (err error) {
				all, err = connect.KeptBy(r.Context(), tx, id, after, 1000)
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
				after = k
			}
			if len(all) < 1000 {
				return
			}
		}
	}
}

func keptName(r *page.Request, k connect.Kept) string {
	if k.Name == "" {
		return r.P.T("imports.kept_gone")
	}
	return k.Name
}

// recordLink is the page where a record is seen: its own, or that of the customer whose it is.
func recordLink(k connect.Kept) string {
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
