package sheet

import (
	"bytes"
	"io"
	"slices"
	"strings"
)

// Dialect is how a table is written down. Of a workbook only the heading counts.
type Dialect struct {
	Encoding  Encoding `json:"encoding,omitempty"`
	Separator string   `json:"separator,omitempty"` // one of , ; tab | or a blank, which stands for any number of blanks
	OldMac    bool     `json:"old_mac,omitempty"`   // lines end with a carriage return alone
	Heading   int64    `json:"heading"`             // line of the headings, 0 if there are none
	Skip      int64    `json:"skip"`                // rows up to this line hold no data
}

// separators in the order in which they win where several fit equally: a comma is often only a decimal sign.
var separators = []byte{';', '\t', '|', ','}

// Separators are those there are, as they may be named in Options.
func Separators() []string { return []string{";", ",", "\t", "|", blankSeparator} }

const headBytes = 64 << 10

// sniffed is what the first bytes of a CSV tell.
type sniffed struct {
	dialect      Dialect
	sureEncoding bool
	text         []byte // the first bytes, decoded, up to the end of a line
	whole        bool   // text is all there is
}

// sniff reads the beginning of a CSV and tells its encoding. A file that is no text, and one without line ends, is a fault.
func sniff(r io.Reader, name string, told Encoding, limits Limits) (s sniffed, err error) {
	raw, whole, err := readHead(r, nil, headBytes)
	if err != nil {
		return s, err
	}
	if len(raw) == 0 {
		return s, invalid("empty", name)
	}
	if !whole && !bytes.ContainsAny(raw, "\r\n") {
		if raw, whole, err = readHead(r, raw, limits.Record+headBytes); err != nil {
			return s, err
		}
		if !whole && !bytes.ContainsAny(raw, "\r\n") {
			return s, invalid("not_csv", name)
		}
	}
	if key := foreignFormat(raw); key != "" {
		return s, invalid(key, name)
	}
	s.dialect.Encoding, s.sureEncoding = guessEncoding(raw)
	if told != "" {
		s.dialect.Encoding, s.sureEncoding = told, true
	}
	s.whole = whole
	s.text, _ = io.ReadAll(s.dialect.Encoding.reader(bytes.NewReader(raw)))
	if notText(s.text) {
		return s, invalid("not_csv", name)
	}
	if len(bytes.TrimSpace(s.text)) == 0 && whole {
		return s, invalid("empty", name)
	}
	newline := byte('\n')
	if bytes.IndexByte(s.text, '\n') < 0 && bytes.IndexByte(s.text, '\r') >= 0 {
		newline, s.dialect.OldMac = '\r', true
	}
	if !whole {
		s.text = s.text[:bytes.LastIndexByte(s.text, newline)+1]
	}
	return s, nil
}

// Glance looks at the beginning of a file that is on its way in and refuses what can be no table, so that nobody waits
// for the rest of it. What it returns reads the whole file. Packed files are looked at when they are unpacked.
func Glance(name string, r io.Reader) (io.Reader, error) {
	const magic = 4
	var seen bytes.Buffer
	head, _, err := readHead(r, nil, magic)
	if err != nil {
		return nil, err
	}
	whole := io.MultiReader(bytes.NewReader(head), r)
	if bytes.HasPrefix(head, []byte("\x1f\x8b")) || bytes.HasPrefix(head, []byte("PK")) {
		return whole, nil
	}
	if _, err := sniff(io.TeeReader(whole, &seen), name, "", DefaultLimits()); err != nil {
		return nil, err
	}
	return io.MultiReader(&seen, whole), nil
}

// readHead reads until there are n bytes, or all.
func readHead(r io.Reader, have []byte, n int) (head []byte, whole bool, err error) {
	head = append(have, make([]byte, n-len(have))...)
	m, err := io.ReadFull(r, head[len(have):])
	head = head[:len(have)+m]
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return head, true, nil
	}
	return head, false, err
}

// notText reports whether bytes are no text. A few control characters are forgiven: their rows will be.
func notText(text []byte) bool {
	controls := 0
	for _, c := range text {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\v' || c == 0x7f {
			controls++
		}
	}
	return controls > 4 && controls*50 > len(text)
}

