package sheet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"stamm/internal/platform/fault"
)

// tableRef is one table among the inputs: a CSV or a workbook, alone or packed.
type tableRef struct {
	input   int
	entry   int    // place in its zip, -1 if it is in none
	name    string // for people: file, or file/entry
	packing packing
	book    bool // a workbook, else a CSV
}

type packing uint8

const (
	plain packing = iota
	gzipped
	zipped
)

// invalid is the fault of a file that cannot be read at all.
func invalid(key, file string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, "sheet.file."+key, append([]any{"file", file}, args...)...).On("file")
}

// tables lists what there is to read, looking at the first bytes of each input and into archives.
func (f *Files) tables() ([]tableRef, error) {
	var all []tableRef
	for i := range f.Inputs {
		refs, err := f.tablesOf(i)
		if err != nil {
			return nil, err
		}
		all = append(all, refs...)
	}
	if len(all) == 0 {
		return nil, fault.New(fault.Invalid, "sheet.file.none").On("file")
	}
	return all, nil
}

func (f *Files) tablesOf(i int) ([]tableRef, error) {
	in := f.Inputs[i]
	content, err := openContent(in)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	head := make([]byte, 512)
	n, err := content.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	head = head[:n]
	ref := tableRef{input: i, entry: -1, name: in.Name}
	switch {
	case n == 0:
		return nil, invalid("empty", in.Name)
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		ref.packing = gzipped
		return []tableRef{ref}, nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return f.tablesOfZip(ref, content)
	}
	if key := foreignFormat(head); key != "" {
		return nil, invalid(key, in.Name)
	}
	return []tableRef{ref}, nil
}

func openContent(in Input) (Content, error) {
	content, err := in.Open()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.NotFound, "sheet.file.missing", "file", in.Name).On("file").Because(err)
	case errors.Is(err, fs.ErrPermission):
		return nil, fault.New(fault.Forbidden, "sheet.file.permission", "file", in.Name).On("file").Because(err)
	}
	return content, err
}

// foreignFormats are files that people hand in by mistake, by their first bytes, with the text that says what to do instead.
var foreignFormats = []struct{ magic, key string }{
	{"\xd0\xcf\x11\xe0", "old_excel"}, // also an xlsx with a password
	{"%PDF", "not_csv"}, {"\x89PNG", "not_csv"}, {"\xff\xd8\xff", "not_csv"}, {"GIF8", "not_csv"}, {"\x7fELF", "not_csv"}, {"MZ\x90", "not_csv"},
	{"{\\rtf", "not_csv"}, {"SQLite format 3", "not_csv"},
	{"<?xml", "markup"}, {"<!doctype", "markup"}, {"<html", "markup"}, {"<table", "markup"}, {"{\"", "markup"}, {"[{", "markup"},
	{"Rar!", "packer"}, {"7z\xbc\xaf", "packer"}, {"BZh", "packer"}, {"\xfd7zXZ", "packer"}, {"\x28\xb5\x2f\xfd", "packer"},
}

// foreignFormat names the text about a file that is certainly no CSV.
func foreignFormat(head []byte) string {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, bomUTF8), " \r\n\t")
	for _, f := range foreignFormats {
		if len(head) >= len(f.magic) && strings.EqualFold(string(head[:len(f.magic)]), f.magic) {
			return f.key
		}
	}
	return ""
}

