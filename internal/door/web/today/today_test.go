package today_test

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/web/browsertest"
	"stamm/internal/door/web/figure/shoptest"
	"stamm/internal/door/web/insight"
	"stamm/internal/door/web/today"
	"stamm/internal/door/web/webtest"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
	"stamm/internal/record/task"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

func thisDay() clock.Day { return clock.DayOf(time.Now(), time.UTC) }

func site(t *testing.T, shop *shoptest.Shop) *webtest.Site {
	t.Helper()
	return webtest.New(t, shop.DB, today.Area(today.Deps{Warehouse: shop.Warehouse, Patience: warehouse.Forever}),
		insight.Area(insight.Deps{Warehouse: shop.Warehouse, Patience: warehouse.Forever}))
}

func raise(s *webtest.Site, n task.New) (id int64) {
	s.Write(func(ctx context.Context, tx *store.Tx) (err error) {
		id, err = task.Raise(ctx, tx, n)
		return err
	})
	return id
}

func clean(t *testing.T, c *webtest.Client, language, address string) string {
	t.Helper()
	got := c.In(language).Get(address)
	if got.Status != 200 {
		t.Errorf("%s in %s: status %d: %s", address, language, got.Status, webtest.Words(got.Body))
	}
	for _, problem := range webtest.Problems(got, language) {
		t.Errorf("%s in %s: %s", address, language, problem)
	}
	return webtest.Words(got.Body)
}

func TestAnEmptyInstallationIsToldTheFirstStep(t *testing.T) {
	s := site(t, shoptest.New(t))
	for _, role := range auth.Roles() {
		words := clean(t, s.As(role), "de", "/")
		if strings.Contains(words, "Bestellungen importieren") != role.Can(auth.WriteImports) {
			t.Errorf("%s: %s", role, words)
		}
		clean(t, s.As(role), "en", "/")
	}
}

func TestTodayTellsHowRetentionStands(t *testing.T) {
	shop := shoptest.New(t)
	shop.Of(thisDay(), 600)
	s := site(t, shop)
	for _, role := range auth.Roles() {
		words := clean(t, s.As(role), "de", "/")
		for _, want := range []string{"Kundenbindung", "Kundentreue", "Neue und wiederkehrende Kunden", "innerhalb von 90 Tagen"} {
			if !strings.Contains(words, want) {
				t.Errorf("%s does not read %q: %s", role, want, words)
			}
		}
		if got := strings.Contains(words, "Nichts brennt."); got != role.Can(auth.WriteTasks) {
			t.Errorf("%s: nothing to do: %v", role, got)
		}
		clean(t, s.As(role), "en", "/")
	}
	c := s.As(auth.Viewer)
	for _, link := range regexp.MustCompile(`href="(/insight/[^"]+)"`).FindAllStringSubmatch(c.Get("/").Body, -1) {
		clean(t, c, "de", strings.ReplaceAll(link[1], "&amp;", "&"))
	}
}

func TestAtMostSevenTasksTheWorstFirst(t *testing.T) {
	s := site(t, shoptest.New(t))
	for i := range 9 {
		raise(s, task.New{Kind: "note", Key: fmt.Sprint(i), Note: fmt.Sprintf("Aufgabe <b>injected</b> %d", i), Weight: int64(i)})
	}
	raise(s, task.New{Kind: "import.failed", Key: "import", Subject: 7, Weight: 100})
	words := clean(t, s.As(auth.Agent), "de", "/")
	first, second := strings.Index(words, "Ein Import ist fehlgeschlagen"), strings.Index(words, "Aufgabe <b>injected</b> 8")
	if first < 0 || second < first || strings.Contains(words, "injected</b> 2") || !strings.Contains(words, "injected</b> 3") || !strings.Contains(words, "7 von 10") {
		t.Errorf("not the seven worst tasks: %s", words)
	}
	if words := clean(t, s.As(auth.Agent), "en", "/tasks"); !strings.Contains(words, "injected</b> 0") {
		t.Errorf("not all tasks: %s", words)
	}
}

func TestATaskIsDoneSnoozedAndHandedOverAndTakenBack(t *testing.T) {
	s := site(t, shoptest.New(t))
	id := raise(s, task.New{Kind: "note", Key: "k", Note: "Frau Huber zurückrufen"})
	c := s.As(auth.Agent)
	is := func(want bool, when string) {
		t.Helper()
		if got := strings.Contains(webtest.Words(c.Get("/tasks").Body), "Frau Huber"); got != want {
			t.Errorf("%s the task is there: %v", when, got)
		}
	}
	at := fmt.Sprintf("/tasks/%d/", id)
	for _, step := range []struct {
		path string
		form url.Values
		undo string
	}{
		{"done", nil, "reopen"},
		{"snooze", url.Values{"days": {"7"}}, "reopen"},
		{"owner", url.Values{"to": {fmt.Sprint(s.Users[auth.Manager])}}, "owner"},
	} {
		is(true, "before "+step.path)
		got := c.Follow(at+step.path, step.form)
		if !strings.Contains(got.Body, at+step.undo) {
			t.Errorf("after %s there is no way back: %s", step.path, webtest.Words(got.Body))
		}
		is(false, "after "+step.path)
		c.Post(at+step.undo, url.Values{"to": {"0"}})
	}
	is(true, "after taking all back")
	if got := c.Post(at+"snooze", url.Values{"days": {"-3"}}); got.Status != 422 {
		t.Errorf("a day in the past: status %d", got.Status)
	}
	if got := c.Post(at+"owner", url.Values{"to": {fmt.Sprint(s.Users[auth.Viewer])}}); got.Status != 422 {
		t.Errorf("somebody who may not work on tasks: status %d", got.Status)
	}
	if got := s.As(auth.Viewer).Post(at+"done", nil); got.Status != 403 {
		t.Errorf("a viewer: status %d", got.Status)
	}
	if got := c.Post("/tasks/4711/done", nil); got.Status != 404 {
		t.Errorf("no such task: status %d", got.Status)
	}
}

// The start page stands in both languages at both widths. STAMM_SCREENSHOTS names a folder that keeps the pictures.
func TestTodayIsReadable(t *testing.T) {
	b := browsertest.New(t)
	shop, empty := shoptest.New(t), shoptest.New(t)
	shop.Of(thisDay(), 1500)
	for name, s := range map[string]*webtest.Site{"today": site(t, shop), "today-empty": site(t, empty)} {
		if name == "today" {
			due := thisDay().AddDays(-1)
			raise(s, task.New{Kind: "promise", Key: "1", Note: "Café Müllerin: Lieferung kam zwei Tage zu spät, Rückruf zugesagt", Weight: 900, Due: &due, Customer: 1})
			raise(s, task.New{Kind: "import.failed", Key: "2", Subject: 3, Weight: 800})
			raise(s, task.New{Kind: "auth.reset_requested", Key: "3", Subject: s.Users[auth.Agent], Weight: 500})
			raise(s, task.New{Kind: "note", Key: "4", Note: "Mehrwertsteuersatz für die Schweiz bestätigen", Weight: 10})
		}
		server := s.Serve()
		b.Open(server+s.LoginLink(auth.Manager), 1440, 900)
		b.Click("main button")
		b.WaitVisible(".s-sidebar")
		for _, language := range []string{"de", "en"} {
			s.As(auth.Manager).Post("/language", url.Values{"language": {language}})
			b.LookAtBothWidths(server+"/", name+"-"+language)
		}
	}
}
