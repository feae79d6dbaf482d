package email_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

// server is an SMTP server that does what a test wants of it.
type server struct {
	net.Listener
	extensions []string
	// say returns what to answer to a command, which for the text of a mail is "TEXT"; empty for what is usual, "hang up" to
	// close the connection. n counts the commands of that name from 1.
	say func(command string, n int) string

	mu    sync.Mutex
	count map[string]int
	mails []received
	wait  chan struct{} // before the answer to a mail, nil for not at all
}

type received struct{ from, to, text string }

func serve(t testing.TB, extensions []string, say func(string, int) string) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Listener: l, extensions: extensions, say: say, count: map[string]int{}}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { s.talk(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return s
}

func (s *server) answer(command, usual string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count[command]++
	if s.say != nil {
		if said := s.say(command, s.count[command]); said != "" {
			return said
		}
	}
	return usual
}

func (s *server) counted(command string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count[command]
}

func (s *server) received() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.mails...)
}

func (s *server) talk(conn net.Conn) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	r := bufio.NewReader(conn)
	var mail received
	reply := func(command, usual string) bool {
		text := s.answer(command, usual)
		if text == "hang up" {
			return false
		}
		_, err := io.WriteString(conn, strings.ReplaceAll(text, "\n", "\r\n")+"\r\n")
		return err == nil
	}
	if !reply("GREETING", "220 here") {
		return
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		command, rest, _ := strings.Cut(line, " ")
		usual := "250 2.0.0 Ok"
		switch command {
		case "EHLO":
			usual = "250-here\n250-" + strings.Join(append(s.extensions, "HELP"), "\n250-")
			usual = usual[:strings.LastIndex(usual, "250-")] + "250 HELP"
		case "MAIL":
			mail = received{from: rest}
		case "RCPT":
			mail.to = rest
		case "DATA":
			usual = "354 go on"
		case "QUIT":
			usual = "221 bye"
		}
		if !reply(command, usual) || command == "QUIT" {
			return
		}
		if command != "DATA" || s.lastRefused("DATA") {
			continue
		}
		var text strings.Builder
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if line == ".\r\n" {
				break
			}
			text.WriteString(line)
		}
		mail.text = text.String()
		s.mu.Lock()
		if mail.text != "" { // what is refused and then let through is ended empty
			s.mails = append(s.mails, mail)
		}
		wait := s.wait
		s.mu.Unlock()
		if wait != nil {
			<-wait
		}
		if !reply("TEXT", "250 2.0.0 Ok: queued as 1") {
			return
		}
	}
}

// lastRefused tells whether the last answer to a command was no.
func (s *server) lastRefused(command string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.say == nil {
		return false
	}
	said := s.say(command, s.count[command])
	return said != "" && !strings.HasPrefix(said, "354")
}

