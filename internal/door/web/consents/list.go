package consents

import (
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"stamm/internal/action/message"
	"stamm/internal/door/web/page"
	"stamm/internal/door/web/ui"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// ListPath is the page of addresses that get no advertising. It stands where messages do.
const ListPath = "/engage/suppressed"

const (
	perPage = 50
	perCSV  = 1000
	perTurn = 500 // addresses put on the list in one transaction
)

// listRoutes are the pages of that list. Asking for an address is a POST, so that it stands in no address and no history
// of a browser. Who takes somebody off answers for personal data as who erases does.
func listRoutes() []page.Route {
	return []page.Route{
		{Method: "GET", Pattern: ListPath, Permission: auth.ReadCustomers, Handle: showList, CSV: true},
		{Method: "POST", Pattern: ListPath, Permission: auth.ReadCustomers, Handle: ask},
		{Method: "GET", Pattern: ListPath + "/new", Permission: auth.WriteCustomers, Handle: showAdd},
		{Method: "POST", Pattern: ListPath + "/new", Permission: auth.WriteCustomers, Handle: add},
		{Method: "GET", Pattern: ListPath + "/{hash}", Permission: auth.ReadCustomers, Handle: showListed},
		{Method: "POST", Pattern: ListPath + "/{hash}/lift", Permission: auth.EraseCustomers, Handle: lift},
	}
}

// list is what the page shows.
type list struct {
	filter consent.SuppressedFilter
	rows   []*consent.Suppressed
	names  map[int64]string
	more   bool
	count  int64

	asked  string // the address somebody asked for, "" for none
	answer consent.Answer
	errors ui.Errors
}

func listFilter(r *page.Request) consent.SuppressedFilter {
	f := consent.SuppressedFilter{Before: r.Text("before"), Limit: perPage + 1}
	if c := consent.Channel(r.Text("channel")); slices.Contains(consent.Channels(), c) {
		f.Channel = c
	}
	if reason := r.Text("reason"); slices.Contains(consent.SuppressedReasons(), reason) {
		f.Reason = reason
	}
	return f
}

// read reads a page of the list, with the names of who is on it.
func (l *list) read(r *page.Request, tx *store.Tx, limit int) (err error) {
	if l.rows, err = consent.ListSuppressed(r.Context(), tx, l.filter); err != nil {
		return err
	}
	if l.more = len(l.rows) > limit; l.more {
		l.rows = l.rows[:limit]
	}
	people := slices.Clone(l.answer.Customers)
	for _, s := range l.rows {
		people = append(people, s.Customers...)
	}
	l.names, err = customer.Names(r.Context(), tx, people)
	return err
}

func showList(r *page.Request) error {
	l := list{filter: listFilter(r)}
	if r.WantsCSV() {
		return sendList(r, l.filter)
	}
	return l.show(r)
}

func (l *list) show(r *page.Request) error {
	err := r.Read(func(tx *store.Tx) (err error) {
		if l.count, err = consent.CountSuppressed(r.Context(), tx, l.filter); err != nil {
			return err
		}
		return l.read(r, tx, perPage)
	})
	if err != nil {
		return err
	}
	return r.Render(r.P.T("consents.list.title"), listView(r, l))
}

// ask tells whether an address is on the list.
func ask(r *page.Request) error {
	l := list{filter: consent.SuppressedFilter{Limit: perPage + 1}, asked: r.Text("address")}
	if l.asked == "" {
		return r.Redirect(ListPath)
	}
	err := r.Read(func(tx *store.Tx) (err error) {
		l.answer, err = consent.AskSuppressed(r.Context(), tx, l.asked)
		return err
	})
	if err == nil {
		return l.show(r)
	}
	if failed := r.Read(func(tx *store.Tx) error { return l.read(r, tx, perPage) }); failed != nil {
		return failed
	}
	return r.Refuse(err, r.P.T("consents.list.title"), func(errors ui.Errors) templ.Component {
		l.errors = errors
		return listView(r, &l)
	})
}

// sendList sends the list as CSV, page by page and without an address.
func sendList(r *page.Request, f consent.SuppressedFilter) error {
	p := r.P
	head := []string{p.T("consents.list.since"), p.T("consents.channel"), p.T("consents.list.reason"), p.T("proof.source"), p.T("consents.list.note"), p.T("consents.list.customer"), p.T("consents.list.hash")}
	l := list{filter: f}
	l.filter.Before, l.filter.Limit = "", perCSV+1
	return r.SendCSV(p.T("consents.list.file"), head, func(yield func([]string, error) bool) {
		for l.more = true; l.more; {
			if err := r.Read(func(tx *store.Tx) error { return l.read(r, tx, perCSV) }); err != nil {
				yield(nil, err)
				return
			}
			for _, s := range l.rows {
				ids := make([]string, len(s.Customers))
				for i, id := range s.Customers {
					ids[i] = strconv.FormatInt(id, 10)
				}
				if !yield([]string{p.DateTime(s.At), channelName(r, s.Channel), reasonName(r, s.Reason), sourceName(r, s.Source), s.Note, strings.Join(ids, " "), s.Hash}, nil) {
					return
				}
				l.filter.Before = s.Cursor()
			}
		}
	})
}

// listed is the page of one address on the list.
type listed struct {
	*consent.Suppressed
	names        map[int64]string
	reason, note string // as typed
	errors       ui.Errors
}

func loadListed(r *page.Request) (one listed, err error) {
	err = r.Read(func(tx *store.Tx) (err error) {
		if one.Suppressed, err = consent.LoadSuppressed(r.Context(), tx, r.PathValue("hash")); err != nil {
			return err
		}
		one.names, err = customer.Names(r.Context(), tx, one.Customers)
		return err
	})
	return one, err
}

func showListed(r *page.Request) error {
	one, err := loadListed(r)
	if err != nil {
		return err
	}
	return r.Render(r.P.T("consents.list.entry"), listedView(r, one))
}

func lift(r *page.Request) error {
	reason, note := r.Text("reason"), r.Text("note")
	err := r.Write(func(tx *store.Tx) error {
		return consent.LiftByHand(r.Context(), tx, r.PathValue("hash"), reason, note)
	})
	if err == nil {
		return r.RedirectWith(ListPath, ui.Flash{Text: r.P.T("consents.list.lifted")})
	}
	one, failed := loadListed(r)
	if failed != nil {
		return failed
	}
	return r.Refuse(err, r.P.T("consents.list.entry"), func(errors ui.Errors) templ.Component {
		one.reason, one.note, one.errors = reason, note, errors
		return listedView(r, one)
	})
}

// addForm is what somebody typed to put addresses on the list.
type addForm struct {
	Addresses, Reason, Note string
	Skip                    bool
	Errors                  ui.Errors
}

func showAdd(r *page.Request) error {
	return r.Render(r.P.T("consents.list.add"), addView(r, addForm{Reason: consent.SuppressedObjected}))
}

// add puts addresses on the list and takes back at once what waits to be sent to those who have them.
func add(r *page.Request) error {
	f := addForm{Addresses: r.Text("addresses"), Reason: r.Text("reason"), Note: r.Text("note"), Skip: r.Has("skip")}
	addresses, skipped, err := consent.ReadAddresses(f.Addresses, f.Skip)
	var done consent.HandList
	for turn := range slices.Chunk(addresses, perTurn) {
		if err != nil {
			break
		}
		err = r.Write(func(tx *store.Tx) error {
			put, err := consent.SuppressByHand(r.Context(), tx, turn, f.Reason, f.Note)
			if err != nil {
				return err
			}
			for _, id := range put.Customers {
				if _, err := message.Reconsider(r.Context(), tx, id); err != nil {
					return err
				}
			}
			done.Added, done.Known, done.Customers = done.Added+put.Added, done.Known+put.Known, append(done.Customers, put.Customers...)
			return nil
		})
	}
	if err != nil {
		return r.Refuse(err, r.P.T("consents.list.add"), func(errors ui.Errors) templ.Component {
			f.Errors = errors
			return addView(r, f)
		})
	}
	words := []string{r.P.N("consents.list.added", int64(done.Added)), r.P.N("consents.list.owners", int64(len(done.Customers)))}
	if done.Known > 0 {
		words = append(words, r.P.N("consents.list.known", int64(done.Known)))
	}
	if skipped > 0 {
		words = append(words, r.P.N("consents.list.skipped", int64(skipped)))
	}
	return r.RedirectWith(ListPath, ui.Flash{Text: strings.Join(words, " ")})
}
