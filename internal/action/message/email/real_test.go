package email_test

import (
	"context"
	"fmt"
	"io"
	"mime/quotedprintable"
	"strings"
	"sync"
	"testing"

	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/action/message/email/emailtest"
)

// TestARealServerTakesEachMailOnce sends through the mail server of the distribution by several sessions at once: plain and encoded words, an
// address with umlauts, one in quotes, a recipient whom it refuses, and so many mails over each connection that these are closed and made anew.
func TestARealServerTakesEachMailOnce(t *testing.T) {
	server := emailtest.Start(t)
	r := relayTo("exim", nil)
	r.Host, r.Port, r.Connections, r.PerConnection = "127.0.0.1", server.Port, 4, 5
	db := sqlite(t)
	addRelay(t, db, r)
	out := open(t, db, email.Options{})
	const many, dots = 40, ".\n..\nFrom hier\n\n.\n"
	var all sync.WaitGroup
	states := make([]message.Outcome, many+1)
	for worker := range 4 {
		s, err := out.Dial(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		all.Go(func() {
			for id := worker + 1; id <= many; id += 4 {
				m := letter(int64(id))
				m.MessageID, m.To.Address = "", fmt.Sprintf("kundin%d@haushalt.example", id)
				switch id {
				case 7:
					m.To.Address = emailtest.Refused + "@haushalt.example"
				case 8:
					m.To.Address = "käthe@haushalt.example"
				case 10:
					m.To.Address = `"erika muster"@haushalt.example`
				case 9:
					m.Text, m.HTML = dots, ""
				}
				states[id] = s.Send(context.Background(), m)
			}
		})
	}
	all.Wait()
	for id := 1; id <= many; id++ {
		want := message.Sent
		if id == 7 {
			want = message.Failed
		}
		if states[id].State != want {
			t.Errorf("%d: %+v, want %s", id, states[id], want)
		}
	}
	times, quoted := map[string]int{}, 0
	for _, m := range server.Mails(t) {
		times[m.Get("Message-Id")]++
		if m.To == `"erika muster"@haushalt.example` && strings.Contains(m.Get("To"), `<"erika muster"@haushalt.example>`) {
			quoted++
		}
		if m.To == "kundin9@haushalt.example" {
			text, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(m.Body)))
			if err != nil || strings.ReplaceAll(string(text), "\r", "") != dots {
				t.Errorf("the text of dots arrived as %q, %v", m.Body, err)
			}
		}
	}
	if quoted != 1 {
		t.Errorf("%d mails arrived at the address with a quoted local part, want 1", quoted)
	}
	if len(times) != many-1 {
		t.Errorf("%d mails arrived, want %d", len(times), many-1)
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("%s arrived %d times", id, n)
		}
	}
}
