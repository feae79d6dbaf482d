package outlook_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/web/browsertest"
	"stamm/internal/door/web/customers"
	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/figure/shoptest"
	"stamm/internal/door/web/insight"
	"stamm/internal/door/web/outlook"
	"stamm/internal/door/web/today"
	"stamm/internal/door/web/webtest"
	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
	"stamm/internal/record/task"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

func thisDay() clock.Day { return clock.DayOf(time.Now(), time.UTC) }

func site(t *testing.T, shop *shoptest.Shop) *webtest.Site {
	t.Helper()
	return webtest.New(t, shop.DB, today.Area(today.Deps{Warehouse: shop.Warehouse, Patience: warehouse.Forever}), customers.Area(customers.Deps{Warehouse: shop.Warehouse}),
		insight.Area(insight.Deps{Warehouse: shop.Warehouse, Patience: warehouse.Forever}), outlook.Area(outlook.Deps{Warehouse: shop.Warehouse, Patience: warehouse.Forever}))
}

// scored is a shop of five hundred customers who have been scored as of yesterday.
func scored(t *testing.T) (*webtest.Site, *shoptest.Shop) {
	t.Helper()
	shop := shoptest.New(t)
	shop.Of(thisDay(), 500)
	shop.Score(thisDay())
	return site(t, shop), shop
}

// clean checks what every page must keep to and returns its words.
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

func file(t *testing.T, c *webtest.Client, address string) [][]string {
	t.Helper()
	got := c.Get(address)
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(got.Body, "\ufeff")))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if got.Status != 200 || err != nil || len(rows) < 2 {
		t.Fatalf("%s: status %d, %d rows, %v: %.200s", address, got.Status, len(rows), err, got.Body)
	}
	return rows
}

func TestEveryPageKeepsToWhatPagesMust(t *testing.T) {
	shop := shoptest.New(t)
	shop.Small(thisDay())
	shop.Score(thisDay())
	s := webtest.New(t, shop.DB, outlook.Area(outlook.Deps{Warehouse: shop.Warehouse, Patience: warehouse.Forever}))
	s.Walk(t, map[string]string{"/insight/outlook/customers": "/insight/outlook/customers?band=cooling&band=loyal",
		"/login/{token}": "", "/invitation/{token}": "", "/password/{token}": ""})
}

func TestTheOutlookSaysWhatIsForeseen(t *testing.T) {
	s, _ := scored(t)
	c := s.As(auth.Viewer)
	words := clean(t, c, "de", "/insight/outlook")
	for _, want := range []string{"Von 500 Kunden", "Kunden, die bleiben", "Wert in Gefahr", "Umsatz der nächsten 13 Wochen", "Kundenwert aller Kunden", "Wo die Kunden stehen", "Wohl verloren",
		"Treffen die Chancen zu?", "Käufe Woche für Woche", "Rückschau", "Regel: Niemand kommt wieder", "Was die Modelle nicht sehen", "Steckbrief der Berechnung", "Pareto/NBD", "Prüfsumme"} {
		if !strings.Contains(words, want) {
			t.Errorf("no %q: %s", want, words)
		}
	}
	if strings.Contains(words, "Jetzt neu berechnen") {
		t.Error("who may not start jobs is offered one")
	}
	if words := clean(t, c, "en", "/insight/outlook"); !strings.Contains(words, "Do the chances come true?") {
		t.Errorf("in English: %s", words)
	}
	for _, link := range regexp.MustCompile(`href="(/insight/outlook/customers[^"]*)"`).FindAllStringSubmatch(c.Get("/insight/outlook").Body, -1) {
		clean(t, c, "de", strings.ReplaceAll(link[1], "&amp;", "&"))
	}
	for _, name := range []string{"bands", "sales", "stay", "calibration", "tracking", "backtest", "parameters"} {
		file(t, c, "/insight/outlook.csv?table="+name)
	}
}

func TestWithoutScoresTheFirstStepIsTaught(t *testing.T) {
	shop := shoptest.New(t)
	s := site(t, shop)
	for _, role := range auth.Roles() {
		words := clean(t, s.As(role), "de", "/insight/outlook")
		if strings.Contains(words, "Bestellungen importieren") != role.Can(auth.WriteImports) {
			t.Errorf("%s, without orders: %s", role, words)
		}
		if got := s.As(role).Get("/insight/outlook/customers"); role.Can(auth.ReadReports) && got.Location != "/insight/outlook" {
			t.Errorf("%s, the list of customers without scores: %d, leads to %q", role, got.Status, got.Location)
		}
	}
	shop.Small(thisDay())
	for _, role := range auth.Roles() {
		words := clean(t, s.As(role), "de", "/insight/outlook")
		if strings.Contains(words, "Jetzt neu berechnen") != role.Can(auth.WriteJobs) || !strings.Contains(words, "Noch keine Vorhersage") {
			t.Errorf("%s, without scores: %s", role, words)
		}
		clean(t, s.As(role), "en", "/insight/outlook")
	}
}

