package programme

import (
	"errors"
	"fmt"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/action/program"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
)

// learnedFields is what was learned, as it was typed.
type learnedFields struct {
	ID             int64
	Learned, Again string
	Errors         ui.Errors
}

// costFields is a cost as it was typed.
type costFields struct {
	ID                           int64
	Key, Kind, Amount, Day, Note string
	Included                     bool
	Errors                       ui.Errors
}

func againOptions(p *i18n.Printer, chosen string) []ui.Option {
	pairs := []string{"", p.T("programme.learned.open")}
	for _, a := range []program.Again{program.AgainYes, program.AgainChange, program.AgainNo} {
		pairs = append(pairs, string(a), p.T("program.again."+string(a)))
	}
	return ui.Options(chosen, pairs...)
}

func costOptions(p *i18n.Printer, chosen string) []ui.Option {
	var pairs []string
	for _, k := range program.CostKinds() {
		pairs = append(pairs, string(k), p.T("program.cost."+string(k)))
	}
	return ui.Options(chosen, pairs...)
}

func (d Deps) saveLearned(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	f := learnedFields{ID: id, Learned: r.Text("learned"), Again: r.Text("again")}
	err = r.Write(func(tx *store.Tx) error {
		m, err := program.Load(r.Context(), tx, id)
		if err != nil {
			return err
		}
		m.Learned, m.Again = f.Learned, program.Again(f.Again)
		return program.Change(r.Context(), tx, *m)
	})
	if err != nil {
		return r.Refuse(err, r.P.T("programme.learned.title"), func(errors ui.Errors) templ.Component {
			f.Errors = errors
			return ui.All(formHead(r, "programme.learned.title", id), learnedForm(r, f))
		})
	}
	return r.RedirectWith(Address(id), ui.Flash{Text: r.P.T("common.saved")})
}

func (d Deps) bookCost(r *page.Request) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	f := costFields{ID: id, Key: r.Text("key"), Kind: r.Text("kind"), Amount: r.Text("amount"), Day: r.Text("day"), Note: r.Text("note"), Included: r.Has("included")}
	amount, err := pen{r.P, r.Company.Currency}.amount("amount", f.Amount)
	if err == nil {
		err = r.Write(func(tx *store.Tx) error {
			return program.Book(r.Context(), tx, program.Cost{Key: "form:" + f.Key, Measure: id, Kind: program.CostKind(f.Kind), Amount: amount, Included: f.Included,
				Day: day(r, "day"), Note: f.Note})
		})
	}
	if err != nil {
		return r.Refuse(err, r.P.T("programme.cost.title"), func(errors ui.Errors) templ.Component {
			f.Errors = errors
			return ui.All(formHead(r, "programme.cost.title", id), costForm(r, f))
		})
	}
	return r.RedirectWith(Address(id), ui.Flash{Text: r.P.T("common.saved")})
}

// formHead is the top of a page that shows a refused form.
func formHead(r *page.Request, title string, measure int64) templ.Component {
	return ui.PageHeader(r.P, ui.Header{Title: r.P.T(title), Back: &ui.Anchor{Text: r.P.T("programme.back"), Href: Address(measure)}})
}

// newKey names the cost of a form, so that sending it twice books it once.
func newKey(r *page.Request, measure int64) string {
	return fmt.Sprintf("%d:%d:%d", measure, r.Now.UnixMicro(), r.Actor().ID)
}

func firstOf(all []error) error { return errors.Join(all...) }

func trimPercent(text string) string { return strings.TrimSpace(strings.TrimSuffix(text, "%")) }
