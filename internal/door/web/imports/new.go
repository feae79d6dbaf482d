package imports

import (
	"errors"
	"io"
	"net/url"
	"strconv"
	"strings"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"

	"github.com/a-h/templ"
)

const (
	previewRows = 20
	maxFiles    = 100
	maxFields   = 200 // of the form with the files
	mapPrefix   = "map."
)

// choices are what was decided so far, as it stands in the address.
type choices struct {
	kind    sheet.Kind
	source  string
	profile string
	files   []connect.File
	options sheet.Options
	try     int64 // job of the trial run
}

// read takes the choices out of the address or the form.
func read(form url.Values) choices {
	c := choices{kind: sheet.Kind(form.Get("kind")), source: strings.TrimSpace(form.Get("source")), profile: strings.TrimSpace(form.Get("profile"))}
	if c.kind == "" {
		c.kind = sheet.Orders
	}
	for _, f := range form["file"] {
		ref, rest, _ := strings.Cut(f, ":")
		size, name, _ := strings.Cut(rest, ":")
		n, err := strconv.ParseInt(size, 10, 64)
		if ref != "" && err == nil && len(c.files) < maxFiles {
			c.files = append(c.files, connect.File{Name: name, Ref: ref, Size: n})
		}
	}
	c.options = sheet.Options{Decimal: sheet.Decimal(form.Get("decimal")), Dates: sheet.DateOrder(form.Get("dates")), Encoding: sheet.Encoding(form.Get("encoding")),
		Separator: form.Get("separator"), Currency: strings.ToUpper(strings.TrimSpace(form.Get("currency")))}
	for name, values := range form {
		if field, ok := strings.CutPrefix(name, mapPrefix); ok && len(values) > 0 && values[0] != "guess" {
			if c.options.Map == nil {
				c.options.Map = map[string]string{}
			}
			c.options.Map[field] = values[0]
		}
	}
	c.try, _ = strconv.ParseInt(form.Get("try"), 10, 64)
	return c
}

// values are the choices as they stand in the address.
func (c choices) values() url.Values {
	v := url.Values{"kind": {string(c.kind)}}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("source", c.source)
	set("profile", c.profile)
	for _, f := range c.files {
		v.Add("file", f.Ref+":"+strconv.FormatInt(f.Size, 10)+":"+f.Name)
	}
	set("decimal", string(c.options.Decimal))
	set("dates", string(c.options.Dates))
	set("encoding", string(c.options.Encoding))
	set("separator", c.options.Separator)
	set("currency", c.options.Currency)
	for field, column := range c.options.Map {
		v.Set(mapPrefix+field, column)
	}
	if c.try != 0 {
		v.Set("try", strconv.FormatInt(c.try, 10))
	}
	return v
}

func (c choices) href() string { return path + "/new?" + c.values().Encode() }

// hidden are the choices for a form that sends all of them on, but those it asks for itself.
func (c choices) hidden(without func(name string) bool) []ui.Hidden {
	var all []ui.Hidden
	for name, values := range c.values() {
		if without != nil && without(name) {
			continue
		}
		for _, value := range values {
			all = append(all, ui.Hidden{Name: name, Value: value})
		}
	}
	return all
}

func (c choices) request() connect.Request {
	return connect.Request{Kind: c.kind, Source: c.source, Files: c.files, Options: c.options}
}

// stage is everything the page of the four steps shows.
type stage struct {
	choices
	plan    *sheet.Plan
	preview *sheet.Preview
	wrong   ui.Errors // of reading the file, or of the form
	job     *ui.Job
	counts  *connect.Counts
	unclear bool // the first rows leave a question open that a person has to answer
}

// ready tells whether the file can be tried out and imported as it is read.
func (s stage) ready() bool { return s.plan != nil && !s.unclear }

func (a area) steps(r *page.Request) error {
	s := stage{choices: read(r.URL.Query())}
	if chosen := chosenColumns(r.URL.Query()); len(chosen) > 0 && len(s.files) > 0 {
		plan, err := a.importer.Prepare(r.Context(), s.request())
		if err == nil {
			s.options.Map = remap(s.options.Map, &plan.Files[0], chosen)
			return r.Redirect(s.href())
		}
		if err := s.refuse(r, err); err != nil {
			return err
		}
	}
	if err := a.complete(r, &s); err != nil {
		return err
	}
	if s.try != 0 && s.job == nil && r.Partial() { // the progress of the trial run asks, which is over
		return r.Redirect(s.href())
	}
	return r.Render(r.P.T("imports.new"), stepsView(r, s))
}

