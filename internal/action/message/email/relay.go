package email

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"unicode/utf8"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
	"stamm/internal/record/customer"
)

// Security is how the way to a server is protected.
type Security string

// The ways. Passwords go over the first two only, or to this machine.
const (
	ImplicitTLS   Security = "tls"           // from the first byte, as on port 465
	StartTLS      Security = "starttls"      // begun by a command, or not at all
	Opportunistic Security = "opportunistic" // where it is offered, whoever it is
	Plain         Security = "none"
)

// Securities are all ways, the best first.
func Securities() []Security { return []Security{ImplicitTLS, StartTLS, Opportunistic, Plain} }

// Relay is a server that takes our mails. Limits of 0 do not limit.
type Relay struct {
	ID       int64
	Name     string
	Host     string
	Port     int
	Security Security
	Login    string // empty for none
	Password string // to be set; never read back. Empty keeps the one there is as long as there is a login
	Hello    string // how we introduce ourselves; empty for our address
	Weight   int    // share of the mails beside other relays

	Connections   int // at once
	PerConnection int // mails, before it is closed
	PerSecond     int
	PerMinute     int
	PerDay        int
	WarmFrom      int       // mails on the first day; twice that on the next one on which it sends, until PerDay; 0 for no warming up
	WarmOn        clock.Day // when that began
	Active        bool

	sealed    string
	changedAt int64
}

// HasPassword tells whether a password is kept.
func (r *Relay) HasPassword() bool { return r.sealed != "" }

// NewRelay is a relay with the figures that suit most.
func NewRelay() *Relay {
	return &Relay{Port: 465, Security: ImplicitTLS, Weight: 1, Connections: 10, PerConnection: 100, Active: true}
}

const (
	purposeRelay   = "relay"
	purposeDKIM    = "dkim"
	purposeMailbox = "mailbox"
	purposeHook    = "hook"
)

// SaveRelay adds a relay, or changes the one with its ID, and returns the id. Every mistake is an invalid fault on its
// field, all of them joined.
func SaveRelay(ctx context.Context, tx *store.Tx, v *Vault, r *Relay) (int64, error) {
	r.trim()
	if err := r.validate(); err != nil {
		return 0, err
	}
	kind := "relay.added"
	var before *Relay
	if r.ID != 0 {
		var err error
		if before, err = FindRelay(ctx, tx, r.ID); err != nil {
			return 0, err
		}
		kind = "relay.changed"
	}
	sealed := ""
	switch {
	case r.Login == "":
	case r.Password != "":
		sealed = v.Seal(purposeRelay, r.Password)
	case before == nil || before.sealed == "":
		return 0, fault.New(fault.Invalid, "errors.required").On("password")
	case before.Host != r.Host: // whoever may change the address must not learn the password of another server
		return 0, fault.New(fault.Invalid, "email.password_for_host").On("password")
	default:
		sealed = before.sealed
	}
	if err := r.startWarming(ctx, tx, before); err != nil {
		return 0, err
	}
	args := []any{r.Name, folded(r.Name), r.Host, r.Port, string(r.Security), r.Login, sealed, r.Hello, r.Weight, r.Connections, r.PerConnection, r.PerSecond,
		r.PerMinute, r.PerDay, r.WarmFrom, int64(r.WarmOn), store.Flag(r.Active), clock.Micros(tx.Now)}
	id := r.ID
	var err error
	if before == nil {
		id, err = tx.InsertID(ctx, sqlAddRelay, args...)
	} else {
		_, err = tx.Exec(ctx, sqlChangeRelay, append(args, id)...)
	}
	if store.IsUnique(err) {
		return 0, fault.New(fault.Invalid, "email.name_taken").On("name")
	}
	if err != nil {
		return 0, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: kind, Subject: id})
	return id, err
}

// startWarming begins to warm up today where that is new.
func (r *Relay) startWarming(ctx context.Context, tx *store.Tx, before *Relay) error {
	switch {
	case r.WarmFrom == 0:
		r.WarmOn = 0
	case before != nil && before.WarmFrom == r.WarmFrom:
		r.WarmOn = before.WarmOn
	default:
		settings, err := company.Load(ctx, tx)
		r.WarmOn = clock.DayOf(tx.Now, settings.Zone())
		return err
	}
	return nil
}

func folded(name string) string { return strings.Join(customer.Fold(name), " ") }

