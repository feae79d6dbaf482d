package today

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/action/message/call"
	"stamm/internal/action/message/email"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/insight/predict"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
	"stamm/internal/record/task"
)

const (
	onToday = 7   // tasks on the start page
	onList  = 100 // tasks on their own page
)

// row is a task in words.
type row struct {
	*task.Task
	title, text, meta string
	tone              ui.Tone
	icon              string
	place             *ui.Anchor // the place where it is done; nil where that is not in Stamm
}

type tasksShown struct {
	rows   []row
	open   int64
	more   bool
	people []*auth.User // to whom a task can be handed over
	first  []ui.Item    // what comes before the tasks: sends that wait for a go, calls that are due
}

// read reads the tasks of the user and nobody's, the worst first.
func read(r *page.Request, limit int) (shown tasksShown, err error) {
	var tasks []*task.Task
	names, why := map[int64]string{}, map[int64]string{}
	err = r.Read(func(tx *store.Tx) (err error) {
		if tasks, err = task.List(r.Context(), tx, task.Filter{Today: r.Today(), Owner: r.User.ID, Limit: onList + 1, Not: []string{call.TaskCall}}); err != nil {
			return err
		}
		if shown.open, err = task.CountOpen(r.Context(), tx, r.Today(), call.TaskCall); err != nil {
			return err
		}
		people, err := auth.List(r.Context(), tx)
		if err != nil {
			return err
		}
		shown.people = shown.people[:0]
		for _, u := range people {
			if u.ID != r.User.ID && u.Can(auth.WriteTasks) {
				shown.people = append(shown.people, u)
			}
		}
		if names, err = customer.Names(r.Context(), tx, customersOf(tasks)); err != nil {
			return err
		}
		if shown.first, err = sends(r, tx); err != nil {
			return err
		}
		why, err = whyCall(r, tx, tasks)
		return err
	})
	slices.SortStableFunc(tasks, sooner)
	limit = max(limit-len(shown.first), 0)
	if len(tasks) > limit {
		tasks, shown.more = tasks[:limit], true
	}
	for _, t := range tasks {
		shown.rows = append(shown.rows, inWords(r, t, names, why))
	}
	return shown, err
}

// sooner orders tasks of equal weight by the day they are due; those without a day come last.
func sooner(a, b *task.Task) int {
	if a.Weight != b.Weight || a.Due == nil && b.Due == nil {
		return cmp.Compare(b.Weight, a.Weight)
	}
	switch {
	case a.Due == nil:
		return 1
	case b.Due == nil:
		return -1
	}
	return cmp.Compare(*a.Due, *b.Due)
}

// whyCall says, by customer, why somebody is to be called and what is at stake.
func whyCall(r *page.Request, tx *store.Tx, tasks []*task.Task) (map[int64]string, error) {
	var ids []int64
	for _, t := range tasks {
		if t.Kind == predict.TaskCall {
			ids = append(ids, t.Customer)
		}
	}
	why := map[int64]string{}
	if len(ids) == 0 {
		return why, nil
	}
	o, _, err := predict.Newest(r.Context(), tx)
	if err != nil {
		return nil, err
	}
	scores, err := predict.ScoresOf(r.Context(), tx, ids)
	for id, s := range scores {
		why[id] = r.P.T("today.task.predict_call.text", "risk", r.P.MoneyRounded(s.AtRisk, o.Currency), "why", predict.Sentence(r.P, s.Reasons, o.AsOf))
	}
	return why, err
}

func customersOf(tasks []*task.Task) (ids []int64) {
	for _, t := range tasks {
		if t.Customer > 0 {
			ids = append(ids, t.Customer)
		}
	}
	return ids
}

// looks is how kinds of tasks that people write look; their names stand under today.kind.KIND.
var looks = map[string]struct {
	icon string
	tone ui.Tone
}{
	"complaint": {"message", ui.Bad},
	"promise":   {"clock", ui.Bad},
	"cooling":   {"users", ui.Warn},
	"callback":  {"phone", ui.Neutral},
	"quote":     {"file-text", ui.Neutral},
}

