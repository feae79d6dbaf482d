package btyd

// Collapse counts equal histories, sorted by X, Tx, T.
func Collapse(histories []History) []Pattern { return nil }
