package portal_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/portal"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/company"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

// world is the public pages on a database whose clock the test moves, with the mails they asked to send.
type world struct {
	testing.TB
	db    *store.DB
	pages http.Handler
	mails *[]consent.OptIn
	time  *time.Time
}

func open(t testing.TB, url string) world {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	w := world{TB: t, time: &now, mails: &[]consent.OptIn{}}
	w.db = storetest.Open(t, url, store.Options{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }})
	w.pages = portal.New(portal.Deps{DB: w.db, Address: "https://stamm.example/", Log: slog.New(slog.DiscardHandler), Send: func(_ context.Context, _ *store.Tx, mail consent.OptIn) error {
		*w.mails = append(*w.mails, mail)
		return nil
	}})
	w.write(func(ctx context.Context, tx *store.Tx) error {
		s := company.Defaults()
		s.Name = "Rösterei <Nord>"
		return company.Save(ctx, tx, s)
	})
	return w
}

func each(t *testing.T, fn func(w world)) {
	storetest.EachURL(t, func(t *testing.T, url string) { fn(open(t, url)) })
}

func (w world) write(fn func(ctx context.Context, tx *store.Tx) error) {
	w.Helper()
	if err := w.db.Write(context.Background(), store.System(), func(tx *store.Tx) error { return fn(context.Background(), tx) }); err != nil {
		w.Fatal(err)
	}
}

func (w world) do(method, path, kind, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://stamm.example"+path, strings.NewReader(body))
	r.Header.Set("Accept-Language", "de")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	rec := httptest.NewRecorder()
	w.pages.ServeHTTP(rec, r)
	return rec
}

func (w world) get(path string) *httptest.ResponseRecorder { return w.do("GET", path, "", "") }

func (w world) post(path string, form url.Values) *httptest.ResponseRecorder {
	return w.do("POST", path, "application/x-www-form-urlencoded", form.Encode())
}

var versionField = regexp.MustCompile(`name="version" value="([^"]+)"`)

// signUp fills in the form as a browser would.
func (w world) signUp(address string, purposes ...string) *httptest.ResponseRecorder {
	w.Helper()
	found := versionField.FindStringSubmatch(w.get(portal.SignUpPath).Body.String())
	if found == nil {
		w.Fatal("the form has no version")
	}
	return w.post(portal.SignUpPath, url.Values{"address": {address}, "version": {found[1]}, "purpose": purposes, "l": {"de"}})
}

func (w world) last() consent.OptIn {
	w.Helper()
	if len(*w.mails) == 0 {
		w.Fatal("no mail")
	}
	return (*w.mails)[len(*w.mails)-1]
}

func (w world) subscriber(address string) (id int64, unsubscribe, preferences string) {
	w.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		e, err := customer.Create(ctx, tx, customer.Draft{Fields: customer.Fields{"name": "Erika Muster"}, Emails: []customer.Email{{Address: address}},
			Addresses: []customer.Address{{Line1: "Am Kai 1", Postcode: "20457", City: "Hamburg"}}})
		if err != nil {
			return err
		}
		id = e.ID
		_, err = consent.Record(ctx, tx, []consent.Entry{{Customer: id, Channel: consent.Email, Purpose: consent.Advertising, Kind: consent.Confirmed, Address: address, Proof: "<1@x>"}})
		if err != nil {
			return err
		}
		links, err := consent.OpenLinks(ctx, tx)
		if err == nil {
			unsubscribe, preferences = links.Unsubscribe(id, consent.Email, address), links.Preferences(id, consent.Email, address)
		}
		return err
	})
	return id, unsubscribe, preferences
}

