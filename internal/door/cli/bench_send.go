package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/smtp"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

const (
	mailClients  = 64 // connections to the sink
	mailSlice    = 1000
	mailLook     = 250 * time.Millisecond // between two looks at the ledger while it sends
	mailLimit    = time.Hour
	rsaMails     = 60_000 // so many are enough: a signature takes longer than all else
	pastPatience = campaign.Patience + time.Minute
)

// mailing is the part of the benchmark that writes to many customers: campaigns through gates, ledger and SMTP, sent by a server process of
// its own, to a sink on this machine that counts what came.
type mailing struct {
	*bench
	many, kills int
	sink        *mailSink
	db          *store.DB // beside the server that sends
	ids         []int64
	senders     map[email.KeyKind]int64
	bare        float64 // mails a second of a pool of clients that does nothing else
}

// kinds of keys with what is wanted of them, in mails a second on SQLite and PostgreSQL.
var mailWanted = []struct {
	kind             email.KeyKind
	what             string
	sqlite, postgres float64
}{{email.NoKey, "DKIM left to the relay", 9_500, 7_000}, {email.Ed25519, "own DKIM, Ed25519", 7_000, 7_000}, {email.RSA, "own DKIM, RSA-2048", 1_400, 1_400}}

// sending measures sending in the folder of the benchmark, which nobody owns.
func (b *bench) sending(ctx context.Context, cmd *benchCommand) (err error) {
	m := &mailing{bench: b, many: cmd.Recipients, kills: cmd.Kills, senders: map[email.KeyKind]int64{}}
	if m.sink, err = openMailSink(ctx); err != nil {
		return err
	}
	defer m.sink.close()
	if err := b.within(ctx, m.prepare); err != nil {
		return err
	}
	if m.db, err = store.Open(ctx, b.Config.DB, store.Options{Log: b.Log}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.db.Close()) }()
	for _, w := range mailWanted {
		wanted := w.sqlite
		if m.db.Dialect() == store.Postgres {
			wanted = w.postgres
		}
		if err := m.campaign(ctx, w.kind, w.what, wanted); err != nil {
			return err
		}
		if m.kills > 0 { // what a signature costs is not asked then
			return nil
		}
	}
	return nil
}

// prepare makes customers who agreed, senders and the relay.
func (m *mailing) prepare(ctx context.Context) error {
	for from := 0; from < m.many; from += mailSlice {
		if err := m.app.Store.Bulk(ctx, actor, func(tx *store.Tx) error { return m.readers(ctx, tx, from, min(m.many, from+mailSlice)) }); err != nil {
			return err
		}
	}
	vault, err := m.app.vault()
	if err != nil {
		return err
	}
	err = m.app.Store.Write(ctx, actor, func(tx *store.Tx) error {
		if err := message.SaveRules(ctx, tx, message.Rules{KeepMails: 1}); err != nil { // no budget and no quiet hours
			return err
		}
		for _, w := range mailWanted {
			s := &email.Sender{Name: "Rösterei Bench", Address: "moin@" + mailDomain(w.kind), Imprint: "Rösterei Bench, Am Kai 1, 20457 Hamburg", KeyKind: w.kind}
			if m.senders[w.kind], err = email.SaveSender(ctx, tx, vault, s); err != nil {
				return err
			}
		}
		r := email.NewRelay()
		r.Name, r.Host, r.Port, r.Security, r.Connections, r.PerConnection = "sink", "127.0.0.1", m.sink.port(), email.Plain, mailClients, 10_000
		_, err = email.SaveRelay(ctx, tx, vault, r)
		return err
	})
	if err != nil {
		return err
	}
	if m.app.Store.Dialect() == store.Postgres { // as its autovacuum does within a minute
		if err := m.app.Store.Write(ctx, actor, func(tx *store.Tx) error { _, err := tx.Exec(ctx, "ANALYZE"); return err }); err != nil {
			return err
		}
	}
	return m.gates(ctx)
}

func mailDomain(kind email.KeyKind) string {
	if kind == email.NoKey {
		return "bench.example"
	}
	return string(kind) + ".bench.example"
}

func mailOf(i int) string { return fmt.Sprintf("kundin%d@haushalt%d.example", i, i%97) }

