package sim_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"stamm/internal/door/sim"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
)

var lastDay = clock.NewDay(2026, 11, 21)

func newCompany(t testing.TB, seed uint64, customers int) *sim.Company {
	t.Helper()
	c, err := sim.New(sim.Config{Seed: seed, Customers: customers, Until: lastDay, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// hashes writes everything about a company and returns the hash of each file.
func hashes(t *testing.T, c *sim.Company) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if _, err := c.WriteFiles(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	var truth bytes.Buffer
	if err := c.WriteTruth(&truth); err != nil {
		t.Fatal(err)
	}
	sum := func(name string, r io.Reader) {
		h := sha256.New()
		if _, err := io.Copy(h, r); err != nil {
			t.Fatal(err)
		}
		out[name] = hex.EncodeToString(h.Sum(nil))
	}
	sum("truth", &truth)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		f, err := os.Open(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		sum(e.Name(), f)
		f.Close()
	}
	return out
}

func TestSameSeedGivesSameBytes(t *testing.T) {
	a, b := hashes(t, newCompany(t, 7, 3000)), hashes(t, newCompany(t, 7, 3000))
	for name, h := range a {
		if b[name] != h {
			t.Errorf("%s differs between two runs with the same seed", name)
		}
	}
	if len(a) != 13 {
		t.Errorf("%d files, want 12 and the truth", len(a))
	}
	for name, h := range hashes(t, newCompany(t, 8, 3000)) {
		if name != "products.csv" && name != "measure_plans.csv" && a[name] == h {
			t.Errorf("%s is the same with another seed", name)
		}
	}
}

func TestNewRefusesWhatCannotBe(t *testing.T) {
	for _, x := range []struct {
		cfg   sim.Config
		field string
	}{
		{sim.Config{Customers: 10}, "until"},
		{sim.Config{Customers: -1, Until: lastDay}, "customers"},
		{sim.Config{Customers: 1 << 30, Until: lastDay}, "customers"},
		{sim.Config{Years: 1000, Until: lastDay}, "years"},
	} {
		_, err := sim.New(x.cfg)
		if f := fault.As(err); fault.CodeOf(err) != fault.Invalid || f.Field != x.field {
			t.Errorf("%+v: %v, want an invalid %s", x.cfg, err, x.field)
		}
	}
}

func TestSmallAndYoungCompaniesWork(t *testing.T) {
	for _, cfg := range []sim.Config{
		{Seed: 1, Customers: 1, Until: lastDay}, {Seed: 2, Customers: 5, Until: lastDay, Years: 1}, {Seed: 3, Customers: 300, Until: clock.NewDay(2024, 2, 29), Years: 8},
		{Seed: 4, Customers: 40, Until: clock.NewDay(2026, 1, 1), Years: 2},
	} {
		c, err := sim.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		orders := 0
		for d, err := range c.Documents(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if d.At.Day < c.Start() || d.At.Day > cfg.Until {
				t.Errorf("%d customers: %s of %s lies outside %s to %s", cfg.Customers, d.Number, d.At.Day, c.Start(), cfg.Until)
			}
			if d.Kind == sim.Order {
				orders++
			}
		}
		if orders < cfg.Customers {
			t.Errorf("%d customers have %d orders, want at least one each", cfg.Customers, orders)
		}
		c.Recent()
	}
}

func TestProductsHaveValidNumbersAndMargins(t *testing.T) {
	products := newCompany(t, 1, 10).Products()
	if n := len(products); n < 180 || n > 220 {
		t.Errorf("%d products, want about 200", n)
	}
	seen := map[string]bool{}
	for _, p := range products {
		if seen[p.SKU] || seen[p.GTIN] {
			t.Errorf("%s %s: number given twice", p.SKU, p.GTIN)
		}
		seen[p.SKU], seen[p.GTIN] = true, true
		sum := 0
		for i, r := range p.GTIN {
			sum += int(r-'0') * (1 + i%2*2)
		}
		if len(p.GTIN) != 13 || sum%10 != 0 || p.GTIN < "2000000000000" || p.GTIN > "2999999999999" {
			t.Errorf("%s: GTIN %s is not one of the range for own use", p.SKU, p.GTIN)
		}
		if p.Cost <= 0 || p.Cost >= p.PriceEUR || p.PriceCHF <= p.PriceEUR {
			t.Errorf("%s: cost %d, price %d EUR, %d CHF", p.Name, p.Cost, p.PriceEUR, p.PriceCHF)
		}
	}
}

func TestCustomersLookLikePeopleWhoCannotBeReached(t *testing.T) {
	c := newCompany(t, 3, 8000)
	ids, mails := map[string]bool{}, map[string]bool{}
	var n, noMail, badMail, english, firms, internal int
	check := func(u *sim.Customer) {
		n++
		if ids[u.ID] {
			t.Errorf("%s given twice", u.ID)
		}
		ids[u.ID] = true
		if u.Language == "en" {
			english++
		}
		for _, p := range []string{u.Phone, u.Mobile} {
			if num, err := phonenumbers.Parse(p, u.Country); p != "" && (err != nil || !phonenumbers.IsValidNumber(num)) {
				t.Errorf("%s: %q in %s is no possible number", u.ID, p, u.City)
			}
		}
		switch at := strings.LastIndexByte(u.Mail, '@'); {
		case u.Mail == "":
			noMail++
		case at < 0, at == len(u.Mail)-1, strings.Contains(u.Mail, "@@"), strings.Contains(u.Mail, ".."):
			badMail++
		case mails[u.Mail]:
			t.Errorf("%s: mail %s given twice", u.ID, u.Mail)
		default:
			mails[u.Mail] = true
			if host := u.Mail[at+1:]; !strings.HasSuffix(host, ".example") && !strings.HasSuffix("."+host, ".example.com") &&
				!strings.HasSuffix("."+host, ".example.org") && !strings.HasSuffix("."+host, ".example.net") {
				t.Errorf("%s: %s is no example domain", u.ID, host)
			}
			for _, r := range u.Mail {
				if r > 126 || r <= ' ' {
					t.Errorf("%s: mail %q", u.ID, u.Mail)
					break
				}
			}
		}
		if u.Internal {
			internal++
		}
		if (u.Company == "") == (u.Last == "") || u.Street == "" || u.Zip == "" || u.City == "" || !strings.HasPrefix(u.Region, u.Country+"-") {
			t.Errorf("incomplete: %+v", u)
		}
		if u.Created.Day < c.Start() || u.Created.Day > lastDay {
			t.Errorf("%s: created on %s", u.ID, u.Created.Day)
		}
	}
	for u := range c.Customers() {
		check(&u)
		if u.Company != "" {
			firms++
		}
	}
	buyers, perFirm := n, map[string]int{}
	for k := range c.Contacts() {
		check(&k.Person)
		perFirm[k.Company]++
		if !ids[k.Company] || k.Until != 0 && k.Until < k.From {
			t.Errorf("contact %s of %s from %s until %s", k.Person.ID, k.Company, k.From, k.Until)
		}
	}
	if buyers != 8000 || len(perFirm) != firms {
		t.Errorf("%d customers, %d firms, %d of them with contacts", buyers, firms, len(perFirm))
	}
	for id, k := range perFirm {
		if k < 1 || k > 4 {
			t.Errorf("%s has %d contacts", id, k)
		}
	}
	for what, is := range map[string][3]float64{
		"without mail": {float64(noMail) / float64(n), 0.04, 0.09}, "with a broken mail": {float64(badMail) / float64(n), 0.004, 0.015},
		"in English": {float64(english) / float64(n), 0.03, 0.15}, "firms": {float64(firms) / 8000, 0.10, 0.15}, "internal": {float64(internal) / float64(n), 0.0003, 0.004},
	} {
		if is[0] < is[1] || is[0] > is[2] {
			t.Errorf("share %s is %.4f, want %v to %v", what, is[0], is[1], is[2])
		}
	}
}

func TestRecentIsAboutCustomersAndBeforeTheEnd(t *testing.T) {
	c := newCompany(t, 5, 4000)
	ids := map[string]bool{}
	for u := range c.Customers() {
		ids[u.ID] = true
	}
	r := c.Recent()
	if len(r.Tasks) < 10 || len(r.Notes) < 30 || len(r.Events) < 300 {
		t.Errorf("%d tasks, %d notes, %d events", len(r.Tasks), len(r.Notes), len(r.Events))
	}
	for _, x := range r.Tasks {
		if !ids[x.Customer] || x.Made.Day > lastDay || x.Subject == "" || x.Owner == "" {
			t.Errorf("task %+v", x)
		}
	}
	for _, x := range r.Notes {
		if !ids[x.Customer] || x.Made.Day > lastDay || x.Text == "" {
			t.Errorf("note %+v", x)
		}
	}
	for i, x := range r.Events {
		if !ids[x.Customer] || x.At.Day > lastDay || x.Name == "" {
			t.Errorf("event %+v", x)
		}
		if i > 0 && x.At.Day < r.Events[i-1].At.Day {
			t.Errorf("event %d is out of order", i)
		}
	}
}
