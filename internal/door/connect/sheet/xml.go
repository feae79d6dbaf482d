package sheet

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// xmlScanner walks through the XML of a workbook. A sheet of a million rows has some fifty million pieces, which encoding/xml takes
// minutes for and puts on the heap one by one; this one neither allocates per piece nor keeps a stack, and has a limit on each. It
// reads what office programs write: UTF-8, no document type, so no entities that could be blown up.
type xmlScanner struct {
	src        io.Reader
	buf        []byte
	start, end int
	eof        bool
	err        error // what src answered at its end, if not io.EOF
	max        int   // longest piece in bytes

	kind   xmlKind
	name   []byte // of an element, without its prefix
	attrs  []byte // of a start, unparsed
	text   []byte // of a text, with its entities
	cdata  bool   // text has no entities
	closed bool   // the start is its own end
}

type xmlKind uint8

const (
	xmlStart xmlKind = iota
	xmlEnd
	xmlText
)

var errXML = errors.New("sheet: broken XML")

func newXMLScanner(r io.Reader, max int) *xmlScanner {
	return &xmlScanner{src: r, buf: make([]byte, 64<<10), max: max}
}

// next moves to the next start, end or text; what it set is valid until the next call. The error is io.EOF at the end.
func (x *xmlScanner) next() error {
	for {
		if x.start == x.end && !x.more() {
			return x.readError()
		}
		if x.buf[x.start] != '<' {
			return x.readText()
		}
		i, err := x.find('>', 1)
		if err != nil {
			return err
		}
		tag := x.buf[x.start : x.start+i+1]
		switch {
		case bytes.HasPrefix(tag, []byte("<?")):
			_, err = x.skipTo("<?", "?>")
		case bytes.HasPrefix(tag, []byte("<!--")):
			_, err = x.skipTo("<!--", "-->")
		case bytes.HasPrefix(tag, []byte("<![CDATA[")):
			return x.readCDATA()
		case bytes.HasPrefix(tag, []byte("<!")):
			return errXML // a document type: no office program writes one
		default:
			return x.readTag()
		}
		if err != nil {
			return err
		}
	}
}

// find returns where, from the present place on, c stands first, looking from offset on.
func (x *xmlScanner) find(c byte, offset int) (int, error) {
	for {
		if i := bytes.IndexByte(x.buf[min(x.start+offset, x.end):x.end], c); i >= 0 {
			return offset + i, nil
		}
		offset = max(offset, x.end-x.start)
		if !x.more() {
			if err := x.readError(); err != io.EOF {
				return 0, err
			}
			return 0, errXML
		}
	}
}

// skipTo passes over a piece that begins with open and ends with mark, and returns it.
func (x *xmlScanner) skipTo(open, mark string) ([]byte, error) {
	offset := len(open)
	for {
		i, err := x.find('>', offset)
		if err != nil {
			return nil, err
		}
		if piece := x.buf[x.start : x.start+i+1]; len(piece) >= len(open)+len(mark) && bytes.HasSuffix(piece, []byte(mark)) {
			x.start += i + 1
			return piece, nil
		}
		offset = i + 1
	}
}

func (x *xmlScanner) readText() error {
	i, err := x.find('<', 0)
	if err == errXML { // text at the very end of the file
		i = x.end - x.start
	} else if err != nil {
		return err
	}
	x.kind, x.text, x.cdata = xmlText, x.buf[x.start:x.start+i], false
	x.start += i
	return nil
}

func (x *xmlScanner) readCDATA() error {
	piece, err := x.skipTo("<![CDATA[", "]]>")
	if err != nil {
		return err
	}
	x.kind, x.cdata = xmlText, true
	x.text = piece[len("<![CDATA[") : len(piece)-len("]]>")]
	return nil
}

// readTag reads a start or an end. A > inside an attribute does not end it.
func (x *xmlScanner) readTag() error {
	offset := 1
	for {
		i, err := x.find('>', offset)
		if err != nil {
			return err
		}
		tag := x.buf[x.start+1 : x.start+i]
		if !attributesClosed(tag) {
			offset = i + 1
			continue
		}
		x.start += i + 1
		return x.setTag(tag)
	}
}

