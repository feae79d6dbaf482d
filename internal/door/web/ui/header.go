package ui

import (
	"context"
	"html"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
)

// Header is the top of a page.
type Header struct {
	Title   string
	Back    *Anchor         // the list this page came from, nil for none
	Mark    templ.Component // beside the title: chips, a band
	Lead    templ.Component // the sentence that says what the page says today; see Sentence
	Period  *Picker
	Compare *Picker
	CSV     string          // address of the same list as CSV, "" for none
	Explain *Explain        // nil for none
	Actions templ.Component // buttons
}

// Picker is a choice that changes the address, such as the period.
type Picker struct {
	Label   string // what is chosen, "Zeitraum"
	Value   string // what is in force, "letzte 12 Monate"
	Choices []Choice
	Custom  *CustomPeriod // free dates, nil for none
}

// Choice is one entry of a picker or a filter menu.
type Choice struct {
	Text   string
	Href   string
	Active bool
}

// CustomPeriod lets the user type two dates. The form is a GET to Action.
type CustomPeriod struct {
	Action           string
	FromName, ToName string // names of the parameters
	From, To         string // ISO dates
	Hidden           []Hidden
}

// Explain is everything that stands behind a number. Empty parts are left out.
type Explain struct {
	ID         string // unique on the page
	Title      string // what is explained
	Definition string
	Formula    string
	Purchase   string // what counts as a purchase
	Refunds    string // how returns are treated
	Period     string
	AsOf       string
	Source     string // where the definition comes from
	SourceURL  string
	SQL        string
	Rows       *Anchor // the rows behind the number
}

// AsOf says how fresh the numbers of a page are.
type AsOf struct {
	At     time.Time // zero for unknown
	Source string    // where they come from, in words
	Rows   int64     // how many rows were counted; 0 is left out
	Stale  bool      // newer numbers are being computed
	Reload string    // address asked until Stale is over, "" for never
}

// Sentence turns a text with marks into one with links. "Von [[cohort|100
// Kunden]]" becomes a link on the address under "cohort"; where there is none,
// the marked words are set bold. Everything else is escaped. The marks stand in
// the catalogues, so that each language says its sentence in its own order.
func Sentence(text string, hrefs map[string]string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, sentence(text, hrefs))
		return err
	})
}

func sentence(text string, hrefs map[string]string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "[[")
		inside, after, closed := strings.Cut(rest, "]]")
		key, words, marked := strings.Cut(inside, "|")
		if !found || !closed || !marked {
			out.WriteString(html.EscapeString(text))
			return out.String()
		}
		out.WriteString(html.EscapeString(before))
		words = html.EscapeString(words)
		if href := hrefs[key]; href != "" {
			out.WriteString(`<a href="` + html.EscapeString(string(templ.URL(href))) + `">` + words + `</a>`)
		} else {
			out.WriteString("<b>" + words + "</b>")
		}
		text = after
	}
}

// With returns the address u with the query parameters given as name, value
// pairs set; an empty value removes the parameter. Sorting, filtering and paging
// links are made with it, so that the rest of the state stays in the address.
func With(u *url.URL, pairs ...string) string {
	query := u.Query()
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			query.Del(pairs[i])
		} else {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	target := url.URL{Path: u.Path, RawQuery: query.Encode()}
	return target.String()
}
