// Package internal_test holds the house in order: which package may import which, and what no file may contain.
//
// It reads the source with go/parser rather than with the go command, whose answer the test cache would not miss when it
// changes.
package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// order is every package of Stamm from the bottom up, with the floors between: a package imports only what stands before
// it. A new package gets a line in its place. Packages marked with test are for tests: only test files and each other
// import them.
var order = []string{
	"schema",

	// platform: no business words
	"platform/fault",
	"platform/money",
	"platform/clock",
	"platform/i18n",
	"platform/liquid",
	"platform/filter",
	"platform/store",
	"platform/store/storetest test",
	"platform/feed",
	"platform/jobs",
	"platform/blob",
	"platform/warehouse",
	"platform/warehouse/warehousetest test",

	// record: what is so
	"record/company",
	"record/auth",
	"record/customer",
	"record/product",
	"record/document",
	"record/contract",
	"record/event",
	"record/consent",
	"record/task",

	// insight: what it means
	"insight/report",
	"insight/predict/btyd",
	"insight/predict/survival",
	"insight/predict",
	"insight/segment",
	"insight/trial",

	// action: what we do about it
	"action/program",
	"action/message",
	"action/message/email",
	"action/message/email/emailtest test",
	"action/hit",
	"action/message/call",
	"action/coupon",
	"action/campaign",
	"action/privacy",

	// door: where people and machines come in
	"door/connect/sheet",
	"door/connect",
	"door/sim",
	"door/web/ui",
	"door/web/page",
	"door/portal",
	"door/proof",
	"door/web/imports",
	"door/web/admin",
	"door/web/figure",
	"door/web/today",
	"door/web/consents",
	"door/web/customers",
	"door/web/segments",
	"door/web/insight",
	"door/web/outlook",
	"door/web/engage",
	"door/web/programme",
	"door/web",
	"door/web/browsertest test",
	"door/web/webtest test",
	"door/web/figure/shoptest test",
	"door/api",
	"door/cli",
	"cmd/stamm",
}

// reserved are imports that only some packages may use, their tests included. Test packages of other floors use what
// they are for.
var reserved = []struct {
	imported string // import path, or a prefix of it that ends in /
	by       []string
	testsOf  []string // packages whose test files may use it too; "*" for all
}{
	{imported: "github.com/duckdb/", by: []string{"platform/warehouse"}, testsOf: []string{"insight/report", "platform/filter"}},
	{imported: "modernc.org/sqlite/", by: []string{"platform/store"}},
	{imported: "github.com/jackc/pgx/", by: []string{"platform/store", "platform/store/storetest"}},
	{imported: "github.com/pressly/goose/", by: []string{"platform/store"}},
	{imported: "stamm/schema", by: []string{"platform/store"}},
	{imported: "stamm/internal/door/sim", by: []string{"door/cli"}, testsOf: []string{"*"}},
}

// maxLines is what a file may have at most; about 500 is the aim.
const maxLines = 600

// source is a parsed file.
type source struct {
	path      string // from the root of the module
	pkg       string // as in order
	test      bool
	generated bool
	lines     int
	file      *ast.File
}

func (s source) imports() []string {
	var all []string
	for _, spec := range s.file.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		all = append(all, p)
	}
	return all
}

// short is an import path of this module as in order, false for others.
func short(imported string) (string, bool) {
	rest, ok := strings.CutPrefix(imported, "stamm/")
	return strings.TrimPrefix(rest, "internal/"), ok
}

