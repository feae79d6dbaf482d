package connect

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	tasks "stamm/internal/record/task"
)

// WatchJob is the kind of the job that looks for new files in the folder of a profile.
const WatchJob = "import.watch"

// settled is how long a file must have rested before it is taken: until then it may still be written.
const settled = 20 * time.Second

// watched are the endings of files that are taken.
var watched = []string{".csv", ".txt", ".tsv", ".xlsx", ".gz", ".zip"}

const (
	sqlSetWatch = `UPDATE import_profile SET folder = $2, schedule = $3, changed_at = $4 WHERE id = $1`
	sqlSeenFile = `SELECT count(*) FROM import_seen WHERE profile = $1 AND name = $2 AND size = $3 AND modified = $4`
	sqlSeenRef  = `SELECT count(*) FROM import_seen WHERE profile = $1 AND ref = $2`
	sqlSee      = `INSERT INTO import_seen (profile, ref, name, size, modified) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (profile, ref) DO UPDATE SET name = excluded.name, size = excluded.size, modified = excluded.modified`
	sqlForgetSeen = `DELETE FROM import_seen WHERE profile = $1`
	sqlFailedOf   = `SELECT id FROM import_run WHERE key = $1 AND state = 'failed' ORDER BY id DESC LIMIT 1`
)

func watchName(profile int64) string { return fmt.Sprintf("%s:%d", WatchJob, profile) }

type watchArgs struct {
	Profile int64 `json:"profile"`
}

// Watch lets a profile import the new files of a folder by the clock: every is a time such as "every 15m" or "daily
// 03:00". It looks for the first time at once. An empty folder ends the watch.
func Watch(ctx context.Context, tx *store.Tx, profile int64, folder, every string) error {
	if folder == "" {
		if err := jobs.DropSchedule(ctx, tx, watchName(profile)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlSetWatch, profile, "", "", clock.Micros(tx.Now))
		return err
	}
	if !filepath.IsAbs(folder) {
		return fault.New(fault.Invalid, "import.watch_folder", "folder", folder).On("folder")
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	name := watchName(profile)
	err = jobs.SetSchedule(ctx, tx, jobs.Schedule{Name: name, Kind: WatchJob, Args: watchArgs{profile}, Spec: every}, settings.Zone())
	if err != nil {
		return err
	}
	if _, err := LookNow(ctx, tx, profile); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sqlSetWatch, profile, folder, every, clock.Micros(tx.Now))
	return err
}

// LookNow lets a profile look into its folder at once, beside its times.
func LookNow(ctx context.Context, tx *store.Tx, profile int64) (job int64, err error) {
	return jobs.Enqueue(ctx, tx, jobs.New{Kind: WatchJob, Key: "schedule:" + watchName(profile), Args: watchArgs{profile}})
}

// NextLooks tells for each profile that watches a folder when it looks there next.
func NextLooks(ctx context.Context, tx *store.Tx) (map[int64]time.Time, error) {
	all, err := jobs.Schedules(ctx, tx)
	if err != nil {
		return nil, err
	}
	next := map[int64]time.Time{}
	for _, s := range all {
		var args watchArgs
		if raw, ok := s.Args.(json.RawMessage); s.Kind != WatchJob || !ok || json.Unmarshal(raw, &args) != nil {
			continue
		}
		next[args.Profile] = s.Next
	}
	return next, nil
}

// CheckFolder tells whether a folder can be watched: by its whole path, on this machine, readable. What is wrong with it
// is an invalid fault on "folder".
func CheckFolder(folder string) error {
	if !filepath.IsAbs(folder) {
		return fault.New(fault.Invalid, "import.watch_folder", "folder", folder).On("folder")
	}
	if _, err := os.ReadDir(folder); err != nil {
		return fault.New(fault.Invalid, "import.no_folder", "folder", folder).On("folder").Because(err)
	}
	return nil
}

// runWatch is the handler of WatchJob: it starts a run for each file that is new.
func (im *Importer) runWatch(ctx context.Context, task *jobs.Task) error {
	var args watchArgs
	if err := task.Args(&args); err != nil {
		return err
	}
	var p *Profile
	err := im.db.Read(ctx, func(tx *store.Tx) (err error) {
		p, err = FindProfile(ctx, tx, args.Profile)
		return err
	})
	if fault.CodeOf(err) == fault.NotFound || err == nil && p.Folder == "" {
		return nil // dropped since
	}
	if err != nil {
		return err
	}
	files, err := im.filesOf(p.Folder)
	if err != nil {
		return im.brokenFolder(ctx, task.Actor(), p, err)
	}
	if err := im.soundFolder(ctx, task.Actor(), p); err != nil {
		return err
	}
	for i, f := range files {
		if err := im.takeFile(ctx, task.Actor(), p, f); err != nil {
			return err
		}
		if err := task.Progress(ctx, int64(i+1), int64(len(files))); err != nil {
			return err
		}
	}
	return nil
}

