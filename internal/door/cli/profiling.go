package cli

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

type importProfiles struct {
	List  profileList  `cmd:"" help:"List the profiles."`
	Watch profileWatch `cmd:"" help:"Let a profile import the new files of a folder while Stamm is served."`
	Drop  profileDrop  `cmd:"" help:"Remove a profile; what it imported stays."`
}

// profileJSON is a profile as --json shows it.
type profileJSON struct {
	Name     string     `json:"name"`
	Kind     sheet.Kind `json:"kind"`
	Source   string     `json:"source"`
	Folder   string     `json:"folder,omitempty"`
	Schedule string     `json:"schedule,omitempty"`
}

func profileShown(p *connect.Profile) profileJSON {
	return profileJSON{p.Name, p.Kind, p.Source, p.Folder, p.Schedule}
}

type profileList struct{}

// Run lists the profiles.
func (profileList) Run(ctx context.Context, c *Call) error {
	var all []*connect.Profile
	err := c.App.Store.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = connect.Profiles(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	shown := make([]profileJSON, len(all))
	for i, p := range all {
		shown[i] = profileShown(p)
	}
	return c.Print(shown, func(w io.Writer) {
		if len(all) == 0 {
			fmt.Fprintln(w, c.Text.T("import.profile.none"))
		}
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		defer t.Flush()
		for _, p := range all {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", p.Name, c.Text.T("import.kind."+string(p.Kind)), p.Source, p.Folder, p.Schedule)
		}
	})
}

type profileWatch struct {
	Name   string `arg:"" help:"Name of the profile."`
	Folder string `help:"Folder whose new files are imported, each content once; without it the profile stops watching." placeholder:"FOLDER"`
	Every  string `help:"How often to look, such as 15m or 2h, or a time: daily 03:00, weekly monday 07:30." default:"15m" placeholder:"TIME"`
}

// Run begins or ends the watch of a folder.
func (cmd *profileWatch) Run(ctx context.Context, c *Call) error {
	folder, every := cmd.Folder, cmd.Every
	if folder != "" {
		folder = c.Path(folder)
	}
	if _, err := time.ParseDuration(every); err == nil {
		every = "every " + every
	}
	var p *connect.Profile
	err := c.App.Store.Write(ctx, actor, func(tx *store.Tx) (err error) {
		if p, err = connect.ProfileNamed(ctx, tx, cmd.Name); err != nil {
			return err
		}
		if err := connect.Watch(ctx, tx, p.ID, folder, every); err != nil {
			if f := fault.As(err); f != nil && f.Field == "spec" {
				return f.On("every")
			}
			return err
		}
		p, err = connect.FindProfile(ctx, tx, p.ID)
		return err
	})
	if err != nil {
		return err
	}
	return c.Print(profileShown(p), func(w io.Writer) {
		key := "import.profile.now"
		if p.Folder == "" {
			key = "import.profile.ends"
		}
		fmt.Fprintln(w, c.Text.T(key, "profile", p.Name, "folder", p.Folder, "every", p.Schedule))
	})
}

type profileDrop struct {
	Name string `arg:"" help:"Name of the profile."`
}

// Run removes a profile.
func (cmd *profileDrop) Run(ctx context.Context, c *Call) error {
	var p *connect.Profile
	err := c.App.Store.Write(ctx, actor, func(tx *store.Tx) (err error) {
		if p, err = connect.ProfileNamed(ctx, tx, cmd.Name); err != nil {
			return err
		}
		return connect.DropProfile(ctx, tx, p.ID)
	})
	if err != nil {
		return err
	}
	return c.Print(profileShown(p), func(w io.Writer) { fmt.Fprintln(w, c.Text.T("import.profile.dropped", "profile", p.Name)) })
}
