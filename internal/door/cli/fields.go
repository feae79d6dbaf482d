package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"stamm/internal/platform/filter"
)

type segmentFields struct{}

// fieldJSON is what a condition can ask for.
type fieldJSON struct {
	Name      string      `json:"name"`
	Label     string      `json:"label"`
	Type      filter.Type `json:"type"`
	Operators []string    `json:"operators"`
	Choices   []string    `json:"choices,omitempty"`
	Period    bool        `json:"period"`            // may be asked for a period, as in orders(last 30 d)
	Narrowed  []paramJSON `json:"narrowed,omitzero"` // by what else may stand in the brackets
}

type paramJSON struct {
	Name    string      `json:"name"`
	Label   string      `json:"label"`
	Type    filter.Type `json:"type"`
	Choices []string    `json:"choices,omitempty"`
}

// Run lists the fields, those that the company defined among them.
func (cmd *segmentFields) Run(ctx context.Context, c *Call) error {
	b, err := c.book(ctx)
	if err != nil {
		return err
	}
	all := []fieldJSON{}
	for _, f := range b.Catalogue.Fields() {
		shown := fieldJSON{Name: f.Name, Label: f.Title(c.Text), Type: f.Type, Choices: f.Choices, Period: f.Windowed()}
		for _, o := range f.Operators() {
			shown.Operators = append(shown.Operators, string(o))
		}
		for _, p := range f.Params {
			shown.Narrowed = append(shown.Narrowed, paramJSON{p.Name, c.Text.T(p.Words + ".label"), p.Type, p.Choices})
		}
		all = append(all, shown)
	}
	return c.Print(map[string]any{"fields": all}, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, f := range all {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", f.Name, f.Type, f.Label, strings.Join(append(f.brackets(), f.Choices...), ", "))
		}
	})
}

// brackets are what may stand behind the name.
func (f fieldJSON) brackets() []string {
	var all []string
	for _, p := range f.Narrowed {
		all = append(all, p.Name+" = …")
	}
	if f.Period {
		all = append(all, "last 30 d")
	}
	if len(all) == 0 {
		return nil
	}
	return []string{"(" + strings.Join(all, ", ") + ")"}
}