func (w world) may(id int64, address string) string {
	w.Helper()
	var v []consent.Verdict
	err := w.db.Read(context.Background(), func(tx *store.Tx) (err error) {
		v, err = consent.Check(context.Background(), tx, consent.Ask{Channel: consent.Email, Purpose: consent.Advertising}, []consent.Recipient{{Customer: id, Address: address}})
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return string(v[0].Basis) + v[0].Reason
}

const erika = "erika@example.org"

func TestSigningUpTakesAMailAndAButton(t *testing.T) {
	each(t, func(w world) {
		if got := w.signUp(erika, "tracking"); got.Code != http.StatusSeeOther || !strings.HasPrefix(got.Header().Get("Location"), portal.SignUpPath+"?sent=1") {
			w.Fatalf("%d %s", got.Code, got.Body)
		}
		mail := w.last()
		if mail.Address != erika || len(mail.Purposes) != 2 || mail.Language != "de" || mail.TextVersion == "" {
			w.Errorf("%+v", mail)
		}
		for _, method := range []string{"HEAD", "GET"} { // a scanner
			if got := w.do(method, mail.Path, "", ""); got.Code != http.StatusOK {
				w.Errorf("%s: %d", method, got.Code)
			}
		}
		if ids := w.owners(erika); len(ids) != 0 {
			w.Errorf("looking at the link made customers %v", ids)
		}
		for range 2 {
			if got := w.post(mail.Path, nil); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "Sie sind angemeldet") {
				w.Errorf("%d %s", got.Code, got.Body)
			}
		}
		ids := w.owners(erika)
		if len(ids) != 1 || w.may(ids[0], erika) != "consent" {
			w.Fatalf("customers %v", ids)
		}
		w.write(func(ctx context.Context, tx *store.Tx) error {
			proof, err := consent.Prove(ctx, tx, ids[0])
			if err != nil || len(proof.Acts) != 4 || len(proof.Texts) != 1 || !strings.Contains(proof.Texts[0].Text, "Rösterei <Nord>") {
				w.Errorf("proof: %+v, %v", proof, err)
			}
			return err
		})
	})
}

func (w world) owners(address string) (ids []int64) {
	w.Helper()
	err := w.db.Read(context.Background(), func(tx *store.Tx) (err error) {
		ids, err = customer.ResolveMail(context.Background(), tx, address)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return ids
}

func TestTheAnswerNeverTellsWhetherAnAddressIsKnown(t *testing.T) {
	each(t, func(w world) {
		w.subscriber(erika)
		var signUps, data []string
		for _, address := range []string{erika, "nobody@example.org", erika} {
			a, b := w.signUp(address), w.post(portal.DataPath, url.Values{"address": {address}, "l": {"de"}})
			signUps = append(signUps, fmt.Sprint(a.Code, a.Header(), a.Body.String()))
			data = append(data, fmt.Sprint(b.Code, b.Header(), b.Body.String()))
		}
		for i := range signUps {
			if signUps[i] != signUps[0] || data[i] != data[0] {
				w.Errorf("answers differ:\n%s\n%s", signUps[i], data[i])
			}
		}
		if len(*w.mails) != 3 { // two sign-ups, one link to data
			w.Errorf("%d mails: %+v", len(*w.mails), *w.mails)
		}
	})
}

func TestOneClickEndsMessagesAndOnlyByPost(t *testing.T) {
	each(t, func(w world) {
		id, link, _ := w.subscriber(erika)
		for _, method := range []string{"GET", "HEAD"} {
			if got := w.do(method, link, "", ""); got.Code != http.StatusOK || w.may(id, erika) != "consent" {
				w.Errorf("%s: %d, %s", method, got.Code, w.may(id, erika))
			}
		}
		if got := w.post(link, url.Values{"List-Unsubscribe": {"One-Click"}}); got.Code != http.StatusOK || w.may(id, erika) != consent.ReasonObjected {
			w.Errorf("one click: %d %s", got.Code, w.may(id, erika))
		}
		second, link, _ := w.subscriber("max@example.org")
		var body strings.Builder
		form := multipart.NewWriter(&body)
		if err := form.WriteField("List-Unsubscribe", "One-Click"); err != nil {
			w.Fatal(err)
		}
		if err := form.Close(); err != nil {
			w.Fatal(err)
		}
		if got := w.do("POST", link, form.FormDataContentType(), body.String()); got.Code != http.StatusOK || w.may(second, "max@example.org") != consent.ReasonObjected {
			w.Errorf("one click as multipart: %d %s", got.Code, w.may(second, "max@example.org"))
		}
	})
}

func TestForgedAndOldLinksAllSayTheSame(t *testing.T) {
	each(t, func(w world) {
		_, unsubscribe, preferences := w.subscriber(erika)
		w.signUp("neu@example.org")
		confirm := w.last().Path
		*w.time = w.time.Add(8 * 24 * time.Hour)
		answers := map[string][]string{}
		for _, path := range []string{confirm, unsubscribe + "x", consent.PathUnsubscribe + strings.TrimPrefix(preferences, consent.PathPreferences), consent.PathConfirm + "a",
			consent.PathData + strings.Repeat("A", 90), consent.PathPreferences + "%00"} {
			for _, method := range []string{"GET", "POST"} {
				if method == "POST" && strings.HasPrefix(path, consent.PathData) {
					continue
				}
				got := w.do(method, path, "application/x-www-form-urlencoded", "")
				if got.Code != http.StatusNotFound {
					w.Errorf("%s %s: %d", method, path, got.Code)
				}
				_, after, _ := strings.Cut(got.Body.String(), "s-plain-card")
				before, _, _ := strings.Cut(after, "s-plain-foot")
				answers[before] = append(answers[before], path)
			}
		}
		if len(answers) != 1 {
			w.Errorf("answers differ: %v", answers)
		}
	})
}

func TestPreferencesAreChosenByLink(t *testing.T) {
	each(t, func(w world) {
		id, _, link := w.subscriber(erika)
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return consent.SetTopic(ctx, tx, consent.Topic{Code: "coffee", De: "Kaffee <3", En: "Coffee"})
		})
		shown := w.get(link).Body.String()
		for _, want := range []string{"e…@example.org", "Kaffee &lt;3", "Rösterei &lt;Nord&gt;"} {
			if !strings.Contains(shown, want) {
				w.Errorf("%q is missing", want)
			}
		}
		if strings.Contains(shown, erika) {
			w.Error("the whole address is shown")
		}
		got := w.post(link, url.Values{"purpose": {"advertising", "tracking"}, "frequency": {"weekly"}, "paused_until": {"2026-04-01"}, "language": {"en"}, "l": {"de"}})
		if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "bestätigen") || w.may(id, erika) != consent.ReasonPaused {
			w.Errorf("%d %s", got.Code, w.may(id, erika))
		}
		if mail := w.last(); len(mail.Purposes) != 1 || mail.Purposes[0] != consent.Tracking {
			w.Errorf("%+v", mail)
		}
		if got := w.post(link, url.Values{"purpose": {"advertising"}, "paused_until": {"2099-01-01"}}); got.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Body.String(), "2099-01-01") {
			w.Errorf("a pause of years: %d", got.Code)
		}
		if got := w.post(link, url.Values{}); got.Code != http.StatusOK || w.may(id, erika) != consent.ReasonObjected {
			w.Errorf("nothing ticked: %d %s", got.Code, w.may(id, erika))
		}
	})
}

