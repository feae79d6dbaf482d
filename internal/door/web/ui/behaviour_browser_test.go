package ui_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"stamm/internal/door/web/browsertest"
)

// picture keeps what the window shows when STAMM_SCREENSHOTS names a folder.
func picture(b *browsertest.Browser, name string) {
	if folder := os.Getenv("STAMM_SCREENSHOTS"); folder != "" {
		b.Window(filepath.Join(folder, name+".png"))
	}
}

func open(t *testing.T, path string) *browsertest.Browser {
	t.Helper()
	b := browsertest.New(t)
	b.Scheme(false)
	b.Open(gallery(t).URL+path, 1280, 800)
	b.Settled()
	return b
}

func focused(b *browsertest.Browser) string {
	return browsertest.Eval[string](b, `document.activeElement.id || document.activeElement.textContent.trim()`)
}

func TestSlashAndControlKLeadToTheSearch(t *testing.T) {
	b := open(t, "/de/light/customers")
	b.Press("/")
	if got := focused(b); got != "search" {
		t.Errorf("after / the focus is on %q", got)
	}
	b.Press("Escape")
	browsertest.Eval[bool](b, `(document.querySelector("[name=q].form-control:not(#search)").focus(), true)`)
	b.Press("Ctrl+k")
	if got := focused(b); got != "search" {
		t.Errorf("after Ctrl K the focus is on %q", got)
	}
}

func TestSearchShowsResultsAsOneTypesAndEnterOpensTheChosenOne(t *testing.T) {
	b := open(t, "/de/light/customers")
	b.Fill("#search", "müller")
	b.WaitVisible("#search-results .s-search-item")
	b.Press("Down")
	picture(b, "search")
	b.Press("Enter")
	b.WaitFor(`location.pathname === "/de/light/customer"`)
}

func TestAnAnswerThatComesLateKeepsTheChosenResult(t *testing.T) {
	b := open(t, "/de/light/customers")
	b.Fill("#search", "müller")
	b.WaitVisible("#search-results .s-search-item")
	b.Press("Down")
	browsertest.Eval[bool](b, `htmx.ajax("GET", "/search?q=müller", { target: "#search-results", swap: "innerHTML" }).then(() => true)`)
	b.WaitFor(`document.querySelector("#search-results [aria-selected=true]")?.textContent.includes("Anneliese Müller")`)
	b.Press("Escape")
	browsertest.Eval[bool](b, `htmx.ajax("GET", "/search?q=müller", { target: "#search-results", swap: "innerHTML" }).then(() => true)`)
	if b.Visible("#search-results") {
		t.Error("an answer opened the list again after it was closed")
	}
}

func TestRowsAreWalkedWithJAndKAndOpenedWithEnter(t *testing.T) {
	b := open(t, "/de/light/customers")
	b.Press("jjjk")
	if got := b.Text("tr.is-current .s-row-link"); got != "Café Müllerin GmbH" {
		t.Errorf("the current row is %q", got)
	}
	b.Contrast()
	b.Press("Enter")
	b.WaitFor(`location.pathname === "/de/light/customer"`)
}

func TestAClickAnywhereOnARowOpensIt(t *testing.T) {
	b := open(t, "/de/light/customers")
	b.Click("#list tbody tr:nth-child(2) td:nth-child(5)")
	b.WaitFor(`location.pathname === "/de/light/customer"`)
}

func TestShortcutsCanBeSwitchedOff(t *testing.T) {
	b := open(t, "/de/light/customers")
	browsertest.Eval[bool](b, `(document.body.removeAttribute("data-shortcuts"), true)`)
	b.Press("j")
	if b.Count("tr.is-current") != 0 {
		t.Error("a letter moved although letters are off")
	}
	b.Press("Ctrl+k")
	if got := focused(b); got != "search" {
		t.Errorf("Ctrl K still works; the focus is on %q", got)
	}
}

func TestQuestionMarkOpensTheSheetOfKeys(t *testing.T) {
	b := open(t, "/de/light/today")
	b.Press("?")
	b.WaitVisible("#shortcuts")
	picture(b, "keys")
	b.Press("Escape")
	b.WaitGone("#shortcuts")
}

func TestExplainOpensADrawerAndItsAddressOpensItToo(t *testing.T) {
	server := gallery(t)
	b := browsertest.New(t)
	b.Scheme(false)
	b.Open(server.URL+"/de/light/cohorts", 1280, 800)
	b.Settled()
	b.Click(".s-head-tools a[href='#e-cohorts']")
	b.WaitVisible("#e-cohorts")
	b.Contrast()
	picture(b, "explain")
	b.Click("#e-cohorts [data-close]")
	b.WaitGone("#e-cohorts")
	b.Open(server.URL+"/de/light/abc#e-abc", 360, 740)
	b.WaitVisible("#e-abc")
	picture(b, "explain-360")
}

