// Package i18n is for everything people read: texts, numbers, amounts and dates in German and English.
//
// Texts stand in catalogues, one TOML file per language and area (catalog/de/customer.toml), so that whoever writes a page
// writes its words beside each other in both languages. The files are part of the binary and read once. A Printer joins a
// language with a time zone and is made per request; it costs one small allocation.
package i18n

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
)

//go:embed catalog
var files embed.FS

// Languages are the languages there are catalogues for; the first is the fallback.
func Languages() []string { return []string{"de", "en"} }

// catalogue holds the messages of one language by full key, such as "customer.list.title".
type catalogue map[string]message

// message is a text cut at its placeholders.
type message []piece

type piece struct {
	text string // literal text, or the name of the placeholder
	slot bool
}

// catalogues reads the embedded files at the first call. A broken file is a mistake in the program, so it panics.
var catalogues = sync.OnceValue(func() map[string]catalogue {
	all := map[string]catalogue{}
	for _, lang := range Languages() {
		c, err := loadLanguage(files, "catalog/"+lang)
		if err != nil {
			panic(err)
		}
		all[lang] = c
	}
	return all
})

// loadLanguage reads every .toml file of a folder; the file's name is the first word of its keys.
func loadLanguage(fsys fs.FS, dir string) (catalogue, error) {
	names, err := fs.Glob(fsys, path.Join(dir, "*.toml"))
	if err != nil {
		return nil, err
	}
	c := catalogue{}
	for _, name := range names {
		var table map[string]any
		if _, err := toml.DecodeFS(fsys, name, &table); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := c.add(strings.TrimSuffix(path.Base(name), ".toml"), table); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return c, nil
}

// add takes in a table and those inside it.
func (c catalogue) add(prefix string, table map[string]any) error {
	for name, v := range table {
		key := prefix + "." + name
		switch v := v.(type) {
		case map[string]any:
			if err := c.add(key, v); err != nil {
				return err
			}
		case string:
			if _, taken := c[key]; taken {
				return fmt.Errorf("%s stands there twice", key)
			}
			m, err := parseMessage(v)
			if err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			c[key] = m
		default:
			return fmt.Errorf("%s is no text but %T", key, v)
		}
	}
	return nil
}

// parseMessage cuts a text at its placeholders, {name}. Braces have no other use in texts.
func parseMessage(text string) (message, error) {
	m := message{}
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		if strings.Contains(before, "}") {
			return nil, fmt.Errorf("} without { in %q", before)
		}
		if before != "" {
			m = append(m, piece{text: before})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || !isName(name) {
			return nil, fmt.Errorf("no placeholder after { in %q", text)
		}
		m = append(m, piece{text: name, slot: true})
		text = after
	}
	return m, nil
}

// isName reports whether s is a word of small letters, digits and underscores.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return s != ""
}
