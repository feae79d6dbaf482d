package i18n

import (
	"io/fs"
	"slices"
)

// Placeholders returns the names of the placeholders of every message of a language, sorted, by key.
func Placeholders(lang string) map[string][]string {
	all := map[string][]string{}
	for key, m := range catalogues()[lang] {
		names := []string{}
		for _, p := range m {
			if p.slot {
				names = append(names, p.text)
			}
		}
		slices.Sort(names)
		all[key] = slices.Compact(names)
	}
	return all
}

// Load reads catalogues as the package does its own, and says what is wrong with them.
func Load(fsys fs.FS, dir string) error {
	_, err := loadLanguage(fsys, dir)
	return err
}
