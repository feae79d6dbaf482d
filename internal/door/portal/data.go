package portal

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"stamm/internal/door/web/ui"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
	"stamm/internal/record/customer"
)

func (s *site) showAskData(v *visit) error {
	if v.URL.Query().Has("sent") {
		return v.render(http.StatusOK, v.P.T("portal.sent.title"), noteView(v.P.T("portal.sent.title"), v.P.T("portal.data.sent"), v.P.T("portal.sent.spam")))
	}
	return v.render(http.StatusOK, v.P.T("portal.data.title"), askDataView(v, "", nil))
}

// askData sends a fresh link to whoever holds the mailbox: a link out of an older mail may have been passed on.
func (s *site) askData(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	err := v.write(func(ctx context.Context, tx *store.Tx) error {
		mail, err := consent.RequestData(ctx, tx, consent.SignUp{Address: v.text("address"), Language: v.P.Lang(), IP: v.sender()})
		if err != nil || mail == nil {
			return err
		}
		return s.send(ctx, tx, v, *mail)
	})
	if code := fault.CodeOf(err); code == fault.Invalid || code == fault.Unavailable && fault.As(err).Key == "consent.too_many" {
		status := http.StatusUnprocessableEntity
		if code == fault.Unavailable {
			status = http.StatusTooManyRequests
		}
		return v.render(status, v.P.T("portal.data.title"), askDataView(v, v.text("address"), ui.ErrorsOf(v.P, err)))
	}
	if err != nil {
		return err
	}
	http.Redirect(v.W, v.Request, DataPath+"?sent=1&"+languageParam+"="+v.P.Lang(), http.StatusSeeOther)
	return nil
}

// ownData is what somebody gets to see who asked for her data. A mailbox that several customers share proves none of
// them, so that it shows what belongs to the address only.
type ownData struct {
	Address  string          `json:"address"`
	Customer *ownCustomer    `json:"customer,omitempty"`
	Consents *consent.Proof  `json:"consents"`
	Chosen   consent.Choices `json:"preferences"`
}

type ownCustomer struct {
	ID        int64              `json:"id"`
	Name      string             `json:"name"`
	Language  string             `json:"language,omitempty"`
	Country   string             `json:"country,omitempty"`
	Birthday  string             `json:"birthday,omitempty"`
	Emails    []string           `json:"emails"`
	Phones    []string           `json:"phones"`
	Addresses []customer.Address `json:"addresses"`
	Custom    map[string]string  `json:"custom,omitempty"`
}

func (s *site) loadData(v *visit) (d ownData, err error) {
	link, _, err := v.link(consent.LinkData)
	if err != nil {
		return d, err
	}
	err = v.read(func(ctx context.Context, tx *store.Tx) error {
		h, err := consent.FindHolder(ctx, tx, link)
		if err != nil {
			return err
		}
		if h.Customer == 0 || h.Address == "" {
			return deadLink()
		}
		d.Address = h.Address
		entries, err := consent.OfAddress(ctx, tx, h)
		if err != nil {
			return err
		}
		if d.Consents, err = consent.ProveEntries(ctx, tx, entries); err != nil {
			return err
		}
		if d.Chosen, err = consent.LoadChoices(ctx, tx, h); err != nil {
			return err
		}
		alone, err := h.Alone(ctx, tx)
		if err != nil || !alone {
			return err
		}
		d.Customer, err = ownCustomerOf(ctx, tx, h.Customer)
		return err
	})
	return d, err
}

func ownCustomerOf(ctx context.Context, tx *store.Tx, id int64) (*ownCustomer, error) {
	c, err := customer.Load(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	own := &ownCustomer{ID: c.ID, Name: c.Name, Language: c.Language, Country: c.Country, Addresses: c.Addresses, Custom: c.Custom, Emails: []string{}, Phones: []string{}}
	if c.Birthday != nil {
		own.Birthday = c.Birthday.String()
	}
	for _, e := range c.Emails {
		own.Emails = append(own.Emails, e.Address)
	}
	for _, p := range c.Phones {
		own.Phones = append(own.Phones, p.Written)
	}
	return own, nil
}

func (s *site) showData(v *visit) error {
	d, err := s.loadData(v)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, v.P.T("portal.data.title"), dataView(v, d))
}

func (s *site) sendData(v *visit) error {
	d, err := s.loadData(v)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	v.W.Header().Set("Content-Type", "application/json; charset=utf-8")
	v.W.Header().Set("Content-Disposition", `attachment; filename="data.json"`)
	_, err = v.W.Write(append(text, '\n'))
	return err
}

// inOneLine writes a postal address in a line, without what it lacks.
func inOneLine(a customer.Address) string {
	parts := []string{a.Line1, a.Line2, strings.TrimSpace(a.Postcode + " " + a.City), a.Country}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), ", ")
}
