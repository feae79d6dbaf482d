package ui

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
