package warehouse_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"
)

func TestAFullDiskLeavesTheLastStateAndIsMadeUpForLater(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("needs the right to mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s := storetest.Open(t, storetest.SQLite(t), store.Options{})
	k := openShop(t, s)
	k.do(feed.Rows{"buyer": one(1)}, `INSERT INTO t_buyer VALUES (1, 'DE', 0)`)
	db, err := warehouse.Open(t.Context(), options(filepath.Join(dir, "w"), shop()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.CatchUp(t.Context(), s); err != nil {
		t.Fatal(err)
	}

	ballast := filepath.Join(dir, "ballast")
	var info unix.Statfs_t
	if err := unix.Statfs(dir, &info); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ballast, make([]byte, int64(info.Bfree-4)*info.Bsize), 0o600); err != nil {
		t.Fatal(err)
	}
	k.do(feed.Rows{"gift": {{1, 300_000}}}, fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
		INSERT INTO t_gift SELECT i, 1 + i %% 60, 19000 + i %% 20, i * 7919 %% 1000003 FROM n`))
	err = db.CatchUp(t.Context(), s)
	if f := fault.As(err); f == nil || f.Code != fault.Unavailable {
		t.Fatalf("CatchUp on a full disk = %v, want unavailable", err)
	}
	var gifts int
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM gift`).Scan(&gifts); err != nil || gifts != 0 {
		t.Errorf("the last state shows %d gifts, %v; want none", gifts, err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for db.CatchUp(ctx, s) != nil && ctx.Err() == nil {
	}
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM gift`).Scan(&gifts); err != nil || gifts != 300_000 {
		t.Errorf("afterwards %d gifts, %v; want 300000", gifts, err)
	}
}
