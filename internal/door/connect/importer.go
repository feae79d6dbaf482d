package connect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"stamm/internal/action/coupon"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/blob"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"
)

// ImportJob is the kind of the job that does a run.
const ImportJob = "import"

// An import waits for about a week until a full disk has room again or the database is back, and gives up earlier what
// fails of itself.
const (
	patientAttempts = 180
	maxAttempts     = 10
)

// maxFile is the largest file that is taken, in bytes.
const maxFile = 64 << 30

// Importer brings files in. It works through the job runner: Start enqueues, the handlers it registers do the work.
type Importer struct {
	db    *store.DB
	files *blob.Store
}

// New makes an Importer.
func New(db *store.DB, files *blob.Store) *Importer { return &Importer{db, files} }

// Register tells the runner how imports and their undo are done, one at a time each.
func (im *Importer) Register(r *jobs.Runner) {
	r.Handle(ImportJob, 1, im.runImport)
	r.Handle(UndoJob, 1, im.runUndo)
	r.Handle(TryJob, 1, im.runTry)
	r.Handle(WatchJob, 1, im.runWatch)
}

// Keep copies a file into the blob store, so that a run does not depend on the original. What can be no table is
// refused at its beginning.
func (im *Importer) Keep(ctx context.Context, name string, r io.Reader) (File, error) {
	r, err := sheet.Glance(name, r)
	if err != nil {
		return File{}, err
	}
	return im.keep(ctx, name, r)
}

func (im *Importer) keep(ctx context.Context, name string, r io.Reader) (File, error) {
	ref, size, err := im.files.Put(ctx, r, maxFile)
	if err != nil {
		return File{}, err
	}
	return File{Name: name, Ref: ref, Size: size}, nil
}

// KeepPath is Keep for a file of this machine.
func (im *Importer) KeepPath(ctx context.Context, path string) (File, error) {
	return withFile(path, func(name string, r io.Reader) (File, error) { return im.Keep(ctx, name, r) })
}

func withFile(path string, keep func(name string, r io.Reader) (File, error)) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, fault.New(fault.Invalid, "import.no_file", "file", path).On("file").Because(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return File{}, fault.New(fault.Invalid, "import.no_file", "file", path).On("file").Because(err)
	}
	return keep(filepath.Base(path), f)
}

// Sheet gives the files of a run to the reader of sheets.
func (im *Importer) Sheet(files []File) *sheet.Files {
	s := &sheet.Files{}
	for _, f := range files {
		path, err := im.files.Path(f.Ref)
		s.Inputs = append(s.Inputs, sheet.Input{Name: f.Name, Open: func() (sheet.Content, error) {
			if err != nil {
				return nil, err
			}
			return sheet.Path(path).Open()
		}})
	}
	return s
}

// Request is what Start needs.
type Request struct {
	Kind    sheet.Kind
	Source  string // name of the source, "default" if empty
	Files   []File
	Options sheet.Options
	Profile int64
}

// Options fills in what the company's settings say where the request leaves it open.
func (im *Importer) options(ctx context.Context, tx *store.Tx, o sheet.Options) (sheet.Options, error) {
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return o, err
	}
	if o.Currency == "" {
		o.Currency = settings.Currency
	}
	if o.Zone == "" {
		o.Zone = settings.TimeZone
	}
	return o, nil
}

// Prepare looks at the beginning of the files and plans how to read them.
func (im *Importer) Prepare(ctx context.Context, q Request) (plan *sheet.Plan, err error) {
	err = im.db.Read(ctx, func(tx *store.Tx) error {
		q.Options, err = im.options(ctx, tx, q.Options)
		return err
	})
	if err != nil {
		return nil, err
	}
	return im.Sheet(q.Files).Prepare(ctx, q.Kind, q.Options)
}

