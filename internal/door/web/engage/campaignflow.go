package engage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/action/message"
	"stamm/internal/action/message/call"
	"stamm/internal/action/program"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// checkTime is how long the look at a whole campaign may take: addresses are asked.
const checkTime = 60 * time.Second

// overview is the page of a campaign.
type overview struct {
	c        *campaign.Campaign
	counts   message.Counts
	approval bool // a second person has to agree
	playing  bool // a draft run is under way
	segments map[int64]string
	names    map[int64]string // of the customers that the draft run named
	outside  bool
	calls    map[call.Outcome]int64
	topic    string    // its name
	read     *results  // of one by mail that was sent
	proved   string    // what it brought, in a sentence; empty while that is not known
	seen     ui.Anchor // what it could show, of one that has not begun
	next     time.Time // when the next messages leave, of one that only waits for their time; zero otherwise
}

func (c campaigns) show(r *page.Request) error {
	o, err := c.overview(r)
	if err != nil {
		return err
	}
	return r.Render(o.c.Name, campaignView(r, c.Deps, o))
}

func (c campaigns) overview(r *page.Request) (o overview, err error) {
	id, err := r.PathID("id")
	if err != nil {
		return o, err
	}
	err = r.Read(func(tx *store.Tx) error {
		if o.c, err = campaign.Load(r.Context(), tx, id); err != nil {
			return err
		}
		if o.counts, err = message.CountsOf(r.Context(), tx, o.c.Measure); err != nil {
			return err
		}
		if o.next, err = o.resting(r, tx); err != nil {
			return err
		}
		if o.approval, err = campaign.NeedsApproval(r.Context(), tx); err != nil {
			return err
		}
		book, err := segment.Open(r.Context(), tx, c.Campaigns.Runner.Fields)
		if err != nil {
			return err
		}
		o.segments = map[int64]string{0: r.P.T("campaigns.everybody")}
		for _, s := range slices.Concat(book.Segments(), book.Archived()) {
			o.segments[s.ID] = s.Name
		}
		if o.names, err = customer.Names(r.Context(), tx, o.c.Trial.Customers()); err != nil {
			return err
		}
		topics, err := consent.Topics(r.Context(), tx)
		if err != nil {
			return err
		}
		for _, t := range topics {
			if t.Code == o.c.Topic {
				o.topic = t.Name(r.P.Lang())
			}
		}
		if o.calls, err = call.OutcomesOf(r.Context(), tx, o.c.Measure); err != nil {
			return err
		}
		if o.playing, err = campaign.Trying(r.Context(), tx, id); err != nil || c.Outbox == nil {
			return err
		}
		o.outside, err = c.Outbox(r.Context(), tx)
		return err
	})
	if err == nil && o.over() && !o.c.ByPhone() && !o.c.Tracking.Off && o.counts.Sent > 0 {
		var read results
		if read, err = c.readResults(r); read.Result != nil {
			o.read = &read
		}
	}
	if err == nil && r.Can(auth.ReadReports) {
		o.seen, err = c.seen(r, o.c)
	}
	if err == nil && c.Proved != nil && o.over() && o.counts.Planned > 0 && r.Can(auth.ReadReports) {
		o.proved, err = c.Proved(r, o.c.Measure)
	}
	return o, err
}

// over tells whether nothing of the campaign can leave any more.
func (o overview) over() bool { return o.c.State == campaign.Done || o.c.State == campaign.Cancelled }

// said are the subjects of the mails, or the beginnings of what was said, by variant and language.
func (o overview) said(r *page.Request) []ui.Pair {
	var pairs []ui.Pair
	for i := range o.c.Variants {
		v := &o.c.Variants[i]
		for _, key := range v.Keys() {
			words, text := "campaigns.said_mail", v.Contents[key].Subject
			if o.c.ByPhone() {
				words = "campaigns.said_call"
				text, _, _ = strings.Cut(v.Contents[key].Script, "\n")
			}
			term := r.P.T(words, "language", strings.ToUpper(key))
			if len(o.c.Variants) > 1 {
				term = program.ArmName(r.P, v.Name) + ": " + term
			}
			pairs = append(pairs, ui.Pair{Term: term, Text: text, Href: fmt.Sprintf("%s/preview?variant=%s&content=%s", campaignLink(o.c.ID), v.Name, key)})
		}
	}
	return pairs
}

// readings are what readers did with the mails, each opening what stands behind it.
func (o overview) readings(r *page.Request) []ui.Pair {
	all := campaignLink(o.c.ID) + "/results"
	pair := func(name string, n int64) ui.Pair {
		return ui.Pair{Term: r.P.T("campaigns.results." + name), Text: r.P.Number(n), Href: all}
	}
	return []ui.Pair{pair("delivered", o.read.delivered()), pair("clicks", o.read.Clicks.Human), pair("opens", o.read.Opens.Human)}
}

