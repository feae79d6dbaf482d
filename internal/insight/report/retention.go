package report

import (
	"context"
	"database/sql"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
)

type periodJSON struct {
	Definition string      `json:"definition"`
	Periods    []periodRow `json:"periods"`
	Earlier    []periodRow `json:"earlier"`
	stamp
}

type periodRow struct {
	Start       clock.Day `json:"start"`
	End         clock.Day `json:"end"`
	AtStart     int64     `json:"S_active_at_start"`
	AtEnd       int64     `json:"E_active_at_end"`
	New         int64     `json:"N_new_in_period"`
	Textbook    decimal   `json:"CRR_textbook_(E-N)/S"`
	Cohort      decimal   `json:"CRR_cohort_|S&E|/|S|"`
	Reactivated int64     `json:"reactivated_in_E"`
}

const (
	periodDays = 90 // a customer is active for so long after a purchase; periods are as long
	shown      = 2  // periods in the object's own list
)

// periodRows cuts time into periods of so many days that end with AsOf and returns those that begin after the first purchase,
// the earliest first. Every purchase day that is a customer's first of its period tells by the purchase before it whether she
// is new, was active at the start, or came back: no list of customers is needed.
func (s *session) periodRows(ctx context.Context, length int) ([]periodRow, error) {
	active, fresh, kept := map[int64]int64{}, map[int64]int64{}, map[int64]int64{}
	oldest := int64(-1)
	err := s.each(ctx, fmt.Sprintf(`SELECT k, CAST(sum(n) AS BIGINT) AS active, CAST(coalesce(sum(n) FILTER (before IS NULL), 0) AS BIGINT) AS new,
	CAST(coalesce(sum(n) FILTER (before = k + 1), 0) AS BIGINT) AS kept
FROM (
	SELECT (%[1]s - day) // %[2]d AS k, (%[1]s - prev) // %[2]d AS before, count(*) AS n
	FROM %[3]s p GROUP BY k, before)
WHERE before IS NULL OR before > k GROUP BY k ORDER BY k`, date(s.AsOf), length, s.days()), func(scan func(...any) error) error {
		var k, a, f, r int64
		if err := scan(&k, &a, &f, &r); err != nil {
			return err
		}
		active[k], fresh[k], kept[k], oldest = a, f, r, k
		return nil
	})
	if err != nil {
		return nil, err
	}
	var rows []periodRow
	for k := oldest; k >= 0; k-- {
		start := s.AsOf.AddDays(-int(k+1) * length)
		if active[k+1] == 0 && k >= shown {
			continue // nobody to keep
		}
		rows = append(rows, periodRow{
			Start: start, End: s.AsOf.AddDays(-int(k) * length), AtStart: active[k+1], AtEnd: active[k], New: fresh[k],
			Textbook: ratio(active[k]-fresh[k], active[k+1]), Cohort: ratio(kept[k], active[k+1]),
			Reactivated: active[k] - fresh[k] - kept[k],
		})
	}
	return rows, nil
}

func periodRetention(ctx context.Context, s *session) (*Result, error) {
	rows, err := s.periodRows(ctx, periodDays)
	if err != nil {
		return nil, err
	}
	cut := max(0, len(rows)-shown)
	res := &Result{JSON: periodJSON{
		Definition: "active at date d = at least one purchase in (d-90d, d]. Textbook CRR=(E-N)/S counts reactivated customers " +
			"as retained; the cohort form |S&E|/|S| does not. Report both, label clearly.",
		Periods: append([]periodRow{}, rows[cut:]...), Earlier: append([]periodRow{}, rows[:cut]...), stamp: s.stamp(),
	}}
	table := Table{Columns: columns("start", Day, "end", Day, "at_start", Count, "at_end", Count, "new", Count, "reactivated", Count, "retention_cohort", Share, "retention_textbook", Share)}
	for _, r := range rows {
		at := "/" + r.End.String()
		table.Rows = append(table.Rows, []Cell{day(r.Start), day(r.End), number(r.AtStart, Ref("start"+at)), number(r.AtEnd, Ref("end"+at)),
			number(r.New, Ref("new"+at)), number(r.Reactivated, Ref("reactivated"+at)),
			rate(r.AtEnd-r.New-r.Reactivated, r.AtStart, Ref("kept"+at)), rate(r.AtEnd-r.New, r.AtStart, Ref("end"+at))})
	}
	if n := len(rows); n > 0 {
		last, cells := rows[n-1], table.Rows[n-1]
		res.Chart = &Chart{Kind: Line, X: 1, Series: []int{6, 7}}
		res.Figures = []Figure{{"retention_cohort", Share, cells[6]}, {"retention_textbook", Share, cells[7]},
			{"at_start", Count, cells[2]}, {"at_end", Count, cells[3]}, {"new", Count, cells[4]}, {"reactivated", Count, cells[5]}}
		if last.AtStart > 0 {
			res.sentence = func(p *i18n.Printer) string {
				return p.T("report.period_retention.sentence", "start", last.Start, "end", last.End,
					"of100", of100(last.AtEnd-last.New-last.Reactivated, last.AtStart), "textbook", p.Percent(float64(last.Textbook), 1))
			}
		}
	}
	res.Tables = []Table{table.latest(24)}
	return res, nil
}

