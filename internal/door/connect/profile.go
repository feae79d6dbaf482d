package connect

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"maps"
	"time"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
)

// Profile is a way of reading files, kept under a name; it may watch a folder or run by the clock.
type Profile struct {
	ID       int64
	Name     string
	Kind     sheet.Kind
	Source   string
	Options  sheet.Options
	Folder   string // whose new files are imported; empty for none
	Schedule string // when the folder is looked at, as jobs.ParseSpec reads it; empty with Folder
	Owner    int64  // user who is told when it fails

	CreatedAt, ChangedAt time.Time
}

const (
	profileFields   = `id, name, kind, source, plan, folder, schedule, owner, created_at, changed_at`
	sqlProfiles     = `SELECT ` + profileFields + ` FROM import_profile ORDER BY name`
	sqlProfile      = `SELECT ` + profileFields + ` FROM import_profile WHERE id = $1`
	sqlProfileNamed = `SELECT ` + profileFields + ` FROM import_profile WHERE name = $1`
	sqlSaveProfile  = `INSERT INTO import_profile (name, kind, source, plan, folder, schedule, owner, created_at, changed_at)
		VALUES ($1, $2, $3, $4, '', '', $5, $6, $6) ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, source = excluded.source,
		plan = excluded.plan, owner = excluded.owner, changed_at = excluded.changed_at
		RETURNING id`
	sqlEditProfile = `UPDATE import_profile SET name = $2, source = $3, plan = $4, owner = $5, changed_at = $6 WHERE id = $1`
	sqlDropProfile = `DELETE FROM import_profile WHERE id = $1`
)

// SaveProfile adds a profile or replaces the one of the same name. A folder given with it is watched; without one that of
// the profile so far stays.
func SaveProfile(ctx context.Context, tx *store.Tx, p Profile) (int64, error) {
	if err := p.named(); err != nil {
		return 0, err
	}
	id, err := tx.InsertID(ctx, sqlSaveProfile, p.Name, string(p.Kind), p.Source, store.JSON(p.Options), p.Owner, clock.Micros(tx.Now))
	if err != nil {
		return 0, err
	}
	if p.Folder != "" {
		if err := Watch(ctx, tx, id, p.Folder, p.Schedule); err != nil {
			return 0, err
		}
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "import.profile_saved", Subject: id})
	return id, err
}

func (p Profile) named() error {
	switch {
	case p.Name == "":
		return fault.New(fault.Invalid, "errors.required").On("profile")
	case len(p.Name) > 100:
		return fault.New(fault.Invalid, "errors.too_long", "max", 100).On("profile")
	}
	return nil
}

// EditProfile changes name, source, options and owner of a profile; what it imports stays the same, and so does its watch.
// A name that another profile has is a conflict on "profile".
func EditProfile(ctx context.Context, tx *store.Tx, p Profile) error {
	if err := p.named(); err != nil {
		return err
	}
	same, err := profiles(ctx, tx, sqlProfileNamed, p.Name)
	if err != nil {
		return err
	}
	if len(same) > 0 && same[0].ID != p.ID {
		return fault.New(fault.Conflict, "import.profile_taken", "profile", p.Name).On("profile")
	}
	n, err := tx.Exec(ctx, sqlEditProfile, p.ID, p.Name, p.Source, store.JSON(p.Options), p.Owner, clock.Micros(tx.Now))
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.NotFound, "import.no_profile")
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "import.profile_saved", Subject: p.ID})
	return err
}

// DropProfile removes a profile and ends its watch; what it imported stays.
func DropProfile(ctx context.Context, tx *store.Tx, id int64) error {
	if _, err := tx.Exec(ctx, sqlDropProfile, id); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlForgetSeen, id); err != nil {
		return err
	}
	if err := jobs.DropSchedule(ctx, tx, watchName(id)); err != nil {
		return err
	}
	_, err := feed.Append(ctx, tx, feed.New{Kind: "import.profile_dropped", Subject: id})
	return err
}

// Profiles lists all profiles by name.
func Profiles(ctx context.Context, tx *store.Tx) ([]*Profile, error) {
	return profiles(ctx, tx, sqlProfiles)
}

