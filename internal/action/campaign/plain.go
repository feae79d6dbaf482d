package campaign

import (
	"strings"

	"golang.org/x/net/html"

	"stamm/internal/platform/liquid"
)

// plainWriter writes a letter as text without HTML, for those who read so, and for the filters that want it beside the HTML.
type plainWriter struct {
	letter *Letter
	reader *Reader
	parts  []string
}

func (w *plainWriter) add(part string) {
	if part = strings.TrimSpace(part); part != "" {
		w.parts = append(w.parts, part)
	}
}

func (w *plainWriter) text() string { return strings.Join(w.parts, "\n\n") + "\n" }

func (w *plainWriter) block(b *compiled) error {
	quiet := *w.reader
	quiet.Missing = nil // the HTML has told it
	text, err := w.letter.fill(b.at+".text", b.plain, &quiet, &quiet)
	if err != nil {
		return err
	}
	switch b.Kind {
	case Heading, Text:
		w.add(text)
	case Picture:
		alt, err := w.letter.fill(b.at+".alt", b.alt, &quiet, &quiet)
		if err != nil {
			return err
		}
		address, err := w.letter.address(b.at+".url", b.url, &quiet, &quiet)
		w.add(alt + "\n" + address)
		return err
	case Button:
		address, err := w.letter.address(b.at+".url", b.url, &quiet, &quiet)
		if !strings.ContainsAny(text[max(0, len(text)-1):], "?!.:") { // "Was gibt es Neues?" needs no colon
			text += ":"
		}
		w.add(text + "\n" + address)
		return err
	case Products:
		return w.products(b, &quiet)
	case Voucher:
		return w.voucher(b, &quiet)
	case Divider:
		w.add("------------------------------------------------------------")
	case Columns:
		for _, column := range [][]compiled{b.left, b.right} {
			for i := range column {
				if err := w.block(&column[i]); err != nil {
					return err
				}
			}
		}
	case Footer:
		w.footer(b, text)
	}
	return nil
}

func (w *plainWriter) products(b *compiled, quiet *Reader) error {
	var lines []string
	for _, offer := range w.reader.offers(b) {
		address, err := w.letter.address(b.at+".url", b.url, shown{quiet, offer}, quiet)
		if err != nil {
			return err
		}
		entry := "- " + offer.Name
		if price := w.reader.price(offer); price != "" {
			entry += ", " + price
		}
		if address != "" {
			entry += "\n  " + address
		}
		lines = append(lines, entry)
	}
	w.add(strings.Join(lines, "\n"))
	return nil
}

func (w *plainWriter) voucher(b *compiled, quiet *Reader) error {
	gift, ok := w.reader.Gifts[b.Coupon]
	if !ok {
		return nil
	}
	text, err := w.letter.fill(b.at+".text", b.plain, voucherValues{quiet, gift}, quiet)
	w.add(text + "\n" + gift.Code + "\n" + w.reader.terms(gift))
	return err
}

func (w *plainWriter) footer(b *compiled, text string) {
	w.add("-- ")
	if strings.TrimSpace(b.Text) == "" {
		text = w.reader.Imprint
	}
	w.add(text)
	var ways []string
	if w.reader.Unsubscribe != "" {
		ways = append(ways, w.reader.words("unsubscribe")+": "+w.reader.Unsubscribe)
	}
	if w.reader.Preferences != "" {
		ways = append(ways, w.reader.words("preferences")+": "+w.reader.Preferences)
	}
	for i, key := range []string{"imprint", "privacy"} {
		if w.reader.About[i] != "" {
			ways = append(ways, w.reader.words(key)+": "+w.reader.About[i])
		}
	}
	w.add(strings.Join(ways, "\n"))
}

// words are texts of the mail itself, in the reader's language.
func (r *Reader) words(key string) string { return r.Printer.T("campaign.mail." + key) }

// offers are the products a block shows.
func (r *Reader) offers(b *compiled) []*Offer {
	if r.Offers == nil {
		return nil
	}
	return r.Offers(&b.Block)
}

func (r *Reader) price(o *Offer) string { return r.show(o.Price) }

// show writes a value in the habits of the reader's language.
func (r *Reader) show(v liquid.Value) string {
	if v.Missing() {
		return ""
	}
	return liquid.Show(v, r.Printer)
}

// terms say when a code counts.
func (r *Reader) terms(g Gift) string {
	var all []string
	if until := r.show(g.Until); until != "" {
		all = append(all, r.Printer.T("campaign.mail.until", "day", until))
	}
	if from := r.show(g.From); from != "" {
		all = append(all, r.Printer.T("campaign.mail.minimum", "amount", from))
	}
	return strings.Join(all, ", ")
}

// plainOf is the text of HTML of one's own: without what is not shown, with the addresses of links behind their words.
func plainOf(source string) string {
	var b strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(source))
	hidden, address := "", ""
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			return squeezed(b.String()) + "\n"
		}
		token := tokens.Token()
		switch {
		case hidden != "":
			if kind == html.EndTagToken && token.Data == hidden {
				hidden = ""
			}
		case kind == html.TextToken:
			b.WriteString(strings.Join(strings.Fields(" "+token.Data+" "), " "))
			if strings.TrimRight(token.Data, " \t\r\n") != token.Data {
				b.WriteByte(' ')
			}
		case kind == html.StartTagToken && (token.Data == "style" || token.Data == "script" || token.Data == "title"):
			hidden = token.Data
		case kind == html.StartTagToken && token.Data == "a":
			address = attribute(token, "href")
		case kind == html.EndTagToken && token.Data == "a":
			if address != "" {
				b.WriteString(" (" + address + ")")
			}
			address = ""
		case token.Data == "img":
			b.WriteString(attribute(token, "alt"))
		case breaks(token.Data):
			b.WriteByte('\n')
		}
	}
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// breaks tells whether an element begins a line.
func breaks(name string) bool {
	switch name {
	case "p", "br", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote":
		return true
	default:
		return false
	}
}

// squeezed leaves at most one empty line between two others.
func squeezed(text string) string {
	var lines []string
	for l := range strings.SplitSeq(text, "\n") {
		l = strings.TrimSpace(l)
		if l == "" && (len(lines) == 0 || lines[len(lines)-1] == "") {
			continue
		}
		lines = append(lines, l)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
