package consent_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
	"stamm/internal/record/document"

	"github.com/google/go-cmp/cmp"
)

// world is a database whose clock the test moves, and what tests do with it.
type world struct {
	*testing.T
	db   *store.DB
	time *time.Time
}

func each(t *testing.T, fn func(w world)) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		fn(world{t, storetest.Open(t, url, store.Options{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }}), &now})
	})
}

func (w world) write(fn func(ctx context.Context, tx *store.Tx) error) {
	w.Helper()
	if err := w.db.Write(w.Context(), store.System(), func(tx *store.Tx) error { return fn(w.Context(), tx) }); err != nil {
		w.Fatal(err)
	}
}

func (w world) read(fn func(ctx context.Context, tx *store.Tx) error) {
	w.Helper()
	if err := w.db.Read(w.Context(), func(tx *store.Tx) error { return fn(w.Context(), tx) }); err != nil {
		w.Fatal(err)
	}
}

func (w world) customer(mails ...string) (id int64) {
	w.Helper()
	d := customer.Draft{Fields: customer.Fields{"name": "Erika Muster"}, Phones: []customer.Phone{{Written: "040 1234567"}}}
	for _, m := range mails {
		d.Emails = append(d.Emails, customer.Email{Address: m})
	}
	w.write(func(ctx context.Context, tx *store.Tx) error {
		e, err := customer.Create(ctx, tx, d)
		id = e.ID
		return err
	})
	return id
}

func (w world) record(entries ...consent.Entry) (out consent.Written) {
	w.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) (err error) {
		out, err = consent.Record(ctx, tx, entries)
		return err
	})
	return out
}

// check asks for the basis. Whoever asks about being tracked with it hears the same as who asks for each.
func (w world) check(a consent.Ask, to ...consent.Recipient) (all []consent.Verdict) {
	w.Helper()
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		if all, err = consent.Check(ctx, tx, a, to); err != nil {
			return err
		}
		alone, err := consent.Check(ctx, tx, consent.Ask{Channel: a.Channel, Purpose: consent.Tracking, Basis: consent.Consent}, to)
		if err != nil {
			return err
		}
		both, tracked, err := consent.CheckTracked(ctx, tx, a, to)
		if diff := cmp.Diff(all, both); diff != "" {
			w.Errorf("asked together (-alone +together):\n%s", diff)
		}
		for i, v := range alone {
			if tracked[i] != (v.Basis == consent.Consent) {
				w.Errorf("%v is tracked: %t; asked alone: %+v", to[i], tracked[i], v)
			}
		}
		return err
	})
	return all
}

// verdict is the basis on which the customer gets advertising by mail, or why not.
func (w world) verdict(id int64, address string) string {
	w.Helper()
	return word(w.check(consent.Ask{Channel: consent.Email, Purpose: consent.Advertising}, consent.Recipient{Customer: id, Address: address})[0])
}

func word(v consent.Verdict) string {
	if v.Basis != "" {
		return string(v.Basis)
	}
	return v.Reason
}

func (w world) now(id int64) string {
	w.Helper()
	var all []string
	w.read(func(ctx context.Context, tx *store.Tx) error {
		now, err := consent.Current(ctx, tx, id)
		for _, n := range now {
			all = append(all, fmt.Sprintf("%s/%s=%s", n.Channel, n.Purpose, n.Status))
		}
		return err
	})
	return strings.Join(all, " ")
}

func entry(id int64, k consent.Kind, address string) consent.Entry {
	e := consent.Entry{Customer: id, Channel: consent.Email, Purpose: consent.Advertising, Kind: k, Address: address, TextVersion: "t1", Source: consent.SourcePerson}
	if k == consent.Confirmed {
		e.Proof = "<1@example.org>"
	}
	return e
}

const erika = "erika@example.org"

func TestOnlyWhatIsProvedCounts(t *testing.T) {
	each(t, func(w world) {
		id := w.customer(erika)
		steps := []struct {
			kind consent.Kind
			want string
		}{
			{"", consent.ReasonNone}, {consent.Granted, consent.ReasonNotConfirmed}, {consent.Confirmed, "consent"}, {consent.Granted, "consent"},
			{consent.Withdrawn, consent.ReasonSuppressed}, {consent.Confirmed, "consent"}, {consent.Objected, consent.ReasonObjected}, {consent.Granted, consent.ReasonObjected},
			{consent.Confirmed, "consent"},
		}
		for i, s := range steps {
			if s.kind != "" {
				w.record(entry(id, s.kind, erika))
			}
			if got := w.verdict(id, erika); got != s.want {
				w.Errorf("step %d, after %s: %s, want %s", i, s.kind, got, s.want)
			}
		}
	})
}