// readers makes customers with their consent.
func (m *mailing) readers(ctx context.Context, tx *store.Tx, from, to int) error {
	batch := customer.Batch{Fields: []string{customer.FieldExternalID, "first_name", "last_name", "salutation", customer.FieldEmail, "country", "language"}}
	for i := from; i < to; i++ {
		batch.Rows = append(batch.Rows, []string{fmt.Sprintf("M%07d", i), fmt.Sprint("Anna ", i%1000), fmt.Sprint("Größe ", i), "ms", mailOf(i), "DE", "de"})
	}
	var err error
	if batch.Source, err = customer.SourceID(ctx, tx, "mailing"); err != nil {
		return err
	}
	w, err := customer.Upsert(ctx, tx, batch)
	if err != nil {
		return err
	}
	entries := make([]consent.Entry, len(w.Outcomes))
	ids := make([]int64, len(w.Outcomes))
	for i, o := range w.Outcomes {
		ids[i] = o.ID
		entries[i] = consent.Entry{Customer: o.ID, Channel: consent.Email, Purpose: consent.Advertising, Kind: consent.Confirmed, Address: mailOf(from + i),
			Evidence: "bench", Source: consent.SourcePerson}
	}
	if _, err := feed.Append(ctx, tx, feed.New{Kind: customer.KindChanged, Rows: w.Rows}); err != nil {
		return err
	}
	if _, err = consent.Record(ctx, tx, entries); err != nil {
		return err
	}
	m.ids = append(m.ids[:from], ids...) // the transaction may run twice
	return nil
}

