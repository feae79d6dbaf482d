package ui_test

import (
	"fmt"
	"os"
	"testing"

	"stamm/internal/door/web/browsertest"
)

var galleryNames = []string{"today", "customers", "customer", "insight", "cohorts", "revenue", "abc", "import", "job", "failed", "done", "form", "empty", "error", "login"}

// Every page of the gallery stands in both languages, both themes and both
// widths without sideways scrolling, weak contrast or a complaint of the browser.
// STAMM_SCREENSHOTS names a folder that keeps the pictures; without it each
// language and each theme is seen once, not in all combinations.
func TestEveryComponentIsReadableAtEveryWidth(t *testing.T) {
	server := gallery(t)
	folder := os.Getenv("STAMM_SCREENSHOTS")
	for _, lang := range []string{"de", "en"} {
		for _, theme := range []string{"light", "dark"} {
			if folder == "" && (lang == "de") != (theme == "light") {
				continue
			}
			t.Run(lang+" "+theme, func(t *testing.T) {
				b := browsertest.New(t)
				b.Scheme(false)
				for _, name := range galleryNames {
					b.LookAtBothWidths(fmt.Sprintf("%s/%s/%s/%s", server.URL, lang, theme, name), name+"-"+lang+"-"+theme)
				}
			})
		}
	}
}