// Start creates a run and its job, or returns the unfinished run of the same files read the same way, which then goes
// on.
func (im *Importer) Start(ctx context.Context, actor store.Actor, q Request) (*Run, error) {
	if len(q.Files) == 0 {
		return nil, fault.New(fault.Invalid, "import.no_files").On("file")
	}
	if q.Source == "" {
		q.Source = "default"
	}
	plan, err := im.Prepare(ctx, q)
	if err != nil {
		return nil, err
	}
	key := keyOf(q, plan)
	var run *Run
	err = im.db.Write(ctx, actor, func(tx *store.Tx) (err error) {
		run, err = begin(ctx, tx, q, plan, key)
		return err
	})
	return run, err
}

// begin creates a run and its job unless the same run is unfinished.
func begin(ctx context.Context, tx *store.Tx, q Request, plan *sheet.Plan, key string) (*Run, error) {
	rows, err := tx.Query(ctx, sqlUnfinished, key)
	if err != nil {
		return nil, err
	}
	going, err := scanRuns(rows)
	if err != nil {
		return nil, err
	}
	var run *Run
	if len(going) > 0 {
		run = going[0]
	} else if run, err = create(ctx, tx, q, plan, key); err != nil {
		return nil, err
	}
	job := jobs.New{Kind: ImportJob, Key: runKey(run.ID), Args: importArgs{run.ID}, MaxAttempts: patientAttempts}
	if run.Job, err = jobs.Enqueue(ctx, tx, job); err != nil {
		return nil, err
	}
	if err := jobs.Hurry(ctx, tx, run.Job); err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, sqlSetJob, run.ID, run.Job)
	return run, err
}

type importArgs struct {
	Run int64 `json:"run"`
}

func runKey(run int64) string { return fmt.Sprintf("run:%d", run) }

func create(ctx context.Context, tx *store.Tx, q Request, plan *sheet.Plan, key string) (*Run, error) {
	source, err := customer.SourceID(ctx, tx, q.Source)
	if err != nil {
		return nil, err
	}
	id, err := tx.InsertID(ctx, sqlCreateRun, string(q.Kind), source, key, store.JSON(q.Files), store.JSON(plan), q.Profile,
		tx.Actor.Kind, tx.Actor.ID, clock.Micros(tx.Now))
	if err != nil {
		return nil, err
	}
	if _, err := feed.Append(ctx, tx, feed.New{Kind: "import.started", Subject: id, Body: map[string]any{"kind": q.Kind, "files": len(q.Files)}}); err != nil {
		return nil, err
	}
	return FindRun(ctx, tx, id)
}

// keyOf names the same files read the same way into the same source.
func keyOf(q Request, plan *sheet.Plan) string {
	h := sha256.New()
	for _, f := range q.Files {
		fmt.Fprintf(h, "%s\n", f.Ref)
	}
	text, err := json.Marshal(plan)
	if err != nil {
		panic("connect: a plan is always JSON: " + err.Error())
	}
	fmt.Fprintf(h, "%s\n%s\n%s", q.Kind, q.Source, text)
	return hex.EncodeToString(h.Sum(nil))
}

// runner is one import run being done.
type runner struct {
	im     *Importer
	db     *store.DB
	task   *jobs.Task
	actor  store.Actor
	run    *Run
	source string // its name
	base   string // currency
	zone   *time.Location
	live   *clock.Day // the day the source went live; nil while it has not
	rates  rates
	passed pending

	catalogue customer.Catalogue
}

