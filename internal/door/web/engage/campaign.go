package engage

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"stamm/internal/action/campaign"
	"stamm/internal/action/message"
	"stamm/internal/action/message/call"
	"stamm/internal/action/message/email"
	"stamm/internal/action/program"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/segment"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
)

const (
	campaignsPath = Path + "/campaigns"
	campaignPath  = campaignsPath + "/{id}"
)

// Campaigns is what the pages of campaigns need.
type Campaigns struct {
	Runner    *campaign.Runner
	Composer  *campaign.Composer
	Inspector *campaign.Inspector
}

func campaignRoutes(d Deps) []page.Route {
	if d.Campaigns == nil {
		return nil
	}
	c := campaigns{d}
	slow := get(campaignPath+"/check", auth.ReadCustomers, c.check)
	slow.Limit = checkTime
	return append(append(couponRoutes(), hitRoutes(c)...),
		csv(get(campaignsPath, auth.ReadCustomers, c.list)),
		get(campaignsPath+"/new", auth.WriteMessages, c.fresh),
		post(campaignsPath, auth.WriteMessages, c.create),
		post(campaignsPath+"/approval", auth.WriteSettings, c.requireApproval),
		get(campaignPath, auth.ReadCustomers, c.show),
		get(campaignPath+"/progress", auth.ReadCustomers, c.progress),
		get(campaignPath+"/settings", auth.WriteMessages, c.settings),
		post(campaignPath+"/settings", auth.WriteMessages, c.saveSettings),
		get(campaignPath+"/edit", auth.WriteMessages, c.edit),
		post(campaignPath+"/edit", auth.WriteMessages, c.saveEdit),
		get(campaignPath+"/preview", auth.ReadCustomers, c.preview),
		get(campaignPath+"/mail", auth.ReadCustomers, c.mail),
		post(campaignPath+"/test", auth.WriteMessages, c.test),
		post(campaignPath+"/trial", auth.WriteMessages, c.trial),
		slow,
		post(campaignPath+"/flow", auth.WriteMessages, c.flow),
	)
}

// campaignPages are the entries of the menu of campaigns and coupons.
func campaignPages(d Deps) []page.Entry {
	if d.Campaigns == nil {
		return nil
	}
	return []page.Entry{{Text: "campaigns.title", Href: campaignsPath, Permission: auth.ReadCustomers},
		{Text: "coupons.title", Href: couponsPath, Permission: auth.ReadCustomers}}
}

// campaigns are the pages of campaigns.
type campaigns struct{ Deps }

func campaignLink(id int64) string { return fmt.Sprintf("%s/%d", campaignsPath, id) }

// campaignList is the list.
type campaignList struct {
	all    []*campaign.Campaign
	counts map[int64]*message.Counts
	more   bool
	before int64
	state  campaign.State

	effects map[int64]ui.Cell // what each measure brought; nil where nobody may see it or nothing is known
	asOf    ui.AsOf
	proves  bool // there is a column for it

	approval bool // a second person has to agree
}

// requireApproval says whether a second person has to agree before anything is sent.
func (c campaigns) requireApproval(r *page.Request) error {
	err := r.Write(func(tx *store.Tx) error { return campaign.RequireApproval(r.Context(), tx, r.Has("is")) })
	if err != nil {
		return err
	}
	return r.RedirectWith(campaignsPath, ui.Flash{Text: r.P.T("common.saved")})
}

