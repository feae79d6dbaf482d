package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAFullDiskIsToldByEveryCommandAndForgottenWhenThereIsRoom(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=10m"); err != nil {
		t.Skipf("needs the right to mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	must(t, dir, "", "settings", "set", "name=Firma")
	ballast := filepath.Join(dir, "ballast")
	full := func() {
		var info unix.Statfs_t
		if err := unix.Statfs(dir, &info); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(ballast, make([]byte, int64(info.Bfree)*info.Bsize), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	full()
	for _, line := range []string{"settings set name=Andere", "user list", "serve --addr 127.0.0.1:0"} {
		if code, _, errs := stamm(t, dir, "", strings.Fields(line)...); code != 1 || !strings.Contains(errs, "The disk is full. Please make room") {
			t.Errorf("stamm %s: exit %d\n%s", line, code, errs)
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if out := must(t, dir, "", "settings", "get", "name"); strings.TrimSpace(out) != "Firma" {
		t.Errorf("afterwards the name is %q", out)
	}
	orders := "Auftrag;Kunde;Datum;Betrag\n"
	for i := range 200 {
		orders += fmt.Sprintf("%d;K1;31.12.2010;1,00\n", i)
	}
	must(t, dir, "", "import", "orders", input(t, orders))
	if out := must(t, dir, "", "report", "totals", "--json"); !strings.Contains(out, `"orders":200`) {
		t.Errorf("afterwards the report is %s", out)
	}
}
