package campaign

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/action/program"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// reader is a customer as mails need her.
type reader struct {
	customer.Customer
}

// readersOf reads customers by id; who was erased or merged is missing.
func readersOf(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]*reader, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlReaders, tx.Numbers("$1")), store.JSON(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := make(map[int64]*reader, len(ids))
	for rows.Next() {
		r := &reader{}
		var since int64
		if err := rows.Scan(&r.ID, &r.Kind, &r.Name, &r.FirstName, &r.LastName, &r.Company, &r.Salutation, &r.Title, &r.AddressForm, &r.Language, &r.Country, &since); err != nil {
			return nil, err
		}
		if since > earliest {
			day := clock.Day(since)
			r.Since = &day
		}
		all[r.ID] = r
	}
	return all, rows.Err()
}

// earliest is below all days; what lies below it stands for no day.
const earliest = -1_000_000

// mailsOf are the addresses to write to by customer: the main one, or another that can be one.
func mailsOf(ctx context.Context, tx *store.Tx, ids []int64, on clock.Day) (map[int64]string, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlMails, tx.Numbers("$1")), store.JSON(ids), int64(on))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := make(map[int64]string, len(ids))
	for rows.Next() {
		var id int64
		var address string
		if err := rows.Scan(&id, &address); err != nil {
			return nil, err
		}
		if folded, ok := consent.FoldAddress(consent.Email, address); ok && all[id] == "" {
			all[id] = folded
		}
	}
	return all, rows.Err()
}

// audience turns customers into messages to decide about.
type audience struct {
	*Campaign
	settings company.Settings
	today    clock.Day
	now      time.Time
}

func (c *Campaign) audience(ctx context.Context, tx *store.Tx) (*audience, error) {
	settings, err := company.Load(ctx, tx)
	return &audience{Campaign: c, settings: settings, today: clock.DayOf(tx.Now, settings.Zone()), now: tx.Now}, err
}

// addresses are where customers are written to or called. Of several numbers it is the first one at which she may be called, since consent
// holds for a number; where there is none the first of all, so that the ledger says what was missing. Consent of a person who acts for
// a company is the company's, by buyers.
func (a *audience) addresses(ctx context.Context, tx *store.Tx, ids []int64, buyers map[int64]int64) (map[int64]string, error) {
	if !a.ByPhone() {
		return mailsOf(ctx, tx, ids, a.today)
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlPhones, tx.Numbers("$1")), store.JSON(ids), int64(a.today))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var owners []int64
	var to []consent.Recipient
	for rows.Next() {
		var id int64
		var number string
		if err := rows.Scan(&id, &number); err != nil {
			return nil, err
		}
		if folded, ok := consent.FoldAddress(consent.Phone, number); ok {
			owners, to = append(owners, id), append(to, consent.Recipient{Customer: cmp.Or(buyers[id], id), Address: folded})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	said, err := consent.Check(ctx, tx, consent.Ask{Channel: consent.Phone, Purpose: a.Purpose, Basis: a.Basis}, to)
	if err != nil {
		return nil, err
	}
	all, allowed := make(map[int64]string, len(ids)), map[int64]bool{}
	for i, id := range owners {
		if may := said[i].Basis != ""; all[id] == "" || may && !allowed[id] {
			all[id], allowed[id] = to[i].Address, may
		}
	}
	return all, nil
}

// news are the messages to customers, without groups. A company is written to at its own address, or where it has none at that
// of its first contact person who has one; a contact person for her company.
func (a *audience) news(ctx context.Context, tx *store.Tx, ids []int64) ([]message.New, error) {
	buyers, err := customer.Buyers(ctx, tx, ids, a.today)
	if err != nil {
		return nil, err
	}
	who, err := readersOf(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	mails, err := a.addresses(ctx, tx, ids, buyers)
	if err != nil {
		return nil, err
	}
	people, peopleMails, err := a.contacts(ctx, tx, ids, who, mails)
	if err != nil {
		return nil, err
	}
	news := make([]message.New, 0, len(ids))
	for _, id := range ids {
		r := who[id]
		if r == nil {
			continue
		}
		n := message.New{Measure: a.Measure, Customer: id, Channel: a.Channel, Kind: Kind, Subject: a.ID, Address: mails[id],
			Ask: consent.Ask{Channel: a.Channel, Purpose: a.Purpose, Basis: a.Basis, Topic: a.Topic}}
		if of, acts := buyers[id]; acts {
			n.Customer, n.Person = of, id
		}
		if person := people[id]; n.Address == "" && person != 0 {
			n.Person, n.Address = person, peopleMails[person]
		}
		n.NotBefore = a.notBefore(id, r.Country)
		news = append(news, n)
	}
	return news, nil
}

// contacts are the contact persons of companies that have no address of their own, and their addresses.
func (a *audience) contacts(ctx context.Context, tx *store.Tx, ids []int64, who map[int64]*reader, mails map[int64]string) (of map[int64]int64, addresses map[int64]string, err error) {
	var companies []int64
	for _, id := range ids {
		if r := who[id]; r != nil && r.Kind == customer.Company && mails[id] == "" {
			companies = append(companies, id)
		}
	}
	if len(companies) == 0 {
		return nil, nil, nil
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlContacts, tx.Numbers("$1")), store.JSON(companies), int64(a.today))
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var pairs [][2]int64
	var people []int64
	for rows.Next() {
		var pair [2]int64
		if err := rows.Scan(&pair[0], &pair[1]); err != nil {
			return nil, nil, err
		}
		pairs, people = append(pairs, pair), append(people, pair[1])
	}
	if err := rows.Err(); err != nil {
		return nil, nil, err
	}
	buyers := make(map[int64]int64, len(pairs))
	for _, pair := range pairs {
		buyers[pair[1]] = pair[0]
	}
	if addresses, err = a.addresses(ctx, tx, people, buyers); err != nil {
		return nil, nil, err
	}
	of = map[int64]int64{}
	for _, pair := range pairs {
		if of[pair[0]] == 0 && addresses[pair[1]] != "" {
			of[pair[0]] = pair[1]
		}
	}
	return of, addresses, nil
}

// notBefore is when a message to a customer may leave: at the time of the plan in her zone, and where messages leave over
// hours, at her place among them. The zero time is at once.
func (a *audience) notBefore(id int64, country string) time.Time {
	zone := a.settings.Zone()
	if a.Plan.When == ByZone {
		zone = message.Zone(country, a.settings)
	}
	at := a.Plan.start(a.now, zone)
	if a.Plan.Spread > 0 {
		h := fnv.New32a()
		fmt.Fprint(h, a.ID, ":", id)
		at = at.Add(time.Duration(int64(h.Sum32())%(int64(a.Plan.Spread)*3600)) * time.Second)
	}
	if !at.After(a.now) {
		return time.Time{}
	}
	return at
}

// draw gives the messages that have a legal basis their groups: drawn for good, or as they would be drawn.
func draw(ctx context.Context, tx *store.Tx, measure int64, news []message.New,
	lottery func(context.Context, *store.Tx, int64, []int64) ([]program.Assigned, error)) error {
	entitled, err := message.Entitled(ctx, tx, news)
	if err != nil {
		return err
	}
	var buyers []int64
	var at []int
	for i, is := range entitled {
		if is {
			buyers, at = append(buyers, news[i].Customer), append(at, i)
		}
	}
	if len(buyers) == 0 {
		return nil
	}
	drawn, err := lottery(ctx, tx, measure, buyers)
	if err != nil {
		return err
	}
	for k, i := range at {
		news[i].Arm = drawn[k].Arm
	}
	return nil
}
