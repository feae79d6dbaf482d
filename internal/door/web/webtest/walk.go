package webtest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"stamm/internal/door/web/page"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// Walk asks for every page of the table in both languages, as every role and as nobody, and checks what each must keep
// to: the status fits the permission; there is a title, no missing text, no HTML out of the data, no id twice; a list is
// there as CSV; and looking changes nothing. examples gives an address for each pattern with a placeholder, "" for one
// that another test looks at. A page may also lead elsewhere.
func (s *Site) Walk(t *testing.T, examples map[string]string) {
	t.Helper()
	before := s.head()
	for _, route := range s.Server.Routes() {
		if route.Method != http.MethodGet {
			continue
		}
		address, known := examples[route.Pattern]
		if known && address == "" {
			continue // looked at elsewhere
		}
		if address == "" {
			if strings.Contains(route.Pattern, "{") && route.Pattern != "/{$}" {
				t.Errorf("no example of %s", route.Pattern)
				continue
			}
			address = strings.TrimSuffix(route.Pattern, "{$}")
		}
		t.Run("GET "+address, func(t *testing.T) {
			for _, role := range append(auth.Roles(), Nobody) {
				s.look(t, route, address, role)
			}
		})
	}
	if after := s.head(); after != before {
		t.Errorf("looking at pages has changed something: the feed went from %v to %v", before, after)
	}
}

// head is the newest change apart from the visitors' own logins and choices of language.
func (s *Site) head() (seq int64) {
	s.Read(func(ctx context.Context, tx *store.Tx) error {
		changes, err := feed.Newest(ctx, tx, 0, "", 0, 1000)
		for _, c := range changes {
			if c.Kind != "user.login" && c.Kind != "user.changed" {
				seq = c.Seq
				return err
			}
		}
		return err
	})
	return seq
}

func (s *Site) look(t *testing.T, route page.Route, address string, role auth.Role) {
	t.Helper()
	who := string(role)
	if role == Nobody {
		who = "nobody"
	}
	allowed := route.Permission == auth.Public || role != Nobody && role.Can(route.Permission)
	c := s.As(role)
	for _, language := range []string{"de", "en"} {
		got := c.Speak(language).Get(address)
		at := fmt.Sprintf("%s in %s", who, language)
		switch {
		case !allowed && role == Nobody:
			if got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Location, page.Login) {
				t.Errorf("%s: status %d to %q, want the login", at, got.Status, got.Location)
			}
			continue
		case !allowed:
			if got.Status != http.StatusForbidden {
				t.Errorf("%s: status %d, want 403", at, got.Status)
			}
		case got.Status == http.StatusSeeOther:
			continue // leads on
		case got.Status != http.StatusOK:
			t.Errorf("%s: status %d: %s", at, got.Status, Words(got.Body))
		}
		for _, problem := range Problems(got, language) {
			t.Errorf("%s: %s", at, problem)
		}
		if head := c.Do(httptest.NewRequest(http.MethodHead, address, nil)); head.Status != got.Status {
			t.Errorf("%s: HEAD has status %d, GET %d", at, head.Status, got.Status)
		}
	}
	if route.CSV && allowed {
		path, query, _ := strings.Cut(address, "?")
		got := c.Get(path + ".csv?" + query)
		if got.Status != http.StatusOK || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/csv") || !strings.HasPrefix(got.Body, "\ufeff") {
			t.Errorf("%s: as CSV: status %d, %s, %.60q", who, got.Status, got.Header.Get("Content-Type"), got.Body)
		}
		if strings.Contains(got.Body, "⟦") {
			t.Errorf("%s: a text is missing in the CSV: %.200q", who, got.Body)
		}
	}
}

// Problems are what is wrong with an answer that shows a page, whatever stands on it.
func Problems(a Answer, language string) (problems []string) {
	doc, err := html.Parse(strings.NewReader(a.Body))
	if err != nil {
		return []string{err.Error()}
	}
	if i := strings.Index(a.Body, "⟦"); i >= 0 {
		problems = append(problems, fmt.Sprintf("a text is missing: %.60s", a.Body[i:]))
	}
	ids := map[string]bool{}
	title := ""
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "title":
			if n.Parent.Data == "head" && n.FirstChild != nil {
				title = n.FirstChild.Data
			}
		case "html":
			if got := attribute(n, "lang"); got != language {
				problems = append(problems, fmt.Sprintf("the page is in %q, want %q", got, language))
			}
		case "script":
			if attribute(n, "src") == "" {
				problems = append(problems, "a script stands in the page")
			}
		case "b":
			if n.FirstChild != nil && (n.FirstChild.Data == "injected" || isRole(n.FirstChild.Data)) {
				problems = append(problems, "HTML out of the data stands in the page")
			}
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				problems = append(problems, fmt.Sprintf("<%s> has the attribute %s, which the policy forbids", n.Data, a.Key))
			}
		}
		if id := attribute(n, "id"); id != "" {
			if ids[id] {
				problems = append(problems, fmt.Sprintf("the id %q stands there twice", id))
			}
			ids[id] = true
		}
	}
	if words, _, _ := strings.Cut(title, " · "); words == "" || words == "Stamm" {
		problems = append(problems, fmt.Sprintf("the title is %q", title))
	}
	return problems
}

func isRole(text string) bool {
	_, err := auth.ParseRole(text)
	return err == nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// Words are what a reader sees of a page's main part, in one line.
func Words(body string) string {
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		return body
	}
	root := doc
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "main" {
			root = n
			break
		}
	}
	var words []string
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" {
			words = append(words, strings.Fields(n.Data)...)
		}
	}
	return strings.Join(words, " ")
}
