// Package connect brings data in: it reads files through the sheet package, turns rows into documents, customers and
// products, and writes them in slices that a killed process can go on from, each counted once.
//
// A run is a job. Its files are copied into the blob store first, so that it can go on whatever becomes of the
// originals. Rows are cut into slices by the file alone; a slice, its feed change and the run's counters are one
// transaction, and a resumed run passes over the slices that are done.
package connect

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// State is how far a run has come.
type State string

// The states of a run.
const (
	Waiting   State = "waiting"   // its job has not begun
	Running   State = "running"   // reading and writing
	Done      State = "done"      // everything is in
	Failed    State = "failed"    // stopped by an error that concerns the whole file
	Cancelled State = "cancelled" // stopped by a person; what was written stays until undone
	Undoing   State = "undoing"   // being taken back
	Undone    State = "undone"    // taken back
)

// File is one file of a run as it lies in the blob store.
type File struct {
	Name string `json:"name"`
	Ref  string `json:"ref"`
	Size int64  `json:"size"`
}

// Run is one import.
type Run struct {
	ID      int64
	Kind    sheet.Kind
	Source  int64
	State   State
	Key     string // of the same files read the same way: giving them again goes on with an unfinished run
	Files   []File
	Plan    sheet.Plan
	Job     int64
	Profile int64

	Slice     int64 // slices done
	TotalRows int64
	Rows      int64 // rows read so far
	New       int64 // records, as the next three
	Changed   int64
	Unchanged int64
	Errors    int64 // rows that were not taken
	Notices   int64 // rows that were taken, with a remark
	Kept      int64 // records that an undo had to leave

	Error string // message key and arguments of what failed the run
	Actor store.Actor

	CreatedAt, StartedAt, FinishedAt time.Time
}

// Finished tells whether nothing of the run is still to come.
func (r *Run) Finished() bool {
	return r.State != Waiting && r.State != Running && r.State != Undoing
}

const runFields = `id, kind, source, state, key, files, plan, job, profile, slice, total_rows, rows_read, made, changed, unchanged,
	errors, notices, kept, error, actor_kind, actor, created_at, started_at, finished_at`

const (
	sqlCreateRun = `INSERT INTO import_run (kind, source, state, key, files, plan, job, profile, slice, total_rows, rows_read, made, changed,
		unchanged, errors, notices, kept, error, actor_kind, actor, created_at, started_at, finished_at)
		VALUES ($1, $2, 'waiting', $3, $4, $5, 0, $6, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', $7, $8, $9, 0, 0) RETURNING id`
	sqlRun        = `SELECT ` + runFields + ` FROM import_run WHERE id = $1`
	sqlRuns       = `SELECT ` + runFields + ` FROM import_run WHERE id < $1 ORDER BY id DESC LIMIT $2`
	sqlRunsOf     = `SELECT ` + runFields + ` FROM import_run WHERE profile = $1 ORDER BY id DESC LIMIT $2`
	sqlUnfinished = `SELECT ` + runFields + ` FROM import_run WHERE key = $1 AND state IN ('waiting', 'running') ORDER BY id DESC LIMIT 1`
	sqlSetJob     = `UPDATE import_run SET job = $2 WHERE id = $1`
	sqlBegin      = `UPDATE import_run SET state = 'running', total_rows = $2, started_at = CASE WHEN started_at = 0 THEN $3 ELSE started_at END WHERE id = $1`
	sqlAdvance    = `UPDATE import_run SET slice = $2, rows_read = $3, made = made + $4, changed = changed + $5, unchanged = unchanged + $6,
		errors = errors + $7, notices = notices + $8 WHERE id = $1`
	sqlEnd        = `UPDATE import_run SET state = $2, error = $3, finished_at = $4 WHERE id = $1`
	sqlSetState   = `UPDATE import_run SET state = $2 WHERE id = $1`
	sqlKept       = `UPDATE import_run SET kept = kept + $2 WHERE id = $1`
	sqlSourceName = `SELECT name FROM source WHERE id = $1`
	sqlLiveFrom   = `SELECT live_from FROM source WHERE id = $1`
	sqlGoLive     = `UPDATE source SET live_from = $2 WHERE id = $1 AND live_from IS NULL`
	sqlRunFiles   = `SELECT files FROM import_run WHERE finished_at = 0 OR finished_at >= $1`
	sqlRunErrors  = `SELECT n, file, line, field, value, reason, args, notice FROM import_error WHERE run = $1 AND n > $2 ORDER BY n LIMIT $3`
)