func (r *Relay) trim() {
	for _, text := range []*string{&r.Name, &r.Host, &r.Login, &r.Hello} {
		*text = strings.TrimSpace(*text)
	}
	r.Host, r.Hello = strings.ToLower(r.Host), strings.ToLower(r.Hello)
}

func (r *Relay) validate() error {
	var all []error
	if err := checkName(r.Name); err != nil {
		all = append(all, err)
	}
	all = append(all, checkServer(r.Host, r.Port, r.Security, r.Login)...)
	if strings.ContainsFunc(r.Login+r.Password, isControl) {
		all = append(all, fault.New(fault.Invalid, "email.control_characters").On("password"))
	}
	if r.Hello != "" && !isLDH(r.Hello) {
		all = append(all, fault.New(fault.Invalid, "email.bad_host").On("hello"))
	}
	for _, n := range []struct {
		field             string
		value, from, upTo int
	}{{"weight", r.Weight, 1, 1000}, {"connections", r.Connections, 1, 500}, {"per_connection", r.PerConnection, 1, 100_000}, {"per_second", r.PerSecond, 0, 10_000},
		{"per_minute", r.PerMinute, 0, 100_000}, {"per_day", r.PerDay, 0, 100_000_000}, {"warm_from", r.WarmFrom, 0, 1_000_000}} {
		if err := checkNumber(n.field, n.value, n.from, n.upTo); err != nil {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

func isControl(c rune) bool { return c < ' ' || c == 0x7f }

func checkName(name string) error {
	switch {
	case name == "" || folded(name) == "":
		return fault.New(fault.Invalid, "errors.required").On("name")
	case utf8.RuneCountInString(name) > 100:
		return fault.New(fault.Invalid, "errors.too_long", "max", 100).On("name")
	}
	return nil
}

func checkNumber(field string, value, from, upTo int) error {
	switch {
	case value < from:
		return fault.New(fault.Invalid, "errors.too_small", "min", from).On(field)
	case value > upTo:
		return fault.New(fault.Invalid, "errors.too_large", "max", upTo).On(field)
	}
	return nil
}

// checkServer checks what relays and mailboxes have in common.
func checkServer(host string, port int, security Security, login string) (all []error) {
	if ip := net.ParseIP(host); ip == nil {
		if _, ok := asciiDomain(host); !ok {
			all = append(all, fault.New(fault.Invalid, "email.bad_host").On("host"))
		}
	}
	if err := checkNumber("port", port, 1, 65535); err != nil {
		all = append(all, err)
	}
	if !slices.Contains(Securities(), security) {
		all = append(all, fault.New(fault.Invalid, "errors.choice", "text", string(security)).On("security"))
	}
	if login != "" && (security == Opportunistic || security == Plain) && !isThisMachine(host) {
		all = append(all, fault.New(fault.Invalid, "email.password_in_clear").On("security"))
	}
	return all
}

func isThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// FindRelay returns a relay; one that does not exist is a notfound fault.
func FindRelay(ctx context.Context, tx *store.Tx, id int64) (*Relay, error) {
	all, err := relays(ctx, tx, sqlRelay, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "email.no_such_relay")
	}
	return all[0], nil
}

// Relays lists all relays by name.
func Relays(ctx context.Context, tx *store.Tx) ([]*Relay, error) {
	return relays(ctx, tx, sqlRelays)
}

// DropRelay removes a relay; mails under way on it end as they do.
func DropRelay(ctx context.Context, tx *store.Tx, id int64) error {
	if _, err := FindRelay(ctx, tx, id); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlDropRelay, id); err != nil {
		return err
	}
	if err := resume(ctx, tx, relayKey(id)); err != nil {
		return err
	}
	_, err := feed.Append(ctx, tx, feed.New{Kind: "relay.dropped", Subject: id})
	return err
}

func relays(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Relay, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Relay
	for rows.Next() {
		var r Relay
		var warmOn int64
		var active int
		if err := rows.Scan(&r.ID, &r.Name, &r.Host, &r.Port, &r.Security, &r.Login, &r.sealed, &r.Hello, &r.Weight, &r.Connections, &r.PerConnection,
			&r.PerSecond, &r.PerMinute, &r.PerDay, &r.WarmFrom, &warmOn, &active, &r.changedAt); err != nil {
			return nil, err
		}
		r.WarmOn, r.Active = clock.Day(warmOn), active == 1
		all = append(all, &r)
	}
	return all, rows.Err()
}
