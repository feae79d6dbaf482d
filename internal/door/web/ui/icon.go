package ui

import (
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/a-h/templ"
)

// icons maps the name of an icon to its drawing, the inside of the SVG element.
// Built once, never changed.
var icons = sync.OnceValue(func() map[string]string {
	drawings := map[string]string{}
	entries, err := fs.ReadDir(embedded, "assets/lib/icons")
	if err != nil {
		panic(err) // the embedded folder is part of the program
	}
	for _, entry := range entries {
		content, err := embedded.ReadFile("assets/lib/icons/" + entry.Name())
		if err != nil {
			panic(err)
		}
		_, inside, _ := strings.Cut(string(content), ">")
		inside = strings.TrimSuffix(strings.TrimSpace(inside), "</svg>")
		name := strings.TrimSuffix(entry.Name(), path.Ext(entry.Name()))
		drawings[name] = strings.Join(strings.Fields(inside), " ")
	}
	return drawings
})

// Icon draws one of Tabler's icons, named as its file in assets/lib/icons. It is
// ornament beside a word and therefore hidden from screen readers; a button
// that shows nothing else needs an aria-label. An unknown name panics, which
// shows in the first test that renders the page.
func Icon(name string) templ.Component {
	drawing, ok := icons()[name]
	if !ok {
		panic("ui: no icon " + name + "; add it to assets/vendor.sh")
	}
	return templ.Raw(`<svg class="s-icon" viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">` + drawing + `</svg>`)
}
