// Package company holds what Stamm knows about the company that uses it: name, currency, zone, language and the few
// definitions every figure depends on.
//
// The settings are one struct that is loaded and saved whole. Each field has a default that works, so a fresh
// installation needs no questions answered before the first import.
package company

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Changed is the kind of the change that Save appends to the feed. Its body names the fields.
const Changed = "company.changed"

// Settings of the company. Make one with Defaults or Load.
type Settings struct {
	Name       string // as it is shown; may be empty
	Currency   string // base currency, code of ISO 4217; every figure over several documents is in it
	TimeZone   string // IANA name; it decides which local day an instant belongs to
	Language   string // of pages and texts for whoever has not chosen: de or en
	Country    string // ISO 3166 in capitals; default of phone numbers and addresses
	Region     string // country or state whose public holidays count, such as DE-HH; empty for those of the whole country
	Sector     string // one of Sectors, for comparisons; empty if not told
	ActiveDays int    // days since the last purchase within which a customer counts as active
	Horizon    int    // days ahead for which the chance of another purchase is foreseen
	ValueYears int    // years over which the value of a customer is foreseen
	Discount   int    // percent a year by which later money counts less
	Margin     int    // percent of sales that is left after the costs that grow with them; 100 is to look at sales
	MergeDays  int    // days after a purchase within which further ones are a part of it where purchases are foreseen; 0 is its own day
	Covariates string // what purchases are foreseen by apart from purchases, of Covariates, with commas between; empty for none
	Imprint    string // address of the page that says who the company is (§ 5 DDG), empty for none
	Privacy    string // address of the page on data protection (Art. 13 GDPR), empty for none
	Setup      bool   // the first-run walk is done
}

// Defaults are the settings of a company that has not said anything yet.
func Defaults() Settings {
	return Settings{Currency: "EUR", TimeZone: "Europe/Berlin", Language: "de", Country: "DE", ActiveDays: 90,
		Horizon: 91, ValueYears: 3, Discount: 10, Margin: 100, Covariates: "country, type, source"}
}

// Covariates are what is known of customers apart from their purchases and may be used to foresee these.
func Covariates() []string { return []string{"country", "region", "type", "source", "language"} }

// CovariateList are the covariates of the settings.
func (s Settings) CovariateList() []string {
	return strings.FieldsFunc(s.Covariates, func(c rune) bool { return c == ',' || c == ' ' })
}

// Zone is the company's time zone, UTC where the settings name none that exists.
func (s Settings) Zone() *time.Location {
	loc, err := loadZone(s.TimeZone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// loadZone refuses what time.LoadLocation takes without it being the name of a zone: nothing, and the zone of the machine.
func loadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q names no zone", name)
	}
	return time.LoadLocation(name)
}

// Load reads the settings; what was never saved has its default.
func Load(ctx context.Context, tx *store.Tx) (Settings, error) {
	s := Defaults()
	rows, err := tx.Query(ctx, sqlLoad)
	if err != nil {
		return s, err
	}
	defer rows.Close()
	for rows.Next() {
		var key, value string
		if err := rows.Scan(&key, &value); err != nil {
			return s, err
		}
		for _, f := range fields {
			if prefix+f.name != key {
				continue
			}
			if err := f.set(&s, value); err != nil {
				return s, fmt.Errorf("setting %s: %w", key, err)
			}
		}
	}
	return s, rows.Err()
}

// Save checks the settings and writes what differs from the stored ones, with one change in the feed that keeps the old
// values. Nothing changed, nothing written. Every mistake is an invalid fault on its field, all of them joined.
func Save(ctx context.Context, tx *store.Tx, s Settings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	before, err := Load(ctx, tx)
	if err != nil {
		return err
	}
	old := map[string]string{}
	var changed []string
	for _, f := range fields {
		was, is := f.value(before), f.value(s)
		if was == is {
			continue
		}
		if _, err := tx.Exec(ctx, sqlSave, prefix+f.name, is, clock.Micros(tx.Now)); err != nil {
			return fmt.Errorf("setting %s: %w", f.name, err)
		}
		old[f.name] = was
		changed = append(changed, f.name)
	}
	if len(changed) == 0 {
		return nil
	}
	_, err = feed.Append(ctx, tx, feed.New{
		Kind: Changed,
		Body: map[string]any{"fields": changed},
		Rows: feed.Rows{"setting": {{0, 0}}}, // settings have no ids; the warehouse reads them all again
		Old:  old,
	})
	return err
}

// Validate returns nil or the invalid faults of all fields, joined; each is on the field's name.
func (s Settings) Validate() error {
	var all []error
	for _, f := range fields {
		if f.check == nil {
			continue
		}
		if err := f.check(s); err != nil {
			all = append(all, err.On(f.name))
		}
	}
	return errors.Join(all...)
}
