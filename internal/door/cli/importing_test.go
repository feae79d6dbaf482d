package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatStaysAmbiguousIsWrongUsageAndNamesTheFlag(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, row, flag, value, taken string }{
		{"decimal", "1;K1;31.12.2010;1.234", "--decimal", "comma", `"new": 1`},
		{"dates", "2;K1;03/04/2011;10,50", "--dates", "dmy", `"new": 1`},
	} {
		path := input(t, "Auftrag;Kunde;Datum;Betrag\n"+c.row+"\n")
		code, out, errs := stamm(t, dir, "", "import", "orders", path, "--source", c.name)
		if code != 2 || !strings.Contains(errs, c.flag) || out != "" {
			t.Errorf("%s: exit %d\n%s%s", c.name, code, out, errs)
		}
		if out := must(t, dir, "", "import", "orders", path, "--source", c.name, "--json", c.flag, c.value); !strings.Contains(out, c.taken) {
			t.Errorf("%s: %s", c.flag, out)
		}
	}
}

func TestAProfileLearnsToWatchAFolderAndIsDropped(t *testing.T) {
	dir, folder := t.TempDir(), t.TempDir()
	if code, _, errs := stamm(t, dir, "", "import", "profile", "watch", "shop", "--folder", folder); code == 0 || !strings.Contains(errs, "--profile shop") {
		t.Errorf("an unknown profile: exit %d\n%s", code, errs)
	}
	must(t, dir, "", "import", "orders", input(t, "Auftrag;Kunde;Datum;Betrag\n1;K1;31.12.2010;10,00\n"), "--profile", "shop")
	if code, _, errs := stamm(t, dir, "", "import", "profile", "watch", "shop", "--folder", folder, "--every", "5s"); code != 2 || !strings.Contains(errs, "every") {
		t.Errorf("every five seconds: exit %d\n%s", code, errs)
	}
	must(t, dir, "", "import", "profile", "watch", "shop", "--folder", folder, "--every", "15m")
	if out := must(t, dir, "", "import", "profile", "list", "--json"); !strings.Contains(out, folder) || !strings.Contains(out, "every 15m") {
		t.Errorf("the list: %s", out)
	}
	must(t, dir, "", "import", "profile", "drop", "shop")
	if out := must(t, dir, "", "import", "profile", "list", "--json"); strings.TrimSpace(out) != "[]" {
		t.Errorf("after drop: %s", out)
	}
}

// input is the path of a file with that content.
func input(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "orders.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
