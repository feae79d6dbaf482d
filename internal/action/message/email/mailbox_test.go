package email_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"stamm/internal/action/message"
	"stamm/internal/action/message/email"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/task"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/google/go-cmp/cmp"
)

// imapServer is a mailbox of "bounces" with the password "geheim".
func imapServer(t *testing.T) (*imapmemserver.User, net.Listener) {
	t.Helper()
	user := imapmemserver.NewUser("bounces", "geheim")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	mem := imapmemserver.New()
	mem.AddUser(user)
	srv := imapserver.New(&imapserver.Options{InsecureAuth: true, NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
		return mem.NewSession(), nil, nil
	}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); <-done })
	return user, l
}

func arrive(t *testing.T, user *imapmemserver.User, raw string) {
	t.Helper()
	if _, err := user.Append("INBOX", literal{bytes.NewReader([]byte(raw))}, &imap.AppendOptions{}); err != nil {
		t.Fatal(err)
	}
}

type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

func TestAMailboxIsReadOnceAndLeftAsItIs(t *testing.T) {
	each(t, func(w world) {
		user, l := imapServer(t)
		box := email.NewMailbox()
		box.Host, box.Port, box.Security, box.Login, box.Password = "127.0.0.1", l.Addr().(*net.TCPAddr).Port, email.Plain, "bounces", "geheim"
		write(t, w.db, func(ctx context.Context, tx *store.Tx) (err error) {
			box.ID, err = email.SaveMailbox(ctx, tx, vault(t), box)
			return err
		})
		fetch := func() {
			t.Helper()
			if err := (email.Fetcher{DB: w.db, Vault: vault(t)}).Fetch(context.Background(), box.ID); err != nil {
				t.Fatal(err)
			}
		}
		fetch() // nothing there
		for range 30 {
			arrive(t, user, "From: x@y.example\r\nSubject: Angebot\r\n\r\nganz anderes\r\n")
		}
		arrive(t, user, report(w.token(w.message)+"@b.roesterei.example", "failed", "5.1.1", "550 unknown", "x@y.example"))
		arrive(t, user, "From: x@y.example\r\n\r\n"+strings.Repeat("groß ", 500_000))
		fetch()
		fetch()
		if got := w.state(); got != message.AddressBounced {
			t.Errorf("the address is %s", got)
		}
		if diff := cmp.Diff([]string{"bounce bounced ×1"}, w.returns()); diff != "" {
			t.Error(diff)
		}
		write(t, w.db, func(ctx context.Context, tx *store.Tx) error {
			m, err := email.FindMailbox(ctx, tx, box.ID)
			if err == nil && (m.UID != 32 || m.CheckedAt.IsZero() || m.Trouble != "") {
				t.Errorf("%+v", m)
			}
			all, err := jobs.Schedules(ctx, tx)
			if len(all) != 1 || all[0].Kind != email.FetchJob {
				t.Errorf("schedules: %+v", all)
			}
			return err
		})
		status, err := user.Status("INBOX", &imap.StatusOptions{NumUnseen: true})
		if err != nil || *status.NumUnseen != 32 {
			t.Errorf("%+v, %v", status, err)
		}
	})
}

func TestAWrongPasswordOfAMailboxIsSaid(t *testing.T) {
	_, l := imapServer(t)
	db := sqlite(t)
	box := email.NewMailbox()
	box.Host, box.Port, box.Security, box.Login, box.Password = "127.0.0.1", l.Addr().(*net.TCPAddr).Port, email.Plain, "bounces", "falsch"
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		box.ID, err = email.SaveMailbox(ctx, tx, vault(t), box)
		return err
	})
	err := email.Fetcher{DB: db, Vault: vault(t)}.Fetch(context.Background(), box.ID)
	if fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		m, err := email.FindMailbox(ctx, tx, box.ID)
		if err == nil && m.Trouble != "email.no_mailbox" {
			t.Errorf("%+v", m)
		}
		open, failed := task.Pending(ctx, tx, email.TaskMailbox)
		if len(open) != 1 || open[0].Subject != box.ID {
			t.Errorf("tasks %+v", open)
		}
		return errors.Join(err, failed)
	})
}

// fakeBox is an Inbox whose state of UIDs changes.
type fakeBox struct {
	validity uint32
	mails    []email.Raw
}

func (b *fakeBox) Select(context.Context, string) (uint32, error) { return b.validity, nil }
func (b *fakeBox) Close() error                                   { return nil }
func (b *fakeBox) After(_ context.Context, uid uint32, n int) (found []email.Raw, err error) {
	for _, m := range b.mails {
		if m.UID > uid && len(found) < n {
			found = append(found, m)
		}
	}
	return found, nil
}

func TestAMailboxWithNewNumbersCountsNothingTwice(t *testing.T) {
	each(t, func(w world) {
		raw := []byte(report(w.token(w.message)+"@b.roesterei.example", "failed", "5.2.2", "552 full", "x@y.example"))
		box := &fakeBox{1, []email.Raw{{UID: 900, Body: raw}}}
		m := email.NewMailbox()
		m.Host, m.Login, m.Password = "imap.example", "x", "y"
		write(t, w.db, func(ctx context.Context, tx *store.Tx) (err error) {
			m.ID, err = email.SaveMailbox(ctx, tx, vault(t), m)
			return err
		})
		f := email.Fetcher{DB: w.db, Vault: vault(t), Open: func(context.Context, *email.Mailbox, string) (email.Inbox, error) { return box, nil }}
		for range 2 {
			if err := f.Fetch(context.Background(), m.ID); err != nil {
				t.Fatal(err)
			}
			box.validity, box.mails[0].UID = 2, 3
		}
		if diff := cmp.Diff([]string{"soft_bounce soft ×2"}, w.returns()); diff != "" {
			t.Error(diff)
		}
	})
}
