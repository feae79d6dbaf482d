package engage

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/action/program"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
)

// hitRoutes are the pages of what was opened and clicked of a campaign.
func hitRoutes(c campaigns) []page.Route {
	return []page.Route{csv(get(campaignPath+"/results", auth.ReadCustomers, c.results)), csv(get(campaignPath+"/hits", auth.ReadCustomers, c.hits))}
}

// hitPatience is how long a page waits for figures that have to be counted anew; then it shows the last ones.
const hitPatience = 500 * time.Millisecond

// mostLinks is how many links of a campaign are listed.
const mostLinks = 500

// results is what became of the mails of a campaign.
type results struct {
	c       *campaign.Campaign
	counts  message.Counts
	bounced int64
	links   []hit.Link
	*hit.Result
	at    time.Time // of Result
	stale bool
}

func (c campaigns) readResults(r *page.Request) (s results, err error) {
	if s.c, err = c.one(r); err != nil {
		return s, err
	}
	err = r.Read(func(tx *store.Tx) (err error) {
		if s.counts, err = message.CountsOf(r.Context(), tx, s.c.Measure); err != nil {
			return err
		}
		if s.bounced, err = campaign.Bounced(r.Context(), tx, s.c.Measure); err != nil {
			return err
		}
		s.links, err = hit.LinksOf(r.Context(), tx, s.c.Measure, mostLinks)
		return err
	})
	if err != nil {
		return s, err
	}
	house, err := c.Campaigns.Runner.House(r.Context())
	if err != nil {
		return s, err
	}
	measure := s.c.Measure
	res, err := warehouse.Cached(r.Context(), house, fmt.Sprint("hits of measure ", measure), hitPatience, func(ctx context.Context, v *warehouse.View) (*hit.Result, error) {
		return hit.Of(ctx, v, measure)
	})
	s.Result, s.at, s.stale = res.Value, res.AsOf, !res.Fresh
	return s, err
}

func (c campaigns) results(r *page.Request) error {
	s, err := c.readResults(r)
	if err != nil {
		return err
	}
	if r.WantsCSV() {
		return s.csv(r)
	}
	if s.c.ByPhone() { // what came of calls stands on its own page
		return r.Redirect(campaignLink(s.c.ID))
	}
	return r.Render(r.P.T("campaigns.results.title", "name", s.c.Name), resultsView(r, s))
}

// lead is the sentence of the page.
func (s results) lead(p *i18n.Printer) string {
	switch {
	case s.c.Tracking.Off:
		return p.T("campaigns.results.off")
	case s.counts.Sent == 0:
		return p.T("campaigns.results.unsent")
	default:
		return p.T("campaigns.results.lead", "delivered", s.delivered(), "clicks", s.Clicks.Human)
	}
}

// delivered are the mails that a mail server took and that did not come back.
func (s results) delivered() int64 { return s.counts.Sent - s.bounced }

func (s results) tiles(r *page.Request) []ui.Tile {
	p := r.P
	tile := func(name string, value int64, rows string) ui.Tile {
		return ui.Tile{Name: p.T("campaigns.results." + name), Value: p.Number(value), Href: rows, Explain: s.explain(r, name, rows)}
	}
	messages := fmt.Sprintf("%s?measure=%d&state=sent", messagesPath, s.c.Measure)
	tiles := []ui.Tile{tile("delivered", s.delivered(), messages)}
	if s.c.Tracking.Off {
		return tiles
	}
	hits := func(kind hit.Kind, by hit.By) string { return hitsLink(s.c.ID, hit.Filter{Kind: kind, By: by}) }
	return append(tiles, tile("clickers", s.Clicks.Readers, hits(hit.Click, hit.Readers)), tile("clicks", s.Clicks.Human, hits(hit.Click, hit.People)), tile("machines", s.Clicks.Machine, hits(hit.Click, hit.Machines)),
		tile("opens", s.Opens.Human, hits(hit.Open, hit.People)), tile("loaded", s.Opens.Machine, hits(hit.Open, hit.Machines)))
}

// hitsLink is where those hits are listed that a filter means.
func hitsLink(campaign int64, f hit.Filter) string {
	q := url.Values{}
	if f.Kind != "" {
		q.Set("kind", string(f.Kind))
	}
	if f.Link != 0 {
		q.Set("link", strconv.FormatInt(f.Link, 10))
	}
	if f.By != "" {
		q.Set("by", string(f.By))
	}
	return campaignLink(campaign) + "/hits?" + q.Encode()
}