// inWords says what a task is. A kind with words of its own in the catalogue has them under today.task.KIND; any other is
// told by its note.
func inWords(r *page.Request, t *task.Task, names, why map[int64]string) row {
	p := r.P
	out := row{Task: t, icon: "note", title: t.Note}
	key := "today.task." + strings.ReplaceAll(t.Kind, ".", "_")
	if t.Kind != predict.TaskCall && p.Has(key+".title") {
		var args []any
		for name, value := range t.Args {
			args = append(args, name, value)
		}
		out.title, out.text = p.T(key+".title", args...), t.Note
		if p.Has(key+".text") && t.Note == "" {
			out.text = p.T(key+".text", args...)
		}
	}
	if out.title == "" {
		out.title = p.T("today.task.untold")
	}
	switch t.Kind {
	case "import.failed":
		out.icon, out.tone = "alert-triangle", ui.Bad
		out.place = &ui.Anchor{Text: p.T("today.task.import_failed.go"), Href: fmt.Sprintf("/imports/%d", t.Subject)}
	case "auth.reset_requested":
		out.icon, out.tone = "user", ui.Warn
		if r.Can(auth.ManageUsers) {
			out.place = &ui.Anchor{Text: p.T("today.task.auth_reset_requested.go"), Href: fmt.Sprintf("/admin/users/%d", t.Subject)}
		}
	case email.TaskRelay, email.TaskMailbox:
		out.icon, out.tone = "mail", ui.Bad
		if r.Can(auth.WriteSettings) {
			where := map[string]string{email.TaskRelay: "relays", email.TaskMailbox: "mailboxes"}
			out.place = &ui.Anchor{Text: p.T("today.task.mail_go"), Href: fmt.Sprintf("/engage/%s/%d", where[t.Kind], t.Subject)}
		}
	case "message.unclear":
		out.icon, out.tone = "alert-triangle", ui.Warn
		out.place = &ui.Anchor{Text: p.T("today.task.message_unclear.go"), Href: "/engage/unclear"}
	case predict.TaskCall:
		out.icon, out.tone = "phone", ui.Warn
		out.title, out.text = p.T(key+".title", "name", cmp.Or(names[t.Customer], fmt.Sprintf("#%d", t.Customer))), why[t.Customer]
		out.place = &ui.Anchor{Text: p.T("today.task.customer"), Href: fmt.Sprintf("/customers/%d", t.Customer)}
	default:
		if look, ok := looks[t.Kind]; ok {
			out.icon, out.tone = look.icon, look.tone
			out.text = p.T("today.kind." + t.Kind)
		}
		if t.Customer > 0 {
			out.place = &ui.Anchor{Text: p.T("today.task.customer"), Href: fmt.Sprintf("/customers/%d", t.Customer)}
			if name := names[t.Customer]; name != "" {
				out.text = strings.TrimPrefix(out.text+" · "+name, " · ")
			}
		}
	}
	out.meta = p.Date(clock.DayOf(t.CreatedAt, p.Location()))
	if t.Due != nil {
		out.meta = p.T("today.due", "day", *t.Due)
		if *t.Due < r.Today() {
			out.meta, out.tone = p.T("today.overdue", "day", *t.Due), ui.Bad
		}
	}
	return out
}

// tasksCard is what needs the user.
func tasksCard(r *page.Request, tasks tasksShown) templ.Component {
	p := r.P
	card := ui.Card{Title: p.T("today.tasks.title"), Flush: true}
	if len(tasks.rows)+len(tasks.first) == 0 {
		card.Flush = false
		return page.Inside(ui.CardBox(card), calm(r))
	}
	if tasks.more {
		card.Sub = p.T("today.tasks.some", "n", len(tasks.rows), "of", tasks.open)
		card.Link = &ui.Anchor{Text: p.T("today.tasks.all"), Href: "/tasks"}
	}
	return page.Inside(ui.CardBox(card), taskList(r, tasks))
}