func (c campaigns) list(r *page.Request) error {
	l := campaignList{before: r.Int("before", 0)}
	if s := campaign.State(r.Text("state")); slices.Contains(campaign.States(), s) {
		l.state = s
	}
	if r.WantsCSV() {
		return c.listCSV(r, l.state)
	}
	err := r.Read(func(tx *store.Tx) (err error) {
		if l.all, err = campaign.List(r.Context(), tx, l.state, l.before, perPage+1); err != nil {
			return err
		}
		if l.approval, err = campaign.NeedsApproval(r.Context(), tx); err != nil {
			return err
		}
		l.counts, err = message.AllCounts(r.Context(), tx)
		return err
	})
	if err != nil {
		return err
	}
	if l.more = len(l.all) > perPage; l.more {
		l.all = l.all[:perPage]
	}
	if l.proves = c.Effects != nil && r.Can(auth.ReadReports); l.proves {
		if l.effects, l.asOf, err = c.Effects(r); err != nil {
			return err
		}
	}
	return r.Render(r.P.T("campaigns.title"), campaignListView(r, l))
}

func (c campaigns) listCSV(r *page.Request, state campaign.State) error {
	p := r.P
	columns := []string{p.T("campaigns.name"), p.T("campaigns.state"), p.T("campaigns.planned"), p.T("message.state.sent"), p.T("message.state.suppressed"), p.T("campaigns.changed")}
	var l campaignList
	if l.proves = c.Effects != nil && r.Can(auth.ReadReports); l.proves {
		var err error
		if l.effects, _, err = c.Effects(r); err != nil {
			return err
		}
		columns = append(columns, p.T("campaigns.brought"), p.T("campaigns.brought_sure"))
	}
	return r.SendCSV(p.T("campaigns.title"), columns, func(yield func([]string, error) bool) {
		for before := int64(0); ; {
			var all []*campaign.Campaign
			err := r.Read(func(tx *store.Tx) (err error) {
				if all, err = campaign.List(r.Context(), tx, state, before, perCSV); err != nil {
					return err
				}
				l.counts, err = message.AllCounts(r.Context(), tx)
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, one := range all {
				before = one.ID
				n := countsFor(l.counts, one.Measure)
				row := []string{one.Name, campaignState(p, one.State), p.Number(n.Planned), p.Number(n.Sent), p.Number(n.Suppressed), p.DateTime(one.ChangedAt)}
				if l.proves {
					cell := l.effect(p, one)
					row = append(row, cell.Text, cell.Sub)
				}
				if !yield(row, nil) {
					return
				}
			}
			if len(all) < perCSV {
				return
			}
		}
	})
}

func countsFor(all map[int64]*message.Counts, measure int64) message.Counts {
	if n := all[measure]; n != nil {
		return *n
	}
	return message.Counts{}
}

func campaignState(p *i18n.Printer, s campaign.State) string {
	return p.T("campaigns.states." + string(s))
}

func campaignTone(s campaign.State) ui.Tone {
	switch s {
	case campaign.Done:
		return ui.Good
	case campaign.Waiting, campaign.Paused:
		return ui.Warn
	case campaign.Cancelled:
		return ui.Bad
	case campaign.Sending, campaign.Approved:
		return ui.Accent
	default:
		return ui.Neutral
	}
}

// effect is what a campaign brought: of one that sends still, that it is too early to say.
func (l campaignList) effect(p *i18n.Printer, c *campaign.Campaign) ui.Cell {
	switch c.State {
	case campaign.Done, campaign.Cancelled:
		if countsFor(l.counts, c.Measure).Planned == 0 {
			return ui.Text("–")
		}
		if cell, known := l.effects[c.Measure]; known {
			return cell
		}
		return ui.Text(p.T("campaigns.brought_unknown"))
	case campaign.Sending, campaign.Paused:
		return ui.Text(p.T("campaigns.brought_running"))
	}
	return ui.Text("–")
}

func (l campaignList) table(r *page.Request) ui.Table {
	p := r.P
	t := ui.Table{ID: "campaigns", Caption: p.T("campaigns.title"), Columns: []ui.Column{{Title: p.T("campaigns.name"), Narrow: ui.NarrowLead},
		{Title: p.T("campaigns.state"), Narrow: ui.NarrowValue}, {Title: p.T("campaigns.planned"), Number: true},
		{Title: p.T("campaigns.sent"), Number: true}}}
	if l.proves {
		t.Columns = append(t.Columns, ui.Column{Title: p.T("campaigns.brought"), Help: p.T("campaigns.brought_help"), Number: true, Narrow: ui.NarrowMeta})
	}
	t.Columns = append(t.Columns, ui.Column{Title: p.T("campaigns.changed"), Number: true, Narrow: ui.NarrowMeta})
	for _, one := range l.all {
		n := countsFor(l.counts, one.Measure)
		row := ui.Row{Href: campaignLink(one.ID), Cells: []ui.Cell{ui.Lines(one.Name, one.Goal), ui.Rich(ui.Chip(campaignState(p, one.State), campaignTone(one.State))),
			ui.Text(p.Number(n.Planned)), ui.Text(p.Number(n.Sent))}}
		if l.proves {
			row.Cells = append(row.Cells, l.effect(p, one))
		}
		row.Cells = append(row.Cells, ui.Text(p.DateTime(one.ChangedAt)))
		t.Rows = append(t.Rows, row)
	}
	t.Paging = &ui.Paging{Shown: int64(len(l.all)), Of: -1, Noun: p.T("campaigns.noun")}
	if l.before != 0 {
		t.Paging.First = r.Link("before", "")
	}
	if l.more {
		t.Paging.Next = r.Link("before", strconv.FormatInt(l.all[len(l.all)-1].ID, 10))
	}
	return t
}

// settingsForm is what stands in the fields of a new campaign, or of the settings of one.
type settingsForm struct {
	c        *campaign.Campaign // ID 0 for a new one
	values   map[string]string
	exclude  []int64
	errors   ui.Errors
	segments []*segment.Segment
	senders  []*email.Sender
	callers  []*auth.User // who can be asked to call
	owners   []int64
	topics   []consent.Topic
}

// outcomeOptions are what a campaign can be judged by.
func (f settingsForm) outcomeOptions(p *i18n.Printer) []ui.Option {
	var all []ui.Option
	for _, o := range program.Outcomes() {
		all = append(all, ui.Option{Value: string(o), Label: p.T("program.outcome." + string(o)), Chosen: f.values["outcome"] == string(o)})
	}
	return all
}

func (f settingsForm) topicOptions(p *i18n.Printer) []ui.Option {
	all := []ui.Option{{Label: p.T("campaigns.no_topic"), Chosen: f.values["topic"] == ""}}
	for _, t := range f.topics {
		all = append(all, ui.Option{Value: t.Code, Label: t.Name(p.Lang()), Chosen: f.values["topic"] == t.Code})
	}
	return all
}

func (c campaigns) fresh(r *page.Request) error {
	f := settingsForm{c: &campaign.Campaign{Window: program.DefaultWindow, Language: r.Company.Language, Tracking: campaign.Tracking{UTM: true}, Channel: consent.Email}, values: map[string]string{}}
	if r.Text("channel") == string(consent.Phone) {
		f.c.Channel = consent.Phone
	}
	f.c.Segment = r.Int("segment", 0)
	if err := c.choices(r, &f); err != nil {
		return err
	}
	f.fill(r)
	f.values["control"] = "" // the planner's
	return r.Render(r.P.T("campaigns.new"), campaignSettingsView(r, f))
}

// choices reads the segments and senders that can be chosen.
func (c campaigns) choices(r *page.Request, f *settingsForm) error {
	return r.Read(func(tx *store.Tx) error {
		book, err := segment.Open(r.Context(), tx, c.Campaigns.Runner.Fields)
		if err != nil {
			return err
		}
		f.segments = book.Segments()
		if f.senders, err = email.Senders(r.Context(), tx); err != nil {
			return err
		}
		all, err := auth.List(r.Context(), tx)
		if err != nil {
			return err
		}
		f.callers = slices.DeleteFunc(all, func(u *auth.User) bool { return !u.Can(auth.WriteTasks) })
		f.topics, err = consent.Topics(r.Context(), tx)
		return err
	})
}

// fill puts the campaign into the fields.
func (f *settingsForm) fill(r *page.Request) {
	c := f.c
	f.exclude, f.owners = c.Exclude, c.Calls.Owners
	f.values = map[string]string{"name": c.Name, "goal": c.Goal, "purpose": string(c.Purpose), "segment": strconv.FormatInt(c.Segment, 10), "sender": strconv.FormatInt(c.Sender, 10),
		"language": c.Language, "topic": c.Topic, "control": tenths(c.Control), "window": strconv.Itoa(c.Window), "outcome": string(cmp.Or(c.Outcome, program.Net)), "when": string(c.Plan.When), "at": c.Plan.At, "spread": strconv.Itoa(c.Plan.Spread),
		"winner": string(c.Winner.By), "test": tenths(c.Winner.Test), "hours": strconv.Itoa(c.Winner.Hours)}
	f.values["channel"] = string(cmp.Or(c.Channel, consent.Email))
	f.values["tries"], f.values["pause"] = strconv.Itoa(cmp.Or(c.Calls.Tries, call.UsualMost)), strconv.Itoa(cmp.Or(c.Calls.Pause, int(call.UsualPause/time.Hour)))
	if c.Basis == consent.Contract {
		f.values["purpose"] = "contract"
	}
	f.fillTracking()
	if c.Budget > 0 {
		f.values["budget"] = money.FormatScaled(c.Budget, money.Digits(r.Company.Currency))
	}
	numbers := []string{"control", "test", "budget"}
	for _, v := range c.Variants {
		f.values["share."+v.Name] = tenths(v.Share)
		numbers = append(numbers, "share."+v.Name)
	}
	if r.P.Lang() == "de" { // as people type it; both ways are read
		for _, name := range numbers {
			f.values[name] = strings.Replace(f.values[name], ".", ",", 1)
		}
	}
}

// tenths writes a number per mille in per cent.
func tenths(n int) string { return strings.TrimSuffix(money.FormatScaled(int64(n), 1), ".0") }

// settingsRead reads the fields into a campaign; what cannot be read is told, joined.
func settingsRead(r *page.Request, c *campaign.Campaign) (wrong []error) {
	number := func(name string, into *int, digits int) {
		text := r.P.Typed(r.Text(name))
		if text == "" {
			*into = 0
			return
		}
		n, err := money.ParseScaled(text, digits)
		if err != nil || n < 0 || n > 100_000 {
			wrong = append(wrong, fault.New(fault.Invalid, "errors.number", "text", text).On(name))
			return
		}
		*into = int(n)
	}
	c.Name, c.Goal, c.Language, c.Topic = r.Text("name"), r.Text("goal"), r.Text("language"), r.Text("topic")
	c.Purpose, c.Basis = consent.Purpose(r.Text("purpose")), ""
	if c.Purpose == "contract" {
		c.Purpose, c.Basis = consent.Advertising, consent.Contract
	}
	c.Segment, c.Sender, c.Exclude = r.Int("segment", 0), r.Int("sender", 0), r.IDs("exclude")
	if c.ID == 0 {
		c.Channel = consent.Channel(r.Text("channel"))
	}
	if c.ByPhone() {
		c.Calls.Owners = r.IDs("owners")
		number("tries", &c.Calls.Tries, 0)
		number("pause", &c.Calls.Pause, 0)
	}
	number("control", &c.Control, 1)
	number("window", &c.Window, 0)
	c.Outcome = program.Outcome(r.Text("outcome"))
	c.Plan.When, c.Plan.At = campaign.When(r.Text("when")), r.Text("at")
	number("spread", &c.Plan.Spread, 0)
	c.Winner.By = campaign.By(r.Text("winner"))
	number("test", &c.Winner.Test, 1)
	number("hours", &c.Winner.Hours, 0)
	for i := range c.Variants {
		if name := "share." + c.Variants[i].Name; r.Has(name) {
			number(name, &c.Variants[i].Share, 1)
		}
	}
	c.Tracking = trackingRead(r)
	c.Budget = 0
	if text := r.Text("budget"); text != "" {
		budget, err := money.ParseScaled(r.P.Typed(strings.ReplaceAll(text, r.Company.Currency, "")), money.Digits(r.Company.Currency))
		if err != nil {
			wrong = append(wrong, fault.As(err).On("budget"))
		}
		c.Budget = budget
	}
	return wrong
}

func (c campaigns) create(r *page.Request) error {
	made := &campaign.Campaign{}
	wrong := settingsRead(r, made)
	if slices.Contains(i18n.Languages(), made.Language) {
		made.Variants = []campaign.Variant{{Name: "a", Share: 1000, Contents: map[string]*campaign.Content{made.Language: skeleton(made.Language)}}}
		if made.ByPhone() {
			made.Variants[0].Contents[made.Language] = campaign.NewScript(made.Language)
		}
	}
	err := errors.Join(append(wrong, c.suggest(r, made))...)
	if err == nil {
		err = r.Write(func(tx *store.Tx) error {
			made.ID = 0
			return campaign.Create(r.Context(), tx, made)
		})
	}
	if err != nil {
		return c.refuse(r, made, err, r.P.T("campaigns.new"))
	}
	return r.Redirect(campaignLink(made.ID) + "/edit")
}

// refuse shows the settings again with what is wrong.
func (c campaigns) refuse(r *page.Request, of *campaign.Campaign, err error, title string) error {
	f := settingsForm{c: of, exclude: r.IDs("exclude"), owners: r.IDs("owners"), values: map[string]string{}}
	if choices := c.choices(r, &f); choices != nil {
		return choices
	}
	for _, name := range []string{"name", "goal", "purpose", "segment", "sender", "language", "topic", "control", "window", "outcome", "when", "at", "spread", "winner", "test", "hours", "budget", "track", "utm", "utm_source", "utm_medium", "utm_campaign", "utm_content", "channel", "tries", "pause"} {
		f.values[name] = r.Text(name)
	}
	for _, v := range of.Variants {
		f.values["share."+v.Name] = r.Text("share." + v.Name)
	}
	return r.Refuse(err, title, func(e ui.Errors) templ.Component {
		f.errors = e
		return campaignSettingsView(r, f)
	})
}

// one reads the campaign of the address.
func (c campaigns) one(r *page.Request) (found *campaign.Campaign, err error) {
	id, err := r.PathID("id")
	if err != nil {
		return nil, err
	}
	err = r.Read(func(tx *store.Tx) error { found, err = campaign.Load(r.Context(), tx, id); return err })
	return found, err
}

func (c campaigns) settings(r *page.Request) error {
	of, err := c.one(r)
	if err != nil {
		return err
	}
	f := settingsForm{c: of}
	if err := c.choices(r, &f); err != nil {
		return err
	}
	f.fill(r)
	return r.Render(of.Name, campaignSettingsView(r, f))
}

func (c campaigns) saveSettings(r *page.Request) error {
	of, err := c.one(r)
	if err != nil {
		return err
	}
	asked := *of
	if err = errors.Join(settingsRead(r, &asked)...); err == nil {
		err = c.suggest(r, &asked)
	}
	if err == nil {
		err = r.Write(func(tx *store.Tx) error {
			_, err := campaign.Change(r.Context(), tx, of.ID, r.Int("version", 0), func(edited *campaign.Campaign) error {
				wrong := settingsRead(r, edited)
				edited.Control = asked.Control
				return errors.Join(wrong...)
			})
			return err
		})
	}
	if err != nil {
		return c.refuse(r, of, err, of.Name)
	}
	return r.RedirectWith(campaignLink(of.ID), ui.Flash{Text: r.P.T("common.saved")})
}
