package browsertest

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Text is the visible text of the first element that matches the CSS selector.
func (b *Browser) Text(selector string) string {
	b.t.Helper()
	return run(b, "text of "+selector, chromedp.Text(chromedp.CSS(selector)))
}

// Value is the value of a form field.
func (b *Browser) Value(selector string) string {
	b.t.Helper()
	return run(b, "value of "+selector, chromedp.Value(chromedp.CSS(selector)))
}

// Count is the number of elements that match the CSS selector now.
func (b *Browser) Count(selector string) int {
	b.t.Helper()
	return Eval[int](b, "document.querySelectorAll("+quote(selector)+").length")
}

// Visible tells whether an element that matches the selector is shown now.
func (b *Browser) Visible(selector string) bool {
	b.t.Helper()
	return Eval[bool](b, "!!document.querySelector("+quote(selector)+")?.checkVisibility()")
}

// WaitVisible waits until an element that matches the selector is shown.
func (b *Browser) WaitVisible(selector string) {
	b.t.Helper()
	b.do("wait for "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// WaitGone waits until no element that matches the selector is shown.
func (b *Browser) WaitGone(selector string) {
	b.t.Helper()
	b.WaitFor("!document.querySelector(" + quote(selector) + ")?.checkVisibility()")
}

// WaitFor waits until a JavaScript expression is true.
func (b *Browser) WaitFor(expression string) {
	b.t.Helper()
	run(b, "wait for "+expression, chromedp.Poll[bool](expression))
}

// WaitText waits until the text of the page contains the words.
func (b *Browser) WaitText(words string) {
	b.t.Helper()
	b.WaitFor("document.body.innerText.includes(" + quote(words) + ")")
}

// Click clicks the first element that matches the selector.
func (b *Browser) Click(selector string) {
	b.t.Helper()
	b.do("click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Fill replaces what stands in a field by typing, as a person would, so that
// search as you type sees every letter.
func (b *Browser) Fill(selector, text string) {
	b.t.Helper()
	b.do("fill "+selector,
		chromedp.SetValue(chromedp.CSS(selector), ""),
		chromedp.SendKeys(chromedp.CSS(selector), text),
	)
}

// Choose chooses an option of a select by its value.
func (b *Browser) Choose(selector, value string) {
	b.t.Helper()
	b.do("choose "+value+" in "+selector, chromedp.SetValue(chromedp.CSS(selector), value))
}

// Upload puts files into a file field.
func (b *Browser) Upload(selector string, files ...string) {
	b.t.Helper()
	b.do("upload to "+selector, chromedp.SetUploadFiles(chromedp.CSS(selector), files))
}

// Press types keys into whatever has the focus: letters, or one of Enter,
// Escape, Tab, Down and Up.
func (b *Browser) Press(keys string) {
	b.t.Helper()
	named := map[string]string{"Enter": kb.Enter, "Escape": kb.Escape, "Tab": kb.Tab, "Down": kb.ArrowDown, "Up": kb.ArrowUp}
	if key, ok := named[keys]; ok {
		keys = key
	}
	b.do("press "+keys, chromedp.KeyEvent(keys))
}

// Location is the address of the page.
func (b *Browser) Location() string {
	b.t.Helper()
	return run(b, "location", chromedp.Location())
}

// HTML is the document as it stands now.
func (b *Browser) HTML() string {
	b.t.Helper()
	return Eval[string](b, "document.documentElement.outerHTML")
}

// Screenshot writes the whole page as a PNG file.
func (b *Browser) Screenshot(path string) {
	b.t.Helper()
	b.writePNG(path, chromedp.FullScreenshot(100))
}

// Window writes what the window shows, without scrolling, as a PNG file.
func (b *Browser) Window(path string) {
	b.t.Helper()
	b.writePNG(path, chromedp.CaptureScreenshot())
}

func (b *Browser) writePNG(path string, shot chromedp.Action[[]byte]) {
	b.t.Helper()
	if err := os.WriteFile(path, run(b, "screenshot", shot), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// Settled waits until all charts are drawn and all fonts are there.
func (b *Browser) Settled() {
	b.t.Helper()
	b.WaitFor(`document.readyState === "complete" && [...document.querySelectorAll("[data-chart]")].every((c) => c.querySelector("svg path"))`)
	Eval[bool](b, "document.fonts.ready.then(() => true)")
}

// Eval is the value of a JavaScript expression in the page; a promise is waited
// for.
func Eval[T any](b *Browser, expression string) T {
	b.t.Helper()
	return run(b, "evaluate "+expression, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// NoSidewaysScroll fails the test when the page is wider than the window, and
// names the elements that reach over the edge.
func (b *Browser) NoSidewaysScroll() {
	b.t.Helper()
	wide := Eval[[]string](b, `(() => {
		const width = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= width) return [];
		const hidden = (el) => { for (let p = el.parentElement; p; p = p.parentElement) if (getComputedStyle(p).overflowX !== "visible" && p !== document.body && p !== document.documentElement) return true; return false; };
		return [...document.body.querySelectorAll("*")].filter((el) => el.getBoundingClientRect().right > width + 1 && !hidden(el))
			.map((el) => el.tagName.toLowerCase() + "." + (el.getAttribute("class") || "") + " to " + Math.round(el.getBoundingClientRect().right)).slice(0, 8);
	})()`)
	if len(wide) > 0 {
		b.t.Errorf("the page scrolls sideways: %s", strings.Join(wide, "; "))
	}
}

// quote writes a Go string as a JavaScript string.
func quote(text string) string {
	literal, err := json.Marshal(text)
	if err != nil {
		panic(fmt.Sprint("a string has a JSON form: ", err))
	}
	return string(literal)
}
