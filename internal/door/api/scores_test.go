package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

// foresee writes a scoring by hand: each of these customers may buy again with 40 %.
func foresee(t *testing.T, db *store.DB, asOf clock.Day, customers ...int64) {
	t.Helper()
	card, err := json.Marshal(predict.Card{AsOf: asOf, Chosen: "pnbd", Horizon: 91, Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(context.Background(), store.System(), func(tx *store.Tx) error {
		ctx := context.Background()
		if _, err := tx.Exec(ctx, `INSERT INTO model (id, as_of, version, chosen, horizon, data_hash, whole, card, made_at) VALUES (7, $1, 1, 'pnbd', 91, 'x', 1, $2, 0)`,
			int64(asOf), string(card)); err != nil {
			return err
		}
		reasons := fmt.Sprintf(`[{"code":"rhythm","days":24,"since":"%s"}]`, asOf.AddDays(-71))
		for _, id := range customers {
			if _, err := tx.Exec(ctx, `INSERT INTO score (customer, model, band, active, active_lo, active_hi, alive, expected, value, worth, clv, clv_lo, clv_hi, at_risk, risk_since, next_day, reasons,
				alive_lo, alive_hi, expected_lo, expected_hi, value_lo, value_hi, at_risk_lo, at_risk_hi) VALUES ($1, 7, 'at_risk', 4000, 3500, 4600, NULL, 8000, 4000, 5000, 60000, 45000, 80000, 1234, $2, NULL, $3,
				NULL, NULL, 7000, 9000, 3000, 5500, 900, 1600)`, id, int64(asOf.AddDays(-9)), reasons); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheScoreOfACustomerComesWithIntervalsAndReasons(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClient(t, db)
		c.lang = "en"
		var ids []int64
		for i := range 3 {
			ids = append(ids, int64(c.put(fmt.Sprintf("/customers/shop/C%d", i), `{"name":"N"}`)["id"].(float64)))
		}
		if got := c.get("/scores"); len(got["items"].([]any)) != 0 {
			t.Errorf("before any scoring: %v", got)
		}
		asOf, err := clock.ParseDay("2026-03-01")
		if err != nil {
			t.Fatal(err)
		}
		foresee(t, db, asOf, ids[0], ids[2])
		got := c.get(fmt.Sprintf("/scores/%d", ids[2]))
		want := map[string]any{"id": float64(ids[2]), "as_of": "2026-03-01", "horizon_days": 91.0, "model": "pnbd", "currency": "EUR", "band": "at_risk",
			"p_active": 0.4, "p_active_lo": 0.35, "p_active_hi": 0.46, "expected_purchases": 0.8, "expected_purchases_lo": 0.7, "expected_purchases_hi": 0.9,
			"expected_value": "40.00", "expected_value_lo": "30.00", "expected_value_hi": "55.00", "clv": "600.00", "clv_lo": "450.00", "clv_hi": "800.00",
			"value_at_risk": "12.34", "value_at_risk_lo": "9.00", "value_at_risk_hi": "16.00", "at_risk_since": "2026-02-20",
			"reasons": []any{map[string]any{"code": "rhythm", "days": 24.0, "since": "2025-12-20", "silent_days": 71.0, "text": "buys every 24 days on average, silent for 71"}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("score (-want +got):\n%s", diff)
		}
		first := c.get("/scores?limit=1")
		rest := c.get(fmt.Sprintf("/scores?limit=1&after=%v", first["next"]))
		if first["items"].([]any)[0].(map[string]any)["id"] != float64(ids[0]) || rest["items"].([]any)[0].(map[string]any)["id"] != float64(ids[2]) {
			t.Errorf("page by page: %v, %v", first, rest)
		}
		for _, path := range []string{fmt.Sprintf("/scores/%d", ids[1]), "/scores/999999"} {
			if a := c.do("GET", path, ""); a.status != 404 || a.body["code"] != "notfound" {
				t.Errorf("%s: %d %s", path, a.status, a.text)
			}
		}
	})
}
