package segments

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

// The faces of a condition in the builder.
const (
	faceRows = "rows"
	faceText = "text"
)

// resultID is the part of the builder that is replaced while somebody types.
const resultID = "result"

// builder is the form in which a segment is put together, as it stands.
type builder struct {
	action      string
	back        string           // where cancelling leads
	saved       *segment.Segment // nil for a new one
	name        string
	description string
	owner       int64
	tracked     bool
	face        string
	text        string
	rows        []row
	errors      ui.Errors

	book   *segment.Book
	users  []*auth.User
	lists  map[string][]ui.Option // values that a field or a parameter takes, by its texts
	desk   desk
	tree   filter.Tree
	wrong  error // why the text cannot be read
	some   bool  // a line was left out
	result result
}

// frozen tells that only the words about a segment can be changed.
func (b *builder) frozen() bool { return b.saved != nil && b.saved.Kind == segment.Frozen }

func (d Deps) builder(r *page.Request, action, back string) (*builder, error) {
	b := &builder{action: action, back: back, face: faceRows, lists: map[string][]ui.Option{}}
	var err error
	b.book, err = d.book(r, func(tx *store.Tx, _ *segment.Book) (err error) {
		b.users, err = auth.List(r.Context(), tx)
		return err
	})
	if err == nil {
		b.desk = desk{b.book.Catalogue, r.P}
	}
	return b, err
}

// begin shows the builder for a new segment, maybe with the condition of a template or of another segment.
func (d Deps) begin(r *page.Request) error {
	b, err := d.builder(r, newPath, Path)
	if err != nil {
		return err
	}
	b.owner = r.User.ID
	if name := r.Text("template"); name != "" {
		templates, err := b.book.Templates(r.Context(), d.Warehouse)
		if err != nil {
			return err
		}
		for _, t := range templates {
			if t.Name == name {
				b.name, b.description, b.tree = t.Title(r.P), t.Description(r.P), t.Condition
			}
		}
	}
	if id := r.Int("from", 0); id != 0 {
		other, err := b.book.Find(id)
		if err != nil {
			return err
		}
		b.name, b.description, b.tree = r.P.T("segments.copy", "name", other.Name), other.Description, b.book.Condition(other)
	}
	b.rows = rowsOf(b.tree, b.book.Catalogue, r.P)
	return d.render(r, b)
}

func (d Deps) showEdit(r *page.Request) error {
	b, err := d.editor(r)
	if err != nil {
		return err
	}
	s := b.saved
	b.name, b.description, b.owner, b.tracked, b.tree = s.Name, s.Description, s.Owner, s.Tracked, b.book.Condition(s)
	b.rows = rowsOf(b.tree, b.book.Catalogue, r.P)
	return d.render(r, b)
}

// editor is the builder for the segment of the address.
func (d Deps) editor(r *page.Request) (*builder, error) {
	b, err := d.builder(r, "", "")
	if err != nil {
		return nil, err
	}
	if b.saved, err = d.one(r, b.book); err != nil {
		return nil, err
	}
	b.back = pathOf(b.saved.ID)
	b.action = b.back + "/edit"
	return b, nil
}

// read takes the form.
func (b *builder) read(r *page.Request) (err error) {
	b.name, b.description, b.owner, b.tracked = r.Text("name"), r.Text("description"), r.Int("owner", 0), r.Has("tracked")
	b.text = r.Text("text")
	if r.Text("face") == faceText {
		b.face = faceText
	}
	if b.rows, err = readRows(r); err != nil {
		return err
	}
	for i := range b.rows {
		b.complete(&b.rows[i])
	}
	return nil
}

// complete fills in what an operator needs and the line has not been asked for yet.
func (b *builder) complete(l *row) {
	f, known := b.desk.field(l.Field)
	if !known {
		return
	}
	switch filter.Operator(l.Op) {
	case filter.Changed, filter.Fell, filter.Rose:
		if l.Window == "" || filter.Operator(l.Op).Moves() && !slices.Contains(changeWindows(), l.Window) {
			l.Window, l.N, l.Unit = string(filter.Last), "30", "D"
		}
	case filter.WithinLast, filter.WithinNext, filter.AnniversaryIn:
		l.AheadN, l.AheadUnit = cmp.Or(l.AheadN, "30"), cmp.Or(l.AheadUnit, "D")
		fallthrough
	default:
		if !f.Windowed() {
			l.Window = ""
		}
	}
	if l.Window == string(filter.Last) {
		l.N, l.Unit = cmp.Or(l.N, "30"), cmp.Or(l.Unit, "D")
	}
	if f.Name == filter.FieldSegment && len(l.Values) > 1 {
		l.Values = l.Values[:1]
	}
}

