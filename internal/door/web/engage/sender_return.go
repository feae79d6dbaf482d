package engage

import (
	"slices"
	"strconv"

	"stamm/internal/action/message/email"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
)

// came is what came back, with the names of the customers.
type came struct {
	list   []email.Return
	more   bool
	kind   email.Kind
	names  map[int64]string
	counts map[email.Kind]int // of the last 30 days
}

const returnDays = 30

func (d Deps) returns(r *page.Request) error {
	c := came{}
	if k := email.Kind(r.Text("kind")); slices.Contains(email.Kinds(), k) {
		c.kind = k
	}
	f := email.ReturnFilter{Kind: c.kind, Before: r.Int("before", 0), Limit: perPage + 1}
	if r.WantsCSV() {
		return d.returnsCSV(r, f)
	}
	err := r.Read(func(tx *store.Tx) (err error) {
		if c.list, err = email.Returns(r.Context(), tx, f); err != nil {
			return err
		}
		if c.more = len(c.list) > perPage; c.more {
			c.list = c.list[:perPage]
		}
		if c.counts, err = email.CountReturns(r.Context(), tx, r.Today().AddDays(-returnDays)); err != nil {
			return err
		}
		c.names, err = customer.Names(r.Context(), tx, whose(c.list))
		return err
	})
	if err != nil {
		return err
	}
	return r.Render(r.P.T("sender.returns.title"), returnsView(r, c))
}

func whose(list []email.Return) (ids []int64) {
	for _, one := range list {
		if one.Customer != 0 {
			ids = append(ids, one.Customer)
		}
	}
	return ids
}

func (d Deps) returnsCSV(r *page.Request, f email.ReturnFilter) error {
	f.Limit = perCSV
	head := []string{r.P.T("sender.returns.at"), r.P.T("common.kind"), r.P.T("sender.field.address"), r.P.T("sender.returns.status"), r.P.T("sender.returns.reason"),
		r.P.T("sender.returns.effect"), r.P.T("sender.returns.times"), r.P.T("sender.returns.message")}
	return r.SendCSV("returns", head, func(yield func([]string, error) bool) {
		for {
			var list []email.Return
			if err := r.Read(func(tx *store.Tx) (err error) { list, err = email.Returns(r.Context(), tx, f); return err }); err != nil {
				yield(nil, err)
				return
			}
			for _, one := range list {
				number := ""
				if one.Message != 0 {
					number = strconv.FormatInt(one.Message, 10)
				}
				if !yield([]string{r.P.DateTime(one.At), returnWords(r, one.Kind), one.Address, one.Status, one.Reason, effectWords(r, one.Effect), strconv.Itoa(one.Times), number}, nil) {
					return
				}
				f.Before = one.ID
			}
			if len(list) < perCSV {
				return
			}
		}
	})
}

func returnWords(r *page.Request, k email.Kind) string {
	if k == email.Other {
		return r.P.T("sender.kind.any")
	}
	return r.P.T("sender.kind." + string(k))
}

func effectWords(r *page.Request, e email.Effect) string {
	return r.P.T("sender.effect." + orNone(string(e)))
}

func (c came) table(r *page.Request) ui.Table {
	t := ui.Table{ID: "returns", Caption: r.P.T("sender.returns.title"), Columns: []ui.Column{{Title: r.P.T("sender.field.address"), Narrow: ui.NarrowLead},
		{Title: r.P.T("common.kind"), Narrow: ui.NarrowValue}, {Title: r.P.T("sender.returns.reason"), Narrow: ui.NarrowBare}, {Title: r.P.T("sender.returns.effect"), Narrow: ui.NarrowBare},
		{Title: r.P.T("sender.returns.at"), Narrow: ui.NarrowMeta}}}
	for _, one := range c.list {
		who, href := ui.Cell{Text: c.names[one.Customer], Sub: one.Address, Strong: true}, ""
		if who.Text == "" {
			who.Text, who.Sub = one.Address, ""
		}
		if who.Text == "" {
			who.Text = r.P.T("sender.returns.nobody")
		}
		if one.Message != 0 {
			href = messagePath(one.Message)
		}
		times := ""
		if one.Times > 1 {
			times = r.P.T("sender.returns.often", "times", one.Times)
		}
		t.Rows = append(t.Rows, ui.Row{Href: href, Cells: []ui.Cell{who, ui.Rich(ui.Chip(returnWords(r, one.Kind), kindTone(one.Kind))), ui.Lines(one.Reason, one.Status),
			ui.Text(effectWords(r, one.Effect)), ui.Lines(r.P.DateTime(one.At), times)}})
	}
	if c.more {
		t.Paging = &ui.Paging{Shown: int64(len(c.list)), Of: -1, Next: r.Link("before", strconv.FormatInt(c.list[len(c.list)-1].ID, 10))}
	}
	return t
}

func kindTone(k email.Kind) ui.Tone {
	switch k {
	case email.Bounce, email.Complaint:
		return ui.Bad
	case email.SoftBounce, email.Delayed:
		return ui.Warn
	case email.Reply:
		return ui.Good
	}
	return ui.Neutral
}

func (c came) filters(r *page.Request) ui.Filters {
	menu := ui.FilterMenu{Label: r.P.T("common.kind")}
	for _, k := range email.Kinds() {
		menu.Choices = append(menu.Choices, ui.Choice{Text: returnWords(r, k), Href: r.Link("kind", string(k), "before", ""), Active: k == c.kind})
	}
	f := ui.Filters{Menus: []ui.FilterMenu{menu}}
	if c.kind != "" {
		f.Chips = []ui.FilterChip{{Text: returnWords(r, c.kind), Remove: r.Link("kind", "", "before", "")}}
	}
	return f
}

// lead says what came back lately.
func (c came) lead(r *page.Request) string {
	return r.P.T("sender.returns.lead", "days", returnDays, "bounces", c.counts[email.Bounce], "soft", c.counts[email.SoftBounce], "complaints", c.counts[email.Complaint],
		"replies", c.counts[email.Reply])
}

// empty teaches the first step: whoever may set up a mailbox is led there.
func (c came) empty(r *page.Request) ui.Empty {
	e := ui.Empty{Icon: "mail", Title: r.P.T("sender.returns.none"), Text: r.P.T("sender.returns.none_text")}
	if r.Can(auth.WriteSettings) {
		e.Action = &ui.Anchor{Text: r.P.T("sender.mailbox.add"), Href: mailboxesPath + "/new"}
	}
	return e
}