func TestPreferencesEndMessagesAlsoWhereNoMailCanBeSent(t *testing.T) {
	each(t, func(w world) {
		id, _, link := w.subscriber(erika)
		w.pages = portal.New(portal.Deps{DB: w.db, Log: slog.New(slog.DiscardHandler)})
		got := w.post(link, url.Values{"purpose": {"tracking"}, "l": {"de"}})
		if got.Code != http.StatusOK || w.may(id, erika) != consent.ReasonObjected || !strings.Contains(got.Body.String(), "keine E-Mail") {
			w.Errorf("%d %s", got.Code, w.may(id, erika))
		}
		if got := w.signUp("neu@example.org"); got.Code != http.StatusServiceUnavailable {
			w.Errorf("a sign-up: %d", got.Code)
		}
	})
}

func TestPagesOutOfAMailSpeakTheLanguageOfItsReader(t *testing.T) {
	each(t, func(w world) {
		id, unsubscribe, preferences := w.subscriber("erika@example.org") // browsers of these tests ask for German
		speaks := func(path, language string) {
			t.Helper()
			if got := w.get(path); !strings.Contains(got.Body.String(), `<html lang="`+language+`"`) {
				t.Errorf("%s does not speak %s: %d", path, language, got.Code)
			}
		}
		w.write(func(ctx context.Context, tx *store.Tx) error {
			s := company.Defaults()
			s.Language = "en"
			return company.Save(ctx, tx, s)
		})
		speaks(preferences, "en") // nobody knows hers, so that the company's counts
		speaks(preferences+"?"+consent.ParamMailLanguage+"=de", "de")
		speaks(preferences+"?"+consent.ParamMailLanguage+"=xx", "en")
		w.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := customer.Change(ctx, tx, id, customer.Patch{Fields: customer.Fields{"language": "de"}})
			return err
		})
		speaks(preferences, "de")
		speaks(unsubscribe, "de")
		w.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := customer.Change(ctx, tx, id, customer.Patch{Fields: customer.Fields{"language": "en"}})
			return err
		})
		speaks(preferences, "en")
		speaks(unsubscribe, "en")
		speaks(unsubscribe+"?"+consent.ParamMailLanguage+"=de", "en") // her own beats that of a mail
		speaks(unsubscribe+"?l=de", "de")
		if got := w.post(preferences, url.Values{"l": {"de"}, "purpose": {"advertising"}, "language": {"de"}}); !strings.Contains(got.Body.String(), `<html lang="de"`) {
			t.Errorf("who switched to German is answered otherwise: %d", got.Code)
		}
		speaks(unsubscribe, "de") // what she chose beats what the company wrote down
		if got := w.do("POST", portal.SignUpPath, "application/x-www-form-urlencoded", url.Values{"l": {"en"}, "address": {"new@example.org"},
			"version": {versionField.FindStringSubmatch(w.get(portal.SignUpPath + "?l=en").Body.String())[1]}}.Encode()); got.Code != http.StatusSeeOther {
			t.Fatalf("signing up in English: %d", got.Code)
		}
		speaks(w.last().Path, "en")
		if want := w.last().Path + "?l=en"; !strings.HasSuffix(w.last().URL, want) {
			t.Errorf("the mail links to %s, want …%s", w.last().URL, want)
		}
	})
}