func TestAnAddressIsTheSameHoweverItIsWrittenAndAChangedOneStartsAnew(t *testing.T) {
	each(t, func(w world) {
		id := w.customer("Erika@Müller.example")
		w.record(entry(id, consent.Confirmed, " ERIKA@MÜLLER.example "))
		for address, want := range map[string]string{"erika@müller.example": "consent", "Erika@xn--mller-kva.example": "consent",
			"erika@mueller.example": consent.ReasonNone, "": consent.ReasonNone, "no address": consent.ReasonNone} {
			if got := w.verdict(id, address); got != want {
				w.Errorf("%q: %s, want %s", address, got, want)
			}
		}
	})
}

func TestAnObjectionBeatsEveryBasisOfAdvertisingAndNothingElse(t *testing.T) {
	each(t, func(w world) {
		id := w.customer(erika)
		sale := w.sale(id)
		existing := entry(id, consent.Granted, erika)
		existing.Basis, existing.Document = consent.ExistingCustomer, sale
		w.record(existing)
		if got := w.verdict(id, erika); got != "existing_customer" {
			w.Errorf("existing customer: %s", got)
		}
		to := consent.Recipient{Customer: id, Address: erika}
		ask := func(p consent.Purpose, b consent.Basis) string {
			return word(w.check(consent.Ask{Channel: consent.Email, Purpose: p, Basis: b}, to)[0])
		}
		if got := ask(consent.Advertising, consent.Consent); got != consent.ReasonNone {
			w.Errorf("who asks for consent gets %s", got)
		}
		if got := ask(consent.Surveys, ""); got != "existing_customer" {
			w.Errorf("surveys: %s", got)
		}
		tracked := entry(id, consent.Confirmed, erika)
		tracked.Purpose = consent.Tracking
		w.record(entry(id, consent.Confirmed, erika), tracked)
		w.record(consent.Entry{Customer: id, Purpose: consent.Advertising, Kind: consent.Objected, Source: consent.SourcePerson}) // by all channels
		for _, c := range []struct {
			purpose consent.Purpose
			basis   consent.Basis
			want    string
		}{
			{consent.Advertising, "", consent.ReasonObjected}, {consent.Surveys, "", consent.ReasonObjected}, {consent.Profiling, "", consent.ReasonObjected},
			{consent.Tracking, "", "consent"}, {consent.Advertising, consent.Contract, "contract"}, {consent.Advertising, consent.LegalDuty, "legal_duty"},
		} {
			if got := ask(c.purpose, c.basis); got != c.want {
				w.Errorf("%s on %q: %s, want %s", c.purpose, c.basis, got, c.want)
			}
		}
		post := w.check(consent.Ask{Channel: consent.Post, Purpose: consent.Advertising}, consent.Recipient{Customer: id})
		if word(post[0]) != consent.ReasonObjected {
			w.Errorf("by post: %+v", post)
		}
	})
}

func (w world) sale(buyer int64) (id int64) {
	w.Helper()
	d := &document.Document{Source: 1, ExternalID: fmt.Sprint("A", buyer), Customer: buyer, Kind: document.Order, At: w.db.Now(), Day: clock.NewDay(2026, 1, 5), Currency: "EUR",
		Lines: []document.Line{{Description: "beans", Quantity: 1000, UnitPrice: 10_000_000, Amount: 1000}}}
	w.write(func(ctx context.Context, tx *store.Tx) (err error) {
		id, _, err = document.Put(ctx, tx, d, "EUR", feed.Live)
		return err
	})
	return id
}

