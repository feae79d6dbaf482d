package connect

import (
	"context"
	"slices"
	"strings"

	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// consentSlice is the work of a slice of consents.
type consentSlice struct {
	r    *runner
	rows []consentDraft
}

// consentDraft is a row of a file of consents before its customer is known.
type consentDraft struct {
	consent.Entry
	buyer buyer
	text  string // the words agreed to, where the file has them
	place RowError
}

func (r *runner) cutConsents(ctx context.Context, files *sheet.Files, survey *sheet.Survey, c *cutter) error {
	var rows []consentDraft
	c.work = func() work {
		s := &consentSlice{r: r, rows: rows}
		rows = nil
		return s
	}
	err := files.Consents(ctx, survey, 0, func(row *sheet.ConsentRow) error {
		c.rows++
		c.full++
		file := survey.Plan.Files[row.File].Name
		d, given, err := consentOf(row)
		if err != nil {
			c.errs = append(c.errs, faultError(file, row.Line, err))
			return c.end(false)
		}
		d.place = RowError{File: file, Line: row.Line, Field: "email", Value: row.Email, Notice: true}
		if given {
			rows = append(rows, d)
		}
		for _, n := range row.Notices {
			c.errs = append(c.errs, noticeError(file, row.Line, n))
		}
		return c.end(false)
	}, func(e sheet.RowError) error {
		if err := c.bad(e); err != nil {
			return err
		}
		return c.end(false)
	})
	if err != nil {
		return err
	}
	return c.end(true)
}

// The words of files for channels, purposes and what was done, folded.
var (
	channelWords = map[string]consent.Channel{"email": consent.Email, "mail": consent.Email, "newsletter": consent.Email, "sms": consent.SMS, "textmessage": consent.SMS,
		"phone": consent.Phone, "telephone": consent.Phone, "telefon": consent.Phone, "tel": consent.Phone, "call": consent.Phone, "anruf": consent.Phone,
		"post": consent.Post, "brief": consent.Post, "letter": consent.Post, "postal": consent.Post, "push": consent.Push, "all": "", "alle": ""}
	purposeWords = map[string]consent.Purpose{"advertising": consent.Advertising, "werbung": consent.Advertising, "marketing": consent.Advertising,
		"newsletter": consent.Advertising, "surveys": consent.Surveys, "survey": consent.Surveys, "umfragen": consent.Surveys, "umfrage": consent.Surveys,
		"tracking": consent.Tracking, "profiling": consent.Profiling, "profilbildung": consent.Profiling}
	statusWords = map[string]consent.Kind{"granted": consent.Granted, "yes": consent.Granted, "ja": consent.Granted, "true": consent.Granted, "wahr": consent.Granted, "1": consent.Granted,
		"x": consent.Granted, "optin": consent.Granted, "subscribed": consent.Granted, "erteilt": consent.Granted, "angemeldet": consent.Granted, "aktiv": consent.Granted,
		"active": consent.Granted, "confirmed": consent.Granted, "bestaetigt": consent.Granted, "doubleoptin": consent.Granted, "doi": consent.Granted, "pending": consent.Granted,
		"withdrawn": consent.Withdrawn, "widerrufen": consent.Withdrawn, "unsubscribed": consent.Withdrawn, "abgemeldet": consent.Withdrawn, "optout": consent.Withdrawn,
		"revoked": consent.Withdrawn, "cleaned": consent.Withdrawn,
		"objected": consent.Objected, "widersprochen": consent.Objected, "werbesperre": consent.Objected, "blocked": consent.Objected, "gesperrt": consent.Objected,
		"donotcontact": consent.Objected, "blacklist": consent.Objected, "robinson": consent.Objected}
	neverWords = []string{"no", "nein", "false", "falsch", "0", "none", "never", "keine", "nie"}
)

// word is how the words above are compared: small letters and digits only.
func word(s string) string { return strings.Join(foldedWords(s), "") }

// foldedWords are the words of a cell, of each the spelling with ae for ä.
func foldedWords(s string) []string {
	return customer.Fold(strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "ae", "Ö", "oe", "Ü", "ue").Replace(s))
}

