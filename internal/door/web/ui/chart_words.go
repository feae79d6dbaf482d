package ui

// heatClasses are the classes of a heat map from light to dark, for its legend.
func heatClasses() []string {
	classes := make([]string, 0, heatSteps)
	for step := 1; step <= heatSteps; step++ {
		classes = append(classes, HeatCell{Share: float64(step) / heatSteps}.class())
	}
	return classes
}

// paletteClass is the class that sets the text colour to one of the palette.
func paletteClass(color int) string { return "s-c" + string(rune('0'+color)) }

// label is the i-th label, "" where there is none.
func label(labels []string, i int) string {
	if i < len(labels) {
		return labels[i]
	}
	return ""
}
