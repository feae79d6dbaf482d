package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/platform/blob"
	"stamm/internal/platform/fault"
)

func open(t *testing.T, dir string) *blob.Store {
	t.Helper()
	s, err := blob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *blob.Store, content string) string {
	t.Helper()
	ref, size, err := s.Put(t.Context(), strings.NewReader(content), 0)
	if err != nil || size != int64(len(content)) {
		t.Fatalf("Put = %d bytes, %v; want %d bytes", size, err, len(content))
	}
	return ref
}

func refs(t *testing.T, s *blob.Store) []string {
	t.Helper()
	var all []string
	if err := s.Walk(t.Context(), func(f blob.File) error { all = append(all, f.Ref); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWhatWasPutIsReadBackByItsHash(t *testing.T) {
	s := open(t, t.TempDir())
	for _, content := range []string{"", "a", strings.Repeat("Kundenstamm\n", 100_000)} {
		ref := put(t, s, content)
		sum := sha256.Sum256([]byte(content))
		if want := hex.EncodeToString(sum[:]); ref != want {
			t.Errorf("reference %s, want the SHA-256 %s", ref, want)
		}
		f, err := s.Open(ref)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(f)
		f.Close()
		if err != nil || string(got) != content {
			t.Errorf("read back %d bytes, %v; want %d", len(got), err, len(content))
		}
	}
}

func TestTheSameContentIsKeptOnce(t *testing.T) {
	s := open(t, t.TempDir())
	first := put(t, s, "twice")
	path, err := s.Path(first)
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if ref, _, err := s.Put(context.Background(), strings.NewReader("twice"), 0); err != nil || ref != first {
				t.Errorf("Put = %s, %v", ref, err)
			}
		})
	}
	wg.Wait()
	var files []blob.File
	if err := s.Walk(t.Context(), func(f blob.File) error { files = append(files, f); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || files[0].Size != 5 {
		t.Fatalf("files %v, want one of 5 bytes", files)
	}
	if time.Since(files[0].Put) > time.Minute {
		t.Errorf("the file looks put at %v: a sweep of old files would take it although it was put again", files[0].Put)
	}
}

func TestTheLimitIsTheLastByteAllowed(t *testing.T) {
	for _, tc := range []struct {
		limit int64
		size  int
		ok    bool
	}{{10, 10, true}, {10, 11, false}, {1, 1_000_000, false}, {0, 1_000_000, true}, {40_000, 39_999, true}} {
		s := open(t, t.TempDir())
		_, _, err := s.Put(t.Context(), strings.NewReader(strings.Repeat("x", tc.size)), tc.limit)
		if (err == nil) != tc.ok {
			t.Errorf("limit %d, %d bytes: %v", tc.limit, tc.size, err)
		}
		if !tc.ok {
			if f := fault.As(err); f.Code != fault.Invalid || f.Key != "blob.too_big" {
				t.Errorf("limit %d, %d bytes: %v, want invalid blob.too_big", tc.limit, tc.size, err)
			}
			if got := refs(t, s); len(got) != 0 {
				t.Errorf("kept %v after a refusal", got)
			}
		}
	}
}

func TestAnErrorOfTheReaderIsReturnedAndNothingKept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	broken := errors.New("connection lost")
	if _, _, err := s.Put(t.Context(), io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)), 0); !errors.Is(err, broken) {
		t.Errorf("Put = %v, want the reader's error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Put(ctx, strings.NewReader("x"), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("Put = %v, want canceled", err)
	}
	if got := everyFile(t, dir); len(got) != 0 {
		t.Errorf("left over: %v", got)
	}
}

func TestAReferenceNeverLeavesTheFolder(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "files"))
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	ref := put(t, s, "content")
	for _, bad := range []string{
		"", ".", "..", "../secret", "part", ref[:63], ref + "0", strings.ToUpper(ref), "../" + ref[:61],
		strings.Repeat("/", 64), strings.Repeat(".", 64), ref[:2] + "/" + ref[:61], ref[:63] + "\x00",
	} {
		if _, err := s.Path(bad); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("Path(%q) = %v, want notfound", bad, err)
		}
		if _, err := s.Open(bad); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("Open(%q) = %v, want notfound", bad, err)
		}
		if err := s.Delete(bad); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("Delete(%q) = %v, want notfound", bad, err)
		}
	}
}

func TestDeleteTakesOneFileAndMayBeRepeated(t *testing.T) {
	s := open(t, t.TempDir())
	a, b := put(t, s, "a"), put(t, s, "b")
	for range 2 {
		if err := s.Delete(a); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Open(a); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("Open of a deleted file = %v, want notfound", err)
	}
	if diff := cmp.Diff([]string{b}, refs(t, s)); diff != "" {
		t.Error(diff)
	}
}

func TestWalkStopsAtTheFirstError(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "a")
	put(t, s, "b")
	stop, calls := errors.New("stop"), 0
	err := s.Walk(t.Context(), func(blob.File) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("Walk = %v after %d calls", err, calls)
	}
}

func TestOpenSweepsWhatAKilledProcessLeft(t *testing.T) {
	dir := t.TempDir()
	ref := put(t, open(t, dir), "whole")
	for range 5 {
		child := exec.Command(os.Args[0], "-test.run=^TestPutUntilKilled$")
		child.Env = append(os.Environ(), "STAMM_BLOB_CHILD="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(out, make([]byte, 300)); err != nil { // it is well under way
			t.Fatal(err)
		}
		child.Process.Kill()
		child.Wait()

		s := open(t, dir)
		if left, err := os.ReadDir(filepath.Join(dir, "part")); err != nil || len(left) != 0 {
			t.Errorf("after Open the folder of parts holds %v, %v", left, err)
		}
		all := refs(t, s)
		if len(all) < 2 {
			t.Errorf("the killed process kept no file")
		}
		for _, r := range all {
			path, _ := s.Path(r)
			content, err := os.ReadFile(path)
			if sum := sha256.Sum256(content); err != nil || hex.EncodeToString(sum[:]) != r {
				t.Errorf("file %s holds other bytes (%d, %v)", r, len(content), err)
			}
		}
		if f, err := s.Open(ref); err != nil {
			t.Errorf("the earlier file is gone: %v", err)
		} else {
			f.Close()
		}
	}
}

// TestPutUntilKilled is the process that the test above kills.
func TestPutUntilKilled(t *testing.T) {
	dir := os.Getenv("STAMM_BLOB_CHILD")
	if dir == "" {
		return // it is only the child of TestOpenSweepsWhatAKilledProcessLeft
	}
	s := open(t, dir)
	for i := byte(0); ; i++ {
		content := bytes.Repeat([]byte{i, byte(os.Getpid())}, 100_000)
		if _, _, err := s.Put(context.Background(), bytes.NewReader(content), 0); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString(strings.Repeat(".", 100))
	}
}

func everyFile(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
