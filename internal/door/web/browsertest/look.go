package browsertest

import (
	"os"
	"path/filepath"
	"strconv"
)

// The widths of the windows pages are seen in, in pixels: a desk's and a phone's.
const (
	Desk  = 1440
	Phone = 360
)

// View is one way a person sees the pages.
type View struct {
	Language string
	Width    int
}

// String names the view, for subtests and pictures.
func (v View) String() string { return v.Language + "-" + strconv.Itoa(v.Width) }

// Views are the ways a walk of several steps is taken: German, whose words are longer, on the phone and English at the desk; all four
// where pictures are kept.
func Views() []View {
	views := []View{{"de", Phone}, {"en", Desk}}
	if pictures() != "" {
		views = append(views, View{"de", Desk}, View{"en", Phone})
	}
	return views
}

func pictures() string { return os.Getenv("STAMM_SCREENSHOTS") }

// Look checks what every page must keep to: its charts are drawn, nothing scrolls sideways, and every text stands out. STAMM_SCREENSHOTS
// names a folder that keeps a picture under the name.
func (b *Browser) Look(name string) {
	b.t.Helper()
	failed := b.t.Failed()
	b.Settled()
	b.NoSidewaysScroll()
	b.Contrast()
	if b.t.Failed() && !failed {
		b.t.Logf("on %s", name)
	}
	if folder := pictures(); folder != "" {
		b.Screenshot(filepath.Join(folder, name+".png"))
	}
}

// LookAtBothWidths opens a page at a desk and looks, then narrows the window to a phone's and looks again: loading a page costs several
// times what a look does. With pictures it is loaded twice, so that they show what a phone loads.
func (b *Browser) LookAtBothWidths(url, name string) {
	b.t.Helper()
	b.Open(url, Desk, 900)
	b.Look(name + "-" + strconv.Itoa(Desk))
	if pictures() != "" {
		b.Open(url, Phone, 900)
	} else {
		b.Resize(Phone, 900)
	}
	b.Look(name + "-" + strconv.Itoa(Phone))
}