// newline is the byte that ends a line.
func (d Dialect) newline() byte {
	if d.OldMac {
		return '\r'
	}
	return '\n'
}

// rowsOf cuts the sniffed text at a separator.
func (s *sniffed) rowsOf(sep string, limits Limits) sample {
	d := s.dialect
	d.Separator = sep
	scan := d.scan(bytes.NewReader(s.text), limits.Record)
	rows, err := takeSample(scan.next)
	if n := len(rows.rows); err == io.EOF && !s.whole && n > 1 && rows.rows[n-1].fault != "" {
		rows.rows = rows.rows[:n-1] // cut in two by the end of the text
	}
	return rows
}

// separate finds the separator: told, named in a first line sep=;, the one that cuts out headings we know, or the one that cuts all
// rows into equally many cells.
func (s *sniffed) separate(k Kind, told string, limits Limits) sample {
	first, rest, _ := bytes.Cut(s.text, []byte{s.dialect.newline()})
	first = bytes.TrimSpace(first)
	if value, ok := bytes.CutPrefix(first, []byte("sep=")); ok || bytes.HasPrefix(first, []byte("\"sep=")) {
		if !ok {
			value = bytes.TrimSuffix(first[len("\"sep="):], []byte{'"'})
		}
		s.dialect.Skip = 1
		switch {
		case len(value) == 1:
			s.dialect.Separator = string(value)
		case len(value) == 0 && len(rest) > 0:
			s.dialect.Separator = "\t"
		}
	}
	if told != "" {
		s.dialect.Separator = told
	}
	if s.dialect.Separator != "" {
		return s.rowsOf(s.dialect.Separator, limits)
	}
	return s.bestSeparated(k, limits)
}

// bestSeparated cuts the text at every separator and keeps the one that fits best.
func (s *sniffed) bestSeparated(k Kind, limits Limits) sample {
	var best sample
	var bestFit fitness
	for _, sep := range separators {
		rows := s.rowsOf(string(sep), limits)
		f := fitOf(rows.rows)
		f.headings = knownHeadings(k, rows.rows)
		if s.dialect.Separator == "" || f.better(bestFit) {
			s.dialect.Separator, best, bestFit = string(sep), rows, f
		}
	}
	if bestFit.headings == 0 && (!bestFit.good() || bestFit.start > 0) {
		if rows := s.rowsOf(blankSeparator, limits); tabulated(rows.rows) {
			s.dialect.Separator = blankSeparator
			return rows
		}
	}
	if bestFit.width < 2 {
		s.dialect.Separator = "," // one column: any separator that occurs nowhere
		return s.rowsOf(",", limits)
	}
	return best
}

// fitness is how well a separator cuts.
type fitness struct {
	width int     // cells of most rows
	start int     // first row of those
	share float64 // of the rows from there on

	headings int // that are known, in the row that has most of them
}

// knownHeadings is how many cells of one of the first rows are headings of the kind; 0 for a single one, which may be chance.
func knownHeadings(k Kind, rows []sampleRow) int {
	syn := headings()[k]
	most := 0
	for i := range rows[:min(len(rows), 40)] {
		if n := syn.hits(rows[i].cells); n > most && n > 1 {
			most = n
		}
	}
	return most
}

// fitOf looks for the most frequent number of cells above one.
func fitOf(rows []sampleRow) fitness {
	count := map[int]int{}
	for i := range rows {
		count[len(rows[i].cells)]++
	}
	f := fitness{width: 1}
	for width, n := range count {
		if width > 1 && (n > count[f.width] || f.width == 1 || n == count[f.width] && width > f.width) {
			f.width = width
		}
	}
	if f.width == 1 {
		return f
	}
	has := func(i int) bool { return i >= len(rows) || len(rows[i].cells) == f.width }
	for f.start < len(rows) && (!has(f.start) || !has(f.start+1) && count[f.width] > 1) { // a lone row is above the table
		f.start++
	}
	fit := 0
	for i := f.start; i < len(rows); i++ {
		if len(rows[i].cells) == f.width {
			fit++
		}
	}
	f.share = float64(fit) / float64(max(len(rows)-f.start, 1))
	return f
}