// filesOf are the tables in a folder that are no longer being written, by name.
func (im *Importer) filesOf(folder string) ([]fs.FileInfo, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fault.New(fault.Invalid, "import.no_folder", "folder", folder).On("folder").Because(err)
	}
	rested := im.db.Now().Add(-settled)
	var all []fs.FileInfo
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || !slices.Contains(watched, strings.ToLower(filepath.Ext(e.Name()))) {
			continue
		}
		info, err := os.Stat(filepath.Join(folder, e.Name()))
		if err == nil && info.Mode().IsRegular() && info.ModTime().Before(rested) {
			all = append(all, info)
		}
	}
	return all, nil
}

// takeFile starts a run for a file whose content the profile has not seen.
func (im *Importer) takeFile(ctx context.Context, actor store.Actor, p *Profile, info fs.FileInfo) error {
	size, modified := info.Size(), clock.Micros(info.ModTime())
	seen := int64(0)
	err := im.db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, sqlSeenFile, p.ID, info.Name(), size, modified).Scan(&seen)
	})
	if err != nil || seen > 0 {
		return err
	}
	// Also what is no table is kept: the failed run shows it.
	file, err := withFile(filepath.Join(p.Folder, info.Name()), func(name string, r io.Reader) (File, error) { return im.keep(ctx, name, r) })
	if err != nil {
		return im.brokenFolder(ctx, actor, p, err)
	}
	q := Request{Kind: p.Kind, Source: p.Source, Files: []File{file}, Options: p.Options, Profile: p.ID}
	if q.Source == "" {
		q.Source = "default"
	}
	plan, unreadable := im.Prepare(ctx, q)
	if unreadable != nil && fault.CodeOf(unreadable) != fault.Invalid {
		return unreadable
	}
	return im.db.Write(ctx, actor, func(tx *store.Tx) error {
		if err := tx.QueryRow(ctx, sqlSeenRef, p.ID, file.Ref).Scan(&seen); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlSee, p.ID, file.Ref, info.Name(), size, modified); err != nil || seen > 0 {
			return err
		}
		if unreadable == nil {
			_, err := begin(ctx, tx, q, plan, keyOf(q, plan))
			return err
		}
		plan := &sheet.Plan{Kind: q.Kind, Options: q.Options}
		run, err := create(ctx, tx, q, plan, keyOf(q, plan))
		if err != nil {
			return err
		}
		return fail(ctx, tx, run, unreadable)
	})
}

func folderKey(profile int64) string { return fmt.Sprintf("folder:%d", profile) }

// brokenFolder keeps as one failed run, however often it is tried, that the folder of a profile cannot be read.
func (im *Importer) brokenFolder(ctx context.Context, actor store.Actor, p *Profile, why error) error {
	return im.db.Write(ctx, actor, func(tx *store.Tx) error {
		before, err := tx.QueryIDs(ctx, sqlFailedOf, folderKey(p.ID))
		if err != nil {
			return err
		}
		var run *Run
		if len(before) > 0 {
			run, err = FindRun(ctx, tx, before[0])
		} else {
			q := Request{Kind: p.Kind, Source: p.Source, Files: []File{}, Profile: p.ID}
			if q.Source == "" {
				q.Source = "default"
			}
			run, err = create(ctx, tx, q, &sheet.Plan{Kind: p.Kind, Options: p.Options}, folderKey(p.ID))
		}
		if err != nil {
			return err
		}
		return fail(ctx, tx, run, why)
	})
}

// soundFolder settles what brokenFolder raised.
func (im *Importer) soundFolder(ctx context.Context, actor store.Actor, p *Profile) error {
	var before []int64
	err := im.db.Read(ctx, func(tx *store.Tx) (err error) {
		before, err = tx.QueryIDs(ctx, sqlFailedOf, folderKey(p.ID))
		return err
	})
	if err != nil || len(before) == 0 {
		return err
	}
	return im.db.Write(ctx, actor, func(tx *store.Tx) error { return tasks.Settle(ctx, tx, failedKey(before[0])) })
}