// moving tells whether the page changes by itself.
func (o overview) moving() bool {
	return o.playing || o.c.State == campaign.Waiting || o.c.State == campaign.Sending
}

func (c campaigns) progress(r *page.Request) error {
	o, err := c.overview(r)
	if err != nil {
		return err
	}
	if !r.Partial() {
		return r.Render(o.c.Name, campaignView(r, c.Deps, o))
	}
	if was := r.Text("state"); was != "" && was != string(o.c.State) { // the head of the page has to follow
		r.W.Header().Set("HX-Refresh", "true")
	}
	return r.Fragment(campaignProgress(r, c.Deps, o))
}

// resting is when the next messages leave if all that are pending wait for their time; zero otherwise.
func (o overview) resting(r *page.Request, tx *store.Tx) (time.Time, error) {
	if o.c.State != campaign.Sending || o.counts.Queued == 0 || o.counts.Pending() != o.counts.Queued {
		return time.Time{}, nil
	}
	first, err := message.FirstDue(r.Context(), tx, o.c.Measure)
	if err != nil || first.Sub(tx.Now) < time.Minute {
		return time.Time{}, err
	}
	return first, nil
}

// sentence says how far the campaign is.
func (o overview) sentence(r *page.Request) string {
	p := r.P
	if words := "campaigns.says.calls_" + string(o.c.State); o.c.ByPhone() && p.Has(words) {
		return p.T(words, "sent", o.counts.Sent, "pending", o.counts.Pending())
	}
	switch o.c.State {
	case campaign.Waiting:
		return p.T("campaigns.says.waiting", "time", p.Time(*o.c.GoAt))
	case campaign.Sending:
		if o.c.Phase == campaign.PhaseTest && o.c.DecideAt != nil {
			if !o.next.IsZero() {
				return p.T("campaigns.says.test_resting", "pending", o.counts.Pending(), "next", p.DateTime(o.next), "time", p.DateTime(*o.c.DecideAt))
			}
			return p.T("campaigns.says.test", "time", p.DateTime(*o.c.DecideAt))
		}
		if !o.next.IsZero() {
			return p.T("campaigns.says.resting", "sent", o.counts.Sent, "pending", o.counts.Pending(), "time", p.DateTime(o.next))
		}
		return p.T("campaigns.says.sending", "sent", o.counts.Sent, "pending", o.counts.Pending())
	case campaign.Done:
		return p.T("campaigns.says.done", "sent", o.counts.Sent)
	default:
		return p.T("campaigns.says." + string(o.c.State))
	}
}

// rows are the counts of the ledger, each opening its messages. They add up.
func (o overview) tiles(r *page.Request) []ui.Tile {
	link := func(state string) string {
		return fmt.Sprintf("%s?measure=%d&state=%s", messagesPath, o.c.Measure, state)
	}
	trouble := "failed"
	if o.counts.Unclear > 0 { // they wait for a decision
		trouble = "unclear"
	}
	n, word := o.counts, func(key string) string { return r.P.T(campaign.Words(o.c.Channel, "campaigns."+key)) }
	tiles := []ui.Tile{
		{Name: r.P.T("campaigns.planned"), Value: r.P.Number(n.Planned), Href: link("")},
		{Name: word("sent"), Value: r.P.Number(n.Sent), Href: link("sent")},
		{Name: word("not_sent"), Value: r.P.Number(n.Suppressed), Href: link("suppressed")},
		{Name: word("pending"), Value: r.P.Number(n.Pending()), Href: link("queued")},
		{Name: r.P.T("campaigns.trouble"), Value: r.P.Number(n.Failed + n.Unclear), Href: link(trouble)},
	}
	if waiting := o.c.Undecided(n.Planned); waiting > 0 { // with those planned it is the audience
		tiles = slices.Insert(tiles, 1, ui.Tile{Name: r.P.T("campaigns.undecided"), Value: r.P.Number(waiting), Explain: &ui.Explain{ID: "explain-undecided", Title: r.P.T("campaigns.undecided"),
			Definition: r.P.T("campaigns.undecided_text", "planned", n.Planned, "waiting", waiting, "audience", o.c.Recipients)}})
	}
	return tiles
}

