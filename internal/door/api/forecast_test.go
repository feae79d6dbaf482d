package api_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

func TestTheSettingsOfScoresAreReadAndChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClient(t, db)
		want := map[string]any{"horizon": 91.0, "value_years": 3.0, "discount": 10.0, "margin": 100.0, "merge_days": 0.0, "covariates": []any{"country", "type", "source"}}
		if diff := cmp.Diff(want, c.get("/forecast_settings")); diff != "" {
			t.Errorf("before: %s", diff)
		}
		a := c.do("PATCH", "/forecast_settings", `{"horizon":182,"margin":45,"covariates":["region"]}`)
		want["horizon"], want["margin"], want["covariates"] = 182.0, 45.0, []any{"region"}
		if diff := cmp.Diff(want, a.body); a.status != 200 || diff != "" {
			t.Errorf("%d: %s", a.status, diff)
		}
		for _, body := range []string{`{"horizon":6}`, `{"margin":50,"horizon":731}`, `{"discount":101}`, `{"value_years":0}`, `{"margin":0}`, `{"covariates":["shoe size"]}`,
			`{"horizon":"30"}`, `{"horizon":30.5}`, `{"currency":"CHF"}`, `{}x`, `[]`} {
			if a := c.do("PATCH", "/forecast_settings", body); a.status != 422 && a.status != 400 || a.body["code"] != "invalid" {
				t.Errorf("%s: %d %s", body, a.status, a.text)
			}
		}
		if diff := cmp.Diff(want, c.get("/forecast_settings")); diff != "" {
			t.Errorf("what was refused: %s", diff)
		}
		if list := changes(t, c); list[len(list)-1] != "company.changed 0 0 0" {
			t.Errorf("the feed: %v", list)
		}
	})
}
