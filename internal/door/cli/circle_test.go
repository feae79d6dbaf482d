package cli_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime"
	"mime/multipart"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/action/coupon"
	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/action/message/email/emailtest"
	"stamm/internal/action/program"
	"stamm/internal/door/cli"
	"stamm/internal/door/sim"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/customer"
)

// circle is a company that walks the whole way once: it knows its customers, foresees who cools, writes to them, and proves what it brought.
type circle struct {
	*testing.T
	dir, db string
	backup  string // of the plan
	server  *emailtest.Server
	today   clock.Day

	agreed   map[string]bool // addresses with a consent, by the file that was imported
	campaign *campaign.Campaign
	coupon   *coupon.Coupon
	messages map[string]*message.Message // by address
	codes    map[int64]string            // of customers, as they read them
}

// TestTheWholeCircle: a win-back campaign with a coupon to those who are big and cooling, a tenth of them left alone, sent through a real mail
// server by the real process, which is killed in the middle; then orders with a known true effect, and a proof whose interval holds it.
// What was sent to whom is read in the server's mailbox, not in our ledger.
// Both databases begin with the same plan: PostgreSQL gets it by a backup, as a company would that moves there.
func TestTheWholeCircle(t *testing.T) {
	c := &circle{T: t, dir: t.TempDir(), server: emailtest.Start(t), agreed: map[string]bool{}}
	c.db = filepath.Join(c.dir, "stamm.db")
	zone, err := clock.LoadZone(sim.Zone)
	if err != nil {
		t.Fatal(err)
	}
	c.today = clock.DayOf(time.Now(), zone)
	c.know()
	c.within(c.plan)
	moved := c.move()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); c.T = t; c.walk() })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); moved.T = t; moved.restore(); moved.walk() })
}

// walk is the way from the go to the proof.
func (c *circle) walk() {
	c.within(c.start)
	c.send()
	written := c.read()
	redeemed, truth := c.buy(written)
	c.prove(truth, redeemed)
}

// move backs the company up, with the key to its signatures, for another folder.
func (c *circle) move() *circle {
	to := *c
	to.backup = filepath.Join(c.TempDir(), "plan.tar")
	must(c.T, c.dir, "", "backup", to.backup, "--with-keys")
	of := *c.campaign
	to.campaign = &of
	return &to
}

// restore brings the company into a PostgreSQL database, with a mail server of its own.
func (c *circle) restore() {
	c.dir, c.db, c.server = c.TempDir(), storetest.Postgres(c.T), emailtest.Start(c.T)
	c.must("restore", c.backup)
	c.must("relay", "add", relayName, "--host", "127.0.0.1", "--port", fmt.Sprint(c.server.Port), "--security", string(email.Plain), "--connections", fmt.Sprint(connections),
		"--per-connection", "20")
}

// must gives a command for the company's database.
func (c *circle) must(args ...string) string {
	c.Helper()
	return must(c.T, c.dir, "", append(args, "--db", c.db)...)
}

// within opens the program in this process.
func (c *circle) within(fn func(context.Context, *cli.App)) {
	c.Helper()
	app, err := cli.Open(c.Context(), cli.Config{Dir: c.dir, DB: c.db, Memory: 256}, slog.New(slog.DiscardHandler))
	if err != nil {
		c.Fatal(err)
	}
	defer func() {
		if err := app.Close(context.Background()); err != nil {
			c.Error(err)
		}
	}()
	fn(c.Context(), app)
}

func (c *circle) write(app *cli.App, fn func(context.Context, *store.Tx) error) {
	c.Helper()
	c.writeTo(app.Store, fn)
}

func (c *circle) writeTo(db *store.DB, fn func(context.Context, *store.Tx) error) {
	c.Helper()
	if err := db.Write(c.Context(), store.Actor{Kind: "user", ID: 1}, func(tx *store.Tx) error { return fn(c.Context(), tx) }); err != nil {
		c.Fatal(err)
	}
}

