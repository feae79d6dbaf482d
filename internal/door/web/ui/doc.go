// Package ui is what every page of Stamm is made of: the frame around a page
// and the parts inside it, from the table to the chart.
//
// A page is a templ component that calls the components of this package with
// plain structs. All texts come through an *i18n.Printer, all addresses from
// the caller; nothing here knows a route, a database or a business word. That
// keeps one look and one behaviour (sorting, paging, keyboard, printing) in one
// place, and lets a page be read as a list of what stands on it.
//
// The pages run under Content-Security-Policy "default-src 'self'; img-src
// 'self' data:": no component writes an inline script, a style attribute or an
// address of another host. What has to vary in size is drawn as SVG with
// attributes or carries one of a few classes.
//
// Everything works without JavaScript except charts, whose numbers therefore
// always stand in a table below. assets/app.js adds comfort: search as you
// type, keys, dialogs, row clicks, charts.
package ui
