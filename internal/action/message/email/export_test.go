package email

// WireAddress is an address as SMTP has it, empty if it is none.
func WireAddress(text string) string {
	a, ok := parseAddress(text)
	if !ok {
		return ""
	}
	return string(a.append(nil))
}

// TakeAllowance takes the next portion of a day.
var TakeAllowance = takeAllowance