func TestOwnDataComesByAFreshLinkOnly(t *testing.T) {
	each(t, func(w world) {
		_, _, preferences := w.subscriber(erika)
		token := strings.TrimPrefix(preferences, consent.PathPreferences)
		if got := w.get(consent.PathData + token); got.Code != http.StatusNotFound {
			w.Errorf("an old link shows data: %d", got.Code)
		}
		w.post(portal.DataPath, url.Values{"address": {erika}})
		link := w.last().Path
		if got := w.get(link).Body.String(); !strings.Contains(got, "Erika Muster") || !strings.Contains(got, "<dd>Am Kai 1, 20457 Hamburg</dd>") || !strings.Contains(got, "bestätigt") {
			w.Errorf("%s", got)
		}
		if got := w.get(link + "/data.json"); !strings.Contains(got.Header().Get("Content-Type"), "json") || !strings.Contains(got.Body.String(), `"kind": "confirmed"`) {
			w.Errorf("%s", got.Body)
		}
		w.subscriber(erika) // somebody else with the same address
		if got := w.get(link).Body.String(); strings.Contains(got, "Erika Muster") {
			w.Error("a shared mailbox shows a person")
		}
		*w.time = w.time.Add(25 * time.Hour)
		if got := w.get(link); got.Code != http.StatusNotFound {
			w.Errorf("after a day: %d", got.Code)
		}
	})
}

func TestLinksOfATestMailSayThatTheyAre(t *testing.T) {
	each(t, func(w world) {
		for _, path := range []string{consent.PathUnsubscribe, consent.PathPreferences} {
			if got := w.get(path); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "Testmail") {
				w.Errorf("%s: %d %s", path, got.Code, got.Body)
			}
		}
	})
}

func TestWhatIsWrongWithAFormIsSaid(t *testing.T) {
	each(t, func(w world) {
		if got := w.signUp("no address <b>"); got.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Body.String(), "no address &lt;b&gt;") {
			w.Errorf("%d", got.Code)
		}
		if got := w.post(portal.SignUpPath, url.Values{"address": {erika}, "version": {"de-0000000000"}}); got.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Body.String(), erika) {
			w.Errorf("words nobody knows: %d", got.Code)
		}
		if got := w.post(portal.SignUpPath, url.Values{"address": {strings.Repeat("x", 20_000)}}); got.Code != http.StatusUnprocessableEntity {
			w.Errorf("a large form: %d", got.Code)
		}
		if got := w.post(portal.SignUpPath, url.Values{"address": {erika}, "website": {"http://spam"}}); got.Code != http.StatusSeeOther || len(*w.mails) != 0 {
			w.Errorf("a program: %d, %v", got.Code, *w.mails)
		}
		for i := range 21 {
			got := w.signUp(fmt.Sprintf("p%d@example.org", i))
			if want := map[bool]int{true: http.StatusSeeOther, false: http.StatusTooManyRequests}[i < 20]; got.Code != want {
				w.Errorf("sign-up %d of an hour: %d", i+1, got.Code)
			}
		}
	})
}