// act does what a button asks for and tells whether the form is to be saved.
func (b *builder) act(r *page.Request) (save bool) {
	what, rest, _ := strings.Cut(r.Text("do"), ":")
	place, more, _ := strings.Cut(rest, ":")
	at, err := strconv.Atoi(place)
	inside := err == nil && at >= 0 && at < len(b.rows)
	switch {
	case what == "save":
		return true
	case what == "face":
		b.turn(rest)
	case !inside:
	case what == "add" && b.rows[at].Group != "":
		if f, known := b.desk.field(more); known {
			b.rows = insert(b.rows, at, b.desk.fresh(f))
		}
	case what == "group" && b.rows[at].Group != "" && b.rows[at].Depth < filter.MaxDepth:
		b.rows = insert(b.rows, at, row{Group: groupAny})
	case what == "drop":
		b.rows = remove(b.rows, at)
	case what == "in":
		b.rows = indent(b.rows, at)
	case what == "out":
		b.rows = outdent(b.rows, at)
	}
	return false
}

// turn shows the other face of the condition, if this one can be read.
func (b *builder) turn(face string) {
	switch {
	case face == faceText && b.face == faceRows:
		tree, wrong := b.desk.build(b.rows)
		if wrong {
			b.errors = append(b.errors, ui.FieldError{Text: "segments.wrong.turn"})
			return
		}
		b.face, b.text = faceText, b.book.Text(tree)
	case face == faceRows && b.face == faceText:
		tree, err := b.book.Parse(b.text)
		if err == nil {
			b.face, b.rows = faceRows, rowsOf(tree, b.book.Catalogue, b.desk.p)
		}
	}
}

// understand makes the tree of whatever face is shown.
func (b *builder) understand() {
	if b.face == faceText {
		if b.tree, b.wrong = b.book.Parse(b.text); b.wrong == nil {
			_, b.wrong = b.book.Query(b.tree, b.book.Today)
		}
		return
	}
	b.tree, b.some = b.desk.build(b.rows)
}

// leftOut says why lines do not count: what is wrong with them, or only that they are not complete.
func (b *builder) leftOut() []string {
	p := b.desk.p
	var all []string
	unfinished := false
	for _, l := range b.rows {
		switch {
		case l.wrong == nil:
		case slices.Contains([]string{"segments.wrong.value", "segments.wrong.empty", "segments.wrong.span", "segments.wrong.salt"}, l.wrong.Key):
			unfinished = true
		case l.Group != "":
			all = append(all, p.Err(l.wrong))
		default:
			all = append(all, p.T("segments.wrong_left_out", "why", p.Err(l.wrong)))
		}
	}
	if unfinished {
		all = append(all, p.T("segments.some_left_out"))
	}
	return all
}

func (d Deps) create(r *page.Request) error {
	b, err := d.builder(r, newPath, Path)
	if err != nil {
		return err
	}
	if err := b.read(r); err != nil {
		return err
	}
	if !b.act(r) {
		return d.render(r, b)
	}
	var id int64
	return d.save(r, b, func(tx *store.Tx, book *segment.Book) (err error) {
		id, err = segment.Create(r.Context(), tx, book, segment.Draft{Name: b.name, Description: b.description, Owner: b.owner, Condition: b.tree, Tracked: b.tracked})
		return err
	}, func() error {
		return r.RedirectWith(pathOf(id), ui.Flash{Text: r.P.T("segments.saved", "name", b.name)})
	})
}

func (d Deps) edit(r *page.Request) error {
	b, err := d.editor(r)
	if err != nil {
		return err
	}
	if err := b.read(r); err != nil {
		return err
	}
	if !b.act(r) {
		return d.render(r, b)
	}
	p := segment.Patch{Name: &b.name, Description: &b.description, Owner: &b.owner}
	var change int64
	return d.save(r, b, func(tx *store.Tx, book *segment.Book) (err error) {
		if !b.frozen() {
			p.Condition, p.Tracked = &b.tree, &b.tracked
		}
		change, err = segment.Change(r.Context(), tx, book, b.saved.ID, p)
		return err
	}, func() error {
		flash := ui.Flash{Text: r.P.T("segments.saved", "name", b.name)}
		if change != 0 {
			flash.Undo = undoPost(r, b.saved.ID, change)
		}
		return r.RedirectWith(b.back, flash)
	})
}

// save writes the segment, or shows the form again with what is wrong.
func (d Deps) save(r *page.Request, b *builder, write func(*store.Tx, *segment.Book) error, done func() error) error {
	if !b.frozen() {
		b.understand()
	}
	err := b.wrong
	if err != nil {
		err = fault.As(err).On("text")
	} else if b.some {
		err = fault.New(fault.Invalid, "segments.wrong.rows").On("")
	} else {
		err = r.Write(func(tx *store.Tx) error {
			book, err := d.open(r, tx)
			if err != nil {
				return err
			}
			return write(tx, book)
		})
	}
	if err == nil {
		return done()
	}
	f := fault.As(err)
	if f.Code == fault.Internal || f.Code == fault.NotFound {
		return err
	}
	b.errors = ui.ErrorsOf(r.P, onForm(err, "name", "description", "text"))
	b.name, b.description = r.Text("name"), r.Text("description")
	return d.renderStatus(r, b, page.Status(f.Code))
}

func (d Deps) render(r *page.Request, b *builder) error {
	for i, e := range b.errors {
		b.errors[i].Text = r.P.T(e.Text)
	}
	return d.renderStatus(r, b, 200)
}

