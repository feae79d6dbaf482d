package figure

import (
	"math"
	"slices"
	"strings"

	"stamm/internal/door/web/ui"
	"stamm/internal/insight/report"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
)

// Chart draws the picture of a result that is a chart; pictures that are tables are drawn by Heat and Square. before adds
// the same of an earlier day where the two can lie on top of each other; nil for none. Only the newest latest points are
// drawn, 0 for all.
func Chart(p *i18n.Printer, res *report.Result, before *report.Comparison, latest int) ui.Chart {
	t := res.Tables[res.Chart.Table]
	c := ui.Chart{ID: "chart", Title: Heading(p, t), Hide: true, Unit: unit(t.Columns[res.Chart.Series[0]], res.Currency), Tall: res.Chart.Kind == report.Lorenz}
	if t.Name == "" {
		c.Title = res.Report.Title(p)
	}
	if res.Chart.Kind == report.Lorenz {
		return lorenz(p, c, res, t)
	}
	c.Kind = map[report.ChartKind]ui.Kind{report.Line: ui.LineChart, report.Bars: ui.BarChart, report.Stacked: ui.Stacked}[res.Chart.Kind]
	rows := t.Rows
	if latest > 0 && len(rows) > latest {
		rows = rows[len(rows)-latest:]
	}
	x := t.Columns[res.Chart.X]
	if named := slices.IndexFunc(t.Columns, func(c report.Column) bool { return c.Name == "name" }); x.Kind == report.Text && named >= 0 {
		rows = rows[:min(len(rows), mostNames)]
		c.Labels, c.Across = names(p, t, rows, res.Chart.X, named), true
	} else {
		c.Labels = labels(p, t, rows, res.Chart.X, res.Currency)
		c.Across = x.Kind == report.Text && len(rows) > 5 && slices.ContainsFunc(c.Labels, func(l string) bool { return len(l) > 12 })
	}
	c.Tall = c.Tall || c.Across && len(rows) > 8
	if x.Kind != report.Month && x.Kind != report.Day {
		c.XName = x.Heading(p)
	}
	for _, k := range res.Chart.Series {
		c.Series = append(c.Series, ui.Series{Name: t.Columns[k].Heading(p), Values: values(t, rows, k, res.Currency)})
	}
	if len(c.Series) == 1 {
		past(p, &c, res, before, t)
		if len(c.Series) == 1 && !c.Across {
			c.YName = c.Series[0].Name
		}
	}
	return c
}

// Overlay tells whether the earlier figures can be drawn behind the present ones: where there are some, and where the
// picture is not of what others have found.
func Overlay(res *report.Result, before *report.Comparison) bool {
	return before != nil && before.Result != nil && before.Chart != nil && res.Chart != nil && len(res.Chart.Series) == 1 &&
		(res.Chart.Kind == report.Line || res.Chart.Kind == report.Bars) && res.Report.Name != "sector_churn"
}

// past puts the earlier figures behind the present ones: month below the month a year later, or group below group.
func past(p *i18n.Printer, c *ui.Chart, res *report.Result, before *report.Comparison, t report.Table) {
	if !Overlay(res, before) {
		return
	}
	column := res.Chart.Series[0]
	old := before.Tables[before.Chart.Table]
	was := values(old, old.Rows, column, before.Currency)
	words := labels(p, old, old.Rows, res.Chart.X, before.Currency)
	now := labels(p, t, t.Rows, res.Chart.X, res.Currency) // by which a row is known, also where the picture has names
	aligned := make([]float64, len(c.Labels))
	found := false
	for i := range aligned {
		aligned[i] = math.NaN()
		j := -1
		if k := t.Columns[res.Chart.X].Kind; k == report.Month || k == report.Day {
			j = len(was) - len(aligned) + i
		} else {
			for at, word := range words {
				if word == now[i] {
					j = at
				}
			}
		}
		if j >= 0 && j < len(was) {
			aligned[i] = was[j]
			found = found || !math.IsNaN(was[j])
		}
	}
	if found {
		c.Series = append(c.Series, ui.Series{Name: When(p, before), Values: aligned, Past: true, Color: 6})
	}
}

// mostNames is how many named bars a picture has; the table below it has the rest.
const mostNames = 15

// names are the labels of rows that have a name beside the number they are known by.
func names(p *i18n.Printer, t report.Table, rows [][]report.Cell, x, named int) []string {
	words := make([]string, len(rows))
	for i, row := range rows {
		if words[i] = row[named].Format(p, report.Text, ""); words[i] == "" || row[named].None {
			words[i] = row[x].Format(p, t.Columns[x].Kind, "")
		}
	}
	return words
}

func labels(p *i18n.Printer, t report.Table, rows [][]report.Cell, x int, currency string) []string {
	words := make([]string, len(rows))
	for i, row := range rows {
		words[i] = row[x].Format(p, t.Columns[x].Kind, currency)
	}
	return words
}

func values(t report.Table, rows [][]report.Cell, column int, currency string) []float64 {
	out := make([]float64, len(rows))
	for i, row := range rows {
		v, ok := row[column].Value(t.Columns[column].Kind, currency)
		if !ok {
			v = math.NaN()
		}
		out[i] = v
	}
	return out
}

