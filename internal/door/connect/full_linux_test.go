package connect_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
)

func TestAnImportGoesOnWhenAFullDiskHasRoomAgain(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=6m"); err != nil {
		t.Skipf("needs the right to mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s := openWith(t, filepath.Join(dir, "stamm.db"), filepath.Join(dir, "files"))
	const rows = 30_000
	var text strings.Builder
	text.WriteString("Auftrag;Kunde;Datum;Betrag\n")
	for i := range rows {
		fmt.Fprintf(&text, "%d;K%d;%02d.03.2011;1,50\n", i, i%500, i%28+1)
	}
	path := filepath.Join(t.TempDir(), "orders.csv")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	begin := func() *connect.Run {
		file, err := s.importer.KeepPath(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		run, err := s.importer.Start(t.Context(), store.System(), connect.Request{Kind: sheet.Orders, Source: "shop", Files: []connect.File{file}})
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	first := begin()
	var why error
	held := errors.New("held up")
	ctx, stop := context.WithCancelCause(t.Context())
	_, err := jobs.Wait(ctx, s.db, first.Job, func(j jobs.Job) {
		if j.State == jobs.Queued && j.Err != nil {
			why = j.Err
			stop(held)
		}
	})
	if f := fault.As(why); context.Cause(ctx) != held || f.Code != fault.Unavailable || f.Key != "errors.disk_full" {
		t.Fatalf("on a full disk the import ends with %v, held up by %v", err, why)
	}
	before, _, loose := s.documents(t, "shop")
	if run := s.again(t, first.ID); run.State != connect.Running || run.New != before || loose != 0 {
		t.Errorf("the run is %s with %d new, there are %d documents and %d loose lines", run.State, run.New, before, loose)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT, "size=60m"); err != nil {
		t.Fatal(err)
	}
	again := begin()
	if again.ID != first.ID {
		t.Errorf("the same command began run %d instead of going on with %d", again.ID, first.ID)
	}
	if _, err := jobs.Wait(t.Context(), s.db, again.Job, nil); err != nil {
		t.Fatal(err)
	}
	n, amount, loose := s.documents(t, "shop")
	if run := s.again(t, first.ID); run.State != connect.Done || n != rows || amount != 150*rows || loose != 0 {
		t.Errorf("afterwards the run is %s; %d documents of %d, %d loose lines", run.State, n, amount, loose)
	}
}
