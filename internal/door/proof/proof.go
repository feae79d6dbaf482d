// Package proof writes the proof of what a customer agreed to as a PDF, to hand out to an authority, a court or herself.
package proof

import (
	"fmt"
	"io"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"stamm/internal/platform/i18n"
	"stamm/internal/record/consent"
)

const (
	margin = 20.0 // millimetres
	line   = 5.0
	label  = 45.0 // width of the names before values
)

// paper is a PDF being written. Its fonts are the fourteen every reader has, which know the letters of Western Europe;
// other letters become points, and the JSON has them.
type paper struct {
	*fpdf.Fpdf
	p    *i18n.Printer
	text func(string) string
}

// Write writes the proof in the printer's language.
func Write(w io.Writer, p *i18n.Printer, company string, proof *consent.Proof) error {
	pdf := fpdf.New("P", "mm", "A4", "")
	d := &paper{pdf, p, pdf.UnicodeTranslatorFromDescriptor("")}
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(true, margin)
	pdf.SetTitle(p.T("proof.title"), true)
	pdf.SetCreator("Stamm", true)
	pdf.SetLang(p.Lang())
	pdf.SetCreationDate(proof.Made)
	pdf.SetModificationDate(proof.Made)
	pdf.SetCatalogSort(true) // the same proof is the same file
	pdf.AliasNbPages("")
	pdf.SetFooterFunc(func() {
		pdf.SetY(-margin + line)
		pdf.SetFont("Helvetica", "", 8)
		pdf.CellFormat(0, line, d.text(p.T("proof.page", "page", pdf.PageNo(), "pages", "{nb}")), "", 0, "R", false, 0, "")
	})
	pdf.AddPage()
	d.head(company, proof)
	d.now(proof.Now)
	d.acts(proof.Acts)
	d.texts(proof.Texts)
	d.uses(proof.Uses)
	return pdf.Output(w)
}

func (d *paper) head(company string, proof *consent.Proof) {
	d.SetFont("Helvetica", "B", 16)
	d.MultiCell(0, 8, d.text(d.p.T("proof.title")), "", "L", false)
	d.Ln(2)
	d.pair("proof.company", company)
	d.pair("proof.customer", strings.TrimSpace(fmt.Sprintf("%s (%d)", proof.Name, proof.Customer)))
	d.pair("proof.made", d.moment(proof.Made))
}

func (d *paper) heading(key string) {
	d.Ln(line)
	d.SetFont("Helvetica", "B", 12)
	d.MultiCell(0, 7, d.text(d.p.T(key)), "", "L", false)
}

// pair is a name and its value; an empty value is left out.
func (d *paper) pair(key, value string) {
	if value == "" {
		return
	}
	d.SetFont("Helvetica", "", 9)
	d.CellFormat(label, line, d.text(d.p.T(key)), "", 0, "L", false, 0, "")
	d.MultiCell(0, line, d.text(value), "", "L", false)
}

func (d *paper) words(text string) {
	d.SetFont("Helvetica", "", 9)
	d.MultiCell(0, line, d.text(text), "", "L", false)
}

// moment is a time as the proof says it: local, with the difference from UTC, so that nobody has to know the zone.
func (d *paper) moment(t time.Time) string {
	return d.p.DateTime(t) + " (UTC" + t.In(d.p.Location()).Format("-07:00") + ")"
}

func (d *paper) channel(c consent.Channel) string {
	if c == "" {
		return d.p.T("consent.channel.all")
	}
	return d.p.T("consent.channel." + string(c))
}

func (d *paper) now(all []consent.ProofNow) {
	d.heading("proof.now")
	if len(all) == 0 {
		d.words(d.p.T("proof.nothing"))
	}
	for _, n := range all {
		d.words(d.p.T("proof.now_line", "channel", d.channel(n.Channel), "purpose", d.p.T("consent.purpose."+string(n.Purpose)),
			"status", d.p.T("consent.status."+n.Status), "day", d.p.Date(n.Since)))
	}
}

func (d *paper) acts(all []consent.ProofAct) {
	d.heading("proof.acts")
	for _, a := range all {
		d.Ln(2)
		d.SetFont("Helvetica", "B", 10)
		d.MultiCell(0, line, d.text(fmt.Sprintf("%d. %s: %s, %s", a.ID, d.p.T("consent.kind."+string(a.Kind)), d.channel(a.Channel), d.p.T("consent.purpose."+string(a.Purpose)))), "", "L", false)
		d.pair("proof.at", d.moment(a.At))
		d.pair("proof.recorded", d.moment(a.Recorded))
		if a.Basis != "" {
			d.pair("proof.basis", d.p.T("consent.basis."+string(a.Basis)))
		}
		d.pair("proof.address", a.Address)
		d.pair("proof.text", a.Text)
		d.pair("proof.form", a.Form)
		if key := "consent.source." + a.Source; a.Source != "" && d.p.Has(key) {
			d.pair("proof.source", d.p.T(key))
		} else {
			d.pair("proof.source", a.Source)
		}
		if a.Document != 0 {
			d.pair("proof.document", fmt.Sprint(a.Document))
		}
		d.pair("proof.mail", a.Mail)
		d.pair("proof.evidence", a.Evidence)
		d.pair("proof.ip", a.IP)
	}
}

func (d *paper) texts(all []consent.ProofText) {
	if len(all) == 0 {
		return
	}
	d.heading("proof.texts")
	for _, t := range all {
		d.pair("proof.text", t.Version)
		d.words(t.Text)
		d.Ln(2)
	}
}

func (d *paper) uses(all []consent.ProofUse) {
	if len(all) == 0 {
		return
	}
	d.heading("proof.uses")
	for _, u := range all {
		d.words(d.p.T("proof.use_line", "at", d.moment(u.At), "entry", u.Entry, "subject", u.Subject, "keep", d.p.Date(u.Keep)))
	}
}