// know brings in the files of the simulated company, as its shop exports them.
func (c *circle) know() {
	co, err := sim.New(sim.Config{Seed: 11, Customers: 5500, Years: 1, Until: c.today.AddDays(-1), Quiet: true, TempDir: c.TempDir()})
	if err != nil {
		c.Fatal(err)
	}
	files, err := co.WriteFiles(c.Context(), c.TempDir(), nil)
	if err != nil {
		c.Fatal(err)
	}
	must(c.T, c.dir, "", "settings", "set", "name="+sim.Name, "currency=EUR", "zone="+sim.Zone, "country=DE")
	c.moreConsents(files.Consents, files.Customers)
	for _, step := range [][]string{{"customers", files.Customers}, {"orders", files.Orders}, {"consents", files.Consents}} {
		must(c.T, c.dir, "", "import", step[0], step[1], "--source", "shop")
	}
	for _, row := range c.rows(files.Consents) {
		c.agreed[strings.ToLower(row[1])] = true
	}
}

// moreConsents has seven of eight customers agree, so that a small company has enough people to write to.
func (c *circle) moreConsents(consents, customers string) {
	f, err := os.OpenFile(consents, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		c.Fatal(err)
	}
	defer f.Close()
	for i, row := range c.rows(customers) {
		number, mail := row[0], row[7] // as the headings say
		if i%8 == 0 || strings.Count(mail, "@") != 1 || strings.ContainsAny(mail, " ();") || strings.HasSuffix(mail, "@") || strings.Contains(mail, "..") {
			continue
		}
		if _, err := fmt.Fprintf(f, "%s;%s;E-Mail;erteilt;%[3]s;%[3]s;Ja, gern.;Laden\n", number, mail, "02.01.2024 10:00:00"); err != nil {
			c.Fatal(err)
		}
	}
}

