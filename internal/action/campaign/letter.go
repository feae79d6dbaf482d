package campaign

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/liquid"
)

// look is how a mail is coloured. Colours are written into every element, because many mail programs know nothing else; the
// dark ones are given by class where a program knows those.
type look struct{ accent string }

const (
	defaultAccent = "#0b7285"
	ink           = "#1f2933"
	soft          = "#616e7c"
	paper         = "#ffffff"
	ground        = "#f0f2f5"
	line          = "#d9dee4"
	fonts         = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
)

// Letter is a content that is read and can be written for many. It never changes and may be used by many at once.
type Letter struct {
	subject, preheader *liquid.Template
	own                *liquid.Template // HTML of one's own
	ownPlain           *liquid.Template
	blocks             []compiled
	style              look
	lang               string
	shared             map[string]bool // addresses of links, as attributes have them, that are the same for everybody
}

// compiled is a block whose texts are read.
type compiled struct {
	Block
	at               string
	html, plain      *liquid.Template // of Text
	url, source, alt *liquid.Template
	left, right      []compiled
	common           bool // of products: their addresses say nothing about the reader
}

// Compile reads the texts of a content. lang is the language it is written in, for mail programs and screen readers. What is
// wrong is joined, each mistake on its field as in Validate, with line and column within that text.
func Compile(c *Content, lang string) (*Letter, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	l := &Letter{style: look{accent: c.Accent}, lang: lang}
	if l.style.accent == "" {
		l.style.accent = defaultAccent
	}
	r := reading{shared: map[string]bool{}}
	l.shared = r.shared
	l.subject = r.read("subject", c.Subject, liquid.Header)
	l.preheader = r.read("preheader", c.Preheader, liquid.HTML)
	if c.Own() {
		r.share(c.HTML)
		l.own = r.read("html", c.HTML, liquid.HTML)
		if strings.TrimSpace(c.Plain) != "" {
			l.ownPlain = r.read("plain", c.Plain, liquid.Text)
		}
		return l, errors.Join(r.wrong...)
	}
	for i := range c.Blocks {
		l.blocks = append(l.blocks, r.block(&c.Blocks[i], blockField(i), l.style))
	}
	return l, errors.Join(r.wrong...)
}

// reading gathers what is wrong with the texts of a content.
type reading struct {
	wrong  []error
	shared map[string]bool
}

// share notes the addresses in a template of HTML that have no Liquid in them.
func (r *reading) share(source string) {
	eachHref(source, func(from, to int) {
		if address := source[from:to]; !strings.Contains(address, "{{") && !strings.Contains(address, "{%") {
			r.shared[address] = true
		}
	})
}

func (r *reading) read(field, source string, mode liquid.Mode) *liquid.Template {
	t, err := liquid.Parse(source, mode, liquid.Limits{})
	if err != nil {
		r.wrong = append(r.wrong, fault.As(err).On(field))
	}
	return t
}

func (r *reading) block(b *Block, at string, style look) compiled {
	c := compiled{Block: *b, at: at}
	before := len(r.wrong)
	r.read(at+".text", b.Text, liquid.Text) // as it was written, so that line and column are those of the writer
	if len(r.wrong) > before {
		return c
	}
	switch b.Kind {
	case Text, Footer:
		source := textHTML(b.Text, style)
		r.share(source)
		c.html = r.read(at+".text", source, liquid.HTML)
		c.plain = r.read(at+".text", textPlain(b.Text), liquid.Text)
	default:
		c.html = r.read(at+".text", inlineHTML(strings.TrimSpace(b.Text)), liquid.HTML)
		c.plain = r.read(at+".text", strings.TrimSpace(b.Text), liquid.Text)
	}
	c.url = r.read(at+".url", strings.TrimSpace(b.URL), liquid.Text)
	if c.url != nil {
		if address, fixed := c.url.Fixed(); fixed {
			r.shared[escapeHTML(address)] = true
		}
		c.common = !slices.ContainsFunc(c.url.Uses(), func(u liquid.Use) bool { return !strings.HasPrefix(u.Name, "product.") && u.Name != "company" })
	}
	c.source = r.read(at+".source", strings.TrimSpace(b.Source), liquid.Text)
	c.alt = r.read(at+".alt", b.Alt, liquid.Text)
	for i := range b.Left {
		c.left = append(c.left, r.block(&b.Left[i], fmt.Sprintf("%s.left.%d", at, i), style))
	}
	for i := range b.Right {
		c.right = append(c.right, r.block(&b.Right[i], fmt.Sprintf("%s.right.%d", at, i), style))
	}
	return c
}

// Uses are the values that the content asks for, each once.
func (l *Letter) Uses() []string {
	var all []string
	seen := map[string]bool{}
	add := func(templates ...*liquid.Template) {
		for _, t := range templates {
			if t == nil {
				continue
			}
			for _, u := range t.Uses() {
				if !seen[u.Name] {
					seen[u.Name] = true
					all = append(all, u.Name)
				}
			}
		}
	}
	add(l.subject, l.preheader, l.own, l.ownPlain)
	var walk func([]compiled)
	walk = func(blocks []compiled) {
		for i := range blocks {
			add(blocks[i].html, blocks[i].url, blocks[i].source, blocks[i].alt)
			walk(blocks[i].left)
			walk(blocks[i].right)
		}
	}
	walk(l.blocks)
	return all
}

// Offer is a product that a mail shows.
type Offer struct {
	ID    int64
	SKU   string
	Name  string
	Price liquid.Value // an amount, or missing
}