func allTasks(r *page.Request) error {
	tasks, err := read(r, onList)
	if err != nil {
		return err
	}
	if r.CSVWanted {
		return r.SendCSV("tasks", []string{r.P.T("today.csv.task"), r.P.T("today.csv.text"), r.P.T("today.csv.when")}, func(yield func([]string, error) bool) {
			for _, t := range tasks.first {
				if !yield([]string{t.Title, t.Text, t.Meta}, nil) {
					return
				}
			}
			for _, t := range tasks.rows {
				if !yield([]string{t.title, t.text, t.meta}, nil) {
					return
				}
			}
		})
	}
	title, lead := r.P.T("today.tasks.title"), r.P.N("today.tasks.open", tasks.open)
	if tasks.more {
		lead += " " + r.P.T("today.tasks.first", "n", len(tasks.rows))
	}
	return r.Render(title, ui.All(ui.PageHeader(r.P, ui.Header{Title: title, Back: &ui.Anchor{Text: r.P.T("today.title"), Href: "/"}, CSV: "/tasks.csv",
		Lead: ui.Plainly(lead)}), tasksCard(r, tasksShown{rows: tasks.rows, people: tasks.people, open: tasks.open, first: tasks.first})))
}

// change does something to a task and leads back with a way to undo it.
func change(r *page.Request, text string, undo *ui.Post, do func(context.Context, *store.Tx, int64) error) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	if err := r.Write(func(tx *store.Tx) error { return do(r.Context(), tx, id) }); err != nil {
		return err
	}
	if undo != nil {
		undo.Label = r.P.T("common.undo")
		undo.Fields = append(undo.Fields, ui.Hidden{Name: "back", Value: back(r)})
		if undo.Action == "" {
			undo.Action = fmt.Sprintf("/tasks/%d/reopen", id)
		}
	}
	return r.RedirectWith(back(r), ui.Flash{Text: text, Undo: undo})
}

// back is the page the form stood on: Today, the list of all tasks, or the worklist.
func back(r *page.Request) string {
	switch to := r.Text("back"); to {
	case "/tasks", "/insight/worklist":
		return to
	}
	return "/"
}

func finish(r *page.Request) error {
	return change(r, r.P.T("today.flash.done"), &ui.Post{}, task.Finish)
}

func reopen(r *page.Request) error {
	return change(r, r.P.T("today.flash.reopened"), nil, task.Reopen)
}

func snooze(r *page.Request) error {
	days := r.Int("days", 1)
	if days < 1 || days > 366 {
		return fault.New(fault.Invalid, "task.snooze_past").On("days")
	}
	until := r.Today().AddDays(int(days))
	return change(r, r.P.T("today.flash.snoozed", "day", until), &ui.Post{}, func(ctx context.Context, tx *store.Tx, id int64) error {
		return task.Snooze(ctx, tx, id, until, r.Today())
	})
}

// handOver gives a task to somebody who may work on it, or with 0 back to everybody.
func handOver(r *page.Request) error {
	to := r.Int("to", 0)
	name := ""
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	var before int64
	err = r.Read(func(tx *store.Tx) error {
		t, err := task.Find(r.Context(), tx, id)
		if err != nil || to == 0 {
			return err
		}
		before = t.Owner
		u, err := auth.Find(r.Context(), tx, to)
		if err != nil {
			return err
		}
		if !u.Can(auth.WriteTasks) {
			return fault.New(fault.Invalid, "today.error.cannot").On("to")
		}
		name = u.Name
		return nil
	})
	if err != nil {
		return err
	}
	text := r.P.T("today.flash.given", "name", name)
	if to == 0 {
		text = r.P.T("today.flash.everybody")
	}
	undo := &ui.Post{Action: fmt.Sprintf("/tasks/%d/owner", id), Fields: []ui.Hidden{{Name: "to", Value: fmt.Sprint(before)}}}
	return change(r, text, undo, func(ctx context.Context, tx *store.Tx, id int64) error { return task.HandOver(ctx, tx, id, to) })
}
