package imports

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/i18n"
)

// everyChoices are the usual distances between two looks into a folder, as jobs.ParseSpec reads them.
func everyChoices() []string {
	return []string{"every 5m", "every 15m", "every 1h", "every 6h", "daily", "weekly"}
}

var weekdayWords = [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// readSpec puts the fields of the form together to when a folder is looked at.
func readSpec(every, weekday, at string) string {
	switch every {
	case "daily":
		return every + " " + at
	case "weekly":
		return every + " " + weekday + " " + at
	}
	return every
}

// splitSpec is readSpec backwards, with the night from Monday to Tuesday where nothing was chosen yet.
func splitSpec(spec string) (every, weekday, at string) {
	words := strings.Fields(spec)
	every, weekday, at = spec, "monday", "03:00"
	switch {
	case len(words) >= 2 && words[0] == "daily":
		every, at = words[0], words[1]
	case len(words) >= 3 && words[0] == "weekly":
		every, weekday, at = words[0], words[1], words[2]
	}
	return every, weekday, at
}

// specWords says when a folder is looked at: "alle 15 Min.", "täglich um 03:00", "jeden Montag um 07:30".
func specWords(p *i18n.Printer, spec string) string {
	every, weekday, at := splitSpec(spec)
	switch every {
	case "":
		return ""
	case "daily":
		return p.T("imports.profiles.daily", "time", at)
	case "weekly":
		return p.T("imports.profiles.weekly", "day", weekdayName(p, weekday), "time", at)
	}
	d, err := time.ParseDuration(strings.TrimSpace(strings.TrimPrefix(every, "every")))
	if err != nil {
		return spec
	}
	if d == time.Hour {
		return p.T("imports.profiles.hourly")
	}
	return p.T("imports.profiles.every", "time", p.Duration(d))
}

func weekdayName(p *i18n.Printer, word string) string {
	if i := slices.Index(weekdayWords[:], strings.ToLower(word)); i >= 0 {
		return p.Weekday(time.Weekday(i))
	}
	return word
}

// everyOptions are the choices of the form; what somebody set elsewhere is among them.
func everyOptions(r *page.Request, spec string) []ui.Option {
	chosen, _, _ := splitSpec(spec)
	all := everyChoices()
	if chosen != "" && !slices.Contains(all, chosen) {
		all = append(all, chosen)
	}
	var options []ui.Option
	for _, every := range all {
		label := specWords(r.P, every)
		if every == "daily" || every == "weekly" {
			label = r.P.T("imports.profiles." + every + "_at")
		}
		options = append(options, ui.Option{Value: every, Label: label, Chosen: every == chosen})
	}
	return options
}

// weekdayOptions begin with Monday.
func weekdayOptions(r *page.Request, spec string) []ui.Option {
	_, chosen, _ := splitSpec(spec)
	var options []ui.Option
	for i := range weekdayWords {
		word := weekdayWords[(i+1)%len(weekdayWords)]
		options = append(options, ui.Option{Value: word, Label: weekdayName(r.P, word), Chosen: word == strings.ToLower(chosen)})
	}
	return options
}

// ownerOptions are who can be told.
func ownerOptions(names map[int64]string, chosen int64) []ui.Option {
	var options []ui.Option
	for id, name := range names {
		options = append(options, ui.Option{Value: strconv.FormatInt(id, 10), Label: name, Chosen: id == chosen})
	}
	slices.SortFunc(options, func(a, b ui.Option) int { return strings.Compare(a.Label, b.Label) })
	return options
}