func read(t *testing.T) []source {
	t.Helper()
	var all []source
	root := os.DirFS("..")
	for _, top := range []string{"cmd", "internal", "schema"} {
		err := fs.WalkDir(root, top, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules") {
				return filepath.SkipDir
			}
			if d.IsDir() || path.Ext(name) != ".go" || path.Dir(name) == "internal" {
				return nil
			}
			text, err := fs.ReadFile(root, name)
			if err != nil {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			pkg, _ := short("stamm/" + path.Dir(name))
			all = append(all, source{path: name, pkg: pkg, test: strings.HasSuffix(name, "_test.go"), generated: ast.IsGenerated(f),
				lines: strings.Count(string(text), "\n"), file: f})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// places returns the index of each package in order, and whether it is for tests.
func places(t *testing.T) (place map[string]int, forTests map[string]bool) {
	t.Helper()
	place, forTests = map[string]int{}, map[string]bool{}
	for i, line := range order {
		name, mark, _ := strings.Cut(line, " ")
		if _, twice := place[name]; twice {
			t.Errorf("%s stands in the order twice", name)
		}
		place[name], forTests[name] = i, mark == "test"
	}
	return place, forTests
}

func TestEachPackageHasItsPlaceInTheOrder(t *testing.T) {
	place, _ := places(t)
	found := map[string]bool{}
	for _, s := range read(t) {
		if _, ok := place[s.pkg]; !ok && !found[s.pkg] {
			t.Errorf("%s is not in the order: give it its place in arch_test.go", s.pkg)
		}
		found[s.pkg] = true
	}
	for name := range place {
		if !found[name] {
			t.Errorf("%s is in the order but does not exist", name)
		}
	}
}

func TestImportsGoDown(t *testing.T) {
	place, forTests := places(t)
	for _, s := range read(t) {
		if _, ok := place[s.pkg]; !ok {
			continue // reported by the test above
		}
		for _, imported := range s.imports() {
			name, ours := short(imported)
			if !ours {
				continue
			}
			if forTests[name] && !s.test && !forTests[s.pkg] {
				t.Errorf("%s imports %s, which is for tests", s.path, name)
			}
			// A test may set up whatever it needs; that there is no circle, the compiler sees.
			if !s.test && place[name] >= place[s.pkg] {
				t.Errorf("%s imports %s, which does not stand before %s", s.path, name, s.pkg)
			}
		}
	}
}

func TestReservedImportsStayWhereTheyBelong(t *testing.T) {
	_, forTests := places(t)
	for _, s := range read(t) {
		for _, imported := range s.imports() {
			for _, r := range reserved {
				if imported != strings.TrimSuffix(r.imported, "/") && !(strings.HasSuffix(r.imported, "/") && strings.HasPrefix(imported, r.imported)) {
					continue
				}
				inTests := (s.test || forTests[s.pkg]) && (slices.Contains(r.testsOf, s.pkg) || slices.Contains(r.testsOf, "*"))
				if !slices.Contains(r.by, s.pkg) && !inTests {
					t.Errorf("%s imports %s, which only %s may", s.path, imported, strings.Join(r.by, ", "))
				}
			}
		}
	}
}

func TestEachPackageSaysWhatItIsFor(t *testing.T) {
	said := map[string]bool{}
	for _, s := range read(t) {
		if s.test {
			continue
		}
		doc := s.file.Doc.Text()
		said[s.pkg] = said[s.pkg] || strings.HasPrefix(doc, "Package "+s.file.Name.Name+" ") || s.file.Name.Name == "main" && strings.HasPrefix(doc, "Command ")
	}
	for pkg, ok := range said {
		if !ok {
			t.Errorf("%s has no package comment", pkg)
		}
	}
}

var (
	getter  = regexp.MustCompile(`^Get[A-Z]`)
	nowhere = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared"}
)

func TestWhatNoFileMayContain(t *testing.T) {
	for _, s := range read(t) {
		if s.generated {
			continue
		}
		if s.lines > maxLines {
			t.Errorf("%s has %d lines, more than %d", s.path, s.lines, maxLines)
		}
		if slices.Contains(nowhere, path.Base(s.pkg)) {
			t.Errorf("%s: a package is named by what it is about", s.pkg)
		}
		for _, decl := range s.file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function: wiring is visible in door/cli/serve.go", s.path)
			}
			// huma asks errors for GetStatus and GetHeaders by these names
			if getter.MatchString(f.Name.Name) && s.pkg != "door/api" {
				t.Errorf("%s: %s is named by what it does not do", s.path, f.Name.Name)
			}
		}
	}
}