func TestEveryPageSpeaksBothLanguagesAndIsLabelled(t *testing.T) {
	w := open(t, storetest.SQLite(t))
	_, unsubscribe, preferences := w.subscriber(erika)
	w.signUp("neu@example.org")
	confirm := w.last().Path
	w.post(portal.DataPath, url.Values{"address": {erika}})
	input := regexp.MustCompile(`<(?:input|select)[^>]* id="([^"]+)"`)
	for _, path := range []string{portal.SignUpPath, portal.SignUpPath + "?sent=1", portal.DataPath, portal.DataPath + "?sent=1", unsubscribe, preferences, confirm, w.last().Path, "/p/nothing"} {
		for _, lang := range i18n.Languages() {
			address := path + "?l=" + lang
			if strings.Contains(path, "?") {
				address = path + "&l=" + lang
			}
			body := w.get(address).Body.String()
			if !strings.Contains(body, `<html lang="`+lang+`"`) || !strings.Contains(body, "<h1>") || strings.Contains(body, "portal.") || strings.Contains(body, "consent.") {
				t.Errorf("%s in %s: %s", path, lang, body)
			}
			for _, id := range input.FindAllStringSubmatch(body, -1) {
				if !strings.Contains(body, `for="`+id[1]+`"`) {
					t.Errorf("%s: %s has no label", path, id[1])
				}
			}
			if strings.Contains(body, "<script") || strings.Contains(body, " style=") {
				t.Errorf("%s needs a script or a style of its own", path)
			}
		}
	}
}

func FuzzForms(f *testing.F) {
	f.Add("/p/signup", "application/x-www-form-urlencoded", "address=a%40b.de&version=de-1&purpose=tracking")
	f.Add("/p/data", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"address\"\r\n\r\na@b.de\r\n--x--")
	f.Add("/p/u/AAAA", "text/plain", "List-Unsubscribe=One-Click")
	f.Add("/p/m/%ff", "", "%zz")
	w := open(f, storetest.SQLite(f))
	f.Fuzz(func(t *testing.T, path, kind, body string) {
		u, err := url.Parse("http://stamm.example/p/" + strings.TrimPrefix(path, "/p/"))
		if err != nil {
			t.Skip()
		}
		for _, method := range []string{"GET", "POST"} {
			r := httptest.NewRequest(method, "http://stamm.example/p/", strings.NewReader(body))
			r.URL = u
			r.Header.Set("Content-Type", kind)
			rec := httptest.NewRecorder()
			w.pages.ServeHTTP(rec, r)
			if text, _ := io.ReadAll(rec.Body); rec.Code >= 500 && rec.Code != http.StatusServiceUnavailable {
				t.Errorf("%s %q: %d %s", method, path, rec.Code, text)
			}
		}
	})
}

func TestImprintAndDataProtectionStandBelowEveryPublicPage(t *testing.T) {
	each(t, func(w world) {
		if body := w.get(portal.SignUpPath).Body.String(); strings.Contains(body, "Impressum") {
			w.Error("an imprint that nobody entered")
		}
		w.write(func(ctx context.Context, tx *store.Tx) error {
			s, err := company.Load(ctx, tx)
			if err != nil {
				return err
			}
			s.Imprint, s.Privacy = "https://roesterei.example/impressum?a=1&b=2", "https://roesterei.example/datenschutz"
			return company.Save(ctx, tx, s)
		})
		for _, path := range []string{portal.SignUpPath + "?l=de", portal.DataPath + "?l=de", portal.Path + "nowhere?l=de"} {
			body := w.get(path).Body.String()
			for _, want := range []string{`href="https://roesterei.example/impressum?a=1&amp;b=2"`, `href="https://roesterei.example/datenschutz"`, "Impressum", "Datenschutz"} {
				if !strings.Contains(body, want) {
					w.Errorf("%s: %q is missing", path, want)
				}
			}
		}
	})
}
