package connect_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/task"
)

const owner = 7 // of the profile

// profile saves a profile for orders that watches a folder, and waits for its first look.
func (s *shop) profile(t *testing.T, folder string) (id int64) {
	t.Helper()
	ctx := context.Background()
	err := s.db.Write(ctx, store.System(), func(tx *store.Tx) (err error) {
		id, err = connect.SaveProfile(ctx, tx, connect.Profile{Name: "shop", Kind: sheet.Orders, Owner: owner, Folder: folder, Schedule: "every 15m"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.idle(t)
	return id
}

// look does what the schedule does every quarter of an hour.
func (s *shop) look(t *testing.T, profile int64) {
	t.Helper()
	ctx := context.Background()
	err := s.db.Write(ctx, store.System(), func(tx *store.Tx) error {
		_, err := jobs.Enqueue(ctx, tx, jobs.New{Kind: connect.WatchJob, Args: map[string]int64{"profile": profile}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.idle(t)
}

// idle waits until no job is left to do.
func (s *shop) idle(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	for {
		alive := int64(0)
		err := s.db.Read(ctx, func(tx *store.Tx) error {
			all, err := jobs.List(ctx, tx, jobs.Filter{Limit: 100})
			for _, j := range all {
				if !j.State.Over() {
					alive = j.ID
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if alive == 0 {
			return
		}
		jobs.Wait(ctx, s.db, alive, nil) // how it ended is the run's
	}
}

// put writes a file that has rested for a minute.
func put(t *testing.T, folder, name, content string) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	rested := time.Now().Add(-time.Minute)
	if err := os.Chtimes(path, rested, rested); err != nil {
		t.Fatal(err)
	}
}

// state is how many runs there are, and the tasks that are open.
func (s *shop) state(t *testing.T) (runs []*connect.Run, open []*task.Task) {
	t.Helper()
	ctx := context.Background()
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		if runs, err = connect.Runs(ctx, tx, 0, 100); err != nil {
			return err
		}
		open, err = task.List(ctx, tx, task.Filter{Limit: 100, OfKind: connect.FailedTask})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return runs, open
}

func TestAWatchedFolderIsImportedEachContentOnce(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s, folder := open(t, url), t.TempDir()
		put(t, folder, "monday.csv", "Auftrag;Kunde;Datum;Betrag\n1;K1;31.12.2010;10,00\n")
		put(t, folder, "notes.md", "nothing for us")
		id := s.profile(t, folder)
		runs, tasks := s.state(t)
		if len(runs) != 1 || runs[0].State != connect.Done || runs[0].New != 1 || runs[0].Profile != id || len(tasks) != 0 {
			t.Fatalf("after the first look: %d runs, %d tasks", len(runs), len(tasks))
		}
		put(t, folder, "copy.csv", "Auftrag;Kunde;Datum;Betrag\n1;K1;31.12.2010;10,00\n")
		if err := os.WriteFile(filepath.Join(folder, "growing.csv"), []byte("Auftrag;Ku"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.look(t, id)
		if runs, _ = s.state(t); len(runs) != 1 {
			t.Errorf("a copy or a file that is being written was imported: %d runs", len(runs))
		}

		put(t, folder, "tuesday.csv", "Auftrag;Kunde;Datum;Betrag\n2;K1;03/04/2011;10,50\n")
		s.look(t, id)
		s.look(t, id)
		runs, tasks = s.state(t)
		if len(runs) != 2 || runs[0].State != connect.Failed || len(tasks) != 1 || tasks[0].Subject != runs[0].ID || tasks[0].Owner != owner {
			t.Fatalf("after an ambiguous file: %d runs, tasks %+v", len(runs), tasks)
		}

		ctx := context.Background()
		err := s.db.Write(ctx, store.System(), func(tx *store.Tx) error { return connect.DropProfile(ctx, tx, id) })
		if err != nil {
			t.Fatal(err)
		}
		err = s.db.Read(ctx, func(tx *store.Tx) error {
			left, err := jobs.Schedules(ctx, tx)
			if len(left) != 0 {
				t.Errorf("the schedule of a dropped profile stays: %+v", left)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestAFolderThatIsGoneIsOneTaskUntilItIsBack(t *testing.T) {
	s := open(t, storetest.SQLite(t))
	folder := filepath.Join(t.TempDir(), "later")
	id := s.profile(t, folder)
	s.look(t, id)
	runs, tasks := s.state(t)
	if len(runs) != 1 || len(tasks) != 1 {
		t.Fatalf("%d runs, %d tasks", len(runs), len(tasks))
	}
	refused(t, runs[0].Why(), "import.no_folder", "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	s.look(t, id)
	if _, tasks = s.state(t); len(tasks) != 0 {
		t.Error("the task stays when the folder is back")
	}
}

func TestAFailedRunIsATaskUntilItIsUndone(t *testing.T) {
	s := open(t, storetest.SQLite(t))
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "orders.csv")
	put(t, filepath.Dir(path), "orders.csv", "Auftrag;Kunde;Datum;Betrag\n1;K1;31.12.2010;1.234\n")
	file, err := s.importer.KeepPath(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.importer.Start(ctx, store.Actor{Kind: "user", ID: 3}, connect.Request{Kind: sheet.Orders, Files: []connect.File{file}})
	if err != nil {
		t.Fatal(err)
	}
	s.idle(t)
	_, tasks := s.state(t)
	if len(tasks) != 1 || tasks[0].Subject != run.ID || tasks[0].Owner != 3 {
		t.Fatalf("tasks %+v", tasks)
	}
	err = s.db.Write(ctx, store.System(), func(tx *store.Tx) error { _, err := connect.Undo(ctx, tx, run.ID); return err })
	if err != nil {
		t.Fatal(err)
	}
	s.idle(t)
	if _, tasks = s.state(t); len(tasks) != 0 {
		t.Error("the task stays when the run was undone")
	}
}
