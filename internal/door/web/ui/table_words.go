package ui

import "stamm/internal/platform/i18n"

// counted says how much of a list is shown.
func counted(p *i18n.Printer, g Paging) string {
	switch {
	case g.Shown == 1 && g.Of <= 1 && g.First+g.Next == "":
		return p.T("ui.table.shown_one")
	case g.Of < 0 && g.First+g.Next != "":
		return p.T("ui.table.shown_here", "shown", g.Shown, "noun", g.Noun)
	case g.Of < 0:
		return p.T("ui.table.shown", "shown", g.Shown, "noun", g.Noun)
	case g.Shown >= g.Of:
		return p.T("ui.table.shown_all", "of", g.Of, "noun", g.Noun)
	}
	return p.T("ui.table.shown_of", "shown", g.Shown, "of", g.Of, "noun", g.Noun)
}

// rowName is what a screen reader calls the tick box of a row.
func rowName(row Row) string {
	for _, cell := range row.Cells {
		if cell.Text != "" {
			return cell.Text
		}
	}
	return row.ID
}
