package consent_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// attempt runs a write that may fail.
func (w world) attempt(fn func(ctx context.Context, tx *store.Tx) error) error {
	return w.db.Write(w.Context(), store.System(), func(tx *store.Tx) error { return fn(w.Context(), tx) })
}

func (w world) signUp(address, ip string, purposes ...consent.Purpose) (o *consent.OptIn, err error) {
	err = w.attempt(func(ctx context.Context, tx *store.Tx) (err error) {
		o, err = consent.Request(ctx, tx, consent.SignUp{Address: address, Purposes: purposes, Language: "de", TextVersion: "de-1", Form: "/p/signup", IP: ip})
		return err
	})
	return o, err
}

// asked is signUp that has to give a mail.
func (w world) asked(address string, purposes ...consent.Purpose) *consent.OptIn {
	w.Helper()
	o, err := w.signUp(address, "192.0.2.1", purposes...)
	if err != nil || o == nil {
		w.Fatalf("sign-up of %s: %v, %v", address, o, err)
	}
	return o
}

// link reads a token of a path.
func (w world) link(kind consent.LinkKind, path string) (link consent.Link, ok bool) {
	w.Helper()
	w.read(func(ctx context.Context, tx *store.Tx) error {
		links, err := consent.OpenLinks(ctx, tx)
		if err == nil {
			link, ok = links.Read(kind, path[strings.LastIndexByte(path, '/')+1:], tx.Now)
		}
		return err
	})
	return link, ok
}

func (w world) confirm(o *consent.OptIn) error {
	link, ok := w.link(consent.LinkConfirm, o.Path)
	if !ok {
		return fault.New(fault.NotFound, "consent.dead_link")
	}
	return w.attempt(func(ctx context.Context, tx *store.Tx) error {
		_, err := consent.Confirm(ctx, tx, link, "192.0.2.2")
		return err
	})
}

// unsubscribing is the link a message to the address carries.
func (w world) unsubscribing(id int64, address string) (link consent.Link) {
	w.Helper()
	var path string
	w.read(func(ctx context.Context, tx *store.Tx) error {
		links, err := consent.OpenLinks(ctx, tx)
		if err == nil {
			path = links.Unsubscribe(id, consent.Email, address)
		}
		return err
	})
	link, ok := w.link(consent.LinkUnsubscribe, path)
	if !ok {
		w.Fatal("cannot read a link just made")
	}
	return link
}

func (w world) owner(address string) int64 {
	w.Helper()
	var ids []int64
	w.read(func(ctx context.Context, tx *store.Tx) (err error) {
		ids, err = customer.ResolveMail(ctx, tx, address)
		return err
	})
	if len(ids) == 0 {
		return 0
	}
	return ids[0]
}

func TestASignUpCountsOnceItIsConfirmed(t *testing.T) {
	each(t, func(w world) {
		o := w.asked("Neu@Müller.example", consent.Advertising, consent.Tracking)
		if w.owner("neu@müller.example") != 0 {
			w.Error("a customer was made before anybody confirmed")
		}
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return consent.Sent(ctx, tx, o.Request, "<7@stamm.example>")
		})
		*w.time = w.time.Add(time.Hour)
		for range 2 { // the second time changes nothing
			if err := w.confirm(o); err != nil {
				w.Fatal(err)
			}
		}
		id := w.owner("neu@müller.example")
		if got := w.verdict(id, "NEU@müller.example"); got != "consent" {
			w.Errorf("confirmed: %s", got)
		}
		w.read(func(ctx context.Context, tx *store.Tx) error {
			all, err := consent.Entries(ctx, tx, id)
			var got []string
			for _, e := range all {
				got = append(got, fmt.Sprintf("%s %s %s %s %s %s", e.Purpose, e.Kind, e.IP, e.At.Format("15:04"), e.Proof, e.TextVersion))
			}
			want := []string{"advertising granted 192.0.2.1 12:00 <7@stamm.example> de-1", "advertising confirmed 192.0.2.2 13:00 <7@stamm.example> de-1",
				"tracking granted 192.0.2.1 12:00 <7@stamm.example> de-1", "tracking confirmed 192.0.2.2 13:00 <7@stamm.example> de-1"}
			if !slices.Equal(got, want) {
				w.Errorf("proof:\n%s", strings.Join(got, "\n"))
			}
			return err
		})
	})
}

func TestAConfirmationCountsForEveryCustomerWithTheAddress(t *testing.T) {
	each(t, func(w world) {
		a, b := w.customer("familie@example.org"), w.customer("familie@example.org")
		if err := w.confirm(w.asked("familie@example.org")); err != nil {
			w.Fatal(err)
		}
		if x, y := w.verdict(a, "familie@example.org"), w.verdict(b, "familie@example.org"); x != "consent" || y != "consent" {
			w.Errorf("%s, %s", x, y)
		}
	})
}

