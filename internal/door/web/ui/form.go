package ui

import (
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"

	"github.com/a-h/templ"
)

// Form is a form that changes something (or, with Get, asks something). Its
// children are the fields; errors, buttons and the frame come from here.
type Form struct {
	ID        string
	Action    string
	Get       bool // asks only; everything that changes something is a POST
	Upload    bool // carries files
	Submit    string
	Danger    bool // what the button does cannot be undone
	Cancel    *Anchor
	Hidden    []Hidden
	Errors    Errors
	Confirm   string // asked before sending, by its consequence; only for what cannot be undone
	NoButtons bool   // the children bring their own
}

// Errors are what is wrong with a form, in the order of its fields.
type Errors []FieldError

// FieldError is one error. Field "" is the whole form.
type FieldError struct{ Field, Text string }

// ErrorsOf puts an error of a domain into the words of the user. Several joined
// faults become several errors; what is no fault becomes the general message.
// Nil gives none.
func ErrorsOf(p *i18n.Printer, err error) Errors {
	if err == nil {
		return nil
	}
	var list Errors
	for _, f := range fault.All(err) {
		list = append(list, FieldError{Field: f.Field, Text: p.Err(f)})
	}
	if len(list) == 0 {
		list = Errors{{Text: p.Err(err)}}
	}
	return list
}

// On is the error at a field, "" for none.
func (e Errors) On(field string) string {
	for _, one := range e {
		if one.Field == field {
			return one.Text
		}
	}
	return ""
}

// Width is how wide a field is drawn; it should tell how much is expected.
type Width string

// The widths.
const (
	WidthFull   Width = ""
	WidthMedium Width = "s-w-medium"
	WidthShort  Width = "s-w-short"
)

// Field is one labelled field.
type Field struct {
	Name         string
	Label        string
	Help         string // below the field
	Value        string
	Error        string // usually Errors.On(Name)
	Type         string // of the input; "" is text
	Width        Width
	Required     bool
	Optional     bool // says "(optional)" beside the label
	Disabled     bool
	Autofocus    bool
	Autocomplete string
	Placeholder  string // an example, never the label
	Suffix       string // unit behind the field: "€", "Tage"
	Guessed      bool   // the value is our guess; says so beside the label
	Extra        templ.Attributes
}

// Option is one choice of a field.
type Option struct {
	Value, Label string
	Help         string // for Radios
	Chosen       bool
}

// Options makes options of value, label pairs and chooses the one with value.
func Options(value string, pairs ...string) []Option {
	var list []Option
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, Option{Value: pairs[i], Label: pairs[i+1], Chosen: pairs[i] == value})
	}
	return list
}

// id is the element's id; the summary of errors links to it.
func (f Field) id() string { return fieldID(f.Name) }

func fieldID(name string) string { return "f-" + name }

// describe ties help and error to the field for screen readers.
func (f Field) describe() templ.Attributes {
	attributes := templ.Attributes{}
	ids := ""
	if f.Help != "" {
		ids = f.id() + "-help"
	}
	if f.Error != "" {
		if ids != "" {
			ids += " "
		}
		ids += f.id() + "-error"
		attributes["aria-invalid"] = "true"
	}
	if ids != "" {
		attributes["aria-describedby"] = ids
	}
	if f.Autocomplete != "" {
		attributes["autocomplete"] = f.Autocomplete
	}
	if f.Placeholder != "" {
		attributes["placeholder"] = f.Placeholder
	}
	if f.Required {
		attributes["required"] = true
	}
	if f.Disabled {
		attributes["disabled"] = true
	}
	if f.Autofocus {
		attributes["autofocus"] = true
	}
	for name, value := range f.Extra {
		attributes[name] = value
	}
	return attributes
}

func (f Field) kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// class is base, marked when the field has an error.
func (f Field) class(base string) string {
	if f.Error != "" {
		return base + " is-invalid"
	}
	return base
}

func method(get bool) string {
	if get {
		return "get"
	}
	return "post"
}

func encoding(upload bool) templ.Attributes {
	if upload {
		return templ.Attributes{"enctype": "multipart/form-data"}
	}
	return nil
}
