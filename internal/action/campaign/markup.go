package campaign

import (
	"fmt"
	"html"
	"strings"

	"stamm/internal/platform/liquid"
)

// People write texts with four habits of plain mails: a blank line begins a paragraph, **words** are bold, "- " begins a point
// of a list, and [words](address) is a link. Everything else is what it is, and what looks like HTML is shown, not obeyed.
//
// The habits are read with the Liquid tags taken out, each with a sign of the private area in its place, so that a tag
// within a link or between asterisks is no obstacle; then the tags are put back.

const (
	firstSign = '\ue000'
	lastSign  = '\uf8ff'
)

// held is a text whose Liquid tags are taken out.
type held struct {
	text string
	tags []string
}

func hold(source string) held {
	var h held
	var b strings.Builder
	for _, piece := range liquid.Pieces(source) {
		if !piece.Tag || firstSign+rune(len(h.tags)) > lastSign {
			for _, r := range piece.Text {
				if r < firstSign || r > lastSign {
					b.WriteRune(r)
				}
			}
			continue
		}
		b.WriteRune(firstSign + rune(len(h.tags)))
		h.tags = append(h.tags, piece.Text)
	}
	h.text = strings.ReplaceAll(b.String(), "\r\n", "\n")
	return h
}

// back puts the tags into a text.
func (h held) back(text string) string {
	if len(h.tags) == 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if n := int(r - firstSign); r >= firstSign && n < len(h.tags) {
			b.WriteString(h.tags[n])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isSign(r rune) bool { return r >= firstSign && r <= lastSign }

// escapeHTML writes literal text for HTML.
func escapeHTML(text string) string { return html.EscapeString(text) }

// inlineHTML is one line of text as HTML, in Liquid.
func inlineHTML(source string) string {
	h := hold(source)
	return h.back(escapeHTML(h.text))
}

// link is a place of a text that leads somewhere.
type link struct {
	words, url string
	size       int // of all of it
}

// linkAt reads [words](address) at the beginning of a text.
func linkAt(text string) (link, bool) {
	if !strings.HasPrefix(text, "[") {
		return link{}, false
	}
	middle := strings.Index(text, "](")
	if middle < 0 || strings.ContainsAny(text[:middle], "\n") {
		return link{}, false
	}
	end := strings.IndexAny(text[middle:], ")\n ")
	if end < 0 || text[middle+end] != ')' {
		return link{}, false
	}
	l := link{words: text[1:middle], url: text[middle+2 : middle+end], size: middle + end + 1}
	return l, l.words != "" && linkable(l.url)
}

// linkable tells whether a text can be the address of a link; one that begins with a value is looked at when it is known.
func linkable(url string) bool {
	for _, scheme := range []string{"https://", "http://", "mailto:", "tel:"} {
		if strings.HasPrefix(strings.ToLower(url), scheme) && len(url) > len(scheme) {
			return true
		}
	}
	for _, r := range url {
		return isSign(r)
	}
	return false
}

// textHTML is a text as paragraphs and lists, in Liquid.
func textHTML(source string, style look) string {
	h := hold(source)
	var b strings.Builder
	for _, paragraph := range paragraphs(h.text) {
		if items, ok := points(paragraph); ok {
			fmt.Fprintf(&b, `<ul style="margin:0 0 16px 0;padding:0 0 0 24px;">`)
			for _, item := range items {
				fmt.Fprintf(&b, `<li style="margin:0 0 4px 0;">%s</li>`, spans(item, style))
			}
			b.WriteString("</ul>\n")
			continue
		}
		fmt.Fprintf(&b, "<p style=\"margin:0 0 16px 0;\">%s</p>\n", strings.ReplaceAll(spans(paragraph, style), "\n", "<br>\n"))
	}
	return h.back(b.String())
}

// paragraphs cuts a text at blank lines.
func paragraphs(text string) []string {
	var all []string
	var lines []string
	end := func() {
		if len(lines) > 0 {
			all = append(all, strings.Join(lines, "\n"))
		}
		lines = nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) == "" {
			end()
			continue
		}
		lines = append(lines, strings.TrimRight(line, " \t"))
	}
	end()
	return all
}

// points reads a paragraph whose lines all begin with "- ".
func points(paragraph string) ([]string, bool) {
	var items []string
	for line := range strings.SplitSeq(paragraph, "\n") {
		item, ok := strings.CutPrefix(line, "- ")
		if !ok {
			return nil, false
		}
		items = append(items, item)
	}
	return items, true
}

// spans writes what stands within a paragraph: links and bold words.
func spans(text string, style look) string {
	var b strings.Builder
	bold := false
	for text != "" {
		if l, ok := linkAt(text); ok {
			fmt.Fprintf(&b, `<a href="%s" style="color:%s;text-decoration:underline;">%s</a>`, escapeHTML(l.url), style.accent, escapeHTML(l.words))
			text = text[l.size:]
			continue
		}
		if rest, ok := strings.CutPrefix(text, "**"); ok && (bold || strings.Contains(rest, "**")) {
			b.WriteString(map[bool]string{false: "<strong>", true: "</strong>"}[bold])
			bold, text = !bold, rest
			continue
		}
		end := 1 + strings.IndexAny(text[1:], "[*")
		if end == 0 {
			end = len(text)
		}
		b.WriteString(escapeHTML(text[:end]))
		text = text[end:]
	}
	return b.String()
}

// textPlain is a text for the plain part, in Liquid: links show their address, bold words are words.
func textPlain(source string) string {
	h := hold(source)
	var b strings.Builder
	for text := h.text; text != ""; {
		if l, ok := linkAt(text); ok {
			fmt.Fprintf(&b, "%s (%s)", l.words, l.url)
			text = text[l.size:]
			continue
		}
		if rest, ok := strings.CutPrefix(text, "**"); ok {
			text = rest
			continue
		}
		end := 1 + strings.IndexAny(text[1:], "[*")
		if end == 0 {
			end = len(text)
		}
		b.WriteString(text[:end])
		text = text[end:]
	}
	return h.back(strings.TrimSpace(b.String()))
}
