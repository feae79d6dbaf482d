package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Text is the visible text of the first element that matches the CSS selector.
func (b *Browser) Text(selector string) string {
	b.t.Helper()
	// Asked for anew each time, and read at once: htmx may be replacing the element.
	b.WaitFor("document.querySelector(" + quote(selector) + ")?.checkVisibility()")
	return Eval[string](b, "document.querySelector("+quote(selector)+")?.innerText ?? ''")
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

// WaitFor waits until a JavaScript expression is true, also when the page is
// left for another one meanwhile.
func (b *Browser) WaitFor(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		// An error means that the page is just changing, or that the time is over.
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")")); err == nil && ok {
			return
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("wait for %s: %v", expression, ctx.Err())
		case <-tick.C:
		}
	}
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
	b.WaitVisible(selector)
	b.on(selector, `e.focus(); e.select(); if (!`+quote(text)+`) { e.value = ""; e.dispatchEvent(new Event("input", { bubbles: true })); }`)
	b.do("type into "+selector, chromedp.KeyEvent(text))
}

// Choose chooses an option of a select by its value.
func (b *Browser) Choose(selector, value string) {
	b.t.Helper()
	b.WaitVisible(selector)
	b.on(selector, `e.value = `+quote(value)+`; e.dispatchEvent(new Event("input", { bubbles: true })); e.dispatchEvent(new Event("change", { bubbles: true }));`)
}

// on runs statements with the first element that matches as e.
func (b *Browser) on(selector, statements string) {
	b.t.Helper()
	Eval[bool](b, "((e) => { "+statements+" return true; })(document.querySelector("+quote(selector)+"))")
}

// Upload puts files into a file field.
func (b *Browser) Upload(selector string, files ...string) {
	b.t.Helper()
	b.do("upload to "+selector, chromedp.SetUploadFiles(chromedp.CSS(selector), files))
}

// Press types keys into whatever has the focus: letters, one of Enter, Escape,
// Tab, Down and Up, or a letter with "Ctrl+" before it.
func (b *Browser) Press(keys string) {
	b.t.Helper()
	named := map[string]string{"Enter": kb.Enter, "Escape": kb.Escape, "Tab": kb.Tab, "Down": kb.ArrowDown, "Up": kb.ArrowUp}
	if letter, ok := strings.CutPrefix(keys, "Ctrl+"); ok {
		b.do("press "+keys, chromedp.KeyEvent(letter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
		return
	}
	if key, ok := named[keys]; ok {
		keys = key
	}
	b.do("press "+keys, chromedp.KeyEvent(keys))
}

// Hover moves the pointer over the middle of an element.
func (b *Browser) Hover(selector string) {
	b.t.Helper()
	at := Eval[[2]float64](b, "(() => { const e = document.querySelector("+quote(selector)+"); e.scrollIntoView({ block: 'center' }); const r = e.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2] })()")
	b.do("hover "+selector, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, at[0], at[1]))
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
	seen[bool](b, "document.fonts.ready.then(() => true)")
}

// Eval is the value of a JavaScript expression in the page; a promise is waited
// for.
func Eval[T any](b *Browser, expression string) T {
	b.t.Helper()
	return run(b, "evaluate "+expression, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// seen is the value of an expression that looks at the whole page. Where the page is just being left for another one it looks again.
func seen[T any](b *Browser, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
		if err == nil {
			return value
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("look at the page: %v", err)
		case <-tick.C:
		}
	}
}

// NoSidewaysScroll fails the test when the page is wider than the window, and
// names the elements that reach over the edge.
func (b *Browser) NoSidewaysScroll() {
	b.t.Helper()
	wide := seen[[]string](b, `(() => {
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