// explain says what stands behind a figure.
func (s results) explain(r *page.Request, name, rows string) *ui.Explain {
	p, key := r.P, "campaigns.results.explain."+name
	e := &ui.Explain{ID: "explain-" + name, Title: p.T("campaigns.results." + name), Definition: p.T(key + ".definition"), Period: s.period(p), Rows: &ui.Anchor{Text: p.T("campaigns.results.rows"), Href: rows}}
	if p.Has(key + ".formula") {
		e.Formula = p.T(key + ".formula")
	}
	if !s.at.IsZero() {
		e.AsOf = p.DateTime(s.at)
	}
	return e
}

func (s results) period(p *i18n.Printer) string {
	if s.From == 0 {
		return p.T("campaigns.results.never")
	}
	return p.T("campaigns.results.period", "from", p.Date(s.From), "until", p.Date(s.Until))
}

// lines are the links with what was clicked, the most clicked first.
func (s results) lines() []hit.Link {
	all := slices.Clone(s.links)
	slices.SortStableFunc(all, func(a, b hit.Link) int { return int(s.Links[b.Number].Human - s.Links[a.Number].Human) })
	return all
}

func target(p *i18n.Printer, l hit.Link) string {
	if l.Target == "" {
		return p.T("campaigns.results.own_target")
	}
	return l.Target
}

// short is an address without what it tells the shop, which the CSV of the links has in full.
func short(address string) string {
	base, query, _ := strings.Cut(address, "?")
	parts := slices.DeleteFunc(strings.Split(query, "&"), func(part string) bool { return part == "" || strings.HasPrefix(part, "utm_") })
	if len(parts) == 0 {
		return base
	}
	return base + "?" + strings.Join(parts, "&")
}

func (s results) linkTable(r *page.Request) ui.Table {
	p := r.P
	t := ui.Table{ID: "links", Title: p.T("campaigns.results.links"), Caption: p.T("campaigns.results.links_sub"), CSV: r.CSVLink(), Columns: []ui.Column{{Title: p.T("campaigns.results.link"), Narrow: ui.NarrowLead},
		{Title: p.T("campaigns.results.clickers"), Number: true, Narrow: ui.NarrowMeta}, {Title: p.T("campaigns.results.clicks"), Number: true, Narrow: ui.NarrowValue},
		{Title: p.T("campaigns.results.machines"), Number: true, Narrow: ui.NarrowMeta}}}
	rows := func(l hit.Link, n int64, by hit.By) ui.Cell {
		if n == 0 {
			return ui.Text(p.Number(n))
		}
		return ui.LinkTo(p.Number(n), hitsLink(s.c.ID, hit.Filter{Kind: hit.Click, Link: l.Number, By: by}))
	}
	for _, l := range s.lines() {
		n := s.Links[l.Number]
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{ui.Lines(short(target(p, l)), s.place(p, l)), rows(l, n.Readers, hit.Readers), rows(l, n.Human, hit.People), rows(l, n.Machine, hit.Machines)}})
	}
	return t
}

// place is where a link stands.
func (s results) place(p *i18n.Printer, l hit.Link) string {
	text := p.T("campaigns.results.place", "position", l.Position)
	if len(s.c.Variants) > 1 {
		text += " · " + program.ArmName(p, l.Arm)
	}
	if l.Content != "" && p.Has("campaigns.edit.languages."+l.Content) {
		text += " · " + p.T("campaigns.edit.languages."+l.Content)
	}
	return text
}

func (s results) csv(r *page.Request) error {
	p := r.P
	columns := []string{p.T("campaigns.results.link"), p.T("campaigns.results.position"), p.T("campaigns.variants"), p.T("campaigns.results.language"), p.T("campaigns.results.clickers"),
		p.T("campaigns.results.clicks"), p.T("campaigns.results.machines")}
	return r.SendCSV(s.c.Name, columns, func(yield func([]string, error) bool) {
		for _, l := range s.lines() {
			n := s.Links[l.Number]
			if !yield([]string{target(p, l), strconv.Itoa(l.Position), l.Arm, l.Content, p.Number(n.Readers), p.Number(n.Human), p.Number(n.Machine)}, nil) {
				return
			}
		}
	})
}

