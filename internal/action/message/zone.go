package message

import (
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/record/company"
)

// Zone is the zone of a reader in a country: that of the company where she lives in the same, or where none is known.
func Zone(country string, s company.Settings) *time.Location {
	if country != "" && country != s.Country {
		if zone, err := clock.LoadZone(zoneOf(country)); err == nil {
			return zone
		}
	}
	return s.Zone()
}