// SourceName names a source.
func SourceName(ctx context.Context, tx *store.Tx, id int64) (name string, err error) {
	err = tx.QueryRow(ctx, sqlSourceName, id).Scan(&name)
	if errors.Is(err, store.ErrNoRows) {
		return "", nil
	}
	return name, err
}

// FindRun reads one run.
func FindRun(ctx context.Context, tx *store.Tx, id int64) (*Run, error) {
	rows, err := tx.Query(ctx, sqlRun, id)
	if err != nil {
		return nil, err
	}
	all, err := scanRuns(rows)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "import.no_run", "run", id)
	}
	return all[0], nil
}

// Runs lists runs, newest first, before the run numbered before (0 for the newest).
func Runs(ctx context.Context, tx *store.Tx, before int64, limit int) ([]*Run, error) {
	if before == 0 {
		before = 1 << 62
	}
	rows, err := tx.Query(ctx, sqlRuns, before, limit)
	if err != nil {
		return nil, err
	}
	return scanRuns(rows)
}

// RunsOf lists the newest runs of a profile.
func RunsOf(ctx context.Context, tx *store.Tx, profile int64, limit int) ([]*Run, error) {
	rows, err := tx.Query(ctx, sqlRunsOf, profile, limit)
	if err != nil {
		return nil, err
	}
	return scanRuns(rows)
}

func scanRuns(rows *sql.Rows) ([]*Run, error) {
	defer rows.Close()
	var all []*Run
	for rows.Next() {
		var r Run
		var files, plan string
		var created, started, finished int64
		err := rows.Scan(&r.ID, &r.Kind, &r.Source, &r.State, &r.Key, &files, &plan, &r.Job, &r.Profile, &r.Slice, &r.TotalRows, &r.Rows,
			&r.New, &r.Changed, &r.Unchanged, &r.Errors, &r.Notices, &r.Kept, &r.Error, &r.Actor.Kind, &r.Actor.ID, &created, &started, &finished)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(json.Unmarshal([]byte(files), &r.Files), json.Unmarshal([]byte(plan), &r.Plan)); err != nil {
			return nil, err
		}
		r.CreatedAt, r.StartedAt, r.FinishedAt = clock.Time(created), clock.Time(started), clock.Time(finished)
		all = append(all, &r)
	}
	return all, rows.Err()
}

// FilesInUse adds the references of the files of all runs that are not over, or ended since then.
func FilesInUse(ctx context.Context, tx *store.Tx, since time.Time, refs map[string]bool) error {
	rows, err := tx.Query(ctx, sqlRunFiles, clock.Micros(since))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		var files []File
		if err := rows.Scan(&text); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &files); err != nil {
			return err
		}
		for _, f := range files {
			refs[f.Ref] = true
		}
	}
	return rows.Err()
}

// RowError is a row that was not taken, or was taken with a remark.
type RowError struct {
	N      int64
	File   string
	Line   int64
	Field  string
	Value  string // shortened
	Key    string // of the reason in the catalogues; the remedy stands under the key with .remedy
	Args   []any
	Notice bool
}

// Errors lists the rows of a run that were not taken or remarked on, after the one numbered after.
func Errors(ctx context.Context, tx *store.Tx, run, after int64, limit int) ([]RowError, error) {
	rows, err := tx.Query(ctx, sqlRunErrors, run, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []RowError
	for rows.Next() {
		var e RowError
		var args string
		if err := rows.Scan(&e.N, &e.File, &e.Line, &e.Field, &e.Value, &e.Key, &args, &e.Notice); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(args), &e.Args); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}
