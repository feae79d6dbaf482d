package ui

import (
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/platform/i18n"
)

// Frame is what surrounds a page: who looks, where they are, what the menu
// shows. The web server fills it once per request; the page adds the title.
type Frame struct {
	P           *i18n.Printer
	Title       string     // of the page, for the tab of the browser
	Company     string     // whose data this is; stands under the name of the program
	Menu        []MenuItem // only areas that exist
	Here        string     // path and query of this page; a switch of language or theme returns here
	User        User
	Theme       Theme
	NoShortcuts bool   // the user switched the one-letter keys off
	Search      string // what stands in the search box
	Job         *Job   // the job running now, nil for none
	JobBar      string // address of the fragment RunningJob, asked every few seconds; "" for never
	Flash       *Flash // what just happened
	Links       Links
}

// Links are the addresses behind the fixed parts of the frame. The ones marked
// POST get a form with the field named there and "back", the address to return
// to. What is "" is not shown.
type Links struct {
	Home     string // of the name of the program
	Search   string // GET, parameter q; answers SearchResults to htmx, a page otherwise
	Profile  string
	Logout   string // POST
	Language string // POST, field language: de or en
	Theme    string // POST, field theme: system, light or dark
}

// MenuItem is one area in the menu.
type MenuItem struct {
	Label  string
	Href   string
	Icon   string // name for Icon
	Active bool
	Count  string     // a small number beside the label, "" for none
	Items  []MenuItem // pages of the area, shown while it is active
}

// User is who is signed in.
type User struct {
	Name string
	Mail string
	Role string // in words
}

// initials are the one or two letters in the round mark of the user.
func (u User) initials() string {
	words := strings.Fields(u.Name)
	if len(words) == 0 {
		return "·"
	}
	letters := []rune(words[0])[:1]
	if len(words) > 1 {
		letters = append(letters, []rune(words[len(words)-1])[0])
	}
	return strings.ToUpper(string(letters))
}

// Theme is light, dark or, when empty, what the system asks for.
type Theme string

// The themes a user can choose.
const (
	System Theme = ""
	Light  Theme = "light"
	Dark   Theme = "dark"
)

// value is what the switch sends for the theme.
func (t Theme) value() string {
	if t == System {
		return "system"
	}
	return string(t)
}

// Tone says whether something is good or bad. It never stands alone: the words
// say the same.
type Tone string

// The tones.
const (
	Neutral Tone = ""
	Good    Tone = "good"
	Warn    Tone = "warn"
	Bad     Tone = "bad"
	Accent  Tone = "accent"
)

// Flash is the line that says what just happened.
type Flash struct {
	Tone Tone // Good, Warn or Bad
	Text string
	Undo *Post   // the way back, nil when there is none
	Link *Anchor // where to look, nil for nowhere
}

// Post is a small form with one button: what changes something and needs no
// further input.
type Post struct {
	Label   string
	Action  string
	Fields  []Hidden
	Confirm string // asked before, by its consequence; only for what cannot be undone
	Primary bool   // the one thing to do next
}

// Hidden is a form field nobody sees.
type Hidden struct{ Name, Value string }

// Anchor is a link: its words and where it leads.
type Anchor struct{ Text, Href string }

// split returns the entries of the bottom bar on a phone: what it shows and what
// goes under "more".
func split(menu []MenuItem) (bar, more []MenuItem) {
	const entries = 5
	if len(menu) <= entries {
		return menu, nil
	}
	return menu[:entries], menu[entries:]
}

// anyActive tells whether one of the items is the area shown.
func anyActive(items []MenuItem) bool {
	for _, item := range items {
		if item.Active {
			return true
		}
	}
	return false
}

// document is the title in the tab of the browser.
func document(title string) string {
	if title == "" {
		return "Stamm"
	}
	return title + " · Stamm"
}

// current is the value of aria-current for a link that may be where we are.
func current(active bool) templ.Attributes {
	if active {
		return templ.Attributes{"aria-current": "page"}
	}
	return nil
}

const htmxConfig = `{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"historyCacheSize":0,"refreshOnHistoryMiss":true,"defaultSwapStyle":"outerHTML"}`