// tablesOfZip tells a workbook from an archive and lists the tables of the latter.
func (f *Files) tablesOfZip(ref tableRef, content Content) ([]tableRef, error) {
	limits := f.limits()
	z, err := zip.NewReader(content, content.Size())
	if err != nil {
		return nil, invalid("damaged", ref.name).Because(err)
	}
	if len(z.File) > limits.Entries {
		return nil, invalid("entries", ref.name, "count", len(z.File), "max", limits.Entries)
	}
	if overlapping(z, content.Size()) {
		return nil, invalid("damaged", ref.name)
	}
	switch key := bookFormat(z); key {
	case "xlsx":
		ref.packing, ref.book = zipped, true
		return []tableRef{ref}, nil
	case "":
	default:
		return nil, invalid(key, ref.name)
	}
	var refs []tableRef
	for n, e := range z.File {
		base := path.Base(strings.ReplaceAll(e.Name, `\`, "/"))
		ext := strings.ToLower(path.Ext(base))
		if e.FileInfo().IsDir() || strings.HasPrefix(base, ".") || strings.HasPrefix(e.Name, "__MACOSX") || !tableExtension(ext) {
			continue
		}
		if e.Flags&1 != 0 {
			return nil, invalid("password", ref.name)
		}
		refs = append(refs, tableRef{input: ref.input, entry: n, name: ref.name + "/" + base, packing: zipped, book: ext == ".xlsx"})
	}
	if len(refs) == 0 {
		return nil, invalid("zip_empty", ref.name)
	}
	return refs, nil
}

// overlapping reports whether the entries of a zip claim more packed bytes than it has: the way to make a small zip hold a
// large bomb many times.
func overlapping(z *zip.Reader, size int64) bool {
	left := uint64(size)
	for _, e := range z.File {
		if e.CompressedSize64 > left {
			return true
		}
		left -= e.CompressedSize64
	}
	return false
}

func tableExtension(ext string) bool {
	switch ext {
	case ".csv", ".txt", ".tsv", ".tab", ".xlsx", ".xlsm":
		return true
	}
	return false
}

// bookFormat is "xlsx" for a workbook, the key of a text for books we do not read, and empty for other archives.
func bookFormat(z *zip.Reader) string {
	for _, e := range z.File {
		switch strings.ToLower(strings.ReplaceAll(e.Name, `\`, "/")) {
		case "xl/workbook.xml":
			return "xlsx"
		case "xl/workbook.bin", "content.xml":
			return "other_book"
		}
	}
	return ""
}

// opened is a table whose bytes are flowing.
type opened struct {
	io.Reader             // unpacked bytes; nil for a workbook
	book      io.ReaderAt // the workbook's zip
	bookSize  int64
	closers   []func() error
}

func (o *opened) Close() error {
	var errs []error
	for i := len(o.closers) - 1; i >= 0; i-- {
		errs = append(errs, o.closers[i]())
	}
	return errors.Join(errs...)
}

// open starts a table from its beginning. The caller closes it, also after an error it meets later.
func (f *Files) open(ref tableRef, count *tally) (*opened, error) {
	content, err := openContent(f.Inputs[ref.input])
	if err != nil {
		return nil, err
	}
	o := &opened{closers: []func() error{content.Close}}
	if err := f.start(o, ref, content.Size(), count.watch(content)); err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

// start finds the table in an open input.
func (f *Files) start(o *opened, ref tableRef, size int64, at io.ReaderAt) error {
	switch {
	case ref.packing == plain:
		o.Reader = f.meter(io.NewSectionReader(at, 0, size), ref.name, size)
	case ref.packing == gzipped:
		z, err := gzip.NewReader(bufio.NewReaderSize(io.NewSectionReader(at, 0, size), 64<<10))
		if err != nil {
			return invalid("damaged", ref.name).Because(err)
		}
		o.Reader = f.meter(z, ref.name, size)
	case ref.entry < 0:
		o.book, o.bookSize = at, size
	default:
		return f.openEntry(o, ref, at, size)
	}
	return nil
}

// openEntry opens an entry of a zip. A workbook in it is copied to a temporary file first, because it has to be read at random.
func (f *Files) openEntry(o *opened, ref tableRef, at io.ReaderAt, size int64) error {
	z, err := zip.NewReader(at, size)
	if err != nil || ref.entry >= len(z.File) {
		return invalid("damaged", ref.name).Because(err)
	}
	e := z.File[ref.entry]
	r, err := e.Open()
	if err != nil {
		return invalid("damaged", ref.name).Because(err)
	}
	o.closers = append(o.closers, r.Close)
	metered := f.meter(r, ref.name, int64(e.CompressedSize64))
	if !ref.book {
		o.Reader = metered
		return nil
	}
	temp, err := os.CreateTemp("", "stamm-sheet-*.xlsx")
	if err != nil {
		return err
	}
	o.closers = append(o.closers, func() error { return os.Remove(temp.Name()) }, temp.Close)
	o.book = temp
	o.bookSize, err = io.Copy(temp, metered)
	return err
}

// meter counts the unpacked bytes of a table and stops at the limits.
func (f *Files) meter(r io.Reader, name string, packed int64) *meter {
	return &meter{src: r, name: name, packed: max(packed, 1), limits: f.limits()}
}

type meter struct {
	src    io.Reader
	name   string
	packed int64
	out    int64
	limits Limits
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.src.Read(p)
	m.out += int64(n)
	switch {
	case m.out > m.limits.Bytes:
		return 0, invalid("too_large", m.name, "max", m.limits.Bytes>>20)
	case m.out > ratioFrom && m.out/m.packed > m.limits.Ratio:
		return 0, invalid("bomb", m.name, "ratio", m.limits.Ratio)
	case err != nil && isDamage(err):
		return n, invalid("damaged", m.name).Because(err)
	}
	return n, err
}

// isDamage reports whether an error says that packed data is broken, as against a disk that fails.
func isDamage(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.As(err, &corrupt) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) ||
		errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrAlgorithm)
}

// tally counts what has been read of all inputs during one pass, for Files.Progress.
type tally struct {
	read, total int64
	report      func(read, total int64)
}

// tally starts a pass. Without a listener nothing is counted.
func (f *Files) tally() *tally {
	t := &tally{report: f.Progress}
	if t.report == nil {
		return t
	}
	for _, in := range f.Inputs {
		if c, err := in.Open(); err == nil {
			t.total += c.Size()
			c.Close()
		}
	}
	return t
}

func (t *tally) watch(c Content) io.ReaderAt {
	if t.report == nil {
		return c
	}
	return watched{c, t}
}

type watched struct {
	at io.ReaderAt
	t  *tally
}

func (w watched) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.at.ReadAt(p, off)
	w.t.read = min(w.t.read+int64(n), w.t.total)
	w.t.report(w.t.read, w.t.total)
	return n, err
}
