package customer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/customer"

	"github.com/google/go-cmp/cmp"
)

// listAll pages through a list, a few rows at a time.
func listAll(t testing.TB, db *store.DB, f customer.Filter, o customer.Order) (names []string) {
	t.Helper()
	after := int64(0)
	for {
		var page []customer.Row
		var more bool
		read(t, db, func(tx *store.Tx) (err error) {
			page, more, err = customer.List(ctx, tx, f, o, after, 2)
			return err
		})
		for _, r := range page {
			names = append(names, r.Name)
			after = r.ID
		}
		if !more {
			return names
		}
	}
}

func TestListsArePagedInEveryOrderAndFilter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		add := func(f customer.Fields, d customer.Draft) int64 {
			d.Fields = f
			return create(t, db, d)
		}
		mail := func(address string) customer.Draft {
			return customer.Draft{Emails: []customer.Email{{Address: address}}, Addresses: []customer.Address{{City: "Hamburg"}}}
		}
		zoe := add(customer.Fields{"first_name": "Zoe", "last_name": "Äpfel", "country": "DE", "since": "2020-01-01"}, mail("zoe@example.de"))
		add(customer.Fields{"first_name": "Anna", "last_name": "Ärger", "country": "AT", "since": "2021-01-01", "owner": "7"}, mail("anna@example.de"))
		add(customer.Fields{"first_name": "Bert", "last_name": "Bach", "country": "DE", "since": "2019-01-01"}, customer.Draft{Tags: []string{"vip"}})
		add(customer.Fields{"name": "Café Zack GmbH", "country": "DE", "excluded": "reseller"}, customer.Draft{Tags: []string{"vip", "b2b"}})
		add(customer.Fields{"first_name": "Cem", "last_name": "Zahl", "country": "CH", "excluded": "internal"}, customer.Draft{})
		gone := add(customer.Fields{"name": "Weg"}, customer.Draft{})
		write(t, db, func(tx *store.Tx) error { return customer.Erase(ctx, tx, gone) })
		change(t, db, zoe, customer.Fields{"title": "Dr."})

		yes, no := true, false
		for _, c := range []struct {
			name   string
			filter customer.Filter
			order  customer.Order
			want   []string
		}{
			{"by name", customer.Filter{}, customer.Order{}, []string{"Zoe Äpfel", "Anna Ärger", "Bert Bach", "Café Zack GmbH", "Cem Zahl"}},
			{"by name, backwards", customer.Filter{}, customer.Order{By: "name", Desc: true}, []string{"Cem Zahl", "Café Zack GmbH", "Bert Bach", "Anna Ärger", "Zoe Äpfel"}},
			{"longest first", customer.Filter{SinceTo: day(t, "2030-01-01")}, customer.Order{By: "since"}, []string{"Bert Bach", "Zoe Äpfel", "Anna Ärger"}},
			{"newest first, unknown last", customer.Filter{}, customer.Order{By: "since", Desc: true}, []string{"Anna Ärger", "Zoe Äpfel", "Bert Bach", "Cem Zahl", "Café Zack GmbH"}},
			{"last changed first", customer.Filter{}, customer.Order{By: "changed", Desc: true}, []string{"Zoe Äpfel", "Cem Zahl", "Café Zack GmbH", "Bert Bach", "Anna Ärger"}},
			{"companies", customer.Filter{Kind: customer.Company}, customer.Order{}, []string{"Café Zack GmbH"}},
			{"country", customer.Filter{Country: "DE"}, customer.Order{}, []string{"Zoe Äpfel", "Bert Bach", "Café Zack GmbH"}},
			{"tag", customer.Filter{Tag: "vip"}, customer.Order{By: "name", Desc: true}, []string{"Café Zack GmbH", "Bert Bach"}},
			{"owner", customer.Filter{Owner: 7}, customer.Order{}, []string{"Anna Ärger"}},
			{"reachable", customer.Filter{HasMail: &yes}, customer.Order{}, []string{"Zoe Äpfel", "Anna Ärger"}},
			{"not reachable", customer.Filter{HasMail: &no, Country: "DE"}, customer.Order{}, []string{"Bert Bach", "Café Zack GmbH"}},
			{"excluded", customer.Filter{Excluded: "any"}, customer.Order{}, []string{"Café Zack GmbH", "Cem Zahl"}},
			{"internal", customer.Filter{Excluded: customer.Internal}, customer.Order{}, []string{"Cem Zahl"}},
			{"counted", customer.Filter{Excluded: "none", Country: "CH"}, customer.Order{}, nil},
			{"since", customer.Filter{SinceFrom: day(t, "2020-01-01"), SinceTo: day(t, "2020-12-31")}, customer.Order{}, []string{"Zoe Äpfel"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				if diff := cmp.Diff(c.want, listAll(t, db, c.filter, c.order)); diff != "" {
					t.Error(diff)
				}
			})
		}
		read(t, db, func(tx *store.Tx) error {
			page, _, err := customer.List(ctx, tx, customer.Filter{Country: "AT"}, customer.Order{}, 0, 10)
			if err != nil || len(page) != 1 || page[0].Email != "anna@example.de" || page[0].City != "Hamburg" {
				t.Errorf("%+v, %v", page, err)
			}
			return nil
		})
	})
}

