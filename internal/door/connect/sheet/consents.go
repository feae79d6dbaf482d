package sheet

import "context"

// ConsentRow is one row of a file of consents. As with OrderRow it is used again for the next row, and its texts stay valid.
type ConsentRow struct {
	Place
	Customer  string
	Email     string
	Phone     string
	Channel   string // as written; empty where the file does not say
	Purpose   string
	Status    string
	Date      Instant // when it was given, or taken back
	Confirmed Instant // when the link of the double opt-in was followed
	Text      string  // version of the words agreed to, or the words
	Form      string  // where it was given
	IP        string
	Evidence  string // where the proof lies
}

var consentAccess = map[string]access[ConsentRow]{
	"customer":  {words: func(r *ConsentRow) *string { return &r.Customer }},
	"email":     {words: func(r *ConsentRow) *string { return &r.Email }},
	"phone":     {words: func(r *ConsentRow) *string { return &r.Phone }},
	"channel":   {words: func(r *ConsentRow) *string { return &r.Channel }},
	"purpose":   {words: func(r *ConsentRow) *string { return &r.Purpose }},
	"consent":   {words: func(r *ConsentRow) *string { return &r.Status }},
	"date":      {instant: func(r *ConsentRow) *Instant { return &r.Date }},
	"confirmed": {instant: func(r *ConsentRow) *Instant { return &r.Confirmed }},
	"wording":   {words: func(r *ConsentRow) *string { return &r.Text }},
	"form":      {words: func(r *ConsentRow) *string { return &r.Form }},
	"ip":        {words: func(r *ConsentRow) *string { return &r.IP }},
	"evidence":  {words: func(r *ConsentRow) *string { return &r.Evidence }},
}

// Consents reads the rows of files of consents, as Orders does.
func (f *Files) Consents(ctx context.Context, s *Survey, skip int64, row func(*ConsentRow) error, bad func(RowError) error) error {
	return readRows(ctx, f, s, Consents, skip, consentAccess, finishConsent, func(r *ConsentRow) *Place { return &r.Place }, row, bad)
}

func finishConsent(in *interpreter, r *ConsentRow) *RowError {
	if r.Customer == "" && r.Email == "" {
		return in.bad("email", badMissing, "")
	}
	return nil
}