// runImport is the handler of ImportJob.
func (im *Importer) runImport(ctx context.Context, task *jobs.Task) error {
	var args importArgs
	if err := task.Args(&args); err != nil {
		return err
	}
	r := &runner{im: im, db: im.db, task: task, actor: task.Actor()}
	err := r.load(ctx, args.Run)
	if err != nil {
		return err
	}
	if r.run.Finished() {
		return nil
	}
	defer collectLess()()
	err = r.do(ctx)
	if err == nil {
		return nil
	}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, jobs.ErrCancelled):
		return errors.Join(cause, r.end(context.WithoutCancel(ctx), Cancelled, nil))
	case ctx.Err() != nil:
		return cause // goes on with the next owner
	}
	switch fault.CodeOf(err) {
	case fault.Invalid, fault.NotFound, fault.Conflict, fault.Forbidden:
		return errors.Join(err, r.end(ctx, Failed, err))
	}
	if task.LastAttempt() || task.Attempt >= maxAttempts && fault.CodeOf(err) != fault.Unavailable {
		return errors.Join(jobs.InVain(err), r.end(ctx, Failed, err))
	}
	if task.Attempt == maxAttempts { // it goes on, and somebody should know that it is held up
		err = errors.Join(err, r.db.Write(ctx, r.actor, func(tx *store.Tx) error { return raiseFailed(ctx, tx, r.run) }))
	}
	return err
}

// garbageWhileImporting is how much garbage may lie about in an import, in per cent of what is in use. Rows live for
// moments and little is in use, so that at the usual 100 a tenth of all work would go into collecting them.
const garbageWhileImporting = 200

// collectLess lets garbage lie longer until the function it returns is called. One import runs at a time.
func collectLess() (restore func()) {
	before := debug.SetGCPercent(garbageWhileImporting)
	if before < 0 || before > garbageWhileImporting {
		debug.SetGCPercent(before)
	}
	return func() { debug.SetGCPercent(before) }
}

func (r *runner) load(ctx context.Context, id int64) error {
	return r.db.Read(ctx, func(tx *store.Tx) (err error) {
		if r.run, err = FindRun(ctx, tx, id); err != nil {
			return err
		}
		if r.source, err = SourceName(ctx, tx, r.run.Source); err != nil {
			return err
		}
		return r.settings(ctx, tx)
	})
}

// prepare is load for a run that is only tried out; a source that does not exist yet has no records.
func (r *runner) prepare(ctx context.Context, source string) error {
	return r.db.Read(ctx, func(tx *store.Tx) (err error) {
		if r.run.Source, err = customer.FindSource(ctx, tx, source); err != nil && fault.CodeOf(err) != fault.NotFound {
			return err
		}
		return r.settings(ctx, tx)
	})
}

// settings reads what the company's settings say about reading files.
func (r *runner) settings(ctx context.Context, tx *store.Tx) error {
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	r.base, r.zone = settings.Currency, settings.Zone()
	if r.live, err = liveFrom(ctx, tx, r.run.Source); err != nil {
		return err
	}
	if r.catalogue, err = customer.LoadCatalogue(ctx, tx); err != nil {
		return err
	}
	r.rates, err = loadRates(ctx, tx)
	return err
}

func (r *runner) do(ctx context.Context) error {
	files := r.im.Sheet(r.run.Files)
	r.task.Count(jobs.Bytes)
	files.Progress = func(read, total int64) { r.task.Progress(ctx, read, total) }
	survey, err := files.Survey(ctx, &r.run.Plan)
	if err != nil {
		return err
	}
	if err := survey.Err(); err != nil {
		return err
	}
	files.Progress = nil
	r.task.Count("")
	err = r.db.Write(ctx, r.actor, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, sqlBegin, r.run.ID, survey.Rows, clock.Micros(tx.Now))
		return err
	})
	if err != nil {
		return err
	}
	r.passed = pending{slices: r.run.Slice, rows: r.run.Rows}
	if err := r.read(ctx, files, survey); err != nil {
		return err
	}
	if err := r.link(ctx, survey.Rows); err != nil {
		return err
	}
	return r.end(ctx, Done, nil)
}

// end writes how the run ended.
func (r *runner) end(ctx context.Context, state State, why error) error {
	return r.db.Write(ctx, r.actor, func(tx *store.Tx) error {
		if state == Failed {
			return fail(ctx, tx, r.run, why)
		}
		if _, err := tx.Exec(ctx, sqlEnd, r.run.ID, string(state), "", clock.Micros(tx.Now)); err != nil {
			return err
		}
		if state == Done {
			if err := settleFailed(ctx, tx, r.run); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, sqlGoLive, r.run.Source, int64(clock.DayOf(tx.Now, r.zone))); err != nil {
				return err
			}
		}
		_, err := feed.Append(ctx, tx, feed.New{Kind: KindFinished, Subject: r.run.ID, Body: map[string]any{"state": state}})
		return err
	})
}