func (c *circle) rows(path string) [][]string {
	f, err := os.Open(path)
	if err != nil {
		c.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = ';'
	all, err := r.ReadAll()
	if err != nil {
		c.Fatal(err)
	}
	return all[1:]
}

// plan scores the customers, takes the ready-made segment of those who are big and cooling, and drafts a campaign to them.
func (c *circle) plan(ctx context.Context, app *cli.App) {
	house, err := app.Warehouse(ctx)
	if err != nil {
		c.Fatal(err)
	}
	if err := house.Reach(ctx, app.Store); err != nil {
		c.Fatal(err)
	}
	if err := app.Score(ctx); err != nil {
		c.Fatal(err)
	}
	if err := house.Reach(ctx, app.Store); err != nil {
		c.Fatal(err)
	}
	picked := c.cooling(ctx, app, house)
	vault, err := email.OpenVault(filepath.Join(c.dir, "mail.key"))
	if err != nil {
		c.Fatal(err)
	}
	relay := email.NewRelay()
	relay.Name, relay.Host, relay.Port, relay.Security, relay.Connections, relay.PerConnection = relayName, "127.0.0.1", c.server.Port, email.Plain, connections, 20
	c.coupon = &coupon.Coupon{Name: "Willkommen zurück", Kind: coupon.Value, Value: 5_00, Once: true, Personal: true}
	words := &campaign.Content{Subject: "{{ customer.name }}, wir vermissen Sie", Blocks: []campaign.Block{{Kind: campaign.Text, Text: "{{ customer.salutation }},\n\nes ist eine Weile her."},
		{Kind: campaign.Voucher, Text: "Ihr Gutschein"}, {Kind: campaign.Footer, Text: "Rösterei Tidenlicht, Hamburg"}}}
	c.campaign = &campaign.Campaign{Name: "Rückgewinnung", Control: 100, Window: 28, Language: "de", Variants: []campaign.Variant{{Name: "a", Share: 1000,
		Contents: map[string]*campaign.Content{"de": words}}}}
	c.write(app, func(ctx context.Context, tx *store.Tx) error {
		if err := message.SaveRules(ctx, tx, message.Rules{Week: 3, Month: 8, KeepMails: 1}); err != nil { // whatever hour the test runs at
			return err
		}
		if _, err := email.SaveRelay(ctx, tx, vault, relay); err != nil {
			return err
		}
		if _, err := email.SaveSender(ctx, tx, vault, &email.Sender{Name: sim.Name, Address: "moin@tidenlicht.example", KeyKind: email.Ed25519}); err != nil {
			return err
		}
		if err := coupon.Create(ctx, tx, c.coupon); err != nil {
			return err
		}
		b, err := segment.Open(ctx, tx, cli.Askable())
		if err != nil {
			return err
		}
		if c.campaign.Segment, err = segment.Create(ctx, tx, b, picked); err != nil {
			return err
		}
		words.Blocks[1].Coupon = c.coupon.ID
		return campaign.Create(ctx, tx, c.campaign)
	})
	// DuckDB keeps its file from other processes for a while when a statement of it is interrupted: nothing is left to follow.
	if err := house.Reach(ctx, app.Store); err != nil {
		c.Fatal(err)
	}
}

// start gives the campaign its go, in a program that does no work itself; the five minutes in which it can be stopped are over.
func (c *circle) start(_ context.Context, app *cli.App) {
	c.write(app, func(ctx context.Context, tx *store.Tx) error {
		tx.Now = tx.Now.Add(-campaign.Patience - time.Second)
		return campaign.Go(ctx, tx, c.campaign.ID)
	})
}

// cooling is the ready-made segment.
func (c *circle) cooling(ctx context.Context, app *cli.App, house *warehouse.DB) segment.Draft {
	var all []segment.Template
	err := app.Store.Read(ctx, func(tx *store.Tx) error {
		b, err := segment.Open(ctx, tx, cli.Askable())
		if err != nil {
			return err
		}
		return house.View(ctx, func(v *warehouse.View) error { all, err = b.Templates(ctx, v); return err })
	})
	i := slices.IndexFunc(all, func(one segment.Template) bool { return one.Name == "cooling" })
	if err != nil || i < 0 {
		c.Fatalf("no ready-made segment: %v", err)
	}
	return segment.Draft{Name: "Groß und abkühlend", Condition: all[i].Condition}
}

// read looks into the server's mailbox: each mail is there once, and nobody's who did not agree or was to be left alone. It returns to whom
// the company wrote.
func (c *circle) read() (written []int64) {
	mails, times := c.server.Mails(c.T), map[string]int{}
	c.codes = map[int64]string{}
	for _, m := range mails {
		to := strings.ToLower(m.To)
		times[to]++
		row := c.messages[to]
		switch {
		case row == nil:
			c.Fatalf("a mail to %s, which is not in the ledger", to)
		case !c.agreed[to]:
			c.Errorf("a mail to %s, who has not agreed", to)
		case row.Arm == program.Control:
			c.Errorf("a mail to %s, who was to be left alone", to)
		case row.State != message.Sent:
			c.Errorf("a mail to %s, which the ledger calls %s", to, row.State)
		}
		for word := range strings.FieldsSeq(c.text(m)) {
			if _, ok := coupon.Parse(word); ok {
				c.codes[row.Customer] = word
			}
		}
	}
	stopped := map[string]int{}
	for to, row := range c.messages {
		switch {
		case row.State == message.Sent && times[to] != 1:
			c.Errorf("%s is said to be sent and came %d times", to, times[to])
		case row.State == message.Suppressed:
			stopped[row.Reason]++
		}
		if row.State == message.Sent {
			written = append(written, row.Customer)
		}
	}
	c.Logf("%d mails in the mailbox, not written to: %v", len(mails), stopped)
	if len(mails) != len(written) || len(c.codes) != len(written) || stopped["control"] == 0 || stopped["no_consent"] == 0 || len(written) < 40 {
		c.Fatalf("%d mails, %d written to, %d codes", len(mails), len(written), len(c.codes))
	}
	slices.Sort(written)
	return written
}

// text is the text of a mail beside its HTML.
func (c *circle) text(m emailtest.Received) string {
	_, args, err := mime.ParseMediaType(m.Get("Content-Type"))
	if err != nil {
		c.Fatal(err)
	}
	part, err := multipart.NewReader(strings.NewReader(m.Body), args["boundary"]).NextPart()
	if err != nil {
		c.Fatal(err)
	}
	text, err := io.ReadAll(part)
	if err != nil {
		c.Fatal(err)
	}
	return string(text)
}

// What is true of the campaign: the share of customers who order anyway, and the share of those written to who order because of it. As many
// order as these say, to the next whole one, so that luck has no part in whether the interval holds the truth; how often it does with luck
// is counted by stamm bench over 2,000 measures.
const (
	orderAnyway  = 0.30
	orderBecause = 0.40
)

// comes tells whether the i-th of a group is one of that share.
func comes(share float64, i int) bool {
	return int(share*float64(i+1)+.5) > int(share*float64(i)+.5)
}

// buy imports the orders of the four weeks after, and redeems the coupons of those who came because of it. It returns how many those are, and
// the true effect for each customer drawn.
func (c *circle) buy(written []int64) (redeemed int, truth float64) {
	groups := map[string][]int64{}
	for _, m := range c.messages {
		if m.Arm != "" {
			groups[m.Arm] = append(groups[m.Arm], m.Customer)
		}
	}
	var file strings.Builder
	file.WriteString("Auftrag;Kunde;Datum;Betrag\n")
	c.within(func(ctx context.Context, app *cli.App) {
		for _, arm := range slices.Sorted(maps.Keys(groups)) {
			ids := groups[arm]
			slices.Sort(ids)
			for i, id := range ids {
				order := fmt.Sprintf("%s-%d", arm, i)
				if comes(orderAnyway, i) {
					fmt.Fprintf(&file, "%s-a;%s;%s;60,00\n", order, c.external(ctx, app, id), c.today)
				}
				if _, wrote := slices.BinarySearch(written, id); !wrote || !comes(orderBecause, i) {
					continue
				}
				fmt.Fprintf(&file, "%s-b;%s;%s;60,00\n", order, c.external(ctx, app, id), c.today)
				redeemed++
				c.redeem(app, id, order+"-b")
			}
		}
	})
	path := filepath.Join(c.TempDir(), "later.csv")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		c.Fatal(err)
	}
	c.must("import", "orders", path, "--source", "shop")
	return redeemed, float64(redeemed) / float64(len(groups["a"]))
}