func vault(t testing.TB) *email.Vault {
	t.Helper()
	v, err := email.NewVault(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func write(t testing.TB, db *store.DB, fn func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := db.Write(context.Background(), store.Actor{Kind: "user", ID: 3}, func(tx *store.Tx) error { return fn(context.Background(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// relayTo is a relay on this machine.
func relayTo(name string, l net.Listener) *email.Relay {
	r := email.NewRelay()
	r.Name, r.Host, r.Security = name, "127.0.0.1", email.Plain
	if l != nil {
		r.Port = l.Addr().(*net.TCPAddr).Port
	}
	return r
}

func addRelay(t testing.TB, db *store.DB, r *email.Relay) int64 {
	t.Helper()
	var id int64
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		id, err = email.SaveRelay(ctx, tx, vault(t), r)
		return err
	})
	return id
}

func open(t testing.TB, db *store.DB, o email.Options) *email.Outlet {
	t.Helper()
	o.Vault = vault(t)
	out, err := email.OpenOutlet(context.Background(), db, o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// session opens a session on an outlet with these relays; both are closed with the test.
func session(t testing.TB, db *store.DB, o email.Options, relays ...*email.Relay) (message.Session, *email.Outlet) {
	t.Helper()
	for _, r := range relays {
		addRelay(t, db, r)
	}
	out := open(t, db, o)
	s, err := out.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		if err := out.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s, out
}

func sqlite(t testing.TB) *store.DB {
	return storetest.Open(t, storetest.SQLite(t), store.Options{})
}

func letter(id int64) *message.Mail {
	m := autumn()
	m.ID, m.MessageID, m.To.Address = id, "", fmt.Sprintf("kunde%d@beispiel.example", id)
	return m
}

var extensions = map[string][]string{"pipelined": {"PIPELINING", "SIZE 1000000", "SMTPUTF8", "8BITMIME"}, "plain": nil}

func TestMailsArriveAsTheyWereSent(t *testing.T) {
	for name, offered := range extensions {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, offered, nil)
			db := sqlite(t)
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				_, err := email.SaveSender(ctx, tx, vault(t), &email.Sender{Name: "Rösterei", Address: "moin@roesterei.example", ReturnDomain: "zurück.roesterei.example", KeyKind: email.Ed25519})
				return err
			})
			r := relayTo("eins", srv)
			r.PerConnection = 3
			s, _ := session(t, db, email.Options{}, r)
			for id := int64(1); id <= 7; id++ {
				if out := s.Send(context.Background(), letter(id)); out.State != message.Sent || out.Relay != "eins" || out.Code != 250 {
					t.Fatalf("mail %d: %+v", id, out)
				}
			}
			mails := srv.received()
			if len(mails) != 7 || srv.counted("GREETING") < 3 {
				t.Fatalf("%d mails over %d connections", len(mails), srv.counted("GREETING"))
			}
			if !strings.HasPrefix(mails[6].from, "FROM:<bounce+7.") || !strings.Contains(mails[6].from, "@xn--zurck-mva.roesterei.example>") || mails[6].to != "TO:<kunde7@beispiel.example>" {
				t.Errorf("envelope %+v", mails[6])
			}
			if !strings.HasPrefix(mails[6].text, "DKIM-Signature:") {
				t.Error("not signed")
			}
			id := readMail(t, []byte(mails[6].text)).Header["Message-Id"]
			if again := readMail(t, []byte(mails[5].text)).Header["Message-Id"]; id == again || !strings.HasPrefix(id, "<7.") || !strings.HasSuffix(id, "@roesterei.example>") {
				t.Errorf("Message-ID %s, %s", id, again)
			}
		})
	}
}

func TestWhatBecameOfAMailIsSaidWithCare(t *testing.T) {
	always := func(command, reply string) func(string, int) string {
		return func(c string, _ int) string {
			if c == command {
				return reply
			}
			return ""
		}
	}
	for name, c := range map[string]struct {
		say   func(string, int) string
		want  message.State
		code  int
		mails int // that the server has seen to their end
	}{
		"taken":                      {nil, message.Sent, 250, 1},
		"sender put off":             {always("MAIL", "451 4.3.0 later"), message.Queued, 451, 0},
		"sender refused":             {always("MAIL", "550 5.7.1 who are you"), message.Failed, 550, 0},
		"recipient put off":          {always("RCPT", "450 4.2.0 greylisted"), message.Queued, 450, 0},
		"recipient unknown":          {always("RCPT", "550 5.1.1 nobody"), message.Failed, 550, 0},
		"text not wanted":            {always("DATA", "554 5.7.1 no"), message.Failed, 554, 0},
		"text put off":               {always("TEXT", "452 4.3.1 full"), message.Queued, 452, 1},
		"text refused":               {always("TEXT", "550 5.7.1 spam"), message.Failed, 550, 1},
		"several lines":              {always("TEXT", "550-5.7.1 spam\n550 5.7.1 really"), message.Failed, 550, 1},
		"hangs up before the text":   {always("DATA", "hang up"), message.Queued, 0, 0},
		"hangs up at the recipient":  {always("RCPT", "hang up"), message.Queued, 0, 0},
		"hangs up after the text":    {always("TEXT", "hang up"), message.Unclear, 0, 1},
		"nonsense after the text":    {always("TEXT", "well"), message.Unclear, 0, 1},
		"go on after the text":       {always("TEXT", "354 go on"), message.Unclear, 0, 1},
		"nonsense before":            {always("RCPT", "what?"), message.Queued, 0, 0},
		"closing at the recipient":   {always("RCPT", "421 4.3.2 closing"), message.Queued, 421, 0},
		"wrong hundred for the text": {always("DATA", "250 fine"), message.Queued, 0, 0},
	} {
		for offers, offered := range extensions {
			t.Run(name+"/"+offers, func(t *testing.T) {
				srv := serve(t, offered, c.say)
				db := sqlite(t)
				s, _ := session(t, db, email.Options{Command: 5 * time.Second, Answer: 5 * time.Second}, relayTo("eins", srv))
				out := s.Send(context.Background(), letter(1))
				if out.State != c.want || out.Code != c.code {
					t.Errorf("got %+v, want %s %d", out, c.want, c.code)
				}
				if (out.State == message.Queued) != out.Retry.After(db.Now()) {
					t.Errorf("retry at %v", out.Retry)
				}
				if got := len(srv.received()); got != c.mails {
					t.Errorf("the server has %d mails, want %d", got, c.mails)
				}
			})
		}
	}
}

func TestARefusedRecipientDoesNotTouchTheNextMail(t *testing.T) {
	for name, offered := range extensions {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, offered, func(c string, n int) string {
				if c == "RCPT" && n == 2 {
					return "550 5.1.1 nobody"
				}
				if c == "DATA" && n == 2 && offered != nil {
					return "503 5.5.1 no recipients"
				}
				return ""
			})
			s, _ := session(t, sqlite(t), email.Options{}, relayTo("eins", srv))
			var got []message.State
			for id := int64(1); id <= 4; id++ {
				got = append(got, s.Send(context.Background(), letter(id)).State)
			}
			if fmt.Sprint(got) != "[sent failed sent sent]" || srv.counted("GREETING") != 1 || srv.counted("RSET") != 1 {
				t.Errorf("%v over %d connections", got, srv.counted("GREETING"))
			}
		})
	}
}

