package engage

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/action/campaign"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// looksAt is the preview of a campaign as real customers would get it.
type looksAt struct {
	c      *campaign.Campaign
	shown  campaign.Shown
	err    error // why it cannot be written for her
	people []int64
	at     int // place in people
	who    string
	dark   bool
	phone  bool
	text   bool
}

// sampleSize is how many customers one can page through.
const sampleSize = 100

// The customers one looks for, beside the next and the one before.
const (
	whoNameless = "nameless" // has no first name
	whoEnglish  = "english"
	whoNobody   = "nobody" // nothing is known of
)

func (c campaigns) preview(r *page.Request) error {
	of, err := c.one(r)
	if err != nil {
		return err
	}
	l := looksAt{c: of, who: r.Text("who"), dark: r.Has("dark"), phone: r.Text("width") == "phone", text: r.Has("text")}
	if l.people, err = c.Campaigns.Runner.Sample(r.Context(), of, sampleSize); err != nil {
		return err
	}
	l.at = int(min(max(r.Int("n", 0), 0), max(int64(len(l.people))-1, 0)))
	look, err := c.look(r, l)
	if err != nil {
		return err
	}
	l.err = r.Read(func(tx *store.Tx) error {
		l.shown, err = c.Campaigns.Composer.Preview(r.Context(), tx, of.ID, look)
		return err
	})
	if code := fault.CodeOf(l.err); code == fault.Internal || code == fault.Unavailable {
		return l.err
	}
	return r.Render(r.P.T("campaigns.preview.title", "name", of.Name), campaignPreviewView(r, l, look))
}

// look is which mail is shown.
func (c campaigns) look(r *page.Request, l looksAt) (campaign.Look, error) {
	look := campaign.Look{Variant: r.Text("variant"), Language: r.Text("content"), Dark: l.dark}
	switch l.who {
	case whoNobody:
		return look, nil
	case whoNameless, whoEnglish:
		id, err := c.find(r.Context(), r.DB, l.people, l.who)
		look.Customer = id
		if id == 0 && l.who == whoEnglish {
			look.Language = "en"
		}
		return look, err
	}
	if len(l.people) > 0 {
		look.Customer = l.people[l.at]
	}
	return look, nil
}

// find is the first of some customers without a first name, or who reads English; 0 if there is none.
func (c campaigns) find(ctx context.Context, db *store.DB, people []int64, who string) (id int64, err error) {
	err = db.Read(ctx, func(tx *store.Tx) error {
		id, err = campaign.FirstOf(ctx, tx, people, func(first, language string) bool {
			return who == whoNameless && strings.TrimSpace(first) == "" || who == whoEnglish && language == "en"
		})
		return err
	})
	return id, err
}

// mailAddress is the address of the mail alone, for the frame.
func (l looksAt) mailAddress(look campaign.Look) string {
	q := url.Values{"variant": {look.Variant}, "content": {look.Language}, "customer": {strconv.FormatInt(look.Customer, 10)}, "version": {strconv.FormatInt(l.c.Version, 10)}}
	if look.Dark {
		q.Set("dark", "1")
	}
	if l.text {
		q.Set("text", "1")
	}
	return campaignLink(l.c.ID) + "/mail?" + q.Encode()
}

// previewPolicy is under which a draft is shown: nothing of it runs or is sent; its pictures are fetched, as a mail program would.
const previewPolicy = "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox"

// mail is the mail alone.
func (c campaigns) mail(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	look := campaign.Look{Variant: r.Text("variant"), Language: r.Text("content"), Customer: r.Int("customer", 0), Dark: r.Has("dark")}
	var shown campaign.Shown
	err = r.Read(func(tx *store.Tx) error {
		shown, err = c.Campaigns.Composer.Preview(r.Context(), tx, id, look)
		return err
	})
	body := shown.HTML
	switch {
	case err != nil && fault.CodeOf(err) == fault.Internal, err != nil && fault.CodeOf(err) == fault.Unavailable:
		return err
	case err != nil:
		body = framed(r, r.P.Err(err))
	case r.Has("text"):
		body = framed(r, shown.Text)
	}
	h := r.W.Header()
	h.Set("Content-Type", ui.HTML)
	h.Set("Content-Security-Policy", previewPolicy)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Cache-Control", "no-store")
	r.W.WriteHeader(http.StatusOK)
	if _, err := r.W.Write([]byte(body)); err != nil {
		return fault.New(fault.Unavailable, "errors.unavailable").Because(err)
	}
	return nil
}

