package predict_test

import (
	"testing"

	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
)

func TestWhoSpentMuchMoreIsToldInTimesNotInHundredsOfPerCent(t *testing.T) {
	for _, tt := range []struct {
		code    string
		percent int32
		lang    string
		want    string
	}{
		{predict.ReasonRising, 60, "en", "spent 60% more than in the year before"},
		{predict.ReasonRising, 174, "en", "spent 2.7 times as much as in the year before"},
		{predict.ReasonRising, 174, "de", "gibt 2,7-mal so viel aus wie im Jahr davor"},
		{predict.ReasonFalling, 100, "en", "spent 100% less than in the year before"},
	} {
		if got := (predict.Reason{Code: tt.code, Percent: tt.percent}).Words(i18n.For(tt.lang, nil), clock.NewDay(2026, 11, 23)); got != tt.want {
			t.Errorf("%s by %d%%: %s, want %s", tt.code, tt.percent, got, tt.want)
		}
	}
}
