package email

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/record/task"
)

// FetchJob is the kind of the job that reads a mailbox for what came back.
const FetchJob = "mail.fetch"

// fetchEvery is how often a mailbox is read.
const fetchEvery = "every 5m"

// Mailbox is where bounces and replies arrive. It is only read: nothing in it is marked, moved or deleted.
type Mailbox struct {
	ID       int64
	Host     string
	Port     int
	Security Security
	Login    string
	Password string // to be set; never read back. Empty keeps the one there is
	Folder   string
	Active   bool

	Validity  uint32    // state of the folder that UID belongs to
	UID       uint32    // of the last mail read
	CheckedAt time.Time // zero for never
	Trouble   string    // key of what was wrong at the last time, empty for nothing

	sealed string
}

// HasPassword tells whether a password is kept.
func (m *Mailbox) HasPassword() bool { return m.sealed != "" }

// NewMailbox is a mailbox with the figures that suit most.
func NewMailbox() *Mailbox {
	return &Mailbox{Port: 993, Security: ImplicitTLS, Folder: "INBOX", Active: true}
}

// SaveMailbox adds a mailbox, or changes the one with its ID, and returns the id. An active one is read every few minutes.
// Every mistake is an invalid fault on its field, all of them joined.
func SaveMailbox(ctx context.Context, tx *store.Tx, v *Vault, m *Mailbox) (int64, error) {
	if err := m.validate(); err != nil {
		return 0, err
	}
	before := &Mailbox{}
	if m.ID != 0 {
		var err error
		if before, err = FindMailbox(ctx, tx, m.ID); err != nil {
			return 0, err
		}
	}
	sealed := before.sealed
	switch {
	case m.Password != "":
		sealed = v.Seal(purposeMailbox, m.Password)
	case sealed == "":
		return 0, fault.New(fault.Invalid, "errors.required").On("password")
	case before.Host != m.Host:
		return 0, fault.New(fault.Invalid, "email.password_for_host").On("password")
	}
	m.Validity, m.UID = before.Validity, before.UID
	if before.Host != m.Host || before.Login != m.Login || before.Folder != m.Folder {
		m.Validity, m.UID = 0, 0
	}
	args := []any{m.Host, m.Port, string(m.Security), m.Login, sealed, m.Folder, store.Flag(m.Active), int64(m.Validity), int64(m.UID), clock.Micros(tx.Now)}
	id, kind := m.ID, "mailbox.changed"
	var err error
	if id == 0 {
		kind = "mailbox.added"
		id, err = tx.InsertID(ctx, sqlAddMailbox, args...)
	} else {
		_, err = tx.Exec(ctx, sqlChangeMailbox, append(args, id)...)
	}
	if err != nil {
		return 0, err
	}
	if err := schedule(ctx, tx, id, m.Active); err != nil {
		return 0, err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: kind, Subject: id})
	return id, err
}

// fetchArgs are the arguments of a FetchJob.
type fetchArgs struct {
	Mailbox int64 `json:"mailbox"`
}

func schedule(ctx context.Context, tx *store.Tx, id int64, active bool) error {
	name := FetchJob + ":" + strconv.FormatInt(id, 10)
	if !active {
		return jobs.DropSchedule(ctx, tx, name)
	}
	return jobs.SetSchedule(ctx, tx, jobs.Schedule{Name: name, Kind: FetchJob, Args: fetchArgs{id}, Spec: fetchEvery}, time.UTC)
}

// FetchNow reads a mailbox as soon as a runner is free and returns the job.
func FetchNow(ctx context.Context, tx *store.Tx, id int64) (int64, error) {
	return jobs.Enqueue(ctx, tx, jobs.New{Kind: FetchJob, Key: "schedule:" + FetchJob + ":" + strconv.FormatInt(id, 10), Args: fetchArgs{id}})
}

func (m *Mailbox) validate() error {
	m.Host, m.Login, m.Folder = strings.ToLower(strings.TrimSpace(m.Host)), strings.TrimSpace(m.Login), strings.TrimSpace(m.Folder)
	all := checkServer(m.Host, m.Port, m.Security, m.Login)
	if m.Login == "" {
		all = append(all, fault.New(fault.Invalid, "errors.required").On("login"))
	}
	if m.Folder == "" {
		m.Folder = "INBOX"
	}
	if strings.ContainsFunc(m.Login+m.Password+m.Folder, isControl) || len(m.Folder) > 200 {
		all = append(all, fault.New(fault.Invalid, "email.control_characters").On("folder"))
	}
	return errors.Join(all...)
}

// FindMailbox returns a mailbox; one that does not exist is a notfound fault.
func FindMailbox(ctx context.Context, tx *store.Tx, id int64) (*Mailbox, error) {
	all, err := mailboxes(ctx, tx, sqlMailbox, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "email.no_such_mailbox")
	}
	return all[0], nil
}

// Mailboxes lists all mailboxes.
func Mailboxes(ctx context.Context, tx *store.Tx) ([]*Mailbox, error) {
	return mailboxes(ctx, tx, sqlMailboxes)
}

