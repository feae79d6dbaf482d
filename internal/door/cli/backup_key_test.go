package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stamm/internal/action/message/email"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

// unreadable restores a backup and returns the folder and what it says has to be entered again.
func unreadable(t *testing.T, file, db, key string) (dir string, locked []email.Secret) {
	t.Helper()
	dir = t.TempDir()
	if key != "" {
		if err := os.WriteFile(filepath.Join(dir, "mail.key"), []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said struct {
		Keyed      bool           `json:"with_keys"`
		Unreadable []email.Secret `json:"unreadable"`
	}
	if err := json.Unmarshal([]byte(must(t, dir, "", "restore", file, "--db", db, "--json")), &said); err != nil || said.Unreadable == nil {
		t.Fatalf("%v, %+v", err, said)
	}
	return dir, said.Unreadable
}

// secretive is a company with a secret of every kind, and its backups without and with the key to them.
func secretive(t *testing.T, db string) (dir, without, with string) {
	t.Helper()
	dir = t.TempDir()
	must(t, dir, "geheim\n", "relay", "add", "Haus", "--host", "smtp.example", "--login", "stamm", "--inactive", "--db", db)
	vault, err := email.OpenVault(filepath.Join(dir, "mail.key"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), db, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Write(t.Context(), store.System(), func(tx *store.Tx) error {
		for _, kind := range []email.KeyKind{email.Ed25519, email.NoKey} { // the second has nothing to be read
			if _, err := email.SaveSender(t.Context(), tx, vault, &email.Sender{Name: "Haus", Address: "moin@" + strings.ToLower(string(kind)+"x.example"), KeyKind: kind}); err != nil {
				return err
			}
		}
		m := email.NewMailbox()
		m.Host, m.Login, m.Password = "imap.example", "rueck@haus.example", "geheim"
		if _, err := email.SaveMailbox(t.Context(), tx, vault, m); err != nil {
			return err
		}
		_, err := email.NewHookSecret(t.Context(), tx, vault)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	without, with = filepath.Join(t.TempDir(), "without.tar"), filepath.Join(t.TempDir(), "with.tar.gz")
	if out := must(t, dir, "", "backup", without, "--db", db); !strings.Contains(out, "entered again after a restore") {
		t.Errorf("without the key it says: %s", out)
	}
	if out := must(t, dir, "", "backup", with, "--with-keys", "--db", db); !strings.Contains(out, "Keep it like a password") {
		t.Errorf("with the key it says: %s", out)
	}
	return dir, without, with
}

func TestARestoreBringsTheKeyOrSaysWhatToEnterAgain(t *testing.T) {
	for _, from := range []string{"sqlite", "postgres"} {
		t.Run("from "+from, func(t *testing.T) {
			db, other := filepath.Join(t.TempDir(), "stamm.db"), storetest.Postgres(t)
			if from == "postgres" {
				db, other = other, db
			}
			dir, without, with := secretive(t, db)
			key, err := os.ReadFile(filepath.Join(dir, "mail.key"))
			if err != nil {
				t.Fatal(err)
			}
			if raw, err := os.ReadFile(without); err != nil || bytes.Contains(raw, key) {
				t.Errorf("the backup without keys holds the key (%v)", err)
			}
			restored, locked := unreadable(t, with, other, "")
			info, err := os.Stat(filepath.Join(restored, "mail.key"))
			if err != nil || info.Mode().Perm() != 0o600 || len(locked) != 0 {
				t.Errorf("with the key: %v, %v, unreadable %v", err, info, locked)
			}
			if now, err := os.ReadFile(filepath.Join(restored, "mail.key")); err != nil || !bytes.Equal(now, key) {
				t.Errorf("the key is another one (%v)", err)
			}
			if _, locked := unreadable(t, without, filepath.Join(t.TempDir(), "a.db"), string(key)); len(locked) != 0 {
				t.Errorf("with the key laid beside it: %v", locked)
			}
			for name, wrong := range map[string]string{"no key": "", "another key": strings.Repeat("x", 32)} {
				_, locked := unreadable(t, without, filepath.Join(t.TempDir(), "b.db"), wrong)
				var kinds []string
				for _, s := range locked {
					kinds = append(kinds, s.Kind+" "+s.Name)
				}
				if got := strings.Join(kinds, ", "); got != "relay Haus, mailbox rueck@haus.example, dkim moin@ed25519x.example, hook " {
					t.Errorf("%s: unreadable are %s", name, got)
				}
			}
		})
	}
}

func TestAKeyThatIsThereAlreadyIsNeverOverwritten(t *testing.T) {
	_, without, with := secretive(t, filepath.Join(t.TempDir(), "stamm.db"))
	dir, own := t.TempDir(), strings.Repeat("o", 32)
	path := filepath.Join(dir, "mail.key")
	if err := os.WriteFile(path, []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := stamm(t, dir, "", "restore", with); code != 1 || !strings.Contains(errs, "another key than the one in the backup") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != own {
		t.Errorf("the key is %q, %v", now, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "stamm.db")); err == nil {
		t.Error("something was restored")
	}
	if out := must(t, t.TempDir(), "", "restore", without); !strings.Contains(out, "- password of the relay “Haus”") || !strings.Contains(out, "- key for reports from mail services") {
		t.Errorf("it says: %s", out)
	}
}
