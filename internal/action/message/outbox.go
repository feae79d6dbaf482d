package message

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
)

// CutJob is the kind of the nightly job that deletes what the built-in outbox has kept long enough.
const CutJob = "message.cut_outbox"

// outboxRelay is the name of the built-in outbox where a ledger names the relay.
const outboxRelay = "outbox"

// Outbox is the outlet of an installation without a relay: mails lie in a table and can be read on a page, and nothing leaves
// the house by accident.
type Outbox struct{ DB *store.DB }

// Ready lets everything leave at once.
func (o Outbox) Ready(_ string, now time.Time) time.Time { return now }

// Dial returns a session that writes into the table.
func (o Outbox) Dial(context.Context) (Session, error) { return outboxSession{o.DB}, nil }

type outboxSession struct{ db *store.DB }

// Send keeps the mail. The same message again is the one that is there.
func (s outboxSession) Send(ctx context.Context, m *Mail) Outcome {
	if m.MessageID == "" {
		m.MessageID = PlainID(m.ID, m.From.Address)
	}
	body, err := pack(m)
	if err == nil {
		err = s.db.Write(ctx, store.System(), func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, sqlPutMail, m.ID, micros(tx.Now), body)
			return err
		})
	}
	if err != nil {
		return Outcome{State: Queued, Text: fault.As(err).Key, Relay: outboxRelay}
	}
	return Outcome{State: Sent, Code: 250, Relay: outboxRelay}
}

// Close does nothing.
func (s outboxSession) Close() error { return nil }

// Kept is a mail in the built-in outbox.
type Kept struct {
	Mail
	At time.Time
}

// kept is a mail as it is stored.
type kept struct {
	MessageID         string       `json:"message_id"`
	From, ReplyTo, To mail.Address `json:",omitzero"`
	Return            string       `json:",omitempty"`
	Subject           string
	Text, HTML        string `json:",omitempty"`
	Unsubscribe       string `json:",omitempty"`
	Date              time.Time
}

func pack(m *Mail) ([]byte, error) {
	return squeeze(kept{m.MessageID, m.From, m.ReplyTo, m.To, m.Return, m.Subject, m.Text, m.HTML, m.Unsubscribe, m.Date})
}

// squeeze is a value as compressed JSON.
func squeeze(v any) ([]byte, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

func unsqueeze(b []byte, v any) error {
	r := flate.NewReader(bytes.NewReader(b))
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

// MailOf reads the mail of a message out of the built-in outbox.
func MailOf(ctx context.Context, tx *store.Tx, message int64) (Kept, error) {
	var at int64
	var body []byte
	err := tx.QueryRow(ctx, sqlMail, message).Scan(&at, &body)
	if errors.Is(err, store.ErrNoRows) {
		return Kept{}, fault.New(fault.NotFound, "message.no_mail")
	}
	if err != nil {
		return Kept{}, err
	}
	return unpack(message, at, body)
}

// Mails lists the mails in the built-in outbox, newest first, before that of the message numbered before (0 for the newest).
func Mails(ctx context.Context, tx *store.Tx, before int64, limit int) ([]Kept, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	rows, err := tx.Query(ctx, sqlMails, before, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Kept
	for rows.Next() {
		var id, at int64
		var body []byte
		if err := rows.Scan(&id, &at, &body); err != nil {
			return nil, err
		}
		k, err := unpack(id, at, body)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, rows.Err()
}

// CountMails tells how many mails the built-in outbox holds.
func CountMails(ctx context.Context, tx *store.Tx) (n int64, err error) {
	err = tx.QueryRow(ctx, sqlCountMail).Scan(&n)
	return n, err
}

func unpack(message, at int64, body []byte) (Kept, error) {
	var k kept
	if err := unsqueeze(body, &k); err != nil {
		return Kept{}, err
	}
	return Kept{Mail: Mail{ID: message, MessageID: k.MessageID, From: k.From, ReplyTo: k.ReplyTo, To: k.To, Return: k.Return, Subject: k.Subject,
		Text: k.Text, HTML: k.HTML, Unsubscribe: k.Unsubscribe, Date: k.Date}, At: clock.Time(at)}, nil
}

// CutOutbox is the work of CutJob.
func CutOutbox(ctx context.Context, db *store.DB, task *jobs.Task) error {
	for {
		var n int64
		err := db.Bulk(ctx, task.Actor(), func(tx *store.Tx) error {
			rules, err := LoadRules(ctx, tx)
			if err != nil || rules.KeepMails == 0 { // for ever
				return err
			}
			n, err = tx.Exec(ctx, sqlCutMails, micros(tx.Now.AddDate(0, 0, -rules.KeepMails)), sliceRows)
			return err
		})
		if err != nil || n < sliceRows {
			return err
		}
	}
}

// PlainID is a Message-ID that is the same whenever the mail is made, so that a mailbox that gets it twice can tell. It names the message and
// nobody.
func PlainID(id int64, from string) string {
	_, host, _ := strings.Cut(from, "@")
	if host == "" {
		host = "stamm.invalid"
	}
	return fmt.Sprintf("m%d@%s", id, host)
}