func unit(c report.Column, currency string) ui.Unit {
	switch c.Kind {
	case report.Share:
		return ui.Unit{Kind: ui.Rate, Digits: 1}
	case report.Money:
		return ui.Unit{Kind: ui.Money, Currency: currency, Digits: money.Digits(currency)}
	case report.Days:
		return ui.Unit{Kind: ui.Count, Digits: 1}
	case report.Decimal:
		return ui.Unit{Kind: ui.Count, Digits: 2}
	}
	return ui.Unit{Kind: ui.Count}
}

// lorenz is the curve of the customers by revenue, cut where one class ends and the next begins.
func lorenz(p *i18n.Printer, c ui.Chart, res *report.Result, t report.Table) ui.Chart {
	c.Kind = ui.Lorenz
	c.Unit.Digits = 0
	c.XName, c.YName = t.Columns[0].Heading(p), t.Columns[1].Heading(p)
	c.X = values(t, t.Rows, 0, res.Currency)
	curve := values(t, t.Rows, res.Chart.Series[0], res.Currency)
	classes := res.Tables[0]
	from, share := 0, 0.0
	for i, class := range classes.Rows {
		share += class[2].Float
		until := len(c.X) - 1
		for i < len(classes.Rows)-1 && until > from && c.X[until] > share {
			until--
		}
		series := ui.Series{Name: class[0].Format(p, classes.Columns[0].Kind, res.Currency), Color: i, Values: make([]float64, len(curve))}
		for k := range c.X {
			series.Values[k] = math.NaN()
			if k >= from && k <= until {
				series.Values[k] = curve[k]
			}
		}
		from = until
		c.Series = append(c.Series, series)
	}
	return c
}

// Heat is the map of cohorts: each cell the share of a month's new customers who bought so many months later.
func Heat(p *i18n.Printer, q Query, res *report.Result) ui.HeatMap {
	t, counts := res.Tables[0], res.Tables[1]
	h := ui.HeatMap{ID: "picture", Caption: Heading(p, t), Corner: t.Columns[0].Heading(p), Fixed: []string{t.Columns[1].Heading(p)},
		Legend: p.T("insight.heat.legend")}
	const first = 3 // after month, customers and the first month itself, which is always all of them
	for _, c := range t.Columns[min(first, len(t.Columns)):] {
		h.Columns = append(h.Columns, c.Heading(p))
	}
	top := 0.0
	for _, row := range t.Rows {
		for _, c := range row[min(first, len(row)):] {
			top = math.Max(top, c.Float)
		}
	}
	for i, row := range t.Rows {
		line := ui.HeatRow{Name: row[0].Format(p, t.Columns[0].Kind, res.Currency), Href: q.Behind(row[1].Ref), Fixed: []string{row[1].Format(p, report.Count, "")}}
		for k := first; k < len(row) && !row[k].None; k++ {
			cell := ui.HeatCell{Text: p.Percent(row[k].Float, 0), Share: row[k].Float / math.Max(top, 1e-9),
				Hint: p.T("insight.heat.hint", "n", p.Number(counts.Rows[i][k].Int), "of", p.Number(row[1].Int), "share", p.Percent(row[k].Float, 1))}
			if counts.Rows[i][k].Int > 0 {
				cell.Href = q.Behind(row[k].Ref)
			} else {
				cell.Text, cell.Share = "0", math.NaN()
			}
			line.Cells = append(line.Cells, cell)
		}
		h.Rows = append(h.Rows, line)
	}
	h.Low, h.High = p.Percent(0, 0), p.Percent(top, 0)
	return h
}

// Square is the map of customers by how recently and how often they bought, each field with the name of its group.
func Square(p *i18n.Printer, q Query, res *report.Result) ui.Square {
	t := res.Tables[0]
	s := ui.Square{ID: "picture", Caption: Heading(p, t), XName: p.T("insight.square.frequency"), YName: p.T("insight.square.recency")}
	var all, top int64
	for _, row := range t.Rows {
		for _, c := range row[1:] {
			all, top = all+c.Int, max(top, c.Int)
		}
	}
	for k := 1; k < len(t.Columns); k++ {
		s.XLabels = append(s.XLabels, p.Number(int64(k)))
	}
	for _, row := range t.Rows {
		r := row[0].Format(p, report.Text, "")
		s.YLabels = append(s.YLabels, r)
		var fields []ui.SquareField
		for k, c := range row[1:] {
			field := ui.SquareField{Value: p.Number(c.Int), Name: p.T("insight.segment." + segment(r, k+1)), Share: math.Sqrt(float64(c.Int) / math.Max(1, float64(top)))}
			if c.Int > 0 {
				field.Href = q.Behind(c.Ref)
				field.Hint = p.T("insight.square.hint", "r", r, "f", k+1, "share", p.Percent(float64(c.Int)/float64(all), 1))
			} else {
				field.Name = ""
			}
			fields = append(fields, field)
		}
		s.Fields = append(s.Fields, fields)
	}
	return s
}

// segment is the usual name of a field by its scores of recency (text) and frequency.
func segment(recency string, frequency int) string {
	r := strings.Index("12345", recency) + 1
	switch {
	case r == 5 && frequency == 5 || r == 5 && frequency == 4 || r == 4 && frequency == 5:
		return "best"
	case r >= 4 && frequency == 1:
		return "new"
	case r >= 4 && frequency <= 3:
		return "promising"
	case r >= 3 && frequency >= 4:
		return "loyal"
	case r == 3:
		return "middle"
	case frequency == 5:
		return "lost_best"
	case frequency >= 3:
		return "slipping"
	}
	return "gone"
}
