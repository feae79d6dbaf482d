package email

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	gomessage "github.com/emersion/go-message"
)

// Kind is what came back.
type Kind string

// The kinds. Other is what is none of our business, such as an answer to a mail Stamm did not send.
const (
	Bounce     Kind = "bounce"      // the address does not exist or takes nothing
	SoftBounce Kind = "soft_bounce" // not delivered, for another reason
	Delayed    Kind = "delayed"     // still being tried
	Complaint  Kind = "complaint"   // its reader called a mail unwanted
	Reply      Kind = "reply"       // a person answered
	AutoReply  Kind = "auto_reply"  // a vacation programme answered
	Other      Kind = "other"
)

// Kinds are all kinds, in the order of pages.
func Kinds() []Kind { return []Kind{Bounce, SoftBounce, Complaint, Reply, AutoReply, Delayed, Other} }

// Returned is what a mail that came back says.
type Returned struct {
	Kind       Kind
	Key        string   // of the mail: its Message-ID, hashed, or all of it
	To         []string // addresses it came to
	From       string
	Originals  []string // Message-IDs of the mails it is about, without brackets
	Recipients []string // whom the mail it is about was for, as the report says
	Status     string   // as in RFC 3463; empty if not said
	Reason     string   // in the words of the other side
}

// Limits of what is read of a mail: nobody's bounce needs more, and some senders mean harm.
const (
	MaxReturned   = 1 << 20
	maxDepth      = 6
	maxParts      = 40
	maxPartText   = 64 << 10
	maxHeader     = 128 << 10
	maxOriginals  = 50
	maxReasonText = 500
)

// ParseReturned reads a mail that came back: a delivery report (RFC 3464), a complaint (RFC 5965), an answer of a program
// (RFC 3834) or of a person, or a report in none of these forms, of which there are many. What cannot be read is Other. At
// most MaxReturned bytes are looked at.
func ParseReturned(raw []byte) Returned {
	if len(raw) > MaxReturned {
		raw = raw[:MaxReturned]
	}
	p := parser{}
	p.Kind = Other
	p.Key = keyOf(raw)
	e, err := gomessage.ReadWithOptions(bytes.NewReader(raw), &gomessage.ReadOptions{MaxHeaderBytes: maxHeader})
	if e == nil || err != nil && !gomessage.IsUnknownCharset(err) && !gomessage.IsUnknownEncoding(err) {
		return p.Returned
	}
	p.header(&e.Header)
	if id := e.Header.Get("Message-Id"); id != "" {
		p.Key = keyOf([]byte(strings.TrimSpace(id)))
	}
	p.walk(e, 0)
	p.decide(&e.Header)
	p.Reason = oneLine(p.Reason, maxReasonText)
	p.Status = oneLine(p.Status, 20)
	return p.Returned
}

func keyOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}

type parser struct {
	Returned
	parts    int
	report   bool   // of a delivery
	action   string // the worst of the report's
	feedback string // the type of a complaint
	original bool   // there is a copy of the mail it is about
	text     string // the beginning of the first text
	returned string // Return-Path
}

// header reads where the mail came from and to, and what it answers.
func (p *parser) header(h *gomessage.Header) {
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "To"} {
		for _, value := range h.Values(name) {
			for _, a := range addressesIn(value) {
				if len(p.To) < maxOriginals && !slices.Contains(p.To, a) {
					p.To = append(p.To, a)
				}
			}
		}
	}
	if from := addressesIn(h.Get("From")); len(from) > 0 {
		p.From = from[0]
	}
	p.returned = strings.TrimSpace(h.Get("Return-Path"))
	for _, name := range []string{"In-Reply-To", "References"} {
		for _, id := range strings.Fields(h.Get(name)) {
			p.addOriginal(id)
		}
	}
}

func (p *parser) addOriginal(id string) {
	id = strings.Trim(strings.TrimSpace(id), "<>")
	if id != "" && len(id) <= maxAddress && len(p.Originals) < maxOriginals && !slices.Contains(p.Originals, id) {
		p.Originals = append(p.Originals, id)
	}
}

func (p *parser) addRecipient(address string) {
	if len(p.Recipients) < maxOriginals && address != "" && !slices.Contains(p.Recipients, address) {
		p.Recipients = append(p.Recipients, address)
	}
}

// addressesIn finds addresses in a header, well-formed or not.
func addressesIn(value string) (found []string) {
	if len(value) > 10_000 {
		return nil
	}
	if all, err := mail.ParseAddressList(value); err == nil {
		for _, a := range all {
			found = append(found, strings.Trim((&mail.Address{Address: a.Address}).String(), "<>")) // with the quotes that a local part needs
		}
		return found
	}
	for _, word := range strings.FieldsFunc(value, func(c rune) bool { return strings.ContainsRune(" \t,;<>()", c) }) {
		if strings.Contains(word, "@") {
			found = append(found, word)
		}
	}
	return found
}

