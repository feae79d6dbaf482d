package api

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// Imports takes files and begins imports, as *connect.Importer does.
type Imports interface {
	// Keep copies a file to where imports read it.
	Keep(ctx context.Context, name string, r io.Reader) (connect.File, error)

	// WithProfile fills in what a saved profile says.
	WithProfile(ctx context.Context, actor store.Actor, q connect.Request, name string) (connect.Request, error)

	// Start begins an import of kept files, or returns the unfinished one of the same files.
	Start(ctx context.Context, actor store.Actor, q connect.Request) (*connect.Run, error)
}

// Import is a run of an import.
type Import struct {
	ID         int64         `json:"id"`
	Kind       string        `json:"kind" enum:"orders,customers,products,payments,contracts"`
	Source     string        `json:"source"`
	State      string        `json:"state" enum:"waiting,running,done,failed,cancelled,undoing,undone"`
	Files      []ImportFile  `json:"files" nullable:"false"`
	TotalRows  int64         `json:"total_rows"`
	Rows       int64         `json:"rows"`
	New        int64         `json:"new"`
	Changed    int64         `json:"changed"`
	Unchanged  int64         `json:"unchanged"`
	Errors     int64         `json:"errors"`
	Notices    int64         `json:"notices"`
	Failure    *ProblemField `json:"failure,omitempty"`
	CreatedAt  string        `json:"created_at"`
	StartedAt  string        `json:"started_at,omitempty"`
	FinishedAt string        `json:"finished_at,omitempty"`
}

// ImportFile is a file of an import.
type ImportFile struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// ImportError is a row that was not taken, or taken with a remark.
type ImportError struct {
	N       int64  `json:"n"`
	File    string `json:"file"`
	Line    int64  `json:"line"`
	Field   string `json:"field,omitempty"`
	Value   string `json:"value,omitempty"`
	Notice  bool   `json:"notice"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"`
}

// ImportForm is what an upload holds, as a form of several parts.
type ImportForm struct {
	File      []byte            `json:"file" contentEncoding:"binary"`
	Kind      string            `json:"kind" enum:"orders,customers,products,payments,contracts"`
	Source    string            `json:"source,omitempty" default:"default" maxLength:"100"`
	Profile   string            `json:"profile,omitempty"`
	Decimal   string            `json:"decimal,omitempty" enum:"comma,point"`
	Dates     string            `json:"dates,omitempty" enum:"dmy,mdy,ymd"`
	Encoding  string            `json:"encoding,omitempty" enum:"utf-8,utf-16le,utf-16be,windows-1252"`
	Separator string            `json:"separator,omitempty"`
	Heading   int64             `json:"heading,omitempty"`
	Sheet     string            `json:"sheet,omitempty"`
	Currency  string            `json:"currency,omitempty"`
	Zone      string            `json:"zone,omitempty"`
	Map       map[string]string `json:"map,omitempty"`
}

func (s *server) addImports() {
	const tag = "imports"
	add(s, route{id: "list_imports", method: http.MethodGet, path: "/imports", tag: tag, scope: auth.ReadImports}, s.listImports)
	add(s, route{id: "get_import", method: http.MethodGet, path: "/imports/{id}", tag: tag, scope: auth.ReadImports}, s.getImport)
	add(s, route{id: "list_import_errors", method: http.MethodGet, path: "/imports/{id}/errors", tag: tag, scope: auth.ReadImports}, s.listImportErrors)
	add(s, route{id: "post_import", method: http.MethodPost, path: "/imports", tag: tag, scope: auth.WriteImports,
		form: bodyOf[ImportForm](), status: http.StatusAccepted}, s.postImport)
	add(s, route{id: "undo_import", method: http.MethodPost, path: "/imports/{id}/undo", tag: tag, scope: auth.WriteImports, status: http.StatusAccepted}, s.undoImport)
}