// attributesClosed reports whether every quote in a tag is closed.
func attributesClosed(tag []byte) bool {
	for {
		i := bytes.IndexAny(tag, `"'`)
		if i < 0 {
			return true
		}
		j := bytes.IndexByte(tag[i+1:], tag[i])
		if j < 0 {
			return false
		}
		tag = tag[i+1+j+1:]
	}
}

func (x *xmlScanner) setTag(tag []byte) error {
	x.kind, x.closed = xmlStart, false
	if len(tag) > 0 && tag[0] == '/' {
		x.kind, tag = xmlEnd, tag[1:]
	} else if n := len(tag); n > 0 && tag[n-1] == '/' {
		x.closed, tag = true, tag[:n-1]
	}
	x.name, x.attrs = tag, nil
	if i := bytes.IndexAny(tag, " \t\r\n"); i >= 0 {
		x.name, x.attrs = tag[:i], tag[i+1:]
	}
	if len(x.name) == 0 {
		return errXML
	}
	x.name = local(x.name)
	return nil
}

// local takes off the prefix of a name.
func local(name []byte) []byte {
	return name[bytes.LastIndexByte(name, ':')+1:]
}

// attr returns the value of an attribute by its local name; nil if there is none. Entities are left as they are.
func (x *xmlScanner) attr(name string) []byte {
	rest := x.attrs
	for {
		eq := bytes.IndexByte(rest, '=')
		if eq < 0 {
			return nil
		}
		key := local(bytes.TrimSpace(rest[:eq]))
		rest = bytes.TrimLeft(rest[eq+1:], " \t\r\n")
		if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			return nil
		}
		end := bytes.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return nil
		}
		if string(key) == name {
			return rest[1 : 1+end]
		}
		rest = rest[end+2:]
	}
}

// more reads on; false at the end, after an error, and when the piece at hand is longer than max.
func (x *xmlScanner) more() bool {
	if x.eof || x.end-x.start > x.max {
		return false
	}
	if x.start > 0 {
		copy(x.buf, x.buf[x.start:x.end])
		x.start, x.end = 0, x.end-x.start
	}
	if x.end == len(x.buf) {
		x.buf = append(x.buf, make([]byte, len(x.buf))...)
	}
	for range 100 {
		n, err := x.src.Read(x.buf[x.end:])
		x.end += n
		if err != nil {
			x.eof = true
			if err != io.EOF {
				x.err = err
			}
			return n > 0
		}
		if n > 0 {
			return true
		}
	}
	x.eof, x.err = true, io.ErrNoProgress
	return false
}

// readError says why there was no more.
func (x *xmlScanner) readError() error {
	switch {
	case x.err != nil:
		return x.err
	case !x.eof:
		return errRecordTooLong
	}
	return io.EOF
}

// appendText appends text with its entities resolved.
func appendText(dst, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '&')
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:i]...)
		text = text[i:]
		end := bytes.IndexByte(text[:min(len(text), 12)], ';')
		if end < 0 {
			return append(dst, text...)
		}
		dst = appendEntity(dst, text[:end+1])
		text = text[end+1:]
	}
}

func appendEntity(dst, entity []byte) []byte {
	switch name := entity[1 : len(entity)-1]; string(name) {
	case "lt":
		return append(dst, '<')
	case "gt":
		return append(dst, '>')
	case "amp":
		return append(dst, '&')
	case "quot":
		return append(dst, '"')
	case "apos":
		return append(dst, '\'')
	default:
		if len(name) < 2 || name[0] != '#' {
			return append(dst, entity...)
		}
		digits, base := string(name[1:]), 10
		if digits[0] == 'x' || digits[0] == 'X' {
			digits, base = digits[1:], 16
		}
		n, err := strconv.ParseUint(digits, base, 21)
		if err != nil {
			return append(dst, entity...)
		}
		return utf8.AppendRune(dst, rune(n))
	}
}
