package admin_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"stamm/internal/door/web/admin"
	"stamm/internal/platform/i18n"
)

// Where code names a kind of change, and a kind of job.
var (
	changeKind = regexp.MustCompile(`\bKind[A-Z]\w*\s*=\s*"([a-z_]+\.[a-z_.]+)"|\bFeed[A-Z]\w*\s*=\s*"([a-z_]+\.[a-z_.]+)"|feed\.New\{Kind: "([a-z_]+\.[a-z_.]+)"`)
	jobKind    = regexp.MustCompile(`\b(?:\w*Job|Job[A-Z]\w*)\s*=\s*"([a-z_]+(?:\.[a-z_]+)?)"`)
)

// named are the kinds of jobs whose own area has words for them, which its tests see.
const named = "import import.undo import.try import.watch predict.score warehouse.compact"

func TestEveryKindOfChangeAndOfJobHasAPlainName(t *testing.T) {
	known := map[string]bool{}
	for _, kind := range strings.Fields(named) {
		known[kind] = true
	}
	for _, j := range admin.Area().Jobs {
		known[j.Kind] = true
	}
	p := i18n.For("de", nil)
	err := filepath.WalkDir("../../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "/web/ui/") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range changeKind.FindAllStringSubmatch(string(text), -1) {
			kind := m[1] + m[2] + m[3]
			if key := "admin.audit.kinds." + strings.ReplaceAll(kind, ".", "_"); !p.Has(key) {
				t.Errorf("%s: the audit page has no words for %q: %s", path, kind, key)
			}
		}
		for _, m := range jobKind.FindAllStringSubmatch(string(text), -1) {
			if !known[m[1]] {
				t.Errorf("%s: the page of jobs has no words for %q", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