// consentOf turns a row into an entry. A row that says that nobody ever consented gives none. A channel that is not named
// is mail, or telephone where only a number is there. Evidence, or the time of the double opt-in, proves a grant.
func consentOf(row *sheet.ConsentRow) (d consentDraft, given bool, err error) {
	d = consentDraft{buyer: buyer{id: row.Customer, email: row.Email}}
	e := &d.Entry
	*e = consent.Entry{Channel: consent.Email, Purpose: consent.Advertising, Kind: consent.Granted, Form: row.Form, Source: consent.SourceImport, Evidence: row.Evidence, IP: row.IP}
	if row.Email == "" && row.Phone != "" {
		e.Channel = consent.Phone
	}
	var ok bool
	if row.Channel != "" {
		if e.Channel, ok = channelWords[word(row.Channel)]; !ok {
			return d, false, fault.New(fault.Invalid, "import.consent_channel", "text", row.Channel).On("channel")
		}
	}
	if row.Purpose != "" {
		if e.Purpose, ok = purposeWords[word(row.Purpose)]; !ok {
			return d, false, fault.New(fault.Invalid, "import.consent_purpose", "text", row.Purpose).On("purpose")
		}
	}
	if row.Status != "" {
		said := word(row.Status)
		if slices.Contains(neverWords, said) {
			return d, false, nil
		}
		if e.Kind, ok = statusWords[said]; !ok {
			return d, false, fault.New(fault.Invalid, "import.consent_status", "text", row.Status).On("consent")
		}
	}
	switch e.Channel {
	case consent.Email:
		e.Address = row.Email
	case consent.SMS, consent.Phone:
		e.Address = row.Phone
	}
	d.prove(row)
	return d, true, nil
}

// prove takes the evidence of the row: the moment of the double opt-in, or where the proof lies.
func (d *consentDraft) prove(row *sheet.ConsentRow) {
	e := &d.Entry
	if row.Date.Set {
		e.At = row.Date.At
	}
	if row.Confirmed.Set {
		e.At = row.Confirmed.At
		if e.Evidence == "" {
			e.Evidence = "double opt-in " + row.Confirmed.Day.String()
		}
	}
	if e.Kind == consent.Granted && e.Evidence != "" {
		e.Kind = consent.Confirmed
	}
	switch text := strings.TrimSpace(row.Text); {
	case strings.Contains(text, " ") || len(text) > 40: // the words themselves
		d.text, e.TextVersion = text, consent.VersionOf("", text)
	default:
		e.TextVersion = text
	}
}

// look says that a slice is always written: which entry a row is, is known only when its customer is.
func (s *consentSlice) look(context.Context, *store.Tx) (bool, error) { return len(s.rows) > 0, nil }

func (s *consentSlice) size() int64 { return int64(len(s.rows)) }

func (s *consentSlice) done() {}