// facts are the settings in words.
func (o overview) facts(r *page.Request, d Deps) []ui.Pair {
	p, c := r.P, o.c
	var without []string
	for _, id := range c.Exclude {
		without = append(without, o.segments[id])
	}
	pairs := []ui.Pair{{Term: p.T("campaigns.channel"), Text: p.T("campaigns.channels." + string(c.Channel))}, {Term: p.T("campaigns.audience"), Text: o.segments[c.Segment]}}
	if len(without) > 0 {
		pairs = append(pairs, ui.Pair{Term: p.T("campaigns.exclude"), Text: p.List(without)})
	}
	if c.Topic != "" {
		pairs = append(pairs, ui.Pair{Term: p.T("campaigns.topic"), Text: cmp.Or(o.topic, c.Topic)})
	}
	pairs = append(pairs, ui.Pair{Term: p.T("campaigns.control"), Text: p.Percent(float64(c.Control)/1000, 1)})
	if o.seen.Text != "" {
		pairs = append(pairs, ui.Pair{Term: p.T("campaigns.seen"), Text: o.seen.Text, Href: o.seen.Href})
	}
	pairs = append(pairs, ui.Pair{Term: p.T("campaigns.outcome"), Text: p.T("program.outcome." + string(c.Outcome))},
		ui.Pair{Term: p.T(campaign.Words(c.Channel, "campaigns.when")), Text: o.when(r)}, ui.Pair{Term: p.T("campaigns.variants"), Text: o.variants(r)})
	if c.Winner.By != "" && len(c.Variants) > 1 {
		pairs = append(pairs, ui.Pair{Term: p.T("campaigns.winner_by"), Text: p.T("campaigns.winner_rule", "by", p.T("campaigns.winners."+string(c.Winner.By)), "share", p.Percent(float64(c.Winner.Test)/1000, 0),
			"hours", p.N("common.hours", int64(c.Winner.Hours)))})
	}
	if c.Won != "" {
		pairs = append(pairs, ui.Pair{Term: p.T("campaigns.won"), Text: program.ArmName(p, c.Won)})
	}
	if d.Measure != nil && !o.over() && o.counts.Planned > 0 {
		pairs = append(pairs, ui.Pair{Term: p.T("campaigns.proof"), Text: p.T("campaigns.proof_link"), Href: d.Measure(c.Measure)})
	}
	return pairs
}

func (o overview) when(r *page.Request) string {
	p, plan := r.P, o.c.Plan
	text := p.T("campaigns.whens." + string(plan.When))
	if at, err := time.ParseInLocation("2006-01-02T15:04", plan.At, r.Company.Zone()); err == nil && plan.When != campaign.Now {
		text += ": " + p.DateTime(at)
	}
	if plan.Spread > 0 {
		text += ", " + p.N("campaigns.spread_over", int64(plan.Spread))
	}
	return text
}

func (o overview) variants(r *page.Request) string {
	var all []string
	for _, v := range o.c.Variants {
		var languages []string
		for _, key := range v.Keys() {
			languages = append(languages, r.P.T("campaigns.edit.languages."+key))
		}
		if len(o.c.Variants) == 1 {
			return r.P.T("campaigns.one_variant", "languages", r.P.List(languages))
		}
		all = append(all, fmt.Sprintf("%s %s (%s)", strings.ToUpper(v.Name), r.P.Percent(float64(v.Share)/1000, 0), r.P.List(languages)))
	}
	return strings.Join(all, " · ")
}

// outcomes are what became of the calls, with how often; each opens its calls.
func (o overview) outcomes(r *page.Request) []ui.Pair {
	var pairs []ui.Pair
	for _, one := range call.Outcomes() {
		if n := o.calls[one]; n > 0 {
			pair := ui.Pair{Term: r.P.T("calls.outcome." + string(one)), Text: r.P.Number(n)}
			if r.Can(auth.WriteTasks) {
				pair.Href = fmt.Sprintf("%s?who=all&measure=%d&outcome=%s", callsPath, o.c.Measure, one)
			}
			pairs = append(pairs, pair)
		}
	}
	return pairs
}

// fresh tells whether the draft run is about the campaign as it is now.
func (o overview) fresh() bool { return o.c.Trial != nil && o.c.Trial.Version == o.c.Version }

// stops are what stopped how many in the draft run, the most first.
func (o overview) stops(r *page.Request) []ui.Pair {
	t := o.c.Trial
	keys := slices.Collect(maps.Keys(t.Stopped))
	slices.SortFunc(keys, func(a, b string) int { return int(t.Stopped[b]-t.Stopped[a])*2 + strings.Compare(a, b) })
	var pairs []ui.Pair
	for _, key := range keys {
		pairs = append(pairs, ui.Pair{Term: o.why(r, key), Text: r.P.Number(t.Stopped[key])})
	}
	return pairs
}

