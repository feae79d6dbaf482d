package engage

import (
	"fmt"
	"html"
	"net/http"
	"strconv"

	"stamm/internal/action/message"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// mailbox is the built-in outbox.
type mailbox struct {
	list    []message.Kept
	more    bool
	total   int64
	before  int64
	outside bool // mails go there, because there is no relay
}

func mailPath(id int64) string { return fmt.Sprintf("%s/%d", outboxPath, id) }

func (d Deps) outbox(r *page.Request) error {
	b := mailbox{before: r.Int("before", 0)}
	err := r.Read(func(tx *store.Tx) (err error) {
		if b.list, err = message.Mails(r.Context(), tx, b.before, perPage+1); err != nil {
			return err
		}
		if b.total, err = message.CountMails(r.Context(), tx); err != nil || d.Outbox == nil {
			return err
		}
		b.outside, err = d.Outbox(r.Context(), tx)
		return err
	})
	if err != nil {
		return err
	}
	if b.more = len(b.list) > perPage; b.more {
		b.list = b.list[:perPage]
	}
	return r.Render(r.P.T("engage.outbox.title"), outboxView(r, b))
}

func (b mailbox) table(r *page.Request) ui.Table {
	p := r.P
	t := ui.Table{ID: "outbox", Caption: p.T("engage.outbox.title"), Columns: []ui.Column{{Title: p.T("engage.mail.to"), Narrow: ui.NarrowLead},
		{Title: p.T("engage.mail.subject"), Narrow: ui.NarrowBare}, {Title: p.T("common.time"), Number: true, Narrow: ui.NarrowMeta}}}
	for _, m := range b.list {
		t.Rows = append(t.Rows, ui.Row{Href: mailPath(m.ID), Cells: []ui.Cell{ui.Lines(m.To.Name, m.To.Address), ui.Text(m.Subject), ui.Text(p.DateTime(m.At))}})
		if last := &t.Rows[len(t.Rows)-1]; m.To.Name == "" {
			last.Cells[0] = ui.Text(m.To.Address)
		}
	}
	t.Paging = &ui.Paging{Shown: int64(len(b.list)), Of: b.total, Noun: p.T("engage.outbox.noun")}
	if b.before != 0 {
		t.Paging.First = r.Link("before", "")
	}
	if b.more {
		t.Paging.Next = r.Link("before", strconv.FormatInt(b.list[len(b.list)-1].ID, 10))
	}
	return t
}

func mailOf(r *page.Request) (k message.Kept, err error) {
	id, err := r.PathID("id")
	if err != nil {
		return k, err
	}
	err = r.Read(func(tx *store.Tx) error {
		k, err = message.MailOf(r.Context(), tx, id)
		return err
	})
	return k, err
}

func showMail(r *page.Request) error {
	k, err := mailOf(r)
	if err != nil {
		return err
	}
	return r.Render(k.Subject, mailView(r, k))
}

func mailFacts(r *page.Request, k message.Kept) []ui.Pair {
	p := r.P
	pairs := []ui.Pair{{Term: p.T("engage.mail.to"), Text: addressText(k.To.Name, k.To.Address)}}
	for _, f := range []struct{ key, text string }{{"from", addressText(k.From.Name, k.From.Address)}, {"reply_to", addressText(k.ReplyTo.Name, k.ReplyTo.Address)},
		{"id", k.MessageID}, {"unsubscribe", k.Unsubscribe}} {
		if f.text != "" {
			pairs = append(pairs, ui.Pair{Term: p.T("engage.mail." + f.key), Text: f.text})
		}
	}
	return append(pairs, ui.Pair{Term: p.T("common.time"), Text: p.DateTime(k.At)},
		ui.Pair{Term: p.T("engage.mail.why"), Text: p.T("engage.mail.why_link"), Href: messagePath(k.ID)})
}

func addressText(name, address string) string {
	if name == "" || address == "" {
		return address
	}
	return name + " <" + address + ">"
}

// mailPolicy is under which the words of a mail are shown: nothing of it runs, nothing is fetched, nothing is sent, and only a
// page of ours may show it.
const mailPolicy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox"

// mailBody is the mail alone, for the frame on its page.
func mailBody(r *page.Request) error {
	k, err := mailOf(r)
	if err != nil {
		return err
	}
	body := k.HTML
	if body == "" || r.Text("show") == "text" {
		body = `<!doctype html><html lang="` + r.P.Lang() + `"><head><meta charset="utf-8"><title>` + html.EscapeString(k.Subject) + `</title></head><body><pre style="white-space:pre-wrap;font:14px/1.5 sans-serif;margin:16px">` +
			html.EscapeString(k.Text) + `</pre></body></html>`
	}
	h := r.W.Header()
	h.Set("Content-Type", ui.HTML)
	h.Set("Content-Security-Policy", mailPolicy)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Cache-Control", "no-store")
	r.W.WriteHeader(http.StatusOK)
	if _, err := r.W.Write([]byte(body)); err != nil {
		return fault.New(fault.Unavailable, "errors.unavailable").Because(err)
	}
	return nil
}

func mailTabs(r *page.Request, k message.Kept) []ui.Tab {
	text := r.Text("show") == "text"
	return []ui.Tab{{Label: r.P.T("engage.mail.html"), Href: mailPath(k.ID), Active: !text}, {Label: r.P.T("engage.mail.text"), Href: mailPath(k.ID) + "?show=text", Active: text}}
}

func bodyLink(r *page.Request, k message.Kept) string {
	link := mailPath(k.ID) + "/body"
	if r.Text("show") == "text" {
		link += "?show=text"
	}
	return link
}