// walk looks at every part, as deep and as many as is allowed.
func (p *parser) walk(e *gomessage.Entity, depth int) {
	if p.parts++; p.parts > maxParts || depth > maxDepth {
		return
	}
	if parts := e.MultipartReader(); parts != nil {
		defer parts.Close()
		for p.parts <= maxParts {
			part, err := parts.NextPart()
			if part == nil || err != nil && !gomessage.IsUnknownCharset(err) && !gomessage.IsUnknownEncoding(err) {
				return
			}
			p.walk(part, depth+1)
		}
		return
	}
	kind, _, _ := e.Header.ContentType()
	body, _ := io.ReadAll(io.LimitReader(e.Body, maxPartText)) // what is there is read
	switch kind {
	case "message/delivery-status", "message/global-delivery-status":
		p.report = true
		p.delivery(body)
	case "message/feedback-report":
		p.complaint(body)
	case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "message/rfc822-headers":
		p.copyOf(body)
	default:
		if p.text == "" && (kind == "" || strings.HasPrefix(kind, "text/")) {
			p.text = string(body)
		}
	}
}

// delivery reads the groups of fields of RFC 3464, 2: one about the mail, then one for each recipient.
func (p *parser) delivery(body []byte) {
	for group := range bytes.SplitSeq(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")), []byte("\n\n")) {
		f := fieldsOf(group)
		if f["action"] == "" && f["status"] == "" {
			continue
		}
		recipient := f["original-recipient"]
		if recipient == "" {
			recipient = f["final-recipient"]
		}
		_, address, ok := strings.Cut(recipient, ";")
		if !ok {
			address = recipient
		}
		p.addRecipient(strings.Trim(strings.TrimSpace(address), "<>"))
		action := strings.ToLower(f["action"])
		if p.action == "" || action == "failed" {
			p.action = action
			p.Status, _, _ = strings.Cut(f["status"], " ")
			if p.Reason = f["diagnostic-code"]; p.Reason == "" {
				p.Reason = f["status"]
			} else if _, words, ok := strings.Cut(p.Reason, ";"); ok {
				p.Reason = strings.TrimSpace(words)
			}
		}
	}
}

// complaint reads the fields of RFC 5965, 3.
func (p *parser) complaint(body []byte) {
	f := fieldsOf(body)
	p.feedback = strings.ToLower(f["feedback-type"])
	if p.feedback == "" {
		p.feedback = "abuse"
	}
	p.Reason = p.feedback
	p.addRecipient(strings.Trim(f["original-rcpt-to"], "<> "))
	if from := strings.Trim(f["original-mail-from"], "<> "); from != "" && len(p.To) < maxOriginals {
		p.To = append(p.To, from) // the address bounces go to names the message
	}
}

// copyOf reads the headers of the mail that came back.
func (p *parser) copyOf(body []byte) {
	f := fieldsOf(body)
	p.original = true
	p.addOriginal(f["message-id"])
	if path := strings.Trim(f["return-path"], "<> "); path != "" && len(p.To) < maxOriginals {
		p.To = append(p.To, path)
	}
	for _, a := range addressesIn(f["to"]) {
		p.addRecipient(a)
	}
}

// fieldsOf reads fields as headers have them, up to the first empty line, by name in small letters; of several of one name
// the first.
func fieldsOf(text []byte) map[string]string {
	f := map[string]string{}
	last := ""
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxPartText+1)
	for lines.Scan() && len(f) < 200 {
		line := strings.TrimRight(lines.Text(), "\r")
		switch {
		case line == "":
			if len(f) > 0 {
				return f
			}
		case line[0] == ' ' || line[0] == '\t':
			if last != "" {
				f[last] += " " + strings.TrimSpace(line)
			}
		default:
			name, value, ok := strings.Cut(line, ":")
			if last = ""; !ok {
				continue
			}
			if name = strings.ToLower(strings.TrimSpace(name)); f[name] == "" {
				f[name], last = strings.TrimSpace(value), name
			}
		}
	}
	return f
}

// decide tells what kind of mail it is.
func (p *parser) decide(h *gomessage.Header) {
	switch {
	case p.feedback != "" && p.feedback != "not-spam":
		p.Kind = Complaint
	case p.feedback != "":
		p.Kind = Other
	case p.report:
		p.Kind = kindOfReport(p.action, p.Status, p.Reason)
	case p.isFreeReport(h):
		p.readFreeReport()
	case isAutomatic(h):
		p.Kind = AutoReply
	case p.From != "":
		p.Kind = Reply // if it is about one of ours; who records it looks
	}
}

func kindOfReport(action, status, reason string) Kind {
	switch {
	case action == "delayed":
		return Delayed
	case action == "delivered" || action == "relayed" || action == "expanded":
		return Other
	case isDead(status, reason):
		return Bounce
	}
	return SoftBounce
}

