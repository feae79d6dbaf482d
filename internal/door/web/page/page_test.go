package page_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"stamm/internal/door/web/page"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/record/auth"
)

func request(target string) *page.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	if err := r.ParseForm(); err != nil {
		panic(err)
	}
	return &page.Request{Request: r, W: httptest.NewRecorder()}
}

func TestOnlyAddressesOfThisSiteAreFollowed(t *testing.T) {
	for to, want := range map[string]bool{
		"/": true, "/customers?q=a%20b#x": true, "/a//b": true,
		"": false, "customers": false, "//evil.example": false, "/\\evil.example": false, "https://evil.example": false, "javascript:alert(1)": false,
		"/\t/evil.example": false, "/\n": false, "/%zz": false, "mailto:a@b": false,
	} {
		if got := page.Local(to, "/safe"); (got == to) != want || !want && got != "/safe" {
			t.Errorf("Local(%q) = %q", to, got)
		}
	}
}

func FuzzLocalStaysOnThisSite(f *testing.F) {
	for _, seed := range []string{"/", "//evil.example", "/\\evil.example", "/%2f/evil", "http:/evil", "/..//evil"} {
		f.Add(seed)
	}
	base, _ := url.Parse("https://stamm.example.com/login")
	f.Fuzz(func(t *testing.T, to string) {
		got, err := base.Parse(page.Local(to, "/"))
		if err != nil || got.Host != base.Host || got.Scheme != base.Scheme {
			t.Errorf("%q leads to %v, %v", to, got, err)
		}
	})
}

func TestFieldsAreReadAsPeopleMeanThem(t *testing.T) {
	r := request("/list?name=%20Anna%00%20&n=12&bad=x&d=2026-12-31&id=3&id=x&id=-1&id=4&multi=a%0Ab&broken=%ff")
	for name, want := range map[string]string{"name": "Anna", "missing": "", "multi": "a\nb", "broken": ""} {
		if got := r.Text(name); got != want {
			t.Errorf("Text(%s) = %q, want %q", name, got, want)
		}
	}
	if r.Int("n", 0) != 12 || r.Int("bad", 7) != 7 || r.Int("missing", 8) != 8 {
		t.Error("whole numbers")
	}
	if d, ok := r.Day("d"); !ok || d != clock.NewDay(2026, 12, 31) {
		t.Errorf("Day = %v, %v", d, ok)
	}
	if _, ok := r.Day("bad"); ok {
		t.Error("x is no day")
	}
	if got := r.IDs("id"); !slices.Equal(got, []int64{3, 4}) {
		t.Errorf("IDs = %v", got)
	}
	for value, want := range map[string]int64{"7": 7, "0": 0, "-1": 0, "x": 0, "99999999999999999999": 0} {
		r.SetPathValue("id", value)
		got, err := r.PathID("id")
		if got != want || (err == nil) != (want > 0) || err != nil && fault.CodeOf(err) != fault.NotFound {
			t.Errorf("PathID(%q) = %d, %v", value, got, err)
		}
	}
}

func TestLinksKeepTheStateOfTheAddress(t *testing.T) {
	r := request("/list?q=a+b&sort=name&before=7")
	if got := r.Link("before", "", "sort", "day"); got != "/list?q=a+b&sort=day" {
		t.Errorf("Link = %q", got)
	}
	if got := r.CSVLink("before", ""); got != "/list.csv?q=a+b&sort=name" {
		t.Errorf("CSVLink = %q", got)
	}
}

func TestNobodyMayOnlyWhatIsPublic(t *testing.T) {
	r := request("/")
	if !r.Can(auth.Public) || r.Can(auth.SignedIn) || r.Actor().Kind != "system" {
		t.Error("nobody is somebody")
	}
	r.User = &auth.User{ID: 7, Role: auth.Viewer}
	if !r.Can(auth.ReadReports) || r.Can(auth.WriteSettings) || r.Actor().ID != 7 {
		t.Error("a viewer is not")
	}
}
