package segments

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// freeze makes a list of the customers who are in a segment now.
func (d Deps) freeze(r *page.Request) error {
	b, err := d.book(r, nil)
	if err != nil {
		return err
	}
	s, err := d.one(r, b)
	if err != nil {
		return err
	}
	q, err := b.Of(s, b.Today)
	if err != nil {
		return err
	}
	ids, err := segment.Customers(r.Context(), d.Warehouse, q, 0, 0)
	if err != nil {
		return err
	}
	name := r.Text("name")
	if name == "" {
		name = r.P.T("segments.frozen_name", "name", s.Name, "day", b.Today)
	}
	id, err := segment.Freeze(r.Context(), r.DB, r.Actor(), d.Fields, segment.Draft{Name: name, Description: s.Description, Owner: r.User.ID, Condition: b.Condition(s)}, b.Today, ids)
	if err != nil {
		return d.back(r, s.ID, err)
	}
	return r.RedirectWith(pathOf(id), ui.Flash{Text: r.P.N("segments.frozen", int64(len(ids)), "name", name)})
}

// back leads to the segment again and says what was wrong with a button there.
func (d Deps) back(r *page.Request, id int64, err error) error {
	f := fault.As(err)
	if f.Code != fault.Invalid && f.Code != fault.Conflict {
		return err
	}
	return r.RedirectWith(pathOf(id), ui.Flash{Tone: ui.Bad, Text: r.P.Err(f)})
}

// change switches what a segment is: tracked or not, archived or not.
func (d Deps) change(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	var p segment.Patch
	on := r.Text("to") == "on"
	what := r.Text("what")
	switch what {
	case segment.FieldTracked:
		p.Tracked = &on
	case segment.FieldArchived:
		p.Archived = &on
	default:
		return fault.New(fault.Invalid, "segments.wrong.what")
	}
	var change int64
	err = r.Write(func(tx *store.Tx) error {
		b, err := d.open(r, tx)
		if err != nil {
			return err
		}
		change, err = segment.Change(r.Context(), tx, b, id, p)
		return err
	})
	if err != nil {
		return d.back(r, id, err)
	}
	flash := ui.Flash{Text: r.P.T("segments.did." + what + map[bool]string{true: "_on", false: "_off"}[on])}
	if change != 0 {
		flash.Undo = undoPost(r, id, change)
	}
	if what == segment.FieldArchived && on {
		return r.RedirectWith(Path, flash)
	}
	return r.RedirectWith(pathOf(id), flash)
}

// undo takes one change of a segment back.
func (d Deps) undo(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	var change int64
	err = r.Write(func(tx *store.Tx) error {
		b, err := d.open(r, tx)
		if err != nil {
			return err
		}
		change, err = segment.Undo(r.Context(), tx, b, id, r.Int("change", 0))
		return err
	})
	if err != nil {
		return d.back(r, id, err)
	}
	flash := ui.Flash{Text: r.P.T("segments.undone")}
	if change != 0 {
		flash.Undo = undoPost(r, id, change)
	}
	return r.RedirectWith(pathOf(id), flash)
}

// The limits of a list that is sent or typed, in bytes.
const (
	maxUpload = 32 << 20
	maxShown  = 256 << 10 // of lines that the form shows again
)

// imported is the form of a list.
type imported struct {
	name     string
	lines    string
	skip     bool
	errors   ui.Errors
	problems []segment.Problem
	found    int
}

func (d Deps) showImport(r *page.Request) error {
	return r.Render(r.P.T("segments.import.title"), importPage(r, imported{}))
}

// importList makes a list of the customers whom the lines of a file or of the form name.
func (d Deps) importList(r *page.Request) error {
	in, text, err := readList(r)
	if err != nil {
		return err
	}
	refuse := func(err error) error {
		return r.Refuse(onForm(err, "name", "lines", "file"), r.P.T("segments.import.title"), func(e ui.Errors) templ.Component {
			in.errors = e
			return importPage(r, in)
		})
	}
	lines, err := segment.Lines(bytes.NewReader(text))
	if err != nil {
		return refuse(fault.As(err).On("lines"))
	}
	if len(lines) == 0 {
		return refuse(fault.New(fault.Invalid, "segments.import.nothing").On("lines"))
	}
	ids, problems, err := segment.Resolve(r.Context(), r.DB, lines)
	if err != nil {
		return err
	}
	in.found, in.problems = len(ids), problems
	switch {
	case len(ids) == 0:
		return refuse(fault.New(fault.Invalid, "segments.import.nobody").On("lines"))
	case len(problems) > 0 && !in.skip:
		return refuse(fault.New(fault.Invalid, "segments.import.problems", "n", len(problems)).On("lines"))
	}
	b, err := d.book(r, nil)
	if err != nil {
		return err
	}
	id, err := segment.Freeze(r.Context(), r.DB, r.Actor(), d.Fields, segment.Draft{Name: in.name, Owner: r.User.ID}, b.Today, ids)
	if err != nil {
		return refuse(err)
	}
	return r.RedirectWith(pathOf(id), ui.Flash{Text: r.P.N("segments.import.done", int64(len(ids)), "name", in.name)})
}

// readList takes name, lines and file out of the form.
func readList(r *page.Request) (in imported, text []byte, err error) {
	whole := r.Body
	r.Body = http.MaxBytesReader(r.W, whole, maxUpload)
	if err := r.ParseMultipartForm(1 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		var large *http.MaxBytesError
		if !errors.As(err, &large) {
			return in, nil, fault.New(fault.Invalid, "web.trouble.broken_form").Because(err)
		}
		page.Swallow(whole, err)
		return in, nil, fault.New(fault.Invalid, "segments.import.too_large", "max", maxUpload>>20).Because(err)
	}
	defer func() {
		if r.MultipartForm != nil {
			_ = r.MultipartForm.RemoveAll() // temporary files, which the system removes too
		}
	}()
	in = imported{name: r.Text("name"), lines: r.Text("lines"), skip: r.Has("skip")}
	text = []byte(in.lines)
	file, _, err := r.FormFile("file")
	if err != nil {
		return in, text, nil // no file was chosen
	}
	defer file.Close()
	sent, err := io.ReadAll(file)
	if err != nil {
		return in, nil, err
	}
	if len(sent) > 0 {
		text = append(append(sent, '\n'), text...)
		if len(text) <= maxShown {
			in.lines = strings.TrimSpace(strings.ToValidUTF8(string(text), ""))
		}
	}
	return in, text, nil
}

// problemWords tell what is wrong with a line.
func problemWords(r *page.Request, p segment.Problem) string {
	return r.P.T(p.Key, "line", p.N, "text", cut(p.Text))
}
