package message_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stamm/internal/action/message"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// reader is somebody of the reference, who knows no database.
type reader struct {
	id      int64
	address string
	zone    string
	region  string
	agreed  bool
	hold    string
	state   string // its state
	had     []contact
}

// contact is a message that counts.
type contact struct {
	channel consent.Channel
	day     clock.Day
}

// world is what the reference knows.
type world struct {
	rules   message.Rules
	readers []*reader
	now     time.Time
	home    *time.Location
}

// places are where readers live: country and region as customers have them, and zone and holidays as the calendar has.
var places = [][4]string{{"DE", "HH", "Europe/Berlin", "DE-HH"}, {"DE", "BY", "Europe/Berlin", "DE-BY"}, {"AT", "", "Europe/Vienna", "AT"}, {"CH", "ZH", "Europe/Zurich", "CH-ZH"},
	{"GB", "", "Europe/London", "GB"}, {"", "", "Europe/Berlin", "DE"}}

// drawRules draws rules of every kind.
func drawRules(t *rapid.T) message.Rules {
	limit := rapid.IntRange(0, 3)
	r := message.Rules{Week: limit.Draw(t, "week"), Month: rapid.IntRange(0, 5).Draw(t, "month"), Reserve: rapid.IntRange(0, 1).Draw(t, "reserve"),
		Channels:     map[consent.Channel]message.Limits{consent.Email: {Week: limit.Draw(t, "email week"), Month: limit.Draw(t, "email month")}},
		QuietSundays: rapid.Bool().Draw(t, "sundays"), QuietHolidays: rapid.Bool().Draw(t, "holidays")}
	hours := rapid.SampledFrom([][2]clock.TimeOfDay{{20 * 60, 8 * 60}, {0, 0}, {60, 360}, {0, 540}, {1200, 1440}, {13 * 60, 15 * 60}}).Draw(t, "hours")
	r.QuietFrom, r.QuietUntil = hours[0], hours[1]
	return r
}

// drawTime draws an instant, often near a change of the clocks or a feast.
func drawTime(t *rapid.T) time.Time {
	base := rapid.SampledFrom([]time.Time{time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC), time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC), time.Date(2026, 12, 24, 12, 0, 0, 0, time.UTC),
		time.Date(2026, 4, 2, 18, 0, 0, 0, time.UTC), noon}).Draw(t, "base")
	return base.Add(time.Duration(rapid.IntRange(0, 72*60).Draw(t, "minutes")) * time.Minute)
}

func TestTheGatesAnswerAsAPlainReferenceDoes(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		c := newClock(noon)
		db := storetest.Open(t, url, c.options())
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			s := company.Defaults()
			s.Country, s.TimeZone = "DE", "Europe/Berlin"
			return company.Save(ctx, tx, s)
		})
		rapid.Check(t, func(rt *rapid.T) {
			c.set(drawTime(rt))
			ctx := context.Background()
			var asked []message.New
			var got []message.Decision
			w := &world{rules: drawRules(rt), now: c.now()}
			w.home, _ = clock.LoadZone("Europe/Berlin")
			err := db.DryRun(ctx, store.System(), func(tx *store.Tx) (err error) {
				if err := w.make(ctx, tx, rt); err != nil {
					return err
				}
				asked = w.drawMessages(rt)
				got, err = message.Decide(ctx, tx, asked)
				return err
			})
			if err != nil {
				rt.Fatal(err)
			}
			for i, want := range w.decide(asked) {
				g := got[i]
				if string(g.Gates) != want.gates || g.Reason != want.reason || !g.Due.Equal(want.due) || (g.State == message.Suppressed) != (want.reason != "") {
					rt.Fatalf("message %d of %+v\nat %v, rules %+v:\n got %s %q due %v\nwant %s %q due %v", i, asked[i], w.now, w.rules, g.Gates, g.Reason, g.Due, want.gates, want.reason, want.due)
				}
			}
		})
	})
}

