package page

import (
	"context"
	"io"
	"net/http"

	"github.com/a-h/templ"

	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
)

// Render shows a page: content inside the frame, with the title in the tab of the browser.
func (r *Request) Render(title string, content templ.Component) error {
	return r.RenderStatus(http.StatusOK, title, content)
}

// RenderStatus is Render with another status than 200.
func (r *Request) RenderStatus(status int, title string, content templ.Component) error {
	r.Frame.Title = title
	if r.Frame.Flash == nil {
		r.Frame.Flash = r.Server.TakeFlash(r)
	}
	frame := ui.Page(r.Frame)
	if r.User == nil {
		frame = ui.Plain(r.Frame)
	}
	return ui.Render(r.Context(), r.W, status, Inside(frame, content))
}

// Inside puts content into a component that takes children.
func Inside(outer, content templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return outer.Render(templ.WithChildren(ctx, content), w)
	})
}

// Fragment answers htmx with a piece of a page.
func (r *Request) Fragment(piece templ.Component) error {
	return ui.Render(r.Context(), r.W, http.StatusOK, piece)
}

// Redirect leads on to another page of this site, with GET.
func (r *Request) Redirect(to string) error {
	to = Local(to, "/")
	if r.Partial() {
		r.W.Header().Set("HX-Redirect", to)
		r.W.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(r.W, r.Request, to, http.StatusSeeOther)
	return nil
}

// RedirectWith is Redirect with a line on the next page that says what just happened and offers the way back. Without a
// tone it is good news.
func (r *Request) RedirectWith(to string, flash ui.Flash) error {
	if flash.Tone == ui.Neutral {
		flash.Tone = ui.Good
	}
	r.Server.KeepFlash(r, flash)
	return r.Redirect(to)
}

// Refuse shows a form again with everything that was typed and with what is wrong, each error at its field. The status
// follows from the error. An internal error goes to the log and is shown in general words, so that the input is not lost
// even then.
func (r *Request) Refuse(err error, title string, form func(ui.Errors) templ.Component) error {
	f := fault.As(err)
	if f.Code == fault.Internal {
		r.Server.Report(r, err)
	}
	return r.RenderStatus(Status(f.Code), title, form(ui.ErrorsOf(r.P, err)))
}

// Status is the HTTP status of an error with the code.
func Status(code fault.Code) int {
	switch code {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// Text is a component of plain words.
func Text(words string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, templ.EscapeString(words))
		return err
	})
}