// complete works out what the choices lead to. What is wrong with them is shown on the page.
func (a area) complete(r *page.Request, s *stage) error {
	if len(s.files) == 0 {
		return nil
	}
	ctx := r.Context()
	plan, err := a.importer.Prepare(ctx, s.request())
	if err != nil {
		return s.refuse(r, err)
	}
	preview, err := a.importer.Sheet(s.files).Preview(ctx, plan, 0, previewRows, r.P)
	if err != nil { // an archive may turn out to be a bomb only in its first rows
		return s.refuse(r, err)
	}
	s.plan, s.preview = plan, preview
	s.ask(r)
	if s.try == 0 {
		return nil
	}
	return r.Read(func(tx *store.Tx) error {
		job, err := jobs.Find(ctx, tx, s.try)
		if err != nil {
			return err
		}
		if job.Err != nil && job.State.Over() {
			return s.refuse(r, job.Err)
		}
		if job.State == jobs.Done {
			counts, err := connect.CountsOf(job)
			s.counts = &counts
			return err
		}
		view := r.Job(job)
		view.Href, view.Reload = s.href(), s.href()
		s.job = &view
		return nil
	})
}

// refuse keeps a mistake in the file or the choices for the page; anything else is returned.
func (s *stage) refuse(r *page.Request, err error) error {
	switch fault.CodeOf(err) {
	case fault.Invalid, fault.NotFound, fault.Conflict:
		s.wrong = ui.ErrorsOf(r.P, onPage(r.P, err))
		return nil
	}
	return err
}

// ask turns what the first rows leave open into a question at the field that answers it.
func (s *stage) ask(r *page.Request) {
	for _, row := range s.preview.Rows {
		if row.Err == nil {
			continue
		}
		field := map[string]string{"sheet.bad.number_ambiguous": "decimal", "sheet.bad.date_ambiguous": "dates"}[row.Err.Key]
		if field == "" || s.wrong.On(field) != "" {
			continue
		}
		s.unclear = true
		s.wrong = append(s.wrong, ui.FieldError{Field: field, Text: r.P.T("imports.ask."+field, "value", row.Err.Value, "line", row.Err.Line)})
	}
}

// upload takes the files of the first step.
func (a area) upload(r *page.Request) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return fault.New(fault.Invalid, "import.no_files").Because(err)
	}
	form := url.Values{}
	c := read(form)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fault.New(fault.Invalid, "imports.broken_upload").Because(err)
		}
		if part.FileName() != "" && part.FormName() == "files" {
			if len(c.files) == maxFiles {
				return fault.New(fault.Invalid, "imports.too_many", "max", maxFiles)
			}
			f, err := a.importer.Keep(r.Context(), part.FileName(), part)
			if fault.CodeOf(err) == fault.Invalid {
				return a.refuseFile(r, c, err)
			}
			if err != nil {
				return err
			}
			c.files = append(c.files, f)
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, 1000))
		if err != nil {
			return fault.New(fault.Invalid, "imports.broken_upload").Because(err)
		}
		if len(form) < maxFields {
			form.Add(part.FormName(), string(value))
		}
		files := c.files
		c = read(form) // known already when a file behind it is refused
		c.files = files
	}
	if len(c.files) == 0 {
		return a.refuseFile(r, c, fault.New(fault.Invalid, "import.no_files"))
	}
	return r.Redirect(c.href())
}

// refuseFile shows the first step again with what is wrong with a file.
func (a area) refuseFile(r *page.Request, c choices, err error) error {
	c.files = nil
	return r.Refuse(fault.As(err).On("files"), r.P.T("imports.new"), func(wrong ui.Errors) templ.Component {
		return stepsView(r, stage{choices: c, wrong: wrong})
	})
}

// try starts the trial run.
func (a area) try(r *page.Request) error {
	c := read(r.Form)
	var err error
	if c.try, err = a.importer.Try(r.Context(), r.Actor(), c.request()); err != nil {
		return a.again(r, c, err)
	}
	return r.Redirect(c.href())
}

// start begins the import.
func (a area) start(r *page.Request) error {
	c := read(r.Form)
	c.try = 0
	q := c.request()
	if c.profile != "" {
		err := r.Write(func(tx *store.Tx) (err error) {
			q.Profile, err = connect.SaveProfile(r.Context(), tx, connect.Profile{Name: c.profile, Kind: c.kind, Source: c.source, Options: c.options, Owner: r.User.ID})
			return err
		})
		if err != nil {
			return a.again(r, c, err)
		}
	}
	run, err := a.importer.Start(r.Context(), r.Actor(), q)
	if err != nil {
		return a.again(r, c, err)
	}
	return r.Redirect(link(run.ID))
}

// again shows the steps with what is wrong.
func (a area) again(r *page.Request, c choices, err error) error {
	s := stage{choices: c}
	if err := a.complete(r, &s); err != nil {
		return err
	}
	return r.Refuse(err, r.P.T("imports.new"), func(wrong ui.Errors) templ.Component {
		s.wrong = wrong
		return stepsView(r, s)
	})
}