// renderStatus shows the builder, or the part of it that is asked for.
func (d Deps) renderStatus(r *page.Request, b *builder, status int) error {
	if !b.frozen() {
		b.understand()
		if err := d.measure(r, b); err != nil {
			return err
		}
	}
	if r.Partial() && r.Header.Get("HX-Target") == resultID {
		return r.Fragment(ui.All(resultView(r, b), sampleView(r, b, true)))
	}
	if err := d.offer(r, b); err != nil {
		return err
	}
	if r.Partial() {
		return r.Fragment(builderForm(r, b))
	}
	return r.RenderStatus(status, b.title(r), builderPage(r, b))
}

func (b *builder) title(r *page.Request) string {
	if b.saved == nil {
		return r.P.T("segments.new.title")
	}
	return r.P.T("segments.edit.title", "name", b.saved.Name)
}

// offer reads the values that the fields of the lines take.
func (d Deps) offer(r *page.Request, b *builder) error {
	for _, l := range b.rows {
		f, known := b.desk.field(l.Field)
		if !known {
			continue
		}
		if f.Type == filter.TypeText || f.Type == filter.TypeChoice || f.Name == ownerField {
			if err := d.offerField(r, b, f); err != nil {
				return err
			}
		}
		for _, p := range f.Params {
			if p.Type == filter.TypeText || p.Type == filter.TypeChoice {
				if err := d.offerParam(r, b, p); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// ownerField holds a user, whom people know by name.
const ownerField = "owner"

func (d Deps) offerField(r *page.Request, b *builder, f filter.Field) (err error) {
	if _, known := b.lists[f.Name]; known {
		return nil
	}
	var options []ui.Option
	switch {
	case f.Name == filter.FieldSegment:
		for _, s := range b.book.Segments() {
			if b.saved == nil || s.ID != b.saved.ID {
				options = append(options, ui.Option{Value: s.Name, Label: s.Name})
			}
		}
	case f.Name == ownerField:
		for _, u := range b.users {
			options = append(options, ui.Option{Value: strconv.FormatInt(u.ID, 10), Label: u.Name})
		}
	case len(f.Choices) > 0:
		for _, code := range f.Choices {
			options = append(options, ui.Option{Value: code, Label: label(r.P, f.Names, f.Labels, code)})
		}
	case f.Name == filter.FieldShare || f.Name == "number" || !f.Source.One && !f.Many:
	default:
		where := cmp.Or(f.Source.Where, "true")
		sql := strings.ReplaceAll(fmt.Sprintf("SELECT CAST(%s AS VARCHAR) FROM %s WHERE %s", f.SQL, f.Source.From, where), "{asof}", "DATE '"+b.book.Today.String()+"'")
		codes, err := d.found(r.Context(), sql)
		if err != nil {
			return err
		}
		for _, code := range codes {
			options = append(options, ui.Option{Value: code, Label: label(r.P, f.Names, f.Labels, code)})
		}
		if f.Names != nil {
			slices.SortStableFunc(options, func(a, b ui.Option) int { return strings.Compare(a.Label, b.Label) })
		}
	}
	b.lists[f.Name] = options
	return nil
}

// parameterSQL is where the values of parameters come from, by the texts of the parameter.
func parameterSQL() map[string]string {
	return map[string]string{
		"document.filter.product":  "SELECT sku FROM product",
		"document.filter.category": "SELECT category FROM product",
		"event.filter.event":       "SELECT name FROM event",
	}
}

func (d Deps) offerParam(r *page.Request, b *builder, p filter.Param) error {
	if _, known := b.lists[p.Words]; known {
		return nil
	}
	var options []ui.Option
	for _, code := range p.Choices {
		options = append(options, ui.Option{Value: code, Label: label(r.P, nil, p.Labels, code)})
	}
	if sql, known := parameterSQL()[p.Words]; known && options == nil {
		codes, err := d.found(r.Context(), sql)
		if err != nil {
			return err
		}
		for _, code := range codes {
			options = append(options, ui.Option{Value: code, Label: label(r.P, nil, p.Labels, code)})
		}
	}
	b.lists[p.Words] = options
	return nil
}

// mostFound is how many values are offered.
const mostFound = 200

// found are the most frequent values that a SELECT of one column gives.
func (d Deps) found(ctx context.Context, sql string) ([]string, error) {
	all, _, err := d.soon(ctx, "segment values "+sql, valuesPatience, func(ctx context.Context, w querier) (codes []string, err error) {
		rows, err := w.QueryContext(ctx, fmt.Sprintf(`SELECT v FROM (%s) AS t(v) WHERE v IS NOT NULL AND v <> '' GROUP BY v ORDER BY count(*) DESC, v LIMIT %d`, sql, mostFound))
		if err != nil {
			return nil, fmt.Errorf("values of a field: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var code string
			if err := rows.Scan(&code); err != nil {
				return nil, err
			}
			codes = append(codes, code)
		}
		return codes, rows.Err()
	})
	return all, err
}
