package campaign

import (
	"fmt"
	"strconv"
	"strings"

	"stamm/internal/platform/liquid"
)

// htmlWriter writes a letter as the HTML that mail programs understand: tables within tables, with widths as attributes for
// Outlook, which lays out with Word, and styles in every element for those that throw the head away.
type htmlWriter struct {
	letter *Letter
	reader *Reader
	buf    []byte
	common []string // see Written
}

func (w *htmlWriter) put(parts ...string) {
	for _, part := range parts {
		w.buf = append(w.buf, part...)
	}
}

const darkStyle = `.ground{background:#15181c!important}.paper{background:#1f2429!important}.ink,.ink p,.ink li,.ink h1,.ink h2,.ink h3{color:#e6e9ec!important}.soft,.soft p{color:#a3adb8!important}.line{border-color:#3a424b!important}`

// head begins the document: the sheet of paper in the middle of the ground. The subject is its title, which screen readers say first and
// browsers show.
func (w *htmlWriter) head(subject, preheader string) {
	dark := "@media (prefers-color-scheme: dark){" + darkStyle + "}"
	if w.reader.Dark {
		dark = darkStyle
	}
	w.put(`<!DOCTYPE html>
<html lang="`, escapeHTML(w.letter.lang), `" xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="x-apple-disable-message-reformatting">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>`, escapeHTML(subject), `</title>
<!--[if mso]><xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml><style>table{border-collapse:collapse;}td,p,a,h1,h2,h3,li{font-family:Arial,sans-serif!important;}</style><![endif]-->
<style>
:root{color-scheme:light dark;supported-color-schemes:light dark}
img{border:0;line-height:100%;outline:none;text-decoration:none}
@media (max-width:620px){.paper{border-radius:0!important}.inner{padding-left:16px!important;padding-right:16px!important}.column{max-width:100%!important;width:100%!important}}
`, dark, `
</style>
</head>
<body class="ground" style="margin:0;padding:0;background:`, ground, `;">
`)
	if preheader != "" {
		w.put(`<div style="display:none;max-height:0;overflow:hidden;mso-hide:all;">`, preheader, strings.Repeat("&#8199;&#847; ", 40), "</div>\n")
	}
	w.put(`<table role="presentation" class="ground" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:`, ground, `;"><tr><td align="center" style="padding:24px 0;">
<!--[if mso]><table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" align="center"><tr><td><![endif]-->
<table role="presentation" class="paper" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;margin:0 auto;background:`, paper, `;border-radius:8px;">
<tr><td height="12" style="height:12px;line-height:12px;font-size:0;">&nbsp;</td></tr>
`)
}

func (w *htmlWriter) end() {
	w.put(`<tr><td height="12" style="height:12px;line-height:12px;font-size:0;">&nbsp;</td></tr>
</table>
<!--[if mso]></td></tr></table><![endif]-->
</td></tr></table>
</body>
</html>
`)
}

// cell begins a row of the sheet.
func (w *htmlWriter) cell(class, align string, size, height int, colour string) {
	w.put(`<tr><td class="inner `, class, `" align="`, align, `" style="padding:8px `, strconv.Itoa(pad), `px;font-family:`, fonts, `;font-size:`, strconv.Itoa(size), `px;line-height:`,
		strconv.Itoa(height), `px;color:`, colour, `;">`)
}

func (w *htmlWriter) endCell() { w.put("</td></tr>\n") }

// block writes a block as rows of a table of that width.
func (w *htmlWriter) block(b *compiled, width int) error {
	switch b.Kind {
	case Heading:
		return w.heading(b)
	case Text:
		return w.text(b, "ink", 16, 24, ink)
	case Picture:
		return w.picture(b, width)
	case Button:
		return w.button(b)
	case Products:
		return w.products(b)
	case Voucher:
		return w.voucher(b)
	case Divider:
		w.put(`<tr><td class="inner" style="padding:16px `, strconv.Itoa(pad), `px;"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td class="line" height="1" style="height:1px;line-height:1px;font-size:0;border-top:1px solid `,
			line, `;">&nbsp;</td></tr></table></td></tr>
`)
		return nil
	case Columns:
		return w.columns(b, width)
	case Footer:
		return w.footer(b)
	}
	return nil
}

func (w *htmlWriter) fill(b *compiled, field string, t *liquid.Template, values liquid.Fields) (string, error) {
	return w.letter.fill(b.at+field, t, values, w.reader)
}