func TestTheExistingCustomerRuleHoldsItsConditions(t *testing.T) {
	each(t, func(w world) {
		id, other := w.customer(erika), w.customer("max@example.org")
		sale := w.sale(other)
		good := entry(id, consent.Granted, erika)
		good.Basis, good.Document = consent.ExistingCustomer, w.sale(id)
		for name, c := range map[string]struct {
			change func(*consent.Entry)
			key    string
		}{
			"no sale":      {func(e *consent.Entry) { e.Document = 0 }, "consent.existing_sale"},
			"another's":    {func(e *consent.Entry) { e.Document = sale }, "consent.existing_sale"},
			"no notice":    {func(e *consent.Entry) { e.TextVersion = "" }, "consent.existing_notice"},
			"by telephone": {func(e *consent.Entry) { e.Channel, e.Address = consent.Phone, "+49401234567" }, "consent.existing_channel"},
			"for tracking": {func(e *consent.Entry) { e.Purpose = consent.Tracking }, "consent.existing_purpose"},
			"no address":   {func(e *consent.Entry) { e.Address = "" }, "errors.required"},
		} {
			bad := good
			c.change(&bad)
			err := w.db.Write(w.Context(), store.System(), func(tx *store.Tx) error {
				_, err := consent.Record(w.Context(), tx, []consent.Entry{bad})
				return err
			})
			if f := fault.As(err); f == nil || f.Code != fault.Invalid || f.Key != c.key {
				w.Errorf("%s: %v", name, err)
			}
		}
		w.record(good)
		if got := w.now(id); got != "email/advertising=existing_customer email/surveys=existing_customer" {
			w.Error(got)
		}
	})
}

func TestASharedAddressThatSaidNoGetsNothingAtAnyCustomer(t *testing.T) {
	each(t, func(w world) {
		anna, bert := w.customer("familie@example.org"), w.customer("Familie@Example.org")
		w.record(entry(anna, consent.Confirmed, "familie@example.org"), entry(bert, consent.Confirmed, "familie@example.org"))
		w.record(entry(anna, consent.Objected, "familie@example.org"))
		if a, b := w.verdict(anna, "familie@example.org"), w.verdict(bert, "familie@example.org"); a != consent.ReasonObjected || b != consent.ReasonSuppressed {
			w.Errorf("%s, %s", a, b)
		}
	})
}

func TestAFileNeverBringsBackWhoSaidNo(t *testing.T) {
	each(t, func(w world) {
		id, other := w.customer(erika), w.customer(erika)
		w.record(consent.Entry{Customer: id, Purpose: consent.Advertising, Kind: consent.Objected, Source: consent.SourcePerson})
		file := func(who int64, k consent.Kind, year int) consent.Entry {
			e := entry(who, k, erika)
			e.Source, e.Run, e.At = consent.SourceImport, 9, time.Date(year, 5, 1, 0, 0, 0, 0, time.UTC)
			return e
		}
		if out := w.record(file(id, consent.Confirmed, 2030), file(other, consent.Confirmed, 2030)); out.IDs[0] != 0 || out.IDs[1] != 0 {
			w.Errorf("a file overruled an objection: %v", out.IDs)
		}
		fresh := w.customer("neu@example.org")
		rows := []consent.Entry{file(fresh, consent.Confirmed, 2020), file(fresh, consent.Withdrawn, 2021), file(fresh, consent.Granted, 2021)}
		for i := range rows {
			rows[i].Address = "neu@example.org"
		}
		rows[2].At = rows[1].At
		if out := w.record(rows...); out.IDs[2] != 0 || w.now(fresh) != "email/advertising=withdrawn" {
			w.Errorf("%v %s", out.IDs, w.now(fresh))
		}
		// what a file tells of long ago ends no later consent
		w.record(entry(fresh, consent.Confirmed, "neu@example.org"))
		old := rows[1]
		old.ID, old.At = 0, rows[0].At
		w.record(old)
		if got := w.now(fresh); got != "email/advertising=granted" {
			w.Errorf("an old withdrawal: %s", got)
		}
	})
}

func TestWhichActCountsIsToldByTheLedgerNotTheClock(t *testing.T) {
	each(t, func(w world) {
		id := w.customer(erika)
		no := entry(id, consent.Withdrawn, "")
		no.At = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) // the clock was set back between
		w.record(entry(id, consent.Confirmed, erika))
		w.record(no)
		if got := w.verdict(id, erika); got != consent.ReasonSuppressed || w.now(id) != "email/advertising=withdrawn" {
			w.Errorf("%s, %s", got, w.now(id))
		}
	})
}

func TestTelephoneNumbersNeedEvidenceOnly(t *testing.T) {
	each(t, func(w world) {
		id := w.customer(erika)
		call := consent.Entry{Customer: id, Channel: consent.Phone, Purpose: consent.Advertising, Kind: consent.Granted, Address: "040 123 45 67"}
		ask := consent.Ask{Channel: consent.Phone, Purpose: consent.Advertising}
		to := consent.Recipient{Customer: id, Address: "+49401234567"}
		w.record(call)
		if v := w.check(ask, to)[0]; v.Reason != consent.ReasonNotConfirmed {
			w.Errorf("without evidence: %+v", v)
		}
		call.Evidence = "recording 4711"
		w.record(call)
		if v := w.check(ask, to)[0]; v.Basis != consent.Consent {
			w.Errorf("with evidence: %+v", v)
		}
	})
}

