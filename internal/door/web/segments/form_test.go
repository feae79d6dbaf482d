package segments_test

import (
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// sent is what a browser would send of the form with an id, or of all forms of the page, but for its buttons.
func sent(t *testing.T, body, id string) url.Values {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	v := url.Values{}
	for form := range doc.Descendants() {
		if form.Type != html.ElementNode || form.Data != "form" || id != "" && attribute(form, "id") != id {
			continue
		}
		for n := range form.Descendants() {
			if n.Type == html.ElementNode && attribute(n, "name") != "" {
				field(v, n)
			}
		}
	}
	return v
}

func field(v url.Values, n *html.Node) {
	name := attribute(n, "name")
	switch n.Data {
	case "textarea":
		text := ""
		if n.FirstChild != nil {
			text = n.FirstChild.Data
		}
		v.Add(name, text)
	case "select":
		value, first := "", true
		for o := range n.Descendants() {
			if o.Data == "option" && (first || has(o, "selected")) {
				value, first = attribute(o, "value"), false
			}
		}
		v.Add(name, value)
	case "input":
		switch kind := attribute(n, "type"); {
		case kind == "file":
		case (kind == "checkbox" || kind == "radio") && !has(n, "checked"):
		default:
			v.Add(name, attribute(n, "value"))
		}
	}
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