// framed is a plain text as a document.
func framed(r *page.Request, text string) string {
	return `<!doctype html><html lang="` + r.P.Lang() + `"><head><meta charset="utf-8"><title>` + html.EscapeString(r.P.T("campaigns.preview.frame")) +
		`</title></head><body><pre style="white-space:pre-wrap;font:14px/1.5 sans-serif;margin:16px">` + html.EscapeString(text) + `</pre></body></html>`
}

// tabs are the ways to look.
func (l looksAt) tabs(r *page.Request) []ui.Tab {
	tab := func(key string, active bool, pairs ...string) ui.Tab {
		return ui.Tab{Label: r.P.T("campaigns.preview." + key), Href: r.Link(pairs...), Active: active}
	}
	return []ui.Tab{tab("desktop", !l.phone && !l.text, "width", "", "text", ""), tab("phone", l.phone && !l.text, "width", "phone", "text", ""), tab("text", l.text, "text", "1")}
}

// people are the readers one can look as.
func (l looksAt) readers(r *page.Request) []ui.Tab {
	tabs := []ui.Tab{{Label: r.P.T("campaigns.preview.real"), Href: r.Link("who", ""), Active: l.who == ""}}
	for _, who := range []string{whoNameless, whoEnglish, whoNobody} {
		tabs = append(tabs, ui.Tab{Label: r.P.T("campaigns.preview." + who), Href: r.Link("who", who), Active: l.who == who})
	}
	return tabs
}

// contents are the variants and languages one can look at.
func (l looksAt) contents(r *page.Request) []ui.Tab {
	var tabs []ui.Tab
	for _, v := range l.c.Variants {
		for _, key := range v.Keys() {
			tabs = append(tabs, ui.Tab{Label: strings.ToUpper(v.Name) + " · " + key, Href: r.Link("variant", v.Name, "content", key), Active: l.shown.Variant == v.Name && l.shown.Key == key})
		}
	}
	return tabs
}

// facts are what stands around the mail.
func (l looksAt) facts(r *page.Request) []ui.Pair {
	p := r.P
	name := l.shown.Reader
	if name == "" {
		name = p.T("campaigns.preview.nobody")
	}
	pairs := []ui.Pair{{Term: p.T("campaigns.preview.reader"), Text: name}}
	if !l.c.ByPhone() {
		pairs = append(pairs, ui.Pair{Term: p.T("campaigns.edit.subject"), Text: l.shown.Subject})
	}
	if len(l.shown.Missing) > 0 {
		pairs = append(pairs, ui.Pair{Term: p.T("campaigns.preview.missing"), Text: strings.Join(l.shown.Missing, ", ")})
	}
	if l.c.ByPhone() {
		return pairs
	}
	return append(pairs, ui.Pair{Term: p.T("campaigns.preview.size"), Text: p.Bytes(int64(len(l.shown.HTML)))})
}

// width is the width of the frame, as mail programs have it.
func (l looksAt) width() string {
	if l.phone {
		return "340" // of a phone, less the margins of the page
	}
	return "100%"
}

// step is the address of another reader, "" where there is none.
func (l looksAt) step(r *page.Request, by int) string {
	n := l.at + by
	if l.who != "" || n < 0 || n >= len(l.people) {
		return ""
	}
	return r.Link("n", strconv.Itoa(n))
}

// test sends the mail to the one who looks at it.
func (c campaigns) test(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	look := campaign.Look{Variant: r.Text("variant"), Language: r.Text("content"), Customer: r.Int("customer", 0)}
	key := fmt.Sprintf("%d:%d", r.User.ID, r.Now.UnixMicro())
	err = r.Write(func(tx *store.Tx) error {
		_, err := c.Campaigns.Composer.SendTest(r.Context(), tx, id, look, r.User.Mail, r.User.Name, key)
		return err
	})
	back := campaignLink(id) + "/preview"
	if code := fault.CodeOf(err); slices.Contains([]fault.Code{fault.Invalid, fault.NotFound, fault.Conflict}, code) {
		return r.RedirectWith(back, ui.Flash{Text: r.P.Err(err), Tone: ui.Bad})
	}
	if err != nil {
		return err
	}
	return r.RedirectWith(back, ui.Flash{Text: r.P.T("campaigns.preview.sent", "address", r.User.Mail)})
}