func TestErasingLeavesTheProofWithoutThePerson(t *testing.T) {
	each(t, func(w world) {
		id := w.customer(erika)
		given := entry(id, consent.Confirmed, erika)
		given.IP, given.Evidence = "192.0.2.7", "Karte von Erika"
		w.record(given)
		w.write(func(ctx context.Context, tx *store.Tx) error {
			if err := consent.Erase(ctx, tx, id); err != nil {
				return err
			}
			return customer.Erase(ctx, tx, id)
		})
		if got := w.verdict(id, erika); got != consent.ReasonSuppressed {
			w.Errorf("erased: %s", got)
		}
		w.read(func(ctx context.Context, tx *store.Tx) error {
			all, err := consent.Entries(ctx, tx, id)
			if err != nil || len(all) != 1 || all[0].Kind != consent.Confirmed || all[0].TextVersion != "t1" || all[0].Hash == "" {
				w.Errorf("proof: %+v, %v", all, err)
			}
			for _, e := range all {
				if text := fmt.Sprintf("%+v", e); strings.Contains(text, "rika") || strings.Contains(text, "192.0.2.7") {
					w.Errorf("personal: %s", text)
				}
			}
			found, err := consent.Trace(ctx, tx, "Erika@example.org")
			if len(found) != 1 {
				w.Errorf("her address traces to %+v", found)
			}
			return err
		})
		again := w.customer(erika)
		file := entry(again, consent.Confirmed, erika)
		file.Run = 3
		if out := w.record(file); out.IDs[0] != 0 {
			w.Error("an import brought her back")
		}
		err := w.db.Write(w.Context(), store.System(), func(tx *store.Tx) error {
			_, err := consent.Record(w.Context(), tx, []consent.Entry{entry(id, consent.Granted, erika)})
			return err
		})
		if fault.CodeOf(err) != fault.Conflict {
			w.Errorf("record for who was erased: %v", err)
		}
	})
}

func TestAMergedCustomerHasTheConsentsOfBoth(t *testing.T) {
	each(t, func(w world) {
		from, into := w.customer(erika), w.customer("e.muster@example.org")
		w.record(entry(from, consent.Confirmed, erika))
		w.record(entry(into, consent.Confirmed, "e.muster@example.org"))
		w.write(func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.Exec(ctx, `UPDATE customer SET merged_into = $1 WHERE id = $2`, into, from); err != nil {
				return err
			}
			return consent.Merge(ctx, tx, from, into)
		})
		for _, id := range []int64{from, into} {
			if a, b := w.verdict(id, erika), w.verdict(id, "e.muster@example.org"); a != "consent" || b != "consent" {
				w.Errorf("%d: %s, %s", id, a, b)
			}
		}
		w.record(entry(from, consent.Objected, "")) // goes to the other
		if got := w.verdict(into, erika); got != consent.ReasonObjected || w.now(from) != "" {
			w.Errorf("%s, %q", got, w.now(from))
		}
	})
}

func TestTheFeedTellsWhatWasDoneWithoutAddresses(t *testing.T) {
	each(t, func(w world) {
		id := w.customer(erika)
		out := w.record(entry(id, consent.Granted, erika), entry(id, consent.Objected, erika))
		w.read(func(ctx context.Context, tx *store.Tx) error {
			all, _, err := feed.Read(ctx, tx, feed.Cursor{}, 100)
			var got []string
			for _, c := range all {
				if strings.HasPrefix(c.Kind, "consent.") {
					got = append(got, fmt.Sprintf("%s %t %d %v", c.Kind, c.Customer == id, c.Subject, c.Rows))
					if strings.Contains(string(c.Body), "example") {
						w.Errorf("address in the feed: %s", c.Body)
					}
				}
			}
			want := []string{fmt.Sprintf("consent.granted true %d map[consent:[[%d %d]]]", out.IDs[0], id, id), fmt.Sprintf("consent.objected true %d map[consent:[[%d %d]]]", out.IDs[1], id, id)}
			if d := cmp.Diff(want, got); d != "" {
				w.Error(d)
			}
			return err
		})
	})
}

func openForFuzz(f *testing.F) *store.DB {
	return storetest.Open(f, storetest.SQLite(f), store.Options{Log: slog.New(slog.DiscardHandler)})
}