// ProfileNamed reads the profile of that name.
func ProfileNamed(ctx context.Context, tx *store.Tx, name string) (*Profile, error) {
	all, err := profiles(ctx, tx, sqlProfileNamed, name)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "import.no_profile_named", "profile", name).On("profile")
	}
	return all[0], nil
}

// FindProfile reads one profile.
func FindProfile(ctx context.Context, tx *store.Tx, id int64) (*Profile, error) {
	all, err := profiles(ctx, tx, sqlProfile, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "import.no_profile")
	}
	return all[0], nil
}

func profiles(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Profile, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	return scanProfiles(rows)
}

func scanProfiles(rows *sql.Rows) ([]*Profile, error) {
	defer rows.Close()
	var all []*Profile
	for rows.Next() {
		var p Profile
		var options string
		var created, changed int64
		if err := rows.Scan(&p.ID, &p.Name, &p.Kind, &p.Source, &options, &p.Folder, &p.Schedule, &p.Owner, &created, &changed); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(options), &p.Options); err != nil {
			return nil, err
		}
		p.CreatedAt, p.ChangedAt = clock.Time(created), clock.Time(changed)
		all = append(all, &p)
	}
	return all, rows.Err()
}

// WithProfile fills in what the profile of that name says and the request leaves open, and saves the result under the
// name if it is new.
func (im *Importer) WithProfile(ctx context.Context, actor store.Actor, q Request, name string) (Request, error) {
	err := im.db.Write(ctx, actor, func(tx *store.Tx) error {
		found, err := profiles(ctx, tx, sqlProfileNamed, name)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			q.Profile, err = SaveProfile(ctx, tx, Profile{Name: name, Kind: q.Kind, Source: q.Source, Options: q.Options})
			return err
		}
		p := found[0]
		if p.Kind != q.Kind {
			return fault.New(fault.Invalid, "import.profile_kind", "profile", name, "kind", string(p.Kind)).On("profile")
		}
		q.Profile, q.Options = p.ID, over(p.Options, q.Options)
		if q.Source == "" || q.Source == "default" {
			q.Source = p.Source
		}
		return nil
	})
	return q, err
}

// over lays what was told over what was kept.
func over(kept, told sheet.Options) sheet.Options {
	set := func(to *string, from string) {
		if from != "" {
			*to = from
		}
	}
	fields := maps.Clone(kept.Map)
	if fields == nil {
		fields = map[string]string{}
	}
	maps.Copy(fields, told.Map)
	kept.Map = fields
	if told.Decimal != "" {
		kept.Decimal = told.Decimal
	}
	if told.Dates != "" {
		kept.Dates = told.Dates
	}
	if told.Encoding != "" {
		kept.Encoding = told.Encoding
	}
	if told.Heading != 0 {
		kept.Heading = told.Heading
	}
	set(&kept.Separator, told.Separator)
	set(&kept.Sheet, told.Sheet)
	set(&kept.Currency, told.Currency)
	set(&kept.Zone, told.Zone)
	return kept
}

// WriteErrors writes the rows of a run that were not taken or remarked on as a table that spreadsheets open.
func WriteErrors(ctx context.Context, db *store.DB, run int64, p *i18n.Printer, w io.Writer) error {
	out := sheet.NewWriter(w)
	out.Write(p.T("import.error.file"), p.T("import.error.line"), p.T("import.error.field"), p.T("import.error.value"), p.T("import.error.reason"), p.T("import.error.remedy"))
	for after := int64(0); ; {
		var page []RowError
		err := db.Read(ctx, func(tx *store.Tx) (err error) {
			page, err = Errors(ctx, tx, run, after, 1000)
			return err
		})
		if err != nil {
			return err
		}
		for _, e := range page {
			out.Write(e.File, number(e.Line), e.Field, e.Value, e.Reason(p), e.Remedy(p))
			after = e.N
		}
		if len(page) < 1000 {
			return out.Flush()
		}
	}
}

// Reason says what is wrong with the row.
func (e RowError) Reason(p *i18n.Printer) string {
	if p.Has(e.Key + ".reason") {
		return p.T(e.Key+".reason", e.Args...)
	}
	return p.T(e.Key, e.Args...)
}

// Remedy says what to do about it; empty where the reason says it already.
func (e RowError) Remedy(p *i18n.Printer) string {
	if p.Has(e.Key + ".remedy") {
		return p.T(e.Key+".remedy", e.Args...)
	}
	return ""
}
