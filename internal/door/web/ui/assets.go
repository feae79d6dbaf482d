package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed assets/app.css assets/builder.css assets/fit.css assets/app.js assets/favicon.svg assets/lib assets/LICENSES.md
var embedded embed.FS

// AssetPath is where the handler of Assets must be mounted.
const AssetPath = "/assets/"

// asset is one embedded file, ready to be served. Its address contains a hash of
// its content, so browsers may keep it for ever.
type asset struct {
	name    string // as in the page's source: "app.css"
	content []byte
	kind    string // content type
	url     string
	zip     func() []byte // gzip, made when first asked for
}

// files holds the assets by name and by address. It is built once and never
// changed after that.
var files = sync.OnceValue(func() map[string]*asset {
	all := map[string]*asset{}
	for _, dir := range []string{"assets", "assets/lib"} {
		entries, err := fs.ReadDir(embedded, dir)
		if err != nil {
			panic(err) // the embedded folder is part of the program
		}
		for _, entry := range entries {
			if entry.IsDir() {
				continue
			}
			a := newAsset(path.Join(dir, entry.Name()))
			all[a.name], all[a.url] = a, a
		}
	}
	return all
})

func newAsset(file string) *asset {
	content, err := embedded.ReadFile(file)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(content)
	name := path.Base(file)
	ext := path.Ext(name)
	kind := mime.TypeByExtension(ext)
	if kind == "" {
		kind = "text/plain; charset=utf-8"
	}
	return &asset{
		name:    name,
		content: content,
		kind:    kind,
		url:     AssetPath + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext,
		zip:     sync.OnceValue(func() []byte { return compress(content) }),
	}
}

func compress(content []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	z.Write(content) // a bytes.Buffer takes everything
	z.Close()
	return out.Bytes()
}

// AssetURL is the address of an embedded file, for example "app.css" or
// "echarts.common.min.js". It panics for a name that is not embedded, which is
// a mistake in the program and shows in its first test.
func AssetURL(name string) string {
	a, ok := files()[name]
	if !ok {
		panic("ui: no asset " + name)
	}
	return a.url
}

// Assets serves the embedded files at AssetPath. The addresses contain a hash,
// so answers may be cached for a year; an unknown address is 404.
func Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := files()[r.URL.Path]
		if !ok || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
			http.NotFound(w, r)
			return
		}
		header := w.Header()
		header.Set("Content-Type", a.kind)
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Vary", "Accept-Encoding")
		body := a.content
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			header.Set("Content-Encoding", "gzip")
			body = a.zip()
		}
		if r.Method == http.MethodGet {
			w.Write(body) // a reader who left is not our error
		}
	})
}