// make puts the world into the database.
func (w *world) make(ctx context.Context, tx *store.Tx, t *rapid.T) error {
	if err := message.SaveRules(ctx, tx, w.rules); err != nil {
		return err
	}
	var past []message.Decision
	for i := range rapid.IntRange(1, 5).Draw(t, "readers") {
		p := rapid.SampledFrom(places).Draw(t, "place")
		r := &reader{address: fmt.Sprintf("leser%d@example.de", i), zone: p[2], region: p[3], agreed: rapid.IntRange(0, 3).Draw(t, "agreed") > 0,
			hold:  rapid.SampledFrom([]string{"", "", "", message.HoldComplaint, message.HoldDispute}).Draw(t, "hold"),
			state: rapid.SampledFrom([]string{"", "", "", message.AddressBounced, message.AddressComplained}).Draw(t, "address")}
		e, err := customer.Create(ctx, tx, customer.Draft{Fields: customer.Fields{"last_name": fmt.Sprint("Leser ", i), "country": p[0], "region": p[1]}, Emails: []customer.Email{{Address: r.address}}})
		if err != nil {
			return err
		}
		r.id = e.ID
		if r.agreed {
			if _, err := consent.Record(ctx, tx, []consent.Entry{{Customer: r.id, Channel: consent.Email, Purpose: consent.Advertising, Kind: consent.Confirmed, Address: r.address, Evidence: "x"}}); err != nil {
				return err
			}
		}
		if r.hold != "" {
			if err := message.Hold(ctx, tx, r.id, r.hold, "1"); err != nil {
				return err
			}
		}
		if r.state != "" {
			if err := message.MarkAddress(ctx, tx, consent.Email, r.address, r.state, "5.1.1"); err != nil {
				return err
			}
		}
		today := clock.DayOf(w.now, w.home)
		for k := range rapid.IntRange(0, 4).Draw(t, "had") {
			one := contact{rapid.SampledFrom([]consent.Channel{consent.Email, consent.Phone}).Draw(t, "channel"), today + clock.Day(rapid.IntRange(-31, 8).Draw(t, "day"))}
			r.had = append(r.had, one)
			d := message.Decision{New: message.New{Measure: 1, Customer: r.id, Step: k, Channel: one.channel, Kind: "past", Address: r.address}, State: message.Queued, Due: one.day.Start(w.home).Add(12 * time.Hour)}
			past = append(past, d)
		}
		w.readers = append(w.readers, r)
	}
	return message.Record(ctx, tx, past)
}

func (w *world) drawMessages(t *rapid.T) []message.New {
	var all []message.New
	for k := range rapid.IntRange(1, 10).Draw(t, "messages") {
		r := rapid.SampledFrom(w.readers).Draw(t, "reader")
		n := message.New{Measure: 2, Customer: r.id, Step: k, Channel: consent.Email, Kind: "test", Address: r.address, Ask: consent.Ask{Purpose: consent.Advertising,
			Basis: rapid.SampledFrom([]consent.Basis{"", consent.Consent, consent.Contract, consent.LegalDuty}).Draw(t, "basis")},
			Arm: rapid.SampledFrom([]string{"", "a", "control", "global"}).Draw(t, "arm"), Priority: rapid.IntRange(0, 1).Draw(t, "priority"), Exempt: rapid.Bool().Draw(t, "exempt")}
		if rapid.IntRange(0, 9).Draw(t, "no address") == 0 {
			n.Address = ""
		}
		if rapid.IntRange(0, 2).Draw(t, "later") == 0 {
			n.NotBefore = w.now.Add(time.Duration(rapid.IntRange(-60, 5*24*60).Draw(t, "not before")) * time.Minute)
		}
		all = append(all, n)
	}
	return all
}

// verdict is what the reference says.
type verdict struct {
	gates, reason string
	due           time.Time
}