func TestOrdersThatDoNotCountAreNotTakenForNone(t *testing.T) {
	shop := shoptest.New(t)
	s := site(t, shop)
	exec := func(text string) {
		t.Helper()
		err := shop.DB.Write(context.Background(), store.System(), func(tx *store.Tx) error { _, err := tx.Exec(context.Background(), text); return err })
		if err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO document (source, kind, external_id, customer, at, day, status, currency, rate, amount, sale, file_rows, sale_rows, reference, made_run, run, hash, created_at, changed_at)
		VALUES (1, 1, 'A', 0, 0, 20000, '', 'EUR', '', 100, 1, 1, 1, '', 0, 0, 0, 0, 0), (1, 0, 'B', 0, 0, 20000, '', 'EUR', '', 100, 0, 1, 0, '', 0, 0, 0, 0, 0)`)
	for language, want := range map[string][]string{"de": {"Es gibt 2 Belege", "Ein Verkauf nennt keinen Kunden.", "Ein Beleg ist kein Verkauf"}, "en": {"There are 2 documents", "One sale names no customer."}} {
		words := clean(t, s.As(auth.Admin), language, "/insight/outlook")
		for _, part := range want {
			if !strings.Contains(words, part) {
				t.Errorf("in %s %q is missing: %s", language, part, words)
			}
		}
	}
	exec(`INSERT INTO import_run (id, kind, source, state, key, files, plan, job, profile, slice, total_rows, rows_read, made, changed, unchanged, errors, notices, kept, error,
		actor_kind, actor, created_at, started_at, finished_at) VALUES (7, 'orders', 1, 'done', '', '[]', '{}', 0, 0, 0, 3, 3, 0, 0, 0, 3, 0, 0, '', '', 0, 0, 0, 0)`)
	exec(`INSERT INTO import_error (run, n, file, line, field, value, reason, args, notice) VALUES (7, 1, 'a.csv', 2, 'currency', 'USD', 'import.no_rate', '[]', 0)`)
	for _, page := range []string{"/insight/outlook", "/insight/worklist", "/insight", "/"} {
		words := clean(t, s.As(auth.Admin), "en", page)
		if !strings.Contains(words, "One row in USD was not taken, because there is no exchange rate from USD to EUR") {
			t.Errorf("%s: %s", page, words)
		}
	}
	if got := s.As(auth.Admin).Get("/insight/outlook"); !strings.Contains(got.Body, figure.RatesPage) {
		t.Error("no way to the exchange rates")
	}
	if got := s.As(auth.Viewer).Get("/insight/outlook"); strings.Contains(got.Body, figure.RatesPage) {
		t.Error("a viewer is sent to the settings")
	}
}

func TestScoringIsStartedOnceAndLeadsToItsJob(t *testing.T) {
	shop := shoptest.New(t)
	shop.Small(thisDay())
	s := site(t, shop)
	if got := s.As(auth.Agent).Post("/insight/outlook/score", nil); got.Status != 403 {
		t.Errorf("an agent starts it: %d", got.Status)
	}
	c := s.As(auth.Manager)
	first, second := c.Post("/insight/outlook/score", nil), c.Post("/insight/outlook/score", nil)
	if first.Status != 303 || !strings.HasPrefix(first.Location, "/admin/jobs/") || second.Location != first.Location {
		t.Errorf("%d to %s, then to %s", first.Status, first.Location, second.Location)
	}
	s.Read(func(ctx context.Context, tx *store.Tx) error {
		all, err := jobs.List(ctx, tx, jobs.Filter{Kind: predict.JobScore})
		if len(all) != 1 {
			t.Errorf("%d jobs", len(all))
		}
		return err
	})
	if words := clean(t, c, "de", "/insight/outlook"); !strings.Contains(words, "werden gerade bewertet") {
		t.Errorf("it does not say that it is under way: %s", words)
	}
}

func TestCustomersOfABandPageByPageAndAsAFile(t *testing.T) {
	s, _ := scored(t)
	c := s.As(auth.Viewer)
	all := file(t, c, "/insight/outlook/customers.csv")
	if len(all) != 501 {
		t.Fatalf("%d rows", len(all))
	}
	seen := map[string]bool{}
	next := "/insight/outlook/customers"
	for pages := 0; next != "" && pages < 20; pages++ {
		got := c.Get(next)
		for _, link := range regexp.MustCompile(`data-href="/customers/(\d+)"`).FindAllStringSubmatch(got.Body, -1) {
			if seen[link[1]] {
				t.Errorf("customer %s stands twice", link[1])
			}
			seen[link[1]] = true
		}
		next = ""
		if m := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(got.Body); m != nil {
			next = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	if len(seen) != 500 {
		t.Errorf("%d customers on the pages", len(seen))
	}
	for _, row := range file(t, c, "/insight/outlook/customers.csv?band=probably_lost")[1:] {
		if row[2] != "Wohl verloren" {
			t.Errorf("in the file of the lost: %v", row)
		}
	}
	for _, odd := range []string{"?band=%27+OR+true", "?after=x", "?after=1.x", "?after=9999999999999999999.1", "?band=cooling&after=-5.3"} {
		clean(t, c, "en", "/insight/outlook/customers"+odd)
	}
}

func TestAWorklistIsWorkedOff(t *testing.T) {
	s, _ := scored(t)
	c := s.As(auth.Agent)
	words := clean(t, c, "de", "/insight/worklist")
	if !strings.Contains(words, "bei denen sich ein Anruf lohnt") || !strings.Contains(words, "Noch kein Kontakt vermerkt") {
		t.Fatalf("no calls: %s", words)
	}
	clean(t, c, "en", "/insight/worklist")
	var first *task.Task
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		open, err := task.Pending(ctx, tx, predict.TaskCall)
		if err != nil {
			return err
		}
		for _, one := range open {
			if first == nil || one.Weight > first.Weight {
				first = one
			}
		}
		_, err = customer.AddNote(ctx, tx, first.Customer, "angerufen")
		return err
	})
	if words := clean(t, c, "de", "/insight/worklist"); !strings.Contains(words, "Notiz vom") {
		t.Errorf("her last contact is missing: %s", words)
	}
	at := fmt.Sprintf("/tasks/%d/", first.ID)
	row := fmt.Sprintf(`data-href="/customers/%d"`, first.Customer)
	for _, step := range []struct {
		path string
		form url.Values
		stay bool
	}{
		{"done", url.Values{}, false}, {"snooze", url.Values{"days": {"7"}}, false}, {"owner", url.Values{"to": {fmt.Sprint(s.Users[auth.Manager])}}, true},
	} {
		step.form.Set("back", "/insight/worklist")
		got := c.Follow(at+step.path, step.form)
		if strings.Contains(got.Body, row) != step.stay || !strings.Contains(got.Body, `value="/insight/worklist"`) {
			t.Errorf("after %s: still there %v: %s", step.path, !step.stay, webtest.Words(got.Body))
		}
		if !step.stay {
			if got := c.Follow(at+"reopen", url.Values{"back": {"/insight/worklist"}}); !strings.Contains(got.Body, row) {
				t.Errorf("%s is not undone", step.path)
			}
		}
	}
	if rows := file(t, c, "/insight/worklist.csv"); rows[1][8] != "<b>manager</b>" {
		t.Errorf("whose call it is: %v", rows[1])
	}
	if got := s.As(auth.Viewer).Get("/insight/worklist"); got.Status != 403 {
		t.Errorf("a viewer sees the worklist: %d", got.Status)
	}
	if words := clean(t, c, "de", "/tasks"); !strings.Contains(words, "anrufen") || !strings.Contains(words, "in Gefahr:") {
		t.Errorf("calls are missing among the tasks: %s", words)
	}
	clean(t, c, "en", "/tasks")
}

func TestTodayAndTheCustomersPageTellWhatIsForeseen(t *testing.T) {
	s, _ := scored(t)
	c := s.As(auth.Viewer)
	if words := clean(t, c, "de", "/"); !strings.Contains(words, "Wert in Gefahr") {
		t.Errorf("today: %s", words)
	}
	clean(t, c, "en", "/")
	for _, language := range []string{"de", "en"} {
		overview, figures := clean(t, c, language, "/customers/1"), clean(t, c, language, "/customers/1/figures")
		list := clean(t, c, language, "/customers")
		want := map[string][3]string{"de": {"Käufe zu erwarten", "Woraus der Kundenwert besteht", "Bindung"}, "en": {"Purchases to expect", "What the lifetime value is made of", "Band"}}[language]
		if !strings.Contains(overview, want[0]) || !strings.Contains(figures, want[1]) || !strings.Contains(list, want[2]) {
			t.Errorf("%s: not all of %v: %s\n%s", language, want, overview, figures)
		}
	}
}

// What is foreseen can be read in both languages at both widths. STAMM_SCREENSHOTS names a folder that keeps the pictures.
func TestTheOutlookIsReadable(t *testing.T) {
	b := browsertest.New(t)
	s, _ := scored(t)
	server := s.Serve()
	b.Open(server+s.LoginLink(auth.Manager), 1440, 900)
	b.Click("main button")
	b.WaitVisible(".s-sidebar")
	for _, language := range []string{"de", "en"} {
		s.As(auth.Manager).Post("/language", url.Values{"language": {language}})
		for name, address := range map[string]string{"outlook": "/insight/outlook", "explain": "/insight/outlook#explain-risk", "bands": "/insight/outlook/customers?band=cooling&band=at_risk",
			"worklist": "/insight/worklist", "today": "/", "customer": "/customers/1", "figures": "/customers/1/figures", "customers": "/customers"} {
			b.LookAtBothWidths(server+address, "ahead-"+name+"-"+language)
		}
	}
}
