package figure

import (
	"net/url"

	"stamm/internal/door/web/page"
	"stamm/internal/insight/report"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

// Against is what a report is compared with.
type Against string

// The comparisons.
const (
	YearAgo Against = ""       // the same day a year before, or ninety days before where purchases do not reach back
	Before  Against = "before" // ninety days before
	Nothing Against = "none"
)

// Query is what a page about a report shows, as it stands in the address. Fixed says whether the day was chosen; otherwise
// the page moves on with the days.
type Query struct {
	Report  *report.Report
	Params  report.Params
	Fixed   bool
	Against Against
}

// Of is the report by its name with everything as it is without a choice.
func Of(name string, today clock.Day) (Query, error) {
	rep, err := report.Find(name)
	return Query{Report: rep, Params: report.Params{AsOf: today, Basis: report.Net}}, err
}

// Read reads the query of a request. What cannot be meant is an Invalid fault.
func Read(r *page.Request, name string) (Query, error) {
	q, err := Of(name, r.Today())
	if err != nil {
		return q, err
	}
	if q.Params.AsOf, q.Fixed, err = ReadDay(r); err != nil {
		return q, err
	}
	if q.Params.Basis, err = report.ParseBasis(r.Text("basis")); err != nil {
		return q, err
	}
	switch a := Against(r.Text("compare")); a {
	case YearAgo, Before, Nothing:
		q.Against = a
	default:
		return q, fault.New(fault.Invalid, "insight.error.compare", "text", string(a)).On("compare")
	}
	q.Params.By = r.Text("by")
	q.Params.Kind, q.Params.Country, q.Params.Region = short(r.Text("kind")), short(r.Text("country")), short(r.Text("region"))
	return q, nil
}

// ReadDay reads the day figures are as of, and whether it was chosen; otherwise it is today.
func ReadDay(r *page.Request) (day clock.Day, fixed bool, err error) {
	text := r.Text("as_of")
	if text == "" {
		return r.Today(), false, nil
	}
	if day, err = clock.ParseDay(text); err != nil {
		return 0, false, fault.New(fault.Invalid, "insight.error.as_of", "text", text).On("as_of")
	}
	if day > r.Today() {
		return 0, false, fault.New(fault.Invalid, "insight.error.future", "day", day).On("as_of")
	}
	return day, day != r.Today(), nil
}

// short keeps what could be a kind, a country or a region.
func short(text string) string {
	if len(text) > 100 {
		return ""
	}
	return text
}

func (q Query) values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.Fixed {
		set("as_of", q.Params.AsOf.String())
	}
	if q.Params.Basis == report.Gross {
		set("basis", string(report.Gross))
	}
	set("compare", string(q.Against))
	set("by", q.Params.By)
	set("kind", q.Params.Kind)
	set("country", q.Params.Country)
	set("region", q.Params.Region)
	return v
}

func address(path string, v url.Values) string {
	u := url.URL{Path: path, RawQuery: v.Encode()}
	return u.String()
}

// Page is the address of the report, with further parameters as name, value pairs.
func (q Query) Page(pairs ...string) string { return q.at("/insight/"+q.Report.Name, pairs) }

// CSV is the address of one table of the report as CSV; "" is its first.
func (q Query) CSV(table string) string {
	return q.at("/insight/"+q.Report.Name+".csv", []string{"table", table})
}

// AnonymousPath is the address of the sales without a customer.
const AnonymousPath = "/documents"

// Behind is the address of the customers behind a figure, or of the sales without one; "" where there are none to name.
func (q Query) Behind(ref report.Ref, pairs ...string) string {
	switch ref {
	case "":
		return ""
	case report.Anonymous:
		return AnonymousPath
	}
	q.Against = YearAgo
	return q.at("/insight/"+q.Report.Name+"/customers", append([]string{"ref", string(ref)}, pairs...))
}

func (q Query) at(path string, pairs []string) string {
	v := q.values()
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			v.Del(pairs[i])
		} else {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return address(path, v)
}

// Key names the result in the cache of the warehouse.
func (q Query) Key(what string) string {
	v := q.values()
	v.Set("as_of", q.Params.AsOf.String())
	v.Del("compare")
	return "insight/" + what + "/" + q.Report.Name + "?" + v.Encode()
}