// external is the number a customer has in the shop.
func (c *circle) external(ctx context.Context, app *cli.App, id int64) (number string) {
	err := app.Store.Read(ctx, func(tx *store.Tx) error {
		p, err := customer.Load(ctx, tx, id)
		if err == nil {
			number = p.ExternalID
		}
		return err
	})
	if err != nil || number == "" {
		c.Fatalf("customer %d has no number: %v", id, err)
	}
	return number
}

// redeem tells the order that a code was used with, twice, and then another order with the same code, which has to be refused.
func (c *circle) redeem(app *cli.App, id int64, order string) {
	claim := coupon.Claim{Code: c.codes[id], Order: order, Customer: id, Amount: money.Of(60_00, "EUR")}
	for range 2 {
		c.write(app, func(ctx context.Context, tx *store.Tx) error { _, err := coupon.Redeem(ctx, tx, claim); return err })
	}
	claim.Order += "-again"
	err := app.Store.Write(c.Context(), store.System(), func(tx *store.Tx) error { _, err := coupon.Redeem(c.Context(), tx, claim); return err })
	if err == nil {
		c.Errorf("the code of customer %d was redeemed twice", id)
	}
}

// prove asks for the proof when the four weeks are over.
func (c *circle) prove(truth float64, redeemed int) {
	var proof struct {
		Groups   map[string]int64
		SRM      *float64 `json:"srm_p"`
		Cost     float64
		Sentence string
		Outcomes map[string]struct {
			Arms map[string]struct{ Effect, Lo, Hi float64 }
		}
	}
	out := c.must("program", "prove", fmt.Sprint(c.campaign.Measure), "--as-of", c.today.AddDays(40).String(), "--json")
	if err := json.Unmarshal([]byte(out), &proof); err != nil {
		c.Fatal(err)
	}
	e := proof.Outcomes["orders"].Arms["a"]
	c.Logf("%.3f orders more for each in truth, %.3f proven (%.3f to %.3f); groups %v; %s", truth, e.Effect, e.Lo, e.Hi, proof.Groups, proof.Sentence)
	if e.Lo > truth || e.Hi < truth || e.Lo == e.Hi {
		c.Errorf("the interval from %.3f to %.3f does not hold the truth, %.3f", e.Lo, e.Hi, truth)
	}
	if proof.SRM != nil && *proof.SRM < .001 {
		c.Errorf("the groups are not those drawn: %v", *proof.SRM)
	}
	c.within(func(ctx context.Context, app *cli.App) {
		c.write(app, func(ctx context.Context, tx *store.Tx) error {
			now, err := coupon.Load(ctx, tx, c.coupon.ID)
			if err == nil && (now.Redeemed != int64(redeemed) || now.Granted != int64(redeemed)*5_00 || now.Given < int64(len(c.codes))) {
				c.Errorf("%d codes given, %d redeemed for %d cents; want %d", now.Given, now.Redeemed, now.Granted, redeemed)
			}
			return err
		})
	})
	if proof.Cost != float64(redeemed)*5 {
		c.Errorf("it cost %v, want %d coupons of 5 euros", proof.Cost, redeemed)
	}
}