// href is an address for an attribute.
func (w *htmlWriter) href(b *compiled, values liquid.Fields) (string, error) {
	address, err := w.letter.address(b.at+".url", b.url, values, w.reader)
	return escapeHTML(address), err
}

func (w *htmlWriter) heading(b *compiled) error {
	text, err := w.fill(b, ".text", b.html, w.reader)
	if err != nil {
		return err
	}
	level := min(max(b.Level, 1), 3)
	size := [...]int{1: 28, 2: 22, 3: 18}[level]
	w.cell("ink", "left", size, size+8, ink)
	fmt.Fprintf(w, `<h%d style="margin:0;font-size:%dpx;line-height:%dpx;font-weight:600;color:%s;">%s</h%d>`, level, size, size+8, ink, text, level)
	w.endCell()
	return nil
}

// Write makes the writer one that fmt can print to.
func (w *htmlWriter) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	return len(p), nil
}

func (w *htmlWriter) text(b *compiled, class string, size, height int, colour string) error {
	text, err := w.fill(b, ".text", b.html, w.reader)
	if err != nil {
		return err
	}
	w.cell(class, "left", size, height, colour)
	w.put(text)
	w.endCell()
	return nil
}

func (w *htmlWriter) picture(b *compiled, width int) error {
	source, err := w.letter.address(b.at+".source", b.source, w.reader, w.reader)
	if err != nil {
		return err
	}
	href, err := w.href(b, w.reader)
	if err != nil {
		return err
	}
	alt, err := w.fill(b, ".alt", b.alt, w.reader)
	if err != nil {
		return err
	}
	if b.Width > 0 {
		width = min(width, b.Width)
	}
	w.cell("", "center", 16, 24, ink)
	w.image(href, source, alt, width)
	w.endCell()
	return nil
}

// image writes a picture, as a link where there is an address.
func (w *htmlWriter) image(href, source, alt string, width int) {
	if href != "" {
		w.put(`<a href="`, href, `">`)
	}
	w.put(`<img src="`, escapeHTML(source), `" alt="`, escapeHTML(alt), `" width="`, strconv.Itoa(width), `" style="display:block;width:100%;max-width:`, strconv.Itoa(width), `px;height:auto;border:0;">`)
	if href != "" {
		w.put(`</a>`)
	}
}

func (w *htmlWriter) button(b *compiled) error {
	text, err := w.fill(b, ".text", b.html, w.reader)
	if err != nil {
		return err
	}
	href, err := w.href(b, w.reader)
	if err != nil {
		return err
	}
	w.cell("", "left", 16, 24, ink)
	w.put(`<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr><td bgcolor="`, w.letter.style.accent, `" style="border-radius:6px;background:`, w.letter.style.accent,
		`;mso-padding-alt:12px 24px;"><a href="`, href, `" style="display:inline-block;padding:12px 24px;font-family:`, fonts, `;font-size:16px;line-height:20px;font-weight:600;color:#ffffff;text-decoration:none;">`,
		text, `</a></td></tr></table>`)
	w.endCell()
	return nil
}

// shown are the values that the address of a product is written with.
type shown struct {
	*Reader
	offer *Offer
}

// Field returns product beside what the reader has.
func (s shown) Field(name string) liquid.Value {
	if name == "product" {
		return liquid.Record(s.offer)
	}
	return s.Reader.Field(name)
}

func (w *htmlWriter) products(b *compiled) error {
	offers := w.reader.offers(b)
	if len(offers) == 0 {
		return nil
	}
	w.cell("ink", "left", 16, 24, ink)
	w.put(`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">`)
	for _, offer := range offers {
		values := shown{w.reader, offer}
		href, err := w.href(b, values)
		if err != nil {
			return err
		}
		if b.common && href != "" {
			w.common = append(w.common, href)
		}
		source, err := w.letter.address(b.at+".source", b.source, values, w.reader)
		if err != nil {
			return err
		}
		w.put(`<tr>`)
		if source != "" {
			w.put(`<td width="96" valign="top" style="width:96px;padding:8px 16px 8px 0;">`)
			w.image(href, source, offer.Name, 96)
			w.put(`</td>`)
		}
		w.put(`<td class="ink" valign="middle" style="padding:8px 0;font-family:`, fonts, `;font-size:16px;line-height:24px;color:`, ink, `;">`)
		if name := escapeHTML(offer.Name); href != "" {
			w.put(`<a href="`, href, `" style="color:`, w.letter.style.accent, `;text-decoration:underline;">`, name, `</a>`)
		} else {
			w.put(name)
		}
		if price := w.reader.price(offer); price != "" {
			w.put(`</td><td class="ink" align="right" valign="middle" style="padding:8px 0 8px 16px;white-space:nowrap;font-family:`, fonts, `;font-size:16px;line-height:24px;color:`, ink, `;">`, escapeHTML(price))
		}
		w.put("</td></tr>\n")
	}
	w.put(`</table>`)
	w.endCell()
	return nil
}

