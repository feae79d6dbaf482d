package ui_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
)

func render(t testing.TB, c templ.Component) string {
	t.Helper()
	var out strings.Builder
	if err := c.Render(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestSentenceLinksMarkedWordsAndEscapesTheRest(t *testing.T) {
	links := map[string]string{"a": "/x?y=1&z=2", "bad": "javascript:alert(1)"}
	for text, want := range map[string]string{
		"ohne Marken":               "ohne Marken",
		"Von [[a|100 Kunden]] …":    `Von <a href="/x?y=1&amp;z=2">100 Kunden</a> …`,
		"[[none|29]] kamen":         "<b>29</b> kamen",
		"<b>& [[a|<i>]]":            `&lt;b&gt;&amp; <a href="/x?y=1&amp;z=2">&lt;i&gt;</a>`,
		"[[bad|x]]":                 `<a href="about:invalid#TemplFailedSanitizationURL">x</a>`,
		"offen [[a|x":               "offen [[a|x",
		"ohne Strich [[a]] [[a|b]]": `ohne Strich [[a]] [[a|b]]`,
	} {
		if got := render(t, ui.Sentence(text, links)); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func FuzzSentenceNeverLetsMarkupThrough(f *testing.F) {
	for _, seed := range []string{"a [[b|c]] d", "[[|]]", "<script>[[a|<x>]]", "]][[|"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out := render(t, ui.Sentence(text, map[string]string{"a": "/x"}))
		for tokens := html.NewTokenizer(strings.NewReader(out)); ; {
			kind := tokens.Next()
			if kind == html.ErrorToken {
				return
			}
			if name, _ := tokens.TagName(); (kind == html.StartTagToken || kind == html.EndTagToken) && string(name) != "a" && string(name) != "b" {
				t.Fatalf("%q lets <%s> through", text, name)
			}
		}
	})
}

func TestWithKeepsTheRestOfTheAddress(t *testing.T) {
	here := &url.URL{Path: "/customers", RawQuery: "land=AT&sort=name&after=9"}
	if got, want := ui.With(here, "sort", "-value", "after", ""), "/customers?land=AT&sort=-value"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if here.RawQuery != "land=AT&sort=name&after=9" {
		t.Error("the address itself was changed")
	}
}

func TestErrorsStandInTheWordsOfTheUserAndByField(t *testing.T) {
	p := i18n.For("de", berlin(t))
	err := errors.Join(
		fault.New(fault.Invalid, "errors.required").On("name"),
		fault.New(fault.Invalid, "errors.mail", "text", "miriam@").On("mail"),
	)
	got := ui.ErrorsOf(p, err)
	if len(got) != 2 || got.On("mail") != "„miriam@“ ist keine Mailadresse." || got.On("name") == "" || got.On("other") != "" {
		t.Errorf("got %+v", got)
	}
	if ui.ErrorsOf(p, nil) != nil {
		t.Error("no error gives errors")
	}
	secret := ui.ErrorsOf(p, errors.New("dial tcp 10.0.0.1: refused"))
	if len(secret) != 1 || strings.Contains(secret[0].Text, "dial") {
		t.Errorf("an internal text is shown: %+v", secret)
	}
}

func TestAFailingPageWritesNothing(t *testing.T) {
	broken := ui.All(ui.Words("begin"), templ.ComponentFunc(func(context.Context, io.Writer) error { return errors.New("broken") }))
	w := httptest.NewRecorder()
	if err := ui.Render(t.Context(), w, http.StatusOK, broken); err == nil {
		t.Error("the error is lost")
	}
	if w.Body.Len() > 0 {
		t.Errorf("half a page was written: %q", w.Body)
	}
}

func TestAssetsAreCachedForEverAndCompressed(t *testing.T) {
	serve := func(path, encoding string) *http.Response {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", encoding)
		w := httptest.NewRecorder()
		ui.Assets().ServeHTTP(w, r)
		return w.Result()
	}
	plain := serve(ui.AssetURL("app.css"), "")
	text, _ := io.ReadAll(plain.Body)
	if plain.StatusCode != http.StatusOK || !strings.HasPrefix(plain.Header.Get("Content-Type"), "text/css") || !strings.Contains(plain.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("got %d %v", plain.StatusCode, plain.Header)
	}
	packed := serve(ui.AssetURL("app.css"), "gzip, br")
	reader, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if unpacked, _ := io.ReadAll(reader); string(unpacked) != string(text) {
		t.Error("the compressed file is another one")
	}
	for _, path := range []string{"/assets/app.css", "/assets/", "/assets/../render.go", "/assets/app.000000000000.css"} {
		if got := serve(path, "").StatusCode; got != http.StatusNotFound {
			t.Errorf("%s answers %d", path, got)
		}
	}
}

// The rules that keep the policy and the catalogues: no page carries an inline
// script or style, a handler attribute, a missing text or an address of another
// host that the browser would load.
func TestNoComponentBreaksThePolicyOrLacksAText(t *testing.T) {
	server := gallery(t)
	for _, lang := range []string{"de", "en"} {
		for _, name := range galleryNames {
			t.Run(lang+" "+name, func(t *testing.T) {
				answer, err := http.Get(server.URL + "/" + lang + "/light/" + name)
				if err != nil {
					t.Fatal(err)
				}
				defer answer.Body.Close()
				page, _ := io.ReadAll(answer.Body)
				if answer.StatusCode != http.StatusOK {
					t.Fatalf("status %d", answer.StatusCode)
				}
				if missing := regexp.MustCompile(`⟦[^⟧]*⟧`).FindAllString(string(page), -1); missing != nil {
					t.Errorf("missing texts: %v", missing)
				}
				checkMarkup(t, string(page))
			})
		}
	}
}

func checkMarkup(t *testing.T, page string) {
	t.Helper()
	ids := map[string]bool{}
	for tokens := html.NewTokenizer(strings.NewReader(page)); ; {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			return
		}
		token := tokens.Token()
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		if token.Data == "style" {
			t.Error("a <style> element")
		}
		for _, a := range token.Attr {
			switch {
			case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
				t.Errorf("<%s %s=%q>", token.Data, a.Key, a.Val)
			case (a.Key == "src" || token.Data == "link" && a.Key == "href") && !strings.HasPrefix(a.Val, "/assets/"):
				t.Errorf("<%s> loads %s", token.Data, a.Val)
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("two elements have the id %q", a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			}
		}
	}
}

func TestNamesFromOutsideStayText(t *testing.T) {
	p := i18n.For("de", berlin(t))
	const evil = `"><script>alert(1)</script>`
	out := render(t, ui.All(
		ui.TableBox(p, ui.Table{ID: "t", Caption: evil, Columns: []ui.Column{{Title: evil}}, Rows: []ui.Row{{Href: evil, Cells: []ui.Cell{ui.Lines(evil, evil), ui.LinkTo(evil, "javascript:alert(1)")}}}}),
		ui.ChartBox(p, ui.Chart{ID: "c", Kind: ui.BarChart, Title: evil, Labels: []string{evil}, Series: []ui.Series{{Name: evil, Values: []float64{1}}}}),
		ui.SearchResults(p, evil, nil, ""), ui.FlashLine(&ui.Flash{Text: evil}), ui.PageHeader(p, ui.Header{Title: evil}),
	))
	if strings.Contains(out, "<script") || strings.Contains(out, `="javascript:`) {
		t.Errorf("markup got through: %s", out)
	}
}

func TestSparklineLeavesGapsAndNeedsTwoValues(t *testing.T) {
	nan := math.NaN()
	for name, test := range map[string]struct {
		values []float64
		moves  int // pen put down
		dots   int
	}{
		"nothing":  {nil, 0, 0},
		"one":      {[]float64{1}, 0, 0},
		"all gaps": {[]float64{nan, nan}, 0, 0},
		"flat":     {[]float64{2, 2, 2}, 1, 1},
		"gap":      {[]float64{1, 2, nan, 3, 4}, 2, 1},
		"infinite": {[]float64{1, math.Inf(1), 3}, 2, 1},
	} {
		out := render(t, ui.Sparkline(test.values))
		if got := strings.Count(out, "M"); got != test.moves {
			t.Errorf("%s: %d lines, want %d", name, got, test.moves)
		}
		if got := strings.Count(out, "<circle"); got != test.dots || strings.Contains(out, "NaN") {
			t.Errorf("%s: %s", name, out)
		}
	}
}

func TestHeatMapColoursByShare(t *testing.T) {
	p := i18n.For("en", berlin(t))
	for share, want := range map[float64]string{0: "s-heat-00", .001: "s-heat-01", .1: "s-heat-01", .5: "s-heat-05", 1: "s-heat-10", 1.7: "s-heat-10", -1: "s-heat-00", math.NaN(): "s-heat-none"} {
		out := render(t, ui.HeatTable(p, ui.HeatMap{ID: "h", Rows: []ui.HeatRow{{Cells: []ui.HeatCell{{Text: "x", Share: share}}}}}))
		if !strings.Contains(out, `"s-heat-cell `+want+`"`) {
			t.Errorf("share %v has not the class %s: %s", share, want, out)
		}
	}
}

func TestChartsTurnWhatIsNoNumberIntoAGap(t *testing.T) {
	p := i18n.For("en", berlin(t))
	out := render(t, ui.ChartBox(p, ui.Chart{ID: "c", Kind: ui.LineChart, Labels: []string{"a", "b"}, Series: []ui.Series{{Name: "s", Values: []float64{1, math.NaN()}}}}))
	if !strings.Contains(html.UnescapeString(out), `"values":[1,null]`) {
		t.Errorf("got %s", out)
	}
}
