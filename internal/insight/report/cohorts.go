package report

import (
	"context"
	"fmt"
	"math"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
)

type cohortsJSON struct {
	Definition string      `json:"definition"`
	Cohort     []month     `json:"cohort"`
	Size       []int64     `json:"size"`
	Active     [][]*int64  `json:"active"`
	Retention  [][]decimal `json:"retention"`
	Revenue    [][]*amount `json:"revenue"`
	stamp
}

// cohort is the customers who first bought in a month; active and value count from that month on, to the month of AsOf.
type cohort struct {
	month         clock.Day
	active, value []int64
}

func (s *session) cohorts(ctx context.Context) ([]cohort, error) {
	var out []cohort
	err := s.each(ctx, `SELECT first_month, month, count(*) AS active, CAST(sum(value) AS BIGINT) AS value
FROM `+s.months()+` m GROUP BY first_month, month ORDER BY first_month, month`, func(scan func(...any) error) error {
		var first, at time.Time
		var active, value int64
		if err := scan(&first, &at, &active, &value); err != nil {
			return err
		}
		m := clock.DayOf(first, first.Location())
		if len(out) == 0 || out[len(out)-1].month != m {
			n := monthsBetween(m, s.AsOf) + 1
			out = append(out, cohort{m, make([]int64, n), make([]int64, n)})
		}
		k := monthsBetween(m, clock.DayOf(at, at.Location()))
		out[len(out)-1].active[k], out[len(out)-1].value[k] = active, value
		return nil
	})
	return out, err
}

// monthsBetween counts the calendar months from the month of a to that of b.
func monthsBetween(a, b clock.Day) int {
	y1, m1, _ := a.Date()
	y2, m2, _ := b.Date()
	return (y2-y1)*12 + int(m2) - int(m1)
}

const (
	shownCohorts = 24 // rows of the table
	shownOffsets = 24 // months after the first in the table
)

func cohorts(ctx context.Context, s *session) (*Result, error) {
	all, err := s.cohorts(ctx)
	if err != nil {
		return nil, err
	}
	object := cohortsJSON{
		Definition: "cohort=calendar month of first purchase; offset k=calendar-month difference; cell=distinct customers active in that " +
			"month (null = after as_of month); retention=cell/cell[k=0]; last month may be partial",
		Cohort: []month{}, Size: []int64{}, Active: [][]*int64{}, Retention: [][]decimal{}, Revenue: [][]*amount{}, stamp: s.stamp(),
	}
	for _, c := range all {
		width := len(all[0].active)
		active, retention, revenue := make([]*int64, width), make([]decimal, width), make([]*amount, width)
		for k := range retention {
			retention[k] = nothing()
		}
		for k := range c.active {
			v := s.amount(c.value[k])
			active[k], retention[k], revenue[k] = &c.active[k], rounded6(ratio(c.active[k], c.active[0])), &v
		}
		object.Cohort, object.Size = append(object.Cohort, month(c.month)), append(object.Size, c.active[0])
		object.Active, object.Retention = append(object.Active, active), append(object.Retention, retention)
		object.Revenue = append(object.Revenue, revenue)
	}
	res := &Result{JSON: object}
	if len(all) == 0 {
		return res, nil
	}
	res.Tables = cohortTables(all)
	res.Chart = &Chart{Kind: Heat}
	for k := 2; k < len(res.Tables[0].Columns); k++ {
		res.Chart.Series = append(res.Chart.Series, k)
	}
	res.Figures, res.sentence = cohortStory(s, all)
	return res, nil
}

// cohortTables lays the cohorts out: share active, customers and revenue by months since the first purchase.
func cohortTables(all []cohort) []Table {
	more := max(0, len(all)-shownCohorts)
	all = all[more:]
	offsets := min(len(all[0].active), shownOffsets+1)
	tables := []Table{{Name: "retention", More: more}, {Name: "active", More: more}, {Name: "revenue", More: more}}
	kinds := []Kind{Share, Count, Money}
	for i := range tables {
		tables[i].Columns = []Column{{Name: "cohort", Kind: Month}, {Name: "customers", Kind: Count}}
		for k := range offsets {
			tables[i].Columns = append(tables[i].Columns, Column{Name: "offset", Kind: kinds[i], N: k})
		}
	}
	for _, c := range all {
		at := "/" + monthText(c.month)
		size := number(c.active[0], Ref("cell"+at+"/0"))
		rows := [3][]Cell{{day(c.month), size}, {day(c.month), size}, {day(c.month), size}}
		for k := range offsets {
			cells := [3]Cell{none(), none(), none()}
			if k < len(c.active) {
				ref := Ref(fmt.Sprintf("cell%s/%d", at, k))
				cells = [3]Cell{rate(c.active[k], c.active[0], ref), number(c.active[k], ref), cash(c.value[k], ref)}
			}
			for i := range rows {
				rows[i] = append(rows[i], cells[i])
			}
		}
		for i := range rows {
			tables[i].Rows = append(tables[i].Rows, rows[i])
		}
	}
	return tables
}

// cohortStory tells how many of a cohort were active in the third month after their first purchase, the latest for which that
// month is over.
func cohortStory(s *session, all []cohort) ([]Figure, func(*i18n.Printer) string) {
	const later = 3
	var figures []Figure
	for i := len(all) - 1; i >= 0; i-- {
		c := all[i]
		if c.month.AddMonths(later+1) > s.AsOf.AddDays(1) {
			continue
		}
		at := monthText(c.month)
		figures = []Figure{{"cohort_third_month", Share, rate(c.active[later], c.active[0], Ref(fmt.Sprintf("cell/%s/%d", at, later)))},
			{"cohort_size", Count, number(c.active[0], Ref("cell/"+at+"/0"))}}
		return figures, func(p *i18n.Printer) string {
			return p.T("report.cohorts.sentence", "month", p.Month(c.month), "later", p.Month(c.month.AddMonths(later)),
				"of100", of100(c.active[later], c.active[0]))
		}
	}
	newest := all[len(all)-1]
	return nil, func(p *i18n.Printer) string {
		return p.T("report.cohorts.sentence_young", "month", p.Month(newest.month), "customers", newest.active[0])
	}
}

// cohortsWho: cell/2006-01/K are the customers who first bought in that month and bought K months later.
func cohortsWho(ctx context.Context, s *session, what string, args []string) (string, error) {
	m, err := monthArg(args)
	if err != nil {
		return "", err
	}
	k, err := atoi(args, 1)
	if err != nil || what != "cell" || k < 0 || k > math.MaxInt16 {
		return "", badRef(what)
	}
	return fmt.Sprintf("SELECT customer FROM %s m WHERE first_month = %s AND month = %s", s.months(), date(m), date(m.AddMonths(int(k)))), nil
}