// TestAServerThatAnswersTwiceGetsEveryMailOnce holds for a second answer that comes with the first, and for one that comes
// while the next mail is under way.
func TestAServerThatAnswersTwiceGetsEveryMailOnce(t *testing.T) {
	for name, offered := range extensions {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, offered, func(c string, n int) string {
				if c == "TEXT" && n == 2 {
					return "250 2.0.0 Ok\n250 2.0.0 Ok"
				}
				return ""
			})
			s, _ := session(t, sqlite(t), email.Options{Command: 5 * time.Second}, relayTo("eins", srv))
			for id := int64(1); id <= 5; id++ {
				out := s.Send(context.Background(), letter(id))
				for tries := 0; out.State == message.Queued && tries < 3; tries++ {
					out = s.Send(context.Background(), letter(id))
				}
				if out.State != message.Sent {
					t.Fatalf("mail %d: %+v", id, out)
				}
			}
			if mails := srv.received(); len(mails) != 5 {
				t.Errorf("%d mails arrived, want 5", len(mails))
			}
		})
	}
}

func TestAConnectionTheServerClosedWhileIdleLosesNothing(t *testing.T) {
	srv := serve(t, extensions["pipelined"], func(c string, n int) string {
		if c == "TEXT" && n == 1 {
			return "250 2.0.0 Ok"
		}
		if c == "MAIL" && n == 2 {
			return "hang up"
		}
		return ""
	})
	s, _ := session(t, sqlite(t), email.Options{}, relayTo("eins", srv))
	for id := int64(1); id <= 3; id++ {
		if out := s.Send(context.Background(), letter(id)); out.State != message.Sent {
			t.Errorf("mail %d: %+v", id, out)
		}
	}
	if n := len(srv.received()); n != 3 {
		t.Errorf("%d mails arrived", n)
	}
}

// TestClosingWaitsForTheAnswerToWhatIsOnTheWire holds for an answer that comes late, when somebody has told us to end.
func TestClosingWaitsForTheAnswerToWhatIsOnTheWire(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	srv := serve(t, extensions["pipelined"], func(c string, _ int) string {
		if c == "TEXT" {
			cancel()
		}
		return ""
	})
	s, _ := session(t, sqlite(t), email.Options{}, relayTo("eins", srv))
	if out := s.Send(ctx, letter(1)); out.State != message.Sent {
		t.Errorf("%+v", out)
	}
	if out := s.Send(ctx, letter(2)); out.State != message.Queued || len(srv.received()) != 1 {
		t.Errorf("after the end: %+v", out)
	}
}

// TestAnAnswerThatDoesNotComeIsUnclear holds for a server that takes the text and is silent.
func TestAnAnswerThatDoesNotComeIsUnclear(t *testing.T) {
	silent := make(chan struct{})
	defer close(silent)
	srv := serve(t, extensions["pipelined"], nil)
	srv.mu.Lock()
	srv.wait = silent
	srv.mu.Unlock()
	s, _ := session(t, sqlite(t), email.Options{Answer: 100 * time.Millisecond}, relayTo("eins", srv))
	if out := s.Send(context.Background(), letter(1)); out.State != message.Unclear || out.Text != "email.no_answer" {
		t.Errorf("%+v", out)
	}
}

func TestLettersOfAllAlphabetsNeedAServerThatKnowsThem(t *testing.T) {
	for name, want := range map[string]message.State{"pipelined": message.Sent, "plain": message.Failed} {
		srv := serve(t, extensions[name], nil)
		s, _ := session(t, sqlite(t), email.Options{}, relayTo("eins", srv))
		m := letter(1)
		m.To = mail.Address{Name: "Jürgen", Address: "jürgen@müller.example"}
		out := s.Send(context.Background(), m)
		if out.State != want {
			t.Errorf("%s: %+v", name, out)
		}
		if want == message.Failed && out.Text != "email.no_smtputf8" {
			t.Errorf("says %q", out.Text)
		}
		m = letter(2)
		m.To.Address = `"zwei worte"@müller.example`
		if out := s.Send(context.Background(), m); out.State != message.Sent {
			t.Errorf("%s: %+v", name, out)
		}
		if all := srv.received(); all[len(all)-1].to != `TO:<"zwei worte"@xn--mller-kva.example>` {
			t.Errorf("%s: %+v", name, all)
		}
	}
}

func TestWithoutARelayTheFallbackTakesTheMails(t *testing.T) {
	db := sqlite(t)
	box := &outbox{}
	out := open(t, db, email.Options{Fallback: box})
	s, err := out.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Send(context.Background(), letter(1)); got.State != message.Sent || box.n != 1 {
		t.Errorf("%+v", got)
	}
	none := open(t, db, email.Options{})
	if _, err := none.Dial(context.Background()); err == nil {
		t.Error("a session to nowhere")
	}
}

type outbox struct{ n int }

func (o *outbox) Ready(_ string, now time.Time) time.Time       { return now }
func (o *outbox) Dial(context.Context) (message.Session, error) { return o, nil }
func (o *outbox) Send(context.Context, *message.Mail) message.Outcome {
	o.n++
	return message.Outcome{State: message.Sent}
}
func (o *outbox) Close() error { return nil }
