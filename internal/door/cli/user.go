package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
)

type userCommands struct {
	Add      userAddCommand      `cmd:"" help:"Add a user; the password is asked for, or read from standard input."`
	List     userListCommand     `cmd:"" help:"List the users."`
	Password userPasswordCommand `cmd:"" help:"Give a user a new password, asked for or read from standard input."`
}

type userAddCommand struct {
	Mail string    `arg:"" help:"Mail address, with which the user signs in."`
	Name string    `help:"Name; by default the mail address." placeholder:"NAME"`
	Role auth.Role `help:"Role: admin, manager, marketer, agent or viewer." default:"viewer" placeholder:"ROLE"`
}

// Run adds a user.
func (cmd *userAddCommand) Run(ctx context.Context, c *Call) error {
	if cmd.Name == "" {
		cmd.Name = cmd.Mail
	}
	// Everything but the password is tried first: nobody should type one for nothing.
	err := c.App.Store.DryRun(ctx, actor, func(tx *store.Tx) error {
		_, err := auth.Add(ctx, tx, cmd.Mail, cmd.Name, cmd.Role, "")
		return err
	})
	if err != nil {
		return err
	}
	hash, err := c.newPassword(ctx)
	if err != nil {
		return err
	}
	var id int64
	err = c.App.Store.Write(ctx, actor, func(tx *store.Tx) (err error) {
		id, err = auth.Add(ctx, tx, cmd.Mail, cmd.Name, cmd.Role, hash)
		return err
	})
	if err != nil {
		return err
	}
	return c.Print(map[string]any{"id": id, "mail": cmd.Mail, "role": cmd.Role}, func(w io.Writer) {
		fmt.Fprintln(w, c.Text.T("cli.users.added", "mail", cmd.Mail, "role", string(cmd.Role)))
	})
}

type userPasswordCommand struct {
	Mail string `arg:"" help:"Mail address of the user."`
}

// Run changes a password.
func (cmd *userPasswordCommand) Run(ctx context.Context, c *Call) error {
	var u *auth.User
	if err := c.App.Store.Read(ctx, func(tx *store.Tx) (err error) { u, err = auth.ByMail(ctx, tx, cmd.Mail); return err }); err != nil {
		return err
	}
	hash, err := c.newPassword(ctx)
	if err != nil {
		return err
	}
	if err := c.App.Store.Write(ctx, actor, func(tx *store.Tx) error { return auth.SetPassword(ctx, tx, u.ID, hash) }); err != nil {
		return err
	}
	return c.Print(map[string]any{"id": u.ID, "mail": u.Mail}, func(w io.Writer) { fmt.Fprintln(w, c.Text.T("cli.users.password_changed", "mail", u.Mail)) })
}

// newPassword asks for a password and returns its hash.
func (c *Call) newPassword(ctx context.Context) (string, error) {
	password, err := c.Secret(c.Text.T("cli.users.password"))
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, io.EOF):
		return "", fault.New(fault.Invalid, "cli.users.no_password").On("password")
	case err != nil:
		return "", err
	}
	if err := auth.CheckPassword(password); err != nil {
		return "", err
	}
	return c.App.Hasher.Hash(ctx, password)
}

type userListCommand struct{}

// userJSON is a user as --json shows it.
type userJSON struct {
	ID        int64      `json:"id"`
	Mail      string     `json:"mail"`
	Name      string     `json:"name"`
	Role      auth.Role  `json:"role"`
	Disabled  bool       `json:"disabled"`
	LastLogin *time.Time `json:"last_login,omitempty"`
}

// Run lists users.
func (*userListCommand) Run(ctx context.Context, c *Call) error {
	var all []*auth.User
	if err := c.App.Store.Read(ctx, func(tx *store.Tx) (err error) { all, err = auth.List(ctx, tx); return err }); err != nil {
		return err
	}
	shown := make([]userJSON, len(all))
	for i, u := range all {
		shown[i] = userJSON{ID: u.ID, Mail: u.Mail, Name: u.Name, Role: u.Role, Disabled: u.Disabled}
		if !u.LastLogin.IsZero() {
			shown[i].LastLogin = &u.LastLogin
		}
	}
	return c.Print(shown, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, u := range all {
			note := ""
			if u.Disabled {
				note = c.Text.T("cli.users.disabled")
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", u.Mail, u.Name, u.Role, note)
		}
	})
}
