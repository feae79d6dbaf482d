package email

import "strings"

// lines remembers a text of the mail before and where each line of it stands in that mail in quoted-printable: mails of one campaign
// share most of their lines, and a line is written the same wherever it stands, since each begins anew.
type lines struct {
	mail int // the how manieth mail that was
	text string
	ends []lineEnd
	next []lineEnd // room for those of the text that is being written
}

// lineEnd is where a line ends: in the text, and where it lies in the mail.
type lineEnd struct{ text, from, to int }

// append writes a text of the mail with that number in quoted-printable. before is the mail before it.
func (l *lines) append(dst, before []byte, mail int, text string) []byte {
	if l.mail != mail-1 { // that one had no such text, and the one before lies nowhere any more
		l.ends = l.ends[:0]
	}
	next, old := l.next[:0], 0
	for at := 0; at < len(text); {
		end := len(text)
		if n := strings.IndexByte(text[at:], '\n'); n >= 0 {
			end = at + n + 1
		}
		line, from := text[at:end], len(dst)
		if i := len(next); i < len(l.ends) && l.text[old:l.ends[i].text] == line {
			dst = append(dst, before[l.ends[i].from:l.ends[i].to]...)
		} else {
			dst = appendQuoted(dst, line)
		}
		if i := len(next); i < len(l.ends) {
			old = l.ends[i].text
		}
		next = append(next, lineEnd{end, from, len(dst)})
		at = end
	}
	l.mail, l.text, l.ends, l.next = mail, text, next, l.ends
	return dst
}
