package customer_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/customer"

	"github.com/google/go-cmp/cmp"
)

func load(t testing.TB, db *store.DB, id int64) (w *customer.Whole) {
	t.Helper()
	read(t, db, func(tx *store.Tx) (err error) {
		w, err = customer.Load(ctx, tx, id)
		return err
	})
	return w
}

// edit runs a change that must succeed.
func edit(t testing.TB, db *store.DB, fn func(tx *store.Tx) (customer.Edit, error)) (e customer.Edit) {
	t.Helper()
	write(t, db, func(tx *store.Tx) (err error) {
		e, err = fn(tx)
		return err
	})
	return e
}

// refused runs a change that must fail with a code and a message.
func refused(t testing.TB, db *store.DB, code fault.Code, key string, fn func(tx *store.Tx) (customer.Edit, error)) {
	t.Helper()
	err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
		_, err := fn(tx)
		return err
	})
	if fault.CodeOf(err) != code || err != nil && fault.As(err).Key != key {
		t.Errorf("got %v, want %s %s", err, code, key)
	}
}

func change(t testing.TB, db *store.DB, id int64, f customer.Fields) customer.Edit {
	t.Helper()
	return edit(t, db, func(tx *store.Tx) (customer.Edit, error) {
		return customer.Change(ctx, tx, id, customer.Patch{Fields: f})
	})
}

func undo(t testing.TB, db *store.DB, seq int64) customer.Edit {
	t.Helper()
	return edit(t, db, func(tx *store.Tx) (customer.Edit, error) { return customer.Undo(ctx, tx, seq) })
}

func day(t testing.TB, text string) *clock.Day {
	t.Helper()
	d, err := clock.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

func TestCreatedCustomerIsLoadedWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shop := source(t, db, "shop")
		id := create(t, db, customer.Draft{Source: shop, ExternalID: "007",
			Fields: customer.Fields{"first_name": " Anna ", "last_name": "Müller", "salutation": "Frau", "title": "Dr.", "address_form": "Sie",
				"language": "Deutsch", "country": "Österreich", "birthday": "1980-02-29", "since": "2020-01-01", "owner": "3"},
			Emails:    []customer.Email{{Address: "anna@example.de", Type: "private"}, {Address: "a.mueller@firma.at", Type: "work", Main: true}},
			Phones:    []customer.Phone{{Written: "01 588580"}},
			Addresses: []customer.Address{{Line1: "Ring 1", Postcode: "1010", City: "Wien", Country: "AT", Type: "billing"}},
			Tags:      []string{"vip, Espresso"}})
		w := load(t, db, id)
		if w.Name != "Anna Müller" || w.Kind != customer.Person || w.Salutation != "ms" || w.AddressForm != "sie" || w.Language != "de" ||
			w.Country != "AT" || w.Birthday.String() != "1980-02-29" || w.Since.String() != "2020-01-01" || w.Owner != 3 || w.ExternalID != "007" {
			t.Errorf("%+v", w.Customer)
		}
		if len(w.Emails) != 2 || w.Emails[0].Address != "a.mueller@firma.at" || !w.Emails[0].Main || w.Emails[1].Main {
			t.Errorf("mails: %+v", w.Emails)
		}
		if len(w.Phones) != 1 || w.Phones[0].Number != "+431588580" || !w.Phones[0].Main {
			t.Errorf("phones: %+v", w.Phones)
		}
		if len(w.Addresses) != 1 || w.Addresses[0].City != "Wien" {
			t.Errorf("addresses: %+v", w.Addresses)
		}
		if diff := cmp.Diff([]string{"Espresso", "vip"}, w.Tags); diff != "" {
			t.Error(diff)
		}
		if o := w.Origin("name"); o.Source != shop || !o.At.Equal(w.CreatedAt) {
			t.Errorf("origin: %+v", o)
		}
	})
}

func TestMistakesOfAFormAreNamedTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
			_, err := customer.Create(ctx, tx, customer.Draft{Fields: customer.Fields{"country": "Atlantis", "birthday": "31.02.", "kind": "robot", "shoe": "42", "email": "a@b.de"}})
			return err
		})
		var on []string
		for _, f := range fault.All(err) {
			on = append(on, f.Field)
		}
		if diff := cmp.Diff([]string{"birthday", "country", "email", "kind", "shoe"}, on); diff != "" {
			t.Error(diff)
		}
		refused(t, db, fault.Invalid, "customer.nameless", func(tx *store.Tx) (customer.Edit, error) {
			return customer.Create(ctx, tx, customer.Draft{Fields: customer.Fields{"country": "DE"}})
		})
	})
}

func TestChangesKeepOldValuesOriginAndHistory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		id := create(t, db, customer.Draft{Fields: customer.Fields{"name": "Anna Alt", "country": "DE"}})
		seen := load(t, db, id).ChangedAt
		e := change(t, db, id, customer.Fields{"name": "Anna Neu", "country": "AT"})
		if again := change(t, db, id, customer.Fields{"name": " Anna Neu "}); again.Seq != 0 {
			t.Error("a change that changes nothing is in the feed")
		}
		w := load(t, db, id)
		if w.Name != "Anna Neu" || w.Country != "AT" {
			t.Errorf("%+v", w.Customer)
		}
		if o := w.Origin("name"); o.ActorKind != "user" || o.Actor != 7 || o.Change != e.Seq {
			t.Errorf("origin: %+v", o)
		}
		if o := w.Origin("title"); o.Change != 0 {
			t.Errorf("origin of what never changed: %+v", o)
		}
		refused(t, db, fault.Conflict, "customer.changed_meanwhile", func(tx *store.Tx) (customer.Edit, error) {
			return customer.Change(ctx, tx, id, customer.Patch{Fields: customer.Fields{"name": "X"}, Seen: seen.Add(-time.Second)})
		})
		read(t, db, func(tx *store.Tx) error {
			past, err := customer.History(ctx, tx, id, "name")
			if err != nil || len(past) != 1 || past[0].Old != "Anna Alt" || past[0].Actor.ID != 7 || past[0].Seq != e.Seq {
				t.Errorf("history: %+v, %v", past, err)
			}
			entries, err := customer.Timeline(ctx, tx, id, 0, 10)
			if err != nil || len(entries) != 2 || entries[1].Kind != customer.KindCreated {
				t.Fatalf("timeline: %+v, %v", entries, err)
			}
			if diff := cmp.Diff([]string{"country", "name"}, entries[0].Fields); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(map[string]string{"name": "Anna Alt", "country": "DE"}, entries[0].Old); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(feed.Rows{"customer": {{id, id}}}, entries[0].Rows); diff != "" {
				t.Errorf("the warehouse is not told of the country: %s", diff)
			}
			return nil
		})
	})
}

