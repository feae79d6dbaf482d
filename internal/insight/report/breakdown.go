package report

import (
	"context"
	"database/sql"
	"slices"

	"stamm/internal/platform/fault"
)

// Breakdowns are the attributes of customers a report can be broken down by.
func Breakdowns() []string { return []string{"kind", "country", "region"} }

// shownGroups is the number of groups of a breakdown; smaller ones are left out.
const shownGroups = 12

// Breakdown computes the headline figures of the report for each kind, country or region of customers, the one with the most
// customers first. The cells refer to customers of the whole report: give Rows the group as the parameter, too.
func (r *Report) Breakdown(ctx context.Context, q Querier, p Params, by string) (*Table, error) {
	if !slices.Contains(Breakdowns(), by) {
		return nil, fault.New(fault.Invalid, "report.error.breakdown", "text", by).On("breakdown")
	}
	s, err := newSession(ctx, q, p)
	if err != nil {
		return nil, err
	}
	var groups []string
	more := 0
	err = s.each(ctx, "SELECT "+by+", count(*) AS n FROM customer WHERE NOT coalesce(excluded, false) AND "+by+" <> ''"+
		" GROUP BY "+by+" ORDER BY n DESC, "+by, func(scan func(...any) error) error {
		var group sql.NullString
		var n int64
		if err := scan(&group, &n); err != nil {
			return err
		}
		if len(groups) == shownGroups {
			more++
			return nil
		}
		groups = append(groups, group.String)
		return nil
	})
	if err != nil {
		return nil, err
	}
	table := &Table{Name: "by_" + by, Columns: columns(by, Text), More: more}
	for _, group := range groups {
		part := p
		switch by {
		case "kind":
			part.Kind = group
		case "country":
			part.Country = group
		case "region":
			part.Region = group
		}
		res, err := r.Run(ctx, q, part)
		if err != nil {
			return nil, err
		}
		row := []Cell{text(group)}
		if by == "kind" {
			row[0] = word("report.explain.kind." + group)
		}
		if len(res.Figures) == 0 {
			continue // nobody of this group has bought
		}
		for _, f := range res.Figures {
			if len(table.Columns) <= len(res.Figures) {
				table.Columns = append(table.Columns, Column{Name: f.Name, Kind: f.Kind})
			}
			row = append(row, f.Cell)
		}
		table.Rows = append(table.Rows, row)
	}
	return table, nil
}