// crowd writes n customers. The last three entered are tagged rare, the 6,000 that come last by name late.
func crowd(t testing.TB, db *store.DB, n int) {
	t.Helper()
	shop := source(t, db, "crowd")
	for from := 0; from < n; from += customer.MaxRows {
		b := customer.Batch{Source: shop, Run: 1, Fields: []string{"external_id", "last_name", "tags", "since"}}
		for i := from; i < from+customer.MaxRows; i++ {
			place := i * 7919 % n
			var tags []string
			if i >= n-3 {
				tags = append(tags, "rare")
			}
			if place >= n-6000 {
				tags = append(tags, "late")
			}
			b.Rows = append(b.Rows, []string{fmt.Sprint(i), fmt.Sprintf("Name%07d", place), strings.Join(tags, ","), clock.Day(18000 + i%700).String()})
		}
		if err := db.Bulk(ctx, store.System(), func(tx *store.Tx) error { _, err := customer.Upsert(ctx, tx, b); return err }); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFewAndLateCustomersAreFoundAmongMany(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 30,000 customers")
	}
	db := storetest.Open(t, storetest.SQLite(t), store.Options{})
	crowd(t, db, 30000)
	for _, by := range []string{"name", "since", "changed"} {
		for _, desc := range []bool{false, true} {
			o := customer.Order{By: by, Desc: desc}
			got := listAll(t, db, customer.Filter{Tag: "rare"}, o)
			if len(got) != 3 || by == "name" && slices.IsSorted(got) == desc {
				t.Errorf("rare by %s, descending %v: %v", by, desc, got)
			}
			var page []customer.Row
			read(t, db, func(tx *store.Tx) (err error) {
				page, _, err = customer.List(ctx, tx, customer.Filter{Tag: "late"}, o, 0, 6001)
				return err
			})
			seen := map[int64]bool{}
			for _, r := range page {
				seen[r.ID] = r.Name >= "Name0024000"
			}
			if len(page) != 6000 || len(seen) != 6000 || by == "name" && (page[0].Name == "Name0024000") == desc {
				t.Errorf("late by %s, descending %v: %d, %d different", by, desc, len(page), len(seen))
			}
		}
	}
}

func BenchmarkList(b *testing.B) {
	yes, no := true, false
	for _, database := range databases {
		b.Run(database.name, func(b *testing.B) {
			db, _ := benchStore(b, database.fresh)
			var middle int64
			read(b, db, func(tx *store.Tx) error { return tx.QueryRow(ctx, `SELECT max(id) / 2 FROM customer`).Scan(&middle) })
			for _, c := range []struct {
				name   string
				filter customer.Filter
				order  customer.Order
				after  int64
			}{
				{"all", customer.Filter{}, customer.Order{}, 0},
				{"middle", customer.Filter{}, customer.Order{}, middle},
				{"changed", customer.Filter{}, customer.Order{By: "changed", Desc: true}, 0},
				{"companies", customer.Filter{Kind: customer.Company}, customer.Order{}, middle},
				{"without mail", customer.Filter{HasMail: &no}, customer.Order{}, 0},
				{"with mail in a country", customer.Filter{HasMail: &yes, Country: "DE"}, customer.Order{By: "since"}, middle},
				{"nobody's", customer.Filter{Owner: 3, Country: "DE"}, customer.Order{By: "changed"}, 0},
			} {
				b.Run(c.name, func(b *testing.B) {
					start := cpuTime()
					for range b.N {
						read(b, db, func(tx *store.Tx) error {
							_, _, err := customer.List(ctx, tx, c.filter, c.order, c.after, 50)
							return err
						})
					}
					b.ReportMetric(float64((cpuTime()-start).Microseconds())/1000/float64(b.N), "cpu-ms/op")
				})
			}
		})
	}
}

func TestTheNewestNoteIsKnownByCustomer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		anna := create(t, db, customer.Draft{Fields: customer.Fields{"name": "Anna"}})
		berta := create(t, db, customer.Draft{Fields: customer.Fields{"name": "Berta"}})
		for _, text := range []string{"first", "second"} {
			edit(t, db, func(tx *store.Tx) (customer.Edit, error) { return customer.AddNote(ctx, tx, anna, text) })
		}
		read(t, db, func(tx *store.Tx) error {
			last, err := customer.LastNotes(ctx, tx, []int64{anna, berta})
			if err != nil {
				return err
			}
			whole, err := customer.Load(ctx, tx, anna)
			if len(last) != 1 || last[anna].UnixMicro() != whole.Notes[0].At {
				t.Errorf("last notes: %v, the newest at %d", last, whole.Notes[0].At)
			}
			return err
		})
	})
}

