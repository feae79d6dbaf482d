package email

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// imapTimeout bounds a call to an IMAP server, so that one that hangs does not hold the job.
const imapTimeout = 2 * time.Minute

// imapBox is an Inbox by IMAP (RFC 9051 and 3501).
type imapBox struct {
	conn net.Conn
	c    *imapclient.Client
}

// OpenIMAP connects to a mailbox and signs in.
func OpenIMAP(ctx context.Context, m *Mailbox, password string) (Inbox, error) {
	ctx, cancel := context.WithTimeout(ctx, imapTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(m.Host, strconv.Itoa(m.Port)))
	if err != nil {
		return nil, err
	}
	b := &imapBox{conn: conn}
	stop := b.within(ctx)
	defer stop()
	config := &tls.Config{ServerName: m.Host, MinVersion: tls.VersionTLS12}
	options := &imapclient.Options{TLSConfig: config}
	switch m.Security {
	case ImplicitTLS:
		secured := tls.Client(conn, config)
		if err = secured.HandshakeContext(ctx); err == nil {
			b.c = imapclient.New(secured, options)
		}
	case StartTLS:
		b.c, err = imapclient.NewStartTLS(conn, options)
	default: // on this machine only, as SaveMailbox sees to
		b.c = imapclient.New(conn, options)
	}
	if err == nil {
		err = b.c.Login(m.Login, password).Wait()
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return b, nil
}

// within cuts the connection when ctx ends; the function it returns ends that.
func (b *imapBox) within(ctx context.Context) func() bool {
	return context.AfterFunc(ctx, func() { b.conn.SetDeadline(time.Unix(1, 0)) })
}

// Select opens the folder for reading only.
func (b *imapBox) Select(ctx context.Context, folder string) (uint32, error) {
	ctx, cancel := context.WithTimeout(ctx, imapTimeout)
	defer cancel()
	defer b.within(ctx)()
	data, err := b.c.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return 0, err
	}
	return data.UIDValidity, nil
}

// After fetches the next mails, without marking them as seen.
func (b *imapBox) After(ctx context.Context, uid uint32, n int) ([]Raw, error) {
	ctx, cancel := context.WithTimeout(ctx, imapTimeout)
	defer cancel()
	defer b.within(ctx)()
	var all imap.UIDSet
	all.AddRange(imap.UID(uid)+1, 0)
	found, err := b.c.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{all}}, nil).Wait()
	if err != nil {
		return nil, err
	}
	uids := slices.DeleteFunc(found.AllUIDs(), func(u imap.UID) bool { return uint32(u) <= uid }) // "n:*" always finds the last one
	slices.Sort(uids)
	if uids = uids[:min(n, len(uids))]; len(uids) == 0 {
		return nil, nil
	}
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: 0, Size: MaxReturned}}
	mails, err := b.c.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		return nil, err
	}
	raws := make([]Raw, 0, len(uids))
	bodies := map[imap.UID][]byte{}
	for _, m := range mails {
		bodies[m.UID] = m.FindBodySection(section)
	}
	for _, u := range uids { // one that was deleted meanwhile is an empty one
		raws = append(raws, Raw{UID: uint32(u), Body: bodies[u]})
	}
	return raws, nil
}

// Close signs out.
func (b *imapBox) Close() error {
	b.conn.SetDeadline(time.Now().Add(5 * time.Second))
	b.c.Logout().Wait()
	return b.c.Close()
}
