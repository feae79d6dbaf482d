package outlook

import (
	"fmt"
	"strings"
	"time"

	"stamm/internal/door/web/figure"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
	"stamm/internal/record/task"
)

// most is how many calls the worklist shows; the scoring keeps far fewer open.
const most = 200

// call is one customer worth a call, in words.
type call struct {
	task    *task.Task
	score   predict.Score
	name    string
	why     string
	contact string // when somebody last spoke with her, as far as the records know
	last    clock.Day
	risk    string
	sure    string // between what that lies
	owner   string
}

func (c call) href() string { return customerPage(c.task.Customer) }

func (c call) action(what string) string { return fmt.Sprintf("/tasks/%d/%s", c.task.ID, what) }

// work is the worklist.
type work struct {
	outlook predict.Outlook
	known   bool
	calls   []call
	atRisk  int64
	missing []string     // what is not known for lack of exchange rates
	people  []*auth.User // to whom a call can be handed over
}

// here tells the form of a task which page it stands on.
func here() []ui.Hidden { return []ui.Hidden{{Name: "back", Value: worklistPath}} }

// handLabel says to whom a call goes.
func handLabel(r *page.Request, u *auth.User) string {
	if u.ID == r.User.ID {
		return r.P.T("outlook.worklist.mine")
	}
	return r.P.T("today.give", "name", u.Name)
}

func readWork(r *page.Request) (w work, err error) {
	err = r.Read(func(tx *store.Tx) (err error) {
		w = work{}
		if w.missing, err = figure.LeftOut(r, tx); err != nil {
			return err
		}
		if w.outlook, w.known, err = predict.Newest(r.Context(), tx); err != nil || !w.known {
			return err
		}
		tasks, err := task.List(r.Context(), tx, task.Filter{Today: r.Today(), OfKind: predict.TaskCall, Limit: most})
		if err != nil {
			return err
		}
		users, err := auth.List(r.Context(), tx)
		if err != nil {
			return err
		}
		for _, u := range users {
			if u.Can(auth.WriteTasks) {
				w.people = append(w.people, u)
			}
		}
		return w.add(r, tx, tasks, users)
	})
	return w, err
}

// add puts the tasks into words. Who was erased or has no score any more is left out; the next scoring settles her task.
func (w *work) add(r *page.Request, tx *store.Tx, tasks []*task.Task, users []*auth.User) error {
	if len(tasks) == 0 {
		return nil
	}
	ids := make([]int64, len(tasks))
	for i, t := range tasks {
		ids[i] = t.Customer
	}
	scores, err := predict.ScoresOf(r.Context(), tx, ids)
	if err != nil {
		return err
	}
	names, err := customer.Names(r.Context(), tx, ids)
	if err != nil {
		return err
	}
	noted, err := customer.LastNotes(r.Context(), tx, ids)
	if err != nil {
		return err
	}
	done, err := task.LastDone(r.Context(), tx, ids)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		s, known := scores[t.Customer]
		if !known {
			continue
		}
		c := call{task: t, score: s, name: called(r.P, names, t.Customer), why: predict.Sentence(r.P, s.Reasons, w.outlook.AsOf),
			risk: r.P.MoneyRounded(s.AtRisk, w.outlook.Currency), sure: sureWords(r, s, w.outlook.Currency), owner: r.P.T("outlook.worklist.anybody")}
		c.contact, c.last = contact(r, noted[t.Customer], done[t.Customer])
		for _, u := range users {
			if u.ID == t.Owner {
				c.owner = u.Name
			}
		}
		w.calls = append(w.calls, c)
		w.atRisk += s.AtRisk
	}
	return nil
}

// sureWords is between what the value at risk lies, and a mark that something follows; empty where that is not known.
func sureWords(r *page.Request, s predict.Score, currency string) string {
	if s.AtRiskHi == 0 {
		return ""
	}
	return r.P.T("outlook.worklist.sure", "between", between(r.P, s, currency)) + " · "
}

// contact says when somebody last dealt with a customer: wrote a note about her, or did a task.
func contact(r *page.Request, noted, done time.Time) (string, clock.Day) {
	key, at := "outlook.worklist.note", noted
	if done.After(noted) {
		key, at = "outlook.worklist.done", done
	}
	if at.IsZero() {
		return r.P.T("outlook.worklist.never"), 0
	}
	day := clock.DayOf(at, r.Company.Zone())
	return r.P.T(key, "day", day), day
}

// worklist lists the customers worth a call today.
func worklist(r *page.Request) error {
	w, err := readWork(r)
	if err != nil {
		return err
	}
	if r.CSVWanted {
		return w.csv(r)
	}
	p := r.P
	title := p.T("outlook.worklist.title")
	head := ui.Header{Title: title, CSV: r.CSVLink(), Actions: ui.Btn(ui.Button{Label: p.T("outlook.title"), Href: path, Icon: "chart-histogram"})}
	if len(w.calls) == 0 {
		e := ui.Empty{Icon: "phone", Title: p.T("outlook.worklist.empty"), Text: p.T("outlook.worklist.empty_text"), Action: &ui.Anchor{Text: p.T("outlook.title"), Href: path}}
		if w.outlook.Customers == 0 && len(w.missing) > 0 {
			e.Icon, e.Title, e.Text = "alert-triangle", p.T("insight.left_out.rates"), strings.Join(w.missing, " ")
		} else if !w.known {
			e.Title, e.Text = p.T("outlook.empty.title"), p.T("outlook.worklist.first")
		} else if predict.Past(w.outlook.AsOf, r.Today()) {
			e.Title, e.Text = p.T("outlook.worklist.past"), p.T("outlook.worklist.past_text", "day", w.outlook.AsOf)
		}
		return r.Render(title, ui.All(ui.PageHeader(p, head), ui.EmptyState(e)))
	}
	head.Lead = ui.Sentence(p.N("outlook.worklist.lead", int64(len(w.calls)), "risk", p.MoneyRounded(w.atRisk, w.outlook.Currency)),
		map[string]string{"risk": behind(predict.Cooling, predict.AtRisk)})
	body := page.Inside(ui.CardBox(ui.Card{Flush: true}), calls(r, w))
	foot := ui.AsOfLine(p, ui.AsOf{At: w.outlook.MadeAt, Source: p.T("outlook.source", "day", w.outlook.AsOf)})
	return r.Render(title, ui.All(ui.PageHeader(p, head), body, foot))
}

func (w work) csv(r *page.Request) error {
	p := r.P
	headings := []string{p.T("common.customer"), p.T("outlook.bands.band"), p.T("outlook.customers.chance"), p.T("outlook.customers.risk"), p.T("outlook.customers.risk_lo"),
		p.T("outlook.customers.risk_hi"), p.T("outlook.customers.why"),
		p.T("outlook.worklist.contact"), p.T("outlook.worklist.owner")}
	pen := pen{p, w.outlook.Currency}
	return r.SendCSV("worklist", headings, func(yield func([]string, error) bool) {
		for _, c := range w.calls {
			last := ""
			if c.last != 0 {
				last = c.last.String()
			}
			if !yield([]string{c.name, c.score.Band.Words(p), pen.share(c.score.Active, 1).raw, pen.money(c.score.AtRisk).raw, pen.money(c.score.AtRiskLo).raw, pen.money(c.score.AtRiskHi).raw, c.why, last, c.owner}, nil) {
				return
			}
		}
	})
}
