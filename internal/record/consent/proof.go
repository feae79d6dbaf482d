package consent

import (
	"context"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// Proof is everything that shows what a customer agreed to, in the form in which it is handed out.
type Proof struct {
	Customer int64       `json:"customer"`
	Name     string      `json:"name,omitempty"`
	Made     time.Time   `json:"made"`
	Now      []ProofNow  `json:"now"`
	Acts     []ProofAct  `json:"acts"`
	Texts    []ProofText `json:"texts"`
	Uses     []ProofUse  `json:"phone_uses"`
}

// ProofNow is what consent comes to for a channel and purpose.
type ProofNow struct {
	Channel Channel   `json:"channel"`
	Purpose Purpose   `json:"purpose"`
	Status  string    `json:"status"`
	Since   clock.Day `json:"since"`
}

// ProofAct is one entry of the ledger.
type ProofAct struct {
	ID       int64     `json:"id"`
	At       time.Time `json:"at"`
	Recorded time.Time `json:"recorded"`
	Kind     Kind      `json:"kind"`
	Channel  Channel   `json:"channel"`
	Purpose  Purpose   `json:"purpose"`
	Basis    Basis     `json:"basis,omitempty"`
	Address  string    `json:"address,omitempty"`
	Text     string    `json:"text_version,omitempty"`
	Form     string    `json:"form,omitempty"`
	Source   string    `json:"source,omitempty"`
	Document int64     `json:"document,omitempty"`
	Mail     string    `json:"mail,omitempty"` // Message-ID of the double opt-in
	Evidence string    `json:"evidence,omitempty"`
	IP       string    `json:"ip,omitempty"`
	By       string    `json:"by"` // kind of who wrote it down
}

// ProofText is a wording the acts name.
type ProofText struct {
	Version  string `json:"version"`
	Language string `json:"language"`
	Text     string `json:"text"`
}

// ProofUse is one use of a consent to be called.
type ProofUse struct {
	At      time.Time `json:"at"`
	Entry   int64     `json:"entry"`
	Channel Channel   `json:"channel"`
	Subject string    `json:"subject,omitempty"`
	Keep    clock.Day `json:"keep_until"` // § 7a(2) UWG: five years after the use
}

// Prove gathers the proof of a customer. Nobody is a notfound fault; of somebody erased stays what does not tell who she was.
func Prove(ctx context.Context, tx *store.Tx, id int64) (*Proof, error) {
	c, err := customer.Load(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	entries, err := Entries(ctx, tx, c.ID)
	if err != nil {
		return nil, err
	}
	p, err := ProveEntries(ctx, tx, entries)
	if err != nil {
		return nil, err
	}
	p.Customer, p.Name = c.ID, c.Name
	now, err := Current(ctx, tx, c.ID)
	if err != nil {
		return nil, err
	}
	for _, n := range now {
		p.Now = append(p.Now, ProofNow(n))
	}
	uses, err := Uses(ctx, tx, c.ID)
	for _, u := range uses {
		p.Uses = append(p.Uses, ProofUse{At: u.At, Entry: u.Entry, Channel: u.Channel, Subject: u.Subject, Keep: u.KeepUntil()})
	}
	return p, err
}

// ProveEntries gathers the proof of some entries, with the words they name.
func ProveEntries(ctx context.Context, tx *store.Tx, entries []Entry) (*Proof, error) {
	p := &Proof{Made: tx.Now, Now: []ProofNow{}, Acts: []ProofAct{}, Texts: []ProofText{}, Uses: []ProofUse{}}
	seen := map[string]bool{"": true}
	for _, e := range entries {
		p.Acts = append(p.Acts, ProofAct{ID: e.ID, At: e.At, Recorded: e.CreatedAt, Kind: e.Kind, Channel: e.Channel, Purpose: e.Purpose, Basis: e.Basis,
			Address: e.Address, Text: e.TextVersion, Form: e.Form, Source: e.Source, Document: e.Document, Mail: e.Proof, Evidence: e.Evidence, IP: e.IP,
			By: e.Actor.Kind})
		if seen[e.TextVersion] {
			continue
		}
		seen[e.TextVersion] = true
		t, found, err := FindText(ctx, tx, e.TextVersion)
		if err != nil {
			return nil, err
		}
		if found {
			p.Texts = append(p.Texts, ProofText(t))
		}
	}
	return p, nil
}

// Use is one use of a consent, for the log that § 7a UWG asks of telephone advertising.
type Use struct {
	ID       int64
	Entry    int64 // the consent used; 0 for the presumed one of a company
	Customer int64
	Channel  Channel
	Subject  string // what the call was about
	At       time.Time
}

// keptYears is how long § 7a(2) UWG has the proof of a consent to be called kept, from the grant and from each use on.
const keptYears = 5

// KeepUntil is the day until which the proof has to be kept because of this use.
func (u Use) KeepUntil() clock.Day { return clock.DayOf(u.At, time.UTC).AddMonths(12 * keptYears) }

// LogUse notes that a consent was used, as Check gave it for the recipient. A call without a consent is a conflict.
func LogUse(ctx context.Context, tx *store.Tx, c Channel, r Recipient, subject string) (Use, error) {
	v, err := Check(ctx, tx, Ask{Channel: c, Purpose: Advertising}, []Recipient{r})
	if err != nil {
		return Use{}, err
	}
	if v[0].Basis == "" {
		return Use{}, refused(v[0].Reason)
	}
	if len(subject) > maxText {
		return Use{}, tooLong("subject")
	}
	return addUse(ctx, tx, Use{Entry: v[0].Entry, Customer: r.Customer, Channel: c, Subject: subject, At: tx.Now})
}

func addUse(ctx context.Context, tx *store.Tx, u Use) (_ Use, err error) {
	u.ID, err = tx.InsertID(ctx, sqlAddUse, u.Entry, u.Customer, string(u.Channel), u.Subject, clock.Micros(u.At), tx.Actor.Kind, tx.Actor.ID)
	return u, err
}

// Uses lists the uses of a customer's consents, oldest first.
func Uses(ctx context.Context, tx *store.Tx, id int64) ([]Use, error) {
	rows, err := tx.Query(ctx, sqlUses, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Use
	for rows.Next() {
		var u Use
		var at int64
		if err := rows.Scan(&u.ID, &u.Entry, &u.Customer, &u.Channel, &u.Subject, &at); err != nil {
			return nil, err
		}
		u.At = clock.Time(at)
		all = append(all, u)
	}
	return all, rows.Err()
}
