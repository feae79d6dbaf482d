package api_test

import (
	"bytes"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"stamm/internal/door/api"
	"stamm/internal/door/connect"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// whole is an API with all its routes, of which only the description is asked.
func whole(t *testing.T) *client {
	c := newClient(t, storetest.Open(t, storetest.SQLite(t), store.Options{}))
	c.with(api.Deps{Reports: api.ReportsOf(nil, c.db), Imports: connect.New(c.db, nil), Segments: &api.Segments{Fields: fields}})
	c.secret = ""
	return c
}

func TestTheOpenAPIDocumentIsAsReviewed(t *testing.T) {
	c := whole(t)
	for _, name := range []string{"openapi.json", "openapi.yaml"} {
		got := c.do("GET", "/"+name, "")
		if got.status != http.StatusOK {
			t.Fatalf("%s: %d %s", name, got.status, got.text)
		}
		if strings.Contains(got.text, "⟦") {
			t.Errorf("%s lacks a text: %s", name, regexp.MustCompile(`⟦[^⟧]*⟧`).FindString(got.text))
		}
		path := "testdata/" + name
		if *update {
			if err := os.WriteFile(path, []byte(got.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, []byte(got.text)) {
			t.Errorf("%s differs from %s; look at the difference, then go test -update", name, path)
		}
	}
}

func TestTheDescriptionIsAPageOfItsOwnInBothLanguages(t *testing.T) {
	c := whole(t)
	for lang, word := range map[string]string{"de": "Beleg anlegen oder ersetzen", "en": "Add or replace a document"} {
		c.lang = lang
		page := c.do("GET", "/docs", "")
		if page.status != http.StatusOK || !strings.Contains(page.text, word) || !strings.Contains(page.text, `<html lang="`+lang+`"`) {
			t.Errorf("%s: %d, without %q", lang, page.status, word)
		}
		if missing := regexp.MustCompile(`⟦[^⟧]*⟧`).FindString(page.text); missing != "" {
			t.Errorf("%s: %s is missing", lang, missing)
		}
		if foreign := regexp.MustCompile(`(src|href)="https?:[^"]*"|<script|<style|style="`).FindString(page.text); foreign != "" {
			t.Errorf("%s: the page has %s", lang, foreign)
		}
		if policy := page.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'self'") {
			t.Errorf("policy %q", policy)
		}
	}
	if style := c.do("GET", "/docs/style.css", ""); style.status != http.StatusOK || !strings.HasPrefix(style.header.Get("Content-Type"), "text/css") {
		t.Errorf("style: %d %s", style.status, style.header.Get("Content-Type"))
	}
	if there := c.do("GET", "/", ""); there.status != http.StatusFound || there.header.Get("Location") != "/api/v1/docs" {
		t.Errorf("/: %d to %s", there.status, there.header.Get("Location"))
	}
}

func TestWrongAddressesAreProblemsInTheLanguageOfTheCaller(t *testing.T) {
	c := whole(t)
	tests := []struct {
		method, path, lang string
		status             int
		detail             string
	}{
		{"GET", "/nothing", "en", http.StatusNotFound, "There is nothing at this address."},
		{"GET", "/nothing", "de-AT, en;q=0.5", http.StatusNotFound, "Unter dieser Adresse gibt es nichts."},
		{"GET", "/nothing", "fr", http.StatusNotFound, "There is nothing at this address."},
		{"DELETE", "/products/1", "en", http.StatusMethodNotAllowed, "This address only answers to GET, HEAD, PUT."},
	}
	for _, tt := range tests {
		c.lang = tt.lang
		a := c.do(tt.method, tt.path, "")
		if a.status != tt.status || !strings.HasPrefix(a.body["detail"].(string), tt.detail) || a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s in %s: %d %s %s", tt.method, tt.path, tt.lang, a.status, a.header.Get("Content-Type"), a.text)
		}
		if a.body["request_id"] == "" || a.body["request_id"] != a.header.Get("X-Request-Id") {
			t.Errorf("request %v, in the header %s", a.body["request_id"], a.header.Get("X-Request-Id"))
		}
	}
	c.lang = ""
	if a := c.do("GET", "/nothing", ""); !strings.HasPrefix(a.body["detail"].(string), "Unter") {
		t.Errorf("without a language the company's does not count: %s", a.text)
	}
}

func TestHeadAnswersLikeGetWithoutABody(t *testing.T) {
	c := whole(t)
	server := httptest.NewServer(c.api)
	defer server.Close()
	answer, err := http.Head(server.URL + "/api/v1/products")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("%d", answer.StatusCode)
	}
}
