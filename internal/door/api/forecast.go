package api

import (
	"context"
	"net/http"
	"strings"

	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/company"
)

// ForecastSettings are the settings of the company by which customers are scored. What is left out when they are sent stays as it is.
type ForecastSettings struct {
	Horizon    *int      `json:"horizon,omitempty" minimum:"7" maximum:"730"`
	ValueYears *int      `json:"value_years,omitempty" minimum:"1" maximum:"10"`
	Discount   *int      `json:"discount,omitempty" minimum:"0" maximum:"100"`
	Margin     *int      `json:"margin,omitempty" minimum:"1" maximum:"100"`
	MergeDays  *int      `json:"merge_days,omitempty" minimum:"0" maximum:"30"`
	Covariates *[]string `json:"covariates,omitempty" maxItems:"10" nullable:"false"`
}

func (s *server) addForecast() {
	const path = "/forecast_settings"
	add(s, route{id: "get_forecast_settings", method: http.MethodGet, path: path, tag: "scores", scope: auth.ReadReports}, s.getForecast)
	add(s, route{id: "patch_forecast_settings", method: http.MethodPatch, path: path, tag: "scores", scope: auth.WriteSettings, body: bodyOf[ForecastSettings]()}, s.patchForecast)
}

func (s *server) getForecast(ctx context.Context, _ *call, _ *struct{}) (shown ForecastSettings, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		settings, err := company.Load(ctx, tx)
		shown = forecastOf(settings)
		return err
	})
	return shown, err
}

func (s *server) patchForecast(ctx context.Context, c *call, _ *struct{}) (shown ForecastSettings, err error) {
	body, err := decode[ForecastSettings](c)
	if err != nil {
		return shown, err
	}
	err = c.write(ctx, 1, func(tx *store.Tx) error {
		settings, err := company.Load(ctx, tx)
		if err != nil {
			return err
		}
		body.into(&settings)
		shown = forecastOf(settings)
		return company.Save(ctx, tx, settings)
	})
	return shown, err
}

func forecastOf(s company.Settings) ForecastSettings {
	covariates := append([]string{}, s.CovariateList()...)
	return ForecastSettings{&s.Horizon, &s.ValueYears, &s.Discount, &s.Margin, &s.MergeDays, &covariates}
}

// into takes over what was sent.
func (f *ForecastSettings) into(s *company.Settings) {
	for _, n := range []struct {
		sent *int
		at   *int
	}{{f.Horizon, &s.Horizon}, {f.ValueYears, &s.ValueYears}, {f.Discount, &s.Discount}, {f.Margin, &s.Margin}, {f.MergeDays, &s.MergeDays}} {
		if n.sent != nil {
			*n.at = *n.sent
		}
	}
	if f.Covariates != nil {
		s.Covariates = strings.Join(*f.Covariates, ", ")
	}
}