// machines are the reasons why hits are taken for machines, the most frequent first.
func (s results) machines(p *i18n.Printer) []ui.Pair {
	var pairs []ui.Pair
	for _, reason := range hit.Reasons() {
		if n := s.Machines[reason]; n > 0 {
			pairs = append(pairs, ui.Pair{Term: p.T("hit.reason." + reason), Text: p.Number(n)})
		}
	}
	return pairs
}

// arms are the clicks of people by variant.
func (s results) arms(p *i18n.Printer) []ui.Pair {
	if len(s.c.Variants) < 2 {
		return nil
	}
	var pairs []ui.Pair
	for _, arm := range sorted(s.Arms) {
		pairs = append(pairs, ui.Pair{Term: program.ArmName(p, arm), Text: p.Number(s.Arms[arm].Human)})
	}
	return pairs
}

func sorted(m map[string]hit.Sum) (keys []string) {
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// hitList is a page of hits of a campaign.
type hitList struct {
	c      *campaign.Campaign
	rows   []hit.Row
	links  map[int64]hit.Link
	names  map[int64]string
	more   bool
	filter hit.Filter
}

func (c campaigns) hits(r *page.Request) error {
	l := hitList{filter: hit.Filter{Link: r.Int("link", 0), Before: r.Int("before", 0)}}
	if kind := hit.Kind(r.Text("kind")); kind == hit.Click || kind == hit.Open {
		l.filter.Kind = kind
	}
	if by := hit.By(r.Text("by")); by == hit.People || by == hit.Readers || by == hit.Machines {
		l.filter.By = by
	}
	var err error
	if l.c, err = c.one(r); err != nil {
		return err
	}
	if r.WantsCSV() {
		return l.csv(r)
	}
	if err := l.read(r, perPage+1); err != nil {
		return err
	}
	if l.more = len(l.rows) > perPage; l.more {
		l.rows = l.rows[:perPage]
	}
	return r.Render(r.P.T("campaigns.results.rows"), hitsView(r, l))
}

func (l *hitList) read(r *page.Request, limit int) error {
	return r.Read(func(tx *store.Tx) (err error) {
		l.filter.Limit = limit
		if l.rows, err = hit.OfMeasure(r.Context(), tx, l.c.Measure, l.filter); err != nil {
			return err
		}
		if l.links == nil {
			all, err := hit.LinksOf(r.Context(), tx, l.c.Measure, mostLinks)
			if err != nil {
				return err
			}
			l.links = make(map[int64]hit.Link, len(all))
			for _, one := range all {
				l.links[one.Number] = one
			}
		}
		ids := make([]int64, 0, len(l.rows))
		for _, h := range l.rows {
			if h.Customer != 0 {
				ids = append(ids, h.Customer)
			}
		}
		l.names, err = customer.Names(r.Context(), tx, ids)
		return err
	})
}

// chips say which hits are listed.
func (l *hitList) chips(r *page.Request) ui.Filters {
	p, f := r.P, ui.Filters{}
	add := func(text, name string) {
		f.Chips = append(f.Chips, ui.FilterChip{Text: text, Remove: r.Link(name, "", "before", "")})
	}
	if l.filter.Link != 0 {
		text := p.T("campaigns.results.link")
		if link, is := l.links[l.filter.Link]; is {
			text += ": " + short(target(p, link))
		}
		add(text, "link")
	}
	if l.filter.Kind != "" {
		add(p.T("hit.kind."+string(l.filter.Kind)), "kind")
	}
	if l.filter.By != "" {
		add(p.T("campaigns.results.by."+string(l.filter.By)), "by")
	}
	if len(f.Chips) > 0 {
		f.Clear = r.Link("link", "", "kind", "", "by", "", "before", "")
	}
	return f
}

// words are a hit in words: what, whose, and what is made of it.
func (l *hitList) words(p *i18n.Printer, h hit.Row) (what, whose, verdict string) {
	what, whose, verdict = p.T("hit.kind."+string(h.Kind)), p.T("campaigns.results.nobody"), p.T("hit.human")
	if link, is := l.links[h.Link]; is && h.Kind == hit.Click {
		what = short(target(p, link))
	}
	if name := l.names[h.Customer]; name != "" {
		whose = name
	}
	if !h.Human {
		verdict = p.T("hit.machine", "why", p.T("hit.reason."+h.Reason))
	}
	return what, whose, verdict
}

func (l *hitList) table(r *page.Request) ui.Table {
	p := r.P
	t := ui.Table{ID: "hits", Caption: p.T("campaigns.results.rows"), Columns: []ui.Column{{Title: p.T("campaigns.results.what"), Narrow: ui.NarrowLead}, {Title: p.T("campaigns.results.whose"), Narrow: ui.NarrowMeta},
		{Title: p.T("campaigns.results.verdict"), Narrow: ui.NarrowMeta}, {Title: p.T("campaigns.results.with"), Narrow: ui.NarrowMeta}, {Title: p.T("campaigns.time"), Number: true, Narrow: ui.NarrowValue}}}
	for _, h := range l.rows {
		what, whose, verdict := l.words(p, h)
		who := ui.Text(whose)
		if l.names[h.Customer] != "" {
			who = ui.LinkTo(whose, fmt.Sprintf("/customers/%d", h.Customer))
		}
		t.Rows = append(t.Rows, ui.Row{Muted: !h.Human, Cells: []ui.Cell{ui.Text(what), who, ui.Text(verdict), ui.Text(p.T("hit.client." + h.Client)), ui.Text(p.DateTime(h.At))}})
	}
	t.Paging = &ui.Paging{Shown: int64(len(l.rows)), Of: -1, Noun: p.T("campaigns.results.noun")}
	if l.filter.Before != 0 {
		t.Paging.First = r.Link("before", "")
	}
	if l.more {
		t.Paging.Next = r.Link("before", strconv.FormatInt(l.rows[len(l.rows)-1].ID, 10))
	}
	return t
}

func (l *hitList) csv(r *page.Request) error {
	p := r.P
	columns := []string{p.T("campaigns.time"), p.T("campaigns.results.what"), p.T("campaigns.results.whose"), p.T("campaigns.results.verdict"), p.T("campaigns.results.with"), p.T("campaigns.variants")}
	l.filter.Before = 0
	return r.SendCSV(p.T("campaigns.results.rows"), columns, func(yield func([]string, error) bool) {
		for {
			if err := l.read(r, perCSV); err != nil {
				yield(nil, err)
				return
			}
			for _, h := range l.rows {
				what, whose, verdict := l.words(p, h)
				if !yield([]string{p.DateTime(h.At), what, whose, verdict, p.T("hit.client." + h.Client), h.Arm}, nil) {
					return
				}
				l.filter.Before = h.ID
			}
			if len(l.rows) < perCSV {
				return
			}
		}
	})
}

// utmParts are what links can tell the shop, with what they tell where nothing is said.
var utmParts = [...]struct {
	field     string
	otherwise func(*i18n.Printer) string
}{
	{"utm_source", func(*i18n.Printer) string { return campaign.DefaultSource }},
	{"utm_medium", func(*i18n.Printer) string { return campaign.DefaultMedium }},
	{"utm_campaign", func(p *i18n.Printer) string { return p.T("campaigns.tracking.campaign") }},
	{"utm_content", func(p *i18n.Printer) string { return p.T("campaigns.tracking.content") }},
}

// fillTracking puts what is counted into the fields.
func (f *settingsForm) fillTracking() {
	t := f.c.Tracking
	f.values["utm_source"], f.values["utm_medium"], f.values["utm_campaign"], f.values["utm_content"] = t.Source, t.Medium, t.Campaign, t.Content
	if !t.Off {
		f.values["track"] = "1"
	}
	if t.UTM {
		f.values["utm"] = "1"
	}
}

// trackingRead reads those fields.
func trackingRead(r *page.Request) campaign.Tracking {
	return campaign.Tracking{Off: !r.Has("track"), UTM: r.Has("utm"), Source: r.Text("utm_source"), Medium: r.Text("utm_medium"), Campaign: r.Text("utm_campaign"), Content: r.Text("utm_content")}
}

// mostHits is how many hits of the messages of one page are read.
const mostHits = 1000

// clicksIn counts the clicks of people in messages.
func clicksIn(r *page.Request, tx *store.Tx, list []*message.Message) (clicks, opens map[int64]int64, err error) {
	ids := make([]int64, len(list))
	for i, m := range list {
		ids[i] = m.ID
	}
	rows, err := hit.OfMessages(r.Context(), tx, ids, mostHits)
	clicks, opens = map[int64]int64{}, map[int64]int64{}
	for _, h := range rows {
		switch {
		case !h.Human:
		case h.Kind == hit.Click:
			clicks[h.Message]++
		default:
			opens[h.Message]++
		}
	}
	return clicks, opens, err
}
