package consent

import (
	"cmp"
	"context"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
)

// Ask is what a message wants. With Basis Contract or LegalDuty the message rests on that and passes objections to
// advertising. With Consent only proved consent lets it pass. Empty, it is advertising for own goods similar to those
// bought, with the notice of the right to object in it, and the existing-customer rule of § 7(3) UWG will do as well; for calls
// the presumed consent of a company.
type Ask struct {
	Channel Channel
	Purpose Purpose
	Basis   Basis
	Topic   string // code of what advertising is about, empty for nothing in particular: who left it out gets none
}

// Recipient is a customer and the address a message would go to. Consent of a company is the company's: Customer is the
// company, Address that of the person.
type Recipient struct {
	Customer int64
	Address  string
}

// Verdict is what Check says of a recipient: the basis the message rests on and the entry of the ledger that gives it, or
// no basis and the reason.
type Verdict struct {
	Basis  Basis
	Entry  int64
	Reason string
}

// The reasons not to send.
const (
	ReasonNone         = "no_consent"
	ReasonNotConfirmed = "not_confirmed"
	ReasonWithdrawn    = "withdrawn"
	ReasonObjected     = "objected"
	ReasonSuppressed   = "suppressed" // the address said no, whoever it belongs to
	ReasonPaused       = "paused"     // she wants none until a day that is still to come
	ReasonTopic        = "topic"      // she wants none about this topic
)

// Reasons lists the reasons not to send.
func Reasons() []string {
	return []string{ReasonNone, ReasonNotConfirmed, ReasonWithdrawn, ReasonObjected, ReasonSuppressed, ReasonPaused, ReasonTopic}
}

// MaxRecipients is how many recipients Check asks about in one query; more are asked in slices.
const MaxRecipients = 1000

// Check tells for each recipient whether a message may go out, in the order of to. Addresses need not be folded. A customer
// who was merged into another has the other's consent; nobody and somebody erased have none.
func Check(ctx context.Context, tx *store.Tx, a Ask, to []Recipient) ([]Verdict, error) {
	all, _, err := check(ctx, tx, a, to, false)
	return all, err
}

// CheckTracked is Check, and tells besides of each recipient whether it may be known what she opens and clicks by that channel.
func CheckTracked(ctx context.Context, tx *store.Tx, a Ask, to []Recipient) (verdicts []Verdict, tracked []bool, err error) {
	if !a.free() {
		return check(ctx, tx, a, to, true)
	}
	all, err := Check(ctx, tx, tracking(a.Channel), to)
	if err != nil {
		return nil, nil, err
	}
	for _, v := range all {
		tracked = append(tracked, v.Basis == Consent)
	}
	verdicts, err = Check(ctx, tx, a, to)
	return verdicts, tracked, err
}

// tracking asks whether somebody may be known by what she opens and clicks.
func tracking(c Channel) Ask { return Ask{Channel: c, Purpose: Tracking, Basis: Consent} }

// free tells that what is asked rests on no consent.
func (a Ask) free() bool { return a.Basis == Contract || a.Basis == LegalDuty }

func check(ctx context.Context, tx *store.Tx, a Ask, to []Recipient, track bool) (all []Verdict, tracked []bool, err error) {
	all, tracked = make([]Verdict, len(to)), make([]bool, len(to))
	if a.free() {
		for i := range all {
			all[i].Basis = a.Basis
		}
		return all, tracked, nil
	}
	if len(to) == 0 {
		return all, tracked, nil
	}
	install, err := customer.InstallKey(ctx, tx, false)
	if err != nil {
		return nil, nil, err
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	s := slice{hasher: newHasher(install), today: int64(clock.DayOf(tx.Now, settings.Zone())), ask: a, track: track}
	for from := 0; from < len(to); from += MaxRecipients {
		until := min(from+MaxRecipients, len(to))
		if err := s.check(ctx, tx, to[from:until], all[from:until], tracked[from:until]); err != nil {
			return nil, nil, err
		}
	}
	return all, tracked, presume(ctx, tx, settings, s.today, a, to, all)
}

// known is what one query finds about a slice of recipients.
type known struct {
	states     map[int64][]state
	suppressed map[string]bool
	wish       map[Recipient]string // why not, by what she chose
}

// slice is what is asked about some of the recipients at once.
type slice struct {
	*hasher
	today int64
	ask   Ask
	track bool // and whether it may be known what they open and click
}

func (s slice) check(ctx context.Context, tx *store.Tx, to []Recipient, verdicts []Verdict, tracked []bool) error {
	a := s.ask
	ids, hashes, folded := make([]int64, len(to)), make([]string, 0, len(to)), make([]string, len(to))
	sums := make([]string, len(to))
	advertising := a.Purpose == Advertising || a.Purpose == Surveys
	for i, r := range to {
		ids[i] = r.Customer
		address, ok := FoldAddress(a.Channel, r.Address)
		if !ok && r.Address != "" {
			continue // no consent can hold for what is no address
		}
		folded[i] = address
		if advertising && address != "" {
			sums[i] = s.sum(a.Channel, address)
			hashes = append(hashes, sums[i])
		}
	}
	k, err := s.find(ctx, tx, ids, hashes)
	if err != nil {
		return err
	}
	for i, r := range to {
		wish := ""
		if len(k.wish) > 0 {
			wish = cmp.Or(k.wish[Recipient{r.Customer, folded[i]}], k.wish[Recipient{r.Customer, ""}])
		}
		if folded[i] == "" && r.Address != "" {
			verdicts[i] = Verdict{Reason: ReasonNone}
			continue
		}
		v := judge(k.states[r.Customer], a, folded[i])
		tracked[i] = s.track && judge(k.states[r.Customer], tracking(a.Channel), folded[i]).Basis == Consent
		switch {
		case v.Reason == ReasonObjected:
		case sums[i] != "" && k.suppressed[sums[i]]:
			v = Verdict{Reason: ReasonSuppressed}
		case v.Basis != "" && advertising && wish != "":
			v = Verdict{Entry: v.Entry, Reason: wish}
		}
		verdicts[i] = v
	}
	return nil
}

func (s slice) find(ctx context.Context, tx *store.Tx, ids []int64, hashes []string) (known, error) {
	a, also := s.ask, s.ask.Purpose
	if s.track {
		also = Tracking
	}
	k := known{states: make(map[int64][]state, len(ids)), suppressed: map[string]bool{}, wish: map[Recipient]string{}}
	text := fmt.Sprintf(sqlCheck, tx.Numbers("$1"), tx.Each("consent_state", "s", "s.customer = w.main"), tx.Strings("$4"),
		tx.Each("consent_preference", "p", "p.customer = w.main"))
	topic := ""
	if a.Topic != "" {
		topic = store.JSON(a.Topic)
	}
	args := []any{store.JSON(ids), string(a.Channel), string(a.Purpose), store.JSON(hashes), s.today, topic, string(also)}
	err := tx.Values(ctx, text, args, func(_ []string, row []any) error {
		id, _ := row[0].(int64)
		address, _ := row[3].(string)
		switch status := asText(row[5]); status {
		case ReasonSuppressed:
			k.suppressed[address] = true
		case ReasonPaused, ReasonTopic:
			k.wish[Recipient{id, address}] = status
		default:
			entry, _ := row[6].(int64)
			own, _ := row[7].(int64)
			k.states[id] = append(k.states[id], state{place: place{Channel(asText(row[1])), Purpose(asText(row[2])), address, Basis(asText(row[4]))},
				status: Kind(status), entry: entry, own: own == 1})
		}
		return nil
	})
	return k, err
}

func asText(v any) string {
	s, _ := v.(string)
	return s
}