// DropMailbox removes a mailbox; what it brought stays.
func DropMailbox(ctx context.Context, tx *store.Tx, id int64) error {
	n, err := tx.Exec(ctx, sqlDropMailbox, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.NotFound, "email.no_such_mailbox")
	}
	if err := schedule(ctx, tx, id, false); err != nil {
		return err
	}
	if err := task.Settle(ctx, tx, FetchJob+":"+strconv.FormatInt(id, 10)); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "mailbox.dropped", Subject: id})
	return err
}

func mailboxes(ctx context.Context, tx *store.Tx, text string, args ...any) ([]*Mailbox, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*Mailbox
	for rows.Next() {
		var m Mailbox
		var active int
		var checked int64
		if err := rows.Scan(&m.ID, &m.Host, &m.Port, &m.Security, &m.Login, &m.sealed, &m.Folder, &active, &m.Validity, &m.UID, &checked, &m.Trouble); err != nil {
			return nil, err
		}
		m.Active = active == 1
		if checked != 0 {
			m.CheckedAt = clock.Time(checked)
		}
		all = append(all, &m)
	}
	return all, rows.Err()
}

// Inbox is an open mailbox.
type Inbox interface {
	// Select opens a folder for reading only and tells its state: another state has other UIDs.
	Select(ctx context.Context, folder string) (validity uint32, err error)
	// After returns up to n mails with UIDs above uid in the order of their UIDs, each cut off at MaxReturned bytes.
	After(ctx context.Context, uid uint32, n int) ([]Raw, error)
	Close() error
}

// Raw is a mail in a mailbox.
type Raw struct {
	UID  uint32
	Body []byte
}

// Fetcher reads mailboxes.
type Fetcher struct {
	DB    *store.DB
	Vault *Vault
	// Open opens a mailbox; OpenIMAP by default.
	Open func(ctx context.Context, m *Mailbox, password string) (Inbox, error)
}

// Run is the handler of a FetchJob.
func (f Fetcher) Run(ctx context.Context, task *jobs.Task) error {
	var args fetchArgs
	if err := task.Args(&args); err != nil {
		return jobs.InVain(err)
	}
	err := f.Fetch(ctx, args.Mailbox)
	if fault.CodeOf(err) == fault.NotFound { // dropped meanwhile
		return nil
	}
	return err
}

// fetchBatch is how many mails are read and written at a time.
const fetchBatch = 25

// Fetch reads what is new in a mailbox. Mails and the place up to which the mailbox is read are written together, so
// that none counts twice and none is left out.
func (f Fetcher) Fetch(ctx context.Context, id int64) error {
	var m *Mailbox
	if err := f.DB.Read(ctx, func(tx *store.Tx) (err error) { m, err = FindMailbox(ctx, tx, id); return err }); err != nil {
		return err
	}
	err := f.fetch(ctx, m)
	trouble := ""
	if err != nil {
		trouble = fault.As(err).Key
	}
	ctx = context.WithoutCancel(ctx)
	noted := f.DB.Write(ctx, store.System(), func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, sqlMailboxChecked, id, clock.Micros(tx.Now), trouble); err != nil || (trouble == "") == (m.Trouble == "") {
			return err
		}
		key := FetchJob + ":" + strconv.FormatInt(id, 10)
		if trouble == "" {
			return task.Settle(ctx, tx, key)
		}
		_, err := task.Raise(ctx, tx, task.New{Kind: TaskMailbox, Key: key, Subject: id, Weight: taskWeight})
		return err
	})
	return errors.Join(err, noted)
}

func (f Fetcher) fetch(ctx context.Context, m *Mailbox) error {
	password, err := f.Vault.Open(purposeMailbox, m.sealed)
	if err != nil {
		return jobs.InVain(err)
	}
	open := f.Open
	if open == nil {
		open = OpenIMAP
	}
	box, err := open(ctx, m, password)
	if err != nil {
		return fault.New(fault.Unavailable, "email.no_mailbox").Because(err)
	}
	defer box.Close()
	validity, err := box.Select(ctx, m.Folder)
	if err != nil {
		return fault.New(fault.Unavailable, "email.no_folder").Because(err)
	}
	uid := m.UID
	if validity != m.Validity {
		uid = 0 // other UIDs: read all again; what is known already counts once
	}
	for ctx.Err() == nil {
		mails, err := box.After(ctx, uid, fetchBatch)
		if err != nil {
			return fault.New(fault.Unavailable, "email.no_mailbox").Because(err)
		}
		if len(mails) == 0 {
			return nil
		}
		found := make([]Returned, len(mails))
		for i, raw := range mails {
			found[i] = ParseReturned(raw.Body)
		}
		last := mails[len(mails)-1].UID
		if last <= uid {
			return fmt.Errorf("a mailbox hands out UID %d after %d", last, uid)
		}
		err = f.DB.Write(ctx, store.System(), func(tx *store.Tx) error {
			for _, r := range found {
				if err := Record(ctx, tx, r); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, sqlMailboxRead, m.ID, int64(validity), int64(last))
			return err
		})
		if err != nil {
			return err
		}
		uid = last
	}
	return ctx.Err()
}