// isDead tells whether a status says that the address does not exist or takes nothing (RFC 3463, 3.2, 3.3 and 3.5). A full
// mailbox or a refused content says nothing about the address; a status that says nothing is read by its words.
func isDead(status, reason string) bool {
	switch {
	case strings.HasPrefix(status, "5.1."), status == "5.2.1", status == "5.4.4":
		return true
	case status == "", status == "5.0.0", status == "5.5.0", status == "5.3.0", status == "5.4.1":
		return unknownUser.MatchString(reason)
	}
	return false
}

var (
	unknownUser = regexp.MustCompile(`(?i)user unknown|unknown (user|recipient|mailbox)|no such (user|mailbox|recipient|person)|does ?n.t exist|does not exist|invalid (recipient|mailbox)|` +
		`mailbox (not found|unavailable)|recipient (not found|rejected: access denied)|address (unknown|not found|rejected)|account (has been disabled|is disabled|inactive)|` +
		`unbekannt|existiert nicht|nicht gefunden|no mailbox|host (unknown|not found)|domain (not found|does not exist)|5\.1\.[0-9]`)
	statusInText = regexp.MustCompile(`\b([245]\.\d{1,3}\.\d{1,3})\b`)
	codeInText   = regexp.MustCompile(`(?m)\b([45]\d\d)[ -]`)
	reportTitle  = regexp.MustCompile(`(?i)undeliver|delivery (status|failure|has failed|delayed)|mail delivery failed|returned mail|failure notice|unzustellbar|nicht zugestellt|mail system error|` +
		`could not be delivered|delivery notification`)
	awayTitle = regexp.MustCompile(`(?i)^\s*(out of (the )?office|automatic reply|auto(matic)?[- ]?(reply|response)|automatische antwort|abwesenheit|abwesend|réponse automatique|vacation)`)
)

// isFreeReport tells whether a mail is a delivery report in no form: from a mail system, or without a sender, and with a
// title that says so.
func (p *parser) isFreeReport(h *gomessage.Header) bool {
	local, _, _ := strings.Cut(strings.ToLower(p.From), "@")
	system := strings.Contains(local, "mailer-daemon") || local == "postmaster" || p.returned == "<>" || strings.Contains(local, "mail-daemon")
	if h.Get("X-Failed-Recipients") != "" { // of Exim
		for _, a := range addressesIn(h.Get("X-Failed-Recipients")) {
			p.addRecipient(a)
		}
		return true
	}
	subject, _ := h.Text("Subject")
	return system && reportTitle.MatchString(subject)
}

// readFreeReport looks for a status and the mail it is about in words.
func (p *parser) readFreeReport() {
	text := p.text
	if !p.original { // many put the headers of the mail below their words
		for _, line := range strings.Split(text, "\n") {
			if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && strings.EqualFold(name, "Message-ID") {
				p.addOriginal(value)
			}
		}
	}
	status := ""
	if m := statusInText.FindStringSubmatchIndex(text); m != nil {
		status = text[m[2]:m[3]]
		p.Reason = lineAt(text, m[0])
	} else if m := codeInText.FindStringSubmatchIndex(text); m != nil {
		status = text[m[2]:m[2]+1] + ".0.0"
		p.Reason = lineAt(text, m[0])
	} else if m := unknownUser.FindStringIndex(text); m != nil {
		status, p.Reason = "5.0.0", lineAt(text, m[0])
	}
	p.Status = status
	p.Kind = kindOfReport("", status, p.Reason)
	if strings.HasPrefix(status, "4.") {
		p.Kind = SoftBounce
	}
}

// lineAt is the line of a text that an index is in.
func lineAt(text string, i int) string {
	from := strings.LastIndexByte(text[:i], '\n') + 1
	line, _, _ := strings.Cut(text[from:], "\n")
	return strings.TrimSpace(line)
}

// isAutomatic tells answers of programs from those of people (RFC 3834, and what programs did before it).
func isAutomatic(h *gomessage.Header) bool {
	if auto := strings.ToLower(strings.TrimSpace(h.Get("Auto-Submitted"))); auto != "" && auto != "no" {
		return true
	}
	for _, name := range []string{"X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-Autoresponder", "X-Ooo"} {
		if v := strings.ToLower(h.Get(name)); v != "" && v != "no" {
			return true
		}
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Precedence"))) {
	case "auto_reply", "auto-reply", "bulk", "junk", "list":
		return true
	}
	subject, _ := h.Text("Subject")
	return awayTitle.MatchString(subject)
}

// oneLine makes words of others fit to be kept: one line of valid UTF-8, not too long.
func oneLine(text string, most int) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == utf8.RuneError {
			return ' '
		}
		return c
	}, text), " ")), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	return text
}
