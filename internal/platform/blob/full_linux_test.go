package blob_test

import (
	"bytes"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"stamm/internal/platform/blob"
	"stamm/internal/platform/fault"
)

func TestAFullDiskIsUnavailableAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("needs the right to mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s := open(t, dir)
	small := put(t, s, "small")
	_, _, err := s.Put(t.Context(), bytes.NewReader(make([]byte, 1<<20)), 0)
	if f := fault.As(err); f.Code != fault.Unavailable || f.Key != "blob.disk_full" {
		t.Errorf("Put on a full disk = %v, want unavailable blob.disk_full", err)
	}
	if got := everyFile(t, dir); len(got) != 1 {
		t.Errorf("files %v, want only the earlier one", got)
	}
	put(t, s, "still works")
	if f, err := s.Open(small); err != nil {
		t.Error(err)
	} else {
		f.Close()
	}
}

func TestAFolderWithoutWritePermissionIsUnavailable(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_RDONLY, "size=64k"); err != nil {
		if os.Geteuid() == 0 {
			t.Skipf("needs a folder that root cannot write: %v", err)
		}
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
	} else {
		t.Cleanup(func() { unix.Unmount(dir, 0) })
	}
	_, err := blob.Open(dir)
	if f := fault.As(err); f.Code != fault.Unavailable || f.Key != "blob.not_writable" {
		t.Errorf("Open = %v, want unavailable blob.not_writable", err)
	}
}
