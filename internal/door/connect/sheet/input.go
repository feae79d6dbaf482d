package sheet

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
)

// Input is one file as it was handed in. Open is called once per pass, so it must give the same bytes each time.
type Input struct {
	Name string // shown to people; never used as a path
	Open func() (Content, error)
}

// Content is an open input. It is read at random, because zip and xlsx keep their list of contents at the end.
type Content interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Path is the input at a path of this machine.
func Path(path string) Input {
	return Input{Name: filepath.Base(path), Open: func() (Content, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		info, err := f.Stat()
		if err == nil && info.IsDir() {
			err = invalid("folder", filepath.Base(path))
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		return fileContent{f, info.Size()}, nil
	}}
}

// Bytes is an input held in memory.
func Bytes(name string, data []byte) Input {
	return Input{Name: name, Open: func() (Content, error) { return memoryContent{bytes.NewReader(data)}, nil }}
}

type fileContent struct {
	*os.File
	size int64
}

func (f fileContent) Size() int64 { return f.size }

type memoryContent struct{ *bytes.Reader }

func (memoryContent) Close() error { return nil }

// Limits bound what an input may cost. They exist because inputs come from strangers: each of them stops a file that was made,
// or broken, so that reading it never ends.
type Limits struct {
	Bytes   int64 // unpacked bytes of one input
	Ratio   int64 // unpacked bytes per packed byte, once RatioFrom bytes came out
	Entries int   // entries of a zip
	Record  int   // bytes of one row
	Columns int   // columns of a table
}

// ratioFrom is how much may come out of an archive before its ratio is looked at: small files of equal rows pack very well.
const ratioFrom = 32 << 20

// DefaultLimits let through 10 million order rows many times over.
func DefaultLimits() Limits {
	return Limits{Bytes: 64 << 30, Ratio: 250, Entries: 1000, Record: 1 << 20, Columns: 1000}
}

// Files are the inputs of one run, read in their order.
type Files struct {
	Inputs []Input
	Limits Limits // zero means DefaultLimits

	// Progress, if set, is told now and then how many bytes of all inputs (as they lie there, packed) have been read.
	Progress func(read, total int64)
}

func (f *Files) limits() Limits {
	if f.Limits == (Limits{}) {
		return DefaultLimits()
	}
	return f.Limits
}