func TestAConfirmationAfterANoDoesNotCount(t *testing.T) {
	each(t, func(w world) {
		id := w.customer(erika)
		for name, no := range map[string]func(){
			"objection":  func() { w.record(consent.Entry{Customer: id, Purpose: consent.Advertising, Kind: consent.Objected}) },
			"withdrawal": func() { w.record(entry(id, consent.Withdrawn, erika)) },
			"unsubscribe": func() {
				w.write(func(ctx context.Context, tx *store.Tx) error {
					return consent.Unsubscribe(ctx, tx, w.unsubscribing(id, erika), "")
				})
			},
		} {
			*w.time = w.time.Add(25 * time.Hour)
			o := w.asked(erika)
			*w.time = w.time.Add(-2 * time.Hour) // and the clock is set back
			no()
			if err := w.confirm(o); fault.CodeOf(err) != fault.NotFound {
				w.Errorf("%s: confirmed all the same: %v", name, err)
			}
			*w.time = w.time.Add(26 * time.Hour)
			if err := w.confirm(w.asked(erika)); err != nil || w.verdict(id, erika) != "consent" {
				w.Errorf("%s: her new sign-up: %v, %s", name, err, w.verdict(id, erika))
			}
		}
	})
}

func TestALinkRunsOutAndAForgedOneSaysNothing(t *testing.T) {
	each(t, func(w world) {
		o := w.asked(erika)
		token := strings.TrimPrefix(o.Path, consent.PathConfirm)
		for _, forged := range []string{"", "x", token[:len(token)-1], token + "A", "A" + token[1:], strings.ToUpper(token), strings.Repeat("A", 500)} {
			if _, ok := w.link(consent.LinkConfirm, forged); ok {
				w.Errorf("%q is taken", forged)
			}
		}
		if _, ok := w.link(consent.LinkUnsubscribe, token); ok {
			w.Error("a link to confirm unsubscribes")
		}
		*w.time = w.time.Add(7*24*time.Hour + 2*time.Minute)
		if err := w.confirm(o); fault.CodeOf(err) != fault.NotFound {
			w.Errorf("after a week: %v", err)
		}
	})
}

func TestNobodyIsFloodedThroughOurForms(t *testing.T) {
	each(t, func(w world) {
		try := func(address, ip string, want bool) {
			w.Helper()
			if o, err := w.signUp(address, ip); err != nil || (o != nil) != want {
				w.Errorf("%s from %s at %s: %v, %v", address, ip, w.time.Format("02. 15:04"), o, err)
			}
		}
		try(erika, "192.0.2.1", true)
		try(" ERIKA@example.org", "192.0.2.2", false)
		*w.time = w.time.Add(-time.Hour)
		try(erika, "192.0.2.1", false)
		*w.time = w.time.Add(26 * time.Hour)
		try(erika, "192.0.2.1", true)
		*w.time = w.time.Add(25 * time.Hour)
		try(erika, "192.0.2.1", true)
		*w.time = w.time.Add(25 * time.Hour)
		try(erika, "192.0.2.1", false) // three ever, until one is confirmed
		for i := range 20 {
			try(fmt.Sprintf("p%d@example.org", i), "192.0.2.9", true)
		}
		if o, err := w.signUp("p21@example.org", "192.0.2.9"); fault.CodeOf(err) != fault.Unavailable {
			w.Errorf("the 21st of an hour: %v, %v", o, err)
		}
		*w.time = w.time.Add(time.Hour)
		try("p21@example.org", "192.0.2.9", true)
		if _, err := w.signUp("no address", "192.0.2.9"); fault.As(err).Field != "address" {
			w.Errorf("no address: %v", err)
		}
	})
}

func TestUnsubscribingEndsWhateverBasisThereWasAndMayBeRepeated(t *testing.T) {
	each(t, func(w world) {
		id := w.customer(erika)
		existing := entry(id, consent.Granted, erika)
		existing.Basis, existing.Document = consent.ExistingCustomer, w.sale(id)
		tracking := entry(id, consent.Confirmed, erika)
		tracking.Purpose = consent.Tracking
		w.record(existing, entry(id, consent.Confirmed, erika), tracking)
		link := w.unsubscribing(id, erika)
		var counts []int
		for range 3 {
			w.write(func(ctx context.Context, tx *store.Tx) error { return consent.Unsubscribe(ctx, tx, link, "192.0.2.3") })
			w.read(func(ctx context.Context, tx *store.Tx) error {
				all, err := consent.Entries(ctx, tx, id)
				counts = append(counts, len(all))
				return err
			})
		}
		if !slices.Equal(counts, []int{5, 5, 5}) || w.verdict(id, erika) != consent.ReasonObjected {
			w.Errorf("%v entries, %s", counts, w.verdict(id, erika))
		}
		if got := w.now(id); !strings.Contains(got, "email/tracking=granted") {
			w.Errorf("tracking has consent of its own: %s", got)
		}
		w.write(func(ctx context.Context, tx *store.Tx) error {
			if err := consent.Erase(ctx, tx, id); err != nil {
				return err
			}
			if err := customer.Erase(ctx, tx, id); err != nil {
				return err
			}
			return consent.Unsubscribe(ctx, tx, link, "") // a mail of long ago
		})
	})
}