func TestUndoRestoresAndCanBeUndone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		id := create(t, db, customer.Draft{Fields: customer.Fields{"first_name": "Anna", "last_name": "Alt"}, Tags: []string{"a"}})
		first := change(t, db, id, customer.Fields{"last_name": "Neu", "title": "Dr."})
		back := undo(t, db, first.Seq)
		if w := load(t, db, id); w.Name != "Anna Alt" || w.Title != "" {
			t.Errorf("after undo: %+v", w.Customer)
		}
		if len(search(t, db, "alt")) != 1 || len(search(t, db, "neu")) != 0 {
			t.Error("the search does not follow the undo")
		}
		undo(t, db, back.Seq)
		if w := load(t, db, id); w.Name != "Anna Neu" || w.Title != "Dr." {
			t.Errorf("after undo of the undo: %+v", w.Customer)
		}
		second := change(t, db, id, customer.Fields{"last_name": "Neuer"})
		refused(t, db, fault.Conflict, "customer.undo_changed", func(tx *store.Tx) (customer.Edit, error) { return customer.Undo(ctx, tx, first.Seq) })
		undo(t, db, second.Seq)
		for _, fn := range []func(tx *store.Tx) (customer.Edit, error){
			func(tx *store.Tx) (customer.Edit, error) {
				return customer.AddEmail(ctx, tx, id, customer.Email{Address: "anna@example.de"})
			},
			func(tx *store.Tx) (customer.Edit, error) {
				return customer.AddPhone(ctx, tx, id, customer.Phone{Written: "040 1234567"})
			},
			func(tx *store.Tx) (customer.Edit, error) {
				return customer.AddAddress(ctx, tx, id, customer.Address{City: "Hamburg"})
			},
			func(tx *store.Tx) (customer.Edit, error) { return customer.AddNote(ctx, tx, id, "likes it dark") },
			func(tx *store.Tx) (customer.Edit, error) {
				return customer.Tag(ctx, tx, id, []string{"b"}, []string{"a"})
			},
			func(tx *store.Tx) (customer.Edit, error) { return customer.Attach(ctx, tx, id, 5, "X1") },
		} {
			before := load(t, db, id)
			e := edit(t, db, fn)
			if after := load(t, db, id); cmp.Equal(brief(before), brief(after)) {
				t.Errorf("change %d changes nothing", e.Seq)
			}
			back := undo(t, db, e.Seq)
			if diff := cmp.Diff(brief(before), brief(load(t, db, id))); diff != "" {
				t.Errorf("undo of %d: %s", e.Seq, diff)
			}
			undo(t, db, back.Seq)
			if after := load(t, db, id); cmp.Equal(brief(before), brief(after)) {
				t.Errorf("undo of the undo of %d changes nothing", e.Seq)
			}
		}
	})
}

// brief is a customer as text, without when she was changed.
func brief(w *customer.Whole) string {
	c := *w
	c.ChangedAt = time.Time{}
	return fmt.Sprintf("%s|%s|%s|%v|%v|%v|%v|%v|%v", c.Name, c.Title, c.ExternalID, c.Emails, c.Phones, c.Addresses, c.Notes, c.Tags, c.Externals)
}

func TestUndoOfACreationRemovesHer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		e := edit(t, db, func(tx *store.Tx) (customer.Edit, error) {
			return customer.Create(ctx, tx, customer.Draft{Fields: customer.Fields{"name": "Tippfehler"}})
		})
		other := edit(t, db, func(tx *store.Tx) (customer.Edit, error) {
			return customer.Create(ctx, tx, customer.Draft{Fields: customer.Fields{"name": "Bleibt"}})
		})
		change(t, db, other.ID, customer.Fields{"title": "Dr."})
		undo(t, db, e.Seq)
		read(t, db, func(tx *store.Tx) error {
			if _, err := customer.Load(ctx, tx, e.ID); fault.CodeOf(err) != fault.NotFound {
				t.Errorf("got %v, want notfound", err)
			}
			return nil
		})
		refused(t, db, fault.Conflict, "customer.undo_changed", func(tx *store.Tx) (customer.Edit, error) { return customer.Undo(ctx, tx, other.Seq) })
		refused(t, db, fault.NotFound, "customer.no_change", func(tx *store.Tx) (customer.Edit, error) { return customer.Undo(ctx, tx, 999) })
	})
}

func TestOneMailAddressIsTheMainOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		id := create(t, db, customer.Draft{Fields: customer.Fields{"name": "Anna"}, Emails: []customer.Email{{Address: "one@example.de"}}})
		first := load(t, db, id).Emails[0].ID
		second := edit(t, db, func(tx *store.Tx) (customer.Edit, error) {
			return customer.AddEmail(ctx, tx, id, customer.Email{Address: "two@example.de", Main: true})
		}).ID
		check := func(main int64, n int) {
			t.Helper()
			var mains []int64
			mails := load(t, db, id).Emails
			for _, e := range mails {
				if e.Main {
					mains = append(mains, e.ID)
				}
			}
			if !slices.Equal(mains, []int64{main}) || len(mails) != n {
				t.Errorf("main %v of %d, want %d of %d", mains, len(mails), main, n)
			}
		}
		check(second, 2)
		refused(t, db, fault.Conflict, "customer.mail_twice", func(tx *store.Tx) (customer.Edit, error) {
			return customer.AddEmail(ctx, tx, id, customer.Email{Address: "ONE@example.de"})
		})
		refused(t, db, fault.Invalid, "errors.mail", func(tx *store.Tx) (customer.Edit, error) {
			return customer.AddEmail(ctx, tx, id, customer.Email{Address: "one"})
		})
		refused(t, db, fault.Invalid, "errors.required", func(tx *store.Tx) (customer.Edit, error) {
			return customer.AddEmail(ctx, tx, id, customer.Email{Address: " "})
		})
		refused(t, db, fault.Invalid, "errors.required", func(tx *store.Tx) (customer.Edit, error) { return customer.AddPhone(ctx, tx, id, customer.Phone{}) })
		edit(t, db, func(tx *store.Tx) (customer.Edit, error) {
			return customer.ChangeEmail(ctx, tx, id, customer.Email{ID: first, Address: "uno@example.de", Main: true, From: day(t, "2026-01-01")})
		})
		check(first, 2)
		edit(t, db, func(tx *store.Tx) (customer.Edit, error) { return customer.RemoveEmail(ctx, tx, id, first) })
		check(second, 1)
		refused(t, db, fault.NotFound, "customer.not_found", func(tx *store.Tx) (customer.Edit, error) { return customer.RemoveEmail(ctx, tx, id, first) })
	})
}

func TestContactsHaveRolesAndPeriods(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		firm := create(t, db, customer.Draft{Fields: customer.Fields{"name": "Rösterei Nord GmbH"}})
		anna := create(t, db, customer.Draft{Fields: customer.Fields{"name": "Anna"}})
		if w := load(t, db, firm); w.Kind != customer.Company || w.Customer.Company != "Rösterei Nord GmbH" {
			t.Errorf("%+v", w.Customer)
		}
		add := func(c customer.Contact) func(tx *store.Tx) (customer.Edit, error) {
			return func(tx *store.Tx) (customer.Edit, error) { return customer.AddContact(ctx, tx, c) }
		}
		e := edit(t, db, add(customer.Contact{Company: firm, Person: anna, Role: "buyer", Until: day(t, "2025-12-31")}))
		edit(t, db, add(customer.Contact{Company: firm, Person: anna, Role: "head", From: day(t, "2026-01-01")}))
		edit(t, db, add(customer.Contact{Company: firm, Person: anna, Role: "buyer", From: day(t, "2026-06-01")}))
		refused(t, db, fault.Conflict, "customer.contact_twice", add(customer.Contact{Company: firm, Person: anna, Role: "buyer", From: day(t, "2025-06-01")}))
		refused(t, db, fault.Invalid, "customer.contact_person", add(customer.Contact{Company: firm, Person: firm}))
		refused(t, db, fault.Invalid, "customer.contact_company", add(customer.Contact{Company: anna, Person: anna}))
		refused(t, db, fault.Invalid, "customer.period", add(customer.Contact{Company: firm, Person: anna, From: day(t, "2026-02-01"), Until: day(t, "2026-01-01")}))
		if people := load(t, db, firm).People; len(people) != 3 || people[0].Name != "Anna" {
			t.Errorf("people: %+v", people)
		}
		if firms := load(t, db, anna).Companies; len(firms) != 3 || firms[0].Name != "Rösterei Nord GmbH" {
			t.Errorf("companies: %+v", firms)
		}
		undo(t, db, e.Seq)
		if people := load(t, db, firm).People; len(people) != 2 {
			t.Errorf("after undo: %+v", people)
		}
		read(t, db, func(tx *store.Tx) error {
			entries, err := customer.Timeline(ctx, tx, anna, 0, 10)
			if err != nil || len(entries) != 5 || entries[0].Kind != customer.KindContact || entries[0].Subject != firm {
				t.Errorf("the person's timeline: %+v, %v", entries, err)
			}
			return nil
		})
	})
}