// fail writes why a run failed and tells somebody.
func fail(ctx context.Context, tx *store.Tx, r *Run, why error) error {
	text := ""
	if f := fault.As(why); f != nil {
		text = store.JSON(map[string]any{"code": f.Code, "field": f.Field, "key": f.Key, "args": f.Args})
	}
	if _, err := tx.Exec(ctx, sqlEnd, r.ID, string(Failed), text, clock.Micros(tx.Now)); err != nil {
		return err
	}
	if err := raiseFailed(ctx, tx, r); err != nil {
		return err
	}
	_, err := feed.Append(ctx, tx, feed.New{Kind: KindFinished, Subject: r.ID, Body: map[string]any{"state": Failed}})
	return err
}

// Why is the fault that failed a run, nil if none did.
func (r *Run) Why() error {
	if r.Error == "" {
		return nil
	}
	var f struct {
		Code       fault.Code
		Field, Key string
		Args       []any
	}
	if err := json.Unmarshal([]byte(r.Error), &f); err != nil {
		return err
	}
	return fault.New(f.Code, f.Key, f.Args...).On(f.Field)
}

// link ties the documents that wait to what they refer to, which takes a while after a large file.
func (r *runner) link(ctx context.Context, rows int64) error {
	var waiting int64
	err := r.db.Read(ctx, func(tx *store.Tx) (err error) { waiting, err = document.Waiting(ctx, tx); return err })
	if err != nil || waiting == 0 {
		return err
	}
	r.task.Count(jobs.Documents)
	err = r.im.linkAll(ctx, r.actor, func(pass, looked int) error {
		share := (float64(pass) + min(float64(looked)/float64(waiting), 1)) / float64(document.LinkPasses)
		return r.task.Progress(ctx, int64(share*float64(waiting)), waiting)
	})
	if err != nil {
		return err
	}
	r.task.Count("")
	return r.task.Progress(ctx, rows, rows)
}

// linkAll ties waiting documents to what they refer to, and tells how many each pass has looked at.
func (im *Importer) linkAll(ctx context.Context, actor store.Actor, tell func(pass, looked int) error) error {
	for pass := range document.LinkPasses {
		looked := 0
		for after := int64(0); ; {
			turn, err := im.linkSome(ctx, actor, pass, after)
			if err != nil {
				return err
			}
			if turn.Last == 0 {
				break
			}
			after, looked = turn.Last, looked+turn.Looked
			if err := tell(pass, looked); err != nil {
				return err
			}
		}
	}
	return nil
}

func (im *Importer) linkSome(ctx context.Context, actor store.Actor, pass int, after int64) (t document.Turn, err error) {
	err = im.db.Bulk(ctx, actor, func(tx *store.Tx) (err error) {
		if t, err = document.Link(ctx, tx, pass, after, linkTurn); err != nil || len(t.Rows) == 0 {
			return err
		}
		_, err = feed.Append(ctx, tx, feed.New{Kind: KindLinked, Origin: feed.History, Rows: t.Rows})
		if err != nil || pass != document.ReturnPass {
			return err
		}
		return coupon.Returned(ctx, tx, idsOf(t.Rows["document"]))
	})
	return t, err
}

func liveFrom(ctx context.Context, tx *store.Tx, source int64) (*clock.Day, error) {
	var day *int64
	err := tx.QueryRow(ctx, sqlLiveFrom, source).Scan(&day)
	if errors.Is(err, store.ErrNoRows) { // a source that a trial run has not made
		return nil, nil
	}
	if err != nil || day == nil {
		return nil, err
	}
	d := clock.Day(*day)
	return &d, nil
}
