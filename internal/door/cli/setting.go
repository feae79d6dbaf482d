package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

type settingCommands struct {
	Get settingGetCommand `cmd:"" help:"Print the settings of the company, or one of them."`
	Set settingSetCommand `cmd:"" help:"Change settings of the company."`
}

type settingGetCommand struct {
	Name string `arg:"" optional:"" help:"Name of a setting, such as currency."`
}

// Run prints settings.
func (cmd *settingGetCommand) Run(ctx context.Context, c *Call) error {
	var s company.Settings
	if err := c.App.Store.Read(ctx, func(tx *store.Tx) (err error) { s, err = company.Load(ctx, tx); return err }); err != nil {
		return err
	}
	if cmd.Name == "" {
		return c.showSettings(s)
	}
	value, ok := s.Value(cmd.Name)
	if !ok {
		return fault.As(s.Set(cmd.Name, "")).On("name")
	}
	return c.Print(value, func(w io.Writer) { fmt.Fprintln(w, value) })
}

type settingSetCommand struct {
	Settings map[string]string `arg:"" name:"settings" placeholder:"NAME=VALUE" help:"Settings as NAME=VALUE, such as currency=CHF zone=Europe/Zurich."`
}

// Run changes settings, all or none.
func (cmd *settingSetCommand) Run(ctx context.Context, c *Call) error {
	var s company.Settings
	err := c.App.Store.Write(ctx, actor, func(tx *store.Tx) (err error) {
		if s, err = company.Load(ctx, tx); err != nil {
			return err
		}
		var wrong []error
		for _, name := range slices.Sorted(maps.Keys(cmd.Settings)) {
			wrong = append(wrong, s.Set(strings.ReplaceAll(name, "-", "_"), cmd.Settings[name]))
		}
		if err := errors.Join(wrong...); err != nil {
			return err
		}
		return company.Save(ctx, tx, s)
	})
	if err != nil {
		return c.settingNames(err)
	}
	return c.showSettings(s)
}

// settingNames makes the names of settings arguments of the command, so that the message tells which one is wrong.
func (c *Call) settingNames(err error) error {
	for _, name := range company.Names() {
		c.arguments[argumentName(name)] = name
	}
	return err
}

func (c *Call) showSettings(s company.Settings) error {
	values := map[string]any{}
	for _, name := range company.Names() {
		values[name], _ = s.Value(name)
	}
	values["active_days"], values["horizon"], values["value_years"] = s.ActiveDays, s.Horizon, s.ValueYears
	values["discount"], values["margin"], values["merge_days"], values["setup"] = s.Discount, s.Margin, s.MergeDays, s.Setup
	return c.Print(values, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, name := range company.Names() {
			fmt.Fprintf(t, "%s\t%v\t%s\n", name, values[name], c.Text.T("company.settings."+name))
		}
	})
}
