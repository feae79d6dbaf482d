package programme_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stamm/internal/action/program"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/door/web/browsertest"
	"stamm/internal/door/web/figure/shoptest"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/programme"
	"stamm/internal/door/web/ui"
	"stamm/internal/door/web/webtest"
	"stamm/internal/insight/predict"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

func thisDay() clock.Day { return clock.DayOf(time.Now(), time.UTC) }

func fields(context.Context, *store.Tx) (*filter.Catalogue, error) {
	return filter.NewCatalogue("EUR", customer.Projection().Fields)
}

var _ segment.Fields = fields

func site(t *testing.T, shop *shoptest.Shop, more ...func(*shoptest.Shop) page.Area) *webtest.Site {
	t.Helper()
	var areas []page.Area
	for _, area := range more {
		areas = append(areas, area(shop))
	}
	return webtest.New(t, shop.DB, append(areas, programme.Area(programme.Deps{Warehouse: shop.Warehouse, Fields: fields, Patience: warehouse.Forever}))...)
}

// measured is a shop of twelve hundred customers with a measure that worked and one that is a draft. Its second variant brings more.
func measured(t *testing.T, more ...func(*shoptest.Shop) page.Area) (*webtest.Site, *shoptest.Shop, int64) {
	t.Helper()
	shop := shoptest.New(t)
	today := thisDay()
	start := today.AddDays(-60)
	shop.Of(today.AddDays(-70), 1200)
	shop.Score(today.AddDays(-65))
	dice := rand.New(rand.NewPCG(5, 5))
	var id int64
	var drawn []program.Assigned
	s := site(t, shop, more...)
	var everybody []int64
	s.Read(func(ctx context.Context, tx *store.Tx) (err error) {
		everybody, err = tx.QueryIDs(ctx, "SELECT id FROM customer ORDER BY id")
		return err
	})
	s.Write(func(ctx context.Context, tx *store.Tx) (err error) {
		tx.Now = start.At(12*60, time.UTC)
		if err = program.SetShare(ctx, tx, 50); err != nil {
			return err
		}
		id, err = program.Create(ctx, tx, program.Measure{Name: "Rückholer " + shoptest.Hostile, Goal: "Wer nachlässt, kauft wieder.", Start: start, Control: 300, Budget: 500_00,
			Arms: []program.Arm{{Name: "Brief", Share: 500}, {Name: "Gutschein", Share: 500}}, Outcome: program.Net})
		if err != nil {
			return err
		}
		if err = program.Start(ctx, tx, id); err != nil {
			return err
		}
		if drawn, err = program.Assign(ctx, tx, id, everybody); err != nil {
			return err
		}
		if err = program.Book(ctx, tx, program.Cost{Key: "print", Measure: id, Kind: program.Media, Amount: 300_00, Day: start, Note: "Druck"}); err != nil {
			return err
		}
		return program.Finish(ctx, tx, id)
	})
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		_, err := program.Create(ctx, tx, program.Measure{Name: "Im Entwurf", Start: today.AddDays(5), Control: 100})
		return err
	})
	var b strings.Builder
	b.WriteString("Bestellnummer;Datum;Kundennummer;Artikel;Menge;Einzelpreis\n")
	numbers, err := predict.Numbers(t.Context(), shop.Warehouse)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range drawn {
		chance := map[string]float64{program.Control: .1, program.Global: .1, "Brief": .25, "Gutschein": .5}[a.Arm]
		if dice.Float64() < chance {
			fmt.Fprintf(&b, "M%05d;%s;%s;Espresso;1;%d,90\n", i, start.AddDays(1+dice.IntN(25)), numbers[a.Customer], 20+dice.IntN(30))
		}
	}
	path := filepath.Join(t.TempDir(), "more.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	shop.Import(sheet.Orders, path)
	shop.CatchUp()
	return s, shop, id
}

func TestEveryPageOfTheProgrammeKeepsToTheRules(t *testing.T) {
	s, _, id := measured(t)
	s.Walk(t, map[string]string{
		"/login/{token}": "", "/invitation/{token}": "", "/password/{token}": "", "/programme/{id}": programme.Address(id), "/programme/{id}/customers": programme.Address(id) + "/customers",
	})
}

// sentences is a page that says of a measure what the pages about its campaign say.
func sentences(shop *shoptest.Shop) page.Area {
	d := programme.Deps{Warehouse: shop.Warehouse, Fields: fields, Patience: warehouse.Forever}
	return page.Area{Routes: []page.Route{{Method: "GET", Pattern: "/sentence/{id}", Permission: auth.ReadReports, Handle: func(r *page.Request) error {
		id, err := r.PathID("id")
		if err != nil {
			return err
		}
		text, err := d.Sentence(r, id)
		if err != nil {
			return err
		}
		effects, _, err := d.Effects(r)
		if err != nil {
			return err
		}
		return r.Render(text, ui.Words(text+" "+effects[id].Text+" ("+effects[id].Sub+") "+effects[id].Href))
	}}}}
}

