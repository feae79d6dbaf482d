package segment

// Interrupt has the tracker fail after a turn of writing as fn says, as a kill would end it there.
func (t *Tracker) Interrupt(fn func() error) { t.interrupted = fn }