// why is why somebody gets nothing of this campaign: who has no number has no address in the words of the ledger.
func (o overview) why(r *page.Request, why string) string {
	if o.c.ByPhone() && why == string(message.GateLegal)+"."+message.ReasonNoAddress {
		return r.P.T("campaigns.no_number")
	}
	return whyWords(r, why)
}

// whyWords is why somebody gets nothing, from gate and reason.
func whyWords(r *page.Request, why string) string {
	gate, reason, _ := strings.Cut(why, ".")
	if key := "message.reason." + reason; r.P.Has(key) {
		return r.P.T(key)
	}
	if key := "message.gate." + gate; r.P.Has(key) {
		return r.P.T(key)
	}
	return reason
}

// examples are some of those who would get it, or would not.
func (o overview) examples(r *page.Request, list []campaign.Example) []ui.Item {
	var items []ui.Item
	for _, e := range list {
		id := e.Customer
		if e.Person != 0 {
			id = e.Person
		}
		item := ui.Item{Title: o.names[id], Href: fmt.Sprintf("/customers/%d", id)}
		switch {
		case e.Why != "":
			item.Text = o.why(r, e.Why)
		default:
			item.Text = o.gets(r.P, e.Arm)
		}
		items = append(items, item)
	}
	return items
}

func (c campaigns) trial(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	err = r.Write(func(tx *store.Tx) error { _, err := campaign.Try(r.Context(), tx, id); return err })
	if err != nil {
		return err
	}
	return r.Redirect(campaignLink(id))
}

// flow takes the campaign a step further, or back.
func (c campaigns) flow(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	do, did := r.Text("do"), ""
	err = r.Write(func(tx *store.Tx) error {
		of, err := campaign.Load(r.Context(), tx, id)
		if err != nil {
			return err
		}
		if did = "campaigns.did." + do; do == "stop" {
			did = campaign.Words(of.Channel, did)
		}
		switch do {
		case "approve":
			return campaign.Approve(r.Context(), tx, id)
		case "go":
			return campaign.Go(r.Context(), tx, id)
		case "stop":
			return campaign.Stop(r.Context(), tx, id)
		case "pause":
			return campaign.Pause(r.Context(), tx, id)
		case "continue":
			return campaign.Continue(r.Context(), tx, id)
		case "cancel":
			return campaign.Cancel(r.Context(), tx, id)
		}
		return fault.New(fault.Invalid, "errors.choice", "text", do).On("do")
	})
	if code := fault.CodeOf(err); code == fault.Invalid || code == fault.Conflict || code == fault.Forbidden {
		return r.RedirectWith(campaignLink(id), ui.Flash{Text: r.P.Err(err), Tone: ui.Bad})
	}
	if err != nil {
		return err
	}
	flash := ui.Flash{Text: r.P.T(did)}
	if do == "go" {
		flash.Undo = &ui.Post{Label: r.P.T("campaigns.do.stop"), Action: campaignLink(id) + "/flow", Fields: []ui.Hidden{{Name: "do", Value: "stop"}}}
	}
	return r.RedirectWith(campaignLink(id), flash)
}

// posts are the buttons that the state allows.
func (o overview) posts(r *page.Request) []ui.Post {
	if !r.Can(auth.WriteMessages) {
		return nil
	}
	action := campaignLink(o.c.ID)
	button := func(do, label, confirm string) ui.Post {
		return ui.Post{Label: label, Action: action + "/flow", Fields: []ui.Hidden{{Name: "do", Value: do}}, Confirm: confirm}
	}
	word := func(do string) string { return r.P.T("campaigns.do." + do) }
	var all []ui.Post
	switch o.c.State {
	case campaign.Draft, campaign.Approved:
		if !o.playing {
			all = append(all, ui.Post{Label: word("trial"), Action: action + "/trial"})
		}
		if o.approval && o.c.State == campaign.Draft {
			approve := button("approve", word("approve"), "")
			approve.Primary = o.fresh()
			all = append(all, approve)
		} else if o.fresh() {
			send := button("go", r.P.N(campaign.Words(o.c.Channel, "campaigns.send_to"), o.c.Trial.Queued), "")
			send.Primary = true
			all = append(all, send)
		}
		all = append(all, button("cancel", word("drop"), r.P.T("campaigns.confirm_drop")))
	case campaign.Waiting:
		all = append(all, button("stop", word("stop"), ""))
	case campaign.Sending:
		all = append(all, button("pause", word("pause"), ""), button("cancel", word("cancel"), r.P.T(campaign.Words(o.c.Channel, "campaigns.confirm_cancel"))))
	case campaign.Paused:
		all = append(all, button("continue", word("continue"), ""), button("cancel", word("cancel"), r.P.T(campaign.Words(o.c.Channel, "campaigns.confirm_cancel"))))
	}
	return all
}
