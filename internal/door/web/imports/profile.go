package imports

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"

	"github.com/a-h/templ"
)

const (
	profilesPath = path + "/profiles"
	recentRuns   = 8
)

func profileLink(id int64) string { return fmt.Sprintf("%s/%d/edit", profilesPath, id) }

func profileAction(id int64, what string) string {
	return fmt.Sprintf("%s/%d/%s", profilesPath, id, what)
}

// profileRoutes are the pages of profiles, watched folders and their times. A watched folder is a folder of the machine
// Stamm runs on, so those may see and change it who answer for jobs.
func profileRoutes() []page.Route {
	get := func(pattern string, handle page.Handler) page.Route {
		return page.Route{Method: "GET", Pattern: pattern, Permission: auth.WriteJobs, Handle: handle}
	}
	post := func(pattern string, handle page.Handler) page.Route {
		return page.Route{Method: "POST", Pattern: pattern, Permission: auth.WriteJobs, Handle: handle}
	}
	list := get(profilesPath, listProfiles)
	list.CSV = true
	const one = profilesPath + "/{id}"
	return []page.Route{
		list, get(profilesPath+"/new", newProfile), post(profilesPath+"/new", addProfile),
		get(one+"/edit", showProfile), post(one+"/edit", saveProfile), post(one+"/look", lookNow),
		post(one+"/off", switchOff), post(one+"/on", switchOn), post(one+"/drop", dropProfile),
	}
}

// known is what the pages show of a profile beside itself.
type known struct {
	*connect.Profile
	runs []*connect.Run // the newest first
	next time.Time      // zero without a watch
}

// look reads what belongs to a profile.
func look(ctx context.Context, tx *store.Tx, p *connect.Profile, next map[int64]time.Time, limit int) (k known, err error) {
	k = known{Profile: p, next: next[p.ID]}
	k.runs, err = connect.RunsOf(ctx, tx, p.ID, limit)
	return k, err
}

