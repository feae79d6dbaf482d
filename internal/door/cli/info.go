package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"stamm/internal/platform/store"
)

type versionCommand struct{}

// build is which Stamm this is.
type build struct {
	Version  string `json:"version"`  // of the module, "(devel)" when built from a working tree
	Revision string `json:"revision"` // of the source, empty if unknown
	Go       string `json:"go"`
	Schema   int64  `json:"schema"` // newest version of the database it knows
}

func thisBuild() build {
	b := build{Version: "(devel)", Go: runtime.Version(), Schema: store.SchemaVersion()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Revision = s.Value
		}
	}
	return b
}

// RunLocal prints the version.
func (*versionCommand) RunLocal(_ context.Context, c *Call) error {
	b := thisBuild()
	return c.Print(b, func(w io.Writer) {
		fmt.Fprintf(w, "stamm %s", b.Version)
		if b.Revision != "" {
			fmt.Fprintf(w, " (%.12s)", b.Revision)
		}
		fmt.Fprintf(w, ", %s, %s\n", b.Go, c.Text.T("cli.schema", "version", fmt.Sprint(b.Schema)))
	})
}

type configCommand struct{}

// RunLocal prints the configuration in force as a TOML file, each setting with where it was said.
func (*configCommand) RunLocal(_ context.Context, c *Call) error {
	keys, values := c.Config.values()
	return c.Print(values, func(w io.Writer) {
		for i, name := range settingNames() {
			source := c.Config.sources[name]
			if source == "" {
				source = c.Text.T("cli.default")
			} else if source == fromFlag {
				source = "--" + name
			}
			value, _ := json.Marshal(values[keys[i]]) // texts and numbers of JSON are those of TOML
			fmt.Fprintf(w, "%s = %s  # %s\n", keys[i], value, source)
		}
	})
}
