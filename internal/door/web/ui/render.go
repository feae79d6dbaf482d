package ui

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/a-h/templ"
)

// HTML is the content type of every page.
const HTML = "text/html; charset=utf-8"

// Render writes component as an HTML response with the given status. The
// component is rendered into memory first, so that an error half-way becomes an
// error page and not half a page: when Render returns an error of the component,
// nothing has been written to w.
func Render(ctx context.Context, w http.ResponseWriter, status int, component templ.Component) error {
	var page bytes.Buffer
	if err := component.Render(ctx, &page); err != nil {
		return fmt.Errorf("render page: %w", err)
	}
	header := w.Header()
	header.Set("Content-Type", HTML)
	header.Set("Content-Length", strconv.Itoa(page.Len()))
	w.WriteHeader(status)
	if _, err := w.Write(page.Bytes()); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

// Policy is the Content-Security-Policy under which the components work. Tabler
// draws some marks as data: images; nothing else comes from elsewhere.
const Policy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
