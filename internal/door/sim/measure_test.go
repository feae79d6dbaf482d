package sim_test

import "testing"

func TestLook(t *testing.T) {
	for _, m := range newCompany(t, 1, 20000).Measures() {
		t.Logf("%s %s: treated %d alone %d redeemed %d cost %.0f orders %.4f (%.4f) net %.2f margin %.2f profit %.0f", m.Name, m.Day, m.Treated, m.Alone, m.Redeemed, float64(m.Media+m.Coupons+m.Work)/100, m.Orders, m.Expected, m.Net, m.Margin, m.Margin*float64(m.Treated)-float64(m.Media+m.Coupons+m.Work)/100)
	}
}