func TestTheThemeChangesAtOnceAndChartsFollow(t *testing.T) {
	b := open(t, "/de/system/revenue")
	before := browsertest.Eval[string](b, `document.querySelector("#c1 .s-chart svg").outerHTML`)
	b.Click(".s-theme summary")
	b.WaitVisible(".s-theme .s-drop-panel")
	picture(b, "theme")
	b.Click(".s-theme [value=dark]")
	b.WaitFor(`document.documentElement.dataset.bsTheme === "dark"`)
	b.WaitFor(`document.querySelector("#c1 .s-chart svg").outerHTML !== ` + "`" + before + "`")
	b.Contrast()
}

func TestThePageFollowsTheSystemWithoutAChoice(t *testing.T) {
	b := open(t, "/de/system/today")
	light := browsertest.Eval[string](b, `getComputedStyle(document.body).backgroundColor`)
	b.Scheme(true)
	dark := browsertest.Eval[string](b, `getComputedStyle(document.body).backgroundColor`)
	if light == dark {
		t.Errorf("light and dark have the same background %s", light)
	}
	b.Settled()
	b.Contrast()
}

func TestOnlyOneMenuIsOpen(t *testing.T) {
	b := open(t, "/de/light/cohorts")
	b.Click(".s-picker:nth-of-type(1) summary")
	b.WaitVisible(".s-picker:nth-of-type(1) .s-drop-panel")
	picture(b, "picker")
	b.Click(".s-picker:nth-of-type(2) summary")
	b.WaitVisible(".s-picker:nth-of-type(2) .s-drop-panel")
	b.WaitGone(".s-picker:nth-of-type(1) .s-drop-panel")
	b.Click("h1")
	b.WaitGone(".s-picker:nth-of-type(2) .s-drop-panel")
}

func TestWhatCannotBeUndoneIsAskedAbout(t *testing.T) {
	b := open(t, "/de/light/form")
	b.Click("#erase .btn-danger")
	b.WaitVisible("dialog[open]")
	picture(b, "confirm")
	b.Click("dialog[open] .btn:first-child")
	b.WaitGone("dialog[open]")
	if !strings.HasSuffix(b.Location(), "/form") {
		t.Fatalf("saying no led to %s", b.Location())
	}
	b.Click("#erase .btn-danger")
	b.Click("dialog[open] .btn-danger")
	b.WaitText("sent")
}

func TestAnErrorInTheSummaryLeadsToItsField(t *testing.T) {
	b := open(t, "/de/light/form")
	if got := focused(b); !strings.Contains(got, "Bitte berichtigen Sie 2 Angaben") {
		t.Errorf("the focus is on %q and not on the summary", got)
	}
	b.Click(".s-errors li a")
	if got := browsertest.Eval[string](b, `location.hash`); got != "#f-mail" {
		t.Errorf("the link leads to %q", got)
	}
	if got := b.Value("#f-mail"); got != "miriam@" {
		t.Errorf("the input is kept as %q", got)
	}
}

func TestTickedRowsShowWhatCanBeDoneWithThem(t *testing.T) {
	b := open(t, "/de/light/customers")
	b.Click("#list tbody tr:nth-child(1) .s-tick input")
	b.Click("#list tbody tr:nth-child(3) .s-tick input")
	b.WaitText("2 ausgewählt")
	picture(b, "bulk")
	b.Click("#list thead [data-all]")
	b.WaitText("25 ausgewählt")
}

func TestAChosenFileIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bestellungen.csv")
	if err := os.WriteFile(file, []byte("a;b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	b := open(t, "/de/light/import")
	b.Upload("#f-file", file)
	b.WaitText("bestellungen.csv")
}

func TestTooltipsSpeakTheLanguageOfThePage(t *testing.T) {
	b := open(t, "/de/light/revenue")
	b.Hover("#c1 .s-chart")
	b.WaitFor(`[...document.querySelectorAll("#c1 svg text")].some((t) => /^\d\d\.\d\d\d €$/.test(t.textContent.replace("\u00a0", " ")))`)
	picture(b, "tooltip")
}

func TestPrintingLeavesOutWhatIsForTheScreen(t *testing.T) {
	b := open(t, "/de/dark/customers")
	b.Print()
	for _, selector := range []string{".s-sidebar", ".s-topbar", ".s-filters", ".s-tick", ".s-pages .btn"} {
		if b.Visible(selector) {
			t.Errorf("%s is printed", selector)
		}
	}
	if !b.Visible(".s-table tbody .s-row-link") {
		t.Error("the table is not printed")
	}
	b.Contrast()
}

func TestTheButtonsOfAHeadStandWhereThePageBegins(t *testing.T) {
	b := browsertest.New(t)
	b.Open(gallery(t).URL+"/de/light/customer", 360, 740)
	b.Settled()
	edge := func(selector string) float64 {
		return browsertest.Eval[float64](b, "document.querySelector("+strconv.Quote(selector)+").getBoundingClientRect().left")
	}
	if head, button := edge(".s-head h1"), edge(".s-head-tools .btn"); button != head {
		t.Errorf("the title begins at %v, the first button at %v", head, button)
	}
}
