package engage

import (
	"slices"

	"stamm/internal/action/message"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
)

// setHold leaves a customer in peace because a person says so.
func setHold(r *page.Request) error {
	return changeHold(r, "engage.hold.done", func(tx *store.Tx, id int64, kind string) error {
		return message.Hold(r.Context(), tx, id, kind, message.ByHand)
	})
}

// endHold ends what setHold began.
func endHold(r *page.Request) error {
	return changeHold(r, "engage.hold.ended", func(tx *store.Tx, id int64, kind string) error {
		return message.Release(r.Context(), tx, id, kind, message.ByHand)
	})
}

func changeHold(r *page.Request, done string, change func(tx *store.Tx, id int64, kind string) error) error {
	id, err := r.PathID("id")
	if err != nil {
		return err
	}
	kind := r.Text("kind")
	if !slices.Contains(message.Holds(), kind) {
		return fault.New(fault.Invalid, "errors.choice", "text", kind).On("kind")
	}
	err = r.Write(func(tx *store.Tx) error {
		names, err := customer.Names(r.Context(), tx, []int64{id})
		if err != nil {
			return err
		}
		if names[id] == "" {
			return fault.New(fault.NotFound, "errors.notfound")
		}
		return change(tx, id, kind)
	})
	if err != nil {
		return err
	}
	return r.RedirectWith(customerPath(id), ui.Flash{Text: r.P.T(done)})
}

// line says since when and why the customer is left in peace; what a person began ends with a button.
func (h history) line(r *page.Request, held message.Held) *ui.Flash {
	f := &ui.Flash{Tone: ui.Warn, Text: r.P.T("engage.held", "why", reasonWords(r.P, held.Kind), "time", held.Since)}
	if held.Key == message.ByHand && r.Can(auth.WriteCustomers) {
		f.Undo = &ui.Post{Label: r.P.T("engage.hold.end"), Action: customerPath(h.id) + "/release", Fields: []ui.Hidden{{Name: "kind", Value: held.Kind}}}
	}
	return f
}

// reasons are those a person may still name.
func (h history) reasons(p *i18n.Printer) []ui.Option {
	var pairs []string
	for _, kind := range message.Holds() {
		if !slices.ContainsFunc(h.held, func(one message.Held) bool { return one.Kind == kind && one.Key == message.ByHand }) {
			pairs = append(pairs, kind, reasonWords(p, kind))
		}
	}
	return ui.Options("", pairs...)
}
