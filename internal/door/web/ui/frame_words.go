package ui

import (
	"github.com/a-h/templ"

	"stamm/internal/platform/i18n"
)

// home is where the name of the program leads.
func home(f Frame) string {
	if f.Links.Home == "" {
		return "/"
	}
	return f.Links.Home
}

// pressed is the value of aria-pressed.
func pressed(on bool) string {
	if on {
		return "true"
	}
	return "false"
}

type themeChoice struct {
	theme       Theme
	icon, label string
}

func themes(p *i18n.Printer) []themeChoice {
	return []themeChoice{
		{System, "device-desktop", p.T("ui.frame.theme_system")},
		{Light, "sun", p.T("ui.frame.theme_light")},
		{Dark, "moon", p.T("ui.frame.theme_dark")},
	}
}

type keyHelp struct {
	keys []string
	does string
}

// keys is what the keyboard does on every page; app.js does it.
func keys(p *i18n.Printer) []keyHelp {
	return []keyHelp{
		{[]string{"/"}, p.T("ui.keys.search")},
		{[]string{p.T("ui.keys.ctrl"), "K"}, p.T("ui.keys.search_anywhere")},
		{[]string{"j", "k"}, p.T("ui.keys.rows")},
		{[]string{"Enter"}, p.T("ui.keys.open")},
		{[]string{"n"}, p.T("ui.keys.next")},
		{[]string{"Esc"}, p.T("ui.keys.close")},
		{[]string{"?"}, p.T("ui.keys.sheet")},
	}
}

// toneOr is the tone, or what stands in for none.
func toneOr(tone, other Tone) string {
	if tone == Neutral {
		return string(other)
	}
	return string(tone)
}

// toneIcon is the mark beside a line of that tone, so that the colour does not
// carry the meaning alone.
func toneIcon(tone string) string {
	switch Tone(tone) {
	case Good:
		return "circle-check"
	case Warn:
		return "alert-triangle"
	case Bad:
		return "alert-circle"
	}
	return "info-circle"
}

// chosen marks the entry of a picker that is in force.
func chosen(active bool) templ.Attributes {
	if active {
		return templ.Attributes{"aria-current": "true"}
	}
	return nil
}