func (w *htmlWriter) voucher(b *compiled) error {
	gift, ok := w.reader.Gifts[b.Coupon]
	if !ok {
		return nil
	}
	text, err := w.fill(b, ".text", b.html, voucherValues{w.reader, gift})
	if err != nil {
		return err
	}
	w.cell("ink", "center", 16, 24, ink)
	w.put(`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td class="ink line" align="center" style="padding:16px;border:2px dashed `, w.letter.style.accent,
		`;border-radius:8px;font-family:`, fonts, `;font-size:16px;line-height:24px;color:`, ink, `;">`)
	if text != "" {
		w.put(text, `<br>`)
	}
	w.put(`<span style="font-family:Consolas,Menlo,monospace;font-size:24px;line-height:36px;font-weight:700;letter-spacing:1px;white-space:nowrap;">`, escapeHTML(gift.Code), `</span>`)
	if note := w.reader.terms(gift); note != "" {
		w.put(`<br><span class="soft" style="font-size:13px;line-height:20px;color:`, soft, `;">`, escapeHTML(note), `</span>`)
	}
	w.put(`</td></tr></table>`)
	w.endCell()
	return nil
}

// voucherValues are the values that the words above a code are written with.
type voucherValues struct {
	*Reader
	gift Gift
}

// Field returns coupon beside what the reader has.
func (v voucherValues) Field(name string) liquid.Value {
	if name == "coupon" {
		return liquid.Record(v.gift)
	}
	return v.Reader.Field(name)
}

// columns stand beside each other where there is room: Outlook gets a table, the others boxes that wrap.
func (w *htmlWriter) columns(b *compiled, width int) error {
	half := width / 2
	w.put(`<tr><td class="inner" align="center" style="padding:0;font-size:0;">
<!--[if mso]><table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td width="50%" valign="top"><![endif]-->
`)
	for i, column := range [][]compiled{b.left, b.right} {
		if i == 1 {
			w.put("<!--[if mso]></td><td width=\"50%\" valign=\"top\"><![endif]-->\n")
		}
		w.put(`<div class="column" style="display:inline-block;width:100%;max-width:`, strconv.Itoa(fullWidth/2), `px;vertical-align:top;"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
`)
		for k := range column {
			if err := w.block(&column[k], half-pad); err != nil {
				return err
			}
		}
		w.put("</table></div>\n")
	}
	w.put("<!--[if mso]></td></tr></table><![endif]-->\n</td></tr>\n")
	return nil
}

// footer is the imprint and the way out.
func (w *htmlWriter) footer(b *compiled) error {
	text, err := w.fill(b, ".text", b.html, w.reader)
	if err != nil {
		return err
	}
	if strings.TrimSpace(b.Text) == "" && w.reader.Imprint != "" {
		text = `<p style="margin:0 0 16px 0;">` + strings.ReplaceAll(escapeHTML(w.reader.Imprint), "\n", "<br>\n") + "</p>\n"
	}
	w.cell("soft", "left", 13, 20, soft)
	w.put(text)
	link := func(key, address, between string) string {
		if address == "" {
			return ""
		}
		return between + `<a class="soft" href="` + escapeHTML(address) + `" style="color:` + soft + `;text-decoration:underline;">` + escapeHTML(w.reader.words(key)) + `</a>`
	}
	w.put(`<p style="margin:0;">`, link("unsubscribe", w.reader.Unsubscribe, ""), link("preferences", w.reader.Preferences, " &middot; "),
		link("imprint", w.reader.About[0], " &middot; "), link("privacy", w.reader.About[1], " &middot; "), `</p>`)
	w.endCell()
	return nil
}