func (s *consentSlice) write(ctx context.Context, tx *store.Tx) (written, error) {
	batch, rowOf := s.batch()
	people, err := customer.Ensure(ctx, tx, batch)
	if err != nil {
		return written{}, err
	}
	var w written
	t := touched{origin: feed.History, made: feed.Rows{}}
	t.add(touched{rows: people.Rows, old: people.Old, oldOf: people.OldOf})
	var made []int64
	for _, o := range people.Outcomes {
		if o.Status == customer.New {
			made = append(made, o.ID)
		}
	}
	if len(made) > 0 {
		slices.Sort(made)
		t.made["customer"] = feed.Ranges(slices.Compact(made))
	}
	entries, places, err := s.named(ctx, tx, people.Outcomes, rowOf, &w)
	if err != nil {
		return written{}, err
	}
	for _, d := range s.rows {
		if d.text == "" {
			continue
		}
		if err := consent.KeepImported(ctx, tx, d.TextVersion, d.text); err != nil {
			return written{}, err
		}
	}
	u, same, err := consent.Import(ctx, tx, entries)
	if err != nil {
		return written{}, err
	}
	var ids []int64
	for i, id := range u.IDs {
		place := places[i]
		switch {
		case same[i]:
			w.unchanged++
		case id == 0:
			place.Key = "import.consent_refused"
			w.notices = append(w.notices, place)
		default:
			w.made++
			ids = append(ids, id)
			if entries[i].Kind == consent.Granted {
				place.Key = "import.consent_unproved"
				w.notices = append(w.notices, place)
			}
		}
	}
	t.add(touched{rows: u.Rows})
	if len(ids) > 0 {
		t.made["consent_entry"] = feed.Ranges(ids)
	}
	if len(t.rows)+len(t.made) > 0 {
		w.touched = append(w.touched, t)
	}
	return w, nil
}

// batch are the customers of the rows, each once, and the row of each.
func (s *consentSlice) batch() (customer.Batch, map[[2]string]int) {
	b := customer.Batch{Source: s.r.run.Source, Run: s.r.run.ID, Fields: []string{customer.FieldExternalID, customer.FieldEmail}}
	rowOf := map[[2]string]int{}
	for i := range s.rows {
		who := &s.rows[i].buyer
		if _, ok := rowOf[who.key()]; ok {
			continue
		}
		rowOf[who.key()] = len(b.Rows)
		mail, err := s.r.catalogue.Check(customer.FieldEmail, who.email)
		if err != nil {
			mail = ""
		}
		b.Rows = append(b.Rows, []string{who.id, mail})
	}
	return b, rowOf
}

// named gives the entries their customers, on copies because the transaction may run twice. A row that names a customer
// only is about her main mail address. What cannot be taken is remarked on in w.
func (s *consentSlice) named(ctx context.Context, tx *store.Tx, outcomes []customer.Outcome, rowOf map[[2]string]int, w *written) (entries []consent.Entry, places []RowError, err error) {
	var ids []int64
	for _, o := range outcomes {
		if o.ID != 0 {
			ids = append(ids, o.ID)
		}
	}
	mails, err := consent.MainMails(ctx, tx, ids)
	if err != nil {
		return nil, nil, err
	}
	for i := range s.rows {
		e, place := s.rows[i].Entry, s.rows[i].place
		o := outcomes[rowOf[s.rows[i].buyer.key()]]
		switch o.Status {
		case customer.Erased:
			place.Key = "import.erased"
			w.notices = append(w.notices, place)
			continue
		case customer.Unnamed:
			place.Key, place.Notice = "import.unnamed", false
			w.notices = append(w.notices, place)
			continue
		}
		e.Customer, e.Run = o.ID, s.r.run.ID
		if e.Channel == consent.Email && e.Address == "" {
			e.Address = mails[o.ID]
		}
		if err := consent.Valid(e); err != nil {
			f := faultError(place.File, place.Line, err)
			if f.Key == "errors.required" {
				f.Key = "import.consent_address"
			}
			w.notices = append(w.notices, f)
			continue
		}
		entries, places = append(entries, e), append(places, place)
	}
	return entries, places, nil
}

func (s *consentSlice) decide(ctx context.Context, tx *store.Tx) (c Counts, err error) {
	batch, rowOf := s.batch()
	outcomes, err := customer.DecideEnsure(ctx, tx, batch)
	if err != nil {
		return c, err
	}
	var w written
	entries, _, err := s.named(ctx, tx, outcomes, rowOf, &w)
	if err != nil {
		return c, err
	}
	c.New, c.Unchanged, err = consent.DecideImport(ctx, tx, entries)
	c.Examples = w.notices
	return c, err
}
