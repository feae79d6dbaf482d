package storetest

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// initialise makes the folder of a new cluster. Making one takes initdb two seconds, and every test binary needs one, so the first of a
// version is kept in the user's cache and copied from then on.
func initialise(run func(name string, args ...string) *exec.Cmd, data string, identity *syscall.Credential) error {
	args := []string{"-U", "stamm", "-A", "trust", "-E", "UTF8", "--no-sync"}
	version, err := run("initdb", "--version").Output()
	if err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	kept := ""
	if cache, err := os.UserCacheDir(); err == nil {
		kept = filepath.Join(cache, "stamm-test", fmt.Sprintf("postgres-%.8x", sha256.Sum256([]byte(string(version)+strings.Join(args, " ")))))
		if copyFolder(kept, data, identity) == nil {
			return nil
		}
		os.RemoveAll(data)
	}
	if out, err := run("initdb", append([]string{"-D", data}, args...)...).CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	keepFolder(data, kept)
	return nil
}

// keepFolder keeps a copy for the next time, unless that is not possible or another process was quicker.
func keepFolder(data, kept string) {
	if kept == "" || os.MkdirAll(filepath.Dir(kept), 0o700) != nil {
		return
	}
	half, err := os.MkdirTemp(filepath.Dir(kept), "half-")
	if err != nil {
		return
	}
	defer os.RemoveAll(half)
	if copyFolder(data, filepath.Join(half, "data"), nil) == nil {
		_ = os.Rename(filepath.Join(half, "data"), kept)
	}
}

// copyFolder copies a folder whose files belong to one user, and gives the copy to another unless that is nil.
func copyFolder(from, to string, owner *syscall.Credential) error {
	if _, err := os.Stat(filepath.Join(from, "PG_VERSION")); err != nil {
		return err
	}
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rest, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		copied := filepath.Join(to, rest)
		if entry.IsDir() {
			err = os.Mkdir(copied, 0o700)
		} else {
			var content []byte
			if content, err = os.ReadFile(path); err == nil {
				err = os.WriteFile(copied, content, 0o600)
			}
		}
		if err != nil || owner == nil {
			return err
		}
		return os.Chown(copied, int(owner.Uid), int(owner.Gid))
	})
}
