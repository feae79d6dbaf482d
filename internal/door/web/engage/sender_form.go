package engage

import (
	"strconv"

	"github.com/a-h/templ"

	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
)

// control is how a field of a form is drawn.
type control int

const (
	input control = iota
	area
	choice
	tick
)

// entry is one field of a form.
type entry struct {
	ui.Field
	control control
	options []ui.Option
	ticked  bool
}

// group is fields of a form that belong together; without a title they stand by themselves.
type group struct {
	title, text string
	entries     []entry
}

// sheet is a form on a page of its own.
type sheet struct {
	title, lead string
	back        ui.Anchor
	action      string
	groups      []group
	errors      ui.Errors
	side        templ.Component // what stands beside it, nil for nothing
	actions     templ.Component // buttons of the page
	mark        templ.Component
}

// showSheet shows a form, with what is wrong at its fields where err says so.
func showSheet(r *page.Request, s sheet, err error) error {
	if err == nil {
		return r.Render(s.title, sheetView(r, s))
	}
	return r.Refuse(err, s.title, func(e ui.Errors) templ.Component {
		s.errors = e
		for _, g := range s.groups {
			for i := range g.entries {
				g.entries[i].Error = e.On(g.entries[i].Name)
			}
		}
		return sheetView(r, s)
	})
}

// text is a field with a line of text.
func text(r *page.Request, name, value string) entry {
	return entry{Field: ui.Field{Name: name, Label: r.P.T("sender.field." + name), Value: value, Width: ui.WidthMedium, Autocomplete: "off"}}
}

func (e entry) help(r *page.Request, key string, args ...any) entry {
	e.Help = r.P.T("sender.help."+key, args...)
	return e
}

func (e entry) optional() entry { e.Optional = true; return e }
func (e entry) needed() entry   { e.Required = true; return e }

// figure is a field with a whole number; none is 0.
func figure(r *page.Request, name string, value int) entry {
	e := text(r, name, strconv.Itoa(value))
	e.Width = ui.WidthShort
	e.Extra = templ.Attributes{"inputmode": "numeric"}
	return e
}

// secret is a field for a password. What is kept is never shown.
func secret(r *page.Request, kept bool) entry {
	e := text(r, "password", "")
	e.Type, e.Autocomplete = "password", "new-password"
	if kept {
		e.Help = r.P.T("sender.help.password_kept")
	}
	return e
}

func chosen(r *page.Request, name, value, words string, values []string) entry {
	e := text(r, name, value)
	e.control = choice
	for _, v := range values {
		key := v
		if key == "" {
			key = "none"
		}
		e.options = append(e.options, ui.Option{Value: v, Label: r.P.T(words + key), Chosen: v == value})
	}
	return e
}

func ticked(r *page.Request, name string, on bool) entry {
	e := text(r, name, "1")
	e.control, e.ticked = tick, on
	return e
}

// headed is fields under a heading.
func headed(r *page.Request, name string, entries ...entry) group {
	return group{r.P.T("sender.section." + name), r.P.T("sender.section." + name + "_text"), entries}
}

// reader reads numbers out of a form and gathers what is none.
type reader struct {
	r     *page.Request
	wrong []error
}

func (n *reader) number(name string) int {
	typed := n.r.Text(name)
	if typed == "" {
		return 0
	}
	v, err := strconv.Atoi(typed)
	if err != nil {
		n.wrong = append(n.wrong, fault.New(fault.Invalid, "errors.number", "text", typed).On(name))
	}
	return v
}
