package ui

import "unicode/utf8"

// Tile is one key figure on a page.
type Tile struct {
	Name    string
	Value   string // formatted; "" shows Missing
	Missing string // why there is no value, with the step that brings one
	Change  string // in words: "4 mehr als vor einem Jahr"
	Tone    Tone   // of the change
	Spark   []float64
	Href    string   // the page behind the figure
	Explain *Explain // nil for none
}

// long tells that the value needs smaller letters to fit a tile on a phone.
func (t Tile) long() bool { return utf8.RuneCountInString(t.Value) > 12 }