// decide is the reference: one message after the other, those with priority first, each gate in its own words.
func (w *world) decide(all []message.New) []verdict {
	out := make([]verdict, len(all))
	for _, first := range []bool{true, false} {
		for i, n := range all {
			if (n.Priority > 0) == first {
				out[i] = w.judge(n)
			}
		}
	}
	return out
}

func (w *world) judge(n message.New) verdict {
	var r *reader
	for _, one := range w.readers {
		if one.id == n.Customer {
			r = one
		}
	}
	duty := n.Ask.Basis == consent.LegalDuty || n.Ask.Basis == consent.Contract && n.Exempt
	contract := n.Ask.Basis == consent.Contract
	gates, reason := "", ""
	say := func(exempt bool, why string) {
		switch {
		case reason != "":
			gates += "-"
		case exempt:
			gates += "x"
		case why != "":
			gates, reason = gates+"s", why
		default:
			gates += "p"
		}
	}
	legal := ""
	switch {
	case n.Address == "":
		legal = "no_address"
	case !duty && !contract && !r.agreed:
		legal = "no_consent"
	}
	say(false, legal)
	arm := ""
	if n.Arm == "control" || n.Arm == "global" {
		arm = n.Arm
	}
	say(duty, arm)
	say(duty || contract, r.hold)
	due := w.due(n, r, duty)
	say(duty, w.budget(n, r, due, duty || reason != ""))
	say(duty, "")
	if reason == "" && !duty && !due.IsZero() && due.After(n.NotBefore) {
		gates = gates[:4] + "w"
	}
	say(false, r.state)
	if reason != "" {
		return verdict{gates, reason, time.Time{}}
	}
	return verdict{gates, "", due}
}

// due walks from minute to minute until an hour is decent.
func (w *world) due(n message.New, r *reader, duty bool) time.Time {
	at := w.now
	if n.NotBefore.After(at) {
		at = n.NotBefore
	}
	found := at
	if !duty {
		for !w.decent(found, r) {
			found = found.Truncate(time.Minute).Add(time.Minute)
		}
	}
	if found.Equal(w.now) {
		return time.Time{}
	}
	return found
}

func (w *world) decent(t time.Time, r *reader) bool {
	zone, _ := clock.LoadZone(r.zone)
	local := t.In(zone)
	day := clock.DayOf(t, zone)
	if w.rules.QuietSundays && local.Weekday() == time.Sunday {
		return false
	}
	if _, is := clock.HolidayOn(r.region, day); is && w.rules.QuietHolidays {
		return false
	}
	minute := clock.TimeOfDay(local.Hour()*60 + local.Minute())
	from, until := w.rules.QuietFrom, w.rules.QuietUntil
	switch {
	case from == until:
		return true
	case from < until:
		return minute < from || minute >= until
	default:
		return minute < from && minute >= until
	}
}

// budget counts the contacts by hand, and notes the new one.
func (w *world) budget(n message.New, r *reader, due time.Time, skip bool) string {
	if skip {
		return ""
	}
	day := clock.DayOf(w.now, w.home)
	if !due.IsZero() {
		day = clock.DayOf(due, w.home)
	}
	reserve := w.rules.Reserve
	if n.Priority > 0 {
		reserve = 0
	}
	count := func(days clock.Day, email bool) (k int) {
		for _, c := range r.had {
			if (!email || c.channel == consent.Email) && c.day > day-days && c.day < day+days {
				k++
			}
		}
		return k
	}
	full := func(k, limit int) bool { return limit != 0 && k+reserve >= limit }
	own := w.rules.Channels[consent.Email]
	switch {
	case full(count(7, false), w.rules.Week), full(count(7, true), own.Week):
		return message.ReasonWeek
	case full(count(30, false), w.rules.Month), full(count(30, true), own.Month):
		return message.ReasonMonth
	}
	r.had = append(r.had, contact{consent.Email, day})
	return ""
}
