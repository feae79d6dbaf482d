package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

type segmentFields struct{}

// Run lists the fields, those that the company defined among them.
func (cmd *segmentFields) Run(ctx context.Context, c *Call) error {
	b, err := c.book(ctx)
	if err != nil {
		return err
	}
	all := b.Fields(c.Text)
	return c.Print(map[string]any{"fields": all}, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, f := range all {
			values := f.Choices
			if brackets := f.Brackets(); brackets != "" {
				values = append([]string{brackets}, values...)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", f.Name, f.Type, f.Label, strings.Join(values, ", "))
		}
	})
}
