package customers_test

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/door/sim"
	"stamm/internal/door/web/browsertest"
	"stamm/internal/platform/blob"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
)

// simulated is a company of some hundred customers, brought in as files.
func simulated(t *testing.T) *shop {
	t.Helper()
	s := open(t, sqlite(t))
	ctx := context.Background()
	until := clock.DayOf(s.DB.Now(), time.UTC).AddDays(-1)
	c, err := sim.New(sim.Config{Seed: 1, Customers: 400, Until: until, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files, err := c.WriteFiles(ctx, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		settings := company.Defaults()
		settings.Name, settings.Setup = sim.Name, true
		if err := company.Save(ctx, tx, settings); err != nil {
			return err
		}
		rate, err := money.ParseRate("0.95")
		if err != nil {
			return err
		}
		return company.SetRate(ctx, tx, company.Rate{Currency: "CHF", ValidFrom: c.Start(), Rate: rate})
	})
	blobs, err := blob.Open(filepath.Join(t.TempDir(), "files"))
	if err != nil {
		t.Fatal(err)
	}
	im := connect.New(s.DB, blobs)
	runner := jobs.NewRunner(s.DB, jobs.Options{})
	im.Register(runner)
	runner.Start()
	t.Cleanup(func() { runner.Close(context.Background()) })
	for _, step := range []struct {
		kind sheet.Kind
		path string
		o    sheet.Options
	}{
		{sheet.Products, files.Products, sheet.Options{Map: map[string]string{"price": "Preis EUR", "cost": "Einkaufspreis"}}},
		{sheet.Customers, files.Customers, sheet.Options{}}, {sheet.Customers, files.Contacts, sheet.Options{}}, {sheet.Orders, files.Orders, sheet.Options{}}, {sheet.Payments, files.Payments, sheet.Options{}},
	} {
		file, err := im.KeepPath(ctx, step.path)
		if err != nil {
			t.Fatal(err)
		}
		run, err := im.Start(ctx, store.System(), connect.Request{Kind: step.kind, Source: "Shop", Files: []connect.File{file}, Options: step.o})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jobs.Wait(ctx, s.DB, run.Job, nil); err != nil {
			t.Fatal(filepath.Base(step.path), err)
		}
	}
	s.catchUp()
	return s
}

// busiest is the customer of a kind with the most purchases whose name a plain keyboard can type.
func (s *shop) busiest(kind string) (id int64, name string) {
	s.t.Helper()
	ctx := context.Background()
	rows, err := s.house.QueryContext(ctx, `SELECT p.customer FROM purchase_day p JOIN customer c ON c.id = p.customer
		WHERE c.kind = ? GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 50`, kind)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	plain := regexp.MustCompile(`^[A-Za-z]{6,}$`)
	for rows.Next() {
		if err := rows.Scan(&id); err != nil {
			s.t.Fatal(err)
		}
		s.Read(func(ctx context.Context, tx *store.Tx) error {
			w, err := customer.Load(ctx, tx, id)
			name = w.LastName
			return err
		})
		if kind == customer.Company || plain.MatchString(name) {
			return id, name
		}
	}
	s.t.Fatal("no such customer")
	return 0, ""
}

func TestCustomersInTheBrowser(t *testing.T) {
	s := simulated(t)
	site := s.Serve()
	b := browsertest.New(t)
	b.Allow("422")
	b.Open(site+s.LoginLink(auth.Admin), 1440, 900)
	b.Click(".s-form .btn-primary")
	b.WaitFor(`location.pathname === "/"`)

	firm, _ := s.busiest(customer.Company)
	person, name := s.busiest(customer.Person)
	var order int64
	s.Write(func(ctx context.Context, tx *store.Tx) error {
		_, err := customer.AddContact(ctx, tx, customer.Contact{Company: firm, Person: person, Role: "Einkauf"})
		return err
	})
	s.Read(func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT max(id) FROM document WHERE customer = $1 AND kind = 2`, firm).Scan(&order)
	})
	pages := map[string]string{
		"list": "/customers", "list-filtered": "/customers?country=AT&kind=company&columns=place&columns=number&columns=phone&columns=since&columns=value&sort=-since", "list-none": "/customers?q=qqqqq",
		"person": fmt.Sprintf("/customers/%d", person), "firm": fmt.Sprintf("/customers/%d", firm), "documents": fmt.Sprintf("/customers/%d/documents", person),
		"figures": fmt.Sprintf("/customers/%d/figures", firm), "data": fmt.Sprintf("/customers/%d/data", person), "edit": fmt.Sprintf("/customers/%d/edit", person),
		"erase": fmt.Sprintf("/customers/%d/erase", person), "document": fmt.Sprintf("/documents/%d", order), "products": "/products", "new": "/customers/new",
		"contact": fmt.Sprintf("/customers/%d/contact/new?q=a", firm),
	}
	for _, lang := range []string{"de", "en"} {
		s.Write(func(ctx context.Context, tx *store.Tx) error {
			return auth.Edit(ctx, tx, s.Users[auth.Admin], auth.Change{Language: &lang})
		})
		p := i18n.For(lang, time.UTC)
		for page, path := range pages {
			b.LookAtBothWidths(site+path, page+"-"+lang)
		}
		for _, view := range browsertest.Views() {
			if view.Language != lang {
				continue
			}
			width := view.Width
			// The main path: search with a typo, open, write a note, take it back.
			b.Open(site+"/customers", width, 900)
			b.Fill(`.s-filter-search input`, swapped(name))
			b.WaitFor(`document.querySelector("#list .s-row-link")?.textContent.includes(` + fmt.Sprintf("%q", name) + `) && location.search.includes("q=")`)
			b.Look(fmt.Sprintf("typo-%s-%d", lang, width))
			b.Click(fmt.Sprintf(`#list a[href="/customers/%d"]`, person))
			b.WaitFor(fmt.Sprintf(`location.pathname === "/customers/%d"`, person))
			b.Click(`.s-head-tools .btn-primary`)
			b.WaitVisible("#f-text")
			b.Click(`.s-form .btn-primary`)
			b.WaitVisible(".s-errors")
			b.Fill("#f-text", "Ruft lieber selbst an.")
			b.Click(`.s-form .btn-primary`)
			b.WaitText("Ruft lieber selbst an.")
			b.Look(fmt.Sprintf("noted-%s-%d", lang, width))
			b.Click(`.s-flash form button`)
			b.WaitText(p.T("customers.undone"))
			if text := b.Text("#timeline"); strings.Contains(text, "\nRuft lieber") && !strings.Contains(text, p.T("customer.timeline.undone", "fields", p.T("customer.field.note"))) {
				t.Errorf("undo left the note: %s", text)
			}
		}
	}
	b.Scheme(true)
	for page, path := range pages {
		b.Open(site+path, 1440, 900)
		b.Look(page + "-dark")
	}
}

// swapped is a word with two letters in its middle the wrong way round.
func swapped(word string) string {
	letters := []rune(word)
	i := len(letters) / 2
	letters[i], letters[i-1] = letters[i-1], letters[i]
	if string(letters) == word {
		return string(letters[1:])
	}
	return string(letters)
}
