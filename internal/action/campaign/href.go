package campaign

import "strings"

// eachHref finds the addresses of links in HTML: the values of href of a and area, without their quotes and as they are written. What stands
// in comments is passed over, those for Outlook too, and what stands in style, script, title and textarea.
func eachHref(source string, fn func(from, to int)) {
	for at := 0; ; {
		n := strings.IndexByte(source[at:], '<')
		if n < 0 {
			return
		}
		at += n
		rest := source[at:]
		switch {
		case strings.HasPrefix(rest, "<!--"):
			end := strings.Index(rest[4:], "-->")
			if end < 0 {
				return
			}
			at += 4 + end + 3
		case len(rest) > 1 && isLetter(rest[1]):
			name := tagName(rest[1:])
			at = tag(source, at+1+len(name), isLink(name), fn)
			if isRaw(name) {
				end := indexFold(source[at:], "</"+name)
				if end < 0 {
					return
				}
				at += end
			}
		default:
			at++
		}
	}
}

// eachOurHref is eachHref for what htmlWriter wrote, whose signs < > " stand nowhere but in tags: it jumps from link to link.
func eachOurHref(source string, fn func(from, to int)) {
	const begin, name = "<a ", `href="`
	for at := 0; ; {
		n := strings.Index(source[at:], begin)
		if n < 0 {
			return
		}
		at += n + len(begin)
		end := strings.IndexByte(source[at:], '>')
		if end < 0 {
			return
		}
		if n = strings.Index(source[at:at+end], name); n >= 0 {
			from := at + n + len(name)
			if n = strings.IndexByte(source[from:at+end], '"'); n >= 0 {
				fn(from, from+n)
			}
		}
		at += end
	}
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

func tagName(s string) string {
	n := 0
	for n < len(s) && !isSpace(s[n]) && s[n] != '/' && s[n] != '>' {
		n++
	}
	return s[:n]
}

func isLink(name string) bool {
	return len(name) == 1 && name[0]|0x20 == 'a' || len(name) == 4 && strings.EqualFold(name, "area")
}

// isRaw tells whether an element holds text in which there are no tags.
func isRaw(name string) bool {
	switch len(name) {
	case 5:
		return strings.EqualFold(name, "style") || strings.EqualFold(name, "title")
	case 6:
		return strings.EqualFold(name, "script")
	case 8:
		return strings.EqualFold(name, "textarea")
	}
	return false
}

// indexFold finds a text that begins with a sign, whatever the case of its letters.
func indexFold(s, sub string) int {
	for i := 0; ; i++ {
		n := strings.IndexByte(s[i:], sub[0])
		if i += n; n < 0 || i+len(sub) > len(s) {
			return -1
		}
		if strings.EqualFold(s[i:i+len(sub)], sub) {
			return i
		}
	}
}

// tag reads the attributes of a tag from a place on and returns the place behind it. Of a link it tells where its first href lies; a browser
// takes no other.
func tag(source string, at int, link bool, fn func(from, to int)) int {
	for at < len(source) {
		switch c := source[at]; {
		case c == '>':
			return at + 1
		case isSpace(c) || c == '/':
			at++
			continue
		}
		from := at
		at++ // a name may begin with =
		for at < len(source) && !isSpace(source[at]) && source[at] != '/' && source[at] != '>' && source[at] != '=' {
			at++
		}
		name := source[from:at]
		after := at
		for after < len(source) && isSpace(source[after]) {
			after++
		}
		if after == len(source) || source[after] != '=' {
			continue
		}
		var to int
		if from, to, at = value(source, after+1); from < 0 {
			return len(source) // a quote that never ends
		}
		if link && strings.EqualFold(name, "href") {
			fn(from, to)
			link = false
		}
	}
	return at
}

// value reads the value of an attribute: where it lies, and the place behind it. from is -1 where its quote never ends.
func value(source string, at int) (from, to, next int) {
	for at < len(source) && isSpace(source[at]) {
		at++
	}
	if at < len(source) && (source[at] == '"' || source[at] == '\'') {
		end := strings.IndexByte(source[at+1:], source[at])
		if end < 0 {
			return -1, 0, 0
		}
		return at + 1, at + 1 + end, at + 1 + end + 1
	}
	from = at
	for at < len(source) && !isSpace(source[at]) && source[at] != '>' {
		at++
	}
	return from, at, at
}