func TestAPersonIsListedWithTheCompanySheWorksFor(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		anna := create(t, db, customer.Draft{Fields: customer.Fields{"name": "Anna Ahorn"}})
		bert := create(t, db, customer.Draft{Fields: customer.Fields{"name": "Bert Birke", "company": "Selbst genannt"}})
		for _, c := range []struct {
			name        string
			person      int64
			from, until *clock.Day
		}{
			{"Früher GmbH", anna, day(t, "2020-01-01"), day(t, "2021-12-31")}, {"Erst AG", anna, day(t, "2022-01-01"), nil},
			{"Jetzt KG", anna, day(t, "2023-01-01"), nil}, {"Später OHG", anna, day(t, "2999-01-01"), nil}, {"Andere UG", bert, nil, nil},
		} {
			firm := create(t, db, customer.Draft{Fields: customer.Fields{"kind": customer.Company, "name": c.name}})
			edit(t, db, func(tx *store.Tx) (customer.Edit, error) {
				return customer.AddContact(ctx, tx, customer.Contact{Company: firm, Person: c.person, From: c.from, Until: c.until})
			})
		}
		got := map[string]string{}
		read(t, db, func(tx *store.Tx) error {
			rows, _, err := customer.List(ctx, tx, customer.Filter{Kind: customer.Person}, customer.Order{By: "name"}, 0, 10)
			for _, r := range rows {
				got[r.Name] = r.Company
			}
			return err
		})
		if diff := cmp.Diff(map[string]string{"Anna Ahorn": "Jetzt KG", "Bert Birke": "Selbst genannt"}, got); diff != "" {
			t.Error(diff)
		}
	})
}