func TestCustomFieldsAreTyped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		id := create(t, db, customer.Draft{Fields: customer.Fields{"name": "Anna"}})
		for _, f := range []customer.CustomField{{Key: "taste", Label: "Geschmack", Type: customer.TypeChoice, Choices: []string{"Hell", "Dunkel"}},
			{Key: "score", Label: "Punkte", Type: customer.TypeNumber}, {Key: "vip", Label: "VIP", Type: customer.TypeFlag},
			{Key: "met", Label: "Kennengelernt", Type: customer.TypeDate}, {Key: "memo", Label: "Merke", Type: customer.TypeText}} {
			write(t, db, func(tx *store.Tx) error {
				_, err := customer.DefineField(ctx, tx, f)
				return err
			})
		}
		e := change(t, db, id, customer.Fields{"custom.taste": "dunkel", "custom.score": "4.5", "custom.vip": "ja", "custom.met": "2026-01-31", "custom.memo": " x "})
		want := map[string]string{"taste": "Dunkel", "score": "4.5", "vip": "yes", "met": "2026-01-31", "memo": "x"}
		if diff := cmp.Diff(want, load(t, db, id).Custom); diff != "" {
			t.Error(diff)
		}
		for field, value := range map[string]string{"custom.taste": "mild", "custom.score": "viel", "custom.vip": "vielleicht", "custom.met": "gestern", "custom.none": "x"} {
			err := db.Write(ctx, store.System(), func(tx *store.Tx) error {
				_, err := customer.Change(ctx, tx, id, customer.Patch{Fields: customer.Fields{field: value}})
				return err
			})
			if fault.CodeOf(err) != fault.Invalid || fault.As(err).Field != field {
				t.Errorf("%s = %s: %v", field, value, err)
			}
		}
		change(t, db, id, customer.Fields{"custom.memo": ""})
		if custom := load(t, db, id).Custom; len(custom) != 4 {
			t.Errorf("an empty value stays: %v", custom)
		}
		refused(t, db, fault.Conflict, "customer.undo_changed", func(tx *store.Tx) (customer.Edit, error) { return customer.Undo(ctx, tx, e.Seq) })
		refused(t, db, fault.Conflict, "customer.custom_taken", func(tx *store.Tx) (customer.Edit, error) {
			_, err := customer.DefineField(ctx, tx, customer.CustomField{Key: "vip", Label: "x", Type: customer.TypeText})
			return customer.Edit{}, err
		})
	})
}

func TestExternalIDsBelongToOneCustomer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shop, till := source(t, db, "shop"), source(t, db, "till")
		anna := create(t, db, customer.Draft{Source: shop, ExternalID: "1", Fields: customer.Fields{"name": "Anna"}})
		bert := create(t, db, customer.Draft{Fields: customer.Fields{"name": "Bert"}})
		refused(t, db, fault.Conflict, "customer.external_taken", func(tx *store.Tx) (customer.Edit, error) {
			return customer.Attach(ctx, tx, bert, shop, "1")
		})
		refused(t, db, fault.Conflict, "customer.external_taken", func(tx *store.Tx) (customer.Edit, error) {
			return customer.Create(ctx, tx, customer.Draft{Source: shop, ExternalID: "1", Fields: customer.Fields{"name": "C"}})
		})
		edit(t, db, func(tx *store.Tx) (customer.Edit, error) { return customer.Attach(ctx, tx, anna, till, "0001") })
		gone := edit(t, db, func(tx *store.Tx) (customer.Edit, error) { return customer.Detach(ctx, tx, anna, shop, "1") })
		if w := load(t, db, anna); w.Source != till || w.ExternalID != "0001" {
			t.Errorf("main id: %d %q", w.Source, w.ExternalID)
		}
		edit(t, db, func(tx *store.Tx) (customer.Edit, error) { return customer.Attach(ctx, tx, bert, shop, "1") })
		refused(t, db, fault.Conflict, "customer.external_taken", func(tx *store.Tx) (customer.Edit, error) { return customer.Undo(ctx, tx, gone.Seq) })
		read(t, db, func(tx *store.Tx) error {
			for id, want := range map[string]int64{"1": bert, "01": 0, "2": 0} {
				if got, err := customer.Resolve(ctx, tx, shop, id); err != nil || got != want {
					t.Errorf("%q is %d, %v; want %d", id, got, err, want)
				}
			}
			return nil
		})
	})
}
