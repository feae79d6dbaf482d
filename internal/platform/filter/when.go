package filter

import (
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
)

// Reversed refuses bounds that stand the wrong way round on a day, where one is a date and the other is counted from today. Check cannot tell,
// since it knows no day; Compile lets them pass, since what was saved may come to that with time, and then nobody meets it any more.
func Reversed(t Tree, asOf clock.Day) error {
	for _, c := range t.Conditions() {
		for _, of := range append([]Condition{c}, c.With...) {
			if err := crossed(of, asOf); err != nil {
				return err
			}
		}
	}
	return nil
}

func crossed(c Condition, asOf clock.Day) error {
	apart := func(from, to Moment) error {
		if from.Relative != to.Relative && from.on(asOf) > to.on(asOf) {
			return reversed(c.Field, from.text(), to.text())
		}
		return nil
	}
	if w := c.Window; w != nil && w.Kind == Range {
		if err := apart(w.From, w.To); err != nil {
			return err
		}
	}
	if c.Is == Between && len(c.Values) == 2 && c.Values[0].Kind == DayValue && c.Values[1].Kind == DayValue {
		return apart(c.Values[0].Day, c.Values[1].Day)
	}
	return nil
}

// on is the day that is meant on a day.
func (m Moment) on(asOf clock.Day) clock.Day {
	if m.Relative {
		return m.Shift.AddToDay(asOf)
	}
	return m.Day
}

// Ahead says of each condition whose period begins only after the day as of which is asked that nothing counts in it yet.
func (q *Query) Ahead(p *i18n.Printer) []string {
	var all []string
	for _, c := range q.Leaves() {
		if c.Window == nil {
			continue
		}
		if from, _ := q.bounds(c.Window); from != nil && *from > q.asOf {
			all = append(all, p.T("filter.not_begun", "condition", Text(Tree{Is: &c}), "day", *from))
		}
	}
	return all
}