func TestUnsubscribingAtACompanyIsForThePersonsAddress(t *testing.T) {
	each(t, func(w world) {
		person := w.customer("anna@firma.example")
		var firm int64
		w.write(func(ctx context.Context, tx *store.Tx) error {
			e, err := customer.Create(ctx, tx, customer.Draft{Fields: customer.Fields{"kind": "company", "company": "Firma"}})
			if err != nil {
				return err
			}
			firm = e.ID
			_, err = customer.AddContact(ctx, tx, customer.Contact{Company: firm, Person: person})
			return err
		})
		w.record(entry(firm, consent.Confirmed, "anna@firma.example"), entry(firm, consent.Confirmed, "bert@firma.example"))
		link := w.unsubscribing(firm, "anna@firma.example")
		w.write(func(ctx context.Context, tx *store.Tx) error { return consent.Unsubscribe(ctx, tx, link, "") })
		if a, b := w.verdict(firm, "anna@firma.example"), w.verdict(firm, "bert@firma.example"); a != consent.ReasonObjected || b != "consent" {
			w.Errorf("%s, %s", a, b)
		}
	})
}

func TestPreferencesEndAtOnceAndBeginWithADoubleOptIn(t *testing.T) {
	each(t, func(w world) {
		id := w.customer(erika)
		w.record(entry(id, consent.Confirmed, erika))
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return consent.SetTopic(ctx, tx, consent.Topic{Code: "coffee", De: "Kaffee", En: "Coffee"})
		})
		link := w.unsubscribing(id, erika)
		link.Kind = consent.LinkPreferences
		choose := func(c consent.Choices) (o *consent.OptIn) {
			w.Helper()
			w.write(func(ctx context.Context, tx *store.Tx) (err error) {
				o, err = consent.Choose(ctx, tx, link, c, consent.SignUp{TextVersion: "de-1", Form: "/p/m"})
				return err
			})
			return o
		}
		paused := consent.Choices{Purposes: []consent.Purpose{consent.Advertising, consent.Surveys}, TopicsOff: []string{"coffee"}, Frequency: consent.OftenMonthly,
			PausedTo: clock.NewDay(2026, 4, 1), Language: "en"}
		o := choose(paused)
		if o == nil || !slices.Equal(o.Purposes, []consent.Purpose{consent.Surveys}) || w.verdict(id, erika) != consent.ReasonPaused {
			w.Errorf("%+v, %s", o, w.verdict(id, erika))
		}
		w.read(func(ctx context.Context, tx *store.Tx) error {
			all, err := consent.Preferences(ctx, tx, []int64{id})
			p := all[consent.Recipient{Customer: id, Address: erika}]
			if p.Frequency != consent.OftenMonthly || !slices.Equal(p.TopicsOff, []string{"coffee"}) || p.Language != "en" {
				w.Errorf("%+v", all)
			}
			return err
		})
		*w.time = w.time.Add(31 * 24 * time.Hour)
		if got := w.verdict(id, erika); got != "consent" {
			w.Errorf("after the pause: %s", got)
		}
		for i := range 25 { // somebody in the same office tries everything
			_, _ = w.signUp(fmt.Sprintf("p%d@example.org", i), "")
			_, _ = w.signUp(fmt.Sprintf("q%d@example.org", i), "192.0.2.8")
		}
		w.write(func(ctx context.Context, tx *store.Tx) error {
			o, err := consent.Choose(ctx, tx, link, consent.Choices{Purposes: []consent.Purpose{consent.Tracking}}, consent.SignUp{TextVersion: "de-1", IP: "192.0.2.8"})
			if o != nil || err != nil {
				w.Errorf("beyond the limit: %v, %v", o, err)
			}
			return nil
		})
		if got := w.verdict(id, erika); got != consent.ReasonObjected {
			w.Errorf("the limit of mails kept her from leaving: %s", got)
		}
		if o := choose(consent.Choices{}); o != nil || w.verdict(id, erika) != consent.ReasonObjected {
			w.Errorf("%+v, %s", o, w.verdict(id, erika))
		}
		err := w.attempt(func(ctx context.Context, tx *store.Tx) error {
			_, err := consent.Choose(ctx, tx, link, consent.Choices{TopicsOff: []string{"tea"}}, consent.SignUp{})
			return err
		})
		if fault.As(err).Field != "topics" {
			w.Errorf("an unknown topic: %v", err)
		}
	})
}

func FuzzLinks(f *testing.F) {
	f.Add("", byte('c'))
	f.Add("dQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", byte('u'))
	db := openForFuzz(f)
	var links *consent.Links
	err := db.Write(f.Context(), store.System(), func(tx *store.Tx) (err error) {
		if err := consent.Prepare(f.Context(), tx); err != nil {
			return err
		}
		links, err = consent.OpenLinks(f.Context(), tx)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	ours := strings.TrimPrefix(links.Unsubscribe(7, consent.Email, erika), consent.PathUnsubscribe)
	f.Add(ours, byte('u'))
	f.Fuzz(func(t *testing.T, token string, kind byte) {
		if link, ok := links.Read(consent.LinkKind(kind), token, time.Now()); ok && token != ours {
			t.Errorf("%q counts as %+v", token, link)
		}
	})
}