// gates measures how many customers the gates decide about, without writing anything.
func (m *mailing) gates(ctx context.Context) error {
	start := time.Now()
	for from := 0; from < len(m.ids); from += mailSlice {
		part := m.ids[from:min(len(m.ids), from+mailSlice)]
		news := make([]message.New, len(part))
		for i, id := range part {
			news[i] = message.New{Measure: 1, Customer: id, Channel: consent.Email, Kind: campaign.Kind, Address: mailOf(from + i),
				Ask: consent.Ask{Channel: consent.Email, Purpose: consent.Advertising}}
		}
		err := m.app.Store.Read(ctx, func(tx *store.Tx) error {
			ds, err := message.Decide(ctx, tx, news)
			if err == nil && slices.ContainsFunc(ds, func(d message.Decision) bool { return d.State != message.Queued }) {
				err = errors.New("bench: a gate stopped somebody")
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	m.atLeast("gates decided", float64(len(m.ids))/time.Since(start).Seconds(), "customers/s", 50_000)
	return nil
}

// campaign proposes a campaign and has a server process send it.
func (m *mailing) campaign(ctx context.Context, kind email.KeyKind, what string, wanted float64) error {
	var measure int64
	err := m.within(ctx, func(ctx context.Context) (err error) { measure, err = m.propose(ctx, kind); return err })
	if err != nil {
		return err
	}
	planned, err := m.counts(ctx, measure)
	if err != nil {
		return err
	}
	most := int(planned.Queued)
	if kind == email.RSA {
		most = min(most, rsaMails)
	}
	s := &sendingServer{mailing: m, measure: measure}
	if m.kills > 0 {
		return s.killed(ctx, most)
	}
	before := ownTime()
	if err := s.send(ctx, most); err != nil {
		return err
	}
	f := m.sink.figures()
	m.atLeast(fmt.Sprintf("messages sent, %s, %d of %.1f kB", what, f.mails, float64(f.size)/float64(max(f.mails, 1))/1000), f.rate(), "/s", wanted)
	if m.bare == 0 {
		if m.bare, err = m.pool(ctx, min(most, 100_000)); err != nil {
			return err
		}
		m.atLeast("the same mail from a bare pool of clients", m.bare, "/s", 0)
		m.atMost("  time of processors for a mail, sink included", float64((ownTime()-s.sinkUsed).Microseconds())/float64(m.sink.figures().mails), "µs", 0)
	}
	m.atLeast("  of the bare pool", 100*f.rate()/m.bare, "%", 0)
	m.atMost("  time of processors for a message, sink included", float64((s.used+s.sinkUsed-before).Microseconds())/float64(max(f.mails, 1)), "µs", 0)
	m.atMost("  peak memory of the server", s.peak, "MiB", 300)
	return m.check(ctx, measure)
}

// propose gives a campaign to everybody its go, and waits until its messages stand in the ledger.
func (m *mailing) propose(ctx context.Context, kind email.KeyKind) (measure int64, err error) {
	c := &campaign.Campaign{Name: "Bench " + string(kind), Sender: m.senders[kind], Language: "de", Variants: []campaign.Variant{{Name: "a", Share: 1000,
		Contents: map[string]*campaign.Content{"de": mailContent()}}}}
	start := time.Now()
	err = m.app.Store.Write(ctx, actor, func(tx *store.Tx) error {
		tx.Now = tx.Now.Add(-pastPatience)
		if err := campaign.Create(ctx, tx, c); err != nil {
			return err
		}
		return campaign.Go(ctx, tx, c.ID)
	})
	for err == nil && c.Phase != campaign.PhaseDrain {
		if err = wait(ctx, mailLook); err == nil {
			err = m.app.Store.Read(ctx, func(tx *store.Tx) error { c, err = campaign.Load(ctx, tx, c.ID); return err })
		}
	}
	if err != nil {
		return 0, err
	}
	m.atLeast("customers found, drawn, decided about and put into the ledger", float64(c.Recipients)/time.Since(start).Seconds(), "/s", 0)
	return c.Measure, nil
}

// mailContent is a letter of about 5 kB with three links.
func mailContent() *campaign.Content {
	words := "Für Sie, {{ customer.first_name }}, weil Sie gern bei uns sind: der neue Röstkaffee vom Hafen, frisch aus der Trommel, mild und rund. "
	return &campaign.Content{Subject: "{{ customer.first_name }}, etwas Neues vom Hafen", Blocks: []campaign.Block{
		{Kind: campaign.Text, Text: "{{ customer.salutation }},\n\n" + words + "Mehr steht [hier](https://shop.example/hafen)."},
		{Kind: campaign.Text, Text: "Dazu passt [unser Honig](https://shop.example/honig), und was es [sonst noch gibt](https://shop.example/alles)."},
		{Kind: campaign.Footer, Text: "Rösterei Bench, Am Kai 1, 20457 Hamburg"}}}
}

func (m *mailing) counts(ctx context.Context, measure int64) (c message.Counts, err error) {
	err = m.db.Read(ctx, func(tx *store.Tx) error { c, err = message.CountsOf(ctx, tx, measure); return err })
	if err == nil && c.Sum() != c.Planned {
		err = fmt.Errorf("bench: the ledger does not add up: %d planned, %d in all: %+v", c.Planned, c.Sum(), c)
	}
	return c, err
}

// check compares what the ledger says of each message with what came.
func (m *mailing) check(ctx context.Context, measure int64) error {
	c, err := m.counts(ctx, measure)
	if err != nil {
		return err
	}
	lost, doubled, before := 0, 0, int64(0)
	for {
		var page []*message.Message
		err := m.db.Read(ctx, func(tx *store.Tx) error {
			page, err = message.List(ctx, tx, message.Filter{Measure: &measure, Before: before, Limit: mailSlice})
			return err
		})
		if err != nil {
			return err
		}
		for _, one := range page {
			came := m.sink.came(one.ID)
			switch {
			case came > 1:
				doubled++
			case one.State == message.Sent && came == 0, one.State != message.Sent && one.State != message.Unclear && came > 0:
				lost++
			}
			before = one.ID
		}
		if len(page) < mailSlice {
			break
		}
	}
	m.atMost("  lost or said wrongly, by Message-ID", float64(lost), fmt.Sprintf("of %d planned", c.Planned), 0)
	m.atMost("  sent twice", float64(doubled), fmt.Sprintf("; %d sent, %d pending, %d unclear, %d suppressed, %d failed", c.Sent, c.Pending(), c.Unclear, c.Suppressed, c.Failed), 0)
	if lost+doubled > 0 {
		return fmt.Errorf("bench: %d lost, %d sent twice", lost, doubled)
	}
	return nil
}

// pool sends the mail that came last from as many clients as there are connections, and returns mails a second.
func (m *mailing) pool(ctx context.Context, many int) (float64, error) {
	mail := bytes.Replace(bytes.TrimSuffix(m.sink.sample, mailEnd), []byte(mailName), []byte(mailName+"bare-"), 1) // not a message of ours
	m.sink.begin(many)
	var next atomic.Int64
	var all sync.WaitGroup
	failed := make([]error, mailClients)
	for n := range mailClients {
		all.Go(func() {
			client, err := smtp.Dial(m.sink.Addr().String())
			if err != nil {
				failed[n] = err
				return
			}
			defer client.Close()
			for i := next.Add(1); i <= int64(many) && failed[n] == nil && ctx.Err() == nil; i = next.Add(1) {
				failed[n] = sendBare(client, mailOf(int(i)), mail)
			}
		})
	}
	all.Wait()
	return m.sink.figures().rate(), errors.Join(failed...)
}

func sendBare(c *smtp.Client, to string, mail []byte) error {
	if err := c.Mail("moin@bench.example"); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(mail); err != nil {
		return err
	}
	return w.Close()
}

// sendingServer is this program, serving the folder in a process of its own, while it sends the messages of a measure.
type sendingServer struct {
	*mailing
	measure  int64
	cmd      *exec.Cmd
	peak     float64       // MiB
	used     time.Duration // of the processors, by all processes so far
	sinkUsed time.Duration // by this one, when the last mail had come
}

// start starts the server and returns when it is ready.
func (s *sendingServer) start(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	s.cmd = exec.CommandContext(ctx, program, "serve", "--json", "--dir", s.dir, "--db", s.Config.DB, "--addr", net.JoinHostPort("127.0.0.1", "0"),
		"--memory", strconv.Itoa(s.Config.Memory), "--log-level", "error")
	s.cmd.Stderr = s.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	var ready map[string]any
	if err := json.NewDecoder(out).Decode(&ready); err != nil {
		return fmt.Errorf("bench: the server did not start: %w", err)
	}
	return nil
}

// end tells the server to end, or kills it, and waits until it has.
func (s *sendingServer) end(signal os.Signal) error {
	s.peak = max(s.peak, memoryOf(strconv.Itoa(s.cmd.Process.Pid), "VmHWM:"))
	if err := s.cmd.Process.Signal(signal); err != nil {
		return err
	}
	err := s.cmd.Wait()
	if state := s.cmd.ProcessState; state != nil {
		s.used += state.UserTime() + state.SystemTime()
	}
	if signal == os.Kill {
		return nil
	}
	return err
}

// send has the server send at least so many messages, looks meanwhile whether the ledger adds up, and tells it to end in order.
func (s *sendingServer) send(ctx context.Context, most int) error {
	ctx, cancel := context.WithTimeout(ctx, mailLimit)
	defer cancel()
	reached := s.sink.begin(most)
	if err := s.start(ctx); err != nil {
		return err
	}
	if err := s.watch(ctx, reached); err != nil {
		return errors.Join(err, s.end(os.Kill))
	}
	s.sinkUsed = ownTime()
	return s.end(syscall.SIGTERM)
}

// watch looks at the ledger until so much has come, or no more will.
func (s *sendingServer) watch(ctx context.Context, reached <-chan struct{}) error {
	tick := time.NewTicker(mailLook)
	defer tick.Stop()
	for {
		select {
		case <-reached:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		c, err := s.counts(ctx, s.measure)
		if err != nil {
			return err
		}
		if c.Pending() == 0 { // what is unclear came and will not come again
			return nil
		}
	}
}

// killed sends everything while the server is killed at random points, told to end in order at the last of them, and counts what was lost or
// came twice.
func (s *sendingServer) killed(ctx context.Context, most int) error {
	ctx, cancel := context.WithTimeout(ctx, mailLimit)
	defer cancel()
	points := make([]int, s.kills+1)
	for i := range points {
		points[i] = 1 + rand.IntN(most-1)
	}
	slices.Sort(points)
	unclear, before := int64(0), 0
	for i, at := range points {
		signal := os.Kill
		if i == s.kills {
			signal = syscall.SIGTERM
		}
		left, err := s.until(ctx, at-before, signal)
		if err != nil {
			return err
		}
		most := int64(mailClients)
		if signal == syscall.SIGTERM { // what is under way is finished then
			most = 0
		}
		if now := left.Unclear + left.Attempting; now-unclear > most {
			return fmt.Errorf("bench: %d more are unclear or under way after %v", now-unclear, signal)
		} else if left.Pending() > left.Attempting {
			unclear, before = now, at
		}
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	for {
		c, err := s.counts(ctx, s.measure)
		if err == nil && c.Pending() > 0 {
			err = wait(ctx, mailLook)
		} else if err == nil {
			break
		}
		if err != nil {
			return errors.Join(err, s.end(os.Kill))
		}
	}
	if err := s.end(syscall.SIGTERM); err != nil {
		return err
	}
	s.atLeast(fmt.Sprintf("kill -9 while sending %d messages, and once an end in order", most), float64(s.kills), "times", 0)
	s.atMost("  peak memory of the server", s.peak, "MiB", 300)
	return s.check(ctx, s.measure)
}

// until starts the server, ends it when so many more mails have come, and returns how the ledger stands then.
func (s *sendingServer) until(ctx context.Context, mails int, signal os.Signal) (c message.Counts, err error) {
	reached := s.sink.begin(max(mails, 1))
	if err := s.start(ctx); err != nil {
		return c, err
	}
	if err := s.watch(ctx, reached); err != nil {
		return c, errors.Join(err, s.end(os.Kill))
	}
	if err := s.end(signal); err != nil {
		return c, err
	}
	return s.counts(ctx, s.measure)
}

// ownTime is the time this process has used, user and system.
func ownTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
