package hit

import (
	"strings"
	"time"
)

// Rules is the version of the rules by which hits are judged; a change of them raises it, and the night judges again what can be.
const Rules = 1

// The reasons why a hit is a machine's.
const (
	ReasonHead     = "head"     // asked by HEAD, as scanners of mail servers do
	ReasonAhead    = "ahead"    // fetched ahead, as its headers say
	ReasonProxy    = "proxy"    // a mail service that loads pictures for its readers, whether they look or not
	ReasonProgram  = "program"  // a program that is no browser: a scanner, a preview, a script
	ReasonNameless = "nameless" // nobody who reads mails hides what she reads them with altogether
	ReasonSoon     = "soon"     // sooner after sending than anybody reads
	ReasonBurst    = "burst"    // several links of one message faster than anybody clicks
)

// Reasons lists them.
func Reasons() []string {
	return []string{ReasonHead, ReasonAhead, ReasonProxy, ReasonProgram, ReasonNameless, ReasonSoon, ReasonBurst}
}

// Clients, other than browsers and mail programs by their own names.
const (
	clientNone    = "none"
	clientOther   = "browser"
	clientProgram = "program"
)

// The limits by which a hit is judged.
const (
	tooSoon   = 3 * time.Second  // after the relay took the message: a scanner in between has the mail earlier than its reader
	pairTime  = 2 * time.Second  // two links of one message within it are a burst,
	manyTime  = 10 * time.Second // and so are manyLinks within this
	manyLinks = 4
	maxAgent  = 200 // bytes of an agent that are kept
)

// told is a name that agents call themselves by, in small letters, and what it comes to.
type told struct{ text, client string }

// proxies load pictures on behalf of readers. What Apple Mail loads for everybody calls itself Mozilla/5.0 and nothing more.
var proxies = [...]told{{"googleimageproxy", "google_proxy"}, {"yahoomailproxy", "yahoo_proxy"}, {"duckduckgo-favicons", "other_proxy"}, {"imageproxy", "other_proxy"}}

const (
	appleAgent  = "mozilla/5.0"
	clientApple = "apple_proxy"
)

// programs are words in the names of scanners, previews and libraries.
var programs = [...]string{"bot", "crawl", "spider", "scan", "preview", "curl/", "wget", "python", "java/", "go-http-client", "libwww", "httpclient", "okhttp", "axios", "node-fetch",
	"undici", "ruby", "perl", "php/", "headless", "phantom", "slurp", "facebookexternalhit", "whatsapp", "barracuda", "mimecast", "proofpoint", "symantec", "sophos", "fortinet",
	"trendmicro", "trend micro", "bitdefender", "cloudmark", "zscaler", "forcepoint", "cisco", "ironport", "hornetsecurity", "retarus", "nospamproxy", "safelinks", "monitor", "check_http"}

// readers are browsers and mail programs, the more particular first: nearly all of them call themselves Mozilla and Safari as well.
var readers = [...]told{{"thunderbird", "thunderbird"}, {"outlook", "outlook"}, {"microsoft office", "outlook"}, {"edg/", "edge"}, {"edga/", "edge"}, {"edgios/", "edge"}, {"opr/", "opera"},
	{"firefox", "firefox"}, {"fxios", "firefox"}, {"samsungbrowser", "samsung"}, {"crios", "chrome"}, {"chrome", "chrome"}, {"safari", "safari"}, {"applewebkit", "apple_mail"}}

// judge says by what a hit was made and, unless that is empty, why it is a machine's, as far as the hit alone tells.
func judge(k Kind, agent, signs string) (client, reason string) {
	client, reason = judgeAgent(k, strings.ToLower(agent))
	switch {
	case strings.Contains(signs, signHead):
		reason = ReasonHead
	case strings.Contains(signs, signAhead):
		reason = ReasonAhead
	}
	return client, reason
}

// The letters of signs.
const (
	signHead  = "h"
	signAhead = "p"
)

func judgeAgent(k Kind, agent string) (client, reason string) {
	if strings.TrimSpace(agent) == "" {
		return clientNone, ReasonNameless
	}
	for _, p := range proxies {
		if strings.Contains(agent, p.text) {
			return p.client, ReasonProxy
		}
	}
	if agent == appleAgent {
		if k == Open {
			return clientApple, ReasonProxy
		}
		return clientProgram, ReasonProgram // nobody's browser says so little
	}
	agent = strings.ReplaceAll(agent, "cubot", "") // telephones, not programs
	for _, word := range programs {
		if strings.Contains(agent, word) {
			return clientProgram, ReasonProgram
		}
	}
	for _, r := range readers {
		if strings.Contains(agent, r.text) {
			return r.client, ""
		}
	}
	if !strings.HasPrefix(agent, appleAgent) {
		return clientProgram, ReasonProgram // browsers and mail programs that load pages have called themselves Mozilla since 1995
	}
	return clientOther, ""
}

// soon tells whether a hit came sooner after its message than anybody reads. sent is zero while the relay has not taken it.
func soon(at, sent time.Time) bool { return sent.IsZero() || at.Before(sent.Add(tooSoon)) }

// bursts finds the clicks of one message, in the order in which they came, that are part of a burst: on different links within a short
// time.
func bursts(all []*Row) (found []*Row) {
	in := make([]bool, len(all))
	for i := range all {
		links := map[int64]bool{all[i].Link: true}
		for j := i + 1; j < len(all) && all[j].At.Sub(all[i].At) <= manyTime; j++ {
			links[all[j].Link] = true
			if len(links) >= manyLinks || len(links) > 1 && all[j].At.Sub(all[i].At) <= pairTime {
				for k := i; k <= j; k++ {
					in[k] = true
				}
			}
		}
	}
	for i, is := range in {
		if is {
			found = append(found, all[i])
		}
	}
	return found
}