func listProfiles(r *page.Request) error {
	var all []known
	err := r.Read(func(tx *store.Tx) error {
		list, err := connect.Profiles(r.Context(), tx)
		if err != nil {
			return err
		}
		next, err := connect.NextLooks(r.Context(), tx)
		if err != nil {
			return err
		}
		all = all[:0]
		for _, p := range list {
			k, err := look(r.Context(), tx, p, next, 1)
			if err != nil {
				return err
			}
			all = append(all, k)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if r.WantsCSV() {
		return profilesCSV(r, all)
	}
	return r.Render(r.P.T("imports.profiles.title"), profilesView(r, profilesTable(r, all)))
}

func profileHead(p *i18n.Printer) []string {
	return []string{p.T("common.name"), p.T("imports.what"), p.T("imports.source"), p.T("imports.profiles.folder"), p.T("imports.profiles.schedule"),
		p.T("imports.profiles.last"), p.T("imports.profiles.next")}
}

func profilesCSV(r *page.Request, all []known) error {
	return r.SendCSV("import-profiles", profileHead(r.P), func(yield func([]string, error) bool) {
		for _, k := range all {
			last := ""
			if len(k.runs) > 0 {
				last = r.P.DateTime(k.runs[0].CreatedAt)
			}
			if !yield([]string{k.Name, r.P.T("import.kind." + string(k.Kind)), k.Source, k.Folder, specWords(r.P, k.Schedule), last, nextWords(r.P, k.next)}, nil) {
				return
			}
		}
	})
}

func profilesTable(r *page.Request, all []known) ui.Table {
	p := r.P
	head := profileHead(p)
	t := ui.Table{ID: "profiles", Caption: p.T("imports.profiles.title"),
		Columns: []ui.Column{{Title: head[0], Narrow: ui.NarrowLead}, {Title: head[3], Narrow: ui.NarrowBare}, {Title: head[5], Narrow: ui.NarrowMeta},
			{Title: head[6], Narrow: ui.NarrowMeta}, {Title: p.T("common.status"), Narrow: ui.NarrowValue}},
		Empty: &ui.Empty{Icon: "file-spreadsheet", Title: p.T("imports.profiles.empty"), Text: p.T("imports.profiles.empty_text"),
			Action: &ui.Anchor{Text: p.T("imports.profiles.new"), Href: profilesPath + "/new"}},
	}
	for _, k := range all {
		sub := p.T("import.kind." + string(k.Kind))
		if k.Source != "" {
			sub += " · " + k.Source
		}
		folder, last := ui.Text(p.T("imports.profiles.by_hand")), ui.Text(p.T("imports.profiles.never"))
		if k.Folder != "" {
			folder = ui.Lines(k.Folder, specWords(p, k.Schedule))
		}
		if len(k.runs) > 0 {
			last = ui.Cell{Text: p.DateTime(k.runs[0].CreatedAt), Href: link(k.runs[0].ID)}
		}
		t.Rows = append(t.Rows, ui.Row{Href: profileLink(k.ID), Cells: []ui.Cell{ui.Lines(k.Name, sub), folder, last, ui.Text(nextWords(p, k.next)), ui.Rich(profileChip(r, k))}})
	}
	return t
}

// nextWords says when a folder is looked at next; empty for never.
func nextWords(p *i18n.Printer, next time.Time) string {
	if next.IsZero() {
		return ""
	}
	return p.DateTime(next)
}

// form is what a person says about a profile.
type form struct {
	profile connect.Profile
	wrong   ui.Errors
}

// read takes the form over what the profile is so far; what the form does not ask for stays.
func (f *form) read(r *page.Request) {
	f.profile.Name, f.profile.Source, f.profile.Folder = r.Text("profile"), r.Text("source"), r.Text("folder")
	if f.profile.ID == 0 {
		f.profile.Kind = sheet.Kind(r.Text("kind"))
	}
	f.profile.Owner = r.Int("owner", f.profile.Owner)
	f.profile.Schedule = readSpec(r.Text("every"), r.Text("weekday"), r.Text("at"))
	told := read(r.Form).options
	o := &f.profile.Options
	o.Decimal, o.Dates, o.Encoding, o.Separator, o.Currency = told.Decimal, told.Dates, told.Encoding, told.Separator, told.Currency
}

// check is what is wrong with the form that the domain does not ask about.
func (f *form) check() error {
	if f.profile.Folder == "" {
		return nil
	}
	return connect.CheckFolder(f.profile.Folder)
}

func newProfile(r *page.Request) error {
	return r.Render(r.P.T("imports.profiles.new"), newProfileView(r, form{profile: connect.Profile{Kind: sheet.Orders, Owner: r.User.ID, Schedule: usualSpec}}))
}

func addProfile(r *page.Request) error {
	f := form{profile: connect.Profile{Owner: r.User.ID}}
	f.read(r)
	err := f.check()
	if err == nil && !slices.Contains(sheet.Kinds(), f.profile.Kind) {
		err = fault.New(fault.Invalid, "errors.required").On("kind")
	}
	if err == nil {
		err = r.Write(func(tx *store.Tx) error {
			_, err := connect.ProfileNamed(r.Context(), tx, f.profile.Name)
			if err == nil {
				return fault.New(fault.Conflict, "import.profile_taken", "profile", f.profile.Name).On("profile")
			}
			if fault.CodeOf(err) != fault.NotFound {
				return err
			}
			_, err = connect.SaveProfile(r.Context(), tx, f.profile)
			return err
		})
	}
	if err != nil {
		return r.Refuse(onForm(err), r.P.T("imports.profiles.new"), func(wrong ui.Errors) templ.Component {
			f.wrong = wrong
			return newProfileView(r, f)
		})
	}
	return r.RedirectWith(profilesPath, ui.Flash{Text: r.P.T("imports.profiles.added", "profile", f.profile.Name)})
}

// onForm is an error at the field of the form that asks for it.
func onForm(err error) error {
	if f := fault.As(err); f != nil && f.Field == "spec" {
		return f.On("every")
	}
	return err
}

// loaded is the profile an address names, with what belongs to it.
func loaded(r *page.Request) (k known, names map[int64]string, err error) {
	id, err := r.PathID("id")
	if err != nil {
		return known{}, nil, err
	}
	err = r.Read(func(tx *store.Tx) error {
		p, err := connect.FindProfile(r.Context(), tx, id)
		if err != nil {
			return err
		}
		next, err := connect.NextLooks(r.Context(), tx)
		if err != nil {
			return err
		}
		if k, err = look(r.Context(), tx, p, next, recentRuns); err != nil {
			return err
		}
		names, err = ownerNames(r.Context(), tx, p.Owner)
		return err
	})
	return k, names, err
}

// ownerNames are those who can be told when an import fails: who may import, and who is told now.
func ownerNames(ctx context.Context, tx *store.Tx, now int64) (map[int64]string, error) {
	users, err := auth.List(ctx, tx)
	if err != nil {
		return nil, err
	}
	names := map[int64]string{}
	for _, u := range users {
		if u.ID == now || u.Role.Can(auth.ReadImports) && !u.Disabled {
			names[u.ID] = u.Name
		}
	}
	return names, nil
}

func showProfile(r *page.Request) error {
	k, names, err := loaded(r)
	if err != nil {
		return err
	}
	return r.Render(k.Name, profileView(r, k, form{profile: *k.Profile}, names))
}

func saveProfile(r *page.Request) error {
	k, names, err := loaded(r)
	if err != nil {
		return err
	}
	f := form{profile: *k.Profile}
	f.read(r)
	if err = f.check(); err == nil {
		err = r.Write(func(tx *store.Tx) error {
			if err := connect.EditProfile(r.Context(), tx, f.profile); err != nil {
				return err
			}
			if f.profile.Folder == k.Folder && (f.profile.Schedule == k.Schedule || k.Folder == "") {
				return nil
			}
			return connect.Watch(r.Context(), tx, k.ID, f.profile.Folder, f.profile.Schedule)
		})
	}
	if err != nil {
		return r.Refuse(onForm(err), k.Name, func(wrong ui.Errors) templ.Component {
			f.wrong = wrong
			return profileView(r, k, f, names)
		})
	}
	return r.RedirectWith(profileLink(k.ID), ui.Flash{Text: r.P.T("imports.profiles.saved")})
}

func lookNow(r *page.Request) error {
	k, _, err := loaded(r)
	if err != nil {
		return err
	}
	if k.Folder == "" {
		return fault.New(fault.Conflict, "imports.profiles.no_folder")
	}
	var job int64
	err = r.Write(func(tx *store.Tx) (err error) {
		job, err = connect.LookNow(r.Context(), tx, k.ID)
		return err
	})
	if err != nil {
		return err
	}
	return r.RedirectWith(profileLink(k.ID), ui.Flash{Text: r.P.T("imports.profiles.looking"), Link: &ui.Anchor{Text: r.P.T("imports.profiles.job"), Href: page.JobLink(job)}})
}

func switchOff(r *page.Request) error {
	k, _, err := loaded(r)
	if err != nil {
		return err
	}
	if err := r.Write(func(tx *store.Tx) error { return connect.Watch(r.Context(), tx, k.ID, "", "") }); err != nil {
		return err
	}
	return r.RedirectWith(profileLink(k.ID), ui.Flash{Text: r.P.T("imports.profiles.is_off"), Undo: &ui.Post{Label: r.P.T("common.undo"), Action: profileAction(k.ID, "on"),
		Fields: []ui.Hidden{{Name: "folder", Value: k.Folder}, {Name: "schedule", Value: k.Schedule}}}})
}

func switchOn(r *page.Request) error {
	k, _, err := loaded(r)
	if err != nil {
		return err
	}
	folder, schedule := r.Text("folder"), r.Text("schedule")
	if err := connect.CheckFolder(folder); err != nil {
		return err
	}
	if err := r.Write(func(tx *store.Tx) error { return connect.Watch(r.Context(), tx, k.ID, folder, schedule) }); err != nil {
		return err
	}
	return r.RedirectWith(profileLink(k.ID), ui.Flash{Text: r.P.T("imports.profiles.is_on", "folder", folder)})
}

func dropProfile(r *page.Request) error {
	k, _, err := loaded(r)
	if err != nil {
		return err
	}
	if err := r.Write(func(tx *store.Tx) error { return connect.DropProfile(r.Context(), tx, k.ID) }); err != nil {
		return err
	}
	return r.RedirectWith(profilesPath, ui.Flash{Text: r.P.T("import.profile.dropped", "profile", k.Name)})
}

// profileOf is the profile a job of a watched folder belongs to.
func profileOf(j jobs.Job) string {
	if id := connect.ProfileOf(j); id != 0 {
		return profileLink(id)
	}
	return page.JobLink(j.ID)
}

// again are the choices of the four steps as a profile has them, for the next file by hand.
func (k known) again() string {
	c := choices{kind: k.Kind, source: k.Source, profile: k.Name, options: k.Options}
	return c.href()
}

// columnPairs are the columns a profile says what they are.
func columnPairs(r *page.Request, k known) []ui.Pair {
	var pairs []ui.Pair
	for _, field := range slices.Sorted(maps.Keys(k.Options.Map)) {
		column := k.Options.Map[field]
		if column == "" {
			column = r.P.T("imports.no_column")
		}
		pairs = append(pairs, ui.Pair{Term: fieldName(r, field), Text: column})
	}
	return pairs
}

// usualSpec is how often a folder is looked at unless a person says otherwise.
const usualSpec = "every 15m"

// profileSentence says what a profile does by itself.
func profileSentence(r *page.Request, k known) string {
	if k.Folder == "" {
		return r.P.T("imports.profiles.say_off")
	}
	return r.P.T("imports.profiles.say_on", "folder", k.Folder, "schedule", specWords(r.P, k.Schedule), "next", nextWords(r.P, k.next))
}

// runsTable is what a profile imported lately.
func runsTable(r *page.Request, k known) ui.Table {
	t := listTable(r, k.runs)
	t.ID, t.Paging, t.Title, t.Caption = "runs", nil, r.P.T("imports.profiles.runs"), r.P.T("imports.profiles.runs")
	t.Empty = &ui.Empty{Icon: "clock", Title: r.P.T("imports.profiles.no_runs"), Text: r.P.T("imports.profiles.no_runs_text")}
	return t
}