// undoImport begins to take an import back. One that is being taken back, or was, stays as it is.
func (s *server) undoImport(ctx context.Context, c *call, in *IDPath) (found Import, err error) {
	p := c.printer(ctx)
	err = c.write(ctx, 1, func(tx *store.Tx) error {
		run, err := connect.FindRun(ctx, tx, in.ID)
		if err != nil {
			return err
		}
		if run.State != connect.Undoing && run.State != connect.Undone {
			if _, err := connect.Undo(ctx, tx, in.ID); err != nil {
				return err
			}
		}
		names, err := sourceNames(ctx, tx)
		if err != nil {
			return err
		}
		if run, err = connect.FindRun(ctx, tx, in.ID); err == nil {
			found = importOf(run, names, p)
		}
		return err
	})
	return found, err
}

func (s *server) listImports(ctx context.Context, c *call, in *PageQuery) (page Page[Import], err error) {
	page.Items = []Import{}
	before, err := in.id()
	if err != nil {
		return page, err
	}
	p := c.printer(ctx)
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		names, err := sourceNames(ctx, tx)
		if err != nil {
			return err
		}
		runs, err := connect.Runs(ctx, tx, before, in.Limit)
		for _, r := range runs {
			page.Items = append(page.Items, importOf(r, names, p))
		}
		if len(runs) == in.Limit {
			page.Next = idText(runs[len(runs)-1].ID)
		}
		return err
	})
	return page, err
}

func (s *server) getImport(ctx context.Context, c *call, in *IDPath) (found Import, err error) {
	p := c.printer(ctx)
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		names, err := sourceNames(ctx, tx)
		if err != nil {
			return err
		}
		run, err := connect.FindRun(ctx, tx, in.ID)
		if err == nil {
			found = importOf(run, names, p)
		}
		return err
	})
	return found, err
}

func importOf(r *connect.Run, names map[int64]string, p *i18n.Printer) Import {
	i := Import{ID: r.ID, Kind: string(r.Kind), Source: names[r.Source], State: string(r.State), Files: []ImportFile{}, TotalRows: r.TotalRows, Rows: r.Rows,
		New: r.New, Changed: r.Changed, Unchanged: r.Unchanged, Errors: r.Errors, Notices: r.Notices, CreatedAt: timeText(r.CreatedAt)}
	for _, f := range r.Files {
		i.Files = append(i.Files, ImportFile{f.Name, f.Size})
	}
	if r.StartedAt.Unix() > 0 {
		i.StartedAt = timeText(r.StartedAt)
	}
	if r.FinishedAt.Unix() > 0 {
		i.FinishedAt = timeText(r.FinishedAt)
	}
	if f := fault.As(r.Why()); f != nil {
		i.Failure = &ProblemField{f.Field, f.Key, p.Err(f)}
	}
	return i
}

type importErrorQuery struct {
	IDPath
	PageQuery
}

func (s *server) listImportErrors(ctx context.Context, c *call, in *importErrorQuery) (page Page[ImportError], err error) {
	page.Items = []ImportError{}
	after, err := in.id()
	if err != nil {
		return page, err
	}
	p := c.printer(ctx)
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		if _, err := connect.FindRun(ctx, tx, in.ID); err != nil {
			return err
		}
		all, err := connect.Errors(ctx, tx, in.ID, after, in.Limit)
		for _, e := range all {
			page.Items = append(page.Items, ImportError{N: e.N, File: e.File, Line: e.Line, Field: e.Field, Value: e.Value, Notice: e.Notice,
				Reason: e.Key, Message: e.Reason(p), Remedy: e.Remedy(p)})
		}
		if len(all) == in.Limit {
			page.Next = idText(all[len(all)-1].N)
		}
		return err
	})
	return page, err
}

// Limits of an upload.
const (
	maxFiles = 100
	maxField = 64 << 10 // bytes of a part that is no file
)