// periodWho: start/DAY, end/…, new/…, reactivated/…, kept/…, lost/… of the period that ends with DAY.
func periodWho(ctx context.Context, s *session, what string, args []string) (string, error) {
	end, err := dayArg(args, 0)
	if err != nil {
		return "", err
	}
	return s.periodCustomers(what, end, end.AddDays(-periodDays), periodDays)
}

// periodCustomers is the SQL of the customers behind a period (start, end]; one is active for so many days after a purchase.
func (s *session) periodCustomers(what string, end, start clock.Day, length int) (string, error) {
	in := fmt.Sprintf("day > %s AND day <= %s", date(start), date(end))
	before := fmt.Sprintf("day > %s AND day <= %s", date(start.AddDays(-length)), date(start))
	from := "SELECT customer FROM " + s.days() + " p WHERE "
	switch what {
	case "start":
		return from + before, nil
	case "end":
		return from + in, nil
	case "new":
		return from + in + " AND nth = 1", nil
	case "reactivated":
		return fmt.Sprintf("%s%s AND prev <= %s", from, in, date(start.AddDays(-length))), nil
	case "kept":
		return fmt.Sprintf("%s%s AND prev > %s AND prev <= %s", from, in, date(start.AddDays(-length)), date(start)), nil
	case "lost":
		return fmt.Sprintf("%s%s AND (next IS NULL OR next > %s)", from, before, date(end)), nil
	}
	return "", badRef(what)
}

// sectors are the yearly churn rates of sectors in per cent, as published by CustomerGauge, highest first.
var sectors = [...]struct {
	name  string
	churn int64
}{
	{"wholesale", 56}, {"consumer_goods_retail", 40}, {"logistics", 40}, {"manufacturing", 35}, {"telecom", 31},
	{"professional_services", 27}, {"finance", 19}, {"industrial_services", 17}, {"software", 14}, {"it_services", 12}, {"energy", 11},
}

type sectorJSON struct {
	Definition string           `json:"definition"`
	Start      clock.Day        `json:"start"`
	End        clock.Day        `json:"end"`
	AtStart    int64            `json:"customers_at_start"`
	Kept       int64            `json:"bought_again"`
	Churn      decimal          `json:"own_churn"`
	Sector     *string          `json:"sector"`
	Sectors    entries[decimal] `json:"sectors"`
	Source     string           `json:"source"`
	stamp
}

const yearDays = 365

// sectorChurn sets the own churn of a year beside that of sectors.
func sectorChurn(ctx context.Context, s *session) (*Result, error) {
	start := s.AsOf.AddDays(-yearDays)
	var lost, atStart int64
	err := s.one(ctx, fmt.Sprintf(`SELECT count(*) FILTER (next IS NULL OR next > %s) AS lost, count(*) AS at_start
FROM %s p WHERE day > %s AND day <= %s AND (next IS NULL OR next > %[4]s)`,
		date(s.AsOf), s.days(), date(start.AddDays(-yearDays)), date(start)), &lost, &atStart)
	if err != nil {
		return nil, err
	}
	var own sql.NullString
	if err := s.one(ctx, "SELECT max(value) FROM setting WHERE key = 'sector'", &own); err != nil {
		return nil, err
	}
	object := sectorJSON{
		Definition: "own_churn = share of the customers with a purchase in the year up to start that did not buy again up to end",
		Start:      start, End: s.AsOf, AtStart: atStart, Kept: atStart - lost, Churn: ratio(lost, atStart),
		Source: "CustomerGauge", stamp: s.stamp(),
	}
	table := Table{Columns: columns("sector", Text, "churn", Share, "difference", Share)}
	table.Rows = append(table.Rows, []Cell{word("report.sector.own"), rate(lost, atStart, "lost"), none()})
	sectorChurn := int64(0)
	for _, sector := range sectors {
		object.Sectors.add(sector.name, decimal(float64(sector.churn)/100))
		cells := []Cell{word("report.sector." + sector.name), value(float64(sector.churn) / 100), none()}
		if atStart > 0 {
			cells[2] = value(float64(lost)/float64(atStart) - float64(sector.churn)/100)
		}
		table.Rows = append(table.Rows, cells)
		if own.String == sector.name {
			object.Sector, sectorChurn = &own.String, sector.churn
		}
	}
	res := &Result{JSON: object, Tables: []Table{table}, Chart: &Chart{Kind: Bars, Series: []int{1}}}
	res.Figures = []Figure{{"churn", Share, rate(lost, atStart, "lost")}, {"at_start", Count, number(atStart, "start")},
		{"bought_again", Count, number(atStart-lost, "kept")}, {"lost", Count, number(lost, "lost")}}
	res.sentence = func(p *i18n.Printer) string { return p.T("report.sector_churn.sentence_young") }
	if atStart > 0 {
		res.sentence = func(p *i18n.Printer) string {
			if object.Sector == nil {
				return p.T("report.sector_churn.sentence", "of100", of100(lost, atStart), "start", start, "end", s.AsOf)
			}
			return p.T("report.sector_churn.sentence_sector", "of100", of100(lost, atStart), "start", start, "end", s.AsOf,
				"sector", p.T("report.sector."+*object.Sector), "theirs", sectorChurn)
		}
	}
	return res, nil
}

// sectorWho: start, kept and lost of the year up to AsOf.
func sectorWho(ctx context.Context, s *session, what string, _ []string) (string, error) {
	return s.periodCustomers(what, s.AsOf, s.AsOf.AddDays(-yearDays), yearDays)
}