// Field returns sku, name and price.
func (o *Offer) Field(name string) liquid.Value {
	switch name {
	case "sku":
		return liquid.String(o.SKU)
	case "name":
		return liquid.String(o.Name)
	case "price":
		return o.Price
	default:
		return liquid.Value{}
	}
}

// Gift is a coupon that a mail shows.
type Gift struct {
	Code  string
	Value liquid.Value // an amount, or what it takes off in words
	Until liquid.Value // last day, or missing
	From  liquid.Value // what the order must reach, or missing

	percent float64 // of a coupon in per cent, 0 otherwise
}

// Field returns code, value, until and minimum.
func (g Gift) Field(name string) liquid.Value {
	switch name {
	case "code":
		return liquid.String(g.Code)
	case "value":
		return g.Value
	case "until":
		return g.Until
	case "minimum":
		return g.From
	default:
		return liquid.Value{}
	}
}

// Reader is for whom a letter is written.
type Reader struct {
	Printer     *i18n.Printer
	Now         time.Time
	Customer    liquid.Fields
	Company     string                               // name of the company that writes
	Offers      func(b *Block) []*Offer              // what a products block shows; nil for none
	Gifts       map[int64]Gift                       // by coupon
	Unsubscribe string                               // address of the page to unsubscribe
	Preferences string                               // address of the page to change what she gets
	About       [2]string                            // addresses of the company's imprint and of its page on data protection
	Imprint     string                               // of the sender, shown by a footer without words of its own
	Missing     func(field, name string, line int64) // told of values that are missing; may be nil
	Dark        bool                                 // show it as a program does at night, for previews

	page *[]byte // room to write in, which goes from one reader to the next; nil for new
}

// Field returns customer, company, unsubscribe, preferences, and coupon where there is only one.
func (r *Reader) Field(name string) liquid.Value {
	switch name {
	case "customer":
		return liquid.Record(r.Customer)
	case "company":
		return liquid.String(r.Company)
	case "unsubscribe":
		return liquid.String(r.Unsubscribe)
	case "preferences":
		return liquid.String(r.Preferences)
	case "imprint":
		return liquid.String(r.Imprint)
	case "coupon":
		for _, g := range r.Gifts {
			if len(r.Gifts) == 1 {
				return liquid.Record(g)
			}
		}
	}
	return liquid.Value{}
}

// Written is a letter for one reader.
type Written struct {
	Subject, Text, HTML string

	common []string // addresses of links to products, as attributes have them, that say nothing about the reader
}

// Write writes the letter. An error says in which field of the content it is; it is Invalid, and the reader's mail cannot be made.
func (l *Letter) Write(r *Reader) (Written, error) {
	var w Written
	subject, err := l.fill("subject", l.subject, r, r)
	if err != nil {
		return w, err
	}
	w.Subject = strings.TrimSpace(subject)
	preheader, err := l.fill("preheader", l.preheader, r, r)
	if err != nil {
		return w, err
	}
	if l.own != nil {
		return l.writeOwn(w, r)
	}
	page := r.page
	if page == nil {
		page = new([]byte)
	}
	h := &htmlWriter{letter: l, reader: r, buf: slices.Grow((*page)[:0], 16<<10)}
	defer func() { *page = h.buf }()
	t := &plainWriter{letter: l, reader: r}
	h.head(w.Subject, preheader)
	for i := range l.blocks {
		if err := h.block(&l.blocks[i], inner); err != nil {
			return w, err
		}
		if err := t.block(&l.blocks[i]); err != nil {
			return w, err
		}
	}
	h.end()
	w.HTML, w.Text, w.common = string(h.buf), t.text(), h.common
	return w, nil
}

func (l *Letter) writeOwn(w Written, r *Reader) (Written, error) {
	var err error
	if w.HTML, err = l.fill("html", l.own, r, r); err != nil {
		return w, err
	}
	if l.ownPlain == nil {
		w.Text = plainOf(w.HTML)
		return w, nil
	}
	w.Text, err = l.fill("plain", l.ownPlain, r, r)
	return w, err
}

// fill renders one text of the letter.
func (l *Letter) fill(field string, t *liquid.Template, values liquid.Fields, r *Reader) (string, error) {
	var missing func(string, int64)
	if r.Missing != nil {
		missing = func(name string, line int64) { r.Missing(field, name, line) }
	}
	out, err := t.Render(values, liquid.Reader{Printer: r.Printer, Now: r.Now, Missing: missing})
	if err != nil {
		return "", fault.As(err).On(field)
	}
	return out, nil
}

// address renders an address and makes sure that it can stand in a mail: of the web, a mail or a telephone number. Empty stays
// empty.
func (l *Letter) address(field string, t *liquid.Template, values liquid.Fields, r *Reader) (string, error) {
	if text, ok := t.Fixed(); ok && strings.HasPrefix(text, "https://") && !strings.ContainsAny(text, " \t\r\n%[]") {
		return text, nil // what could not be an address is looked at as the others are
	}
	text, err := l.fill(field, t, values, r)
	text = strings.TrimSpace(text)
	if err != nil || text == "" {
		return text, err
	}
	u, err := url.Parse(text)
	if err != nil || !sound(u) {
		return "", fault.New(fault.Invalid, "campaign.error.address", "address", text).On(field)
	}
	return text, nil
}

func sound(u *url.URL) bool {
	switch u.Scheme {
	case "http", "https":
		return u.Host != ""
	case "mailto", "tel":
		return u.Opaque != ""
	default:
		return false
	}
}