func TestTheProofSaysWhatTheMeasureBrought(t *testing.T) {
	s, _, id := measured(t, sentences)
	c := s.As(auth.Marketer)
	if words := webtest.Words(c.Get(fmt.Sprint("/sentence/", id)).Body); !strings.Contains(words, "mehr, als sie kostete") ||
		!strings.Contains(words, "belegter Gewinn) "+programme.Address(id)) {
		t.Errorf("in a sentence: %s", words)
	}
	for address, wants := range map[string][]string{
		programme.Path:                                            {"Rückholer", "belegter Gewinn", "Im Entwurf", "ohne Budget", "Von allem ausgenommen"},
		programme.Address(id):                                     {"mehr, als sie kostete", "das ist belegt", "so groß, wie sie ausgelost wurden", "winsorisiert bei", "CUPED", "nach Holm", "Druck"},
		programme.Address(id) + "?by=history":                     {"kaufte im Jahr davor", "Empfehlung für alle: Gutschein"},
		programme.Address(id) + "/customers":                      {"Kundin", "Gutschein", "Kontrollgruppe"},
		programme.Path + "/plan?window=59":                        {"sehen Sie in 59 Tagen einen Unterschied ab", "Vorgeschlagene Kontrollgruppe"},
		programme.Path + "/plan?effect=0,01&control=10&window=59": {"brauchten Sie"},
	} {
		got := c.Get(address)
		words := webtest.Words(got.Body)
		for _, want := range wants {
			if !strings.Contains(words, want) {
				t.Errorf("%s (%d) does not say %q: %.1500s", address, got.Status, want, words)
			}
		}
	}
	if file := c.Get(programme.Address(id) + "/customers.csv?arm=control").Body; strings.Count(file, "\n") < 250 || strings.Contains(file, "Gutschein") {
		t.Errorf("the file of the control group: %.300s", file)
	}
}

func TestAMeasureIsLookedAtInsideAndOutsideOfASegment(t *testing.T) {
	s, shop, id := measured(t)
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		b, err := segment.Open(ctx, tx, fields)
		if err != nil {
			return err
		}
		all, err := b.Parse("country = DE")
		if err != nil {
			return err
		}
		_, err = segment.Create(ctx, tx, b, segment.Draft{Name: "Inland " + shoptest.Hostile, Condition: all})
		return err
	})
	shop.CatchUp()
	got := s.As(auth.Marketer).Get(programme.Address(id) + "?by=segment")
	if words := webtest.Words(got.Body); got.Status != 200 || !strings.Contains(words, "in „Inland") || strings.Contains(got.Body, shoptest.Hostile) {
		t.Errorf("%d: %.3000s", got.Status, words)
	}
}

func TestFormsOfTheProgrammeSaveOrSayWhatIsWrong(t *testing.T) {
	s, _, id := measured(t)
	c := s.As(auth.Marketer)
	if got := webtest.Words(c.Follow(programme.Path+"/year", url.Values{"budget": {"12.500"}, "winning": {"9.000,50 €"}, "keeping": {""}}).Body); !strings.Contains(got, "12.500") || !strings.Contains(got, "9.000,50") {
		t.Errorf("the plan of the year: %.800s", got)
	}
	if got := c.Post(programme.Path+"/year", url.Values{"budget": {"viel"}}); got.Status != 422 || !strings.Contains(got.Body, "viel") {
		t.Errorf("no amount: %d", got.Status)
	}
	if got := webtest.Words(c.Follow(programme.Path+"/share", url.Values{"share": {"2,5 %"}}).Body); !strings.Contains(got, "2,5") {
		t.Errorf("the share: %.600s", got)
	}
	if got := c.Post(programme.Path+"/share", url.Values{"share": {"80"}}); got.Status != 422 {
		t.Errorf("too large a share: %d", got.Status)
	}
	if got := webtest.Words(c.Follow(programme.Address(id)+"/learned", url.Values{"learned": {"Gutschein reicht."}, "again": {"change"}}).Body); !strings.Contains(got, "Gutschein reicht.") {
		t.Errorf("what was learned: %.800s", got)
	}
	cost := url.Values{"key": {"x1"}, "kind": {"work"}, "amount": {"1.250,00"}, "day": {thisDay().String()}, "note": {"Texten"}}
	for range 2 {
		if got := webtest.Words(c.Follow(programme.Address(id)+"/cost", cost).Body); strings.Count(got, "Texten") != 1 {
			t.Errorf("the cost is there %d times", strings.Count(got, "Texten"))
		}
	}
	if got := s.As(auth.Viewer).Post(programme.Address(id)+"/cost", cost); got.Status != 403 {
		t.Errorf("a viewer books: %d", got.Status)
	}
}

func TestWithoutMeasuresThePageTeachesTheFirstStep(t *testing.T) {
	shop := shoptest.New(t)
	c := site(t, shop).As(auth.Admin)
	for _, address := range []string{programme.Path, programme.Path + "/plan"} {
		if got := c.Get(address); got.Status != 200 || !strings.Contains(got.Body, programme.Path+"/plan") {
			t.Errorf("%s: %d", address, got.Status)
		}
	}
	if got := c.Get(programme.Path + "/99"); got.Status != 404 {
		t.Errorf("no such measure: %d", got.Status)
	}
}

// The programme can be read in both languages at both widths. STAMM_SCREENSHOTS names a folder that keeps the pictures.
func TestTheProgrammeIsReadable(t *testing.T) {
	b := browsertest.New(t)
	s, _, id := measured(t)
	server := s.Serve()
	b.Open(server+s.LoginLink(auth.Manager), 1440, 900)
	b.Allow("404") // there is no first page in this site
	b.Click("main button")
	b.WaitVisible(".s-sidebar")
	for _, language := range []string{"de", "en"} {
		s.As(auth.Manager).Post("/language", url.Values{"language": {language}})
		for name, address := range map[string]string{"list": programme.Path, "proof": programme.Address(id), "people": programme.Address(id) + "/customers",
			"plan": programme.Path + "/plan?window=59&effect=0,50"} {
			b.LookAtBothWidths(server+address, "programme-"+name+"-"+language)
		}
	}
}
