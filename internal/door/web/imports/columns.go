package imports

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
)

// columnPrefix begins the name of the choice above a column of the preview: the field it is read as.
const columnPrefix = "col."

// chosenColumns are the fields chosen above the columns of the preview, by the place of the column.
func chosenColumns(form url.Values) map[int]string {
	chosen := map[int]string{}
	for name, values := range form {
		if place, ok := strings.CutPrefix(name, columnPrefix); ok && len(values) > 0 {
			if n, err := strconv.Atoi(place); err == nil && n >= 0 {
				chosen[n] = values[0]
			}
		}
	}
	return chosen
}

// remap adds to what was told what was chosen differently from how the file is read now; what was guessed right stays a
// guess. A field chosen for a second column moves there.
func remap(told map[string]string, file *sheet.FilePlan, chosen map[int]string) map[string]string {
	now := map[int]string{}
	for _, c := range file.Columns {
		now[c.Index] = c.Field
	}
	out := maps.Clone(told)
	if out == nil {
		out = map[string]string{}
	}
	moved := map[string]bool{}
	for _, place := range slices.Sorted(maps.Keys(chosen)) {
		if field := chosen[place]; place < len(file.Headings) && field != now[place] && field != "" {
			out[field] = columnName(file, place)
			moved[field] = true
		}
	}
	for place, field := range now {
		if to, ok := chosen[place]; ok && to != field && !moved[field] {
			out[field] = "" // taken out
		}
	}
	return out
}

// columnName names a column by its heading, so that it is found in the next file too, or by its number where that is
// not clear.
func columnName(file *sheet.FilePlan, place int) string {
	heading := file.Headings[place]
	_, number := strconv.Atoi(heading)
	same := 0
	for _, h := range file.Headings {
		if strings.EqualFold(strings.TrimSpace(h), strings.TrimSpace(heading)) {
			same++
		}
	}
	if strings.TrimSpace(heading) == "" || number == nil || same > 1 {
		return strconv.Itoa(place + 1)
	}
	return heading
}

// head is what stands above a column of the preview.
type head struct {
	name, label string // of the select
	heading     string
	options     []ui.Option
	unused      bool
}

func headOf(r *page.Request, s stage, place int, field string) head {
	p := r.P
	heading := s.plan.Files[0].Headings[place]
	h := head{name: columnPrefix + strconv.Itoa(place), label: p.T("imports.read_as", "column", heading), heading: heading, unused: field == ""}
	h.options = append(h.options, ui.Option{Value: "", Label: p.T("imports.no_column"), Chosen: field == ""})
	names := sheet.FieldNames(s.kind)
	if field != "" && !slices.Contains(names, field) {
		names = append(names, field) // a field of the company's own
	}
	for _, name := range names {
		h.options = append(h.options, ui.Option{Value: name, Label: sheet.FieldLabel(p, name), Chosen: name == field})
	}
	return h
}

// surely is how sure a guess must be not to be marked.
const surely = 0.85

// previewTable shows the first rows as they are understood, below a choice for each column of the file. Columns that
// are not read are shown as they were written.
func previewTable(r *page.Request, s stage) ui.Table {
	t := ui.Table{ID: "preview", Caption: r.P.T("imports.preview"), Scroll: true, Compact: true}
	t.Columns = append(t.Columns, ui.Column{Title: r.P.T("import.error.line"), Number: true})
	at := map[int]int{} // place in the file → place in the preview
	for i, c := range s.preview.Columns {
		at[c.Index] = i
	}
	for place := range s.plan.Files[0].Headings {
		column := ui.Column{}
		if i, read := at[place]; read {
			c := s.preview.Columns[i]
			column.Number = numeric(c.Field)
			column.Head = columnHead(headOf(r, s, place, c.Field))
			if _, told := s.options.Map[c.Field]; !told && c.Confidence < surely {
				column.Mark = r.P.T("ui.form.guessed")
			}
		} else {
			column.Head = columnHead(headOf(r, s, place, ""))
		}
		t.Columns = append(t.Columns, column)
	}
	computed, hasComputed := at[-1]
	if hasComputed {
		t.Columns = append(t.Columns, ui.Column{Title: sheet.FieldLabel(r.P, s.preview.Columns[computed].Field), Number: true, Mark: r.P.T("sheet.guess.computed")})
	}
	for _, row := range s.preview.Rows {
		cells := []ui.Cell{ui.Text(strconv.FormatInt(row.Line, 10))}
		for place := range s.plan.Files[0].Headings {
			i, read := at[place]
			if !read {
				cells = append(cells, ui.Rich(rawCell(row.Raw[place])))
				continue
			}
			cells = append(cells, previewCell(r, row, i, s.preview.Columns[i].Field))
		}
		if hasComputed {
			cells = append(cells, ui.Text(row.Cells[computed].Text))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: cells, Muted: row.Err != nil})
	}
	return t
}

func previewCell(r *page.Request, row sheet.PreviewRow, i int, field string) ui.Cell {
	cell := row.Cells[i]
	switch {
	case row.Err == nil:
		return ui.Text(cell.Text)
	case row.Err.Field == field:
		return ui.Lines(cell.Raw, row.Err.Reason(r.P))
	}
	return ui.Text(cell.Raw)
}

func numeric(field string) bool {
	switch field {
	case "amount", "quantity", "unit_price", "net", "gross", "tax", "shipping", "cost", "price", "rate":
		return true
	}
	return false
}
