package email_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/platform/store"
)

// TestAnAnswerThatComesTooLateIsNotTakenForTheNextMail: after the first mail nobody waits any more for its answer, which then comes.
func TestAnAnswerThatComesTooLateIsNotTakenForTheNextMail(t *testing.T) {
	for name, offered := range extensions {
		t.Run(name, func(t *testing.T) {
			late := make(chan struct{})
			srv := serve(t, offered, func(c string, n int) string {
				if c == "RCPT" && n == 2 {
					return "550 5.1.1 nobody"
				}
				return ""
			})
			srv.mu.Lock()
			srv.wait = late
			srv.mu.Unlock()
			s, _ := session(t, sqlite(t), email.Options{Answer: 300 * time.Millisecond}, relayTo("eins", srv))
			if out := s.Send(context.Background(), letter(1)); out.State != message.Unclear {
				t.Errorf("%+v", out)
			}
			close(late)
			if out := s.Send(context.Background(), letter(2)); out.State != message.Failed || out.Code != 550 {
				t.Errorf("%+v", out)
			}
			if n := len(srv.received()); n != 1 || srv.counted("GREETING") != 2 {
				t.Errorf("%d mails over %d connections", n, srv.counted("GREETING"))
			}
		})
	}
}

// TestReportsAboutReportsAnswerNobody: two machines that tell each other that their mails could not be delivered get no third one to talk to. What
// comes back is kept once for each, and nothing is ever sent because of it.
func TestReportsAboutReportsAnswerNobody(t *testing.T) {
	each(t, func(w world) {
		about := report(w.token(w.message)+"@b.roesterei.example", "failed", "5.1.1", "550 unknown", "x@y.example")
		for round := range 20 {
			w.record(about)
			inner := strings.ReplaceAll(about, "--B", "--B"+fmt.Sprint(round))
			head, _, _ := strings.Cut(report("MAILER-DAEMON@mx.example", "failed", "5.4.6", "554 too many hops", fmt.Sprintf("loop%d@mx.example", round)), "--B\r\nContent-Type: text/rfc822-headers")
			about = head + "--B\r\nContent-Type: message/rfc822\r\n\r\n" + inner + "\r\n--B--\r\n"
			if len(about) > 64<<10 {
				break
			}
		}
		if got := w.state(); got != message.AddressBounced {
			t.Errorf("the address is %s", got)
		}
		write(t, w.db, func(ctx context.Context, tx *store.Tx) error {
			all, err := message.List(ctx, tx, message.Filter{Limit: 100})
			if len(all) != 1 || all[0].ID != w.message {
				t.Errorf("the ledger has %d messages, one was planned", len(all))
			}
			return err
		})
		if got := w.returns(); len(got) == 0 || got[len(got)-1] != "bounce bounced ×1" {
			t.Errorf("%v", got)
		}
	})
}
