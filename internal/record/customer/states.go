package customer

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
)

// loadStates reads customers and the parts asked for, all with one query a part. Ids without a customer are left out.
func loadStates(ctx context.Context, tx *store.Tx, ids []int64, p parts) (map[int64]*state, error) {
	states := make(map[int64]*state, len(ids))
	if len(ids) == 0 {
		return states, nil
	}
	list := store.JSON(ids)
	err := each(ctx, tx, fmt.Sprintf(sqlCustomers, tx.Numbers("$1")), []any{list}, func(found *sql.Rows) error {
		s := &state{loaded: p}
		if err := s.now.scan(found); err != nil {
			return err
		}
		s.was = s.now
		states[s.now.ID] = s
		return nil
	})
	if err != nil {
		return nil, err
	}
	l := loader{ctx, tx, list, states}
	return states, l.parts(p)
}

type loader struct {
	ctx    context.Context
	tx     *store.Tx
	ids    string
	states map[int64]*state
}

func (l loader) parts(p parts) error {
	steps := []struct {
		part parts
		load func() error
	}{
		{withEmails, func() error {
			return emailTable.load(l.ctx, l.tx, l.ids, func(id int64) *rows[Email] { return &l.of(id).emails })
		}},
		{withPhones, func() error {
			return phoneTable.load(l.ctx, l.tx, l.ids, func(id int64) *rows[Phone] { return &l.of(id).phones })
		}},
		{withAddresses, func() error {
			return addressTable.load(l.ctx, l.tx, l.ids, func(id int64) *rows[Address] { return &l.of(id).addresses })
		}},
		{withContacts, func() error {
			return contactTable.load(l.ctx, l.tx, l.ids, func(id int64) *rows[Contact] { return &l.of(id).contacts })
		}},
		{withNotes, func() error {
			return noteTable.load(l.ctx, l.tx, l.ids, func(id int64) *rows[Note] { return &l.of(id).notes })
		}},
		{withTags, l.tags}, {withCustom, l.custom}, {withExternals, l.externals}, {withOrigins, l.origins}, {withWords, l.words},
	}
	for _, step := range steps {
		if p&step.part == 0 {
			continue
		}
		if err := step.load(); err != nil {
			return err
		}
	}
	return nil
}

// of is the state of a customer; rows left behind by nobody go nowhere.
func (l loader) of(id int64) *state {
	if s := l.states[id]; s != nil {
		return s
	}
	return &state{}
}

func (l loader) each(text string, fn func(*sql.Rows) error) error {
	return each(l.ctx, l.tx, fmt.Sprintf(text, l.tx.Numbers("$1")), []any{l.ids}, fn)
}

func (l loader) tags() error {
	return l.each(sqlTags, func(found *sql.Rows) error {
		var id int64
		var tag string
		if err := found.Scan(&id, &tag); err != nil {
			return err
		}
		s := l.of(id)
		s.wasTags = append(s.wasTags, tag)
		s.tags = s.wasTags
		return nil
	})
}

func (l loader) custom() error {
	err := l.each(sqlCustom, func(found *sql.Rows) error {
		var id int64
		var key, value string
		if err := found.Scan(&id, &key, &value); err != nil {
			return err
		}
		s := l.of(id)
		if s.wasCustom == nil {
			s.wasCustom = map[string]string{}
		}
		s.wasCustom[key] = value
		return nil
	})
	for _, s := range l.states {
		s.custom = maps.Clone(s.wasCustom)
	}
	return err
}

func (l loader) externals() error {
	err := l.each(sqlExternals, func(found *sql.Rows) error {
		var id int64
		var e External
		if err := found.Scan(&id, &e.Source, &e.ID, &e.hash); err != nil {
			return err
		}
		s := l.of(id)
		s.wasExternals = append(s.wasExternals, e)
		return nil
	})
	for _, s := range l.states {
		s.exts = slices.Clone(s.wasExternals)
	}
	return err
}

// Origin tells where the value of a field came from.
type Origin struct {
	Source    int64 // 0 for a value that was typed in
	ActorKind string
	Actor     int64
	At        time.Time
	Change    int64 // the entry of the feed, 0 for an import
}

func (l loader) origins() error {
	return l.each(sqlOrigins, func(found *sql.Rows) error {
		var id, at int64
		var field string
		var o Origin
		if err := found.Scan(&id, &field, &o.Source, &o.ActorKind, &o.Actor, &at, &o.Change); err != nil {
			return err
		}
		o.At = clock.Time(at)
		s := l.of(id)
		if s.origins == nil {
			s.origins = map[string]Origin{}
		}
		s.origins[field] = o
		return nil
	})
}

func (l loader) words() error {
	return l.each(sqlWords, func(found *sql.Rows) error {
		var id int64
		var word string
		if err := found.Scan(&id, &word); err != nil {
			return err
		}
		s := l.of(id)
		if s.wasWords == nil {
			s.wasWords = map[string]bool{}
		}
		s.wasWords[word] = true
		return nil
	})
}

var customerInsert = append([]string{"id"}, strings.Split(strings.Join(strings.Fields(customerColumns), ""), ",")...)

// scan reads the id and customerColumns.
func (c *Customer) scan(found interface{ Scan(...any) error }) error {
	var merged, erased sql.NullInt64
	var created, changed int64
	var since int64
	err := found.Scan(&c.ID, &c.Kind, &c.Name, &c.FirstName, &c.LastName, &c.Company, &c.Salutation, &c.Title, &c.AddressForm,
		&c.Language, &c.Country, &c.Region, &c.Birthday, &c.Owner, &c.Excluded, &since, &c.Source, &c.ExternalID, &c.sortName,
		&c.MadeRun, &c.Run, &c.hash, &merged, &erased, &created, &changed, &c.mail)
	c.MergedInto, c.CreatedAt, c.ChangedAt = merged.Int64, clock.Time(created), clock.Time(changed)
	c.Since = knownSince(since)
	if erased.Valid {
		c.ErasedAt = clock.Time(erased.Int64)
	}
	return err
}

// values are the id and customerColumns, as bound.
func (c *Customer) values() []any {
	var merged, erased any
	if c.MergedInto != 0 {
		merged = c.MergedInto
	}
	if !c.ErasedAt.IsZero() {
		erased = clock.Micros(c.ErasedAt)
	}
	return []any{c.ID, c.Kind, c.Name, c.FirstName, c.LastName, c.Company, c.Salutation, c.Title, c.AddressForm, c.Language, c.Country,
		c.Region, dayValue(c.Birthday), c.Owner, c.Excluded, c.sinceValue(), c.Source, c.ExternalID, c.sortName, c.MadeRun, c.Run,
		c.hash, merged, erased, clock.Micros(c.CreatedAt), clock.Micros(c.ChangedAt), c.mail}
}

func dayValue(d *clock.Day) any {
	if d == nil {
		return nil
	}
	return int64(*d)
}

// noSince is the lowest place in the order of since. Who has no day stands from there on in the order of the ids, far
// below firstSince: the store has an index for walking from a customer on only where few share a place.
const (
	noSince    = -1e15
	firstSince = -1_000_000
)

func (c *Customer) sinceValue() int64 {
	if c.Since == nil {
		return noSince + c.ID
	}
	return int64(*c.Since)
}

func knownSince(value int64) *clock.Day {
	if value < firstSince {
		return nil
	}
	day := clock.Day(value)
	return &day
}
