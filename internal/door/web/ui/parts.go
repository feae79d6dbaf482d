package ui

import (
	"strconv"

	"github.com/a-h/templ"
)

// Tab is one of several views of the same thing.
type Tab struct {
	Label  string
	Href   string
	Count  string // "" for none
	Active bool
}

// Button is a link or a form button that looks like one.
type Button struct {
	Label   string
	Href    string // a link; "" makes a submit button
	Icon    string
	Primary bool
	Danger  bool
	Quiet   bool
	Small   bool
	Name    string // of a submit button
	Value   string
}

func (b Button) class() string {
	class := "btn"
	switch {
	case b.Primary:
		class += " btn-primary"
	case b.Danger:
		class += " btn-danger"
	case b.Quiet:
		class += " s-quiet"
	}
	if b.Small {
		class += " btn-sm"
	}
	return class
}

// Entry is one line of a timeline.
type Entry struct {
	When   string // formatted day or time
	Icon   string // of the kind: order, message, return
	Kind   string // in words, for screen readers
	Tone   Tone
	Title  string
	Href   string
	Text   string // one line more
	Amount string
	More   templ.Component // unfolds, nil for none
}

// EntryGroup is the entries of one month or day.
type EntryGroup struct {
	Title   string
	Entries []Entry
}

// Pair is a term and what it is.
type Pair struct {
	Term    string
	Text    string
	Href    string
	Content templ.Component // wins over Text
	Note    string          // quiet, behind: the source of the value
}

// Card is a box with a heading.
type Card struct {
	Title  string
	Sub    string
	Link   *Anchor // top right
	Flush  bool    // content reaches the border, for tables and lists
	Tone   Tone
	Tools  templ.Component // top right, before Link
	Anchor string          // id
}

// Item is one line of a list of things that need someone.
type Item struct {
	Icon   string
	Tone   Tone
	Title  string
	Href   string
	Text   string
	Meta   string // right: when, how much
	Action *Post
	Go     *Anchor // instead of Action
}

// meterWidth is a share as a width of a hundred.
func meterWidth(share float64) string {
	return strconv.FormatFloat(100*min(max(share, 0), 1), 'f', 1, 64)
}

func checkValue(value string) string {
	if value == "" {
		return "1"
	}
	return value
}