// good reports whether most rows are cut into equally many cells.
func (f fitness) good() bool { return f.width > 1 && f.share > 0.6 }

// better prefers a separator that cuts out more headings we know, then one that fits most rows, then the one whose table begins earlier (a decimal comma does not occur in
// the headings). Equal ones stay in the order of separators.
func (f fitness) better(than fitness) bool {
	switch {
	case f.headings != than.headings:
		return f.headings > than.headings
	case f.good() != than.good():
		return f.good()
	case f.good():
		return f.start < than.start
	}
	return f.width > 1 && f.share > than.share
}

// findHeading finds the row of headings and what stands above the data. told is a line, -1 for no headings, 0 for unknown.
func findHeading(d *Dialect, k Kind, s sample, told int64) {
	rows := s.rows
	for len(rows) > 0 && rows[0].line <= d.Skip {
		rows = rows[1:]
	}
	switch {
	case told > 0:
		d.Heading, d.Skip = told, told
		return
	case len(rows) == 0:
		return
	}
	width := fullWidth(rows)
	syn := headings()[k]
	if told == 0 {
		if at := bestHeading(rows, width, &syn); at >= 0 {
			d.Heading, d.Skip = rows[at].line, rows[at].line
			return
		}
	}
	if at := firstFull(rows, width); at > 0 {
		d.Skip = rows[at].line - 1
	}
}

// fullWidth is the number of cells most rows have, without the empty ones at their ends.
func fullWidth(rows []sampleRow) int {
	count := map[int]int{}
	best := 0
	for i := range rows {
		w := len(rows[i].cells)
		if rows[i].kinds != nil {
			w = rows[i].width()
		}
		if count[w]++; count[w] > count[best] || count[w] == count[best] && w > best {
			best = w
		}
	}
	return best
}

// firstFull is the first row that fills most of the width, which titles and notes above a table do not.
func firstFull(rows []sampleRow, width int) int {
	return slices.IndexFunc(rows[:min(len(rows), 40)], func(r sampleRow) bool { return r.filled()*10 >= width*6 && r.filled() > 0 })
}

// bestHeading is the place of the headings among the first rows, -1 if there are none.
func bestHeading(rows []sampleRow, width int, syn *synonyms) int {
	best, bestHits := -1, 0
	for i := range rows[:min(len(rows), 40)] {
		r := &rows[i]
		if r.filled()*2 < width || dataCells(r) > r.filled()/4 {
			continue
		}
		if hits := syn.hits(r.cells); hits > bestHits {
			best, bestHits = i, hits
		}
	}
	if bestHits >= 2 || bestHits == 1 && width == 1 {
		return best
	}
	first := firstFull(rows, width)
	if first < 0 || dataCells(&rows[first]) > 0 || repeats(rows[first].cells) {
		return best
	}
	if bestHits == 0 && len(rows) > first+1 && sameLook(rows[first:]) {
		return -1
	}
	return first
}

// dataCells counts the cells no heading looks like: numbers, dates, mail addresses.
func dataCells(r *sampleRow) int {
	n := 0
	for i, c := range r.cells {
		v := trim(c)
		if v == "" {
			continue
		}
		if r.kind(i) != cellText || shapeOf(v) != shapeNone || dateShapeOf(v) != dateNone || MailPlausible(v) {
			n++
		}
	}
	return n
}

// repeats reports whether most cells occur twice, which headings do not.
func repeats(cells []string) bool {
	seen := map[string]bool{}
	filled := 0
	for _, c := range cells {
		if c = strings.ToLower(trim(c)); c != "" {
			filled++
			seen[c] = true
		}
	}
	return len(seen)*2 <= filled && filled > 1
}

// sameLook reports whether the first row could be one of those below it: its cells return in their columns.
func sameLook(rows []sampleRow) bool {
	again := 0
	for i, c := range rows[0].cells {
		if trim(c) == "" {
			continue
		}
		for j := range rows[1:] {
			if r := &rows[1+j]; i < len(r.cells) && r.cells[i] == c {
				again++
				break
			}
		}
	}
	return again > 0 && again*3 >= rows[0].filled()
}