// postImport takes files as they come, so that a large one needs neither memory nor a second copy, and begins the
// import when the form is complete.
func (s *server) postImport(ctx context.Context, c *call, _ *struct{}) (begun Import, err error) {
	parts, err := c.request.MultipartReader()
	if err != nil {
		return begun, fault.New(fault.Invalid, keyForm).Because(err)
	}
	u := upload{imports: s.imports}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return begun, fault.New(fault.Invalid, keyBroken).Because(err)
		}
		if err := u.take(ctx, part); err != nil {
			return begun, err
		}
	}
	run, err := u.start(ctx, c.actor())
	if err != nil {
		return begun, err
	}
	p := c.printer(ctx)
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		names, err := sourceNames(ctx, tx)
		begun = importOf(run, names, p)
		return err
	})
	return begun, err
}

// upload is a form on its way in.
type upload struct {
	imports Imports
	request connect.Request
	profile string
}

func (u *upload) take(ctx context.Context, part *multipart.Part) error {
	name := part.FormName()
	if name != "file" {
		text, err := io.ReadAll(io.LimitReader(part, maxField+1))
		switch {
		case err != nil:
			return fault.New(fault.Invalid, keyBroken).Because(err)
		case len(text) > maxField:
			return fault.New(fault.Invalid, "errors.too_long", "max", maxField).On(name)
		}
		return u.field(name, string(text))
	}
	if len(u.request.Files) == maxFiles {
		return fault.New(fault.Invalid, "api.too_many", "max", maxFiles).On("file")
	}
	file := path.Base(strings.ReplaceAll(part.FileName(), `\`, "/"))
	if file == "." || file == "/" {
		file = "file"
	}
	reader := &watched{Reader: part}
	kept, err := u.imports.Keep(ctx, file, reader)
	if reader.err != nil { // the sender's doing, not ours
		return fault.New(fault.Invalid, keyBroken).Because(reader.err)
	}
	u.request.Files = append(u.request.Files, kept)
	return err
}

// watched remembers the error of what it reads.
type watched struct {
	io.Reader
	err error
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Reader.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

func (u *upload) field(name, text string) (err error) {
	o := &u.request.Options
	switch name {
	case "kind":
		u.request.Kind = sheet.Kind(text)
	case "source":
		u.request.Source = text
	case "profile":
		u.profile = text
	case "decimal":
		o.Decimal = sheet.Decimal(text)
	case "dates":
		o.Dates = sheet.DateOrder(text)
	case "encoding":
		o.Encoding = sheet.Encoding(text)
	case "separator":
		o.Separator = text
	case "sheet":
		o.Sheet = text
	case "currency":
		o.Currency = text
	case "zone":
		o.Zone = text
	case "heading":
		if o.Heading, err = strconv.ParseInt(text, 10, 64); err != nil {
			return fault.New(fault.Invalid, "errors.number", "text", text).On(name)
		}
	case "map":
		if err := decodeInto([]byte(text), &o.Map); err != nil {
			return fault.As(err).On(name)
		}
	default:
		return fault.New(fault.Invalid, "api.unknown_field").On(name)
	}
	return nil
}

func (u *upload) start(ctx context.Context, actor store.Actor) (*connect.Run, error) {
	q := u.request
	if !slices.Contains(sheet.Kinds(), q.Kind) {
		return nil, fault.New(fault.Invalid, "errors.choice", "text", string(q.Kind)).On("kind")
	}
	if err := checkText(q.Source, u.profile); err != nil {
		return nil, err
	}
	if u.profile != "" {
		var err error
		if q, err = u.imports.WithProfile(ctx, actor, q, u.profile); err != nil {
			return nil, err
		}
	}
	return u.imports.Start(ctx, actor, q)
}

// checkText refuses names that no column holds.
func checkText(source, profile string) error {
	var c checker
	for field, text := range map[string]string{"source": source, "profile": profile} {
		if text != "" {
			c.key(field, text)
			c.text(field, text, maxSource)
		}
	}
	return c.bad.err()
}
